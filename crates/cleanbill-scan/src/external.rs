//! Holds what files say of bytes in files beside them against those files.
//!
//! A file of numbers alone says nothing of itself; a file beside it may describe every byte of it. Here is only whether the
//! description fits. What that means for the coverage is for the engine, what it means for people is for a detector.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::Arc,
};

use cleanbill_formats::{
    ExternalFile, Member, Parsed, Span,
    bytes::{ReadAt, SourceError, read_full, size_u64, size_usize},
    disguised,
};

use crate::{facts::Facts, paths};

/// LIMIT: bytes read of a file that nobody describes, to see that they are zeros; writers fill up to pages of some KiB.
const UNDESCRIBED_BYTES: u64 = 64 << 20;
/// LIMIT: tensors of a file whose first bytes are looked at.
const LOOKED_AT: usize = 200_000;
/// LIMIT: places within a file that are opened because they begin like something else.
const OPENED: usize = 256;
/// Smallest tensor whose first bytes are looked at.
const LOOKED_AT_BYTES: u64 = 64;
const PIECE_BYTES: usize = 64 * 1024;

/// Names a file that another one describes.
#[derive(Debug)]
pub struct External {
    /// The name as the describing file gives it.
    pub name: String,
    /// Path relative to the target; `None` where the name leads out of the folder.
    pub path: Option<String>,
    /// The bytes that are described.
    pub spans: Vec<Span>,
    /// What came of it.
    pub fit: Fit,
}

/// Says how a file fits what another one says of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Fit {
    /// The file is not there, or its name leads out of the folder.
    #[default]
    Absent,
    /// These bytes are described and lie behind its end.
    Beyond(Range<u64>),
    /// These bytes are described twice, and not by the same bounds.
    Overlapping(Range<u64>),
    /// Every description lies inside.
    Inside,
}

/// Says what a file of numbers holds beside what others describe.
#[derive(Debug, Default)]
pub struct Described {
    /// Every description lies inside the file.
    pub inside: bool,
    /// The first bytes that nobody describes and that are not zero.
    pub foreign: Option<Range<u64>>,
    /// More bytes that nobody describes than are read.
    pub too_many: bool,
    /// Tensors that begin like something of their own.
    pub(crate) members: Vec<Member>,
}

impl Described {
    /// Says whether every byte is described or zero.
    pub fn fits(&self) -> bool {
        self.inside && self.foreign.is_none() && !self.too_many
    }
}

impl External {
    /// Lists what the views of `path` say of other files.
    pub(crate) fn list(path: &str, parsed: &[Parsed]) -> Vec<Self> {
        let (folder, own) = path.rsplit_once('/').unwrap_or(("", path));
        let stem = own.rsplit_once('.').map_or(own, |(stem, _)| stem);
        let external = parsed.iter().flat_map(|one| one.view().external());
        external
            .map(|data| {
                let name = match data.file {
                    ExternalFile::Path(path) => path,
                    ExternalFile::Stem(end) => format!("{stem}{end}"),
                };
                Self {
                    path: paths::leaves_folder(&name)
                        .is_none()
                        .then(|| beside(folder, &name)),
                    name,
                    spans: data.spans,
                    fit: Fit::Absent,
                }
            })
            .collect()
    }
}

/// Returns the path of `name` as it stands in a listing.
fn beside(folder: &str, name: &str) -> String {
    let unified = name.replace('\\', "/");
    let parts = folder.split('/').chain(unified.split('/'));
    let parts: Vec<&str> = parts.filter(|part| !matches!(*part, "" | ".")).collect();
    parts.join("/")
}

/// Compares every description with the file that it is about, and looks at the bytes of files that say nothing of themselves.
/// What could not be read stays as it was: not described.
pub(crate) fn compare(facts: &mut [Facts], open: &dyn Fn(&str) -> Option<Arc<dyn ReadAt>>) {
    let places: BTreeMap<&str, usize> = facts
        .iter()
        .enumerate()
        .map(|(at, one)| (one.path.as_str(), at))
        .collect();
    let mut fits = Vec::new();
    let mut spans: BTreeMap<usize, BTreeSet<(u64, u64)>> = BTreeMap::new();
    let mut outside = BTreeSet::new();
    for (at, one) in facts.iter().enumerate() {
        for (number, external) in one.external.iter().enumerate() {
            let target = external.path.as_deref().and_then(|path| places.get(path));
            let Some((place, target)) = target.and_then(|place| Some((*place, facts.get(*place)?))) else {
                continue;
            };
            let size = target.size_bytes;
            let mut own: Vec<(u64, u64)> = external
                .spans
                .iter()
                .map(|span| (span.start, span.end.unwrap_or(size.max(span.start))))
                .filter(|(start, end)| start < end)
                .collect();
            own.sort_unstable();
            own.dedup();
            let fit = fit(&own, size);
            if matches!(fit, Fit::Beyond(_)) {
                outside.insert(place);
            }
            fits.push((at, number, fit));
            if target.not_understood {
                spans.entry(place).or_default().extend(own);
            }
        }
    }
    for (at, number, fit) in fits {
        if let Some(external) = facts.get_mut(at).and_then(|one| one.external.get_mut(number)) {
            external.fit = fit;
        }
    }
    for (place, spans) in spans {
        let Some(one) = facts.get_mut(place) else { continue };
        let described = open(&one.path).and_then(|bytes| look(bytes.as_ref(), &spans).ok());
        one.described = described.map(|described| {
            Box::new(Described {
                inside: !outside.contains(&place),
                ..described
            })
        });
    }
}

