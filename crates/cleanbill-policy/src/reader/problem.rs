//! What can be wrong with a file, and the words for it.

use cleanbill_core::{Language, Text, text};

use super::Place;
use crate::name::PatternProblem;

/// Says what is wrong with a value, or with the file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the words of each problem stand in `text`, once")]
pub enum Problem {
    TooLarge {
        limit: u64,
    },
    NotText,
    Syntax {
        problem: String,
    },
    UnknownKey {
        nearest: Option<String>,
    },
    UnknownValue {
        found: String,
        nearest: Option<String>,
        known: &'static str,
    },
    MissingKey,
    Kind {
        expected: &'static str,
        found: &'static str,
    },
    Empty,
    Blank,
    TooLong,
    TooMany {
        limit: usize,
    },
    Duplicate {
        first: Place,
        value: String,
    },
    Name,
    Pattern(PatternProblem),
    Wildcard,
    Date {
        problem: DateProblem,
    },
    Order,
    Path {
        problem: PathProblem,
    },
    Source,
    Credentials,
    Fingerprint,
    Digest,
    Number,
    OneOf {
        keys: &'static str,
    },
    MissingOneOf {
        keys: &'static str,
    },
    Spelling,
    Schema {
        found: String,
        known: &'static str,
    },
    More {
        count: usize,
    },
}

/// Says what is wrong with a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words of each problem stand in `text`, once")]
pub enum DateProblem {
    Quoted,
    NoOffset,
    NoDate,
    NoSuchDay,
}

/// Says what is wrong with a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words of each problem stand in `text`, once")]
pub enum PathProblem {
    Absolute,
    Parent,
    NotNormal,
    Character,
}

impl Problem {
    pub(super) fn text(&self) -> Text {
        match self {
            Self::TooLarge { limit } => {
                text!("the file is larger than {limit} bytes", "文件大于 {limit} 字节")
            }
            Self::NotText => text!("the file is not UTF-8", "文件不是 UTF-8"),
            Self::Syntax { problem } => text!("not TOML: {problem}", "不是有效的 TOML：{problem}"),
            Self::UnknownKey { nearest } => meant(text!("unknown key", "未知的键"), nearest.as_deref()),
            Self::UnknownValue {
                found,
                nearest,
                known,
            } => meant(
                text!("`{found}` is none of {known}", "`{found}` 不属于 {known}"),
                nearest.as_deref(),
            ),
            Self::MissingKey => text!("the key is missing", "缺少该键"),
            Self::Kind { expected, found } => {
                let (expected_zh, found_zh) = (kind_zh(expected), kind_zh(found));
                text!(
                    "must be {expected}, not {found}",
                    "必须是{expected_zh}，而不是{found_zh}"
                )
            }
            Self::Empty => text!("must not be empty", "不得为空"),
            Self::Blank => text!(
                "begins or ends with a blank, or holds a control character",
                "首尾有空白或含有控制字符"
            ),
            Self::TooLong => text!("the text is too long", "文本过长"),
            Self::TooMany { limit } => text!("more than {limit} of them", "超过 {limit} 个"),
            Self::Duplicate { first, value } => {
                let line = first.line;
                text!(
                    "`{value}` stands in line {line} already",
                    "`{value}` 已在第 {line} 行出现"
                )
            }
            Self::Name => text!(
                "must be `org/name` in letters, digits, `.`, `_` and `-`, such as `acme/llama-ft`",
                "必须是由字母、数字、`.`、`_`、`-` 组成的 `org/name`，例如 `acme/llama-ft`"
            ),
            Self::Pattern(problem) => problem.text(),
            Self::Wildcard => text!(
                "a signer is named exactly; `*` stands for nothing here",
                "签名者必须精确指定；此处 `*` 不是通配符"
            ),
            Self::Date { problem } => problem.text(),
            Self::Order => text!("`until` must come after `since`", "`until` 必须晚于 `since`"),
            Self::Path { problem } => problem.text(),
            Self::Source => text!(
                "must begin with one of hf://, https://, git+https://, git+ssh://, s3://, gs://, az://, oci://, and name something",
                "必须以 hf://、https://、git+https://、git+ssh://、s3://、gs://、az:// 或 oci:// 开头并指明对象"
            ),
            Self::Credentials => text!(
                "the address holds a password or token; take it out of the file",
                "地址中含有口令或令牌；请从文件中移除"
            ),
            Self::Fingerprint => text!(
                "must be the SHA-256 of the public key's PEM in 64 small hexadecimal digits, as `keygen` and bundles give it",
                "必须是公钥 PEM 的 SHA-256，即 64 位小写十六进制，与 `keygen` 和签名包所示一致"
            ),
            Self::Digest => text!(
                "must be a digest in small hexadecimal digits",
                "必须是小写十六进制摘要"
            ),
            Self::Number => text!("must be a whole number that is not negative", "必须是非负整数"),
            Self::OneOf { keys } => text!(
                "exactly one of {keys} must stand here",
                "此处必须恰有 {keys} 之一"
            ),
            Self::MissingOneOf { keys } => text!(
                "one of {keys} at least must stand here",
                "此处至少须有 {keys} 之一"
            ),
            Self::Schema { found, known } => text!(
                "`{found}` is not `{known}`, which is all that this version reads",
                "`{found}` 不是 `{known}`，本版本只读取后者"
            ),
            Self::Spelling => text!(
                "not spelt as `cleanbill lock` writes it; nothing but blanks may differ, comments neither",
                "与 `cleanbill lock` 的写法不同；只允许空白不同，也不允许注释"
            ),
            Self::More { count } => text!("and {count} more faults", "以及另外 {count} 处错误"),
        }
    }
}

