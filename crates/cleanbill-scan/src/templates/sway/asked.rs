//! Questions about texts and expressions of a template.

use std::collections::BTreeSet;

use cleanbill_code::jinja::{Expression, ExpressionKind, Operator, StepKind};

use super::parts;

/// Words by which parts of messages are told apart, and not what somebody wrote.
const KINDS: &[&str] = &[
    "text",
    "image",
    "image_url",
    "video",
    "audio",
    "document",
    "string",
    "user",
    "system",
    "assistant",
    "tool",
    "function",
    "object",
    "array",
    "json",
    "developer",
    "thinking",
    "reasoning",
    "input",
    "output",
    "file",
    "model",
    "none",
    "null",
    "true",
    "false",
    "image_pil",
    "video_url",
    "audio_url",
    "input_audio",
    "input_image",
    "input_text",
    "refusal",
    "tool_use",
    "tool_result",
    "tool_call",
    "tool_response",
    "content",
    "name",
    "type",
    "role",
    "observation",
    "ipython",
    "code",
    "query",
    "passage",
    "low",
    "medium",
    "high",
    "content_block",
    "context",
    "critic",
    "commentary",
    "analysis",
    "final",
    "placeholder",
    "error",
    "result",
    "parameter",
    "properties",
];
/// Functions that tell the time.
const CLOCKS: &[&str] = &[
    "strftime_now",
    "now",
    "today",
    "datetime",
    "current_date",
    "get_current_date",
    "date_string",
    "time",
];
/// Words of prose that a branch must put out to count.
const PROSE_WORDS: usize = 4;

/// Says whether a text holds a sentence or an address.
pub(super) fn prose(text: &str) -> bool {
    let mut row = 0;
    for word in text.split_whitespace() {
        let bare = word.trim_matches(|c: char| c.is_ascii_punctuation());
        if !bare.is_empty()
            && bare.chars().all(|c| c.is_alphabetic() || c == '\'' || c == '-')
            && !word.contains(['<', '>', '|', '{'])
        {
            row += 1;
            if row >= PROSE_WORDS {
                return true;
            }
        } else {
            row = 0;
        }
    }
    let ideographs = text
        .chars()
        .filter(|c| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}'))
        .count();
    ideographs >= 8 || text.contains("://")
}

/// Says whether a text is what somebody would write, and not mark-up or the name of a kind.
pub(super) fn wordy(text: &str) -> bool {
    let bare = text.trim();
    let first = bare.chars().next().unwrap_or('<');
    let ideographs = bare
        .chars()
        .filter(|c| matches!(c, '\u{4e00}'..='\u{9fff}' | '\u{3040}'..='\u{30ff}' | '\u{ac00}'..='\u{d7af}'))
        .count();
    (bare.chars().filter(char::is_ascii_alphabetic).count() >= 3 || ideographs >= 2)
        && (first.is_alphanumeric() || first == '@' || first == '.')
        && !bare.contains([
            '<', '>', '|', '{', '}', '[', ']', '_', '\u{ff5c}', '\u{2581}', '%',
        ])
        && !bare.ends_with(':')
        && !KINDS.contains(&bare.to_ascii_lowercase().as_str())
}

/// Says whether the literal compared is put together, which nobody honest does.
pub(super) fn pieced(condition: &Expression) -> bool {
    if let ExpressionKind::Binary { first, rest } = &condition.kind
        && rest
            .iter()
            .any(|(operator, _)| matches!(operator, Operator::Join | Operator::Add))
        && matches!(first.kind, ExpressionKind::Text { .. })
        && rest
            .iter()
            .all(|(_, one)| matches!(one.kind, ExpressionKind::Text { .. }))
    {
        return true;
    }
    parts(condition).into_iter().any(pieced)
}

pub(super) fn has_comparison(expression: &Expression) -> bool {
    if let ExpressionKind::Binary { rest, .. } = &expression.kind {
        let compares = |operator: Operator| {
            matches!(
                operator,
                Operator::Equal
                    | Operator::Unequal
                    | Operator::Less
                    | Operator::LessEqual
                    | Operator::Greater
                    | Operator::GreaterEqual
                    | Operator::In
                    | Operator::NotIn
            )
        };
        if rest.iter().any(|(operator, _)| compares(*operator)) {
            return true;
        }
    }
    if let ExpressionKind::Chain { steps, .. } = &expression.kind
        && steps.iter().any(|step| matches!(&step.kind, StepKind::Attribute(name) if matches!(name.as_str(), "startswith" | "endswith" | "find" | "count")))
    {
        return true;
    }
    parts(expression).into_iter().any(has_comparison)
}

pub(super) fn mentions(expression: &Expression, names: &BTreeSet<String>) -> bool {
    match &expression.kind {
        ExpressionKind::Name(name) => return names.contains(name),
        ExpressionKind::Chain { steps, .. } => {
            for step in steps {
                match &step.kind {
                    StepKind::Attribute(name) if names.contains(name) => return true,
                    StepKind::Item(Expression {
                        kind: ExpressionKind::Text { text, .. },
                        ..
                    }) if names.contains(text) => return true,
                    _ => {}
                }
            }
        }
        _ => {}
    }
    parts(expression).into_iter().any(|part| mentions(part, names))
}

pub(super) fn mentions_clock(expression: &Expression) -> bool {
    if let ExpressionKind::Chain { base, steps } = &expression.kind
        && matches!(&base.kind, ExpressionKind::Name(name) if CLOCKS.contains(&name.as_str()))
        && steps.iter().any(|step| matches!(step.kind, StepKind::Call(_)))
    {
        return true;
    }
    parts(expression).into_iter().any(mentions_clock)
}

pub(super) fn by_chance(expression: &Expression) -> bool {
    if let ExpressionKind::Chain { steps, .. } = &expression.kind
        && steps
            .iter()
            .any(|step| matches!(&step.kind, StepKind::Filter(name, _) if name == "random"))
    {
        return true;
    }
    parts(expression).into_iter().any(by_chance)
}

pub(super) fn target_names(target: &Expression, names: &mut Vec<String>) {
    match &target.kind {
        ExpressionKind::Name(name) => names.push(name.clone()),
        ExpressionKind::Chain { steps, .. } => {
            if let Some(StepKind::Attribute(name)) = steps.last().map(|step| &step.kind) {
                names.push(name.clone());
            }
        }
        ExpressionKind::Tuple(items) | ExpressionKind::List(items) => {
            for item in items {
                target_names(item, names);
            }
        }
        _ => {}
    }
}
