//! Understands what a person writes as a target: a path, `-`, or an address with a scheme.
//!
//! Parsing touches neither disk nor network. Whether a build can open a target depends on its features, not on this module.

use std::path::PathBuf;

use cleanbill_core::{Text, text};
use thiserror::Error;

/// Names what to scan.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target {
    /// Standard input: `-`.
    Stdin,
    /// A file or folder of this machine.
    Local(PathBuf),
    /// One file behind an `http://` or `https://` address.
    Http(String),
    /// A repository of a hub: `hf://org/name`.
    Hub(HubTarget),
    /// Objects of a bucket: `s3://`, `gs://`, `az://`.
    Bucket(BucketTarget),
}

/// Names a repository of a hub, a revision of it, and what of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubTarget {
    /// Models or datasets.
    pub kind: RepositoryKind,
    /// `org/name`, or `name` for the oldest repositories.
    pub id: String,
    /// Branch, tag or commit; `None` is `main`.
    pub revision: Option<String>,
    /// A file or folder of the repository; `None` is all of it.
    pub path: Option<String>,
}

/// Tells the families of repositories apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RepositoryKind {
    /// `hf://org/name`
    Model,
    /// `hf://datasets/org/name`
    Dataset,
}

/// Names objects of a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketTarget {
    /// Whose protocol.
    pub provider: Provider,
    /// Name of the bucket, or of the container for Azure.
    pub bucket: String,
    /// Key of one object or prefix of many; empty for all objects.
    pub prefix: String,
}

/// Tells the protocols of object stores apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// Amazon S3 and what speaks its protocol: `s3://`.
    S3,
    /// Google Cloud Storage: `gs://`.
    Gcs,
    /// Azure Blob Storage: `az://`.
    Azure,
}

impl Provider {
    /// Returns the scheme, without `://`.
    pub const fn scheme(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Gcs => "gs",
            Self::Azure => "az",
        }
    }
}

/// Says why a target is not understood; [`TargetError::hint`] says what to try.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TargetError {
    /// Nothing was written.
    #[error("the target is empty")]
    Empty,
    /// The scheme is none of ours.
    #[error("unknown scheme `{scheme}://` in target `{target}`")]
    UnknownScheme {
        /// The scheme.
        scheme: String,
        /// The target as written.
        target: String,
    },
    /// Nothing stands where the host should.
    #[error("no host in target `{target}`")]
    NoHost {
        /// The target as written.
        target: String,
    },
    /// The address holds a user name or password, which reports and logs would repeat. The target is not shown.
    #[error("the address holds a user name or password before `@`")]
    Credentials,
    /// The address shows a page of the Hub, not a file.
    #[error("`{target}` is a page of the Hub, not a file")]
    HubPage {
        /// The target as written.
        target: String,
        /// The same as a target of the hub, where it can be told.
        suggestion: String,
    },
    /// The name of the repository cannot be one.
    #[error("`{id}` is not a repository name: {problem}")]
    RepositoryName {
        /// The name as written.
        id: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The repository is of a kind that holds no models or datasets.
    #[error("`{kind}` repositories are not scanned over the network")]
    RepositoryKind {
        /// The kind.
        kind: String,
    },
    /// `@` stands without a revision behind it.
    #[error("no revision after `@` in target `{target}`")]
    NoRevision {
        /// The target as written.
        target: String,
    },
    /// The path in the repository or bucket cannot be one.
    #[error("`{path}` is not a path inside the target: {problem}")]
    Path {
        /// The path.
        path: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A percent sign is not followed by two hexadecimal digits, or they do not spell UTF-8.
    #[error("broken percent-encoding in `{part}`")]
    Encoding {
        /// The part of the target.
        part: String,
    },
    /// No bucket is named.
    #[error("no bucket in target `{target}`")]
    NoBucket {
        /// The target as written.
        target: String,
    },
}

impl TargetError {
    /// Says what to try.
    pub fn hint(&self) -> Text {
        match self {
            Self::Empty => text!(
                "name a file, a folder, `-`, or an address such as `hf://org/name`",
                "请给出文件、文件夹、`-`，或 `hf://org/name` 之类的地址"
            ),
            Self::UnknownScheme { scheme, .. } if scheme == "file" => text!(
                "write the path without `file://`",
                "请直接写路径，不要写 `file://`"
            ),
            Self::UnknownScheme { .. } => text!(
                "known are hf, http, https, s3, gs and az; write `./` before a path that looks like an address",
                "可用的有 hf、http、https、s3、gs、az；若路径看起来像地址，请在前面写 `./`"
            ),
            Self::NoHost { .. } => text!(
                "write `https://host/path/to/file`",
                "请写成 `https://host/path/to/file`"
            ),
            Self::Credentials => text!(
                "give the credential as an option, not in the address",
                "请用选项提供凭据，不要写在地址里"
            ),
            Self::HubPage { suggestion, .. } => text!("write `{suggestion}`", "请写成 `{suggestion}`"),
            Self::RepositoryName { .. } => text!(
                "write `hf://org/name`, `hf://org/name@revision` or `hf://datasets/org/name`",
                "请写成 `hf://org/name`、`hf://org/name@revision` 或 `hf://datasets/org/name`"
            ),
            Self::RepositoryKind { .. } => text!(
                "clone the repository and scan the folder",
                "请先克隆仓库，再扫描文件夹"
            ),
            Self::NoRevision { .. } => text!(
                "name a branch, tag or commit after `@`, or leave `@` out",
                "请在 `@` 后写分支、标签或提交，或去掉 `@`"
            ),
            Self::Path { .. } => text!(
                "write the path as the listing shows it, with `/`",
                "请按列表所示书写路径，用 `/` 分隔"
            ),
            Self::Encoding { .. } => text!("write `%25` for a percent sign", "百分号请写成 `%25`"),
            Self::NoBucket { .. } => text!(
                "write `s3://bucket/prefix`, `gs://bucket/prefix` or `az://container/prefix`",
                "请写成 `s3://bucket/prefix`、`gs://bucket/prefix` 或 `az://container/prefix`"
            ),
        }
    }
}

/// Understands `target`.
pub fn parse_target(target: &str) -> Result<Target, TargetError> {
    if target.is_empty() {
        return Err(TargetError::Empty);
    }
    if target == "-" {
        return Ok(Target::Stdin);
    }
    let Some((scheme, rest)) = target.split_once("://").filter(|(scheme, _)| is_scheme(scheme)) else {
        return Ok(Target::Local(PathBuf::from(target)));
    };
    match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" => http(target, rest),
        "hf" => hub(target, rest).map(Target::Hub),
        "s3" => bucket(target, rest, Provider::S3),
        "gs" => bucket(target, rest, Provider::Gcs),
        "az" => bucket(target, rest, Provider::Azure),
        _ => Err(TargetError::UnknownScheme {
            scheme: scheme.to_owned(),
            target: target.to_owned(),
        }),
    }
}

