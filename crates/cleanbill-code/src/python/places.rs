//! Names that libraries call by themselves, so that code under them runs without anybody asking for it.

/// Says whether a method of this name runs when an object is made, used, stored or looked at.
pub(super) fn is_automatic_method(name: &str) -> bool {
    name.len() > 4 && name.starts_with("__") && name.ends_with("__")
        || matches!(
            name,
            "forward"
                | "call"
                | "build"
                | "generate"
                | "from_pretrained"
                | "from_config"
                | "get_config"
                | "_init_weights"
                | "post_init"
                | "setup"
                | "initialize"
                | "initialize_options"
                | "finalize_options"
                | "handle"
                | "preprocess"
                | "inference"
                | "postprocess"
                | "predict"
                | "load_context"
                | "load"
                | "execute"
                | "run"
                | "prepare_inputs_for_generation"
                | "_info"
                | "_split_generators"
                | "_generate_examples"
                | "tokenize"
                | "_tokenize"
                | "encode"
                | "decode"
                | "load_state_dict"
                | "_load_from_state_dict"
                | "training_step"
                | "find_spec"
                | "exec_module"
                | "load_vocab"
        )
}

/// Says whether a function of this name, outside of classes, is an entry that a loader or server calls.
pub(super) fn is_automatic_function(name: &str) -> bool {
    name.starts_with("pytest_")
        || matches!(
            name,
            "__getattr__"
                | "__dir__"
                | "model_fn"
                | "input_fn"
                | "predict_fn"
                | "output_fn"
                | "transform_fn"
                | "handler"
                | "handle"
                | "lambda_handler"
                | "load_model"
                | "_load_pyfunc"
                | "get_model"
                | "generate"
                | "init_model"
                | "init"
                | "entrypoint"
                | "load_ipython_extension"
                | "setup_module"
                | "on_load"
                | "load_tokenizer"
                | "<lambda>"
        )
}
