//! What can be wrong with a safetensors file.

use crate::AnomalyKind;

pub(super) static TRUNCATED: AnomalyKind = AnomalyKind::damage(
    "safetensors-truncated",
    "the file ends before the bytes that the header promises",
    "文件在头部所声明的字节之前结束",
);
pub(super) static TRAILING: AnomalyKind = AnomalyKind::damage(
    "safetensors-trailing",
    "bytes follow the last tensor; the reference reader refuses such a file",
    "最后一个张量之后还有字节；参考读取器会拒绝此文件",
);
pub(super) static METADATA_TYPE: AnomalyKind = AnomalyKind::evasion(
    "safetensors-metadata-type",
    "`__metadata__` holds something other than text",
    "`__metadata__` 含有非文本内容",
);
pub(super) static UNKNOWN_DTYPE: AnomalyKind =
    AnomalyKind::damage("safetensors-dtype", "a tensor's type is unknown", "张量类型未知");
pub(super) static BAD_ENTRY: AnomalyKind = AnomalyKind::evasion(
    "safetensors-entry",
    "a tensor's entry lacks a field or has one of the wrong type",
    "张量条目缺少字段或字段类型错误",
);
pub(super) static ODD_NAME: AnomalyKind = AnomalyKind::note(
    "safetensors-name",
    "a tensor's name is empty, very long, a path or has control characters",
    "张量名称为空、过长、像路径或含控制字符",
);
pub(super) static ODD_PADDING: AnomalyKind = AnomalyKind::note(
    "safetensors-padding",
    "the header is padded with something other than spaces",
    "头部填充的不是空格",
);
pub(super) static TOO_MANY: AnomalyKind = AnomalyKind::limit(
    "safetensors-tensors-limit",
    "more tensors than `tensors` allows",
    "张量数量超过上限 `tensors`",
);
pub(super) static HEADER_LIMIT: AnomalyKind = AnomalyKind::limit(
    "safetensors-header-limit",
    "header longer than `header_bytes` allows",
    "头部长度超过上限 `header_bytes`",
);
pub(super) static METADATA_LIMIT: AnomalyKind = AnomalyKind::limit(
    "safetensors-metadata-limit",
    "metadata is too long to be examined whole",
    "元数据过长，无法完整检查",
);
pub(super) static HEADER_SIZE: AnomalyKind = AnomalyKind::evasion(
    "safetensors-header-size",
    "the header is larger than the reference reader takes",
    "头部大于参考读取器允许的大小",
);
pub(super) static HEADER_TEXT: AnomalyKind = AnomalyKind::evasion(
    "safetensors-header-text",
    "the header is not UTF-8",
    "头部不是 UTF-8",
);
pub(super) static HEADER_JSON: AnomalyKind = AnomalyKind::evasion(
    "safetensors-header-json",
    "the header is not one JSON object",
    "头部不是一个 JSON 对象",
);
pub(super) static REPEATED: AnomalyKind = AnomalyKind::evasion(
    "safetensors-repeated",
    "a name stands twice; readers choose differently",
    "名称重复；不同读取器的选择不同",
);
pub(super) static OVERLAP: AnomalyKind = AnomalyKind::evasion(
    "safetensors-overlap",
    "two tensors share bytes",
    "两个张量共用字节",
);
pub(super) static HOLE: AnomalyKind = AnomalyKind::evasion(
    "safetensors-hole",
    "bytes between the tensors belong to none of them",
    "张量之间存在不属于任何张量的字节",
);
pub(super) static RANGE: AnomalyKind = AnomalyKind::evasion(
    "safetensors-range",
    "a tensor's place is reversed or lies outside the file",
    "张量位置颠倒或超出文件",
);
pub(super) static SIZE: AnomalyKind = AnomalyKind::evasion(
    "safetensors-size",
    "a tensor's place is not as large as its type and shape ask for",
    "张量所占字节与其类型和形状不符",
);
pub(super) static OVERFLOW: AnomalyKind = AnomalyKind::evasion(
    "safetensors-overflow",
    "a tensor's shape is larger than any memory",
    "张量形状超出任何内存",
);
