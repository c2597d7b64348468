//! What must hold for every registered format and for whatever stands in `testdata/`.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicU64, Ordering},
};

use cleanbill_core::{Severity, Verdict};
use cleanbill_formats::{Format, Input, bytes::ReadAt, limits::Limits};
use cleanbill_samples::{Random, build, pickle};
use cleanbill_scan::{DETECTORS, Options};

use crate::support::{all_samples, formats, scan_bytes};

/// Mutations tried of each seed; bounded so that the whole suite stays within seconds.
const MUTATIONS: usize = 24;
/// Seeds above this size are not mutated here; the fuzzer has more time.
const SEED_BYTES: usize = 64 * 1024;

/// Bits flipped, one at a time, in each attack; evenly spread where it has more.
const FLIPS: usize = 1_000;

/// Attacks that any build with a detector for pickles must fail, in every wrapping.
const ATTACKS: &[(&str, &str)] = &[
    (
        "protocol-0.pkl",
        "pickle:\n  GLOBAL os system\n  MARK\n  STRING 'echo'\n  TUPLE\n  REDUCE\n  STOP\n",
    ),
    (
        "protocol-2.pkl",
        "pickle:\n  PROTO 2\n  GLOBAL os system\n  BINUNICODE \"echo\"\n  TUPLE1\n  REDUCE\n  STOP\n",
    ),
    (
        "protocol-4.pkl",
        "pickle:\n  PROTO 4\n  FRAME auto\n  SHORT_BINUNICODE \"os\"\n  SHORT_BINUNICODE \"system\"\n  STACK_GLOBAL\n  SHORT_BINUNICODE \"echo\"\n  TUPLE1\n  REDUCE\n  STOP\n",
    ),
    (
        "zip.bin",
        "zip:\n  entry \"data.pkl\"\n    pickle:\n      GLOBAL os system\n      BINUNICODE \"echo\"\n      TUPLE1\n      REDUCE\n      STOP\n",
    ),
    (
        "torch.pt",
        "torch-zip:\n  storage 0 hex:0000\n  pickle:\n    PROTO 2\n    GLOBAL os system\n    BINUNICODE \"echo\"\n    TUPLE1\n    REDUCE\n    STOP\n",
    ),
];

#[test]
fn no_parser_panics_reads_endlessly_or_answers_twice_differently() {
    let mut random = Random::new(1);
    for (name, seed) in seeds() {
        check_parsers(&name, &seed);
        for round in 0..MUTATIONS {
            check_parsers(&format!("{name} mutation {round}"), &mutate(&mut random, &seed));
        }
    }
}

#[test]
fn no_scan_panics_and_the_same_bytes_give_the_same_report() {
    let mut random = Random::new(2);
    for (name, seed) in seeds() {
        for round in 0..MUTATIONS / 4 {
            let bytes = if round == 0 {
                seed.clone()
            } else {
                mutate(&mut random, &seed)
            };
            let first = scan_bytes("a.bin", &bytes, &Options::default());
            assert!(
                first.internal_errors.is_empty(),
                "{name}, round {round}: a parser or detector panicked"
            );
            let second = scan_bytes("a.bin", &bytes, &Options::default());
            assert_eq!(first.report, second.report, "{name}, round {round}");
        }
    }
}

#[test]
fn no_damage_turns_a_failing_sample_into_a_pass() {
    let mut random = Random::new(3);
    for (path, sample) in all_samples() {
        if sample.expected("damage-may-pass").next().is_some() || sample.files.len() > 1 {
            continue;
        }
        let name = path.display().to_string();
        let file = &sample.files[0];
        check_damage(&mut random, &name, &file.path, &file.bytes);
    }
}

#[test]
fn attacks_fail_in_every_wrapping_and_survive_damage() {
    if !DETECTORS
        .iter()
        .any(|detector| detector.id.starts_with("pickle-"))
    {
        eprintln!("SKIPPED: this build has no detector for pickles");
        return;
    }
    let mut random = Random::new(4);
    for (path, text) in ATTACKS {
        let bytes = build(text).unwrap();
        assert_eq!(verdict(path, &bytes), Verdict::Fail, "{path}");
        check_damage(&mut random, path, path, &bytes);
        let step = (bytes.len() * 8).div_ceil(FLIPS);
        for at in (0..bytes.len() * 8).step_by(step) {
            let mut flipped = bytes.clone();
            flipped[at / 8] ^= 1 << (at % 8);
            let report = scan_bytes(path, &flipped, &Options::default()).report;
            let seen = report
                .findings
                .iter()
                .any(|finding| finding.severity >= Severity::Medium);
            assert!(
                seen || report.verdict != Verdict::Pass,
                "{path}: bit {at} flipped, and nothing is said"
            );
        }
    }
}

