//! The shape of a token: a small part of the language of regular expressions, compiled in microseconds and matched at one
//! place only. What is not here: search (anchors do that), captures, unbounded backtracking.

/// LIMIT: alternatives of one shape; a rule that needs more is written as two. Beyond it, the shape is refused.
const ALTERNATIVES: usize = 256;
/// LIMIT: steps back that one attempt may take, so that no text makes a shape slow; beyond it, the attempt fails.
const STEPS: u32 = 4_096;
/// Longest run that `+` and `*` stand for.
const LONGEST_RUN: usize = 4_096;

/// Holds a set of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Set([u64; 4]);

impl Set {
    /// Holds letters, digits and what is listed.
    pub(crate) fn words(more: &[u8]) -> Self {
        let mut set = Self([DIGIT_BITS, LETTER_BITS, 0, 0]);
        for byte in more {
            set.add(*byte);
        }
        set
    }

    fn add(&mut self, byte: u8) {
        if let Some(word) = self.0.get_mut(usize::from(byte >> 6)) {
            *word |= 1 << (byte & 63);
        }
    }

    fn join(&mut self, other: Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine |= theirs;
        }
    }

    /// Says whether `byte` belongs to the set.
    pub(crate) fn contains(&self, byte: u8) -> bool {
        self.0
            .get(usize::from(byte >> 6))
            .is_some_and(|word| word >> (byte & 63) & 1 == 1)
    }

    /// Counts bytes of the set at the start of `bytes`, at most `most`.
    pub(crate) fn run(&self, bytes: &[u8], most: usize) -> usize {
        bytes
            .iter()
            .take(most)
            .take_while(|byte| self.contains(**byte))
            .count()
    }

    /// Counts bytes of the set at the end of `bytes`, at most `most`.
    pub(crate) fn run_back(&self, bytes: &[u8], most: usize) -> usize {
        bytes
            .iter()
            .rev()
            .take(most)
            .take_while(|byte| self.contains(**byte))
            .count()
    }
}

/// Digits among the first 64 bytes, and letters among the next.
const DIGIT_BITS: u64 = 0x03ff_0000_0000_0000;
const LETTER_BITS: u64 = 0x07ff_fffe_07ff_fffe;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(Vec<u8>),
    Run { set: Set, least: usize, most: usize },
}

/// Holds a compiled shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    alternatives: Vec<Vec<Piece>>,
    edge: Set,
}

/// Why a shape is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ShapeError {
    /// Something stands where it has no meaning, or is not closed.
    Syntax,
    /// It has too many alternatives.
    Large,
}

impl Shape {
    /// Compiles a shape. Besides literals, `[...]`, `(a|b)`, `?`, `*`, `+`, `{n}`, `{n,m}`: `\d` digits, `\x` lower-case hexadecimal
    /// digits, `\w` letters and digits, `\k` these with `_` and `-`, `\b` base64 digits; any other `\c` is the character itself.
    pub(crate) fn compile(text: &str) -> Result<Self, ShapeError> {
        let mut reader = Reader {
            rest: text.as_bytes(),
        };
        let alternatives = reader.alternatives(0)?;
        if reader.rest.is_empty() {
            let edge = edge(&alternatives);
            Ok(Self { alternatives, edge })
        } else {
            Err(ShapeError::Syntax)
        }
    }

    /// Matches at the start of `bytes` and returns the length; the first alternative that matches decides.
    pub(crate) fn matches(&self, bytes: &[u8]) -> Option<usize> {
        self.alternatives.iter().find_map(|pieces| {
            let mut steps = STEPS;
            step(pieces, bytes, 0, &mut steps)
        })
    }

    /// Lists the texts with which its alternatives begin, without repetitions.
    pub(crate) fn anchors(&self) -> Vec<&[u8]> {
        let mut anchors: Vec<&[u8]> = self
            .alternatives
            .iter()
            .map(|pieces| match pieces.first() {
                Some(Piece::Text(text)) => text.as_slice(),
                _ => &[],
            })
            .collect();
        anchors.sort_unstable();
        anchors.dedup();
        anchors
    }

    /// Returns the set of its first piece where it is a single run, with its bounds.
    pub(crate) fn single_run(&self) -> Option<(Set, usize, usize)> {
        match self.alternatives.as_slice() {
            [pieces] => match pieces.as_slice() {
                [Piece::Run { set, least, most }] => Some((*set, *least, *most)),
                _ => None,
            },
            _ => None,
        }
    }

