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
    damaged_structure,
    reader_disagreement,
    unusual_structure,
    decompression_bomb,
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
    remote_code_reference,
    suspicious_string,
}
