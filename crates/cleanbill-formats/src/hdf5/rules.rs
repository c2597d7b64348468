//! Anomalies of HDF5 files.

use crate::AnomalyKind;

pub(super) static TRUNCATED: AnomalyKind = AnomalyKind::damage(
    "hdf5-truncated",
    "points beyond its end, or ends before the bytes that it promises",
    "指向文件末尾之外，或在承诺的字节之前结束",
);
pub(super) static BROKEN: AnomalyKind = AnomalyKind::damage(
    "hdf5-broken",
    "has a piece of metadata that cannot be read",
    "有一处元数据无法读取",
);
pub(super) static VERSION: AnomalyKind = AnomalyKind::damage(
    "hdf5-version",
    "has a version that is not known",
    "含有未知的版本",
);
pub(super) static SHARED: AnomalyKind = AnomalyKind::limit(
    "hdf5-shared-message",
    "keeps metadata in a shared table or a filtered heap, which is not read",
    "将元数据存放在共享表或经过滤的堆中，未被读取",
);
pub(super) static WORK: AnomalyKind = AnomalyKind::limit(
    "hdf5-work",
    "has more metadata than is read",
    "元数据超过读取上限",
);
pub(super) static OBJECTS: AnomalyKind = AnomalyKind::limit(
    "hdf5-objects",
    "has more objects than are walked over",
    "对象数量超过遍历上限",
);
pub(super) static VALUES: AnomalyKind = AnomalyKind::limit(
    "hdf5-values",
    "has longer attribute values than are examined",
    "属性值超过检查上限",
);
pub(super) static USER_BLOCK: AnomalyKind = AnomalyKind::note(
    "hdf5-user-block",
    "has a user block before the signature",
    "签名之前有用户块",
);
pub(super) static OVERFLOW: AnomalyKind = AnomalyKind::damage(
    "hdf5-overflow",
    "has a dataset whose shape and type give more bytes than a number can hold",
    "有数据集的形状与类型之积超出数值范围",
);
pub(super) static SIZE: AnomalyKind = AnomalyKind::damage(
    "hdf5-size",
    "has a dataset whose storage is smaller than its shape and type",
    "有数据集的存储小于其形状与类型所需",
);
pub(super) static CYCLE: AnomalyKind = AnomalyKind::damage(
    "hdf5-cycle",
    "has a tree or header that leads back to itself",
    "有树或头部指回自身",
);
pub(super) static ELEMENT: AnomalyKind = AnomalyKind::damage(
    "hdf5-element",
    "has a chunked dataset whose element size differs from its type",
    "有分块数据集的元素大小与类型不符",
);
pub(super) static WIDTH: AnomalyKind = AnomalyKind::damage(
    "hdf5-width",
    "has an address or length width that no library takes",
    "地址或长度的宽度不被任何库接受",
);
