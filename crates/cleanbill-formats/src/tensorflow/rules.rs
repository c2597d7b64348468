//! What can be wrong with a TensorFlow graph.

use crate::AnomalyKind;

pub(super) static EMPTY: AnomalyKind = AnomalyKind::damage(
    "tensorflow-empty",
    "no graph, function or layer can be read",
    "没有可读取的计算图、函数或层",
);
pub(super) static TOO_MANY: AnomalyKind = AnomalyKind::limit(
    "tensorflow-limit",
    "more nodes, operators or texts than are kept",
    "节点、算子或文本的数量超过保留上限",
);
pub(super) static REPEATED: AnomalyKind = AnomalyKind::evasion(
    "tensorflow-repeated",
    "a node names its operator twice: readers choose differently",
    "节点两次声明算子：读取器的取舍不同",
);
pub(super) static SIZE: AnomalyKind = AnomalyKind::evasion(
    "tensorflow-size",
    "the bytes of a constant are not as many as its type and shape ask for",
    "常量的字节数与其类型和形状不符",
);
pub(super) static OVERFLOW: AnomalyKind = AnomalyKind::evasion(
    "tensorflow-overflow",
    "a dimension of a constant is negative, or its size overflows or is beyond any memory",
    "常量的维度为负，或其大小溢出或超出任何内存",
);
