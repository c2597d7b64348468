//! What packages and cards declare.

use cleanbill_core::Confidence::{self, High, Low, Medium};
use cleanbill_licences::{Note, Reading, read_card, read_classifiers, read_declared};

fn check(text: &str, expected: &str, confidence: Confidence) {
    let declared = read_declared(text);
    let read = match &declared.reading {
        Reading::Expression(expression) => expression.to_string(),
        other => format!("{other:?}"),
    };
    assert_eq!(read, expected, "{text:?} {:?}", declared.notes);
    assert_eq!(declared.confidence, confidence, "{text:?} {:?}", declared.notes);
    assert_eq!(declared.original, text);
}

#[test]
fn expressions_of_the_specification_are_read_as_they_stand() {
    for (text, expected) in [
        ("MIT", "MIT"),
        ("MIT OR Apache-2.0", "MIT OR Apache-2.0"),
        (
            "(MIT OR Apache-2.0) AND BSD-3-Clause",
            "(MIT OR Apache-2.0) AND BSD-3-Clause",
        ),
        (
            "MIT AND (Apache-2.0 OR GPL-2.0-or-later WITH Classpath-exception-2.0)",
            "MIT AND (Apache-2.0 OR GPL-2.0-or-later WITH Classpath-exception-2.0)",
        ),
        ("Apache-2.0 WITH LLVM-exception", "Apache-2.0 WITH LLVM-exception"),
        ("EPL-2.0+", "EPL-2.0+"),
        ("LicenseRef-mine", "LicenseRef-mine"),
        (
            "DocumentRef-other:LicenseRef-mine",
            "DocumentRef-other:LicenseRef-mine",
        ),
        ("MIT AND MIT", "MIT"),
        ("MIT AND Apache-2.0 OR ISC", "(MIT AND Apache-2.0) OR ISC"),
        ("((MIT))", "MIT"),
    ] {
        check(text, expected, High);
    }
}

#[test]
fn lenient_spellings_are_understood() {
    for (text, expected, confidence) in [
        ("mit", "MIT", High),
        ("apache-2.0", "Apache-2.0", High),
        ("mit or apache-2.0", "MIT OR Apache-2.0", High),
        ("MIT/Apache-2.0", "MIT OR Apache-2.0", High),
        ("Apache 2.0", "Apache-2.0", Medium),
        ("Apache License 2.0", "Apache-2.0", High),
        ("Apache License, Version 2.0", "Apache-2.0", Medium),
        ("Apache-2", "Apache-2.0", High),
        ("apache2", "Apache-2.0", High),
        ("MIT License", "MIT", High),
        ("The MIT License (MIT)", "MIT", Medium),
        ("BSD 3-Clause License", "BSD-3-Clause", High),
        ("3-Clause BSD License", "BSD-3-Clause", Medium),
        ("BSD-3", "BSD-3-Clause", High),
        ("new BSD", "BSD-3-Clause", High),
        ("GPL-3.0", "GPL-3.0-only", High),
        ("GPL-3.0+", "GPL-3.0-or-later", High),
        ("GPLv3", "GPL-3.0-only", Medium),
        ("GPLv3+", "GPL-3.0-or-later", Medium),
        ("GPL-2.0 or later", "GPL-2.0-or-later", Medium),
        ("GNU GPL v2 or newer", "GPL-2.0-or-later", Medium),
        ("GNU gpl v2", "GPL-2.0-only", Medium),
        ("GNU General Public License v3 (GPLv3)", "GPL-3.0-only", Medium),
        ("LGPLv2.1+", "LGPL-2.1-or-later", Medium),
        ("AGPLv3", "AGPL-3.0-only", Medium),
        ("MPL 2.0", "MPL-2.0", Medium),
        ("Mozilla Public License 2.0 (MPL 2.0)", "MPL-2.0", Medium),
        ("ISC License (ISCL)", "ISC", High),
        ("Python Software Foundation License", "Python-2.0", High),
        ("CC BY 4.0", "CC-BY-4.0", High),
        ("CC-BY-NC-SA 4.0", "CC-BY-NC-SA-4.0", High),
        (
            "Creative Commons Attribution 4.0 International",
            "CC-BY-4.0",
            High,
        ),
        ("Public Domain", "LicenseRef-Public-Domain", High),
        ("Proprietary", "LicenseRef-Proprietary", High),
        ("UNLICENSED", "LicenseRef-Proprietary", High),
        ("Unlicense", "Unlicense", High),
        ("MIT License or Apache License 2.0", "MIT OR Apache-2.0", High),
        ("MIT, Apache-2.0", "MIT AND Apache-2.0", Low),
        ("https://opensource.org/licenses/MIT", "MIT", Medium),
        ("http://www.apache.org/licenses/LICENSE-2.0", "Apache-2.0", Medium),
        (
            "https://www.gnu.org/licenses/gpl-3.0.html",
            "GPL-3.0-only",
            Medium,
        ),
        (
            "https://creativecommons.org/licenses/by-nc/4.0/",
            "CC-BY-NC-4.0",
            Medium,
        ),
        ("https://ai.google.dev/gemma/terms", "LicenseRef-gemma", Medium),
        ("\"MIT\"", "MIT", High),
        ("MIT AND Acme Terms", "MIT AND LicenseRef-Acme-Terms", Low),
        ("Acme Terms v7", "LicenseRef-Acme-Terms-v7", Low),
        ("MIT AND NOASSERTION", "MIT AND LicenseRef-NOASSERTION", Low),
        ("MIT, none", "MIT AND LicenseRef-none", Low),
        (
            "MIT OR License NOASSERTION",
            "MIT OR LicenseRef-License-NOASSERTION",
            Low,
        ),
        (
            "https://spdx.org/licenses/NOASSERTION",
            "LicenseRef-https-spdx.org-licenses-NOASSERTION",
            Low,
        ),
        (
            "GPL-2.0-only WITH Some Exception",
            "GPL-2.0-only WITH AdditionRef-Some-Exception",
            Low,
        ),
    ] {
        check(text, expected, confidence);
    }
}

