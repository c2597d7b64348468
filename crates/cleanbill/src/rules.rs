use cleanbill_core::Text;
use cleanbill_documents::reports::RuleInfo;
use cleanbill_formats::page_text;
use cleanbill_scan::{DETECTORS, Detector};

/// Describes every detector of this build for the reports.
pub(crate) fn rules() -> Vec<RuleInfo> {
    DETECTORS.iter().map(|detector| rule(detector)).collect()
}

fn rule(detector: &Detector) -> RuleInfo {
    let page = page_text(detector.page);
    // A page may carry the Chinese wording under a heading of its own; without it, reports say what the severity means.
    let why = Text::new(section(&page, "Why it matters"), section(&page, "为何重要"));
    RuleInfo {
        id: detector.id.to_owned(),
        title: Text::new(detector.title_en, detector.title_zh),
        why,
        severity: detector.severity,
        confidence: detector.confidence,
        tags: detector.tags.iter().map(|&tag| tag.to_owned()).collect(),
        page,
    }
}

/// Returns the first paragraph under a heading of a page as one line; empty where there is none.
fn section(page: &str, heading: &str) -> String {
    let mut lines = page
        .lines()
        .skip_while(|line| line.strip_prefix("## ") != Some(heading));
    lines.next();
    let paragraph = lines
        .skip_while(|line| line.trim().is_empty())
        .take_while(|line| !line.trim().is_empty() && !line.starts_with('#'));
    paragraph.map(str::trim).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_detector_says_why_it_matters() {
        for rule in rules() {
            assert!(!rule.why.en().is_empty(), "{}", rule.id);
        }
    }

    #[test]
    fn a_section_ends_at_a_blank_line_or_heading() {
        assert_eq!(section("## A\none\ntwo\n## B\nthree", "A"), "one two");
        assert_eq!(section("## A\none", "C"), "");
    }
}
