//! Goes through a template with what is known of its values: both branches of every condition, few rounds of every loop.

mod operators;
mod steps;

use std::{collections::BTreeMap, rc::Rc};

use cleanbill_code::jinja::{
    Expression, ExpressionKind, Loop, Node, NodeKind, Operator, StepKind, Template, Token, TokenKind,
};

use super::{GADGETS, Hit, INNER, PRIVATE_GADGETS, ROUNDS, Sign, dunder_within, is_dunder, values::Value};

/// LIMIT: expressions worked out for one template; beyond it the template is said to be unexamined.
const WORK: u32 = 400_000;
/// LIMIT: rounds of a loop over what is known. Names of attacks are shorter.
const UNROLLED: usize = 64;
/// LIMIT: macros called within macros that are followed.
const CALLS: usize = 12;
/// LIMIT: characters of literals that are joined to look for names in pieces.
const LITERALS: usize = 256 * 1024;
/// LIMIT: signs kept before they are thinned out.
const HITS: usize = 4_096;
/// LIMIT: bytes of texts put together for one template; further texts are known by length only.
const BYTES: usize = 16 << 20;

/// Holds what came out.
pub(super) struct Outcome {
    pub(super) hits: Vec<Hit>,
    /// Every text literal, joined.
    pub(super) literals: String,
    pub(super) cut: bool,
}

/// Variables and namespaces; taken aside at every branch.
#[derive(Clone, Default, PartialEq)]
struct State {
    names: BTreeMap<Rc<str>, Value>,
    spaces: Vec<BTreeMap<Rc<str>, Value>>,
}

/// Parameters and body of a macro.
type Macro<'a> = (&'a [(String, Option<Expression>)], &'a [Node]);

pub(super) struct Machine<'a> {
    source: &'a str,
    state: State,
    macros: Vec<Macro<'a>>,
    /// Macros being followed.
    running: Vec<usize>,
    /// Conditions and loops around the current place within the running macro.
    guards: Vec<usize>,
    /// Rounds of the loops around the current place.
    rounds: Vec<u128>,
    /// Names of what these loops go through.
    looped: Vec<Option<String>>,
    /// What is put out, where somebody wants to know.
    captured: Vec<Value>,
    work: u32,
    bytes: usize,
    hits: Vec<Hit>,
    literals: String,
    cut: bool,
}

impl<'a> Machine<'a> {
    pub(super) fn new(source: &'a str) -> Self {
        Self {
            source,
            state: State::default(),
            macros: Vec::new(),
            running: Vec::new(),
            guards: vec![0],
            rounds: Vec::new(),
            looped: Vec::new(),
            captured: Vec::new(),
            work: 0,
            bytes: 0,
            hits: Vec::new(),
            literals: String::new(),
            cut: false,
        }
    }

    pub(super) fn run(&mut self, template: &'a Template) {
        self.body(&template.nodes);
    }

    pub(super) fn finish(self) -> Outcome {
        Outcome {
            hits: self.hits,
            literals: self.literals,
            cut: self.cut,
        }
    }

    fn hit(&mut self, sign: Sign, at: usize, evidence: &str) {
        let known = |hit: &Hit| hit.sign == sign && hit.evidence == evidence;
        if self.hits.len() < HITS && !self.hits.iter().take(64).any(known) {
            self.hits.push(Hit {
                sign,
                at,
                evidence: evidence.chars().take(200).collect(),
            });
        }
    }

    fn exhausted(&mut self) -> bool {
        self.work += 1;
        self.cut |= self.work > WORK;
        self.work > WORK
    }

    fn body(&mut self, nodes: &'a [Node]) {
        for node in nodes {
            if self.exhausted() {
                return;
            }
            self.node(node);
        }
    }

