//! `LightGBM` models in text.

mod tree;

use std::ops::Range;

use crate::{
    Anomaly, AnomalyKind, FormatView, Input, Probe, Score,
    bytes::{Cursor, ReadAt, ReadError, read_range, size_u64},
    notes::{Notes, lossy},
    registry::{ParseResult, format_info},
};

use tree::TreeText;

format_info! {
    /// ## What it is
    /// What LightGBM writes (`save_model`): lines of text with one block for each tree, the importance of features, and the
    /// parameters of training. It is data; nothing in it is run.
    /// ## What is read
    /// Every line. The nodes of each tree are followed: children must exist, stand once and never lead back; features and
    /// categories must exist; each list must be as long as the number of leaves says. `tree_sizes` is compared with where the
    /// trees stand. Parameters that name files or machines are kept.
    /// ## What is reported
    /// Children, features and categories that do not exist, lists of another length, sizes that do not fit, headers without a
    /// required line, trees that break off, lines that are none of the format, zero bytes and carriage returns within a line.
    /// ## Limits
    /// A line has at most 64 MiB, a tree at most 4,000,000 leaves; 1,000,000 trees; 1,000 parameters are kept.
    /// ## References
    /// LightGBM `src/boosting/gbdt_model_text.cpp` and `src/io/tree.cpp`.
    "lightgbm", "LightGBM model", extensions: &["lgb", "lgbm"], refines: None, dialects: []
}

/// LIMIT: bytes of a line that are read; a tree of a million leaves has lines of some 20 MB.
const LINE_BYTES: u64 = 64 << 20;
/// LIMIT: trees looked at.
const TREES: usize = 1_000_000;
/// LIMIT: parameters kept.
const PARAMETERS: usize = 1_000;
/// LIMIT: bytes of a parameter's value that are kept.
const VALUE_BYTES: usize = 4_096;
/// Parameters that name files, folders or machines.
const OUTSIDE: &[&str] = &[
    "convert_model",
    "data",
    "forcedbins_filename",
    "forcedsplits_filename",
    "initscore_filename",
    "input_model",
    "machine_list_filename",
    "machines",
    "output_model",
    "output_result",
    "parser_config_file",
    "position_filename",
    "valid",
    "valid_data_initscores",
];
/// Keys with which the header of a model describes itself.
const HEADER: &[&str] = &[
    "version",
    "num_class",
    "num_tree_per_iteration",
    "label_index",
    "max_feature_idx",
    "objective",
    "feature_names",
    "feature_infos",
    "tree_sizes",
];
/// Keys without which LightGBM refuses a model.
const REQUIRED: &[&str] = &[
    "num_class",
    "label_index",
    "max_feature_idx",
    "feature_names",
    "feature_infos",
];

static TRUNCATED: AnomalyKind = AnomalyKind::damage(
    "lightgbm-truncated",
    "a tree breaks off before its end",
    "树在结束之前中断",
);
static LIMIT: AnomalyKind = AnomalyKind::limit(
    "lightgbm-limit",
    "a line, a tree or the list of trees is too long to be examined",
    "行、树或树的列表过长，无法检查",
);
static LINE: AnomalyKind = AnomalyKind::note(
    "lightgbm-line",
    "a line is none of the format",
    "存在不属于该格式的行",
);
static HIDDEN: AnomalyKind = AnomalyKind::evasion(
    "lightgbm-hidden-line",
    "a zero byte or a carriage return stands within a line, where LightGBM ends it and other readers do not",
    "行内含有零字节或回车符：LightGBM 在此结束该行，其他读取器则不然",
);
static MISSING: AnomalyKind = AnomalyKind::damage(
    "lightgbm-header",
    "the header lacks lines without which LightGBM loads no model",
    "文件头缺少 LightGBM 加载模型所必需的行",
);
static SIZES: AnomalyKind = AnomalyKind::evasion(
    "lightgbm-sizes",
    "`tree_sizes` leads to places where no tree begins, or past trees",
    "`tree_sizes` 指向没有树开始的位置，或跳过某些树",
);

