//! `sign`: the files of a model, vouched for by a key.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use cleanbill_attest::{
    Algorithm, Quiet, ReadModel, ReadOptions, Serialization, SigningKey, read_model, sign_with_certificate,
    sign_with_key,
};
use cleanbill_core::{ExitCode, Language, Text, text};
use cleanbill_documents::terminal;
use serde_json::json;

use super::{
    bom::Listing,
    proof::{self, Files, Passphrase},
};
use crate::{failure::Failure, output::Output, progress::Line, shell::Shell};

/// Sign a model, in the OpenSSF Model Signing format
///
/// Lists the files of a model with their digests, signs the list and writes both as one bundle, which other implementations of the format
/// verify as well. The model itself is not changed.
#[derive(Args, Debug)]
pub(crate) struct Sign {
    #[command(subcommand)]
    method: Method,
}

#[derive(Debug, Subcommand)]
enum Method {
    Key(Box<ByKey>),
    Certificate(Box<ByCertificate>),
    Pkcs11Key(Box<ByToken>),
    Pkcs11Certificate(Box<ByTokenCertificate>),
}

/// Sign with a private key; verifiers need the public one
#[derive(Args, Debug)]
struct ByKey {
    #[command(flatten)]
    model: Signing,
    /// The private key: ECDSA on P-256, P-384 or P-521, as PKCS#8 or SEC1 in PEM, encrypted or not
    #[arg(long, alias = "private_key", value_name = "FILE")]
    private_key: PathBuf,
    #[command(flatten)]
    passphrase: Passphrase,
}

/// Sign with a private key and its certificate; verifiers need the root
#[derive(Args, Debug)]
struct ByCertificate {
    #[command(flatten)]
    model: Signing,
    /// The private key: ECDSA on P-256, P-384 or P-521, as PKCS#8 or SEC1 in PEM, encrypted or not
    #[arg(long, alias = "private_key", value_name = "FILE")]
    private_key: PathBuf,
    #[command(flatten)]
    certificates: Certificates,
    #[command(flatten)]
    passphrase: Passphrase,
}

/// Sign with a private key in a security module or a card; verifiers need the public one
#[derive(Args, Debug)]
struct ByToken {
    #[command(flatten)]
    model: Signing,
    #[command(flatten)]
    token: Token,
}

/// Sign with a private key in a security module or a card, and its certificate; verifiers need the root
#[derive(Args, Debug)]
struct ByTokenCertificate {
    #[command(flatten)]
    model: Signing,
    #[command(flatten)]
    token: Token,
    #[command(flatten)]
    certificates: Certificates,
}

#[derive(Args, Debug)]
struct Token {
    /// Names key, token and module (RFC 7512): `pkcs11:token=TOKEN;object=KEY?module-path=FILE`; the module is loaded
    #[arg(long, alias = "pkcs11_uri", value_name = "URI")]
    pkcs11_uri: String,
    #[command(flatten)]
    passphrase: Passphrase,
}

impl Token {
    fn key(&self, shell: &Shell) -> Result<Box<dyn SigningKey>, Failure> {
        proof::token_key(&self.pkcs11_uri, &self.passphrase, shell)
    }
}

#[derive(Args, Debug)]
struct Certificates {
    /// The certificate of that key, in PEM
    #[arg(long, alias = "signing_certificate", value_name = "FILE")]
    signing_certificate: PathBuf,
    /// Certificates from its issuer towards the root, in PEM and in this order; may be repeated
    #[arg(long, alias = "certificate_chain", value_name = "FILE")]
    certificate_chain: Vec<PathBuf>,
}

#[derive(Args, Debug)]
struct Signing {
    /// The model: a file or a folder
    #[arg(value_name = "MODEL_PATH")]
    model_path: PathBuf,
    /// Where to write the bundle; it appears under its name only when it is whole
    #[arg(long, value_name = "FILE", default_value = "model.sig")]
    signature: PathBuf,
    #[command(flatten)]
    files: Files,
    /// Hash function; other implementations of the format know `sha256` best
    #[arg(long, value_name = "NAME", default_value = "sha256", value_parser = super::algorithms())]
    hash: Algorithm,
    /// Sign ranges of so many bytes instead of whole files, so that one large file is read by several threads
    #[arg(long, alias = "shard_size", value_name = "BYTES", value_parser = clap::value_parser!(u64).range(1..=1 << 50))]
    shard_size: Option<u64>,
    /// How to say what was signed
    #[arg(long, short, value_name = "FORMAT", default_value = "human")]
    format: Listing,
    /// Say so in this file instead of on stdout
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Sign, shell: &Shell) -> Result<ExitCode, Failure> {
    match &arguments.method {
        Method::Key(arguments) => {
            let key = proof::private_key(&arguments.private_key, &arguments.passphrase, shell)?;
            by_key(&arguments.model, &key, shell)
        }
        Method::Certificate(arguments) => {
            let key = proof::private_key(&arguments.private_key, &arguments.passphrase, shell)?;
            by_certificate(&arguments.model, &key, &arguments.certificates, shell)
        }
        Method::Pkcs11Key(arguments) => {
            let key = arguments.token.key(shell)?;
            by_key(&arguments.model, key.as_ref(), shell)
        }
        Method::Pkcs11Certificate(arguments) => {
            let key = arguments.token.key(shell)?;
            by_certificate(&arguments.model, key.as_ref(), &arguments.certificates, shell)
        }
    }
}

