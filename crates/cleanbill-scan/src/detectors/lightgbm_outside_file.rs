//! Detector `lightgbm-outside-file`.

use cleanbill_core::{Severity, text};
use cleanbill_formats::lightgbm::View;

use crate::{detector::detector, paths, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// A LightGBM model whose parameters name machines, or files outside of its folder.
    /// ## Why it matters
    /// Programs that train on, refit or convert the model take its parameters over: they read the files for splits, bins and
    /// parsers, connect to the machines, and write where `output_model` says. Paths and addresses also tell who trained it.
    /// ## How it is decided
    /// Files that steer training (`forcedsplits_filename`, `forcedbins_filename`, `parser_config_file`, `input_model`) and files
    /// that are written count as *medium* where they lie outside of the folder; data of training and machines as *low*, since
    /// honest models of a cluster hold them. Addresses of the web are *medium*.
    /// ## What it misses
    /// Names that stay in the folder.
    /// ## What to do
    /// Give the parameters yourself when you train on.
    /// ## References
    /// LightGBM "Parameters"; CWE-73, CWE-200.
    id: "lightgbm-outside-file",
    title: "LightGBM parameter leads outside", "LightGBM 参数指向外部",
    severity: Medium, confidence: Medium,
    tags: &["CWE-73", "CWE-200"], controls: &["MOD-01"],
    on: Lightgbm => run,
}

/// Parameters of training data, of which honest models keep absolute paths.
const DATA: &[&str] = &[
    "data",
    "valid",
    "initscore_filename",
    "valid_data_initscores",
    "position_filename",
];

fn run(view: &View, _scene: &Scene<'_>, sink: &mut Sink<'_>) {
    for one in &view.parameters {
        let name = &one.name;
        if name == "machines" {
            sink.report(
                Some(one.range.clone()),
                text!(
                    "`machines` names computers that training connects to",
                    "`machines` 列出训练时连接的计算机"
                ),
            )
            .severity(Severity::Low)
            .evidence(&one.value);
            continue;
        }
        // Lists of files are separated by commas.
        let Some(reason) = one.value.split(',').find_map(paths::leaves_folder) else {
            continue;
        };
        let known =
            DATA.contains(&name.as_str()) && !one.value.split(',').any(|path| paths::is_address(path.trim()));
        let (en, zh) = (reason.en(), reason.get(cleanbill_core::Language::Chinese));
        sink.report(
            Some(one.range.clone()),
            text!("the file of `{name}` {en}", "`{name}` 的文件{zh}"),
        )
        .severity(if known { Severity::Low } else { Severity::Medium })
        .evidence(&one.value);
    }
}

#[cfg(test)]
mod tests {
    use cleanbill_core::Severity::{Low, Medium};

    use crate::testing::check;

    #[test]
    fn only_what_leads_outside_is_reported() {
        for (line, severities) in [
            ("[data: train.csv]", &[][..]),
            ("[machines: ]", &[]),
            ("[output_model: LightGBM_model.txt]", &[]),
            ("[num_leaves: 31]", &[]),
            ("[data: /data/train.csv]", &[Low]),
            ("[data: http://a.invalid/x]", &[Medium]),
            ("[machines: 10.0.0.1:12400]", &[Low]),
            ("[output_model: ../../x]", &[Medium]),
            ("[forcedsplits_filename: /etc/x]", &[Medium]),
        ] {
            let text = format!(
                "tree\nversion=v4\nnum_class=1\nmax_feature_idx=0\n\nend of trees\n\nparameters:\n{line}\nend of parameters\n"
            );
            check("lightgbm-outside-file", "model.txt", text.as_bytes(), severities);
        }
    }
}
