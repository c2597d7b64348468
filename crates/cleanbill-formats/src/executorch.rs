//! `ExecuTorch`.

use std::ops::Range;

use crate::{
    Anomaly, AnomalyKind, FormatView, Input, Member, Payload, Probe, Score,
    flatbuffer::{Fault, Reader, Result, Table, Vector, begins_with},
    raw::disguised,
    registry::{ParseResult, format_info},
};

format_info! {
    /// ## What it is
    /// A program of ExecuTorch (`.pte`) and its separate tensors (`.ptd`): a FlatBuffer, with segments of data behind it.
    /// ## What is read
    /// The extended header, every plan with its operators and delegates, all segments. Segments and inline data that begin
    /// like a program, an archive or a pickle are members.
    /// ## What is reported
    /// Offsets and lengths that lead outside; segments outside of the file, indexes of segments that do not exist. What a
    /// backend is given to run is known to the backend only: coverage is partial and names it.
    /// ## Limits
    /// 2,000,000 parts, 4,096 operators and delegates.
    /// ## References
    /// `schema/program.fbs`, `extension/flat_tensor/serialize/flat_tensor.fbs` and `docs/source/pte-file-format.md` of
    /// ExecuTorch.
    "executorch", "ExecuTorch program", extensions: &["pte", "ptd"], refines: None,
    dialects: ["executorch-tensors": "tensors of an ExecuTorch program"]
}

/// LIMIT: operators and delegates kept; the largest public programs have some hundred.
const KEPT: usize = 4_096;

static MANY: AnomalyKind = AnomalyKind::limit(
    "executorch-limit",
    "there are more operators or delegates than are examined",
    "算子或委托数量超过检查上限",
);

/// Holds the name of an operator or backend and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The name.
    pub name: String,
    /// Where it stands.
    pub range: Range<u64>,
}

/// Shows an `ExecuTorch` program.
#[derive(Debug)]
pub struct View {
    /// Only tensors, no program.
    pub tensors_only: bool,
    /// Operators, as `namespace::name.overload`.
    pub operators: Vec<Named>,
    /// Backends that are given data of their own.
    pub backends: Vec<Named>,
    /// Where the segments begin.
    pub segment_base: u64,
    /// Places that lead outside; facts for `flatbuffer-invalid`.
    pub violations: Vec<Anomaly>,
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

    fn dialects(&self) -> Vec<&'static str> {
        if self.tensors_only {
            vec!["executorch-tensors"]
        } else {
            Vec::new()
        }
    }

    fn not_examined(&self) -> Option<(String, String)> {
        let mut names: Vec<&str> = self.backends.iter().map(|one| one.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names.truncate(4);
        let names: String = names
            .join(", ")
            .chars()
            .filter(|c| !c.is_control())
            .take(120)
            .collect();
        (!names.is_empty()).then(|| {
            (
                format!("data that only the backend can read ({names})"),
                format!("仅后端能读取的数据（{names}）"),
            )
        })
    }
}

/// Knows the file by the four letters after its first offset; versions end in two digits.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    let letters = probe.head.get(4..8)?;
    let known = matches!(letters, b"ET12" | b"FT01");
    let extended = matches!(letters, [b'E' | b'F', b'T', b'0'..=b'9', b'0'..=b'9'])
        && matches!(probe.head.get(8..12), Some(b"eh00" | b"FH01"));
    ((known || extended) && begins_with(probe, letters)).then_some(Score::Certain)
}

/// Reads plans and segments.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let mut walk = Walk {
        input,
        reader: Reader::new(input),
        segments: 0,
        view: View {
            tensors_only: false,
            operators: Vec::new(),
            backends: Vec::new(),
            segment_base: 0,
            violations: Vec::new(),
            anomalies: Vec::new(),
            members: Vec::new(),
        },
    };
    let done = walk.file();
    walk.reader.keep(done)?;
    let mut view = walk.view;
    (view.violations, view.anomalies) = walk.reader.finish();
    Ok(view)
}

struct Walk<'a, 'b> {
    input: &'b Input<'a>,
    reader: Reader<'a>,
    segments: u64,
    view: View,
}

