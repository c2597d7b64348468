//! The result of holding a system against its lock, for machines: `cleanbill.lock-check/1`.

use serde_json::{Value, json};

use super::Difference;

/// Name of the shape.
pub const CHECK_SCHEMA: &str = "cleanbill.lock-check/1";
/// JSON Schema of the shape.
pub const CHECK_SCHEMA_TEXT: &str = include_str!("../../schemas/cleanbill.lock-check-1.schema.json");

impl Difference {
    /// Writes the difference as a value.
    pub fn to_json(&self) -> Value {
        json!({
            "difference": self.kind.id(),
            "artifact": self.artifact,
            "file": self.file,
            "locked": self.locked,
            "found": self.found,
            "message": self.text().en(),
            "hint": self.hint.as_ref().map(|hint| hint.en().to_owned()),
        })
    }
}
