//! How numbers are written: groups of letters and digits with one sign between them. All layouts of all rules form one tree, so
//! that a number is read once and only the rules of its layout are asked.
//!
//! A layout is written as the lengths of its groups with what separates them: `3-2-4`, `4 4 4 4`, `7(1)`. `?` before it says that
//! a word of the rule must stand near, `15..34` stands for each length, `15..34/4` for groups of four and a rest.

/// Longest group.
const LONGEST_GROUP: usize = 63;
/// LIMIT: groups of one layout; the longest bank accounts have nine. A layout of more is refused.
const GROUPS: usize = 10;
/// LIMIT: letters and digits of one number; the rest of a longer one is not read.
const LONGEST: usize = 64;
/// Signs that may stand between groups.
const SEPARATORS: &[u8] = b" -./(";

/// A rule that a layout belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Use {
    pub(crate) rule: usize,
    /// A word of the rule must stand near.
    pub(crate) contextual: bool,
}

#[derive(Clone, Debug, Default)]
struct Node {
    uses: Vec<Use>,
    next: Vec<(u8, u8, usize)>,
}

/// The layouts of all rules.
#[derive(Clone, Debug)]
pub(crate) struct Layouts {
    nodes: Vec<Node>,
    /// Places of the nodes for first groups of each length, 0 for none.
    first: Vec<usize>,
}

impl Default for Layouts {
    fn default() -> Self {
        Self {
            nodes: vec![Node::default()],
            first: vec![0; LONGEST_GROUP.saturating_add(1)],
        }
    }
}

/// A number that was read.
#[derive(Debug)]
pub(crate) struct Read<'a> {
    /// The rules of its layout.
    pub(crate) uses: &'a [Use],
    /// Where it ends in the window.
    pub(crate) end: usize,
    /// Its letters and digits.
    pub(crate) text: &'a [u8],
}

impl Layouts {
    /// Adds a layout of a rule; none where it is no layout.
    pub(crate) fn add(&mut self, layout: &str, rule: usize) -> Option<()> {
        for (contextual, groups) in expand(layout)? {
            let (_, first) = groups.first()?;
            let slot = self.first.get(*first).copied()?;
            let mut node = slot;
            if slot == 0 {
                node = self.nodes.len();
                self.nodes.push(Node::default());
                *self.first.get_mut(*first)? = node;
            }
            for (separator, length) in groups.iter().skip(1) {
                let length = u8::try_from(*length).ok()?;
                let known = self.nodes.get(node)?.next.iter();
                let known = known
                    .copied()
                    .find(|(sign, long, _)| (sign, long) == (separator, &length));
                node = if let Some((_, _, node)) = known {
                    node
                } else {
                    let new = self.nodes.len();
                    self.nodes.push(Node::default());
                    self.nodes.get_mut(node)?.next.push((*separator, length, new));
                    new
                };
            }
            let uses = &mut self.nodes.get_mut(node)?.uses;
            if !uses.iter().any(|one| one.rule == rule) {
                uses.push(Use { rule, contextual });
            }
        }
        Some(())
    }

