use super::{Source, Sourced};

/// Says what was done to make something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProcessKind {
    /// Trained or tuned as a whole.
    Training,
    /// An adapter was trained on top of a model.
    Adaptation,
    /// Several models became one.
    Merge,
    /// The weights were written with fewer bits.
    Quantisation,
    /// The weights were written in another format.
    Conversion,
    /// Something else.
    Other,
}

impl ProcessKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Training,
        Self::Adaptation,
        Self::Merge,
        Self::Quantisation,
        Self::Conversion,
        Self::Other,
    ];

    /// Returns the word that documents use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Training => "training",
            Self::Adaptation => "adaptation",
            Self::Merge => "merge",
            Self::Quantisation => "quantization",
            Self::Conversion => "conversion",
            Self::Other => "other",
        }
    }
}

/// Says how something of the bill was made: out of what, with which settings. The machine that it ran on has no place here.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Process {
    /// Id within the bill, unlike that of any component.
    pub id: String,
    /// What was done.
    pub kind: ProcessKind,
    /// Ids of the components that went in.
    pub inputs: Vec<Sourced<String>>,
    /// Ids of the components that came out.
    pub outputs: Vec<Sourced<String>>,
    /// Settings by name, in the order of the source.
    pub settings: Vec<(String, Sourced<String>)>,
    /// Where it is stated.
    pub source: Source,
}

impl Process {
    /// Takes over what `other` says of the same process and this one does not say yet.
    pub fn complete(&mut self, other: Self) {
        for (mine, theirs) in [
            (&mut self.inputs, other.inputs),
            (&mut self.outputs, other.outputs),
        ] {
            for one in theirs {
                if !mine.iter().any(|known| known.value == one.value) {
                    mine.push(one);
                }
            }
        }
        for (name, value) in other.settings {
            if !self.settings.iter().any(|(known, _)| *known == name) {
                self.settings.push((name, value));
            }
        }
    }
}
