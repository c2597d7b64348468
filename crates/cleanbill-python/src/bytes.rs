//! Bytes that Python names: a path, the bytes themselves, or an object that can seek and read.

use std::{
    fs::File,
    io,
    sync::{Arc, Mutex, PoisonError},
};

use cleanbill_core::{Text, text};
use cleanbill_data::{Artifact, Opener};
use cleanbill_formats::bytes as formats;
use cleanbill_scan::source::{Folder, Listed, Source as _};
use pyo3::{
    exceptions::PyException,
    prelude::*,
    types::{PyBytes, PyString},
};

use crate::errors::usage;

/// Where the bytes of an artifact come from.
#[derive(Clone, Debug)]
pub(crate) enum Given {
    /// A file of this machine, opened when it is wanted.
    Path(String),
    /// Bytes that are there.
    Bytes(Arc<Opened>),
    /// Nothing can be read, for this reason.
    Unreadable(Text),
}

/// Bytes that can be read.
#[derive(Debug)]
pub(crate) enum Opened {
    Memory(Vec<u8>),
    Object { file: Mutex<Py<PyAny>>, size: u64 },
}

impl Given {
    /// Takes what Python gives: `str` is a path, `bytes` are bytes, anything else has `seek`, `tell` and `read`.
    pub(crate) fn of(value: &Bound<'_, PyAny>) -> PyResult<Self> {
        if let Ok(path) = value.cast::<PyString>() {
            return Ok(Self::Path(path.extract()?));
        }
        if let Ok(bytes) = value.cast::<PyBytes>() {
            return Ok(Self::Bytes(Arc::new(Opened::Memory(bytes.as_bytes().to_vec()))));
        }
        if value.is_instance_of::<PyException>() {
            // Why there is nothing to read.
            return Ok(Self::Unreadable(Text::same(value.str()?.to_cow()?.into_owned())));
        }
        if !(value.hasattr("seek")? && value.hasattr("read")? && value.hasattr("tell")?) {
            let kind = value.get_type();
            let message = format!("a path, bytes or a file that can seek is wanted, not `{kind}`");
            return Err(usage(value.py(), message));
        }
        value.call_method1("seek", (0, 2))?;
        let size = value.call_method0("tell")?.extract()?;
        let file = Mutex::new(value.clone().unbind());
        Ok(Self::Bytes(Arc::new(Opened::Object { file, size })))
    }

    /// Opens it for the search for leaks.
    pub(crate) fn open(&self) -> Result<Arc<dyn cleanbill_data::ReadAt>, Text> {
        Ok(match self {
            Self::Path(path) => Arc::new(Adapter(file(path)?)),
            Self::Bytes(bytes) => Arc::new(Adapter(Arc::clone(bytes) as Arc<dyn formats::ReadAt>)),
            Self::Unreadable(reason) => return Err(reason.clone()),
        })
    }

    /// Returns it as an artifact.
    pub(crate) fn artifact(self, path: &str) -> Artifact {
        let open: Opener = Box::new(move || self.open());
        Artifact {
            path: path.into(),
            open,
        }
    }
}

/// Opens a file as the command line does: what is no file cannot be read.
fn file(path: &str) -> Result<Arc<dyn formats::ReadAt>, Text> {
    let none = || text!("cannot be read: no file", "无法读取：不是文件");
    if !File::open(path)
        .and_then(|file| file.metadata())
        .map_err(|error| text!("cannot be read: {error}", "无法读取：{error}"))?
        .is_file()
    {
        return Err(none());
    }
    match Folder::new(path, 0).list().pop() {
        Some(Listed::Artifact(artifact)) => artifact.open(),
        Some(Listed::Unreadable { reason, .. }) => Err(reason),
        None => Err(none()),
    }
}

impl formats::ReadAt for Opened {
    fn size(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::Object { size, .. } => *size,
        }
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Memory(bytes) => {
                let rest = usize::try_from(offset).ok().and_then(|start| bytes.get(start..));
                let rest = rest.unwrap_or_default();
                let taken = rest.len().min(buffer.len());
                if let (Some(target), Some(bytes)) = (buffer.get_mut(..taken), rest.get(..taken)) {
                    target.copy_from_slice(bytes);
                }
                Ok(taken)
            }
            Self::Object { file, .. } => {
                // Locked before the interpreter is taken: whoever holds it must never wait for the file.
                let file = file.lock().unwrap_or_else(PoisonError::into_inner);
                Python::attach(|py| read(file.bind(py), offset, buffer)).map_err(io::Error::other)
            }
        }
    }

    fn in_memory(&self) -> Option<&[u8]> {
        match self {
            Self::Memory(bytes) => Some(bytes),
            Self::Object { .. } => None,
        }
    }
}

fn read(file: &Bound<'_, PyAny>, offset: u64, buffer: &mut [u8]) -> PyResult<usize> {
    file.call_method1("seek", (offset,))?;
    let read = file.call_method1("read", (buffer.len(),))?;
    let bytes: &[u8] = read.extract()?;
    let taken = bytes.len().min(buffer.len());
    if let (Some(target), Some(bytes)) = (buffer.get_mut(..taken), bytes.get(..taken)) {
        target.copy_from_slice(bytes);
    }
    Ok(taken)
}

/// The same bytes for the crate that knows no sources.
#[derive(Debug)]
struct Adapter(Arc<dyn formats::ReadAt>);

impl cleanbill_data::ReadAt for Adapter {
    fn size(&self) -> u64 {
        self.0.size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read_at(offset, buffer)
    }
}
