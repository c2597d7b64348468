//! Data: the engine for leaks, the kinds of sources with the copies that are made of them, and rules of users.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    io::{self, Write},
    num::NonZeroUsize,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use cleanbill_core::{Severity, leak::Leak};
use cleanbill_data::{Artifact, Copies, KINDS, Key, Options, Outcome, Pseudonyms, ReadAt, Redaction, run};
use cleanbill_leaks::{Class, Hit, ProblemLevel, RuleForm, Rules, Scanner, State, read};

/// Copies that are made of a copy before nothing may be left in it.
const ROUNDS: usize = 4;
/// Pieces are cut after so many bytes, so that short inputs have several.
const PIECE_BYTES: usize = 997;

fn rules() -> &'static Rules {
    static RULES: OnceLock<Rules> = OnceLock::new();
    RULES.get_or_init(Rules::builtin)
}

/// Searches the bytes as one text: at once, in pieces, and class by class.
pub(crate) fn engine(bytes: &[u8]) -> String {
    static SCANNERS: OnceLock<(Scanner, [Scanner; 3])> = OnceLock::new();
    let (all, classes) = SCANNERS.get_or_init(|| {
        let of = |class| Scanner::new(rules().clone().only(|rule| rule.class == class));
        (
            Scanner::new(rules().clone()),
            [Class::Secret, Class::Personal, Class::Hidden].map(of),
        )
    });
    let in_order = |mut hits: Vec<Hit>| {
        // What is hidden may overlap a value, and comes when it is over.
        hits.sort_by_key(|hit| (hit.range.start, hit.range.end, hit.rule));
        hits
    };
    let whole = in_order(all.scan_all(bytes));
    check(bytes, &whole);
    let mut state = State::default();
    let mut pieces = Vec::new();
    for piece in bytes.chunks(PIECE_BYTES) {
        pieces.extend(all.scan(&mut state, piece));
    }
    pieces.extend(all.finish(&mut state));
    assert_eq!(in_order(pieces), whole, "pieces and the whole differ");
    for scanner in classes {
        check(bytes, &scanner.scan_all(bytes));
    }
    let found: BTreeSet<&str> = whole.iter().map(|hit| hit.id(all)).collect();
    format!("{found:?}")
}

/// Asserts that every place is one of the text.
fn check(bytes: &[u8], hits: &[Hit]) {
    let text = std::str::from_utf8(bytes).ok();
    for hit in hits {
        let (start, end) = (place(hit.range.start), place(hit.range.end));
        assert!(
            start < end && end <= bytes.len(),
            "{hit:?} of {} bytes",
            bytes.len()
        );
        if let Some(text) = text {
            let whole = text.is_char_boundary(start) && text.is_char_boundary(end);
            assert!(whole, "{hit:?} cuts a character");
        }
        assert!(!hit.evidence.to_string().is_empty());
    }
}

fn place(number: u64) -> usize {
    usize::try_from(number).expect("inputs are small")
}

/// Keeps the copy of one artifact.
#[derive(Default)]
struct Kept {
    begun: Arc<Mutex<Vec<u8>>>,
    whole: Option<Vec<u8>>,
}

struct Writing(Arc<Mutex<Vec<u8>>>);

impl Write for Writing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Copies for Kept {
    fn begin(&mut self, _: &str) -> io::Result<Box<dyn Write + Send>> {
        self.begun = Arc::default();
        Ok(Box::new(Writing(Arc::clone(&self.begun))))
    }

    fn end(&mut self, _: &str, is_whole: bool) -> io::Result<()> {
        let held = std::mem::take(&mut *self.begun.lock().unwrap_or_else(PoisonError::into_inner));
        self.whole = is_whole.then_some(held);
        Ok(())
    }
}

/// A way to search.
struct Way<'a> {
    name: &'a str,
    rules: Rules,
    workers: usize,
    redaction: Option<Redaction>,
}