fn fit(spans: &[(u64, u64)], size: u64) -> Fit {
    if let Some((start, end)) = spans.iter().find(|(_, end)| *end > size) {
        return Fit::Beyond(*start..*end);
    }
    let mut behind = 0;
    for (start, end) in spans {
        if *start < behind {
            return Fit::Overlapping(*start..behind.min(*end));
        }
        behind = behind.max(*end);
    }
    Fit::Inside
}

fn look(bytes: &dyn ReadAt, spans: &BTreeSet<(u64, u64)>) -> Result<Described, SourceError> {
    let mut described = Described::default();
    let (mut behind, mut left) = (0, UNDESCRIBED_BYTES);
    let ends = [(bytes.size(), bytes.size())];
    for (start, end) in spans.iter().chain(&ends) {
        let gap = behind..(*start).min(bytes.size());
        if gap.start < gap.end && described.foreign.is_none() {
            let size = gap.end - gap.start;
            described.too_many |= size > left;
            let read = gap.start..gap.start + size.min(left);
            left = left.saturating_sub(size);
            described.foreign = first_not_zero(bytes, &read)?.map(|at| at..gap.end);
        }
        behind = behind.max(*end);
    }
    let mut starts = BTreeSet::new();
    for (start, end) in spans {
        if end - start < LOOKED_AT_BYTES || !starts.insert(*start) {
            continue;
        }
        if starts.len() > LOOKED_AT {
            described.too_many = true;
            break;
        }
        if let Some(mut member) = disguised(bytes, &(*start..*end))? {
            if described.members.len() >= OPENED {
                described.too_many = true;
                break;
            }
            member.name = format!("[data at {start}]");
            described.members.push(member);
        }
    }
    Ok(described)
}

fn first_not_zero(bytes: &dyn ReadAt, range: &Range<u64>) -> Result<Option<u64>, SourceError> {
    let mut piece = vec![0; size_usize(range.end - range.start).min(PIECE_BYTES)];
    let mut at = range.start;
    while at < range.end {
        let wanted = size_usize(range.end - at).min(piece.len());
        let count = read_full(bytes, at, piece.get_mut(..wanted).unwrap_or_default())?;
        if count == 0 {
            break;
        }
        let read = piece.get(..count).unwrap_or_default();
        if let Some(found) = read.iter().position(|byte| *byte != 0) {
            return Ok(Some(at + size_u64(found)));
        }
        at += size_u64(count);
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_beside_the_file_that_gives_them() {
        assert_eq!(beside("a/b", "./c.bin"), "a/b/c.bin");
        assert_eq!(beside("", "w\\c.bin"), "w/c.bin");
    }

    #[test]
    fn spans_fit_or_do_not() {
        for (spans, wanted) in [
            (&[(0, 4), (4, 8)][..], Fit::Inside),
            (&[(0, 4), (4, 9)], Fit::Beyond(4..9)),
            (&[(0, 6), (4, 8)], Fit::Overlapping(4..6)),
        ] {
            assert_eq!(fit(spans, 8), wanted, "{spans:?}");
        }
    }

    #[test]
    fn only_zeros_may_be_undescribed() {
        let look_at = |bytes: &[u8], spans: &[(u64, u64)]| {
            look(&bytes.to_vec(), &spans.iter().copied().collect()).unwrap()
        };
        let mut bytes = vec![1; 64];
        bytes[16..32].fill(0);
        assert_eq!(look_at(&bytes, &[(0, 16), (32, 64)]).foreign, None);
        assert_eq!(look_at(&bytes, &[(0, 16), (32, 60)]).foreign, Some(60..64));
        assert_eq!(look_at(&bytes, &[(4, 64)]).foreign, Some(0..4));
        bytes.truncate(32);
        bytes.extend(b"\x7fELF\x02\x01\x01");
        bytes.resize(256, 0);
        assert_eq!(look_at(&bytes, &[(0, 16), (16, 256)]).members.len(), 0);
        assert_eq!(look_at(&bytes, &[(0, 16), (32, 256)]).members.len(), 1);
    }
}
