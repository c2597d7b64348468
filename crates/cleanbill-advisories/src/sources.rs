//! Walks what is imported, document by document: archives, folders, JSON files with one record or many, one record a line.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use cleanbill_core::Sha256Digest;
use sha2::{Digest, Sha256};

use crate::{
    fault::{DocumentError, Fault, Place},
    file::{narrow, read_exact_at, wide},
    import::ImportError,
    json, limits,
    zip::{self, Unpacker, ZipFault},
};

/// What a source was.
#[derive(Debug)]
pub(crate) struct Walked {
    pub(crate) sha256: Sha256Digest,
    pub(crate) size_bytes: u64,
    /// Files and entries that are no JSON by their names.
    pub(crate) passed_over: usize,
}

/// Takes each document: its place and its bytes, or why its bytes cannot be had.
pub(crate) type Sink<'s> = dyn FnMut(&Place, Result<&[u8], DocumentError>) -> Result<(), ImportError> + 's;

/// Walks a source.
pub(crate) fn walk(source: &Path, sink: &mut Sink<'_>) -> Result<Walked, ImportError> {
    let metadata = fs::metadata(source).map_err(|error| io_error(source, error))?;
    if metadata.is_dir() {
        folder(source, sink)
    } else {
        file(source, &Place::of_file(source), sink)
    }
}

fn folder(root: &Path, sink: &mut Sink<'_>) -> Result<Walked, ImportError> {
    let mut files = Vec::new();
    let mut passed_over = 0_usize;
    list(root, root, 0, &mut files, &mut passed_over)?;
    files.sort_unstable();
    let mut lines = Sha256::new();
    let mut size_bytes = 0_u64;
    for (name, path) in files {
        let place = Place {
            entry: Some(name.clone()),
            ..Place::of_file(root)
        };
        let walked = file(&path, &place, sink)?;
        lines.update(format!("{}  {name}\n", walked.sha256));
        size_bytes = size_bytes.saturating_add(walked.size_bytes);
        passed_over = passed_over.saturating_add(walked.passed_over);
    }
    Ok(Walked {
        sha256: Sha256Digest(lines.finalize().into()),
        size_bytes,
        passed_over,
    })
}

/// Lists the JSON files and archives below a folder; symbolic links are passed over.
fn list(
    root: &Path,
    folder: &Path,
    depth: usize,
    files: &mut Vec<(String, PathBuf)>,
    passed_over: &mut usize,
) -> Result<(), ImportError> {
    let fault = |fault| {
        ImportError::Document(DocumentError {
            place: Box::new(Place::of_file(folder)),
            fault,
        })
    };
    if depth > limits::FOLDER_DEPTH {
        return Err(fault(Fault::TooDeep {
            limit: limits::FOLDER_DEPTH,
        }));
    }
    for entry in fs::read_dir(folder).map_err(|error| io_error(folder, error))? {
        let entry = entry.map_err(|error| io_error(folder, error))?;
        let path = entry.path();
        let kind = entry.file_type().map_err(|error| io_error(&path, error))?;
        if kind.is_dir() {
            list(root, &path, depth.saturating_add(1), files, passed_over)?;
        } else if kind.is_file() && has_known_name(&entry.file_name().to_string_lossy()) {
            let below = path.strip_prefix(root).unwrap_or(&path);
            let parts: Vec<_> = below
                .components()
                .map(|part| part.as_os_str().to_string_lossy())
                .collect();
            files.push((parts.join("/"), path));
            if wide(files.len()) > limits::ENTRIES {
                return Err(fault(Fault::TooMany {
                    what: "files",
                    limit: narrow(limits::ENTRIES),
                }));
            }
        } else {
            *passed_over = passed_over.saturating_add(1);
        }
    }
    Ok(())
}

fn has_known_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [".json", ".jsonl", ".ndjson", ".zip"]
        .iter()
        .any(|end| name.ends_with(end))
}

fn file(path: &Path, place: &Place, sink: &mut Sink<'_>) -> Result<Walked, ImportError> {
    let io = |error| io_error(path, error);
    let mut file = File::open(path).map_err(io)?;
    let mut start = [0; 4];
    let size_bytes = file.metadata().map_err(io)?.len();
    let length = narrow(size_bytes.min(4));
    read_exact_at(&file, start.get_mut(..length).unwrap_or_default(), 0).map_err(io)?;
    if zip::is_zip(&start) {
        let sha256 = digest(&mut file).map_err(io)?;
        let passed_over = archive(&file, size_bytes, path, place, sink)?;
        return Ok(Walked {
            sha256,
            size_bytes,
            passed_over,
        });
    }
    text(file, size_bytes, path, place, sink)
}

fn digest(file: &mut File) -> io::Result<Sha256Digest> {
    let mut sum = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok(Sha256Digest(sum.finalize().into()));
        }
        sum.update(buffer.get(..count).unwrap_or_default());
    }
}

