//! `keygen`: a key pair to sign models with.

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};
use cleanbill_attest::{Curve, KeyError, PrivateKey, Salt};
use cleanbill_core::{ExitCode, text};

use super::proof::{self, Passphrase};
use crate::{failure::Failure, output::Output, shell::Shell};

/// Make a key pair to sign models with
///
/// Writes the private key as PKCS#8, readable by you alone, and the public key, both in PEM. Files that exist are kept unless `--force`
/// says otherwise.
#[derive(Args, Debug)]
pub(crate) struct Keygen {
    /// Where to write the private key
    #[arg(long, alias = "private_key", value_name = "FILE")]
    private_key: PathBuf,
    /// Where to write the public key
    #[arg(long, alias = "public_key", value_name = "FILE")]
    public_key: PathBuf,
    /// Curve of the key
    #[arg(long, value_name = "CURVE", default_value = "p256")]
    curve: Named,
    /// Encrypt the private key with a passphrase, which is asked for unless a file or variable gives it
    #[arg(long)]
    encrypt: bool,
    #[command(flatten)]
    passphrase: Passphrase,
    /// Replace files that exist
    #[arg(long)]
    force: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Named {
    /// NIST P-256, with SHA-256
    P256,
    /// NIST P-384, with SHA-384
    P384,
    /// NIST P-521, with SHA-512
    P521,
}

pub(crate) fn run(arguments: &Keygen, shell: &Shell) -> Result<ExitCode, Failure> {
    for path in [&arguments.private_key, &arguments.public_key] {
        Output::File(path.clone()).check()?;
        if path.symlink_metadata().is_ok() && !arguments.force {
            let shown = path.display();
            return Err(Failure::usage(text!("`{shown}` exists", "`{shown}` 已存在"))
                .hint(text!("`--force` replaces it", "`--force` 将其替换")));
        }
    }
    if arguments.private_key == arguments.public_key {
        return Err(Failure::usage(text!(
            "both keys would be written to one file",
            "两把密钥会写入同一个文件"
        )));
    }
    let curve = match arguments.curve {
        Named::P256 => Curve::P256,
        Named::P384 => Curve::P384,
        Named::P521 => Curve::P521,
    };
    let path = &arguments.private_key;
    let failed = proof::key_failure(path);
    let key = PrivateKey::generate(curve, random).map_err(&failed)?;
    let pem = if arguments.encrypt || arguments.passphrase.is_given() {
        let passphrase = arguments.passphrase.read_twice(shell)?;
        let mut salt = Salt {
            salt: [0; 16],
            start: [0; 16],
        };
        random(&mut salt.salt).map_err(&failed)?;
        random(&mut salt.start).map_err(&failed)?;
        key.to_encrypted_pem(&passphrase, &salt).map_err(&failed)?
    } else {
        key.to_pem().map_err(&failed)?
    };
    let write = |path: &Path, bytes: &[u8], mode| {
        write_new(path, bytes, mode, arguments.force).map_err(|error| {
            let shown = path.display();
            Failure::usage(text!(
                "cannot write `{shown}`: {error}",
                "无法写入 `{shown}`：{error}"
            ))
        })
    };
    write(path, pem.as_bytes(), 0o600)?;
    let public = key.public_key();
    write(&arguments.public_key, public.to_pem().as_bytes(), 0o644)?;
    let (fingerprint, curve) = (public.fingerprint(), curve.as_str());
    shell.note(&text!(
        "made a key on {curve}; its fingerprint is {fingerprint}",
        "已生成 {curve} 密钥，指纹为 {fingerprint}"
    ));
    Ok(ExitCode::Pass)
}

fn random(bytes: &mut [u8]) -> Result<(), KeyError> {
    getrandom::fill(bytes).map_err(|_| KeyError::Randomness)
}

/// Writes a file that appears under its name when it is whole, with its permissions from the start.
fn write_new(path: &Path, bytes: &[u8], mode: u32, force: bool) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    #[cfg(not(unix))]
    let _ = mode;
    let mut file = builder.prefix(".cleanbill-").tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    let kept = if force {
        file.persist(path)
    } else {
        file.persist_noclobber(path)
    };
    kept.map(|_| ()).map_err(|error| error.error)
}
