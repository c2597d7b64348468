//! Statements of one's own, in a small file or by options.
//!
//! ```toml
//! schema = "cleanbill-statements/1"
//!
//! [[statement]]
//! vulnerability = "CVE-2026-0001"
//! products = ["pkg:pypi/torch@2.4.0"]
//! status = "not_affected"
//! justification = "vulnerable_code_not_in_execute_path"
//! impact_statement = "the loader is never called"
//! ```
//!
//! The same keys may be written in JSON, `statement` as an array. A key that is not known is an error, for it may be a misspelled one.

use cleanbill_core::{
    Text,
    bill::{Analysis, AnalysisState, Source},
    text,
};
use thiserror::Error;

use super::{Product, Statement, Vex, Vocabulary, lacks};
use crate::boms::names::JUSTIFICATIONS;

mod wire;

/// LIMIT: bytes of a file of statements; protects memory. People write such files, and larger ones are refused.
const MAX_BYTES: usize = 16 << 20;
/// LIMIT: statements of a file; each is held against every component.
const MAX_STATEMENTS: usize = 10_000;

/// Says why statements could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StatedError {
    /// It is larger than what is read.
    #[error("{}", self.message())]
    TooLarge {
        /// What it was called.
        document: String,
    },
    /// It is neither TOML nor JSON of the schema.
    #[error("{}", self.message())]
    Malformed {
        /// What it was called.
        document: String,
        /// Byte offset.
        at: usize,
        /// What is wrong, in the words of the parser.
        reason: String,
    },
    /// It names another schema.
    #[error("{}", self.message())]
    OtherSchema {
        /// What it was called.
        document: String,
        /// The schema that it names.
        found: String,
    },
    /// It has more statements than are read.
    #[error("{}", self.message())]
    TooMany {
        /// What it was called.
        document: String,
    },
    /// A word is none of those that may stand there.
    #[error("{}", self.message())]
    UnknownWord {
        /// Where.
        place: String,
        /// The word.
        word: String,
        /// What it should be.
        known: String,
    },
    /// A statement names no weakness or no product.
    #[error("{}", self.message())]
    NamesNothing {
        /// Where.
        place: String,
    },
    /// A statement lacks what its status demands.
    #[error("{}", self.message())]
    Lacks {
        /// Where.
        place: String,
        /// What.
        lack: Text,
    },
    /// A statement has a justification, and its status takes none.
    #[error("{}", self.message())]
    NeedlessJustification {
        /// Where.
        place: String,
    },
}

impl StatedError {
    /// Says it in words.
    pub fn message(&self) -> Text {
        match self {
            Self::TooLarge { document } => text!(
                "`{document}` has more than the {MAX_BYTES} bytes that are read",
                "`{document}` 超过可读取的 {MAX_BYTES} 字节"
            ),
            Self::Malformed { document, at, reason } => text!(
                "`{document}` holds no statements, at byte {at}: {reason}",
                "`{document}` 不是声明文件，字节 {at}：{reason}"
            ),
            Self::OtherSchema { document, found } => text!(
                "`{document}` is of the schema `{found}`, known is `{SCHEMA}`",
                "`{document}` 的模式为 `{found}`，已知模式为 `{SCHEMA}`"
            ),
            Self::TooMany { document } => text!(
                "`{document}` has more than {MAX_STATEMENTS} statements",
                "`{document}` 的声明超过 {MAX_STATEMENTS} 条"
            ),
            Self::UnknownWord { place, word, known } => text!(
                "{place}: `{word}` is none of {known}",
                "{place}：`{word}` 不属于 {known}"
            ),
            Self::NamesNothing { place } => text!(
                "{place}: a statement names a vulnerability and at least one product",
                "{place}：声明须指明漏洞和至少一个产品"
            ),
            Self::Lacks { place, lack } => {
                let (en, zh) = (lack.en(), lack.get(cleanbill_core::Language::Chinese));
                text!("{place}: {en}", "{place}：{zh}")
            }
            Self::NeedlessJustification { place } => text!(
                "{place}: a justification belongs to `not_affected` alone",
                "{place}：justification 仅用于 `not_affected`"
            ),
        }
    }
}

