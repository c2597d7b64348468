//! Revocation lists by OpenSSL: what they refuse, what a proven time spares, and one vector for each reason against a list.

use cleanbill_attest::{
    Authorities, Certificate, CertificateTrust, Note, RevocationList, RevocationListError, SigningTime,
    Trust, UnixTime,
};
use der::{Decode as _, Encode as _};
use x509_cert::crl::{CertificateList, TbsCertList};

use crate::{
    support::{Authority, reasons, verify_options},
    timestamps::{EC, Signed},
};

const KEY_ID: &str = "authorityKeyIdentifier=keyid\n";
const NOTHING: [&str; 0] = [];

/// Gives a time as databases of OpenSSL write it.
fn short(at: UnixTime) -> String {
    let text = at.to_string();
    let digits: String = text.chars().filter(char::is_ascii_digit).skip(2).collect();
    format!("{digits}Z")
}

fn long(at: UnixTime) -> String {
    format!("20{}", short(at))
}

/// A bundle by `leaf`, which `intermediate` issued and `root` vouches for, and lists that are made as tests ask.
struct Case {
    signed: Signed,
    made: UnixTime,
}

impl Case {
    fn new() -> Option<Self> {
        let signed = Signed::new(EC)?;
        signed.authority.write("crlnumber", "01");
        let made = signed.certificates(&["leaf"])[0].validity().0;
        Some(Self { signed, made })
    }

    fn after(&self, seconds: i64) -> UnixTime {
        UnixTime(self.made.0 + seconds)
    }

    /// Makes a list by an issuer. Entries are the name of a certificate and since when, with a reason or none.
    fn list(&self, issuer: &str, entries: &[(&str, &str)], extensions: &str, more: &str) -> Vec<u8> {
        let authority: &Authority = &self.signed.authority;
        let lines: Vec<String> = entries
            .iter()
            .map(|(name, since)| {
                let serial = self.signed.certificates(&[name])[0].serial().to_uppercase();
                format!("R\t491231235959Z\t{since}\t{serial}\tunknown\t/CN={name}\n")
            })
            .collect();
        authority.write("index.txt", &lines.concat());
        authority.write(
            "ca.cnf",
            &format!(
                "[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ncrlnumber=crlnumber\ndefault_md=sha256\ndefault_crl_days=30\n\
                 [exts]\n{extensions}"
            ),
        );
        authority.openssl(&format!(
            "ca -gencrl -config ca.cnf -crlexts exts -keyfile {issuer}.key -cert {issuer}.pem -out {issuer}.crl {more}"
        ));
        authority.read(&format!("{issuer}.crl"))
    }

    /// Changes what a list says and has its issuer sign it anew.
    fn changed(&self, issuer: &str, list: &[u8], change: impl Fn(&mut TbsCertList)) -> Vec<u8> {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        let text = String::from_utf8(list.to_vec()).expect("PEM");
        let body: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
        let mut parsed = CertificateList::from_der(&STANDARD.decode(body).expect("base64")).expect("a list");
        change(&mut parsed.tbs_cert_list);
        let signed = parsed.tbs_cert_list.to_der().expect("DER");
        let authority = &self.signed.authority;
        authority.write("tbs.b64", &STANDARD.encode(signed));
        authority.openssl("base64 -d -A -in tbs.b64 -out tbs");
        authority.openssl(&format!("dgst -sha256 -sign {issuer}.key -out tbs.sig tbs"));
        let signature = authority.read("tbs.sig");
        parsed.signature = der::asn1::BitString::from_bytes(&signature).expect("bits");
        parsed.to_der().expect("DER")
    }

    fn good(&self, issuer: &str) -> Vec<u8> {
        self.list(issuer, &[], KEY_ID, "")
    }

