use cleanbill_core::{Text, text};

/// Names the known word nearest to `word`, where one is near enough to have been meant.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let mut best: Option<(f64, &str)> = None;
    for candidate in known {
        let score = if candidate.contains(&word) && word.len() > 2 {
            0.95
        } else {
            strsim::jaro_winkler(&word, candidate)
        };
        if score > 0.8 && best.is_none_or(|(found, _)| score > found) {
            best = Some((score, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Asks whether the nearest known word was meant; else says where all stand.
pub(crate) fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>, list: &str) -> Text {
    match nearest(word, known) {
        Some(meant) => text!(
            "did you mean `{meant}`? `{list}` shows all",
            "是否想用 `{meant}`？`{list}` 列出全部"
        ),
        None => text!("`{list}` shows all", "`{list}` 列出全部"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_near_words_are_named() {
        let known = ["damaged-structure", "decompression-bomb"];
        assert_eq!(nearest("damaged-structur", known), Some("damaged-structure"));
        assert_eq!(nearest("bomb", known), Some("decompression-bomb"));
        assert_eq!(nearest("xyz", known), None);
    }
}