    /// Returns the bytes that must not follow: those of the last runs, letters and digits.
    pub(crate) fn edge(&self) -> Set {
        self.edge
    }
}

fn edge(alternatives: &[Vec<Piece>]) -> Set {
    let mut edge = Set::words(&[]);
    for pieces in alternatives {
        if let Some(Piece::Run { set, .. }) = pieces.last() {
            edge.join(*set);
        }
    }
    edge
}

fn step(pieces: &[Piece], bytes: &[u8], at: usize, steps: &mut u32) -> Option<usize> {
    let Some((piece, rest)) = pieces.split_first() else {
        return Some(at);
    };
    *steps = steps.checked_sub(1)?;
    let here = bytes.get(at..)?;
    match piece {
        Piece::Text(text) => {
            if here.starts_with(text) {
                step(rest, bytes, at.saturating_add(text.len()), steps)
            } else {
                None
            }
        }
        Piece::Run { set, least, most } => {
            let mut taken = set.run(here, *most);
            // Where a text must follow, only places at which it begins are tried.
            let next = match rest.first() {
                Some(Piece::Text(text)) => text.first().copied(),
                _ => None,
            };
            while taken >= *least {
                if next.is_some() && here.get(taken).copied() != next {
                    taken = taken.checked_sub(1)?;
                    continue;
                }
                if let Some(end) = step(rest, bytes, at.saturating_add(taken), steps) {
                    return Some(end);
                }
                taken = taken.checked_sub(1)?;
            }
            None
        }
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn next(&mut self) -> Option<u8> {
        let (byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*byte)
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.rest.first() == Some(&byte);
        if found {
            self.next();
        }
        found
    }

    fn alternatives(&mut self, depth: u32) -> Result<Vec<Vec<Piece>>, ShapeError> {
        if depth > 4 {
            return Err(ShapeError::Syntax);
        }
        let mut all = Vec::new();
        loop {
            all.extend(self.sequence(depth)?);
            if all.len() > ALTERNATIVES {
                return Err(ShapeError::Large);
            }
            if !self.eat(b'|') {
                return Ok(all);
            }
        }
    }

    fn sequence(&mut self, depth: u32) -> Result<Vec<Vec<Piece>>, ShapeError> {
        let mut all = vec![Vec::new()];
        while let Some(&byte) = self.rest.first() {
            if matches!(byte, b'|' | b')') {
                break;
            }
            self.next();
            let choices = match byte {
                b'(' => {
                    let mut inner = self.alternatives(depth.saturating_add(1))?;
                    if !self.eat(b')') {
                        return Err(ShapeError::Syntax);
                    }
                    if self.eat(b'?') {
                        inner.push(Vec::new());
                    }
                    inner
                }
                b'[' => vec![vec![self.counted(None)?]],
                b'\\' => {
                    let name = self.next().ok_or(ShapeError::Syntax)?;
                    match named(name) {
                        Some(set) => vec![vec![self.quantified(set)?]],
                        None => vec![vec![self.literal(name)?]],
                    }
                }
                b'?' | b'*' | b'+' | b'{' | b'}' | b']' => return Err(ShapeError::Syntax),
                byte => vec![vec![self.literal(byte)?]],
            };
            all = product(&all, &choices);
            if all.len() > ALTERNATIVES {
                return Err(ShapeError::Large);
            }
        }
        Ok(all)
    }

    fn literal(&mut self, byte: u8) -> Result<Piece, ShapeError> {
        if matches!(self.rest.first(), Some(b'?' | b'*' | b'+' | b'{')) {
            self.counted(Some(byte))
        } else {
            Ok(Piece::Text(vec![byte]))
        }
    }

    /// Reads the rest of a class, or takes one byte as the class, and its quantifier.
    fn counted(&mut self, single: Option<u8>) -> Result<Piece, ShapeError> {
        let mut set = Set::default();
        if let Some(byte) = single {
            set.add(byte);
            return self.quantified(set);
        }
        loop {
            let mut byte = self.next().ok_or(ShapeError::Syntax)?;
            if byte == b']' {
                break;
            }
            if byte == b'\\' {
                byte = self.next().ok_or(ShapeError::Syntax)?;
                if let Some(named) = named(byte) {
                    set.join(named);
                    continue;
                }
            }
            if let [b'-', last, ..] = self.rest
                && *last != b']'
            {
                let last = *last;
                self.next();
                self.next();
                (byte..=last).for_each(|byte| set.add(byte));
            } else {
                set.add(byte);
            }
        }
        self.quantified(set)
    }

    fn quantified(&mut self, set: Set) -> Result<Piece, ShapeError> {
        let (least, most) = match self.rest.first() {
            Some(b'?') => (0, 1),
            Some(b'*') => (0, LONGEST_RUN),
            Some(b'+') => (1, LONGEST_RUN),
            Some(b'{') => {
                self.next();
                let least = self.number()?;
                let most = if self.eat(b',') {
                    if self.rest.first() == Some(&b'}') {
                        LONGEST_RUN
                    } else {
                        self.number()?
                    }
                } else {
                    least
                };
                if self.rest.first() != Some(&b'}') || least > most {
                    return Err(ShapeError::Syntax);
                }
                (least, most)
            }
            _ => {
                return Ok(Piece::Run {
                    set,
                    least: 1,
                    most: 1,
                });
            }
        };
        self.next();
        Ok(Piece::Run { set, least, most })
    }

    fn number(&mut self) -> Result<usize, ShapeError> {
        let mut value = 0_usize;
        let mut digits = 0_u32;
        while let Some(digit) = self.rest.first().filter(|byte| byte.is_ascii_digit()) {
            value = value
                .saturating_mul(10)
                .saturating_add(usize::from(digit.saturating_sub(b'0')));
            digits = digits.saturating_add(1);
            self.next();
        }
        if digits == 0 || value > LONGEST_RUN {
            return Err(ShapeError::Syntax);
        }
        Ok(value)
    }
}

fn named(name: u8) -> Option<Set> {
    let mut set = Set::default();
    match name {
        b'd' => (b'0'..=b'9').for_each(|byte| set.add(byte)),
        b'x' => (b'0'..=b'9').chain(b'a'..=b'f').for_each(|byte| set.add(byte)),
        b'w' => set = Set::words(&[]),
        b'k' => set = Set::words(b"_-"),
        b'b' => set = Set::words(b"+/"),
        _ => return None,
    }
    Some(set)
}

/// Joins each sequence with each choice; texts that meet become one.
fn product(all: &[Vec<Piece>], choices: &[Vec<Piece>]) -> Vec<Vec<Piece>> {
    let mut out = Vec::new();
    for left in all {
        for right in choices {
            let mut joined = left.clone();
            for piece in right {
                match (joined.last_mut(), piece) {
                    (Some(Piece::Text(text)), Piece::Text(more)) => text.extend_from_slice(more),
                    _ => joined.push(piece.clone()),
                }
            }
            out.push(joined);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(shape: &str, text: &str, expected: Option<usize>) {
        let compiled = Shape::compile(shape).unwrap();
        assert_eq!(compiled.matches(text.as_bytes()), expected, "{shape} on {text}");
    }

    #[test]
    fn shapes_match_as_expressions_do() {
        check(r"ab\d{2,3}", "ab1234", Some(5));
        check(r"ab\d{2,3}", "ab1", None);
        check(r"(ab|cd)e?\x{2}", "cdff", Some(4));
        check(r"(ab|cd)e?\x{2}", "abef0", Some(5));
        check(r"\w+T3B\w+", "abT3BcT3Bd", Some(10));
        check(r"[A-Z2-7]{4}\.", "AB27.", Some(5));
        check(r"a(b)?c", "ac", Some(2));
        check(r"[a-c-]+", "a-cd", Some(3));
    }

    #[test]
    fn words_are_letters_and_digits() {
        let set = Set::words(b"_");
        for byte in 0..=255_u8 {
            assert_eq!(
                set.contains(byte),
                byte.is_ascii_alphanumeric() || byte == b'_',
                "{byte}"
            );
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for shape in ["(a", "a)", "[a", "a{2", "a{3,2}", "*", "a{99999}", "\\"] {
            assert_eq!(Shape::compile(shape), Err(ShapeError::Syntax), "{shape}");
        }
        let large = "(a|b)".repeat(9);
        assert_eq!(Shape::compile(&large), Err(ShapeError::Large));
    }

    #[test]
    fn no_text_makes_a_shape_slow() {
        let shape = Shape::compile(&"[a]+".repeat(30)).unwrap();
        assert_eq!(shape.matches(&[b'a'; 25]), None);
    }

    #[test]
    fn anchors_are_the_first_texts() {
        let shape = Shape::compile(r"(AK|AS)IA[A-Z]{16}").unwrap();
        assert_eq!(shape.anchors(), [b"AKIA", b"ASIA"]);
    }
}
