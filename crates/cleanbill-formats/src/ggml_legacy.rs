//! Models of ggml before GGUF.

use std::ops::Range;

use crate::{
    Anomaly, AnomalyKind, FormatView, Input, Member, Payload, Probe, Score,
    bytes::{Cursor, ReadError},
    notes::Notes,
    raw::disguised,
    registry::{ParseResult, format_info},
};

format_info! {
    /// ## What it is
    /// Model files of ggml before GGUF: `ggml`, `ggmf`, `ggjt` and the adapters `ggla`. The files of whisper.cpp are of the
    /// first kind to this day.
    /// ## What is read
    /// The numbers of the header, the filters and words of the vocabulary, and every tensor's shape, type, name and place,
    /// for the layouts of Whisper and of LLaMA and for adapters.
    /// ## What is reported
    /// Counts, lengths and shapes that do not fit the file, bytes after the last tensor. Other layouts that begin alike (GPT-2,
    /// GPT-J, BLOOM...) are named and not examined: nothing in the file says which one it is.
    /// ## Limits
    /// `tensors`; 2,000,000 words of a vocabulary.
    /// ## References
    /// `whisper_model_load` of whisper.cpp; `llama_model_load` of llama.cpp of May 2023.
    "ggml-legacy", "GGML model before GGUF", extensions: &["ggml"], refines: None,
    dialects: ["ggml-whisper": "model of whisper.cpp", "ggml-llama": "model of llama.cpp before GGUF", "ggml-adapter": "adapter of llama.cpp before GGUF"]
}

/// LIMIT: words of a vocabulary; the largest have some 300,000.
const WORDS: u64 = 2_000_000;
/// Longest word or name that is taken for one.
const NAME_BYTES: u64 = 64 * 1024;

static BROKEN: AnomalyKind = AnomalyKind::damage(
    "ggml-broken",
    "a count, length or shape does not fit the file",
    "计数、长度或形状与文件不符",
);
static TYPE: AnomalyKind = AnomalyKind::limit(
    "ggml-type",
    "a tensor has a type whose size is not known",
    "张量类型的大小未知",
);

/// Names a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Of whisper.cpp.
    Whisper,
    /// Of llama.cpp.
    Llama,
    /// An adapter.
    Adapter,
    /// One of many others.
    Other,
}

/// Shows a model.
#[derive(Debug)]
pub struct View {
    /// Its layout.
    pub layout: Layout,
    /// Version of the container, 0 where it has none.
    pub version: u32,
    /// Tensors.
    pub tensors: u64,
    anomalies: Vec<Anomaly>,
    members: Vec<Member>,
}

impl FormatView for View {
    fn anomalies(&self) -> &[Anomaly] {
        &self.anomalies
    }

    fn members(&self) -> &[Member] {
        &self.members
    }

    fn dialects(&self) -> Vec<&'static str> {
        match self.layout {
            Layout::Whisper => vec!["ggml-whisper"],
            Layout::Llama => vec!["ggml-llama"],
            Layout::Adapter => vec!["ggml-adapter"],
            Layout::Other => Vec::new(),
        }
    }

    fn not_examined(&self) -> Option<(String, String)> {
        (self.layout == Layout::Other).then(|| {
            (
                "GGML model of an unknown layout".to_owned(),
                "未知布局的 GGML 模型".to_owned(),
            )
        })
    }
}

/// Knows the model by its four letters and a small number after them.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    let (magic, rest) = probe.head.split_first_chunk::<4>()?;
    let number = u32::from_le_bytes(*rest.first_chunk::<4>()?);
    let versioned = matches!(magic, b"fmgg" | b"tjgg" | b"algg") && (1..=16).contains(&number);
    let plain = magic == b"lmgg" && (1..=4_000_000).contains(&number);
    (probe.size >= 32 && (versioned || plain)).then_some(Score::Likely)
}

/// Reads header, vocabulary and tensors.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let mut walk = Walk {
        cursor: Cursor::whole(input.source),
        input,
        scores: false,
        align: false,
        old_blocks: false,
        notes: Notes::default(),
        view: View {
            layout: Layout::Other,
            version: 0,
            tensors: 0,
            anomalies: Vec::new(),
            members: Vec::new(),
        },
    };
    match walk.run() {
        Ok(()) => {}
        Err(ReadError::Source(error)) => return Err(error),
        Err(error) => walk.broken(error.to_string()),
    }
    let mut view = walk.view;
    view.anomalies = walk.notes.finish();
    Ok(view)
}

struct Walk<'a, 'b> {
    cursor: Cursor<'a>,
    input: &'b Input<'a>,
    /// Words are followed by a score.
    scores: bool,
    /// Tensors begin at multiples of 32.
    align: bool,
    /// Blocks of four bits have the size of the first versions.
    old_blocks: bool,
    notes: Notes,
    view: View,
}

impl Walk<'_, '_> {
    fn broken(&mut self, detail: impl Into<String>) {
        let range: Range<u64> = self.cursor.position().min(self.cursor.end())..self.cursor.end();
        self.notes.push(&BROKEN, range, detail);
    }

