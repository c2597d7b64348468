//! Detector `external-data-mismatch`.

use cleanbill_core::{Severity, text};

use crate::{
    collection::{Collection, CollectionSink},
    detector::detector,
    external::Fit,
};

detector! {
    /// ## What it finds
    /// A file of numbers that does not fit what the model beside it says of it: places of tensors behind its end, tensors that
    /// overlap, bytes that no tensor claims. It covers external data of ONNX, the data of TensorFlow checkpoints and the
    /// `.bin` of OpenVINO.
    /// ## Why it matters
    /// Bytes that no tensor claims are a place to carry something along, and files that do not fit each other are not of one
    /// model: one of them was exchanged or cut.
    /// ## How it is decided
    /// The places that the model names are held against the size of the file. What lies between and behind them is read and
    /// must be zeros, with which writers fill up pages. A file that fits counts as examined; one that does not stays "not
    /// understood".
    /// ## What it misses
    /// What the numbers mean, and a program that begins in the middle of a tensor. Files within archives are not compared.
    /// ## What to do
    /// Fetch the whole repository again at one revision; ask the supplier where a difference remains.
    /// ## References
    /// CWE-345, CWE-131, MITRE ATLAS AML.T0010.
    id: "external-data-mismatch",
    title: "Model and its file of numbers do not fit", "模型与其数据文件不符",
    severity: Medium, confidence: High,
    tags: &["CWE-345", "AML.T0010"], controls: &["MOD-02"],
    on: collection => run,
}

fn run(collection: &Collection<'_>, sink: &mut CollectionSink<'_>) {
    for file in &collection.files {
        let mut sink = sink.at(file);
        for external in &file.external {
            let name = &external.name;
            let (message, severity) = match &external.fit {
                Fit::Inside => continue,
                // A path that leaves the folder has a detector of its own.
                Fit::Absent if external.path.is_none() => continue,
                Fit::Absent => (
                    text!("describes a file that is not there", "所描述的文件不存在"),
                    Severity::Low,
                ),
                Fit::Beyond(range) => {
                    let (start, end) = (range.start, range.end);
                    let message = text!(
                        "describes bytes {start} to {end} of a file that ends before",
                        "描述了文件的第 {start} 至 {end} 字节，而文件在此之前已结束"
                    );
                    (message, Severity::Medium)
                }
                Fit::Overlapping(range) => {
                    let (start, end) = (range.start, range.end);
                    let message = text!(
                        "gives bytes {start} to {end} of a file to two tensors",
                        "将文件的第 {start} 至 {end} 字节分给两个张量"
                    );
                    (message, Severity::Medium)
                }
            };
            sink.report(None, message).severity(severity).evidence(name);
        }
        if let Some(range) = file.described.as_ref().and_then(|found| found.foreign.clone()) {
            let message = text!(
                "holds bytes that no tensor claims and that are not zero",
                "含有不属于任何张量且非零的字节"
            );
            sink.report(Some(range), message);
        }
    }
}
