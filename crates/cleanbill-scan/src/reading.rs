use std::{cell::OnceCell, ops::Range};

use cleanbill_code::{
    dependencies::Dependencies,
    python::Program,
    tree::{Node, Syntax, Tree},
    workload::{Deployment, ManifestKind},
};
use cleanbill_formats::{
    Parsed,
    bytes::{ReadAt, read_range, size_u64},
    text::Kind,
};

use crate::{
    keras_config::{self, Concern},
    programs::{self, Suspicion},
};

/// LIMIT: longest text that is parsed as a program, template or manifest; what lies beyond makes coverage partial.
const TEXT_BYTES: u64 = 8 << 20;

/// Names a container whose programs are read in a way of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Within {
    /// Code of a TorchScript archive, a language of its own.
    TorchScript,
    /// Cells of a notebook, which their reader runs.
    Notebook,
    /// Anything else.
    Other,
}

/// Reads one artifact or member as text, once, when the first detector asks.
#[expect(clippy::struct_excessive_bools, reason = "independent facts about a text")]
#[derive(Debug)]
pub struct Reading<'a> {
    source: &'a dyn ReadAt,
    is_text: bool,
    /// May be a manifest or list: it is no JSON, or has a key of one.
    may_deploy: bool,
    is_python: bool,
    /// Named as Python.
    is_named: bool,
    torchscript: bool,
    /// Written out of a notebook's cells.
    notebook: bool,
    text: OnceCell<Option<Written>>,
    tree: OnceCell<Option<Tree>>,
    name: &'a str,
    deployment: OnceCell<Option<Deployment>>,
    keras: OnceCell<Vec<Concern>>,
    dependencies: OnceCell<Option<Dependencies>>,
    python: OnceCell<Option<Program>>,
    suspicions: OnceCell<Vec<Suspicion>>,
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
    pub(crate) fn new(source: &'a dyn ReadAt, parsed: &[Parsed], path: &'a str, within: Within) -> Self {
        let extension = crate::scene::extension(path);
        let named = matches!(extension.as_str(), "py" | "pyi" | "pyw" | "pth");
        let is_python = |one: &Parsed| match one {
            Parsed::Text(view) => {
                view.kind == Kind::PythonSource || named && view.kind != Kind::GitLfsPointer
            }
            _ => false,
        };
        Self {
            source,
            is_text: parsed.iter().any(|one| matches!(one, Parsed::Text(_))),
            may_deploy: parsed.iter().any(may_deploy),
            is_python: parsed.iter().any(is_python),
            is_named: named,
            torchscript: within == Within::TorchScript,
            notebook: within == Within::Notebook,
            text: OnceCell::new(),
            tree: OnceCell::new(),
            name: path.rsplit(['/', '\\']).next().unwrap_or(path),
            deployment: OnceCell::new(),
            keras: OnceCell::new(),
            dependencies: OnceCell::new(),
            python: OnceCell::new(),
            suspicions: OnceCell::new(),
        }
    }

    /// Returns the program in Python; `None` where it is none.
    pub fn python(&self) -> Option<&Program> {
        let read = || {
            let written = self.is_python.then(|| self.text()).flatten()?;
            Some(cleanbill_code::python::read(
                &written.text,
                programs::python::wanted,
            ))
        };
        self.python.get_or_init(read).as_ref()
    }

    /// Returns what the program in Python does that somebody should know of. Code of a TorchScript archive is of a language of
    /// its own, in which the same names mean other things.
    pub(crate) fn suspicions(&self, name: &str) -> &[Suspicion] {
        self.suspicions
            .get_or_init(|| match (self.python(), self.text()) {
                (Some(program), Some(written))
                    if !self.torchscript && (self.is_named || !programs::python::is_broken(program)) =>
                {
                    let run = if self.notebook {
                        programs::python::Run::AsNotebook
                    } else {
                        programs::python::Run::AsFile
                    };
                    programs::python::judge(program, &written.text, name, run)
                }
                _ => Vec::new(),
            })
    }

    /// Says why the program in Python was not read whole, in English and Simplified Chinese, with the byte.
    pub(crate) fn python_gaps(&self) -> Vec<(u64, &'static str, &'static str)> {
        let (Some(program), Some(written)) = (self.python(), self.text()) else {
            return Vec::new();
        };
        let mut gaps: Vec<(u64, &'static str, &'static str)> = program
            .troubles
            .iter()
            .map(|trouble| {
                let (en, zh) = programs::python::gap(trouble.kind);
                (size_u64(trouble.at).saturating_add(written.start), en, zh)
            })
            .collect();
        if program.python2 {
            gaps.push((
                0,
                "Python 2 source, read by the rules of Python 3",
                "Python 2 源代码，按 Python 3 的规则读取",
            ));
        }
        if !written.whole {
            gaps.push((
                TEXT_BYTES,
                "the program is too long to be read whole",
                "程序过长，无法完整读取",
            ));
        }
        if !programs::python::encoding_is_plain(&written.text) {
            gaps.push((
                0,
                "the program declares an encoding that this build does not read",
                "程序声明了此版本不支持的编码",
            ));
        }
        gaps
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

    /// Returns the outermost value of YAML, JSON or TOML.
    pub fn root(&self) -> Option<&Node> {
        self.tree().and_then(Tree::root)
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
