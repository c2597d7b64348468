//! A pickle assembler and its reverse.
//!
//! One line is one opcode, named as in `pickletools`: `GLOBAL os system`, `BINUNICODE "text"`, `TUPLE1`. `BYTES` puts bytes
//! where no opcode fits, a block below an opcode with counted bytes gives it nested content, and `len=N` makes it lie about
//! its length. Nothing is checked beyond the shape of each line: hostile pickles are the purpose.

use crate::{
    Argument, OPCODES, Opcode, Random, SampleError, content,
    lines::{self, Line, Node, Result, nodes},
    literal::{arguments, digits, quote},
    opcodes::{by_code, by_name},
};

/// Assembles lines into bytes.
pub fn assemble(text: &str) -> std::result::Result<Vec<u8>, SampleError> {
    assemble_lines(&lines::split(text, 0)?)
}

/// Writes any bytes as lines that assemble into exactly these bytes; what is no pickle comes as `BYTES`.
pub fn disassemble(bytes: &[u8]) -> String {
    let mut text = String::new();
    let mut rest = bytes;
    let mut stopped = false;
    while let Some(&code) = rest.first() {
        // After the end of a pickle only a protocol marker says that another one follows.
        let opcode = by_code(code).filter(|_| !stopped || code == b'\x80');
        let Some((line, length)) = opcode.and_then(|opcode| one_line(opcode, &rest[1..])) else {
            break;
        };
        text.push_str(&line);
        text.push('\n');
        stopped = code == b'.';
        rest = &rest[length + 1..];
    }
    for piece in rest.chunks(32) {
        text.push_str("BYTES ");
        text.push_str(&digits(piece));
        text.push('\n');
    }
    text
}

/// Writes lines of random opcodes that end in `STOP`: each is well formed by itself, their order means nothing.
pub fn random_opcodes(random: &mut Random, count: usize) -> String {
    let mut text = String::new();
    for _ in 0..count {
        let opcode = random.choose(OPCODES);
        if opcode.name == "STOP" {
            continue;
        }
        text.push_str(opcode.name);
        text.push_str(&random_argument(random, opcode));
        text.push('\n');
    }
    text.push_str("STOP\n");
    text
}

fn random_argument(random: &mut Random, opcode: &Opcode) -> String {
    let small = random.below(300).to_string();
    match (opcode.argument, opcode.name) {
        (Argument::None, _) => String::new(),
        (Argument::U8, "PROTO") => format!(" {}", random.below(6)),
        (Argument::U8, _) => format!(" {}", random.byte()),
        (Argument::Line, "STRING") => format!(" 'text {small}'"),
        (Argument::Line, "LONG") => format!(" {small}L"),
        (Argument::Line | Argument::U16 | Argument::I32 | Argument::U32, _) => format!(" {small}"),
        (Argument::Frame, _) => " auto".to_owned(),
        (Argument::F64, _) => format!(" {small}.5"),
        (Argument::TwoLines, _) => format!(" module{small} name"),
        (Argument::Long1 | Argument::Long4, _) => format!(" {}", i128::from(random.next_u64()) - (1 << 63)),
        (Argument::Counted1 | Argument::Counted4 | Argument::Counted8, _) => {
            let length = random.below(40);
            let bytes: Vec<u8> = (0..length).map(|_| b'a' + random.byte() % 26).collect();
            format!(" {}", quote(&bytes))
        }
    }
}

pub(crate) fn assemble_lines(lines: &[Line]) -> Result<Vec<u8>> {
    let mut assembler = Assembler::default();
    for node in &nodes(lines)? {
        assembler.line(node)?;
    }
    assembler.close_frame();
    Ok(assembler.bytes)
}

#[derive(Debug, Default)]
struct Assembler {
    bytes: Vec<u8>,
    /// Where the length of a frame stands that is to be filled in at its end.
    open_frame: Option<usize>,
}

