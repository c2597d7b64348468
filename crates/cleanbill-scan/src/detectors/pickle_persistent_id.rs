//! Detector `pickle-persistent-id`.

use cleanbill_core::text;
use cleanbill_formats::pickle;

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// A pickle with persistent ids outside a PyTorch file.
    /// ## Why it matters
    /// A persistent id is resolved by a function of the loading program. PyTorch uses them for tensor storages; anywhere
    /// else what they stand for is not in the file.
    /// ## How it is decided
    /// `PERSID` or `BINPERSID` occurs, and the pickle is neither a PyTorch file of the older format nor inside a PyTorch
    /// archive.
    /// ## What it misses
    /// Nothing within what is interpreted.
    /// ## What to do
    /// Find out which program loads it and what its `persistent_load` does.
    id: "pickle-persistent-id",
    title: "Pickle refers to objects outside the file", "pickle 引用文件之外的对象",
    severity: Low, confidence: High,
    tags: &["CWE-502"], controls: &["MOD-01"],
    on: Pickle => run,
}

fn run(view: &pickle::View, scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let expected = view.torch_legacy || !scene.within.is_empty();
    if let (Some(range), false) = (&view.persistent, expected) {
        sink.report(
            Some(range.clone()),
            text!(
                "uses a persistent id: the loading program decides what it is",
                "使用持久化标识：其含义由加载程序决定"
            ),
        );
    }
}
