//! A hub as `hf-protocol` describes it, and what becomes of its answers.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use cleanbill_core::{Report, Sha256Digest};
use cleanbill_scan::{
    Options, scan,
    source::{Hub, HubOptions, Reading, RemoteError, Secret, Target, parse_target},
};
use sha2::{Digest, Sha256};

use crate::server::{Content, Reply, Request, Server, Sparse, pattern, web};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const GIT_OID: &str = "89abcdef0123456789abcdef0123456789abcdef";

/// A repository and the ways in which its hub behaves.
#[derive(Clone, Debug)]
struct Repository {
    id: &'static str,
    prefix: &'static str,
    files: Vec<(String, Content, bool)>,
    page: usize,
    /// Files come from here by redirect.
    cdn: Option<String>,
    /// Added to the size in the listing.
    wrong_size: u64,
    /// Large files are listed with another digest.
    wrong_digest: bool,
}

impl Repository {
    fn new(files: &[(&str, usize)]) -> Self {
        Self {
            id: "org/name",
            prefix: "",
            files: files
                .iter()
                .map(|(path, size)| {
                    let content = Content::Bytes(pattern(*size));
                    ((*path).to_owned(), content, *size > 100_000)
                })
                .collect(),
            page: 2,
            cdn: None,
            wrong_size: 0,
            wrong_digest: false,
        }
    }

    fn start(self) -> Server {
        Server::start(move |request| self.answer(request))
    }

