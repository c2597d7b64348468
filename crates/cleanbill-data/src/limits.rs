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
/// Bytes that tell what a file is where one of them is NUL.
pub(crate) const SNIFF_BYTES: usize = 4 << 10;
/// LIMIT: bytes of a packed file that are held in memory, since its kind is not read from start to end. A larger one is not read.
pub(crate) const HELD_BYTES: usize = 64 << 20;
/// LIMIT: files that a file may stand within, one in the other; what is deeper is not read.
pub(crate) const DEPTH_OF_FILES: u32 = 4;
/// Members that are searched as one piece of work.
pub(crate) const BATCH_JOBS: usize = 512;
/// LIMIT: ends of names by which members that no kind reads are counted; the rest is counted as one.
pub(crate) const UNREAD_SUFFIXES: usize = 64;
/// LIMIT: bytes of the records of names of one entry of tar.
pub(crate) const NAMES_BYTES: usize = 1 << 20;
/// LIMIT: entries of one ZIP archive that are read.
pub(crate) const ZIP_ENTRIES: usize = 1_000_000;
/// LIMIT: bytes of the directory of a ZIP archive.
pub(crate) const DIRECTORY_BYTES: u64 = 256 << 20;
/// LIMIT: how many times its packed size a member of an archive may have, from 64 MiB on; deflate reaches 1,032.
pub(crate) const UNPACKED_RATIO: u64 = 2_000;
/// LIMIT: names of elements counted in one element of XML; those of further names have no number in their path.
pub(crate) const CHILD_NAMES: usize = 256;
/// LIMIT: bytes of a block of Avro, packed or not. Writers make blocks of 16 KiB to 4 MiB; a larger one is not examined.
pub(crate) const AVRO_BLOCK_BYTES: usize = 64 << 20;
/// LIMIT: types in a schema of Avro.
pub(crate) const AVRO_TYPES: usize = 20_000;
/// LIMIT: levels of a tree of `SQLite`. Four billion pages of the smallest size have fewer than 20.
pub(crate) const SQLITE_DEPTH: u32 = 40;
/// LIMIT: tables and indexes of a database.
pub(crate) const SQLITE_TABLES: usize = 100_000;
/// LIMIT: values that a deleted row is taken to have at most.
pub(crate) const SQLITE_VALUES: usize = 64;
/// LIMIT: cells that are named of those that have a long string with a finding in common.
pub(crate) const SHARED_CELLS: u32 = 100;
