//! Archives of NumPy arrays.

use crate::{
    Anomaly, FormatView, Input, Member, Probe, Score,
    limits::Limits,
    registry::{ParseResult, format_info},
    zip,
};

format_info! {
    /// ## What it is
    /// What `numpy.savez` and `numpy.savez_compressed` write: a ZIP archive with one `.npy` file for each array.
    /// ## What is read
    /// Everything that the reader of ZIP archives sees; each array is examined as an array file, and with it the pickle that
    /// an array of objects is.
    /// ## What is reported
    /// Nothing beyond what is reported of ZIP archives and array files; as facts: entries that are not arrays.
    /// ## Limits
    /// Those of ZIP archives.
    /// ## References
    /// `numpy.lib.npyio.NpzFile` of NumPy 2.
    "npz", "NumPy archive", extensions: &["npz"], refines: Some("zip"), dialects: []
}

/// Shows what a NumPy archive holds.
#[derive(Debug)]
pub struct View {
    /// Indexes in `zip.entries` of the arrays.
    pub arrays: Vec<usize>,
    /// Indexes in `zip.entries` of everything else that has bytes.
    pub others: Vec<usize>,
    /// The archive itself; its anomalies are those of the format `zip`.
    pub zip: zip::View,
}

impl FormatView for View {
    fn anomalies(&self) -> &[Anomaly] {
        &[]
    }

    fn members(&self) -> &[Member] {
        self.zip.members()
    }
}

/// Scores an archive of which at least half of the entries are arrays and that is no archive of `PyTorch` or skops.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    zip::probe(probe)?;
    let (mut arrays, mut others, mut other) = (0_u64, 0_u64, false);
    zip::any_name(probe, Limits::default().members_per_container, &mut |name| {
        if name.ends_with(b".npy") {
            arrays = arrays.saturating_add(1);
        } else if !name.ends_with(b"/") {
            others = others.saturating_add(1);
        }
        other |= name.ends_with(b"data.pkl") || name == b"schema.json";
        other
    });
    (arrays > 0 && arrays >= others && !other).then_some(Score::Certain)
}

/// Reads the archive.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let zip = zip::parse(input)?;
    let with_bytes = zip
        .entries
        .iter()
        .enumerate()
        .filter(|(_, entry)| entry.member.is_some());
    let (arrays, others): (Vec<_>, Vec<_>) = with_bytes.partition(|(_, entry)| entry.name.ends_with(b".npy"));
    let indexes = |found: Vec<(usize, &zip::Entry)>| found.into_iter().map(|(index, _)| index).collect();
    Ok(View {
        arrays: indexes(arrays),
        others: indexes(others),
        zip,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zip::build::{Item, zip as archive};

    fn score(bytes: &[u8]) -> Option<Score> {
        crate::testing::score(bytes, probe)
    }

    #[test]
    fn arrays_are_told_from_the_rest() {
        let bytes = archive(&[
            Item::new("a.npy", b"\x93NUMPY"),
            Item::new("b.npy", b"\x93NUMPY"),
            Item::new("evil.pkl", b"N."),
        ]);
        assert_eq!(score(&bytes), Some(Score::Certain));
        let limits = Limits::default();
        let view = parse(&Input {
            source: &bytes,
            limits: &limits,
        })
        .unwrap();
        assert_eq!((view.arrays, view.others), (vec![0, 1], vec![2]));
        assert_eq!(score(&archive(&[Item::new("a.txt", b"")])), None);
    }
}
