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
    archive_path_traversal,
    archive_link,
    archive_special_file,
    archive_duplicate_entry,
    archive_hidden_entry,
    archive_encrypted_entry,
    archive_overlap,
    archive_header_mismatch,
    archive_prefix,
    torch_zip_unexpected_entry,
    damaged_structure,
    reader_disagreement,
    unusual_structure,
    decompression_bomb,
    archive_swelling,
    archive_too_deep,
    torch_storage_mismatch,
    torchscript_operator,
    executable_content,
    type_mismatch,
    pickle_instead_of_data,
    polyglot,
    trailing_data,
    numpy_object_array,
    numpy_header_abuse,
    safetensors_invalid,
    gguf_invalid,
    gguf_template_injection,
    keras_lambda,
    keras_unsafe_module,
    keras_unknown_class,
    keras_file_reference,
    keras_unsafe_deserialization,
    hdf5_external_link,
    hdf5_external_storage,
    hdf5_invalid,
    remote_code_reference,
    suspicious_string,
}
