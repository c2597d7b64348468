//! The HTTP client of all remote sources: redirects, retries and time limits by name, and never a credential to another host.
//!
//! It asks for `Accept-Encoding: identity`, since offsets and sizes must be those of the file (hub protocol, section 2), and
//! takes no cookies. TLS is rustls with ring; by default the certificates that this system trusts decide, because companies
//! that inspect traffic install theirs there, and [`Roots::Bundled`] serves systems that have none.

use std::{
    fmt,
    io::{self, Read},
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::Duration,
};

#[cfg(feature = "object-store")]
use ureq::http::{Method, Request};
use ureq::{
    Agent, Body, Proxy, Timeout,
    http::{HeaderMap, Response},
    tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem},
};

use super::{RemoteError, address::Address};

/// Most redirects followed for one request, as browsers and the Hub's own client do within a factor of two.
const MOST_REDIRECTS: u32 = 10;

/// LIMIT: an answer that is read whole into memory (one page of a listing: 1,000 entries of some 300 bytes on the Hub).
#[cfg(feature = "hub")]
const MOST_PAGE_BYTES: u64 = 64 * 1024 * 1024;

/// After so many requests in a row that failed for good, a request gets one attempt only: the server is gone, and the files
/// left should not each wait for it.
const PATIENCE: u32 = 3;

/// Says how to talk to servers.
#[derive(Clone, Debug)]
pub struct WebOptions {
    /// What the client calls itself.
    pub user_agent: String,
    /// Whose certificates are trusted.
    pub roots: Roots,
    /// Which proxy is used.
    pub proxy: Proxying,
    /// Longest time until a connection stands, TLS included.
    pub connect_timeout: Duration,
    /// Longest time until the head of an answer is there.
    pub response_timeout: Duration,
    /// Longest time without a single byte.
    pub silence_timeout: Duration,
    /// How often a request is made before it counts as failed; at least once.
    pub attempts: u32,
    /// Wait before the second attempt; it doubles each time.
    pub first_wait: Duration,
    /// Longest wait between attempts. A server that asks for more (`Retry-After`) has failed.
    pub longest_wait: Duration,
}

impl Default for WebOptions {
    fn default() -> Self {
        Self {
            user_agent: concat!("cleanbill/", env!("CARGO_PKG_VERSION")).to_owned(),
            roots: Roots::System,
            proxy: Proxying::Environment,
            connect_timeout: Duration::from_secs(10),
            response_timeout: Duration::from_mins(1),
            silence_timeout: Duration::from_secs(30),
            attempts: 5,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_mins(1),
        }
    }
}

/// Names the certificates that are trusted.
#[derive(Clone, Debug, Default)]
pub enum Roots {
    /// Those that this system trusts.
    #[default]
    System,
    /// Mozilla's list as of this build, for systems that have none.
    Bundled,
    /// Only those in these bytes, in PEM form.
    Pem(Vec<u8>),
}

/// Names the proxy.
#[derive(Clone, Debug, Default)]
pub enum Proxying {
    /// `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, which the client library reads itself.
    #[default]
    Environment,
    /// None.
    Direct,
    /// This one: `http://host:port`.
    Through(String),
}

/// Says how the bytes of a file are fetched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reading {
    /// Only the ranges that the examination asks for; a digest then reads the file a second time.
    #[default]
    Ranges,
    /// Every file once and whole, to memory or a temporary file: what is examined and what is digested are surely the same.
    Whole,
}

/// Holds a credential that no message shows.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Holds `value`.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// Makes the `Authorization` of a token.
    #[cfg(feature = "hub")]
    pub(super) fn bearer(&self) -> Self {
        Self(format!("Bearer {}", self.0))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(..)")
    }
}

/// Makes requests.
#[derive(Debug)]
pub(super) struct Client {
    agent: Agent,
    options: WebOptions,
    failed: AtomicU32,
}

/// Says what to ask for.
#[derive(Clone, Debug)]
pub(super) struct Ask<'a> {
    pub(super) address: &'a Address,
    /// Value of `Authorization`, and the address whose host may see it.
    pub(super) authorization: Option<(&'a Secret, &'a Address)>,
    pub(super) range: Option<Range<u64>>,
    pub(super) if_range: Option<&'a str>,
}

/// An answer whose body was not read yet. Its status is 2xx or 416.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Body,
    /// Where the answer came from after redirects.
    pub(super) from: Address,
}

