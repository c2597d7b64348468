//! Checkpoints of PyTorch before 0.1.10, kept in a tar archive.

use crate::{
    Anomaly, FormatView, Input, Member, Probe, Score,
    registry::{ParseResult, format_info},
    tar,
};

format_info! {
    /// ## What it is
    /// What `torch.save` wrote in 2016 and 2017: a tar archive with the entries `sys_info`, `pickle`, `tensors` and
    /// `storages`. `torch.load` still reads it.
    /// ## What is read
    /// Everything that the reader of tar archives sees. All four entries start with a pickle and are examined as such;
    /// `tensors` and `storages` mix pickles with raw numbers.
    /// ## What is reported
    /// Nothing beyond what is reported of tar archives and pickles; as facts: entries that no loader asks for.
    /// ## Limits
    /// Those of tar archives. Pickles that stand between raw numbers are found as far as the reader of pickles finds them.
    /// ## References
    /// `torch.serialization._legacy_load` of PyTorch 2, `legacy_load`.
    "torch-tar", "PyTorch tar archive", extensions: &["pt", "pth", "tar"], refines: Some("tar"), dialects: []
}

/// Shows what an old PyTorch archive holds.
#[derive(Debug)]
pub struct View {
    /// Indexes in `tar.entries` of entries that no loader asks for.
    pub unexpected: Vec<usize>,
    /// The archive itself; its own anomalies are those of the format `tar`.
    pub tar: tar::View,
}

impl FormatView for View {
    fn anomalies(&self) -> &[Anomaly] {
        &[]
    }

    fn members(&self) -> &[Member] {
        self.tar.members()
    }

    fn extract(
        &self,
        container: &std::sync::Arc<dyn crate::bytes::ReadAt>,
        index: u32,
        out: &mut dyn std::io::Write,
    ) -> std::io::Result<()> {
        self.tar.extract(container, index, out)
    }
}

const ENTRIES: [&[u8]; 4] = [b"sys_info", b"pickle", b"tensors", b"storages"];

fn is_expected(name: &[u8]) -> bool {
    let name = name.strip_prefix(b"./").unwrap_or(name);
    ENTRIES.contains(&name) || name.is_empty()
}

/// LIMIT: entries looked at to recognise the four that matter, which stand first.
const PROBED_ENTRIES: u64 = 16;

/// Scores a tar archive with the entry that is loaded and one of those that stand beside it.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    let view = tar::first_entries(probe, PROBED_ENTRIES)?;
    let has = |wanted: &[u8]| {
        let plain = |name: &[u8]| name.strip_prefix(b"./").unwrap_or(name) == wanted;
        view.entries.iter().any(|entry| plain(&entry.name))
    };
    (has(b"pickle") && (has(b"storages") || has(b"tensors"))).then_some(Score::Certain)
}

/// Reads the archive.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let tar = tar::parse(input)?;
    let strangers = tar
        .entries
        .iter()
        .enumerate()
        .filter(|(_, entry)| !is_expected(&entry.name));
    Ok(View {
        unexpected: strangers.map(|(index, _)| index).collect(),
        tar,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tar::build::{item, tar as archive};

    fn score(bytes: &[u8]) -> Option<Score> {
        crate::testing::score(bytes, probe)
    }

    #[test]
    fn the_four_entries_are_recognised() {
        let bytes = archive(&[
            item("./sys_info", b'0', "", b"N."),
            item("./pickle", b'0', "", b"N."),
            item("./tensors", b'0', "", b"N."),
            item("./storages", b'0', "", b"N."),
            item("other", b'0', "", b"N."),
        ]);
        assert_eq!(score(&bytes), Some(Score::Certain));
        let limits = crate::limits::Limits::default();
        let view = parse(&Input {
            source: &bytes,
            limits: &limits,
        })
        .unwrap();
        assert_eq!((view.unexpected.as_slice(), view.members().len()), (&[4][..], 5));
        assert_eq!(score(&archive(&[item("pickle", b'0', "", b"N.")])), None);
    }
}
