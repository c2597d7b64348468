//! Lines and indentation: the shape that every block of a sample shares.

use thiserror::Error;

use crate::literal::{Argument, arguments};

/// A sample that cannot be read: which line, and why.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("line {line}: {reason}")]
pub struct SampleError {
    /// Number of the line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

impl SampleError {
    pub(crate) fn new(line: usize, reason: impl Into<String>) -> Self {
        Self {
            line,
            reason: reason.into(),
        }
    }
}

pub(crate) type Result<T> = std::result::Result<T, SampleError>;

/// One line as it stands.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) number: usize,
    pub(crate) indent: usize,
    /// The line without its indentation and without white space at its end.
    pub(crate) text: String,
}

impl Line {
    fn is_silent(&self) -> bool {
        self.text.is_empty() || self.text.starts_with('#')
    }
}

/// Splits text into lines; `before` is how many lines stand before it in the file.
pub(crate) fn split(text: &str, before: usize) -> Result<Vec<Line>> {
    let one = |(index, line): (usize, &str)| {
        let number = before + index + 1;
        let trimmed = line.trim_start_matches(' ');
        if trimmed.starts_with('\t') {
            return Err(SampleError::new(number, "indent with spaces, not with tabs"));
        }
        Ok(Line {
            number,
            indent: line.len() - trimmed.len(),
            text: trimmed.trim_end().to_owned(),
        })
    };
    text.lines().enumerate().map(one).collect()
}

/// One statement: its first line and the deeper lines below it.
#[derive(Clone, Debug)]
pub(crate) struct Node<'a> {
    pub(crate) number: usize,
    /// First word, without the colon that may follow it.
    pub(crate) key: String,
    /// Everything after the first word, comments taken off.
    pub(crate) rest: String,
    pub(crate) body: &'a [Line],
}

impl Node<'_> {
    pub(crate) fn error(&self, reason: impl Into<String>) -> SampleError {
        SampleError::new(self.number, reason)
    }

    /// Returns the words after the key; the colon that opens a block is not one of them.
    pub(crate) fn arguments(&self) -> Result<Vec<Argument>> {
        let rest = if self.body.is_empty() {
            self.rest.as_str()
        } else {
            self.rest.strip_suffix(':').unwrap_or(&self.rest)
        };
        arguments(rest).map_err(|reason| self.error(reason))
    }

    /// Returns the only word after the key.
    pub(crate) fn argument(&self) -> Result<Argument> {
        let mut arguments = self.arguments()?;
        match (arguments.pop(), arguments.is_empty()) {
            (Some(argument), true) => Ok(argument),
            _ => Err(self.error(format!("`{}` takes exactly one value", self.key))),
        }
    }

    /// Returns the only word after the key as a number.
    pub(crate) fn number(&self) -> Result<u64> {
        self.argument()?.number().map_err(|reason| self.error(reason))
    }

    /// Returns the words after the key, joined, as bytes.
    pub(crate) fn bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        for argument in self.arguments()? {
            bytes.extend(argument.bytes().map_err(|reason| self.error(reason))?);
        }
        Ok(bytes)
    }

    /// Returns whether the only word after the key is `yes` or `no`.
    pub(crate) fn flag(&self) -> Result<bool> {
        match self.argument()?.word() {
            "yes" => Ok(true),
            "no" => Ok(false),
            _ => Err(self.error(format!("`{}` takes `yes` or `no`", self.key))),
        }
    }
}

/// Groups lines into statements; all first lines must be indented alike.
pub(crate) fn nodes(lines: &[Line]) -> Result<Vec<Node<'_>>> {
    let mut nodes = Vec::new();
    let mut indent = None;
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        at += 1;
        if line.is_silent() {
            continue;
        }
        if *indent.get_or_insert(line.indent) != line.indent {
            return Err(SampleError::new(
                line.number,
                "indentation differs from the lines above",
            ));
        }
        let start = at;
        let inside = |line: &&Line| line.text.is_empty() || line.indent > indent.unwrap_or(0);
        at += lines
            .get(start..)
            .unwrap_or_default()
            .iter()
            .take_while(inside)
            .count();
        let mut body = lines.get(start..at).unwrap_or_default();
        if body.iter().all(Line::is_silent) {
            body = &[];
        }
        let text = without_comment(&line.text);
        let (key, rest) = text.split_once(' ').unwrap_or((text, ""));
        nodes.push(Node {
            number: line.number,
            key: key.strip_suffix(':').unwrap_or(key).to_owned(),
            rest: rest.trim().to_owned(),
            body,
        });
    }
    Ok(nodes)
}

/// Returns the text of a block without its indentation, each line ended by a line feed; blank lines at its end are dropped.
pub(crate) fn dedent(lines: &[Line]) -> String {
    let filled = || lines.iter().filter(|line| !line.text.is_empty());
    let indent = filled().map(|line| line.indent).min().unwrap_or(0);
    let last = lines.iter().rposition(|line| !line.text.is_empty());
    let mut text = String::new();
    for line in lines.iter().take(last.map_or(0, |last| last + 1)) {
        if !line.text.is_empty() {
            text.extend(std::iter::repeat_n(' ', line.indent - indent));
            text.push_str(&line.text);
        }
        text.push('\n');
    }
    text
}

/// Takes off a comment: `#` after white space and outside double quotes.
fn without_comment(text: &str) -> &str {
    let (mut quoted, mut escaped, mut blank) = (false, false, false);
    for (index, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '#' if blank && !quoted => return text.get(..index).unwrap_or(text).trim_end(),
            _ => {}
        }
        blank = character == ' ';
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_own_the_deeper_lines_below_them() {
        let lines = split("a: 1 # why\n  b\n\n  c\n# remark\nd \"# kept\"", 0).unwrap();
        let nodes = nodes(&lines).unwrap();
        assert_eq!(nodes.len(), 2);
        assert_eq!((nodes[0].key.as_str(), nodes[0].rest.as_str()), ("a", "1"));
        assert_eq!(dedent(nodes[0].body), "b\n\nc\n");
        assert_eq!(nodes[1].rest, "\"# kept\"");
    }

    #[test]
    fn errors_name_the_line() {
        let lines = split("a:\n    b\n  c\nd\n   e\nf", 10).unwrap();
        let inner = nodes(&lines).unwrap();
        assert_eq!(
            nodes(inner[0].body).unwrap_err().to_string(),
            "line 13: indentation differs from the lines above"
        );
        assert_eq!(split("\tx", 4).unwrap_err().line, 5);
    }
}
