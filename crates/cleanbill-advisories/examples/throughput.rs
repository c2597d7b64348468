//! Speed of import and matching: `cargo run --release -p cleanbill-advisories --example throughput [-- RECORDS COMPONENTS]`.
//!
//! Makes an archive of records in the shape of published ones (details, references, ranges, listed versions), imports it, and looks
//! up components, half of which are known packages. Each part runs in a process of its own, so that its peak memory is its own.
//! Nothing is asserted.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program that talks to whoever runs it"
)]

use std::{
    env,
    fmt::Write as _,
    fs::{self, File},
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use cleanbill_advisories::{Broken, ImportOptions, Index, Package, import};

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let number = |place: usize, default: usize| {
        arguments
            .get(place)
            .and_then(|text| text.parse().ok())
            .unwrap_or(default)
    };
    match arguments.first().map(String::as_str) {
        Some("import") => measure_import(Path::new(&arguments[1])),
        Some("query") => measure_query(Path::new(&arguments[1]), number(2, 0), number(3, 0)),
        _ => {
            let (records, components) = (number(0, 250_000), number(1, 10_000));
            let folder = env::temp_dir().join(format!("cleanbill-throughput-{}", std::process::id()));
            fs::create_dir_all(&folder).unwrap();
            make(&folder.join("records.jsonl"), records);
            let run = |part: &[&str]| {
                let status = Command::new(env::current_exe().unwrap())
                    .args(part)
                    .status()
                    .unwrap();
                assert!(status.success());
            };
            let path = folder.to_string_lossy().into_owned();
            run(&["import", &path]);
            run(&["query", &path, &records.to_string(), &components.to_string()]);
            fs::remove_dir_all(&folder).unwrap();
        }
    }
}

fn measure_import(folder: &Path) {
    let options = ImportOptions {
        date: "2026-11-28".to_owned(),
        broken: Broken::Refuse,
    };
    let source: PathBuf = folder.join("records.jsonl");
    let start = Instant::now();
    let summary = import(&[source], &folder.join("index"), &options).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    let (cpu, peak) = used();
    let megabytes = million(summary.json_bytes);
    println!(
        "import: {} records, {megabytes:.0} MB of JSON in {seconds:.2} s ({cpu:.2} s of CPU): {:.0} MB/s ({:.0} MB per CPU second); index {:.0} MB, peak {peak:.0} MB",
        summary.info.records,
        megabytes / seconds,
        megabytes / cpu,
        million(summary.index_bytes),
    );
}

fn measure_query(folder: &Path, records: usize, components: usize) {
    let start = Instant::now();
    let index = Index::open(&folder.join("index")).unwrap();
    let opened = start.elapsed().as_secs_f64();
    let (mut advisories, mut gaps) = (0, 0);
    let start = Instant::now();
    for number in 0..components {
        let place = number * 7919 % (records * 2).max(1);
        let found = index
            .query(&Package::exact(
                ECOSYSTEMS[number % 4],
                format!("package-{}", place / 3),
                "1.5.0",
            ))
            .unwrap();
        advisories += found.advisories.len();
        gaps += found.gaps.len();
    }
    let seconds = start.elapsed().as_secs_f64();
    let (cpu, peak) = used();
    println!(
        "query: {components} components in {seconds:.3} s (process {cpu:.3} s of CPU, opening {opened:.4} s): {advisories} advisories, {gaps} gaps, peak {peak:.0} MB"
    );
}

/// Writes records of four ecosystems, three for each package.
fn make(path: &Path, records: usize) {
    let mut out = BufWriter::new(File::create(path).unwrap());
    let details = "A crafted request makes the parser read beyond the end of its buffer. ".repeat(8);
    for number in 0..records {
        let mut versions = String::new();
        for minor in 0..number % 40 {
            let separator = if versions.is_empty() { "" } else { "," };
            write!(versions, "{separator}\"{}.{minor}.{}\"", minor % 3, number % 7).unwrap();
        }
        writeln!(
            out,
            r#"{{"id":"OSV-{number}","schema_version":"1.7.0","modified":"2026-{:02}-{:02}T03:04:05Z","published":"2025-01-01T00:00:00Z","aliases":["CVE-2025-{number}"],"summary":"a summary of one line","details":"{details}","references":[{{"type":"WEB","url":"https://example.org/{number}"}},{{"type":"FIX","url":"https://example.org/fix/{number}"}}],"severity":[{{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}}],"database_specific":{{"severity":"HIGH","cwe_ids":["CWE-125"]}},"affected":[{{"package":{{"ecosystem":"{}","name":"package-{}"}},"ranges":[{{"type":"ECOSYSTEM","events":[{{"introduced":"1.0.0"}},{{"fixed":"1.{}.0"}}]}}],"versions":[{versions}]}}]}}"#,
            number % 12 + 1,
            number % 28 + 1,
            ECOSYSTEMS[number / 3 % 4],
            number / 3,
            number % 10 + 1,
        )
        .unwrap();
    }
    out.flush().unwrap();
}

/// Returns CPU seconds and peak memory of this process in MB, where the system tells them as Linux does.
fn used() -> (f64, f64) {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| {
        line.strip_prefix("VmHWM:")?
            .trim()
            .strip_suffix(" kB")?
            .trim()
            .parse::<f64>()
            .ok()
    });
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks: Vec<f64> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|text| text.parse().ok())
        .collect();
    (ticks.iter().sum::<f64>() / 100.0, peak.unwrap_or(f64::NAN) / 1e3)
}

fn million(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes / 1000).unwrap_or(u32::MAX)) / 1e3
}

const ECOSYSTEMS: [&str; 4] = ["PyPI", "npm", "Go", "Debian:12"];
