//! Detector `caffe-outside-file`.

use cleanbill_core::{Language, Severity, text};
use cleanbill_formats::caffe::View;

use crate::{detector::detector, paths, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// A Caffe network whose layers write a file, or read one outside of its folder.
    /// ## Why it matters
    /// Making the network opens the files: `HDF5Output` empties the file that it names, the layers of data read theirs with the
    /// rights of whoever loads the model.
    /// ## How it is decided
    /// A file that is written outside of the folder is *high*, within it *low*. A file that is read outside of the folder is
    /// *low*, since networks for training name the data on the disk of their authors; an address is *medium*.
    /// ## What it misses
    /// Files that stay in the folder, and those that the program names itself.
    /// ## What to do
    /// Load the network for deployment, which has no layers of data, or set the paths yourself.
    /// ## References
    /// Caffe `src/caffe/layers/hdf5_output_layer.cpp`; CWE-73.
    id: "caffe-outside-file",
    title: "Caffe layer opens a file", "Caffe 层打开文件",
    severity: Low, confidence: High,
    tags: &["CWE-73"], controls: &["MOD-01"],
    on: Caffe => run,
}

fn run(view: &View, _scene: &Scene<'_>, sink: &mut Sink<'_>) {
    for file in &view.files {
        let outside = paths::leaves_folder(&file.path);
        let field = file.field;
        let evidence = format!("{} {}", file.kind, file.path);
        let draft = if file.is_written {
            let severity = if outside.is_some() {
                Severity::High
            } else {
                Severity::Low
            };
            sink.report(
                Some(file.range.clone()),
                text!("writes the file of `{field}`", "写入 `{field}` 指定的文件"),
            )
            .severity(severity)
        } else if let Some(reason) = outside {
            let (en, zh) = (reason.en(), reason.get(Language::Chinese));
            let severity = if paths::is_address(&file.path) {
                Severity::Medium
            } else {
                Severity::Low
            };
            sink.report(
                Some(file.range.clone()),
                text!("the file of `{field}` {en}", "`{field}` 的文件{zh}"),
            )
            .severity(severity)
        } else {
            continue;
        };
        draft.evidence(&evidence);
    }
}

#[cfg(test)]
mod tests {
    use cleanbill_core::Severity::{High, Low, Medium};

    use crate::testing::check;

    #[test]
    fn files_are_judged_by_place_and_use() {
        for (layer, severities) in [
            ("data_param { source: \"train_lmdb\" }", &[][..]),
            ("data_param { source: \"/data/train_lmdb\" }", &[Low]),
            ("image_data_param { source: \"ftp://a.invalid/l\" }", &[Medium]),
            ("hdf5_output_param { file_name: \"out.h5\" }", &[Low]),
            ("hdf5_output_param { file_name: \"../../out.h5\" }", &[High]),
        ] {
            let text = format!("layer {{ type: \"X\" {layer} }}\n");
            check("caffe-outside-file", "net.prototxt", text.as_bytes(), severities);
        }
    }
}
