//! Detector `python-unsafe-load`.

use crate::{detector::detector, programs::Subject, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// `pickle`, `torch.load` without `weights_only=True`, `joblib`, `dill`, `yaml.load` without a safe loader,
    /// `numpy.load` with pickles, Keras with its safety off, `trust_remote_code=True`.
    /// ## Why it matters
    /// The program is honest, but whoever changes the file that it loads runs code in it.
    /// ## How it is decided
    /// One *low* finding for each callable and file, because honest libraries write these; *high* where what is
    /// loaded was fetched or encoded in the program.
    /// ## What it misses
    /// Wrappers of other libraries that do the same.
    /// ## What to do
    /// Read the code at the place; do not load or install it where it does more than it says.
    /// ## References
    /// CWE-502; documentation of `torch.load` and `pickle`.
    id: "python-unsafe-load",
    title: "Program loads files in a way that runs code", "程序以会执行代码的方式加载文件",
    severity: Low, confidence: Medium,
    tags: &["CWE-502", "AML.T0010"], controls: &["APP-03"],
    on: artifact => run,
}

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    crate::programs::report(scene, Subject::UnsafeLoad, sink);
}
