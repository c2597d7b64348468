//! What signing and verifying have in common: files of keys, passphrases, and where a model lies.

use std::{
    fs,
    io::{self, Read as _},
    num::NonZeroUsize,
    path::{Component, Path, PathBuf},
};

use clap::{Args, value_parser};
use cleanbill_attest::{
    Certificate, GIT_PATHS, IgnorePaths, KeyError, Pin, PrivateKey, PublicKey, Refusal, SigningKey,
    TokenError, TokenUri, TrustedRootSource, limits,
};
use cleanbill_core::{ExitCode, Text, text};
use zeroize::Zeroizing;

use crate::{environment, failure::Failure, shell::Shell};

/// Which files belong to the model.
#[derive(Args, Debug)]
pub(super) struct Files {
    /// Leave out this file or folder; may be repeated
    #[arg(long, alias = "ignore_paths", value_name = "PATH")]
    ignore_paths: Vec<PathBuf>,
    /// Leave out `.git`, `.github`, `.gitignore` and `.gitattributes` at the root of the model; this is the default
    #[arg(long, alias = "ignore_git_paths", overrides_with = "no_ignore_git_paths")]
    ignore_git_paths: bool,
    /// Take the files of version control at the root of the model in
    #[arg(long, alias = "no_ignore_git_paths", alias = "no-ignore_git_paths")]
    no_ignore_git_paths: bool,
    /// Read what links to files lead to, instead of refusing them
    #[arg(long, alias = "allow_symlinks")]
    pub(super) allow_symlinks: bool,
    /// How many threads read at the same time; all cores by default
    #[arg(long, short, value_name = "NUMBER", value_parser = value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
}

impl Files {
    pub(super) fn ignores_git(&self) -> bool {
        !self.no_ignore_git_paths
    }

    /// Returns what is left out: what the caller names, and the bundle itself where it lies in the model.
    pub(super) fn ignored(
        &self,
        model: &Path,
        signature: Option<&Path>,
        shell: &Shell,
    ) -> Result<IgnorePaths, Failure> {
        let root = fs::canonicalize(model).unwrap_or_else(|_| model.to_owned());
        let mut paths: Vec<String> = signature
            .and_then(|path| below(&root, path))
            .into_iter()
            .collect();
        for path in &self.ignore_paths {
            if let Some(name) = below(&root, path) {
                paths.push(name);
                continue;
            }
            let shown = path.display();
            shell.note(&text!(
                "`{shown}` does not lie in the model; there is nothing to leave out",
                "`{shown}` 不在模型中，无需忽略"
            ));
        }
        IgnorePaths::new(paths).map_err(|refusal| Failure::usage(refusal.text()))
    }

    /// Returns the paths of version control where they are left out.
    pub(super) fn git(&self) -> IgnorePaths {
        let paths = if self.ignores_git() { &GIT_PATHS[..] } else { &[] };
        IgnorePaths::new(paths.iter().map(|path| (*path).to_owned())).unwrap_or_default()
    }

    pub(super) fn threads(&self) -> NonZeroUsize {
        super::readers(self.jobs)
    }
}

/// Returns how a path is called within the model, if it lies there. Links in its last part are not followed: they are what is named.
pub(super) fn below(root: &Path, path: &Path) -> Option<String> {
    let absolute = std::path::absolute(path).ok()?;
    let mut plain = PathBuf::new();
    for part in absolute.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            other => plain.push(other),
        }
    }
    let folder = plain.parent().and_then(|folder| fs::canonicalize(folder).ok());
    let resolved = match (folder, plain.file_name()) {
        (Some(folder), Some(name)) => folder.join(name),
        _ => plain,
    };
    let inner = resolved.strip_prefix(root).ok()?;
    let parts: Option<Vec<&str>> = inner.iter().map(|part| part.to_str()).collect();
    parts
        .filter(|parts| !parts.is_empty())
        .map(|parts| parts.join("/"))
}

/// Returns what a model is called in a statement.
pub(super) fn model_name(model: &Path) -> String {
    let named = model.file_name().map(ToOwned::to_owned);
    let named = named.or_else(|| fs::canonicalize(model).ok()?.file_name().map(ToOwned::to_owned));
    named.map_or_else(|| "model".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Where the passphrase of an encrypted key comes from; asked for on the terminal otherwise.
#[derive(Args, Debug)]
pub(super) struct Passphrase {
    /// Take the passphrase of the private key, or the PIN of the token, from the first line of this file
    #[arg(
        long,
        alias = "passphrase_file",
        value_name = "FILE",
        conflicts_with = "passphrase_env"
    )]
    passphrase_file: Option<PathBuf>,
    /// Take the passphrase of the private key, or the PIN of the token, from the environment variable of this name
    #[arg(long, alias = "passphrase_env", value_name = "NAME")]
    passphrase_env: Option<String>,
}