    /// Verifies at one time.
    fn at(&self, lists: &[&[u8]], at: UnixTime) -> Vec<&'static str> {
        self.verify(lists, SigningTime::Given(at), &[]).0
    }

    fn refused(&self, lists: &[&[u8]]) -> Vec<&'static str> {
        self.at(lists, self.after(3_600))
    }

    fn verify(
        &self,
        lists: &[&[u8]],
        time: SigningTime<'_>,
        tokens: &[&[u8]],
    ) -> (Vec<&'static str>, Vec<&'static str>) {
        let lists: Vec<RevocationList> = lists
            .iter()
            .flat_map(|bytes| RevocationList::from_bytes(bytes).expect("a list"))
            .collect();
        let trusted = self.signed.certificates(&["root"]);
        let trust = Trust::Certificates(CertificateTrust {
            trusted: &trusted,
            lists: &lists,
            time,
        });
        let bundle = self.signed.with(tokens);
        let result = self.signed.model.verify_with(&bundle, trust, &verify_options());
        let notes = result.notes.iter().map(Note::id).collect();
        (reasons(&result), notes)
    }

    /// Asks OpenSSL.
    fn openssl_holds(&self, lists: &[&str], at: UnixTime) -> bool {
        let lists: Vec<String> = lists.iter().map(|list| format!("-CRLfile {list}")).collect();
        let lists = lists.join(" ");
        let arguments = format!(
            "verify -crl_check_all -attime {} -CAfile root.pem -untrusted intermediate.pem {lists} leaf.pem",
            at.0
        );
        self.signed.authority.run(&arguments).status.success()
    }

    /// Returns our reasons where both agree.
    #[track_caller]
    fn both(&self, root: &[u8], between: &[u8], at: UnixTime) -> Vec<&'static str> {
        for (name, bytes) in [("root", root), ("between", between)] {
            self.signed
                .authority
                .write_bytes(&format!("{name}.der.crl"), bytes);
        }
        let found = self.at(&[root, between], at);
        let theirs = self.openssl_holds(&["root.der.crl", "between.der.crl"], at);
        assert_eq!(found.is_empty(), theirs, "{found:?}");
        found
    }
}

#[test]
fn lists_refuse_what_openssl_refuses() {
    let Some(case) = Case::new() else { return };
    let at = case.after(3_600);
    let (root, between) = (case.good("root"), case.good("intermediate"));
    assert_eq!(case.both(&root, &between, at), NOTHING);
    let earlier = short(case.after(-60));
    for reason in ["", ",superseded", ",keyCompromise", ",certificateHold"] {
        let since = format!("{earlier}{reason}");
        let other = case.list(
            "intermediate",
            &[("leaf", &since), ("stamper", &since)],
            KEY_ID,
            "",
        );
        assert_eq!(case.both(&root, &other, at), ["certificate-revoked"], "{reason}");
        let other = case.list("root", &[("intermediate", &since)], KEY_ID, "");
        assert_eq!(
            case.both(&other, &between, at),
            ["certificate-revoked"],
            "{reason}"
        );
    }
    // Serial numbers count for their issuer alone.
    let other = case.list("root", &[("leaf", &earlier)], KEY_ID, "");
    assert_eq!(case.both(&other, &between, at), NOTHING);
    for (late, reason) in [
        (40 * 86_400, "revocation-list-expired"),
        (-1, "certificate-not-yet-valid"),
    ] {
        assert_eq!(case.both(&root, &between, case.after(late)), [reason]);
    }
    for extensions in [
        "issuingDistributionPoint=critical,@p\n[p]\nonlyuser=TRUE\n",
        "issuingDistributionPoint=critical,@p\n[p]\nonlyuser=FALSE\n",
    ] {
        let other = case.list("intermediate", &[], &format!("{KEY_ID}{extensions}"), "");
        assert_eq!(case.both(&root, &other, at), NOTHING, "{extensions}");
    }
    for extensions in [
        "issuingDistributionPoint=critical,@p\n[p]\nonlyCA=TRUE\n",
        "issuingDistributionPoint=critical,@p\n[p]\nonlyAA=TRUE\n",
        "issuingDistributionPoint=critical,@p\n[p]\nonlysomereasons=superseded\n",
        "issuingDistributionPoint=critical,@p\n[p]\nindirectCRL=TRUE\n",
        "issuingDistributionPoint=critical,@p\n[p]\nfullname=URI:http://lists.example/1\n",
    ] {
        let other = case.list("intermediate", &[], &format!("{KEY_ID}{extensions}"), "");
        assert_eq!(
            case.both(&root, &other, at),
            ["revocation-list-scope"],
            "{extensions}"
        );
    }
}

