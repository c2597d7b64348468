//! Where inputs begin: files that samples describe, and documents.

use std::{fmt::Write as _, fs, path::Path, sync::Arc};

use cleanbill_advisories::{Broken, ImportOptions, import};
use cleanbill_documents::{
    approved,
    boms::{
        convert::{self, Target},
        cyclonedx::{Serial, Version},
    },
};
use cleanbill_licences::catalog;
use cleanbill_samples::{Sample, SampleFile};
use cleanbill_scan::{
    Options,
    inventory::{About, bill},
    scan,
    source::Held,
};

use crate::fuzz_folder;

/// Longest seed.
const SEED_BYTES: usize = 64 * 1024;

/// Builds every file of every sample below `folder`.
pub(crate) fn samples(folder: &Path) -> Result<Vec<Vec<u8>>, String> {
    let mut found = Vec::new();
    let Ok(listing) = fs::read_dir(folder) else {
        return Ok(found);
    };
    let mut paths: Vec<_> = listing.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            found.extend(samples(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "sample") {
            let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            let sample = Sample::parse(&text).map_err(|error| format!("{}: {error}", path.display()))?;
            let files = sample.files.into_iter().map(|file| file.bytes);
            found.extend(files.filter(|bytes| bytes.len() <= SEED_BYTES));
        }
    }
    Ok(found)
}

/// Gathers documents: `fuzz/seeds`, what this build writes of the sample folders of bills, an archive and an index of the
/// advisories, and texts with the phrases of licences.
pub(crate) fn documents() -> Result<Vec<Vec<u8>>, String> {
    let (folder, bills) = (
        fuzz_folder().join("seeds"),
        fuzz_folder().join("../testdata/bills"),
    );
    let mut found = Vec::new();
    for path in sorted(&folder)? {
        found.push(fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?);
    }
    for path in sorted(&bills)? {
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let sample = Sample::parse(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        found.extend(written(&sample.files));
    }
    found.extend(of_advisories(&folder)?);
    for licence in catalog().licences() {
        let texts = licence.sample_texts("and more");
        found.extend(texts.into_iter().take(1).map(|(text, _)| text.into_bytes()));
    }
    found.retain(|bytes| bytes.len() <= SEED_BYTES);
    Ok(found)
}

fn sorted(folder: &Path) -> Result<Vec<std::path::PathBuf>, String> {
    let listing = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut paths: Vec<_> = listing.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    Ok(paths)
}

/// Returns the bill of a folder in every format that is written, and its approved state.
fn written(files: &[SampleFile]) -> Vec<Vec<u8>> {
    let options = Options {
        digests: true,
        inventory: true,
        ..Options::default()
    };
    let held = files.iter().fold(Held::default(), |held, file| {
        held.with(&file.path, Arc::new(file.bytes.clone()))
    });
    let outcome = scan(&held, "seed", &options, None);
    let bill = bill(&outcome, &About::default());
    let definitions: Vec<_> = outcome
        .facts
        .iter()
        .flat_map(|one| one.definitions.iter().map(|(definition, _)| definition.clone()))
        .collect();
    let mut out: Vec<Vec<u8>> = [
        Target::CycloneDx(Version::V1_6),
        Target::CycloneDx(Version::V1_7),
        Target::Spdx3,
    ]
    .into_iter()
    .map(|target| convert::write(&bill, target, Serial::FromContent))
    .collect();
    out.push(approved::write(&outcome.report.tool, &definitions));
    out
}

/// Returns an archive with the records of the seeds, stored, and an index of them.
fn of_advisories(folder: &Path) -> Result<Vec<Vec<u8>>, String> {
    let records: Vec<_> = sorted(folder)?
        .into_iter()
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("osv-"))
        })
        .collect();
    let mut text = "zip:\n".to_owned();
    for (number, path) in records.iter().enumerate().take(3) {
        let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let hex = cleanbill_core::hex(&bytes);
        let _ = writeln!(text, "  entry \"{number}.json\"\n    hex: {hex}");
    }
    let archive = cleanbill_samples::build(&text).map_err(|error| error.to_string())?;
    let options = ImportOptions {
        date: "2026-11-28".to_owned(),
        broken: Broken::Refuse,
    };
    let index = crate::documents::scratch().join("seed.index");
    import(&records, &index, &options).map_err(|error| error.to_string())?;
    let index = fs::read(&index).map_err(|error| error.to_string())?;
    Ok(vec![archive, index])
}
