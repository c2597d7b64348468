//! The registry of detectors: one line each, in the order in which the reference lists them.

/// Declares each detector's module and collects its description.
macro_rules! register {
    ($($module:ident,)*) => {
        $(mod $module;)*

        /// Lists every detector of this build.
        pub static DETECTORS: &[&crate::Detector] = &[$(&$module::DETECTOR,)*];
    };
}

register! {
    pickle_unsafe_import,
    pickle_unsafe_call,
    pickle_unknown_import,
    pickle_unresolved,
    pickle_nested,
    pickle_persistent_id,
    damaged_structure,
    reader_disagreement,
    unusual_structure,
    decompression_bomb,
    archive_swelling,
    archive_too_deep,
    torch_storage_mismatch,
}