#[test]
fn a_list_for_one_point_covers_the_certificates_that_name_it() {
    let Some(case) = Case::new() else { return };
    let point = "crlDistributionPoints=URI:http://lists.example/0,URI:http://lists.example/1";
    case.signed
        .authority
        .write("leaf.cnf", &format!("{}\n{point}\n", crate::support::LEAF));
    case.signed.authority.openssl(
        "x509 -req -in leaf.csr -CA intermediate.pem -CAkey intermediate.key -CAcreateserial -out leaf.pem -extfile leaf.cnf -days 3650",
    );
    let case = Case {
        signed: case.signed.again("leaf"),
        ..case
    };
    let root = case.good("root");
    let at = case.after(3_600);
    let list = |number: u8, entries: &[(&str, &str)]| {
        let extensions = format!(
            "{KEY_ID}issuingDistributionPoint=critical,@p\n[p]\nfullname=URI:http://lists.example/{number}\n"
        );
        case.list("intermediate", entries, &extensions, "")
    };
    assert_eq!(case.both(&root, &list(1, &[]), at), NOTHING);
    assert_eq!(case.both(&root, &list(2, &[]), at), ["revocation-list-scope"]);
    let since = short(case.after(-60));
    let revoked = list(1, &[("leaf", &since)]);
    assert_eq!(case.both(&root, &revoked, at), ["certificate-revoked"]);
}

/// Returns one vector for each reason that lists give, with what was found.
pub(crate) fn against() -> Option<Vec<(&'static str, Vec<&'static str>)>> {
    let case = Case::new()?;
    let at = case.after(3_600);
    let (root, between) = (case.good("root"), case.good("intermediate"));
    assert_eq!(case.refused(&[&root, &between]), NOTHING);
    let with = |list: &[u8]| case.both(&root, list, at);
    let extended =
        |extensions: &str| with(&case.list("intermediate", &[], &format!("{KEY_ID}{extensions}\n"), ""));
    let mut all = vec![
        ("revocation-list-missing", case.refused(&[&root])),
        ("revocation-list-missing", case.refused(&[&between])),
        (
            "certificate-revoked",
            with(&case.list("intermediate", &[("leaf", &short(case.after(-60)))], KEY_ID, "")),
        ),
        (
            "revocation-list-extension",
            extended("1.2.3.4=critical,ASN1:NULL"),
        ),
        (
            "revocation-list-scope",
            extended("issuingDistributionPoint=critical,@p\n[p]\nindirectCRL=TRUE"),
        ),
        // OpenSSL passes over what it is not asked to read; here it is refused.
        ("revocation-list-delta", {
            let delta = case.list(
                "intermediate",
                &[],
                &format!("{KEY_ID}2.5.29.27=critical,ASN1:INTEGER:1\n"),
                "",
            );
            case.refused(&[&root, &delta])
        }),
        (
            "revocation-list-expired",
            case.at(&[&root, &between], case.after(40 * 86_400)),
        ),
        ("revocation-list-not-yet-valid", {
            let (from, until) = (long(case.after(7_200)), long(case.after(9_000)));
            let more = format!("-crl_lastupdate {from} -crl_nextupdate {until}");
            with(&case.list("intermediate", &[], KEY_ID, &more))
        }),
        ("revocation-list-endless", {
            let endless = case.changed("intermediate", &between, |list| list.next_update = None);
            case.refused(&[&root, &endless])
        }),
        ("revocation-list-signature", {
            let forged = case.changed("root", &between, |_| ());
            with(&forged)
        }),
        ("revocation-list-algorithm", {
            // OpenSSL accepts SHA-1 here where its level of security lets it.
            case.refused(&[&root, &case.list("intermediate", &[], KEY_ID, "-md sha1")])
        }),
    ];
    let authority = &case.signed.authority;
    // The same key and name, but for certificates alone.
    authority.write(
        "narrow.cnf",
        "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n",
    );
    authority.openssl("x509 -req -in intermediate.csr -CA root.pem -CAkey root.key -CAcreateserial -out narrow.pem -extfile narrow.cnf -days 3650");
    let whole = authority.read("intermediate.pem");
    authority.write_bytes("intermediate.pem", &authority.read("narrow.pem"));
    let narrow = Case {
        signed: case.signed.again("leaf"),
        made: case.made,
    };
    all.push(("revocation-list-usage", narrow.both(&root, &between, at)));
    narrow.signed.authority.write_bytes("intermediate.pem", &whole);
    let case = Case {
        signed: narrow.signed.again("leaf"),
        made: narrow.made,
    };
    all.push(("revocation-list-late", case.late(KEY_ID)));
    Some(all)
}

