//! What every claim needs: the model, whoever signs, and where the claim goes.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use clap::Args;
use cleanbill_attest::{
    Algorithm, IgnorePaths, Quiet, ReadOptions, Refusal, Serialization, SigningKey, Statement, UnixTime,
    check_model,
    claims::{ClaimRefusal, ClaimSigner, Predicate, append, examined, sign_claim},
    known_model, limits, read_model,
};
use cleanbill_core::{ExitCode, Language, Report, Text, text};

use crate::{
    commands::proof::{self, Files, Passphrase},
    failure::Failure,
    output::Output,
    progress::Line,
    shell::Shell,
};

/// Who signs.
#[derive(Args, Debug)]
pub(super) struct SignedWith {
    /// The private key: ECDSA on P-256, P-384 or P-521, as PKCS#8 or SEC1 in PEM, encrypted or not
    #[arg(
        long,
        alias = "private_key",
        value_name = "FILE",
        required_unless_present = "pkcs11_uri"
    )]
    private_key: Option<PathBuf>,
    /// A private key in a security module or a card instead (RFC 7512): `pkcs11:token=TOKEN;object=KEY?module-path=FILE`
    #[arg(
        long,
        alias = "pkcs11_uri",
        value_name = "URI",
        conflicts_with = "private_key"
    )]
    pkcs11_uri: Option<String>,
    /// The certificate of that key, in PEM, where verifiers know a root and not the key
    #[arg(long, alias = "signing_certificate", value_name = "FILE")]
    signing_certificate: Option<PathBuf>,
    /// Certificates from its issuer towards the root, in PEM and in this order; may be repeated
    #[arg(
        long,
        alias = "certificate_chain",
        value_name = "FILE",
        requires = "signing_certificate"
    )]
    certificate_chain: Vec<PathBuf>,
    #[command(flatten)]
    passphrase: Passphrase,
}

impl SignedWith {
    /// Returns the variable that holds the passphrase or PIN.
    pub(super) fn variable(&self) -> Option<&str> {
        self.passphrase.variable()
    }

    /// Reads key and certificates.
    pub(super) fn signer(&self, shell: &Shell) -> Result<ClaimSigner, Failure> {
        let key: Box<dyn SigningKey> = match (&self.private_key, &self.pkcs11_uri) {
            (_, Some(uri)) => proof::token_key(uri, &self.passphrase, shell)?,
            (Some(path), None) => Box::new(proof::private_key(path, &self.passphrase, shell)?),
            (None, None) => return Err(Failure::usage(text!("no private key is named", "未指定私钥"))),
        };
        let mut certificates = Vec::new();
        if let Some(own) = &self.signing_certificate {
            certificates = proof::certificates(std::slice::from_ref(own))?;
            certificates.extend(proof::certificates(&self.certificate_chain)?);
            let of_key = certificates.first().is_some_and(|certificate| {
                certificate
                    .public_key()
                    .is_ok_and(|public| public == key.public_key())
            });
            if !of_key {
                let why = text!(
                    "it is not the certificate of the private key",
                    "它不是该私钥的证书"
                );
                return Err(proof::unusable(own, &why));
            }
        }
        Ok(ClaimSigner { key, certificates })
    }
}

/// Signs a claim.
pub(super) fn sign(
    model: &Statement,
    predicate: &Predicate,
    created: UnixTime,
    signer: &ClaimSigner,
) -> Result<Vec<u8>, Failure> {
    sign_claim(model, predicate, created, signer).map_err(|error| proof::unsigned(&error))
}

/// The model, who signs, and where the claim goes.
#[derive(Args, Debug)]
pub(super) struct About {
    /// The model: a file or a folder
    #[arg(value_name = "MODEL_PATH")]
    pub(super) model_path: PathBuf,
    /// Add the claim to this file, one bundle a line; by default `MODEL_PATH.claims.jsonl`, beside the model
    #[arg(long, value_name = "FILE")]
    claims: Option<PathBuf>,
    /// Write the claim as a bundle of its own to this file instead
    #[arg(long, short, value_name = "FILE", conflicts_with = "claims")]
    output: Option<PathBuf>,
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    signing: SignedWith,
}

/// Who signs and where the claim goes, checked before long work is done for it.
#[derive(Debug)]
pub(super) struct Ready {
    model_path: PathBuf,
    options: ReadOptions,
    signer: ClaimSigner,
    place: Place,
}

/// Where a claim goes.
#[derive(Debug)]
enum Place {
    Bundle(Output),
    Claims(PathBuf),
}

impl About {
    /// Reads the key, and refuses what could not be signed or written to.
    pub(super) fn ready(&self, shell: &Shell) -> Result<Ready, Failure> {
        let place = match &self.output {
            Some(output) => Place::Bundle(Output::new(Some(output))),
            None => Place::Claims(self.claims.clone().unwrap_or_else(|| beside(&self.model_path))),
        };
        match &place {
            Place::Bundle(output) => output.check()?,
            Place::Claims(path) => check_claims(path)?,
        }
        let signer = self.signing.signer(shell)?;
        let own = match &place {
            Place::Bundle(Output::File(path)) | Place::Claims(path) => Some(path.as_path()),
            Place::Bundle(Output::Stdout) => None,
        };
        let ignore = self.files.ignored(&self.model_path, own, shell)?;
        let options = self.reading(ignore.and(&self.files.git()));
        check_model(&self.model_path, &options).map_err(|refusals| proof::refused(&refusals))?;
        Ok(Ready {
            model_path: self.model_path.clone(),
            options,
            signer,
            place,
        })
    }