    fn node(&mut self, node: &'a Node) {
        match &node.kind {
            NodeKind::Text => {
                if !self.captured.is_empty() {
                    let text = self.trimmed(node);
                    self.put(&Value::computed(&text), node.range.start);
                }
            }
            NodeKind::Raw => {
                let text = self.source.get(node.range.clone()).unwrap_or_default();
                self.put(&Value::computed(text), node.range.start);
            }
            NodeKind::Comment | NodeKind::Word(_) => {}
            NodeKind::Output(value) => {
                let value = self.value(value);
                self.put(&value, node.range.start);
            }
            NodeKind::Set { targets, value } => {
                let value = self.value(value);
                self.assign(targets, &value);
            }
            NodeKind::SetBlock { target, body } => {
                let mut value = self.capture(body);
                let mut name = target;
                if let ExpressionKind::Chain { base, steps } = &target.kind
                    && steps.iter().all(|step| matches!(step.kind, StepKind::Filter(..)))
                {
                    value = self.steps(value, base, steps);
                    name = base;
                }
                self.assign(name, &value);
            }
            NodeKind::If(branches) => {
                let before = self.state.clone();
                let mut after: Option<State> = None;
                let mut otherwise = true;
                for (condition, body) in branches {
                    if let Some(condition) = condition {
                        self.value(condition);
                    } else {
                        otherwise = false;
                    }
                    let start = std::mem::replace(&mut self.state, before.clone());
                    drop(start);
                    self.guarded(|machine| machine.body(body));
                    let end = std::mem::take(&mut self.state);
                    after = Some(after.map_or(end.clone(), |state| merge(state, &end)));
                }
                let mut state = after.unwrap_or_default();
                if otherwise {
                    state = merge(state, &before);
                }
                self.state = state;
            }
            NodeKind::For(repeated) => self.repeat(repeated, node.range.start),
            NodeKind::Macro {
                name,
                parameters,
                body,
            } => {
                let known = self.macros.len();
                let known = self
                    .macros
                    .iter()
                    .position(|(_, other)| std::ptr::eq(*other, body.as_slice()))
                    .unwrap_or(known);
                if known == self.macros.len() {
                    self.macros.push((parameters, body));
                }
                self.state.names.insert(name.as_str().into(), Value::Macro(known));
                // Followed once with nothing known, whether it is called or not.
                let unknown: Vec<(Option<String>, Value)> = Vec::new();
                self.call_macro(known, &unknown, node.range.start);
            }
            NodeKind::Scope { head, body, .. } => {
                let mut target: Option<&Expression> = None;
                for one in head {
                    let value = self.value(one);
                    // `with a = 'b'` sets a name; which of both stands here is told by what came before.
                    match (target.take(), &one.kind) {
                        (Some(name), _) => self.assign(name, &value),
                        (None, ExpressionKind::Name(_)) => target = Some(one),
                        (None, _) => {}
                    }
                }
                self.body(body);
            }
            NodeKind::Load { word, what } => {
                for one in what {
                    self.value(one);
                }
                self.hit(Sign::Loads, node.range.start, word);
            }
            NodeKind::Broken(tokens) => self.tokens(tokens),
        }
    }

    /// Looks at the words and texts of a tag that could not be read.
    fn tokens(&mut self, tokens: &[Token]) {
        for token in tokens {
            match &token.kind {
                TokenKind::Name(word) if is_dunder(word) => self.hit(Sign::Dunder, token.range.start, word),
                TokenKind::Name(word) if INNER.contains(&word.as_str()) => {
                    self.hit(Sign::Gadget, token.range.start, word);
                }
                TokenKind::Text { text, escaped } => {
                    self.literal(text, *escaped, token.range.start);
                }
                _ => {}
            }
        }
    }

    fn guarded(&mut self, run: impl FnOnce(&mut Self)) {
        if let Some(depth) = self.guards.last_mut() {
            *depth += 1;
        }
        run(self);
        if let Some(depth) = self.guards.last_mut() {
            *depth -= 1;
        }
    }

    /// Adds to what is put out.
    fn put(&mut self, value: &Value, at: usize) {
        if let Some(before) = self.captured.pop() {
            let printed = value.each(|one| match one {
                Value::None | Value::Unknown => Value::Unknown,
                other => other.clone(),
            });
            let after = self.join(&before, &printed, at);
            self.captured.push(after);
        }
    }

    fn capture(&mut self, body: &'a [Node]) -> Value {
        self.captured.push(Value::written(""));
        self.body(body);
        self.captured.pop().unwrap_or(Value::Unknown)
    }

