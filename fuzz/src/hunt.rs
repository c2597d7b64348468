//! The loop: choose, mutate, run, keep what is new, write down what is wrong.

use std::{
    collections::BTreeSet,
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use cleanbill_formats::Format;
use cleanbill_samples::{OPCODES, Random, pickle};

use crate::{
    datasets::datasets,
    fuzz_folder,
    mutate::mutate,
    seeds,
    structure::reshape,
    target::{Corpus, Target},
};

/// Inputs kept at most; beyond, a new one takes the place of an old one.
const CORPUS: usize = 20_000;
/// Memory above which an input is reported: the product promises 256 MB, the corpus takes its share.
const MEMORY_BYTES: u64 = 1 << 30;
/// Longest document that is kept.
const INPUT_BYTES: usize = 64 * 1024;
/// Artifacts written before the hunt ends: more would be the same few mistakes.
const ARTIFACTS: usize = 20;

/// Says what to do and for how long.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) targets: Vec<Target>,
    pub(crate) seed: u64,
    pub(crate) time: Duration,
    pub(crate) slow: Duration,
    pub(crate) artifacts: PathBuf,
}

/// Holds the state of one run.
#[derive(Debug)]
pub(crate) struct Hunt {
    plan: Plan,
    random: Random,
    pools: Vec<Pool>,
    seen: BTreeSet<String>,
    found: usize,
}

/// Holds inputs of one kind, with the targets that read them.
#[derive(Debug)]
struct Pool {
    targets: Vec<Target>,
    corpus: Vec<Vec<u8>>,
    /// How many of them are seeds, which run as they are before anything is changed.
    seeds: usize,
    words: Vec<Vec<u8>>,
    /// Inputs taken so far.
    taken: usize,
}

impl Hunt {
    /// Gathers the seeds.
    pub(crate) fn new(plan: Plan) -> Result<Self, String> {
        let mut random = Random::new(plan.seed);
        let mut pools = Vec::new();
        for corpus in Corpus::ALL {
            let targets: Vec<Target> = plan
                .targets
                .iter()
                .copied()
                .filter(|target| target.corpus() == corpus)
                .collect();
            if !targets.is_empty() {
                let (corpus, words) = match corpus {
                    Corpus::Files => of_files(&mut random)?,
                    Corpus::Documents => of_documents()?,
                    Corpus::Data => datasets(),
                };
                pools.push(Pool {
                    targets,
                    seeds: corpus.len(),
                    corpus,
                    words,
                    taken: 0,
                });
            }
        }
        Ok(Self {
            plan,
            random,
            pools,
            seen: BTreeSet::new(),
            found: 0,
        })
    }

    /// Runs until the time is over; returns how many inputs were written down as wrong.
    pub(crate) fn run(mut self) -> Result<usize, String> {
        let start = Instant::now();
        let now_running = Arc::new(Mutex::new(None));
        let done = Arc::new(AtomicBool::new(false));
        let watchdog = watch(&now_running, &done, &self.plan);
        let (mut executions, mut told) = (0_u64, Duration::ZERO);
        while start.elapsed() < self.plan.time && self.found < ARTIFACTS {
            for pool in 0..self.pools.len() {
                let input = self.input(pool);
                for target in self.pools[pool].targets.clone() {
                    self.one(pool, target, &input, &now_running)?;
                    executions += 1;
                }
            }
            if start.elapsed().saturating_sub(told) > Duration::from_secs(10) {
                told = start.elapsed();
                self.tell(executions, told);
            }
        }
        done.store(true, Ordering::Relaxed);
        self.tell(executions, start.elapsed());
        drop(watchdog);
        println!(
            "{} inputs written to {}",
            self.found,
            self.plan.artifacts.display()
        );
        Ok(self.found)
    }

    /// Returns the next input of a pool: a seed as it is, or an input changed.
    fn input(&mut self, pool: usize) -> Vec<u8> {
        let Self { pools, random, .. } = self;
        let pool = &mut pools[pool];
        let next = pool.taken;
        pool.taken += 1;
        if next < pool.seeds {
            return pool.corpus[next].clone();
        }
        // Younger inputs are the more promising ones: half of the choices fall on the last tenth.
        let choose = |random: &mut Random, count: usize| {
            let young = (count / 10).max(1);
            if random.below(2) == 0 {
                count - 1 - random.below(young)
            } else {
                random.below(count)
            }
        };
        let seed = &pool.corpus[choose(random, pool.corpus.len())];
        let other = &pool.corpus[choose(random, pool.corpus.len())];
        let documents = pool
            .targets
            .iter()
            .any(|target| target.corpus() == Corpus::Documents);
        if documents && random.below(4) > 0 {
            let mut changed = None;
            for _ in 0..=random.below(4) {
                let from: &[u8] = changed.as_deref().unwrap_or(seed);
                changed = reshape(random, from, other).or(changed);
            }
            if let Some(mut changed) = changed {
                changed.truncate(INPUT_BYTES);
                return changed;
            }
        }
        mutate(random, seed, other, &pool.words)
    }