/// Names a parameter of training that leads outside of the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Name, as LightGBM writes it.
    pub name: String,
    /// Value; never empty.
    pub value: String,
    /// Where the line stands.
    pub range: Range<u64>,
}

/// Shows a model.
#[derive(Debug, Default)]
pub struct View {
    /// Trees read.
    pub trees: u64,
    /// Parameters that name files or machines.
    pub parameters: Vec<Parameter>,
    /// Rules broken, for the detector `booster-invalid`; they are not repeated among the anomalies.
    pub violations: Vec<Anomaly>,
    anomalies: Vec<Anomaly>,
}

impl FormatView for View {
    fn anomalies(&self) -> &[Anomaly] {
        &self.anomalies
    }
}

/// Knows a model by its first line, or by lines of its header in any order, since loaders from memory read no first line.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    let text = probe.head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(probe.head);
    let mut seen = [false; HEADER.len()];
    let ends = |byte: u8| matches!(byte, b'\n' | b'\r' | 0);
    let first = text
        .strip_prefix(b"tree")
        .is_some_and(|rest| rest.first().is_none_or(|byte| ends(*byte)));
    for sign in memchr::memchr_iter(b'=', text) {
        // A key reaches from the start of its line to the first such sign.
        let before = text.get(..sign).unwrap_or_default();
        let letters = before
            .iter()
            .rev()
            .take_while(|byte| byte.is_ascii_lowercase() || **byte == b'_')
            .count();
        let (rest, key) = before.split_at(before.len().saturating_sub(letters));
        if rest.last().is_some_and(|byte| !ends(*byte)) {
            continue;
        }
        for (known, seen) in HEADER.iter().zip(&mut seen) {
            *seen |= known.as_bytes() == key;
        }
    }
    let count = seen.into_iter().filter(|seen| *seen).count();
    // Pickles and tables that hold the text of a model are no model themselves.
    let binary = |byte: &u8| *byte < 0x20 && !matches!(byte, b'\n' | b'\r' | b'\t' | 0);
    match (first, count) {
        (true, 2..) => Some(Score::Certain),
        (_, 3..) if !text.iter().any(binary) => Some(Score::Likely),
        _ => None,
    }
}

/// Reads every line.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let mut walk = Walk {
        source: input.source,
        cursor: Cursor::whole(input.source),
        notes: Notes::default(),
        violations: Notes::default(),
        view: View::default(),
        features: None,
        sizes: None,
        required: [false; REQUIRED.len()],
        starts: Vec::new(),
        last_end: 0,
        behind: None,
        cut: false,
    };
    match walk.run() {
        Ok(()) | Err(ReadError::Truncated { .. }) => {}
        Err(ReadError::Source(error)) => return Err(error),
    }
    let mut view = walk.view;
    view.anomalies = walk.notes.finish();
    view.violations = walk.violations.finish();
    Ok(view)
}

/// A line without its end.
struct Line {
    range: Range<u64>,
    bytes: Vec<u8>,
    /// A line feed follows.
    ended: bool,
}

impl Line {
    /// Splits at the first sign of equality.
    fn pair(&self) -> Option<(&[u8], &[u8])> {
        let at = memchr::memchr(b'=', &self.bytes)?;
        Some((self.bytes.get(..at)?, self.bytes.get(at.checked_add(1)?..)?))
    }
}

/// Part of the file that the walk is in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Header,
    Trees,
    Importances,
    Parameters,
    End,
}

struct Walk<'a> {
    source: &'a dyn ReadAt,
    cursor: Cursor<'a>,
    notes: Notes,
    violations: Notes,
    view: View,
    /// Number of features, where the header says it.
    features: Option<i64>,
    sizes: Option<(Vec<u64>, Range<u64>)>,
    /// Which of [`REQUIRED`] the header has.
    required: [bool; REQUIRED.len()],
    starts: Vec<u64>,
    /// Where the lines of the last tree end, and where something begins behind it.
    last_end: u64,
    behind: Option<u64>,
    /// The last tree breaks off.
    cut: bool,
}

