//! A search on a thread of its own, whose findings Python takes batch by batch.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
};

use arrow_array::RecordBatch;
use arrow_pyarrow::ToPyArrow as _;
use cleanbill_core::leak::Leak;
use cleanbill_data::{Artifact, Options, Outcome, Part, PartReport, Searcher};
use pyo3::prelude::*;

use crate::{
    errors::{internal, usage},
    report::{Summary, summary},
    wire,
};

/// Findings of one batch.
const ROWS: usize = 16_384;

/// What is to be searched.
pub(crate) enum Task {
    Part {
        searcher: Arc<Searcher>,
        artifact: Artifact,
        part: Option<Part>,
    },
    Whole {
        target: String,
        artifacts: Vec<Artifact>,
        options: Box<Options>,
    },
}

enum Said {
    Batch(RecordBatch),
    Part(Box<PartReport>),
    Whole(Box<Summary>),
}

/// A search that runs; batches come from iterating over it, its report when it is over.
#[pyclass(frozen, module = "cleanbill._native")]
pub(crate) struct Run {
    said: Mutex<Receiver<Said>>,
    report: Mutex<Option<String>>,
    summary: Mutex<Option<Py<Summary>>>,
}

impl Run {
    pub(crate) fn start(task: Task) -> Self {
        // Few batches wait, so that a search goes no faster than its findings are taken.
        let (sender, said) = sync_channel(2);
        // Where no thread is to be had or it breaks down, the channel ends without a report, and that is said.
        let _ = thread::Builder::new()
            .name("cleanbill".to_owned())
            .spawn(move || catch_unwind(AssertUnwindSafe(|| work(task, &sender))));
        Self {
            said: Mutex::new(said),
            report: Mutex::new(None),
            summary: Mutex::new(None),
        }
    }
}

#[pymethods]
impl Run {
    const fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let said = py.detach(|| self.said.lock().unwrap_or_else(PoisonError::into_inner).recv());
        match said {
            Ok(Said::Batch(batch)) => batch.to_pyarrow(py).map(Some),
            Ok(Said::Part(report)) => {
                let report = wire::write(&report).map_err(|_| internal(py))?;
                *self.report.lock().unwrap_or_else(PoisonError::into_inner) = Some(report);
                Ok(None)
            }
            Ok(Said::Whole(summary)) => {
                let summary = Py::new(py, *summary)?;
                *self.summary.lock().unwrap_or_else(PoisonError::into_inner) = Some(summary);
                Ok(None)
            }
            Err(_) if self.is_over() => Ok(None),
            Err(_) => Err(internal(py)),
        }
    }

    /// The report of a part.
    #[getter]
    fn report(&self, py: Python<'_>) -> PyResult<String> {
        let report = self.report.lock().unwrap_or_else(PoisonError::into_inner);
        report.clone().ok_or_else(|| usage(py, "the search is not over"))
    }

    /// What came out of a whole search.
    #[getter]
    fn summary(&self, py: Python<'_>) -> PyResult<Py<Summary>> {
        let summary = self.summary.lock().unwrap_or_else(PoisonError::into_inner);
        let summary = summary.as_ref().map(|summary| summary.clone_ref(py));
        summary.ok_or_else(|| usage(py, "the search is not over"))
    }
}

impl Run {
    fn is_over(&self) -> bool {
        let report = self.report.lock().unwrap_or_else(PoisonError::into_inner);
        let summary = self.summary.lock().unwrap_or_else(PoisonError::into_inner);
        report.is_some() || summary.is_some()
    }
}

/// Nobody takes findings any more.
fn gone() -> std::io::Error {
    std::io::Error::other("nobody takes the findings")
}

fn work(task: Task, sender: &SyncSender<Said>) -> Option<()> {
    let mut held: Vec<Leak> = Vec::new();
    let mut emit = |leak: &Leak| {
        held.push(leak.clone());
        if held.len() >= ROWS {
            hand_on(&mut held, sender).ok_or_else(gone)?;
        }
        Ok(())
    };
    let end = match task {
        Task::Part {
            searcher,
            artifact,
            part,
        } => Said::Part(Box::new(searcher.part(&artifact, part.as_ref(), &mut emit).ok()?)),
        Task::Whole {
            target,
            artifacts,
            options,
        } => {
            let digest = cleanbill_data::rules_digest(&options.rules);
            let outcome: Outcome = cleanbill_data::run(artifacts, *options, None, None, &mut emit).ok()?;
            Said::Whole(Box::new(summary(outcome, digest, target)))
        }
    };
    if !held.is_empty() {
        hand_on(&mut held, sender)?;
    }
    sender.send(end).ok()
}

fn hand_on(held: &mut Vec<Leak>, sender: &SyncSender<Said>) -> Option<()> {
    let batch = cleanbill_data::batch(held).ok()?;
    held.clear();
    sender.send(Said::Batch(batch)).ok()
}