/// Checks that a failing input, cut or padded, is still said to be bad or unexamined.
fn check_damage(random: &mut Random, name: &str, path: &str, bytes: &[u8]) {
    if bytes.len() > SEED_BYTES || verdict(path, bytes) != Verdict::Fail {
        return;
    }
    let whole = formats(bytes);
    for padding in [vec![0; 1], vec![0; 700], vec![b'\n'; 3], random.bytes(40)] {
        let padded = [bytes, &padding].concat();
        assert_ne!(
            verdict(path, &padded),
            Verdict::Pass,
            "{name}: {} bytes appended",
            padding.len()
        );
    }
    for round in 0..MUTATIONS {
        let end = if round == 0 {
            bytes.len() - 1
        } else {
            random.below(bytes.len())
        };
        let cut = &bytes[..end];
        // A beginning so short that it is no longer this format may well be harmless text.
        let same = formats(cut)
            .iter()
            .any(|format| *format != "text" && whole.contains(format));
        if same {
            assert_ne!(
                verdict(path, cut),
                Verdict::Pass,
                "{name}: cut to {end} of {} bytes",
                bytes.len()
            );
        }
    }
}

fn verdict(path: &str, bytes: &[u8]) -> Verdict {
    scan_bytes(path, bytes, &Options::default()).report.verdict
}

/// Parses as every format, whatever its probe says: a container may call a parser by name.
fn check_parsers(name: &str, bytes: &[u8]) {
    let limits = Limits::default();
    for format in Format::ALL {
        let id = format.info().id;
        let run = || {
            let source = Counted::new(bytes);
            let input = Input {
                source: &source,
                limits: &limits,
            };
            let parsed = format.parse(&input).unwrap();
            let kept = parsed.view().anomalies().len() as u64;
            assert!(kept <= limits.anomalies + 2, "{kept} anomalies");
            for anomaly in parsed.view().anomalies() {
                assert!(anomaly.range.start <= anomaly.range.end, "{anomaly:?}");
            }
            let read = source.read.load(Ordering::Relaxed);
            let allowed = 4096 * 1024 + 256 * bytes.len() as u64;
            assert!(
                read <= allowed,
                "read {read} bytes of an input of {}",
                bytes.len()
            );
            format!("{parsed:?}")
        };
        let both = catch_unwind(AssertUnwindSafe(|| (run(), run())));
        let Ok((first, second)) = both else {
            panic!(
                "format `{id}` fails on {name}: {}",
                pickle::disassemble(&bytes[..bytes.len().min(400)])
            );
        };
        assert!(first == second, "format `{id}` answers differently on {name}");
    }
}

/// Counts how many bytes a parser reads.
#[derive(Debug)]
struct Counted<'a> {
    bytes: &'a [u8],
    read: AtomicU64,
}

impl<'a> Counted<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            read: AtomicU64::new(0),
        }
    }
}

impl ReadAt for Counted<'_> {
    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.bytes.read_at(offset, buffer)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

fn seeds() -> Vec<(String, Vec<u8>)> {
    let samples = all_samples().into_iter().flat_map(|(path, sample)| {
        let named = move |file: cleanbill_samples::SampleFile| {
            (format!("{}: {}", path.display(), file.path), file.bytes)
        };
        sample.files.into_iter().map(named)
    });
    let attacks = ATTACKS
        .iter()
        .map(|(name, text)| ((*name).to_owned(), build(text).unwrap()));
    let mut random = Random::new(5);
    let made = (0..30).map(|round| {
        let bytes = match round % 3 {
            0 => random.bytes(round * 7),
            _ => pickle::assemble(&pickle::random_opcodes(&mut random, 30)).unwrap(),
        };
        (format!("random {round}"), bytes)
    });
    let all: Vec<_> = samples.chain(attacks).chain(made.collect::<Vec<_>>()).collect();
    all.into_iter()
        .filter(|(_, bytes)| bytes.len() <= SEED_BYTES)
        .collect()
}

fn mutate(random: &mut Random, seed: &[u8]) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len());
        match random.below(6) {
            0 => bytes.truncate(at),
            1 => bytes.extend(random.bytes(9)),
            2 => {
                bytes.splice(at..at, random.bytes(3));
            }
            3 => {
                let end = (at + 8).min(bytes.len());
                let extreme = *random.choose(&[0, 0xff, 0x7f, 0x80]);
                bytes[at..end].fill(extreme);
            }
            _ if bytes.is_empty() => {}
            4 => bytes[at] = random.byte(),
            _ => bytes[at] ^= 1 << random.below(8),
        }
    }
    bytes
}
