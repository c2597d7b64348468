//! Detector `python-system-command`.

use crate::{detector::detector, programs::Subject, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Calls that run other programs, with the command where it is known.
    /// ## Why it matters
    /// A command can do whatever the user can. A command that runs when a file is imported or a model is loaded
    /// needs nobody's consent.
    /// ## How it is decided
    /// The command is put together as far as constants allow and held against known attacks (fetch and run, shells
    /// to other machines, persistence, destruction). Otherwise the time decides: a command that is not a known
    /// harmless tool is *high* where it runs at import or load, and *low* in a function. Sockets together with a
    /// shell are *critical*.
    /// ## What it misses
    /// Commands whose text is not known before the program runs are at most *medium*.
    /// ## What to do
    /// Read the code at the place; do not load or install it where it does more than it says.
    /// ## References
    /// CWE-78, MITRE ATLAS AML.T0011.
    id: "python-system-command",
    title: "Program runs system commands", "程序运行系统命令",
    severity: High, confidence: Medium,
    tags: &["CWE-78", "AML.T0011"], controls: &["MOD-01", "APP-02"],
    on: artifact => run,
}

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    crate::programs::report(scene, Subject::Command, sink);
}
