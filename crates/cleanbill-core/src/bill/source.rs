/// Says how a value came to be known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// Read from a file of the target.
    #[default]
    Stated,
    /// Computed or measured from the bytes themselves.
    Measured,
    /// Concluded from other values by a rule that [`Source::place`] names.
    Concluded,
    /// Given by whoever called.
    Given,
    /// Taken over from another bill of materials.
    Foreign,
}

/// Names the place that a value came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    /// How it came to be known.
    pub origin: Origin,
    /// Path of the file, relative to the target; the option for values that were given; the document for foreign ones.
    pub file: String,
    /// Place in it: a key path such as `model-index[0].results`, a section, or a rule.
    pub place: String,
}

impl Source {
    /// Names a place in a file.
    pub fn file(file: &str, place: &str) -> Self {
        Self::of(Origin::Stated, file, place)
    }

    /// Names what was computed from the bytes of a file.
    pub fn measured(file: &str, place: &str) -> Self {
        Self::of(Origin::Measured, file, place)
    }

    /// Names the rule by which a value follows from a file.
    pub fn concluded(file: &str, place: &str) -> Self {
        Self::of(Origin::Concluded, file, place)
    }

    /// Names the option that a value was given by.
    pub fn given(option: &str) -> Self {
        Self::of(Origin::Given, option, "")
    }

    /// Names the document of someone else.
    pub fn foreign(document: &str, place: &str) -> Self {
        Self::of(Origin::Foreign, document, place)
    }

    fn of(origin: Origin, file: &str, place: &str) -> Self {
        Self {
            origin,
            file: file.to_owned(),
            place: place.to_owned(),
        }
    }
}

/// Holds a value with where it came from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// Where it came from.
    pub source: Source,
}

impl<T> Sourced<T> {
    /// Joins a value and its source.
    pub fn new(value: T, source: Source) -> Self {
        Self { value, source }
    }
}
