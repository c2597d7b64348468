//! Objects of Amazon S3, Google Cloud Storage, Azure Blob Storage, and of what speaks their protocols.
//!
//! The `object_store` crate signs requests and reads listings; its HTTP requests go through the client of the other remote
//! sources, so there is one TLS stack, one set of time limits and one way to choose a proxy. The crate is asynchronous: each
//! call here runs to its end on a runtime of the calling thread, which has a timer for waits between attempts and no
//! sockets. No future leaves this module. Such calls must not come from a thread that drives another runtime; from one of
//! its threads for blocking work they may.
//!
//! Every range is asked for with the `ETag` and version that the listing gave, so an object that is replaced during a scan
//! is noticed.

use std::{
    collections::BTreeMap,
    fmt, io,
    ops::Range,
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use cleanbill_core::{Text, text};
use cleanbill_formats::{
    bytes::{ReadAt, SequentialReader},
    limits::Limits,
};
use futures_util::StreamExt;
use object_store::{
    BackoffConfig, ClientConfigKey, ClientOptions, Error, GetOptions, GetRange, ObjectMeta, ObjectStore,
    ObjectStoreExt, RetryConfig,
    aws::AmazonS3Builder,
    azure::MicrosoftAzureBuilder,
    client::{
        HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody,
        HttpService,
    },
    gcp::GoogleCloudStorageBuilder,
    path::Path,
};

use super::{
    Artifact, BucketTarget, Listed, Provider, Reading, RemoteError, Source, WebOptions,
    blocks::{Blocks, Fetch, Pool},
    spool::spool,
    web::Client,
};

/// LIMIT: an answer of an object store that is held in memory. Pages of listings are below 2 MB, ranges below 4 MiB.
const MOST_ANSWER_BYTES: u64 = 32 * 1024 * 1024;

/// Says which objects to read and how.
#[derive(Clone)]
pub struct BucketOptions {
    /// What to read.
    pub target: BucketTarget,
    /// The environment of the process: `AWS_*`, `GOOGLE_*` and `AZURE_*` name credentials, region and endpoint, as the
    /// tools of those providers read them.
    pub environment: BTreeMap<String, String>,
    /// How the bytes of objects are fetched.
    pub reading: Reading,
    /// Caps on what is listed and copied.
    pub limits: Limits,
    /// How to talk to the server.
    pub web: WebOptions,
}

impl BucketOptions {
    /// Reads `target` with the settings in `environment`.
    pub fn new(target: BucketTarget, environment: BTreeMap<String, String>) -> Self {
        Self {
            target,
            environment,
            reading: Reading::default(),
            limits: Limits::default(),
            web: WebOptions::default(),
        }
    }
}

impl fmt::Debug for BucketOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The environment holds secrets.
        formatter
            .debug_struct("BucketOptions")
            .field("target", &self.target)
            .field("reading", &self.reading)
            .finish_non_exhaustive()
    }
}

/// Lists the object of a key and all objects below it.
#[derive(Debug)]
pub struct Bucket {
    shared: Arc<Shared>,
    objects: Vec<ObjectMeta>,
    /// Cut from keys to make paths of artifacts.
    root: String,
}

#[derive(Debug)]
struct Shared {
    store: Arc<dyn ObjectStore>,
    pool: Arc<Pool>,
    target: String,
    reading: Reading,
    limits: Limits,
}

impl Bucket {
    /// Lists the objects.
    pub fn open(options: BucketOptions) -> Result<Self, RemoteError> {
        let BucketTarget {
            provider,
            bucket,
            prefix,
        } = options.target;
        let name = format!("{}://{bucket}", provider.scheme());
        let store = store(provider, &bucket, &options.environment, options.web)
            .map_err(|error| explain(error, &name))?;
        Self::over(store, name, &prefix, options.reading, options.limits)
    }

