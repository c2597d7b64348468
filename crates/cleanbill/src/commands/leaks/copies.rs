//! Copies without what was found: written beside their place, searched again, and put there when nothing is left in them.

use std::{
    fs,
    io::{self, BufWriter, Write},
    path::{Component, Path, PathBuf},
};

use cleanbill_core::{
    leak::{LeakArtifact, LeakClass},
    text,
};
use cleanbill_data::{Observer, Outcome, Redaction};
use cleanbill_formats::limits::Limits;
use cleanbill_scan::source::Folder;
use tempfile::TempDir;

use super::{Search, class, failed, incomplete, sources};
use crate::{failure::Failure, output::folder_of};

/// How often a copy is written anew because something came to light only when its neighbour was gone.
const ROUNDS: usize = 5;

/// The copies of one run.
pub(super) struct Copies {
    stage: TempDir,
    out: PathBuf,
    /// The target is one file, and so is its copy.
    single: bool,
    written: u64,
}

impl Copies {
    /// Refuses a place that is taken, before any work is done.
    pub(super) fn begin(out: &Path, targets: &[String]) -> Result<Self, Failure> {
        let shown = out.display();
        if out.exists() {
            return Err(Failure::usage(text!(
                "cannot write copies to `{shown}`: it exists already",
                "无法将副本写入 `{shown}`：已存在"
            ))
            .hint(text!("name a place that is not taken", "请指定尚不存在的位置")));
        }
        let single = match targets {
            [only] => only == "-" || Path::new(only).is_file(),
            _ => false,
        };
        Ok(Self {
            stage: stage(out)?,
            out: out.to_owned(),
            single,
            written: 0,
        })
    }

    /// Searches the copies, writes them anew while something is found, and gives them their name.
    pub(super) fn publish(
        self,
        search: &Search<'_>,
        outcome: &mut Outcome,
        watch: &dyn Observer,
    ) -> Result<(), Failure> {
        if self.written == 0 {
            incomplete(outcome);
            return Ok(());
        }
        let Self {
            mut stage,
            out,
            single,
            ..
        } = self;
        let pseudonyms = matches!(search.redaction, Some(Redaction::Pseudonyms(_)));
        for round in 0..=ROUNDS {
            let mut next = Self {
                stage: self::stage(&out)?,
                out: out.clone(),
                single,
                written: 0,
            };
            let mut options = search.options(Some(Redaction::Placeholders));
            options.sample = None;
            if pseudonyms {
                // What has the form of an address is found again: it is a pseudonym.
                options.rules = options.rules.only(|rule| class(rule) != LeakClass::Personal);
            }
            let artifacts = sources::list(
                &Folder::new(stage.path(), Limits::default().folder_depth),
                str::to_owned,
            );
            let mut left = 0_u64;
            let again = cleanbill_data::run(
                artifacts,
                options,
                Some(&Stop(watch)),
                Some(&mut next),
                &mut |_| {
                    left += 1;
                    Ok(())
                },
            )
            .map_err(|error| failed(&error))?;
            if again.stopped {
                return Err(Failure::incomplete(text!(
                    "broken off while the copies were searched: none were written",
                    "在搜索副本时中止：未写入任何副本"
                )));
            }
            // A copy that cannot be read in full again is none.
            let is_readable = again.artifacts.iter().all(|artifact| artifact.copied);
            if left == 0 && is_readable {
                return place(stage, &out, single);
            }
            if round == ROUNDS || !is_readable {
                break;
            }
            outcome.replaced = outcome.replaced.saturating_add(again.replaced);
            stage = next.stage;
        }
        Err(Failure::incomplete(text!(
            "no copies were written: something is still found in them, or they cannot be read again",
            "未写入副本：其中仍有发现，或无法重新读取"
        )))
    }
}

/// Hears whether a run is to be broken off, and no more.
struct Stop<'a>(&'a dyn Observer);

impl Observer for Stop<'_> {
    fn total(&self, _: usize) {}

    fn advanced(&self, _: u64, _: u64) {}

    fn searched(&self, _: &LeakArtifact) {}

    fn is_stopped(&self) -> bool {
        self.0.is_stopped()
    }
}

/// Makes a folder beside the place of the copies.
fn stage(out: &Path) -> Result<TempDir, Failure> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
    builder
        .prefix(".cleanbill-")
        .tempdir_in(folder_of(out))
        .map_err(|error| unplaced(out, &error))
}

fn unplaced(out: &Path, error: &io::Error) -> Failure {
    let shown = out.display();
    Failure::usage(text!(
        "cannot write copies to `{shown}`: {error}",
        "无法将副本写入 `{shown}`：{error}"
    ))
}

fn place(stage: TempDir, out: &Path, single: bool) -> Result<(), Failure> {
    let placed = if single {
        let only = fs::read_dir(stage.path()).and_then(|mut files| {
            files
                .next()
                .unwrap_or_else(|| Err(io::ErrorKind::NotFound.into()))
        });
        // No link and no rename takes the place of what has come there since.
        only.and_then(|file| fs::hard_link(file.path(), out).or_else(|_| fs::rename(file.path(), out)))
    } else {
        fs::rename(stage.path(), out).map(|()| {
            let _ = stage.keep();
        })
    };
    placed.map_err(|error| unplaced(out, &error))
}

impl cleanbill_data::Copies for Copies {
    fn begin(&mut self, path: &str) -> io::Result<Box<dyn Write + Send>> {
        let file = self.place_of(path)?;
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        let file = fs::OpenOptions::new().write(true).create_new(true).open(file)?;
        Ok(Box::new(BufWriter::with_capacity(256 << 10, file)))
    }

    fn end(&mut self, path: &str, is_whole: bool) -> io::Result<()> {
        if is_whole {
            self.written += 1;
            return Ok(());
        }
        fs::remove_file(self.place_of(path)?)
    }
}

impl Copies {
    /// Returns where the copy of an artifact stands; a name that would lead elsewhere is refused.
    fn place_of(&self, path: &str) -> io::Result<PathBuf> {
        let mut place = self.stage.path().to_owned();
        for part in Path::new(path).components() {
            match part {
                Component::Normal(name) => place.push(name),
                Component::RootDir | Component::CurDir => {}
                _ => return Err(io::Error::other("its name leads out of the folder of the copies")),
            }
        }
        Ok(place)
    }
}
