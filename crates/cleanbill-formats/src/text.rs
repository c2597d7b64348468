//! Text.

mod facts;
mod kind;

use std::{borrow::Cow, ops::Range};

use crate::{
    Anomaly, AnomalyKind, FormatView, HEAD_BYTES, Input, Probe, Score,
    bytes::{ReadAt, SourceError, size_u64, view_range},
    registry::{ParseResult, format_info},
};

pub use facts::Fact;
pub use kind::Kind;

format_info! {
    /// ## What it is
    /// Bytes that are text: UTF-8, UTF-16 with a byte order mark, or an older encoding without control characters.
    /// ## What is read
    /// The whole text, as a stream, to see that it is text to its end. JSON is read to its end; what it says about code
    /// and templates is kept. Jinja templates are kept for detectors. Other kinds are guessed from the first MiB.
    /// ## What is reported
    /// Text that turns into other bytes, JSON that breaks off. Programs that nothing in this build reads whole (shell,
    /// JavaScript, R, HTML) make the coverage partial.
    /// ## Limits
    /// Templates and values are kept up to 1 MiB; JSON nests at most 990 levels, as in Python.
    /// ## References
    /// RFC 3629, RFC 8259.
    "text", "text",
    extensions: &[
        "txt", "md", "rst", "json", "jsonl", "ndjson", "yaml", "yml", "toml", "ini", "cfg", "csv", "tsv", "xml", "html",
        "svg", "py", "pyi", "sh", "js", "r", "jinja", "jinja2", "j2", "log", "vocab", "merges",
    ],
    refines: None,
    dialects: [
        "json": "JSON", "json-lines": "JSON values one after the other", "notebook": "Jupyter notebook",
        "jinja-template": "Jinja template", "python-source": "Python source", "shell-script": "shell script",
        "script": "script of another language", "javascript": "JavaScript", "r-source": "R source", "html": "HTML page",
        "svg": "SVG picture", "xml": "XML", "yaml": "YAML", "toml": "TOML", "markdown": "Markdown", "csv": "table with separators",
        "git-lfs-pointer": "pointer that Git LFS leaves in place of a file", "plain-text": "other text",
    ]
}

/// Bytes of the first part, from which the kind is guessed; templates are kept up to this length.
const SAMPLE_BYTES: u64 = 1 << 20;
/// Bytes checked at a time.
const PIECE_BYTES: u64 = 256 * 1024;
/// Control characters are counted in parts of this length, so that much text does not hide a few bytes that are none.
const CONTROLS_BYTES: usize = 64 * 1024;
/// Last bytes that a probe looks at.
const GLANCE_BYTES: usize = 4 * 1024;

static NOT_TEXT: AnomalyKind = AnomalyKind::damage(
    "text-ends",
    "the text turns into bytes that are not text",
    "文本中途变为非文本字节",
);
static BROKEN_JSON: AnomalyKind = AnomalyKind::damage(
    "json-broken",
    "the JSON is broken or nests too deep",
    "JSON 损坏或嵌套过深",
);
static CUT: AnomalyKind = AnomalyKind::limit(
    "text-limit",
    "a template or value is too long to be examined whole",
    "模板或值过长，无法完整检查",
);

/// Says how characters are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, which includes ASCII.
    Utf8,
    /// UTF-16, least significant byte first.
    Utf16Le,
    /// UTF-16, most significant byte first.
    Utf16Be,
    /// Something older: Latin-1, GBK, Shift JIS.
    EightBit,
}

/// Shows a text.
#[derive(Debug)]
pub struct View {
    /// What kind of text it is.
    pub kind: Kind,
    /// How it is encoded.
    pub encoding: Encoding,
    /// Begins with `#!`.
    pub shebang: bool,
    /// Values of JSON under keys that name code or templates.
    pub facts: Vec<Fact>,
    /// Keys of the outermost JSON object, the first 64.
    pub top_keys: Vec<String>,
    /// The text itself where it may be a Jinja template, with where it stands: [`View::kind`] says whether it looks like
    /// one, and a file's name may say so too.
    pub template: Option<(String, Range<u64>)>,
    /// A picture in SVG that holds a script.
    pub scripted: bool,
    anomalies: Vec<Anomaly>,
}

impl FormatView for View {
    fn anomalies(&self) -> &[Anomaly] {
        &self.anomalies
    }

