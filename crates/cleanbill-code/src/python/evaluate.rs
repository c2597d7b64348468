//! Expressions: the value that each has.

use std::{borrow::Cow, ops::Range, rc::Rc};

use super::{
    facts::{Traits, TroubleKind},
    flow::{Body, DEPTH, Flow, LOOP_STEPS},
    names,
    tree::{Expression, Id},
    values::{ITEMS, Value, What},
};

impl<'t, 'a> Flow<'t, 'a> {
    pub(super) fn expression(&self, id: Id) -> Option<&'t Expression<'a>> {
        self.tree.nodes.get(id).map(|node| &node.expression)
    }

    pub(super) fn range(&self, id: Id) -> Range<usize> {
        self.tree.nodes.get(id).map_or(0..0, |node| node.range.clone())
    }

    pub(super) fn look_at_name(&mut self, plain: &str, id: Id) {
        if plain.is_ascii() {
            let range = self.range(id);
            if names::is_disguised(self.source(range.clone()))
                && self.program.disguised.len() < 100
                && self.fixed.is_none()
            {
                self.program.disguised.push((plain.to_owned(), range));
            }
        }
    }

    pub(super) fn eval(&mut self, id: Id) -> Value {
        let Some(expression) = self.expression(id) else {
            return Value::unknown();
        };
        if self.depth >= DEPTH {
            let at = self.range(id).start;
            self.trouble(at, TroubleKind::TooDeep);
            return Value::unknown();
        }
        if self.steps == 0 && !self.step(self.range(id).start) {
            return Value::unknown();
        }
        self.steps = self.steps.saturating_sub(1);
        self.depth = self.depth.saturating_add(1);
        let value = self.eval_inner(id, expression);
        self.depth = self.depth.saturating_sub(1);
        value
    }

