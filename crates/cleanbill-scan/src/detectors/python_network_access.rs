//! Detector `python-network-access`.

use crate::{detector::detector, programs::Subject, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Connections made when a file is imported or a model is loaded, and addresses that honest models do not use:
    /// paste boards, webhooks, tunnels, bare numbers.
    /// ## Why it matters
    /// Loading a model should not tell anybody that it was loaded, nor fetch what decides its behaviour.
    /// ## How it is decided
    /// Calls of HTTP, socket, mail and file transfer libraries, by the time at which they run and the address.
    /// Requests in functions that somebody calls are not reported.
    /// ## What it misses
    /// Addresses put together while the program runs.
    /// ## What to do
    /// Read the code at the place; do not load or install it where it does more than it says.
    /// ## References
    /// CWE-829, MITRE ATLAS AML.T0025.
    id: "python-network-access",
    title: "Program talks to other machines", "程序与其他机器通信",
    severity: Medium, confidence: Medium,
    tags: &["CWE-829", "AML.T0025"], controls: &["MOD-01", "APP-02"],
    on: artifact => run,
}

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    crate::programs::report(scene, Subject::Network, sink);
}