#[test]
fn a_name_without_a_version_stays_open() {
    for (text, expected) in [
        ("BSD", "LicenseRef-BSD"),
        ("BSD License", "LicenseRef-BSD"),
        ("gpl", "LicenseRef-GPL"),
        ("LGPL", "LicenseRef-LGPL"),
        ("Apache", "LicenseRef-Apache"),
        ("Apache Software License", "LicenseRef-Apache"),
        ("openrail", "LicenseRef-openrail"),
    ] {
        check(text, expected, Low);
        assert_eq!(read_declared(text).notes, [Note::Ambiguous], "{text}");
    }
    check("cc", "LicenseRef-CC", High);
}

#[test]
fn words_for_nothing_are_told_apart() {
    for (text, expected) in [
        ("NONE", "None"),
        ("none", "None"),
        ("NOASSERTION", "NoAssertion"),
        ("License: NONE", "None"),
        ("No License", "None"),
        ("license NOASSERTION", "NoAssertion"),
        ("License: unknown", "Unknown"),
        ("UNKNOWN", "Unknown"),
        ("unknown", "Unknown"),
        ("N/A", "Unknown"),
        ("other", "Other"),
        ("custom", "Other"),
        ("SEE LICENSE IN LICENSE.md", "Elsewhere"),
        ("see LICENSE", "Elsewhere"),
        ("LICENSE.txt", "Elsewhere"),
        ("", "Missing"),
        ("   ", "Missing"),
    ] {
        check(text, expected, High);
    }
}

