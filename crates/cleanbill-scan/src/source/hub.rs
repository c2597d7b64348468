//! Repositories of the Hugging Face Hub, or of any server that speaks its protocol.
//!
//! As the Hub's own clients do (`hf-protocol`, section 1): `/api/{models,datasets}/ID/revision/REVISION` resolves the revision
//! to a commit, `/tree/COMMIT?recursive=true&expand=false` lists the files over pages linked by `Link: <..>; rel="next"`, and
//! `/resolve/COMMIT/PATH` gives the bytes, often by a redirect to another host that gets no credential (section 2).
//! All file requests name the commit, so a branch that moves on during a scan changes nothing. Nothing here uses Xet
//! (section 3): without it every server falls back to plain bytes. The SHA-256 that the listing gives for large files is
//! kept, since no client checks it over plain HTTP (section 2).

use std::sync::{Arc, Mutex, PoisonError};

use cleanbill_core::{Sha256Digest, Text, text};
use cleanbill_formats::{bytes::ReadAt, limits::Limits};
use serde_json::Value;

use super::{
    Artifact, HubTarget, Listed, Reading, RemoteError, RepositoryKind, Secret, Source, WebOptions,
    address::{Address, encode},
    blocks::Pool,
    remote_file::{OpenedFile, RemoteFile},
    target::{check_repository, path_problem},
    web::{Ask, Client, header, printable},
};

/// The Hub itself.
pub const DEFAULT_HUB_ENDPOINT: &str = "https://huggingface.co";

/// Revision that is meant where none is named.
const DEFAULT_REVISION: &str = "main";

/// Says which repository to read and how.
#[derive(Clone, Debug)]
pub struct HubOptions {
    /// What to read.
    pub target: HubTarget,
    /// Address of the hub: scheme, host, and a path where it has one.
    pub endpoint: String,
    /// Token, sent to the endpoint only.
    pub token: Option<Secret>,
    /// How the bytes of files are fetched.
    pub reading: Reading,
    /// Caps on what is listed and copied.
    pub limits: Limits,
    /// How to talk to the server.
    pub web: WebOptions,
}

impl HubOptions {
    /// Reads `target` from the Hub without a token.
    pub fn new(target: HubTarget) -> Self {
        Self {
            target,
            endpoint: DEFAULT_HUB_ENDPOINT.to_owned(),
            token: None,
            reading: Reading::default(),
            limits: Limits::default(),
            web: WebOptions::default(),
        }
    }
}

/// Lists the files of one commit of a repository.
#[derive(Debug)]
pub struct Hub {
    repository: Arc<Repository>,
    files: Vec<Entry>,
    refused: Vec<(String, &'static str)>,
    path: Option<String>,
    notices: Vec<Text>,
}

/// A commit, and how to reach it.
#[derive(Debug)]
struct Repository {
    client: Arc<Client>,
    pool: Arc<Pool>,
    endpoint: Address,
    authorization: Option<Secret>,
    reading: Reading,
    limits: Limits,
    kind: RepositoryKind,
    id: String,
    commit: String,
}

/// One file of a listing.
#[derive(Clone, Debug)]
struct Entry {
    path: String,
    size: u64,
    sha256: Option<Sha256Digest>,
}

impl Hub {
    /// Resolves the revision and lists the files.
    pub fn open(options: HubOptions) -> Result<Self, RemoteError> {
        let HubTarget {
            kind,
            id,
            revision,
            path,
        } = options.target;
        let mut repository = Repository {
            client: Arc::new(Client::new(options.web)?),
            pool: Arc::default(),
            endpoint: Address::parse(options.endpoint.trim_end_matches('/'))?,
            authorization: options.token.as_ref().map(Secret::bearer),
            reading: options.reading,
            limits: options.limits,
            kind,
            id,
            commit: String::new(),
        };
        let mut notices = Vec::new();
        let revision = revision.unwrap_or_else(|| DEFAULT_REVISION.to_owned());
        repository.resolve(&revision, &mut notices)?;
        let mut hub = Self {
            repository: Arc::new(repository),
            files: Vec::new(),
            refused: Vec::new(),
            path,
            notices,
        };
        hub.list_tree(&revision)?;
        if let Some(path) = &hub.path {
            let folder = format!("{path}/");
            hub.files
                .retain(|file| file.path == *path || file.path.starts_with(&folder));
            hub.refused.retain(|(refused, _)| refused.starts_with(&folder));
            if hub.files.is_empty() && hub.refused.is_empty() {
                return Err(RemoteError::FileNotFound {
                    within: hub.repository.name(),
                    path: path.clone(),
                });
            }
        }
        Ok(hub)
    }

