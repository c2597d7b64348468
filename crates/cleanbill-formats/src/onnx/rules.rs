//! What can be wrong with an ONNX model.

use crate::AnomalyKind;

pub(super) static NO_OPSET: AnomalyKind = AnomalyKind::damage(
    "onnx-no-opset",
    "the model names no operator set, or has no graph",
    "模型未声明算子集，或没有计算图",
);
pub(super) static TOO_MANY: AnomalyKind = AnomalyKind::limit(
    "onnx-limit",
    "more operators, tensors or texts than are kept",
    "算子、张量或文本的数量超过保留上限",
);
pub(super) static REPEATED: AnomalyKind = AnomalyKind::evasion(
    "onnx-repeated",
    "a field that stands once stands twice: readers choose differently",
    "只应出现一次的字段出现两次：读取器的取舍不同",
);
pub(super) static UNKNOWN: AnomalyKind = AnomalyKind::note(
    "onnx-field",
    "a field stands where ONNX has none",
    "存在 ONNX 未定义的字段",
);
pub(super) static SIZE: AnomalyKind = AnomalyKind::evasion(
    "onnx-size",
    "the bytes of a tensor are not as many as its type and shape ask for",
    "张量的字节数与其类型和形状不符",
);
pub(super) static OVERFLOW: AnomalyKind = AnomalyKind::evasion(
    "onnx-overflow",
    "a dimension is negative, or the size of a tensor overflows",
    "维度为负，或张量大小溢出",
);
pub(super) static DIMENSIONS: AnomalyKind = AnomalyKind::evasion(
    "onnx-dimensions",
    "a tensor has more dimensions than any library allows",
    "张量的维数超过任何库的上限",
);