    fn over(
        store: Arc<dyn ObjectStore>,
        name: String,
        prefix: &str,
        reading: Reading,
        limits: Limits,
    ) -> Result<Self, RemoteError> {
        let target = match prefix {
            "" => name,
            prefix => format!("{name}/{prefix}"),
        };
        let key = Path::parse(prefix).map_err(|_| RemoteError::Address {
            address: target.clone(),
            problem: "its path cannot be a key",
        })?;
        let mut objects = Vec::new();
        let mut root = prefix.to_owned();
        let mut absent = None;
        if !prefix.is_empty() {
            match wait(store.head(&key)) {
                Ok(object) => {
                    objects.push(object);
                    // The object `a/b` is `b`, and one below it `b/c`.
                    root.truncate(prefix.rfind('/').unwrap_or_default());
                }
                Err(error) => absent = Some(error),
            }
        }
        let limit = limits.listed_files;
        let below = (!prefix.is_empty()).then_some(&key);
        wait(async {
            let mut listing = store.list(below);
            while let Some(object) = listing.next().await {
                objects.push(object.map_err(|error| explain(error, &target))?);
                if objects.len() as u64 > limit {
                    return Err(RemoteError::TooManyFiles { limit });
                }
            }
            Ok(())
        })?;
        if let Some(error) = absent
            && objects.is_empty()
        {
            return Err(explain(error, &target));
        }
        let shared = Shared {
            store,
            pool: Arc::default(),
            target,
            reading,
            limits,
        };
        Ok(Self {
            shared: Arc::new(shared),
            objects,
            root,
        })
    }

    /// Returns the target as reports name it.
    pub fn target(&self) -> &str {
        &self.shared.target
    }
}

impl Source for Bucket {
    fn list(&self) -> Vec<Listed> {
        self.objects
            .iter()
            .map(|object| {
                let key = object.location.as_ref();
                let path = key.strip_prefix(&self.root).unwrap_or(key);
                Listed::Artifact(Box::new(Object {
                    shared: Arc::clone(&self.shared),
                    path: path.trim_start_matches('/').to_owned(),
                    listed: object.clone(),
                    changed: Arc::default(),
                }))
            })
            .collect()
    }
}

/// One object.
#[derive(Debug)]
struct Object {
    shared: Arc<Shared>,
    path: String,
    listed: ObjectMeta,
    changed: Arc<Mutex<Option<Text>>>,
}

impl Artifact for Object {
    fn path(&self) -> &str {
        &self.path
    }

    fn open(&self) -> Result<Arc<dyn ReadAt>, Text> {
        let ranges = Ranges {
            shared: Arc::clone(&self.shared),
            listed: self.listed.clone(),
            changed: Arc::clone(&self.changed),
        };
        let blocks = Blocks::new(&self.shared.pool, ranges);
        match self.shared.reading {
            Reading::Ranges => Ok(Arc::new(blocks)),
            Reading::Whole => {
                let mut reader = SequentialReader::new(&blocks, 0..blocks.size());
                spool(&mut reader, &self.shared.limits).map_err(|error| error.text())
            }
        }
    }

