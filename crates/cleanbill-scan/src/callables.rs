//! What is known of callables that pickles name.

/// Says what a callable is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Nobody reviewed it.
    Unknown,
}

/// Judges a callable.
pub fn judge(_module: &str, _name: &str) -> Judgement {
    Judgement::Unknown
}

/// Feeds the tables to a hasher.
pub(crate) fn feed_tables(_feed: &mut dyn FnMut(&[u8])) {}
