//! The rules to which some reviewed callables are held; the tables in `callables/` describe each.

mod texts;

use cleanbill_formats::pickle::{CallKind, Operand};

use self::texts::{companion_file, formula, harmless_encoding, is_range, plain_names, scipy_template};
use super::Judge;
use crate::callables::{Allowed, Standing, standing};

/// Names every rule, so that a test can hold the tables against it.
#[cfg(test)]
pub(crate) const RULES: &[&str] = &[
    "attrgetter-plain-names",
    "bytes-from-data",
    "bytesio-from-bytes",
    "codecs-encode-latin1",
    "defaultdict-factory",
    "descriptor-of-allowed",
    "dill-create-array",
    "dill-eval-repr",
    "dill-load-type",
    "getattr-allowed-class",
    "getitem-of-typing",
    "itemgetter-kept",
    "iter-one-argument",
    "iterator-kept",
    "joblib-array-wrapper",
    "joblib-companion-file",
    "masked-array-reconstruct",
    "memmap-reconstruct-only",
    "methodcaller-kept",
    "new-without-arguments",
    "newobj-allowed-class",
    "numpy-array-reconstruct",
    "numpy-from-buffer",
    "numpy-generator-ctor",
    "numpy-scalar",
    "numpy-ufunc-name",
    "numpy-vectorize-kept",
    "pandas-new-index",
    "partial-of-allowed",
    "range-bounded",
    "reconstructor-allowed-class",
    "reduce-or-of-types",
    "regex-compile",
    "scipy-distribution-state",
    "statsmodels-data-state",
    "time-zone-key",
    "torch-nested-bytes",
    "torch-rebuild-from-type",
    "type-of-singleton",
    "tzfile-without-file",
];

const UFUNC_MODULES: &[&str] = &[
    "numpy",
    "numpy.core",
    "numpy._core",
    "numpy.core.umath",
    "numpy._core.umath",
    "numpy.core._multiarray_umath",
    "numpy._core._multiarray_umath",
    "scipy.special",
    "scipy.special._ufuncs",
];
/// Plain types that dill names by a text of its own.
const DILL_TYPES: &[&str] = &[
    "bool",
    "bytes",
    "bytearray",
    "complex",
    "dict",
    "ellipsis",
    "float",
    "frozenset",
    "int",
    "list",
    "object",
    "range",
    "set",
    "slice",
    "str",
    "tuple",
    "NoneType",
    "DictType",
    "FloatType",
    "IntType",
    "ListType",
    "ObjectType",
    "StringType",
    "TupleType",
    "UnicodeType",
    "BooleanType",
    "ComplexType",
    "LongType",
    "DictionaryType",
    "SliceType",
];
const BIT_GENERATORS: &[&str] = &["MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64"];

