//! Guesses what kind of text a text is from its first part. A guess decides what the report calls it and whether it says
//! "not examined"; nothing is trusted because of it.

/// Names a kind of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the dialects of the format say what each is")]
pub enum Kind {
    Json,
    JsonLines,
    Notebook,
    JinjaTemplate,
    PythonSource,
    ShellScript,
    Script,
    JavaScript,
    RSource,
    Html,
    Svg,
    Xml,
    Yaml,
    Toml,
    Markdown,
    Csv,
    GitLfsPointer,
    Plain,
}

impl Kind {
    /// Returns the id of the dialect.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::JsonLines => "json-lines",
            Self::Notebook => "notebook",
            Self::JinjaTemplate => "jinja-template",
            Self::PythonSource => "python-source",
            Self::ShellScript => "shell-script",
            Self::Script => "script",
            Self::JavaScript => "javascript",
            Self::RSource => "r-source",
            Self::Html => "html",
            Self::Svg => "svg",
            Self::Xml => "xml",
            Self::Yaml => "yaml",
            Self::Toml => "toml",
            Self::Markdown => "markdown",
            Self::Csv => "csv",
            Self::GitLfsPointer => "git-lfs-pointer",
            Self::Plain => "plain-text",
        }
    }

    /// Names the kind, in English and Simplified Chinese, where it is a program that nothing in this build reads, or stands for bytes
    /// that are elsewhere.
    pub const fn not_examined(self) -> Option<(&'static str, &'static str)> {
        Some(match self {
            Self::Notebook => ("notebook", "笔记本（notebook）"),
            Self::PythonSource => ("Python source", "Python 源代码"),
            Self::ShellScript => ("shell script", "Shell 脚本"),
            Self::Script => ("script", "脚本"),
            Self::JavaScript => ("JavaScript", "JavaScript 代码"),
            Self::RSource => ("R source", "R 源代码"),
            Self::Html => ("HTML page", "HTML 页面"),
            Self::GitLfsPointer => (
                "Git LFS pointer in place of the file itself",
                "Git LFS 指针，并非文件本身",
            ),
            _ => return None,
        })
    }
}

/// Guesses the kind of `sample`, the first part of a text that is not JSON.
pub(super) fn guess(sample: &str) -> Kind {
    let text = sample.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with("version https://git-lfs.github.com/spec/") {
        return Kind::GitLfsPointer;
    }
    if let Some(rest) = text.strip_prefix("#!") {
        return shebang(rest.lines().next().unwrap_or_default());
    }
    if text.starts_with('<')
        && let Some(kind) = markup(text)
    {
        return kind;
    }
    let batch = "@echo off";
    if text
        .get(..batch.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(batch))
    {
        return Kind::Script;
    }
    let count = Count::of(text);
    let document = count.fences > 0 || count.directives > 0;
    let opens = ["{{", "{%", "{#"].into_iter().any(|open| text.starts_with(open));
    if opens || count.statements > 0 && count.margin < 2 {
        return Kind::JinjaTemplate;
    }
    let often = |strong: u32| strong > 0 && strong.saturating_mul(60) >= count.lines;
    if often(count.margin) || often(count.python) && !document {
        return Kind::PythonSource;
    }
    if often(count.shell) && count.shell > 1 && !document {
        return Kind::ShellScript;
    }
    if often(count.javascript) && count.javascript > 1 && !document {
        return Kind::JavaScript;
    }
    if often(count.r) && !document {
        return Kind::RSource;
    }
    if document || count.headings > 0 && count.links > 0 || text.starts_with("# ") {
        return Kind::Markdown;
    }
    if often(count.tables) && count.assignments > 0 {
        return Kind::Toml;
    }
    if count.mappings.saturating_mul(2) >= count.lines && count.lines > 1 {
        return Kind::Yaml;
    }
    if count.lines > 2 && count.separated.saturating_add(1) >= count.lines {
        return Kind::Csv;
    }
    Kind::Plain
}

/// Tells what is marked up with tags by the first of them.
fn markup(text: &str) -> Option<Kind> {
    let start: String = text.chars().take(1_024).collect::<String>().to_ascii_lowercase();
    let has = |tag: &str| start.contains(tag);
    if has("<svg") {
        Some(Kind::Svg)
    } else if has("<!doctype html") || has("<html") || has("<script") {
        Some(Kind::Html)
    } else if start.starts_with("<?xml") || has("xmlns") {
        Some(Kind::Xml)
    } else {
        None
    }
}

