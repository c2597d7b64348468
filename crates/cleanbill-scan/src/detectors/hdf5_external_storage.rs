//! Detector `hdf5-external-storage`.

use cleanbill_core::text;
use cleanbill_formats::hdf5::{ExternalKind, View};

use crate::{detector::detector, hdf5_externals, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Datasets of an HDF5 file whose bytes stand in another file: external storage, which may be any file, and virtual datasets.
    /// ## Why it matters
    /// Reading the dataset reads the named file, such as a password file, and gives its bytes as numbers.
    /// ## How it is decided
    /// The list of external files of each dataset, and the sources of virtual datasets but the file itself. *High* in a model
    /// and for absolute paths, addresses and paths that leave the folder; *medium* for a plain name in other data.
    /// ## What it misses
    /// What the other file holds.
    /// ## What to do
    /// Do not load it where files must not be read.
    /// ## References
    /// CVE-2026-1669; CWE-73, CWE-610.
    id: "hdf5-external-storage",
    title: "HDF5 dataset kept in another file", "HDF5 数据集存放于其他文件",
    severity: High, confidence: High,
    tags: &["CWE-73", "CWE-610"], controls: &["MOD-01"],
    on: Hdf5 => run,
}

fn run(view: &View, scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let model = super::hdf5_invalid::is_model(view, scene);
    hdf5_externals::report(view, model, sink, |kind| match kind {
        ExternalKind::Storage => Some(text!(
            "a dataset reads its bytes from another file",
            "数据集从其他文件读取字节"
        )),
        ExternalKind::Virtual => Some(text!(
            "a virtual dataset is made of another file",
            "虚拟数据集由其他文件组成"
        )),
        _ => None,
    });
}
