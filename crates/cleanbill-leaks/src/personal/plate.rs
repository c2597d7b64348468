//! Chinese licence plates (GA 36): a sign of a province, a letter of an office, five signs, six for electric cars.

use std::ops::Range;

const PROVINCES: &str = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼";
/// Longest plate without its province.
const LONGEST: usize = 10;

/// Finds the plate whose letters and digits, or those behind its dot, begin at `start`.
pub(crate) fn find(window: &[u8], start: usize) -> Option<Range<usize>> {
    let before = window.get(..start)?;
    // The letter of the office stands in this word, or before a dot: `京A·12345`.
    let dotted = before
        .strip_suffix("·".as_bytes())
        .or_else(|| before.strip_suffix("•".as_bytes()));
    let (from, at) = if let Some(rest) = dotted {
        let (rest, [letter]) = rest.split_last_chunk::<1>()?;
        letter.is_ascii_uppercase().then_some((rest, start))?
    } else {
        let letter = window.get(start)?;
        let first = start.saturating_add(1);
        letter.is_ascii_uppercase().then_some((before, first))?
    };
    let at = if dotted.is_none() && matches!(window.get(at), Some(b'-' | b' ')) {
        at.saturating_add(1)
    } else {
        at
    };
    let (_, province) = from.split_last_chunk::<3>()?;
    let province = std::str::from_utf8(province).ok()?;
    if !PROVINCES.contains(province) {
        return None;
    }
    let length = window
        .get(at..)?
        .iter()
        .take(LONGEST)
        .take_while(|byte| byte.is_ascii_alphanumeric())
        .count();
    let text = window.get(at..at.saturating_add(length))?;
    let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count();
    // `I` and `O` are not given out.
    let letters = text
        .iter()
        .all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase() && !matches!(byte, b'I' | b'O'));
    let form = match length {
        5 => digits >= 2,
        6 => {
            digits >= 4
                && (matches!(text.first(), Some(b'A'..=b'K'))
                    || text.last().is_some_and(u8::is_ascii_uppercase))
        }
        _ => false,
    };
    let made_up = matches!(text, b"12345" | b"88888" | b"00000" | b"66666" | b"54321");
    (form && letters && !made_up).then(|| from.len().saturating_sub(3)..at.saturating_add(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plates_are_told_from_other_signs() {
        for (text, at) in [
            ("京A8B7C6", 3),
            ("粤B·D90317", 6),
            ("沪ADF2781", 3),
            ("川C 83K01", 3),
        ] {
            assert_eq!(find(text.as_bytes(), at), Some(0..text.len()), "{text}");
        }
        for (text, at) in [
            ("京A12345", 3),
            ("车A83K01", 3),
            ("京a83K01", 3),
            ("京A83K0", 3),
            ("京A83K0177", 3),
        ] {
            assert_eq!(find(text.as_bytes(), at), None, "{text}");
        }
    }
}
