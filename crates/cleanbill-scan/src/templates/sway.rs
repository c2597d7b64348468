//! Looks for templates that change what a model is told depending on what a person writes, when, or by chance.

mod asked;

use std::collections::BTreeSet;

use cleanbill_code::jinja::{Expression, ExpressionKind, Node, NodeKind, StepKind, parse};

use crate::instructions::{self, Want};
use asked::{by_chance, has_comparison, mentions, mentions_clock, pieced, prose, target_names, wordy};

/// Says how a template sways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sway {
    /// Words of the conversation bring in sentences of the template.
    OnContent,
    /// The date brings in sentences of the template.
    OnDate,
    /// Chance brings in sentences of the template.
    ByChance,
    /// Who is asking or where brings in sentences of the template.
    OnWho,
    /// Words of the conversation are replaced by others.
    Rewrites,
    /// The template's own sentences speak against the user.
    Speaks(Want),
    /// Text stands behind so many blanks that nobody sees it.
    FarAway,
    /// The template is too long to be looked at whole.
    Unread,
}

/// Holds one way of swaying.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) sway: Sway,
    pub(crate) at: usize,
    pub(crate) evidence: String,
}

/// Names that hold what somebody wrote.
const CONTENT: &[&str] = &[
    "content",
    "text",
    "prompt",
    "query",
    "user_message",
    "last_message",
    "user_input",
    "last_user_message",
];
/// Names that tell who asks, or where.
const WHO: &[&str] = &[
    "language",
    "lang",
    "locale",
    "country",
    "user_id",
    "username",
    "user_name",
    "hostname",
    "region",
    "ip",
    "email",
    "organization",
    "tenant",
];
/// Blanks on a line behind which nobody looks.
const BLANKS: usize = 400;
const LINES: usize = 150;
/// LIMIT: nodes and steps looked at; far above the longest known template.
const WORK: usize = 400_000;

/// Looks at a template.
pub(crate) fn look(template: &str) -> Vec<Seen> {
    let parsed = parse(template);
    let mut walk = Walk {
        source: template,
        tainted: CONTENT.iter().map(|name| (*name).to_owned()).collect(),
        dated: BTreeSet::new(),
        chance: BTreeSet::new(),
        seen: Vec::new(),
        work: 0,
    };
    walk.body(&parsed.nodes);
    let mut said = String::new();
    let mut places = Vec::new();
    gather(&parsed.nodes, template, &mut said, &mut places, &mut 0);
    for saying in instructions::find(&said) {
        // A word of the mark-up of models is the template's trade.
        if matches!(
            saying.want,
            Want::Mark | Want::Send | Want::Smuggle | Want::Disarm
        ) {
            continue;
        }
        // Models are honestly told not to speak of the machinery of calls.
        let after = said
            .get(saying.at..)
            .unwrap_or_default()
            .chars()
            .take(120)
            .collect::<String>();
        if saying.want == Want::Conceal && (after.contains("function call") || after.contains("tool call")) {
            continue;
        }
        let place = places
            .iter()
            .rev()
            .find(|(start, _)| *start <= saying.at)
            .map_or(0, |(_, at)| *at);
        walk.add(Sway::Speaks(saying.want), place, &saying.evidence);
    }
    far_away(template, &mut walk);
    if walk.work > WORK || said.len() > instructions::TEXT_BYTES {
        walk.add(Sway::Unread, 0, "");
    }
    walk.seen
}

fn far_away(template: &str, walk: &mut Walk<'_>) {
    let (mut blanks, mut lines) = (0_usize, 0_usize);
    for (at, c) in template.char_indices() {
        match c {
            '\n' => {
                lines += 1;
                blanks = 0;
            }
            ' ' | '\t' | '\u{a0}' | '\r' | '\u{3000}' => blanks += 1,
            _ => {
                if blanks >= BLANKS || lines >= LINES {
                    walk.add(
                        Sway::FarAway,
                        at,
                        &template
                            .get(at..)
                            .unwrap_or_default()
                            .chars()
                            .take(80)
                            .collect::<String>(),
                    );
                    return;
                }
                (blanks, lines) = (0, 0);
            }
        }
    }
}

/// Lists the pieces of text that a template can put out, each with its blanks in one form.
pub(super) fn pieces(template: &str) -> BTreeSet<String> {
    let (mut said, mut places) = (String::new(), Vec::new());
    gather(&parse(template).nodes, template, &mut said, &mut places, &mut 0);
    let ends = places.iter().skip(1).map(|(start, _)| *start);
    let ends: Vec<usize> = ends.chain([said.len()]).collect();
    let starts = places.iter().map(|(start, _)| *start);
    starts
        .zip(ends)
        .filter_map(|(start, end)| said.get(start..end))
        .map(|piece| piece.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|piece| !piece.is_empty())
        .collect()
}