    /// Returns a text between tags as an engine puts it out that removes the blanks around statements.
    fn trimmed(&self, node: &Node) -> String {
        let text = self.source.get(node.range.clone()).unwrap_or_default();
        let before = self.source.get(..node.range.start).unwrap_or_default();
        let after = self.source.get(node.range.end..).unwrap_or_default();
        let mut text = text;
        if ["-%}", "-}}", "-#}"].iter().any(|end| before.ends_with(end)) {
            text = text.trim_start();
        } else if before.ends_with("%}") || before.ends_with("#}") {
            text = text.strip_prefix('\n').unwrap_or(text);
        }
        if ["{%-", "{{-", "{#-"].iter().any(|start| after.starts_with(start)) {
            text = text.trim_end();
        } else if after.starts_with("{%") || after.starts_with("{#") {
            let bare = text.trim_end_matches([' ', '\t']);
            if bare.is_empty() || bare.ends_with('\n') {
                text = bare;
            }
        }
        text.to_owned()
    }

    fn assign(&mut self, target: &Expression, value: &Value) {
        match &target.kind {
            ExpressionKind::Name(name) => {
                self.state.names.insert(name.as_str().into(), value.clone());
            }
            ExpressionKind::Tuple(targets) | ExpressionKind::List(targets) => {
                let values = value.items(targets.len());
                for (index, target) in targets.iter().enumerate() {
                    let one = values.as_ref().and_then(|values| values.get(index)).cloned();
                    self.assign(target, &one.unwrap_or(Value::Unknown));
                }
            }
            ExpressionKind::Chain { base, steps } => {
                if let (Some(Value::Space(space)), [step]) = (self.known(base), steps.as_slice())
                    && let StepKind::Attribute(name) = &step.kind
                    && let Some(space) = self.state.spaces.get_mut(space)
                {
                    space.insert(name.as_str().into(), value.clone());
                }
            }
            _ => {}
        }
    }

    fn known(&self, base: &Expression) -> Option<Value> {
        match &base.kind {
            ExpressionKind::Name(name) => self.state.names.get(name.as_str()).cloned(),
            _ => None,
        }
    }

    fn repeat(&mut self, repeated: &'a Loop, at: usize) {
        let over = self.value(&repeated.over);
        let length = over.choices().iter().filter_map(Value::length).max();
        let around = self
            .rounds
            .iter()
            .fold(1_u128, |product, one| product.saturating_mul(*one));
        let rounds = length.unwrap_or(1).max(1);
        if rounds > 1 && around.saturating_mul(rounds) >= ROUNDS {
            self.hit(
                Sign::Endless,
                at,
                &format!("{} rounds", around.saturating_mul(rounds)),
            );
        }
        let nested = self.rounds.len();
        let most = if self.work < WORK / 4 && nested < 4 {
            UNROLLED
        } else {
            1
        };
        let items = match over.choices().iter().find_map(|one| one.items(most)) {
            Some(items) => items,
            None if nested < 3 => vec![Value::Unknown, Value::Unknown],
            None => vec![Value::Unknown],
        };
        let name = match &repeated.over.kind {
            ExpressionKind::Name(name) => Some(name.clone()),
            _ => None,
        };
        self.rounds.push(rounds);
        self.looped.push(name);
        let before = self.state.clone();
        for item in items {
            self.state.names.insert("loop".into(), Value::Object("loop"));
            self.assign(&repeated.target, &item);
            if let Some(condition) = &repeated.condition {
                self.value(condition);
            }
            self.guarded(|machine| machine.body(&repeated.body));
        }
        self.looped.pop();
        self.rounds.pop();
        // What is set within a loop is forgotten behind it, but for namespaces; some engines keep it.
        if length.is_none() {
            let after = std::mem::take(&mut self.state);
            self.state = merge(after, &before);
        }
        self.guarded(|machine| machine.body(&repeated.otherwise));
    }

