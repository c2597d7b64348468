//! Holds input that can be read only once, first in memory, then in an unnamed temporary file.

use std::{
    fs::File,
    io::{self, Read, Write},
    sync::Arc,
};

use cleanbill_core::{Text, text};
use cleanbill_formats::{bytes::ReadAt, limits::Limits};
use thiserror::Error;

use super::FileBytes;

/// LIMIT: input up to this size stays in memory: most configuration files and adapters are smaller, and it bounds what one
/// thread holds. Larger input goes to an unnamed file, which the system removes even when the program is killed.
const MEMORY_BYTES: usize = 4 * 1024 * 1024;

/// Says why input could not be copied.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SpoolError {
    /// The input could not be read.
    #[error("cannot read the input after {read} bytes: {source}")]
    Read {
        /// How many bytes were read before.
        read: u64,
        /// What the source said.
        source: io::Error,
    },
    /// The temporary file could not be written.
    #[error("cannot write the temporary file after {written} bytes: {source}")]
    Write {
        /// How many bytes were written before.
        written: u64,
        /// What the system said.
        source: io::Error,
    },
    /// The input is longer than a limit allows.
    #[error("the input is longer than {limit} bytes: limit `spool_bytes` reached")]
    Limit {
        /// The limit, in bytes.
        limit: u64,
    },
}

impl SpoolError {
    /// Returns the message in every language.
    pub fn text(&self) -> Text {
        match self {
            Self::Read { read, source } => text!(
                "cannot read the input after {read} bytes: {source}",
                "读取 {read} 字节后无法继续读取输入：{source}"
            ),
            Self::Write { written, source } => text!(
                "cannot write the temporary file after {written} bytes: {source}",
                "写入 {written} 字节后无法继续写入临时文件：{source}"
            ),
            Self::Limit { limit } => text!(
                "the input is longer than {limit} bytes: limit `spool_bytes` reached",
                "输入超过 {limit} 字节：达到上限 `spool_bytes`"
            ),
        }
    }
}

/// Copies all of `input`, at most `limits.spool_bytes`.
pub(super) fn spool(input: &mut dyn Read, limits: &Limits) -> Result<Arc<dyn ReadAt>, SpoolError> {
    let limit = limits.spool_bytes;
    let mut memory = Vec::new();
    let mut file: Option<File> = None;
    let mut size = 0_u64;
    let mut piece = vec![0; 64 * 1024];
    loop {
        let count = match input.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(source) => return Err(SpoolError::Read { read: size, source }),
        };
        let bytes = piece.get(..count).unwrap_or_default();
        let total = size.saturating_add(bytes.len() as u64);
        if total > limit {
            return Err(SpoolError::Limit { limit });
        }
        let written = size;
        let failed = |source| SpoolError::Write { written, source };
        match &mut file {
            Some(file) => file.write_all(bytes).map_err(failed)?,
            None if memory.len() + bytes.len() <= MEMORY_BYTES => memory.extend_from_slice(bytes),
            None => {
                let mut created = tempfile::tempfile().map_err(failed)?;
                created.write_all(&memory).map_err(failed)?;
                created.write_all(bytes).map_err(failed)?;
                memory = Vec::new();
                file = Some(created);
            }
        }
        size = total;
    }
    Ok(match file {
        Some(file) => Arc::new(FileBytes::new(file, size)),
        None => Arc::new(memory),
    })
}

#[cfg(test)]
mod tests {
    use cleanbill_formats::bytes::read_range;

    use super::*;

    #[test]
    fn small_and_large_input_read_back_alike() {
        for size in [0, 1, MEMORY_BYTES, MEMORY_BYTES + 1, 3 * MEMORY_BYTES + 17] {
            let bytes: Vec<u8> = (0..=250_u8).cycle().take(size).collect();
            let held = spool(&mut bytes.as_slice(), &Limits::default()).unwrap();
            assert_eq!(held.size(), size as u64);
            assert!(read_range(held.as_ref(), 0..u64::MAX, u64::MAX).unwrap() == bytes);
        }
    }

    #[test]
    fn input_beyond_the_limit_is_refused() {
        let limits = Limits {
            spool_bytes: 10,
            ..Limits::default()
        };
        assert!(spool(&mut [0_u8; 10].as_slice(), &limits).is_ok());
        let error = spool(&mut [0_u8; 11].as_slice(), &limits).unwrap_err();
        assert!(matches!(error, SpoolError::Limit { limit: 10 }));
    }
}
