use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use cleanbill_core::text;

use crate::failure::Failure;

/// Says where a document goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    Stdout,
    File(PathBuf),
}

impl Output {
    /// Takes the value of `--output`; `-` and nothing are standard output.
    pub(crate) fn new(path: Option<&PathBuf>) -> Self {
        match path {
            Some(path) if path.as_os_str() != "-" => Self::File(path.clone()),
            _ => Self::Stdout,
        }
    }

    /// Refuses a file that could not be written anyway, before long work is done for it.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let Self::File(path) = self else { return Ok(()) };
        let shown = path.display();
        let problem = if path.is_dir() {
            text!(
                "cannot write `{shown}`: it is a folder",
                "无法写入 `{shown}`：它是文件夹"
            )
        } else if !folder_of(path).is_dir() {
            let folder = folder_of(path).display();
            text!(
                "cannot write `{shown}`: no folder `{folder}`",
                "无法写入 `{shown}`：没有文件夹 `{folder}`"
            )
        } else {
            return Ok(());
        };
        Err(Failure::usage(problem).hint(text!(
            "name a file in an existing folder",
            "请指定现有文件夹中的文件"
        )))
    }

    /// Writes the whole document. A closed pipe is not an error: the reader had enough.
    pub(crate) fn write(&self, bytes: &[u8]) -> Result<(), Failure> {
        let (result, name) = match self {
            Self::Stdout => (write_stdout(bytes), "stdout".to_owned()),
            Self::File(path) => (write_file(path, bytes), path.display().to_string()),
        };
        result.map_err(|error| {
            Failure::usage(text!(
                "cannot write `{name}`: {error}",
                "无法写入 `{name}`：{error}"
            ))
        })
    }
}

fn write_stdout(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Writes a temporary file beside `path` and renames it, so that nobody sees half a document.
fn write_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // A link keeps leading where it leads; a device or pipe cannot be replaced and is written to.
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        return fs::OpenOptions::new().write(true).open(path)?.write_all(bytes);
    }
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.prefix(".cleanbill-").tempfile_in(folder_of(path))?;
    file.write_all(bytes)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
