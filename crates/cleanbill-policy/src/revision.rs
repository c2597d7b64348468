//! Which revision a checkout or download is at, read from what it says of itself, without running anything.
//!
//! Git: `HEAD` of the folder, through branches, `packed-refs` and the common folder of a work tree. Hugging Face: the name of a snapshot in the
//! cache, or the records that a download into a folder leaves. None of it is proof: digests are. It says where to look for the same bytes.

use std::path::{Component, Path, PathBuf};

use crate::limits;

/// Says where a revision was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// A checkout of git.
    Git,
    /// A snapshot in the cache of Hugging Face.
    HubCache,
    /// A folder that was downloaded from Hugging Face.
    HubFolder,
}

impl Origin {
    /// Every origin.
    pub const ALL: [Self; 3] = [Self::Git, Self::HubCache, Self::HubFolder];
    pub(crate) const KNOWN: &str = "git, hf-cache, hf-folder";

    /// Returns the word in the lock.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Git => "git",
            Self::HubCache => "hf-cache",
            Self::HubFolder => "hf-folder",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|origin| origin.as_str() == word)
    }
}

/// Holds a commit and where it was read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision {
    /// The commit: 40 or 64 hexadecimal digits.
    pub commit: String,
    /// Where it was read.
    pub origin: Origin,
}

/// Gives the content of a small file; nothing where there is none that can be read.
pub type ReadFile<'a> = &'a dyn Fn(&Path) -> Option<Vec<u8>>;

/// Says whether a text is a commit: 40 or 64 small hexadecimal digits.
pub fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Returns the commit that `HEAD` of a checkout leads to; `folder` is the one with `.git` in it.
pub fn git_head(folder: &Path, read: ReadFile<'_>) -> Option<Revision> {
    let dot_git = folder.join(".git");
    // A work tree and a submodule have a file there, which names the folder.
    let git = match read(&dot_git) {
        Some(bytes) => {
            let text = one_line(&bytes)?;
            let named = text.strip_prefix("gitdir:")?.trim();
            folder.join(named)
        }
        None => dot_git,
    };
    let common = match read(&git.join("commondir")) {
        Some(bytes) => git.join(one_line(&bytes)?),
        None => git.clone(),
    };
    let mut text = one_line(&read(&git.join("HEAD"))?)?;
    for _ in 0..limits::REFERENCES {
        if is_commit(&text) {
            return Some(Revision {
                commit: text,
                origin: Origin::Git,
            });
        }
        let name = text.strip_prefix("ref:")?.trim().to_owned();
        if !is_reference(&name) {
            return None;
        }
        let loose = read(&git.join(&name)).or_else(|| read(&common.join(&name)));
        text = match loose {
            Some(bytes) => one_line(&bytes)?,
            None => packed(&read(&common.join("packed-refs"))?, &name)?,
        };
    }
    None
}

/// Returns the revision that a path within the cache of Hugging Face names: `models--org--name/snapshots/COMMIT`.
pub fn hub_cache(path: &Path) -> Option<Revision> {
    let parts: Vec<&str> = path
        .components()
        .filter_map(|part| match part {
            Component::Normal(part) => part.to_str(),
            _ => None,
        })
        .collect();
    let found = parts.windows(3).rev().find_map(|window| match window {
        [repository, "snapshots", commit] => {
            let is_repository = ["models--", "datasets--", "spaces--"]
                .iter()
                .any(|kind| repository.starts_with(kind));
            (is_repository && is_commit(commit)).then(|| (*commit).to_owned())
        }
        _ => None,
    });
    Some(Revision {
        commit: found?,
        origin: Origin::HubCache,
    })
}

/// Returns the revision that the first lines of the records of a download agree on: each is the commit.
pub fn hub_folder(lines: impl IntoIterator<Item: AsRef<[u8]>>) -> Option<Revision> {
    let mut agreed: Option<String> = None;
    for line in lines {
        let commit = std::str::from_utf8(line.as_ref()).ok()?.trim();
        if !is_commit(commit) || agreed.as_ref().is_some_and(|known| known != commit) {
            return None;
        }
        agreed = Some(commit.to_owned());
    }
    Some(Revision {
        commit: agreed?,
        origin: Origin::HubFolder,
    })
}

/// Returns the folder of a path's nearest `.git`, going up from it, but not as far as `stop` or a folder that holds it.
///
/// The checkout that the system file itself lies in is not where an artifact comes from: its commit changes with each commit, that of the
/// lock included.
pub fn checkout(path: &Path, stop: &Path, has_git: &dyn Fn(&Path) -> bool) -> Option<PathBuf> {
    path.ancestors()
        .take_while(|folder| !stop.starts_with(folder))
        .find(|folder| has_git(folder))
        .map(Path::to_path_buf)
}

