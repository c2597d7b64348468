//! Detector `archive-encrypted-entry`.

use cleanbill_core::{Severity, text};
use cleanbill_formats::{Parsed, zip::Encryption};

use crate::{archives::Series, detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// An entry of a ZIP or 7z archive that is encrypted, or that pretends to be.
    /// ## Why it matters
    /// What is encrypted cannot be examined. An entry that only one of its headers calls encrypted, or whose bytes are plain in
    /// spite of it, stops scanners while PyTorch loads it (CVE-2025-1945).
    /// ## How it is decided
    /// Flags of both headers are compared, and the first bytes decoded. Truly encrypted: medium. Otherwise: high.
    /// ## What it misses
    /// A list of 7z entries that is itself encrypted; it is reported as damage.
    /// ## What to do
    /// Decrypt it where it can do no harm and scan the result; do not load one that pretends.
    /// ## References
    /// CVE-2025-1945, GHSA-w8jq-xcqf-f792; PKWARE APPNOTE 6.3.10, section 4.4.4.
    id: "archive-encrypted-entry",
    title: "Encrypted archive entry", "加密的归档条目",
    severity: Medium, confidence: High,
    tags: &["CWE-436"], controls: &["MOD-01"],
    on: artifact => run,
}

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let mut series = Series::new(sink);
    let decrypt = || text!("decrypt it and scan the result", "解密后再扫描");
    let refuse = || text!("do not load it", "不要加载");
    let real = || text!("an entry is encrypted", "条目已加密");
    for parsed in scene.parsed {
        match parsed {
            Parsed::Zip(view) => {
                for entry in &view.entries {
                    let (severity, message, hint) = match entry.encryption {
                        Encryption::None => continue,
                        Encryption::Real => (Severity::Medium, real(), decrypt()),
                        Encryption::Pretended => {
                            let message = text!(
                                "an entry is called encrypted and is not",
                                "条目被标为加密，实际未加密"
                            );
                            (Severity::High, message, refuse())
                        }
                        Encryption::CentralOnly | Encryption::LocalOnly => {
                            let message = text!(
                                "only one of its two headers calls an entry encrypted",
                                "两个文件头中只有一个将条目标为加密"
                            );
                            (Severity::High, message, refuse())
                        }
                    };
                    series.report(severity, Some(entry.extent()), message, &entry.name, hint);
                }
            }
            Parsed::Sevenz(view) => {
                for entry in view.entries.iter().filter(|entry| entry.is_encrypted) {
                    series.report(Severity::Medium, None, real(), entry.name.as_bytes(), decrypt());
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::archives::tests::{Item, findings, item, zip};

    #[test]
    fn flags_of_both_headers_count() {
        let id = "archive-encrypted-entry";
        let flagged = |flags, local_flags| {
            let item = Item {
                flags,
                local_flags,
                ..item("a", b"plain")
            };
            findings(id, &zip(&[item]))
        };
        assert!(flagged(0, 0).is_empty());
        for (flags, local_flags) in [(1, 0), (0, 1), (1, 1)] {
            assert_eq!(flagged(flags, local_flags), ["high a"]);
        }
    }
}
