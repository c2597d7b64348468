use std::{cell::OnceCell, ops::Range};

use cleanbill_code::{
    dependencies::Dependencies,
    tree::{Syntax, Tree},
    workload::{Deployment, ManifestKind},
};
use cleanbill_formats::{
    Parsed,
    bytes::{ReadAt, read_range, size_u64},
    text::Kind,
};

use crate::keras_config::{self, Concern};

/// LIMIT: longest text that is parsed as a program, template or manifest; what lies beyond makes coverage partial.
const TEXT_BYTES: u64 = 8 << 20;

/// Reads one artifact or member as text, once, when the first detector asks.
#[derive(Debug)]
pub struct Reading<'a> {
    source: &'a dyn ReadAt,
    is_text: bool,
    /// May be a manifest or list: it is no JSON, or has a key of one.
    may_deploy: bool,
    text: OnceCell<Option<Written>>,
    tree: OnceCell<Option<Tree>>,
    name: &'a str,
    deployment: OnceCell<Option<Deployment>>,
    keras: OnceCell<Vec<Concern>>,
    dependencies: OnceCell<Option<Dependencies>>,
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
            may_deploy: parsed.iter().any(may_deploy),
            text: OnceCell::new(),
            tree: OnceCell::new(),
            name: path.rsplit(['/', '\\']).next().unwrap_or(path),
            deployment: OnceCell::new(),
            keras: OnceCell::new(),
            dependencies: OnceCell::new(),
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
            .get_or_init(|| {
                let text = self.text().filter(|_| self.may_deploy)?;
                Deployment::read(self.name, &text.text, || self.tree())
            })
            .as_ref()
    }

    /// Returns what a list of dependencies or a lock names; `None` for other text.
    pub fn dependencies(&self) -> Option<&Dependencies> {
        self.dependencies
            .get_or_init(|| {
                let text = self.text().filter(|_| self.may_deploy)?;
                Dependencies::read(self.name, &text.text, || self.tree())
            })
            .as_ref()
    }

    /// Returns a manifest or list that could not be read whole, and what of it was not.
    pub(crate) fn unread(&self) -> Option<(&'static str, &'static str)> {
        let deployment = self.deployment();
        if deployment.is_some_and(|one| one.kind == ManifestKind::HelmTemplate) {
            return Some((
                "template of a Helm chart, which is no manifest before it is rendered",
                "Helm 模板，渲染之前并非清单",
            ));
        }
        if deployment.is_some_and(|one| one.is_cut) {
            return Some((
                "part of a manifest that could not be read",
                "清单中无法读取的部分",
            ));
        }
        let cut = self.dependencies().is_some_and(|one| one.is_cut);
        cut.then_some((
            "part of a list of dependencies that could not be read",
            "依赖列表中无法读取的部分",
        ))
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

/// Tells JSON of a model, which may be long, from JSON that describes a deployment or its packages, by its outermost keys.
fn may_deploy(parsed: &Parsed) -> bool {
    let Parsed::Text(view) = parsed else { return false };
    if !matches!(view.kind, Kind::Json | Kind::JsonLines | Kind::Notebook) {
        return true;
    }
    // Of more keys only the first are known.
    view.top_keys.len() >= KNOWN_KEYS
        || view
            .top_keys
            .iter()
            .any(|key| DEPLOYMENT_KEYS.contains(&key.as_str()))
}

/// Outermost keys that the view of a JSON text keeps.
const KNOWN_KEYS: usize = 64;
const DEPLOYMENT_KEYS: &[&str] = &[
    "apiVersion",
    "kind",
    "items",
    "services",
    "jobs",
    "runs",
    "stages",
    "package",
    "packages",
    "dependencies",
    "devDependencies",
    "optionalDependencies",
    "lockfileVersion",
    "scripts",
    "_meta",
    "default",
    "image",
];

fn wide(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let (pairs, _) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
    String::from_utf16_lossy(&units)
}
