//! Licences within texts. The texts of the SPDX list come with the `spdx` crate; texts of model licences are put
//! together from what the data knows of them.

use cleanbill_licences::{Findings, FoundKind, Licence, catalog, recognise};

fn of(findings: &Findings, kind: FoundKind) -> Vec<&str> {
    let mut ids: Vec<&str> = findings
        .found
        .iter()
        .filter(|found| found.kind == kind)
        .map(|found| found.licence.as_str())
        .collect();
    ids.sort_unstable();
    ids
}

fn spdx_text(id: &str) -> &'static str {
    spdx::license_id(id).unwrap_or_else(|| panic!("{id}")).text()
}

/// Says whether the list holds a text of this licence that can be recognised.
fn has_text(licence: &Licence) -> bool {
    spdx::license_id(&licence.id).is_some() && licence.same_text.is_none() && licence.is_recognised()
}

#[test]
fn the_texts_of_the_list_are_recognised_as_themselves_alone() {
    let mut wrong = Vec::new();
    for licence in catalog().licences().iter().filter(|licence| has_text(licence)) {
        let findings = recognise(spdx_text(&licence.id));
        let texts = of(&findings, FoundKind::Text);
        // The text of the LGPL 3 has that of the GPL 3 behind it.
        let known = texts == [licence.id.as_str()]
            || (licence.id == "LGPL-3.0-only" && texts.contains(&"LGPL-3.0-only"));
        if !known || !of(&findings, FoundKind::Altered).is_empty() || !findings.clauses.is_empty() {
            wrong.push(format!(
                "{}: {:?} {:?}",
                licence.id, findings.found, findings.clauses
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn texts_that_the_data_does_not_know_are_not_taken_for_those_it_knows() {
    let mut taken = Vec::new();
    for listed in spdx::identifiers::LICENSES {
        if catalog().get(listed.name).is_some() || catalog().get(&format!("{}-only", listed.name)).is_some() {
            continue;
        }
        let findings = recognise(spdx_text(listed.name));
        // Several ids of the list share one text.
        let mut texts = of(&findings, FoundKind::Text);
        texts.retain(|id| spdx_text(id) != spdx_text(listed.name) && !listed.name.starts_with("LGPL-3.0"));
        if !texts.is_empty() {
            taken.push(format!("{} -> {}", listed.name, texts.join(", ")));
        }
    }
    taken.retain(|line| !KIN.contains(&line.as_str()));
    assert!(taken.is_empty(), "\n{}", taken.join("\n"));
}

/// Texts that hold another one in full, or differ from it by a name or a few words. A new line is a false claim that was
/// looked at and found harmless.
const KIN: &[&str] = &[
    "BSD-2-Clause-FreeBSD -> BSD-2-Clause",
    "BSD-2-Clause-NetBSD -> BSD-2-Clause",
    "BSD-2-Clause-Views -> BSD-2-Clause",
    "BSD-2-Clause-first-lines -> BSD-2-Clause",
    "BSD-2-Clause-pos-unchanged -> BSD-2-Clause",
    "BSD-3-Clause-HP -> BSD-3-Clause",
    "BSD-3-Clause-LBNL -> BSD-3-Clause",
    "BSD-3-Clause-No-Nuclear-License-2014 -> BSD-3-Clause",
    "BSD-4-Clause-UC -> BSD-4-Clause",
    "CryptoSwift -> Zlib",
    "Cube -> Zlib",
    "Entessa -> Apache-1.1",
    "HPND-DEC -> HPND",
    "HPND-Netrek -> HPND",
    "HPND-Pbmplus -> HPND",
    "HPND-export-US -> HPND",
    "HPND-export-US-modify -> HPND",
    "HPND-export2-US -> HPND",
    "Intel -> BSD-3-Clause",
    "NPL-1.1 -> MPL-1.1",
    "Net-SNMP -> BSD-3-Clause",
    "Python-2.0.1 -> Python-2.0",
    "Sleepycat -> BSD-3-Clause",
    "X11-no-permit-persons -> X11",
    "Xnet -> MIT",
    "xlock -> HPND",
];

#[test]
fn looks_do_not_matter() {
    for id in [
        "MIT",
        "BSD-3-Clause",
        "Apache-2.0",
        "GPL-3.0-only",
        "CC-BY-SA-4.0",
        "MPL-2.0",
    ] {
        let text = spdx_text(id);
        let words: Vec<&str> = text.split_whitespace().collect();
        let narrow = words.join("\n");
        let commented = format!(" * {}", text.replace('\n', "\n * "));
        let quoted = format!("> **{}", text.replace('\n', "**\r\n> **"));
        let page = format!(
            "<html><p>{}</p></html>",
            text.replace('"', "&quot;").replace("\n\n", "</p><p>")
        );
        let json = text.replace('"', "\\\"").replace('\n', "\\n");
        for changed in [
            text.to_uppercase(),
            text.to_lowercase(),
            narrow,
            commented,
            quoted,
            page,
            json,
        ] {
            assert_eq!(of(&recognise(&changed), FoundKind::Text), [id], "{changed}");
        }
    }
}

#[test]
fn several_licences_of_one_file_are_all_reported() {
    let ids = [
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "ISC",
        "MIT",
        "MIT-0",
        "Zlib",
    ];
    let mut order = ids;
    for turn in 0..ids.len() {
        order.rotate_left(1);
        let text: Vec<&str> = order.iter().map(|id| spdx_text(id)).collect();
        let findings = recognise(&text.join("\n\n-----\n\n"));
        assert_eq!(
            of(&findings, FoundKind::Text),
            ids,
            "turn {turn}: {:?}",
            findings.found
        );
    }
    let twice = format!("{}\n{}", spdx_text("MIT"), spdx_text("MIT"));
    let findings = recognise(&twice);
    assert_eq!(findings.found[0].count, 2);
}

#[test]
fn a_place_covers_the_text() {
    let text = format!("A preface.\n\n{}\n\nAn end.", spdx_text("ISC"));
    let findings = recognise(&text);
    let held = text
        .get(findings.found[0].range.clone())
        .expect("a range of the text");
    assert!(held.starts_with("Permission to use"), "{held}");
    assert!(held.ends_with("PERFORMANCE OF THIS SOFTWARE"), "{held}");
}

#[test]
fn a_name_is_no_text() {
    for (text, id) in [
        ("This project is under the MIT License.", "MIT"),
        (
            "Weights are released under the Llama 3.1 Community License.",
            "LicenseRef-llama3.1",
        ),
        ("See the Gemma Terms of Use.", "LicenseRef-gemma"),
        ("Licensed under the Apache License 2.0", "Apache-2.0"),
        (
            "the CreativeML OpenRAIL-M license",
            "LicenseRef-creativeml-openrail-m",
        ),
        ("MINIMAX MODEL LICENSE AGREEMENT applies", "LicenseRef-minimax"),
    ] {
        let findings = recognise(text);
        assert_eq!(of(&findings, FoundKind::Mention), [id], "{text}");
        assert!(findings.granted().is_empty(), "{text}");
    }
    assert!(recognise("Nothing of the kind is said here.").found.is_empty());
}

#[test]
fn headers_and_tags_are_grants() {
    let header = "# Licensed under the Apache License, Version 2.0 (the \"License\");\n# you may not use this file except \
                  in compliance with the License.\n";
    assert_eq!(of(&recognise(header), FoundKind::Notice), ["Apache-2.0"]);
    let gpl = "under the terms of the GNU General Public License as published by\nthe Free Software Foundation, either \
               version 3 of the License, or\n(at your option) any later version.";
    assert_eq!(of(&recognise(gpl), FoundKind::Notice), ["GPL-3.0-or-later"]);
    let tag = recognise("/* SPDX-License-Identifier: (MIT OR Apache-2.0) */\nint main;");
    assert_eq!(
        tag.found[0]
            .expression
            .as_ref()
            .map(ToString::to_string)
            .as_deref(),
        Some("MIT OR Apache-2.0")
    );
    assert_eq!(
        tag.granted().into_iter().collect::<Vec<_>>(),
        ["Apache-2.0", "MIT"]
    );
    // The texts themselves have such sentences in their appendix, which grant nothing.
    assert!(of(&recognise(spdx_text("GPL-3.0-only")), FoundKind::Notice).is_empty());
    assert!(of(&recognise(spdx_text("Apache-2.0")), FoundKind::Notice).is_empty());
}

#[test]
fn a_shortened_text_is_told_from_the_whole() {
    let text = spdx_text("Apache-2.0");
    let half = text.get(..text.len() * 6 / 10).expect("plain ASCII");
    let findings = recognise(half);
    assert!(of(&findings, FoundKind::Text).is_empty(), "{:?}", findings.found);
    assert_eq!(of(&findings, FoundKind::Altered), ["Apache-2.0"]);
    let padded = spdx_text("MIT").replace(
        "The above copyright",
        &format!("{} The above copyright", "You pay. ".repeat(100)),
    );
    assert_eq!(of(&recognise(&padded), FoundKind::Altered), ["MIT"]);
}

#[test]
fn a_restriction_beside_a_text_is_reported() {
    for (more, id) in [
        ("The weights are for non-commercial use only.", "non-commercial"),
        ("This model is for research purposes only.", "research-only"),
        ("本模型仅供学术研究使用。", "research-only"),
        (
            "You may use it for any purpose other than a Competing Use.",
            "no-competing-use",
        ),
        (
            "The following terms additionally apply and override the above.",
            "additional-terms",
        ),
        ("Above 100 million monthly active users ask us.", "threshold"),
    ] {
        let findings = recognise(&format!("{}\n\n{more}", spdx_text("MIT")));
        assert_eq!(of(&findings, FoundKind::Text), ["MIT"]);
        let ids: Vec<&str> = findings.clauses.iter().map(|clause| clause.id.as_str()).collect();
        assert_eq!(ids, [id], "{more}");
    }
}

#[test]
fn model_licences_are_recognised_by_what_the_data_knows_of_them() {
    let filler = |count: usize| "and further terms of this agreement as set forth herein ".repeat(count);
    for licence in catalog()
        .licences()
        .iter()
        .filter(|licence| licence.id.starts_with("LicenseRef-"))
    {
        for (text, whole) in licence.sample_texts(&filler(3)) {
            let findings = recognise(&text);
            let texts = of(&findings, FoundKind::Text);
            if whole {
                assert_eq!(texts, [licence.id.as_str()], "{text}");
            } else {
                assert!(!texts.contains(&licence.id.as_str()), "{text}");
            }
        }
    }
}

#[test]
fn a_text_beyond_the_limit_is_said_to_be_cut() {
    let mut text = "word ".repeat((33 << 20) / 5);
    text.push_str(spdx_text("MIT"));
    let findings = recognise(&text);
    assert!(findings.truncated && findings.found.is_empty());
}
