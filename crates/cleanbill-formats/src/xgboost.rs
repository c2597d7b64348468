//! `XGBoost` models: universal binary JSON, JSON, and the binary form before them.

mod json;
mod legacy;
mod tree;
mod ubjson;

use std::ops::Range;

use crate::{
    Anomaly, AnomalyKind, FormatView, Input, Member, Payload, Probe, Score,
    bytes::{Cursor, ReadError, SourceError, read_range},
    json::{JsonError, outline},
    notes::Notes,
    registry::{ParseResult, format_info},
};

use tree::Tree;

format_info! {
    /// ## What it is
    /// What XGBoost writes: a tree of objects, lists and typed arrays in universal binary JSON (`.ubj`, the default), the same in
    /// JSON, and the binary form that versions before 3 wrote, with or without `binf` before it. It is data; nothing in it is
    /// run.
    /// ## What is read
    /// Every value to the end. The nodes of each tree are followed: children must exist, stand once and never lead back; the
    /// features that nodes ask for must be among the model's; sets of categories must lie within their list.
    /// ## What is reported
    /// Values that break off, marks that the encoding does not have, children outside the tree or in a circle, features that
    /// do not exist, lists of different length for the same nodes. What follows the model is the member `[after]`.
    /// ## Limits
    /// Values nest at most 128 levels; a tree has at most 4,000,000 nodes. JSON is known by a key `learner` of its outermost
    /// object, with a `gradient_booster`, within the first 16 MiB.
    /// ## References
    /// Universal Binary JSON, draft 12; XGBoost "Introduction to Model IO" and its JSON schema; `src/learner.cc`,
    /// `src/gbm/gbtree_model.cc` and `src/tree/tree_model.cc` of XGBoost 1.7.
    "xgboost", "XGBoost model", extensions: &["ubj"], refines: None,
    dialects: [
        "xgboost-json": "XGBoost model in JSON",
        "xgboost-binary": "XGBoost model in the older binary form",
    ]
}

/// Words before a model in the form of memory snapshots; eight bytes say where its settings begin.
const SNAPSHOT: &[u8] = b"CONFIG-offset:";

static TRUNCATED: AnomalyKind = AnomalyKind::damage(
    "xgboost-truncated",
    "a value breaks off before its end",
    "值在结束之前中断",
);
static BROKEN: AnomalyKind = AnomalyKind::damage(
    "xgboost-broken",
    "a mark that the encoding does not have, or a negative length",
    "存在编码中没有的标记或负的长度",
);
static LIMIT: AnomalyKind = AnomalyKind::limit(
    "xgboost-limit",
    "values nest too deep or trees are too large to be examined",
    "嵌套过深或树过大，无法检查",
);
static TRAILING: AnomalyKind =
    AnomalyKind::note("xgboost-trailing", "bytes follow the model", "模型之后还有字节");
/// How a model is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// Universal binary JSON.
    #[default]
    Ubjson,
    /// JSON.
    Json,
    /// The older binary form.
    Legacy,
}

/// Shows a model.
#[derive(Debug, Default)]
pub struct View {
    /// How it is written.
    pub form: Form,
    /// Trees whose nodes were followed.
    pub trees: u64,
    /// Rules broken, for the detector `booster-invalid`; they are not repeated among the anomalies.
    pub violations: Vec<Anomaly>,
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
        match self.form {
            Form::Ubjson => Vec::new(),
            Form::Json => vec!["xgboost-json"],
            Form::Legacy => vec!["xgboost-binary"],
        }
    }
}

/// Knows binary JSON by its first key, JSON by its outermost keys, and the older form by the names after its parameters.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    let keys: [&[u8]; 4] = [b"learner", b"version", b"Config", b"Model"];
    if let Some(rest) = probe.head.strip_prefix(b"{L\0\0\0\0\0\0\0") {
        let (length, rest) = rest.split_first()?;
        let key = rest.get(..usize::from(*length))?;
        return keys.contains(&key).then_some(Score::Certain);
    }
    if probe.head.starts_with(SNAPSHOT) || legacy::begins(probe.head) {
        return Some(Score::Certain);
    }
    let keys = outline(probe, &[b"gradient_booster"])?;
    let model = keys.iter().any(|key| matches!(key.as_str(), "learner" | "Model"));
    model.then_some(Score::Likely)
}

