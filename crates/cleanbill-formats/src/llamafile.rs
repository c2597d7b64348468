//! Llamafiles.

use crate::{
    Anomaly, AnomalyKind, FormatView, Input, Member, Probe, Score,
    bytes::read_range,
    limits::Limits,
    notes::Notes,
    registry::{ParseResult, format_info},
    zip,
};

format_info! {
    /// ## What it is
    /// A program of `llama.cpp` for many systems in one file, with a ZIP archive behind it that holds the model as GGUF and the
    /// program's default arguments, `.args`.
    /// ## What is read
    /// Everything that the reader of ZIP archives sees; the model is examined as GGUF. The program itself is recognised by its first bytes and
    /// not examined, which makes the coverage partial. The arguments are kept.
    /// ## What is reported
    /// Nothing of its own but missing arguments; that it is a program is for detectors to say.
    /// ## Limits
    /// Those of ZIP archives; 64 KiB of the arguments are kept.
    /// ## References
    /// `llamafile` 0.9, `README.md`, section "Creating llamafiles"; Cosmopolitan `ape/specification.md`.
    "llamafile", "llamafile", extensions: &["llamafile"], refines: Some("zip"), dialects: []
}

/// Shows a llamafile.
#[derive(Debug)]
pub struct View {
    /// Indexes in `zip.entries` of the models.
    pub models: Vec<usize>,
    /// The program's default arguments, one a line.
    pub arguments: String,
    /// The archive behind the program; its own anomalies are those of the format `zip`.
    pub zip: zip::View,
    members: Vec<Member>,
    notes: Notes,
}

impl FormatView for View {
    fn anomalies(&self) -> &[Anomaly] {
        self.notes.list()
    }

    fn members(&self) -> &[Member] {
        &self.members
    }
}

static ARGUMENTS_UNREAD: AnomalyKind = AnomalyKind::damage(
    "llamafile-arguments",
    "the arguments of the program cannot be read, or are longer than is examined",
    "程序参数无法读取，或长度超出检查范围",
);

/// LIMIT: bytes of arguments that are kept; honest ones have a few lines.
const ARGUMENTS_BYTES: u64 = 64 * 1024;

/// How programs of Cosmopolitan begin.
const MAGICS: [&[u8]; 2] = [b"MZqFpD='", b"jartsr='"];

fn is_model(name: &[u8]) -> bool {
    let start = name.len().saturating_sub(5);
    name.get(start..)
        .is_some_and(|end| end.eq_ignore_ascii_case(b".gguf"))
}

/// Scores a program for many systems with a model in the archive behind it.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    if !MAGICS.iter().any(|magic| probe.head.starts_with(magic)) {
        return None;
    }
    zip::probe(probe)?;
    let most = Limits::default().members_per_container;
    zip::any_name(probe, most, &mut is_model).then_some(Score::Certain)
}

/// Reads the archive behind the program.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let zip = zip::parse(input)?;
    let mut notes = Notes::default();
    let entries = zip.entries.iter().enumerate();
    let models = entries
        .filter(|(_, entry)| is_model(&entry.name))
        .map(|(index, _)| index)
        .collect();
    let mut arguments = String::new();
    let read = zip::read_named(input.source, &zip, ".args", ARGUMENTS_BYTES.saturating_add(1));
    for (place, bytes) in read.unwrap_or_default() {
        match bytes.map(String::from_utf8) {
            Some(Ok(text)) if text.len() <= crate::bytes::size_usize(ARGUMENTS_BYTES) => {
                arguments.push_str(&text);
            }
            _ => notes.push(&ARGUMENTS_UNREAD, place, ""),
        }
    }
    // The bytes before the archive are the program, as which the whole file is recognised.
    let head = read_range(input.source, 0..8, 8)?;
    let is_program = MAGICS.iter().any(|magic| head.starts_with(magic));
    let members = zip.members().iter();
    let members = members
        .filter(|member| !is_program || member.name != "[before]")
        .cloned()
        .collect();
    Ok(View {
        models,
        arguments,
        zip,
        members,
        notes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        testing::{ids, view},
        zip::build::{Item, zip as archive},
    };

    fn score(bytes: &[u8]) -> Option<Score> {
        crate::testing::score(bytes, probe)
    }

    #[test]
    fn a_program_with_a_model_behind_it_is_a_llamafile() {
        let behind = archive(&[
            Item::new(".args", b"-m\nmodel.gguf\n"),
            Item::new("model.gguf", b"GGUF"),
        ]);
        let program = b"MZqFpD='\n#!/bin/sh\n".to_vec();
        let bytes = [program.clone(), behind.clone()].concat();
        assert_eq!(score(&bytes), Some(Score::Certain));
        let file = view(&bytes, parse);
        assert_eq!(
            (file.models.len(), file.arguments.as_str()),
            (1, "-m\nmodel.gguf\n")
        );
        let names: Vec<&str> = file.members().iter().map(|member| member.name.as_str()).collect();
        assert_eq!(names, [".args", "model.gguf"]);
        assert!(ids(file.anomalies()).is_empty());
        assert_eq!(score(&behind), None);
        assert_eq!(
            score(&[program, archive(&[Item::new("a.txt", b"")])].concat()),
            None
        );
    }
}
