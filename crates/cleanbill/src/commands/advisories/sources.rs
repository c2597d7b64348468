//! What a bill is held against, as options name it.

use std::path::{Path, PathBuf};

use clap::Args;
use cleanbill_advisories::{BillMatches, Epss, Index, Kev, Known, KnownBad, match_bill};
use cleanbill_core::{
    Language,
    bill::{AnalysisState, Bill, Vulnerability},
    text,
};
use cleanbill_documents::boms::vex;

use super::{failed, no_index, today};
use crate::{commands::bom::read_file, failure::Failure, shell::Shell};

/// Files beside the index.
#[derive(Args, Debug)]
pub(in crate::commands) struct Sources {
    /// A list of models that are known to be bad; may be repeated
    #[arg(long, value_name = "FILE")]
    known_bad: Vec<PathBuf>,
    /// Scores of the Exploit Prediction Scoring System, CSV
    #[arg(long, value_name = "FILE")]
    epss: Option<PathBuf>,
    /// Catalogue of exploited vulnerabilities, JSON
    #[arg(long, value_name = "FILE")]
    kev: Option<PathBuf>,
    /// Statements on whether advisories matter: OpenVEX, CycloneDX or CSAF; may be repeated
    #[arg(long, value_name = "FILE")]
    vex: Vec<PathBuf>,
}

/// The same, read.
#[derive(Debug)]
pub(in crate::commands) struct Opened {
    index: Option<Index>,
    lists: Vec<KnownBad>,
    epss: Option<Epss>,
    kev: Option<Kev>,
}

impl Sources {
    /// Says whether one of them is given.
    pub(in crate::commands) fn is_any(&self) -> bool {
        let files = [self.epss.is_some(), self.kev.is_some()];
        !self.known_bad.is_empty() || !self.vex.is_empty() || files.contains(&true)
    }

    /// Says whether there are lists of known-bad models.
    pub(in crate::commands) fn has_lists(&self) -> bool {
        !self.known_bad.is_empty()
    }

    /// Reads them; `index` is the file of the index.
    pub(in crate::commands) fn open(&self, index: Option<&Path>) -> Result<Opened, Failure> {
        let index = index
            .map(|path| Index::open(path).map_err(|error| failed(&error).hint(no_index())))
            .transpose()?;
        let lists = self
            .known_bad
            .iter()
            .map(|path| KnownBad::read(path).map_err(|error| failed(&error)))
            .collect::<Result<_, _>>()?;
        let epss = self.epss.as_deref().map(Epss::read).transpose();
        let kev = self.kev.as_deref().map(Kev::read).transpose();
        Ok(Opened {
            index,
            lists,
            epss: epss.map_err(|error| failed(&error))?,
            kev: kev.map_err(|error| failed(&error))?,
        })
    }

    /// Applies the statements of others, and tells of those that count for nothing and of those that lack what they should have.
    pub(in crate::commands) fn answer(&self, bill: &mut Bill, shell: &Shell) -> Result<(), Failure> {
        for path in &self.vex {
            let name = path.display().to_string();
            let statements =
                vex::read(&name, &read_file(path)?).map_err(|error| Failure::incomplete(error.message()))?;
            for (place, note) in &statements.notes {
                let (en, zh) = (note.en(), note.get(Language::Chinese));
                shell.note(&text!("{name}, {place}: {en}", "{name}，{place}：{zh}"));
            }
            tell_fates(&name, &statements, &vex::apply(&statements, bill), shell);
        }
        Ok(())
    }
}

/// Tells of statements that count for nothing; says whether all count.
pub(super) fn tell_fates(name: &str, statements: &vex::Vex, fates: &[vex::Fate], shell: &Shell) -> bool {
    let mut all = true;
    for (fate, statement) in fates.iter().zip(&statements.statements) {
        if !matches!(fate, vex::Fate::Counts(_)) {
            all = false;
            let message = fate.message();
            let (id, en, zh) = (
                statement.names.join(", "),
                message.en(),
                message.get(Language::Chinese),
            );
            shell.note(&text!(
                "{name}: the statement on {id} does not count: {en}",
                "{name}：关于 {id} 的声明无效：{zh}"
            ));
        }
    }
    all
}

impl Opened {
    pub(in crate::commands) fn known(&self) -> Known<'_> {
        Known {
            index: self.index.as_ref(),
            known_bad: &self.lists,
            epss: self.epss.as_ref(),
            kev: self.kev.as_ref(),
        }
    }

    /// Looks up what a bill names and writes it into the bill.
    pub(in crate::commands) fn look_up(&self, bill: &mut Bill) -> Result<BillMatches, Failure> {
        let known = self.known();
        let matches = match_bill(&known, bill).map_err(|error| failed(&error))?;
        matches.fill(&known, bill);
        Ok(matches)
    }

    /// Tells how old the data is and what it did not reach. Ages are counted to the time of the bill, or else to today.
    pub(in crate::commands) fn tell(&self, matches: &BillMatches, bill: &Bill, shell: &Shell) {
        let today = today();
        let day = bill.timestamp.as_deref().unwrap_or(&today);
        for one in matches.told(&self.known(), Some(day)) {
            let is_age = ["date", "age-days", "newest-age-days", "epss", "kev"]
                .iter()
                .any(|end| one.name == format!("cleanbill:advisories:{end}"));
            if one.is_gap || is_age {
                shell.note(&one.text);
            }
        }
    }
}

/// Says whether somebody concluded that a weakness does not matter here.
pub(super) fn is_answered(one: &Vulnerability) -> bool {
    one.analysis.as_ref().is_some_and(|analysis| {
        matches!(
            analysis.state,
            AnalysisState::NotAffected | AnalysisState::Fixed | AnalysisState::FalsePositive
        )
    })
}
