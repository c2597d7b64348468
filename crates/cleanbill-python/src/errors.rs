//! Exceptions: the classes are those of `cleanbill._errors`.

use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::{prelude::*, types::PyType};

/// Says that the caller asked for what cannot be.
pub(crate) fn usage(py: Python<'_>, message: impl Into<String>) -> PyErr {
    error(py, "UsageError", message.into())
}

/// Says that a part of ours broke down.
pub(crate) fn internal(py: Python<'_>) -> PyErr {
    error(
        py,
        "InternalError",
        "a part of Cleanbill broke down; this is a bug of Cleanbill".to_owned(),
    )
}

fn error(py: Python<'_>, name: &str, message: String) -> PyErr {
    let class = py
        .import("cleanbill._errors")
        .and_then(|module| module.getattr(name))
        .and_then(|class| Ok(class.cast_into::<PyType>()?));
    match class {
        Ok(class) => PyErr::from_type(class, message),
        Err(error) => error,
    }
}

/// Runs `work` with the interpreter released; a panic becomes an exception.
pub(crate) fn guarded<T: Send>(py: Python<'_>, work: impl FnOnce() -> T + Send) -> PyResult<T> {
    py.detach(|| catch_unwind(AssertUnwindSafe(work)).ok())
        .ok_or_else(|| internal(py))
}

/// Runs `work` with the interpreter held; a panic becomes an exception.
pub(crate) fn caught<T>(py: Python<'_>, work: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(internal(py)))
}

/// Breaks down, so that a test can see what becomes of it.
#[pyfunction]
#[expect(clippy::panic, reason = "what it is for")]
pub(crate) fn break_down(py: Python<'_>) -> PyResult<()> {
    guarded(py, || panic!("on purpose"))
}
