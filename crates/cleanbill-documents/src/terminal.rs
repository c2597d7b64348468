//! Lays text out for a terminal: widths of characters, line breaks, colour. Nothing here knows the terminal itself.

use cleanbill_core::{Language, Verdict, text};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Says whether colour may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Color {
    /// Plain text.
    #[default]
    Plain,
    /// ANSI escape sequences (ECMA-48, SGR).
    Ansi,
}

/// Names a way to set text apart; nothing depends on seeing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// What went wrong.
    Bad,
    /// What a person should look at.
    Doubtful,
    /// What is as it should be.
    Good,
    /// Headings and names.
    Strong,
    /// Labels and asides.
    Faint,
}

impl Color {
    /// Sets `text` in `style`.
    pub fn paint(self, style: Style, text: &str) -> String {
        let code = match (self, style) {
            (Self::Plain, _) => return text.to_owned(),
            (Self::Ansi, Style::Bad) => "1;31",
            (Self::Ansi, Style::Doubtful) => "1;33",
            (Self::Ansi, Style::Good) => "1;32",
            (Self::Ansi, Style::Strong) => "1",
            (Self::Ansi, Style::Faint) => "2",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }

    /// Returns the word for a verdict that a result starts with, set apart.
    pub fn verdict(self, verdict: Verdict, language: Language) -> String {
        let (word, style) = match verdict {
            Verdict::Pass => (text!("PASS", "通过"), Style::Good),
            Verdict::Incomplete => (text!("INCOMPLETE", "不完整"), Style::Doubtful),
            Verdict::Fail => (text!("FAIL", "不通过"), Style::Bad),
        };
        self.paint(style, word.get(language))
    }
}

/// Returns how many columns `text` takes.
pub fn columns(text: &str) -> usize {
    text.width()
}

/// Shows text of a document so that it cannot steer a terminal or pose as other text: hidden characters become `\u{…}`.
pub fn printable(text: &str) -> String {
    crate::escape::visible(text)
}

/// Fills `text` with spaces up to `width` columns.
pub fn pad(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(columns(text));
    format!("{text}{}", " ".repeat(missing))
}

/// Breaks `text` into lines of at most `width` columns, at spaces and between ideographs; what has neither stays whole, so
/// that a path or a digest can be copied.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for atom in atoms(text) {
        let space = atom.starts_with(' ');
        if !line.is_empty() && columns(&line) + columns(atom) > width {
            lines.push(std::mem::take(&mut line).trim_end().to_owned());
        }
        line.push_str(if space && line.is_empty() {
            atom.trim_start()
        } else {
            atom
        });
    }
    lines.push(line.trim_end().to_owned());
    lines
}

/// Splits text where a line may end: each atom is a word with the space before it, or one ideograph with the punctuation behind it.
fn atoms(text: &str) -> Vec<&str> {
    let mut starts = Vec::new();
    let mut before: Option<char> = None;
    for (index, character) in text.char_indices() {
        let wide = is_wide(character) || before.is_some_and(is_wide);
        let closing = matches!(
            character,
            '，' | '。' | '：' | '；' | '、' | '）' | '》' | '」' | '”' | '…' | '？' | '！'
        );
        let after_opening = matches!(before, Some('（' | '《' | '「' | '“' | '`'));
        let word_starts = character == ' ' && before != Some(' ');
        let after_space = before == Some(' ');
        if word_starts || (wide && !closing && !after_opening && !after_space && character != '`') {
            starts.push(index);
        }
        before = Some(character);
    }
    let mut atoms = Vec::new();
    let mut from = 0;
    for start in starts {
        if let Some(atom) = text.get(from..start).filter(|atom| !atom.is_empty()) {
            atoms.push(atom);
        }
        from = start;
    }
    atoms.extend(text.get(from..).filter(|atom| !atom.is_empty()));
    atoms
}

fn is_wide(character: char) -> bool {
    character.width() == Some(2)
}

/// Writes a number of bytes as people read it: `1.5 MiB`.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let mut tenths = u128::from(count) * 10;
    let mut unit = "B";
    for larger in UNITS {
        if tenths < 10_240 {
            break;
        }
        tenths /= 1_024;
        unit = larger;
    }
    if unit == "B" {
        format!("{count} B")
    } else {
        format!("{}.{} {unit}", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_at_spaces_and_between_ideographs() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("averyverylongname x", 5), ["averyverylongname", "x"]);
        assert_eq!(wrap("检查完成，没有发现", 10), ["检查完成，", "没有发现"]);
        assert_eq!(wrap("", 10), [""]);
        for line in wrap(
            "在文件 `data.pkl` 的第 12 字节处发现 os.system 调用，请勿加载该文件",
            20,
        ) {
            assert!(columns(&line) <= 20, "{line}");
        }
    }

    #[test]
    fn bytes_are_short() {
        let shown = [0, 1023, 1024, 1536, 5 << 30].map(bytes);
        assert_eq!(shown, ["0 B", "1023 B", "1.0 KiB", "1.5 KiB", "5.0 GiB"]);
        assert_eq!(bytes(u64::MAX), "15.9 EiB");
    }

    #[test]
    fn plain_is_plain() {
        assert_eq!(Color::Plain.paint(Style::Bad, "x"), "x");
        assert_eq!(Color::Ansi.paint(Style::Bad, "x"), "\u{1b}[1;31mx\u{1b}[0m");
    }
}