impl Passphrase {
    pub(super) fn is_given(&self) -> bool {
        self.passphrase_file.is_some() || self.passphrase_env.is_some()
    }

    /// Returns the variable that holds it, which no other program should inherit.
    pub(super) fn variable(&self) -> Option<&str> {
        self.passphrase_env.as_deref()
    }

    /// Returns the passphrase of a private key.
    pub(super) fn read(&self, shell: &Shell) -> Result<Zeroizing<Vec<u8>>, Failure> {
        self.ask(&passphrase_question(), shell)
    }

    /// Returns the passphrase of a new private key, typed twice where it is typed, so that nobody locks themselves out.
    pub(super) fn read_twice(&self, shell: &Shell) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let first = self.ask(&passphrase_question(), shell)?;
        if !self.is_given() && *typed(&text!("The same again: ", "请再次输入："), shell)? != *first {
            return Err(Failure::usage(text!(
                "the two passphrases differ",
                "两次输入的口令不同"
            )));
        }
        Ok(first)
    }

    /// Returns the secret from where the caller said, or asks for it.
    fn ask(&self, question: &Text, shell: &Shell) -> Result<Zeroizing<Vec<u8>>, Failure> {
        if let Some(path) = &self.passphrase_file {
            return first_line(path);
        }
        if let Some(name) = &self.passphrase_env {
            let value = Zeroizing::new(environment::secret(name).unwrap_or_default().into_bytes());
            if value.is_empty() {
                return Err(Failure::usage(text!(
                    "the environment variable `{name}` is not set",
                    "环境变量 `{name}` 未设置"
                )));
            }
            return Ok(value);
        }
        not_empty(&typed(question, shell)?)
    }
}

fn passphrase_question() -> Text {
    text!("Passphrase of the private key: ", "私钥口令：")
}

/// Asks on the terminal.
fn typed(question: &Text, shell: &Shell) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let typed = rpassword::prompt_password(question.get(shell.language)).map_err(|error| {
        Failure::usage(text!(
            "no terminal to ask on: {error}",
            "没有可询问的终端：{error}"
        ))
        .hint(text!(
            "give it with `--passphrase-file` or `--passphrase-env`",
            "请用 `--passphrase-file` 或 `--passphrase-env` 提供"
        ))
    });
    typed.map(|text| Zeroizing::new(text.into_bytes()))
}

/// Returns the first line of a file that holds a secret.
fn first_line(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let bytes = Zeroizing::new(read_bounded(path, limits::KEY_FILE_BYTES)?);
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    not_empty(line.strip_suffix(b"\r").unwrap_or(line))
}

fn not_empty(passphrase: &[u8]) -> Result<Zeroizing<Vec<u8>>, Failure> {
    if passphrase.is_empty() {
        return Err(Failure::usage(text!("the passphrase is empty", "口令为空")));
    }
    Ok(Zeroizing::new(passphrase.to_vec()))
}

/// Opens the key that a URI of PKCS#11 names in a token.
pub(super) fn token_key(
    uri: &str,
    passphrase: &Passphrase,
    shell: &Shell,
) -> Result<Box<dyn SigningKey>, Failure> {
    let failed = |error: TokenError| Failure {
        hint: error.hint(),
        ..Failure::usage(error.text())
    };
    let uri = TokenUri::parse(uri).map_err(failed)?;
    if matches!(uri.pin(), Pin::Value(_)) {
        shell.note(&text!(
            "warning: others can see the PIN on the command line; `pin-source=FILE` or `--passphrase-file` keeps it to you",
            "警告：其他用户可以在命令行中看到 PIN；请使用 `pin-source=FILE` 或 `--passphrase-file`"
        ));
    }
    open_token(&uri, passphrase, shell, failed)
}

#[cfg(feature = "pkcs11")]
fn open_token(
    uri: &TokenUri,
    passphrase: &Passphrase,
    shell: &Shell,
    failed: impl Fn(TokenError) -> Failure,
) -> Result<Box<dyn SigningKey>, Failure> {
    let mut unread = None;
    let key = cleanbill_attest::TokenKey::open(uri, || {
        let pin = match uri.pin() {
            Pin::Value(pin) => not_empty(pin.as_bytes()),
            Pin::File(path) => first_line(path),
            Pin::Elsewhere => passphrase.ask(&text!("PIN of the token: ", "令牌 PIN："), shell),
        };
        pin.map_err(|failure| unread = Some(failure)).ok()
    });
    match (key, unread) {
        (_, Some(failure)) => Err(failure),
        (key, None) => Ok(Box::new(key.map_err(failed)?)),
    }
}

#[cfg(not(feature = "pkcs11"))]
fn open_token(
    _uri: &TokenUri,
    _passphrase: &Passphrase,
    _shell: &Shell,
    failed: impl Fn(TokenError) -> Failure,
) -> Result<Box<dyn SigningKey>, Failure> {
    Err(failed(TokenError::NotBuilt))
}

