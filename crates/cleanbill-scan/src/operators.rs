//! What is known of the operators of graphs: those that only compute, those that reach further, and nothing of the rest.
//!
//! The tables are text files in `operators/`, one line an entry.

use std::{
    collections::{HashMap, HashSet},
    sync::OnceLock,
};

const EFFECTS_TABLE: &str = include_str!("../operators/tensorflow-effects.txt");
const PLAIN_TABLE: &str = include_str!("../operators/tensorflow-plain.txt");
const PADDLE_TABLE: &str = include_str!("../operators/paddle.txt");
const NCNN_TABLE: &str = include_str!("../operators/ncnn.txt");
const ONNX_TABLE: &str = include_str!("../operators/onnx.txt");

/// Says what an operator does beyond computing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Python,
    Write,
    Save,
    Restore,
    Read,
    Reader,
    Network,
    Native,
    Deny,
    Library,
}

impl Effect {
    const ALL: [(&'static str, Self); 10] = [
        ("python", Self::Python),
        ("write", Self::Write),
        ("save", Self::Save),
        ("restore", Self::Restore),
        ("read", Self::Read),
        ("reader", Self::Reader),
        ("network", Self::Network),
        ("native", Self::Native),
        ("deny", Self::Deny),
        ("library", Self::Library),
    ];
}

/// Says where an operator takes the path or address from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Nowhere,
    Input(usize),
    Attribute(&'static str),
}

/// Holds what is known of an operator that does more than compute.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub(crate) effect: Effect,
    pub(crate) place: Place,
    pub(crate) reason: &'static str,
}

/// Says what is known of an operator.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Standing {
    /// Only computes.
    Plain,
    /// Reaches further.
    Effect(Known),
    /// Nobody reviewed it.
    Unknown,
}

struct Tables {
    effects: HashMap<&'static str, Known>,
    prefixes: Vec<(&'static str, Known)>,
    plain: HashSet<&'static str>,
    onnx: HashSet<(&'static str, &'static str)>,
    paddle: HashSet<&'static str>,
    ncnn: HashSet<&'static str>,
}

/// Returns what is known of TensorFlow's operator `name`.
pub(crate) fn tensorflow(name: &str) -> Standing {
    let tables = tables();
    if let Some(known) = tables.effects.get(name) {
        return Standing::Effect(*known);
    }
    if tables.plain.contains(name) {
        return Standing::Plain;
    }
    let family = tables
        .prefixes
        .iter()
        .find(|(prefix, _)| name.starts_with(prefix));
    family.map_or(Standing::Unknown, |(_, known)| Standing::Effect(*known))
}

/// Says whether ONNX itself defines operator `name` in `domain`.
pub(crate) fn is_onnx(domain: &str, name: &str) -> bool {
    let domain = match domain {
        "" | "ai.onnx" => "-",
        other => other,
    };
    tables().onnx.contains(&(domain, name))
}

/// Says whether `PaddlePaddle` itself has operator `name`, or the gradient of one that it has.
pub(crate) fn is_paddle(name: &str) -> bool {
    tables().paddle.contains(name.trim_end_matches("_grad"))
}

/// Says whether ncnn itself has layers of kind `name`.
pub(crate) fn is_ncnn(name: &str) -> bool {
    tables().ncnn.contains(name)
}

/// Gives the bytes of every table to `feed`, for the digest of the detectors.
pub(crate) fn feed_tables(feed: &mut dyn FnMut(&[u8])) {
    for table in [EFFECTS_TABLE, PLAIN_TABLE, ONNX_TABLE, PADDLE_TABLE, NCNN_TABLE] {
        feed(table.as_bytes());
    }
}

fn lines(table: &'static str) -> impl Iterator<Item = &'static str> {
    table
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn entry(line: &'static str) -> Option<(&'static str, Known)> {
    let (entry, reason) = line.split_once('|')?;
    let mut words = entry.split_ascii_whitespace();
    let effect = words.next()?;
    let effect = Effect::ALL.iter().find(|(word, _)| *word == effect)?.1;
    let name = words.next()?;
    let place = match words.next()?.split_once(':') {
        None => Place::Nowhere,
        Some(("in", number)) => Place::Input(number.parse().ok()?),
        Some(("attr", name)) => Place::Attribute(name),
        Some(_) => return None,
    };
    let reason = reason.trim();
    Some((
        name,
        Known {
            effect,
            place,
            reason,
        },
    ))
}

fn tables() -> &'static Tables {
    static TABLES: OnceLock<Tables> = OnceLock::new();
    TABLES.get_or_init(|| {
        let all: Vec<(&str, Known)> = lines(EFFECTS_TABLE).filter_map(entry).collect();
        let (families, effects): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|(name, _)| name.ends_with('*'));
        Tables {
            effects: effects.into_iter().collect(),
            prefixes: families
                .into_iter()
                .map(|(name, known)| (name.trim_end_matches('*'), known))
                .collect(),
            plain: lines(PLAIN_TABLE).collect(),
            paddle: lines(PADDLE_TABLE).collect(),
            ncnn: lines(NCNN_TABLE).collect(),
            onnx: lines(ONNX_TABLE)
                .filter_map(|line| line.split_once(' '))
                .collect(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_an_entry_and_none_is_in_two_tables() {
        for line in lines(EFFECTS_TABLE) {
            let (name, known) = entry(line).unwrap_or_else(|| panic!("{line}"));
            assert!(known.reason.len() > 5, "{name}");
            assert!(!tables().plain.contains(name), "{name}");
        }
        assert_eq!(lines(ONNX_TABLE).count(), tables().onnx.len());
    }

    #[test]
    fn names_resolve() {
        assert!(matches!(tensorflow("MatMul"), Standing::Plain));
        assert!(matches!(tensorflow("TFText>X"), Standing::Effect(_)));
        assert!(matches!(tensorflow("NobodyKnows"), Standing::Unknown));
        assert!(is_onnx("", "Conv") && !is_onnx("", "PyOp"));
    }
}