/// Tells a scheme (RFC 3986, 3.1) from a path that happens to hold `://`.
fn is_scheme(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_alphabetic())
        && word
            .chars()
            .all(|one| one.is_ascii_alphanumeric() || matches!(one, '+' | '-' | '.'))
}

fn http(target: &str, rest: &str) -> Result<Target, TargetError> {
    let (authority, path) = match rest.find(['/', '?', '#']) {
        Some(end) => rest.split_at(end),
        None => (rest, ""),
    };
    if authority.contains('@') {
        return Err(TargetError::Credentials);
    }
    if authority.is_empty() || authority.starts_with(':') {
        return Err(TargetError::NoHost {
            target: target.to_owned(),
        });
    }
    if matches!(
        authority.to_ascii_lowercase().as_str(),
        "huggingface.co" | "www.huggingface.co" | "hf.co"
    ) && !path.contains("/resolve/")
        && !path.starts_with("/api/")
    {
        return Err(TargetError::HubPage {
            target: target.to_owned(),
            suggestion: hub_page(path),
        });
    }
    // A fragment is never sent to a server.
    let sent = target.split_once('#').map_or(target, |(sent, _)| sent);
    Ok(Target::Http(sent.to_owned()))
}

/// Rewrites the path of a page of the Hub: `/org/name/blob/main/a/b` becomes `hf://org/name@main/a/b`.
fn hub_page(path: &str) -> String {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let path = path.trim_matches('/');
    for marker in ["/blob/", "/tree/", "/raw/"] {
        if let Some((id, rest)) = path.split_once(marker) {
            return format!("hf://{id}@{rest}");
        }
    }
    if path.is_empty() {
        "hf://org/name".to_owned()
    } else {
        format!("hf://{path}")
    }
}

