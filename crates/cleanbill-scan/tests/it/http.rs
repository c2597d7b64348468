use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use cleanbill_core::{Coverage, CoverageState};
use cleanbill_formats::{
    bytes::{read_full, read_range},
    limits::Limits,
};
use cleanbill_scan::{
    Options, scan,
    source::{Artifact, HttpFile, HttpOptions, Listed, Reading, RemoteError, Roots, Secret, Source},
};

use crate::server::{Content, Reply, Request, Server, Sparse, pattern, web};

fn options(address: &str) -> HttpOptions {
    HttpOptions {
        address: address.to_owned(),
        web: web(),
        ..HttpOptions::default()
    }
}

fn artifact(source: &dyn Source) -> Box<dyn Artifact> {
    match source.list().pop() {
        Some(Listed::Artifact(artifact)) => artifact,
        other => panic!("{other:?}"),
    }
}

fn coverage(source: &dyn Source) -> Coverage {
    let options = Options {
        digests: true,
        ..Options::default()
    };
    scan(source, "x", &options, None)
        .report
        .artifacts
        .remove(0)
        .coverage
}

/// Says that `server` gives exactly `bytes` at every read, in order and by jumps.
fn gives(server: &Server, bytes: &[u8]) {
    let file = HttpFile::open(options(&server.address("/a%20b.bin?secret=1"))).unwrap();
    assert_eq!(file.target(), format!("{}?...", server.address("/a%20b.bin")));
    let artifact = artifact(&file);
    assert_eq!(artifact.path(), "a b.bin");
    let held = artifact.open().unwrap();
    assert_eq!(held.size(), bytes.len() as u64);
    for start in [
        0,
        bytes.len() / 2,
        bytes.len().saturating_sub(10),
        bytes.len() / 3,
    ] {
        let end = (start + 100_000).min(bytes.len());
        let read = read_range(held.as_ref(), start as u64..end as u64, u64::MAX).unwrap();
        assert!(read == bytes[start..end], "at {start}");
    }
    assert!(read_range(held.as_ref(), 0..u64::MAX, u64::MAX).unwrap() == bytes);
    assert_eq!(artifact.changed(), None);
}

fn plain(size: usize) -> Server {
    let content = Content::Bytes(pattern(size));
    Server::start(move |request| Reply::file(request, &content, "\"v1\""))
}

#[test]
fn ranges_and_whole_files_read_alike() {
    for size in [0, 1, 262_143, 262_144, 262_145, 3_000_000, 9_000_001] {
        gives(&plain(size), &pattern(size));
        let bytes = pattern(size);
        let no_ranges = Server::start(move |_| Reply::new(200, bytes.clone()));
        gives(&no_ranges, &pattern(size));
    }
}

#[test]
fn requests_want_plain_bytes_and_show_no_fragment() {
    let server = plain(10);
    HttpFile::open(options(&server.address("/a#part"))).unwrap();
    let seen = server.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].path, "/a");
    assert_eq!(seen[0].header("accept-encoding"), Some("identity"));
    assert_eq!(seen[0].header("range"), Some("bytes=0-262143"));
    assert!(seen[0].header("user-agent").unwrap().starts_with("cleanbill/"));
}

#[test]
fn head_and_tail_of_a_large_file_cost_little() {
    let file = Arc::new(Sparse {
        head: b"plain text\n".to_vec(),
        tail: b"the end\n".to_vec(),
        size: 200 << 20,
    });
    let content = Content::Sparse(Arc::clone(&file), 0, file.size);
    let server = Server::start(move |request| Reply::file(request, &content, "\"v1\""));
    let source = HttpFile::open(options(&server.address("/big.bin"))).unwrap();
    let report = scan(&source, "x", &Options::default(), None).report;
    assert_eq!(report.artifacts[0].size_bytes, 200 << 20);
    assert!(server.sent() < 2 << 20, "{} bytes over the wire", server.sent());
    assert!(server.seen().len() <= 4);
}

