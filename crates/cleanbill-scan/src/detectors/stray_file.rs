//! Detector `stray-file`.

use cleanbill_core::text;

use crate::{
    collection::{Collection, CollectionSink},
    detector::detector,
};

detector! {
    /// ## What it finds
    /// An archive or a disk image beside a model: a file that no loader of the model opens.
    /// ## Why it matters
    /// It is fetched with the model, nobody reviews it, and somebody will unpack it.
    /// ## How it is decided
    /// The folder holds a model's configuration or tensors, and the file is a plain archive that is no model format of its
    /// own, or has the name of a disk image or an installer.
    /// ## What it misses
    /// Whether somebody needs it. Programs and scripts have detectors of their own.
    /// ## What to do
    /// Fetch the model without it.
    /// ## References
    /// CWE-1104.
    id: "stray-file",
    title: "File that no loader needs", "加载器不需要的文件",
    severity: Low, confidence: Medium,
    tags: &["CWE-1104"], controls: &["MOD-02"],
    on: collection => run,
}

const ARCHIVES: &[&str] = &["zip", "tar", "7z", "rar"];
const IMAGES: &[&str] = &[
    "apk", "deb", "dmg", "img", "iso", "jar", "msi", "pkg", "rpm", "vhd", "vhdx",
];

fn run(collection: &Collection<'_>, sink: &mut CollectionSink<'_>) {
    let is_model = collection
        .files
        .iter()
        .any(|file| file.settings.is_some() || file.tensors.is_some());
    if !is_model {
        return;
    }
    for file in &collection.files {
        let extension = file
            .name()
            .rsplit_once('.')
            .map_or("", |(_, extension)| extension);
        let extension = extension.to_ascii_lowercase();
        let only_archive = !file.formats.is_empty()
            && file
                .formats
                .iter()
                .all(|format| ARCHIVES.contains(&format.info().id))
            && ["zip", "tar", "7z", "rar", "tgz"].contains(&extension.as_str());
        if only_archive || IMAGES.contains(&extension.as_str()) {
            sink.at(file).report(
                None,
                text!(
                    "beside a model, and no loader of it opens this",
                    "位于模型旁，但其加载器不会打开该文件"
                ),
            );
        }
    }
}
