//! Timestamps by OpenSSL over signatures of bundles: what they prove, and one vector for each reason against them.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cleanbill_attest::{
    Authorities, Certificate, CertificateTrust, Note, PrivateKey, SignedBy, SigningTime, Trust, UnixTime,
    sign_with_certificate, sign_with_key,
};
use serde_json::{Value, json};

use crate::support::{Authority, Model, reasons, verify_options};

pub(crate) const EC: &str = "ec -pkeyopt ec_paramgen_curve:P-384";
const STAMPER: &str = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid";

/// A model that is signed by a certificate, and an authority for timestamps, which is another leaf of the same root.
pub(crate) struct Signed {
    pub(crate) model: Model,
    pub(crate) authority: Authority,
    pub(crate) bundle: Value,
}

impl Signed {
    pub(crate) fn new(stamper: &str) -> Option<Self> {
        let authority = Authority::new("EC")?;
        authority.issue("stamper", stamper, "root", STAMPER);
        authority.write(
            "ts.cnf",
            "[tsa]\ndefault_tsa=t\n[t]\nserial=serial\nsigner_cert=stamper.pem\nsigner_key=stamper.key\ncerts=root.pem\n\
             default_policy=1.2.3.4\ndigests=sha1,sha224,sha256,sha384,sha512\nsigner_digest=sha256\ness_cert_id_alg=sha256\n\
             accuracy=millisecs:500\n[old]\nserial=serial\nsigner_cert=stamper.pem\nsigner_key=stamper.key\ndefault_policy=1.2.3.4\n\
             digests=sha256\nsigner_digest=sha256\ness_cert_id_alg=sha1\n",
        );
        authority.write("serial", "01");
        let unsigned = Self {
            model: Model::new(),
            authority,
            bundle: Value::Null,
        };
        Some(unsigned.again("leaf"))
    }

    /// Signs with this certificate, as it and that of its issuer lie there now.
    pub(crate) fn again(self, name: &str) -> Self {
        let statement = self.model.statement(&crate::support::read_options());
        let key = self.authority.read(&format!("{name}.key"));
        let key = PrivateKey::from_pem(&key, || Ok(None)).expect("a key");
        let (leaf, between) = (self.certificates(&[name]), self.certificates(&["intermediate"]));
        let bundle = sign_with_certificate(&statement, &key, &leaf[0], &between).expect("a bundle");
        Self {
            bundle: serde_json::from_slice(&bundle).expect("JSON"),
            ..self
        }
    }

    pub(crate) fn signature(&self) -> Vec<u8> {
        let text = self.bundle["dsseEnvelope"]["signatures"][0]["sig"]
            .as_str()
            .expect("a text");
        STANDARD.decode(text).expect("base64")
    }

    /// Has bytes stamped.
    pub(crate) fn stamp(&self, bytes: &[u8], query: &str, reply: &str) -> Vec<u8> {
        let coded = STANDARD.encode(bytes);
        self.authority.write("data.b64", &coded);
        self.authority.openssl("base64 -d -A -in data.b64 -out data");
        self.authority
            .openssl(&format!("ts -query -data data -out query.tsq {query}"));
        self.authority.openssl(&format!(
            "ts -reply -queryfile query.tsq -config ts.cnf -out reply.tsr {reply}"
        ));
        self.authority.read("reply.tsr")
    }

    pub(crate) fn with(&self, tokens: &[&[u8]]) -> Vec<u8> {
        let tokens: Vec<Value> = tokens
            .iter()
            .map(|token| json!({"signedTimestamp": STANDARD.encode(token)}))
            .collect();
        let mut bundle = self.bundle.clone();
        bundle["verificationMaterial"]["timestampVerificationData"] = json!({"rfc3161Timestamps": tokens});
        bundle.to_string().into_bytes()
    }

    pub(crate) fn certificates(&self, names: &[&str]) -> Vec<Certificate> {
        let read = |name: &&str| Certificate::from_pem(&self.authority.read(&format!("{name}.pem")));
        names
            .iter()
            .flat_map(|name| read(name).expect("certificates"))
            .collect()
    }

    /// Verifies with the root for both, and returns the reasons and the time.
    fn verify(&self, tokens: &[&[u8]]) -> (Vec<&'static str>, Option<UnixTime>) {
        self.verify_with(&self.with(tokens), &["root"])
    }

    /// Believes these, an hour after everything was made.
    fn believing<'a>(&self, certificates: &'a [Certificate]) -> Authorities<'a> {
        Authorities {
            certificates,
            now: UnixTime(self.certificates(&["leaf"])[0].validity().0.0 + 3_600),
        }
    }

    fn verify_with(&self, bundle: &[u8], authorities: &[&str]) -> (Vec<&'static str>, Option<UnixTime>) {
        let (trusted, authorities) = (self.certificates(&["root"]), self.certificates(authorities));
        let trust = Trust::Certificates(CertificateTrust {
            trusted: &trusted,
            lists: &[],
            time: SigningTime::Proven(self.believing(&authorities)),
        });
        let result = self.model.verify_with(bundle, trust, &verify_options());
        let proven = result.notes.iter().find_map(|note| match note {
            Note::TimeProven { at, .. } => Some(*at),
            _ => None,
        });
        if let Some(SignedBy::Certificate { at, .. }) = &result.signed_by {
            assert_eq!(Some(*at), proven);
        }
        (reasons(&result), proven)
    }
}