    /// Reads the number at `start` and shows each part of it that is one by its layout.
    pub(crate) fn read(&self, window: &[u8], start: usize, mut show: impl FnMut(&Read<'_>)) {
        let mut text = [0_u8; LONGEST];
        let mut filled = 0_usize;
        let mut at = start;
        let mut length = group(window, at);
        let mut node = self.first.get(length).copied().unwrap_or(0);
        let mut spaced = false;
        let mut bracket = false;
        while node != 0 {
            let end = at.saturating_add(length);
            let (Some(from), Some(to)) = (
                window.get(at..end),
                text.get_mut(filled..filled.saturating_add(length)),
            ) else {
                return;
            };
            to.copy_from_slice(from);
            filled = filled.saturating_add(length);
            let Some(here) = self.nodes.get(node) else { return };
            let mut close = end;
            if bracket {
                if window.get(end) != Some(&b')') {
                    return;
                }
                close = end.saturating_add(1);
            }
            if !here.uses.is_empty() && is_end(window, close, spaced, filled) {
                show(&Read {
                    uses: &here.uses,
                    end: close,
                    text: text.get(..filled).unwrap_or_default(),
                });
            }
            let Some(sign) = window.get(end).copied().filter(|sign| SEPARATORS.contains(sign)) else {
                return;
            };
            if here.next.is_empty() || bracket {
                return;
            }
            at = end.saturating_add(1);
            length = group(window, at);
            bracket = sign == b'(';
            spaced |= sign == b' ';
            node = here
                .next
                .iter()
                .find(|(separator, long, _)| *separator == sign && usize::from(*long) == length)
                .map_or(0, |(_, _, node)| *node);
        }
    }
}

/// Returns the length of the run of letters and digits at `at`.
fn group(window: &[u8], at: usize) -> usize {
    window
        .get(at..)
        .unwrap_or_default()
        .iter()
        .take(LONGEST_GROUP.saturating_add(1))
        .take_while(|byte| byte.is_ascii_alphanumeric())
        .count()
}

/// Says whether a number may end at `end`, where nothing follows that belongs to it.
fn is_end(window: &[u8], end: usize, spaced: bool, length: usize) -> bool {
    let next = window.get(end).copied();
    let after = window.get(end.saturating_add(1)).copied();
    let digit = after.is_some_and(|byte| byte.is_ascii_digit());
    match next {
        Some(b'_' | b'@') => false,
        Some(byte) if byte.is_ascii_alphanumeric() => false,
        Some(b'-' | b'+') => !after.is_some_and(|byte| byte.is_ascii_alphanumeric()),
        Some(b'.' | b':') => !digit,
        Some(b' ') => !(spaced && digit && length < 13),
        _ => true,
    }
}

type Groups = Vec<(u8, usize)>;

fn expand(layout: &str) -> Option<Vec<(bool, Groups)>> {
    let (contextual, layout) = match layout.strip_prefix('?') {
        Some(rest) => (true, rest),
        None => (false, layout),
    };
    if let Some((least, most)) = layout.split_once("..") {
        let (most, by) = match most.split_once('/') {
            Some((most, by)) => (most, by.parse::<usize>().ok()?),
            None => (most, LONGEST),
        };
        let (least, most): (usize, usize) = (least.parse().ok()?, most.parse().ok()?);
        if most > LONGEST || least == 0 || by == 0 {
            return None;
        }
        let each = (least..=most).map(|total| {
            let mut groups = Groups::new();
            let mut rest = total;
            while rest > 0 {
                let length = rest.min(by);
                groups.push((b' ', length));
                rest = rest.saturating_sub(length);
            }
            (contextual, groups)
        });
        let all: Vec<(bool, Groups)> = each.collect();
        return all
            .iter()
            .all(|(_, groups)| {
                groups.len() <= GROUPS && groups.iter().all(|(_, length)| *length <= LONGEST_GROUP)
            })
            .then_some(all);
    }
    let mut groups = Groups::new();
    let mut sign = 0_u8;
    let mut rest = layout;
    loop {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (length, after) = rest.split_at_checked(digits)?;
        let length: usize = length.parse().ok()?;
        if length == 0 || length > LONGEST_GROUP || groups.len() == GROUPS {
            return None;
        }
        groups.push((sign, length));
        if after.is_empty() || after == ")" && sign == b'(' {
            let total: usize = groups.iter().map(|(_, length)| length).sum();
            return (total <= LONGEST).then(|| vec![(contextual, groups)]);
        }
        let (separator, more) = after.split_at_checked(1)?;
        sign = *separator.as_bytes().first()?;
        if !SEPARATORS.contains(&sign) || groups.last()?.0 == b'(' {
            return None;
        }
        rest = more;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(layouts: &[&str], text: &str) -> Vec<(usize, String)> {
        let mut all = Layouts::default();
        for (rule, layout) in layouts.iter().enumerate() {
            all.add(layout, rule).unwrap();
        }
        let mut seen = Vec::new();
        all.read(text.as_bytes(), 0, |read| {
            for one in read.uses {
                seen.push((one.rule, String::from_utf8(read.text.to_vec()).unwrap()));
            }
        });
        seen
    }

    #[test]
    fn numbers_are_read_by_their_groups() {
        let layouts = ["3-2-4", "?9", "4 4 4 4", "7(1)", "15..22/4"];
        assert_eq!(check(&layouts, "536-22-8726,"), [(0, "536228726".to_owned())]);
        assert_eq!(check(&layouts, "536228726"), [(1, "536228726".to_owned())]);
        assert_eq!(
            check(&layouts, "4539 5787 6362 1486"),
            [
                (2, "4539578763621486".to_owned()),
                (4, "4539578763621486".to_owned())
            ]
        );
        assert_eq!(check(&layouts, "C668668(9)."), [(3, "C6686689".to_owned())]);
        assert_eq!(check(&layouts, "GB29 NWBK 6016 1331 9268 19").len(), 4);
        for text in ["536-22-8726-1", "5362287261", "536-22-8726_a", "C668668(9"] {
            assert!(check(&layouts, text).is_empty(), "{text}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for layout in [
            "",
            "a",
            "3-",
            "0",
            "99",
            "3_4",
            "1 1 1 1 1 1 1 1 1 1 1",
            "9..99",
            "7(1",
        ] {
            let mut all = Layouts::default();
            assert!(all.add(layout, 0).is_none() || layout == "7(1", "{layout}");
        }
    }
}