impl Assembler {
    fn line(&mut self, node: &Node<'_>) -> Result<()> {
        match node.key.as_str() {
            "BYTES" => {
                let digits: String = node.rest.split_whitespace().collect();
                let bytes = crate::literal::hex(&digits).map_err(|reason| node.error(reason))?;
                self.bytes.extend(bytes);
            }
            "RAW" => self.bytes.extend(content::build(node.body)?),
            "JOBLIB_ARRAY" => self.bytes.extend(crate::torch::joblib_array(node)?),
            name => {
                let opcode = by_name(name).ok_or_else(|| node.error(format!("unknown opcode `{name}`")))?;
                if opcode.argument == Argument::Frame {
                    self.close_frame();
                }
                self.bytes.push(opcode.code);
                self.argument(opcode, node)?;
                if opcode.name == "STOP" {
                    self.close_frame();
                }
            }
        }
        Ok(())
    }

    fn close_frame(&mut self) {
        if let Some(at) = self.open_frame.take() {
            let length = (self.bytes.len() - at - 8) as u64;
            self.bytes[at..at + 8].copy_from_slice(&length.to_le_bytes());
        }
    }

    fn argument(&mut self, opcode: &Opcode, node: &Node<'_>) -> Result<()> {
        let width = |width: usize| -> Result<Vec<u8>> {
            let number = node.argument()?.signed().map_err(|reason| node.error(reason))?;
            let all = number.to_le_bytes();
            let (kept, cut) = all.split_at(width);
            let fits = cut.iter().all(|&byte| byte == 0)
                || (number < 0 && cut.iter().all(|&byte| byte == 0xff) && kept[width - 1] >= 0x80);
            if fits {
                Ok(kept.to_vec())
            } else {
                Err(node.error(format!("{number} does not fit {width} bytes")))
            }
        };
        match opcode.argument {
            Argument::None if node.rest.is_empty() && node.body.is_empty() => {}
            Argument::None => return Err(node.error(format!("`{}` takes no argument", opcode.name))),
            Argument::U8 => self.bytes.extend(width(1)?),
            Argument::U16 => self.bytes.extend(width(2)?),
            Argument::I32 | Argument::U32 => self.bytes.extend(width(4)?),
            Argument::Frame if node.rest == "auto" => {
                self.open_frame = Some(self.bytes.len());
                self.bytes.extend([0; 8]);
            }
            Argument::Frame => self.bytes.extend(width(8)?),
            Argument::F64 if node.rest.starts_with("hex:") => self.bytes.extend(node.bytes()?),
            Argument::F64 => {
                let value: f64 = node
                    .rest
                    .parse()
                    .map_err(|_| node.error(format!("`{}` is not a number", node.rest)))?;
                self.bytes.extend(value.to_be_bytes());
            }
            Argument::Line => {
                let line = if node.rest.starts_with('"') {
                    node.bytes()?
                } else {
                    node.rest.clone().into_bytes()
                };
                self.bytes.extend(line);
                self.bytes.push(b'\n');
            }
            Argument::TwoLines => {
                let words = arguments(&node.rest).map_err(|reason| node.error(reason))?;
                let [module, name] = words.as_slice() else {
                    return Err(node.error(format!("`{}` takes a module and a name", opcode.name)));
                };
                for word in [module, name] {
                    self.bytes.extend(word.name());
                    self.bytes.push(b'\n');
                }
            }
            Argument::Counted1 => self.counted(1, node)?,
            Argument::Counted4 => self.counted(4, node)?,
            Argument::Counted8 => self.counted(8, node)?,
            Argument::Long1 | Argument::Long4 => {
                let size = if opcode.argument == Argument::Long1 { 1 } else { 4 };
                if node.rest.contains("hex:") {
                    return self.counted(size, node);
                }
                let number = node.argument()?.signed().map_err(|reason| node.error(reason))?;
                let bytes = long_bytes(number);
                self.bytes.extend(&(bytes.len() as u64).to_le_bytes()[..size]);
                self.bytes.extend(bytes);
            }
        }
        Ok(())
    }