fn shebang(line: &str) -> Kind {
    let has = |word: &str| {
        line.split(['/', ' '])
            .any(|part| part.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.') == word)
    };
    if has("python") || has("pypy") {
        Kind::PythonSource
    } else if has("Rscript") {
        Kind::RSource
    } else if has("node") || has("deno") || has("bun") {
        Kind::JavaScript
    } else if ["sh", "bash", "zsh", "dash", "ksh", "fish", "ash"]
        .into_iter()
        .any(has)
    {
        Kind::ShellScript
    } else {
        Kind::Script
    }
}

/// Counts lines that are telling.
#[derive(Debug, Default)]
struct Count {
    lines: u32,
    fences: u32,
    directives: u32,
    /// Jinja statements outside of fenced examples.
    statements: u32,
    python: u32,
    /// Python that begins at the margin, outside of fenced examples.
    margin: u32,
    shell: u32,
    javascript: u32,
    r: u32,
    headings: u32,
    links: u32,
    tables: u32,
    assignments: u32,
    mappings: u32,
    separated: u32,
}

impl Count {
    fn of(text: &str) -> Self {
        let mut count = Self::default();
        let add = |counter: &mut u32, is: bool| *counter = counter.saturating_add(u32::from(is));
        let mut commas = None;
        let mut fenced = false;
        for line in text.lines().take(100_000) {
            let bare = line.trim();
            let Some(&first) = bare.as_bytes().first() else {
                continue;
            };
            let signs = Signs::of(bare);
            add(&mut count.lines, true);
            let fence = matches!(first, b'`' | b'~') && (bare.starts_with("```") || bare.starts_with("~~~"));
            add(&mut count.fences, fence);
            fenced ^= fence;
            add(
                &mut count.directives,
                first == b'.' && bare.starts_with(".. ") && bare.contains("::"),
            );
            add(
                &mut count.statements,
                signs.has(b'{') && !fenced && has_statement(bare),
            );
            let python = is_python(bare, signs);
            add(&mut count.python, python);
            add(
                &mut count.margin,
                python && !fenced && !line.starts_with([' ', '\t']),
            );
            add(&mut count.shell, is_shell(bare));
            add(&mut count.javascript, is_javascript(bare));
            add(&mut count.r, is_r(bare, signs));
            add(
                &mut count.headings,
                first == b'#' && (bare.starts_with("# ") || bare.starts_with("## ")),
            );
            add(&mut count.links, signs.has(b']') && bare.contains("]("));
            add(
                &mut count.tables,
                first == b'[' && bare.ends_with(']') && !bare.contains(' '),
            );
            add(&mut count.assignments, signs.has(b'='));
            let mapping = signs.has(b':')
                && bare.split_once(':').is_some_and(|(key, rest)| {
                    !key.contains(' ') && (rest.is_empty() || rest.starts_with(' '))
                });
            add(
                &mut count.mappings,
                mapping || first == b'-' && bare.starts_with("- "),
            );
            add(
                &mut count.separated,
                signs.separators > 0 && *commas.get_or_insert(signs.separators) == signs.separators,
            );
        }
        count
    }
}

/// Bytes that are asked at once.
const LANES: usize = 32;

/// Says which of a few telling signs a line holds, so that most questions about it need no second look.
#[derive(Clone, Copy, Debug)]
struct Signs {
    bits: u8,
    separators: usize,
}

impl Signs {
    fn of(line: &str) -> Self {
        let count = |piece: &[u8]| {
            let separator = |byte: &u8| u8::from(*byte == b',') | u8::from(*byte == b'\t');
            usize::from(piece.iter().map(separator).fold(0_u8, u8::wrapping_add))
        };
        let (groups, rest) = line.as_bytes().as_chunks::<LANES>();
        let mut lanes = [0_u8; LANES];
        for group in groups {
            for (lane, byte) in lanes.iter_mut().zip(group) {
                *lane |= Self::bit(*byte);
            }
        }
        let rest = rest.iter().map(|byte| Self::bit(*byte));
        Self {
            bits: lanes.into_iter().chain(rest).fold(0, |bits, one| bits | one),
            separators: line.as_bytes().chunks(255).map(count).sum(),
        }
    }

    /// Returns the bit of the sign that `byte` is; without a branch, so that many bytes are asked at once.
    fn bit(byte: u8) -> u8 {
        let is = |sign: u8, bit: u8| 0_u8.wrapping_sub(u8::from(byte == sign)) & bit;
        is(b'{', 1) | is(b'(', 2) | is(b':', 4) | is(b'=', 8) | is(b']', 16) | is(b'<', 32)
    }

    fn has(self, sign: u8) -> bool {
        self.bits & Self::bit(sign) != 0
    }
}

/// Knows a Jinja statement by its word.
fn has_statement(line: &str) -> bool {
    line.split("{%").skip(1).any(|rest| {
        let rest = rest.trim_start_matches(['-', '+']).trim_start();
        let word: String = rest.chars().take_while(char::is_ascii_lowercase).collect();
        matches!(
            word.as_str(),
            "set"
                | "if"
                | "elif"
                | "else"
                | "endif"
                | "for"
                | "endfor"
                | "macro"
                | "endmacro"
                | "block"
                | "endblock"
                | "extends"
                | "include"
                | "import"
                | "from"
                | "call"
                | "filter"
                | "raw"
                | "with"
                | "do"
                | "generation"
        )
    })
}

fn is_python(line: &str, signs: Signs) -> bool {
    let word = |text: &str| {
        !text.is_empty()
            && text
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | ',' | ' '))
    };
    if let Some(rest) = line.strip_prefix("import ") {
        let rest = rest.split(['#', ';']).next().unwrap_or_default().trim();
        let parts: Vec<&str> = rest.split(' ').collect();
        return word(rest)
            && !rest.ends_with('.')
            && (parts.len() == 1 || rest.contains(" as ") || rest.contains(','));
    }
    if let Some(rest) = line.strip_prefix("from ") {
        return rest.split_once(" import ").is_some_and(|(module, names)| {
            let names = names.split('#').next().unwrap_or_default().trim();
            let listed = names.starts_with('(')
                || names == "*"
                || names
                    .split(',')
                    .all(|name| !name.trim().contains(' ') || name.contains(" as "));
            word(module) && !module.contains(' ') && listed
        });
    }
    let definition = |rest: &str| {
        rest.split_once('(')
            .is_some_and(|(name, _)| word(name) && !name.contains(' '))
    };
    let line_end = line.ends_with([':', '(', ',', ')']);
    if let Some(rest) = line.strip_prefix("def ").or(line.strip_prefix("async def ")) {
        return definition(rest);
    }
    if let Some(rest) = line.strip_prefix("class ") {
        return line_end && !rest.contains(' ') && rest.ends_with(':') || definition(rest) && line_end;
    }
    line.starts_with("if __name__ ==")
        || line.starts_with("subprocess.")
        || signs.has(b'(')
            && (line.contains("__import__(")
                || line.starts_with("exec(")
                || line.starts_with("eval(")
                || line.starts_with("os.system("))
}

