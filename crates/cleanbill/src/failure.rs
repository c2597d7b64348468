use cleanbill_core::{ExitCode, Text};

/// Ends a command without a result: what happened, and what to try.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: ExitCode,
    pub(crate) message: Text,
    pub(crate) hint: Option<Text>,
}

impl Failure {
    /// The command was asked for something that it cannot do.
    pub(crate) const fn usage(message: Text) -> Self {
        Self {
            code: ExitCode::Usage,
            message,
            hint: None,
        }
    }

    /// Something could not be read.
    pub(crate) const fn incomplete(message: Text) -> Self {
        Self {
            code: ExitCode::Incomplete,
            message,
            hint: None,
        }
    }

    pub(crate) fn hint(mut self, hint: Text) -> Self {
        self.hint = Some(hint);
        self
    }
}
