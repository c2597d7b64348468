use crate::Text;

/// Says how much of an artifact was truly examined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CoverageState {
    /// Everything that a loader would act on was examined.
    Complete,
    /// Some of it was examined; the reasons say what was not.
    Partial,
    /// Nothing of it was examined.
    Skipped,
}

impl CoverageState {
    /// Returns the word used in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Partial => "partial",
            Self::Skipped => "skipped",
        }
    }
}

/// LIMIT: reasons kept; an archive of ten thousand members that nobody knows says it often enough with these.
const REASONS: usize = 100;

/// Carries the state of examination and every reason why it is not complete.
///
/// INVARIANT: a coverage with reasons is never complete, and one without reasons always is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    state: CoverageState,
    reasons: Vec<Text>,
}

impl Coverage {
    /// Everything was examined.
    pub const fn complete() -> Self {
        Self {
            state: CoverageState::Complete,
            reasons: Vec::new(),
        }
    }

    /// Nothing was examined, for this reason.
    pub fn skipped(reason: Text) -> Self {
        Self {
            state: CoverageState::Skipped,
            reasons: vec![reason],
        }
    }

    /// Returns the state.
    pub const fn state(&self) -> CoverageState {
        self.state
    }

    /// Returns the reasons, each once, in the order in which they came.
    pub fn reasons(&self) -> &[Text] {
        &self.reasons
    }

    /// Takes a reason back that no longer holds; without any reason, a partial coverage is complete.
    pub fn regain(&mut self, reason: &Text) {
        self.reasons.retain(|one| one != reason);
        if self.reasons.is_empty() && self.state == CoverageState::Partial {
            self.state = CoverageState::Complete;
        }
    }

    /// Adds a reason why something was not examined; a complete coverage becomes partial.
    pub fn lose(&mut self, reason: Text) {
        if self.state == CoverageState::Complete {
            self.state = CoverageState::Partial;
        }
        if self.reasons.len() < REASONS && !self.reasons.contains(&reason) {
            self.reasons.push(reason);
            if self.reasons.len() == REASONS {
                self.reasons.pop();
                self.reasons.push(Text::new(
                    "and more of the like, not listed",
                    "以及更多类似原因，未列出",
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_ends_completeness_and_stands_once() {
        let mut coverage = Coverage::complete();
        coverage.lose(Text::same("a"));
        coverage.lose(Text::same("a"));
        assert_eq!(coverage.state(), CoverageState::Partial);
        assert_eq!(coverage.reasons().len(), 1);
    }

    #[test]
    fn a_reason_taken_back_leaves_the_others() {
        let mut coverage = Coverage::complete();
        coverage.lose(Text::same("a"));
        coverage.lose(Text::same("b"));
        coverage.regain(&Text::same("a"));
        assert_eq!(coverage.state(), CoverageState::Partial);
        coverage.regain(&Text::same("b"));
        assert_eq!(coverage.state(), CoverageState::Complete);
        let mut skipped = Coverage::skipped(Text::same("a"));
        skipped.regain(&Text::same("a"));
        assert_eq!(skipped.state(), CoverageState::Skipped);
    }

    #[test]
    fn a_flood_of_reasons_is_cut() {
        let mut coverage = Coverage::complete();
        for number in 0..1_000 {
            coverage.lose(Text::same(number.to_string()));
        }
        assert_eq!(coverage.reasons().len(), REASONS);
    }
}