#[test]
fn a_timestamp_proves_when_a_certificate_has_to_be_valid() {
    for stamper in [EC, "rsa:3072", "ec -pkeyopt ec_paramgen_curve:P-256"] {
        let Some(signed) = Signed::new(stamper) else {
            return;
        };
        let signature = signed.signature();
        let made = signed.certificates(&["leaf"])[0].validity().0;
        for hash in ["-sha256", "-sha384 -cert", "-sha512 -no_nonce"] {
            for form in ["", "-token_out"] {
                let token = signed.stamp(&signature, hash, form);
                // Without its certificate in the token, the signer's must be trusted itself.
                let authorities = if hash.contains("-cert") {
                    &["root"][..]
                } else {
                    &["root", "stamper"]
                };
                let (refused, at) = signed.verify_with(&signed.with(&[&token]), authorities);
                assert_eq!(refused, Vec::<&str>::new(), "{stamper} {hash} {form}");
                let at = at.expect("a time");
                assert!((made.0..made.0 + 3_600).contains(&at.0), "{at} {made}");
            }
        }
        let old = signed.stamp(&signature, "-sha256 -cert", "-section old");
        assert_eq!(signed.verify(&[&old]).0, Vec::<&str>::new());
    }
}

#[test]
fn each_reason_against_a_timestamp_has_a_vector() {
    let Some(signed) = Signed::new(EC) else { return };
    let signature = signed.signature();
    let good = signed.stamp(&signature, "-sha256 -cert", "-token_out");
    assert_eq!(signed.verify(&[&good]).0, Vec::<&str>::new());
    // The first that holds counts.
    assert_eq!(signed.verify(&[b"no token", &good]).0, Vec::<&str>::new());
    let refused = |tokens: &[&[u8]]| signed.verify(tokens).0;
    assert_eq!(refused(&[]), ["timestamp-missing"]);
    assert_eq!(refused(&[&good[..good.len() - 1]]), ["timestamp-syntax"]);
    assert_eq!(refused(&[&[&good[..], b"x"].concat()]), ["timestamp-syntax"]);
    // An answer without a token: the authority refuses what it does not know.
    let rejection = b"\x30\x05\x30\x03\x02\x01\x02";
    assert_eq!(refused(&[rejection]), ["timestamp-syntax"]);
    let other = signed.stamp(b"other bytes", "-sha256 -cert", "");
    assert_eq!(refused(&[&other]), ["timestamp-imprint"]);
    for hash in ["-sha1", "-sha224"] {
        let weak = signed.stamp(&signature, &format!("{hash} -cert"), "");
        assert_eq!(refused(&[&weak]), ["timestamp-algorithm"], "{hash}");
    }
    let bare = signed.stamp(&signature, "-sha256", "");
    assert_eq!(refused(&[&bare]), ["timestamp-signer"]);
    // The policy is stamped, and no attribute of its own.
    let at = good
        .windows(5)
        .position(|part| part == b"\x06\x03\x2a\x03\x04")
        .expect("the policy");
    let mut changed = good.clone();
    changed[at + 4] ^= 1;
    assert_eq!(refused(&[&changed]), ["timestamp-attributes"]);
    let mut changed = good.clone();
    *changed.last_mut().expect("a byte") ^= 1;
    assert_eq!(refused(&[&changed]), ["timestamp-signature"]);
    // Who is trusted for models is not for that reason trusted for timestamps.
    let (reasons, _) = signed.verify_with(&signed.with(&[&good]), &["intermediate"]);
    assert_eq!(reasons, ["chain-untrusted"]);
    // The same name, serial number and key, but for code as well.
    let serial = signed.certificates(&["stamper"])[0].serial();
    signed.authority.write(
        "twin.cnf",
        &STAMPER.replace("critical,timeStamping", "critical,timeStamping,codeSigning"),
    );
    signed.authority.openssl(&format!(
        "x509 -req -in stamper.csr -CA root.pem -CAkey root.key -set_serial 0x{serial} -out twin.pem -extfile twin.cnf -days 3650"
    ));
    // Both certificates are older than the timestamp.
    let old = signed.stamp(&signature, "-sha256", "-section old");
    let (reasons, _) = signed.verify_with(&signed.with(&[&old]), &["root", "twin"]);
    assert_eq!(reasons, ["timestamp-usage"]);
    assert_eq!(
        signed.verify_with(&signed.with(&[&old]), &["root", "stamper"]).0,
        Vec::<&str>::new()
    );
}

