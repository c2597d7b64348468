//! Personal data: the checks against another library, prose without people, floods, what evidence shows.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
};

use cleanbill_leaks::{Class, Rules, Scanner, State};

use crate::template::fill;

/// Kinds of the reference: the rule, what stands before, how it is written.
const REFERENCE: &[(&str, &str, &str, &[usize])] = &[
    ("luhn_visa", "credit_card", "card ", &[]),
    ("imei", "imei", "IMEI ", &[]),
    ("iban_de", "iban", "", &[]),
    ("iban_gb", "iban", "", &[]),
    ("ssn", "us_ssn", "SSN ", &[3, 2, 4]),
    ("itin", "us_itin", "ITIN ", &[3, 2, 4]),
    ("sin", "ca_sin", "SIN ", &[]),
    ("cpf", "br_cpf", "CPF ", &[]),
    ("nhs", "uk_nhs", "NHS ", &[]),
    ("idnr", "de_tax_id", "Steuer-ID ", &[]),
    ("nir", "fr_nir", "NIR ", &[]),
    ("dni", "es_dni_nie", "DNI ", &[]),
    ("nie", "es_dni_nie", "NIE ", &[]),
    ("bsn", "nl_bsn", "BSN ", &[]),
    ("pesel", "pl_pesel", "PESEL ", &[]),
    ("tckn", "tr_tckn", "TCKN ", &[]),
    ("tfn", "au_tfn", "TFN ", &[]),
    ("aadhaar", "in_aadhaar", "Aadhaar ", &[]),
    ("mynumber", "jp_my_number", "マイナンバー ", &[]),
    ("rrn", "kr_rrn", "주민등록번호 ", &[6, 7]),
    ("cnid", "cn_resident_id", "身份证 ", &[]),
    ("uscc", "cn_uscc", "", &[]),
    ("nric", "sg_nric", "", &[]),
];

/// Numbers of each kind that are compared.
const EACH: usize = 1_000;
/// Right numbers of a hundred that may be refused: those that look made up, are published, or hold a day that has not come.
const REFUSED_PERCENT: usize = 5;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn checks_agree_with_another_library() {
    let python = workspace().join("target/stdnum-venv/bin/python");
    if !python.exists() {
        println!("SKIPPED: no target/stdnum-venv with python-stdnum; see the head of tests/it/reference.py");
        return;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/reference.py");
    let output = Command::new(python)
        .arg(script)
        .arg(EACH.to_string())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let scanner = Scanner::new(Rules::personal());
    let mut counts: BTreeMap<String, [usize; 4]> = BTreeMap::new();
    let mut wrong = Vec::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let [kind, number, valid] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        if number == "absent" {
            println!("SKIPPED: python-stdnum has no {kind}");
            continue;
        }
        let known = REFERENCE.iter().find(|(name, ..)| *name == kind);
        let (rule, before, groups) = known
            .map_or(("eu_vat", "VAT ", &[][..]), |(_, rule, before, groups)| {
                (*rule, *before, *groups)
            });
        let mut written = number.to_owned();
        if !groups.is_empty() {
            let mut at = 0;
            let parts: Vec<&str> = groups
                .iter()
                .map(|length| {
                    at += length;
                    &number[at - length..at]
                })
                .collect();
            written = parts.join("-");
        }
        let text = format!("{before}{written}\n");
        let found = scanner
            .scan_all(text.as_bytes())
            .iter()
            .any(|hit| hit.id(&scanner) == rule);
        let valid = valid == "1";
        let count = counts.entry(kind.to_owned()).or_default();
        match (valid, found) {
            (true, true) => count[0] += 1,
            (true, false) => {
                count[1] += 1;
                wrong.push(format!("{kind} {number} is right"));
            }
            (false, true) => {
                count[2] += 1;
                wrong.push(format!("{kind} {number} is wrong"));
            }
            (false, false) => count[3] += 1,
        }
    }
    for (kind, [right, refused, taken, _]) in &counts {
        assert_eq!(*taken, 0, "{kind} takes wrong numbers\n{}", wrong.join("\n"));
        assert!(
            *right > 0 && refused * 100 <= (right + refused) * REFUSED_PERCENT,
            "{kind}: {right} found, {refused} not\n{}",
            wrong.join("\n")
        );
    }
    assert!(counts.len() > 40, "{}", counts.len());
}

