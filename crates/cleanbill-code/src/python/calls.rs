//! Calls: what is called, and what comes back.

use std::{ops::Range, rc::Rc};

use super::{
    callables::{canonical, is_builtin},
    constants::constant_call,
    facts::Traits,
    flow::{Flow, given},
    fold,
    tree::{Argument, Expression, How, Id},
    values::{Given, ITEMS, Value, What},
};

impl<'t> Flow<'t, '_> {
    pub(super) fn attribute(&mut self, base: &Value, name: &'t str) -> Value {
        self.member(base, name)
    }

    /// Returns an attribute of a value.
    pub(super) fn member(&mut self, base: &Value, name: &str) -> Value {
        match &base.what {
            What::Name(owner) => {
                if matches!(name, "__builtins__") {
                    return Value::name("builtins").made_of(Traits::INDIRECT);
                }
                let owner = owner.strip_suffix(".__dict__").unwrap_or(owner);
                let joined = [owner, ".", name].concat();
                let full = canonical(&joined);
                let own = super::sources::of_name(&full);
                let kept = if full.starts_with("os.environ.") {
                    base.traits.without(Traits::ENVIRONMENT)
                } else {
                    base.traits
                };
                Value::name(&full)
                    .made_of(kept.with(own))
                    .with_origin(base.origin.clone())
            }
            What::Class(class) | What::Instance(class) => match self.class_attribute(*class, name, 0) {
                Some(value) => match value.what {
                    What::Function(_) => What::Method(Rc::new((base.clone(), name.to_owned()))).into(),
                    _ => value,
                },
                None => Self::strange(base, name),
            },
            What::Text(_) | What::Bytes(_) | What::List(_) | What::Dictionary(_)
                if !name.starts_with("__") =>
            {
                Value::from(What::Method(Rc::new((base.clone(), name.to_owned())))).made_of(base.traits)
            }
            What::Either(choices) => choices
                .iter()
                .map(|choice| self.member(choice, name))
                .reduce(Value::or)
                .unwrap_or_else(Value::unknown),
            What::Partial(partial) if name == "func" => partial.0.clone(),
            _ => Self::strange(base, name),
        }
    }

    /// Knows the attributes by which a program climbs from any value to the interpreter.
    fn strange(base: &Value, name: &str) -> Value {
        match name {
            "__globals__" | "f_globals" | "func_globals" | "f_builtins" => {
                Value::from(What::Namespace).made_of(Traits::INDIRECT)
            }
            "__builtins__" => Value::name("builtins").made_of(Traits::INDIRECT),
            "__subclasses__" | "__bases__" | "__mro__" | "__base__" | "__code__" | "__loader__"
            | "__reduce__" => Value::name(&["object.", name].concat()).made_of(Traits::INDIRECT),
            _ => Value::unknown()
                .made_of(base.traits)
                .with_origin(base.origin.clone()),
        }
    }

    pub(super) fn item(&mut self, base: &Value, index: Id) -> Value {
        if let Some(Expression::Slice(parts)) = self.expression(index) {
            let mut bounds = [None; 3];
            for (bound, part) in bounds.iter_mut().zip(parts) {
                let value = part.map(|part| self.eval(part));
                match value.map(|value| value.what) {
                    Some(What::Number(number)) => *bound = Some(number),
                    Some(What::Nothing) | None => {}
                    Some(_) => return Value::unknown().made_of(base.traits),
                }
            }
            if !self.afford(base.weight().saturating_mul(4)) {
                return Value::unknown().made_of(base.traits);
            }
            return fold::slice(base, bounds);
        }
        let key = self.eval(index);
        self.look_up(base, &key)
    }

    fn look_up(&mut self, base: &Value, key: &Value) -> Value {
        let traits = base.traits;
        match (&base.what, &key.what) {
            (What::List(_) | What::Text(_) | What::Bytes(_), What::Number(at)) => {
                if !matches!(base.what, What::List(_)) && base.weight() > ITEMS {
                    return Value::unknown().made_of(traits);
                }
                if !matches!(base.what, What::List(_)) && !self.afford(base.weight() / 16) {
                    return Value::unknown().made_of(traits);
                }
                base.item(*at).unwrap_or_else(Value::unknown)
            }
            (What::Dictionary(pairs), _) => {
                let found = pairs.iter().rfind(|(known, _)| known.what == key.what);
                found.map_or_else(
                    || {
                        let all = pairs.iter().map(|(_, value)| value.clone()).take(8);
                        if pairs.len() <= 8 {
                            all.reduce(Value::or).unwrap_or_else(Value::unknown)
                        } else {
                            Value::unknown().made_of(traits)
                        }
                    },
                    |(_, value)| value.clone(),
                )
            }
            (What::Namespace, _) => match key.constant() {
                Some(name) if name == "__builtins__" => Value::name("builtins").made_of(Traits::INDIRECT),
                Some(name) => {
                    let found = self.global(&name).unwrap_or_else(|| {
                        if is_builtin(&name) {
                            Value::name(&["builtins.", &name].concat())
                        } else {
                            Value::name(&name)
                        }
                    });
                    found.made_of(Traits::INDIRECT.with(key.traits))
                }
                None => Value::unknown().made_of(Traits::INDIRECT),
            },
            (What::Name(owner), _) => match (&**owner, key.constant()) {
                ("sys.modules", Some(name)) => Value::name(&name).made_of(Traits::INDIRECT.with(key.traits)),
                ("os.environ", Some(name)) => super::sources::variable(&name),
                (_, Some(name)) if owner.ends_with(".__dict__") || &**owner == "builtins" => {
                    let base = base.clone();
                    self.member(&base, &name)
                        .made_of(Traits::INDIRECT.with(key.traits))
                }
                _ => Value::name(&[owner, "[]"].concat())
                    .made_of(traits)
                    .with_origin(base.origin.clone()),
            },
            (What::Either(choices), _) => choices
                .iter()
                .map(|choice| self.look_up(choice, key))
                .reduce(Value::or)
                .unwrap_or_else(Value::unknown),
            _ => Value::unknown().made_of(traits).with_origin(base.origin.clone()),
        }
    }

    pub(super) fn call(&mut self, id: Id, callee: Id, arguments: &'t [Argument<'_>]) -> Value {
        let range = self.range(id);
        // What is added to a container that a name holds stays in it.
        let target = match self.expression(callee) {
            Some(Expression::Attribute(base, method)) => match self.expression(*base) {
                Some(Expression::Name(name)) => Some((name.as_ref(), method.as_ref())),
                _ => None,
            },
            _ => None,
        };
        let function = self.eval(callee);
        let mut values: Vec<Given> = Vec::with_capacity(arguments.len());
        for argument in arguments {
            let value = self.eval(argument.value);
            match argument.how {
                How::Star => match value.items() {
                    Some(items) => values.extend(items.into_iter().take(64).map(given)),
                    None => values.push(given(value)),
                },
                How::Stars => match &value.what {
                    What::Dictionary(pairs) => {
                        values.extend(pairs.iter().take(64).map(|(key, value)| Given {
                            name: key.constant().map(Rc::from),
                            value: value.clone(),
                        }));
                    }
                    _ => values.push(Given {
                        name: Some("**".into()),
                        value,
                    }),
                },
                How::Name(name) => values.push(Given {
                    name: Some(name.into()),
                    value,
                }),
                How::Place => values.push(given(value)),
            }
        }
        if let Some((name, method)) = target {
            let last = values.last().map(|argument| argument.value.clone());
            match (method, last) {
                ("append" | "add" | "write" | "writestr", Some(value)) => {
                    let owner = self.lookup(name);
                    self.put(name, owner, None, value);
                }
                ("update" | "extend", Some(value)) if value.traits != Traits::default() => {
                    let owner = self.lookup(name);
                    self.put(name, owner, None, value);
                }
                _ => {}
            }
        }
        self.apply(&function, values, &range, true)
    }

    /// Applies a callable to arguments; `edges` says whether functions among them count as called.
    pub(super) fn apply(
        &mut self,
        function: &Value,
        arguments: Vec<Given>,
        range: &Range<usize>,
        edges: bool,
    ) -> Value {
        if edges {
            for argument in &arguments {
                self.edge(&argument.value);
            }
        }
        let traits = arguments
            .iter()
            .fold(function.traits, |all, argument| all.with(argument.value.traits));
        let origin = arguments
            .iter()
            .find_map(|argument| argument.value.origin.clone());
        let weight = arguments.iter().fold(function.weight(), |all, argument| {
            all.saturating_add(argument.value.weight())
        });
        let mut arguments = arguments;
        if !self.afford(weight) {
            if function.weight() > 0 {
                return Value::unknown().made_of(traits).with_origin(origin);
            }
            // That it is called is still said; with what is not known any more.
            for argument in &mut arguments {
                let value = Value::unknown().made_of(argument.value.traits);
                argument.value = value.with_origin(argument.value.origin.clone());
            }
        }
        match &function.what {
            What::Name(name) => self.call_name(&Rc::clone(name), function, &arguments, range),
            What::Function(id) => self.invoke(*id, &arguments, None),
            What::Class(class) => self.construct(*class, &arguments),
            What::Method(method) => {
                let (owner, name) = &**method;
                match owner.what {
                    What::Class(class) | What::Instance(class) => {
                        match self.class_attribute(class, name, 0) {
                            Some(Value {
                                what: What::Function(id),
                                ..
                            }) => self.invoke_method(id, arguments, class),
                            Some(other) => self.apply(&other, arguments, range, edges),
                            None => Value::unknown().made_of(traits),
                        }
                    }
                    _ => fold::method(owner, name, &arguments),
                }
            }
            What::Partial(partial) => {
                let (inner, first) = &**partial;
                let all: Vec<Given> = first.iter().cloned().chain(arguments).take(64).collect();
                self.deeper_apply(&inner.clone(), all, range)
            }
            What::Getter(getter) => self.get(&getter.0, &getter.1, &arguments, range),
            What::Instance(class) => match self.class_attribute(*class, "__call__", 0) {
                Some(Value {
                    what: What::Function(id),
                    ..
                }) => self.invoke_method(id, arguments, *class),
                Some(other) => self.deeper_apply(&other, arguments, range),
                None => Value::unknown().made_of(traits),
            },
            What::Either(choices) => {
                let mut result = Value::unknown();
                for choice in choices.iter() {
                    result = result.or(self.deeper_apply(choice, arguments.clone(), range));
                }
                result
            }
            _ => Value::unknown().made_of(traits).with_origin(origin),
        }
    }

    fn deeper_apply(&mut self, function: &Value, arguments: Vec<Given>, range: &Range<usize>) -> Value {
        if !self.enter() {
            return Value::unknown();
        }
        let value = self.apply(function, arguments, range, true);
        self.leave();
        value
    }

    fn invoke_method(&mut self, id: usize, arguments: Vec<Given>, class: usize) -> Value {
        // The first parameter is the instance, which `follow` binds; positions shift by one.
        let mut all = arguments;
        if self.is_bound(id) {
            all.insert(0, given(What::Instance(class).into()));
        }
        self.invoke(id, &all, Some(class))
    }

    fn get(&mut self, kind: &str, what: &[Given], arguments: &[Given], range: &Range<usize>) -> Value {
        let Some(base) = arguments.first().map(|argument| argument.value.clone()) else {
            return Value::unknown();
        };
        let Some(first) = what.first().map(|argument| argument.value.clone()) else {
            return Value::unknown();
        };
        match kind {
            "operator.itemgetter" => self.look_up(&base, &first),
            "operator.methodcaller" => {
                let name = first.constant().unwrap_or_default();
                let method = self
                    .member(&base, &name)
                    .made_of(Traits::INDIRECT.with(first.traits));
                let rest = what.iter().skip(1).cloned().collect();
                self.deeper_apply(&method, rest, range)
            }
            _ => {
                let mut value = base;
                for name in first.constant().unwrap_or_default().split('.').take(8) {
                    value = self.member(&value, name);
                }
                value.made_of(Traits::INDIRECT.with(first.traits))
            }
        }
    }

    fn call_name(
        &mut self,
        name: &str,
        function: &Value,
        arguments: &[Given],
        range: &Range<usize>,
    ) -> Value {
        let first = arguments
            .first()
            .map_or_else(Value::unknown, |argument| argument.value.clone());
        let second = arguments.get(1).map(|argument| argument.value.clone());
        let header = |argument: &&Given| argument.name.as_deref().is_some_and(|name| name == "headers");
        let traits = arguments
            .iter()
            .filter(|argument| name != "urllib.request.Request" || !header(argument))
            .fold(Traits::default(), |all, argument| all.with(argument.value.traits));
        if name.starts_with("pathlib.Path().") && function.origin.is_some() {
            // A method of a path: the path is what it works on.
            let path = Value::unknown().with_origin(function.origin.clone());
            let owner = Given {
                name: Some("self".into()),
                value: path,
            };
            let all: Vec<Given> = [owner].into_iter().chain(arguments.iter().cloned()).collect();
            self.note_call(name, function.traits, &all, range);
        } else {
            self.note_call(name, function.traits, arguments, range);
        }
        let indirect = Traits::INDIRECT.with(second.as_ref().map_or(Traits::default(), |value| value.traits));
        match name {
            "builtins.getattr" | "inspect.getattr_static" | "builtins.object.__getattribute__" => {
                match second.and_then(|value| value.constant()) {
                    Some(attribute) => {
                        let value = self.member(&first, &attribute).made_of(indirect);
                        match arguments.get(2) {
                            Some(other) if !value.is_known() => other.value.clone(),
                            _ => value,
                        }
                    }
                    None => match first.what {
                        What::Name(owner) => Value::name(&[&*owner, ".?"].concat()).made_of(Traits::INDIRECT),
                        _ => Value::unknown(),
                    },
                }
            }
            "builtins.__import__"
            | "importlib.import_module"
            | "importlib.__import__"
            | "importlib._bootstrap._gcd_import"
            | "pydoc.locate"
            | "pkgutil.resolve_name"
            | "importlib._bootstrap._find_and_load" => {
                let Some(module) = first.constant() else {
                    return Value::unknown().made_of(Traits::INDIRECT);
                };
                let module = module.replace(':', ".");
                self.note_import(module.clone(), range);
                let root = module.split('.').next().unwrap_or_default();
                let whole = name != "builtins.__import__" || arguments.len() > 3;
                Value::name(&canonical(if whole { &module } else { root }))
                    .made_of(Traits::INDIRECT.with(first.traits))
            }
            "builtins.globals" | "builtins.locals" => What::Namespace.into(),
            "builtins.vars" => match first.what {
                What::Name(owner) => Value::name(&[&*owner, ".__dict__"].concat()),
                _ => What::Namespace.into(),
            },
            "sys.modules.get" | "sys.modules.__getitem__" => {
                self.look_up(&Value::name("sys.modules"), &first)
            }
            "os.environ.get"
            | "os.getenv"
            | "os.environ.pop"
            | "os.environ.setdefault"
            | "os.environ.__getitem__" => first
                .constant()
                .map_or_else(Value::unknown, |name| super::sources::variable(&name)),
            "functools.partial" | "functools.partialmethod" => {
                let rest = arguments.iter().skip(1).cloned().collect();
                What::Partial(Rc::new((first, rest))).into()
            }
            "operator.attrgetter" | "operator.itemgetter" | "operator.methodcaller" => {
                What::Getter(Rc::new((name.to_owned(), arguments.to_vec()))).into()
            }
            "functools.reduce" | "builtins.reduce" => self.reduce(&first, arguments, range),
            "operator.add" | "operator.concat" | "operator.iadd" => fold::operate(
                super::tree::Operator::Add,
                &first,
                &second.unwrap_or_else(Value::unknown),
            ),
            "operator.getitem" => self.look_up(&first, &second.unwrap_or_else(Value::unknown)),
            "operator.call" => {
                let rest = arguments.iter().skip(1).cloned().collect();
                self.deeper_apply(&first, rest, range)
            }
            "builtins.map" | "builtins.filter" => self.map(&first, second, range),
            "builtins.exec"
            | "builtins.eval"
            | "builtins.compile"
            | "code.InteractiveInterpreter().runsource"
            | "code.InteractiveConsole().push"
            | "timeit.timeit"
            | "timeit.Timer"
            | "cProfile.run"
            | "profile.run"
            | "pdb.run"
            | "trace.Trace().run"
            | "get_ipython().run_cell" => {
                if let Some(source) = first.constant()
                    && !source.contains('\u{fffc}')
                {
                    if name == "builtins.eval"
                        && let Some(value) = self.simple(&source)
                    {
                        return value;
                    }
                    self.take_nested(source, range);
                }
                if name == "builtins.compile" {
                    first
                } else {
                    Value::unknown().made_of(traits)
                }
            }
            _ => {
                if let Some(value) = constant_call(name, &first, second.as_ref(), arguments) {
                    return value;
                }
                let source = if arguments.is_empty() { function } else { &first };
                let own = super::sources::of_call(name, source);
                let result = Value::name(&[name, "()"].concat())
                    .made_of(traits.without(Traits::COMPUTED).with(own))
                    .made_of(function.traits.without(Traits::INDIRECT.with(Traits::COMPUTED)))
                    .with_origin(function.origin.clone());
                let result = match arguments.iter().find_map(|argument| argument.value.constant()) {
                    Some(text) => {
                        result.with_origin(Some(Rc::from(text.chars().take(300).collect::<String>())))
                    }
                    None => result,
                };
                let origin = arguments
                    .iter()
                    .find_map(|argument| argument.value.origin.clone());
                result.with_origin(origin)
            }
        }
    }

    /// Reads `os`, `os.system`, `__import__("os")` out of a text that is evaluated.
    fn simple(&mut self, source: &str) -> Option<Value> {
        let source = source.trim();
        let source = source
            .strip_prefix("__import__(")
            .and_then(|rest| rest.strip_suffix(')'))
            .map(|inner| inner.trim_matches(['"', '\'']))
            .map_or_else(|| source.to_owned(), |module| ["=", module].concat());
        let (imported, path) = match source.strip_prefix('=') {
            Some(path) => (true, path),
            None => (false, source.as_str()),
        };
        let plain =
            |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !path.split('.').all(plain) || path.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let mut parts = path.split('.');
        let root = parts.next()?;
        let mut value = if imported {
            Value::name(root)
        } else {
            self.lookup(root)
        };
        for part in parts.take(8) {
            value = self.member(&value, part);
        }
        Some(value.made_of(Traits::INDIRECT))
    }

    fn reduce(&mut self, function: &Value, arguments: &[Given], range: &Range<usize>) -> Value {
        let items = arguments
            .get(1)
            .and_then(|items| items.value.items())
            .unwrap_or_default();
        let mut items = items.into_iter().take(1_024);
        let start = arguments
            .get(2)
            .map(|start| start.value.clone())
            .or_else(|| items.next());
        let mut value = start.unwrap_or_else(Value::unknown);
        for item in items {
            value = self.deeper_apply(function, vec![given(value), given(item)], range);
        }
        value
    }

    fn map(&mut self, function: &Value, items: Option<Value>, range: &Range<usize>) -> Value {
        let items = items.unwrap_or_else(Value::unknown);
        match items.items() {
            Some(items) => {
                let mut out = Vec::new();
                for item in items.into_iter().take(4_096) {
                    out.push(self.deeper_apply(function, vec![given(item)], range));
                }
                Value::list(out)
            }
            None => self.deeper_apply(
                function,
                vec![given(
                    Value::unknown().made_of(items.traits).with_origin(items.origin),
                )],
                range,
            ),
        }
    }
}
