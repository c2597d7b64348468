//! Detector `secret-in-text`.

use cleanbill_core::text;
use cleanbill_formats::{
    Parsed,
    text::{Encoding, View},
};

use crate::{detector::detector, leaks, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Credentials in texts: keys and tokens of some 170 services, private keys, passwords in addresses and headers, registry and
    /// `.netrc` passwords, values assigned to names such as `api_key` or `password`, in English and Chinese; also inside base64.
    /// ## Why it matters
    /// Whoever downloads the file can use them, and a model trained on the text can repeat them. A repository that leaks the keys
    /// of its owner may also have been changed by whoever found them.
    /// ## How it is decided
    /// All rules are searched in one pass over all bytes. A candidate must have the form of its service, satisfy the checksum or
    /// structure where there is one, look random, and be no placeholder, published example, hash or public key. Keys of
    /// services and private keys are *high*; ids without their secret, sealed keys, session tokens and keys known by their name
    /// only are *medium* or *low*, and passwords known by their name only are *low*. Nothing is sent anywhere to try a key. The
    /// evidence shows the first characters of long values, the length and a fingerprint, never the value.
    /// ## What it misses
    /// Values split over lines or computed; base64 around base64; compressed text inside text; keys without a telling form
    /// whose name is not beside them; text in UTF-32.
    /// ## What to do
    /// Revoke the credential where it was issued, then remove it from the file and from its history.
    /// ## References
    /// CWE-798, CWE-312, OWASP LLM02.
    id: "secret-in-text",
    title: "Credential in a text", "文本中含有凭据",
    severity: High, confidence: High,
    tags: &["CWE-798"], controls: &["SYS-06", "DAT-04", "APP-07"],
    on: Text => run,
}

fn run(view: &View, scene: &Scene<'_>, sink: &mut Sink<'_>) {
    // The notebook itself was searched; its programs are written out of it.
    if matches!(scene.container, Some(Parsed::Ipynb(_))) {
        return;
    }
    let wide = match view.encoding {
        Encoding::Utf16Le => Some(leaks::Order::Little),
        Encoding::Utf16Be => Some(leaks::Order::Big),
        _ => None,
    };
    let range = 0..scene.source.size();
    leaks::report(scene, range, wide, sink, |name| {
        text!("holds a credential: {name}", "含有凭据：{name}")
    });
}

#[cfg(test)]
mod tests {
    use cleanbill_core::Severity::{High, Low, Medium};

    use crate::testing::check;

    #[test]
    fn severity_follows_the_rule() {
        let random = "q7Zr4kPw9Lx2Vb5NcTm8Yd3JhGs6";
        for (text, severities) in [
            (format!("postgres://app:{random}@db.corp.test/x"), &[High][..]),
            (format!("api_key = \"{random}\""), &[Medium]),
            ("password: q7Zr4kPw9Lx2".to_owned(), &[Low]),
            ("password: <your password>".to_owned(), &[]),
        ] {
            check("secret-in-text", "a.txt", text.as_bytes(), severities);
        }
    }

    #[test]
    fn wide_text_and_late_bytes_are_read() {
        let secret = "url: postgres://app:q7Zr4kPw9Lx2@db.corp.test/x\n";
        let mut wide = vec![0xff, 0xfe];
        wide.extend(secret.encode_utf16().flat_map(u16::to_le_bytes));
        check("secret-in-text", "a.txt", &wide, &[High]);
        let mut late = "a line of text\n".repeat(700_000);
        late.push_str(secret);
        check("secret-in-text", "a.txt", late.as_bytes(), &[High]);
    }
}
