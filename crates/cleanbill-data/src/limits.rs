//! Every cap on work and memory, with its reason. What is reached is said, and coverage is partial then.

/// Bytes of text, lines or rows of CSV that are examined as one piece of work.
pub(crate) const BLOCK_BYTES: usize = 4 << 20;
/// LIMIT: bytes of one record of JSON or CSV. A longer one is not examined; the next record is.
pub(crate) const RECORD_BYTES: usize = 32 << 20;
/// LIMIT: bytes of the pieces that wait to be examined or written, over all threads; one piece is let through always.
pub(crate) const WAITING_BYTES: u64 = 96 << 20;
/// LIMIT: pieces that wait to be examined or written.
pub(crate) const WAITING_PIECES: u64 = 1_024;
/// LIMIT: findings that wait to be written; then no further piece is begun.
pub(crate) const WAITING_FINDINGS: u64 = 200_000;
/// LIMIT: findings kept of one piece of work. The rest is counted, and coverage is partial.
pub(crate) const PIECE_FINDINGS: usize = 200_000;
/// Bytes on both sides of a piece of text that are searched with it, so that a cut changes nothing.
pub(crate) const OVERLAP_BYTES: usize = 64 << 10;
/// LIMIT: levels of nesting in JSON. What is deeper is searched as plain text.
pub(crate) const DEPTH: usize = 128;
/// LIMIT: bytes of the names that lead to a value.
pub(crate) const PATH_BYTES: usize = 1_024;
/// LIMIT: bytes of a page of Parquet, packed or not. Writers make pages of 1 MiB; a column with a larger one is not examined.
pub(crate) const PAGE_BYTES: usize = 64 << 20;
/// LIMIT: bytes of a footer of Parquet, which is held in memory many times its size.
pub(crate) const FOOTER_BYTES: u64 = 64 << 20;
/// LIMIT: columns of a table; a wider one is not examined.
pub(crate) const COLUMNS: usize = 20_000;
/// LIMIT: bytes of one message of Arrow IPC, packed or not.
pub(crate) const MESSAGE_BYTES: u64 = 256 << 20;
/// LIMIT: bytes of the dictionaries of one Arrow file, which are held until its end.
pub(crate) const DICTIONARY_BYTES: u64 = 256 << 20;
/// Bytes that are looked at to tell what a file is.
pub(crate) const HEAD_BYTES: usize = 64 << 10;
/// LIMIT: problems listed for each artifact; the rest is counted.
pub(crate) const PROBLEMS: usize = 100;
/// LIMIT: problems kept of one piece of work; the rest is counted. As many as are listed, so that it does not matter how a file is cut.
pub(crate) const PIECE_PROBLEMS: usize = PROBLEMS;
/// LIMIT: bytes of an id of a record that are kept.
pub(crate) const ID_BYTES: usize = 256;
/// Longest value that is searched together with the name of its column.
pub(crate) const NAMED_BYTES: usize = 4 << 10;
/// LIMIT: memory of the decoder of xz, in KiB.
pub(crate) const XZ_KIB: u32 = 128 << 10;
/// LIMIT: window of a Zstandard stream.
pub(crate) const ZSTD_WINDOW_BYTES: u64 = 128 << 20;