/// Collects every text that a template can put out, comments of HTML included, with where each begins.
fn gather(
    nodes: &[Node],
    source: &str,
    said: &mut String,
    places: &mut Vec<(usize, usize)>,
    work: &mut usize,
) {
    for node in nodes {
        *work += 1;
        if *work > WORK || said.len() > instructions::TEXT_BYTES {
            return;
        }
        let mut add = |text: &str, at: usize| {
            places.push((said.len(), at));
            said.push_str(text);
        };
        match &node.kind {
            NodeKind::Text | NodeKind::Raw => add(
                source.get(node.range.clone()).unwrap_or_default(),
                node.range.start,
            ),
            _ => {
                for expression in heads(node) {
                    literals(expression, &mut |text, at| {
                        places.push((said.len(), at));
                        said.push_str(text);
                        said.push(' ');
                    });
                }
            }
        }
        for body in bodies(node) {
            gather(body, source, said, places, work);
        }
    }
}

fn heads(node: &Node) -> Vec<&Expression> {
    match &node.kind {
        NodeKind::Output(value) | NodeKind::Set { value, .. } => vec![value],
        NodeKind::If(branches) => branches
            .iter()
            .filter_map(|(condition, _)| condition.as_ref())
            .collect(),
        NodeKind::For(repeated) => vec![&repeated.over],
        NodeKind::Scope { head, .. } => head.iter().collect(),
        NodeKind::Macro { parameters, .. } => parameters
            .iter()
            .filter_map(|(_, default)| default.as_ref())
            .collect(),
        _ => Vec::new(),
    }
}

fn bodies(node: &Node) -> Vec<&[Node]> {
    match &node.kind {
        NodeKind::If(branches) => branches.iter().map(|(_, body)| body.as_slice()).collect(),
        NodeKind::For(repeated) => vec![&repeated.body, &repeated.otherwise],
        NodeKind::Macro { body, .. } | NodeKind::SetBlock { body, .. } | NodeKind::Scope { body, .. } => {
            vec![body]
        }
        _ => Vec::new(),
    }
}

/// Calls `found` for every text literal; what is told to the person who wrote a message that does not fit is left out.
fn literals<'a>(expression: &'a Expression, found: &mut dyn FnMut(&'a str, usize)) {
    if let ExpressionKind::Text { text, .. } = &expression.kind {
        found(text, expression.range.start);
    }
    if let ExpressionKind::Chain { base, .. } = &expression.kind
        && matches!(&base.kind, ExpressionKind::Name(name) if name == "raise_exception")
    {
        return;
    }
    for part in parts(expression) {
        literals(part, found);
    }
}

fn parts(expression: &Expression) -> Vec<&Expression> {
    match &expression.kind {
        ExpressionKind::List(items) | ExpressionKind::Tuple(items) => items.iter().collect(),
        ExpressionKind::Dict(pairs) => pairs.iter().flat_map(|(key, value)| [key, value]).collect(),
        ExpressionKind::Unary(_, value) => vec![value],
        ExpressionKind::Binary { first, rest } => std::iter::once(&**first)
            .chain(rest.iter().map(|(_, one)| one))
            .collect(),
        ExpressionKind::Conditional {
            value,
            condition,
            otherwise,
        } => {
            let mut all = vec![&**value, &**condition];
            all.extend(otherwise.as_deref());
            all
        }
        ExpressionKind::Chain { base, steps } => {
            let mut all = vec![&**base];
            for step in steps {
                match &step.kind {
                    StepKind::Item(key) => all.push(key),
                    StepKind::Slice(parts) => all.extend(parts.iter().flatten()),
                    StepKind::Call(given) | StepKind::Filter(_, given) | StepKind::Test(_, _, given) => {
                        all.extend(given.iter().map(|argument| &argument.value));
                    }
                    StepKind::Attribute(_) => {}
                }
            }
            all
        }
        _ => Vec::new(),
    }
}

struct Walk<'a> {
    source: &'a str,
    tainted: BTreeSet<String>,
    dated: BTreeSet<String>,
    chance: BTreeSet<String>,
    seen: Vec<Seen>,
    work: usize,
}

