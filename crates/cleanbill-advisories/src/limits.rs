//! Every cap of this crate. A limit that is reached is an error with a place, never a silent cut.

/// LIMIT: bytes of one OSV record. The longest published ones list some thousand versions and stay below 4 MiB; a record is read as
/// a whole, so this bounds memory.
pub const RECORD_BYTES: usize = 16 << 20;
/// LIMIT: bytes of a JSON file that holds an array of records, of a KEV catalog or of a list of known-bad models, read as a whole.
pub const FILE_BYTES: u64 = 512 << 20;
/// LIMIT: objects and arrays within one another. Real records need 8; the walk keeps a stack of this height.
pub const NESTING: usize = 64;
/// LIMIT: records in one import. All ecosystems together have less than a million.
pub const RECORDS: usize = 4_000_000;
/// LIMIT: bytes of decoded records in one import. An archive that inflates beyond it is refused.
pub const IMPORT_BYTES: u64 = 64 << 30;
/// LIMIT: packages that one record names. Advisories of distributions name some hundreds.
pub const AFFECTED: usize = 50_000;
/// LIMIT: ranges of one affected package.
pub const RANGES: usize = 10_000;
/// LIMIT: events of one range.
pub const EVENTS: usize = 50_000;
/// LIMIT: versions listed for one affected package.
pub const VERSIONS: usize = 200_000;
/// LIMIT: ids in `aliases`, `related` or `upstream`, and entries of `severity`.
pub const IDS: usize = 5_000;
/// LIMIT: kinds of weakness of one advisory that are kept. Records name fewer than ten; more say nothing that helps a reader.
pub const WEAKNESSES: usize = 64;
/// LIMIT: bytes of an id, a name of a package or of an ecosystem, a version, a CVSS vector or a date.
pub const WORD_BYTES: usize = 4_096;
/// LIMIT: bytes of a summary that are kept; a longer one is cut at a character. The full text stays with its publisher.
pub const SUMMARY_BYTES: usize = 512;
/// LIMIT: bytes of an index file. Offsets are 64 bits wide; the import holds this much in memory at most.
pub const INDEX_BYTES: u64 = 8 << 30;
/// LIMIT: bytes of the parts of an index that are read when it is opened: its header texts and the first keys of its pages.
pub const OPEN_BYTES: u64 = 64 << 20;
/// LIMIT: bytes of the advisories of one package within an index.
pub const BLOCK_BYTES: u64 = 256 << 20;
/// LIMIT: advisories reported for one package. The kernel of Linux has some thousands.
pub const MATCHES: usize = 100_000;
/// LIMIT: levels of folders below a source.
pub const FOLDER_DEPTH: usize = 32;
/// LIMIT: entries of an archive or files of a folder.
pub const ENTRIES: u64 = 4_000_000;
/// LIMIT: bytes of the directory of an archive, which is read as a whole.
pub const ZIP_DIRECTORY_BYTES: u64 = 1 << 30;
/// LIMIT: lines of an EPSS file; one per CVE, of which there are a third of a million.
pub const EPSS_LINES: usize = 4_000_000;
/// LIMIT: decoded bytes of an EPSS file.
pub const EPSS_BYTES: u64 = 1 << 30;
/// LIMIT: entries of a KEV catalog or of a list of known-bad models.
pub const LIST_ENTRIES: usize = 1_000_000;
