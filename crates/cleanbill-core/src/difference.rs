//! What changed between two models, and what that says of where the second one comes from.

use crate::{Severity, Text, Verdict, tensors::Gap};

/// Holds everything that a comparison found.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The earlier model, as the caller named it.
    pub before: String,
    /// The later model.
    pub after: String,
    /// What the later model is said to be.
    pub claim: Option<Claim>,
    /// Pass, fail, or incomplete where something could not be compared.
    pub verdict: Verdict,
    /// Files.
    pub files: Vec<FileChange>,
    /// Keys of configuration files.
    pub settings: Vec<SettingChange>,
    /// Tokens.
    pub tokens: TokenChanges,
    /// Chat templates.
    pub templates: Vec<TemplateChange>,
    /// Tensors, those that changed first by how much, then by name.
    pub tensors: Vec<TensorChange>,
    /// What the later model is, as far as its tensors tell.
    pub lineage: Lineage,
    /// What does not fit, the worst first.
    pub findings: Vec<Mismatch>,
    /// What was not compared.
    pub gaps: Vec<Gap>,
}

impl Difference {
    /// Says whether anything differs at all.
    pub fn is_empty(&self) -> bool {
        self.files.iter().all(|file| file.kind == Kind::Same)
            && self.tensors.iter().all(|tensor| tensor.kind == TensorKind::Same)
    }
}

/// Says what the later model is claimed to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Claim {
    /// Trained further.
    FineTune,
    /// An adapter for the earlier model.
    Adapter,
    /// The earlier model with an adapter added to its weights.
    MergedAdapter,
    /// The earlier model with fewer bits.
    Quantisation,
    /// A weighted sum of several models.
    Merge,
    /// The same weights in another container or type.
    Conversion,
}

impl Claim {
    /// Every claim.
    pub const ALL: [Self; 6] = [
        Self::FineTune,
        Self::Adapter,
        Self::MergedAdapter,
        Self::Quantisation,
        Self::Merge,
        Self::Conversion,
    ];

    /// Returns the word for machines and for the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FineTune => "fine-tune",
            Self::Adapter => "adapter",
            Self::MergedAdapter => "merged-adapter",
            Self::Quantisation => "quantisation",
            Self::Merge => "merge",
            Self::Conversion => "conversion",
        }
    }
}

/// Says what the tensors of the later model tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Descent {
    /// Bit for bit the same weights under the same names and types.
    Identical,
    /// The same weights in another type, container, or under other names.
    Conversion,
    /// Trained further.
    FineTune,
    /// An adapter.
    Adapter,
    /// Low-rank changes in matrices.
    MergedAdapter,
    /// Few tensors changed, the others are the same bit for bit.
    Edit,
    /// Fewer bits.
    Quantisation,
    /// A weighted sum.
    Merge,
    /// No weights in common.
    Unrelated,
}

impl Descent {
    /// Every answer.
    pub const ALL: [Self; 9] = [
        Self::Identical,
        Self::Conversion,
        Self::FineTune,
        Self::Adapter,
        Self::MergedAdapter,
        Self::Edit,
        Self::Quantisation,
        Self::Merge,
        Self::Unrelated,
    ];

    /// Returns the word for machines.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Identical => "identical",
            Self::Conversion => "conversion",
            Self::FineTune => "fine-tune",
            Self::Adapter => "adapter",
            Self::MergedAdapter => "merged-adapter",
            Self::Edit => "edit",
            Self::Quantisation => "quantisation",
            Self::Merge => "merge",
            Self::Unrelated => "unrelated",
        }
    }
}

/// Says what the later model is.
#[derive(Clone, Debug)]
pub struct Lineage {
    /// The answer that fits best; `None` where nothing could be compared.
    pub descent: Option<Descent>,
    /// How well each answer fits, from 0 to 1, in the order of [`Descent::ALL`].
    pub scores: Vec<(Descent, f64)>,
    /// The rank in the middle of those of low-rank changes.
    pub rank: Option<u64>,
    /// Share of each model that a merge is made of.
    pub coefficients: Vec<(String, f64)>,
    /// Layers in their order, with how far each moved.
    pub layers: Vec<Layer>,
}

/// Tells how far the tensors of one layer moved.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Name: the part of the tensors' names up to the number, or what stands outside layers.
    pub name: String,
    /// Relative distance of all its tensors together.
    pub relative: f64,
    /// Indexes in [`Difference::tensors`].
    pub tensors: Vec<usize>,
}

/// Says what happened to a thing that both sides may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// It is the same.
    Same,
    /// It is another.
    Changed,
    /// Only the later side has it.
    Added,
    /// Only the earlier side has it.
    Removed,
}

impl Kind {
    /// Returns the word for machines.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Changed => "changed",
            Self::Added => "added",
            Self::Removed => "removed",
        }
    }
}

