//! What can be wrong with a GGUF file.

use crate::AnomalyKind;

pub(super) static TRUNCATED: AnomalyKind = AnomalyKind::damage(
    "gguf-truncated",
    "the file ends before the bytes that its header promises",
    "文件在头部所声明的字节之前结束",
);
pub(super) static VERSION: AnomalyKind = AnomalyKind::damage(
    "gguf-version",
    "the version is not 1, 2 or 3",
    "版本不是 1、2 或 3",
);
pub(super) static KEY: AnomalyKind = AnomalyKind::note(
    "gguf-key",
    "a metadata key is not lower-case ASCII words joined with dots",
    "元数据键不是以点连接的小写 ASCII 单词",
);
pub(super) static KEY_LENGTH: AnomalyKind = AnomalyKind::evasion(
    "gguf-key-length",
    "a metadata key is longer than 65,535 bytes",
    "元数据键超过 65,535 字节",
);
pub(super) static TEXT: AnomalyKind = AnomalyKind::damage(
    "gguf-text",
    "a name, key or template is not UTF-8",
    "名称、键或模板不是 UTF-8",
);
pub(super) static BOOL: AnomalyKind = AnomalyKind::evasion(
    "gguf-bool",
    "a truth value is neither 0 nor 1",
    "布尔值既非 0 也非 1",
);
pub(super) static NESTED: AnomalyKind = AnomalyKind::note(
    "gguf-nested",
    "an array holds arrays, which llama.cpp does not read",
    "数组嵌套数组，llama.cpp 不支持读取",
);
pub(super) static DEPTH: AnomalyKind =
    AnomalyKind::evasion("gguf-depth", "arrays nest too deep", "数组嵌套过深");
pub(super) static VALUE_TYPE: AnomalyKind = AnomalyKind::evasion(
    "gguf-value-type",
    "a metadata value has an unknown type; what follows cannot be found",
    "元数据值类型未知；其后内容无法定位",
);
pub(super) static TENSOR_NAME: AnomalyKind = AnomalyKind::note(
    "gguf-tensor-name",
    "a tensor's name is longer than llama.cpp takes",
    "张量名称超过 llama.cpp 允许的长度",
);
pub(super) static LONG_NAME: AnomalyKind = AnomalyKind::evasion(
    "gguf-long-name",
    "a tensor's name is longer than any reader's field for it",
    "张量名称超过任何读取器为其预留的长度",
);
pub(super) static NUL: AnomalyKind = AnomalyKind::evasion(
    "gguf-nul",
    "a key or tensor name holds a zero byte, where readers in C end it",
    "键或张量名称含有零字节，C 语言读取器会在此截断",
);
pub(super) static UNPUBLISHED_VERSION: AnomalyKind = AnomalyKind::evasion(
    "gguf-unpublished-version",
    "the version was never published",
    "版本从未发布过",
);
pub(super) static UNPUBLISHED_TYPE: AnomalyKind = AnomalyKind::evasion(
    "gguf-unpublished-type",
    "a tensor's type has a number that was never given out",
    "张量类型编号从未分配过",
);
pub(super) static TENSOR_TYPE: AnomalyKind = AnomalyKind::note(
    "gguf-tensor-type",
    "a tensor's type is unknown or withdrawn, so that its size is not checked",
    "张量类型未知或已废弃，无法核对其大小",
);
pub(super) static ROW: AnomalyKind = AnomalyKind::evasion(
    "gguf-row",
    "a tensor's row is not a whole number of blocks",
    "张量的行不是整数个块",
);
pub(super) static GAP: AnomalyKind = AnomalyKind::note(
    "gguf-gap",
    "bytes between the tensors belong to none of them",
    "张量之间存在不属于任何张量的字节",
);
pub(super) static TOO_MANY: AnomalyKind = AnomalyKind::limit(
    "gguf-limit",
    "more tensors or metadata entries than `tensors` or `metadata_entries` allows",
    "张量或元数据条目数量超过上限 `tensors` 或 `metadata_entries`",
);
pub(super) static TEXT_LIMIT: AnomalyKind = AnomalyKind::limit(
    "gguf-text-limit",
    "a chat template is too long to be examined whole",
    "聊天模板过长，无法完整检查",
);
pub(super) static COUNT: AnomalyKind = AnomalyKind::evasion(
    "gguf-count",
    "the header counts more entries than the file can hold",
    "头部声明的条目数超过文件可容纳的数量",
);
pub(super) static LENGTH: AnomalyKind = AnomalyKind::evasion(
    "gguf-length",
    "a text or array is longer than any file",
    "文本或数组的长度超过任何文件",
);
pub(super) static REPEATED: AnomalyKind = AnomalyKind::evasion(
    "gguf-repeated",
    "a key or tensor name stands twice; readers choose differently",
    "键或张量名称重复；不同读取器的选择不同",
);
pub(super) static ALIGNMENT: AnomalyKind = AnomalyKind::evasion(
    "gguf-alignment",
    "the alignment is not a power of two",
    "对齐值不是 2 的幂",
);
pub(super) static DIMENSIONS: AnomalyKind = AnomalyKind::evasion(
    "gguf-dimensions",
    "a tensor has more than 4 dimensions",
    "张量维数超过 4",
);
pub(super) static OVERFLOW: AnomalyKind = AnomalyKind::evasion(
    "gguf-overflow",
    "a tensor's size overflows 63 bits",
    "张量大小溢出 63 位",
);
pub(super) static MISALIGNED: AnomalyKind = AnomalyKind::evasion(
    "gguf-misaligned",
    "a tensor's offset is not aligned",
    "张量偏移未对齐",
);
pub(super) static RANGE: AnomalyKind =
    AnomalyKind::evasion("gguf-range", "a tensor lies outside the file", "张量位于文件之外");
pub(super) static OVERLAP: AnomalyKind =
    AnomalyKind::evasion("gguf-overlap", "two tensors share bytes", "两个张量共用字节");