impl Walk<'_> {
    fn run(&mut self) -> Result<(), ReadError> {
        let mut part = Part::Header;
        while let Some(line) = self.line()? {
            if line.bytes.starts_with(b"Tree=") {
                self.starts.push(line.range.start);
                self.behind = None;
                if self.starts.len() > TREES {
                    self.notes.push(&LIMIT, line.range, TREES.to_string());
                    return Ok(());
                }
                if part == Part::Header {
                    self.compare_header(line.range.start);
                    part = Part::Trees;
                }
                self.tree(&line)?;
                continue;
            }
            if !line.bytes.is_empty() && !self.starts.is_empty() {
                self.behind.get_or_insert(line.range.start);
            }
            match line.bytes.as_slice() {
                b"" => {}
                b"end of trees" | b"feature_importances:" | b"feature importances:" => {
                    part = Part::Importances;
                }
                b"parameters:" => part = Part::Parameters,
                b"end of parameters" => part = Part::End,
                bytes if bytes.starts_with(b"pandas_categorical:") => part = Part::End,
                _ => self.other(part, &line),
            }
        }
        if self.starts.is_empty() && part == Part::Header {
            self.notes.push(&TRUNCATED, 0..self.cursor.end(), "no trees");
        } else if !self.cut {
            self.compare_sizes();
        }
        Ok(())
    }

    /// Looks at a line that is neither a tree's nor the begin or end of a part.
    fn other(&mut self, part: Part, line: &Line) {
        let known = match part {
            Part::Header => self.header(line),
            Part::Importances => line.pair().is_some(),
            Part::Parameters => self.parameter(line),
            Part::Trees | Part::End => false,
        };
        if !known {
            self.notes.push(&LINE, line.range.clone(), shown(&line.bytes));
        }
    }

    /// Notes what the header, which ends at `end`, does not say and must.
    fn compare_header(&mut self, end: u64) {
        let missing: Vec<&str> = REQUIRED
            .iter()
            .zip(self.required)
            .filter_map(|(key, seen)| (!seen).then_some(*key))
            .collect();
        if !missing.is_empty() {
            self.notes.push(&MISSING, 0..end, missing.join(", "));
        }
    }

    fn header(&mut self, line: &Line) -> bool {
        let words = [&b"tree"[..], b"average_output", b"linear_tree"];
        let Some((key, value)) = line.pair() else {
            return words.contains(&line.bytes.as_slice());
        };
        for (known, seen) in REQUIRED.iter().zip(&mut self.required) {
            *seen |= known.as_bytes() == key;
        }
        match key {
            b"max_feature_idx" => {
                self.features = number(value).map(|last| last.saturating_add(1));
            }
            b"tree_sizes" => {
                let sizes = numbers(value).and_then(|sizes| {
                    let sizes: Result<Vec<u64>, _> = sizes.into_iter().map(u64::try_from).collect();
                    sizes.ok()
                });
                if sizes.is_none() {
                    self.violations
                        .push(&SIZES, line.range.clone(), "not a list of sizes");
                }
                self.sizes = sizes.map(|sizes| (sizes, line.range.clone()));
            }
            _ => {}
        }
        key.iter().all(|byte| byte.is_ascii_lowercase() || *byte == b'_')
    }

    fn parameter(&mut self, line: &Line) -> bool {
        let inner = line
            .bytes
            .strip_prefix(b"[")
            .and_then(|rest| rest.strip_suffix(b"]"));
        let Some(inner) = inner else { return false };
        let at = memchr::memchr(b':', inner).unwrap_or(inner.len());
        let name = lossy(inner.get(..at).unwrap_or_default().trim_ascii());
        let value = inner.get(at.saturating_add(1)..).unwrap_or_default().trim_ascii();
        if value.is_empty() || !OUTSIDE.contains(&name.as_str()) {
            return true;
        }
        if self.view.parameters.len() >= PARAMETERS {
            self.notes
                .push(&LIMIT, line.range.clone(), PARAMETERS.to_string());
            return true;
        }
        self.view.parameters.push(Parameter {
            name,
            value: lossy(value.get(..value.len().min(VALUE_BYTES)).unwrap_or_default()),
            range: line.range.clone(),
        });
        true
    }

    /// Reads the lines of a tree up to the empty one behind it.
    fn tree(&mut self, begin: &Line) -> Result<(), ReadError> {
        let mut tree = TreeText::default();
        let mut end = begin.range.end;
        let mut ended = false;
        while let Some(line) = self.line()? {
            if line.bytes.is_empty() {
                ended = true;
                break;
            }
            end = line.range.end;
            let known = match line.pair() {
                Some((key, value)) => tree.take(key, value),
                // The reader of trees looks for the sign on the lines that follow.
                None => false,
            };
            if !known {
                self.notes.push(&LINE, line.range.clone(), shown(&line.bytes));
            }
            if !line.ended {
                break;
            }
        }
        let range = begin.range.start..end;
        self.last_end = end;
        if ended {
            self.view.trees = self.view.trees.saturating_add(1);
        } else {
            self.notes.push(&TRUNCATED, range.clone(), "");
            self.cut = true;
        }
        // What a tree lacks that breaks off is no wonder; what it has is judged.
        if ended || tree.is_whole() {
            tree.judge(self.features, &range, &mut self.violations);
        }
        Ok(())
    }

    /// Compares the sizes that the header gives with where the trees begin.
    fn compare_sizes(&mut self) {
        let Some((sizes, range)) = self.sizes.take() else {
            return;
        };
        let mut expected = self.starts.first().copied().unwrap_or(0);
        for (index, size) in sizes.iter().enumerate() {
            if self.starts.get(index) != Some(&expected) {
                let detail = format!("tree {index} is said to begin at byte {expected}");
                self.violations.push(&SIZES, range, detail);
                return;
            }
            expected = expected.saturating_add(*size);
        }
        let behind = self.behind.unwrap_or(self.cursor.end());
        if !sizes.is_empty() && !(self.last_end..=behind).contains(&expected) {
            let detail = format!("the last tree is said to end at byte {expected}");
            self.violations.push(&SIZES, range, detail);
            return;
        }
        if sizes.len() != self.starts.len() {
            let detail = format!("{} sizes of {} trees", sizes.len(), self.starts.len());
            self.violations.push(&SIZES, range, detail);
        }
    }

    fn line(&mut self) -> Result<Option<Line>, ReadError> {
        let start = self.cursor.position();
        if start >= self.cursor.end() {
            return Ok(None);
        }
        let (range, ended) = match self.cursor.line()? {
            Some(range) => (range, true),
            None => (start..self.cursor.end(), false),
        };
        let mut bytes = match self.cursor.held(&range) {
            Some(held) if ended => held.to_vec(),
            _ => read_range(self.source, range.clone(), LINE_BYTES)?,
        };
        if !ended {
            self.cursor.seek(range.end);
        }
        if size_u64(bytes.len()) < range.end.saturating_sub(range.start) {
            self.notes.push(&LIMIT, range.clone(), "");
        }
        if start == 0 && bytes.starts_with(b"\xef\xbb\xbf") {
            bytes.drain(..3);
        }
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        if memchr::memchr2(b'\r', 0, &bytes).is_some() {
            self.notes.push(&HIDDEN, range.clone(), shown(&bytes));
        }
        Ok(Some(Line { range, bytes, ended }))
    }
}

