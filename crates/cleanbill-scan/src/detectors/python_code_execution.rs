//! Detector `python-code-execution`.

use crate::{detector::detector, programs::Subject, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// A Python program that runs a text as code: `exec`, `eval` and their like on what is encoded, fetched, read
    /// from a data file or put together; files run by their path; hooks of the import system.
    /// ## Why it matters
    /// Whoever supplies the text decides what the machine does. A model's code has no reason to hide what it runs.
    /// ## How it is decided
    /// The callee is followed through names, attributes, constants and functions of the program. Where the text is
    /// constant, it is decoded and read as a program in turn. *Critical* when it comes from the network, *high* when
    /// it was encoded or put together from characters or stands in a data file, *low* otherwise.
    /// ## What it misses
    /// Texts made by ciphers of the program's own that leave no trace of characters or arithmetic; code that only
    /// another module runs.
    /// ## What to do
    /// Read the code at the place; do not load or install it where it does more than it says.
    /// ## References
    /// CWE-94, CWE-95.
    id: "python-code-execution",
    title: "Program runs texts as code", "程序把文本作为代码运行",
    severity: High, confidence: Medium,
    tags: &["CWE-94", "CWE-95", "AML.T0011"], controls: &["MOD-01", "APP-02"],
    on: artifact => run,
}

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    crate::programs::report(scene, Subject::CodeExecution, sink);
}
