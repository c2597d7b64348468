//! Judges what a pickle does, by what its calls do with what they are given.
//!
//! Every import and every call is judged once: reviewed names are held to the use they were reviewed for, dangerous names
//! are named with their attack, and what nobody reviewed is for a person to look at, or not to be loaded where it is called.

mod rules;

use cleanbill_formats::pickle::{Call, CallKind, Import, Operand, View};

#[cfg(test)]
pub(crate) use self::rules::RULES;
use crate::callables::{Allowed, Attack, Standing, standing};

/// Says what is wrong with a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nobody reviewed what is called.
    UnknownCallee(String),
    /// A reviewed name is used for something that it was not reviewed for.
    NotReviewedFor {
        /// The name.
        callee: String,
        /// The use.
        how: CallKind,
    },
    /// A reviewed name is given arguments that its rule refuses.
    RuleBroken {
        /// The name.
        callee: String,
        /// The rule.
        rule: &'static str,
    },
    /// What a call returned is called in turn.
    CalledResult(String),
    /// An imported class, function or module itself is given a state, which changes its attributes.
    ChangedImport(String),
    /// What is called is not known.
    UnknownTarget,
}

/// Judges one pickle view.
#[derive(Debug)]
pub(crate) struct Judge<'a> {
    view: &'a View,
    standings: Vec<Standing>,
}

impl<'a> Judge<'a> {
    /// Looks every import up; within a TorchScript archive the names of `__torch__` are its own classes.
    pub(crate) fn new(view: &'a View, torchscript: bool) -> Self {
        let standings = view
            .imports
            .iter()
            .map(|import| {
                if torchscript && (import.module == "__torch__" || import.module.starts_with("__torch__.")) {
                    Standing::Allowed(Allowed::Class)
                } else {
                    standing(&import.module, &import.name)
                }
            })
            .collect();
        Self { view, standings }
    }

    /// Returns every import with its standing.
    pub(crate) fn imports(&self) -> impl Iterator<Item = (u32, &'a Import, Standing)> {
        self.view
            .imports
            .iter()
            .zip(&self.standings)
            .zip(0_u32..)
            .map(|((import, standing), id)| (id, import, *standing))
    }

    /// Returns every call with what is wrong with it; calls of dangerous names are left to their import.
    pub(crate) fn faults(&self) -> Vec<(&'a Call, Fault)> {
        self.view
            .calls
            .iter()
            .filter_map(|call| Some((call, self.fault(call)?)))
            .collect()
    }