    fn value(&mut self, expression: &'a Expression) -> Value {
        if self.exhausted() {
            return Value::Unknown;
        }
        let at = expression.range.start;
        match &expression.kind {
            ExpressionKind::Name(name) => self.name(name, at),
            ExpressionKind::Text { text, escaped } => {
                self.literal(text, *escaped, at);
                Value::written(text)
            }
            ExpressionKind::Integer(number) => Value::Integer(*number),
            ExpressionKind::Float => Value::Unknown,
            ExpressionKind::True => Value::Bool(true),
            ExpressionKind::False => Value::Bool(false),
            ExpressionKind::None => Value::None,
            ExpressionKind::List(items) | ExpressionKind::Tuple(items) => {
                let items = items.iter().map(|item| self.value(item)).collect();
                Value::list(items)
            }
            ExpressionKind::Dict(pairs) => {
                let pairs = pairs
                    .iter()
                    .map(|(key, value)| (self.value(key), self.value(value)));
                Value::Dict(Rc::new(pairs.collect()))
            }
            ExpressionKind::Unary(operator, value) => match (operator, self.value(value)) {
                (Operator::Subtract, Value::Integer(number)) => Value::Integer(number.saturating_neg()),
                (Operator::Add, value) => value,
                _ => Value::Unknown,
            },
            ExpressionKind::Binary { first, rest } => {
                let mut left = self.value(first);
                for (operator, operand) in rest {
                    let right = self.value(operand);
                    left = self.binary(*operator, &left, &right, operand.range.start);
                }
                left
            }
            ExpressionKind::Conditional {
                value,
                condition,
                otherwise,
            } => {
                self.value(condition);
                let value = self.value(value);
                match otherwise {
                    Some(otherwise) => {
                        let other = self.value(otherwise);
                        value.or(other)
                    }
                    None => value,
                }
            }
            ExpressionKind::Chain { base, steps } => {
                let value = self.value(base);
                self.steps(value, base, steps)
            }
        }
    }

    fn name(&mut self, name: &str, at: usize) -> Value {
        if is_dunder(name) {
            self.hit(Sign::Dunder, at, name);
        }
        if let Some(value) = self.state.names.get(name) {
            return value.clone();
        }
        let objects = GADGETS
            .iter()
            .chain(PRIVATE_GADGETS)
            .chain(&["range", "dict", "loop", "caller"]);
        match objects.copied().find(|known| *known == name) {
            Some(known) => Value::Object(known),
            None => Value::Unknown,
        }
    }

    /// Looks at a text as it is written.
    fn literal(&mut self, text: &str, escaped: bool, at: usize) {
        if self.literals.len() < LITERALS {
            self.literals.push_str(text);
        }
        if let Some(found) = dunder_within(text) {
            let sign = if escaped { Sign::HiddenDunder } else { Sign::Dunder };
            let found = found.to_owned();
            self.hit(sign, at, &found);
        } else if escaped && text.contains('_') {
            self.hit(Sign::HiddenDunder, at, text);
        }
    }

    /// Follows a call of a macro; returns what it puts out.
    fn call_macro(&mut self, number: usize, given: &[(Option<String>, Value)], at: usize) -> Value {
        if self.running.contains(&number) {
            if self.guards.last() == Some(&0) {
                self.hit(Sign::Endless, at, "a macro that calls itself without a condition");
            }
            return Value::Unknown;
        }
        let Some((parameters, body)) = self.macros.get(number).copied() else {
            return Value::Unknown;
        };
        if self.running.len() >= CALLS {
            return Value::Unknown;
        }
        let before = self.state.names.clone();
        let mut plain = given
            .iter()
            .filter(|(name, _)| name.is_none())
            .map(|(_, value)| value);
        for (name, default) in parameters {
            let named = given.iter().find(|(given, _)| given.as_ref() == Some(name));
            let value = match (plain.next(), named, default) {
                (Some(value), _, _) | (None, Some((_, value)), _) => value.clone(),
                (None, None, Some(default)) => self.value(default),
                (None, None, None) => Value::Unknown,
            };
            self.state.names.insert(name.as_str().into(), value);
        }
        self.running.push(number);
        self.guards.push(0);
        let output = self.capture(body);
        self.guards.pop();
        self.running.pop();
        self.state.names = before;
        output
    }
}

/// Returns what may be after either of two ways.
fn merge(mut one: State, other: &State) -> State {
    if one == *other {
        return one;
    }
    merge_names(&mut one.names, &other.names);
    for (index, space) in other.spaces.iter().enumerate() {
        match one.spaces.get_mut(index) {
            Some(mine) => merge_names(mine, space),
            None => one.spaces.push(space.clone()),
        }
    }
    one
}

fn merge_names(one: &mut BTreeMap<Rc<str>, Value>, other: &BTreeMap<Rc<str>, Value>) {
    for (name, value) in other {
        match one.get_mut(name) {
            Some(mine) if mine == value => {}
            Some(mine) => *mine = mine.clone().or(value.clone()),
            None => {
                one.insert(name.clone(), value.clone());
            }
        }
    }
}
