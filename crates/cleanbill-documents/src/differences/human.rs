//! For people at a terminal.

use std::fmt::Write as _;

use cleanbill_core::{
    Text, Verdict,
    difference::{Difference, Kind, TensorKind},
    tensors::{Gap, TensorManifest},
    text,
};

use super::{Look, words};
use crate::terminal::{Style, bytes, pad, printable};

/// Lines of each list where lists are shortened.
const SHORT: usize = 15;

pub(super) fn difference(difference: &Difference, look: &Look) -> String {
    let mut out = String::new();
    let say = |text: &Text| printable(text.get(look.language));
    let style = match difference.verdict {
        Verdict::Pass => Style::Good,
        Verdict::Fail => Style::Bad,
        Verdict::Incomplete => Style::Doubtful,
    };
    let verdict = words::verdict(difference.verdict);
    let verdict = look.color.paint(style, verdict.get(look.language));
    let _ = writeln!(
        out,
        "{verdict}: {} -> {}; {}",
        printable(&difference.before),
        printable(&difference.after),
        say(&words::answer(difference))
    );
    let mut scores = difference.lineage.scores.clone();
    scores.retain(|(_, score)| *score > 0.005);
    scores.sort_by(|one, other| other.1.total_cmp(&one.1));
    let shown: Vec<String> = scores
        .iter()
        .map(|(descent, score)| format!("{} {score:.2}", words::descent(*descent).get(look.language)))
        .collect();
    line(&mut out, look, &text!("scores", "得分"), &shown.join(", "));
    if let Some(claim) = difference.claim {
        line(&mut out, look, &text!("claim", "声称"), claim.as_str());
    }
    for (model, coefficient) in &difference.lineage.coefficients {
        line(
            &mut out,
            look,
            &text!("share", "占比"),
            &format!("{coefficient:.3} {}", printable(model)),
        );
    }
    let counts: Vec<String> = words::counts(difference)
        .into_iter()
        .map(|(kind, count)| format!("{count} {}", words::tensor_kind(kind).get(look.language)))
        .collect();
    line(&mut out, look, &text!("tensors", "张量"), &counts.join(", "));
    findings(&mut out, difference, look);
    tensors(&mut out, difference, look);
    beside(&mut out, difference, look);
    gaps(&mut out, &difference.gaps, look);
    out
}

fn line(out: &mut String, look: &Look, name: &Text, value: &str) {
    if !value.is_empty() {
        let _ = writeln!(out, "  {} {value}", pad(name.get(look.language), 10));
    }
}

fn heading(out: &mut String, look: &Look, name: &Text) {
    let _ = writeln!(
        out,
        "\n{}",
        look.color.paint(Style::Strong, name.get(look.language))
    );
}

/// Says how many items of a list are left out.
fn rest(out: &mut String, look: &Look, all: usize) {
    if !look.all && all > SHORT {
        let more = all - SHORT;
        let text = text!(
            "and {more} more; --all lists them",
            "另有 {more} 项；--all 可全部列出"
        );
        let _ = writeln!(out, "  {}", text.get(look.language));
    }
}

fn most(look: &Look) -> usize {
    if look.all { usize::MAX } else { SHORT }
}

fn findings(out: &mut String, difference: &Difference, look: &Look) {
    if difference.findings.is_empty() {
        return;
    }
    heading(out, look, &text!("What does not fit", "不符之处"));
    for finding in difference.findings.iter().take(most(look)) {
        let severity = words::severity(finding.severity);
        let tensor = finding.tensor.as_deref().map(printable);
        let tensor = tensor.map(|tensor| format!("{tensor}: ")).unwrap_or_default();
        let _ = writeln!(
            out,
            "  {} {tensor}{} [{}]",
            pad(severity.get(look.language), 8),
            printable(finding.message.get(look.language)),
            finding.id
        );
    }
    rest(out, look, difference.findings.len());
}

fn tensors(out: &mut String, difference: &Difference, look: &Look) {
    let changed: Vec<_> = difference
        .tensors
        .iter()
        .filter(|tensor| tensor.kind != TensorKind::Same)
        .collect();
    if changed.is_empty() {
        return;
    }
    heading(out, look, &text!("Tensors", "张量"));
    let columns = text!(
        "relative L2, cosine, largest, elements changed",
        "相对 L2、余弦、最大差、改变的元素占比"
    );
    let _ = writeln!(out, "  {}", columns.get(look.language));
    for tensor in changed.iter().take(most(look)) {
        let kind = words::tensor_kind(tensor.kind);
        let mut row = format!(
            "  {} {}",
            pad(kind.get(look.language), 9),
            printable(tensor.name())
        );
        if let (Some(before), Some(after)) = (&tensor.before, &tensor.after) {
            if before.name != after.name {
                let _ = write!(row, " -> {}", printable(&after.name));
            }
            if before.dtype != after.dtype {
                let _ = write!(
                    row,
                    " ({} -> {})",
                    printable(&before.dtype),
                    printable(&after.dtype)
                );
            }
            if before.shape != after.shape {
                let _ = write!(row, " {:?} -> {:?}", before.shape, after.shape);
            }
        }
        if let Some(distance) = &tensor.distance {
            let _ = write!(
                row,
                "  {} {} {} {}",
                words::percent(distance.relative),
                words::number(distance.cosine),
                words::number(distance.largest),
                words::percent(distance.share)
            );
            if let Some(rank) = distance.rank {
                let rank = text!("rank {rank}", "秩 {rank}");
                let _ = write!(row, " {}", rank.get(look.language));
            }
        }
        if tensor.permuted {
            let text = text!("rows in another order", "行顺序已改变");
            let _ = write!(row, " {}", text.get(look.language));
        }
        out.push_str(&row);
        out.push('\n');
    }
    rest(out, look, changed.len());
}

