//! Judges from outside, installed below the target folder: a document of ours that one of them refuses is a bug of ours.

use std::{fs, path::PathBuf};

use cleanbill_core::bill::{Component, ComponentKind};
use cleanbill_documents::boms::{
    cyclonedx::{self, Serial, Version},
    merge::{Part, merge},
    spdx,
    vex::{default_states, statements_only, write_openvex},
};

use super::{
    fixture::{nasty, poor, rich},
    tools::{judge_spdx, node, python, run_node, run_python, target},
};

/// Writes every document that is judged; each test has a folder of its own, for they run at the same time.
fn documents(folder: &str) -> Vec<PathBuf> {
    let folder = target().join(folder);
    fs::create_dir_all(&folder).expect("the target folder is writable");
    let mut out = Vec::new();
    let mut write = |name: String, bytes: Vec<u8>| {
        let path = folder.join(name);
        fs::write(&path, bytes).expect("the target folder is writable");
        out.push(path);
    };
    for (name, bill) in [("rich", rich()), ("poor", poor()), ("nasty", nasty())] {
        for version in Version::ALL {
            for (end, serial) in [("", Serial::Absent), ("-serial", Serial::FromContent)] {
                let file = format!("{name}{end}.cdx-{}.json", version.as_str());
                write(file, cyclonedx::write(&bill, version, serial));
            }
        }
        write(
            format!("{name}.spdx-3.json"),
            spdx::write(&bill, Serial::FromContent),
        );
    }
    let parts = [("a", rich()), ("b", rich()), ("c", poor())].map(|(name, bill)| Part {
        name: name.to_owned(),
        bill,
    });
    let system = Component::new(ComponentKind::Application, "system", "assistant");
    let mut merged = merge(system, &parts).bill;
    merged.timestamp = rich().timestamp;
    merged.tool = rich().tool;
    for version in Version::ALL {
        let file = format!("merged.cdx-{}.json", version.as_str());
        write(file, cyclonedx::write(&merged, version, Serial::FromContent));
    }
    write(
        "merged.spdx-3.json".to_owned(),
        spdx::write(&merged, Serial::FromContent),
    );
    let (vex, _) = write_openvex(&rich(), None).expect("there is something to state");
    write("rich.openvex.json".to_owned(), vex);
    let (vex, _) =
        write_openvex(&rich(), Some("pkg:huggingface/acme/tiny@1")).expect("there is something to state");
    write("product.openvex.json".to_owned(), vex);
    let mut open = rich();
    for one in &mut open.vulnerabilities {
        one.analysis = None;
    }
    default_states(&mut open);
    let (vex, _) = write_openvex(&open, None).expect("there is something to state");
    write("open.openvex.json".to_owned(), vex);
    for version in Version::ALL {
        let file = format!("statements.cdx-{}.json", version.as_str());
        write(
            file,
            cyclonedx::write(&statements_only(&rich()), version, Serial::FromContent),
        );
    }
    // Proof that the judges judge.
    let spoil = |bytes: Vec<u8>, from: &str, to: &str| {
        let text = String::from_utf8(bytes).expect("it is UTF-8");
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1).into_bytes()
    };
    for version in Version::ALL {
        let bytes = cyclonedx::write(&rich(), version, Serial::Absent);
        let file = format!("refused-type.cdx-{}.json", version.as_str());
        write(file, spoil(bytes, "\"machine-learning-model\"", "\"model\""));
    }
    let bytes = spdx::write(&rich(), Serial::Absent);
    write(
        "refused-score.spdx-3.json".to_owned(),
        spoil(
            bytes.clone(),
            "\"security_score\": \"8.8\"",
            "\"security_score\": 8.8",
        ),
    );
    write(
        "refused-energy.spdx-3.json".to_owned(),
        spoil(
            bytes,
            "\"ai_energyQuantity\": \"1.50\"",
            "\"ai_energyQuantity\": 1.50",
        ),
    );
    out
}

#[test]
fn python_judges_accept_every_document() {
    let Some(python) = python() else {
        eprintln!("SKIPPED: the Python judges of bills of materials cannot be installed");
        return;
    };
    let documents = documents("python");
    let (is_fine, text) = run_python(&python, &documents);
    for line in text.lines().filter(|line| line.starts_with("SKIPPED:")) {
        eprintln!("{line}");
    }
    assert!(is_fine, "{text}");
    let judged = text.lines().filter(|line| line.starts_with("judged:")).count();
    assert_eq!(judged, documents.len(), "{text}");
}

#[test]
fn the_spdx_schema_accepts_every_document() {
    assert_eq!(judge_spdx(&documents("schema")), Vec::<String>::new());
}

#[test]
fn the_javascript_library_accepts_every_cyclonedx_document() {
    let Some(folder) = node() else {
        eprintln!("SKIPPED: the JavaScript judge of CycloneDX cannot be installed");
        return;
    };
    let documents: Vec<_> = documents("javascript")
        .into_iter()
        .filter(|path| {
            let path = path.to_string_lossy();
            path.contains(".cdx-") && !path.contains("refused-")
        })
        .collect();
    let (is_fine, text) = run_node(&folder, &documents);
    assert!(is_fine, "{text}");
    let judged = text.lines().filter(|line| line.starts_with("judged:")).count();
    assert_eq!(judged, documents.len(), "{text}");
}
