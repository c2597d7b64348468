//! What can be wrong with the index of a checkpoint.

use crate::AnomalyKind;

pub(super) static FOOTER: AnomalyKind = AnomalyKind::damage(
    "checkpoint-footer",
    "the footer names no blocks; nothing is examined",
    "页脚未指出任何块；内容未检查",
);
pub(super) static BLOCK: AnomalyKind = AnomalyKind::damage(
    "checkpoint-block",
    "a block lies outside the file or cannot be read",
    "块位于文件之外或无法读取",
);
pub(super) static LARGE: AnomalyKind = AnomalyKind::limit(
    "checkpoint-block-limit",
    "a block is larger than is examined",
    "块的大小超过检查上限",
);
pub(super) static ENTRY: AnomalyKind =
    AnomalyKind::damage("checkpoint-entry", "an entry cannot be read", "条目无法读取");
pub(super) static HEADER: AnomalyKind = AnomalyKind::damage(
    "checkpoint-header",
    "a sorted table, but not the index of a checkpoint of version 2",
    "是有序表，但不是第 2 版检查点的索引",
);
pub(super) static ORDER: AnomalyKind = AnomalyKind::evasion(
    "checkpoint-order",
    "a key stands twice or out of order: readers that search find another entry",
    "键重复或次序错误：按查找方式读取会得到另一条目",
);
pub(super) static UNCLAIMED: AnomalyKind = AnomalyKind::evasion(
    "checkpoint-unclaimed",
    "bytes belong to no block",
    "有字节不属于任何块",
);
pub(super) static SIZE: AnomalyKind = AnomalyKind::evasion(
    "checkpoint-size",
    "the bytes of a tensor are not as many as its type and shape ask for",
    "张量的字节数与其类型和形状不符",
);
pub(super) static SHARD: AnomalyKind = AnomalyKind::damage(
    "checkpoint-shard",
    "a tensor stands in a file that the checkpoint does not have",
    "张量位于检查点所没有的文件中",
);
pub(super) static PLACE: AnomalyKind = AnomalyKind::damage(
    "checkpoint-place",
    "the place of a tensor is negative or overflows",
    "张量的位置为负或溢出",
);
pub(super) static TOO_MANY: AnomalyKind = AnomalyKind::limit(
    "checkpoint-limit",
    "there are more tensors than are examined",
    "张量的数量超过检查上限",
);