    fn changed(&self) -> Option<Text> {
        self.changed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Fetches ranges of one version of an object.
#[derive(Debug)]
struct Ranges {
    shared: Arc<Shared>,
    listed: ObjectMeta,
    changed: Arc<Mutex<Option<Text>>>,
}

impl Ranges {
    fn once(&self, range: Range<u64>) -> Result<Vec<u8>, RemoteError> {
        let listed = &self.listed;
        let address = format!("{}: {}", self.shared.target, listed.location);
        let options = GetOptions {
            range: Some(GetRange::Bounded(range.clone())),
            if_match: listed.e_tag.clone(),
            version: listed.version.clone(),
            ..GetOptions::default()
        };
        wait(async {
            let answer = self
                .shared
                .store
                .get_opts(&listed.location, options)
                .await
                .map_err(|error| explain(error, &address))?;
            let served = &answer.meta;
            let same_version = match (&listed.e_tag, &served.e_tag) {
                (Some(listed), Some(served)) => listed == served,
                _ => listed.last_modified == served.last_modified,
            };
            if !same_version || served.size != listed.size || answer.range != range {
                return Err(RemoteError::Changed { address });
            }
            let bytes = answer.bytes().await.map_err(|error| explain(error, &address))?;
            Ok(bytes.to_vec())
        })
    }
}

impl Fetch for Ranges {
    fn size(&self) -> u64 {
        self.listed.size
    }

    fn fetch(&self, range: Range<u64>) -> io::Result<Vec<u8>> {
        self.once(range).map_err(|error| {
            if matches!(error, RemoteError::Changed { .. }) {
                let key = &self.listed.location;
                let mut changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
                *changed = Some(text!(
                    "object `{key}` changed while it was examined",
                    "对象 `{key}` 在检查期间发生了变化"
                ));
            }
            io::Error::other(error.to_string())
        })
    }
}

/// Runs `future` to its end on this thread.
fn wait<T, E: From<Waiting>>(future: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(|error| E::from(Waiting(error)))?
        .block_on(future)
}

/// The system did not give what a runtime needs.
#[derive(Debug)]
struct Waiting(io::Error);

impl From<Waiting> for Error {
    fn from(Waiting(error): Waiting) -> Self {
        Self::Generic {
            store: "runtime",
            source: Box::new(error),
        }
    }
}

impl From<Waiting> for RemoteError {
    fn from(waiting: Waiting) -> Self {
        explain(waiting.into(), "bucket")
    }
}

fn store(
    provider: Provider,
    bucket: &str,
    environment: &BTreeMap<String, String>,
    web: WebOptions,
) -> Result<Arc<dyn ObjectStore>, Error> {
    let retry = RetryConfig {
        backoff: BackoffConfig {
            init_backoff: web.first_wait,
            max_backoff: web.longest_wait,
            ..BackoffConfig::default()
        },
        max_retries: usize::try_from(web.attempts.saturating_sub(1)).unwrap_or_default(),
        // Credentials signed into a request last five minutes.
        retry_timeout: Duration::from_mins(3),
    };
    let client = Client::new(web).map_err(|error| Error::Generic {
        store: "client",
        source: Box::new(error),
    })?;
    let connector = Connector(Arc::new(client));
    Ok(match provider {
        Provider::S3 => {
            let builder = AmazonS3Builder::new().with_bucket_name(bucket);
            Arc::new(
                settings(environment, "AWS_")
                    .fold(builder, |builder, (key, value)| builder.with_config(key, value))
                    .with_retry(retry)
                    .with_http_connector(connector)
                    .build()?,
            )
        }
        Provider::Gcs => {
            let mut builder = GoogleCloudStorageBuilder::new().with_bucket_name(bucket);
            if let Some(path) = environment.get("SERVICE_ACCOUNT") {
                builder = builder.with_service_account_path(path);
            }
            Arc::new(
                settings(environment, "GOOGLE_")
                    .fold(builder, |builder, (key, value)| builder.with_config(key, value))
                    .with_retry(retry)
                    .with_http_connector(connector)
                    .build()?,
            )
        }
        Provider::Azure => {
            let builder = MicrosoftAzureBuilder::new().with_container_name(bucket);
            Arc::new(
                settings(environment, "AZURE_")
                    .fold(builder, |builder, (key, value)| builder.with_config(key, value))
                    .with_retry(retry)
                    .with_http_connector(connector)
                    .build()?,
            )
        }
    })
}

/// Picks the settings of a provider, as `object_store` itself does from the environment of the process.
fn settings<'a, K: FromStr + 'a>(
    environment: &'a BTreeMap<String, String>,
    prefix: &'a str,
) -> impl Iterator<Item = (K, &'a str)> {
    environment
        .iter()
        .filter(move |(name, _)| name.starts_with(prefix))
        .filter_map(|(name, value)| Some((name.to_ascii_lowercase().parse().ok()?, value.as_str())))
}

fn explain(error: Error, within: &str) -> RemoteError {
    let within = within.to_owned();
    match error {
        Error::NotFound { path, .. } => RemoteError::FileNotFound { within, path },
        Error::Precondition { .. } | Error::NotModified { .. } => RemoteError::Changed { address: within },
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => RemoteError::Unauthorized {
            within,
            message: None,
        },
        error => RemoteError::Store {
            bucket: within,
            source: Box::new(error),
        },
    }
}

/// Lends our HTTP client to `object_store`.
#[derive(Debug)]
struct Connector(Arc<Client>);

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> Result<HttpClient, Error> {
        let allowed = options.get_config_value(&ClientConfigKey::AllowHttp);
        Ok(HttpClient::new(Service {
            client: Arc::clone(&self.0),
            unencrypted: allowed.as_deref() == Some("true"),
        }))
    }
}

#[derive(Debug)]
struct Service {
    client: Arc<Client>,
    unencrypted: bool,
}

#[async_trait]
impl HttpService for Service {
    /// Blocks this thread, which waits for nothing else.
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        if !self.unencrypted && request.uri().scheme_str() != Some("https") {
            let problem = io::Error::other("the endpoint is not encrypted and `ALLOW_HTTP` is not set");
            return Err(HttpError::new(HttpErrorKind::Unknown, problem));
        }
        let request = request.map(|body| body.as_bytes().map(|bytes| bytes.to_vec()).unwrap_or_default());
        let response = self.client.forward(request).map_err(|error| {
            let kind = match &error {
                ureq::Error::Timeout(_) => HttpErrorKind::Timeout,
                ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => HttpErrorKind::Connect,
                ureq::Error::Io(_) | ureq::Error::Protocol(_) => HttpErrorKind::Interrupted,
                _ => HttpErrorKind::Unknown,
            };
            HttpError::new(kind, error)
        })?;
        let (parts, mut body) = response.into_parts();
        let bytes = body
            .with_config()
            .limit(MOST_ANSWER_BYTES)
            .read_to_vec()
            .map_err(|error| HttpError::new(HttpErrorKind::Interrupted, error))?;
        Ok(HttpResponse::from_parts(parts, HttpResponseBody::from(bytes)))
    }
}

