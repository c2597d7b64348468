//! What the benches share: time of a thread, a line for each text, texts that only look random.

use std::{fmt::Write as _, fs, time::Instant};

use cleanbill_leaks::Scanner;

/// Scans a text three times with each set of rules and prints the best.
pub(crate) fn measure(scanners: &[(&str, &Scanner)], name: &str, bytes: &[u8]) {
    let megabytes = f64::from(u32::try_from(bytes.len() / 1000).unwrap_or(u32::MAX)) / 1e3;
    let mut line = format!("{name}: {megabytes:.1} MB");
    for (rules, scanner) in scanners {
        let mut best = f64::INFINITY;
        let mut hits = 0;
        for _ in 0..3 {
            let taken;
            (taken, hits) = seconds(scanner, bytes);
            best = best.min(taken);
        }
        let _ = write!(line, "; {rules}: {hits} hits, {:.0} MB/s", megabytes / best);
    }
    println!("{line}");
}

/// Returns how long a scan takes, of the processor where the system tells it, and how much it finds.
pub(crate) fn seconds(scanner: &Scanner, bytes: &[u8]) -> (f64, usize) {
    let (start, before) = (Instant::now(), processor_seconds());
    let hits = scanner.scan_all(bytes).len();
    let taken = match (before, processor_seconds()) {
        (Some(before), Some(after)) if after > before => after - before,
        _ => start.elapsed().as_secs_f64(),
    };
    (taken, hits)
}

/// Measures files.
pub(crate) fn measure_files(scanners: &[(&str, &Scanner)], files: &[String]) {
    for file in files {
        match fs::read(file) {
            Ok(bytes) => measure(scanners, file, &bytes),
            Err(error) => println!("{file}: {error}"),
        }
    }
}

/// Returns how long this thread has run where the system tells it (Linux), which other programs do not change.
fn processor_seconds() -> Option<f64> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds: f64 = text.split_whitespace().next()?.parse().ok()?;
    Some(nanoseconds / 1e9)
}

/// Returns the next number of a sequence that only looks random.
pub(crate) fn random(state: &mut u64) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
    usize::try_from(*state >> 33).unwrap_or(0)
}

/// Makes text of parts, with the same bytes between them.
pub(crate) fn join(parts: &[&str], between: &[u8], size: usize) -> Vec<u8> {
    let mut text = Vec::with_capacity(size + 128);
    let mut state = 1_u64;
    while text.len() < size {
        text.extend_from_slice(parts[random(&mut state) % parts.len()].as_bytes());
        text.extend_from_slice(between);
    }
    text
}
