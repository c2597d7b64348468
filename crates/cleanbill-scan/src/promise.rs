//! What a file's name promises about its content.

use cleanbill_formats::{
    Format, FormatView, Parsed, Probe, Score, TAIL_BYTES, bytes::read_range, text::Kind,
};

use crate::scene::Scene;

/// Extensions that many formats share, or that tools give to several of them: they promise nothing.
const AMBIGUOUS: &[&str] = &[
    "a", "arrow", "bin", "cfg", "ckpt", "class", "dat", "data", "db", "dll", "dylib", "exe", "ico", "index",
    "ini", "joblib", "js", "keras", "lnk", "log", "merges", "model", "mov", "mp3", "msgpack", "pb", "pickle",
    "pkl", "pt", "pth", "pyc", "pyd", "pyo", "r", "rda", "rdata", "rds", "rdx", "sh", "so", "svg", "t7",
    "tif", "tiff", "vocab", "weights", "wasm", "dex",
];

/// Extensions that promise data or a model, never code of the machine.
const DATA: &[&str] = &[
    "arrow",
    "bin",
    "bmp",
    "ckpt",
    "csv",
    "dat",
    "data",
    "db",
    "feather",
    "gguf",
    "gif",
    "h5",
    "hdf5",
    "jpeg",
    "jpg",
    "json",
    "jsonl",
    "keras",
    "md",
    "mlmodel",
    "model",
    "mp3",
    "mp4",
    "msgpack",
    "nemo",
    "npy",
    "npz",
    "onnx",
    "ort",
    "parquet",
    "pb",
    "pdf",
    "pickle",
    "pkl",
    "pmml",
    "png",
    "pt",
    "pte",
    "pth",
    "rst",
    "safetensors",
    "skops",
    "sqlite",
    "t7",
    "tflite",
    "toml",
    "tsv",
    "txt",
    "wav",
    "webp",
    "weights",
    "xml",
    "yaml",
    "yml",
];

/// Those of them under which loaders do expect pickles, or anything at all.
const MAY_BE_PICKLE: &[&str] = &[
    "bin", "ckpt", "dat", "data", "db", "model", "msgpack", "pickle", "pkl", "pt", "pth", "t7", "weights",
];

/// Extensions of programs in text, with their names.
const PROGRAMS: &[(&str, &str, &str)] = &[
    ("bash", "shell script", "Shell 脚本"),
    ("bat", "Windows batch file", "Windows 批处理文件"),
    ("cmd", "Windows batch file", "Windows 批处理文件"),
    ("htm", "HTML page", "HTML 页面"),
    ("html", "HTML page", "HTML 页面"),
    ("ipynb", "notebook", "笔记本（notebook）"),
    ("js", "JavaScript", "JavaScript 代码"),
    ("mjs", "JavaScript", "JavaScript 代码"),
    ("lua", "Lua source", "Lua 源代码"),
    ("php", "PHP source", "PHP 源代码"),
    ("pl", "Perl source", "Perl 源代码"),
    ("ps1", "PowerShell script", "PowerShell 脚本"),
    ("py", "Python source", "Python 源代码"),
    ("pyw", "Python source", "Python 源代码"),
    ("pth", "Python path file", "Python 路径文件"),
    ("r", "R source", "R 源代码"),
    ("rb", "Ruby source", "Ruby 源代码"),
    ("sh", "shell script", "Shell 脚本"),
    ("ts", "TypeScript", "TypeScript 代码"),
    ("vbs", "VBScript", "VBScript 脚本"),
];

/// Formats whose files a machine-learning library loads as models or tensors.
const MODELS: &[&str] = &[
    "caffe",
    "catboost",
    "cntk",
    "coreml",
    "executorch",
    "ggml-legacy",
    "gguf",
    "hdf5",
    "joblib",
    "keras",
    "lightgbm",
    "mxnet",
    "ncnn",
    "nemo",
    "npy",
    "npz",
    "ocdbt",
    "onnx",
    "openvino",
    "ort",
    "paddle",
    "pickle",
    "pmml",
    "safetensors",
    "skops",
    "tensorflow",
    "tensorrt",
    "tflite",
    "torch-legacy",
    "torch-tar",
    "torch-zip",
    "torch7",
    "unsupported-model",
    "xgboost",
    "zarr",
];