fn meant(text: Text, nearest: Option<&str>) -> Text {
    let Some(nearest) = nearest else { return text };
    let (en, zh) = (text.en(), text.get(Language::Chinese));
    text!("{en}; did you mean `{nearest}`?", "{zh}；是否想用 `{nearest}`？")
}

impl DateProblem {
    fn text(self) -> Text {
        match self {
            Self::Quoted => text!(
                "a date stands without quotes, such as 2026-11-28 or 2026-11-28T12:00:00Z",
                "日期不加引号，例如 2026-11-28 或 2026-11-28T12:00:00Z"
            ),
            Self::NoOffset => text!(
                "a time of day needs its offset, such as 2026-11-28T12:00:00Z",
                "时刻需要时区偏移，例如 2026-11-28T12:00:00Z"
            ),
            Self::NoDate => text!("a time of day alone is no date", "只有时刻，没有日期"),
            Self::NoSuchDay => text!("there is no such day or time", "没有这样的日期或时刻"),
        }
    }
}

impl PathProblem {
    fn text(self) -> Text {
        match self {
            Self::Absolute => text!(
                "must be relative to this file, unless `outside = true` stands beside it",
                "必须相对于本文件，除非同时写明 `outside = true`"
            ),
            Self::Parent => text!(
                "leads out of the folder of this file; `outside = true` beside it allows that",
                "指向本文件所在文件夹之外；同时写明 `outside = true` 才允许"
            ),
            Self::NotNormal => text!(
                "has a part that says nothing; write it with `/` and without `.`, `//` and inner `..`",
                "含有无意义的部分；请使用 `/`，不要使用 `.`、`//` 和中间的 `..`"
            ),
            Self::Character => text!("has a character that no path has", "含有路径中不会出现的字符"),
        }
    }
}

fn kind_zh(kind: &str) -> &str {
    match kind {
        "a text" => "文本",
        "a table" => "表",
        "a list of tables" => "表的列表",
        "a list of texts" => "文本列表",
        "a date" => "日期",
        "`true` or `false`" => " `true` 或 `false`",
        "a number" => "数字",
        "a list" => "列表",
        other => other,
    }
}