#[test]
fn a_file_without_a_version_is_copied_whole() {
    let bytes = pattern(1_000_000);
    let content = Content::Bytes(bytes.clone());
    let server = Server::start(move |request| {
        let mut reply = Reply::file(request, &content, "");
        reply.headers.retain(|(name, _)| name != "ETag");
        reply
    });
    gives(&server, &bytes);
    assert_eq!(server.seen().len(), 2);
    assert_eq!(server.seen()[1].header("range"), None);
}

#[test]
fn a_file_that_changes_midway_is_never_complete() {
    // With `If-Range` obeyed (200 for the new version), and ignored (206 of the new version).
    for obeys in [true, false] {
        let requests = AtomicUsize::new(0);
        let content = Content::Bytes(pattern(3_000_000));
        let server = Server::start(move |request| {
            let etag = if requests.fetch_add(1, Ordering::SeqCst) == 0 {
                "\"v1\""
            } else {
                "\"v2\""
            };
            let mut request = request.clone();
            if !obeys {
                request.headers.retain(|(name, _)| name != "if-range");
            }
            Reply::file(&request, &content, etag)
        });
        let source = HttpFile::open(options(&server.address("/m.bin"))).unwrap();
        let coverage = coverage(&source);
        assert_eq!(coverage.state(), CoverageState::Partial);
        let reasons = format!("{:?}", coverage.reasons());
        assert!(reasons.contains("changed while it was examined"), "{reasons}");
    }
}

#[test]
fn a_weak_version_is_compared_too() {
    let requests = AtomicUsize::new(0);
    let content = Content::Bytes(pattern(3_000_000));
    let server = Server::start(move |request| {
        let number = requests.fetch_add(1, Ordering::SeqCst);
        assert_eq!(request.header("if-range"), None);
        Reply::file(request, &content, &format!("W/\"{}\"", number / 2))
    });
    let source = HttpFile::open(options(&server.address("/m.bin"))).unwrap();
    let bytes = artifact(&source).open().unwrap();
    assert!(read_full(bytes.as_ref(), 1 << 20, &mut [0; 9]).is_ok());
    assert!(read_full(bytes.as_ref(), 2 << 20, &mut [0; 9]).is_err());
}

#[test]
fn cut_connections_are_tried_again() {
    for ranges in [true, false] {
        let requests = AtomicUsize::new(0);
        let content = Content::Bytes(pattern(2_000_000));
        let server = Server::start(move |request| {
            let mut request = request.clone();
            if !ranges {
                request.headers.clear();
            }
            let mut reply = Reply::file(&request, &content, "\"v1\"");
            reply.cut = requests
                .fetch_add(1, Ordering::SeqCst)
                .is_multiple_of(2)
                .then_some(1000);
            reply
        });
        gives(&server, &pattern(2_000_000));
    }
}

#[test]
fn a_connection_that_is_always_cut_fails_with_the_offset() {
    let server = Server::start(|request| {
        let mut reply = Reply::file(request, &Content::Bytes(pattern(500_000)), "\"v1\"");
        reply.cut = Some(1234);
        reply
    });
    let error = HttpFile::open(options(&server.address("/m.bin"))).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the connection ended after 1234 bytes of `{}`",
            server.address("/m.bin")
        )
    );
    assert_eq!(server.seen().len(), 3);
}

#[test]
fn a_body_of_unknown_length_is_not_surely_whole() {
    let server = Server::start(|_| Reply {
        unsized_body: true,
        ..Reply::new(200, "plain text\n")
    });
    let source = HttpFile::open(options(&server.address("/a.txt"))).unwrap();
    let reasons = format!("{:?}", coverage(&source).reasons());
    assert!(reasons.contains("may have been cut off"), "{reasons}");
}

