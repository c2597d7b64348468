//! Every oddity that the interpreter notes.

use crate::AnomalyKind;

pub(super) static OPCODE_LIMIT: AnomalyKind = AnomalyKind::limit(
    "pickle-opcode-limit",
    "the pickle has more opcodes than the limit `pickle_opcodes`; the rest was not interpreted",
    "pickle 的操作码数超过上限 `pickle_opcodes`，其余部分未解释",
);
pub(super) static STACK_LIMIT: AnomalyKind = AnomalyKind::limit(
    "pickle-stack-limit",
    "the pickle needs a deeper stack than the limit `pickle_stack`; the rest was not interpreted",
    "pickle 需要的栈深超过上限 `pickle_stack`，其余部分未解释",
);
pub(super) static MEMO_LIMIT: AnomalyKind = AnomalyKind::limit(
    "pickle-memo-limit",
    "the pickle uses more memo entries than the limit `pickle_memo`; later ones are unresolved",
    "pickle 的备忘条目超过上限 `pickle_memo`，之后的条目无法解析",
);
pub(super) static IMPORT_LIMIT: AnomalyKind = AnomalyKind::limit(
    "pickle-import-limit",
    "the pickle imports more names than the limit `pickle_imports`",
    "pickle 导入的名称超过上限 `pickle_imports`",
);
pub(super) static CALL_LIMIT: AnomalyKind = AnomalyKind::limit(
    "pickle-call-limit",
    "the pickle makes more different calls than the limit `pickle_calls`",
    "pickle 的不同调用超过上限 `pickle_calls`",
);
pub(super) static NESTED_LIMIT: AnomalyKind = AnomalyKind::limit(
    "pickle-nested-limit",
    "the pickle holds more nested payloads than the limits `pickle_embedded` and `nesting_depth`",
    "pickle 中嵌套的载荷超过上限 `pickle_embedded` 或 `nesting_depth`",
);
pub(super) static STREAM_LIMIT: AnomalyKind = AnomalyKind::limit(
    "pickle-stream-limit",
    "the file holds more pickles than the limit `pickle_streams`",
    "文件中的 pickle 数量超过上限 `pickle_streams`",
);
pub(super) static TRUNCATED: AnomalyKind = AnomalyKind::damage(
    "pickle-truncated",
    "the pickle ends before its STOP opcode; what stands before it still runs",
    "pickle 在 STOP 操作码之前结束；此前的内容仍会执行",
);
pub(super) static UNKNOWN_OPCODE: AnomalyKind = AnomalyKind::damage(
    "pickle-unknown-opcode",
    "the pickle has a byte that is no opcode; what stands before it still runs",
    "pickle 中有不是操作码的字节；此前的内容仍会执行",
);
pub(super) static UNKNOWN_PROTOCOL: AnomalyKind = AnomalyKind::damage(
    "pickle-unknown-protocol",
    "the pickle declares a protocol above 5",
    "pickle 声明的协议版本高于 5",
);
pub(super) static BAD_ARGUMENT: AnomalyKind = AnomalyKind::damage(
    "pickle-bad-argument",
    "the pickle has an opcode with an impossible argument; what stands before it still runs",
    "pickle 中某操作码的参数不可能成立；此前的内容仍会执行",
);
pub(super) static STACK_UNDERFLOW: AnomalyKind = AnomalyKind::damage(
    "pickle-stack-underflow",
    "the pickle takes a value that is not on its stack; what stands before it still runs",
    "pickle 取用了栈上不存在的值；此前的内容仍会执行",
);
pub(super) static MEMO_MISSING: AnomalyKind = AnomalyKind::damage(
    "pickle-memo-missing",
    "the pickle reads a memo entry that was never written; what stands before it still runs",
    "pickle 读取了从未写入的备忘条目；此前的内容仍会执行",
);
pub(super) static ARRAY_UNKNOWN: AnomalyKind = AnomalyKind::damage(
    "pickle-array-unknown",
    "the raw array bytes that follow cannot be measured; what lies beyond was not interpreted",
    "其后的原始数组长度无法确定，之后的内容未解释",
);
pub(super) static FRAME_BEYOND_END: AnomalyKind = AnomalyKind::damage(
    "pickle-frame-beyond-end",
    "the pickle declares a frame that is longer than what remains",
    "pickle 声明的帧长度超过剩余内容",
);
pub(super) static FRAME_CROSSED: AnomalyKind = AnomalyKind::evasion(
    "pickle-frame-crossed",
    "an opcode crosses the end of its pickle frame: readers of files and of bytes run different programs",
    "操作码跨越了 pickle 帧的边界：从文件读取与从字节读取会执行不同的程序",
);
pub(super) static FRAME_IN_FRAME: AnomalyKind = AnomalyKind::evasion(
    "pickle-frame-in-frame",
    "a pickle frame begins inside another: one unpickler refuses it, another does not",
    "pickle 帧嵌套在另一帧之内：一种反序列化器会拒绝，另一种不会",
);
pub(super) static LATE_PROTOCOL: AnomalyKind = AnomalyKind::note(
    "pickle-late-protocol",
    "the pickle declares its protocol again after the start",
    "pickle 在开头之后再次声明协议版本",
);
pub(super) static TOO_DEEP: AnomalyKind = AnomalyKind::evasion(
    "pickle-too-deep",
    "the pickle nests deeper than any pickler writes: it crashes programs that walk what was loaded",
    "pickle 的嵌套深度超过任何序列化器的输出：遍历结果的程序会崩溃",
);
pub(super) static TOO_HEAVY: AnomalyKind = AnomalyKind::evasion(
    "pickle-too-heavy",
    "a tuple stands for more objects than any memory holds: hashing or printing it never ends",
    "某元组展开后的对象数超过任何内存容量：对其求哈希或打印永不结束",
);
