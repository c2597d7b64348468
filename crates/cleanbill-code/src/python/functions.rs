//! Calls into functions of the program itself, and the facts that calls leave.

use std::{borrow::Cow, ops::Range};

use super::{
    facts::{Call, Place, Traits, TroubleKind},
    flow::{Body, DEPTH, FACTS, FIRST_FUNCTION, Flow, Nested, STEPS},
    values::{Given, Value, What},
};

/// LIMIT: depth up to which functions of the program are followed into.
const INLINE_DEPTH: u32 = 60;
/// LIMIT: functions followed into each other.
const INLINE_LEVELS: usize = 8;

impl Flow<'_, '_> {
    pub(super) fn edge(&mut self, value: &Value) {
        match &value.what {
            What::Function(id) => {
                self.edges
                    .insert((self.context, id.saturating_add(FIRST_FUNCTION)));
            }
            What::List(items) => {
                for item in items.iter().take(32) {
                    if let What::Function(id) = item.what {
                        self.edges
                            .insert((self.context, id.saturating_add(FIRST_FUNCTION)));
                    }
                }
            }
            What::Partial(partial) => {
                if let What::Function(id) = partial.0.what {
                    self.edges
                        .insert((self.context, id.saturating_add(FIRST_FUNCTION)));
                }
            }
            _ => {}
        }
    }

    /// Makes an instance: its constructor runs.
    pub(super) fn construct(&mut self, class: usize, arguments: &[Given]) -> Value {
        let instance: Value = What::Instance(class).into();
        for name in ["__new__", "__init__", "__post_init__"] {
            if let Some(Value {
                what: What::Function(id),
                ..
            }) = self.class_attribute(class, name, 0)
            {
                self.invoke(id, arguments, Some(class));
            }
        }
        instance
    }

    /// Follows a call into a function of the program.
    pub(super) fn invoke(&mut self, id: usize, arguments: &[Given], instance: Option<usize>) -> Value {
        self.edges
            .insert((self.context, id.saturating_add(FIRST_FUNCTION)));
        let traits = arguments
            .iter()
            .fold(Traits::default(), |all, argument| all.with(argument.value.traits));
        let Some(known) = self.functions.get_mut(id) else {
            return Value::unknown();
        };
        let matters = arguments.iter().any(|argument| argument.value.matters());
        if !matters && let Some(result) = &known.result {
            return result.clone();
        }
        let many = known.inlined >= 200;
        let open =
            self.active.contains(&id) || self.active.len() >= INLINE_LEVELS || self.depth >= INLINE_DEPTH;
        if open || many || self.steps < STEPS / 4 {
            let known = self.functions.get(id).and_then(|known| known.result.clone());
            return known.unwrap_or_else(Value::unknown).made_of(traits);
        }
        known.inlined = known.inlined.saturating_add(1);
        self.follow(id, arguments, instance)
    }

    /// Follows the body of a function with these arguments.
    pub(super) fn follow(&mut self, id: usize, arguments: &[Given], instance: Option<usize>) -> Value {
        let Some(known) = self.functions.get_mut(id) else {
            return Value::unknown();
        };
        known.done = true;
        let (parameters, defaults) = (known.parameters, known.defaults.clone());
        let (parent, class, bound) = (known.scope, instance.or(known.class), known.bound);
        let body = known.body;
        let scope = self.open_scope(parent, false);
        let mut given = arguments.iter().filter(|argument| argument.name.is_none());
        for (place, parameter) in parameters.iter().enumerate() {
            let named = arguments
                .iter()
                .find(|argument| argument.name.as_deref() == Some(parameter.name.as_ref()));
            let value = match (class, parameter.stars) {
                (Some(class), 0) if place == 0 && bound => What::Instance(class).into(),
                (_, 1) => Value::list(given.by_ref().map(|argument| argument.value.clone()).collect()),
                (_, 2) => Value::unknown(),
                _ => named
                    .or_else(|| given.next())
                    .map(|argument| argument.value.clone())
                    .or_else(|| defaults.get(place).cloned().flatten())
                    .unwrap_or_else(Value::unknown),
            };
            if let Some(scope) = self.scopes.get_mut(scope) {
                scope.names.insert(Cow::Borrowed(parameter.name.as_ref()), value);
            }
        }
        let outer = (self.scope, self.context, self.branches);
        self.scope = scope;
        self.context = id.saturating_add(FIRST_FUNCTION);
        self.active.push(id);
        self.returns.push(None);
        let result = match body {
            Body::Statements(statements) => {
                self.block(statements);
                self.returns.pop().flatten()
            }
            Body::Expression(id) => {
                self.returns.pop();
                Some(self.eval(id))
            }
        };
        self.active.pop();
        (self.scope, self.context, self.branches) = outer;
        let result = result.unwrap_or_else(Value::unknown);
        if arguments.is_empty()
            && let Some(known) = self.functions.get_mut(id)
        {
            known.result = Some(result.clone());
        }
        result
    }

    pub(super) fn is_bound(&self, id: usize) -> bool {
        self.functions.get(id).is_some_and(|known| known.bound)
    }

    pub(super) fn enter(&mut self) -> bool {
        if self.depth >= DEPTH {
            self.trouble(0, TroubleKind::TooDeep);
            return false;
        }
        self.depth = self.depth.saturating_add(1);
        true
    }

    pub(super) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    pub(super) fn note_call(
        &mut self,
        callee: &str,
        traits: Traits,
        arguments: &[Given],
        range: &Range<usize>,
    ) {
        if !(self.wanted)(callee) {
            return;
        }
        if self.program.calls.len() >= FACTS {
            self.trouble(range.start, TroubleKind::TooMuch);
            return;
        }
        let own = |id: usize, class: bool| {
            if class {
                self.classes.get(id).map(|class| class.name.clone())
            } else {
                self.functions.get(id).map(|known| known.name.clone())
            }
            .unwrap_or_default()
        };
        let facts: Vec<super::facts::Argument> = arguments
            .iter()
            .take(24)
            .map(|argument| super::facts::Argument {
                name: argument.name.as_deref().map(str::to_owned),
                value: argument.value.shown(&own, 0),
                traits: argument.value.traits,
                origin: argument.value.origin.as_deref().map(str::to_owned),
            })
            .collect();
        let range = self.fixed.clone().unwrap_or_else(|| range.clone());
        let call = Call {
            callee: callee.to_owned(),
            traits,
            arguments: facts,
            range,
            place: Place::Function,
            level: self.level,
            function: self.context,
        };
        // The same place is read several times, with the same arguments more often than not.
        let same = |known: &&Call| **known == call;
        if self.program.calls.iter().rev().take(64).find(same).is_none() {
            self.program.calls.push(call);
        }
    }

    /// Takes a source out of a constant that the program runs.
    pub(super) fn take_nested(&mut self, text: String, range: &Range<usize>) {
        if text.trim().is_empty() || self.nested.iter().any(|nested| nested.text == text) {
            return;
        }
        if self.nested.len() >= 64 {
            self.trouble(range.start, TroubleKind::TooMuch);
            return;
        }
        let seeds = self.seeds();
        self.nested.push(Nested {
            text,
            range: self.fixed.clone().unwrap_or_else(|| range.clone()),
            place: self.context,
            seeds,
        });
    }
}