#[test]
fn a_compressing_server_is_told_apart() {
    // One that compresses only on demand is not asked to; one that always does is refused.
    let content = Content::Bytes(pattern(5_000));
    let polite = Server::start(move |request| {
        let encoding = request.header("accept-encoding").unwrap_or_default();
        assert!(!encoding.contains("gzip"), "{encoding}");
        Reply::file(request, &content, "\"v1\"")
    });
    gives(&polite, &pattern(5_000));
    for status in [200, 206] {
        let stubborn = Server::start(move |_| {
            Reply::new(status, vec![0x1f, 0x8b, 8, 0])
                .with("Content-Encoding", "gzip")
                .with("Content-Range", "bytes 0-3/4")
        });
        let error = HttpFile::open(options(&stubborn.address("/a"))).unwrap_err();
        assert!(matches!(error, RemoteError::Compressed { .. }), "{error}");
    }
}

#[test]
fn a_busy_server_is_waited_for_as_it_asks() {
    for status in [429, 503] {
        let requests = AtomicUsize::new(0);
        let content = Content::Bytes(pattern(10));
        let server = Server::start(move |request| {
            if requests.fetch_add(1, Ordering::SeqCst) == 0 {
                Reply::new(status, "").with("Retry-After", "1")
            } else {
                Reply::file(request, &content, "\"v1\"")
            }
        });
        let start = Instant::now();
        gives(&server, &pattern(10));
        assert!(start.elapsed() >= Duration::from_secs(1));
        assert_eq!(server.seen().len(), 2);
    }
}

#[test]
fn a_wait_beyond_the_limit_and_a_refusal_fail_at_once() {
    for (status, said) in [(503, "3600"), (404, "1"), (403, "1")] {
        let server = Server::start(move |_| {
            Reply::new(status, "")
                .with("Retry-After", said)
                .with("X-Error-Message", "because")
        });
        let error = HttpFile::open(options(&server.address("/a?key=1"))).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "the server answered {status} for `{}?...`: because",
                server.address("/a")
            )
        );
        assert_eq!(server.seen().len(), 1);
    }
}

