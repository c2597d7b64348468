//! What is declared against what is there.

use cleanbill_core::{Confidence, Language};
use cleanbill_licences::{Agreement, compare, read_classifiers, read_declared, recognise};

fn text(id: &str) -> &'static str {
    spdx::license_id(id).unwrap_or_else(|| panic!("{id}")).text()
}

fn check(declared: &str, texts: &[&str], expected: Agreement) {
    let found = recognise(&texts.join("\n\n"));
    let comparison = compare(&read_declared(declared), &found);
    assert_eq!(comparison.agreement, expected, "{declared}: {comparison:?}");
    assert_ne!(
        comparison.reason.get(Language::English),
        comparison.reason.get(Language::Chinese)
    );
}

#[test]
fn declarations_and_texts_are_compared() {
    use Agreement::{Agrees, Contradicts, DeclaredNarrower, FoundNarrower, NotComparable};
    let restricted = format!("{}\n\nFor non-commercial use only.", text("MIT"));
    for (declared, texts, expected) in [
        ("MIT", &[text("MIT")][..], Agrees),
        ("mit license", &[text("MIT")], Agrees),
        ("BSD", &[text("BSD-3-Clause")], Agrees),
        ("GPL-3.0-or-later", &[text("GPL-3.0-only")], Agrees),
        ("MIT OR Apache-2.0", &[text("MIT"), text("Apache-2.0")], Agrees),
        ("MIT", &[text("MIT"), text("BSD-2-Clause")], Agrees),
        ("MIT OR Apache-2.0", &[text("MIT")], FoundNarrower),
        ("MIT AND Apache-2.0", &[text("MIT")], DeclaredNarrower),
        ("MIT", &[&restricted], FoundNarrower),
        ("CC-BY-4.0", &[text("CC-BY-NC-4.0")], FoundNarrower),
        ("CC-BY-NC-4.0", &[text("CC-BY-4.0")], DeclaredNarrower),
        ("MIT", &[text("AGPL-3.0-only")], Contradicts),
        ("Apache-2.0", &[text("GPL-3.0-only")], Contradicts),
        ("NONE", &[text("MIT")], Contradicts),
        ("other", &[text("MIT")], NotComparable),
        ("NOASSERTION", &[text("MIT")], NotComparable),
        ("MIT", &["see the MIT License"], NotComparable),
        ("MIT", &[], NotComparable),
        ("MIT", &["// SPDX-License-Identifier: MIT"], Agrees),
        ("MIT", &["// SPDX-License-Identifier: GPL-2.0-only"], Contradicts),
    ] {
        check(declared, texts, expected);
    }
}

/// Version 3.4.2 of the package `nudenet` states `License: MIT` and the classifier of the MIT licence, and ships the text
/// of the GNU AGPL 3 in both of its licence files.
#[test]
fn the_package_nudenet_declares_one_licence_and_ships_another() {
    let field = read_declared("MIT");
    let classifiers = read_classifiers([
        "License :: OSI Approved :: MIT License",
        "Programming Language :: Python",
        "Programming Language :: Python :: 3.6",
    ]);
    let mut found = recognise(text("AGPL-3.0-only"));
    found.merge(recognise(text("AGPL-3.0-only")));
    for declared in [field, classifiers] {
        let comparison = compare(&declared, &found);
        assert_eq!(comparison.agreement, Agreement::Contradicts);
        assert_eq!(comparison.declared, ["MIT"]);
        assert_eq!(comparison.found, ["AGPL-3.0-only"]);
        assert_eq!(
            comparison.reason.get(Language::English),
            "declares `MIT`, the text is that of `AGPL-3.0-only`"
        );
    }
}

#[test]
fn much_that_is_not_recognised_makes_less_sure() {
    let more = format!("{}\n\n{}", text("MIT"), "You must also dance. ".repeat(100));
    let declared = read_declared("MIT");
    assert_eq!(
        compare(&declared, &recognise(text("MIT"))).confidence,
        Confidence::High
    );
    assert_eq!(
        compare(&declared, &recognise(&more)).confidence,
        Confidence::Medium
    );
}
