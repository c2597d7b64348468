//! One file for a browser, with a picture of each layer.

use std::fmt::Write as _;

use cleanbill_core::{
    Language, Severity, Text, Verdict,
    difference::{Difference, Kind, Layer, TensorChange, TensorKind},
    text,
};

use super::words;
use crate::{
    escape::{markup, markup_message, visible},
    terminal::bytes,
};

/// The style sheet of reports, and what pictures add to it.
const STYLE: &str = include_str!("../reports/html/style.css");
const PICTURES: &str = include_str!("html/style.css");
/// Steps of the scale of colours; the first is "the same".
const STEPS: f64 = 8.0;
/// Rows of long tables.
const LONG: usize = 500;

pub(super) fn difference(difference: &Difference, language: Language) -> String {
    let tag = match language {
        Language::English => "en",
        Language::Chinese => "zh-Hans",
    };
    let verdict = words::verdict(difference.verdict);
    let title = text!("What changed between two models", "两个模型之间的变化");
    let mut out = String::new();
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"{tag}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{} · {} · Cleanbill</title>\n<style>\n{STYLE}{PICTURES}</style>\n</head>\n<body>\n",
        verdict.get(language),
        markup(&difference.after),
    );
    let class = match difference.verdict {
        Verdict::Pass => "good",
        Verdict::Fail => "bad",
        Verdict::Incomplete => "doubt",
    };
    let _ = write!(
        out,
        "<header>\n<h1>{}</h1>\n<div class=\"verdict {class}\"><strong>{}</strong><p>{}</p></div>\n<dl class=\"facts\">\n",
        title.get(language),
        verdict.get(language),
        markup(words::answer(difference).get(language)),
    );
    fact(
        &mut out,
        text!("before", "之前").get(language),
        &code(&difference.before),
    );
    fact(
        &mut out,
        text!("after", "之后").get(language),
        &code(&difference.after),
    );
    if let Some(claim) = difference.claim {
        fact(
            &mut out,
            text!("claim", "声称").get(language),
            &markup(claim.as_str()),
        );
    }
    for (model, coefficient) in &difference.lineage.coefficients {
        fact(
            &mut out,
            text!("share", "占比").get(language),
            &format!("{coefficient:.3} {}", code(model)),
        );
    }
    out.push_str("</dl>\n</header>\n<main>\n");
    scores(&mut out, difference, language);
    findings(&mut out, difference, language);
    layers(&mut out, difference, language);
    tensors(&mut out, difference, language);
    beside(&mut out, difference, language);
    gaps(&mut out, difference, language);
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

fn code(value: &str) -> String {
    format!("<code>{}</code>", markup(&visible(value)))
}

fn fact(out: &mut String, name: &str, value: &str) {
    let _ = writeln!(out, "<dt>{name}</dt><dd>{value}</dd>");
}

fn heading(out: &mut String, name: &Text, language: Language) {
    let _ = writeln!(out, "<h2>{}</h2>", name.get(language));
}

fn scores(out: &mut String, difference: &Difference, language: Language) {
    let mut scores = difference.lineage.scores.clone();
    scores.retain(|(_, score)| *score > 0.005);
    scores.sort_by(|one, other| other.1.total_cmp(&one.1));
    heading(out, &text!("What it looks like", "看起来像什么"), language);
    out.push_str("<div class=\"card\"><table><tbody>\n");
    for (descent, score) in scores {
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td class=\"number\">{score:.2}</td><td><progress max=\"1\" value=\"{score:.3}\"></progress></td></tr>",
            words::descent(descent).get(language)
        );
    }
    out.push_str("</tbody></table></div>\n");
}

fn findings(out: &mut String, difference: &Difference, language: Language) {
    heading(out, &text!("What does not fit", "不符之处"), language);
    if difference.findings.is_empty() {
        let _ = writeln!(out, "<p>{}</p>", text!("nothing", "无").get(language));
        return;
    }
    out.push_str("<div class=\"card\">\n");
    for finding in &difference.findings {
        let class = match finding.severity {
            Severity::Critical | Severity::High => "bad",
            Severity::Medium => "doubt",
            Severity::Low | Severity::Info => "quiet",
        };
        let tensor = finding.tensor.as_deref().map(code).unwrap_or_default();
        let _ = writeln!(
            out,
            "<div class=\"finding\"><div class=\"title\"><span class=\"badge {class}\">{}</span><p>{tensor} {}</p></div>\
             <p class=\"faint mono\">{}</p></div>",
            words::severity(finding.severity).get(language),
            markup_message(finding.message.get(language)),
            finding.id
        );
    }
    out.push_str("</div>\n");
}

/// Returns the step of the scale for a relative distance: by powers of ten, from a millionth to one.
fn step(relative: f64) -> u8 {
    if relative <= 0.0 || relative.is_nan() {
        return 0;
    }
    let place = ((relative.log10() + 6.0) / 6.0 * (STEPS - 1.0)).clamp(0.0, STEPS - 1.0);
    let mut step = 1;
    while f64::from(step) <= place && step < 8 {
        step += 1;
    }
    step
}