    fn counted(&mut self, width: usize, node: &Node<'_>) -> Result<()> {
        let mut declared = None;
        let mut bytes = Vec::new();
        for argument in node.arguments()? {
            if let Some(length) = argument.word().strip_prefix("len=") {
                let length = length
                    .parse()
                    .map_err(|_| node.error(format!("`{length}` is not a length")))?;
                declared = Some(length);
            } else {
                bytes.extend(argument.bytes().map_err(|reason| node.error(reason))?);
            }
        }
        bytes.extend(content::build(node.body)?);
        let declared: u64 = declared.unwrap_or(bytes.len() as u64);
        if width < 8 && declared >> (8 * width) != 0 {
            return Err(node.error(format!("length {declared} does not fit {width} bytes")));
        }
        self.bytes.extend(&declared.to_le_bytes()[..width]);
        self.bytes.extend(bytes);
        Ok(())
    }
}

/// Encodes an integer as `pickle.encode_long` does: the shortest two's complement, nothing for zero.
fn long_bytes(number: i128) -> Vec<u8> {
    let mut bytes = number.to_le_bytes().to_vec();
    let filler = if number < 0 { 0xff } else { 0 };
    while let [.., before, last] = bytes[..]
        && last == filler
        && (before >= 0x80) == (number < 0)
    {
        bytes.pop();
    }
    if number == 0 { Vec::new() } else { bytes }
}

/// Writes one opcode with its argument; returns the line and how many bytes the argument took.
fn one_line(opcode: &Opcode, after: &[u8]) -> Option<(String, usize)> {
    let unsigned = |width: usize| {
        let mut all = [0; 8];
        all[..width].copy_from_slice(after.get(..width)?);
        Some(u64::from_le_bytes(all))
    };
    let (argument, length) = match opcode.argument {
        Argument::None => return Some((opcode.name.to_owned(), 0)),
        Argument::U8 => (unsigned(1)?.to_string(), 1),
        Argument::U16 => (unsigned(2)?.to_string(), 2),
        Argument::I32 => (i32::from_le_bytes(*after.first_chunk()?).to_string(), 4),
        Argument::U32 => (unsigned(4)?.to_string(), 4),
        Argument::Frame => (unsigned(8)?.to_string(), 8),
        Argument::F64 => {
            let bytes = after.first_chunk::<8>()?;
            let text = format!("{:?}", f64::from_be_bytes(*bytes));
            let same = text
                .parse::<f64>()
                .is_ok_and(|value| value.to_be_bytes() == *bytes);
            (
                if same {
                    text
                } else {
                    format!("hex:{}", digits(bytes))
                },
                8,
            )
        }
        Argument::Line => {
            let line = up_to_line_feed(after)?;
            (bare_or_quoted(line, true), line.len() + 1)
        }
        Argument::TwoLines => {
            let module = up_to_line_feed(after)?;
            let name = up_to_line_feed(&after[module.len() + 1..])?;
            let text = format!(
                "{} {}",
                bare_or_quoted(module, false),
                bare_or_quoted(name, false)
            );
            (text, module.len() + name.len() + 2)
        }
        Argument::Counted1 => counted(after, 1, unsigned(1)?, quote)?,
        Argument::Counted4 => counted(after, 4, unsigned(4)?, quote)?,
        Argument::Counted8 => counted(after, 8, unsigned(8)?, quote)?,
        Argument::Long1 => counted(after, 1, unsigned(1)?, long_text)?,
        Argument::Long4 => counted(after, 4, unsigned(4)?, long_text)?,
    };
    let line = format!("{} {argument}", opcode.name);
    Some((line.trim_end().to_owned(), length))
}

fn counted(after: &[u8], width: usize, length: u64, show: fn(&[u8]) -> String) -> Option<(String, usize)> {
    let end = usize::try_from(length).ok()?.checked_add(width)?;
    Some((show(after.get(width..end)?), end))
}

fn long_text(bytes: &[u8]) -> String {
    let mut all = [if bytes.last().is_some_and(|&last| last >= 0x80) {
        0xff
    } else {
        0
    }; 16];
    if let Some(start) = all.get_mut(..bytes.len()) {
        start.copy_from_slice(bytes);
        let number = i128::from_le_bytes(all);
        // The lowest number has no positive counterpart for the sign to be put before.
        if number != i128::MIN && long_bytes(number) == bytes {
            return number.to_string();
        }
    }
    format!("hex:{}", digits(bytes))
}

fn up_to_line_feed(bytes: &[u8]) -> Option<&[u8]> {
    bytes.get(..bytes.iter().position(|&byte| byte == b'\n')?)
}

