//! What a driver does with what its workers found: parts joined, reports written by the writers of the command line.

use std::{
    fs::File,
    io::{self, BufWriter},
    sync::{Mutex, PoisonError},
};

use arrow_array::RecordBatch;
use arrow_pyarrow::FromPyArrow as _;
use cleanbill_core::{
    Confidence, Language, Severity, Text, ToolInfo,
    leak::{Leak, LeakSummary},
};
use cleanbill_data::{Outcome, Table};
use cleanbill_documents::{
    leaks::{FORMATS, LeakLook, LeakWriter},
    reports::{Detail, RuleInfo},
    terminal::Color,
};
use cleanbill_leaks::{Level, Rule};
use pyo3::{prelude::*, types::PyIterator};

use crate::{
    engine::{Engine, class},
    errors::{caught, usage},
    wire,
};

/// Joins the reports of parts.
#[pyclass(frozen, module = "cleanbill._native")]
pub(crate) struct Merge(Mutex<(cleanbill_data::Merge, String)>);

#[pymethods]
impl Merge {
    #[new]
    fn new(engine: &Engine) -> Self {
        let digest = cleanbill_data::rules_digest(&engine.rules);
        Self(Mutex::new((cleanbill_data::Merge::new(engine.fail_on), digest)))
    }

    /// Adds the report of the next part, in the order of paths and parts; returns how many records, lines and characters of its
    /// artifact stand before it, and which findings of it were reported already.
    fn add(&self, py: Python<'_>, report: &str) -> PyResult<(u64, u64, u64, Vec<u64>)> {
        let report =
            wire::read(report).map_err(|error| usage(py, format!("no report of a part: {error}")))?;
        let mut merge = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let shift = merge.0.add(report);
        Ok((shift.records, shift.lines, shift.chars, shift.repeated))
    }

    /// Returns what a whole run would have said, and begins anew.
    fn finish(&self, target: String, engine: &Engine) -> Summary {
        let mut merge = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let whole = std::mem::replace(&mut merge.0, cleanbill_data::Merge::new(engine.fail_on));
        summary(whole.finish(), merge.1.clone(), target)
    }
}

/// What came out of a search, apart from the findings themselves.
#[pyclass(frozen, module = "cleanbill._native")]
pub(crate) struct Summary {
    summary: LeakSummary,
    internal_errors: Vec<String>,
}

#[pymethods]
impl Summary {
    /// The document `cleanbill.leaks/1` without its findings.
    fn json(&self, py: Python<'_>) -> PyResult<String> {
        let mut bytes = Vec::new();
        let look = look(&[]);
        let format = FORMATS.iter().find(|format| format.id == "json");
        if let Some(format) = format {
            (format.begin)(Box::new(&mut bytes), &look)
                .and_then(|mut writer| writer.finish(&self.summary))
                .map_err(|error| usage(py, error.to_string()))?;
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The same for people, as the command line says it.
    fn __str__(&self) -> String {
        let mut bytes = Vec::new();
        if let Some(format) = FORMATS.iter().find(|format| format.id == "human") {
            let look = look(&[]);
            let written = (format.begin)(Box::new(&mut bytes), &look);
            let _ = written.and_then(|mut writer| writer.finish(&self.summary));
        }
        String::from_utf8_lossy(&bytes).trim_end().to_owned()
    }

    /// `pass`, `fail` or `incomplete`.
    #[getter]
    const fn verdict(&self) -> &'static str {
        self.summary.verdict.as_str()
    }

    /// How many findings there are.
    #[getter]
    fn findings(&self) -> u64 {
        self.summary.total()
    }

    /// Artifacts on which a part of Cleanbill broke down.
    #[getter]
    fn internal_errors(&self) -> Vec<String> {
        self.internal_errors.clone()
    }
}

/// Makes the summary of a search.
pub(crate) fn summary(outcome: Outcome, rules_digest: String, target: String) -> Summary {
    let artifacts = outcome.artifacts;
    Summary {
        summary: LeakSummary {
            tool: ToolInfo {
                name: "cleanbill".to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                detectors_digest: rules_digest,
            },
            target,
            verdict: outcome.verdict,
            records: artifacts.iter().map(|artifact| artifact.records).sum(),
            bytes: artifacts.iter().map(|artifact| artifact.size_bytes).sum(),
            artifacts,
            findings: outcome.findings,
            replaced: None,
            poison: outcome.poison,
            sample: None,
        },
        internal_errors: outcome.internal_errors,
    }
}

const fn look(rules: &[RuleInfo]) -> LeakLook<'_> {
    LeakLook {
        language: Language::English,
        color: Color::Plain,
        detail: Detail::Short,
        rules,
        version: env!("CARGO_PKG_VERSION"),
    }
}

