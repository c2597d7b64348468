//! Every cap on work and memory of this crate: what it protects, why that number, what happens beyond it.

/// Bytes of a system file. A thousand artifacts and rules take a fifth of it; beyond it the file is refused.
pub const SYSTEM_FILE_BYTES: u64 = 1 << 20;

/// Bytes of a lock file. A file takes about 120 bytes, so that this is room for some 270,000; reading takes about twenty times as much
/// memory. Beyond it the lock is refused, and not written either.
pub const LOCK_FILE_BYTES: u64 = 32 << 20;

/// Artifacts of a system, and rules of trust. No system is known to have a tenth of it; beyond it the file is refused.
pub const ENTRIES: usize = 10_000;

/// Files of one artifact in a lock, as many as a signed statement may name; beyond it the lock is refused.
pub const FILES: usize = 1_000_000;

/// Values of one list in the system file, such as files with roots.
pub const LIST_VALUES: usize = 64;

/// Bytes of one text in the system file or the lock. Longer than what systems allow for a path.
pub const TEXT_BYTES: usize = 4_096;

/// Faults that are kept; what comes after them is counted with the last one as "more".
pub const FAULTS: usize = 100;

/// Steps from one reference of git to the next. Git follows five.
pub const REFERENCES: usize = 5;

/// Bytes of a file of git or of a download's record that are read; `packed-refs` of the largest repositories take a few MB.
pub const RECORD_BYTES: u64 = 16 << 20;

/// Records of downloads that are looked at in one folder.
pub const RECORDS: usize = 100_000;
