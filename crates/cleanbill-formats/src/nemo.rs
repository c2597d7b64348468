//! Checkpoints of `NeMo`.

use crate::{
    Anomaly, AnomalyKind, FormatView, Input, Member, Probe, Score,
    notes::Notes,
    registry::{ParseResult, format_info},
    tar,
};

format_info! {
    /// ## What it is
    /// What `model.save_to("model.nemo")` of NVIDIA NeMo writes: a tar archive, compressed with gzip by older releases, with
    /// `model_config.yaml`, the weights as a checkpoint of PyTorch, or a folder of them, and files such as tokenizers.
    /// ## What is read
    /// Everything that the reader of tar archives sees; each entry is examined as whatever it may be: the configuration as YAML whose
    /// `_target_` keys are called, the weights as a pickle or PyTorch archive.
    /// ## What is reported
    /// An archive that has a configuration and no weights; as facts: which entries are weights.
    /// ## Limits
    /// Those of tar archives.
    /// ## References
    /// `nemo/core/connectors/save_restore_connector.py` of NeMo 2; CVE-2025-23304.
    "nemo", "NeMo checkpoint", extensions: &["nemo"], refines: Some("tar"), dialects: []
}

/// Shows a checkpoint of `NeMo`.
#[derive(Debug)]
pub struct View {
    /// Indexes in `tar.entries` of the weights.
    pub weights: Vec<usize>,
    /// The archive itself; its own anomalies are those of the format `tar`.
    pub tar: tar::View,
    notes: Notes,
}

impl FormatView for View {
    fn anomalies(&self) -> &[Anomaly] {
        self.notes.list()
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

static NO_WEIGHTS: AnomalyKind = AnomalyKind::note(
    "nemo-no-weights",
    "the checkpoint has a configuration and no weights",
    "检查点只有配置而没有权重",
);

/// LIMIT: entries looked at to recognise the configuration; artifacts that are packed before it are few.
const PROBED_ENTRIES: u64 = 4_096;

fn plain(name: &[u8]) -> &[u8] {
    name.strip_prefix(b"./").unwrap_or(name)
}

fn is_weights(name: &[u8]) -> bool {
    let name = plain(name);
    name.ends_with(b".ckpt") || name.starts_with(b"model_weights/") || name.ends_with(b"/model_weights.ckpt")
}

/// Knows the configuration by its name; shards of a split model have it in folders of their own.
fn is_configuration(name: &[u8]) -> bool {
    let name = plain(name);
    name == b"model_config.yaml" || name.ends_with(b"/model_config.yaml")
}

/// Scores a tar archive with the configuration, which restoring looks for by its name.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    let view = tar::first_entries(probe, PROBED_ENTRIES)?;
    let configured = view.entries.iter().any(|entry| is_configuration(&entry.name));
    configured.then_some(Score::Certain)
}

/// Reads the archive.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let tar = tar::parse(input)?;
    let mut notes = Notes::default();
    let entries = tar.entries.iter().enumerate();
    let weights: Vec<usize> = entries
        .filter(|(_, entry)| is_weights(&entry.name) && entry.member.is_some())
        .map(|(index, _)| index)
        .collect();
    if weights.is_empty() {
        notes.push(&NO_WEIGHTS, 0..input.source.size(), "");
    }
    Ok(View { weights, tar, notes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        tar::build::{item, tar as archive},
        testing::{ids, view},
    };

    fn score(bytes: &[u8]) -> Option<Score> {
        crate::testing::score(bytes, probe)
    }

    #[test]
    fn a_configuration_with_weights_is_a_checkpoint() {
        let bytes = archive(&[
            item("./", b'5', "", b""),
            item("./model_config.yaml", b'0', "", b"a: 1\n"),
            item("./model_weights.ckpt", b'0', "", b"N."),
        ]);
        assert_eq!(score(&bytes), Some(Score::Certain));
        let checkpoint = view(&bytes, parse);
        assert_eq!(checkpoint.weights, [2]);
        assert!(ids(checkpoint.anomalies()).is_empty());
        let bytes = archive(&[item("model_config.yaml", b'0', "", b"a: 1\n")]);
        assert_eq!(score(&bytes), Some(Score::Certain));
        assert_eq!(ids(view(&bytes, parse).anomalies()), ["nemo-no-weights"]);
        assert_eq!(
            score(&archive(&[item("model_weights.ckpt", b'0', "", b"N.")])),
            None
        );
    }
}
