//! The native half of the Python package `cleanbill`: Arrow batches, files and models in, findings and reports out.
//!
//! What the package looks like is said in Python, beside this crate. Whatever takes long runs with the interpreter released, and
//! a panic of ours becomes an exception or a line of a report.

mod bytes;
mod engine;
mod errors;
mod models;
mod report;
mod run;
mod wire;

use pyo3::prelude::*;

/// The native half of `cleanbill`.
#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<engine::Engine>()?;
    module.add_class::<report::Merge>()?;
    module.add_class::<report::Summary>()?;
    module.add_class::<run::Run>()?;
    module.add_function(wrap_pyfunction!(engine::parts, module)?)?;
    module.add_function(wrap_pyfunction!(engine::listing, module)?)?;
    module.add_function(wrap_pyfunction!(models::scan, module)?)?;
    module.add_function(wrap_pyfunction!(report::write_report, module)?)?;
    module.add_function(wrap_pyfunction!(report::json_lines, module)?)?;
    module.add_function(wrap_pyfunction!(errors::break_down, module)?)?;
    Ok(())
}
