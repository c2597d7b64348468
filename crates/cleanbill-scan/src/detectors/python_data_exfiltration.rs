//! Detector `python-data-exfiltration`.

use crate::{detector::detector, programs::Subject, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Credentials, the environment or the output of commands that flow into a request; files of credentials that
    /// are read or copied.
    /// ## Why it matters
    /// Keys for clouds, hubs and repositories lie where models are loaded.
    /// ## How it is decided
    /// Values are marked where they come from and followed through calls, containers and strings. A token in a
    /// header of its own service's request is normal; in a body, an address or a foreign host it is *high*, and the
    /// whole environment is *critical*.
    /// ## What it misses
    /// What is written to a file and sent by another program.
    /// ## What to do
    /// Read the code at the place; do not load or install it where it does more than it says.
    /// ## References
    /// CWE-200, CWE-522.
    id: "python-data-exfiltration",
    title: "Program gives away credentials", "程序泄露凭据",
    severity: High, confidence: Medium,
    tags: &["CWE-200", "CWE-522", "AML.T0025"], controls: &["MOD-01", "APP-02"],
    on: artifact => run,
}

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    crate::programs::report(scene, Subject::Exfiltration, sink);
}
