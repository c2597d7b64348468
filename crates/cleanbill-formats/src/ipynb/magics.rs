//! Writes a cell of `IPython` as Python: commands, magics and prompts are turned into the calls that they stand for.

use super::magics_table::{Body, Line, cell_magic, line_magic};

/// What a cell is as plain Python, and what in it is for other interpreters.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Translated {
    pub(super) python: String,
    pub(super) others: Vec<Other>,
    /// Magics that are not known.
    pub(super) unknown: Vec<String>,
    /// The cell ends within a string or a bracket.
    pub(super) is_open: bool,
}

/// A text that another interpreter takes, or that is written to a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Other {
    /// The end of its name, which says what it is.
    pub(super) name: String,
    pub(super) text: String,
}

/// LIMIT: cell magics within each other; each takes a line, and honest cells have two.
const NESTED: usize = 16;

/// Writes the source of one cell.
pub(super) fn translate(source: &str) -> Translated {
    let mut out = Translated::default();
    let mut rest = source;
    while let Some((first, after)) = split_line(rest)
        && first.trim().is_empty()
    {
        rest = after;
    }
    // Colab takes a magic below the comments that title a cell.
    let mut below = rest;
    while let Some((first, after)) = split_line(below)
        && (first.trim().is_empty() || first.starts_with('#'))
    {
        below = after;
    }
    if below.starts_with("%%") {
        rest = below;
    }
    for _ in 0..NESTED {
        let (first, body) = split_line(rest).unwrap_or((rest, ""));
        let Some(magic) = first.strip_prefix("%%") else {
            lines(rest, &mut out);
            return out;
        };
        let (name, argument) = word(magic);
        match cell_magic(name, argument) {
            Body::Python => {
                set_up(name, argument, &mut out);
                rest = body.trim_start_matches(['\n', '\r']);
            }
            Body::Apart(suffix) => {
                other(&mut out, suffix, body);
                return out;
            }
            Body::File => {
                let path = argument.split_whitespace().rfind(|part| !part.starts_with('-'));
                let path = path.unwrap_or_default().trim_matches(['"', '\'']);
                let file = path.rsplit(['/', '\\']).next().unwrap_or_default();
                call(&mut out.python, "open", &[&quoted(path), "\"w\""]);
                other(&mut out, &format!("/{file}"), body);
                return out;
            }
            Body::Unknown => {
                out.unknown.push(format!("%%{name}"));
                other(&mut out, ".txt", body);
                return out;
            }
        }
    }
    out.unknown.push("%%".to_owned());
    other(&mut out, ".txt", rest);
    out
}

fn other(out: &mut Translated, name: &str, text: &str) {
    if !text.trim().is_empty() {
        out.others.push(Other {
            name: name.to_owned(),
            text: text.to_owned(),
        });
    }
}

/// Some magics run what stands on their own line as well.
fn set_up(name: &str, argument: &str, out: &mut Translated) {
    if matches!(name, "timeit" | "time" | "prun" | "memit") {
        let statement = without_options(argument);
        if !statement.is_empty() {
            statement_line("", statement, &mut out.python);
        }
    }
}

fn without_options(argument: &str) -> &str {
    let mut rest = argument.trim();
    while rest.starts_with('-') {
        let (option, after) = word(rest);
        // `-n 3` and `-n3` are both written.
        rest = if option.len() == 2 && after.starts_with(|c: char| c.is_ascii_digit()) {
            word(after).1
        } else {
            after
        };
    }
    rest
}

/// Splits off the first line, its end included in neither part.
fn split_line(text: &str) -> Option<(&str, &str)> {
    let (first, rest) = text.split_once('\n')?;
    Some((first.trim_end_matches('\r'), rest))
}

fn word(text: &str) -> (&str, &str) {
    let text = text.trim();
    text.split_once(char::is_whitespace)
        .map_or((text, ""), |(first, rest)| (first, rest.trim_start()))
}

/// Follows strings and brackets over lines, as far as is needed to know where a statement begins.
#[derive(Debug, Default)]
struct Lexer {
    /// The quotation mark of an open string of three of them.
    quote: Option<char>,
    brackets: usize,
    /// The line ended with a backslash.
    goes_on: bool,
}

impl Lexer {
    fn at_start(&self) -> bool {
        self.quote.is_none() && self.brackets == 0 && !self.goes_on
    }

