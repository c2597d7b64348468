//! Files and folders of this machine, with symbolic links followed as a loader would follow them.

use std::{
    collections::HashSet,
    fs::{self, File, Metadata},
    io::Read,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::SystemTime,
};

use cleanbill_core::{Text, text};
use cleanbill_formats::bytes::ReadAt;

use super::{Artifact, FileBytes, Listed, Source};

/// A file up to this size is read once, whole; a larger one is read where the parsers ask.
const WHOLE_FILE_BYTES: u64 = 256 * 1024;

/// Lists a file, or every file below a folder. Nothing is ignored, hidden files included.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
    depth: u64,
}

impl Folder {
    /// Lists `root`, following folders at most `depth` levels down.
    pub fn new(root: impl Into<PathBuf>, depth: u64) -> Self {
        Self {
            root: root.into(),
            depth,
        }
    }

    fn walk(&self, folder: &Path, prefix: &str, above: &mut Vec<PathBuf>, listed: &mut Vec<Listed>) {
        let unreadable = |path: &str, reason: Text| Listed::Unreadable {
            path: path.to_owned(),
            reason,
        };
        if above.len() as u64 > self.depth {
            let depth = self.depth;
            listed.push(unreadable(
                prefix,
                text!("folder is more than {depth} levels deep", "文件夹超过 {depth} 层"),
            ));
            return;
        }
        let canonical = match fs::canonicalize(folder) {
            Ok(canonical) => canonical,
            Err(error) => {
                listed.push(unreadable(
                    prefix,
                    text!("cannot open folder: {error}", "无法打开文件夹：{error}"),
                ));
                return;
            }
        };
        // A link back to a folder that we are inside of is a loop: everything in it is listed already.
        if above.contains(&canonical) {
            return;
        }
        above.push(canonical);
        match fs::read_dir(folder) {
            Err(error) => listed.push(unreadable(
                prefix,
                text!("cannot open folder: {error}", "无法打开文件夹：{error}"),
            )),
            Ok(entries) => {
                for entry in entries {
                    match entry {
                        Err(error) => {
                            listed.push(unreadable(
                                prefix,
                                text!("cannot list folder: {error}", "无法列出文件夹：{error}"),
                            ));
                        }
                        Ok(entry) => {
                            let name = entry.file_name().to_string_lossy().into_owned();
                            let path = if prefix.is_empty() {
                                name
                            } else {
                                format!("{prefix}/{name}")
                            };
                            // What the listing itself calls a regular file needs no second question.
                            if entry.file_type().is_ok_and(|kind| kind.is_file()) {
                                listed.push(LocalFile::listed(entry.path(), path));
                            } else {
                                self.entry(&entry.path(), path, above, listed);
                            }
                        }
                    }
                }
            }
        }
        above.pop();
    }

    fn entry(&self, location: &Path, path: String, above: &mut Vec<PathBuf>, listed: &mut Vec<Listed>) {
        match fs::metadata(location) {
            Err(error) => {
                let reason = text!("cannot read: {error}", "无法读取：{error}");
                listed.push(Listed::Unreadable { path, reason });
            }
            Ok(metadata) if metadata.is_dir() => self.walk(location, &path, above, listed),
            Ok(metadata) if metadata.is_file() => listed.push(LocalFile::listed(location.to_owned(), path)),
            Ok(_) => {
                let reason = not_a_file();
                listed.push(Listed::Unreadable { path, reason });
            }
        }
    }
}

impl Source for Folder {
    fn list(&self) -> Vec<Listed> {
        let mut listed = Vec::new();
        let name = self
            .root
            .file_name()
            .map_or_else(|| ".".to_owned(), |name| name.to_string_lossy().into_owned());
        match fs::metadata(&self.root) {
            Ok(metadata) if metadata.is_dir() => self.walk(&self.root, "", &mut Vec::new(), &mut listed),
            _ => self.entry(&self.root, name, &mut Vec::new(), &mut listed),
        }
        // Two links may lead to one path name only where the folder changed under us; each path is examined once.
        let mut seen = HashSet::new();
        listed.retain(|line| match line {
            Listed::Artifact(artifact) => seen.insert(artifact.path().to_owned()),
            Listed::Unreadable { .. } => true,
        });
        listed
    }
}

fn not_a_file() -> Text {
    text!(
        "not a regular file (device, socket or pipe): not opened",
        "不是普通文件（设备、套接字或管道）：未打开"
    )
}

/// A regular file of this machine.
#[derive(Debug)]
struct LocalFile {
    location: PathBuf,
    path: String,
    opened: Mutex<Opened>,
}

/// What is known of a file since it was opened.
#[derive(Clone, Copy, Debug)]
enum Opened {
    Not,
    /// Its bytes are all in memory; whether the file stayed the same while they were read.
    Whole {
        same: bool,
    },
    /// It is read where the parsers ask, and was this when it was opened.
    Pieces(Stamp),
}

impl LocalFile {
    fn listed(location: PathBuf, path: String) -> Listed {
        Listed::Artifact(Box::new(Self {
            location,
            path,
            opened: Mutex::new(Opened::Not),
        }))
    }
}

/// What changes when a file is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    size: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            size: metadata.len(),
            modified: metadata.modified().ok(),
        }
    }
}

impl Artifact for LocalFile {
    fn path(&self) -> &str {
        &self.path
    }

    fn open(&self) -> Result<Arc<dyn ReadAt>, Text> {
        let reason = |error: std::io::Error| text!("cannot open: {error}", "无法打开：{error}");
        let mut file = File::open(&self.location).map_err(reason)?;
        let metadata = file.metadata().map_err(reason)?;
        if !metadata.is_file() {
            return Err(not_a_file());
        }
        let stamp = Stamp::of(&metadata);
        let remember = |what: Opened| {
            if let Ok(mut opened) = self.opened.lock() {
                *opened = what;
            }
        };
        if stamp.size > WHOLE_FILE_BYTES {
            remember(Opened::Pieces(stamp));
            return Ok(Arc::new(FileBytes::new(file, stamp.size)));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(stamp.size).unwrap_or_default());
        file.by_ref()
            .take(stamp.size)
            .read_to_end(&mut bytes)
            .map_err(reason)?;
        let same = file
            .metadata()
            .is_ok_and(|metadata| Stamp::of(&metadata) == stamp);
        remember(Opened::Whole { same });
        Ok(Arc::new(bytes))
    }

    fn changed(&self) -> Option<Text> {
        let opened = match self.opened.lock().map(|opened| *opened) {
            Ok(Opened::Pieces(stamp)) => stamp,
            Ok(Opened::Whole { same: false }) => {
                return Some(text!("changed while it was examined", "检查期间文件发生了变化"));
            }
            _ => return None,
        };
        match fs::metadata(&self.location) {
            Ok(metadata) if Stamp::of(&metadata) == opened => None,
            Ok(_) => Some(text!("changed while it was examined", "检查期间文件发生了变化")),
            Err(error) => Some(text!(
                "vanished while it was examined: {error}",
                "检查期间文件消失：{error}"
            )),
        }
    }
}