/// One statement as somebody writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stated {
    /// The weakness.
    pub vulnerability: String,
    /// Package URLs with versions, or ids of components.
    pub products: Vec<String>,
    /// `not_affected`, `affected`, `fixed` or `under_investigation`.
    pub status: String,
    /// Why not, in the words of OpenVEX.
    pub justification: Option<String>,
    /// Why not, in words of one's own.
    pub impact_statement: Option<String>,
    /// What to do.
    pub action_statement: Option<String>,
    /// Anything else.
    pub status_notes: Option<String>,
}

/// Reads a file of statements.
pub fn read_stated(name: &str, bytes: &[u8]) -> Result<Vex, StatedError> {
    if bytes.len() > MAX_BYTES {
        return Err(StatedError::TooLarge {
            document: name.to_owned(),
        });
    }
    let malformed = |at: usize, reason: String| StatedError::Malformed {
        document: name.to_owned(),
        at,
        reason: crate::escape::visible(&reason),
    };
    let text = std::str::from_utf8(bytes)
        .map_err(|error| malformed(error.valid_up_to(), "it is not UTF-8".to_owned()))?;
    let file: wire::File = if text.trim_start().starts_with('{') {
        serde_json::from_str(text).map_err(|error| {
            let at = offset(text, error.line(), error.column());
            malformed(at, error.to_string())
        })?
    } else {
        toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            malformed(at, error.message().to_owned())
        })?
    };
    if file.schema != SCHEMA {
        return Err(StatedError::OtherSchema {
            document: name.to_owned(),
            found: crate::escape::visible(&file.schema),
        });
    }
    if file.statements.len() > MAX_STATEMENTS {
        return Err(StatedError::TooMany {
            document: name.to_owned(),
        });
    }
    let mut out = empty();
    for (index, one) in file.statements.into_iter().enumerate() {
        let source = Source::file(name, &format!("statement[{index}]"));
        let place = format!("`{name}`, statement[{index}]");
        out.statements.push(statement(&one.into(), &place, source)?);
    }
    Ok(out)
}

/// Takes a statement that options make; `place` names them in errors.
pub fn stated(one: &Stated, place: &str) -> Result<Vex, StatedError> {
    let mut out = empty();
    out.statements.push(statement(one, place, Source::given(place))?);
    Ok(out)
}

fn empty() -> Vex {
    Vex {
        vocabulary: Vocabulary::Own,
        author: String::new(),
        timestamp: String::new(),
        statements: Vec::new(),
        notes: Vec::new(),
    }
}

fn statement(one: &Stated, place: &str, source: Source) -> Result<Statement, StatedError> {
    let products: Vec<Product> = one
        .products
        .iter()
        .map(|id| id.trim())
        .filter(|id| !id.is_empty())
        .map(|id| Product {
            id: id.to_owned(),
            parts: Vec::new(),
        })
        .collect();
    let name = one.vulnerability.trim();
    if name.is_empty() || products.is_empty() {
        return Err(StatedError::NamesNothing {
            place: place.to_owned(),
        });
    }
    let unknown = |word: &str, known: &[&str]| StatedError::UnknownWord {
        place: place.to_owned(),
        word: crate::escape::visible(word),
        known: known.join(", "),
    };
    let state = STATES.iter().find(|(name, _)| *name == one.status);
    let names: Vec<&str> = STATES.iter().map(|(name, _)| *name).collect();
    let state = state.ok_or_else(|| unknown(&one.status, &names))?.1;
    let justification = match &one.justification {
        None => None,
        Some(word) => {
            let found = JUSTIFICATIONS.iter().find(|(_, name)| name == word);
            let names: Vec<&str> = JUSTIFICATIONS.iter().map(|(_, name)| *name).collect();
            Some(found.ok_or_else(|| unknown(word, &names))?.0)
        }
    };
    if justification.is_some() && state != AnalysisState::NotAffected {
        return Err(StatedError::NeedlessJustification {
            place: place.to_owned(),
        });
    }
    let said = |text: &Option<String>| text.as_deref().unwrap_or_default().trim().to_owned();
    let (impact, notes) = (said(&one.impact_statement), said(&one.status_notes));
    let analysis = Analysis {
        state,
        justification,
        detail: [impact, notes]
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
            .join("\n"),
        action: said(&one.action_statement),
        source,
    };
    match lacks(&analysis) {
        Some(lack) => Err(StatedError::Lacks {
            place: place.to_owned(),
            lack,
        }),
        None => Ok(Statement {
            names: vec![name.to_owned()],
            products,
            analysis,
        }),
    }
}

