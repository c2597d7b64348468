//! Detector `python-file-tampering`.

use crate::{detector::detector, programs::Subject, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Files written where shells, schedulers, Python or editors run them; keys added for remote entry; files
    /// outside of the program's own removed.
    /// ## Why it matters
    /// This is how an attack stays after the model is gone.
    /// ## How it is decided
    /// Constant paths are held against a list of places that are run or trusted.
    /// ## What it misses
    /// Paths that are not known before the program runs.
    /// ## What to do
    /// Read the code at the place; do not load or install it where it does more than it says.
    /// ## References
    /// CWE-73.
    id: "python-file-tampering",
    title: "Program changes files of others", "程序篡改其他文件",
    severity: High, confidence: Medium,
    tags: &["CWE-73", "AML.T0011"], controls: &["MOD-01", "APP-02"],
    on: artifact => run,
}

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    crate::programs::report(scene, Subject::FileTampering, sink);
}