fn layers(out: &mut String, difference: &Difference, language: Language) {
    heading(out, &text!("Where it changed", "变化位置"), language);
    let note = text!(
        "each strip is a tensor, from its first row to its last; the stronger the colour, the farther it moved",
        "每条色带是一个张量，从第一行到最后一行；颜色越醒目，移动越远"
    );
    let _ = write!(
        out,
        "<p class=\"faint\">{}</p>\n<p class=\"scale\">",
        note.get(language)
    );
    for number in 0..=8 {
        let _ = write!(
            out,
            "<svg class=\"key\" viewBox=\"0 0 1 1\" aria-hidden=\"true\"><rect class=\"h{number}\" width=\"1\" height=\"1\"/></svg>"
        );
    }
    let _ = writeln!(
        out,
        "<span class=\"faint\">0 · 10<sup>-6</sup> … 1</span></p>\n<div class=\"layers\">"
    );
    for layer in &difference.lineage.layers {
        picture(out, difference, layer, language);
    }
    out.push_str("</div>\n");
}

fn picture(out: &mut String, difference: &Difference, layer: &Layer, language: Language) {
    let outside = text!("outside layers", "层之外");
    let name = if layer.name.is_empty() {
        outside.get(language).to_owned()
    } else {
        code(&layer.name)
    };
    let _ = writeln!(
        out,
        "<figure class=\"card\"><figcaption class=\"head\"><span>{name}</span><span class=\"faint\">{}</span></figcaption>",
        words::percent(layer.relative)
    );
    let mut tensors: Vec<&TensorChange> = layer
        .tensors
        .iter()
        .filter_map(|index| difference.tensors.get(*index))
        .collect();
    // The same place in every layer, so that layers are compared at a glance.
    tensors.sort_by_key(|tensor| tensor.name());
    let _ = write!(
        out,
        "<svg class=\"strips\" viewBox=\"0 0 32 {}\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{}\">",
        tensors.len().max(1),
        markup(&visible(&layer.name))
    );
    for (row, tensor) in tensors.iter().enumerate() {
        let label = tensor.distance.as_ref().map_or_else(
            || words::tensor_kind(tensor.kind).get(language).to_owned(),
            |distance| words::percent(distance.relative),
        );
        let _ = write!(
            out,
            "<g><title>{} {label}</title>",
            markup(&visible(tensor.name()))
        );
        match &tensor.distance {
            Some(distance) if tensor.kind == TensorKind::Changed && distance.relative > 0.0 => {
                for (column, band) in distance.bands.iter().enumerate() {
                    let _ = write!(
                        out,
                        "<rect class=\"h{}\" x=\"{column}\" y=\"{row}.08\" width=\"1.02\" height=\".84\"/>",
                        step(*band)
                    );
                }
            }
            _ => {
                let class = if tensor.kind == TensorKind::NotCompared {
                    "unknown"
                } else {
                    "h0"
                };
                let _ = write!(
                    out,
                    "<rect class=\"{class}\" x=\"0\" y=\"{row}.08\" width=\"32\" height=\".84\"/>"
                );
            }
        }
        out.push_str("</g>");
    }
    out.push_str("</svg>\n<ol class=\"names\">");
    for tensor in tensors {
        let short = tensor
            .name()
            .strip_prefix(layer.name.as_str())
            .unwrap_or(tensor.name())
            .trim_start_matches('.');
        let _ = write!(out, "<li>{}</li>", markup(&visible(short)));
    }
    out.push_str("</ol></figure>\n");
}