#[test]
fn a_silent_server_is_given_up_by_name() {
    let server = Server::start(|_| {
        std::thread::sleep(Duration::from_secs(5));
        Reply::new(200, "")
    });
    let error = HttpFile::open(HttpOptions {
        web: cleanbill_scan::source::WebOptions { attempts: 1, ..web() },
        ..options(&server.address("/a"))
    })
    .unwrap_err();
    assert!(
        matches!(
            error,
            RemoteError::TimedOut {
                limit: "silence_timeout",
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn redirects_are_followed_without_the_credential() {
    let content = Content::Bytes(pattern(1_000_000));
    let other = Server::start(move |request| {
        if request.path == "/signed?key=1" {
            Reply::file(request, &content, "\"v1\"")
        } else {
            Reply::new(403, "")
        }
    });
    let there = other.address("/signed?key=1");
    let server = Server::start(move |request| match request.path.as_str() {
        "/a" => Reply::new(302, "").with("Location", "b/./c"),
        "/b/c" => Reply::new(307, "").with("Location", there.clone()),
        _ => Reply::new(404, ""),
    });
    let source = HttpFile::open(HttpOptions {
        authorization: Some(Secret::new("Bearer hidden")),
        ..options(&server.address("/a"))
    })
    .unwrap();
    let bytes = artifact(&source).open().unwrap();
    assert!(read_range(bytes.as_ref(), 0..u64::MAX, u64::MAX).unwrap() == pattern(1_000_000));
    let with: Vec<Request> = server.seen();
    assert_eq!(with.len(), 2, "the signed address serves the later ranges");
    for request in with {
        assert_eq!(request.header("authorization"), Some("Bearer hidden"));
    }
    assert!(other.seen().len() >= 2);
    for request in other.seen() {
        assert_eq!(request.header("authorization"), None);
    }
}

#[test]
fn an_expired_signed_address_is_asked_for_again() {
    let requests = AtomicUsize::new(0);
    let content = Content::Bytes(pattern(3_000_000));
    let server = Server::start(move |request| {
        if request.path == "/a" {
            let number = requests.fetch_add(1, Ordering::SeqCst);
            return Reply::new(302, "").with("Location", format!("/signed/{number}"));
        }
        let current = requests.load(Ordering::SeqCst) - 1;
        let first = request.range(u64::MAX).unwrap().0;
        if current == 0 && first > 0 || request.path != format!("/signed/{current}") {
            return Reply::new(403, "");
        }
        Reply::file(request, &content, "\"v1\"")
    });
    let source = HttpFile::open(options(&server.address("/a"))).unwrap();
    let bytes = artifact(&source).open().unwrap();
    assert!(read_range(bytes.as_ref(), 0..u64::MAX, u64::MAX).unwrap() == pattern(3_000_000));
}

#[test]
fn endless_and_broken_redirects_end() {
    let server = Server::start(|request| match request.path.as_str() {
        "/nowhere" => Reply::new(302, ""),
        "/ftp" => Reply::new(302, "").with("Location", "ftp://127.0.0.1/a"),
        path => Reply::new(302, "").with("Location", path.to_owned()),
    });
    let error = |path| HttpFile::open(options(&server.address(path))).unwrap_err();
    assert!(matches!(error("/loop"), RemoteError::Redirects { limit: 10, .. }));
    assert_eq!(server.seen().len(), 11);
    assert!(matches!(error("/nowhere"), RemoteError::Answer { .. }));
    assert!(matches!(error("/ftp"), RemoteError::Address { .. }));
}

#[test]
fn whole_reading_asks_once_without_a_range() {
    let server = plain(3_000_000);
    let source = HttpFile::open(HttpOptions {
        reading: Reading::Whole,
        ..options(&server.address("/a"))
    })
    .unwrap();
    assert_eq!(
        coverage(&source).reasons().len(),
        1,
        "not understood, nothing else"
    );
    assert_eq!(server.seen().len(), 1);
    assert_eq!(server.seen()[0].header("range"), None);
}

#[test]
fn what_is_copied_whole_is_bounded() {
    for said in [true, false] {
        let server = Server::start(move |_| Reply {
            unsized_body: !said,
            ..Reply::new(200, pattern(2_000))
        });
        let error = HttpFile::open(HttpOptions {
            limits: Limits {
                spool_bytes: 1_000,
                ..Limits::default()
            },
            ..options(&server.address("/a"))
        })
        .unwrap_err();
        assert!(error.to_string().contains("`spool_bytes`"), "{error}");
    }
}

#[test]
fn lying_ranges_are_refused() {
    for said in ["bytes 5-9/10", "bytes 0-9/*", "bytes 0-8/10", "nonsense"] {
        let server = Server::start(move |_| Reply::new(206, pattern(10)).with("Content-Range", said));
        let error = HttpFile::open(options(&server.address("/a"))).unwrap_err();
        assert!(matches!(error, RemoteError::Answer { .. }), "{said}: {error}");
    }
}

#[test]
fn nobody_there_is_said_with_the_host() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let error = HttpFile::open(options(&format!("http://127.0.0.1:{port}/a"))).unwrap_err();
    let wanted = format!("cannot reach `127.0.0.1:{port}`");
    assert!(error.to_string().starts_with(&wanted), "{error}");
    assert!(error.hint().is_some());
}

#[test]
fn every_choice_of_certificates_can_be_made() {
    let server = plain(10);
    for roots in [Roots::System, Roots::Bundled] {
        let mut options = options(&server.address("/a"));
        options.web.roots = roots;
        assert!(HttpFile::open(options).is_ok());
    }
    let mut options = options(&server.address("/a"));
    options.web.roots = Roots::Pem(b"nothing".to_vec());
    let error = HttpFile::open(options).unwrap_err();
    assert!(
        matches!(error, RemoteError::Option { option: "roots", .. }),
        "{error}"
    );
}
