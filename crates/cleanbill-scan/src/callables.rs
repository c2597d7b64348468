//! What is known of the callables that pickles name: reviewed ones, dangerous ones, and nothing of the rest.
//!
//! The tables are text files in `callables/`, one line an entry; to add a library, add a file and a line here.

use std::{
    collections::{HashMap, HashSet},
    sync::OnceLock,
};

use foldhash::fast::FixedState;

/// Names every table of reviewed reconstruction callables.
macro_rules! allow_tables {
    ($($library:literal,)*) => {
        const ALLOW_TABLES: &[(&str, &str)] =
            &[$(($library, include_str!(concat!("../callables/allow-", $library, ".txt"))),)*];
    };
}

allow_tables! {
    "python",
    "numpy",
    "scipy",
    "pandas",
    "joblib",
    "dill",
    "sklearn",
    "xgboost",
    "lightgbm",
    "catboost",
    "statsmodels",
    "hmmlearn",
    "networkx",
    "nltk",
    "gensim",
    "torch",
    "timm",
    "lightning",
    "transformers",
    "ultralytics",
    "fairseq",
}

const DANGER_TABLE: &str = include_str!("../callables/danger.txt");
const STDLIB_TABLE: &str = include_str!("../callables/stdlib-modules.txt");

/// Says for what a reviewed callable may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// May be referenced, created without its initialiser, and given plain state.
    Class,
    /// May also be called.
    Call,
    /// May only be referenced.
    Value,
    /// May be used as the rule of this name says.
    Rule(&'static str),
}

/// Says what a dangerous callable does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attack {
    /// Runs code or commands.
    Execute,
    /// Imports modules or resolves names given as text.
    Import,
    /// Reaches arbitrary attributes.
    Attribute,
    /// Loads nested pickles, marshalled code, native code.
    Load,
    /// Writes, deletes or changes files.
    Write,
    /// Reads files or the environment.
    Read,
    /// Opens network connections.
    Network,
    /// Crashes, blocks or exhausts.
    Deny,
}

impl Attack {
    const ALL: [(&'static str, Self); 8] = [
        ("execute", Self::Execute),
        ("import", Self::Import),
        ("attribute", Self::Attribute),
        ("load", Self::Load),
        ("write", Self::Write),
        ("read", Self::Read),
        ("network", Self::Network),
        ("deny", Self::Deny),
    ];

    /// Says whether it gives an attacker the machine, and not only a part of it.
    pub const fn is_critical(self) -> bool {
        matches!(self, Self::Execute | Self::Import | Self::Attribute | Self::Load)
    }
}

/// Says what is known of a callable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Reviewed, for these uses.
    Allowed(Allowed),
    /// Known to be dangerous.
    Danger {
        /// What it does.
        attack: Attack,
        /// What it does in words of the table.
        reason: &'static str,
    },
    /// Nobody reviewed it.
    Unknown {
        /// Whether it belongs to Python's standard library, of which every reconstruction callable is reviewed.
        standard_library: bool,
    },
}

/// Returns what is known of `name` in `module`, as the pickle names them.
pub fn standing(module: &str, name: &str) -> Standing {
    if let Some(allowed) = reviewed().get(&(module, name)) {
        return Standing::Allowed(*allowed);
    }
    // Only what is not reviewed asks the other tables, which most scans never read.
    let feared = feared();
    if let Some((attack, reason)) = danger(&feared.danger, module, name) {
        return Standing::Danger { attack, reason };
    }
    let top = module.split('.').next().unwrap_or(module);
    Standing::Unknown {
        standard_library: feared.standard_library.contains(top),
    }
}

/// Feeds the tables to a hasher.
pub(crate) fn feed_tables(feed: &mut dyn FnMut(&[u8])) {
    for (_, table) in ALLOW_TABLES {
        feed(table.as_bytes());
    }
    feed(DANGER_TABLE.as_bytes());
}

type Danger = (Attack, &'static str);

struct Feared {
    danger: Table<Danger>,
    standard_library: HashSet<&'static str>,
}

/// Entries by module and name. They are all ours, so that a fast hash without a secret does.
type Table<Entry> = HashMap<(&'static str, &'static str), Entry, FixedState>;

/// Looks a name up in the table of dangerous ones: as it stands, by its module or a module above it, and, where it has
/// dots, by every way to split it, because `STACK_GLOBAL` follows attributes through imported modules.
fn danger(table: &Table<Danger>, module: &str, name: &str) -> Option<Danger> {
    if let Some(found) = exact_danger(table, module, name) {
        return Some(found);
    }
    let parts: Vec<&str> = name.split('.').collect();
    if parts
        .iter()
        .any(|part| part.len() > 4 && part.starts_with("__") && part.ends_with("__"))
    {
        return Some((
            Attack::Attribute,
            "reaches Python's internals through a special attribute",
        ));
    }
    for start in 0..parts.len() {
        for end in start + 1..=parts.len() {
            let owner = if start == 0 {
                module.to_owned()
            } else {
                parts.get(..start)?.join(".")
            };
            let attribute = parts.get(start..end)?.join(".");
            let split_name = start > 0 && end <= parts.len();
            if split_name || end < parts.len() {
                if let Some(found) = exact_danger(table, &owner, &attribute) {
                    return Some(found);
                }
                // A module reached through another module: `pathlib` and `os.system`.
                let last_owner = owner.rsplit('.').next().unwrap_or(&owner);
                if let Some(found) = exact_danger(table, last_owner, &attribute) {
                    return Some(found);
                }
            }
        }
    }
    None
}

fn exact_danger(table: &Table<Danger>, module: &str, name: &str) -> Option<Danger> {
    if let Some(found) = table.get(&(module, name)) {
        return Some(*found);
    }
    let mut above = module;
    loop {
        if let Some(found) = table.get(&(above, "*")) {
            return Some(*found);
        }
        above = above.rsplit_once('.')?.0;
    }
}

fn reviewed() -> &'static Table<Allowed> {
    static TABLE: OnceLock<Table<Allowed>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut allowed = Table::with_capacity_and_hasher(12_000, FixedState::default());
        for (_, table) in ALLOW_TABLES {
            for (kind, module, name, _) in lines(table) {
                if let Some(kind) = allowed_kind(kind) {
                    allowed.insert((module, name), kind);
                }
            }
        }
        allowed
    })
}

