//! Targets as artifacts to search.

use std::{collections::BTreeMap, io, path::Path, sync::Arc};

use cleanbill_core::{Text, text};
use cleanbill_data::{Artifact, ReadAt};
use cleanbill_formats::limits::Limits;
use cleanbill_scan::source::{Listed, Source, Stdin};

use super::resume::Stamp;
use crate::{failure::Failure, shell::Shell, target};

/// What the targets hold.
pub(super) struct Sources {
    pub(super) artifacts: Vec<Artifact>,
    /// Their names in the report.
    pub(super) shown: String,
    /// What tells whether files of this machine are still the same.
    pub(super) stamps: BTreeMap<Arc<str>, Stamp>,
}

pub(super) fn open(targets: &[String], shell: &Shell) -> Result<Sources, Failure> {
    let limits = Limits::default();
    let mut artifacts = Vec::new();
    let mut shown = Vec::new();
    let mut stamps = BTreeMap::new();
    for name in targets {
        if name == "-" {
            artifacts.push(Artifact {
                path: "stdin".into(),
                open: Box::new(|| Ok(Arc::new(Pipe) as Arc<dyn ReadAt>)),
            });
            shown.push("stdin".to_owned());
            continue;
        }
        let resolved = target::resolve(name, &limits, &shell.remote)?;
        for notice in &resolved.notices {
            shell.note(notice);
        }
        let several = targets.len() > 1;
        let named = |path: &str| {
            if several {
                target::joined(name, path)
            } else {
                path.to_owned()
            }
        };
        let local = Path::new(name);
        if local.exists() {
            for listed in resolved.source.list() {
                let Listed::Artifact(artifact) = listed else {
                    continue;
                };
                let file = if local.is_dir() {
                    local.join(artifact.path())
                } else {
                    local.to_owned()
                };
                stamps.extend(Stamp::of(&file).map(|stamp| (named(artifact.path()).into(), stamp)));
            }
        }
        artifacts.extend(list(&*resolved.source, named));
        shown.push(resolved.shown);
    }
    Ok(Sources {
        artifacts,
        shown: shown.join(", "),
        stamps,
    })
}

/// Lists the artifacts of a source under the names that `named` gives them.
pub(super) fn list(source: &dyn Source, named: impl Fn(&str) -> String) -> Vec<Artifact> {
    let listed = source.list().into_iter();
    listed
        .map(|listed| match listed {
            Listed::Artifact(artifact) => Artifact {
                path: named(artifact.path()).into(),
                open: Box::new(move || {
                    let bytes = artifact.open()?;
                    Ok(Arc::new(Bytes(bytes)) as Arc<dyn ReadAt>)
                }),
            },
            Listed::Unreadable { path, reason } => unreadable(named(&path), reason),
        })
        .collect()
}

fn unreadable(path: String, reason: Text) -> Artifact {
    let reason = if reason.en().is_empty() {
        text!("cannot be read", "无法读取")
    } else {
        reason
    };
    Artifact {
        path: path.into(),
        open: Box::new(move || Err(reason.clone())),
    }
}

/// Standard input, which is read as it comes; what must be read from its end is kept in an unnamed temporary file.
#[derive(Debug)]
struct Pipe;

impl ReadAt for Pipe {
    fn size(&self) -> u64 {
        0
    }

    fn read_at(&self, _: u64, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn once(&self) -> Option<Box<dyn io::Read + Send>> {
        Some(Box::new(io::stdin()))
    }

    fn keep(&self, mut rest: Box<dyn io::Read + Send>) -> io::Result<Arc<dyn ReadAt>> {
        let kept = Stdin::read(&mut rest, &Limits::default())
            .map_err(|error| io::Error::other(error.text().en()))?;
        match kept.list().into_iter().next() {
            Some(Listed::Artifact(artifact)) => {
                let bytes = artifact.open().map_err(|reason| io::Error::other(reason.en()))?;
                Ok(Arc::new(Bytes(bytes)))
            }
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

/// Bytes of a source, for the crate that knows no sources.
#[derive(Debug)]
struct Bytes(Arc<dyn cleanbill_formats::bytes::ReadAt>);

impl ReadAt for Bytes {
    fn size(&self) -> u64 {
        self.0.size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read_at(offset, buffer)
    }
}
