//! `TensorRT`.

use std::ops::Range;

use memchr::memmem::Finder;

use crate::{
    Anomaly, AnomalyKind, FormatView, Input, Member, Payload, Probe, Score,
    bytes::{ReadAt, SourceError, read_range, size_u64},
    notes::{Notes, lossy, u16_at, u32_at},
    registry::{ParseResult, format_info},
};

format_info! {
    /// ## What it is
    /// An engine of NVIDIA TensorRT (`.engine`, `.plan`), bare or behind the length and JSON that Ultralytics writes before it.
    /// ## What is read
    /// The signature and, as a stream, all bytes: programs and libraries for the host that stand in it, and names of plugins
    /// and libraries. Kernels for the graphics processor are passed over.
    /// ## What is reported
    /// Libraries for the host are members: the runtime writes them to disk and loads them. The rest of the engine is known
    /// to its maker only; coverage is partial and says so.
    /// ## Limits
    /// 64 libraries, 256 names.
    /// ## References
    /// TensorRT documents "Plugin shared libraries", "Version compatibility" and `IRuntime::setEngineHostCodeAllowed`.
    "tensorrt", "TensorRT engine", extensions: &["engine", "plan", "trt"], refines: None, dialects: []
}

/// Bytes searched at a time.
const PIECE: u64 = 1 << 20;
/// Bytes of a piece that the next one repeats, so that nothing is cut in two.
const OVERLAP: u64 = 4 * 1024;
/// LIMIT: libraries shown; an engine has one runtime and a few plugins.
const LIBRARIES: usize = 64;
/// LIMIT: names of plugins kept.
const NAMES: usize = 256;

static MANY: AnomalyKind = AnomalyKind::limit(
    "tensorrt-limit",
    "there are more libraries or names than are examined",
    "库或名称数量超过检查上限",
);

/// Holds a name and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The name.
    pub text: String,
    /// Where it stands.
    pub range: Range<u64>,
}

/// Shows an engine.
#[derive(Debug)]
pub struct View {
    /// Programs and libraries for the host.
    pub libraries: Vec<Range<u64>>,
    /// Names of plugins and of files of libraries.
    pub names: Vec<Name>,
    anomalies: Vec<Anomaly>,
    members: Vec<Member>,
}

impl FormatView for View {
    fn anomalies(&self) -> &[Anomaly] {
        &self.anomalies
    }

    fn members(&self) -> &[Member] {
        &self.members
    }

    fn not_examined(&self) -> Option<(String, String)> {
        Some((
            "body of a TensorRT engine, whose layout only NVIDIA knows".to_owned(),
            "TensorRT 引擎主体（其布局仅 NVIDIA 知晓）".to_owned(),
        ))
    }
}

/// Returns where the engine begins.
fn start(head: &[u8], source: &dyn ReadAt) -> Option<u64> {
    let magic = |bytes: &[u8]| matches!(bytes, [b'p' | b'f', b't', b'r', b't', _, ..]);
    // Words that begin with the same letters have no zero among the next bytes.
    if magic(head) {
        return head.get(4..32)?.contains(&0).then_some(0);
    }
    let length = u64::from(u32_at(head, 0));
    if head.get(4) != Some(&b'{') || length > 1 << 20 {
        return None;
    }
    let at = length.saturating_add(4);
    let bytes = read_range(source, at..at.saturating_add(8), 8).ok()?;
    magic(&bytes).then_some(at)
}

/// Knows the engine by its signature.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    start(probe.head, probe.source).map(|_| Score::Certain)
}

/// Searches the engine.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let head = read_range(input.source, 0..64, 64)?;
    let begins = start(&head, input.source).unwrap_or(0);
    let mut view = View {
        libraries: Vec::new(),
        names: Vec::new(),
        anomalies: Vec::new(),
        members: Vec::new(),
    };
    let mut notes = Notes::default();
    let size = input.source.size();
    let mut at = begins;
    while at < size {
        let piece = read_range(input.source, at..size, PIECE)?;
        if piece.is_empty() {
            break;
        }
        for found in libraries(&piece) {
            let found = at.saturating_add(size_u64(found));
            if view.libraries.iter().any(|known| known.start == found) {
                continue;
            }
            if let Some(range) = library(input.source, found)? {
                if view.libraries.len() >= LIBRARIES {
                    notes.push(&MANY, range, LIBRARIES.to_string());
                    continue;
                }
                let name = format!("[library {}]", view.libraries.len());
                view.members
                    .push(Member::content(name, Payload::Section(range.clone())));
                view.libraries.push(range);
            }
        }
        names(&piece, at, &mut view.names, &mut notes);
        let length = size_u64(piece.len());
        if length < PIECE {
            break;
        }
        at = at.saturating_add(length.saturating_sub(OVERLAP));
    }
    view.anomalies = notes.finish();
    Ok(view)
}