fn beside(out: &mut String, difference: &Difference, look: &Look) {
    let files: Vec<_> = difference
        .files
        .iter()
        .filter(|file| file.kind != Kind::Same)
        .collect();
    if !files.is_empty() {
        heading(out, look, &text!("Files", "文件"));
        for file in files.iter().take(most(look)) {
            let size = |size: Option<u64>| size.map_or_else(|| "-".to_owned(), bytes);
            let _ = writeln!(
                out,
                "  {} {}  {} -> {}",
                pad(words::kind(file.kind).get(look.language), 9),
                printable(&file.path),
                size(file.bytes.0),
                size(file.bytes.1)
            );
        }
        rest(out, look, files.len());
    }
    if !difference.settings.is_empty() {
        heading(out, look, &text!("Settings", "设置"));
        for one in difference.settings.iter().take(most(look)) {
            let value = |value: &Option<String>| value.as_deref().map_or_else(|| "-".to_owned(), printable);
            let _ = writeln!(
                out,
                "  {} {}: {} -> {}",
                printable(&one.path),
                printable(&one.key),
                value(&one.before),
                value(&one.after)
            );
        }
        rest(out, look, difference.settings.len());
    }
    tokens(out, difference, look);
    let templates: Vec<_> = difference
        .templates
        .iter()
        .filter(|one| one.kind != Kind::Same)
        .collect();
    if !templates.is_empty() {
        heading(out, look, &text!("Chat templates", "聊天模板"));
        for one in templates {
            let kind = words::kind(one.kind);
            let _ = writeln!(
                out,
                "  {} {}",
                pad(kind.get(look.language), 9),
                printable(&one.path)
            );
            for (sign, lines) in [('-', &one.lines.0), ('+', &one.lines.1)] {
                for line in lines.iter().take(most(look)) {
                    let _ = writeln!(out, "    {sign} {}", printable(line));
                }
            }
        }
    }
}

fn tokens(out: &mut String, difference: &Difference, look: &Look) {
    let tokens = &difference.tokens;
    if tokens.changes.is_empty() && tokens.roles.is_empty() && tokens.merges == 0 {
        return;
    }
    heading(out, look, &text!("Tokens", "词元"));
    let (added, removed, renumbered) = tokens.counts;
    let merges = tokens.merges;
    let counts = text!(
        "{added} added, {removed} removed, {renumbered} renumbered, {merges} merge rules differ",
        "新增 {added}，移除 {removed}，重新编号 {renumbered}，合并规则差异 {merges}"
    );
    let _ = writeln!(out, "  {}", counts.get(look.language));
    for (role, before, after) in &tokens.roles {
        let value = |value: &Option<String>| value.as_deref().map_or_else(|| "-".to_owned(), printable);
        let _ = writeln!(
            out,
            "  {}: {} -> {}",
            printable(role),
            value(before),
            value(after)
        );
    }
    for one in tokens.changes.iter().take(most(look)) {
        let number = |number: Option<u64>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
        let _ = writeln!(
            out,
            "  `{}` {} -> {}",
            printable(&one.token),
            number(one.before),
            number(one.after)
        );
    }
    rest(out, look, tokens.changes.len());
}

fn gaps(out: &mut String, gaps: &[Gap], look: &Look) {
    if gaps.is_empty() {
        return;
    }
    heading(
        out,
        look,
        &text!("What was not compared, or is doubtful", "未比较或存疑之处"),
    );
    for gap in gaps.iter().take(most(look)) {
        let tensor = gap.tensor.as_deref().map(printable);
        let tensor = tensor.map(|tensor| format!(" {tensor}")).unwrap_or_default();
        let _ = writeln!(
            out,
            "  {}{tensor}: {}",
            printable(&gap.path),
            printable(gap.reason.get(look.language))
        );
    }
    rest(out, look, gaps.len());
}

pub(super) fn manifest(manifest: &TensorManifest, look: &Look) -> String {
    let mut out = String::new();
    let count = manifest.tensors.len();
    let total = bytes(manifest.tensors.iter().fold(0, |sum, tensor| sum + tensor.bytes));
    let target = printable(&manifest.target);
    let title = text!(
        "{target}: {count} tensors, {total}",
        "{target}：{count} 个张量，{total}"
    );
    let _ = writeln!(out, "{}", title.get(look.language));
    for tensor in &manifest.tensors {
        let digest = tensor
            .sha256
            .map_or_else(|| "-".to_owned(), |digest| digest.to_string());
        let shape: Vec<String> = tensor.shape.iter().map(u64::to_string).collect();
        let _ = writeln!(
            out,
            "{digest}  {} [{}] {}",
            printable(&tensor.dtype),
            shape.join(","),
            printable(&tensor.name)
        );
    }
    gaps(&mut out, &manifest.gaps, look);
    out
}
