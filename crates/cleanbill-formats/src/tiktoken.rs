//! Vocabularies of `tiktoken`.

use std::collections::HashSet;

use crate::{
    Anomaly, AnomalyKind, FormatView, Input, Probe, Score,
    bytes::{Cursor, ReadError, read_range, size_u64},
    notes::Notes,
    registry::{ParseResult, format_info},
    tokens::{Shared, Telling, Tokens, base64, hash},
};

format_info! {
    /// ## What it is
    /// The vocabulary of OpenAI's tokenizers and of others that took over its form (Llama 3, Qwen, Whisper): on each line a token
    /// in base64, a blank and its rank, which is its id. It is data; nothing in it is run.
    /// ## What is read
    /// Every line to the end. Kept are the number of tokens, the largest rank, ranks that two tokens have, and tokens that read like
    /// an address, a command or a sentence. A token must be two others together, or a single byte.
    /// ## What is reported
    /// Lines of another form; tokens that stand twice.
    /// ## Limits
    /// Ranks above 2,000,000 are not compared; lines of up to 16 KiB are read.
    /// ## References
    /// The library `tiktoken`, function `load_tiktoken_bpe`.
    "tiktoken", "tiktoken vocabulary", extensions: &["tiktoken"], refines: Some("text"), dialects: []
}

/// LIMIT: bytes of a line that are read; real ones have a few hundred.
const LINE_BYTES: u64 = 16 * 1024;
/// LIMIT: tokens that are compared with each other.
const TOKENS: usize = 2_000_000;
/// Bytes of a token up to which it is looked at as two others together.
const SPLIT_BYTES: usize = 4_096;
/// Lines that a probe looks at.
const LINES: usize = 8;

static LINE: AnomalyKind = AnomalyKind::damage(
    "tiktoken-line",
    "a line is not a token in base64 and its rank",
    "某行不是 base64 词元及其序号",
);
static LIMIT: AnomalyKind = AnomalyKind::limit(
    "tiktoken-limit",
    "more tokens or longer lines than are examined",
    "词元过多或行过长，未全部检查",
);
static REPEATED: AnomalyKind =
    AnomalyKind::evasion("tiktoken-repeated", "a token stands twice", "某个词元出现两次");

/// Shows a vocabulary.
#[derive(Debug, Default)]
pub struct View {
    /// How many tokens there are.
    pub tokens: u64,
    /// The largest rank.
    pub largest: Option<u64>,
    /// Tokens that read like more than a piece of a word.
    pub telling: Vec<Telling>,
    /// Ranks that two tokens have.
    pub shared: Vec<Shared>,
    anomalies: Vec<Anomaly>,
}

impl FormatView for View {
    fn anomalies(&self) -> &[Anomaly] {
        &self.anomalies
    }
}

/// Knows a vocabulary by its first lines.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    let whole = size_u64(probe.head.len()) >= probe.size;
    let (mut rest, mut entries) = (probe.head, 0_usize);
    for _ in 0..LINES {
        let end = memchr::memchr(b'\n', rest);
        let (line, more) = rest
            .split_at_checked(end.unwrap_or(rest.len()))
            .unwrap_or_default();
        // The last line of a part may be cut.
        if (whole || end.is_some()) && !line.trim_ascii().is_empty() {
            entry(line)?;
            entries = entries.saturating_add(1);
        }
        let Some(next) = more.get(1..) else { break };
        rest = next;
    }
    (entries >= 2).then_some(Score::Likely)
}

/// Reads a line: a token and its rank.
fn entry(line: &[u8]) -> Option<(Vec<u8>, u64)> {
    let mut parts = line
        .split(u8::is_ascii_whitespace)
        .filter(|part| !part.is_empty());
    let (token, rank, None) = (parts.next()?, parts.next()?, parts.next()) else {
        return None;
    };
    // The length that padding makes keeps words and numbers apart from it.
    if token.len() % 4 != 0 {
        return None;
    }
    let rank = std::str::from_utf8(rank).ok()?.parse().ok()?;
    Some((base64(token)?, rank))
}

/// Walks over every line.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let mut cursor = Cursor::whole(input.source);
    let end = cursor.end();
    let (mut notes, mut tokens) = (Notes::default(), Tokens::default());
    let mut known: HashSet<u64> = HashSet::new();
    let mut telling: Vec<Vec<u8>> = Vec::new();
    while cursor.position() < end {
        let start = cursor.position();
        let line = match cursor.line() {
            Ok(Some(range)) => range,
            Ok(None) => {
                cursor.seek(end);
                start..end
            }
            Err(ReadError::Source(error)) => return Err(error),
            Err(ReadError::Truncated { .. }) => break,
        };
        let length = line.end.saturating_sub(line.start);
        if length > LINE_BYTES {
            notes.push(&LIMIT, line, "a long line");
            continue;
        }
        let read;
        let bytes = if let Some(bytes) = cursor.held(&line) {
            bytes
        } else {
            read = read_range(input.source, line.clone(), LINE_BYTES)?;
            &read
        };
        if bytes.trim_ascii().is_empty() {
            continue;
        }
        let Some((token, rank)) = entry(bytes) else {
            notes.push(&LINE, line, "");
            continue;
        };
        if known.len() >= TOKENS {
            notes.push(&LIMIT, line.start..end, "tokens");
            break;
        }
        if !known.insert(hash(&token)) {
            notes.push(&REPEATED, line.clone(), String::from_utf8_lossy(&token));
        }
        if tokens.take(&token, &String::from_utf8_lossy(&token), rank, &line) {
            telling.push(token);
        }
    }
    for token in telling {
        let halves = |at: usize| Some((token.get(..at)?, token.get(at..)?));
        let made = (1..token.len().min(SPLIT_BYTES))
            .filter_map(halves)
            .any(|(left, right)| known.contains(&hash(left)) && known.contains(&hash(right)));
        tokens.mark(&token, made);
    }
    if tokens.cut {
        notes.push(&LIMIT, 0..end, "ranks");
    }
    Ok(View {
        tokens: tokens.count,
        largest: tokens.largest.take().map(|(id, _)| id),
        shared: std::mem::take(&mut tokens.shared),
        telling: tokens.finish(),
        anomalies: notes.finish(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ids, never_panics, view};

    const PLAIN: &str = "IQ== 0\nIg== 1\nISI= 2\n";

    #[test]
    fn every_line_is_read() {
        // `http://a/` is not two of the others together, `!"` is.
        for (more, tokens, anomalies) in [
            ("", 3, &[][..]),
            ("aHR0cDovL2Ev 3\n", 4, &[]),
            ("IQ== 3\n", 4, &["tiktoken-repeated"]),
            ("not a line\n", 3, &["tiktoken-line"]),
            ("IyM= 3000000\n", 4, &["tiktoken-limit"]),
        ] {
            let bytes = format!("{PLAIN}{more}");
            let view = view(bytes.as_bytes(), parse);
            assert_eq!(
                (view.tokens, ids(view.anomalies()).as_slice()),
                (tokens, anomalies),
                "{more}"
            );
            assert!(view.telling.iter().all(|one| one.unmade));
        }
        assert_eq!(view(b"IQ== 0\nIg== 0\n", parse).shared.len(), 1);
    }

    #[test]
    fn damage_never_panics() {
        never_panics(PLAIN.as_bytes(), parse);
    }
}
