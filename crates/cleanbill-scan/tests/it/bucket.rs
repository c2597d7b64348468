use std::{
    collections::BTreeMap,
    path::Path,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use cleanbill_core::Sha256Digest;
use cleanbill_samples::tools;
use cleanbill_scan::{
    Options, scan,
    source::{Bucket, BucketOptions, Reading, RemoteError, Target, WebOptions, parse_target},
};
use sha2::{Digest, Sha256};

use crate::server::{Content, Reply, Request, Server, Sparse, pattern, web};

fn options(target: &str, endpoint: &str) -> BucketOptions {
    let Ok(Target::Bucket(target)) = parse_target(target) else {
        panic!("{target}");
    };
    let environment = [
        ("AWS_ENDPOINT", endpoint),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_UNKNOWN_SETTING", "ignored"),
        ("PATH", "ignored"),
    ];
    BucketOptions {
        web: web(),
        ..BucketOptions::new(
            target,
            environment
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
        )
    }
}

/// Answers as S3 does for the bucket `box` with the objects of `objects`.
fn s3(request: &Request, objects: &[(&str, Content)]) -> Reply {
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    if query.contains("list-type=2") {
        let entries: Vec<String> = objects
            .iter()
            .filter(|(key, _)| !query.contains("prefix=sub") || key.starts_with("sub/"))
            .map(|(key, content)| {
                let size = content.size();
                format!(
                    "<Contents><Key>{key}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>\
                     <ETag>&quot;v1&quot;</ETag><Size>{size}</Size></Contents>"
                )
            })
            .collect();
        return Reply::new(
            200,
            format!(
                "<?xml version=\"1.0\"?><ListBucketResult><IsTruncated>false</IsTruncated>{}</ListBucketResult>",
                entries.concat()
            ),
        );
    }
    match objects.iter().find(|(key, _)| path == format!("/box/{key}")) {
        None => Reply::new(404, "<Error><Code>NoSuchKey</Code></Error>"),
        Some((_, content)) => {
            Reply::file(request, content, "\"v1\"").with("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
        }
    }
}

#[test]
fn objects_are_listed_and_read_by_ranges() {
    let big = Sparse {
        head: b"plain\n".to_vec(),
        tail: b"end\n".to_vec(),
        size: 200 << 20,
    };
    let objects = [
        ("a.txt", Content::Bytes(b"plain\n".to_vec())),
        ("sub/big.bin", Content::Sparse(big.into(), 0, 200 << 20)),
        ("sub/empty", Content::default()),
    ];
    let server = Server::start(move |request| s3(request, &objects));
    let bucket = Bucket::open(options("s3://box", &server.address(""))).unwrap();
    assert_eq!(bucket.target(), "s3://box");
    let report = scan(&bucket, bucket.target(), &Options::default(), None).report;
    assert_eq!(report.artifacts.len(), 3);
    assert_eq!(report.summary.bytes, (200 << 20) + 6);
    assert!(server.sent() < 2 << 20, "{} bytes over the wire", server.sent());
    for request in server.seen() {
        let signed = request.header("authorization").unwrap_or_default();
        assert!(signed.starts_with("AWS4-HMAC-SHA256 Credential=key/"), "{signed}");
        assert!(!format!("{request:?}").contains("secret"));
    }
}

#[test]
fn failures_are_tried_again_and_changes_noticed() {
    let requests = AtomicUsize::new(0);
    let server = Server::start(move |request| {
        let objects = [("m.bin", Content::Bytes(pattern(2_000_000)))];
        if request.path.contains("list-type") {
            return s3(request, &objects);
        }
        match requests.fetch_add(1, Ordering::SeqCst) {
            0 => Reply::new(503, ""),
            1 => Reply {
                cut: Some(100),
                ..s3(request, &objects)
            },
            _ => s3(request, &objects),
        }
    });
    let bucket = Bucket::open(BucketOptions {
        reading: Reading::Whole,
        ..options("s3://box", &server.address(""))
    })
    .unwrap();
    let digests = Options {
        digests: true,
        ..Options::default()
    };
    let report = scan(&bucket, "x", &digests, None).report;
    assert_eq!(
        report.artifacts[0].sha256,
        Some(Sha256Digest(Sha256::digest(pattern(2_000_000)).into())),
        "{:?}",
        report.artifacts[0].coverage
    );

    let server = Server::start(move |request| {
        if request.header("if-match").is_some() {
            Reply::new(412, "")
        } else {
            s3(request, &[("m.bin", Content::Bytes(pattern(10)))])
        }
    });
    let bucket = Bucket::open(options("s3://box", &server.address(""))).unwrap();
    let report = scan(&bucket, "x", &Options::default(), None).report;
    let reasons = format!("{:?}", report.artifacts[0].coverage.reasons());
    assert!(
        reasons.contains("object `m.bin` changed while it was examined"),
        "{reasons}"
    );
}

#[test]
fn refusals_are_told() {
    let server = Server::start(|_| Reply::new(403, "<Error><Code>AccessDenied</Code></Error>"));
    let error = Bucket::open(options("s3://box", &server.address(""))).unwrap_err();
    assert!(matches!(error, RemoteError::Store { .. }), "{error}");
    assert!(error.to_string().contains("403"), "{error}");
    assert!(error.hint().is_some());
    let mut plain = options("s3://box", &server.address(""));
    plain.environment.remove("AWS_ALLOW_HTTP");
    let error = Bucket::open(plain).unwrap_err();
    assert!(error.to_string().contains("not encrypted"), "{error}");
}

#[test]
fn other_providers_can_be_made() {
    for (target, environment) in [
        (
            "gs://box/a",
            vec![("GOOGLE_SKIP_SIGNATURE", "true"), ("GOOGLE_BASE_URL", "URL")],
        ),
        (
            "az://box/a",
            vec![
                ("AZURE_STORAGE_ACCOUNT_NAME", "account"),
                ("AZURE_SKIP_SIGNATURE", "true"),
                ("AZURE_ENDPOINT", "URL"),
                ("AZURE_ALLOW_HTTP", "true"),
            ],
        ),
    ] {
        let server = Server::start(|_| Reply::new(404, ""));
        let mut options = options(target, "");
        options.environment = environment
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.replace("URL", &server.address(""))))
            .collect::<BTreeMap<_, _>>();
        let error = Bucket::open(options).unwrap_err();
        assert!(!error.to_string().is_empty());
    }
}

