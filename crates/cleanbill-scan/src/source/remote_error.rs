//! Why a remote target could not be read, in words for the person who asked.

use std::{fmt, time::Duration};

use cleanbill_core::{Language, Text, text};

use super::SpoolError;

/// Says why a remote target or a file of it could not be read. Addresses in it never hold a query, which may be a signature.
#[derive(Debug)]
#[non_exhaustive]
pub enum RemoteError {
    /// The address cannot be one.
    Address {
        /// The address.
        address: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// An option of the client cannot be used.
    Option {
        /// Name of the option.
        option: &'static str,
        /// What the client said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No answer came.
    Unreachable {
        /// The host.
        host: String,
        /// What the system said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An answer or the rest of it did not come in time.
    TimedOut {
        /// The host.
        host: String,
        /// Name of the time limit.
        limit: &'static str,
        /// Its value.
        after: Duration,
    },
    /// The server refused or failed.
    Status {
        /// What was asked for.
        address: String,
        /// HTTP status code.
        status: u16,
        /// `X-Error-Code`, which servers of the Hub send.
        code: Option<String>,
        /// `X-Error-Message`, made printable.
        message: Option<String>,
        /// `Retry-After`, where it was a number of seconds.
        retry_after: Option<Duration>,
    },
    /// One redirect followed another.
    Redirects {
        /// What was asked for.
        address: String,
        /// How many were followed.
        limit: u32,
    },
    /// A redirect left encryption.
    Downgrade {
        /// What was asked for.
        from: String,
        /// Where it led.
        to: String,
    },
    /// The server compresses although it was asked not to, so sizes and offsets are not those of the file.
    Compressed {
        /// What was asked for.
        address: String,
        /// `Content-Encoding`.
        encoding: String,
    },
    /// The connection ended before the answer did.
    Truncated {
        /// What was asked for.
        address: String,
        /// How many bytes came.
        got: u64,
    },
    /// The answer breaks the protocol.
    Answer {
        /// What was asked for.
        address: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The file is another one than when it was opened.
    Changed {
        /// What was asked for.
        address: String,
    },
    /// A file that has to be read whole could not be copied.
    Spool(SpoolError),
    /// The listing is longer than a limit allows.
    TooManyFiles {
        /// The limit.
        limit: u64,
    },
    /// The hub knows no such repository, or hides it.
    RepositoryNotFound {
        /// The repository.
        id: String,
        /// What the hub said.
        message: Option<String>,
    },
    /// The repository has no such revision.
    RevisionNotFound {
        /// The repository.
        id: String,
        /// The revision.
        revision: String,
        /// What the hub said.
        message: Option<String>,
    },
    /// The repository or bucket has no such file.
    FileNotFound {
        /// Where it was looked for.
        within: String,
        /// The file.
        path: String,
    },
    /// The hub gives the repository only to people who were granted access.
    Gated {
        /// The repository.
        id: String,
        /// What the hub said.
        message: Option<String>,
    },
    /// The server wants a credential, or another one.
    Unauthorized {
        /// What was asked for.
        within: String,
        /// What the server said.
        message: Option<String>,
    },
    /// The object store refused or failed.
    Store {
        /// The bucket.
        bucket: String,
        /// What the client said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl RemoteError {
    /// Returns the message in every language.
    pub fn text(&self) -> Text {
        match self {
            Self::Address { address, problem } => text!(
                "`{address}` is not an address: {problem}",
                "`{address}` 不是有效地址：{problem}"
            ),
            Self::Option { option, source } => text!(
                "option `{option}` cannot be used: {source}",
                "选项 `{option}` 不可用：{source}"
            ),
            Self::Unreachable { host, source } => {
                text!("cannot reach `{host}`: {source}", "无法连接 `{host}`：{source}")
            }
            Self::TimedOut { host, limit, after } => {
                let seconds = after.as_secs_f32();
                text!(
                    "`{host}` did not answer in time: limit `{limit}` ({seconds} s) reached",
                    "`{host}` 未及时应答：达到上限 `{limit}`（{seconds} 秒）"
                )
            }
            Self::Status {
                address,
                status,
                message,
                ..
            } => said(
                text!(
                    "the server answered {status} for `{address}`",
                    "服务器对 `{address}` 应答 {status}"
                ),
                message.as_ref(),
            ),
            Self::Redirects { address, limit } => text!(
                "more than {limit} redirects from `{address}`",
                "从 `{address}` 起重定向超过 {limit} 次"
            ),
            Self::Downgrade { from, to } => text!(
                "redirect from `{from}` to unencrypted `{to}` was not followed",
                "未跟随从 `{from}` 到未加密地址 `{to}` 的重定向"
            ),
            Self::Compressed { address, encoding } => text!(
                "the server sends `{address}` compressed (`{encoding}`) although it was asked not to",
                "服务器仍以压缩方式（`{encoding}`）发送 `{address}`，尽管要求不压缩"
            ),
            Self::Truncated { address, got } => text!(
                "the connection ended after {got} bytes of `{address}`",
                "`{address}` 传输 {got} 字节后连接中断"
            ),
            Self::Answer { address, problem } => text!(
                "the answer for `{address}` breaks the protocol: {problem}",
                "`{address}` 的应答违反协议：{problem}"
            ),
            Self::Changed { address } => text!(
                "`{address}` changed while it was examined",
                "`{address}` 在检查期间发生了变化"
            ),
            Self::Spool(error) => error.text(),
            Self::TooManyFiles { limit } => text!(
                "more than {limit} files are listed: limit `listed_files` reached",
                "列出的文件超过 {limit} 个：达到上限 `listed_files`"
            ),
            Self::RepositoryNotFound { id, message } => {
                said(text!("no repository `{id}`", "没有仓库 `{id}`"), message.as_ref())
            }
            Self::RevisionNotFound {
                id,
                revision,
                message,
            } => said(
                text!(
                    "no revision `{revision}` in repository `{id}`",
                    "仓库 `{id}` 没有版本 `{revision}`"
                ),
                message.as_ref(),
            ),
            Self::FileNotFound { within, path } => {
                text!("no file `{path}` in `{within}`", "`{within}` 中没有文件 `{path}`")
            }
            Self::Gated { id, message } => said(
                text!(
                    "access to repository `{id}` has to be granted",
                    "访问仓库 `{id}` 需要获得授权"
                ),
                message.as_ref(),
            ),
            Self::Unauthorized { within, message } => said(
                text!(
                    "`{within}` wants a credential, or another one",
                    "`{within}` 需要凭据，或当前凭据无效"
                ),
                message.as_ref(),
            ),
            Self::Store { bucket, source } => {
                let said = innermost(source.as_ref());
                text!("cannot read `{bucket}`: {said}", "无法读取 `{bucket}`：{said}")
            }
        }
    }

    /// Says what to try, where something helps.
    pub fn hint(&self) -> Option<Text> {
        Some(match self {
            Self::RepositoryNotFound { .. } => text!(
                "check the name; a private repository needs a token",
                "请检查名称；私有仓库需要令牌"
            ),
            Self::RevisionNotFound { .. } => text!(
                "name a branch, tag or commit that exists, or leave `@revision` out",
                "请使用存在的分支、标签或提交，或去掉 `@revision`"
            ),
            Self::Gated { .. } => text!(
                "ask for access on the page of the repository and give a token of that account",
                "请在仓库页面申请访问权限，并提供该账号的令牌"
            ),
            Self::Unauthorized { .. } => text!("give a valid credential", "请提供有效凭据"),
            Self::Store { .. } => text!(
                "check the name of the bucket, its region or endpoint, and the credentials",
                "请检查存储桶名称、区域或端点，以及凭据"
            ),
            Self::TimedOut { .. } | Self::Unreachable { .. } => text!(
                "check the address, the proxy settings and the certificates of this system",
                "请检查地址、代理设置和本机证书"
            ),
            Self::Spool(SpoolError::Limit { .. }) => text!(
                "raise the limit, or read from a server that supports ranges",
                "请提高上限，或改用支持区间请求的服务器"
            ),
            _ => return None,
        })
    }

    /// Says whether the same request may succeed later.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::Status { status, .. } => matches!(status, 408 | 429 | 500 | 502 | 503 | 504),
            Self::Unreachable { .. } | Self::TimedOut { .. } | Self::Truncated { .. } => true,
            _ => false,
        }
    }
}

impl fmt::Display for RemoteError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.text().en())
    }
}

impl std::error::Error for RemoteError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Option { source, .. } | Self::Unreachable { source, .. } | Self::Store { source, .. } => {
                Some(source.as_ref())
            }
            Self::Spool(error) => Some(error),
            _ => None,
        }
    }
}

impl From<SpoolError> for RemoteError {
    fn from(error: SpoolError) -> Self {
        Self::Spool(error)
    }
}

/// Returns what the last cause says; those above it repeat it, with run times that would make reports differ.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    super::web::printable(&error.to_string())
}

/// Puts what the server said behind a message.
fn said(text: Text, message: Option<&String>) -> Text {
    match message {
        None => text,
        Some(message) => {
            let (en, zh) = (text.get(Language::English), text.get(Language::Chinese));
            text!("{en}: {message}", "{zh}：{message}")
        }
    }
}
