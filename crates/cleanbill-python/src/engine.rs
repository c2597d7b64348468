//! The search for leaks with one set of options.

use std::{num::NonZeroUsize, sync::Arc};

use arrow_array::RecordBatch;
use arrow_pyarrow::{FromPyArrow as _, ToPyArrow as _};
use cleanbill_core::{Severity, leak::LeakClass};
use cleanbill_data::{Artifact, Key, LEAST_KEY_BYTES, Options, Part, Searcher};
use cleanbill_formats::limits::Limits;
use cleanbill_leaks::{Class, Rule, Rules};
use cleanbill_scan::source::{Folder, Listed, Source as _};
use pyo3::prelude::*;

use crate::{
    bytes::Given,
    errors::{guarded, internal, usage},
    run::{Run, Task},
    wire,
};

/// Kind, size of the artifact, and where a part of it begins and ends.
pub(crate) type PartTuple = (String, u64, u64, u64);

/// What to look for, and how.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Wishes {
    rules: Vec<String>,
    classes: Vec<String>,
    columns: Option<Vec<String>>,
    id_field: Option<String>,
    fail_on: String,
}

/// Searches with one set of options.
#[pyclass(frozen, module = "cleanbill._native")]
pub(crate) struct Engine {
    pub(crate) searcher: Arc<Searcher>,
    pub(crate) rules: Rules,
    pub(crate) fail_on: Severity,
    key: Key,
    columns: Option<Vec<String>>,
    id_field: Option<String>,
}

#[pymethods]
impl Engine {
    #[new]
    fn new(py: Python<'_>, key: Option<Vec<u8>>, wishes: Wishes) -> PyResult<Self> {
        let Wishes {
            columns, id_field, ..
        } = wishes;
        let key = match key {
            Some(key) => key,
            None => fresh(py)?,
        };
        let key = Key::new(&key).ok_or_else(|| {
            usage(
                py,
                format!("a key has {LEAST_KEY_BYTES} bytes or more, at random"),
            )
        })?;
        let fail_on = severity(py, &wishes.fail_on)?;
        let mut wanted = Vec::new();
        for class in wishes.classes {
            let class = LeakClass::parse(&class).ok_or_else(|| {
                let known = LeakClass::ALL.map(LeakClass::as_str).join(", ");
                usage(py, format!("no class is called `{class}`; there are: {known}"))
            })?;
            if class == LeakClass::Poison {
                let said =
                    "poison is looked for in a whole data set at once, which `cleanbill leaks --poison` does";
                return Err(usage(py, said.to_owned()));
            }
            wanted.push(class);
        }
        let mut all = Rules::builtin();
        for text in wishes.rules {
            let more =
                Rules::parse(&text).map_err(|error| usage(py, format!("cannot use the rules: {error}")))?;
            all = all.and(more);
        }
        if !wanted.is_empty() {
            all = all.only(|rule| wanted.contains(&class(rule)));
        }
        let options = Options {
            rules: all.clone(),
            key: key.clone(),
            columns: columns.clone(),
            id_field: id_field.clone(),
            sample: None,
            redaction: None,
            poison: None,
            fail_on,
            workers: NonZeroUsize::MIN,
        };
        let searcher = guarded(py, || Searcher::new(options))?;
        Ok(Self {
            searcher: Arc::new(searcher),
            rules: all,
            fail_on,
            key,
            columns,
            id_field,
        })
    }

    /// Digest of the rules.
    #[getter]
    fn rules_digest(&self) -> String {
        cleanbill_data::rules_digest(&self.rules)
    }