    /// Reads one line; returns where an assignment's `=` stands that is followed by `!` or `%`.
    fn read(&mut self, line: &str) -> Option<usize> {
        let mut assigned = None;
        let mut before = '\0';
        let mut rest = line.char_indices();
        self.goes_on = false;
        let mut single: Option<char> = None;
        while let Some((at, character)) = rest.next() {
            let triple = || line.get(at..).is_some_and(|text| is_triple(text, character));
            if character == '\\' && (self.quote.is_some() || single.is_some()) {
                rest.next();
                continue;
            }
            if let Some(quote) = self.quote {
                if character == quote && triple() {
                    self.quote = None;
                    rest.nth(1);
                }
                continue;
            }
            if let Some(quote) = single {
                if character == quote {
                    single = None;
                }
                continue;
            }
            match character {
                '"' | '\'' if triple() => {
                    self.quote = Some(character);
                    rest.nth(1);
                }
                '"' | '\'' => single = Some(character),
                '#' => break,
                '(' | '[' | '{' => self.brackets = self.brackets.saturating_add(1),
                ')' | ']' | '}' => self.brackets = self.brackets.saturating_sub(1),
                '\\' if line.get(at..).is_some_and(|end| end.trim_end() == "\\") => self.goes_on = true,
                '=' if self.brackets == 0 && !"=!<>".contains(before) && assigned.is_none() => {
                    let value = line
                        .get(at..)
                        .unwrap_or_default()
                        .trim_start_matches('=')
                        .trim_start();
                    if value.starts_with(['!', '%']) {
                        assigned = Some(at);
                    }
                }
                _ => {}
            }
            before = character;
        }
        assigned
    }
}

fn is_triple(text: &str, quote: char) -> bool {
    text.chars().take(3).filter(|one| *one == quote).count() == 3
}

fn lines(source: &str, out: &mut Translated) {
    let mut lexer = Lexer::default();
    let first = source.lines().next().unwrap_or_default();
    // IPython takes off the first line's indentation and the prompts of a pasted session.
    let margin: String = first.chars().take_while(|c| matches!(c, ' ' | '\t')).collect();
    let prompts = prompt(first.trim_start()).is_some();
    let mut pieces = source.lines();
    while let Some(line) = pieces.next() {
        let line = line.strip_prefix(margin.as_str()).unwrap_or(line);
        let line = match prompt(line) {
            Some(rest) if prompts => rest,
            _ => line,
        };
        let bare = line.trim_start();
        let indent = line
            .get(..line.len().saturating_sub(bare.len()))
            .unwrap_or_default();
        if lexer.at_start() && is_escape(bare) {
            let mut whole = bare.trim_end().to_owned();
            while whole.ends_with('\\')
                && let Some(next) = pieces.next()
            {
                whole.pop();
                whole.push_str(next.trim());
            }
            escape(indent, &whole, out);
            continue;
        }
        let begins = lexer.at_start();
        if let Some(at) = lexer.read(line)
            && begins
        {
            let (target, value) = line.split_at_checked(at).unwrap_or((line, ""));
            let value = value.trim_start_matches('=').trim();
            lexer = Lexer::default();
            out.python.push_str(target);
            out.python.push_str("= ");
            assigned(value, out);
            continue;
        }
        out.python.push_str(line);
        out.python.push('\n');
    }
    out.is_open = !lexer.at_start();
}

/// Takes off the prompt of Python or `IPython`.
fn prompt(line: &str) -> Option<&str> {
    let plain = [">>> ", "... ", ">>>", "...:", "..."]
        .into_iter()
        .find_map(|mark| line.strip_prefix(mark));
    let numbered = || {
        let rest = line.trim_start().strip_prefix("In [")?;
        let (number, rest) = rest.split_once("]:")?;
        number.bytes().all(|byte| byte.is_ascii_digit()).then_some(rest)
    };
    let rest = plain.or_else(numbered)?;
    Some(rest.strip_prefix(' ').unwrap_or(rest))
}

fn is_escape(bare: &str) -> bool {
    if bare.starts_with(['!', '%', '?', ',', ';', '/']) {
        return true;
    }
    // `name?` asks for help.
    let text = bare.trim_end();
    text.ends_with('?')
        && text
            .trim_end_matches('?')
            .chars()
            .all(|c| c.is_alphanumeric() || "_.*%[]".contains(c))
}

/// Writes a line that begins with one of `IPython`'s signs.
fn escape(indent: &str, line: &str, out: &mut Translated) {
    if let Some(command) = line.strip_prefix("!!").or_else(|| line.strip_prefix('!')) {
        out.python.push_str(indent);
        system("system", command, &mut out.python);
        return;
    }
    if line.starts_with('?') || line.ends_with('?') && !line.starts_with('%') {
        statement_line(indent, "pass", &mut out.python);
        return;
    }
    if let Some(magic) = line.strip_prefix('%') {
        out.python.push_str(indent);
        magic_line(magic, out);
        return;
    }
    // `,f a b`, `;f a b` and `/f a, b` call a function.
    let (sign, rest) = line.split_at_checked(1).unwrap_or((line, ""));
    let (name, argument) = word(rest);
    let arguments = match sign {
        "," => argument
            .split_whitespace()
            .map(quoted)
            .collect::<Vec<_>>()
            .join(", "),
        ";" => quoted(argument),
        _ => argument.to_owned(),
    };
    statement_line(indent, &format!("{name}({arguments})"), &mut out.python);
}

