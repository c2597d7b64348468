//! Every cap on work and memory, named. A limit that is reached is an anomaly and makes the coverage partial.

macro_rules! limits {
    ($($(#[doc = $doc:literal])* $name:ident = $default:expr, $unit:literal;)*) => {
        /// Holds the caps that parsers and the engine obey.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Limits {
            $($(#[doc = $doc])* pub $name: u64,)*
        }

        impl Default for Limits {
            fn default() -> Self {
                Self { $($name: $default,)* }
            }
        }

        impl Limits {
            /// Sets the limit called `name`; says whether there is one.
            #[must_use]
            pub fn set(&mut self, name: &str, value: u64) -> bool {
                match name {
                    $(stringify!($name) => self.$name = value,)*
                    _ => return false,
                }
                true
            }
        }

        /// Lists every limit with its default, for the reference page and `list limits`.
        pub static LIMITS: &[LimitInfo] = &[
            $(LimitInfo { name: stringify!($name), default: $default, unit: $unit, page: concat!($($doc, "\n"),*) },)*
        ];
    };
}

/// Describes one limit.
#[derive(Debug)]
pub struct LimitInfo {
    /// Name of the field in [`Limits`].
    pub name: &'static str,
    /// Default value.
    pub default: u64,
    /// What it counts.
    pub unit: &'static str,
    /// What it protects, why that number, what happens beyond it.
    pub page: &'static str,
}

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

limits! {
    /// Protects the stack and the run time from archives within archives. Honest artifacts nest two or three levels; what lies deeper is not opened.
    nesting_depth = 12, "levels";
    /// Protects run time and memory from archives with endless entries. The largest public checkpoints hold some ten thousand; entries beyond are not opened.
    members_per_container = 200_000, "entries";
    /// Protects run time from members that lie over each other and hold each other, level after level: how often the bytes of an artifact are examined again as members of members. Honest nesting needs one time for each level; members beyond are not opened.
    revisits = 64, "times";
    /// Protects run time and disk from decompression bombs. What a member yields beyond this is not examined.
    member_bytes = 64 * GIB, "bytes";
    /// Protects run time and disk from many bombs in one artifact: all that is decompressed for one artifact, added up.
    artifact_decoded_bytes = 256 * GIB, "bytes";
    /// Tells a bomb from a well-compressed file: output over input. Weights hardly compress, tables reach some tens to one, and deflate ends at 1,030:1; it counts only above `bomb_floor_bytes`.
    bomb_ratio = 200, "times";
    /// Keeps small, very compressible members from being called bombs.
    bomb_floor_bytes = 32 * MIB, "bytes";
    /// Bounds memory: a decompressed member up to this size is held in memory, a larger one in an unnamed temporary file.
    memory_member_bytes = 4 * MIB, "bytes";
    /// Bounds run time on one pickle: opcodes interpreted over all its streams. A checkpoint of 100 million opcodes would be some 300 MB of opcodes alone.
    pickle_opcodes = 400_000_000, "opcodes";
    /// Bounds memory in a pickle: memo entries kept, 8 bytes each. Beyond, memo reads are unresolved.
    pickle_memo = 12_000_000, "entries";
    /// Bounds memory in a pickle: values on the abstract stack, 8 bytes each.
    pickle_stack = 8_000_000, "values";
    /// Bounds memory in a pickle: different imports kept. The largest honest pickles name a few hundred.
    pickle_imports = 20_000, "imports";
    /// Bounds memory in a pickle: different calls kept (same callable, same kind of arguments count once).
    pickle_calls = 50_000, "calls";
    /// Bounds memory: length of a name (module, callable, key) that is read; names beyond are cut and noted.
    name_bytes = 4 * KIB, "bytes";
    /// Bounds run time on back-to-back pickles in one input.
    pickle_streams = 100_000, "pickles";
    /// Bounds nested pickles, each found in a byte string of the one before.
    pickle_embedded = 4_096, "byte strings";
    /// Bounds memory: longest header or metadata block read as a whole (safetensors header, header of an array file, JSON). Same as the cap of the safetensors reference reader.
    header_bytes = 100_000_000, "bytes";
    /// Bounds memory: tensors listed in one file.
    tensors = 2_000_000, "tensors";
    /// Bounds memory: metadata keys kept of one file.
    metadata_entries = 1_000_000, "entries";
    /// Bounds the report: anomalies kept of one input, most come in series.
    anomalies = 200, "anomalies";
    /// Bounds the report: findings kept of one artifact, the worst first; that more were dropped is said and makes the coverage partial.
    findings_per_artifact = 1_000, "findings";
    /// Bounds the depth of folders followed, so that a folder tree made to be endless ends; what lies deeper is reported as not examined.
    folder_depth = 64, "levels";
    /// Bounds disk: input that cannot be read at any offset (standard input, a server without ranges) is first copied to an unnamed temporary file; input beyond this is refused.
    spool_bytes = 64 * GIB, "bytes";
    /// Bounds memory and requests: files listed of one remote target. The largest public repositories hold some hundred thousand; a longer listing is refused.
    listed_files = 1_000_000, "files";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_can_be_set_by_its_name() {
        let mut limits = Limits::default();
        assert!(LIMITS.iter().all(|limit| limits.set(limit.name, 7)));
        assert_eq!(limits.tensors, 7);
        assert!(!limits.set("no_such", 7));
    }

    #[test]
    fn every_limit_says_what_it_protects() {
        for limit in LIMITS {
            assert!(limit.page.trim().len() > 40, "{}", limit.name);
            assert!(limit.default > 0, "{}", limit.name);
        }
    }
}