#[test]
fn numbers_with_a_wrong_check_are_not_found() {
    let scanner = Scanner::new(Rules::personal());
    let kinds = [
        ("visa", "credit_card", ""),
        ("unionpay", "cn_bank_card", ""),
        ("imei", "imei", "IMEI "),
        ("iban_gb", "iban", ""),
        ("sin", "ca_sin", "SIN "),
        ("nhs", "uk_nhs", "NHS "),
        ("idnr", "de_tax_id", "Steuer-ID "),
        ("nir", "fr_nir", ""),
        ("dni", "es_dni_nie", ""),
        ("cf", "it_codice_fiscale", ""),
        ("bsn", "nl_bsn", "BSN "),
        ("pesel", "pl_pesel", "PESEL "),
        ("tckn", "tr_tckn", "TCKN "),
        ("cpf", "br_cpf", "CPF "),
        ("tfn", "au_tfn", "TFN "),
        ("mynumber", "jp_my_number", "個人番号 "),
        ("nric", "sg_nric", ""),
        ("hkid", "hk_id", "HKID "),
        ("twid", "tw_national_id", ""),
        ("cnid", "cn_resident_id", ""),
        ("uscc", "cn_uscc", ""),
        ("aadhaar", "in_aadhaar", "Aadhaar "),
        ("btc", "btc_address", ""),
        ("segwit", "btc_address", ""),
        ("eth", "eth_address", ""),
        ("vat_de", "eu_vat", ""),
    ];
    for (kind, rule, before) in kinds {
        let mut missed = 0;
        for seed in 0..1_000 {
            let count = |template: String| {
                let text = fill(&template, seed);
                let hits = scanner.scan_all(text.as_bytes());
                hits.iter().filter(|hit| hit.id(&scanner) == rule).count()
            };
            missed += 1 - count(format!("{before}{{id:{kind}}}")).min(1);
            assert_eq!(
                count(format!("{before}{{bad:{kind}}}")),
                0,
                "{kind} of seed {seed}"
            );
        }
        assert!(missed <= 10, "{kind}: {missed} of 1,000 missed");
    }
}

#[test]
fn prose_without_people_gives_nothing() {
    let scanner = Scanner::new(Rules::personal());
    for text in [
        "In 2019 the model had 1,542 layers of 64 units; in 2023 it was 175B parameters, about 3.14159265358979 times more.",
        "See section 4.2.1.7 of RFC 2119, pages 112-118, ISBN 978-3-16-148410-0, and doi:10.1000/182 (2021).",
        "Epochs: 1700000000, 1700000000123, 1700000000123456. Sizes: 10485760 8388608 4294967296 18446744073709551615.",
        "commit 3f8a1c9e7b2d4f6a8c0e1b3d5f7a9c2e4b6d8f0a, sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "id 123e4567-e89b-12d3-a456-426614174000 at 12:34:56.789, v1.2.3.4, build 10.0.19045.3803, 2001:db8::1",
        "Die Schule liegt am Ende der Straße; im Jahr 1987 wurden 12 Klassen mit je 28 Kindern geführt.",
        "La rue est longue de 1 200 mètres et compte 48 immeubles construits entre 1890 et 1910.",
        "El modelo tiene 1.200 millones de parámetros, sin contar los 320 de la capa final, y costó 45.300,50 euros.",
        "模型在2023年发布，共有72亿参数，训练使用了1024张显卡，第3号文件规定了18个指标，成本约为128000元。",
        "このモデルは2022年に公開され、パラメータ数は130億である。学習には512枚のGPUを用いた。",
        "이 모델은 2022년에 공개되었으며 매개변수는 130억 개이다. 학습에는 GPU 512개를 사용했다.",
        "В 2021 году модель содержала 175 миллиардов параметров и обучалась на 10240 процессорах.",
        "0.125, 0.250, -1.5e-10, 3.0517578125e-05, [12, 34, 56, 78, 90], x[1024:2048], 0xdeadbeef, 1_000_000",
        "Attention Is All You Need was read by many; New York and San Francisco are cities. Machine Learning, Deep Learning.",
        "price: $1234567890, €9876543210.50, order #1234567890, SKU AB-123456-C, flight LH 1234, room 12-345-678",
        "for i in range(1000000): a@b; x = A @ B.T; @app.route('/users/123456789'); npm i react@18.2.0",
    ] {
        let hits = scanner.scan_all(text.as_bytes());
        let found: Vec<(&str, &str)> = hits
            .iter()
            .map(|hit| {
                let place =
                    usize::try_from(hit.range.start).unwrap()..usize::try_from(hit.range.end).unwrap();
                (hit.id(&scanner), &text[place])
            })
            .collect();
        assert!(found.is_empty(), "{found:?} in {text}");
    }
}