/// Writes the value of `x = !command` or `x = %magic`.
fn assigned(value: &str, out: &mut Translated) {
    if let Some(command) = value.strip_prefix('!') {
        system("getoutput", command, &mut out.python);
    } else {
        magic_line(value.trim_start_matches('%'), out);
    }
}

fn magic_line(magic: &str, out: &mut Translated) {
    let (name, argument) = word(magic.trim_start_matches('%'));
    let name = name.trim_end_matches('?');
    let python = &mut out.python;
    match line_magic(name) {
        Line::Nothing => python.push_str("None\n"),
        Line::Python => {
            let statement = without_options(argument);
            statement_line("", if statement.is_empty() { "None" } else { statement }, python);
        }
        Line::Command => system("system", &format!("{name} {argument}"), python),
        Line::Shell => system("system", argument, python),
        Line::Alias => system("system", word(argument).1, python),
        Line::Run => {
            let path = argument.split_whitespace().find(|part| !part.starts_with('-'));
            call(
                python,
                "__import__(\"runpy\").run_path",
                &[&quoted(path.unwrap_or_default())],
            );
        }
        Line::Environment => {
            let (key, value) = argument.split_once(['=', ' ']).unwrap_or((argument, ""));
            if value.is_empty() {
                python.push_str("None\n");
            } else {
                call(
                    python,
                    "__import__(\"os\").putenv",
                    &[&quoted(key.trim()), &quoted(value.trim())],
                );
            }
        }
        Line::Import => {
            let known = argument
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'));
            if known && !argument.is_empty() {
                statement_line("", &format!("import {argument}"), python);
            } else {
                python.push_str("None\n");
            }
        }
        Line::Unknown => {
            python.push_str("None\n");
            out.unknown.push(format!("%{name}"));
        }
    }
}

fn statement_line(indent: &str, statement: &str, python: &mut String) {
    python.push_str(indent);
    python.push_str(statement);
    python.push('\n');
}

fn call(python: &mut String, name: &str, arguments: &[&str]) {
    python.push_str(name);
    python.push('(');
    python.push_str(&arguments.join(", "));
    python.push_str(")\n");
}

/// Writes a command of the shell, with the values that `IPython` puts in place of `{name}` and `$name`.
fn system(function: &str, command: &str, python: &mut String) {
    let mut parts: Vec<String> = Vec::new();
    let mut plain = String::new();
    let mut rest = command.trim();
    while let Some(at) = rest.find(['{', '$']) {
        let (before, here) = rest.split_at_checked(at).unwrap_or((rest, ""));
        plain.push_str(before);
        if let Some((expression, after)) = interpolated(here) {
            if !plain.is_empty() {
                parts.push(quoted(&plain));
                plain.clear();
            }
            parts.push(format!("({expression})"));
            rest = after;
        } else {
            // Signs of the shell stand for themselves; of `${name}` both.
            let length = if here.starts_with("${") { 2 } else { 1 };
            let (sign, after) = here.split_at_checked(length).unwrap_or((here, ""));
            plain.push_str(sign);
            rest = after;
        }
    }
    plain.push_str(rest);
    if !plain.is_empty() || parts.is_empty() {
        parts.push(quoted(&plain));
    }
    call(
        python,
        &format!("get_ipython().{function}"),
        &[&parts.join(" + ")],
    );
}

/// Reads `{expression}` or `$name` at the start of `text`, where it is one.
fn interpolated(text: &str) -> Option<(&str, &str)> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    if let Some(rest) = text.strip_prefix('$') {
        let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        let (name, after) = rest.split_at_checked(end)?;
        // Names in capitals are variables of the shell, which IPython leaves where no Python name is like them.
        let lower = name.starts_with(|c: char| c.is_lowercase() || c == '_');
        return lower.then_some((name, after));
    }
    let rest = text.strip_prefix('{')?;
    let mut depth = 1_usize;
    let end = rest.char_indices().find_map(|(at, character)| {
        match character {
            '{' => depth = depth.saturating_add(1),
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        (depth == 0).then_some(at)
    })?;
    let (expression, after) = rest.split_at_checked(end)?;
    let after = after.strip_prefix('}')?;
    let expression = expression.trim();
    let name = expression
        .split(['.', '(', '[', ':', '!'])
        .next()
        .unwrap_or_default();
    let begins =
        !name.is_empty() && name.chars().all(is_name) && !name.starts_with(|c: char| c.is_ascii_digit());
    let computed = expression.starts_with(['"', '\'', '(', '_']) && expression.contains('(');
    let odd = expression.contains(['$', ';', '\n']) || expression.contains(": ");
    if odd || !begins && !computed {
        return None;
    }
    // `{x:>3}` and `{x!r}` say how to write it.
    let value = match expression.find([':', '!']) {
        Some(at) if !expression.contains(['(', '[']) => expression.get(..at).unwrap_or(expression),
        _ => expression,
    };
    Some((value, after))
}

/// Writes a literal of Python.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}
