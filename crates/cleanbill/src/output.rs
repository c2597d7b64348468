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

#[cfg(feature = "data")]
impl Output {
    /// Begins a document that is written piece by piece.
    pub(crate) fn begin(&self) -> Result<Document, Failure> {
        let Self::File(path) = self else {
            let stdout = io::BufWriter::with_capacity(64 << 10, io::stdout());
            return Ok(Document::Stream {
                out: Box::new(stdout),
                closed: false,
            });
        };
        let cannot = |error: io::Error| {
            let name = path.display();
            Failure::usage(text!(
                "cannot write `{name}`: {error}",
                "无法写入 `{name}`：{error}"
            ))
        };
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.clone());
        if fs::metadata(&path).is_ok_and(|metadata| !metadata.is_file()) {
            let device = fs::OpenOptions::new().write(true).open(&path).map_err(cannot)?;
            return Ok(Document::Stream {
                out: Box::new(io::BufWriter::new(device)),
                closed: false,
            });
        }
        let file = temporary(&path).map_err(cannot)?;
        Ok(Document::File {
            out: io::BufWriter::new(file),
            path,
        })
    }
}

/// A document that is being written.
#[cfg(feature = "data")]
pub(crate) enum Document {
    Stream {
        out: Box<dyn Write + Send>,
        /// Whoever reads had enough.
        closed: bool,
    },
    File {
        out: io::BufWriter<tempfile::NamedTempFile>,
        path: PathBuf,
    },
}

#[cfg(feature = "data")]
impl Document {
    /// Says whether what was written was seen already.
    pub(crate) const fn is_stream(&self) -> bool {
        matches!(self, Self::Stream { .. })
    }

    /// Gives the document its name, now that it is whole.
    pub(crate) fn finish(self) -> io::Result<()> {
        match self {
            Self::Stream { mut out, closed } => match out.flush() {
                Err(error) if closed || error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
                result => result,
            },
            Self::File { out, path } => {
                let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
                file.persist(path).map_err(|error| error.error)?;
                Ok(())
            }
        }
    }
}

#[cfg(feature = "data")]
impl Write for Document {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stream { closed: true, .. } => Ok(bytes.len()),
            Self::Stream { out, closed } => match out.write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                    *closed = true;
                    Ok(bytes.len())
                }
                result => result,
            },
            Self::File { out, .. } => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stream { closed: true, .. } => Ok(()),
            Self::Stream { out, closed } => match out.flush() {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                    *closed = true;
                    Ok(())
                }
                result => result,
            },
            Self::File { out, .. } => out.flush(),
        }
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
    let mut file = temporary(path)?;
    file.write_all(bytes)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

fn temporary(path: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.prefix(".cleanbill-").tempfile_in(folder_of(path))
}

pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