/// Writes a text bare where it reads back the same, else quoted.
fn bare_or_quoted(bytes: &[u8], spaces: bool) -> String {
    let plain = |byte: &u8| {
        byte.is_ascii_graphic() && !matches!(byte, b'"' | b'#' | b'\\') || (spaces && *byte == b' ')
    };
    let trimmed = bytes.first() != Some(&b' ') && bytes.last() != Some(&b' ');
    match std::str::from_utf8(bytes) {
        Ok(text) if bytes.iter().all(plain) && trimmed && (spaces || !bytes.is_empty()) => text.to_owned(),
        _ => quote(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_back(bytes: &[u8]) {
        let text = disassemble(bytes);
        assert_eq!(
            assemble(&text).map_err(|error| format!("{error}\n{text}")),
            Ok(bytes.to_vec()),
            "{text}"
        );
    }

    #[test]
    fn an_attack_is_a_few_lines() {
        let text = "PROTO 2\nGLOBAL os system  # runs\nSHORT_BINUNICODE \"id\"\nTUPLE1\nREDUCE\nSTOP\n";
        assert_eq!(assemble(text).unwrap(), b"\x80\x02cos\nsystem\n\x8c\x02id\x85R.");
    }

    #[test]
    fn frames_are_measured_up_to_the_next_one_or_the_end() {
        let bytes = assemble("PROTO 4\nFRAME auto\nNONE\nPOP\nFRAME auto\nNONE\nSTOP\nNONE").unwrap();
        assert_eq!(
            bytes,
            b"\x80\x04\x95\x02\0\0\0\0\0\0\0N0\x95\x02\0\0\0\0\0\0\0N.N"
        );
    }

    #[test]
    fn nested_pickles_are_blocks_and_lengths_may_lie() {
        let bytes =
            assemble("BINBYTES:\n  pickle:\n    NONE\n    STOP\nBINBYTES len=9 \"ab\"\nBYTES 2e ff").unwrap();
        assert_eq!(bytes, b"B\x02\0\0\0N.B\x09\0\0\0ab.\xff");
    }

    #[test]
    fn errors_name_line_and_reason() {
        let error = |text: &str| assemble(text).unwrap_err().to_string();
        assert_eq!(error("NONE\nNOPE"), "line 2: unknown opcode `NOPE`");
        assert_eq!(error("POP 1"), "line 1: `POP` takes no argument");
        assert_eq!(error("BININT1 256"), "line 1: 256 does not fit 1 bytes");
        assert_eq!(error("GLOBAL os"), "line 1: `GLOBAL` takes a module and a name");
        assert_eq!(
            error("NONE\nBINBYTES:\n  hex: 0g"),
            "line 3: `0g` holds something other than hexadecimal digits"
        );
    }

    #[test]
    fn every_opcode_comes_back() {
        for seed in 0..300 {
            let bytes = assemble(&random_opcodes(&mut Random::new(seed), 60)).unwrap();
            check_back(&bytes);
            let text = disassemble(&bytes);
            assert!(!text.lines().any(|line| line.starts_with("BYTES")), "{text}");
        }
    }

    #[test]
    fn any_bytes_come_back() {
        let mut random = Random::new(1);
        for length in 0..400 {
            check_back(&random.bytes(length % 97));
            let mut pickle = assemble(&random_opcodes(&mut random, 12)).unwrap();
            let at = random.below(pickle.len());
            pickle[at] = random.byte();
            pickle.truncate(random.below(pickle.len()) + 1);
            check_back(&pickle);
        }
        check_back(b"\x8a\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x80.I a \nS\"x\"\nV#\n.");
        check_back(b"G\x7f\xf8\0\0\0\0\0\x01G\x80\0\0\0\0\0\0\0c\n\n.");
    }

    #[test]
    fn long_integers_are_as_short_as_python_makes_them() {
        assert_eq!(long_bytes(0), b"");
        assert_eq!(long_bytes(255), b"\xff\0");
        assert_eq!(long_bytes(-128), b"\x80");
        assert_eq!(long_bytes(-129), b"\x7f\xff");
    }
}