    fn reading(&self, ignore: IgnorePaths) -> ReadOptions {
        ReadOptions {
            allow_symlinks: self.files.allow_symlinks,
            ignore,
            serialization: Serialization::Files,
            algorithm: Algorithm::Sha256,
            threads: self.files.threads(),
        }
    }

    /// Reads another model, by the same rules.
    pub(super) fn other(&self, path: &Path, shell: &Shell) -> Result<Statement, Failure> {
        read(path, &self.reading(self.files.git()), shell)
    }
}

impl Ready {
    /// Reads the model.
    pub(super) fn model(&self, shell: &Shell) -> Result<Statement, Failure> {
        read(&self.model_path, &self.options, shell)
    }

    /// Returns the model as a scan of it read it.
    pub(super) fn scanned(&self, report: &Report) -> Result<Statement, Failure> {
        let name = proof::model_name(&self.model_path);
        known_model(&self.model_path, &name, &self.options, &examined(report))
            .map_err(|refusals| proof::refused(&refusals))
    }

    /// Signs the claim, writes it, and says so.
    pub(super) fn finish(
        &self,
        model: &Statement,
        predicate: &Predicate,
        created: UnixTime,
        shell: &Shell,
    ) -> Result<(), Failure> {
        let bundle = sign(model, predicate, created, &self.signer)?;
        match &self.place {
            Place::Bundle(output) => output.write(&bundle),
            Place::Claims(path) => {
                add(path, &[bundle])?;
                told(path, 1, shell);
                Ok(())
            }
        }
    }
}

/// Refuses a model that is not what it was when it was read first.
pub(super) fn unchanged(before: &Statement, after: &Statement, name: &str) -> Result<(), Failure> {
    if before.resources == after.resources {
        return Ok(());
    }
    let name = name.to_owned();
    Err(proof::refused(&[Refusal::Claim(ClaimRefusal::InputChanged {
        name,
    })]))
}

/// Says that claims were written.
pub(super) fn told(path: &Path, count: usize, shell: &Shell) {
    let shown = path.display();
    shell.note(&text!(
        "claims added to `{shown}`: {count}",
        "已添加到 `{shown}` 的声明：{count}"
    ));
}

/// Reads a model file by file, for a claim about it.
fn read(path: &Path, options: &ReadOptions, shell: &Shell) -> Result<Statement, Failure> {
    let name = proof::model_name(path);
    let read = if shell.progress {
        read_model(path, &name, options, &Line::start(shell.language))
    } else {
        read_model(path, &name, options, &Quiet)
    };
    read.map(|read| read.statement)
        .map_err(|refusals| proof::refused(&refusals))
}

/// Returns the file of claims beside a model.
pub(super) fn beside(model: &Path) -> PathBuf {
    let named = if model.file_name().is_some() {
        model.to_owned()
    } else {
        fs::canonicalize(model).unwrap_or_else(|_| model.to_owned())
    };
    let mut name = named.file_name().unwrap_or_default().to_owned();
    name.push(".claims.jsonl");
    named.with_file_name(name)
}

/// Refuses a file of claims that could not be added to.
pub(super) fn check_claims(path: &Path) -> Result<(), Failure> {
    Output::File(path.to_owned()).check()?;
    let existing = existing(path)?;
    append::<&[u8]>(&existing, &[]).map_err(|refusal| damaged(path, &refusal))?;
    Ok(())
}

/// Adds claims to a file: all of them appear at once, or none. What is damaged is kept as it is.
pub(super) fn add(path: &Path, bundles: &[Vec<u8>]) -> Result<(), Failure> {
    // Two programs that add at the same time take turns, where the system lets a folder be locked.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let lock = fs::File::open(folder.unwrap_or_else(|| Path::new("."))).ok();
    let _locked = lock.as_ref().map(fs::File::lock);
    let content = append(&existing(path)?, bundles).map_err(|refusal| damaged(path, &refusal))?;
    Output::File(path.to_owned()).write(&content)
}

fn existing(path: &Path) -> Result<Vec<u8>, Failure> {
    match proof::bounded(path, limits::CLAIMS_BYTES) {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err(damaged(path, &Refusal::Claim(ClaimRefusal::TooLarge))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => {
            let shown = path.display();
            Err(Failure::usage(text!(
                "cannot read `{shown}`: {error}",
                "无法读取 `{shown}`：{error}"
            )))
        }
    }
}

fn damaged(path: &Path, refusal: &Refusal) -> Failure {
    let shown = path.display();
    let why = refusal.text();
    let (en, zh) = (why.en(), why.get(Language::Chinese));
    fails(text!(
        "nothing was added to `{shown}`: {en}",
        "未向 `{shown}` 添加任何内容：{zh}"
    ))
    .hint(text!(
        "the file is kept as it is; name another with `--claims`",
        "该文件保持原样；请用 `--claims` 指定其他文件"
    ))
}

/// Ends a command whose answer is no.
pub(super) const fn fails(message: Text) -> Failure {
    Failure {
        code: ExitCode::Fail,
        message,
        hint: None,
    }
}