    fn run(&mut self) -> Result<(), ReadError> {
        let magic: [u8; 4] = self.cursor.array()?;
        if magic != *b"lmgg" {
            self.view.version = self.cursor.u32_le()?;
        }
        if magic == *b"algg" {
            self.view.layout = Layout::Adapter;
            self.align = true;
            self.cursor.skip(8)?;
            return self.tensors();
        }
        self.scores = magic != *b"lmgg";
        self.align = magic == *b"tjgg";
        self.old_blocks = self.view.version < 3;
        let mut header = [0_u32; 11];
        let start = self.cursor.position();
        for slot in &mut header {
            *slot = self.cursor.u32_le()?;
        }
        // Whisper: words, then sizes of the encoder and decoder, the number of mel bands and the file type.
        let [words, audio, state, heads, layers, text, .., mels, kind] = header;
        let whisper = magic == *b"lmgg"
            && words > 50_000
            && audio == 1_500
            && text <= 4_096
            && matches!(mels, 80 | 128)
            && kind < 10_000;
        // LLaMA: words, width, a multiple, heads, layers, the rotated part of a head, and the file type.
        let [_, width, _, llama_heads, llama_layers, rotated, llama_kind, ..] = header;
        let head = width.checked_div(llama_heads);
        let llama = head == Some(rotated)
            && (1..=1_000).contains(&llama_layers)
            && llama_kind < 10_000
            && llama_heads > 0;
        if whisper {
            self.view.layout = Layout::Whisper;
            self.old_blocks = false;
            let _ = (state, heads, layers);
            let (bands, points) = (u64::from(self.cursor.u32_le()?), u64::from(self.cursor.u32_le()?));
            let bytes = bands.saturating_mul(points).saturating_mul(4);
            self.cursor.skip(bytes)?;
            let words = self.cursor.u32_le()?;
            self.vocabulary(words)?;
        } else if llama {
            self.view.layout = Layout::Llama;
            self.cursor.seek(start.saturating_add(28));
            self.vocabulary(words)?;
        } else {
            return Ok(());
        }
        self.tensors()
    }

    fn vocabulary(&mut self, words: u32) -> Result<(), ReadError> {
        if u64::from(words) > WORDS.min(self.cursor.remaining() / 4) {
            self.broken(format!("{words} words"));
            self.cursor.seek(self.cursor.end());
            return Ok(());
        }
        for _ in 0..words {
            let length = u64::from(self.cursor.u32_le()?);
            if length > NAME_BYTES.min(self.cursor.remaining()) {
                self.broken(format!("word of {length} bytes"));
                self.cursor.seek(self.cursor.end());
                return Ok(());
            }
            self.cursor.skip(length)?;
            if self.scores {
                self.cursor.skip(4)?;
            }
        }
        Ok(())
    }

    fn tensors(&mut self) -> Result<(), ReadError> {
        while self.cursor.remaining() > 0 {
            let start = self.cursor.position();
            if self.cursor.remaining() < 12 || self.view.tensors >= self.input.limits.tensors {
                self.after(start);
                return Ok(());
            }
            let (rank, name, kind) = (
                self.cursor.u32_le()?,
                self.cursor.u32_le()?,
                self.cursor.u32_le()?,
            );
            if !(1..=4).contains(&rank) || u64::from(name) > NAME_BYTES {
                if self.view.tensors == 0 {
                    self.broken(format!("tensor of {rank} dimensions, name of {name} bytes"));
                }
                self.after(start);
                return Ok(());
            }
            let mut elements = Some(1_u64);
            for _ in 0..rank {
                let extent = u64::from(self.cursor.u32_le()?);
                elements = elements.and_then(|all| all.checked_mul(extent));
            }
            self.cursor.skip(u64::from(name))?;
            if self.align {
                self.cursor.seek(self.cursor.position().next_multiple_of(32));
            }
            let Some((block, bytes)) = block(kind, self.old_blocks) else {
                self.notes.push(&TYPE, start..self.cursor.end(), kind.to_string());
                return Ok(());
            };
            let size = elements.and_then(|all| all.div_ceil(block).checked_mul(bytes));
            let Some(size) = size.filter(|size| *size <= self.cursor.remaining()) else {
                self.broken(format!("tensor of {elements:?} elements"));
                return Ok(());
            };
            let at = self.cursor.position();
            self.view
                .members
                .extend(disguised(self.input.source, &(at..at.saturating_add(size)))?);
            self.cursor.skip(size)?;
            self.view.tensors = self.view.tensors.saturating_add(1);
        }
        Ok(())
    }

    fn after(&mut self, start: u64) {
        let range = start..self.cursor.end();
        self.view
            .members
            .push(Member::content("[after]", Payload::Section(range)));
    }
}

/// Returns how many elements a block holds and how many bytes it takes.
fn block(kind: u32, old: bool) -> Option<(u64, u64)> {
    Some(match (kind, old) {
        (0, _) => (1, 4),
        (1, _) => (1, 2),
        (2, true) | (3, false) => (32, 20),
        (2, false) => (32, 18),
        (3, true) | (7, false) => (32, 24),
        (6, false) => (32, 22),
        (8, false) => (32, 34),
        (10, _) => (256, 84),
        (11, _) => (256, 110),
        (12, _) => (256, 144),
        (13, _) => (256, 176),
        (14, _) => (256, 210),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ids, never_panics, view};

    fn llama() -> Vec<u8> {
        let mut bytes = b"tjgg".to_vec();
        for number in [3_u32, 1, 8, 256, 2, 1, 4, 0, 1] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(b"a\0\0\0\0");
        for number in [1_u32, 1, 0, 2] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.push(b'w');
        bytes.resize(bytes.len().next_multiple_of(32), 0);
        bytes.extend([0; 8]);
        bytes
    }

    #[test]
    fn tensors_are_walked_to_the_end() {
        let one = view(&llama(), parse);
        assert_eq!((one.layout, one.tensors), (Layout::Llama, 1));
        assert!(
            one.anomalies.is_empty() && one.members.is_empty(),
            "{:?}",
            one.anomalies
        );
        let mut cut = llama();
        cut.truncate(cut.len() - 4);
        assert_eq!(ids(&view(&cut, parse).anomalies), ["ggml-broken"]);
    }

    #[test]
    fn damage_never_panics() {
        never_panics(&llama(), parse);
    }
}
