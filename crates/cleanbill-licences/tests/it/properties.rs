//! Whatever the text, nothing panics, and looks change nothing.

use cleanbill_licences::{
    Findings, FoundKind, Reading, compare, read_card, read_classifiers, read_declared, recognise,
};

/// A small generator of numbers, so that every run tries the same texts.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % (below.max(1) as u64)).unwrap_or(0)
    }
}

const PIECES: &[&str] = &[
    "MIT",
    "Apache-2.0",
    " OR ",
    " and ",
    "(",
    ")",
    "WITH",
    "+",
    "++",
    ",",
    "/",
    "License :: OSI Approved :: ",
    "GPL",
    "v3",
    " or later",
    "LicenseRef-",
    "DocumentRef-x:",
    "SPDX-License-Identifier:",
    "\n",
    "\0",
    "“",
    "許可",
    "é",
    "\u{200b}",
    "<p>",
    "<",
    "&quot;",
    "&",
    "\\n",
    "\\",
    "Permission is hereby granted, free of charge, to any person obtaining a copy",
    "Redistribution and use in source and binary forms, with or without modification, are permitted",
    "for research purposes only",
    "Llama 3.1 Community License Agreement",
    "1.0",
    "2.0",
    "NONE",
    "other",
    "https://",
    "opensource.org/licenses/",
    " ",
];

fn text(numbers: &mut Numbers) -> String {
    let mut text = String::new();
    for _ in 0..numbers.next(40) {
        if numbers.next(6) == 0 {
            let letter = u32::try_from(numbers.next(0x11_0000)).unwrap_or(0);
            text.extend(char::from_u32(letter));
        } else {
            text.push_str(PIECES[numbers.next(PIECES.len())]);
        }
    }
    text
}

#[test]
fn arbitrary_text_never_panics_and_gives_the_same_again() {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for _ in 0..20_000 {
        let text = text(&mut numbers);
        let declared = read_declared(&text);
        assert_eq!(declared, read_declared(&text));
        let findings = recognise(&text);
        for found in &findings.found {
            assert!(text.get(found.range.clone()).is_some(), "{text:?}: {found:?}");
        }
        let _ = compare(&declared, &findings);
        let _ = read_card(&[&text, "mit"], Some(&text));
        let _ = read_classifiers([text.as_str(), "License :: OSI Approved :: MIT License"]);
        if let Reading::Expression(expression) = &declared.reading {
            // Names that were made up are cut where ids end, and may come to mean something.
            let again = read_declared(&expression.to_string());
            assert_eq!(again.expression(), Some(expression), "{text:?}");
        }
    }
}

fn ids(findings: &Findings) -> Vec<(String, String)> {
    // What belongs to a tag ends with its line.
    let found = findings
        .found
        .iter()
        .filter(|found| found.kind != FoundKind::Tag)
        .map(|found| (format!("{:?}", found.kind), found.licence.clone()));
    let clauses = findings
        .clauses
        .iter()
        .map(|clause| ("Clause".to_owned(), clause.id.clone()));
    let mut ids: Vec<(String, String)> = found.chain(clauses).collect();
    ids.sort();
    ids
}

#[test]
fn case_and_wraps_change_nothing() {
    for listed in spdx::identifiers::LICENSES {
        let text = spdx::license_id(listed.name).expect("listed").text();
        // A tag ends with its line, so a wrap there says something else.
        let text = &text.replace("SPDX-License-Identifier", "");
        let expected = ids(&recognise(text));
        let words: Vec<&str> = text.split_whitespace().collect();
        let wrapped = words.join(
            "
    ",
        );
        assert_eq!(ids(&recognise(&wrapped)), expected, "{}", listed.name);
        assert_eq!(
            ids(&recognise(&text.to_ascii_uppercase())),
            expected,
            "{}",
            listed.name
        );
        assert_eq!(
            ids(&recognise(&format!("\u{feff}{text}"))),
            expected,
            "{}",
            listed.name
        );
    }
}

#[test]
fn deep_and_long_declarations_end() {
    for text in [
        "(".repeat(500),
        "MIT OR ".repeat(70),
        "((MIT)".repeat(80),
        "a".repeat(100_000),
        "MIT,".repeat(120),
    ] {
        let _ = read_declared(&text);
    }
    let deep = format!("{}MIT OR ISC{}", "(".repeat(40), ")".repeat(40));
    assert_eq!(read_declared(&deep).reading, Reading::TooLarge);
}