/// Walks over every value.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let head = read_range(input.source, 0..crate::HEAD_BYTES, crate::HEAD_BYTES)?;
    let form = if head.starts_with(b"{L\0\0\0\0") {
        Form::Ubjson
    } else if head.starts_with(SNAPSHOT) || legacy::begins(&head) {
        Form::Legacy
    } else {
        Form::Json
    };
    let mut model = Model::default();
    let mut notes = Notes::default();
    let size = input.source.size();
    let end = match form {
        Form::Json => json_end(input, &mut model, &mut notes)?,
        _ => binary_end(input, form, &head, &mut model, &mut notes)?,
    };
    let mut members = Vec::new();
    if end < size {
        notes.push(
            &TRAILING,
            end..size,
            format!("{} bytes", size.saturating_sub(end)),
        );
        members.push(Member::content("[after]", Payload::Section(end..size)));
    }
    model.finish();
    Ok(View {
        form,
        trees: model.trees,
        violations: model.violations.finish(),
        anomalies: notes.finish(),
        members,
    })
}

/// Walks over JSON; gives where it ends, or the end of the input where it cannot be told.
fn json_end(input: &Input<'_>, model: &mut Model, notes: &mut Notes) -> Result<u64, SourceError> {
    let size = input.source.size();
    let (kind, at) = match json::walk(input.source, model) {
        Ok(end) => return Ok(end),
        Err(json::Halt::Json(JsonError::Source(error))) => return Err(error),
        Err(json::Halt::Json(error)) => {
            let kind = match error {
                JsonError::End { .. } => &TRUNCATED,
                JsonError::Depth { .. } => &LIMIT,
                _ => &BROKEN,
            };
            (kind, error.offset().unwrap_or(0))
        }
        Err(json::Halt::Limit(at)) => (&LIMIT, at),
    };
    notes.push(kind, at..size, "");
    Ok(size)
}

/// Walks over one of the binary forms; gives where it ends, or the end of the input where it cannot be told.
fn binary_end(
    input: &Input<'_>,
    form: Form,
    head: &[u8],
    model: &mut Model,
    notes: &mut Notes,
) -> Result<u64, SourceError> {
    let size = input.source.size();
    let mut cursor = Cursor::whole(input.source);
    let outcome = match form {
        Form::Legacy => {
            if head.starts_with(SNAPSHOT) {
                cursor.seek(22);
            }
            legacy::walk(&mut cursor, model)
        }
        _ => ubjson::walk(&mut cursor, model),
    };
    let at = cursor.position().min(size);
    match outcome {
        Ok(()) => return Ok(at),
        Err(Stop::Read(ReadError::Source(error))) => return Err(error),
        Err(Stop::Read(ReadError::Truncated { .. })) => notes.push(&TRUNCATED, at..size, ""),
        Err(Stop::Broken) => notes.push(&BROKEN, at..size, ""),
        Err(Stop::Limit) => notes.push(&LIMIT, at..size, ""),
    }
    Ok(size)
}

/// Why a walk over a binary form ended early.
enum Stop {
    Read(ReadError),
    Broken,
    Limit,
}

impl From<ReadError> for Stop {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

/// Collects what the trees of a model say.
#[derive(Debug, Default)]
struct Model {
    trees: u64,
    /// Number of features, where the model says it.
    features: Option<i64>,
    /// The largest feature that a node asks for, with its tree.
    asked: Option<(i64, Range<u64>)>,
    violations: Notes,
}

impl Model {
    /// Takes an object that ended; most are no trees.
    fn tree(&mut self, tree: &Tree, range: Range<u64>) {
        if let Some(features) = tree.model_features() {
            // Of several the smallest, since it is not known which one a loader takes.
            self.features = Some(self.features.map_or(features, |known| known.min(features)));
        }
        let Some(feature) = tree.judge(&range, &mut self.violations) else {
            return;
        };
        self.trees = self.trees.saturating_add(1);
        if self.asked.as_ref().is_none_or(|(largest, _)| feature > *largest) {
            self.asked = Some((feature, range));
        }
    }