    fn answer(&self, request: &Request) -> Reply {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let path = path.strip_prefix(self.prefix).unwrap_or("/outside");
        let (kind, id) = match self.id.strip_prefix("datasets/") {
            Some(id) => ("datasets", id),
            None => ("models", self.id),
        };
        if path == "/api/models/old/name/revision/main" {
            return Reply::new(307, "").with("Location", format!("/api/models/{id}/revision/main"));
        }
        if let Some(rest) = path.strip_prefix(&format!("/api/{kind}/{id}/")) {
            return match rest {
                "revision/main" | "revision/refs%2Fpr%2F1" => {
                    Reply::new(200, format!(r#"{{"id":"{id}","sha":"{COMMIT}","siblings":[]}}"#))
                        .with("X-HF-Warning", "policy x; approved until May")
                }
                rest if rest == format!("tree/{COMMIT}") => self.tree(request, query),
                _ => error(404, "RevisionNotFound", "Invalid rev id: nope"),
            };
        }
        let marker = format!("/{}/resolve/{COMMIT}/", self.id);
        if let Some(rest) = path.strip_prefix(&marker) {
            if let Some(cdn) = &self.cdn {
                return Reply::new(302, "")
                    .with("Location", format!("{cdn}/{rest}?sig=1"))
                    .with("X-Repo-Commit", COMMIT);
            }
            return self.bytes(request, rest);
        }
        match path {
            "/api/models/gated/name/revision/main" => {
                error(403, "GatedRepo", "Access to model gated/name is restricted")
            }
            "/api/models/private/name/revision/main" => Reply::new(401, ""),
            "/api/models/odd/name/revision/main" => Reply::new(200, "<html>"),
            _ => error(404, "RepoNotFound", "Repository not found"),
        }
    }

    fn tree(&self, request: &Request, query: &str) -> Reply {
        assert!(query.starts_with("recursive=true&expand=false"), "{query}");
        let start: usize = query
            .split_once("cursor=")
            .map_or(0, |(_, cursor)| cursor.parse().unwrap());
        let end = (start + self.page).min(self.files.len());
        let mut entries: Vec<String> = self.files[start..end]
            .iter()
            .map(|(path, content, large)| {
                let size = content.size() + self.wrong_size;
                let lfs = if *large {
                    let mut digest = digest(content);
                    if self.wrong_digest {
                        digest.0[0] ^= 1;
                    }
                    format!(r#","lfs":{{"oid":"{digest}","size":{size},"pointerSize":134}}"#)
                } else {
                    String::new()
                };
                format!(
                    r#"{{"type":"file","path":"{path}","size":{size},"oid":"{GIT_OID}"{lfs},"xetHash":"x"}}"#
                )
            })
            .collect();
        entries.push(format!(
            r#"{{"type":"directory","path":"sub","oid":"{GIT_OID}"}}"#
        ));
        let reply = Reply::new(200, format!("[{}]", entries.join(",")));
        if end == self.files.len() {
            return reply;
        }
        let host = if start == 0 {
            "http://127.0.0.1:1"
        } else {
            request.header("host").unwrap_or_default()
        };
        reply.with(
            "Link",
            format!(r#"<{host}/any?recursive=true&expand=false&cursor={end}>; rel="next""#),
        )
    }

    fn bytes(&self, request: &Request, encoded: &str) -> Reply {
        match self.files.iter().find(|(path, ..)| percent(path) == encoded) {
            Some((_, content, _)) => Reply::file(request, content, &format!("\"{GIT_OID}\""))
                .with("X-Repo-Commit", COMMIT)
                .with("X-Xet-Hash", "x"),
            None => error(404, "EntryNotFound", "Entry not found"),
        }
    }
}

fn digest(content: &Content) -> Sha256Digest {
    match content {
        Content::Bytes(bytes) => Sha256Digest(Sha256::digest(bytes).into()),
        Content::Sparse(..) => Sha256Digest([0; 32]),
    }
}

fn percent(path: &str) -> String {
    path.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

fn error(status: u16, code: &str, message: &str) -> Reply {
    Reply::new(status, format!(r#"{{"error":"{message}"}}"#))
        .with("X-Error-Code", code)
        .with("X-Error-Message", message)
}

fn options(server: &Server, target: &str) -> HubOptions {
    let Ok(Target::Hub(target)) = parse_target(target) else {
        panic!("{target}");
    };
    HubOptions {
        endpoint: server.address(""),
        token: Some(Secret::new("hf_hidden")),
        web: web(),
        ..HubOptions::new(target)
    }
}

fn open(server: &Server, target: &str) -> Result<Hub, RemoteError> {
    Hub::open(options(server, target))
}

fn report(hub: &Hub) -> Report {
    let options = Options {
        digests: true,
        ..Options::default()
    };
    scan(hub, &hub.target(), &options, None).report
}

fn reasons(report: &Report) -> String {
    report
        .artifacts
        .iter()
        .flat_map(|artifact| artifact.coverage.reasons())
        .map(|reason| reason.en().to_owned() + "\n")
        .collect()
}

const FILES: &[(&str, usize)] = &[
    ("config.json", 20),
    ("empty.txt", 0),
    ("sub/a b/权重 #1?.bin", 3_000),
    ("model.bin", 700_000),
    ("sub/100%.bin", 262_145),
];

#[test]
fn every_file_of_a_commit_is_listed_and_read() {
    let server = Repository::new(FILES).start();
    let hub = open(&server, "hf://org/name").unwrap();
    assert_eq!(hub.target(), format!("hf://org/name@{COMMIT}"));
    let report = report(&hub);
    assert_eq!(report.target, hub.target());
    let mut wanted: Vec<_> = FILES.to_vec();
    wanted.sort_unstable();
    assert_eq!(report.artifacts.len(), wanted.len());
    for (artifact, (path, size)) in report.artifacts.iter().zip(wanted) {
        assert_eq!((artifact.path.as_str(), artifact.size_bytes), (path, size as u64));
        assert_eq!(artifact.sha256, Some(digest(&Content::Bytes(pattern(size)))));
    }
    let reasons = reasons(&report);
    assert!(
        !reasons.contains("promises") && !reasons.contains("listed"),
        "{reasons}"
    );
    assert!(format!("{:?}", hub.notices()).contains("the hub says: approved until May"));
    for request in server.seen() {
        assert_eq!(request.header("authorization"), Some("Bearer hf_hidden"));
    }
}

#[test]
fn datasets_prefixes_and_revisions_are_reached() {
    let mut repository = Repository::new(FILES);
    repository.id = "datasets/org/data";
    let server = repository.start();
    let hub = open(&server, "hf://datasets/org/data@refs/pr/1").unwrap();
    assert_eq!(hub.target(), format!("hf://datasets/org/data@{COMMIT}"));
    assert_eq!(report(&hub).artifacts.len(), FILES.len());
    assert!(server.seen()[0].path.ends_with("/revision/refs%2Fpr%2F1"));

    let mut repository = Repository::new(FILES);
    repository.prefix = "/any/prefix";
    let server = repository.start();
    let mut options = options(&server, "hf://org/name");
    options.endpoint = server.address("/any/prefix/");
    assert_eq!(report(&Hub::open(options).unwrap()).artifacts.len(), FILES.len());
}

#[test]
fn one_file_or_folder_can_be_named() {
    let server = Repository::new(FILES).start();
    let hub = open(&server, "hf://org/name@main/config.json").unwrap();
    assert_eq!(hub.target(), format!("hf://org/name@{COMMIT}/config.json"));
    assert_eq!(report(&hub).artifacts.len(), 1);
    assert_eq!(
        report(&open(&server, "hf://org/name/sub").unwrap())
            .artifacts
            .len(),
        2
    );
    let error = open(&server, "hf://org/name@main/config").unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("no file `config` in `hf://org/name@{COMMIT}`")
    );
}

#[test]
fn the_token_never_leaves_the_hub() {
    let cdn_repository = Repository::new(FILES);
    let cdn = Server::start(move |request| {
        let path = request.path.split('?').next().unwrap_or_default();
        cdn_repository.bytes(request, path.trim_start_matches('/'))
    });
    let mut repository = Repository::new(FILES);
    repository.cdn = Some(cdn.address(""));
    let server = repository.start();
    let report = report(&open(&server, "hf://org/name").unwrap());
    assert_eq!(
        report.artifacts[1].sha256,
        Some(digest(&Content::Bytes(pattern(0))))
    );
    assert!(cdn.seen().len() >= FILES.len());
    for request in cdn.seen() {
        assert_eq!(request.header("authorization"), None, "{request:?}");
    }
}

#[test]
fn a_large_file_costs_head_and_tail() {
    let file = Arc::new(Sparse {
        head: b"plain\n".to_vec(),
        tail: b"end\n".to_vec(),
        size: 200 << 20,
    });
    let mut repository = Repository::new(&[("config.json", 20)]);
    let content = Content::Sparse(file, 0, 200 << 20);
    repository.files.push(("model.bin".to_owned(), content, true));
    let server = repository.start();
    let hub = open(&server, "hf://org/name").unwrap();
    let report = scan(&hub, "x", &Options::default(), None).report;
    assert_eq!(report.summary.bytes, (200 << 20) + 20);
    assert!(server.sent() < 2 << 20, "{} bytes over the wire", server.sent());
}

#[test]
fn what_differs_from_the_listing_is_never_complete() {
    let mut repository = Repository::new(FILES);
    repository.wrong_digest = true;
    let server = repository.start();
    for reading in [Reading::Ranges, Reading::Whole] {
        let mut options = options(&server, "hf://org/name");
        options.reading = reading;
        let reasons = reasons(&report(&Hub::open(options).unwrap()));
        let told = reasons.matches("not the bytes that the listing promises").count();
        assert_eq!(told, 2, "{reasons}");
    }
    let mut repository = Repository::new(FILES);
    repository.wrong_size = 1;
    let server = repository.start();
    let reasons = reasons(&report(&open(&server, "hf://org/name").unwrap()));
    assert!(
        reasons.contains("listed with 21 bytes but served with 20"),
        "{reasons}"
    );
}

#[test]
fn a_renamed_repository_is_followed_and_told() {
    let server = Repository::new(FILES).start();
    let hub = open(&server, "hf://old/name").unwrap();
    assert_eq!(hub.target(), format!("hf://org/name@{COMMIT}"));
    let notices = format!("{:?}", hub.notices());
    assert!(
        notices.contains("repository `old/name` is now `org/name`"),
        "{notices}"
    );
    assert_eq!(report(&hub).artifacts.len(), FILES.len());
}

#[test]
fn refusals_are_told_in_the_words_of_the_hub() {
    let server = Repository::new(FILES).start();
    for (target, wanted) in [
        (
            "hf://gated/name",
            "access to repository `gated/name` has to be granted: Access to model gated/name is restricted",
        ),
        ("hf://no/name", "no repository `no/name`: Repository not found"),
        (
            "hf://org/name@nope",
            "no revision `nope` in repository `org/name`: Invalid rev id: nope",
        ),
        (
            "hf://private/name",
            "`private/name` wants a credential, or another one",
        ),
    ] {
        let error = open(&server, target).unwrap_err();
        assert_eq!(error.to_string(), wanted);
        assert!(error.hint().is_some());
    }
    let error = open(&server, "hf://odd/name").unwrap_err();
    assert!(error.to_string().contains("is this a hub?"), "{error}");
}

#[test]
fn hostile_listings_are_contained() {
    let repository = Repository::new(&[("../../etc/passwd", 9), ("/abs", 9), ("ok.txt", 9), ("ok.txt", 9)]);
    let server = repository.start();
    let report = report(&open(&server, "hf://org/name").unwrap());
    assert_eq!(report.artifacts.len(), 3);
    assert_eq!(reasons(&report).matches("not opened").count(), 2);

    for (next, body, wanted) in [
        ("<?recursive=true&expand=false>", "[]", "do not end"),
        ("<?a>", "[]", "do not end"),
        ("", "{}", "not a JSON array"),
        ("", r#"[{"path":"a"}]"#, "no path or type"),
        ("", r#"[{"path":"a","type":"file"}]"#, "no size"),
    ] {
        let server = Server::start(move |request| {
            if request.path.contains("/tree/") {
                Reply::new(200, body).with("Link", format!(r#"{next}; rel="next""#))
            } else {
                Reply::new(200, format!(r#"{{"id":"org/name","sha":"{COMMIT}"}}"#))
            }
        });
        let error = open(&server, "hf://org/name").unwrap_err();
        assert!(error.to_string().contains(wanted), "{error}");
    }
}

#[test]
fn an_endless_listing_is_bounded() {
    let number = AtomicUsize::new(0);
    let server = Server::start(move |request| {
        if !request.path.contains("/tree/") {
            return Reply::new(200, format!(r#"{{"id":"org/name","sha":"{COMMIT}"}}"#));
        }
        let number = number.fetch_add(1, Ordering::SeqCst);
        Reply::new(200, format!(r#"[{{"path":"f{number}","type":"file","size":1}}]"#))
            .with("Link", format!(r#"<?cursor={number}>; rel="next""#))
    });
    let mut options = options(&server, "hf://org/name");
    options.limits.listed_files = 20;
    let error = Hub::open(options).unwrap_err();
    assert!(
        matches!(error, RemoteError::TooManyFiles { limit: 20 }),
        "{error}"
    );
}

#[test]
fn a_file_that_vanished_or_is_refused_is_skipped_with_its_reason() {
    let server = Server::start(move |request| {
        let path = request.path.as_str();
        if path.contains("/tree/") {
            let names = ["gone", "held"]
                .map(|name| format!(r#"{{"path":"{name}","type":"file","size":1,"oid":"{GIT_OID}"}}"#));
            Reply::new(200, format!("[{}]", names.join(",")))
        } else if path.ends_with("/gone") {
            error(404, "EntryNotFound", "Entry not found")
        } else if path.ends_with("/held") {
            error(403, "GatedRepo", "Blocked by policy \"prod\"")
        } else {
            Reply::new(200, format!(r#"{{"id":"org/name","sha":"{COMMIT}"}}"#))
        }
    });
    let report = report(&open(&server, "hf://org/name").unwrap());
    assert_eq!(report.summary.coverage.skipped, 2);
    let reasons = reasons(&report);
    assert!(reasons.contains("no file `gone`"), "{reasons}");
    assert!(reasons.contains("Blocked by policy \"prod\""), "{reasons}");
}
