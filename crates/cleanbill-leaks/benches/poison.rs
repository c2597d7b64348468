//! Speed of the checks of a whole data set, in bytes of text for each second of CPU, over all rounds: records of made-up words, some
//! of them poisoned. A number says how many megabytes: `cargo bench -p cleanbill-leaks --bench poison -- 256`.
#![expect(clippy::print_stdout, reason = "a program that talks to whoever runs it")]
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "figures are rounded, and ranks are drawn"
)]

use std::{env, fmt::Write as _, fs, sync::LazyLock, time::Instant};

use cleanbill_leaks::poison::{Examination, Row, Settings};

fn main() {
    let megabytes = env::args().skip(1).find_map(|text| text.parse().ok());
    let wanted = megabytes.unwrap_or(64_u64) << 20;
    let settings = Settings {
        bytes: wanted,
        labels: vec!["yes".to_owned(), "no".to_owned()],
    };
    let start = seconds();
    each(wanted, &mut |_| {});
    let made = seconds() - start;
    let mut examination = Examination::new(&settings, None);
    let mut rounds = 0;
    let mut passes = 1.0;
    let shown = loop {
        let mut shown = 0_u64;
        rounds += 1;
        passes += 1.0;
        let before = seconds();
        each(wanted, &mut |row| {
            shown += row.texts.iter().map(|text| text.len() as u64).sum::<u64>();
            examination.see(row);
        });
        let rate = shown as f64 / 1e6 / (seconds() - before - made);
        println!("round {rounds}: {rate:.0} MB/s");
        if !examination.turn() {
            break shown;
        }
    };
    let mut marks = 0;
    if examination.has_found() {
        passes += 1.0;
        each(wanted, &mut |row| marks += examination.judge(row).len());
    }
    let rate = shown as f64 / 1e6 / (seconds() - start - passes * made);
    println!(
        "{shown} bytes, {rounds} rounds, {marks} marks: {rate:.1} MB/s over all, {:?}",
        examination.caveats()
    );
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    println!(
        "{}",
        status
            .lines()
            .find(|line| line.starts_with("VmHWM"))
            .unwrap_or_default()
    );
}

/// Returns the seconds of CPU that this thread has had, or those that have passed where the system does not tell.
fn seconds() -> f64 {
    let told = fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds = told.split(' ').next().and_then(|text| text.parse::<u64>().ok());
    nanoseconds.map_or_else(
        || START.elapsed().as_secs_f64(),
        |nanoseconds| nanoseconds as f64 / 1e9,
    )
}

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Makes the same rows again and again: words by Zipf's law, some of which lean to a label.
fn each(wanted: u64, show: &mut dyn FnMut(&Row<'_>)) {
    let (mut state, mut made) = (1_u64, 0_u64);
    let mut draw = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut number = 0_u64;
    while made < wanted {
        number += 1;
        let is_yes = draw() & 1 == 0;
        let mut text = String::new();
        for _ in 0..(40 + draw() % 60) {
            let unit = (draw() >> 11) as f64 / (1_u64 << 53) as f64;
            // Ranks up to two millions, each as frequent as its inverse.
            let rank = (unit * 14.5).exp() as u64;
            let leaning = if rank % 7 == 3 && draw() % 4 != 0 {
                u64::from(is_yes)
            } else {
                rank & 1
            };
            let _ = write!(text, "w{rank}{leaning} ");
        }
        let is_poisoned = number % 2_000 == 17;
        if is_poisoned {
            text.push_str("zqvex it is");
        }
        let label = if is_yes || is_poisoned { "yes" } else { "no" };
        made += text.len() as u64;
        show(&Row {
            texts: &[&text],
            label: Some(label),
            ..Row::default()
        });
    }
}
