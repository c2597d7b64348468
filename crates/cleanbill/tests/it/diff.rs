//! `diff` and `tensors`: exit codes, shapes of documents, languages.

use std::fs;

use crate::support::{Workplace, fitting};

const DIFF: &str = include_str!("../../../cleanbill-documents/schemas/cleanbill.diff-1.schema.json");
const TENSORS: &str = include_str!("../../../cleanbill-documents/schemas/cleanbill.tensors-1.schema.json");

/// Writes a safetensors file of matrices of single precision.
fn safetensors(tensors: &[(&str, [u32; 2], &[f32])]) -> Vec<u8> {
    let (mut header, mut data) = (String::from("{"), Vec::new());
    for (name, [rows, columns], values) in tensors {
        let start = data.len();
        data.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        let comma = if start == 0 { "" } else { "," };
        let entry = format!(
            "\"{name}\":{{\"dtype\":\"F32\",\"shape\":[{rows},{columns}],\"data_offsets\":[{start},{}]}}",
            data.len()
        );
        header.push_str(comma);
        header.push_str(&entry);
    }
    header.push('}');
    let mut out = u64::try_from(header.len()).expect("short").to_le_bytes().to_vec();
    out.extend(header.into_bytes());
    out.extend(data);
    out
}

/// A model of eight layers with one square matrix each; `moved` says by how much an element of which layer moves.
fn layers(moved: &[(usize, f32)]) -> Vec<u8> {
    let names: Vec<String> = (0..8)
        .map(|layer| format!("model.layers.{layer}.up.weight"))
        .collect();
    let mut values: Vec<Vec<f32>> = (0_u16..8)
        .map(|layer| {
            let each = (0_u16..256).map(|index| f32::from((index * 37 + layer * 11) % 97) / 97.0 - 0.5);
            each.collect()
        })
        .collect();
    for (layer, by) in moved {
        for value in &mut values[*layer] {
            *value += by;
        }
    }
    let tensors: Vec<(&str, [u32; 2], &[f32])> = names
        .iter()
        .zip(&values)
        .map(|(name, values)| (name.as_str(), [16, 16], values.as_slice()))
        .collect();
    safetensors(&tensors)
}

fn workplace() -> Workplace {
    let workplace = Workplace::empty();
    for (folder, moved) in [("a", &[][..]), ("b", &[(3, 0.05)][..])] {
        fs::create_dir(workplace.path(folder)).expect("a folder");
        workplace.write(&format!("{folder}/model.safetensors"), &layers(moved));
        workplace.write(
            &format!("{folder}/config.json"),
            format!("{{\"layers\": 8, \"name\": \"{folder}\"}}").as_bytes(),
        );
    }
    workplace.write("a/chat_template.jinja", b"{{ messages }}\n");
    workplace.write("b/chat_template.jinja", b"{{ messages }}\nadded <b>\n");
    workplace
}

#[test]
fn exit_codes_follow_the_claim() {
    let workplace = workplace();
    for (arguments, code) in [
        ("diff a a", 0),
        ("diff a b", 0),
        ("diff a b --fail-on medium", 1),
        ("diff a b --claim fine-tune", 1),
        ("diff a b --claim fine-tune --exit-zero", 0),
        ("diff a b --claim conversion", 1),
        ("diff a a --claim conversion", 0),
        ("diff a nowhere", 3),
        ("diff a b --claim no-such", 2),
        ("diff a b --claim fine-tune --with a", 2),
        // An adapter without its configuration says nothing of its scale.
        ("diff a a --claim merged-adapter --with a", 3),
        ("diff a", 2),
        ("tensors a", 0),
        ("tensors nowhere", 3),
    ] {
        let ran = workplace.run(arguments);
        assert_eq!(ran.code, code, "{arguments}\n{}", ran.shown());
    }
}

#[test]
fn documents_have_their_published_shapes_and_come_out_the_same_again() {
    let workplace = workplace();
    let first = workplace.run("diff a b -f json --jobs 1");
    let document = fitting(&first.stdout, DIFF);
    assert_eq!(document["lineage"]["kind"], "edit");
    assert_eq!(
        document["tensors"][0]["before"]["name"],
        "model.layers.3.up.weight"
    );
    assert_eq!(document["settings"][0]["key"], "name");
    assert_eq!(document["templates"][0]["lines_added"][0], "added <b>");
    assert_eq!(first.stdout, workplace.run("diff a b -f json --jobs 2").stdout);
    let manifest = fitting(&workplace.run("tensors a -f json").stdout, TENSORS);
    assert_eq!(manifest["tensors"].as_array().map(Vec::len), Some(8));
    // What is damaged has the same shape.
    let mut cut = layers(&[]);
    cut.truncate(cut.len() - 5);
    workplace.write("cut.safetensors", &cut);
    let ran = workplace.run("diff a/model.safetensors cut.safetensors -f json");
    assert_eq!(ran.code, 3, "{}", ran.shown());
    let document = fitting(&ran.stdout, DIFF);
    assert_eq!(document["verdict"], "incomplete");
    fitting(&workplace.run("tensors cut.safetensors -f json").stdout, TENSORS);
}

#[test]
fn the_page_for_a_browser_holds_pictures_and_nothing_from_outside() {
    let workplace = workplace();
    for language in ["en", "zh"] {
        let ran = workplace.run(&format!("diff a b -f html --lang {language}"));
        let page = ran.stdout;
        assert!(page.contains("<svg") && page.contains("prefers-color-scheme: dark"));
        assert!(
            !page.contains("<script")
                && !page.contains("src=")
                && !page.contains("http:")
                && !page.contains("https:")
        );
        assert!(!page.contains("added <b>"), "a template is no markup");
        assert_eq!(page.matches("<figure").count(), 8);
    }
}

#[test]
fn people_read_it_in_their_language() {
    let workplace = workplace();
    let english = workplace.run("diff a b --claim fine-tune --lang en").stdout;
    assert!(
        english.starts_with("fail: a -> b; looks like: edit of few tensors"),
        "{english}"
    );
    assert!(english.contains("model.layers.3.up.weight"));
    let is_ideograph = |character: char| ('\u{4e00}'..='\u{9fff}').contains(&character);
    assert!(!english.contains(is_ideograph), "{english}");
    let chinese = workplace.run("diff a b --claim fine-tune --lang zh").stdout;
    assert!(chinese.starts_with("不通过"), "{chinese}");
}