    /// Searches rows, and the names of their columns where they are the first; returns what was found as a batch, and the report of them.
    fn rows<'py>(
        &self,
        py: Python<'py>,
        batch: &Bound<'py, PyAny>,
        artifact: &str,
        is_first: bool,
    ) -> PyResult<(Bound<'py, PyAny>, String)> {
        let rows = RecordBatch::from_pyarrow_bound(batch)?;
        let artifact = Given::Unreadable(cleanbill_core::Text::same("")).artifact(artifact);
        let (found, report) = guarded(py, || {
            let mut leaks = Vec::new();
            let report = self.searcher.rows(&artifact, &rows, is_first, &mut |leak| {
                leaks.push(leak.clone());
                Ok(())
            });
            report.ok().map(|report| (cleanbill_data::batch(&leaks), report))
        })?
        .ok_or_else(|| internal(py))?;
        let found = found.map_err(|_| internal(py))?;
        let report = wire::write(&report).map_err(|_| internal(py))?;
        Ok((found.to_pyarrow(py)?, report))
    }

    /// Begins to search an artifact, or a part of it.
    fn part(&self, artifact: &str, source: &Bound<'_, PyAny>, part: Option<PartTuple>) -> PyResult<Run> {
        let artifact = Given::of(source)?.artifact(artifact);
        let part = part.map(|(kind, size_bytes, start, end)| Part {
            kind,
            size_bytes,
            range: start..end,
        });
        let searcher = Arc::clone(&self.searcher);
        Ok(Run::start(Task::Part {
            searcher,
            artifact,
            part,
        }))
    }

    /// Begins to search artifacts, each a name with what it is read from, on so many threads.
    fn whole(
        &self,
        py: Python<'_>,
        target: String,
        sources: Vec<(String, Bound<'_, PyAny>)>,
        jobs: Option<usize>,
    ) -> PyResult<Run> {
        let mut artifacts: Vec<Artifact> = Vec::new();
        for (name, source) in sources {
            artifacts.push(Given::of(&source)?.artifact(&name));
        }
        if jobs == Some(0) {
            return Err(usage(py, "`jobs` is 1 or more"));
        }
        let workers = jobs
            .and_then(NonZeroUsize::new)
            .or_else(|| std::thread::available_parallelism().ok())
            .unwrap_or(NonZeroUsize::MIN);
        let options = Options {
            rules: self.rules.clone(),
            key: self.key.clone(),
            columns: self.columns.clone(),
            id_field: self.id_field.clone(),
            sample: None,
            redaction: None,
            poison: None,
            fail_on: self.fail_on,
            workers,
        };
        Ok(Run::start(Task::Whole {
            target,
            artifacts,
            options: Box::new(options),
        }))
    }
}

fn fresh(py: Python<'_>) -> PyResult<Vec<u8>> {
    let mut bytes = vec![0; 32];
    match getrandom::fill(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(error) => Err(usage(py, format!("the system gives no random numbers: {error}"))),
    }
}

/// Reads the word for a severity.
pub(crate) fn severity(py: Python<'_>, word: &str) -> PyResult<Severity> {
    Severity::parse(word).ok_or_else(|| {
        let known = Severity::ALL.map(Severity::as_str).join(", ");
        usage(py, format!("no severity is called `{word}`; there are: {known}"))
    })
}

/// Returns the class of what a rule finds.
pub(crate) fn class(rule: &Rule) -> LeakClass {
    match rule.class {
        Class::Personal => LeakClass::Personal,
        Class::Hidden => LeakClass::Hidden,
        Class::Poison => LeakClass::Poison,
        _ => LeakClass::Secret,
    }
}

/// Cuts an artifact into parts of about so many bytes; none where it can only be read as a whole.
#[pyfunction]
pub(crate) fn parts(
    py: Python<'_>,
    artifact: &str,
    source: &Bound<'_, PyAny>,
    part_bytes: u64,
) -> PyResult<Vec<PartTuple>> {
    let given = Given::of(source)?;
    let parts = guarded(py, || match given.open() {
        Ok(bytes) => cleanbill_data::parts(artifact, &bytes, part_bytes),
        // What cannot be read is said where it is searched.
        Err(_) => Vec::new(),
    })?;
    let parts = parts.into_iter();
    Ok(parts
        .map(|part| (part.kind, part.size_bytes, part.range.start, part.range.end))
        .collect())
}

/// Lists the files of a target of this machine as the command line names them, each with the reason why it cannot be listed.
#[pyfunction]
pub(crate) fn listing(py: Python<'_>, target: String) -> PyResult<Vec<(String, Option<String>)>> {
    let listed = guarded(py, || Folder::new(target, Limits::default().folder_depth).list())?;
    let listed = listed.into_iter().map(|listed| match listed {
        Listed::Artifact(artifact) => (artifact.path().to_owned(), None),
        Listed::Unreadable { path, reason } => (path, Some(reason.en().to_owned())),
    });
    let mut listed: Vec<_> = listed.collect();
    listed.sort();
    Ok(listed)
}