/// Says whether `extension` promises data or a model.
pub(crate) fn is_data(extension: &str) -> bool {
    DATA.contains(&extension)
}

/// Says whether `extension` promises data of a format in which pickles have no place: a pickle under such a name is kept from
/// scanners that go by names.
pub(crate) fn has_no_pickle(extension: &str) -> bool {
    is_data(extension) && !MAY_BE_PICKLE.contains(&extension)
}

/// Says whether the scene stands inside a model file.
pub(crate) fn is_within_model(scene: &Scene<'_>) -> bool {
    scene
        .within
        .iter()
        .any(|format| MODELS.contains(&format.info().id))
}

/// Lists the formats that `extension` promises; none where it is shared by many.
pub(crate) fn formats(extension: &str) -> Vec<Format> {
    if extension.is_empty() || AMBIGUOUS.contains(&extension) {
        return Vec::new();
    }
    let promises = |format: &&Format| format.info().extensions.contains(&extension);
    Format::ALL.iter().filter(promises).copied().collect()
}

/// Says whether the content is the note that Git LFS leaves in place of a file.
pub(crate) fn is_lfs_pointer(scene: &Scene<'_>) -> bool {
    scene
        .parsed
        .iter()
        .any(|parsed| matches!(parsed, Parsed::Text(view) if view.kind == Kind::GitLfsPointer))
}

/// Extensions under which loaders expect pickles, tensors or weights, and never text.
const LOADED: &[&str] = &[
    "bin",
    "ckpt",
    "dill",
    "gguf",
    "h5",
    "joblib",
    "keras",
    "nemo",
    "npy",
    "npz",
    "onnx",
    "p",
    "pickle",
    "pkl",
    "pt",
    "safetensors",
    "sav",
    "skops",
    "t7",
    "weights",
];

/// Says whether something that a loader takes for a model is text: cut off before it became anything, or a program of a
/// protocol so old that it reads like text.
pub(crate) fn is_text_for_a_loader(scene: &Scene<'_>) -> bool {
    LOADED.contains(&scene.extension)
        && scene
            .parsed
            .iter()
            .all(|parsed| matches!(parsed, Parsed::Text(view) if view.kind != Kind::GitLfsPointer))
        && !scene.parsed.is_empty()
}

/// Names the program that the file's name promises where the content is text that was taken for something harmless.
pub(crate) fn unread_program(scene: &Scene<'_>) -> Option<(&'static str, &'static str)> {
    let (_, en, zh) = *PROGRAMS.iter().find(|(known, ..)| *known == scene.extension)?;
    if scene.reading.python().is_some() || scene.is(Format::Ipynb) {
        return None;
    }
    let harmless = |parsed: &Parsed| match parsed {
        Parsed::Text(view) => view.not_examined().is_none(),
        _ => false,
    };
    scene.parsed.iter().any(harmless).then_some((en, zh))
}

/// Lists the formats that the content is likely or certain to be; probing is done again because views carry no score.
pub(crate) fn likely(scene: &Scene<'_>) -> Vec<Format> {
    let size = scene.source.size();
    let tail =
        read_range(scene.source, size.saturating_sub(TAIL_BYTES)..size, TAIL_BYTES).unwrap_or_default();
    let probe = Probe {
        head: scene.head,
        tail: &tail,
        size,
        source: scene.source,
    };
    let formats = scene.parsed.iter().map(Parsed::format);
    formats
        .filter(|format| format.probe(&probe).is_some_and(|score| score >= Score::Likely))
        .collect()
}

/// Says whether `format` is a pickle or a container that `PyTorch` loads through pickle.
pub(crate) fn is_pickle(format: Format) -> bool {
    let id = format.info().id;
    id == "pickle" || id == "joblib" || id.starts_with("torch-")
}