    /// Returns the target as reports name it: with the commit.
    pub fn target(&self) -> String {
        let name = self.repository.name();
        match &self.path {
            Some(path) => format!("{name}/{path}"),
            None => name,
        }
    }

    /// Returns what the person should know besides: a repository that was renamed, warnings of the server.
    pub fn notices(&self) -> &[Text] {
        &self.notices
    }

    fn list_tree(&mut self, revision: &str) -> Result<(), RemoteError> {
        let repository = Arc::clone(&self.repository);
        let commit = &repository.commit;
        let tree = repository.api(&format!("tree/{commit}"));
        let mut query = "recursive=true&expand=false".to_owned();
        let limit = repository.limits.listed_files;
        loop {
            let address = Address::parse(&format!("{tree}?{query}"))?;
            let broken = |problem| RemoteError::Answer {
                address: address.shown(),
                problem,
            };
            let (bytes, headers, _) = repository
                .client
                .page(&repository.ask(&address))
                .map_err(|error| repository.explain(error, revision, None))?;
            let Ok(Value::Array(entries)) = serde_json::from_slice(&bytes) else {
                return Err(broken("the listing is not a JSON array"));
            };
            let mut files = 0_usize;
            for entry in &entries {
                let path = entry.get("path").and_then(Value::as_str);
                let kind = entry.get("type").and_then(Value::as_str);
                let (Some(path), Some(kind)) = (path, kind) else {
                    return Err(broken("an entry of the listing has no path or type"));
                };
                files += 1;
                match (kind, path_problem(path), file(path, entry)) {
                    ("directory", ..) => {}
                    ("file", None, Some(file)) => self.files.push(file),
                    ("file", Some(problem), _) => self.refused.push((printable(path), problem)),
                    ("file", None, None) => return Err(broken("an entry of the listing has no size")),
                    _ => self
                        .refused
                        .push((printable(path), "it is neither a file nor a folder")),
                }
                if (self.files.len() + self.refused.len()) as u64 > limit {
                    return Err(RemoteError::TooManyFiles { limit });
                }
            }
            let Some(next) = header(&headers, "link").and_then(next_page) else {
                break;
            };
            // Mirrors are known to pass on links to the Hub's own host: only the query is taken.
            let next = next.split_once('?').map_or("", |(_, query)| query);
            if files == 0 || next.is_empty() || next == query {
                return Err(broken("the pages of the listing do not end"));
            }
            next.clone_into(&mut query);
        }
        self.files.sort_by(|left, right| left.path.cmp(&right.path));
        self.files.dedup_by(|left, right| left.path == right.path);
        Ok(())
    }
}

impl Repository {
    /// Finds the commit and the name by which the hub knows the repository.
    fn resolve(&mut self, revision: &str, notices: &mut Vec<Text>) -> Result<(), RemoteError> {
        let address = Address::parse(&self.api(&format!("revision/{}", encode(revision, false))))?;
        let broken = |problem| RemoteError::Answer {
            address: address.shown(),
            problem,
        };
        let (bytes, headers, _) = self
            .client
            .page(&self.ask(&address))
            .map_err(|error| self.explain(error, revision, None))?;
        let answer: Value =
            serde_json::from_slice(&bytes).map_err(|_| broken("the answer is not JSON; is this a hub?"))?;
        let commit = answer
            .get("sha")
            .and_then(Value::as_str)
            .filter(|commit| {
                matches!(commit.len(), 40 | 64) && commit.bytes().all(|byte| byte.is_ascii_hexdigit())
            })
            .ok_or_else(|| broken("no commit in it; is this a hub?"))?
            .to_ascii_lowercase();
        if let Some(id) = answer.get("id").and_then(Value::as_str)
            && id != self.id
        {
            check_repository(id).map_err(|_| broken("the repository's own name cannot be one"))?;
            let asked = &self.id;
            // Hub: a new owner of the old name could put other content there (namespace reuse).
            notices.push(text!(
                "repository `{asked}` is now `{id}`: it was renamed or moved, or its name is spelled otherwise",
                "仓库 `{asked}` 现为 `{id}`：已改名或迁移，或名称拼写不同"
            ));
            id.clone_into(&mut self.id);
        }
        if let Some(warning) = header(&headers, "x-hf-warning") {
            let (_, message) = warning.split_once(';').unwrap_or(("", warning));
            let message = printable(message.trim());
            notices.push(text!("the hub says: {message}", "仓库站点提示：{message}"));
        }
        self.commit = commit;
        Ok(())
    }

