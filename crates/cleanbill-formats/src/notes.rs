//! Collects anomalies up to the limit, so that one input cannot flood a report.

use std::ops::Range;

use crate::{Anomaly, AnomalyKind, bytes::size_usize, limits::Limits};

/// More of the same than the limit keeps.
static MORE: AnomalyKind = AnomalyKind::limit(
    "anomalies-dropped",
    "more oddities than are listed: limit `anomalies` reached",
    "异常数量超过可列出的数目：达到上限 `anomalies`",
);

/// Keeps anomalies up to `Limits::anomalies`; says so once where more came.
#[derive(Debug)]
pub(crate) struct Notes {
    list: Vec<Anomaly>,
    most: usize,
}

impl Notes {
    /// Starts empty.
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            list: Vec::new(),
            most: size_usize(limits.anomalies),
        }
    }

    /// Notes one oddity.
    pub(crate) fn add(&mut self, kind: &'static AnomalyKind, range: Range<u64>, detail: impl Into<String>) {
        if self.list.len() < self.most {
            self.list.push(Anomaly::new(kind, range, detail));
        } else if self.list.len() == self.most {
            self.list.push(Anomaly::new(&MORE, range, ""));
        }
    }

    /// Gives what was noted.
    pub(crate) fn finish(self) -> Vec<Anomaly> {
        self.list
    }
}
