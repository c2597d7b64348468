//! Jupyter notebooks.

mod magics;
mod magics_table;
mod walk;

#[cfg(test)]
mod tests;

use std::{ops::Range, sync::Arc};

use memchr::memmem;

use crate::{
    Anomaly, AnomalyKind, FormatView, Input, Member, Payload, Probe, Score,
    bytes::read_range,
    json::{Event, Reader, Strictness},
    notes::Notes,
    registry::{ParseResult, format_info},
};
use magics::{Other, Translated};

format_info! {
    /// ## What it is
    /// What Jupyter, Colab and editors save as `.ipynb`: JSON with cells of code and of text, what the code printed or drew
    /// when it last ran, and the name of the kernel that runs it. Versions 1 to 4 of `nbformat`.
    /// ## What is read
    /// The whole JSON. The Python cells, in order, are one member, `[code].py`, a program: IPython's additions to the language are
    /// written in Python there (`!cmd` is a call of `get_ipython().system`, `%run x.py` one of `runpy.run_path`, `x = !cmd`, `,f a`
    /// and prompts likewise). Cells for other interpreters (`%%bash`, `%%R`, `%%javascript`, `%%html`), cells that write a
    /// file, and cells that would break the program for those after them are members of their own, `[cell N].sh` and
    /// so on. HTML, SVG and JavaScript among the outputs are kept for a detector, with their bytes.
    /// ## What is reported
    /// A key that stands twice in a cell or at the top, of which readers see one; a version that nobody wrote; JSON that breaks off.
    /// Kernels of other languages, and magics that are not known, are not examined, and make the coverage partial.
    /// ## Limits
    /// A source is kept up to 8 MiB, an output that may hold scripts up to 16 MiB, all of them together up to 128 MiB; 100,000
    /// cells; JSON nests at most 990 levels.
    /// ## References
    /// `nbformat` 5.10, `docs/format_description.rst`; `IPython.core.inputtransformer2`; `google.colab`.
    "ipynb", "Jupyter notebook", extensions: &["ipynb"], refines: Some("text"), dialects: []
}

/// Says what a cell is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellKind {
    /// Code.
    Code,
    /// Text in Markdown, headings of old versions included.
    Markdown,
    /// Anything else.
    Other,
}

/// Describes one cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// What it is for.
    pub kind: CellKind,
    /// Where its sources stand, the strings of a list one by one.
    pub sources: Vec<Range<u64>>,
    /// The sources joined.
    pub text: String,
    /// Names of what is attached to it.
    pub attachments: Vec<String>,
}

/// Holds what a cell showed, where a browser would run or render it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Number of the cell, from 0.
    pub cell: usize,
    /// MIME type: `text/html`, `image/svg+xml` or `application/javascript`.
    pub mime: &'static str,
    /// The text.
    pub text: String,
    /// Where it stands.
    pub range: Range<u64>,
}

/// Shows a notebook.
#[derive(Debug)]
pub struct View {
    /// Major version of `nbformat`.
    pub version: Option<u64>,
    /// Name of the kernel that it asks for.
    pub kernel: String,
    /// Language that the notebook says it is in, in lower case; empty where it says nothing.
    pub language: String,
    /// Code is taken for Python: the kernel or the language says so, or nothing does.
    pub is_python: bool,
    /// Its cells.
    pub cells: Vec<Cell>,
    /// Outputs that a browser would run or render.
    pub outputs: Vec<Output>,
    /// How many outputs are widgets of the kernel.
    pub widgets: u64,
    /// Magics that are not known.
    pub unknown_magics: Vec<String>,
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

    fn not_examined(&self) -> Option<(String, String)> {
        let code = self.cells.iter().any(|cell| cell.kind == CellKind::Code);
        if !self.is_python && code {
            let name = if self.language.is_empty() {
                &self.kernel
            } else {
                &self.language
            };
            return Some((
                format!("notebook cells in `{name}`"),
                format!("笔记本中的 `{name}` 代码单元"),
            ));
        }
        let magic = self.unknown_magics.first()?;
        Some((
            format!("notebook command `{magic}`"),
            format!("笔记本命令 `{magic}`"),
        ))
    }
}

static BROKEN: AnomalyKind = AnomalyKind::damage(
    "ipynb-broken",
    "the notebook breaks off or nests too deep",
    "笔记本中断或嵌套过深",
);
static REPEATED: AnomalyKind = AnomalyKind::evasion(
    "ipynb-repeated-key",
    "a key stands twice in the notebook or a cell; readers see one of its values",
    "笔记本或单元中同一键出现两次；读取器只看到其中一个值",
);
static VERSION: AnomalyKind = AnomalyKind::note(
    "ipynb-version",
    "the notebook is of a version that Jupyter does not write",
    "笔记本版本并非 Jupyter 所写",
);
static CUT: AnomalyKind = AnomalyKind::limit(
    "ipynb-limit",
    "a source or output is too long, or there are too many, to be examined whole",
    "源代码或输出过长或过多，无法完整检查",
);

