//! Every cap on work and memory of this crate: what it protects, why that number, what happens beyond it.

/// Bytes of a bundle. A statement takes about 300 bytes for each file; this is room for some 400,000 files. Beyond it the bundle is
/// refused.
pub const BUNDLE_BYTES: u64 = 128 << 20;

/// Bytes of a file with keys, certificates or a trusted root. Mozilla's whole list of roots takes a quarter of it. Beyond it the file is
/// refused.
pub const KEY_FILE_BYTES: u64 = 1 << 20;

/// Resources of one statement. Beyond it the statement is refused.
pub const RESOURCES: usize = 1_000_000;

/// Entries of a model's folder, counted while it is walked. Beyond it the walk ends with an error, and nothing is signed or passed.
pub const ENTRIES: usize = 2_000_000;

/// Depth of folders. No library nests models deeper; beyond it the walk ends with an error.
pub const FOLDER_DEPTH: usize = 128;

/// Bytes of one name in a statement. Longer than what systems allow for a path; beyond it the name is refused.
pub const NAME_BYTES: usize = 4_096;

/// Certificates of one bundle. Chains in use have two to four; beyond it the bundle is refused.
pub const CHAIN_CERTIFICATES: usize = 16;

/// Certificates that may be trusted in one call.
pub const TRUSTED_CERTIFICATES: usize = 1_024;

/// Certificates on a path from the signer to a root. Beyond it the path is not followed.
pub const PATH_CERTIFICATES: usize = 10;

/// Signatures that are checked while a chain is looked for, so that a bundle full of look-alike issuers costs bounded work.
pub const CHAIN_SIGNATURES: usize = 100;

/// Rounds of key derivation that an encrypted private key may ask for; OpenSSL writes 2,048, current advice is 600,000.
pub const DERIVATION_ROUNDS: u32 = 10_000_000;

/// Bits of an RSA key that may issue a certificate, at least.
pub const RSA_BITS_AT_LEAST: usize = 2_048;

/// Bytes that one read asks for. Larger reads are no faster; smaller ones cost more calls.
pub const READ_BYTES: usize = 1 << 20;

/// Bytes of a file of claims. It is held in memory; beyond it the file is refused.
pub const CLAIMS_BYTES: u64 = 256 << 20;

/// Claims of one file. A model gets a handful for each release; beyond it the file is refused.
pub const CLAIMS: usize = 10_000;

/// Timestamps of one bundle; in use are one or two. Beyond it the bundle is refused.
pub const TIMESTAMPS: usize = 16;

/// Elements that stand beside each other in a timestamp, such as certificates and attributes. Beyond it the timestamp is refused.
pub const TIMESTAMP_ELEMENTS: usize = 64;

/// Bytes of a file of revocation lists, which is read whole: one of 16.4 MB with 400,000 entries took 216 MiB of memory for a moment and a
/// second in a build without optimisation. Beyond it the file is refused.
pub const REVOCATION_LIST_BYTES: u64 = 16 << 20;

/// Entries of one revocation list. More only fit into the bytes where hardly any has a reason; beyond it the list is refused.
pub const REVOCATION_ENTRIES: usize = 500_000;

/// Revocation lists of one file. A path needs one for each issuer; beyond it the file is refused.
pub const REVOCATION_LISTS: usize = 64;
