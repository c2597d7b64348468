//! Speed of the recognition: `cargo bench -p cleanbill-licences [-- FILE...]`. Each text, or texts of the SPDX list and
//! text made of words where none is given, is looked at three times on one thread; the best time counts. Building the
//! automaton is measured alone. Nothing is asserted.
#![expect(clippy::print_stdout, reason = "a program that talks to whoever runs it")]

use std::{env, fs, time::Instant};

use cleanbill_licences::{
    catalog,
    lineage::{Distribution, Edge, EdgeKind, Graph, Intent, Node, NodeKind, Source, assess},
    read_declared, recognise,
};

/// Bytes of the texts that are made.
const SIZE: usize = 16 << 20;

fn main() {
    let start = Instant::now();
    let licences = catalog().licences().len();
    println!(
        "{licences} licences read in {:.2} ms",
        start.elapsed().as_secs_f64() * 1e3
    );
    let start = Instant::now();
    let _ = recognise("");
    println!("automaton built in {:.2} ms", start.elapsed().as_secs_f64() * 1e3);
    let files: Vec<String> = env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    if files.is_empty() {
        let words = "the quick brown fox jumps over a lazy dog while tensors are loaded\n";
        measure("words", &words.repeat(SIZE / words.len()));
        let mut texts = String::new();
        while texts.len() < SIZE {
            for listed in spdx::identifiers::LICENSES {
                texts.push_str(spdx::license_id(listed.name).map_or("", |id| id.text()));
            }
        }
        measure("texts of the SPDX list", &texts);
        measure(
            "one text",
            spdx::license_id("Apache-2.0").map_or("", |id| id.text()),
        );
        declarations();
        lineages();
    }
    for file in files {
        match fs::read(&file) {
            Ok(bytes) => measure(&file, &String::from_utf8_lossy(&bytes)),
            Err(error) => println!("{file}: {error}"),
        }
    }
}

fn measure(name: &str, text: &str) {
    let mut best = f64::INFINITY;
    let mut found = 0;
    for _ in 0..3 {
        let start = Instant::now();
        found = recognise(text).found.len();
        best = best.min(start.elapsed().as_secs_f64());
    }
    let megabytes = f64::from(u32::try_from(text.len()).unwrap_or(u32::MAX)) / 1e6;
    println!(
        "{name}: {megabytes:.2} MB in {:.3} ms, {:.0} MB/s, {found} findings",
        best * 1e3,
        megabytes / best
    );
}

fn declarations() {
    let texts = [
        "MIT",
        "apache-2.0",
        "MIT OR Apache-2.0",
        "GNU General Public License v3 (GPLv3)",
        "llama3.1",
        "Acme",
    ];
    let start = Instant::now();
    for _ in 0..1_000 {
        for text in texts {
            let _ = read_declared(text);
        }
    }
    println!(
        "a declaration read in {:.2} µs",
        start.elapsed().as_secs_f64() * 1e6 / 6_000.0
    );
}

fn lineages() {
    let node = |at: usize| Node {
        id: at.to_string(),
        name: format!("org/{at}"),
        kind: if at == 0 {
            NodeKind::Product
        } else {
            NodeKind::Library
        },
        licence: read_declared(["MIT", "Apache-2.0", "GPL-3.0-only", "BSD-3-Clause"][at % 4]),
        multimodal: None,
    };
    let edge = |at: usize| Edge {
        from: "0".to_owned(),
        to: at.to_string(),
        kind: EdgeKind::Contains,
    };
    let graph = Graph {
        nodes: (0..10_000).map(node).collect(),
        edges: (1..10_000).map(edge).collect(),
    };
    let intent = Intent {
        commercial: true,
        distribution: Distribution::Distributed,
        source: Source::Proprietary,
        regions: vec!["DE".to_owned()],
        monthly_users: None,
        yearly_revenue_usd: None,
        military: false,
    };
    let start = Instant::now();
    let assessment = assess(&graph, &intent);
    println!(
        "a product of 10,000 parts assessed in {:.1} ms: {} conflicts, {} obligations",
        start.elapsed().as_secs_f64() * 1e3,
        assessment.conflicts.len(),
        assessment.obligations.len()
    );
}