    fn api(&self, rest: &str) -> String {
        let kind = match self.kind {
            RepositoryKind::Model => "models",
            RepositoryKind::Dataset => "datasets",
        };
        let (endpoint, id) = (self.endpoint(), &self.id);
        format!("{endpoint}/api/{kind}/{id}/{rest}")
    }

    fn file_address(&self, path: &str) -> Result<Address, RemoteError> {
        let kind = match self.kind {
            RepositoryKind::Model => "",
            RepositoryKind::Dataset => "datasets/",
        };
        let (endpoint, id, commit) = (self.endpoint(), &self.id, &self.commit);
        let path = encode(path, true);
        Address::parse(&format!("{endpoint}/{kind}{id}/resolve/{commit}/{path}"))
    }

    fn endpoint(&self) -> String {
        self.endpoint.to_string().trim_end_matches('/').to_owned()
    }

    fn ask<'a>(&'a self, address: &'a Address) -> Ask<'a> {
        Ask {
            address,
            authorization: self.authorization.as_ref().map(|secret| (secret, &self.endpoint)),
            range: None,
            if_range: None,
        }
    }

    /// Names the repository with the commit.
    fn name(&self) -> String {
        let kind = match self.kind {
            RepositoryKind::Model => "",
            RepositoryKind::Dataset => "datasets/",
        };
        format!("hf://{kind}{}@{}", self.id, self.commit)
    }

    /// Turns an answer into what it means on a hub (`hf-protocol`, section 4).
    fn explain(&self, error: RemoteError, revision: &str, path: Option<&str>) -> RemoteError {
        let RemoteError::Status {
            address,
            status,
            code,
            message,
            retry_after,
        } = error
        else {
            return error;
        };
        let id = self.id.clone();
        match (code.as_deref(), status, path) {
            (Some("GatedRepo"), ..) => RemoteError::Gated { id, message },
            (Some("RevisionNotFound"), ..) => RemoteError::RevisionNotFound {
                id,
                revision: revision.to_owned(),
                message,
            },
            (Some("EntryNotFound"), _, Some(path)) | (None, 404, Some(path)) => RemoteError::FileNotFound {
                within: self.name(),
                path: path.to_owned(),
            },
            (Some("RepoNotFound"), ..) | (None, 404, None) => RemoteError::RepositoryNotFound { id, message },
            (_, 401, _) => RemoteError::Unauthorized { within: id, message },
            _ => RemoteError::Status {
                address,
                status,
                code,
                message,
                retry_after,
            },
        }
    }
}

impl Source for Hub {
    fn list(&self) -> Vec<Listed> {
        let files = self.files.iter().map(|entry| {
            Listed::Artifact(Box::new(HubFile {
                repository: Arc::clone(&self.repository),
                entry: entry.clone(),
                opened: Mutex::new(None),
            }))
        });
        let refused = self.refused.iter().map(|(path, problem)| Listed::Unreadable {
            path: path.clone(),
            reason: text!("not opened: {problem}", "未打开：{problem}"),
        });
        files.chain(refused).collect()
    }
}

/// A file of a commit.
#[derive(Debug)]
struct HubFile {
    repository: Arc<Repository>,
    entry: Entry,
    opened: Mutex<Option<OpenedFile>>,
}

impl Artifact for HubFile {
    fn path(&self) -> &str {
        &self.entry.path
    }