impl Client {
    pub(super) fn new(options: WebOptions) -> Result<Self, RemoteError> {
        let option = |option| {
            move |source: ureq::Error| RemoteError::Option {
                option,
                source: Box::new(source),
            }
        };
        let roots = match &options.roots {
            Roots::System => RootCerts::PlatformVerifier,
            Roots::Bundled => RootCerts::WebPki,
            Roots::Pem(pem) => {
                let mut certificates: Vec<Certificate<'static>> = Vec::new();
                for item in parse_pem(pem) {
                    if let PemItem::Certificate(certificate) = item.map_err(option("roots"))? {
                        certificates.push(certificate);
                    }
                }
                if certificates.is_empty() {
                    return Err(RemoteError::Option {
                        option: "roots",
                        source: "no certificate in it".into(),
                    });
                }
                RootCerts::Specific(Arc::new(certificates))
            }
        };
        let proxy = match &options.proxy {
            Proxying::Environment => Proxy::try_from_env(),
            Proxying::Direct => None,
            Proxying::Through(address) => Some(Proxy::new(address).map_err(option("proxy"))?),
        };
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .accept_encoding("identity")
            .user_agent(options.user_agent.as_str())
            .proxy(proxy)
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .timeout_connect(Some(options.connect_timeout))
            .timeout_recv_response(Some(options.response_timeout))
            .timeout_per_read(Some(options.silence_timeout))
            .max_idle_connections_per_host(16)
            .build()
            .new_agent();
        Ok(Self {
            agent,
            options,
            failed: AtomicU32::new(0),
        })
    }

    /// Runs `attempt` again after transient failures, with growing waits or those that the server asks for.
    pub(super) fn retry<T>(
        &self,
        mut attempt: impl FnMut() -> Result<T, RemoteError>,
    ) -> Result<T, RemoteError> {
        let mut wait = self.options.first_wait;
        let mut left = if self.failed.load(Ordering::Relaxed) >= PATIENCE {
            1
        } else {
            self.options.attempts.max(1)
        };
        loop {
            left -= 1;
            let error = match attempt() {
                Ok(value) => {
                    self.failed.store(0, Ordering::Relaxed);
                    return Ok(value);
                }
                Err(error) => error,
            };
            if !error.is_transient() {
                return Err(error);
            }
            let asked = match &error {
                RemoteError::Status { retry_after, .. } => *retry_after,
                _ => None,
            };
            let pause = asked.unwrap_or(wait);
            if left == 0 || pause > self.options.longest_wait {
                self.failed.fetch_add(1, Ordering::Relaxed);
                return Err(error);
            }
            thread::sleep(pause);
            wait = wait.saturating_mul(2).min(self.options.longest_wait);
        }
    }

    /// Makes one request and follows redirects.
    pub(super) fn ask(&self, ask: &Ask<'_>) -> Result<Answer, RemoteError> {
        let mut address = ask.address.clone();
        for _ in 0..=MOST_REDIRECTS {
            let response = self.send(ask, &address)?;
            let status = response.status().as_u16();
            if matches!(status, 301 | 302 | 303 | 307 | 308) {
                let location = response
                    .headers()
                    .get("location")
                    .and_then(|location| std::str::from_utf8(location.as_bytes()).ok())
                    .ok_or_else(|| RemoteError::Answer {
                        address: address.shown(),
                        problem: "redirect without a location",
                    })?;
                let next = address.join(location)?;
                if address.is_encrypted() && !next.is_encrypted() {
                    return Err(RemoteError::Downgrade {
                        from: address.shown(),
                        to: next.shown(),
                    });
                }
                address = next;
                continue;
            }
            if !matches!(status, 200..=299 | 416) {
                return Err(refused(&address, status, response.headers()));
            }
            let (parts, body) = response.into_parts();
            return Ok(Answer {
                status,
                headers: parts.headers,
                body,
                from: address,
            });
        }
        Err(RemoteError::Redirects {
            address: ask.address.shown(),
            limit: MOST_REDIRECTS,
        })
    }

