//! The older PyTorch format: five pickles and then the storages (`torch/serialization.py`, `_legacy_save`).

use std::collections::HashMap;

use super::{kinds_legacy as kinds, machine::Machine, value::Value};
use crate::bytes::{SourceError, size_u64};

/// The number that the first pickle holds, `0x1950a86a20f9469cfc6c`, as `LONG1` carries it.
const MAGIC: [u8; 10] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

/// Returns the size of one element of a PyTorch storage class.
pub(super) fn element_bytes(class: &str) -> Option<u64> {
    let kind = class.strip_suffix("Storage").unwrap_or(class);
    Some(match kind {
        "Byte" | "Char" | "Bool" | "QInt8" | "QUInt8" | "QUInt4x2" | "QUInt2x4" | "Untyped" => 1,
        "Half" | "BFloat16" | "Short" => 2,
        "Float" | "Int" | "QInt32" => 4,
        "Double" | "Long" | "ComplexFloat" => 8,
        "ComplexDouble" => 16,
        _ => return None,
    })
}

/// Says whether the stream that just ended holds PyTorch's magic number.
pub(super) fn is_magic(machine: &Machine<'_>) -> Result<bool, SourceError> {
    Ok(match machine.result() {
        Some(Value::BigInt(offset)) => machine
            .payload_at(offset, 16)?
            .is_some_and(|bytes| bytes == MAGIC),
        _ => false,
    })
}

/// Passes over the storages after the fifth pickle; the cursor stands behind them when all of them are as declared.
pub(super) fn pass_storages(machine: &mut Machine<'_>) {
    let sizes: HashMap<&str, u64> = machine
        .facts
        .storages
        .iter()
        .filter_map(|storage| Some((storage.key.as_str(), storage.element_bytes?)))
        .collect();
    let keys = machine.facts.stream_texts.clone();
    let elements: Vec<Option<u64>> = keys.iter().map(|key| sizes.get(key.as_str()).copied()).collect();
    let declared: HashMap<String, u64> = machine
        .facts
        .storages
        .iter()
        .map(|storage| (storage.key.clone(), storage.elements))
        .collect();
    for (key, element_bytes) in keys.iter().zip(elements) {
        let start = machine.cursor.position();
        let Ok(count) = machine.cursor.u64_le() else {
            machine.note(&kinds::STORAGE_MISSING, start..machine.cursor.end(), key.clone());
            return;
        };
        let length = element_bytes.and_then(|size| count.checked_mul(size));
        let passed = length.is_some_and(|length| machine.cursor.skip(length).is_ok());
        if !passed {
            machine.note(
                &kinds::STORAGE_MISSING,
                start..machine.cursor.end(),
                format!("{key}: {count}"),
            );
            machine.cursor.seek(machine.cursor.end());
            return;
        }
        if declared.get(key).is_some_and(|elements| *elements != count) {
            let range = start..start.saturating_add(size_u64(size_of::<u64>()));
            machine.note(&kinds::STORAGE_SIZE, range, format!("{key}: {count}"));
        }
    }
}
