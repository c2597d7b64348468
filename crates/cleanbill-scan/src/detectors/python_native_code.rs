//! Detector `python-native-code`.

use crate::{detector::detector, programs::Subject, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Libraries loaded with `ctypes`, `cffi`, `torch.ops.load_library` and their like; functions of system
    /// libraries that run commands or change memory protection.
    /// ## Why it matters
    /// Native code is not examined here and can do anything.
    /// ## How it is decided
    /// *High* where the file has no name of a library, lies in a folder for temporary files, was fetched, or a
    /// dangerous function is called. *Low* otherwise.
    /// ## What it misses
    /// What the library does.
    /// ## What to do
    /// Read the code at the place; do not load or install it where it does more than it says.
    /// ## References
    /// CWE-114.
    id: "python-native-code",
    title: "Program loads native code", "程序加载原生代码",
    severity: High, confidence: Medium,
    tags: &["CWE-114", "AML.T0011"], controls: &["MOD-01", "APP-02"],
    on: artifact => run,
}

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    crate::programs::report(scene, Subject::NativeCode, sink);
}
