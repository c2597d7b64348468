//! The path that leads to a value in a record: `messages[2].content`, the same whatever the format.

use std::borrow::Cow;

use crate::limits::{ID_BYTES, PATH_BYTES};

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step<'a> {
    /// Name of a field, as JSON writes it between quotes.
    Key(Cow<'a, [u8]>),
    /// Place in a list.
    Index(u64),
}

impl<'a> Step<'a> {
    /// Makes a step of a name that is not written as in JSON.
    pub(crate) fn named(name: &'a str) -> Self {
        if name.bytes().any(|byte| matches!(byte, b'"' | b'\\')) {
            let written = name.replace('\\', "\\\\").replace('"', "\\\"");
            Self::Key(Cow::Owned(written.into_bytes()))
        } else {
            Self::Key(Cow::Borrowed(name.as_bytes()))
        }
    }
}

/// Writes a path.
pub(crate) fn render(steps: &[Step<'_>]) -> String {
    let mut path = String::new();
    for step in steps {
        match step {
            Step::Index(index) => {
                path.push('[');
                path.push_str(&index.to_string());
                path.push(']');
            }
            Step::Key(raw) => {
                let name = crate::json::decode(raw);
                let name = String::from_utf8_lossy(&name);
                let plain = !name.is_empty()
                    && !name.chars().any(|character| {
                        matches!(character, '.' | '[' | ']' | '"') || character.is_control()
                    });
                if plain {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(&name);
                } else {
                    path.push_str("[\"");
                    path.push_str(&name.escape_debug().to_string());
                    path.push_str("\"]");
                }
            }
        }
        if path.len() > PATH_BYTES {
            let mut end = PATH_BYTES;
            while !path.is_char_boundary(end) {
                end = end.saturating_sub(1);
            }
            path.truncate(end);
            path.push('…');
            break;
        }
    }
    path
}

/// Returns the last name of a path, as it is written in JSON.
pub(crate) fn name<'s>(steps: &'s [Step<'_>]) -> Option<&'s [u8]> {
    steps.iter().rev().find_map(|step| match step {
        Step::Key(raw) => Some(raw.as_ref()),
        Step::Index(_) => None,
    })
}

/// Says whether a wish such as `messages`, `messages.content` or `messages[].content` names a path or what stands above it.
pub(crate) fn is_wanted(path: &str, wishes: &[String]) -> bool {
    let bare = without_places(path);
    wishes.iter().any(|wish| {
        let wish = without_places(wish);
        bare.strip_prefix(wish.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    })
}

/// Returns what wishes say of what stands below a path; nothing where they say nothing of it.
pub(crate) fn below(path: &str, wishes: &[String]) -> Option<Vec<String>> {
    let bare = without_places(path);
    let mut below = Vec::new();
    for wish in wishes {
        let wish = without_places(wish);
        match wish.strip_prefix(bare.as_str()) {
            Some(rest) if bare.is_empty() => below.push(rest.to_owned()),
            Some(rest) if rest.starts_with('.') => below.extend(rest.strip_prefix('.').map(str::to_owned)),
            Some(rest) if rest.starts_with('[') => below.push(rest.to_owned()),
            _ => {}
        }
    }
    (!below.is_empty()).then_some(below)
}

/// Leaves the numbers in brackets out.
pub(crate) fn without_places(path: &str) -> String {
    let mut bare = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('[') {
        bare.push_str(before);
        match after.split_once(']') {
            Some((place, behind)) if place.bytes().all(|byte| byte.is_ascii_digit()) => rest = behind,
            _ => {
                bare.push('[');
                rest = after;
            }
        }
    }
    bare.push_str(rest);
    bare
}

/// Makes an id of bytes: text, not too long.
pub(crate) fn short(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes.get(..ID_BYTES.min(bytes.len())).unwrap_or_default());
    text.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_names_all_below_it() {
        let wanted = |path: &str, wish: &str| is_wanted(path, &[wish.to_owned()]);
        assert!(wanted("messages[2].content", "messages"));
        assert!(wanted("messages[2].content", "messages.content"));
        assert!(wanted("messages[2].content", "messages[].content"));
        assert!(!wanted("messages[2].content", "messages.role"));
        assert!(!wanted("messages2", "messages"));
    }

    #[test]
    fn a_wish_may_reach_below_a_path() {
        let below = |path: &str, wish: &str| below(path, &[wish.to_owned()]);
        assert_eq!(below("json", "json.a"), Some(vec!["a".to_owned()]));
        assert_eq!(below("json", "json[].a"), Some(vec!["a".to_owned()]));
        assert_eq!(below("", "a"), Some(vec!["a".to_owned()]));
        assert_eq!(below("json", "jsonl.a"), None);
    }

    #[test]
    fn a_name_with_dots_is_quoted() {
        assert_eq!(render(&[Step::named("a.b"), Step::named("c")]), "[\"a.b\"].c");
        assert_eq!(render(&[Step::named("a"), Step::Index(3)]), "a[3]");
    }
}
