//! The one place where the name of a target becomes a source of bytes.

use std::{
    io::{self, Read, Write},
    path::Path,
    sync::Arc,
};

use cleanbill_core::{Text, text};
use cleanbill_formats::{bytes::ReadAt, limits::Limits};
use cleanbill_scan::source::{Artifact, FileBytes, Folder, Listed, Source};

use crate::failure::Failure;

/// Opens what stands behind the address after a scheme.
type Open = fn(address: &str, limits: &Limits) -> Result<Box<dyn Source>, Failure>;

/// Schemes of remote targets, each with what opens it; a scheme that is not here is refused.
const SCHEMES: &[(&str, Open)] = &[];

/// Turns the name of a target into a source: `-` is standard input, `scheme://` a remote source, all else a path.
pub(crate) fn resolve(target: &str, limits: &Limits) -> Result<Box<dyn Source>, Failure> {
    if target.is_empty() {
        return Err(Failure::usage(text!("the target is empty", "目标为空")).hint(known()));
    }
    if target == "-" {
        let bytes = spool(&mut io::stdin().lock(), limits).map_err(|error| {
            Failure::incomplete(text!(
                "cannot read standard input: {error}",
                "无法读取标准输入：{error}"
            ))
        })?;
        return Ok(Box::new(Stdin { bytes }));
    }
    if let Some(scheme) = scheme(target) {
        let open = SCHEMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(scheme));
        let Some((_, open)) = open else {
            let problem = text!(
                "unknown scheme `{scheme}` in target `{target}`",
                "目标 `{target}` 的协议 `{scheme}` 未知"
            );
            return Err(Failure::usage(problem).hint(known()));
        };
        return open(target, limits);
    }
    Ok(Box::new(Folder::new(target, limits.folder_depth)))
}

/// Says how the paths of a target's artifacts look where several targets share a report.
pub(crate) fn joined(target: &str, path: &str) -> String {
    let name = target.trim_end_matches(['/', '\\']);
    let last = Path::new(name).file_name().map(|last| last.to_string_lossy());
    // A single file lists itself under its own name.
    if target == "-" || (last.is_some_and(|last| last == path) && !Path::new(target).is_dir()) {
        return if target == "-" {
            path.to_owned()
        } else {
            name.to_owned()
        };
    }
    format!("{name}/{path}")
}

fn known() -> Text {
    let mut schemes = String::new();
    for (name, _) in SCHEMES {
        schemes = format!("{schemes}, `{name}://`");
    }
    text!(
        "a target is a file, a folder or `-` for standard input{schemes}",
        "目标可以是文件、文件夹，或用 `-` 表示标准输入{schemes}"
    )
}

/// Returns the scheme (RFC 3986, 3.1) of an address.
fn scheme(target: &str) -> Option<&str> {
    let (scheme, _) = target.split_once("://")?;
    let mut characters = scheme.chars();
    let letter = characters.next().is_some_and(|first| first.is_ascii_alphabetic());
    let rest = characters.all(|character| character.is_ascii_alphanumeric() || "+-.".contains(character));
    (letter && rest).then_some(scheme)
}

/// Reads a stream to its end: a little into memory, more into an unnamed temporary file.
fn spool(input: &mut dyn Read, limits: &Limits) -> io::Result<Arc<dyn ReadAt>> {
    let mut memory = Vec::new();
    input.take(limits.memory_member_bytes).read_to_end(&mut memory)?;
    if (memory.len() as u64) < limits.memory_member_bytes {
        return Ok(Arc::new(memory));
    }
    let mut file = tempfile::tempfile()?;
    file.write_all(&memory)?;
    let more = io::copy(input, &mut file)?;
    Ok(Arc::new(FileBytes::new(file, limits.memory_member_bytes + more)))
}

/// Gives the one artifact `stdin`.
#[derive(Debug)]
struct Stdin {
    bytes: Arc<dyn ReadAt>,
}

impl Source for Stdin {
    fn list(&self) -> Vec<Listed> {
        let bytes = Arc::clone(&self.bytes);
        vec![Listed::Artifact(Box::new(Self { bytes }))]
    }
}

impl Artifact for Stdin {
    fn path(&self) -> &'static str {
        "stdin"
    }

    fn open(&self) -> Result<Arc<dyn ReadAt>, Text> {
        Ok(Arc::clone(&self.bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_are_told_from_paths() {
        assert_eq!(scheme("hf://org/name"), Some("hf"));
        assert_eq!(scheme("./a://b"), None);
        assert_eq!(scheme("C:\\models"), None);
        assert_eq!(scheme("model.bin"), None);
    }

    #[test]
    fn long_streams_are_whole() {
        let limits = Limits {
            memory_member_bytes: 8,
            ..Limits::default()
        };
        for size in [0_usize, 7, 8, 9, 100] {
            let bytes = spool(&mut vec![1; size].as_slice(), &limits).expect("a stream of memory");
            assert_eq!(bytes.size(), size as u64);
        }
    }

    #[test]
    fn paths_of_several_targets_stand_below_their_names() {
        assert_eq!(joined("a/b/", "c/d"), "a/b/c/d");
        assert_eq!(joined("a/b.bin", "b.bin"), "a/b.bin");
        assert_eq!(joined("-", "stdin"), "stdin");
    }
}
