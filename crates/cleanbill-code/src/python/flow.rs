//! Follows values through a program: names, attributes, constants, functions of its own, classes, branches. It runs
//! nothing; what it does not know is unknown, and what it does is bounded by fuel.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    ops::Range,
    rc::Rc,
};

use super::{
    facts::{Class as ClassFact, Import, Place, Program, Traits, Trouble, TroubleKind},
    names,
    tree::{Alias, Class, Expression, Function, Id, Parameter, Statement, Tree},
    values::{Given, ITEMS, Value, What},
};

/// LIMIT: expressions and statements that are open at once, so that the stack suffices.
pub(super) const DEPTH: u32 = 170;
/// LIMIT: steps for each expression of the source, and at least so many; beyond, coverage is partial.
const STEPS_PER_NODE: usize = 12;
pub(super) const STEPS: usize = 200_000;
/// LIMIT: bytes of constants copied for each byte of the source, and at least so many; beyond, coverage is partial.
const BYTES_PER_BYTE: usize = 64;
const BYTES: usize = 64 << 20;
/// Smaller constants cost a step and nothing more.
const SMALL_BYTES: usize = 256;
/// LIMIT: steps that one loop over constants may take; longer loops are read once.
const LOOP_STEPS: usize = 60_000;
/// LIMIT: names that a source out of a constant may use of those around it.
const SEEDS: usize = 500;
/// LIMIT: calls and imports kept.
pub(super) const FACTS: usize = 50_000;

/// A source that a program runs out of a constant.
#[derive(Debug)]
pub(super) struct Nested {
    pub(super) text: String,
    pub(super) range: Range<usize>,
    pub(super) place: usize,
    pub(super) seeds: HashMap<String, Value>,
}

pub(super) struct Scope<'t> {
    pub(super) names: HashMap<Cow<'t, str>, Value>,
    pub(super) parent: Option<usize>,
    pub(super) class: bool,
    pub(super) globals: Vec<&'t str>,
    /// Depth of branches at which the scope began.
    pub(super) branches: u32,
}

#[derive(Clone, Copy)]
pub(super) enum Body<'t, 'a> {
    Statements(&'t [Statement<'a>]),
    Expression(Id),
}

pub(super) struct Known<'t, 'a> {
    pub(super) name: String,
    pub(super) parameters: &'t [Parameter<'a>],
    pub(super) defaults: Vec<Option<Value>>,
    pub(super) body: Body<'t, 'a>,
    pub(super) scope: usize,
    pub(super) class: Option<usize>,
    pub(super) bound: bool,
    pub(super) result: Option<Value>,
    pub(super) done: bool,
    pub(super) inlined: usize,
}

pub(super) struct KnownClass {
    pub(super) name: String,
    pub(super) scope: usize,
    pub(super) bases: Vec<Value>,
}

/// What a context is: numbers below [`FIRST_FUNCTION`] are not functions.
const AT_IMPORT: usize = 0;
const AS_PROGRAM: usize = 1;
pub(super) const FIRST_FUNCTION: usize = 2;

/// Follows one source.
pub(super) struct Flow<'t, 'a> {
    pub(super) tree: &'t Tree<'a>,
    pub(super) scopes: Vec<Scope<'t>>,
    pub(super) functions: Vec<Known<'t, 'a>>,
    seen_functions: HashMap<usize, usize>,
    pub(super) classes: Vec<KnownClass>,
    stars: Vec<String>,
    pub(super) edges: HashSet<(usize, usize)>,
    pub(super) program: Program,
    contexts: Vec<usize>,
    pub(super) nested: Vec<Nested>,
    pub(super) wanted: fn(&str) -> bool,
    pub(super) scope: usize,
    pub(super) context: usize,
    pub(super) depth: u32,
    pub(super) branches: u32,
    pub(super) steps: usize,
    /// Bytes of constants that may still be copied.
    bytes: usize,
    pub(super) active: Vec<usize>,
    pub(super) returns: Vec<Option<Value>>,
    /// Where facts of a nested source are said to stand.
    pub(super) fixed: Option<Range<usize>>,
    pub(super) level: u32,
}