impl Walk<'_> {
    fn add(&mut self, sway: Sway, at: usize, evidence: &str) {
        if self.seen.len() < 64 && !self.seen.iter().any(|one| one.sway == sway) {
            self.seen.push(Seen {
                sway,
                at,
                evidence: evidence.to_owned(),
            });
        }
    }

    fn body(&mut self, nodes: &[Node]) {
        for node in nodes {
            self.work += 1;
            if self.work > WORK {
                return;
            }
            match &node.kind {
                NodeKind::Set { targets, value } => self.learn(targets, value),
                NodeKind::For(repeated) => self.learn(&repeated.target, &repeated.over),
                NodeKind::If(branches) => {
                    for (condition, body) in branches {
                        if let Some(condition) = condition {
                            let said = said(body, self.source);
                            self.condition(condition, said.as_deref());
                        }
                    }
                }
                _ => {}
            }
            for head in heads(node) {
                self.inside(head);
            }
            for body in bodies(node) {
                self.body(body);
            }
        }
    }

    /// Looks into an expression for conditions and replacements.
    fn inside(&mut self, expression: &Expression) {
        self.work += 1;
        if self.work > WORK {
            return;
        }
        if let ExpressionKind::Conditional { value, condition, .. } = &expression.kind {
            let mut said = String::new();
            literals(value, &mut |text, _| said.push_str(text));
            self.condition(condition, prose(&said).then_some(said.as_str()));
        }
        if let ExpressionKind::Chain { base, steps } = &expression.kind {
            for (index, step) in steps.iter().enumerate() {
                let given = match &step.kind {
                    StepKind::Filter(name, given) if name == "replace" => given,
                    StepKind::Call(given) if matches!(index.checked_sub(1).and_then(|before| steps.get(before)).map(|step| &step.kind), Some(StepKind::Attribute(name)) if name == "replace") => {
                        given
                    }
                    _ => continue,
                };
                let text = |index: usize| match given.get(index).map(|argument| &argument.value.kind) {
                    Some(ExpressionKind::Text { text, .. }) => Some(text.as_str()),
                    _ => None,
                };
                let before = steps.get(..index).unwrap_or_default();
                let content = mentions(base, &self.tainted)
                    || before.iter().any(|step| match &step.kind {
                        StepKind::Attribute(name) => self.tainted.contains(name),
                        StepKind::Item(Expression {
                            kind: ExpressionKind::Text { text, .. },
                            ..
                        }) => self.tainted.contains(text),
                        _ => false,
                    });
                if let (true, Some(old), Some(new)) = (content, text(0), text(1))
                    && wordy(old)
                    && (wordy(new) || new.contains("://"))
                {
                    self.add(Sway::Rewrites, step.range.start, &format!("{old} -> {new}"));
                }
            }
        }
        for part in parts(expression) {
            self.inside(part);
        }
    }

    fn learn(&mut self, target: &Expression, value: &Expression) {
        let mut names = Vec::new();
        target_names(target, &mut names);
        let (content, date, chance) = (
            mentions(value, &self.tainted),
            mentions_clock(value) || mentions(value, &self.dated),
            by_chance(value) || mentions(value, &self.chance),
        );
        for name in names {
            if content {
                self.tainted.insert(name.clone());
            }
            if date {
                self.dated.insert(name.clone());
            }
            if chance {
                self.chance.insert(name);
            }
        }
    }

    fn condition(&mut self, condition: &Expression, said: Option<&str>) {
        let Some(said) = said else { return };
        let at = condition.range.start;
        let evidence = format!(
            "{}: {}",
            self.source.get(condition.range.clone()).unwrap_or_default(),
            said.trim()
        );
        let mut words = Vec::new();
        literals(condition, &mut |text, _| words.push(text));
        let compares = has_comparison(condition);
        if mentions(condition, &self.tainted) && (words.iter().any(|word| wordy(word)) || pieced(condition)) {
            self.add(Sway::OnContent, at, &evidence);
        }
        if compares && (mentions_clock(condition) || mentions(condition, &self.dated)) && !words.is_empty() {
            self.add(Sway::OnDate, at, &evidence);
        }
        if by_chance(condition) || mentions(condition, &self.chance) {
            self.add(Sway::ByChance, at, &evidence);
        }
        let who: BTreeSet<String> = WHO.iter().map(|name| (*name).to_owned()).collect();
        if compares && mentions(condition, &who) && !words.is_empty() {
            self.add(Sway::OnWho, at, &evidence);
        }
    }
}

/// Returns the prose of a branch, where it puts out some.
fn said(body: &[Node], source: &str) -> Option<String> {
    let (mut said, mut work) = (String::new(), 0);
    gather_branch(body, source, &mut said, &mut work);
    prose(&said).then_some(said)
}

/// Collects what a branch puts out whatever else holds: what stands under further conditions is judged with those.
fn gather_branch(body: &[Node], source: &str, said: &mut String, work: &mut usize) {
    for node in body {
        *work += 1;
        if *work > 2_000 || said.len() > 16 * 1024 {
            return;
        }
        match &node.kind {
            NodeKind::Text | NodeKind::Raw => {
                said.push_str(source.get(node.range.clone()).unwrap_or_default());
            }
            NodeKind::If(_) => {}
            _ => {
                for head in heads(node) {
                    literals(head, &mut |text, _| {
                        said.push_str(text);
                        said.push(' ');
                    });
                }
                for body in bodies(node) {
                    gather_branch(body, source, said, work);
                }
            }
        }
    }
}
