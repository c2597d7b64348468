//! Dotted names that a configuration asks a library to import and call.

use crate::callables::{Attack, Standing, standing};

/// Says what is known of a dotted name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// It carries an attack.
    Danger(Attack, &'static str),
    /// It is of Python's standard library and no configuration has a reason to call it.
    StandardLibrary,
    /// Nothing speaks against it.
    Plain,
}

/// Names of the standard library that honest configurations call.
const HONEST: &[&str] = &[
    "collections",
    "copy.copy",
    "copy.deepcopy",
    "dataclasses.field",
    "datetime",
    "decimal",
    "enum",
    "fractions",
    "functools.partial",
    "itertools",
    "logging.StreamHandler",
    "logging.getLogger",
    "math",
    "pathlib.Path",
    "pathlib.PosixPath",
    "pathlib.PurePath",
    "random.Random",
    "statistics",
    "string",
    "types.SimpleNamespace",
    "typing",
    "uuid.UUID",
    "builtins.bool",
    "builtins.dict",
    "builtins.float",
    "builtins.frozenset",
    "builtins.int",
    "builtins.len",
    "builtins.list",
    "builtins.max",
    "builtins.min",
    "builtins.range",
    "builtins.set",
    "builtins.slice",
    "builtins.str",
    "builtins.sum",
    "builtins.tuple",
    "builtins.zip",
    "builtins.enumerate",
    "hydra.utils.get_class",
    "hydra.utils.get_method",
    "hydra.utils.get_object",
    "hydra.utils.instantiate",
    "hydra.utils.call",
    "hydra.utils.to_absolute_path",
    "builtins.abs",
    "builtins.round",
    "builtins.sorted",
    "builtins.object",
    "builtins.type",
];

/// Packages whose objects configurations build. As pickles have no reason to name most of them, the tables refuse them
/// whole; here only what runs code by name counts, and what loads further files.
const PACKAGES: &[&str] = &[
    "accelerate",
    "datasets",
    "diffusers",
    "flax",
    "hydra",
    "jax",
    "keras",
    "lightning",
    "lightning_fabric",
    "megatron",
    "mlflow",
    "monai",
    "nemo",
    "numpy",
    "omegaconf",
    "peft",
    "pytorch_lightning",
    "sentencepiece",
    "sklearn",
    "tensorflow",
    "timm",
    "torch",
    "torchaudio",
    "torchvision",
    "transformers",
    "wandb",
    "fsspec",
    "huggingface_hub",
    "torchdata",
    "torchtext",
];

fn honest_package(dotted: &str) -> bool {
    let loads = [
        "load",
        "loads",
        "load_checkpoint_unsafe",
        "unsafe_load",
        "exec",
        "system",
        "load_library",
        "load_state_dict_from_url",
    ];
    let (first, last) = (
        dotted.split('.').next(),
        dotted.rsplit('.').next().unwrap_or_default(),
    );
    first.is_some_and(|first| PACKAGES.contains(&first)) && !loads.contains(&last)
}

/// Returns what is known of `dotted`, split in every way, because loaders follow attributes through imported modules.
pub(crate) fn known(dotted: &str) -> Known {
    let dotted = dotted.trim();
    if HONEST.iter().any(|name| {
        dotted == *name
            || dotted
                .strip_prefix(name)
                .is_some_and(|rest| rest.starts_with('.') && !name.contains('.'))
    }) {
        return Known::Plain;
    }
    let mut unknown_of_python = false;
    if !dotted.contains('.')
        && let Standing::Danger { attack, reason } = standing("builtins", dotted)
    {
        return Known::Danger(attack, reason);
    }
    for (at, _) in dotted.match_indices('.') {
        let (module, name) = (
            dotted.get(..at).unwrap_or_default(),
            dotted.get(at + 1..).unwrap_or_default(),
        );
        if name.is_empty() || name.split('.').count() > 6 {
            continue;
        }
        match standing(module, name) {
            Standing::Danger { attack, reason } => {
                if honest_package(dotted)
                    && !matches!(attack, Attack::Execute | Attack::Import | Attack::Attribute)
                {
                    continue;
                }
                return Known::Danger(attack, reason);
            }
            Standing::Allowed(_) => return Known::Plain,
            Standing::Unknown { standard_library } => unknown_of_python |= standard_library,
        }
    }
    if unknown_of_python {
        Known::StandardLibrary
    } else {
        Known::Plain
    }
}

/// Says whether a path leads out of the folder that names it: absolute, upwards, or to another machine.
pub(crate) fn leads_out(path: &str) -> bool {
    let path = path.trim();
    let drive = matches!(path.as_bytes(), [letter, b':', b'\\' | b'/', ..] if letter.is_ascii_alphabetic());
    path.starts_with(['/', '\\', '~'])
        || drive
        || path.contains("://")
        || path.split(['/', '\\']).any(|part| part == "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_however_they_are_split() {
        for name in [
            "os.system",
            "builtins.exec",
            "subprocess.Popen.communicate",
            "exec",
            "posix.system",
            "torch.utils.collect_env.run",
        ] {
            assert!(matches!(known(name), Known::Danger(..)), "{name}");
        }
        for name in [
            "torch.nn.Linear",
            "nemo.core.config.AdamParams",
            "src.models.Mine",
            "pathlib.Path",
            "datetime.timedelta",
        ] {
            assert_eq!(known(name), Known::Plain, "{name}");
        }
        assert!(
            leads_out("../x")
                && leads_out("/etc/x")
                && leads_out("s3://b")
                && leads_out("C:\\x")
                && !leads_out("code/x.py")
        );
    }
}
