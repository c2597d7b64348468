//! What came out of checking and comparing bills, for people and as JSON.

use std::fmt::Write as _;

use cleanbill_core::{Language, Text, bill::Source, text};
use serde_json::{Value, json};

use super::{
    against::Against,
    check::Assessment,
    compare::{Change, Difference, Named},
    convert::Loss,
    merge::Conflict,
    strict::Violation,
};
use crate::escape::visible;

/// Answers that a report for people shows of each element; the JSON holds them all.
const SHOWN: usize = 2;

/// Writes how complete a bill is, element by element, with what to do about what is missing.
pub fn assessments(list: &[Assessment<'_>], violations: &[Violation], language: Language) -> String {
    let say = |text: &Text| text.get(language).to_owned();
    let mut out = String::new();
    for violation in violations {
        let (path, at) = (&violation.path, violation.at);
        let _ = writeln!(out, "! {path} ({at}): {}", say(&violation.message));
    }
    for assessment in list {
        let framework = assessment.framework;
        let (whole, tenth) = (assessment.score_permille / 10, assessment.score_permille % 10);
        let _ = writeln!(
            out,
            "{} ({}): {whole}.{tenth} %",
            say(&framework.title),
            framework.edition
        );
        for outcome in &assessment.outcomes {
            let element = outcome.element;
            let mark = match outcome.answered {
                0 => '-',
                some if some < outcome.asked => '~',
                _ => '+',
            };
            let _ = writeln!(
                out,
                "  {mark} {} [{}] {}/{}",
                say(&element.title),
                element.weight,
                outcome.answered,
                outcome.asked
            );
            for evidence in outcome.evidence.iter().take(SHOWN) {
                let value: String = evidence.value.chars().take(60).collect();
                let value = value.replace('\n', " ");
                let _ = writeln!(
                    out,
                    "      {} = {value} ({})",
                    evidence.field,
                    place(&evidence.source)
                );
            }
            if outcome.answered < outcome.asked {
                let missing = outcome.missing.join(", ");
                if !missing.is_empty() {
                    let label = say(&text!("missing for", "缺失于"));
                    let _ = writeln!(out, "      {label}: {missing}");
                }
                let _ = writeln!(out, "      {}", say(&element.how));
            }
        }
    }
    shown(&out)
}

/// Keeps text of documents from steering a terminal; lines stay lines.
fn shown(text: &str) -> String {
    let lines = text.lines().map(|line| visible(line) + "\n");
    lines.collect()
}

fn place(source: &Source) -> String {
    match (source.file.is_empty(), source.place.is_empty()) {
        (false, false) => format!("{}: {}", source.file, source.place),
        (false, true) => source.file.clone(),
        (true, false) => source.place.clone(),
        (true, true) => "document".to_owned(),
    }
}

/// Writes the same as JSON.
pub fn assessments_json(list: &[Assessment<'_>], violations: &[Violation]) -> Value {
    let one = |assessment: &Assessment<'_>| {
        let elements: Vec<Value> = assessment
            .outcomes
            .iter()
            .map(|outcome| {
                let evidence: Vec<Value> = outcome
                    .evidence
                    .iter()
                    .map(|one| {
                        json!({"component": one.component, "field": one.field, "value": one.value,
                               "source": {"file": one.source.file, "place": one.source.place}})
                    })
                    .collect();
                json!({"id": outcome.element.id, "cluster": outcome.element.cluster,
                       "title": outcome.element.title.en(), "weight": outcome.element.weight,
                       "asked": outcome.asked, "answered": outcome.answered, "evidence": evidence,
                       "missing": outcome.missing, "how": outcome.element.how.en()})
            })
            .collect();
        json!({"id": assessment.framework.id, "title": assessment.framework.title.en(),
               "edition": assessment.framework.edition, "source": assessment.framework.source,
               "score_permille": assessment.score_permille, "elements": elements})
    };
    let frameworks: Vec<Value> = list.iter().map(one).collect();
    let violations: Vec<Value> = violations
        .iter()
        .map(|one| json!({"path": one.path, "at": one.at, "message": one.message.en()}))
        .collect();
    json!({"schema": "cleanbill.bom-check/1", "violations": violations, "frameworks": frameworks})
}

/// Writes how a claimed bill stands against what was found.
pub fn against(result: &Against, language: Language) -> String {
    let say = |text: Text| text.get(language).to_owned();
    let mut out = String::new();
    let mut list = |label: Text, items: &[String]| {
        for item in items {
            let _ = writeln!(out, "- {}: {item}", say(label.clone()));
        }
    };
    list(text!("claimed, not there", "已声明，但不存在"), &result.missing);
    list(text!("there, not claimed", "存在，但未声明"), &result.extra);
    list(
        text!("digests cannot be compared", "摘要无法比较"),
        &result.unproven,
    );
    let unclaimed: Vec<String> = result.unclaimed.iter().map(named).collect();
    list(
        text!("named by the files, not claimed", "文件中提及，但未声明"),
        &unclaimed,
    );
    for one in &result.differing {
        let (path, name) = (&one.path, one.algorithm_name());
        let (claimed, found) = (&one.claimed, &one.found);
        let _ = writeln!(
            out,
            "- {}",
            say(text!(
                "`{path}` has other bytes: {name} is {found}, claimed is {claimed}",
                "`{path}` 的内容不同：{name} 为 {found}，声明为 {claimed}"
            ))
        );
    }
    for (claimed, found) in &result.moved {
        let _ = writeln!(
            out,
            "- {}",
            say(text!(
                "`{claimed}` stands at `{found}`",
                "`{claimed}` 位于 `{found}`"
            ))
        );
    }
    for one in &result.contradicted {
        let (component, field) = (&one.component, &one.field);
        let (claimed, found) = (one.claimed.join(", "), one.found.join(", "));
        let place = place(&one.source);
        let _ = writeln!(
            out,
            "- {}",
            say(text!(
                "{component}: `{field}` is claimed as {claimed}, found is {found} ({place})",
                "{component}：`{field}` 声明为 {claimed}，实际为 {found}（{place}）"
            ))
        );
    }
    if !result.lists_files {
        let _ = writeln!(
            out,
            "- {}",
            say(text!(
                "the bill lists no files: nothing is proven about any of them",
                "清单未列出文件：无法证明任何文件"
            ))
        );
    }
    let agreeing = result.agreeing;
    let _ = writeln!(
        out,
        "{}",
        say(text!("{agreeing} files agree", "{agreeing} 个文件一致"))
    );
    shown(&out)
}

/// Writes the same as JSON.
pub fn against_json(result: &Against) -> Value {
    let differing: Vec<Value> = result
        .differing
        .iter()
        .map(|one| {
            json!({"path": one.path, "algorithm": one.algorithm_name(), "claimed": one.claimed, "found": one.found})
        })
        .collect();
    let contradicted: Vec<Value> = result
        .contradicted
        .iter()
        .map(|one| {
            json!({"component": one.component, "field": one.field, "claimed": one.claimed, "found": one.found,
                   "source": {"file": one.source.file, "place": one.source.place}})
        })
        .collect();
    let moved: Vec<Value> = result
        .moved
        .iter()
        .map(|(claimed, found)| json!({"claimed": claimed, "found": found}))
        .collect();
    let unclaimed: Vec<String> = result.unclaimed.iter().map(named).collect();
    json!({"schema": "cleanbill.bom-against/1", "holds": result.holds(), "lists_files": result.lists_files,
           "agreeing": result.agreeing, "missing": result.missing, "extra": result.extra, "differing": differing,
           "moved": moved, "unproven": result.unproven, "contradicted": contradicted, "unclaimed": unclaimed})
}

/// Writes how two bills differ.
pub fn difference(result: &Difference, language: Language) -> String {
    let say = |text: Text| text.get(language).to_owned();
    let mut out = String::new();
    for one in &result.removed {
        let _ = writeln!(out, "- {}", named(one));
    }
    for one in &result.added {
        let _ = writeln!(out, "+ {}", named(one));
    }
    for one in &result.changed {
        let _ = writeln!(out, "~ {}", one.name);
        changes(&one.changes, &mut out);
    }
    let relation = |one: &super::compare::NamedRelation| format!("{} -{:?}-> {}", one.from, one.kind, one.to);
    for one in &result.relations_removed {
        let _ = writeln!(out, "- {}", relation(one));
    }
    for one in &result.relations_added {
        let _ = writeln!(out, "+ {}", relation(one));
    }
    for id in &result.vulnerabilities_removed {
        let _ = writeln!(out, "- {id}");
    }
    for id in &result.vulnerabilities_added {
        let _ = writeln!(out, "+ {id}");
    }
    if result.is_empty() {
        let _ = writeln!(out, "{}", say(text!("no difference", "无差异")));
    }
    shown(&out)
}

fn changes(list: &[Change], out: &mut String) {
    for change in list {
        let _ = writeln!(
            out,
            "    {}: {} -> {}",
            change.field,
            change.before.join(", "),
            change.after.join(", ")
        );
    }
}

fn named(one: &Named) -> String {
    let mut text = format!("{:?} {}", one.kind, one.name);
    if !one.version.is_empty() {
        text.push(' ');
        text.push_str(&one.version);
    }
    text
}

/// Writes the same as JSON.
pub fn difference_json(result: &Difference) -> Value {
    let names = |list: &[Named]| -> Vec<Value> {
        list.iter()
            .map(|one| {
                json!({"kind": format!("{:?}", one.kind).to_lowercase(), "name": one.name, "version": one.version, "id": one.id})
            })
            .collect()
    };
    let changed: Vec<Value> = result
        .changed
        .iter()
        .map(|one| {
            let changes: Vec<Value> = one
                .changes
                .iter()
                .map(|change| json!({"field": change.field, "before": change.before, "after": change.after}))
                .collect();
            json!({"name": one.name, "before": one.before, "after": one.after, "changes": changes})
        })
        .collect();
    let relations = |list: &[super::compare::NamedRelation]| -> Vec<Value> {
        list.iter()
            .map(|one| json!({"from": one.from, "kind": format!("{:?}", one.kind), "to": one.to}))
            .collect()
    };
    json!({"schema": "cleanbill.bom-diff/1", "added": names(&result.added), "removed": names(&result.removed),
           "changed": changed, "relations_added": relations(&result.relations_added),
           "relations_removed": relations(&result.relations_removed),
           "vulnerabilities_added": result.vulnerabilities_added, "vulnerabilities_removed": result.vulnerabilities_removed})
}

/// Says where two parts of a merged bill contradict each other; the first word stands.
pub fn conflict(one: &Conflict) -> Text {
    let fields: Vec<&str> = one.changes.iter().map(|change| change.field.as_str()).collect();
    let (name, fields, kept, other) = (&one.name, fields.join(", "), &one.kept, &one.other);
    text!(
        "`{name}`: `{kept}` and `{other}` differ in {fields}; what `{kept}` says stands",
        "`{name}`：`{kept}` 与 `{other}` 在 {fields} 上不一致；采用 `{kept}` 的内容"
    )
}

/// Says what a converted document could not carry.
pub fn loss(one: &Loss) -> Text {
    let (place, en, zh) = (&one.place, one.what.en(), one.what.get(Language::Chinese));
    text!("{place}: {en}", "{place}：{zh}")
}
