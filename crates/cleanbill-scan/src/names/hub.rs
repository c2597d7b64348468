//! Models and datasets of the hub, `owner/name`, whose owner imitates a well-known one.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use cleanbill_core::Severity;

use super::{How, LookAlike, NameKind, bare, plain, within_one};

static MODELS: LazyLock<Owners> = LazyLock::new(|| Owners::read(include_str!("../../packages/models.txt")));
static DATASETS: LazyLock<Owners> =
    LazyLock::new(|| Owners::read(include_str!("../../packages/datasets.txt")));

/// Shortest owner of which one letter may differ.
const SHORTEST: usize = 6;
/// Shortest owner of which separators may differ or letters look alike.
const SHORTEST_SAME: usize = 5;

/// Words that imitators put beside the name of an owner.
const WORDS: &[&str] = &[
    "ai",
    "community",
    "hf",
    "hub",
    "inc",
    "lab",
    "labs",
    "llm",
    "model",
    "models",
    "offical",
    "official",
    "org",
    "original",
    "real",
    "release",
    "research",
    "team",
    "the",
    "verified",
];

/// Holds the owners of well-known models or datasets.
struct Owners {
    /// Well-known owners, as written, with the names of what is theirs in lower case.
    names: Vec<(&'static str, HashSet<String>)>,
    /// All owners that are legitimate, in lower case.
    known: HashSet<String>,
    bare: HashMap<String, usize>,
    plain: HashMap<String, usize>,
}

impl Owners {
    fn read(text: &'static str) -> Self {
        let mut out = Self {
            names: Vec::new(),
            known: HashSet::new(),
            bare: HashMap::new(),
            plain: HashMap::new(),
        };
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let mut words = line.trim_start_matches(['*', '~']).split(' ');
            let Some(owner) = words.next().filter(|owner| !owner.is_empty()) else {
                continue;
            };
            out.known.insert(owner.to_lowercase());
            if line.starts_with('*') {
                let at = out.names.len();
                out.names.push((owner, words.map(str::to_lowercase).collect()));
                out.bare.entry(bare(&owner.to_lowercase())).or_insert(at);
                out.plain.entry(plain(owner)).or_insert(at);
            }
        }
        out
    }

    /// Returns the owner that this one imitates, and how.
    fn imitated(&self, owner: &str, name: &str) -> Option<(usize, How)> {
        let lower = owner.to_lowercase();
        let long = |at: usize, least: usize| self.names[at].0.len() >= least;
        if let Some(at) = self
            .plain
            .get(&plain(owner))
            .filter(|at| long(**at, SHORTEST_SAME))
        {
            return Some((*at, How::Glyphs));
        }
        if let Some(at) = self
            .bare
            .get(&bare(&lower))
            .filter(|at| long(**at, SHORTEST_SAME))
        {
            return Some((*at, How::Separators));
        }
        let near = |real: &str| {
            real.len() >= SHORTEST && within_one(lower.as_bytes(), real.to_lowercase().as_bytes())
        };
        if let Some(at) = self.names.iter().position(|(real, _)| near(real)) {
            return Some((at, How::Letter));
        }
        // A word beside the owner's name tells only where the name is the owner's as well.
        let words = lower
            .split(['-', '_', '.'])
            .filter(|word| !WORDS.contains(word))
            .collect::<String>();
        let whole = lower.split(['-', '_', '.']).count();
        self.names
            .iter()
            .position(|(real, names)| {
                let real: String = real
                    .to_lowercase()
                    .split(['-', '_', '.'])
                    .filter(|word| !WORDS.contains(word))
                    .collect();
                whole > 1 && real == words && names.contains(name)
            })
            .map(|at| (at, How::Word))
    }

    fn look_alike(&self, full: &str) -> Option<LookAlike> {
        let (owner, name) = full.split_once('/')?;
        if name.is_empty() || name.contains('/') || self.known.contains(&owner.to_lowercase()) {
            return None;
        }
        // The hub allows plain letters only; what else stands there is a path, or meant to deceive.
        let foreign = !owner.is_ascii();
        let (at, how) = self.imitated(owner, &name.to_lowercase())?;
        if foreign && how != How::Glyphs {
            return None;
        }
        let (real, names) = &self.names[at];
        let severity = match how {
            How::Glyphs => Severity::High,
            How::Letter | How::Separators | How::Scope if names.contains(&name.to_lowercase()) => {
                Severity::High
            }
            _ => Severity::Medium,
        };
        Some(LookAlike {
            real: (*real).to_owned(),
            how,
            severity,
        })
    }
}

pub(super) fn look_alike(kind: NameKind, name: &str) -> Option<LookAlike> {
    let (own, other) = if kind == NameKind::Dataset {
        (&*DATASETS, &*MODELS)
    } else {
        (&*MODELS, &*DATASETS)
    };
    let owner = name.split('/').next().unwrap_or_default().to_lowercase();
    // An owner of models may have datasets, and the other way round.
    if other.known.contains(&owner) {
        return None;
    }
    own.look_alike(name).or_else(|| other.look_alike(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_that_imitate_are_found_and_others_pass() {
        use Severity::{High, Medium};
        for (name, wanted) in [
            ("meta-lIama/Llama-3.1-8B", Some(("meta-llama", How::Glyphs, High))),
            ("rnistralai/anything", Some(("mistralai", How::Glyphs, High))),
            ("mеta-llama/Llama-3.1-8B", Some(("meta-llama", How::Glyphs, High))),
            (
                "metallama/Llama-3.1-8B",
                Some(("meta-llama", How::Separators, High)),
            ),
            ("metallama/my-own", Some(("meta-llama", How::Separators, Medium))),
            ("deepsek-ai/DeepSeek-R1", Some(("deepseek-ai", How::Letter, High))),
            (
                "meta-llama-official/Llama-3.1-8B",
                Some(("meta-llama", How::Word, Medium)),
            ),
            ("meta-llama-official/another", None),
            ("meta-llama/Llama-3.1-8B", None),
            ("meta-llama/anything", None),
            ("somebody/Llama-3.1-8B", None),
            ("unsloth/Llama-3.1-8B", None),
            ("a/b/c", None),
            ("gpt2", None),
        ] {
            let found = look_alike(NameKind::Model, name);
            let found = found
                .as_ref()
                .map(|one| (one.real.as_str(), one.how, one.severity));
            assert_eq!(found, wanted, "{name}");
        }
    }
}
