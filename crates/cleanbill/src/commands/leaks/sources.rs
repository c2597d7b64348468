//! Targets as artifacts to search.

use std::{io, sync::Arc};

use cleanbill_core::{Text, text};
use cleanbill_data::{Artifact, ReadAt};
use cleanbill_formats::limits::Limits;
use cleanbill_scan::source::{Listed, Source};

use crate::{failure::Failure, shell::Shell, target};

/// What the targets hold.
pub(super) struct Sources {
    pub(super) artifacts: Vec<Artifact>,
    /// Their names in the report.
    pub(super) shown: String,
}

pub(super) fn open(targets: &[String], shell: &Shell) -> Result<Sources, Failure> {
    let limits = Limits::default();
    let mut artifacts = Vec::new();
    let mut shown = Vec::new();
    for name in targets {
        let resolved = target::resolve(name, &limits, &shell.remote)?;
        for notice in &resolved.notices {
            shell.note(notice);
        }
        let several = targets.len() > 1;
        artifacts.extend(list(&*resolved.source, |path| {
            if several {
                target::joined(name, path)
            } else {
                path.to_owned()
            }
        }));
        shown.push(resolved.shown);
    }
    Ok(Sources {
        artifacts,
        shown: shown.join(", "),
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
