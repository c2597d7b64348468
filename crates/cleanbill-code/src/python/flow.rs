//! Follows values through a program: names, attributes, constants, functions of its own, classes, branches. It runs
//! nothing; what it does not know is unknown, and what it does is bounded by fuel.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    ops::Range,
};

use super::{
    facts::{Place, Program, Trouble, TroubleKind},
    tree::{Id, Parameter, Statement, Tree},
    values::{Given, Value, What},
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
pub(super) const LOOP_STEPS: usize = 60_000;
/// LIMIT: names that a source out of a constant may use of those around it.
pub(super) const SEEDS: usize = 500;
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
pub(super) const AT_IMPORT: usize = 0;
pub(super) const AS_PROGRAM: usize = 1;
pub(super) const FIRST_FUNCTION: usize = 2;

/// Follows one source.
pub(super) struct Flow<'t, 'a> {
    pub(super) tree: &'t Tree<'a>,
    pub(super) scopes: Vec<Scope<'t>>,
    pub(super) functions: Vec<Known<'t, 'a>>,
    pub(super) seen_functions: HashMap<usize, usize>,
    pub(super) classes: Vec<KnownClass>,
    pub(super) stars: Vec<String>,
    pub(super) edges: HashSet<(usize, usize)>,
    pub(super) program: Program,
    pub(super) contexts: Vec<usize>,
    pub(super) nested: Vec<Nested>,
    pub(super) wanted: fn(&str) -> bool,
    pub(super) scope: usize,
    pub(super) context: usize,
    pub(super) depth: u32,
    pub(super) branches: u32,
    pub(super) steps: usize,
    /// Bytes of constants that may still be copied.
    pub(super) bytes: usize,
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

    pub(super) fn step(&mut self, at: usize) -> bool {
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