impl<'t, 'a> Flow<'t, 'a> {
    pub(super) fn new(
        tree: &'t Tree<'a>,
        wanted: fn(&str) -> bool,
        seeds: HashMap<String, Value>,
        fixed: Option<Range<usize>>,
        level: u32,
    ) -> Self {
        let names = seeds
            .into_iter()
            .map(|(name, value)| (Cow::Owned(name), value))
            .collect();
        Self {
            tree,
            scopes: vec![Scope {
                names,
                parent: None,
                class: false,
                globals: Vec::new(),
                branches: 0,
            }],
            functions: Vec::new(),
            seen_functions: HashMap::new(),
            classes: Vec::new(),
            stars: Vec::new(),
            edges: HashSet::new(),
            program: Program::default(),
            contexts: Vec::new(),
            nested: Vec::new(),
            wanted,
            scope: 0,
            context: AT_IMPORT,
            depth: 0,
            branches: 0,
            steps: tree
                .nodes
                .len()
                .saturating_mul(STEPS_PER_NODE)
                .saturating_add(STEPS),
            bytes: tree
                .text
                .len()
                .saturating_mul(BYTES_PER_BYTE)
                .saturating_add(BYTES),
            active: Vec::new(),
            returns: Vec::new(),
            fixed,
            level,
        }
    }

    /// Follows the whole source: what runs at import first, then every function.
    pub(super) fn run(&mut self) {
        self.block(&self.tree.body);
        let mut next = 0;
        while next < self.functions.len() {
            if self.functions.get(next).is_some_and(|known| !known.done) {
                self.follow(next, &[], None);
            }
            next = next.saturating_add(1);
        }
        self.finish();
    }

    /// Says of each fact when it runs.
    fn finish(&mut self) {
        let mut places: Vec<Place> = vec![Place::Import, Place::Main];
        places.extend(self.functions.iter().map(|known| {
            let automatic = if known.class.is_some() {
                super::places::is_automatic_method(&known.name)
            } else {
                super::places::is_automatic_function(&known.name)
            };
            if automatic { Place::Load } else { Place::Function }
        }));
        let mut after: HashMap<usize, Vec<usize>> = HashMap::new();
        #[expect(clippy::iter_over_hash_type, reason = "edges are added up, in any order")]
        for (from, to) in &self.edges {
            after.entry(*from).or_default().push(*to);
        }
        for place in [Place::Import, Place::Load, Place::Main] {
            let mut open: Vec<usize> = (0..places.len())
                .filter(|context| places.get(*context) == Some(&place))
                .collect();
            while let Some(context) = open.pop() {
                for &to in after.get(&context).into_iter().flatten() {
                    if let Some(slot) = places.get_mut(to)
                        && *slot < place
                    {
                        *slot = place;
                        open.push(to);
                    }
                }
            }
        }
        let place = |context: usize| places.get(context).copied().unwrap_or(Place::Function);
        for call in &mut self.program.calls {
            call.place = place(call.function);
            call.function = call.function.saturating_sub(1);
        }
        for (import, context) in self.program.imports.iter_mut().zip(&self.contexts) {
            import.place = place(*context);
        }
        for nested in &mut self.nested {
            let found = place(nested.place);
            nested.place = match found {
                Place::Import => 3,
                Place::Load => 2,
                Place::Main => 1,
                Place::Function => 0,
            };
        }
    }

    pub(super) fn trouble(&mut self, at: usize, kind: TroubleKind) {
        if !self.program.troubles.iter().any(|known| known.kind == kind) {
            self.program.troubles.push(Trouble { at, kind });
        }
    }

    fn step(&mut self, at: usize) -> bool {
        if self.steps == 0 {
            self.trouble(at, TroubleKind::TooMuch);
            return false;
        }
        self.steps = self.steps.saturating_sub(1);
        true
    }

    /// Pays for copying so many bytes of constants; `false` where too many have been copied.
    pub(super) fn afford(&mut self, bytes: usize) -> bool {
        if bytes <= SMALL_BYTES {
            return true;
        }
        if let Some(left) = self.bytes.checked_sub(bytes) {
            self.bytes = left;
            return true;
        }
        self.trouble(0, TroubleKind::TooMuch);
        false
    }