/// Returns the offset of a line and column, both of which begin with one.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    before.saturating_add(column.saturating_sub(1)).min(text.len())
}

/// Statuses of OpenVEX.
pub const STATES: [(&str, AnalysisState); 4] = [
    ("not_affected", AnalysisState::NotAffected),
    ("affected", AnalysisState::Affected),
    ("fixed", AnalysisState::Fixed),
    ("under_investigation", AnalysisState::UnderInvestigation),
];

/// Schema of files that this build reads.
const SCHEMA: &str = "cleanbill-statements/1";

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "schema = \"cleanbill-statements/1\"\n[[statement]]\nvulnerability = \"CVE-1\"\nproducts = [\"pkg:pypi/a@1\"]\n";

    #[test]
    fn both_notations_say_the_same() {
        let toml = format!(
            "{HEAD}status = \"not_affected\"\njustification = \"component_not_present\"\nimpact_statement = \"no\"\n"
        );
        let json = r#"{"schema":"cleanbill-statements/1","statement":[{"vulnerability":"CVE-1","products":["pkg:pypi/a@1"],
            "status":"not_affected","justification":"component_not_present","impact_statement":"no"}]}"#;
        let read = |text: &str| read_stated("s", text.as_bytes()).expect("it can be read");
        assert_eq!(read(&toml), read(json));
        assert_eq!(read(json).statements[0].analysis.detail, "no");
    }

    #[test]
    fn what_is_wrong_is_refused_with_its_place() {
        for (rest, said) in [
            ("status = \"not_affected\"\n", "without a reason"),
            ("status = \"affected\"\n", "without an action"),
            ("status = \"fine\"\n", "`fine` is none of not_affected, affected"),
            (
                "status = \"not_affected\"\njustification = \"because\"\n",
                "`because` is none of component_not_present",
            ),
            (
                "status = \"fixed\"\njustification = \"component_not_present\"\n",
                "`not_affected` alone",
            ),
            ("state = \"fixed\"\n", "byte 100"),
            ("status = ", "byte"),
        ] {
            let error = read_stated("s.toml", format!("{HEAD}{rest}").as_bytes()).expect_err(rest);
            assert!(error.to_string().contains(said), "{error}");
        }
        for (text, said) in [
            (r#"{"schema":"other/1","statement":[]}"#, "other/1"),
            (
                r#"{"schema":"cleanbill-statements/1","statement":[{"vulnerability":"","products":[],"status":"fixed"}]}"#,
                "names a vulnerability",
            ),
            (
                r#"{"schema":"cleanbill-statements/1","schema":"x","statement":[]}"#,
                "byte 4",
            ),
            ("{", "byte"),
            ("\u{1b}[2J", "byte"),
        ] {
            let error = read_stated("s.json", text.as_bytes())
                .expect_err(text)
                .to_string();
            assert!(error.contains(said) && !error.contains('\u{1b}'), "{error}");
        }
        assert!(read_stated("s", &[0xff]).is_err());
        assert!(matches!(
            read_stated("s", &vec![b' '; MAX_BYTES + 1]),
            Err(StatedError::TooLarge { .. })
        ));
    }
}
