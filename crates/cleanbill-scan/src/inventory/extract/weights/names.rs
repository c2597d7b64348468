//! The names of tensors in few words: names that differ in one number stand once, `layer.[0-5].weight`.

use std::collections::BTreeMap;

/// LIMIT: bytes of the list; a longer one is not written, its count and types are.
const BYTES: usize = 16 * 1024;

/// Folds names; `None` where the result is too long for a document.
pub(super) fn fold<'a>(names: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut groups: BTreeMap<(&str, &str), Vec<u64>> = BTreeMap::new();
    let mut plain: Vec<&str> = Vec::new();
    for name in names {
        match parts(name) {
            Some((before, number, after)) => groups.entry((before, after)).or_default().push(number),
            None => plain.push(name),
        }
    }
    let mut words: Vec<String> = plain.into_iter().map(str::to_owned).collect();
    for ((before, after), mut numbers) in groups {
        numbers.sort_unstable();
        let middle = match numbers.as_slice() {
            [one] => one.to_string(),
            several => format!("[{}]", ranges(several)),
        };
        words.push(format!("{before}{middle}{after}"));
        if words.len() > BYTES {
            return None;
        }
    }
    words.sort();
    let text = words.join(", ");
    (text.len() <= BYTES).then_some(text)
}

/// Parts a name at its first step that is a number as people write it.
fn parts(name: &str) -> Option<(&str, u64, &str)> {
    let mut start = 0;
    for step in name.split_inclusive(['.', '/', '_']) {
        let bare = step.trim_end_matches(['.', '/', '_']);
        let is_plain = !bare.starts_with('0') || bare == "0";
        let is_number = is_plain && !bare.is_empty() && bare.bytes().all(|byte| byte.is_ascii_digit());
        if let (true, Ok(number)) = (is_number, bare.parse()) {
            return Some((name.get(..start)?, number, name.get(start + bare.len()..)?));
        }
        start += step.len();
    }
    None
}

/// Writes sorted numbers as `0-5,7`.
fn ranges(numbers: &[u64]) -> String {
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for &number in numbers {
        match runs.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(number) => *last = number,
            Some((_, last)) if *last == number => {}
            _ => runs.push((number, number)),
        }
    }
    let words: Vec<String> = runs
        .into_iter()
        .map(|(first, last)| match last - first {
            0 => first.to_string(),
            _ => format!("{first}-{last}"),
        })
        .collect();
    words.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_in_one_number_stand_once() {
        for (names, expected) in [
            (
                &["layer.0.w", "layer.1.w", "layer.3.w", "head"][..],
                "head, layer.[0-1,3].w",
            ),
            (&["blk.10.attn", "blk.7.attn"], "blk.[7,10].attn"),
            (&["x.00.y", "1.w", "a.2"], "1.w, a.2, x.00.y"),
            (&[], ""),
        ] {
            assert_eq!(fold(names.iter().copied()).as_deref(), Some(expected));
        }
        let many: Vec<String> = (0..5_000).map(|number| format!("tensor-{number}")).collect();
        assert_eq!(fold(many.iter().map(String::as_str)), None);
    }
}