/// Walks an archive; a broken directory ends it, a broken entry is the sink's matter.
fn archive(
    file: &File,
    length: u64,
    path: &Path,
    place: &Place,
    sink: &mut Sink<'_>,
) -> Result<usize, ImportError> {
    let whole = |fault| match fault {
        ZipFault::Io(error) => io_error(path, error),
        ZipFault::Fault(offset, fault) => ImportError::Document(DocumentError {
            place: Box::new(Place {
                offset,
                ..place.clone()
            }),
            fault,
        }),
    };
    let entries = zip::entries(file, length).map_err(whole)?;
    let mut unpacker = Unpacker::new();
    let mut passed_over = 0_usize;
    for entry in entries {
        if !has_known_name(&entry.name) {
            passed_over = passed_over.saturating_add(1);
            continue;
        }
        let name = match &place.entry {
            Some(outer) => format!("{outer}!/{}", entry.name),
            None => entry.name.clone(),
        };
        let inner = Place {
            entry: Some(name),
            ..place.clone()
        };
        match unpacker.read(file, length, &entry) {
            Ok(bytes) => documents(bytes, &inner, sink)?,
            Err(ZipFault::Io(error)) => return Err(io_error(path, error)),
            // The offset is that of the entry within the archive, as its bytes have none of their own.
            Err(ZipFault::Fault(offset, fault)) => {
                sink(
                    &inner,
                    Err(DocumentError {
                        place: Box::new(Place {
                            offset,
                            ..Place::default()
                        }),
                        fault,
                    }),
                )?;
            }
        }
    }
    Ok(passed_over)
}

/// Walks a file of text: one record a line where the first line is a whole object, else the whole file.
fn text(
    file: File,
    size_bytes: u64,
    path: &Path,
    place: &Place,
    sink: &mut Sink<'_>,
) -> Result<Walked, ImportError> {
    let io = |error| io_error(path, error);
    let mut sum = Sha256::new();
    let mut reader = BufReader::with_capacity(1 << 18, file);
    let mut line = Vec::new();
    let mut offset = 0_u64;
    let mut number = 0_u64;
    let limit = wide(limits::RECORD_BYTES);
    loop {
        line.clear();
        let read = reader
            .by_ref()
            .take(limit.saturating_add(2))
            .read_until(b'\n', &mut line)
            .map_err(io)?;
        if read == 0 {
            break;
        }
        number = number.saturating_add(1);
        let content = line.trim_ascii_end();
        let is_whole = content.trim_ascii_start().starts_with(b"{") && content.ends_with(b"}");
        if number == 1 && !is_whole {
            return whole(&mut reader, line, sum, place, path, sink);
        }
        sum.update(&line);
        if !content.is_empty() {
            let outer = Place {
                // A file of one line is one record, and its line says nothing.
                path: if wide(read) == size_bytes {
                    String::new()
                } else {
                    format!("line {number}:")
                },
                offset,
                ..place.clone()
            };
            if wide(content.len()) > limit {
                // The rest of the line cannot be told from records.
                return Err(ImportError::Document(DocumentError {
                    place: Box::new(outer),
                    fault: Fault::TooLong {
                        what: "the record",
                        limit,
                    },
                }));
            }
            sink(&outer, Ok(content))?;
        }
        offset = offset.saturating_add(wide(read));
    }
    Ok(Walked {
        sha256: Sha256Digest(sum.finalize().into()),
        size_bytes,
        passed_over: 0,
    })
}

fn whole(
    reader: &mut impl Read,
    mut bytes: Vec<u8>,
    mut sum: Sha256,
    place: &Place,
    path: &Path,
    sink: &mut Sink<'_>,
) -> Result<Walked, ImportError> {
    let limit = limits::FILE_BYTES;
    reader
        .take(limit)
        .read_to_end(&mut bytes)
        .map_err(|error| io_error(path, error))?;
    if wide(bytes.len()) > limit {
        return Err(ImportError::Document(DocumentError {
            place: Box::new(place.clone()),
            fault: Fault::TooLong {
                what: "the file",
                limit,
            },
        }));
    }
    sum.update(&bytes);
    documents(&bytes, place, sink)?;
    Ok(Walked {
        sha256: Sha256Digest(sum.finalize().into()),
        size_bytes: wide(bytes.len()),
        passed_over: 0,
    })
}

/// Gives a document to the sink, or each element of its outermost array.
fn documents(bytes: &[u8], place: &Place, sink: &mut Sink<'_>) -> Result<(), ImportError> {
    let first = bytes
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(bytes)
        .trim_ascii_start()
        .first();
    if first != Some(&b'[') {
        return sink(place, Ok(bytes));
    }
    match json::elements(bytes) {
        Ok(elements) => {
            for (number, (offset, element)) in elements.into_iter().enumerate() {
                sink(
                    &Place {
                        path: format!("[{number}]"),
                        offset: wide(offset),
                        ..place.clone()
                    },
                    Ok(element),
                )?;
            }
            Ok(())
        }
        Err(error) => sink(place, Err(error)),
    }
}

fn io_error(path: &Path, source: io::Error) -> ImportError {
    ImportError::Io {
        path: path.to_owned(),
        source,
    }
}
