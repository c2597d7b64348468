//! Names: where values are kept, and how a program changes them.

use std::{borrow::Cow, collections::HashMap, rc::Rc};

use super::{
    facts::Traits,
    flow::{Flow, SEEDS, given},
    tree::{Expression, Id},
    values::{ITEMS, Value, What},
};

impl<'t> Flow<'t, '_> {
    pub(super) fn set(&mut self, name: Cow<'t, str>, value: Value) {
        let mut place = self.scope;
        if self
            .scopes
            .get(place)
            .is_some_and(|scope| scope.globals.contains(&name.as_ref()))
        {
            place = 0;
        }
        self.set_in(place, name, value);
    }

    pub(super) fn set_in(&mut self, place: usize, name: Cow<'t, str>, value: Value) {
        let branches = self.branches;
        let Some(scope) = self.scopes.get_mut(place) else {
            return;
        };
        let sure = branches <= scope.branches;
        match scope.names.get_mut(&name) {
            Some(old) if !sure => {
                let before = std::mem::replace(old, Value::unknown());
                *old = before.or(value);
            }
            _ => {
                scope.names.insert(name, value);
            }
        }
    }

    pub(super) fn lookup(&self, name: &str) -> Value {
        let mut place = Some(self.scope);
        let mut first = true;
        while let Some(scope) = place.and_then(|place| self.scopes.get(place)) {
            if (first || !scope.class)
                && let Some(value) = scope.names.get(name)
            {
                return value.clone();
            }
            first = false;
            place = scope.parent;
        }
        if super::callables::is_builtin(name) {
            return Value::name(&format!("builtins.{name}"));
        }
        if name == "__builtins__" {
            return Value::name("builtins");
        }
        // IPython gives this name to what it runs.
        if name == "get_ipython" {
            return Value::name(name);
        }
        let starred: Vec<Value> = self
            .stars
            .iter()
            .map(|module| format!("{module}.{name}"))
            .filter(|full| (self.wanted)(full))
            .map(|full| Value::name(&super::callables::canonical(&full)))
            .collect();
        starred
            .into_iter()
            .reduce(Value::or)
            .unwrap_or_else(Value::unknown)
    }

    /// Returns everything that a source out of a constant may use.
    pub(super) fn seeds(&self) -> HashMap<String, Value> {
        let mut out = HashMap::new();
        for place in [0, self.scope] {
            let names = self.scopes.get(place).map(|scope| &scope.names);
            let mut known: Vec<(&Cow<'_, str>, &Value)> = names
                .into_iter()
                .flatten()
                .filter(|(_, value)| matches!(value.what, What::Name(_) | What::Text(_) | What::Bytes(_)))
                .collect();
            known.sort_by_key(|(name, _)| *name);
            out.extend(
                known
                    .into_iter()
                    .take(SEEDS)
                    .map(|(name, value)| (name.to_string(), value.clone())),
            );
        }
        out
    }

    pub(super) fn assign(&mut self, target: Id, value: Value) {
        match self.expression(target) {
            Some(Expression::Name(name)) => {
                self.look_at_name(name, target);
                self.set(Cow::Borrowed(name.as_ref()), value);
            }
            Some(Expression::List(targets)) => {
                let items = match &value.what {
                    What::List(items) => Some(Rc::clone(items)),
                    _ => None,
                };
                for (place, target) in targets.iter().enumerate() {
                    let item = items.as_ref().and_then(|items| items.get(place)).cloned();
                    let item = item.unwrap_or_else(|| Value::unknown().made_of(value.traits));
                    self.assign(*target, item);
                }
            }
            Some(Expression::Star(inner)) => {
                self.assign(*inner, Value::unknown().made_of(value.traits));
            }
            Some(Expression::As(inner, target)) => {
                self.assign(*inner, value.clone());
                self.assign(*target, value);
            }
            Some(Expression::Attribute(base, name)) => {
                let owner = self.eval(*base);
                if let What::Instance(class) | What::Class(class) = owner.what
                    && let Some(scope) = self.classes.get(class).map(|class| class.scope)
                {
                    // Methods may run in any order, so what an attribute was stays possible.
                    self.branches = self.branches.saturating_add(1);
                    self.set_in(scope, Cow::Borrowed(name.as_ref()), value);
                    self.branches = self.branches.saturating_sub(1);
                } else if let What::Name(owner) = owner.what {
                    let range = self.range(target);
                    self.note_call(
                        &format!("{owner}.{name}="),
                        Traits::default(),
                        &[given(value)],
                        &range,
                    );
                }
            }
            Some(Expression::Item(base, index)) => {
                let key = self.eval(*index);
                let owner = self.eval(*base);
                if let (What::Namespace, Some(name)) = (&owner.what, key.constant()) {
                    self.set_in(0, Cow::Owned(name), value);
                    return;
                }
                if let Some(Expression::Name(name)) = self.expression(*base) {
                    self.put(name, owner, Some(key), value);
                }
            }
            _ => {}
        }
    }

    /// Adds a value to the container that a name holds.
    pub(super) fn put(&mut self, name: &'t str, owner: Value, key: Option<Value>, value: Value) {
        let traits = value.traits;
        let takes = match (&owner.what, &key) {
            (What::Dictionary(pairs), Some(_)) => pairs.len() < 512,
            (What::List(items), None) => items.len() < ITEMS,
            _ => false,
        };
        if !takes && traits == Traits::default() {
            return;
        }
        let branches = std::mem::replace(&mut self.branches, 0);
        // The name lets go of the container first, so that it is not copied for every value.
        self.set(Cow::Borrowed(name), Value::unknown());
        let mut new = owner.made_of(traits).with_origin(value.origin.clone());
        match (&mut new.what, key) {
            (What::Dictionary(pairs), Some(key)) if takes => {
                let pairs = Rc::make_mut(pairs);
                pairs.retain(|(known, _)| *known != key);
                pairs.push((key, value));
            }
            (What::List(items), None) if takes => {
                let shared = Rc::strong_count(items) > 1;
                if !shared || self.afford(items.len().saturating_mul(16)) {
                    Rc::make_mut(items).push(value);
                }
            }
            _ => {}
        }
        self.set(Cow::Borrowed(name), new);
        self.branches = branches;
    }
}
