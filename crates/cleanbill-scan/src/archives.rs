//! What the detectors of archives share: one shape for the entries of every archive format, and a bound on how often one
//! archive is told the same thing.

use std::{borrow::Cow, ops::Range};

use cleanbill_core::{Severity, Text, text};
use cleanbill_formats::{
    Format, HEAD_BYTES, Parsed, Probe, Score,
    bytes::{ReadAt, read_range, size_u64},
    tar, zip,
};

use crate::sink::Sink;

/// Holds what is said of an entry whatever the archive.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    /// Name as the archive gives it.
    pub(crate) name: Cow<'a, [u8]>,
    /// Its bytes, where the format tells.
    pub(crate) range: Option<Range<u64>>,
    /// What it is.
    pub(crate) kind: Kind,
    /// Where a link leads, as far as it is known.
    pub(crate) link_target: Option<&'a [u8]>,
    /// File mode, where the format has one.
    pub(crate) mode: u32,
}

/// Names what an entry becomes when it is unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A file.
    File,
    /// A folder.
    Directory,
    /// A symbolic link.
    SymbolicLink,
    /// Another name for an entry before it.
    HardLink,
    /// A device, named pipe or socket.
    Special,
}

/// Lists the entries of an archive; nothing for what is none.
pub(crate) fn entries(parsed: &Parsed) -> Vec<Entry<'_>> {
    match parsed {
        Parsed::Zip(view) => view.entries.iter().flat_map(from_zip).collect(),
        Parsed::Tar(view) => view.entries.iter().map(from_tar).collect(),
        Parsed::Sevenz(view) => {
            let entries = view.entries.iter().map(|entry| Entry {
                name: Cow::Borrowed(entry.name.as_bytes()),
                range: None,
                kind: if entry.is_link {
                    Kind::SymbolicLink
                } else {
                    kind_of(entry.unix_mode.unwrap_or(0), entry.is_directory)
                },
                link_target: entry.link_target.as_deref(),
                mode: entry.unix_mode.unwrap_or(0),
            });
            entries.collect()
        }
        _ => Vec::new(),
    }
}

fn from_zip(entry: &zip::Entry) -> impl Iterator<Item = Entry<'_>> {
    let mode = entry.unix_mode.unwrap_or(0);
    let names = [Some(&entry.name), entry.other_name.as_ref()];
    names.into_iter().flatten().map(move |name| Entry {
        name: Cow::Borrowed(name),
        range: Some(entry.extent()),
        // Unpackers make links of ZIP entries, but no devices; `zip` marks what it read from a pipe as one.
        kind: match kind_of(mode, entry.is_directory) {
            Kind::Special => Kind::File,
            other => other,
        },
        link_target: entry.link_target.as_deref(),
        mode,
    })
}

fn from_tar(entry: &tar::Entry) -> Entry<'_> {
    Entry {
        name: Cow::Borrowed(&entry.name),
        range: Some(entry.header.start..entry.data.end.max(entry.header.end)),
        kind: match entry.kind {
            tar::Kind::File | tar::Kind::Label => Kind::File,
            tar::Kind::Directory => Kind::Directory,
            tar::Kind::SymbolicLink => Kind::SymbolicLink,
            tar::Kind::HardLink => Kind::HardLink,
            tar::Kind::Device | tar::Kind::Fifo => Kind::Special,
        },
        link_target: entry.link_target.as_deref(),
        mode: entry.mode,
    }
}

/// Reads the kind of a file off its Unix mode.
fn kind_of(mode: u32, is_directory: bool) -> Kind {
    match mode & 0o170_000 {
        0o120_000 => Kind::SymbolicLink,
        0o010_000 | 0o020_000 | 0o060_000 | 0o140_000 => Kind::Special,
        0o040_000 => Kind::Directory,
        _ if is_directory => Kind::Directory,
        _ => Kind::File,
    }
}

/// Findings of one detector on one archive that are listed one by one; what repeats tells nothing new.
const LISTED: usize = 20;

/// Reports what is said of many entries, the first of them one by one and the others as a number.
#[derive(Debug)]
pub(crate) struct Series<'a, 'b> {
    sink: &'a mut Sink<'b>,
    count: usize,
    worst: Severity,
}

impl<'a, 'b> Series<'a, 'b> {
    pub(crate) fn new(sink: &'a mut Sink<'b>) -> Self {
        Self {
            sink,
            count: 0,
            worst: Severity::Info,
        }
    }

    /// Reports one entry, named in the evidence.
    pub(crate) fn report(
        &mut self,
        severity: Severity,
        range: Option<Range<u64>>,
        message: Text,
        evidence: &[u8],
        hint: Text,
    ) {
        self.count += 1;
        if self.count > LISTED {
            self.worst = self.worst.max(severity);
            return;
        }
        let draft = self.sink.report(range, message);
        draft
            .severity(severity)
            .evidence(&String::from_utf8_lossy(evidence))
            .hint(hint);
    }
}

impl Drop for Series<'_, '_> {
    fn drop(&mut self) {
        if self.count > LISTED {
            let more = self.count - LISTED;
            let message = text!(
                "{more} more entries of this archive like these",
                "此归档中还有 {more} 个类似条目"
            );
            self.sink.report(None, message).severity(self.worst);
        }
    }
}

/// Bytes looked at to recognise what stands before or behind an archive.
const SAMPLE_BYTES: u64 = 64 * 1024;

