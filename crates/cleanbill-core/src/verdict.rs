/// Decides about exact bytes: may they be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Examined in full, nothing at or above the threshold.
    Pass,
    /// Something could not be examined, and nothing at or above the threshold was seen.
    Incomplete,
    /// Something at or above the threshold was seen.
    Fail,
}

impl Verdict {
    /// Returns the word used in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Incomplete => "incomplete",
            Self::Fail => "fail",
        }
    }

    /// Joins two verdicts into the worse: fail before incomplete before pass.
    #[must_use]
    pub fn worse(self, other: Self) -> Self {
        self.max(other)
    }
}

/// Lists the exit codes of every command, whatever the format of its report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExitCode {
    /// The verdict is pass.
    Pass,
    /// The verdict is fail.
    Fail,
    /// Wrong usage or configuration; nothing was decided.
    Usage,
    /// Something could not be read, parsed or verified, or there was no input.
    Incomplete,
    /// A bug in Cleanbill.
    Internal,
}

impl ExitCode {
    /// Every exit code, in the order of its number.
    pub const ALL: [Self; 5] = [
        Self::Pass,
        Self::Fail,
        Self::Usage,
        Self::Incomplete,
        Self::Internal,
    ];

    /// Returns the number that the process exits with.
    pub const fn number(self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Fail => 1,
            Self::Usage => 2,
            Self::Incomplete => 3,
            Self::Internal => 70,
        }
    }

    /// Returns the name used in the documentation.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Usage => "usage",
            Self::Incomplete => "incomplete",
            Self::Internal => "internal",
        }
    }
}

impl From<Verdict> for ExitCode {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Pass => Self::Pass,
            Verdict::Fail => Self::Fail,
            Verdict::Incomplete => Self::Incomplete,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fail_wins_over_incomplete_wins_over_pass() {
        assert_eq!(Verdict::Pass.worse(Verdict::Incomplete), Verdict::Incomplete);
        assert_eq!(Verdict::Incomplete.worse(Verdict::Fail), Verdict::Fail);
        assert_eq!(Verdict::Fail.worse(Verdict::Pass), Verdict::Fail);
    }
}
