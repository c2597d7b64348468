//! Detector `python-obfuscated-code`.

use crate::{detector::detector, programs::Subject, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Marshalled code objects, modules imported by decoded names, names in letters that only look like others,
    /// classes of the interpreter searched for callables, text that is ordered or encoded so that people read
    /// something else.
    /// ## Why it matters
    /// Honest code is written to be read.
    /// ## How it is decided
    /// Names are folded as Python folds them. Constants are decoded. The encoding that the first lines declare
    /// and statements far to the right of the screen are looked at.
    /// ## What it misses
    /// Obfuscation by plain but meaningless names. Characters that nobody sees have a detector of their own, `hidden-unicode`.
    /// ## What to do
    /// Read the code at the place; do not load or install it where it does more than it says.
    /// ## References
    /// CVE-2021-42574 (Trojan Source), PEP 263, CWE-506.
    id: "python-obfuscated-code",
    title: "Program hides what it does", "程序隐藏其行为",
    severity: High, confidence: Medium,
    tags: &["CWE-506", "AML.T0011", "CVE-2021-42574"], controls: &["MOD-01", "APP-02"],
    on: artifact => run,
}

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    crate::programs::report(scene, Subject::Obfuscation, sink);
}