/// Searches bytes under a name.
fn search(bytes: &[u8], way: Way<'_>, copies: Option<&mut Kept>) -> (Vec<Leak>, Outcome) {
    let held: Arc<dyn ReadAt> = Arc::new(bytes.to_vec());
    let artifact = Artifact {
        path: way.name.into(),
        open: Box::new(move || Ok(Arc::clone(&held))),
    };
    let options = Options {
        rules: way.rules,
        key: key(),
        columns: None,
        id_field: Some("id".to_owned()),
        sample: None,
        redaction: way.redaction,
        poison: None,
        fail_on: Severity::High,
        workers: NonZeroUsize::new(way.workers).unwrap_or(NonZeroUsize::MIN),
    };
    let mut leaks = Vec::new();
    let copies = copies.map(|copies| copies as &mut dyn Copies);
    let outcome = run(vec![artifact], options, None, copies, &mut |leak| {
        leaks.push(leak.clone());
        Ok(())
    });
    let outcome = outcome.expect("memory can be written");
    assert!(
        outcome.internal_errors.is_empty(),
        "{}: a part of ours broke down",
        way.name
    );
    (leaks, outcome)
}

fn key() -> Key {
    Key::new(&[7; 32]).expect("the key is long enough")
}

/// Reads the bytes as a file of each kind.
pub(crate) fn kinds(bytes: &[u8]) -> String {
    let mut seen = BTreeSet::new();
    let mut signature = String::new();
    for kind in KINDS {
        let name = format!("x.{}", kind.id);
        let way = |rules: Rules, workers, redaction| Way {
            name: &name,
            rules,
            workers,
            redaction,
        };
        // Which kind it is taken for costs little to ask.
        let (_, asked) = search(bytes, way(Rules::default(), 1, None), None);
        let format = asked
            .artifacts
            .first()
            .map_or_else(String::new, |one| one.format.clone());
        if !seen.insert(format.clone()) {
            continue;
        }
        let (one, alone) = search(bytes, way(rules().clone(), 1, None), None);
        let mut kept = Kept::default();
        let placeholders = Some(Redaction::Placeholders);
        let (four, together) = search(bytes, way(rules().clone(), 4, placeholders), Some(&mut kept));
        let bare = |leaks: &[Leak]| -> Vec<Leak> {
            let bare = leaks.iter().map(|leak| Leak {
                replaced: None,
                ..leak.clone()
            });
            bare.collect()
        };
        assert_eq!(bare(&one), bare(&four), "{format}: one worker and four differ");
        assert_eq!(alone.findings, together.findings, "{format}");
        for leak in &one {
            let characters = leak.char_end.checked_sub(leak.char_start);
            let fits =
                leak.start < leak.end && characters.is_some_and(|count| count <= leak.end - leak.start);
            assert!(fits, "{format}: {leak:?}");
        }
        if format == "text" {
            plain(bytes, &one, kept.whole.as_deref());
        }
        let copied = kept.whole.is_some();
        if let Some(copy) = kept.whole {
            is_clear(&format, way, copy);
        }
        let mut kept = Kept::default();
        let pseudonyms = Some(Redaction::Pseudonyms(Pseudonyms::new(key())));
        search(bytes, way(rules().clone(), 1, pseudonyms), Some(&mut kept));
        assert_eq!(
            copied,
            kept.whole.is_some(),
            "{format}: one of two copies is missing"
        );
        let types: BTreeSet<&str> = one.iter().map(|leak| &*leak.kind).collect();
        let problems = alone.artifacts.first().map_or(0, |one| one.problems.len());
        let _ = write!(
            signature,
            "{format} {types:?} {copied} {:?} ",
            problems.checked_ilog2()
        );
    }
    signature
}

/// Asserts that places are places of the file, and that a copy differs in the findings only.
fn plain(bytes: &[u8], leaks: &[Leak], copy: Option<&[u8]>) {
    let text = std::str::from_utf8(bytes).ok();
    let mut expected = Vec::new();
    let mut at = 0;
    for leak in leaks {
        let (start, end) = (place(leak.start), place(leak.end));
        assert!(end <= bytes.len(), "{leak:?}");
        if let Some(text) = text {
            assert!(
                text.is_char_boundary(start) && text.is_char_boundary(end),
                "{leak:?}"
            );
            let count = |part: Option<&str>| part.map_or(0, |part| part.chars().count());
            let before = count(text.get(..start));
            assert_eq!(place(leak.char_start), before, "{leak:?}");
            let after = before + count(text.get(start..end));
            assert_eq!(place(leak.char_end), after, "{leak:?}");
        }
        // What is hidden may overlap a value; what comes first is replaced.
        if start >= at {
            expected.extend_from_slice(&bytes[at..start]);
            let _ = write!(expected, "[{}]", leak.kind.to_ascii_uppercase());
            at = end;
        }
    }
    expected.extend_from_slice(&bytes[at..]);
    if let Some(copy) = copy {
        assert!(copy == expected, "the copy differs outside of the findings");
    }
}