impl Case {
    /// Verifies a timestamp of now in twenty years, when every certificate has ended, with lists of then.
    fn late(&self, extensions: &str) -> Vec<&'static str> {
        let then = self.after(20 * 31_536_000);
        let more = format!(
            "-crl_lastupdate {} -crl_nextupdate {}",
            long(UnixTime(then.0 - 60)),
            long(UnixTime(then.0 + 60))
        );
        let lists = ["root", "intermediate"].map(|issuer| self.list(issuer, &[], extensions, &more));
        let token = self.token();
        let trusted = self.signed.certificates(&["root"]);
        let time = SigningTime::Proven(Authorities {
            certificates: &trusted,
            now: then,
        });
        self.verify(&[&lists[0], &lists[1]], time, &[&token]).0
    }

    fn token(&self) -> Vec<u8> {
        self.signed
            .stamp(&self.signed.signature(), "-sha256 -cert", "-token_out")
    }
}

#[test]
fn a_list_of_later_counts_where_it_keeps_what_ended() {
    let Some(case) = Case::new() else { return };
    for (from, expected) in [
        (case.after(-86_400), &[][..]),
        (case.after(15 * 31_536_000), &["revocation-list-late"]),
    ] {
        let extensions = format!("{KEY_ID}2.5.29.60=ASN1:GENERALIZEDTIME:{}\n", long(from));
        assert_eq!(case.late(&extensions), expected);
    }
}

#[test]
fn a_proven_time_spares_what_was_signed_before_unless_the_key_may_be_stolen() {
    let Some(case) = Case::new() else { return };
    let token = case.token();
    let root = case.good("root");
    let trusted = case.signed.certificates(&["root"]);
    let time = SigningTime::Proven(Authorities {
        certificates: &trusted,
        now: case.after(3_600),
    });
    let (before, later) = (short(case.after(-60)), short(case.after(1_800)));
    let check = |list: &[u8], is_spared: bool, what: &str| {
        let (refused, notes) = case.verify(&[&root, list], time, &[&token]);
        if is_spared {
            assert_eq!(
                (refused, notes),
                (vec![], vec!["time-proven", "revoked-later"]),
                "{what}"
            );
        } else {
            assert_eq!(refused, ["certificate-revoked"], "{what}");
        }
        // What the caller says of the time proves nothing.
        let given = case.at(&[&root, list], case.after(3_600));
        assert_eq!(given, ["certificate-revoked"], "{what}");
    };
    for (reason, spares) in [
        ("", false),
        (",unspecified", false),
        (",keyCompromise", false),
        (",CACompromise", false),
        (",affiliationChanged", true),
        (",superseded", true),
        (",cessationOfOperation", true),
        (",certificateHold", true),
        (",removeFromCRL", false),
    ] {
        for (since, is_before) in [(&before, true), (&later, false)] {
            let list = case.list(
                "intermediate",
                &[("leaf", &format!("{since}{reason}"))],
                KEY_ID,
                "",
            );
            check(&list, spares && !is_before, &format!("{since}{reason}"));
        }
    }
    // Since when the key is suspected counts where it is earlier, whatever the reason.
    let list = case.list(
        "intermediate",
        &[("leaf", &format!("{later},superseded"))],
        KEY_ID,
        "",
    );
    let suspected = |at: UnixTime| {
        case.changed("intermediate", &list, |list| {
            let value = format!("\x18\x0f{}", long(at));
            let extension = x509_cert::ext::Extension {
                extn_id: der::asn1::ObjectIdentifier::new_unwrap("2.5.29.24"),
                critical: false,
                extn_value: der::asn1::OctetString::new(value.into_bytes()).expect("a value"),
            };
            let entries = list.revoked_certificates.as_mut().expect("entries");
            entries[0]
                .crl_entry_extensions
                .get_or_insert_default()
                .push(extension);
        })
    };
    check(&suspected(case.after(1_200)), true, "suspected later");
    check(&suspected(case.after(-60)), false, "suspected before");
    // Any list that counts can revoke, also beside one that does not speak of it.
    let good = case.good("intermediate");
    let revoked = case.list("intermediate", &[("leaf", &before)], KEY_ID, "");
    for lists in [[&root[..], &good, &revoked], [&root, &revoked, &good]] {
        assert_eq!(case.refused(&lists), ["certificate-revoked"]);
    }
    // One that does not count is no worse than none beside one that does.
    let past = format!(
        "-crl_lastupdate {} -crl_nextupdate {}",
        long(case.after(-60)),
        long(case.after(-30))
    );
    let stale = case.list("intermediate", &[], KEY_ID, &past);
    assert_eq!(case.refused(&[&root, &stale, &good]), NOTHING);
    assert_eq!(case.refused(&[&root, &stale]), ["revocation-list-expired"]);
}