/// Where proof is not required, a timestamp that does not hold is as good as none, and a note says why.
#[test]
fn without_a_timestamp_that_holds_another_time_counts() {
    let Some(signed) = Signed::new(EC) else { return };
    let good = signed.stamp(&signed.signature(), "-sha256 -cert", "-token_out");
    let other = signed.stamp(b"other bytes", "-sha256 -cert", "-token_out");
    let root = signed.certificates(&["root"]);
    let (made, ended) = signed.certificates(&["leaf"])[0].validity();
    let late = UnixTime(ended.0 + 1);
    let verify = |tokens: &[&[u8]], authorities: Authorities<'_>| {
        let trust = Trust::Certificates(CertificateTrust {
            trusted: &root,
            lists: &[],
            time: SigningTime::ProvenOr(authorities, late),
        });
        let result = signed
            .model
            .verify_with(&signed.with(tokens), trust, &verify_options());
        let notes: Vec<&str> = result.notes.iter().map(Note::id).collect();
        (reasons(&result), result.proven_at.is_some(), notes)
    };
    let believed = Authorities {
        certificates: &root,
        now: late,
    };
    // The certificate ended, but the timestamp proves that it had not.
    assert_eq!(verify(&[&good], believed), (vec![], true, vec!["time-proven"]));
    for (tokens, note) in [
        (&[][..], &[][..]),
        (&[&other[..]], &["time-not-proven"]),
        (&[b"no token"], &["time-not-proven"]),
    ] {
        let (refused, is_proven, notes) = verify(tokens, believed);
        assert_eq!((refused, is_proven), (vec!["certificate-expired"], false));
        assert_eq!(notes, note);
    }
    let nobody = Authorities {
        certificates: &[],
        now: late,
    };
    assert_eq!(verify(&[&good], nobody).0, ["certificate-expired"]);
    // One that lies ahead of now proves nothing.
    let early = Authorities {
        certificates: &root,
        now: UnixTime(made.0 - 1),
    };
    assert_eq!(
        verify(&[&good], early),
        (vec!["certificate-expired"], false, vec!["time-not-proven"])
    );
    let trust = Trust::Certificates(CertificateTrust {
        trusted: &root,
        lists: &[],
        time: SigningTime::Proven(early),
    });
    let result = signed
        .model
        .verify_with(&signed.with(&[&good]), trust, &verify_options());
    assert_eq!(reasons(&result), ["timestamp-ahead"]);
}

#[test]
fn a_timestamp_proves_when_a_key_signed() {
    let Some(mut signed) = Signed::new(EC) else { return };
    let statement = signed.model.statement(&crate::support::read_options());
    let private = crate::support::key(cleanbill_attest::Curve::P256, 1);
    let key = private.public_key();
    let bundle = sign_with_key(&statement, &private).expect("a bundle");
    signed.bundle = serde_json::from_slice(&bundle).expect("JSON");
    let good = signed.stamp(&signed.signature(), "-sha256 -cert", "-token_out");
    let other = signed.stamp(b"other bytes", "-sha256 -cert", "-token_out");
    let root = signed.certificates(&["root"]);
    let authorities = signed.believing(&root);
    for (tokens, is_proven) in [(&[&good[..]][..], true), (&[&other], false), (&[], false)] {
        let trust = Trust::StampedKey {
            key: &key,
            authorities,
        };
        let result = signed
            .model
            .verify_with(&signed.with(tokens), trust, &verify_options());
        assert!(result.holds(), "{:?}", reasons(&result));
        assert_eq!(result.proven_at.is_some(), is_proven);
    }
    let result = signed.model.verify(&signed.with(&[&good]), &key);
    assert_eq!((result.holds(), result.proven_at), (true, None));
    assert_eq!(result.notes, [Note::ProofsNotUsed]);
}

#[test]
fn a_certificate_that_had_ended_before_the_timestamp_is_refused() {
    let Some(signed) = Signed::new(EC) else { return };
    signed.authority.issue_with(
        "ended",
        "ec -pkeyopt ec_paramgen_curve:P-256",
        "intermediate",
        crate::support::LEAF,
        "-days -1",
    );
    let signed = signed.again("ended");
    let token = signed.stamp(&signed.signature(), "-sha256 -cert", "");
    let reasons = signed.verify(&[&token]).0;
    assert!(
        matches!(reasons[..], ["certificate-expired" | "certificate-not-yet-valid"]),
        "{reasons:?}"
    );
}

/// What is not signed may change; what a timestamp proves may not.
#[test]
fn a_byte_that_is_flipped_proves_nothing_else() {
    let Some(signed) = Signed::new(EC) else { return };
    let good = signed.stamp(&signed.signature(), "-sha256 -cert", "-token_out");
    let (_, proven) = signed.verify(&[&good]);
    assert!(proven.is_some());
    for at in 0..good.len() {
        let mut changed = good.clone();
        changed[at] ^= 1 << (at % 8);
        let (refused, time) = signed.verify(&[&changed]);
        assert!(!refused.is_empty() || time == proven, "byte {at}");
    }
}