#[cfg(test)]
mod tests {
    use cleanbill_formats::bytes::read_range;
    use object_store::memory::InMemory;

    use super::*;

    fn held(keys: &[(&str, usize)]) -> Arc<InMemory> {
        let store = Arc::new(InMemory::new());
        for (key, size) in keys {
            put(&store, key, *size);
        }
        store
    }

    fn put(store: &InMemory, key: &str, size: usize) {
        wait(store.put(&Path::parse(key).unwrap(), vec![7; size].into())).unwrap();
    }

    fn over(store: &Arc<InMemory>, prefix: &str) -> Result<Bucket, RemoteError> {
        let store: Arc<dyn ObjectStore> = Arc::clone(store) as _;
        Bucket::over(
            store,
            "s3://box".to_owned(),
            prefix,
            Reading::Ranges,
            Limits::default(),
        )
    }

    fn paths(bucket: &Bucket) -> Vec<String> {
        bucket
            .list()
            .iter()
            .map(|line| match line {
                Listed::Artifact(artifact) => artifact.path().to_owned(),
                Listed::Unreadable { path, .. } => panic!("{path}"),
            })
            .collect()
    }

    #[test]
    fn keys_and_prefixes_are_told_apart() {
        let store = held(&[("a/b", 3), ("a/b/c", 3), ("a/bc", 3), ("d", 0)]);
        assert_eq!(paths(&over(&store, "").unwrap()), ["a/b", "a/b/c", "a/bc", "d"]);
        assert_eq!(paths(&over(&store, "a").unwrap()), ["b", "b/c", "bc"]);
        assert_eq!(paths(&over(&store, "a/b").unwrap()), ["b", "b/c"]);
        assert_eq!(over(&store, "a/b").unwrap().target(), "s3://box/a/b");
        let error = over(&store, "nothing").unwrap_err();
        assert_eq!(error.to_string(), "no file `nothing` in `s3://box/nothing`");
    }

    #[test]
    fn an_object_that_is_replaced_is_noticed() {
        let store = held(&[("model.bin", 3_000_000)]);
        let Some(Listed::Artifact(artifact)) = over(&store, "").unwrap().list().pop() else {
            panic!("nothing listed");
        };
        let bytes = artifact.open().unwrap();
        assert_eq!(read_range(bytes.as_ref(), 0..9, 9).unwrap(), [7; 9]);
        assert_eq!(artifact.changed(), None);
        put(&store, "model.bin", 3_000_000);
        assert!(read_range(bytes.as_ref(), 2_000_000..2_000_009, 9).is_err());
        assert!(artifact.changed().unwrap().en().contains("changed"));
    }
}
