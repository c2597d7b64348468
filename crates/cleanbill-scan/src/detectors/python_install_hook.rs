//! Detector `python-install-hook`.

use crate::{detector::detector, programs::Subject, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Classes of a `setup.py` that replace steps of the installation; `.pth`, `sitecustomize.py` and
    /// `usercustomize.py`, which run with every start of Python.
    /// ## Why it matters
    /// `pip install` of a source package runs them without a question.
    /// ## How it is decided
    /// `cmdclass` of `setup()` is read; what those classes do is judged by the other detectors as code that runs at
    /// import. A start-up file is *medium*, and *high* where it runs a text.
    /// ## What it misses
    /// Build back ends named in `pyproject.toml`.
    /// ## What to do
    /// Read the code at the place; do not load or install it where it does more than it says.
    /// ## References
    /// Documentation of the `site` module; CWE-506.
    id: "python-install-hook",
    title: "Package runs code when it is installed", "软件包在安装时运行代码",
    severity: Low, confidence: Medium,
    tags: &["CWE-506", "AML.T0010.001"], controls: &["MOD-01", "APP-02"],
    on: artifact => run,
}

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    crate::programs::report(scene, Subject::InstallHook, sink);
}