fn one_line(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    let line = text.lines().next()?.trim_end();
    (!line.is_empty() && !line.contains('\0')).then(|| line.to_owned())
}

/// Says whether a name may be one of a reference: below `refs/`, and nothing that leads elsewhere.
fn is_reference(name: &str) -> bool {
    name.starts_with("refs/")
        && name
            .split('/')
            .all(|part| !part.is_empty() && part != "." && part != "..")
        && !name.contains(['\\', ':', '\0'])
}

fn packed(bytes: &[u8], name: &str) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    text.lines()
        .filter(|line| !line.starts_with(['#', '^']))
        .find_map(|line| {
            let (commit, found) = line.split_once(' ')?;
            (found.trim_end() == name).then(|| commit.to_owned())
        })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const ONE: &str = "0123456789abcdef0123456789abcdef01234567";
    const TWO: &str = "89abcdef0123456789abcdef0123456789abcdef";

    fn head(files: &[(&str, &str)]) -> Option<String> {
        let files: BTreeMap<&Path, &str> = files
            .iter()
            .map(|(name, text)| (Path::new(*name), *text))
            .collect();
        let read = |path: &Path| files.get(path).map(|text| text.as_bytes().to_vec());
        git_head(Path::new("x"), &read).map(|revision| revision.commit)
    }

    #[test]
    fn a_head_is_followed_to_its_commit() {
        let one = format!("{ONE}\n");
        let packed =
            format!("# pack-refs with: peeled\n{TWO} refs/heads/main2\n{ONE} refs/heads/main\n^{TWO}\n");
        let main = "ref: refs/heads/main\n";
        for files in [
            &[("x/.git/HEAD", one.as_str())][..],
            &[("x/.git/HEAD", main), ("x/.git/refs/heads/main", &one)],
            &[("x/.git/HEAD", main), ("x/.git/packed-refs", &packed)],
            &[
                ("x/.git", "gitdir: ../repo/.git/worktrees/x\n"),
                ("x/../repo/.git/worktrees/x/HEAD", main),
                ("x/../repo/.git/worktrees/x/commondir", "../..\n"),
                ("x/../repo/.git/worktrees/x/../../packed-refs", &packed),
            ],
            &[
                ("x/.git/HEAD", "ref: refs/heads/a\n"),
                ("x/.git/refs/heads/a", main),
                ("x/.git/refs/heads/main", &one),
            ],
        ] {
            assert_eq!(head(files).as_deref(), Some(ONE), "{files:?}");
        }
    }

    #[test]
    fn a_head_that_leads_elsewhere_or_nowhere_is_no_revision() {
        for files in [
            &[][..],
            &[("x/.git/HEAD", "")],
            &[("x/.git/HEAD", "0123")],
            &[
                ("x/.git/HEAD", "ref: refs/../../secret"),
                ("x/.git/refs/../../secret", ONE),
            ],
            &[("x/.git/HEAD", "ref: /secret"), ("/secret", ONE)],
            &[("x/.git/HEAD", "ref: refs/heads/.invalid")],
            &[("x/.git/HEAD", "ref: refs/a"), ("x/.git/refs/a", "ref: refs/a")],
            &[("x/.git", "not a pointer"), ("x/.git/HEAD", ONE)],
        ] {
            assert_eq!(head(files), None, "{files:?}");
        }
    }

    #[test]
    fn hubs_name_the_commit_in_paths_and_records() {
        let path = format!("hub/models--acme--x/snapshots/{ONE}/sub");
        let found = hub_cache(Path::new(&path)).expect("a revision");
        assert_eq!((found.commit.as_str(), found.origin), (ONE, Origin::HubCache));
        for path in [
            "models--acme--x/snapshots/main".to_owned(),
            format!("x/snapshots/{ONE}"),
        ] {
            assert_eq!(hub_cache(Path::new(&path)), None, "{path}");
        }
        let (one, two) = (format!("{ONE}\r"), TWO.to_owned());
        let found = hub_folder([&one, &one]).expect("a revision");
        assert_eq!((found.commit.as_str(), found.origin), (ONE, Origin::HubFolder));
        assert_eq!(hub_folder([&one, &two]), None);
        assert_eq!(hub_folder([""; 0]), None);
    }

    #[test]
    fn the_checkout_of_the_system_itself_does_not_count() {
        let has_git = |folder: &Path| [Path::new("/s"), Path::new("/s/vendor/x")].contains(&folder);
        let stop = Path::new("/s");
        let found = |path: &str| checkout(Path::new(path), stop, &has_git);
        assert_eq!(found("/s/vendor/x/weights"), Some(PathBuf::from("/s/vendor/x")));
        for path in ["/s", "/s/models/y", "/elsewhere"] {
            assert_eq!(found(path), None, "{path}");
        }
    }
}