/// Finds where headers of programs may begin.
fn libraries(piece: &[u8]) -> Vec<usize> {
    let elf = Finder::new(b"\x7fELF");
    let pe = Finder::new(b"MZ");
    let mut found: Vec<usize> = elf.find_iter(piece).collect();
    found.extend(pe.find_iter(piece));
    found
}

/// Tells a program for the host from kernels and numbers; returns where it stands, to the end of the engine.
fn library(source: &dyn ReadAt, at: u64) -> Result<Option<Range<u64>>, SourceError> {
    let head = read_range(source, at..at.saturating_add(64), 64)?;
    let range = at..source.size();
    if head.starts_with(b"\x7fELF") {
        let sane = matches!(head.get(4..7), Some([1 | 2, 1 | 2, 1]));
        // Kernels for the graphics processor are ELF files of machine 190.
        let machine = u16_at(&head, 18);
        return Ok(
            (sane && head.len() == 64 && machine != 190 && matches!(u16_at(&head, 16), 1..=3))
                .then_some(range),
        );
    }
    let header = at.saturating_add(u64::from(u32_at(&head, 60)));
    if head.len() < 64 || u32_at(&head, 60) > 4_096 {
        return Ok(None);
    }
    let signature = read_range(source, header..header.saturating_add(4), 4)?;
    Ok((signature == b"PE\0\0").then_some(range))
}

/// Keeps names of plugins and of files of libraries.
fn names(piece: &[u8], at: u64, kept: &mut Vec<Name>, notes: &mut Notes) {
    let printable = |byte: &u8| byte.is_ascii_graphic();
    for word in [&b"Plugin"[..], b"_TRT", b".so", b".dll"] {
        for found in memchr::memmem::find_iter(piece, word) {
            let before = piece
                .get(..found)
                .unwrap_or_default()
                .iter()
                .rev()
                .take(128)
                .take_while(|byte| printable(byte))
                .count();
            let after = piece
                .get(found..)
                .unwrap_or_default()
                .iter()
                .take(128)
                .take_while(|byte| printable(byte))
                .count();
            let start = found.saturating_sub(before);
            let end = found.saturating_add(after);
            let Some(text) = piece
                .get(start..end)
                .filter(|text| text.len() > word.len().saturating_add(2))
            else {
                continue;
            };
            let text = lossy(text);
            if kept.iter().any(|one| one.text == text) {
                continue;
            }
            let range = at.saturating_add(size_u64(start))..at.saturating_add(size_u64(end));
            if kept.len() >= NAMES {
                notes.push(&MANY, range, NAMES.to_string());
                return;
            }
            kept.push(Name { text, range });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{never_panics, view};

    fn engine() -> Vec<u8> {
        let mut bytes = b"ftrt\0\0\0\0\x01\0\0\0\0\0EfficientNMS_TRT\0".to_vec();
        let mut elf = b"\x7fELF\x02\x01\x01".to_vec();
        elf.resize(64, 0);
        elf[16] = 3;
        elf[18] = 190;
        bytes.extend(&elf);
        elf[18] = 62;
        bytes.extend(&elf);
        bytes
    }

    #[test]
    fn libraries_for_the_host_are_told_from_kernels() {
        let bytes = engine();
        let view = view(&bytes, parse);
        assert_eq!(view.libraries.len(), 1);
        assert_eq!(view.libraries[0].start, size_u64(bytes.len()) - 64);
        assert_eq!(view.names[0].text, "EfficientNMS_TRT");
    }

    #[test]
    fn damage_never_panics() {
        never_panics(&engine(), parse);
    }
}
