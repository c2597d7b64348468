//! Makes text from outside fit for each kind of document. Every report passes file names, messages and evidence through here.

use std::{fmt::Write as _, io};

/// Says whether a character is invisible, steers a terminal, or changes the direction of what follows.
pub(crate) fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{fffe}'..='\u{ffff}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// Shows hidden characters as `\u{…}`, so that a name cannot steer a terminal or pose as another.
pub(crate) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if is_hidden(character) {
            out.extend(character.escape_default());
        } else {
            out.push(character);
        }
    }
    out
}

/// Escapes text for the content and the quoted attributes of HTML and XML 1.0.
pub(crate) fn markup(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in visible(text).chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// Escapes text for a Markdown table cell: no markup, links, mentions or references to issues come out of it.
pub(crate) fn markdown(text: &str) -> String {
    let shown = visible(text);
    let mut out = String::with_capacity(shown.len());
    for (index, character) in shown.char_indices() {
        let before = shown.get(..index).unwrap_or_default();
        let after = shown.get(index + character.len_utf8()..).unwrap_or_default();
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // Forges turn these into links and mentions even where they are escaped; the empty comment parts them.
            '@' | '#' => {
                let _ = write!(out, "{character}<!-- -->");
            }
            ':' if after.starts_with("//") => out.push_str(":<!-- -->"),
            '.' if before.to_ascii_lowercase().ends_with("www") => out.push_str(".<!-- -->"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' => {
                let _ = write!(out, "\\{character}");
            }
            other => out.push(other),
        }
    }
    out
}

/// Parts a message at its backticks into text and code, in turn; `None` where they do not pair.
pub(crate) fn code_parts(text: &str) -> Option<impl Iterator<Item = (bool, &str)>> {
    let marks = text.matches('`').count();
    marks.is_multiple_of(2).then(|| {
        text.split('`')
            .enumerate()
            .map(|(index, part)| (!index.is_multiple_of(2), part))
    })
}

/// Escapes a message for Markdown and sets what stands in backticks as code.
pub(crate) fn markdown_message(text: &str) -> String {
    let Some(parts) = code_parts(text) else {
        return markdown(text);
    };
    let set = parts.filter(|(_, part)| !part.is_empty());
    set.map(|(code, part)| if code { code_span(part) } else { markdown(part) })
        .collect()
}

/// Escapes a message for HTML and sets what stands in backticks as code.
pub(crate) fn markup_message(text: &str) -> String {
    let Some(parts) = code_parts(text) else {
        return markup(text);
    };
    let set = parts.filter(|(_, part)| !part.is_empty());
    set.map(|(code, part)| {
        let part = markup(part);
        if code {
            format!("<code>{part}</code>")
        } else {
            part
        }
    })
    .collect()
}

/// Puts text into a Markdown code span that fits into a table cell.
pub(crate) fn code_span(text: &str) -> String {
    let shown = visible(text).replace('|', "\\|");
    let longest = shown
        .split(|character| character != '`')
        .map(str::len)
        .max()
        .unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if shown.is_empty() || shown.starts_with(['`', ' ']) || shown.ends_with(['`', ' ']) {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{shown}{pad}{fence}")
}

/// Percent-encodes a path as a relative URI reference (RFC 3986, 4.2); `/` parts its segments, `:` is encoded too.
pub(crate) fn relative_uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.trim_start_matches('/').bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            other => {
                let _ = write!(out, "%{other:02X}");
            }
        }
    }
    out
}

/// Writes a value as JSON on one line, in which hidden characters stand as `\uXXXX`, with a newline at the end.
pub(crate) fn json_line(value: &serde_json::Value) -> Vec<u8> {
    let text = value.to_string();
    let mut line = String::with_capacity(text.len().saturating_add(1));
    for character in text.chars() {
        if is_hidden(character) {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                let _ = write!(line, "\\u{unit:04x}");
            }
        } else {
            line.push(character);
        }
    }
    line.push('\n');
    line.into_bytes()
}

/// Writes a value as indented JSON in which hidden characters stand as `\uXXXX`, with a newline at the end.
pub(crate) fn json<T: serde::Serialize>(value: &T) -> Vec<u8> {
    let mut out = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(
        &mut out,
        VisibleJson(serde_json::ser::PrettyFormatter::new()),
    );
    // Writing to memory does not fail, and no wire type has keys that are not text.
    let result = value.serialize(&mut serializer);
    debug_assert!(result.is_ok());
    out.push(b'\n');
    out
}

/// The indented layout of `serde_json`, with hidden characters escaped.
struct VisibleJson<'a>(serde_json::ser::PrettyFormatter<'a>);

impl serde_json::ser::Formatter for VisibleJson<'_> {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        for shown in fragment.split_inclusive(is_hidden) {
            match shown.chars().next_back().filter(|last| is_hidden(*last)) {
                Some(hidden) => {
                    let visible = shown.strip_suffix(hidden).unwrap_or(shown);
                    writer.write_all(visible.as_bytes())?;
                    for unit in hidden.encode_utf16(&mut [0; 2]) {
                        write!(writer, "\\u{unit:04x}")?;
                    }
                }
                None => writer.write_all(shown.as_bytes())?,
            }
        }
        Ok(())
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_steer_a_terminal() {
        assert_eq!(visible("a\u{1b}[2J\u{202e}b\n"), "a\\u{1b}[2J\\u{202e}b\\n");
        assert_eq!(visible("模型 é"), "模型 é");
    }

    #[test]
    fn markup_cannot_be_left() {
        assert_eq!(markup("<a href='x'>&\""), "&lt;a href=&#39;x&#39;&gt;&amp;&quot;");
    }

    #[test]
    fn markdown_stays_text() {
        assert_eq!(
            markdown("@team <b> |x| https://www.a.b: c"),
            "@<!-- -->team &lt;b&gt; \\|x\\| https:<!-- -->//www.<!-- -->a.b: c"
        );
        assert_eq!(markdown_message("calls `a|b` *"), "calls `a\\|b` \\*");
        assert_eq!(code_span("a`b|c"), "``a`b\\|c``");
        assert_eq!(code_span("`"), "`` ` ``");
    }

    #[test]
    fn uris_are_relative() {
        assert_eq!(relative_uri("/a b/模.pkl"), "a%20b/%E6%A8%A1.pkl");
        assert_eq!(relative_uri("hf://x"), "hf%3A//x");
    }

    #[test]
    fn json_shows_hidden_characters() {
        assert_eq!(
            json(&"a\u{9b}\"\u{e0041}é"),
            b"\"a\\u009b\\\"\\udb40\\udc41\xc3\xa9\"\n"
        );
    }
}