/// Tells what happened to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// Path relative to the models.
    pub path: String,
    /// What happened.
    pub kind: Kind,
    /// Sizes before and after.
    pub bytes: (Option<u64>, Option<u64>),
}

/// Tells what happened to a key of a configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingChange {
    /// Path of the file.
    pub path: String,
    /// Key, with dots between levels.
    pub key: String,
    /// Value before.
    pub before: Option<String>,
    /// Value after.
    pub after: Option<String>,
}

/// Tells what happened to a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenChange {
    /// Path of the file.
    pub path: String,
    /// The token.
    pub token: String,
    /// Number before.
    pub before: Option<u64>,
    /// Number after.
    pub after: Option<u64>,
    /// It is special on one side at least.
    pub special: bool,
}

/// Tells what happened to the tokens; the lists are cut, the counts are not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenChanges {
    /// Tokens before and after.
    pub tokens: (u64, u64),
    /// How many were added, removed, renumbered.
    pub counts: (u64, u64, u64),
    /// How many merge rules differ.
    pub merges: u64,
    /// Changed tokens, special ones first.
    pub changes: Vec<TokenChange>,
    /// Roles of special tokens that another token has now: role, before, after.
    pub roles: Vec<(String, Option<String>, Option<String>)>,
}

/// Tells what happened to a chat template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateChange {
    /// Path of the file, and the name of the template where it has one.
    pub path: String,
    /// What happened.
    pub kind: Kind,
    /// Lines that only the earlier one has, then lines that only the later one has; cut.
    pub lines: (Vec<String>, Vec<String>),
}

/// Says what happened to a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TensorKind {
    /// Bit for bit the same.
    Same,
    /// The same bits under another name, or with rows and columns exchanged.
    Renamed,
    /// Each value is what a conversion to the other type gives.
    Retyped,
    /// Other values.
    Changed,
    /// Only the later model has it.
    Added,
    /// Only the earlier model has it.
    Removed,
    /// Both have it, and it could not be compared.
    NotCompared,
}

impl TensorKind {
    /// Returns the word for machines.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Renamed => "renamed",
            Self::Retyped => "retyped",
            Self::Changed => "changed",
            Self::Added => "added",
            Self::Removed => "removed",
            Self::NotCompared => "not-compared",
        }
    }
}

/// Describes a tensor on one side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorSide {
    /// Name.
    pub name: String,
    /// Type.
    pub dtype: String,
    /// Shape, the slowest dimension first.
    pub shape: Vec<u64>,
}

/// Tells how far values moved.
#[derive(Clone, Debug, Default)]
pub struct Distance {
    /// Length of the difference over the length of what was there before.
    pub relative: f64,
    /// Cosine between before and after.
    pub cosine: f64,
    /// Largest difference of one element.
    pub largest: f64,
    /// Share of elements that differ, from 0 to 1.
    pub share: f64,
    /// Rows that differ, and all rows; one row for tensors of one dimension.
    pub rows: (u64, u64),
    /// Relative length of the difference in bands of rows, from the first to the last.
    pub bands: Vec<f64>,
    /// Estimated rank of the difference, where it is low.
    pub rank: Option<u64>,
    /// Share of the difference that its strongest direction holds, where that was looked at.
    pub concentration: Option<f64>,
    /// Elements that are not finite, before and after.
    pub not_finite: (u64, u64),
}

/// Names a row of an embedding that differs.
#[derive(Clone, Debug)]
pub struct RowChange {
    /// Number of the row.
    pub row: u64,
    /// The token of that number.
    pub token: Option<String>,
    /// Relative length of its difference.
    pub relative: f64,
}

/// Tells what happened to a tensor.
#[derive(Clone, Debug)]
pub struct TensorChange {
    /// What happened.
    pub kind: TensorKind,
    /// Before.
    pub before: Option<TensorSide>,
    /// After.
    pub after: Option<TensorSide>,
    /// Rows and columns are exchanged.
    pub transposed: bool,
    /// How far the values moved, where they did.
    pub distance: Option<Distance>,
    /// Rows of an embedding that moved most.
    pub rows: Vec<RowChange>,
    /// Rows stand in another order.
    pub permuted: bool,
    /// How much it stands out among its like; above 1 it is worth a look.
    pub standing: f64,
}

impl TensorChange {
    /// Returns the name to show.
    pub fn name(&self) -> &str {
        let side = self.before.as_ref().or(self.after.as_ref());
        side.map_or("", |side| &side.name)
    }
}

/// Tells of something that does not fit what the model is said, or seems, to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Mismatch {
    /// Permanent kebab-case id.
    pub id: &'static str,
    /// How bad.
    pub severity: Severity,
    /// The tensor, where it is one.
    pub tensor: Option<String>,
    /// What is wrong.
    pub message: Text,
    /// By how much, for the order.
    pub weight: f64,
}
