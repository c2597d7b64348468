//! Detector `torch-storage-mismatch`.

use std::collections::HashMap;

use cleanbill_core::text;
use cleanbill_formats::{Parsed, pickle, zip::Entry};

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// A tensor storage that a PyTorch archive declares larger than the record that holds it.
    /// ## Why it matters
    /// A loader that trusts the declared size reads or writes outside the storage (CVE-2026-24747).
    /// ## How it is decided
    /// The persistent ids of `data.pkl` say for each storage its element type and count; the archive says how many bytes
    /// its record has.
    /// ## What it misses
    /// Storages whose class is not known, and archives whose records are compressed.
    /// ## What to do
    /// Do not load it.
    /// ## References
    /// CVE-2026-24747; CWE-125, CWE-787.
    id: "torch-storage-mismatch",
    title: "Declared storage is larger than its record", "声明的存储大于其记录",
    severity: High, confidence: High,
    tags: &["CWE-125", "CVE-2026-24747"], controls: &["MOD-01"],
    on: Pickle => run,
}

fn run(view: &pickle::View, scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let Some(Parsed::TorchZip(archive)) = scene.container else {
        return;
    };
    let entries: HashMap<&[u8], &Entry> = archive
        .zip
        .entries
        .iter()
        .rev()
        .map(|entry| (entry.name.as_slice(), entry))
        .collect();
    for storage in &view.storages {
        let Some(declared) = storage
            .element_bytes
            .and_then(|size| size.checked_mul(storage.elements))
        else {
            continue;
        };
        let name = if archive.prefix.is_empty() {
            format!("data/{}", storage.key)
        } else {
            format!("{}/data/{}", archive.prefix.trim_end_matches('/'), storage.key)
        };
        let Some(entry) = entries.get(name.as_bytes()) else {
            continue;
        };
        let held = entry.uncompressed_bytes;
        if declared > held {
            let key = &storage.key;
            sink.report(
                view.persistent.clone(),
                text!(
                    "storage `{key}` declares {declared} bytes, its record holds {held}",
                    "存储 `{key}` 声明 {declared} 字节，其记录仅有 {held} 字节"
                ),
            );
        }
    }
}
