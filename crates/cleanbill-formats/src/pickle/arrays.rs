//! Raw array bytes between opcodes, as joblib writes them (`joblib/numpy_pickle.py`, `NumpyArrayWrapper`).

use super::facts::{Call, CallKind, ImportId, Operand};

/// Follows what joblib's wrapper says about the bytes after it.
#[derive(Debug, Default)]
pub(super) struct ArrayState {
    wrapper: Option<ImportId>,
    reconstructor: Option<ImportId>,
    pub(super) elements: Option<u64>,
    element_bytes: Option<u64>,
    pub(super) holds_objects: bool,
    pub(super) aligned: bool,
}

impl ArrayState {
    /// Looks out for the wrapper class.
    pub(super) fn see_import(&mut self, id: ImportId, module: &str, name: &str) {
        match (module, name) {
            ("joblib.numpy_pickle" | "sklearn.externals.joblib.numpy_pickle", "NumpyArrayWrapper") => {
                self.wrapper = Some(id);
            }
            ("copyreg" | "copy_reg", "_reconstructor") => self.reconstructor = Some(id),
            _ => {}
        }
    }

    /// Says whether the wrapper class was imported, so that its state is worth reading.
    pub(super) fn armed(&self) -> bool {
        self.wrapper.is_some()
    }

    /// Says whether `call` made a wrapper.
    pub(super) fn is_wrapper(&self, call: &Call) -> bool {
        let Some(wrapper) = self.wrapper else { return false };
        match (call.kind, &call.callee) {
            (CallKind::New, Operand::Import(id)) => *id == wrapper,
            (CallKind::Reduce, Operand::Import(id)) => {
                Some(*id) == self.reconstructor && call.arguments.first() == Some(&Operand::Import(wrapper))
            }
            _ => false,
        }
    }

    /// Takes the first argument of `numpy.dtype`, such as `f8` or `<U7`.
    pub(super) fn set_dtype(&mut self, text: Option<&str>) {
        let text = text.map(|text| text.trim_start_matches(['<', '>', '|', '=']));
        self.holds_objects = text.is_some_and(|text| text.starts_with('O'));
        self.element_bytes = text.and_then(|text| {
            let mut characters = text.chars();
            let kind = characters.next()?;
            let count: u64 = characters.as_str().parse().ok()?;
            match kind {
                'U' => count.checked_mul(4),
                'b' | 'i' | 'u' | 'f' | 'c' | 'm' | 'M' | 'S' | 'a' | 'V' | 'B' => Some(count),
                _ => None,
            }
        });
    }

    /// Returns the length of the raw bytes; `None` where the state did not say.
    pub(super) fn payload_bytes(&self) -> Option<u64> {
        self.elements?.checked_mul(self.element_bytes?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dtype_texts_give_their_size() {
        for (text, bytes) in [
            ("f8", Some(8)),
            ("<U7", Some(28)),
            ("|b1", Some(1)),
            ("V16", Some(16)),
            ("O8", None),
            ("x", None),
        ] {
            let mut state = ArrayState {
                elements: Some(1),
                ..ArrayState::default()
            };
            state.set_dtype(Some(text));
            assert_eq!(state.payload_bytes(), bytes, "{text}");
            assert_eq!(state.holds_objects, text == "O8");
        }
    }
}