#[test]
fn entries_that_cannot_be_judged_make_the_list_count_for_nothing() {
    let Some(case) = Case::new() else { return };
    let root = case.good("root");
    let list = case.list("intermediate", &[("stamper", &short(case.made))], KEY_ID, "");
    for (id, critical, value, expected) in [
        (
            "1.2.3.4",
            true,
            &b"\x05\x00"[..],
            &["revocation-list-extension"][..],
        ),
        ("1.2.3.4", false, b"\x05\x00", &[]),
        ("2.5.29.29", true, b"\x30\x00", &["revocation-list-extension"]),
        ("2.5.29.29", false, b"\x30\x00", &["revocation-list-extension"]),
        ("2.5.29.21", false, b"\x0a\x01\x04", &[]),
    ] {
        let changed = case.changed("intermediate", &list, |list| {
            let extension = x509_cert::ext::Extension {
                extn_id: id.parse().expect("an id"),
                critical,
                extn_value: der::asn1::OctetString::new(value).expect("a value"),
            };
            let entries = list.revoked_certificates.as_mut().expect("entries");
            entries[0]
                .crl_entry_extensions
                .get_or_insert_default()
                .push(extension);
        });
        assert_eq!(case.refused(&[&root, &changed]), expected, "{id} {critical}");
    }
}

#[test]
fn files_without_a_list_that_can_be_read_are_told() {
    let Some(case) = Case::new() else { return };
    let pem = case.good("root");
    let der = case.changed("root", &pem, |_| ());
    assert_eq!(RevocationList::from_bytes(&der).map(|lists| lists.len()), Ok(1));
    let twice = [&pem[..], &pem].concat();
    assert_eq!(RevocationList::from_bytes(&twice).map(|lists| lists.len()), Ok(2));
    let syntax = |position| RevocationListError::Syntax { position };
    let first_version = case.changed("root", &pem, |list| list.version = x509_cert::Version::V1);
    let extension_twice = case.changed("root", &pem, |list| {
        let extensions = list.crl_extensions.as_mut().expect("extensions");
        extensions.push(extensions[0].clone());
    });
    let mut other_algorithm =
        CertificateList::<x509_cert::certificate::Rfc5280>::from_der(&der).expect("a list");
    other_algorithm.signature_algorithm.oid = "1.2.840.10045.4.3.3".parse().expect("an id");
    let certificate: &Certificate = &case.signed.certificates(&["root"])[0];
    for (bytes, error) in [
        (&b""[..], RevocationListError::Absent),
        (b"nothing", RevocationListError::Absent),
        (
            &case.signed.authority.read("root.pem"),
            RevocationListError::Absent,
        ),
        (certificate.as_der(), syntax(1)),
        (&der[..der.len() - 1], syntax(1)),
        (&[&der[..], b"x"].concat(), syntax(1)),
        (&first_version, syntax(1)),
        (&extension_twice, syntax(1)),
        (&other_algorithm.to_der().expect("DER"), syntax(1)),
        (
            &[
                &pem[..],
                b"-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n",
            ]
            .concat(),
            syntax(2),
        ),
        (b"-----BEGIN X509 CRL-----\nMAA=\n", RevocationListError::Armour),
        (&vec![0x30; (16 << 20) + 1], RevocationListError::Large),
        (&pem.repeat(65), RevocationListError::Large),
    ] {
        let found = RevocationList::from_bytes(bytes).map(|lists| lists.len());
        assert_eq!(found, Err(error));
    }
}

/// A list with a bit that is not as it was signed counts for nothing.
#[test]
fn a_byte_that_is_flipped_makes_no_list_that_counts() {
    let Some(case) = Case::new() else { return };
    let root = case.good("root");
    let list = case.list("intermediate", &[("leaf", &short(case.made))], KEY_ID, "");
    let list = case.changed("intermediate", &list, |_| ());
    for at in 0..list.len() {
        let mut changed = list.clone();
        changed[at] ^= 1 << (at % 8);
        if RevocationList::from_bytes(&changed).is_ok() {
            assert_ne!(case.refused(&[&root, &changed]), NOTHING, "byte {at}");
        }
    }
}