    fn dialects(&self) -> Vec<&'static str> {
        vec![self.kind.id()]
    }

    fn not_examined(&self) -> Option<(String, String)> {
        if self.scripted {
            return Some((
                "script in an SVG picture".to_owned(),
                "SVG 图片中的脚本".to_owned(),
            ));
        }
        let (en, zh) = self.kind.not_examined()?;
        Some((en.to_owned(), zh.to_owned()))
    }
}

/// Knows text by the absence of control characters at its start and end. It never scores above [`Score::Possible`]: a
/// pickle or a program may be text as well.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    let whole = size_u64(probe.head.len()) >= probe.size;
    let encoding = encoding(probe.head, whole)?;
    let utf16 = matches!(encoding, Encoding::Utf16Le | Encoding::Utf16Be);
    if !whole && !utf16 && !probe.tail.is_empty() {
        // Parsing reads to the end; here a glance suffices. It may begin within a character.
        let glance = probe.tail.len().saturating_sub(GLANCE_BYTES);
        let end = probe.tail.get(glance..).unwrap_or_default();
        let start = end.iter().take(3).take_while(|byte| (0x80..0xc0).contains(*byte));
        let tail = end.get(start.count()..)?;
        let plain = match encoding {
            Encoding::EightBit => no_controls(tail),
            _ => std::str::from_utf8(tail).is_ok() && few_controls(tail),
        };
        if !plain {
            return None;
        }
    }
    Some(Score::Possible)
}

/// Counts control characters, in pieces short enough for a count of one byte, which compilers turn into wide instructions.
fn controls(bytes: &[u8]) -> usize {
    let few = |piece: &[u8]| {
        piece
            .iter()
            .fold(0_u8, |sum, byte| sum.wrapping_add(u8::from(is_control(*byte))))
    };
    bytes.chunks(255).map(|piece| usize::from(few(piece))).sum()
}

fn is_control(byte: u8) -> bool {
    byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b)
}

/// Says whether no byte is a control character; what is no text usually shows one early.
fn no_controls(bytes: &[u8]) -> bool {
    bytes.chunks(255).all(|piece| controls(piece) == 0)
}

fn few_controls(bytes: &[u8]) -> bool {
    controls(bytes).saturating_mul(64) <= bytes.len() && memchr::memchr(0, bytes).is_none()
}