/// Writes a report as the command line writes it: `json`, `jsonl`, `sarif` or `parquet`. The file must not be there yet.
#[pyfunction]
pub(crate) fn write_report(
    py: Python<'_>,
    path: &str,
    format: &str,
    engine: &Engine,
    batches: &Bound<'_, PyIterator>,
    summary: &Summary,
) -> PyResult<()> {
    let failed = |error: io::Error| usage(py, format!("cannot write `{path}`: {error}"));
    let rules: Vec<RuleInfo> = engine.rules.iter().map(described).collect();
    let look = look(&rules);
    let file = BufWriter::new(File::create_new(path).map_err(failed)?);
    let mut out = if format == "parquet" {
        Out::Table(Box::new(Table::new(file).map_err(failed)?))
    } else {
        let known = FORMATS.iter().find(|known| known.id == format);
        let known = known.ok_or_else(|| usage(py, format!("no report is called `{format}`")))?;
        Out::Document((known.begin)(Box::new(file), &look).map_err(failed)?)
    };
    for batch in batches {
        let batch = batch?;
        caught(py, || {
            let batch = RecordBatch::from_pyarrow_bound(&batch)?;
            let leaks = cleanbill_data::leaks(&batch).map_err(|error| usage(py, error.to_string()))?;
            leaks.iter().try_for_each(|leak| out.leak(leak)).map_err(failed)
        })?;
    }
    caught(py, || match out {
        Out::Table(table) => table.finish().map_err(failed),
        Out::Document(mut document) => document.finish(&summary.summary).map_err(failed),
    })
}

/// Returns findings as lines of the report `jsonl`.
#[pyfunction]
pub(crate) fn json_lines(py: Python<'_>, batch: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    let batch = RecordBatch::from_pyarrow_bound(batch)?;
    let failed = |error: &dyn std::fmt::Display| usage(py, error.to_string());
    caught(py, || {
        let leaks = cleanbill_data::leaks(&batch).map_err(|error| failed(&error))?;
        let mut bytes = Vec::new();
        if let Some(format) = FORMATS.iter().find(|format| format.id == "jsonl") {
            let written = (format.begin)(Box::new(&mut bytes), &look(&[]))
                .and_then(|mut writer| leaks.iter().try_for_each(|leak| writer.leak(leak)));
            written.map_err(|error| failed(&error))?;
        }
        let text = String::from_utf8_lossy(&bytes);
        Ok(text.lines().map(str::to_owned).collect())
    })
}

enum Out<'a> {
    Table(Box<Table<BufWriter<File>>>),
    Document(Box<dyn LeakWriter + 'a>),
}

impl Out<'_> {
    fn leak(&mut self, leak: &Leak) -> io::Result<()> {
        match self {
            Self::Table(table) => table.push(leak),
            Self::Document(document) => document.leak(leak),
        }
    }
}

fn described(rule: &Rule) -> RuleInfo {
    let (severity, confidence) = match rule.severity {
        Level::Low => (Severity::Low, Confidence::Low),
        Level::Medium => (Severity::Medium, Confidence::Medium),
        Level::High => (Severity::High, Confidence::High),
    };
    RuleInfo {
        id: rule.id.clone(),
        title: Text::same(rule.name.clone()),
        why: Text::same(""),
        severity,
        confidence,
        tags: vec!["security".to_owned(), class(rule).as_str().to_owned()],
        page: String::new(),
    }
}