/// Asserts that a copy can be read again and that nothing is left in it, or in a copy of it.
fn is_clear<'a>(format: &str, way: impl Fn(Rules, usize, Option<Redaction>) -> Way<'a>, mut copy: Vec<u8>) {
    for _ in 0..ROUNDS {
        let mut next = Kept::default();
        let placeholders = Some(Redaction::Placeholders);
        let (left, again) = search(&copy, way(rules().clone(), 1, placeholders), Some(&mut next));
        if left.is_empty() {
            return;
        }
        let reasons = again.artifacts.first().map(|one| one.coverage.reasons().to_vec());
        copy = next
            .whole
            .unwrap_or_else(|| panic!("{format}: a copy cannot be copied: {reasons:?}"));
    }
    let (left, _) = search(&copy, way(rules().clone(), 1, None), None);
    assert!(left.is_empty(), "{format}: still in the copy: {left:?}");
}

/// Reads the bytes as rules; what was converted must be read as the same.
pub(crate) fn own_rules(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let file = read(&text);
    for problem in &file.problems {
        assert!(problem.line >= 1 && problem.column >= 1, "{problem:?}");
        assert!(!problem.to_string().is_empty());
    }
    if let Some(converted) = &file.converted {
        let again = read(converted);
        assert_eq!(again.form, RuleForm::Cleanbill, "{converted}");
        let error = again
            .problems
            .iter()
            .find(|problem| problem.level == ProblemLevel::Error);
        assert!(error.is_none(), "{error:?} in\n{converted}");
        assert_eq!(
            format!("{:?}", again.rules),
            format!("{:?}", file.rules),
            "{converted}"
        );
    }
    let scanner = Scanner::new(file.rules);
    let hits = scanner.scan_all_of("a.env", text.as_bytes());
    check(text.as_bytes(), &hits);
    let told: BTreeSet<String> = file
        .problems
        .iter()
        .map(|problem| problem.error.to_string().chars().take(12).collect())
        .collect();
    format!("{:?} {told:?} {:?}", file.form, hits.len().checked_ilog2())
}

#[cfg(test)]
mod tests {
    use cleanbill_samples::Random;

    use super::*;
    use crate::{datasets::datasets, mutate::mutate};

    /// Inputs that are changed.
    const CHANGED: usize = 60;

    #[test]
    fn what_holds_for_samples_holds_for_changed_ones() {
        let (corpus, words) = datasets();
        for seed in &corpus {
            engine(seed);
            kinds(seed);
        }
        let mut random = Random::new(5);
        for _ in 0..CHANGED {
            let (seed, other) = (random.choose(&corpus).clone(), random.choose(&corpus).clone());
            let changed = mutate(&mut random, &seed, &other, &words);
            engine(&changed);
            kinds(&changed);
        }
    }

    #[test]
    fn rules_that_were_changed_are_told_of_or_read() {
        let seeds = [
            include_str!("../seeds/rules-gitleaks.toml"),
            include_str!("../seeds/rules-own.toml"),
        ];
        let words: Vec<Vec<u8>> = ["[[rules]]", "'''", "(?i)", "{1,9}", "\\w", "except", "regex = "]
            .map(|word| word.as_bytes().to_vec())
            .to_vec();
        let mut random = Random::new(9);
        for number in 0..CHANGED {
            let seed = seeds[number % 2].as_bytes();
            own_rules(seed);
            own_rules(&mutate(&mut random, seed, seeds[0].as_bytes(), &words));
        }
    }
}