/// An S3 interface that others wrote, installed once below the target folder.
#[test]
fn an_s3_server_of_others_is_read() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("s3");
    let Some(python) = tools::python(&folder, &["moto[server]==5.2.5"]) else {
        eprintln!("SKIPPED: moto_server cannot be installed");
        return;
    };
    let program = python.with_file_name("moto_server");
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let child = Command::new(program)
        .args(["-H", "127.0.0.1", "-p", &port.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let _stopped = Stopped(child);
    let endpoint = format!("http://127.0.0.1:{port}");
    let agent = ureq::Agent::config_builder()
        .proxy(None)
        .timeout_global(Some(Duration::from_secs(20)))
        .build()
        .new_agent();
    let put = |path: &str, body: Vec<u8>| agent.put(format!("{endpoint}/{path}")).send(body).is_ok();
    let up = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        put("box", Vec::new())
    });
    assert!(up, "moto_server did not start");
    for number in 0..1_100 {
        assert!(put(&format!("box/many/{number}.txt"), b"plain\n".to_vec()));
    }
    assert!(put("box/sub/model%20%C3%BC.bin", pattern(3_000_000)));

    let web = WebOptions {
        silence_timeout: Duration::from_secs(20),
        ..web()
    };
    let bucket = Bucket::open(BucketOptions {
        web: web.clone(),
        ..options("s3://box", &endpoint)
    })
    .unwrap();
    let report = scan(&bucket, "x", &Options::default(), None).report;
    assert_eq!(report.artifacts.len(), 1_101);
    let digests = Options {
        digests: true,
        ..Options::default()
    };
    let bucket = Bucket::open(BucketOptions {
        web: web.clone(),
        ..options("s3://box/sub/model ü.bin", &endpoint)
    })
    .unwrap();
    let report = scan(&bucket, "x", &digests, None).report;
    assert_eq!(report.artifacts[0].path, "model ü.bin");
    assert_eq!(
        report.artifacts[0].sha256,
        Some(Sha256Digest(Sha256::digest(pattern(3_000_000)).into()))
    );
    let error = Bucket::open(BucketOptions {
        web,
        ..options("s3://nobox/a", &endpoint)
    })
    .unwrap_err();
    assert!(!error.to_string().is_empty());
}

/// Ends the program that a test started.
struct Stopped(Child);

impl Drop for Stopped {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}
