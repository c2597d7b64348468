//! Detector `notebook-active-output`.

use std::ops::Range;

use cleanbill_core::{Severity, Text, text};
use cleanbill_formats::ipynb::{Output, View};

use crate::{detector::detector, markup, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// HTML, SVG and JavaScript kept in the outputs of a notebook that do more than draw: they drive the kernel or the server, decode and
    /// run code, send what the page holds, fetch scripts from unknown hosts, or ask for passwords.
    /// ## Why it matters
    /// What a cell showed is shown again when the notebook is opened. Front ends trust outputs by their own rules, and
    /// some ran them without asking (CVE-2021-32797, CVE-2021-32798).
    /// ## How it is decided
    /// Code given to the kernel, or calls of the server's interface, are *high*, as are decoded code, cookies that are
    /// sent, and forms that ask for a password; handlers on broken pictures, frames that run code, and scripts of hosts that no
    /// library of the field uses are *medium*. Any other script is one *info* for the notebook: libraries that draw bring megabytes of
    /// them. What Bokeh and HoloViews themselves ask of the kernel is *low*.
    /// ## What it misses
    /// What a script does that is put together when it runs. Outputs of widgets are drawn by the front end and not judged.
    /// ## What to do
    /// Clear the outputs before the notebook is opened; run it again where they are needed.
    /// ## References
    /// CVE-2021-32797, CVE-2021-32798, CVE-2021-32862, CWE-79.
    id: "notebook-active-output",
    title: "Notebook output runs scripts", "笔记本输出会运行脚本",
    severity: Medium, confidence: Medium,
    tags: &["CWE-79", "AML.T0011"], controls: &["APP-02"],
    on: Ipynb => run,
}

/// LIMIT: findings of one notebook; more of the same say nothing new.
const EACH: usize = 20;

fn run(view: &View, scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let _ = scene;
    let mut scripted: Option<&Output> = None;
    let mut count = 0;
    for output in &view.outputs {
        let is_script = output.mime == "application/javascript";
        for (severity, message, evidence) in markup::judge(&output.text, is_script) {
            if count < EACH {
                count += 1;
                report(sink, output.range.clone(), severity, message, &evidence);
            }
        }
        if scripted.is_none() && (is_script || markup::has_script(&output.text)) {
            scripted = Some(output);
        }
    }
    if count == 0
        && let Some(output) = scripted
    {
        let number = output.cell + 1;
        let message = text!(
            "the output of cell {number} holds a script",
            "第 {number} 个单元的输出含有脚本"
        );
        report(sink, output.range.clone(), Severity::Info, message, "");
    }
}

fn report(sink: &mut Sink<'_>, range: Range<u64>, severity: Severity, message: Text, evidence: &str) {
    sink.report(Some(range), message)
        .severity(severity)
        .evidence(evidence)
        .hint(text!(
            "clear the outputs before the notebook is opened",
            "打开笔记本前请清除输出"
        ));
}

#[cfg(test)]
mod tests {
    use cleanbill_core::Severity::{High, Info, Medium};

    use crate::testing::check;

    #[test]
    fn outputs_weigh_by_what_they_do() {
        for (output, severities) in [
            ("<table><tr><td>1</td></tr></table>", &[][..]),
            ("<script>Plotly.newPlot('a', [])</script>", &[Info]),
            (
                "<script>Jupyter.notebook.kernel.execute('import os')</script>",
                &[High],
            ),
            ("<img src=x onerror=alert(1)>", &[Medium]),
            ("<script src='https://cdn.plot.ly/plotly-2.js'></script>", &[Info]),
            ("<script src='//cdn.example.invalid/x.js'></script>", &[Medium]),
        ] {
            let output = output.replace('"', "\\\"");
            let text = format!(
                r#"{{"cells": [{{"cell_type": "code", "source": "1", "outputs": [{{"data": {{"text/html": "{output}"}}}}]}}], "nbformat": 4}}"#
            );
            check("notebook-active-output", "a.ipynb", text.as_bytes(), severities);
        }
    }
}