#[test]
fn ids_of_the_hub_are_known() {
    for (id, expected) in [
        ("afl-3.0", "AFL-3.0"),
        ("agpl-3.0", "AGPL-3.0-only"),
        ("apache-2.0", "Apache-2.0"),
        ("apple-amlr", "LicenseRef-apple-amlr"),
        ("apple-ascl", "LicenseRef-apple-ascl"),
        ("artistic-2.0", "Artistic-2.0"),
        ("bigcode-openrail-m", "LicenseRef-bigcode-openrail-m"),
        (
            "bigscience-bloom-rail-1.0",
            "LicenseRef-bigscience-bloom-rail-1.0",
        ),
        ("bigscience-openrail-m", "LicenseRef-bigscience-openrail-m"),
        ("bsd", "LicenseRef-BSD"),
        ("bsd-2-clause", "BSD-2-Clause"),
        ("bsd-3-clause", "BSD-3-Clause"),
        ("bsd-3-clause-clear", "BSD-3-Clause-Clear"),
        ("bsl-1.0", "BSL-1.0"),
        ("c-uda", "C-UDA-1.0"),
        ("cc-by-4.0", "CC-BY-4.0"),
        ("cc-by-nc-4.0", "CC-BY-NC-4.0"),
        ("cc-by-nc-nd-4.0", "CC-BY-NC-ND-4.0"),
        ("cc-by-nc-sa-3.0", "CC-BY-NC-SA-3.0"),
        ("cc-by-nd-4.0", "CC-BY-ND-4.0"),
        ("cc-by-sa-4.0", "CC-BY-SA-4.0"),
        ("cc0-1.0", "CC0-1.0"),
        ("cdla-permissive-2.0", "CDLA-Permissive-2.0"),
        ("cdla-sharing-1.0", "CDLA-Sharing-1.0"),
        ("creativeml-openrail-m", "LicenseRef-creativeml-openrail-m"),
        ("deepfloyd-if-license", "LicenseRef-deepfloyd-if"),
        ("ecl-2.0", "ECL-2.0"),
        ("epl-2.0", "EPL-2.0"),
        ("etalab-2.0", "etalab-2.0"),
        ("eupl-1.2", "EUPL-1.2"),
        ("fair-noncommercial-research-license", "LicenseRef-Research"),
        ("gemma", "LicenseRef-gemma"),
        ("gfdl", "GFDL-1.3-only"),
        ("gpl-3.0", "GPL-3.0-only"),
        ("grok2-community", "LicenseRef-grok2-community"),
        ("h-research", "LicenseRef-Research"),
        ("intel-research", "LicenseRef-Research"),
        ("isc", "ISC"),
        ("lgpl-2.1", "LGPL-2.1-only"),
        ("llama2", "LicenseRef-llama2"),
        ("llama3", "LicenseRef-llama3"),
        ("llama3.1", "LicenseRef-llama3.1"),
        ("llama3.2", "LicenseRef-llama3.2"),
        ("llama3.3", "LicenseRef-llama3.3"),
        ("llama4", "LicenseRef-llama4"),
        ("lppl-1.3c", "LPPL-1.3c"),
        ("mit", "MIT"),
        ("mpl-2.0", "MPL-2.0"),
        ("ms-pl", "MS-PL"),
        ("ncsa", "NCSA"),
        ("odbl", "ODbL-1.0"),
        ("odc-by", "ODC-By-1.0"),
        ("ofl-1.1", "OFL-1.1"),
        ("openmdw-1.0", "OpenMDW-1.0"),
        ("openrail", "LicenseRef-openrail"),
        ("openrail++", "LicenseRef-openrailpp-m"),
        ("osl-3.0", "OSL-3.0"),
        ("pddl", "PDDL-1.0"),
        ("postgresql", "PostgreSQL"),
        ("unlicense", "Unlicense"),
        ("wtfpl", "WTFPL"),
        ("zlib", "Zlib"),
    ] {
        let declared = read_card(&[id], None);
        let read = declared.expression().map(ToString::to_string);
        assert_eq!(read.as_deref(), Some(expected), "{id}");
        assert!(!declared.notes.contains(&Note::Unrecognised), "{id}");
    }
    assert_eq!(read_card(&["other"], None).reading, Reading::Other);
    assert_eq!(read_card(&["unknown"], None).reading, Reading::Unknown);
    assert_eq!(read_card(&[], None).reading, Reading::Missing);
}

#[test]
fn the_name_of_another_licence_is_taken() {
    for (name, expected) in [
        ("mrl", "LicenseRef-mistral-research"),
        ("mnpl", "LicenseRef-mistral-non-production"),
        ("qwen", "LicenseRef-qwen"),
        ("qwen-research", "LicenseRef-qwen-research"),
        ("tongyi-qianwen", "LicenseRef-tongyi-qianwen"),
        ("deepseek", "LicenseRef-deepseek"),
        ("yi-license", "LicenseRef-yi"),
        ("nvidia-open-model-license", "LicenseRef-nvidia-open-model"),
        ("stabilityai-ai-community", "LicenseRef-stability-community"),
        ("flux-1-dev-non-commercial-license", "LicenseRef-flux-1-dev"),
        ("falcon-llm-license", "LicenseRef-falcon-llm"),
        ("tencent-hunyuan-community", "LicenseRef-tencent-hunyuan"),
        ("glm-4", "LicenseRef-glm-4"),
        ("modified-mit", "LicenseRef-kimi-modified-mit"),
        ("exaone", "LicenseRef-exaone-nc"),
        ("sai-nc-community", "LicenseRef-stability-non-commercial"),
        ("apple-ml-research", "LicenseRef-apple-ml-research"),
    ] {
        let declared = read_card(&["other"], Some(name));
        let read = declared.expression().map(ToString::to_string);
        assert_eq!(read.as_deref(), Some(expected), "{name}");
    }
    // A licence that is stated goes before a name.
    let declared = read_card(&["mit"], Some("qwen"));
    assert_eq!(
        declared.expression().map(ToString::to_string).as_deref(),
        Some("MIT")
    );
}