    fn finish(&mut self) {
        if let (Some(count), Some((feature, range))) = (self.features, self.asked.take())
            && feature >= count
        {
            let detail = format!("feature {feature} of {count}");
            self.violations.push(&tree::FEATURE, range, detail);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ids, never_panics, view};

    fn model(left: &[i8], right: &[i8]) -> Vec<u8> {
        let mut bytes = b"{L\0\0\0\0\0\0\0\x07learner{".to_vec();
        for (key, values) in [("left_children", left), ("right_children", right)] {
            bytes.extend([b'U', u8::try_from(key.len()).unwrap()]);
            bytes.extend(key.bytes());
            bytes.extend([b'[', b'$', b'i', b'#', b'U', u8::try_from(values.len()).unwrap()]);
            bytes.extend(values.iter().flat_map(|value| value.to_be_bytes()));
        }
        bytes.extend(b"}}");
        bytes
    }

    #[test]
    fn trees_are_followed() {
        for (left, right, violations) in [
            (&[1, -1, -1][..], &[2, -1, -1][..], &[][..]),
            (&[1, -1, -1], &[9, -1, -1], &["xgboost-child"]),
            (&[1, -1, -1], &[0, -1, -1], &["xgboost-child"]),
            (&[1, -1, -1], &[1, -1, -1], &["xgboost-child"]),
            (&[-1, -1, -1], &[-1], &["xgboost-lengths"]),
        ] {
            let view = view(&model(left, right), parse);
            assert!(view.anomalies().is_empty(), "{view:?}");
            assert_eq!((view.trees, ids(&view.violations).as_slice()), (1, violations));
        }
    }

    #[test]
    fn json_is_read_like_binary_json() {
        let model = |left: &str, features: &str| {
            format!(
                "{{\"learner\":{{\"gradient_booster\":{{\"model\":{{\"trees\":[{{\"left_children\":{left},\"right_children\":[2,-1,-1],\
                 \"split_indices\":{features}}}]}}}},\"learner_model_param\":{{\"base_score\":\"5E-1\",\"num_feature\":\"3\"}}}},\"version\":[2,0,0]}}"
            )
        };
        for (left, features, violations) in [
            ("[1,-1,-1]", "[2,0,0]", &[][..]),
            ("[9,-1,-1]", "[2,0,0]", &["xgboost-child"]),
            ("[1.5,-1,-1]", "[2,0,0]", &["xgboost-child"]),
            ("[1,-1,-1]", "[3,0,0]", &["xgboost-feature"]),
            ("[1,-1,-1]", "[0,9,9]", &[]),
            ("[1,-1,-1]", "[0]", &["xgboost-lengths"]),
        ] {
            let view = view(model(left, features).as_bytes(), parse);
            assert!(view.anomalies().is_empty(), "{view:?}");
            assert_eq!(
                (view.trees, ids(&view.violations).as_slice()),
                (1, violations),
                "{left} {features}"
            );
        }
        never_panics(model("[1,-1,-1]", "[2,0,0]").as_bytes(), parse);
    }

    fn legacy(left: i32) -> Vec<u8> {
        let mut bytes = b"binf".to_vec();
        for number in [0_u32, 2, 0, 1] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.resize(4 + 136, 0);
        for name in ["reg:squarederror", "gbtree"] {
            bytes.extend(u64::try_from(name.len()).unwrap().to_le_bytes());
            bytes.extend(name.bytes());
        }
        bytes.extend(1_u32.to_le_bytes());
        bytes.resize(bytes.len() + 156, 0);
        for number in [1_u32, 3] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.resize(bytes.len() + 140, 0);
        for (left, right) in [(left, 2), (-1, 0), (-1, -1)] {
            for number in [0, left, right, 1, 0] {
                bytes.extend(number.to_le_bytes());
            }
        }
        bytes.resize(bytes.len() + 3 * 16 + 4 + 8, 0);
        bytes
    }

    #[test]
    fn the_older_form_is_walked_to_its_end() {
        let good = legacy(1);
        let one = view(&good, parse);
        assert!(one.anomalies().is_empty() && one.violations.is_empty(), "{one:?}");
        assert_eq!((one.form, one.trees), (Form::Legacy, 1));
        assert_eq!(ids(&view(&legacy(70_000), parse).violations), ["xgboost-child"]);
        assert_eq!(
            ids(view(&good[..good.len() - 2], parse).anomalies()),
            ["xgboost-truncated"]
        );
        let more = [&good[..], b"more"].concat();
        assert_eq!(ids(view(&more, parse).anomalies()), ["xgboost-trailing"]);
        never_panics(&good, parse);
    }

    #[test]
    fn damage_is_said() {
        let good = model(&[-1], &[-1]);
        let more = [&good[..], b"x"].concat();
        let deep = [&b"{L\0\0\0\0\0\0\0\x07learner"[..], &[b'['; 200]].concat();
        for (bytes, id) in [
            (&good[..good.len() - 2], "xgboost-truncated"),
            (&more, "xgboost-trailing"),
            (&deep, "xgboost-limit"),
            (b"{L\0\0\0\0\0\0\0\x07learnerx}", "xgboost-broken"),
        ] {
            assert_eq!(ids(view(bytes, parse).anomalies()), [id]);
        }
    }

    #[test]
    fn damage_never_panics() {
        never_panics(&model(&[1, -1, -1], &[2, -1, -1]), parse);
    }
}