impl Walk<'_, '_> {
    fn file(&mut self) -> Result<()> {
        self.view.tensors_only = self.reader.u8(4)? == b'F';
        let extended: [u8; 4] = self.reader.array(8)?;
        let mut segment_bytes = None;
        if matches!(&extended, b"eh00" | b"FH01") {
            let header = self.reader.u32(12)?;
            let (first, base) = (self.reader.u64(16)?, self.reader.u64(24)?);
            let base_at = if self.view.tensors_only { 32 } else { 24 };
            self.view.segment_base = if self.view.tensors_only {
                self.reader.u64(32)?
            } else {
                base
            };
            if self.view.tensors_only && header >= 40 {
                segment_bytes = Some(self.reader.u64(40)?);
            } else if !self.view.tensors_only && header >= 32 {
                segment_bytes = Some(self.reader.u64(32)?);
            }
            let program = if self.view.tensors_only { base } else { first };
            if program > self.reader.size() || self.view.segment_base > self.reader.size() {
                let detail = format!("{program} bytes, segments at {}", self.view.segment_base);
                self.reader.broken(base_at, detail);
            }
            if let Some(bytes) = segment_bytes.filter(|bytes| *bytes > 0)
                && self.end(self.view.segment_base, bytes).is_none()
            {
                let detail = format!("{bytes} bytes of segments at {}", self.view.segment_base);
                self.reader.broken(base_at, detail);
            }
        }
        let root = self.reader.root()?;
        let (plans, segments) = if self.view.tensors_only {
            (None, 1)
        } else {
            (Some(1), 4)
        };
        let found = self.reader.vector(root, segments, 4)?;
        self.segments = found.count;
        self.each(found, Self::segment)?;
        if let Some(plans) = plans {
            for field in [2, 3] {
                let inline = self.reader.vector(root, field, 4)?;
                self.each(inline, Self::inline)?;
            }
            let found = self.reader.vector(root, plans, 4)?;
            self.each(found, Self::plan)?;
        }
        Ok(())
    }

    fn end(&self, start: u64, length: u64) -> Option<u64> {
        start.checked_add(length).filter(|end| *end <= self.reader.size())
    }

    fn each(&mut self, vector: Vector, one: fn(&mut Self, Table) -> Result<()>) -> Result<()> {
        for index in 0..vector.count {
            let table = self.reader.element(vector, index);
            let done = table.and_then(|table| one(self, table));
            if matches!(done, Err(Fault::Limit)) {
                return Err(Fault::Limit);
            }
            self.reader.keep(done)?;
        }
        Ok(())
    }

    fn segment(&mut self, table: Table) -> Result<()> {
        let (offset, size) = (self.reader.field_u64(table, 0)?, self.reader.field_u64(table, 1)?);
        let start = self.view.segment_base.checked_add(offset);
        let place = start.and_then(|start| Some(start..self.end(start, size)?));
        match place {
            Some(place) => self.look(place),
            None => Err(Fault::Outside {
                at: table.at,
                detail: format!("segment of {size} bytes at {offset}"),
            }),
        }
    }

    fn inline(&mut self, table: Table) -> Result<()> {
        let data = self.reader.vector(table, 0, 1)?;
        self.look(data.at..data.at.saturating_add(data.count))
    }

    /// Shows what begins like a program, an archive or a pickle; backends prepare some data with a header of their own.
    fn look(&mut self, range: Range<u64>) -> Result<()> {
        let found = disguised(self.input.source, &range)?;
        self.view
            .members
            .extend(found.map(|member| Member::content(member.name, Payload::Section(range))));
        Ok(())
    }

    fn plan(&mut self, plan: Table) -> Result<()> {
        let operators = self.reader.vector(plan, 6, 4)?;
        self.each(operators, |walk, table| {
            let name = walk.reader.text(table, 0)?;
            let overload = walk.reader.text(table, 1)?;
            let dot = if overload.text.is_empty() { "" } else { "." };
            let one = Named {
                name: format!("{}{dot}{}", name.text, overload.text),
                range: name.range,
            };
            if walk.view.operators.len() >= KEPT {
                walk.reader.notes.push(&MANY, one.range, KEPT.to_string());
            } else if !walk.view.operators.iter().any(|known| known.name == one.name) {
                walk.view.operators.push(one);
            }
            Ok(())
        })?;
        let delegates = self.reader.vector(plan, 7, 4)?;
        self.each(delegates, |walk, table| {
            let name = walk.reader.text(table, 0)?;
            if let Some(data) = walk.reader.child(table, 1)? {
                let (location, index) = (walk.reader.field_u8(data, 0)?, walk.reader.field_u32(data, 1)?);
                if location == 1 && u64::from(index) >= walk.segments {
                    walk.reader
                        .broken(data.at, format!("segment {index} of {}", walk.segments));
                }
            }
            let one = Named {
                name: name.text,
                range: name.range,
            };
            if walk.view.backends.len() >= KEPT {
                walk.reader.notes.push(&MANY, one.range, KEPT.to_string());
            } else if !walk.view.backends.iter().any(|known| known.name == one.name) {
                walk.view.backends.push(one);
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ids, never_panics, view};

    /// A root table without fields.
    const EMPTY: &[u8] = b"\x0c\0\0\0ET12\x04\0\x04\0\x04\0\0\0\0\0\0\0";

    #[test]
    fn an_offset_outside_is_a_violation() {
        assert_eq!(
            ids(&view(b"\x18\0\0\0ET12\0\0\0\0", parse).violations),
            ["flatbuffer-broken"]
        );
        assert!(view(EMPTY, parse).violations.is_empty());
    }

    #[test]
    fn damage_never_panics() {
        never_panics(EMPTY, parse);
    }
}
