//! Scans of models.

use std::sync::Arc;

use cleanbill_documents::{
    reports::{self, Detail, RenderContext, RunOptions},
    terminal::Color,
};
use cleanbill_formats::{bytes::ReadAt, limits::LIMITS};
use cleanbill_scan::{
    DETECTORS, Options,
    source::{Folder, Held, Source},
};
use pyo3::prelude::*;

use crate::{
    bytes::Given,
    engine::severity,
    errors::{guarded, internal, usage},
};

/// How to scan.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Wishes {
    fail_on: String,
    only: Option<Vec<String>>,
    limits: Vec<(String, u64)>,
    digests: bool,
}

/// Scans a file or folder of this machine, or what is given with names; returns the document `json`, and where a part of ours
/// broke down.
#[pyfunction]
pub(crate) fn scan(
    py: Python<'_>,
    target: &str,
    sources: Option<Vec<(String, Bound<'_, PyAny>)>>,
    wishes: Wishes,
) -> PyResult<(String, Vec<String>)> {
    let Wishes { only, limits, .. } = wishes;
    let mut options = Options {
        fail_on: severity(py, &wishes.fail_on)?,
        digests: wishes.digests,
        ..Options::default()
    };
    for (name, value) in &limits {
        if !options.limits.set(name, *value) {
            let known = LIMITS.iter().map(|limit| limit.name).collect::<Vec<_>>();
            let known = known.join(", ");
            return Err(usage(
                py,
                format!("no limit is called `{name}`; there are: {known}"),
            ));
        }
    }
    for id in only.iter().flatten() {
        if !DETECTORS.iter().any(|detector| detector.id == id) {
            return Err(usage(py, format!("no detector is called `{id}`")));
        }
    }
    options.only.clone_from(&only);
    let held = match sources {
        None => None,
        Some(sources) => {
            let mut held = Held::default();
            for (name, source) in sources {
                let Given::Bytes(bytes) = Given::of(&source)? else {
                    return Err(usage(
                        py,
                        format!("`{name}` is a path; bytes or a file are wanted"),
                    ));
                };
                held = held.with(&name, bytes as Arc<dyn ReadAt>);
            }
            Some(held)
        }
    };
    let folder = Folder::new(target, options.limits.folder_depth);
    let source: &dyn Source = held.as_ref().map_or(&folder, |held| held);
    let outcome = guarded(py, || cleanbill_scan::scan(source, target, &options, None))?;
    let described = RunOptions {
        fail_on: options.fail_on,
        only,
        limits,
    };
    let context = RenderContext {
        language: cleanbill_core::Language::English,
        width: 100,
        color: Color::Plain,
        detail: Detail::Short,
        rules: &[],
        options: &described,
    };
    let format = reports::find("json").ok_or_else(|| internal(py))?;
    let document = guarded(py, || (format.render)(&outcome.report, &context))?;
    Ok((
        String::from_utf8_lossy(&document).into_owned(),
        outcome.internal_errors,
    ))
}