#[test]
fn several_licences_of_a_card_all_apply() {
    let declared = read_card(&["mit", "cc-by-nc-4.0"], None);
    let read = declared.expression().map(ToString::to_string);
    assert_eq!(read.as_deref(), Some("MIT AND CC-BY-NC-4.0"));
    assert!(declared.notes.contains(&Note::AmbiguousJoin));
}

#[test]
fn classifiers_are_read() {
    for (lines, expected) in [
        (&["License :: OSI Approved :: MIT License"][..], "MIT"),
        (
            &[
                "Programming Language :: Python",
                "License :: OSI Approved :: BSD License",
            ],
            "LicenseRef-BSD",
        ),
        (
            &["License :: OSI Approved :: GNU General Public License v3 or later (GPLv3+)"],
            "GPL-3.0-or-later",
        ),
        (
            &["License :: OSI Approved :: GNU Affero General Public License v3"],
            "AGPL-3.0-only",
        ),
        (
            &["License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)"],
            "MPL-2.0",
        ),
        (
            &["License :: Other/Proprietary License"],
            "LicenseRef-Proprietary",
        ),
        (
            &["License :: Free for non-commercial use"],
            "LicenseRef-Non-Commercial",
        ),
        (&["License :: Public Domain"], "LicenseRef-Public-Domain"),
        (
            &[
                "License :: OSI Approved :: MIT License",
                "License :: OSI Approved :: Apache Software License",
            ],
            "MIT AND LicenseRef-Apache",
        ),
    ] {
        let read = read_classifiers(lines.iter().copied())
            .expression()
            .map(ToString::to_string);
        assert_eq!(read.as_deref(), Some(expected), "{lines:?}");
    }
    assert_eq!(read_classifiers(["Topic :: Software"]).reading, Reading::Missing);
    assert_eq!(
        read_classifiers(["License :: OSI Approved"]).reading,
        Reading::Unknown
    );
}

#[test]
fn every_id_of_the_list_is_read_as_itself() {
    for licence in spdx::identifiers::LICENSES {
        // Words for nothing, which the crate keeps in its list.
        if matches!(licence.name, "NONE" | "NOASSERTION") {
            continue;
        }
        let declared = read_declared(licence.name);
        let Some(expression) = declared.expression() else {
            panic!("{} is no expression", licence.name);
        };
        let read = expression.to_string();
        let current =
            read == licence.name || read == format!("{}-only", licence.name) || licence.name.ends_with('+');
        assert!(current, "{} became {read}", licence.name);
        // In another case it is the same.
        let lower = read_declared(&licence.name.to_lowercase());
        assert_eq!(lower.reading, declared.reading, "{}", licence.name);
    }
}

#[test]
fn what_is_read_strictly_is_what_another_parser_reads() {
    for text in [
        "MIT",
        "MIT OR Apache-2.0",
        "Apache-2.0 WITH LLVM-exception AND (BSD-3-Clause OR ISC)",
        "GPL-2.0-only OR (MIT AND Zlib)",
    ] {
        let theirs = spdx::Expression::parse(text).expect(text);
        let ours = read_declared(text);
        let expression = ours.expression().expect(text);
        for licence in ["MIT", "Apache-2.0", "ISC", "BSD-3-Clause", "GPL-2.0-only", "Zlib"] {
            for other in ["MIT", "Apache-2.0", "ISC", "BSD-3-Clause", "GPL-2.0-only", "Zlib"] {
                let a = expression.holds(&mut |term| term.id == licence || term.id == other);
                let b = theirs.evaluate(|term| {
                    let id = term.license.id().map(|id| id.name);
                    id == Some(licence) || id == Some(other)
                });
                assert_eq!(a, b, "{text} with {licence} and {other}");
            }
        }
    }
}

#[test]
fn a_whole_text_in_place_of_a_name_is_recognised() {
    let text = spdx::license_id("MIT").expect("listed").text();
    let declared = read_declared(text);
    assert_eq!(
        declared.expression().map(ToString::to_string).as_deref(),
        Some("MIT")
    );
    assert_eq!(declared.notes, [Note::Text]);
}