    // Statements.

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

    fn branch(&mut self, statements: &'t [Statement<'a>]) {
        self.branches = self.branches.saturating_add(1);
        self.block(statements);
        self.branches = self.branches.saturating_sub(1);
    }

    fn statement(&mut self, statement: &'t Statement<'a>) {
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

    fn branches(&mut self, branches: &'t [(Option<Id>, Vec<Statement<'a>>)]) {
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

    fn is_main_test(&self, test: Id) -> bool {
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

    fn is_negated(&self, left: Id, right: Id) -> bool {
        let range = |id: Id| self.tree.nodes.get(id).map_or(0..0, |node| node.range.clone());
        let (first, second) = (range(left), range(right));
        // `==` and `!=` are of one length; the parser keeps no text, so the caller's source decides.
        self.source(first.end..second.start).contains('!')
    }

    fn source(&self, range: Range<usize>) -> &'t str {
        self.tree.text.get(range).unwrap_or_default()
    }

    fn for_loop(&mut self, target: Id, items: Id, body: &'t [Statement<'a>]) {
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

    fn import(&mut self, aliases: &'t [Alias<'a>], range: &Range<usize>) {
        for alias in aliases {
            self.note_import(alias.name.clone(), range);
            let root = alias.name.split('.').next().unwrap_or_default();
            let (bound, value) = alias
                .alias
                .map_or((root, root), |name| (name, alias.name.as_str()));
            self.set(Cow::Owned(bound.to_owned()), Value::name(value));
        }
    }

    fn import_from(&mut self, module: &str, aliases: &'t [Alias<'a>], range: &Range<usize>) {
        for alias in aliases {
            if alias.name == "*" {
                self.stars.push(module.to_owned());
                self.note_import(format!("{module}.*"), range);
                continue;
            }
            let full = format!("{module}.{}", alias.name);
            self.set(
                Cow::Owned(alias.alias.unwrap_or(&alias.name).to_owned()),
                Value::name(&super::calls::canonical(&full)),
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

    fn define(&mut self, function: &'t Function<'a>) {
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
    fn decorate(&mut self, decorators: Vec<Value>, nodes: &[Id], value: &Value) {
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
    fn register(
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

    fn define_class(&mut self, class: &'t Class<'a>) {
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

    // Names.

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

    fn set_in(&mut self, place: usize, name: Cow<'t, str>, value: Value) {
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
        if super::calls::is_builtin(name) {
            return Value::name(&format!("builtins.{name}"));
        }
        if name == "__builtins__" {
            return Value::name("builtins");
        }
        let starred: Vec<Value> = self
            .stars
            .iter()
            .map(|module| format!("{module}.{name}"))
            .filter(|full| (self.wanted)(full))
            .map(|full| Value::name(&super::calls::canonical(&full)))
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

    // Expressions.

    pub(super) fn expression(&self, id: Id) -> Option<&'t Expression<'a>> {
        self.tree.nodes.get(id).map(|node| &node.expression)
    }

    pub(super) fn range(&self, id: Id) -> Range<usize> {
        self.tree.nodes.get(id).map_or(0..0, |node| node.range.clone())
    }

    fn look_at_name(&mut self, plain: &str, id: Id) {
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

    fn eval_inner(&mut self, id: Id, expression: &'t Expression<'a>) -> Value {
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

    fn comprehend(
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

    pub(super) fn class_attribute(&self, class: usize, name: &str, level: u32) -> Option<Value> {
        let known = self.classes.get(class)?;
        let scope = self.scopes.get(known.scope)?;
        if let Some(value) = scope.names.get(name) {
            return Some(value.clone());
        }
        if level > 8 {
            return None;
        }
        known.bases.iter().find_map(|base| match base.what {
            What::Class(base) => self.class_attribute(base, name, level.saturating_add(1)),
            _ => None,
        })
    }

    pub(super) fn global(&self, name: &str) -> Option<Value> {
        self.scopes.first()?.names.get(name).cloned()
    }
}

pub(super) fn given(value: Value) -> Given {
    Given { name: None, value }
}
