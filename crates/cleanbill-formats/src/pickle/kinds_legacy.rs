//! Oddities of the older PyTorch format.

use crate::AnomalyKind;

pub(super) static STORAGE_MISSING: AnomalyKind = AnomalyKind::damage(
    "torch-storage-missing",
    "a storage that the model refers to is cut off or of an unknown kind",
    "模型引用的存储被截断或类型未知",
);
pub(super) static STORAGE_SIZE: AnomalyKind = AnomalyKind::damage(
    "torch-storage-size",
    "a storage has another number of elements than the model declares",
    "存储的元素个数与模型声明的不同",
);
