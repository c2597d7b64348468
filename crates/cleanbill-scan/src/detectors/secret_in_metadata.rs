//! Detector `secret-in-metadata`.

use cleanbill_core::text;
use cleanbill_formats::Parsed;

use crate::{detector::detector, leaks, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Credentials in the metadata of models: the header of safetensors and GGUF files, the texts of pickles.
    /// ## Why it matters
    /// Training scripts write their arguments into these places, tokens and addresses with passwords among them.
    /// ## How it is decided
    /// As for `secret-in-text`, over the bytes of the header, or the first 4 MiB of a pickle. Values known by their name only are
    /// not reported.
    /// ## What it misses
    /// Texts of pickles beyond the first 4 MiB; texts that the format compresses; metadata of other formats.
    /// ## What to do
    /// Revoke the credential where it was issued, then write the file again without it.
    /// ## References
    /// CWE-798, CWE-312, OWASP LLM02.
    id: "secret-in-metadata",
    title: "Credential in the metadata of a model", "模型元数据中含有凭据",
    severity: High, confidence: High,
    tags: &["CWE-798"], controls: &["SYS-06", "DAT-04"],
    on: artifact => run,
}

/// LIMIT: bytes of a pickle that are searched, so that large ones stay cheap: texts stand at their start or in a small one. The
/// page says so.
const PICKLE_BYTES: u64 = 4 << 20;

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    for parsed in scene.parsed {
        let range = match parsed {
            Parsed::Safetensors(view) => view.header.clone(),
            Parsed::Gguf(view) => 0..view.data_start,
            Parsed::Pickle(_) => 0..scene.source.size().min(PICKLE_BYTES),
            _ => continue,
        };
        leaks::report(scene, range, None, sink, |name| {
            text!(
                "its metadata holds a credential: {name}",
                "其元数据含有凭据：{name}"
            )
        });
    }
}

#[cfg(test)]
mod tests {
    use cleanbill_core::Severity::High;
    use cleanbill_samples::build;

    use crate::testing::check;

    #[test]
    fn headers_and_pickles_are_searched() {
        let address = "postgres://app:q7Zr4kPw9Lx2@db.corp.test/x";
        for (path, sample, severities) in [
            (
                "a.safetensors",
                format!("safetensors:\n  metadata \"args\" \"{address}\"\n"),
                &[High][..],
            ),
            (
                "a.gguf",
                format!("gguf:\n  version 3\n  kv \"general.source.url\" string \"{address}\"\n"),
                &[High],
            ),
            (
                "a.pkl",
                format!("pickle:\n  PROTO 4\n  SHORT_BINUNICODE \"{address}\"\n  STOP\n"),
                &[High],
            ),
            (
                "b.pkl",
                "pickle:\n  PROTO 4\n  SHORT_BINUNICODE \"password: q7Zr4kPw9Lx2\"\n  STOP\n".to_owned(),
                &[],
            ),
        ] {
            check("secret-in-metadata", path, &build(&sample).unwrap(), severities);
        }
    }
}
