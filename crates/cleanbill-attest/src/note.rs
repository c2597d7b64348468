//! What a person should know of a signature that does not refuse it: each note with its id and its words.

use cleanbill_core::{Language, Text, text};

use crate::{certificate::RevocationReason, refusal::Refusal, time::UnixTime};

/// Tells something that does not refuse a signature but that a person should know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// The statement is of version 0.2 of the reference, whose signature covers the text of a program's value.
    OldStatement,
    /// The bundle carries its key instead of a hint, as versions before 1.1 of the reference write it.
    OldKey,
    /// Entries of a log or timestamps stand in a bundle whose method does not use them; they were not checked.
    ProofsNotUsed,
    /// Empty files are not covered by shards.
    EmptyNotCovered {
        /// How many there are.
        count: usize,
    },
    /// Files are there that a claim leaves out, or that the caller does.
    LeftOut {
        /// How many files and folders.
        count: usize,
    },
    /// Certificates were checked at this time, which the caller named.
    TimeGiven {
        /// That time.
        at: UnixTime,
    },
    /// Certificates were checked at the time that a timestamp proves.
    TimeProven {
        /// That time.
        at: UnixTime,
        /// Who proves it.
        authority: String,
    },
    /// A certificate was revoked after the time that is proven, and not for its key.
    RevokedLater {
        /// Whose.
        subject: String,
        /// Since when.
        at: UnixTime,
        /// Why.
        reason: RevocationReason,
    },
    /// No timestamp in the bundle proves a time.
    TimeNotProven {
        /// Why the first one does not.
        refusal: Box<Refusal>,
    },
    /// The trusted root comes with the program.
    EmbeddedRoot {
        /// The newest start of a key or authority in it, to tell how old it is at least.
        newest: Option<UnixTime>,
    },
}

impl Note {
    /// Returns the id of the note.
    pub const fn id(&self) -> &'static str {
        match self {
            Self::OldStatement => "old-statement",
            Self::OldKey => "old-key",
            Self::ProofsNotUsed => "proofs-not-used",
            Self::EmptyNotCovered { .. } => "empty-not-covered",
            Self::LeftOut { .. } => "left-out",
            Self::TimeGiven { .. } => "time-given",
            Self::TimeProven { .. } => "time-proven",
            Self::RevokedLater { .. } => "revoked-later",
            Self::TimeNotProven { .. } => "time-not-proven",
            Self::EmbeddedRoot { .. } => "embedded-root",
        }
    }

    /// Returns the words for people.
    pub fn text(&self) -> Text {
        match self {
            Self::OldStatement => text!(
                "the statement is of a version before 1.0 and names no rules for reading the model; sign it anew",
                "声明属于 1.0 之前的版本，没有记录读取模型的规则；请重新签名"
            ),
            Self::OldKey => text!(
                "the bundle carries its key instead of a hint, as before 1.1; only the given key was used",
                "签名包内含公钥而非提示（1.1 之前的写法）；只使用了所给的公钥"
            ),
            Self::ProofsNotUsed => text!(
                "entries of a log or timestamps in the bundle were not checked: this method does not use them",
                "签名包中的日志条目或时间戳未经检查：该方法不使用它们"
            ),
            Self::EmptyNotCovered { count } => text!(
                "empty files that are not covered, since shards leave them out: {count}",
                "未被覆盖的空文件（分片方式不包含空文件）：{count}"
            ),
            Self::LeftOut { count } => text!(
                "files or folders of the model that were left out and that the claim says nothing about: {count}",
                "声明不涉及模型中已忽略的 {count} 个文件或文件夹"
            ),
            Self::TimeGiven { at } => text!(
                "certificates were checked at {at}, as asked",
                "按要求以 {at} 为准检查证书"
            ),
            Self::TimeProven { at, authority } => text!(
                "signed at {at} at the latest, as {authority} proves",
                "至迟于 {at} 签名，由 {authority} 证明"
            ),
            Self::RevokedLater { subject, at, reason } => {
                let reason = reason.as_str();
                text!(
                    "the certificate of `{subject}` is revoked as of {at} ({reason}), after the proven time of signing",
                    "`{subject}` 的证书自 {at} 起被吊销（{reason}），晚于已证明的签名时间"
                )
            }
            Self::TimeNotProven { refusal } => {
                let why = refusal.text();
                let (en, zh) = (why.en(), why.get(Language::Chinese));
                text!(
                    "no timestamp in the bundle proves a time: {en}",
                    "签名包中没有时间戳能证明时间：{zh}"
                )
            }
            Self::EmbeddedRoot { newest: Some(newest) } => text!(
                "the trusted root comes with the program; its newest key is of {newest}",
                "使用程序自带的信任根；其中最新的密钥始于 {newest}"
            ),
            Self::EmbeddedRoot { newest: None } => {
                text!("the trusted root comes with the program", "使用程序自带的信任根")
            }
        }
    }
}
