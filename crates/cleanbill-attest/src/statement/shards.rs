//! Ranges of files: their names, their sizes, and whether they cover a file exactly once.

use std::collections::BTreeMap;

use super::{Algorithm, Resource};
use crate::refusal::{NameProblem, Refusal};

/// Holds one range of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shard<'a> {
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) digest: &'a [u8],
}

/// Writes the name of a range.
pub(crate) fn shard_name(file: &str, start: u64, end: u64) -> String {
    format!("{file}:{start}:{end}")
}

/// Takes a name apart: file, start and end. The file may have colons itself.
pub(super) fn parse_name(name: &str) -> Option<(&str, u64, u64)> {
    let (rest, end) = name.rsplit_once(':')?;
    let (file, start) = rest.rsplit_once(':')?;
    Some((file, number(start)?, number(end)?))
}

/// Reads a number in the one way to write it.
fn number(text: &str) -> Option<u64> {
    let value: u64 = text.parse().ok()?;
    (value.to_string() == text).then_some(value)
}

/// Returns a size that is whole and above zero; `10.0` is one, as the reference writes it.
pub(super) fn whole(size: f64) -> Option<u64> {
    // Beyond 2^53 neighbouring whole numbers are one.
    let is_exact = size.fract() == 0.0 && (1.0..=9_007_199_254_740_992.0).contains(&size);
    format!("{size:.0}").parse().ok().filter(|_| is_exact)
}

/// Says whether a resource names the hash function that was announced: plainly, as the specification has it, or with the size of the
/// shards, as the reference does.
pub(super) fn is_algorithm(found: &str, algorithm: Algorithm, size_bytes: u64) -> bool {
    let name = algorithm.as_str();
    found == name
        || found
            .strip_prefix(name)
            .and_then(|rest| rest.strip_prefix("-sharded-"))
            .is_some_and(|size| size == size_bytes.to_string() || size == format!("{size_bytes}.0"))
}

/// Groups ranges by file and refuses those that overlap, leave gaps, or are not of the announced size.
pub(crate) fn by_file(
    resources: &[Resource],
    size_bytes: u64,
) -> Result<BTreeMap<&str, Vec<Shard<'_>>>, Refusal> {
    let mut files: BTreeMap<&str, Vec<Shard<'_>>> = BTreeMap::new();
    for resource in resources {
        let (file, start, end) = parse_name(&resource.name).ok_or_else(|| Refusal::ShardRange {
            name: resource.name.clone(),
        })?;
        files.entry(file).or_default().push(Shard {
            start,
            end,
            digest: &resource.digest,
        });
    }
    if files.len() > 1 && files.contains_key(".") {
        return Err(Refusal::ResourceName {
            name: ".".to_owned(),
            problem: NameProblem::NotNormal,
        });
    }
    for (file, shards) in &mut files {
        shards.sort_unstable_by_key(|shard| shard.start);
        let mut expected = 0_u64;
        let count = shards.len();
        for (index, shard) in shards.iter().enumerate() {
            let length = shard.end.saturating_sub(shard.start);
            let is_last = index.saturating_add(1) == count;
            let fits = length == size_bytes || (is_last && length < size_bytes);
            if shard.start != expected || length == 0 || !fits {
                return Err(Refusal::ShardRange {
                    name: (*file).to_owned(),
                });
            }
            expected = shard.end;
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resources(names: &[&str]) -> Vec<Resource> {
        let resource = |name: &&str| Resource {
            name: (*name).to_owned(),
            digest: Vec::new(),
        };
        names.iter().map(resource).collect()
    }

    #[test]
    fn shards_cover_a_file_once() {
        for names in [
            &["a:0:10", "a:10:20", "a:20:21"][..],
            &["a:10:12", "a:0:10"],
            &["b:1:0:3"],
        ] {
            assert!(by_file(&resources(names), 10).is_ok(), "{names:?}");
        }
        for names in [
            &["a:0:10", "a:11:20"][..],
            &["a:0:10", "a:9:12"],
            &["a:5:10"],
            &["a:0:11"],
            &["a:0:5", "a:5:10"],
            &["a:0:0"],
            &["a:10:0"],
            &["a:00:10"],
            &["a:0:+9"],
            &["a"],
        ] {
            assert!(by_file(&resources(names), 10).is_err(), "{names:?}");
        }
    }

    #[test]
    fn three_spellings_of_one_function_are_read() {
        for (found, ok) in [
            ("sha256", true),
            ("sha256-sharded-10", true),
            ("sha256-sharded-10.0", true),
            ("sha256-sharded-11", false),
            ("sha512", false),
            ("blake3-sharded-10", false),
        ] {
            assert_eq!(is_algorithm(found, Algorithm::Sha256, 10), ok, "{found}");
        }
        assert_eq!(whole(10.0), Some(10));
        for size in [0.0, -1.0, 10.5, f64::NAN, f64::INFINITY, 1e300] {
            assert_eq!(whole(size), None);
        }
    }
}
