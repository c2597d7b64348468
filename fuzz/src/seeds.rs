//! Where inputs begin: files that samples describe, and documents.

use std::{fmt::Write as _, fs, path::Path, sync::Arc};

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_ipc::writer::{FileWriter, StreamWriter};
use cleanbill_advisories::{Broken, ImportOptions, import};
use cleanbill_core::{
    Confidence, Severity,
    leak::{Leak, LeakClass, LeakRecord},
};
use cleanbill_data::Table;
use cleanbill_documents::{
    approved,
    boms::{
        convert::{self, Target},
        cyclonedx::{Serial, Version},
    },
};
use cleanbill_leaks::{Rules, template::fill};
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

/// Gathers data with things to find, and the texts by which they are found. Values are made on the spot.
pub(crate) fn data() -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let rules = Rules::builtin();
    let mut texts = Vec::new();
    let mut words = signs();
    for rule in rules.iter() {
        for (number, example) in rule.examples.iter().chain(&rule.negative_examples).enumerate() {
            let seed = u64::try_from(number).unwrap_or(0);
            texts.push(fill(example, seed, &|_, _| None));
        }
        let starts = rule
            .examples
            .iter()
            .map(|example| example.split('{').next().unwrap_or_default());
        words.extend(
            starts
                .filter(|text| (2..40).contains(&text.len()))
                .map(|text| text.as_bytes().to_vec()),
        );
    }
    words.sort_unstable();
    words.dedup();
    let quoted = |text: &str| {
        format!("{text:?}")
            .replace("\\u{", "\\\\u{")
            .replace("\\'", "'")
            .replace("\\0", "0")
    };
    let mut corpus = Vec::new();
    for part in texts.chunks(24) {
        corpus.push(part.join("\n").into_bytes());
        let lines = part
            .iter()
            .map(|text| format!("{{\"id\":\"a\",\"m\":[{{\"text\":{}}}]}}\n", quoted(text)));
        corpus.push(lines.collect::<String>().into_bytes());
        let list: Vec<String> = part.iter().map(|text| quoted(text)).collect();
        corpus.push(format!("[{}]", list.join(", ")).into_bytes());
        let rows = part
            .iter()
            .map(|text| format!("7,\"{}\"\n", text.replace('"', "\"\"")));
        corpus.push(format!("id,text\n{}", rows.collect::<String>()).into_bytes());
        corpus.extend(tables(part));
    }
    (corpus, words)
}

/// Returns texts as a table of Parquet, and as a file and a stream of Arrow.
fn tables(texts: &[String]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut parquet = Vec::new();
    if let Ok(mut table) = Table::new(&mut parquet) {
        for text in texts {
            let leak = Leak {
                kind: "a".into(),
                class: LeakClass::Secret,
                artifact: "b".into(),
                record: LeakRecord::default(),
                start: 0,
                end: 1,
                char_start: 0,
                char_end: 1,
                severity: Severity::Low,
                confidence: Confidence::Low,
                evidence: text.clone(),
                hash: String::new(),
                validated: false,
                replaced: None,
            };
            table.push(&leak).expect("memory can be written");
        }
        table.finish().expect("memory can be written");
    }
    found.push(parquet);
    let column: ArrayRef = Arc::new(StringArray::from_iter_values(texts));
    let batch = RecordBatch::try_from_iter([("text", column)]).expect("one column");
    let mut file = Vec::new();
    let mut writer = FileWriter::try_new(&mut file, &batch.schema()).expect("memory can be written");
    writer
        .write(&batch)
        .and_then(|()| writer.finish())
        .expect("memory can be written");
    drop(writer);
    let mut stream = Vec::new();
    let mut writer = StreamWriter::try_new(&mut stream, &batch.schema()).expect("memory can be written");
    writer
        .write(&batch)
        .and_then(|()| writer.finish())
        .expect("memory can be written");
    drop(writer);
    found.extend([file, stream]);
    found
}

/// Texts at which readers of data and of numbers turn.
fn signs() -> Vec<Vec<u8>> {
    let words: [&[u8]; 34] = [
        b"\"",
        b"\"\"",
        b"\\\"",
        b"\\u0041",
        b"\\ud83d",
        b"\n",
        b"\r\n",
        b",",
        b"\t",
        b";",
        b"{\"",
        b"\":[",
        b"]}",
        b"\xef\xbb\xbf",
        b"\xe2\x80\x8b",
        b"\xe2\x80\xae",
        b"\xcc\x81",
        b"\xf3\xa0\x81\x81",
        b"PAR1",
        b"ARROW1",
        b"\xff\xff\xff\xff",
        b"-----BEGIN ",
        b"://a:b@",
        b"@",
        b"password: ",
        b"4111 1111",
        b"<div style=\"display:none\">",
        b"![](",
        b"<|im_start|>",
        b"\x1b[8m",
        b"eyJ",
        b"\xe5\xbc\xa0\xe4\xbc\x9f",
        b"+86 13",
        b"=",
    ];
    words.iter().map(|word| word.to_vec()).collect()
}
