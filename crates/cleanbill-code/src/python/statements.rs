//! Statements: what a program does in order, and what it defines.

use std::{borrow::Cow, collections::HashMap, ops::Range};

use super::{
    facts::{Class as ClassFact, Import, Place, Traits, TroubleKind},
    flow::{AS_PROGRAM, AT_IMPORT, Body, DEPTH, FACTS, Flow, Known, KnownClass, LOOP_STEPS, Scope, given},
    tree::{Alias, Class, Expression, Function, Id, Parameter, Statement},
    values::{Value, What},
};

impl<'t, 'a> Flow<'t, 'a> {
    pub(super) fn block(&mut self, statements: &'t [Statement<'a>]) {
        if self.depth >= DEPTH {
            self.trouble(0, TroubleKind::TooDeep);
            return;
        }
        self.depth = self.depth.saturating_add(1);
        for statement in statements {
            self.statement(statement);
        }
        self.depth = self.depth.saturating_sub(1);
    }

    pub(super) fn branch(&mut self, statements: &'t [Statement<'a>]) {
        self.branches = self.branches.saturating_add(1);
        self.block(statements);
        self.branches = self.branches.saturating_sub(1);
    }

    pub(super) fn statement(&mut self, statement: &'t Statement<'a>) {
        match statement {
            Statement::Expression(id) => {
                self.eval(*id);
            }
            Statement::Assign(targets, value) => {
                let value = self.eval(*value);
                for target in targets {
                    self.assign(*target, value.clone());
                }
            }
            Statement::Augment(target, operator, value) => {
                let old = self.eval(*target);
                let more = self.eval(*value);
                let weight = old.weight().saturating_add(more.weight());
                let traits = old.traits.with(more.traits);
                let new = if self.afford(weight) {
                    super::fold::operate(*operator, &old, &more)
                } else {
                    Value::unknown().made_of(traits.with(Traits::COMPUTED))
                };
                self.assign(*target, new);
            }
            Statement::Import(aliases, range) => self.import(aliases, range),
            Statement::From(module, aliases, range) => self.import_from(module, aliases, range),
            Statement::Function(function) => self.define(function),
            Statement::Class(class) => self.define_class(class),
            Statement::Return(value) => {
                let value = value.map_or_else(|| What::Nothing.into(), |value| self.eval(value));
                if let Some(slot) = self.returns.last_mut() {
                    *slot = Some(match slot.take() {
                        Some(old) => old.or(value),
                        None => value,
                    });
                }
            }
            Statement::If(branches) => self.branches(branches),
            Statement::Try(parts) => {
                for (head, body) in parts {
                    if let Some(head) = head {
                        self.eval(*head);
                    }
                    self.branch(body);
                }
            }
            Statement::For(target, items, body) => self.for_loop(*target, *items, body),
            Statement::While(test, body) => {
                self.eval(*test);
                self.branch(body);
            }
            Statement::With(items, body) => {
                for (value, target) in items {
                    let value = self.eval(*value);
                    if let Some(target) = target {
                        self.assign(*target, value);
                    }
                }
                self.block(body);
            }
            Statement::Match(subject, cases) => {
                let subject = self.eval(*subject);
                for (pattern, guard, body) in cases {
                    self.assign(*pattern, subject.clone());
                    if let Some(guard) = guard {
                        self.eval(*guard);
                    }
                    self.branch(body);
                }
            }
            Statement::Several(values) => {
                for value in values {
                    self.eval(*value);
                }
            }
            Statement::Global(names) => {
                if let Some(scope) = self.scopes.get_mut(self.scope) {
                    scope.globals.extend(names.iter().map(Cow::as_ref));
                }
            }
            Statement::Nothing => {}
        }
    }

    pub(super) fn branches(&mut self, branches: &'t [(Option<Id>, Vec<Statement<'a>>)]) {
        let outer = self.context;
        for (test, body) in branches {
            if let Some(test) = test {
                self.eval(*test);
                if self.context == AT_IMPORT && self.is_main_test(*test) {
                    self.context = AS_PROGRAM;
                }
            }
            self.branch(body);
            self.context = outer;
        }
    }

    pub(super) fn is_main_test(&self, test: Id) -> bool {
        let Some(Expression::Chain(left, operands)) = self.expression(test) else {
            return false;
        };
        let is_name =
            |id: Id| matches!(self.expression(id), Some(Expression::Name(name)) if name == "__name__");
        let is_main =
            |id: Id| matches!(self.expression(id), Some(Expression::Text(spelt)) if spelt == "__main__");
        let range = self.tree.nodes.get(test).map(|node| node.range.clone());
        match operands.as_slice() {
            // `!=` and `not in` run the other branch; `==` is told by the absence of a `!` in so short a test.
            [(super::tree::Operator::Compare, right)] => {
                let both = is_name(*left) && is_main(*right) || is_main(*left) && is_name(*right);
                both && range.is_some_and(|range| range.len() < 40) && !self.is_negated(*left, *right)
            }
            _ => false,
        }
    }

    pub(super) fn is_negated(&self, left: Id, right: Id) -> bool {
        let range = |id: Id| self.tree.nodes.get(id).map_or(0..0, |node| node.range.clone());
        let (first, second) = (range(left), range(right));
        // `==` and `!=` are of one length; the parser keeps no text, so the caller's source decides.
        self.source(first.end..second.start).contains('!')
    }

    pub(super) fn source(&self, range: Range<usize>) -> &'t str {
        self.tree.text.get(range).unwrap_or_default()
    }

    pub(super) fn for_loop(&mut self, target: Id, items: Id, body: &'t [Statement<'a>]) {
        let value = self.eval(items);
        let constants = value.items().filter(|items| !items.is_empty());
        let Some(constants) = constants else {
            let each = Value::unknown()
                .made_of(value.traits)
                .with_origin(value.origin.clone());
            self.assign(target, each);
            self.branch(body);
            return;
        };
        let before = self.steps;
        for item in constants {
            self.assign(target, item);
            self.block(body);
            if before.saturating_sub(self.steps) > LOOP_STEPS {
                break;
            }
        }
    }

    pub(super) fn import(&mut self, aliases: &'t [Alias<'a>], range: &Range<usize>) {
        for alias in aliases {
            self.note_import(alias.name.clone(), range);
            let root = alias.name.split('.').next().unwrap_or_default();
            let (bound, value) = alias
                .alias
                .map_or((root, root), |name| (name, alias.name.as_str()));
            self.set(Cow::Owned(bound.to_owned()), Value::name(value));
        }
    }

    pub(super) fn import_from(&mut self, module: &str, aliases: &'t [Alias<'a>], range: &Range<usize>) {
        for alias in aliases {
            if alias.name == "*" {
                self.stars.push(module.to_owned());
                self.note_import(format!("{module}.*"), range);
                continue;
            }
            let full = format!("{module}.{}", alias.name);
            self.set(
                Cow::Owned(alias.alias.unwrap_or(&alias.name).to_owned()),
                Value::name(&super::callables::canonical(&full)),
            );
            self.note_import(full, range);
        }
    }

    pub(super) fn note_import(&mut self, name: String, range: &Range<usize>) {
        if self.program.imports.len() < FACTS {
            let range = self.fixed.clone().unwrap_or_else(|| range.clone());
            self.program.imports.push(Import {
                name,
                range,
                place: Place::Import,
            });
            self.contexts.push(self.context);
        }
    }

    pub(super) fn define(&mut self, function: &'t Function<'a>) {
        for id in &function.annotations {
            self.eval(*id);
        }
        let class = self
            .scopes
            .get(self.scope)
            .is_some_and(|scope| scope.class)
            .then(|| self.classes.iter().rposition(|class| class.scope == self.scope))
            .flatten();
        let decorators: Vec<Value> = function.decorators.iter().map(|id| self.eval(*id)).collect();
        let fixed = decorators.iter().any(
            |decorator| matches!(&decorator.what, What::Name(name) if &**name == "builtins.staticmethod"),
        );
        let id = self.register(
            std::ptr::from_ref(function).addr(),
            &function.name,
            &function.parameters,
            Body::Statements(&function.body),
            class,
            class.is_some() && !fixed,
        );
        let value: Value = What::Function(id).into();
        self.decorate(decorators, &function.decorators, &value);
        self.set(function.name.clone(), value);
    }

    /// Applies decorators, the last first; each gets what the one below it made.
    pub(super) fn decorate(&mut self, decorators: Vec<Value>, nodes: &[Id], value: &Value) {
        let mut value = value.clone();
        for (decorator, node) in decorators.into_iter().zip(nodes).rev() {
            if matches!(decorator.what, What::Function(_) | What::Name(_)) {
                let range = self.range(*node);
                let made = self.apply(&decorator, vec![given(value.clone())], &range, false);
                if matches!(made.what, What::Text(_) | What::Bytes(_)) {
                    value = made;
                }
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "what a function is, taken apart")]
    pub(super) fn register(
        &mut self,
        key: usize,
        name: &str,
        parameters: &'t [Parameter<'a>],
        body: Body<'t, 'a>,
        class: Option<usize>,
        bound: bool,
    ) -> usize {
        let defaults: Vec<Option<Value>> = parameters
            .iter()
            .map(|parameter| parameter.default.map(|id| self.eval(id)))
            .collect();
        let mut scope = self.scope;
        while self.scopes.get(scope).is_some_and(|one| one.class) {
            scope = self.scopes.get(scope).and_then(|one| one.parent).unwrap_or(0);
        }
        if let Some(&id) = self.seen_functions.get(&key) {
            if let Some(known) = self.functions.get_mut(id) {
                known.scope = scope;
                known.defaults = defaults;
            }
            return id;
        }
        self.functions.push(Known {
            name: name.to_owned(),
            parameters,
            defaults,
            body,
            scope,
            class,
            bound,
            result: None,
            done: false,
            inlined: 0,
        });
        let id = self.functions.len().saturating_sub(1);
        self.seen_functions.insert(key, id);
        id
    }

    pub(super) fn define_class(&mut self, class: &'t Class<'a>) {
        let bases: Vec<Value> = class.bases.iter().map(|base| self.eval(base.value)).collect();
        let decorators: Vec<Value> = class.decorators.iter().map(|id| self.eval(*id)).collect();
        let scope = self.open_scope(self.scope, true);
        self.classes.push(KnownClass {
            name: class.name.to_string(),
            scope,
            bases: bases.clone(),
        });
        let id = self.classes.len().saturating_sub(1);
        let outer = std::mem::replace(&mut self.scope, scope);
        self.block(&class.body);
        self.scope = outer;
        let names = bases.iter().filter_map(|base| match &base.what {
            What::Name(name) => Some(name.to_string()),
            What::Class(id) => self.classes.get(*id).map(|class| class.name.clone()),
            _ => None,
        });
        let fact = ClassFact {
            name: class.name.to_string(),
            bases: names.collect(),
        };
        self.program.classes.push(fact);
        let value: Value = What::Class(id).into();
        self.decorate(decorators, &class.decorators, &value);
        self.set(class.name.clone(), value);
    }

    pub(super) fn open_scope(&mut self, parent: usize, class: bool) -> usize {
        self.scopes.push(Scope {
            names: HashMap::new(),
            parent: Some(parent),
            class,
            globals: Vec::new(),
            branches: self.branches,
        });
        self.scopes.len().saturating_sub(1)
    }
}
