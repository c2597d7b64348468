//! The files of a model, as the format names them: relative, with `/`, UTF-8, sorted by code point.
//!
//! A model is one file, named `.`, or a folder with everything below it. Links are never followed into folders.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    limits,
    refusal::{NameProblem, Refusal},
};

/// Holds paths below a model that are left out, with everything below them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IgnorePaths {
    paths: Vec<String>,
}

/// What version control keeps at the root of a model; left out unless asked for, as the reference does.
pub const GIT_PATHS: [&str; 4] = [".git", ".gitattributes", ".github", ".gitignore"];

impl IgnorePaths {
    /// Takes paths relative to the model, with `/`.
    pub fn new(paths: impl IntoIterator<Item = String>) -> Result<Self, Refusal> {
        let mut paths: Vec<String> = paths.into_iter().collect();
        for path in &paths {
            if check_name(path).is_err() {
                return Err(Refusal::IgnorePath { path: path.clone() });
            }
        }
        paths.sort_unstable();
        paths.dedup();
        Ok(Self { paths })
    }

    /// Returns the paths, sorted.
    pub fn as_slice(&self) -> &[String] {
        &self.paths
    }

    /// Joins two lists.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        self.paths.extend(other.paths.iter().cloned());
        self.paths.sort_unstable();
        self.paths.dedup();
        self
    }

    /// Says whether a name is one of the paths or below one.
    pub fn covers(&self, name: &str) -> bool {
        let mut end = name.len();
        loop {
            let Some(part) = name.get(..end) else {
                return false;
            };
            if self
                .paths
                .binary_search_by(|path| path.as_str().cmp(part))
                .is_ok()
            {
                return true;
            }
            match part.rfind('/') {
                Some(slash) => end = slash,
                None => return false,
            }
        }
    }
}

/// Says what is wrong with a name within a model.
pub(crate) fn check_name(name: &str) -> Result<(), NameProblem> {
    if name.is_empty() {
        return Err(NameProblem::Empty);
    }
    if name.len() > limits::NAME_BYTES {
        return Err(NameProblem::Long);
    }
    if name.starts_with('/') || (cfg!(windows) && name.contains([':', '\\'])) {
        return Err(NameProblem::Absolute);
    }
    if name.contains('\0') {
        return Err(NameProblem::Nul);
    }
    let mut parts = name.split('/');
    if parts.clone().any(|part| part == "..") {
        return Err(NameProblem::Parent);
    }
    if parts.any(|part| part.is_empty() || part == ".") {
        return Err(NameProblem::NotNormal);
    }
    Ok(())
}

/// Says what stands under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EntryKind {
    /// A file, reached directly or through a link.
    File {
        /// Its size.
        size_bytes: u64,
        /// A link led to it.
        is_link: bool,
    },
    /// Something that was left out.
    Ignored,
    /// Something that cannot be a part of a signed model.
    Refused(Refusal),
}

/// Holds one thing of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its name in the statement; text that only looks like it where the name is not UTF-8.
    pub(crate) name: String,
    /// Where it lies.
    pub(crate) path: PathBuf,
    /// What it is.
    pub(crate) kind: EntryKind,
}

/// Says what a model is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One file.
    File,
    /// A folder.
    Folder,
}

/// Holds what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Walk {
    /// What the model is.
    pub(crate) shape: Shape,
    /// What is in it, sorted by code point.
    pub(crate) entries: Vec<Entry>,
}