fn is_r(line: &str, signs: Signs) -> bool {
    signs.has(b'<') && line.contains("<- function(") || line.starts_with("library(") && line.ends_with(')')
}

fn is_shell(line: &str) -> bool {
    line.starts_with("export ") && line.contains('=')
        || line.starts_with("set -e")
        || line == "fi"
        || line == "done"
        || line == "esac"
        || line.starts_with("echo ")
        || line.starts_with("sudo ")
        || line.starts_with("curl ")
        || line.starts_with("wget ")
}

fn is_javascript(line: &str) -> bool {
    let declared = ["const ", "let ", "var "]
        .into_iter()
        .find_map(|word| line.strip_prefix(word))
        .and_then(|rest| rest.split_once('='))
        .is_some_and(|(name, _)| !name.trim().contains([' ', '*', '&']) || name.starts_with(['{', '[']));
    declared && (line.ends_with(';') || line.ends_with('{') || line.contains("require("))
        || line.starts_with("function ") && line.ends_with('{')
        || line.starts_with("export default ")
        || line.starts_with("module.exports")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_guessed() {
        for (text, kind) in [
            ("import os\nos.system('id')\n", Kind::PythonSource),
            ("\"\"\"Doc.\"\"\"\n\nclass A(B):\n    pass\n", Kind::PythonSource),
            ("__import__('os').system('id')", Kind::PythonSource),
            ("#!/usr/bin/env python3\nprint(1)\n", Kind::PythonSource),
            ("#!/bin/bash\ntrue\n", Kind::ShellScript),
            ("#!/usr/bin/perl -w\n", Kind::Script),
            ("{% for m in messages %}{{ m }}{% endfor %}", Kind::JinjaTemplate),
            ("{{ bos_token }}{{ x }}", Kind::JinjaTemplate),
            (
                "{%- if tools %}\n```json\n{{ tools }}\n```\n{% endif %}",
                Kind::JinjaTemplate,
            ),
            (
                "# How to\n\n```jinja\n{% if a %}{% endif %}\n```\n",
                Kind::Markdown,
            ),
            (
                "\"\"\"Doc:\n\n```py\nf()\n```\n\"\"\"\nimport os\n",
                Kind::PythonSource,
            ),
            ("const int a = 1;\nconst float *b = c;\n", Kind::Plain),
            (
                "# Title\n\nText with `code`.\n\n```python\nimport os\n```\n",
                Kind::Markdown,
            ),
            (
                "---\nlicense: mit\n---\n# Model\n\nSee [this](x).\n",
                Kind::Markdown,
            ),
            ("a: 1\nb:\n  - c\n  - d\n", Kind::Yaml),
            ("[tool.x]\na = 1\n\n[b]\nc = 2\n", Kind::Toml),
            ("a,b\n1,2\n3,4\n", Kind::Csv),
            ("<!DOCTYPE html>\n<html></html>", Kind::Html),
            ("<svg xmlns=\"x\"></svg>", Kind::Svg),
            ("<?xml version=\"1.0\"?><a/>", Kind::Xml),
            (
                "version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
                Kind::GitLfsPointer,
            ),
            ("Ġ t\nh e\ni n\n", Kind::Plain),
            ("[PAD]\n[UNK]\n##s\nthe\n", Kind::Plain),
            (
                "Permission is hereby granted, free of charge, to any person\nfrom the import of goods\nclass of things:\n",
                Kind::Plain,
            ),
            ("numpy>=1.20\ntorch\n", Kind::Plain),
        ] {
            assert_eq!(guess(text), kind, "{text}");
        }
    }
}