fn tensors(out: &mut String, difference: &Difference, language: Language) {
    heading(out, &text!("Tensors", "张量"), language);
    out.push_str("<ul class=\"counts\">");
    for (kind, count) in words::counts(difference) {
        let _ = write!(
            out,
            "<li class=\"badge quiet\">{count} {}</li>",
            words::tensor_kind(kind).get(language)
        );
    }
    out.push_str("</ul>\n");
    let changed: Vec<&TensorChange> = difference
        .tensors
        .iter()
        .filter(|tensor| tensor.kind != TensorKind::Same)
        .collect();
    if changed.is_empty() {
        return;
    }
    let names = [
        text!("tensor", "张量"),
        text!("change", "变化"),
        text!("relative L2", "相对 L2"),
        text!("cosine", "余弦"),
        text!("largest", "最大差"),
        text!("elements", "元素"),
        text!("rank", "秩"),
    ];
    out.push_str("<div class=\"card\"><table><thead><tr>");
    for name in &names {
        let _ = write!(out, "<th>{}</th>", name.get(language));
    }
    out.push_str("</tr></thead><tbody>\n");
    for tensor in changed.iter().take(LONG) {
        let mut name = code(tensor.name());
        if let (Some(before), Some(after)) = (&tensor.before, &tensor.after) {
            if before.name != after.name {
                let _ = write!(name, " → {}", code(&after.name));
            }
            if before.dtype != after.dtype {
                let _ = write!(
                    name,
                    " <span class=\"faint\">{} → {}</span>",
                    markup(&before.dtype),
                    markup(&after.dtype)
                );
            }
        }
        for row in tensor.rows.iter().take(5) {
            let token = row.token.as_deref().map(code).unwrap_or_default();
            let _ = write!(
                name,
                "<br><span class=\"faint\">{} {token} {}</span>",
                row.row,
                words::percent(row.relative)
            );
        }
        let mut cells = vec![name, markup(words::tensor_kind(tensor.kind).get(language))];
        match &tensor.distance {
            Some(distance) => cells.extend([
                words::percent(distance.relative),
                words::number(distance.cosine),
                words::number(distance.largest),
                words::percent(distance.share),
                distance.rank.map_or_else(String::new, |rank| rank.to_string()),
            ]),
            None => cells.extend(std::iter::repeat_n(String::new(), 5)),
        }
        out.push_str("<tr>");
        for (index, (cell, name)) in cells.iter().zip(&names).enumerate() {
            let class = if index > 1 { " class=\"number\"" } else { "" };
            let _ = write!(
                out,
                "<td{class} data-label=\"{}\">{cell}</td>",
                name.get(language)
            );
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
    cut(out, changed.len(), language);
}

/// Says how many rows of a table are left out.
fn cut(out: &mut String, all: usize, language: Language) {
    if all > LONG {
        let more = all - LONG;
        let text = text!(
            "and {more} more; the JSON document lists them",
            "另有 {more} 项；JSON 文档中全部列出"
        );
        let _ = writeln!(out, "<p class=\"faint\">{}</p>", text.get(language));
    }
}

/// Writes a table of texts.
fn table(out: &mut String, name: &Text, rows: &[Vec<String>], language: Language) {
    if rows.is_empty() {
        return;
    }
    heading(out, name, language);
    out.push_str("<div class=\"card\"><table><tbody>\n");
    for row in rows.iter().take(LONG) {
        out.push_str("<tr>");
        for cell in row {
            let _ = write!(out, "<td>{cell}</td>");
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
    cut(out, rows.len(), language);
}

fn beside(out: &mut String, difference: &Difference, language: Language) {
    let size = |size: Option<u64>| size.map_or_else(|| "-".to_owned(), bytes);
    let files: Vec<Vec<String>> = difference
        .files
        .iter()
        .filter(|file| file.kind != Kind::Same)
        .map(|file| {
            vec![
                code(&file.path),
                markup(words::kind(file.kind).get(language)),
                size(file.bytes.0),
                size(file.bytes.1),
            ]
        })
        .collect();
    table(out, &text!("Files", "文件"), &files, language);
    let value = |value: &Option<String>| value.as_deref().map_or_else(|| "-".to_owned(), code);
    let settings: Vec<Vec<String>> = difference
        .settings
        .iter()
        .map(|one| {
            vec![
                code(&one.path),
                code(&one.key),
                value(&one.before),
                value(&one.after),
            ]
        })
        .collect();
    table(out, &text!("Settings", "设置"), &settings, language);
    let number = |number: Option<u64>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
    let roles = difference
        .tokens
        .roles
        .iter()
        .map(|(role, before, after)| vec![code(role), value(before), value(after)]);
    let tokens = difference
        .tokens
        .changes
        .iter()
        .map(|one| vec![code(&one.token), number(one.before), number(one.after)]);
    let tokens: Vec<Vec<String>> = roles.chain(tokens).collect();
    table(out, &text!("Tokens", "词元"), &tokens, language);
    let templates: Vec<Vec<String>> = difference
        .templates
        .iter()
        .filter(|one| one.kind != Kind::Same)
        .map(|one| {
            let lines = |sign: &str, lines: &[String]| -> String {
                let each = lines.iter().map(|line| format!("{sign} {}", code(line)));
                each.collect::<Vec<_>>().join("<br>")
            };
            vec![
                code(&one.path),
                markup(words::kind(one.kind).get(language)),
                lines("-", &one.lines.0),
                lines("+", &one.lines.1),
            ]
        })
        .collect();
    table(out, &text!("Chat templates", "聊天模板"), &templates, language);
}

fn gaps(out: &mut String, difference: &Difference, language: Language) {
    let rows: Vec<Vec<String>> = difference
        .gaps
        .iter()
        .map(|gap| {
            vec![
                code(&gap.path),
                gap.tensor.as_deref().map(code).unwrap_or_default(),
                markup_message(&visible(gap.reason.get(language))),
            ]
        })
        .collect();
    table(
        out,
        &text!("What was not compared, or is doubtful", "未比较或存疑之处"),
        &rows,
        language,
    );
}