/// Lists a model. What is wrong with a part of it stands in the entries; only a model that cannot be listed is an error.
pub(crate) fn walk(model: &Path, ignore: &IgnorePaths) -> Result<Walk, Refusal> {
    let unreadable = |error: &io::Error| Refusal::ModelUnreadable {
        problem: error.to_string(),
    };
    // The model itself is what the caller named, through whatever links.
    let metadata = fs::metadata(model).map_err(|error| unreadable(&error))?;
    if metadata.is_file() {
        return Ok(Walk {
            shape: Shape::File,
            entries: vec![Entry {
                name: ".".to_owned(),
                path: model.to_owned(),
                kind: EntryKind::File {
                    size_bytes: metadata.len(),
                    is_link: false,
                },
            }],
        });
    }
    if !metadata.is_dir() {
        return Err(Refusal::ModelUnreadable {
            problem: "neither a file nor a folder".to_owned(),
        });
    }
    let mut entries = Vec::new();
    let mut folders = vec![(model.to_owned(), String::new(), 0_usize)];
    while let Some((folder, prefix, depth)) = folders.pop() {
        let listing = match fs::read_dir(&folder) {
            Ok(listing) => listing,
            Err(error) if prefix.is_empty() => return Err(unreadable(&error)),
            Err(error) => {
                entries.push(refused(
                    &prefix,
                    &folder,
                    Refusal::FileUnreadable {
                        name: prefix.clone(),
                        problem: error.to_string(),
                    },
                ));
                continue;
            }
        };
        for item in listing {
            let item = item.map_err(|error| unreadable(&error))?;
            if entries.len().saturating_add(folders.len()) >= limits::ENTRIES {
                return Err(Refusal::ModelTooLarge {
                    problem: format!("more than {} files", limits::ENTRIES),
                });
            }
            let raw = item.file_name();
            let shown = raw.to_string_lossy();
            let name = if prefix.is_empty() {
                shown.into_owned()
            } else {
                format!("{prefix}/{shown}")
            };
            let path = item.path();
            if raw.to_str().is_none() {
                entries.push(refused(&name, &path, Refusal::FileName { name: name.clone() }));
                continue;
            }
            if ignore.covers(&name) {
                entries.push(Entry {
                    name,
                    path,
                    kind: EntryKind::Ignored,
                });
                continue;
            }
            match look(&item, &name) {
                Found::Folder if depth < limits::FOLDER_DEPTH => {
                    folders.push((path, name, depth.saturating_add(1)));
                }
                Found::Folder => {
                    return Err(Refusal::ModelTooLarge {
                        problem: format!("folders deeper than {}", limits::FOLDER_DEPTH),
                    });
                }
                Found::Entry(kind) => entries.push(Entry { name, path, kind }),
            }
        }
    }
    // Bytes of UTF-8 sort as code points do.
    entries.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    Ok(Walk {
        shape: Shape::Folder,
        entries,
    })
}

enum Found {
    Folder,
    Entry(EntryKind),
}

fn look(item: &fs::DirEntry, name: &str) -> Found {
    let name = || name.to_owned();
    let unreadable = |error: &io::Error| {
        Found::Entry(EntryKind::Refused(Refusal::FileUnreadable {
            name: name(),
            problem: error.to_string(),
        }))
    };
    let metadata = match item.metadata() {
        Ok(metadata) => metadata,
        Err(error) => return unreadable(&error),
    };
    if metadata.is_dir() {
        return Found::Folder;
    }
    if metadata.is_file() {
        return Found::Entry(EntryKind::File {
            size_bytes: metadata.len(),
            is_link: false,
        });
    }
    let refusal = if metadata.is_symlink() {
        match fs::metadata(item.path()) {
            Ok(target) if target.is_file() => {
                return Found::Entry(EntryKind::File {
                    size_bytes: target.len(),
                    is_link: true,
                });
            }
            Ok(target) if target.is_dir() => Refusal::FolderSymlink { name: name() },
            Ok(_) => Refusal::FileSpecial { name: name() },
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return unreadable(&error),
            Err(_) => Refusal::BrokenSymlink { name: name() },
        }
    } else {
        Refusal::FileSpecial { name: name() }
    };
    Found::Entry(EntryKind::Refused(refusal))
}

fn refused(name: &str, path: &Path, refusal: Refusal) -> Entry {
    Entry {
        name: name.to_owned(),
        path: path.to_owned(),
        kind: EntryKind::Refused(refusal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_covers_what_is_below_it_and_nothing_else() {
        let ignore = IgnorePaths::new([".git", "a/b"].map(str::to_owned)).expect("paths");
        for (name, covered) in [
            (".git", true),
            (".git/HEAD", true),
            (".github", false),
            ("sub/.git/HEAD", false),
            ("a/b/c", true),
            ("a/bc", false),
            ("a", false),
        ] {
            assert_eq!(ignore.covers(name), covered, "{name}");
        }
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for (name, problem) in [
            ("", NameProblem::Empty),
            ("/etc/passwd", NameProblem::Absolute),
            ("../x", NameProblem::Parent),
            ("a/../x", NameProblem::Parent),
            ("./x", NameProblem::NotNormal),
            (".", NameProblem::NotNormal),
            ("a//b", NameProblem::NotNormal),
            ("a/", NameProblem::NotNormal),
            ("a\0b", NameProblem::Nul),
        ] {
            assert_eq!(check_name(name), Err(problem), "{name}");
            assert!(IgnorePaths::new([name.to_owned()]).is_err(), "{name}");
        }
        assert_eq!(check_name(&"a".repeat(5_000)), Err(NameProblem::Long));
        for name in ["a", "a/b", "..a", "a..", "new\nline", "模型", "a b"] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
    }
}
