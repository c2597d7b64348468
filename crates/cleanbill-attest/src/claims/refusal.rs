//! Reasons that concern claims alone; those of bundle, signer, signature and files are the ones that models are refused for.

use cleanbill_core::{Text, text};

use super::{ClaimKind, ClaimOutcome};
use crate::{limits, refusal::Step};

/// Gives one reason against a claim, or against a file of claims.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the words of each reason stand in `text`, once")]
pub enum ClaimRefusal {
    Empty,
    TooMany,
    TooLarge,
    Line,
    Type {
        found: String,
    },
    NoSubject,
    SubjectMissing {
        name: String,
    },
    Contradiction {
        result: &'static str,
    },
    NotExamined {
        name: String,
    },
    InputChanged {
        name: String,
    },
    Document {
        expected: &'static str,
    },
    Missing {
        kind: ClaimKind,
    },
    NotPassed {
        kind: ClaimKind,
        result: Option<ClaimOutcome>,
    },
    Builder {
        expected: String,
        found: String,
    },
    Source {
        expected: String,
        found: Vec<String>,
    },
}

impl ClaimRefusal {
    /// Returns the id of the reason: kebab-case, never changed once released.
    pub const fn id(&self) -> &'static str {
        match self {
            Self::Empty => "claims-empty",
            Self::TooMany => "claims-too-many",
            Self::TooLarge => "claims-too-large",
            Self::Line => "claim-line",
            Self::Type { .. } => "claim-type",
            Self::NoSubject => "claim-no-subject",
            Self::SubjectMissing { .. } => "claim-subject-missing",
            Self::Contradiction { .. } => "claim-contradiction",
            Self::NotExamined { .. } => "claim-not-examined",
            Self::InputChanged { .. } => "claim-input-changed",
            Self::Document { .. } => "claim-document",
            Self::Missing { .. } => "claim-missing",
            Self::NotPassed { .. } => "claim-not-passed",
            Self::Builder { .. } => "claim-builder",
            Self::Source { .. } => "claim-source",
        }
    }

    /// Returns the step that failed.
    pub const fn step(&self) -> Step {
        match self {
            Self::Empty | Self::TooMany | Self::TooLarge | Self::Line => Step::Bundle,
            Self::Type { .. }
            | Self::NoSubject
            | Self::Contradiction { .. }
            | Self::Document { .. }
            | Self::Missing { .. }
            | Self::NotPassed { .. }
            | Self::Builder { .. }
            | Self::Source { .. } => Step::Statement,
            Self::SubjectMissing { .. } | Self::NotExamined { .. } | Self::InputChanged { .. } => Step::Files,
        }
    }

    /// Returns the file that is concerned, if one is.
    pub fn file(&self) -> Option<&str> {
        match self {
            Self::SubjectMissing { name } | Self::NotExamined { name } | Self::InputChanged { name } => {
                Some(name)
            }
            _ => None,
        }
    }

    /// Returns the words for people.
    pub fn text(&self) -> Text {
        match self {
            Self::Empty => text!("there is no claim in the file", "文件中没有任何声明"),
            Self::TooMany => {
                let limit = limits::CLAIMS;
                text!("there are more than {limit} claims", "声明超过 {limit} 条")
            }
            Self::TooLarge => {
                let limit = limits::CLAIMS_BYTES >> 20;
                text!(
                    "the file of claims is larger than {limit} MiB",
                    "声明文件大于 {limit} MiB"
                )
            }
            Self::Line => text!(
                "the line does not begin with `{{` and end with `}}`: it is not one bundle",
                "该行不以 `{{` 开头并以 `}}` 结尾：不是一个签名包"
            ),
            Self::Type { found } => text!(
                "what the claim says is of a type that is not known: `{found}`",
                "声明内容的类型未知：`{found}`"
            ),
            Self::NoSubject => text!("the claim has no subject", "声明没有主体"),
            Self::SubjectMissing { name } => text!(
                "the claim does not cover `{name}`: no subject has its digest",
                "声明不涵盖 `{name}`：没有主体具有其摘要"
            ),
            Self::Contradiction { result } => text!(
                "the claim contradicts itself: its result is {result}, and tests that failed are listed",
                "声明自相矛盾：结果为 {result}，却列出了未通过的测试"
            ),
            Self::NotExamined { name } => text!(
                "`{name}` was not among the files that were examined",
                "`{name}` 不在已检查的文件中"
            ),
            Self::InputChanged { name } => text!(
                "`{name}` changed while it was worked with",
                "`{name}` 在处理期间发生变化"
            ),
            Self::Document { expected } => text!(
                "the document is not what the claim says it is: {expected}",
                "文档与声明的类型不符：`{expected}`"
            ),
            Self::Missing { kind } => {
                let kind = kind.as_str();
                text!(
                    "no claim of the kind `{kind}` holds",
                    "没有成立的 `{kind}` 类声明"
                )
            }
            Self::NotPassed { kind, result } => {
                let (kind, result) = (kind.as_str(), result.map_or("-", ClaimOutcome::as_str));
                text!(
                    "a claim of the kind `{kind}` says {result}, not PASSED",
                    "`{kind}` 类声明的结果为 {result}，而不是 PASSED"
                )
            }
            Self::Builder { expected, found } => text!(
                "made by the builder `{found}`, not by `{expected}`",
                "构建者是 `{found}`，而不是 `{expected}`"
            ),
            Self::Source { expected, found } if found.is_empty() => text!(
                "the claim names no source; `{expected}` was expected",
                "声明没有给出来源；应为 `{expected}`"
            ),
            Self::Source { expected, found } => {
                let found = shortened(found);
                text!(
                    "made from {found}, not from `{expected}`",
                    "来源是 {found}，而不是 `{expected}`"
                )
            }
        }
    }

    /// Returns what to do about it, where there is something to say.
    pub fn hint(&self) -> Option<Text> {
        Some(match self {
            Self::Line | Self::Empty => text!(
                "a file of claims holds one bundle a line; what is damaged is not repaired",
                "声明文件每行一个签名包；损坏的内容不会被修复"
            ),
            Self::SubjectMissing { .. } => text!(
                "`--ignore-paths` leaves files out that no claim is about",
                "`--ignore-paths` 可忽略没有声明涉及的文件"
            ),
            Self::NotPassed { .. } => text!(
                "claims of earlier runs count as well: begin a new file of claims for a new result",
                "先前的声明同样有效：新的结果请使用新的声明文件"
            ),
            Self::Source { .. } | Self::Builder { .. } => text!(
                "they are compared letter by letter, with scheme, version and reference",
                "逐字比较，包括协议、版本和引用"
            ),
            _ => return None,
        })
    }
}

/// Names the first of several sources.
fn shortened(found: &[String]) -> String {
    const SHOWN: usize = 3;
    let mut list: Vec<String> = found.iter().take(SHOWN).map(|one| format!("`{one}`")).collect();
    if found.len() > SHOWN {
        list.push("...".to_owned());
    }
    list.join(", ")
}