#[test]
fn a_hit_covers_the_value_and_nothing_else() {
    let scanner = Scanner::new(Rules::builtin());
    for (before, template, after, id) in [
        ("身份证号：", "{id:cnid}", "。", "cn_resident_id"),
        ("card ", "{id:visa: }", ", valid", "credit_card"),
        ("tel. ", "+49 30 9018-2043", " or", "phone"),
        ("邮箱", "li.na@uni-bonn.de", "，", "email"),
        ("车牌", "京A8B7C6", "的", "cn_license_plate"),
        ("HKID ", "{id:hkid:(}", ".", "hk_id"),
        ("VAT ", "{id:vat_de: }", ".", "eu_vat"),
        ("born on ", "17 May 1990", ".", "date_of_birth"),
        ("", "Anna Schmidt", " said", "person_name"),
        ("x ", "14 rue de la Paix, 75002", " Paris", "street_address"),
    ] {
        let value = fill(template, 5);
        let text = format!("{before}{value}{after}");
        let hits = scanner.scan_all(text.as_bytes());
        let seen: Vec<(&str, u64, u64)> = hits
            .iter()
            .map(|hit| (hit.id(&scanner), hit.range.start, hit.range.end))
            .collect();
        let start = before.len() as u64;
        assert_eq!(seen, [(id, start, start + value.len() as u64)], "{text}");
    }
}

#[test]
fn evidence_of_a_person_is_a_length() {
    let rules = Rules::personal();
    let scanner = Scanner::new(rules.clone());
    for rule in rules.iter() {
        assert_eq!(rule.class, Class::Personal, "{}", rule.id);
        for example in &rule.examples {
            let text = fill(example, 3);
            for hit in scanner.scan_all(text.as_bytes()) {
                let length = hit.range.end - hit.range.start;
                assert_eq!(hit.evidence.to_string(), format!("… ({length} bytes)"), "{text}");
            }
        }
    }
}

#[test]
fn a_flood_of_numbers_is_counted_in_pieces_as_in_one() {
    let scanner = Scanner::new(Rules::personal());
    let mut text = String::new();
    for seed in 0..2_000 {
        text.push_str(&fill("{id:visa},{id:cnid},{a:6}@{a:6}.de,{d:7}\n", seed));
    }
    let whole = scanner.scan_all(text.as_bytes());
    let mut state = State::default();
    let mut hits = Vec::new();
    for piece in text.as_bytes().chunks(777) {
        hits.extend(scanner.scan(&mut state, piece));
    }
    hits.extend(scanner.finish(&mut state));
    assert_eq!(hits, whole);
    assert_eq!(whole.len(), 3_000);
    assert!((2_990..=3_000).contains(&state.dropped()), "{}", state.dropped());
}