/// Reads a private key and warns where others can read it too.
pub(super) fn private_key(
    path: &Path,
    passphrase: &Passphrase,
    shell: &Shell,
) -> Result<PrivateKey, Failure> {
    let bytes = Zeroizing::new(read_bounded(path, limits::KEY_FILE_BYTES)?);
    if is_open_to_others(path) {
        let shown = path.display();
        shell.note(&text!(
            "warning: others can read the private key `{shown}`; `chmod 600` keeps it to you",
            "警告：其他用户可以读取私钥 `{shown}`；请执行 `chmod 600`"
        ));
    }
    let mut failed = None;
    let key = PrivateKey::from_pem(&bytes, || match passphrase.read(shell) {
        Ok(passphrase) => Ok(Some(passphrase)),
        Err(failure) => {
            failed = Some(failure);
            Ok(None)
        }
    });
    match (key, failed) {
        (_, Some(failure)) => Err(failure),
        (key, None) => key.map_err(|error| unusable(path, &error.text())),
    }
}

#[cfg(unix)]
fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;

    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_path: &Path) -> bool {
    false
}

/// Reads every certificate of some files.
pub(super) fn certificates(paths: &[PathBuf]) -> Result<Vec<Certificate>, Failure> {
    let mut all = Vec::new();
    for path in paths {
        let bytes = read_bounded(path, limits::KEY_FILE_BYTES)?;
        all.extend(Certificate::from_pem(&bytes).map_err(|error| unusable(path, &error.text()))?);
    }
    Ok(all)
}

/// Reads a public key.
pub(super) fn public_key(path: &Path) -> Result<PublicKey, Failure> {
    let bytes = read_bounded(path, limits::KEY_FILE_BYTES)?;
    PublicKey::from_pem(&bytes).map_err(key_failure(path))
}

/// Returns the trusted root of Sigstore that the caller names; that of the program where none is.
pub(super) fn trusted_root(path: Option<&PathBuf>) -> Result<TrustedRootSource, Failure> {
    Ok(match path {
        Some(path) => TrustedRootSource::Given(read_bounded(path, limits::KEY_FILE_BYTES)?),
        None => TrustedRootSource::Embedded,
    })
}

/// Says that a file of keys cannot be used.
pub(super) fn unusable(path: &Path, why: &Text) -> Failure {
    let shown = path.display();
    let (en, zh) = (why.en(), why.get(cleanbill_core::Language::Chinese));
    Failure::usage(text!("cannot use `{shown}`: {en}", "无法使用 `{shown}`：{zh}"))
}

/// Says that a key did not sign.
pub(super) fn unsigned(error: &KeyError) -> Failure {
    let why = error.text();
    let (en, zh) = (why.en(), why.get(cleanbill_core::Language::Chinese));
    Failure::usage(text!("cannot sign: {en}", "无法签名：{zh}"))
}

pub(super) fn key_failure(path: &Path) -> impl Fn(KeyError) -> Failure + '_ {
    |error| unusable(path, &error.text())
}

/// Reads a file that the caller named and that is not the model: without it there is nothing to do.
pub(super) fn read_bounded(path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    let shown = path.display();
    let bytes = bounded(path, limit).map_err(|error| {
        Failure::usage(text!(
            "cannot read `{shown}`: {error}",
            "无法读取 `{shown}`：{error}"
        ))
    })?;
    bytes.ok_or_else(|| {
        Failure::usage(text!(
            "`{shown}` is larger than {limit} bytes",
            "`{shown}` 大于 {limit} 字节"
        ))
    })
}

/// Reads a file; nothing where it is larger than `limit`.
pub(super) fn bounded(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)?;
    let is_whole = u64::try_from(bytes.len()).is_ok_and(|length| length <= limit);
    Ok(is_whole.then_some(bytes))
}

/// Turns reasons into the end of a command: incomplete where all that is wrong is that something could not be read.
pub(super) fn refused(refusals: &[Refusal]) -> Failure {
    const SHOWN: usize = 20;
    let line = |language| {
        let mut lines: Vec<String> = refusals
            .iter()
            .take(SHOWN)
            .map(|refusal| refusal.text().get(language).to_owned())
            .collect();
        let more = refusals.len().saturating_sub(SHOWN);
        if more > 0 {
            let words = text!("and {more} more", "以及另外 {more} 项");
            lines.push(words.get(language).to_owned());
        }
        lines.join("\n")
    };
    let incomplete = refusals.iter().all(Refusal::is_unreadable);
    Failure {
        code: if incomplete {
            ExitCode::Incomplete
        } else {
            ExitCode::Fail
        },
        message: Text::new(
            line(cleanbill_core::Language::English),
            line(cleanbill_core::Language::Chinese),
        ),
        hint: refusals.iter().find_map(Refusal::hint),
    }
}