    fn open(&self) -> Result<Arc<dyn ReadAt>, Text> {
        let repository = &self.repository;
        let path = &self.entry.path;
        let opened = repository
            .file_address(path)
            .and_then(|address| {
                let file = RemoteFile {
                    client: Arc::clone(&repository.client),
                    pool: Arc::clone(&repository.pool),
                    address,
                    authorization: repository.authorization.clone(),
                    reading: repository.reading,
                    limits: repository.limits.clone(),
                };
                file.open()
            })
            .map_err(|error| repository.explain(error, &repository.commit, Some(path)).text())?;
        let bytes = Arc::clone(&opened.bytes);
        *self.opened.lock().unwrap_or_else(PoisonError::into_inner) = Some(opened);
        Ok(bytes)
    }

    fn expected_sha256(&self) -> Option<Sha256Digest> {
        self.entry.sha256
    }

    fn changed(&self) -> Option<Text> {
        let opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let opened = opened.as_ref()?;
        let (listed, served) = (self.entry.size, opened.bytes.size());
        if listed != served {
            return Some(text!(
                "listed with {listed} bytes but served with {served}",
                "列表中为 {listed} 字节，实际提供 {served} 字节"
            ));
        }
        opened.changed()
    }
}

/// Reads one entry of a listing. For files kept in LFS the outer `oid` is of the pointer, and `lfs.oid` the SHA-256 of the bytes.
fn file(path: &str, entry: &Value) -> Option<Entry> {
    let lfs = entry.get("lfs").filter(|lfs| lfs.is_object());
    let size = lfs
        .and_then(|lfs| lfs.get("size"))
        .or_else(|| entry.get("size"))
        .and_then(Value::as_u64)?;
    let sha256 = lfs
        .and_then(|lfs| lfs.get("oid"))
        .and_then(Value::as_str)
        .and_then(sha256);
    Some(Entry {
        path: path.to_owned(),
        size,
        sha256,
    })
}

fn sha256(digits: &str) -> Option<Sha256Digest> {
    let digits = digits.strip_prefix("sha256:").unwrap_or(digits);
    let mut digest = [0; 32];
    if digits.len() != 64 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (index, byte) in digest.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(index * 2..index * 2 + 2)?, 16).ok()?;
    }
    Some(Sha256Digest(digest))
}

/// Finds the address of the next page in a `Link` header (RFC 8288).
fn next_page(link: &str) -> Option<&str> {
    let mut rest = link;
    while let Some((address, after)) = rest.split_once('<')?.1.split_once('>') {
        let (parameters, others) = match after.find('<') {
            Some(start) => after.split_at(start),
            None => (after, ""),
        };
        let is_next = parameters.split([';', ',']).any(|parameter| {
            parameter
                .trim()
                .strip_prefix("rel=")
                .is_some_and(|value| value.trim_matches('"').eq_ignore_ascii_case("next"))
        });
        if is_next {
            return Some(address);
        }
        rest = others;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_found_among_links() {
        assert_eq!(
            next_page(r#"<https://h/a?cursor=1>; rel="next""#),
            Some("https://h/a?cursor=1")
        );
        assert_eq!(next_page(r#"<x>; rel="prev", <y>; rel=next"#), Some("y"));
        assert_eq!(next_page(r#"<x>; rel="prev""#), None);
        assert_eq!(next_page("next"), None);
    }

    #[test]
    fn only_whole_digests_are_taken() {
        assert!(sha256(&"ab".repeat(32)).is_some());
        assert!(sha256(&"ab".repeat(20)).is_none());
        assert!(sha256(&"+b".repeat(32)).is_none());
    }
}