/// Returns the id of a format that the bytes of `range` look like by themselves; text does not count.
pub(crate) fn recognised(source: &dyn ReadAt, range: Range<u64>) -> Option<&'static str> {
    let sample = read_range(source, range, SAMPLE_BYTES).ok()?;
    let head = sample.get(..sample.len().min(usize::try_from(HEAD_BYTES).unwrap_or(0)))?;
    let probe = Probe {
        head,
        tail: &sample,
        size: size_u64(sample.len()),
        source: &sample,
    };
    let known = Format::ALL.iter().filter(|format| format.info().id != "text");
    let scored = known.filter_map(|format| Some((format.probe(&probe)?, format.info().id)));
    let best = scored
        .filter(|(score, _)| *score >= Score::Likely)
        .max_by_key(|(score, _)| *score);
    best.map(|(_, id)| id)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{Options, scan, source::Held};

    /// Runs one detector on `bytes` and shows each finding as `SEVERITY EVIDENCE`.
    pub(crate) fn findings(detector: &str, bytes: &[u8]) -> Vec<String> {
        let options = Options {
            only: Some(vec![detector.to_owned()]),
            ..Options::default()
        };
        let held = Held::default().with("sample", Arc::new(bytes.to_vec()));
        let outcome = scan(&held, "sample", &options, None);
        assert!(outcome.internal_errors.is_empty());
        let mut found: Vec<String> = outcome
            .report
            .findings
            .iter()
            .map(|finding| format!("{} {}", finding.severity, finding.evidence))
            .collect();
        found.sort();
        found
    }

    /// One entry of a test archive: names in the directory and in the local header, flags in each, mode, content.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct Item {
        pub(crate) name: &'static str,
        pub(crate) local_name: Option<&'static str>,
        pub(crate) flags: u16,
        pub(crate) local_flags: u16,
        pub(crate) mode: u32,
        pub(crate) content: &'static [u8],
        pub(crate) hidden: bool,
        /// Lists the local header at the start of the archive.
        pub(crate) shared: bool,
    }

    pub(crate) fn item(name: &'static str, content: &'static [u8]) -> Item {
        Item {
            name,
            content,
            ..Item::default()
        }
    }

    fn number(value: usize, size: usize) -> Vec<u8> {
        value.to_le_bytes()[..size].to_vec()
    }

    /// Assembles a ZIP file of stored entries; checksums are left at zero.
    pub(crate) fn zip(items: &[Item]) -> Vec<u8> {
        let (mut out, mut directory, mut count) = (Vec::new(), Vec::new(), 0);
        for item in items {
            let offset = if item.shared { 0 } else { out.len() };
            let size = number(item.content.len(), 4);
            let common = |flags: u16, name: &str| {
                let parts = [
                    number(20, 2),
                    number(flags.into(), 2),
                    vec![0; 10],
                    size.clone(),
                    size.clone(),
                ];
                [parts.concat(), number(name.len(), 2)].concat()
            };
            if !item.shared {
                let name = item.local_name.unwrap_or(item.name);
                let header = [b"PK\x03\x04".to_vec(), common(item.local_flags, name), vec![0; 2]].concat();
                out = [out, header, name.as_bytes().to_vec(), item.content.to_vec()].concat();
            }
            if !item.hidden {
                count += 1;
                let mode = number(usize::try_from(item.mode).unwrap() << 16, 4);
                let start = [
                    b"PK\x01\x02\x14\x03".to_vec(),
                    common(item.flags, item.name),
                    vec![0; 8],
                ]
                .concat();
                let entry = [start, mode, number(offset, 4), item.name.as_bytes().to_vec()].concat();
                directory.extend(entry);
            }
        }
        let end = [b"PK\x05\x06\0\0\0\0".to_vec(), number(count, 2), number(count, 2)].concat();
        let end = [end, number(directory.len(), 4), number(out.len(), 4), vec![0; 2]].concat();
        [out, directory, end].concat()
    }

    /// Assembles a tar file of entries without content: name, kind, link target, mode.
    pub(crate) fn tar(items: &[(&str, u8, &str, u32)]) -> Vec<u8> {
        let mut out = Vec::new();
        for (name, kind, link, mode) in items {
            let mut block = vec![0_u8; 512];
            block[..name.len()].copy_from_slice(name.as_bytes());
            block[100..107].copy_from_slice(format!("{mode:07o}").as_bytes());
            block[124..135].fill(b'0');
            block[148..156].fill(b' ');
            block[156] = *kind;
            block[157..157 + link.len()].copy_from_slice(link.as_bytes());
            block[257..263].copy_from_slice(b"ustar\0");
            let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
            block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
            out.extend(block);
        }
        out.extend([0; 1024]);
        out
    }

    /// Every detector of archives passes over what common tools write.
    #[test]
    fn honest_archives_have_no_findings() {
        let plain = zip(&[item("dir/", b""), item("dir/a.txt", b"text"), item("b", b"more")]);
        let packed = tar(&[
            ("dir/", b'5', "", 0o755),
            ("dir/a", b'0', "", 0o644),
            ("l", b'2', "dir/a", 0o777),
        ]);
        for detector in crate::DETECTORS
            .iter()
            .filter(|one| one.id.starts_with("archive-"))
        {
            assert!(findings(detector.id, &plain).is_empty(), "{}", detector.id);
            let found = findings(detector.id, &packed);
            assert!(
                found.iter().all(|line| line.starts_with("low")),
                "{}: {found:?}",
                detector.id
            );
        }
    }

    #[test]
    fn a_flood_is_cut_and_counted() {
        let many = vec![("../x", b'0', "", 0o644); 50];
        let found = findings("archive-path-traversal", &tar(&many));
        assert_eq!(found.len(), LISTED + 1);
    }
}
