//! Detector `hdf5-external-link`.

use cleanbill_core::text;
use cleanbill_formats::hdf5::{ExternalKind, View};

use crate::{detector::detector, hdf5_externals, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Links of an HDF5 file that lead to an object of another file, or that a program resolves by its own rules.
    /// ## Why it matters
    /// Whoever reads the file opens the other one with the reader's rights; a model server hands out its content as weights.
    /// ## How it is decided
    /// Every link of every group. *High* in a model and for absolute paths, addresses and paths that leave the folder; *medium* for
    /// a plain name in other data, which sets of measurements use.
    /// ## What it misses
    /// What the other file holds.
    /// ## What to do
    /// Do not load it where files must not be read.
    /// ## References
    /// CVE-2026-1669; CWE-73, CWE-610.
    id: "hdf5-external-link",
    title: "HDF5 link to another file", "HDF5 链接指向其他文件",
    severity: High, confidence: High,
    tags: &["CWE-73", "CWE-610"], controls: &["MOD-01"],
    on: Hdf5 => run,
}

fn run(view: &View, scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let model = super::hdf5_invalid::is_model(view, scene);
    hdf5_externals::report(view, model, sink, |kind| match kind {
        ExternalKind::Link => Some(text!(
            "links to an object of another file",
            "链接到其他文件中的对象"
        )),
        ExternalKind::UserDefined => Some(text!(
            "has a link that code outside the library resolves",
            "含有由库外代码解析的链接"
        )),
        _ => None,
    });
}