fn feared() -> &'static Feared {
    static TABLES: OnceLock<Feared> = OnceLock::new();
    TABLES.get_or_init(|| {
        let mut danger = Table::with_capacity_and_hasher(6_000, FixedState::default());
        for (attack, module, name, reason) in lines(DANGER_TABLE) {
            if let Some((_, attack)) = Attack::ALL.into_iter().find(|(word, _)| *word == attack) {
                danger.insert((module, name), (attack, last_column(reason)));
            }
        }
        let names = STDLIB_TABLE
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        Feared {
            danger,
            standard_library: names.collect(),
        }
    })
}

/// Reads the entries of a table: first word, module, name, and the columns after them.
fn lines(
    table: &'static str,
) -> impl Iterator<Item = (&'static str, &'static str, &'static str, &'static str)> {
    table
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let (entry, rest) = line.split_once('|')?;
            let mut words = entry.split_ascii_whitespace();
            Some((words.next()?, words.next()?, words.next()?, rest))
        })
}

/// Returns the reason of an entry.
fn last_column(columns: &'static str) -> &'static str {
    columns.rsplit('|').next().unwrap_or(columns).trim()
}

fn allowed_kind(word: &'static str) -> Option<Allowed> {
    Some(match word {
        "class" => Allowed::Class,
        "call" => Allowed::Call,
        "value" => Allowed::Value,
        rule => Allowed::Rule(rule.strip_prefix("rule:")?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_an_entry() {
        for (library, table) in ALLOW_TABLES {
            let entries = table
                .lines()
                .filter(|line| !line.starts_with('#') && !line.trim().is_empty());
            assert_eq!(
                entries.count(),
                lines(table).count(),
                "{library}: a line has too few words"
            );
            for (kind, module, name, columns) in lines(table) {
                assert!(allowed_kind(kind).is_some(), "{library}: {kind} {module} {name}");
                assert!(
                    last_column(columns).len() > 3,
                    "{library}: {module} {name} has no reason"
                );
                assert!(
                    !module.contains('*') && name != "*",
                    "{library}: {module} {name}: exact names only"
                );
            }
        }
        for (attack, module, name, columns) in lines(DANGER_TABLE) {
            assert!(
                Attack::ALL.iter().any(|(word, _)| *word == attack),
                "{attack} {module} {name}"
            );
            assert!(last_column(columns).len() > 3, "{module} {name} has no reason");
        }
    }

    #[test]
    fn no_name_is_both_reviewed_and_dangerous() {
        let danger: HashSet<(&str, &str)> = lines(DANGER_TABLE)
            .map(|(_, module, name, _)| (module, name))
            .collect();
        for (library, table) in ALLOW_TABLES {
            for (kind, module, name, _) in lines(table) {
                assert!(
                    kind.starts_with("rule:") || !danger.contains(&(module, name)),
                    "{library}: {module} {name}"
                );
            }
        }
    }

    #[test]
    fn every_rule_is_implemented() {
        for (library, table) in ALLOW_TABLES {
            for (kind, module, name, _) in lines(table) {
                if let Some(Allowed::Rule(rule)) = allowed_kind(kind) {
                    assert!(
                        crate::judgement::RULES.contains(&rule),
                        "{library}: {module} {name}: no rule `{rule}`"
                    );
                }
            }
        }
    }

    #[test]
    fn names_resolve() {
        let execute = |module, name| {
            matches!(
                standing(module, name),
                Standing::Danger {
                    attack: Attack::Execute,
                    ..
                }
            )
        };
        assert!(execute("os", "system"));
        assert!(execute("posix", "system"));
        assert!(matches!(
            standing("pathlib", "os.system"),
            Standing::Danger { .. }
        ));
        assert!(execute("subprocess", "Popen.communicate"));
        assert!(matches!(
            standing("collections", "OrderedDict.__init__.__globals__"),
            Standing::Danger {
                attack: Attack::Attribute,
                ..
            }
        ));
        assert_eq!(
            standing("collections", "OrderedDict"),
            Standing::Allowed(Allowed::Call)
        );
        assert_eq!(
            standing("nobody.knows", "this"),
            Standing::Unknown {
                standard_library: false
            }
        );
    }
}