fn hub(target: &str, rest: &str) -> Result<HubTarget, TargetError> {
    let rest = rest.trim_end_matches('/');
    let (kind, rest) = match rest.split_once('/') {
        Some(("datasets", rest)) => (RepositoryKind::Dataset, rest),
        Some((kind @ ("spaces" | "kernels" | "buckets"), _)) => {
            return Err(TargetError::RepositoryKind {
                kind: kind.to_owned(),
            });
        }
        _ => (RepositoryKind::Model, rest),
    };
    let (id, revision, path) = match rest.split_once('@') {
        // `@` may also stand in the path of a file when no revision is given: a name has at most one `/`.
        Some((id, after)) if id.split('/').count() <= 2 => {
            let (revision, path) = split_revision(after);
            if revision.is_empty() {
                return Err(TargetError::NoRevision {
                    target: target.to_owned(),
                });
            }
            (id.to_owned(), Some(decode(revision)?), path)
        }
        _ => {
            let mut parts = rest.splitn(3, '/');
            let id: Vec<&str> = parts.by_ref().take(2).collect();
            (id.join("/"), None, parts.next())
        }
    };
    check_repository(&id)?;
    let path = path.filter(|path| !path.is_empty()).map(str::to_owned);
    if let Some(path) = &path {
        check_path(path)?;
    }
    Ok(HubTarget {
        kind,
        id,
        revision,
        path,
    })
}

/// Splits a revision from the path behind it. A revision ends at the first `/`, except for the well-known `refs/pr/N` and
/// `refs/convert/NAME`; any other with a `/` is written with `%2F`.
fn split_revision(after: &str) -> (&str, Option<&str>) {
    let parts: Vec<&str> = after.splitn(4, '/').collect();
    if let ["refs", "pr" | "convert", name, ..] = parts.as_slice()
        && !name.is_empty()
    {
        let path = parts.get(3).copied();
        let cut = path.map_or(after.len(), |path| after.len() - path.len() - 1);
        return (after.get(..cut).unwrap_or(after), path);
    }
    match after.split_once('/') {
        Some((revision, path)) => (revision, Some(path)),
        None => (after, None),
    }
}

/// Checks `id` as the Hub does: one or two parts of letters, digits, `-`, `_`, `.`; at most 96 characters each.
pub(super) fn check_repository(id: &str) -> Result<(), TargetError> {
    let bad = |problem| {
        Err(TargetError::RepositoryName {
            id: id.to_owned(),
            problem,
        })
    };
    for part in id.split('/') {
        if part.is_empty() {
            return bad("a part of it is empty");
        }
        if part.len() > 96 {
            return bad("a part of it is longer than 96 characters");
        }
        if !part
            .chars()
            .all(|one| one.is_ascii_alphanumeric() || matches!(one, '-' | '_' | '.'))
        {
            return bad("only letters, digits, `-`, `_` and `.` may stand in it");
        }
        if part.starts_with(['-', '.']) || part.ends_with(['-', '.']) {
            return bad("no part of it may begin or end with `-` or `.`");
        }
        if part.contains("--") || part.contains("..") {
            return bad("`--` and `..` may not stand in it");
        }
    }
    Ok(())
}

fn bucket(target: &str, rest: &str, provider: Provider) -> Result<Target, TargetError> {
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    if bucket.is_empty() {
        return Err(TargetError::NoBucket {
            target: target.to_owned(),
        });
    }
    if bucket.contains('@') {
        return Err(TargetError::Credentials);
    }
    let prefix = prefix.trim_end_matches('/');
    if !prefix.is_empty() {
        check_path(prefix)?;
    }
    Ok(Target::Bucket(BucketTarget {
        provider,
        bucket: bucket.to_owned(),
        prefix: prefix.to_owned(),
    }))
}

fn check_path(path: &str) -> Result<(), TargetError> {
    match path_problem(path) {
        None => Ok(()),
        Some(problem) => Err(TargetError::Path {
            path: path.to_owned(),
            problem,
        }),
    }
}

/// Says why `path` cannot be a relative path with `/`.
pub(super) fn path_problem(path: &str) -> Option<&'static str> {
    if path
        .split('/')
        .any(|part| part.is_empty() || matches!(part, "." | ".."))
    {
        return Some("a part of it is empty, `.` or `..`");
    }
    path.contains(char::is_control)
        .then_some("it holds a control character")
}