fn by_key(model: &Signing, key: &dyn SigningKey, shell: &Shell) -> Result<ExitCode, Failure> {
    finish(model, shell, |read| {
        sign_with_key(&read.statement, key).map_err(|error| proof::unsigned(&error))
    })
}

fn by_certificate(
    model: &Signing,
    key: &dyn SigningKey,
    certificates: &Certificates,
    shell: &Shell,
) -> Result<ExitCode, Failure> {
    let file = &certificates.signing_certificate;
    let own = proof::certificates(std::slice::from_ref(file))?;
    let chain = proof::certificates(&certificates.certificate_chain)?;
    // A file with the whole chain is a usual way to hand out a certificate.
    let Some((leaf, rest)) = own.split_first() else {
        return Err(proof::unusable(
            file,
            &text!("there is no certificate", "其中没有证书"),
        ));
    };
    let chain: Vec<_> = rest.iter().chain(&chain).cloned().collect();
    finish(model, shell, |read| {
        sign_with_certificate(&read.statement, key, leaf, &chain).map_err(|error| proof::unsigned(&error))
    })
}

/// Reads the model, has it signed, and writes the bundle.
fn finish(
    arguments: &Signing,
    shell: &Shell,
    sign: impl FnOnce(&ReadModel) -> Result<Vec<u8>, Failure>,
) -> Result<ExitCode, Failure> {
    let bundle = Output::new(Some(&arguments.signature));
    let output = Output::new(arguments.output.as_ref());
    bundle.check()?;
    output.check()?;
    let ignored = arguments
        .files
        .ignored(&arguments.model_path, Some(&arguments.signature), shell)?;
    let options = ReadOptions {
        allow_symlinks: arguments.files.allow_symlinks,
        ignore: ignored.and(&arguments.files.git()),
        serialization: match arguments.shard_size {
            Some(size_bytes) => Serialization::Shards { size_bytes },
            None => Serialization::Files,
        },
        algorithm: arguments.hash,
        threads: arguments.files.threads(),
    };
    let name = proof::model_name(&arguments.model_path);
    let read = if shell.progress {
        read_model(
            &arguments.model_path,
            &name,
            &options,
            &Line::start(shell.language),
        )
    } else {
        read_model(&arguments.model_path, &name, &options, &Quiet)
    };
    let read = read.map_err(|refusals| proof::refused(&refusals))?;
    bundle.write(&sign(&read)?)?;
    if bundle == Output::Stdout && output == Output::Stdout {
        return Ok(ExitCode::Pass);
    }
    let document = match arguments.format {
        Listing::Json => super::bom::json(&json!({
            "schema": "cleanbill.sign/1",
            "signature": arguments.signature.display().to_string(),
            "name": read.statement.name,
            "digest": read.statement.root_digest(),
            "hash": read.statement.algorithm.as_str(),
            "serialization": read.statement.serialization.as_str(),
            "files": read.files,
            "size_bytes": read.size_bytes,
            "ignored": read.ignored,
            "not_covered": read.not_covered,
        })),
        Listing::Human if shell.quiet => Vec::new(),
        Listing::Human => human(arguments, &read, shell).into_bytes(),
    };
    output.write(&document)?;
    Ok(ExitCode::Pass)
}

fn human(arguments: &Signing, read: &ReadModel, shell: &Shell) -> String {
    let files = Text::count(
        u64::try_from(read.files).unwrap_or(u64::MAX),
        "file",
        "files",
        "个文件",
    );
    let (en, zh) = (files.en(), files.get(Language::Chinese));
    let size = terminal::bytes(read.size_bytes);
    let digest = read.statement.root_digest();
    let shown = terminal::printable(&arguments.signature.display().to_string());
    let mut lines = vec![
        text!("signed {en}, {size}: `{shown}`", "已签名 {zh}，{size}：`{shown}`"),
        text!("digest of the model: {digest}", "模型摘要：{digest}"),
    ];
    if !read.ignored.is_empty() {
        let list = terminal::printable(&read.ignored.join(", "));
        lines.push(text!("left out: {list}", "已忽略：{list}"));
    }
    let empty = read.not_covered.len();
    if empty > 0 {
        lines.push(text!(
            "empty files that are not covered, since shards leave them out: {empty}",
            "未被覆盖的空文件（分片方式不包含空文件）：{empty}"
        ));
    }
    let mut text = String::new();
    for line in lines {
        text.push_str(line.get(shell.language));
        text.push('\n');
    }
    text
}
