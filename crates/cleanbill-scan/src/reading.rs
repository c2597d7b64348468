use std::{cell::OnceCell, ops::Range};

use cleanbill_code::{
    tree::{Syntax, Tree},
    workload::Deployment,
};
use cleanbill_formats::{
    Parsed,
    bytes::{ReadAt, read_range, size_u64},
};

use crate::keras_config::{self, Concern};

/// LIMIT: longest text that is parsed as a program, template or manifest; what lies beyond makes coverage partial.
const TEXT_BYTES: u64 = 8 << 20;

/// Reads one artifact or member as text, once, when the first detector asks.
#[derive(Debug)]
pub struct Reading<'a> {
    source: &'a dyn ReadAt,
    is_text: bool,
    text: OnceCell<Option<Written>>,
    tree: OnceCell<Option<Tree>>,
    name: &'a str,
    deployment: OnceCell<Option<Deployment>>,
    keras: OnceCell<Vec<Concern>>,
}

/// Holds the text of an artifact.
#[derive(Debug)]
pub struct Written {
    /// The text; offsets in it are offsets in the artifact, less [`Written::start`], where the artifact is UTF-8.
    pub text: String,
    /// Bytes of a byte order mark before it.
    pub start: u64,
    /// Whether it is all of the artifact.
    pub whole: bool,
}

impl<'a> Reading<'a> {
    pub(crate) fn new(source: &'a dyn ReadAt, parsed: &[Parsed], path: &'a str) -> Self {
        Self {
            source,
            is_text: parsed.iter().any(|one| matches!(one, Parsed::Text(_))),
            text: OnceCell::new(),
            tree: OnceCell::new(),
            name: path.rsplit(['/', '\\']).next().unwrap_or(path),
            deployment: OnceCell::new(),
            keras: OnceCell::new(),
        }
    }

    /// Returns the text; `None` where it is none, or cannot be read.
    pub fn text(&self) -> Option<&Written> {
        self.text.get_or_init(|| self.read()).as_ref()
    }

    /// Returns the values of YAML, JSON or TOML, whatever the file is called; `None` for other text. Byte ranges are those
    /// of [`Reading::text`].
    pub fn tree(&self) -> Option<&Tree> {
        self.tree
            .get_or_init(|| {
                let text = &self.text()?.text;
                Some(Tree::parse(text, Syntax::guess(text)?))
            })
            .as_ref()
    }

    /// Returns what a manifest of a deployment or pipeline describes; `None` for other text.
    pub fn deployment(&self) -> Option<&Deployment> {
        self.deployment
            .get_or_init(|| Deployment::read(self.name, &self.text()?.text, || self.tree()))
            .as_ref()
    }

    /// Returns where in the artifact a part of the text stands; `None` where its characters are not bytes of the artifact.
    pub fn range(&self, span: &Range<usize>) -> Option<Range<u64>> {
        let start = self.text()?.start;
        let at = |place: usize| size_u64(place).saturating_add(start);
        (start != 2).then(|| at(span.start)..at(span.end))
    }

    /// Returns what loading it as a configuration of Keras would do; for detectors that know it to be one.
    pub(crate) fn keras_config(&self) -> &[Concern] {
        self.keras.get_or_init(|| {
            let judged = self.text().map(|written| keras_config::judge(&written.text));
            judged.unwrap_or_default()
        })
    }

    fn read(&self) -> Option<Written> {
        if !self.is_text {
            return None;
        }
        let bytes = read_range(self.source, 0..self.source.size(), TEXT_BYTES).ok()?;
        let whole = size_u64(bytes.len()) == self.source.size();
        let (start, text) = match bytes.as_slice() {
            [0xff, 0xfe, rest @ ..] => (2, wide(rest, u16::from_le_bytes)),
            [0xfe, 0xff, rest @ ..] => (2, wide(rest, u16::from_be_bytes)),
            [0xef, 0xbb, 0xbf, rest @ ..] => (3, String::from_utf8_lossy(rest).into_owned()),
            _ => (
                0,
                String::from_utf8(bytes)
                    .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
            ),
        };
        Some(Written { text, start, whole })
    }
}

fn wide(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let (pairs, _) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
    String::from_utf16_lossy(&units)
}