fn decode(part: &str) -> Result<String, TargetError> {
    let broken = || TargetError::Encoding {
        part: part.to_owned(),
    };
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let mut digit = || {
                rest.next()
                    .and_then(|digit| char::from(digit).to_digit(16))
                    .and_then(|digit| u8::try_from(digit).ok())
            };
            let (Some(high), Some(low)) = (digit(), digit()) else {
                return Err(broken());
            };
            bytes.push(high * 16 + low);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).map_err(|_| broken())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(id: &str, revision: Option<&str>, path: Option<&str>) -> Target {
        Target::Hub(HubTarget {
            kind: RepositoryKind::Model,
            id: id.to_owned(),
            revision: revision.map(str::to_owned),
            path: path.map(str::to_owned),
        })
    }

    fn objects(provider: Provider, bucket: &str, prefix: &str) -> Target {
        Target::Bucket(BucketTarget {
            provider,
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
        })
    }

    #[test]
    fn targets_are_understood() {
        for (written, wanted) in [
            ("-", Target::Stdin),
            ("./model", Target::Local("./model".into())),
            (r"C:\models\a", Target::Local(r"C:\models\a".into())),
            ("a/b://c", Target::Local("a/b://c".into())),
            (
                "https://h.example/a.bin?x=1#part",
                Target::Http("https://h.example/a.bin?x=1".into()),
            ),
            (
                "https://huggingface.co/o/n/resolve/main/a",
                Target::Http("https://huggingface.co/o/n/resolve/main/a".into()),
            ),
            ("hf://org/name", model("org/name", None, None)),
            ("HF://org/name/", model("org/name", None, None)),
            ("hf://gpt2", model("gpt2", None, None)),
            ("hf://gpt2@v1/a.bin", model("gpt2", Some("v1"), Some("a.bin"))),
            (
                "hf://org/name@main/sub/a b@2.bin",
                model("org/name", Some("main"), Some("sub/a b@2.bin")),
            ),
            (
                "hf://org/name/sub/a@2.bin",
                model("org/name", None, Some("sub/a@2.bin")),
            ),
            (
                "hf://org/name@refs/pr/7",
                model("org/name", Some("refs/pr/7"), None),
            ),
            (
                "hf://org/name@refs/pr/7/a.bin",
                model("org/name", Some("refs/pr/7"), Some("a.bin")),
            ),
            (
                "hf://org/name@feature%2Fx/a.bin",
                model("org/name", Some("feature/x"), Some("a.bin")),
            ),
            (
                "hf://datasets/org/name@v1",
                Target::Hub(HubTarget {
                    kind: RepositoryKind::Dataset,
                    id: "org/name".into(),
                    revision: Some("v1".into()),
                    path: None,
                }),
            ),
            ("s3://bucket", objects(Provider::S3, "bucket", "")),
            ("gs://bucket/a/b/", objects(Provider::Gcs, "bucket", "a/b")),
            ("az://box/a", objects(Provider::Azure, "box", "a")),
        ] {
            assert_eq!(parse_target(written), Ok(wanted), "{written}");
        }
    }

    #[test]
    fn refusals_are_precise() {
        for (written, wanted) in [
            ("", "the target is empty"),
            ("ftp://h/a", "unknown scheme `ftp://` in target `ftp://h/a`"),
            ("https:///a", "no host in target `https:///a`"),
            (
                "https://me:pw@h/a",
                "the address holds a user name or password before `@`",
            ),
            (
                "https://huggingface.co/o/n/blob/main/a.bin",
                "`https://huggingface.co/o/n/blob/main/a.bin` is a page of the Hub, not a file",
            ),
            ("hf://", "`` is not a repository name: a part of it is empty"),
            (
                "hf://o r/n",
                "`o r/n` is not a repository name: only letters, digits, `-`, `_` and `.` may stand in it",
            ),
            (
                "hf://../n",
                "`../n` is not a repository name: no part of it may begin or end with `-` or `.`",
            ),
            ("hf://o/n@", "no revision after `@` in target `hf://o/n@`"),
            ("hf://o/n@%zz", "broken percent-encoding in `%zz`"),
            (
                "hf://o/n@main/../x",
                "`../x` is not a path inside the target: a part of it is empty, `.` or `..`",
            ),
            (
                "hf://spaces/o/n",
                "`spaces` repositories are not scanned over the network",
            ),
            ("s3:///a", "no bucket in target `s3:///a`"),
        ] {
            let error = parse_target(written).unwrap_err();
            assert_eq!(error.to_string(), wanted);
            assert!(!error.hint().en().is_empty());
        }
    }

    #[test]
    fn a_page_of_the_hub_becomes_a_target() {
        assert_eq!(hub_page("/o/n"), "hf://o/n");
        assert_eq!(hub_page("/o/n/tree/v1?x"), "hf://o/n@v1");
        assert_eq!(
            hub_page("/datasets/o/n/blob/main/a/b"),
            "hf://datasets/o/n@main/a/b"
        );
    }
}
