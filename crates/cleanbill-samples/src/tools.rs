//! Installs programs that tests run beside ours, once for all tests that ask for them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Runs a step of an installation; `None` where it cannot be started or fails.
pub fn step(command: &mut Command) -> Option<()> {
    command.output().ok()?.status.success().then_some(())
}

/// Installs something below `folder` once, however many tests and processes ask at the same time. What `recipe` says is written down
/// at the end; under another recipe it is installed again.
pub fn once(folder: &Path, name: &str, recipe: &str, install: impl FnOnce() -> Option<()>) -> Option<()> {
    fs::create_dir_all(folder).ok()?;
    let lock = fs::File::create(folder.join(format!("{name}.lock"))).ok()?;
    lock.lock().ok()?;
    let complete = folder.join(format!("{name}.complete"));
    if fs::read_to_string(&complete).is_ok_and(|old| old == recipe) {
        return Some(());
    }
    install()?;
    fs::write(&complete, recipe).ok()
}

/// Returns a Python of an environment below `folder` that has `packages`; `None` where it cannot be had.
pub fn python(folder: &Path, packages: &[&str]) -> Option<PathBuf> {
    let environment = folder.join("venv");
    let python = environment.join(if cfg!(windows) {
        "Scripts/python.exe"
    } else {
        "bin/python"
    });
    once(folder, "venv", &packages.join("\n"), || {
        step(
            Command::new("python3")
                .args(["-m", "venv", "--clear"])
                .arg(&environment),
        )?;
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
        let patience = ["--retries", "2", "--timeout", "30"];
        step(Command::new(&python).args(pip).args(patience).args(packages))
    })?;
    Some(python)
}