    fn one(
        &mut self,
        pool: usize,
        target: Target,
        input: &[u8],
        now_running: &NowRunning,
    ) -> Result<(), String> {
        *now_running.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((Instant::now(), target, input.to_vec()));
        let before = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| target.run(input)));
        let took = before.elapsed();
        *now_running.lock().unwrap_or_else(PoisonError::into_inner) = None;
        match outcome {
            Err(_) => self.write("crash", target, input)?,
            Ok(_) if took > self.plan.slow => self.write("slow", target, input)?,
            Ok(signature) => {
                let size = input.len().checked_ilog2();
                if self
                    .seen
                    .insert(format!("{} {size:?} {signature}", target.name()))
                {
                    let corpus = &mut self.pools[pool].corpus;
                    if corpus.len() < CORPUS {
                        corpus.push(input.to_vec());
                    } else {
                        let at = self.random.below(CORPUS);
                        corpus[at] = input.to_vec();
                    }
                }
            }
        }
        if resident_bytes().is_some_and(|bytes| bytes > MEMORY_BYTES) {
            self.write("memory", target, input)?;
            return Err("more than 1 GiB of memory is in use".to_owned());
        }
        Ok(())
    }

    fn write(&mut self, kind: &str, target: Target, input: &[u8]) -> Result<(), String> {
        self.found += 1;
        write_artifact(&self.plan.artifacts, kind, target, input)
            .map(|path| println!("{kind}: {}", path.display()))
    }

    fn tell(&self, executions: u64, elapsed: Duration) {
        let rate = executions * 1000 / u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
        println!(
            "{:>5} s: {executions} executions, {rate} per second, corpus {}, outcomes {}, wrong {}",
            elapsed.as_secs(),
            self.pools.iter().map(|pool| pool.corpus.len()).sum::<usize>(),
            self.seen.len(),
            self.found
        );
    }
}

/// Seeds, and words to put into them.
type Gathered = (Vec<Vec<u8>>, Vec<Vec<u8>>);

/// Gathers files of models, and words of the format pages.
fn of_files(random: &mut Random) -> Result<Gathered, String> {
    let mut corpus = seeds::samples(&fuzz_folder().join("../testdata"))?;
    for length in [0, 1, 8, 64, 600] {
        corpus.push(random.bytes(length));
    }
    for _ in 0..40 {
        let text = pickle::random_opcodes(random, 20);
        corpus.push(pickle::assemble(&text).map_err(|error| error.to_string())?);
    }
    // The names of a format and its page hold its magic words more often than chance does.
    let pages = Format::ALL
        .iter()
        .flat_map(|format| format.info().page.split('`').skip(1).step_by(2));
    let words = pages
        .map(|word| word.as_bytes().to_vec())
        .filter(|word| (2..40).contains(&word.len()))
        .chain(signatures())
        .collect();
    Ok((corpus, words))
}

/// Gathers documents, and the texts that stand in them: keys and values that readers know.
fn of_documents() -> Result<Gathered, String> {
    let mut corpus = seeds::documents()?;
    corpus.extend(crate::target::signed());
    let mut words: BTreeSet<Vec<u8>> = BTreeSet::new();
    for document in &corpus {
        let texts = document.split(|byte| matches!(byte, b'"' | b'<' | b'>'));
        words.extend(
            texts
                .filter(|text| (2..40).contains(&text.len()) && text.is_ascii())
                .map(<[u8]>::to_vec),
        );
    }
    Ok((corpus, words.into_iter().collect()))
}

type NowRunning = Arc<Mutex<Option<(Instant, Target, Vec<u8>)>>>;

/// Ends the process, with the input written down, when one run takes far too long: a hang cannot be interrupted otherwise.
fn watch(now_running: &NowRunning, done: &Arc<AtomicBool>, plan: &Plan) -> thread::JoinHandle<()> {
    let (now_running, done) = (Arc::clone(now_running), Arc::clone(done));
    let (limit, artifacts) = (plan.slow * 3, plan.artifacts.clone());
    thread::spawn(move || {
        while !done.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(200));
            let running = now_running.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((since, target, input)) = running.as_ref()
                && since.elapsed() > limit
            {
                match write_artifact(&artifacts, "hang", *target, input) {
                    Ok(path) => eprintln!("hang: {} runs for more than {limit:?}", path.display()),
                    Err(message) => eprintln!("hang, and the input is lost: {message}"),
                }
                std::process::abort();
            }
        }
    })
}

fn write_artifact(folder: &Path, kind: &str, target: Target, input: &[u8]) -> Result<PathBuf, String> {
    // FNV-1a: a name that is the same for the same bytes.
    let hash = input.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let path = folder.join(format!("{kind}-{}-{hash:016x}", target.name()));
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(&path, input));
    written.map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path)
}

/// Reads how much memory this process holds, where the system tells (Linux).
fn resident_bytes() -> Option<u64> {
    let text = fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = text.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * 4096)
}

/// Signatures and names that open new paths.
fn signatures() -> Vec<Vec<u8>> {
    let words: [&[u8]; 22] = [
        b"PK\x01\x02",
        b"PK\x03\x04",
        b"PK\x05\x06",
        b"PK\x06\x06",
        b"PK\x06\x07",
        b"PK\x07\x08",
        b"\x93NUMPY",
        b"GGUF",
        b"\x89HDF\r\n\x1a\n",
        b"\x1f\x8b\x08",
        b"BZh9",
        b"\xfd7zXZ\0",
        b"\x28\xb5\x2f\xfd",
        b"\x04\x22\x4d\x18",
        b"7z\xbc\xaf\x27\x1c",
        b"ustar\0",
        b"TFL3",
        b"Rar!\x1a\x07",
        b"cos\nsystem\n",
        b"\x80\x04",
        b"{\"",
        b"archive/data.pkl",
    ];
    let opcodes = OPCODES.iter().map(|opcode| vec![opcode.code]);
    words.iter().map(|word| word.to_vec()).chain(opcodes).collect()
}
