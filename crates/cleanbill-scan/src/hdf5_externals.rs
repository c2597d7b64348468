//! What an HDF5 file reads from other files, as its two detectors report it.

use cleanbill_core::{Severity, Text, text};
use cleanbill_formats::hdf5::{ExternalKind, View};

use crate::sink::Sink;

/// Reports the externals for which `describe` has words; worse in models, and where they lead out of the folder.
pub(crate) fn report(
    view: &View,
    model: bool,
    sink: &mut Sink<'_>,
    describe: fn(ExternalKind) -> Option<Text>,
) {
    for external in &view.externals {
        let Some(message) = describe(external.kind) else {
            continue;
        };
        let far = external.file.starts_with(['/', '~', '\\'])
            || external.file.contains(':')
            || external.file.split(['/', '\\']).any(|part| part == "..");
        let severity = if model || far {
            Severity::High
        } else {
            Severity::Medium
        };
        let separator = if external.object.is_empty() { "" } else { ":" };
        let evidence = format!(
            "{} -> {}{separator}{}",
            external.path, external.file, external.object
        );
        sink.report(Some(external.range.clone()), message)
            .severity(severity)
            .evidence(&evidence)
            .hint(text!(
                "ask the supplier for a file that holds all of its data",
                "请向供应方索取包含全部数据的文件"
            ));
    }
}