impl Judge<'_> {
    /// Says whether a use of a callable keeps its rule.
    pub(super) fn rule_holds(
        &self,
        rule: &str,
        module: &str,
        how: CallKind,
        arguments: &[Operand],
        complete: bool,
    ) -> bool {
        if !complete {
            return false;
        }
        let calls = matches!(how, CallKind::Reduce | CallKind::Instantiate);
        let plain = arguments.iter().all(|argument| self.is_plain(argument));
        match rule {
            "joblib-array-wrapper" => !calls && plain,
            "joblib-companion-file" => {
                !calls && plain && self.watched_texts_are(&["filename"], companion_file)
            }
            "memmap-reconstruct-only" => false,
            "numpy-vectorize-kept" => plain && (!calls || arguments.is_empty()),
            "iterator-kept" | "range-bounded" => plain,
            "dill-create-array" => match arguments {
                [
                    Operand::Import(function),
                    Operand::Tuple { items, complete },
                    rest @ ..,
                ] => {
                    self.name_of(*function).ends_with("._reconstruct")
                        && self.partial_of_rule(*function, items)
                        && *complete
                        && rest.iter().all(|argument| self.is_plain(argument))
                }
                _ => false,
            },
            "dill-eval-repr" => matches!(arguments, [Operand::Text(Some(text))] if is_range(text)),
            "dill-load-type" => {
                matches!(arguments, [Operand::Text(Some(name))] if DILL_TYPES.contains(&name.as_str()))
            }
            "new-without-arguments" => match how {
                CallKind::New | CallKind::Reduce | CallKind::Instantiate => arguments.is_empty(),
                CallKind::Build | CallKind::Extend => plain,
            },
            "scipy-distribution-state" => {
                plain && self.watched_texts_are(&["_parse_arg_template", "shapes"], scipy_template)
            }
            "statsmodels-data-state" => plain && self.watched_texts_are(&["formula"], formula),
            "bytesio-from-bytes" | "pandas-new-index" if !calls => plain,
            "partial-of-allowed" if how == CallKind::Build => match arguments {
                [Operand::Tuple { items, .. }] => match items.as_slice() {
                    [Operand::Import(function), rest @ ..] => {
                        self.may_be_called(*function) && rest.iter().all(|item| self.is_plain(item))
                    }
                    _ => false,
                },
                _ => false,
            },
            _ if matches!(how, CallKind::Build | CallKind::Extend) => plain,
            "attrgetter-plain-names" | "methodcaller-kept" => match arguments {
                [Operand::Text(Some(name)), rest @ ..] => {
                    plain_names(name)
                        && rest.iter().all(|argument| match argument {
                            Operand::Text(Some(name)) if rule == "attrgetter-plain-names" => {
                                plain_names(name)
                            }
                            other => rule == "methodcaller-kept" && self.is_plain(other),
                        })
                }
                _ => false,
            },
            "itemgetter-kept" => !arguments.is_empty() && plain,
            "bytes-from-data" => match arguments {
                []
                | [
                    Operand::Bytes
                    | Operand::Container
                    | Operand::Tuple { .. }
                    | Operand::Result(_)
                    | Operand::Buffer,
                ] => true,
                [Operand::Text(_), Operand::Text(Some(encoding)), errors @ ..] => {
                    harmless_encoding(encoding)
                        && errors.iter().all(|argument| matches!(argument, Operand::Text(_)))
                }
                _ => false,
            },
            "bytesio-from-bytes" => {
                matches!(
                    arguments,
                    [] | [Operand::Bytes | Operand::Text(_) | Operand::Result(_)]
                )
            }
            "codecs-encode-latin1" => match arguments {
                [Operand::Text(_), Operand::Text(Some(encoding))] => {
                    matches!(encoding.as_str(), "latin1" | "latin-1" | "iso-8859-1")
                }
                _ => false,
            },
            "defaultdict-factory" => match arguments {
                [] | [Operand::Scalar, ..] => plain,
                [Operand::Import(factory), ..] => self.may_be_called(*factory) && plain,
                _ => false,
            },
            "descriptor-of-allowed" => arguments.iter().all(|argument| match argument {
                Operand::Scalar => true,
                Operand::Import(id) => self.is_allowed(*id),
                _ => false,
            }),
            "getattr-allowed-class" => self.getattr_holds(arguments),
            "getitem-of-typing" => match arguments {
                [Operand::Import(annotation), rest @ ..] => {
                    self.is_allowed(*annotation) && rest.len() == 1 && plain
                }
                [Operand::Container | Operand::Tuple { .. }, _] => plain,
                _ => false,
            },
            "iter-one-argument" => {
                arguments.len() == 1 && plain && !matches!(arguments, [Operand::Import(_)])
            }
            "masked-array-reconstruct" => match arguments {
                [Operand::Import(class), Operand::Import(base), rest @ ..] => {
                    self.is_allowed(*class)
                        && self.is_allowed(*base)
                        && rest.iter().all(|item| self.is_plain(item))
                }
                _ => false,
            },
            "numpy-array-reconstruct" => match arguments {
                [
                    Operand::Import(class),
                    Operand::Tuple { .. },
                    Operand::Bytes | Operand::Text(_) | Operand::Result(_),
                ] => self.is_allowed(*class),
                _ => false,
            },
            "newobj-allowed-class" => match arguments {
                [Operand::Import(class), rest @ ..] => {
                    self.used(*class, CallKind::New, rest, complete).is_none()
                }
                _ => false,
            },
            "reconstructor-allowed-class" => match arguments {
                [Operand::Import(class), Operand::Import(base), state] => {
                    self.used(*class, CallKind::New, &[], complete).is_none()
                        && self.is_allowed(*base)
                        && self.is_plain(state)
                }
                _ => false,
            },
            "numpy-from-buffer" | "numpy-scalar" | "pandas-new-index" => match (rule, arguments) {
                ("pandas-new-index", [Operand::Import(class), Operand::Container]) => self.is_allowed(*class),
                ("pandas-new-index", _) => false,
                _ => plain,
            },
            "numpy-generator-ctor" => match arguments {
                [] => true,
                [first] => self.is_bit_generator(first),
                [first, Operand::Import(maker)] => {
                    self.is_bit_generator(first)
                        && self
                            .view
                            .import(*maker)
                            .is_some_and(|import| import.name == "__bit_generator_ctor")
                        && self.is_allowed(*maker)
                }
                _ => false,
            },
            "numpy-ufunc-name" => match arguments {
                [Operand::Text(Some(module)), Operand::Text(Some(name))] => {
                    UFUNC_MODULES.contains(&module.as_str())
                        && matches!(
                            standing(module, name),
                            Standing::Allowed(Allowed::Value | Allowed::Call)
                        )
                }
                _ => false,
            },
            "partial-of-allowed" => match arguments {
                [Operand::Import(function), rest @ ..] => {
                    self.may_be_called(*function) && rest.iter().all(|argument| self.is_plain(argument))
                        || self.partial_of_rule(*function, rest)
                }
                _ => false,
            },
            "reduce-or-of-types" => match arguments {
                [
                    Operand::Import(function),
                    Operand::Container | Operand::Tuple { .. },
                ] => self.view.import(*function).is_some_and(|import| {
                    import.name == "or_" && matches!(import.module.as_str(), "operator" | "_operator")
                }),
                _ => false,
            },
            "regex-compile" => matches!(
                arguments,
                [Operand::Text(_) | Operand::Bytes | Operand::Result(_)]
                    | [
                        Operand::Text(_) | Operand::Bytes | Operand::Result(_),
                        Operand::Scalar | Operand::Result(_)
                    ]
            ),
            "time-zone-key" => match arguments {
                [] => module == "pytz",
                [Operand::Text(Some(key)), rest @ ..] => {
                    key.len() <= 64
                        && !key.starts_with('/')
                        && key
                            .bytes()
                            .all(|byte| byte.is_ascii_alphanumeric() || b"_+/-".contains(&byte))
                        && rest
                            .iter()
                            .all(|argument| matches!(argument, Operand::Scalar | Operand::Text(_)))
                }
                _ => false,
            },
            "torch-nested-bytes" => {
                matches!(arguments, [Operand::Bytes | Operand::Result(_)]) && self.nested_files_are_seen()
            }
            "torch-rebuild-from-type" => match arguments {
                [
                    Operand::Import(function),
                    Operand::Import(class),
                    Operand::Tuple { items, .. },
                    state,
                ] => {
                    let rebuilds = self
                        .view
                        .import(*function)
                        .is_some_and(|import| import.name.starts_with("_rebuild"));
                    rebuilds
                        && self.may_be_called(*function)
                        && self.is_allowed(*class)
                        && items.iter().all(|item| self.is_plain(item))
                        && self.is_plain(state)
                }
                _ => false,
            },
            "type-of-singleton" => matches!(arguments, [Operand::Scalar | Operand::Import(_)]),
            "tzfile-without-file" => matches!(arguments, [] | [Operand::Scalar, ..]) && plain,
            _ => false,
        }
    }

    /// Says whether an operand is plain data, or made of things that are judged by themselves.
    fn is_plain(&self, operand: &Operand) -> bool {
        match operand {
            Operand::Scalar
            | Operand::Text(_)
            | Operand::Bytes
            | Operand::Container
            | Operand::Persistent
            | Operand::Buffer => true,
            Operand::Tuple { items, complete } => *complete && items.iter().all(|item| self.is_plain(item)),
            Operand::Import(id) => self.is_allowed(*id),
            Operand::Result(_) => !self.hands_over_a_callable(std::slice::from_ref(operand)),
            Operand::Unresolved => false,
        }
    }

    fn is_allowed(&self, import: u32) -> bool {
        matches!(self.standing_of(import), Standing::Allowed(_))
    }

    fn may_be_called(&self, import: u32) -> bool {
        matches!(
            self.standing_of(import),
            Standing::Allowed(Allowed::Call | Allowed::Class | Allowed::Value)
        )
    }

    fn partial_of_rule(&self, function: u32, arguments: &[Operand]) -> bool {
        match self.standing_of(function) {
            Standing::Allowed(Allowed::Rule(rule)) if rule != "partial-of-allowed" => {
                self.rule_holds(rule, self.module_of(function), CallKind::Reduce, arguments, true)
            }
            _ => false,
        }
    }

    fn is_bit_generator(&self, operand: &Operand) -> bool {
        match operand {
            Operand::Text(Some(name)) => BIT_GENERATORS.contains(&name.as_str()),
            Operand::Import(id) => self.is_allowed(*id),
            Operand::Result(_) => true,
            _ => false,
        }
    }

    /// An attribute of a reviewed class: harmless unless the dotted name is dangerous, or it leads to the unknown.
    fn getattr_holds(&self, arguments: &[Operand]) -> bool {
        match arguments {
            [Operand::Import(owner), Operand::Text(Some(name))] => {
                let Some(import) = self.view.import(*owner) else {
                    return false;
                };
                let dotted = format!("{}.{name}", import.name);
                self.is_allowed(*owner)
                    && plain_names(name)
                    && !name.contains('.')
                    && !matches!(standing(&import.module, &dotted), Standing::Danger { .. })
            }
            // A method of an object that was built in the stream; calling it is judged as calling a result.
            [Operand::Result(id), Operand::Text(Some(name))] => {
                plain_names(name)
                    && !name.contains('.')
                    && self.class_of(*id).is_some_and(|class| self.is_allowed(class))
            }
            _ => false,
        }
    }

    /// Says whether the stream carries a recognisable file for every call that loads one out of bytes.
    fn nested_files_are_seen(&self) -> bool {
        let loads = self.view.calls.iter().filter(|call| match call.callee {
            Operand::Import(id) => self
                .view
                .import(id)
                .is_some_and(|import| import.name == "_load_from_bytes"),
            _ => false,
        });
        loads.map(|call| call.count).sum::<u64>() <= self.view.nested
    }

    /// Says whether a computed key may be a text: objects of reviewed classes outside Python's own text functions are not.
    fn may_be_text(&self, key: &Operand) -> bool {
        let Operand::Result(id) = key else { return true };
        let Some(class) = self.class_of(*id) else {
            return true;
        };
        let makes_text = matches!(
            self.module_of(class),
            "builtins"
                | "__builtin__"
                | "_codecs"
                | "codecs"
                | "operator"
                | "_operator"
                | "functools"
                | "string"
                | "itertools"
        );
        makes_text || !self.is_allowed(class)
    }

    /// Says whether every text that the stream keeps under one of `keys` passes `check`, and no dictionary key is computed.
    fn watched_texts_are(&self, keys: &[&str], check: fn(&str, &str) -> bool) -> bool {
        let mut watched = self
            .view
            .watched
            .iter()
            .filter(|(key, _)| keys.contains(&key.as_str()));
        !self.view.computed_keys.iter().any(|key| self.may_be_text(key))
            && watched.all(|(key, text)| text.as_deref().is_some_and(|text| check(key, text)))
    }
}
