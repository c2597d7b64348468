//! Parsers of untrusted bytes: what a file really is, what is in it, and everything about it that is odd.
//!
//! A parser here returns a view and anomalies for whatever it is given; it fails only when the source of the bytes fails.
//! Nothing here judges, executes, decompresses without a bound, opens files or touches the network. To add a format, add
//! one file and one line to the registry below (see `CONTRIBUTING.md`).
#![cfg_attr(
    not(test),
    deny(
        clippy::panic,
        clippy::unreachable,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
    )
)]

mod anomaly;
pub mod bytes;
pub mod codec;
mod compressed;
mod external;
mod flatbuffer;
pub mod json;
pub mod limits;
mod member;
mod notes;
mod prototext;
mod raw;
mod registry;
mod tensor;
#[cfg(test)]
mod testing;
mod tokens;
mod wire;
mod words;
pub mod xml;

pub use anomaly::{Anomaly, AnomalyKind, Impact};
pub use external::{ExternalData, ExternalFile, Span};
pub use member::{Member, Payload, Role};
pub use raw::disguised;
pub use registry::{Dialect, FormatInfo, FormatView, HEAD_BYTES, Input, Probe, Score, TAIL_BYTES, page_text};
pub use tensor::{Tensor, TensorList};
pub use tokens::{Shared, Telling};

registry::register! {
    pickle => Pickle,
    npy => Npy,
    safetensors => Safetensors,
    gguf => Gguf,
    hdf5 => Hdf5,
    sentencepiece => Sentencepiece,
    tokenizer => Tokenizer,
    tiktoken => Tiktoken,
    executable => Executable,
    media => Media,
    onnx => Onnx,
    tensorflow => Tensorflow,
    tensorflow_checkpoint => TensorflowCheckpoint,
    coreml => Coreml,
    paddle => Paddle,
    tflite => Tflite,
    ort => Ort,
    executorch => Executorch,
    pmml => Pmml,
    openvino => Openvino,
    tensorrt => Tensorrt,
    mxnet => Mxnet,
    caffe => Caffe,
    zarr => Zarr,
    ocdbt => Ocdbt,
    cntk => Cntk,
    ncnn => Ncnn,
    torch7 => Torch7,
    ggml_legacy => GgmlLegacy,
    unsupported_model => UnsupportedModel,
    r_data => RData,
    msgpack => Msgpack,
    xgboost => Xgboost,
    lightgbm => Lightgbm,
    catboost => Catboost,
    text => Text,
    ipynb => Ipynb,
    mlflow_model => MlflowModel,
    zip => Zip,
    keras => Keras,
    skops => Skops,
    mar => Mar,
    llamafile => Llamafile,
    torch_zip => TorchZip,
    npz => Npz,
    tar => Tar,
    torch_tar => TorchTar,
    nemo => Nemo,
    sevenz => Sevenz,
    rar => Rar,
    gzip => Gzip,
    bzip2 => Bzip2,
    xz => Xz,
    lzma_alone => LzmaAlone,
    zlib => Zlib,
    joblib_zfile => JoblibZfile,
    zstd => Zstd,
    lz4 => Lz4,
}