    pub(super) fn eval_inner(&mut self, id: Id, expression: &'t Expression<'a>) -> Value {
        match expression {
            Expression::Name(name) => {
                self.look_at_name(name, id);
                self.lookup(name)
            }
            Expression::Text(text) if self.afford(text.len()) => Value::text(text),
            Expression::Bytes(bytes) if self.afford(bytes.len()) => {
                What::Bytes(bytes.as_slice().into()).into()
            }
            Expression::Text(_) | Expression::Bytes(_) => Value::unknown().made_of(Traits::COMPUTED),
            Expression::Number(Some(number)) => What::Number(*number).into(),
            Expression::True => What::Truth(true).into(),
            Expression::False => What::Truth(false).into(),
            Expression::None => What::Nothing.into(),
            Expression::Number(None) | Expression::Unread => Value::unknown(),
            Expression::Format(parts) => {
                let parts: Vec<Value> = parts.iter().map(|part| self.eval(*part)).collect();
                super::fold::join(&parts)
            }
            Expression::Attribute(base, name) => {
                let base = self.eval(*base);
                self.attribute(&base, name)
            }
            Expression::Item(base, index) => {
                let base = self.eval(*base);
                self.item(&base, *index)
            }
            Expression::Slice(parts) => {
                for part in parts.iter().flatten() {
                    self.eval(*part);
                }
                Value::unknown()
            }
            Expression::Call(callee, arguments) => self.call(id, *callee, arguments),
            Expression::Chain(first, operands) => {
                let mut chain = super::fold::Chain::new(self.eval(*first));
                for (operator, operand) in operands {
                    let operand = self.eval(*operand);
                    let weight = chain.weight(*operator, &operand);
                    if !self.afford(weight.saturating_add(operand.weight())) {
                        return Value::unknown().made_of(Traits::COMPUTED);
                    }
                    chain.push(*operator, &operand);
                }
                let value = chain.value();
                if !self.afford(value.weight()) {
                    return Value::unknown().made_of(value.traits);
                }
                value
            }
            Expression::Unary(operator, inner) => {
                let inner = self.eval(*inner);
                super::fold::negate(*operator, &inner)
            }
            Expression::Choice(test, then, otherwise) => {
                self.eval(*test);
                let then = self.eval(*then);
                then.or(self.eval(*otherwise))
            }
            Expression::Lambda(parameters, body) => {
                let function = self.register(
                    id.wrapping_mul(2).wrapping_add(1),
                    "<lambda>",
                    parameters,
                    Body::Expression(*body),
                    None,
                    false,
                );
                What::Function(function).into()
            }
            Expression::List(items) => {
                let mut values = Vec::with_capacity(items.len().min(ITEMS));
                for item in items {
                    let value = self.eval(*item);
                    match (self.expression(*item), value.items()) {
                        (Some(Expression::Star(_)), Some(inner))
                            if values.len().saturating_add(inner.len()) < ITEMS =>
                        {
                            values.extend(inner);
                        }
                        _ if values.len() < ITEMS => values.push(value),
                        _ => {}
                    }
                }
                Value::list(values)
            }
            Expression::Dictionary(pairs) => {
                let mut out = Vec::new();
                let mut traits = Traits::default();
                let mut origin = None;
                for (key, value) in pairs {
                    let key = key.map(|key| self.eval(key));
                    let value = self.eval(*value);
                    traits = traits.with(value.traits);
                    origin = origin.or_else(|| value.origin.clone());
                    if let Some(key) = key
                        && out.len() < ITEMS
                    {
                        out.push((key, value));
                    }
                }
                Value::from(What::Dictionary(Rc::new(out)))
                    .made_of(traits)
                    .with_origin(origin)
            }
            Expression::Comprehension(element, value, clauses) => {
                let scope = self.open_scope(self.scope, false);
                let outer = std::mem::replace(&mut self.scope, scope);
                let mut out = Vec::new();
                let budget = self.steps.saturating_sub(LOOP_STEPS);
                let traits = self.comprehend((*element, *value), clauses, &mut out, budget);
                self.scope = outer;
                let mut list = Value::list(out).made_of(traits);
                if value.is_some() {
                    list.what = What::Unknown;
                }
                list
            }
            Expression::Star(inner) => self.eval(*inner),
            Expression::Wrap(inner) => inner.map_or_else(Value::unknown, |inner| self.eval(inner)),
            Expression::Bind(name, value) => {
                let value = self.eval(*value);
                self.set(Cow::Borrowed(name.as_ref()), value.clone());
                value
            }
            Expression::As(value, target) => {
                let value = self.eval(*value);
                self.assign(*target, value.clone());
                value
            }
        }
    }

    pub(super) fn comprehend(
        &mut self,
        element: (Id, Option<Id>),
        clauses: &'t [super::tree::Clause],
        out: &mut Vec<Value>,
        budget: usize,
    ) -> Traits {
        let Some((clause, rest)) = clauses.split_first() else {
            let value = self.eval(element.0);
            let mut traits = value.traits;
            if let Some(second) = element.1 {
                traits = traits.with(self.eval(second).traits);
            }
            if out.len() < ITEMS {
                out.push(value);
            }
            return traits;
        };
        if self.depth >= DEPTH {
            self.trouble(0, TroubleKind::TooDeep);
            return Traits::default();
        }
        let items = self.eval(clause.items);
        let mut traits = items.traits;
        let constants = items.items().unwrap_or_else(|| {
            vec![
                Value::unknown()
                    .made_of(items.traits)
                    .with_origin(items.origin.clone()),
            ]
        });
        for item in constants {
            self.assign(clause.target, item);
            for condition in &clause.conditions {
                self.eval(*condition);
            }
            self.depth = self.depth.saturating_add(1);
            traits = traits.with(self.comprehend(element, rest, out, budget));
            self.depth = self.depth.saturating_sub(1);
            if self.steps < budget {
                break;
            }
        }
        traits
    }
}