/// LIMIT: bytes in which a probe reads the keys at the top; the values between them may be longer than what a probe sees.
const PROBE_BYTES: u64 = 256 << 20;
/// Python's own reader gives up near this depth.
const DEPTH: usize = 990;

/// Knows a notebook by the keys of its outermost object. The words are looked for first, since most JSON has none of them.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    let start = probe.head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(probe.head);
    if start.trim_ascii_start().first() != Some(&b'{') {
        return None;
    }
    let has = |word: &[u8]| probe.parts().any(|part| memmem::find(part, word).is_some());
    let may_be = has(b"nbformat") || has(b"cell_type") || has(b"\"cells\"") || has(b"\"worksheets\"");
    if !may_be || probe.size > PROBE_BYTES {
        return None;
    }
    let skipped = u64::try_from(probe.head.len().saturating_sub(start.len())).unwrap_or(0);
    let mut reader = Reader::new(probe.source, skipped..probe.size, Strictness::Python, DEPTH, 32);
    let (mut cells, mut version) = (false, false);
    while let Ok(Some((event, _))) = reader.next() {
        if reader.depth() == 1 && matches!(event, Event::Key { .. }) {
            let key = reader.text();
            cells |= matches!(key.as_ref(), "cells" | "worksheets");
            version |= key == "nbformat";
        }
        if cells && version {
            return Some(Score::Certain);
        }
    }
    None
}

/// Reads the notebook and writes its cells as programs.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let size = input.source.size();
    let mark = read_range(input.source, 0..3, 3)?;
    let start = if mark == b"\xef\xbb\xbf" { 3 } else { 0 };
    let mut notes = Notes::default();
    let found = walk::walk(input.source, start..size, &mut notes)?;
    if found.version.is_some_and(|version| !(1..=4).contains(&version)) {
        notes.push(&VERSION, 0..size, "");
    }
    let language = found.language.to_ascii_lowercase();
    let is_python = takes_python(&found.kernel, &language);
    let mut view = View {
        version: found.version,
        is_python,
        kernel: found.kernel,
        language,
        cells: found.cells,
        outputs: found.outputs,
        widgets: found.widgets,
        unknown_magics: Vec::new(),
        members: Vec::new(),
        notes,
    };
    write_members(&mut view);
    Ok(view)
}

/// Says whether a front end would run the cells with Python. Jupyter goes by the kernel's name, editors by the language; Colab runs
/// whatever it does not know with Python.
fn takes_python(kernel: &str, language: &str) -> bool {
    let kernel = kernel.to_ascii_lowercase();
    let named = kernel.starts_with("py") || kernel.contains("python") || kernel.starts_with("conda");
    named || language.is_empty() && !OTHER_KERNELS.contains(&kernel.as_str()) || language.contains("python")
}

/// Kernels that do not run Python, by the names that they are installed under.
const OTHER_KERNELS: &[&str] = &[
    "ir",
    "bash",
    "deno",
    "gophernotes",
    "iruby",
    "java",
    "javascript",
    "julia",
    "octave",
    "rust",
    "scala",
    "sos",
    "tslab",
    "xcpp17",
    "xr",
];

fn write_members(view: &mut View) {
    let mut program = String::new();
    for (index, cell) in view.cells.iter().enumerate() {
        if cell.kind != CellKind::Code || cell.text.trim().is_empty() {
            continue;
        }
        if !view.is_python {
            program.push_str(&cell.text);
            program.push('\n');
            continue;
        }
        let number = index.saturating_add(1);
        let Translated {
            python,
            others,
            unknown,
            is_open,
        } = magics::translate(&cell.text);
        if is_open {
            // A cell that ends within a string or bracket fails alone; joined, it would swallow the cells after it.
            push_text(&mut view.members, &format!("[cell {number}].py"), &python);
        } else if !python.trim().is_empty() {
            program.push_str("#%% cell ");
            program.push_str(&number.to_string());
            program.push('\n');
            program.push_str(&python);
            program.push('\n');
        }
        for Other { name, text } in others {
            push_text(&mut view.members, &format!("[cell {number}]{name}"), &text);
        }
        for one in unknown {
            if view.unknown_magics.len() < UNKNOWN && !view.unknown_magics.contains(&one) {
                view.unknown_magics.push(one);
            }
        }
    }
    if !program.is_empty() {
        let name = format!("[code].{}", extension(view));
        push_text(&mut view.members, &name, &program);
    }
}

/// LIMIT: unknown magics that are named.
const UNKNOWN: usize = 32;

fn extension(view: &View) -> &'static str {
    match view.language.as_str() {
        _ if view.is_python => "py",
        "r" => "r",
        "javascript" => "js",
        "typescript" => "ts",
        "bash" | "sh" | "zsh" => "sh",
        "ruby" => "rb",
        "perl" => "pl",
        "lua" => "lua",
        "php" => "php",
        "powershell" => "ps1",
        _ => "txt",
    }
}

fn push_text(members: &mut Vec<Member>, name: &str, text: &str) {
    let bytes: Arc<[u8]> = Arc::from(text.as_bytes());
    members.push(Member::content(name, Payload::Owned(bytes)));
}