fn shown(bytes: &[u8]) -> String {
    lossy(bytes.get(..bytes.len().min(80)).unwrap_or_default())
}

/// Reads one whole number.
fn number(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.trim().parse().ok()
}

/// Reads whole numbers with spaces between; `None` where one is none.
fn numbers(text: &[u8]) -> Option<Vec<i64>> {
    words(text).map(number).collect()
}

fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b' ').filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ids, never_panics, view};

    fn model(tree: &str, end: &str) -> Vec<u8> {
        let tree = format!("Tree=0\n{tree}\n\n");
        format!(
            "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=1\n\
             objective=binary sigmoid:1\nfeature_names=a b\nfeature_infos=[0:1] [0:1]\ntree_sizes={}\n\n{tree}{end}",
            tree.len()
        )
        .into_bytes()
    }

    const TREE: &str = "num_leaves=3\nnum_cat=0\nsplit_feature=0 1\nsplit_gain=1 1\nthreshold=0.5 0.25\ndecision_type=2 2\n\
                        left_child=1 -1\nright_child=-2 -3\nleaf_value=0.1 0.2 0.3\nleaf_weight=1 1 1\nleaf_count=5 5 5\n\
                        internal_value=0 0\ninternal_weight=0 0\ninternal_count=15 10\nis_linear=0\nshrinkage=1\n";
    const END: &str = "end of trees\n\nfeature_importances:\na=1\nb=1\n\nparameters:\n[boosting: gbdt]\n[data: x.train]\n\
                       [machines: ]\n\nend of parameters\n\npandas_categorical:null\n";

    #[test]
    fn trees_are_followed() {
        for (from, to, expected) in [
            ("", "", &[][..]),
            ("left_child=1 -1", "left_child=9 -1", &["lightgbm-child"]),
            ("left_child=1 -1", "left_child=0 -1", &["lightgbm-child"]),
            ("right_child=-2 -3", "right_child=-2 -9", &["lightgbm-child"]),
            ("left_child=1 -1", "left_child=1 1", &["lightgbm-child"]),
            ("right_child=-2 -3", "right_child=-2", &["lightgbm-counts"]),
            ("leaf_value=0.1 0.2 0.3", "leaf_value=0.1", &["lightgbm-counts"]),
            ("num_leaves=3", "num_leaves=-3", &["lightgbm-counts"]),
            ("split_feature=0 1", "split_feature=0 2", &["lightgbm-feature"]),
            ("decision_type=2 2", "decision_type=2 1", &["lightgbm-category"]),
        ] {
            let bytes = model(&TREE.replace(from, to), END);
            let view = view(&bytes, parse);
            assert_eq!(ids(&view.violations), expected, "{to}");
            assert!(view.anomalies().is_empty(), "{:?}", view.anomalies());
            assert_eq!(view.parameters.len(), 1);
        }
    }

    #[test]
    fn headers_have_what_the_library_requires() {
        let good = String::from_utf8(model(TREE, END)).unwrap();
        for key in REQUIRED {
            let bad = good.replace(&format!("{key}="), "other=");
            let view = view(bad.as_bytes(), parse);
            let anomaly = view.anomalies().first().expect(key);
            assert_eq!(
                (anomaly.kind.id, anomaly.detail.as_str()),
                ("lightgbm-header", *key)
            );
        }
    }

    #[test]
    fn sizes_are_compared_with_the_trees() {
        let good = String::from_utf8(model(TREE, END)).unwrap();
        let bad = good.replace("tree_sizes=", "tree_sizes=9 ");
        assert_eq!(ids(&view(bad.as_bytes(), parse).violations), ["lightgbm-sizes"]);
        let cut = good.find("internal_value").unwrap();
        assert_eq!(
            ids(view(&good.as_bytes()[..cut], parse).anomalies()),
            ["lightgbm-truncated"]
        );
    }

    #[test]
    fn damage_never_panics() {
        never_panics(&model(TREE, END), parse);
    }
}