    /// Returns the calls that name `import` as what is called.
    pub(crate) fn calls_of(&self, import: u32) -> impl Iterator<Item = &'a Call> {
        self.view
            .calls
            .iter()
            .filter(move |call| call.callee == Operand::Import(import))
    }

    /// Writes a call the way Python would, arguments shortened.
    pub(crate) fn show(&self, call: &Call) -> String {
        let arguments: Vec<String> = call
            .arguments
            .iter()
            .map(|argument| self.show_operand(argument))
            .collect();
        let more = if call.complete { "" } else { ", …" };
        format!(
            "{}({}{more})",
            self.show_operand(&call.callee),
            arguments.join(", ")
        )
    }

    fn show_operand(&self, operand: &Operand) -> String {
        match operand {
            Operand::Scalar => "…".to_owned(),
            Operand::Text(Some(text)) => format!("{text:?}"),
            Operand::Text(None) => "\"…\"".to_owned(),
            Operand::Bytes => "b\"…\"".to_owned(),
            Operand::Container => "[…]".to_owned(),
            Operand::Tuple { items, .. } => {
                let items: Vec<String> = items.iter().map(|item| self.show_operand(item)).collect();
                format!("({})", items.join(", "))
            }
            Operand::Import(id) => self.view.import(*id).map_or_else(|| "?".to_owned(), import_name),
            Operand::Result(id) => match self.view.call(*id) {
                Some(call) => format!("{}(…)", self.show_callee(&call.callee, 0)),
                None => "?".to_owned(),
            },
            Operand::Persistent => "<persistent>".to_owned(),
            Operand::Buffer => "<buffer>".to_owned(),
            Operand::Unresolved => "<unresolved>".to_owned(),
        }
    }

    fn show_callee(&self, callee: &Operand, depth: u32) -> String {
        match callee {
            Operand::Result(id) if depth < 4 => match self.view.call(*id) {
                Some(call) => format!("{}(…)", self.show_callee(&call.callee, depth + 1)),
                None => "?".to_owned(),
            },
            Operand::Result(_) => "…".to_owned(),
            other => self.show_operand(other),
        }
    }

    fn fault(&self, call: &Call) -> Option<Fault> {
        match call.kind {
            CallKind::Reduce | CallKind::Instantiate => self.called(&call.callee, &call.arguments, call),
            CallKind::New => match &call.callee {
                Operand::Import(id) => self.used(*id, call.kind, &call.arguments, call.complete),
                // `NEWOBJ` takes classes only; anything else is refused by every unpickler or not known to us.
                _ => Some(Fault::UnknownTarget),
            },
            CallKind::Build | CallKind::Extend => match &call.callee {
                Operand::Import(id) => Some(Fault::ChangedImport(self.name_of(*id))),
                Operand::Result(id) => self
                    .class_of(*id)
                    .and_then(|class| self.used(class, call.kind, &call.arguments, call.complete)),
                _ => None,
            },
        }
    }

    fn called(&self, callee: &Operand, arguments: &[Operand], call: &Call) -> Option<Fault> {
        match callee {
            Operand::Import(id) => self.used(*id, CallKind::Reduce, arguments, call.complete),
            Operand::Result(id) => {
                let inner = self.view.call(*id)?;
                match self.attribute(inner) {
                    // A method fetched from a reviewed class, called.
                    Some((module, name)) => match standing(&module, &name) {
                        Standing::Allowed(Allowed::Call) => None,
                        Standing::Allowed(Allowed::Rule(rule))
                            if self.rule_holds(rule, &module, CallKind::Reduce, arguments, call.complete) =>
                        {
                            None
                        }
                        _ => Some(Fault::CalledResult(self.show(inner))),
                    },
                    None => Some(Fault::CalledResult(self.show(inner))),
                }
            }
            // Plain data cannot be called, and every unpickler stops there; the rest is not known to us.
            _ => Some(Fault::UnknownTarget),
        }
    }

    /// Judges a use of an import.
    fn used(&self, import: u32, how: CallKind, arguments: &[Operand], complete: bool) -> Option<Fault> {
        let standing = self.standing_of(import);
        match standing {
            Standing::Danger { .. } => None,
            Standing::Unknown { .. } => matches!(how, CallKind::Reduce | CallKind::Instantiate)
                .then(|| Fault::UnknownCallee(self.name_of(import))),
            Standing::Allowed(allowed) => match (allowed, how) {
                (Allowed::Rule(rule), _) => {
                    (!self.rule_holds(rule, self.module_of(import), how, arguments, complete)).then(|| {
                        Fault::RuleBroken {
                            callee: self.name_of(import),
                            rule,
                        }
                    })
                }
                (Allowed::Call, CallKind::Reduce | CallKind::Instantiate)
                    if self.drains_an_iterator(import, arguments) =>
                {
                    Some(Fault::NotReviewedFor {
                        callee: self.name_of(import),
                        how,
                    })
                }
                // Items are never set on a tensor while it is loaded; doing so reaches its memory (CVE-2026-24747).
                (Allowed::Call, CallKind::Extend) if self.module_of(import) == "torch._utils" => {
                    Some(Fault::NotReviewedFor {
                        callee: self.name_of(import),
                        how,
                    })
                }
                (Allowed::Call, _) | (Allowed::Class, CallKind::New | CallKind::Build | CallKind::Extend) => {
                    self.hands_over_a_callable(arguments)
                        .then(|| Fault::NotReviewedFor {
                            callee: self.name_of(import),
                            how,
                        })
                }
                // A reviewed class called without arguments does what its review covered.
                (Allowed::Class, CallKind::Reduce | CallKind::Instantiate)
                    if arguments.is_empty() && complete =>
                {
                    None
                }
                (Allowed::Class | Allowed::Value, _) => Some(Fault::NotReviewedFor {
                    callee: self.name_of(import),
                    how,
                }),
            },
        }
    }

    /// Says whether a container is filled from an iterator that may never end. Libraries save containers with their items.
    fn drains_an_iterator(&self, container: u32, arguments: &[Operand]) -> bool {
        let drains = self.view.import(container).is_some_and(|import| {
            matches!(
                import.module.as_str(),
                "builtins" | "__builtin__" | "collections" | "_collections"
            ) && !ITERATORS.contains(&import.name.as_str())
        });
        drains
            && arguments.iter().any(|argument| match argument {
                Operand::Result(id) => self
                    .class_of(*id)
                    .and_then(|class| self.view.import(class))
                    .is_some_and(|import| {
                        import.module == "itertools"
                            || (matches!(import.module.as_str(), "builtins" | "__builtin__")
                                && ITERATORS.contains(&import.name.as_str()))
                    }),
                _ => false,
            })
    }

    /// Says whether an argument is something made to be called by whoever receives it.
    fn hands_over_a_callable(&self, arguments: &[Operand]) -> bool {
        arguments.iter().any(|argument| match argument {
            Operand::Result(id) => self.view.call(*id).is_some_and(|inner| {
                let callee = match &inner.callee {
                    Operand::Import(id) => self.view.import(*id),
                    _ => None,
                };
                callee.is_some_and(|import| {
                    matches!(
                        import.name.as_str(),
                        "attrgetter" | "itemgetter" | "methodcaller" | "vectorize"
                    ) && matches!(import.module.as_str(), "operator" | "_operator" | "numpy")
                })
            }),
            _ => false,
        })
    }

    fn standing_of(&self, import: u32) -> Standing {
        let place = usize::try_from(import).unwrap_or(usize::MAX);
        self.standings.get(place).copied().unwrap_or(Standing::Unknown {
            standard_library: false,
        })
    }

    fn module_of(&self, import: u32) -> &str {
        self.view
            .import(import)
            .map_or("", |import| import.module.as_str())
    }

    fn name_of(&self, import: u32) -> String {
        self.view
            .import(import)
            .map_or_else(|| "?".to_owned(), import_name)
    }

    /// Returns the class of what a call returned, where it can be told.
    fn class_of(&self, call: u32) -> Option<u32> {
        let call = self.view.call(call)?;
        let Operand::Import(callee) = call.callee else {
            return None;
        };
        let import = self.view.import(callee)?;
        match (
            import.module.as_str(),
            import.name.as_str(),
            call.arguments.first(),
        ) {
            (
                "copyreg" | "copy_reg",
                "_reconstructor" | "__newobj__" | "__newobj_ex__",
                Some(Operand::Import(class)),
            ) => Some(*class),
            _ => Some(callee),
        }
    }

    /// Returns the dotted name that a `getattr` call on a global resolves to.
    fn attribute(&self, call: &Call) -> Option<(String, String)> {
        let Operand::Import(callee) = call.callee else {
            return None;
        };
        let import = self.view.import(callee)?;
        if !matches!(
            (import.module.as_str(), import.name.as_str()),
            ("builtins" | "__builtin__", "getattr")
        ) {
            return None;
        }
        match call.arguments.as_slice() {
            [Operand::Import(owner), Operand::Text(Some(name))] => {
                let owner = self.view.import(*owner)?;
                Some((owner.module.clone(), format!("{}.{name}", owner.name)))
            }
            _ => None,
        }
    }
}

/// Built-in classes whose objects yield items one by one, without end where they are told so.
const ITERATORS: &[&str] = &[
    "range",
    "xrange",
    "iter",
    "zip",
    "map",
    "filter",
    "enumerate",
    "reversed",
];

/// Writes an import as Python would name it.
pub(crate) fn import_name(import: &Import) -> String {
    format!("{}.{}", import.module, import.name)
}

/// Returns the attack of a standing, if it is one.
pub(crate) fn attack_of(standing: Standing) -> Option<(Attack, &'static str)> {
    match standing {
        Standing::Danger { attack, reason } => Some((attack, reason)),
        _ => None,
    }
}