    fn send(&self, ask: &Ask<'_>, address: &Address) -> Result<Response<Body>, RemoteError> {
        let mut request = self.agent.get(address.to_string());
        if let Some((secret, host)) = ask.authorization
            && address.same_origin(host)
        {
            request = request.header("authorization", &secret.0);
        }
        if let Some(range) = &ask.range {
            let last = range.end.saturating_sub(1);
            request = request.header("range", format!("bytes={}-{last}", range.start));
        }
        if let Some(version) = ask.if_range {
            request = request.header("if-range", version);
        }
        request.call().map_err(|error| self.failure(address, error))
    }

    /// Reads an answer whole, up to a limit; for pages of listings.
    #[cfg(feature = "hub")]
    pub(super) fn page(&self, ask: &Ask<'_>) -> Result<(Vec<u8>, HeaderMap, Address), RemoteError> {
        self.retry(|| {
            let answer = self.ask(ask)?;
            let mut bytes = Vec::new();
            let mut body = decoded(answer.body, &answer.headers, &answer.from)?;
            body.by_ref()
                .take(MOST_PAGE_BYTES + 1)
                .read_to_end(&mut bytes)
                .map_err(|error| self.cut(&answer.from, bytes.len() as u64, error))?;
            if bytes.len() as u64 > MOST_PAGE_BYTES {
                return Err(RemoteError::Answer {
                    address: answer.from.shown(),
                    problem: "a page of the listing is longer than 64 MiB",
                });
            }
            Ok((bytes, answer.headers, answer.from))
        })
    }

    /// Sends a request as it is, for clients that follow a protocol of their own.
    #[cfg(feature = "object-store")]
    pub(super) fn forward(&self, request: Request<Vec<u8>>) -> Result<Response<Body>, ureq::Error> {
        if request.body().is_empty() && matches!(*request.method(), Method::GET | Method::HEAD) {
            self.agent.run(request.map(|_| ()))
        } else {
            self.agent.run(request)
        }
    }

    /// Tells why a body ended early.
    pub(super) fn cut(&self, address: &Address, got: u64, error: io::Error) -> RemoteError {
        match error.downcast::<ureq::Error>() {
            Ok(error @ ureq::Error::Timeout(_)) => self.failure(address, error),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                self.failure(address, ureq::Error::Timeout(Timeout::PerRead))
            }
            _ => RemoteError::Truncated {
                address: address.shown(),
                got,
            },
        }
    }

    fn failure(&self, address: &Address, error: ureq::Error) -> RemoteError {
        let host = address.host().to_owned();
        let options = &self.options;
        match error {
            ureq::Error::Timeout(timeout) => {
                let (limit, after) = match timeout {
                    Timeout::Connect | Timeout::Resolve => ("connect_timeout", options.connect_timeout),
                    Timeout::RecvResponse => ("response_timeout", options.response_timeout),
                    _ => ("silence_timeout", options.silence_timeout),
                };
                RemoteError::TimedOut { host, limit, after }
            }
            ureq::Error::Http(_) | ureq::Error::BadUri(_) => RemoteError::Address {
                address: address.shown(),
                problem: "the client cannot read it",
            },
            error => RemoteError::Unreachable {
                host,
                source: Box::new(error),
            },
        }
    }
}

/// Opens a body for reading, unless it is encoded.
pub(super) fn decoded(
    body: Body,
    headers: &HeaderMap,
    address: &Address,
) -> Result<Box<dyn Read + Send + Sync>, RemoteError> {
    match header(headers, "content-encoding") {
        Some(encoding) if !encoding.eq_ignore_ascii_case("identity") => Err(RemoteError::Compressed {
            address: address.shown(),
            encoding: printable(encoding),
        }),
        _ => Ok(Box::new(body.into_reader())),
    }
}

/// Describes an answer that is an error.
fn refused(address: &Address, status: u16, headers: &HeaderMap) -> RemoteError {
    RemoteError::Status {
        address: address.shown(),
        status,
        code: header(headers, "x-error-code").map(printable),
        message: header(headers, "x-error-message").map(printable),
        // The form with a date would need a clock; such an answer waits the usual time.
        retry_after: header(headers, "retry-after")
            .and_then(|seconds| seconds.trim().parse().ok())
            .map(Duration::from_secs),
    }
}

/// Returns a header that is text.
pub(super) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get(name)
        .and_then(|value| std::str::from_utf8(value.as_bytes()).ok())
}

/// Cuts what a server said to one short line that cannot steer a terminal.
pub(super) fn printable(said: &str) -> String {
    said.chars()
        .map(|one| if one.is_control() { ' ' } else { one })
        .take(300)
        .collect()
}