fn encoding(head: &[u8], whole: bool) -> Option<Encoding> {
    // Weights and other numbers show a zero at once; only UTF-16 has some by right.
    let zero_early = head
        .get(..64.min(head.len()))
        .is_some_and(|start| start.contains(&0));
    if head.is_empty() || (zero_early && !matches!(head, [0xff, 0xfe, ..] | [0xfe, 0xff, ..])) {
        return None;
    }
    match head {
        [0xff, 0xfe, rest @ ..] if utf16(rest, u16::from_le_bytes) => return Some(Encoding::Utf16Le),
        [0xfe, 0xff, rest @ ..] if utf16(rest, u16::from_be_bytes) => return Some(Encoding::Utf16Be),
        _ => {}
    }
    match std::str::from_utf8(head) {
        Ok(_) => few_controls(head).then_some(Encoding::Utf8),
        Err(error) if error.error_len().is_none() && !whole => few_controls(head).then_some(Encoding::Utf8),
        Err(_) => {
            let spaced = head.iter().any(|byte| matches!(byte, b' ' | b'\n'));
            (head.len() >= 64 && spaced && no_controls(head)).then_some(Encoding::EightBit)
        }
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> bool {
    let (pairs, _) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|pair| unit(*pair));
    let mut count = 0_usize;
    let mut odd = 0_usize;
    for character in char::decode_utf16(units) {
        count = count.saturating_add(1);
        let fits = character.is_ok_and(|c| !c.is_control() || matches!(c, '\t' | '\n' | '\r'));
        odd = odd.saturating_add(usize::from(!fits));
    }
    count > 0 && odd <= 1
}

/// Reads the whole text.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let size = input.source.size();
    let sample = view_range(input.source, 0..size, SAMPLE_BYTES)?;
    let head_length = sample
        .len()
        .min(usize::try_from(HEAD_BYTES).unwrap_or(usize::MAX));
    let head = sample.get(..head_length).unwrap_or_default();
    let encoding = encoding(head, size <= HEAD_BYTES).unwrap_or(Encoding::EightBit);
    let mut view = View {
        kind: Kind::Plain,
        encoding,
        shebang: sample.starts_with(b"#!"),
        facts: Vec::new(),
        top_keys: Vec::new(),
        template: None,
        scripted: false,
        anomalies: Vec::new(),
    };
    let mut end = size;
    let utf8 = std::str::from_utf8(&sample).ok();
    if matches!(encoding, Encoding::Utf8 | Encoding::EightBit)
        && let Some(at) = text_end(input.source, &sample, encoding, utf8.is_some())?
    {
        end = at;
        view.anomalies.push(Anomaly::new(&NOT_TEXT, at..size, ""));
    }
    let decoded = match encoding {
        Encoding::Utf16Le => decode_utf16(&sample, u16::from_le_bytes).into(),
        Encoding::Utf16Be => decode_utf16(&sample, u16::from_be_bytes).into(),
        // Checked first in the usual case, which is much faster than replacing what is not UTF-8.
        _ => utf8.map_or_else(|| String::from_utf8_lossy(&sample), Cow::from),
    };
    let text = decoded.trim_start_matches('\u{feff}');
    let start = if sample.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let json = match text.trim_start().chars().next() {
        Some('{' | '[') if encoding == Encoding::Utf8 => Some(facts::read(input.source, start..end)?),
        _ => None,
    };
    match json {
        Some(json) if !json.is_other => take_json(&mut view, json, end),
        _ => view.kind = kind::guess(text),
    }
    let data = matches!(view.kind, Kind::Json | Kind::JsonLines | Kind::Notebook);
    let has = |word: &str| memchr::memmem::find(text.as_bytes(), word.as_bytes()).is_some();
    if !data && (has("{{") || has("{%")) {
        view.template = Some((text.to_owned(), start..size.min(SAMPLE_BYTES)));
        if size > SAMPLE_BYTES && view.kind == Kind::JinjaTemplate {
            view.anomalies.push(Anomaly::new(&CUT, SAMPLE_BYTES..size, ""));
        }
    }
    if view.kind == Kind::Svg {
        let lower = text.to_ascii_lowercase();
        view.scripted = lower.contains("<script")
            || lower.contains("javascript:")
            || lower.contains(" onload=")
            || size > SAMPLE_BYTES;
    }
    Ok(view)
}

fn take_json(view: &mut View, json: facts::Json, end: u64) {
    view.kind = if json.values > 1 {
        Kind::JsonLines
    } else if json.is_notebook() {
        Kind::Notebook
    } else {
        Kind::Json
    };
    if let Some((at, reason)) = json.broken {
        view.anomalies
            .push(Anomaly::new(&BROKEN_JSON, at..end.max(at), reason));
    }
    if json.cut {
        view.anomalies.push(Anomaly::new(&CUT, 0..end, ""));
    }
    view.facts = json.facts;
    view.top_keys = json.top_keys;
}

/// Returns where the bytes stop being text; `sample` is what was read of them already, `is_utf8` what is known of it.
fn text_end(
    source: &dyn ReadAt,
    sample: &[u8],
    encoding: Encoding,
    is_utf8: bool,
) -> Result<Option<u64>, SourceError> {
    let size = source.size();
    let mut at = 0;
    while at < size {
        let piece = match at {
            0 => Cow::Borrowed(sample),
            _ => view_range(source, at..size, PIECE_BYTES)?,
        };
        if piece.is_empty() {
            break;
        }
        let length = size_u64(piece.len());
        if let Some(zero) = memchr::memchr(0, &piece) {
            return Ok(Some(at.saturating_add(size_u64(zero))));
        }
        let good = if encoding == Encoding::EightBit || at == 0 && is_utf8 {
            length
        } else if let Err(error) = std::str::from_utf8(&piece) {
            let good = size_u64(error.valid_up_to());
            let split = error.error_len().is_none() && at.saturating_add(length) < size && good > 0;
            if !split {
                return Ok(Some(at.saturating_add(good)));
            }
            good
        } else {
            length
        };
        if !piece.chunks(CONTROLS_BYTES).all(few_controls) {
            return Ok(Some(at));
        }
        at = at.saturating_add(good);
    }
    Ok(None)
}

fn decode_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let (pairs, _) = bytes.as_chunks::<2>();
    char::decode_utf16(pairs.iter().map(|pair| unit(*pair)))
        .map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

#[cfg(test)]
mod tests;
