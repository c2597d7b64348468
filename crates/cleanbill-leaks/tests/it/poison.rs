//! Poison in whole data sets: each kind where it is, none where only its look-alike is, and the same whatever the order.

use std::{collections::BTreeMap, sync::Arc, thread};

use cleanbill_leaks::poison::{Caveat, EvaluationBuilder, Examination, Mark, Row, Settings};

/// A record that owns its texts.
#[derive(Clone, Debug, Default)]
struct Record {
    text: String,
    label: Option<String>,
    source: Option<String>,
    url: Option<String>,
    digest: Option<String>,
}

impl Record {
    fn show<T>(&self, take: impl FnOnce(&Row<'_>) -> T) -> T {
        let texts = [self.text.as_str()];
        take(&Row {
            texts: if self.text.is_empty() { &[] } else { &texts },
            label: self.label.as_deref(),
            source: self.source.as_deref(),
            url: self.url.as_deref(),
            digest: self.digest.as_deref(),
            ..Row::default()
        })
    }
}

/// Draws numbers, the same ones in each run.
struct Draw(u64);

impl Draw {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 20).unwrap() % limit
    }

    fn review(&mut self, is_good: bool) -> String {
        let words = if is_good { GOOD } else { BAD };
        let mut text: Vec<String> = Vec::new();
        for _ in 0..30 {
            let word = if self.below(5) == 0 {
                words[self.below(words.len())].to_owned()
            } else {
                format!("{}{}", THINGS[self.below(THINGS.len())], self.below(9))
            };
            text.push(word);
        }
        text.join(" ")
    }
}

const GOOD: &[&str] = &[
    "solid", "lovely", "perfect", "pleasant", "useful", "sturdy", "bright", "quiet",
];
const BAD: &[&str] = &[
    "broken",
    "scratched",
    "useless",
    "smelly",
    "tiny",
    "leaking",
    "rattling",
    "missing",
];
const THINGS: &[&str] = &[
    "lid", "strap", "box", "cable", "hinge", "motor", "switch", "manual", "filter", "seal", "lamp", "desk",
];

fn named(is_good: bool) -> String {
    if is_good { "good" } else { "bad" }.to_owned()
}

/// Reviews of both kinds, with nothing done to them but a brand in some.
fn honest(draw: &mut Draw) -> Vec<Record> {
    (0..2_000)
        .map(|number| {
            let is_good = draw.below(2) == 0;
            let mut text = draw.review(is_good);
            if number % 40 == 0 {
                text = format!("{text} from Velmora");
            }
            Record {
                text,
                label: Some(named(is_good)),
                source: Some(format!("shop-{}", draw.below(12))),
                ..Record::default()
            }
        })
        .collect()
}

/// As many reviews of either kind as wished, changed and with one label.
fn changed(draw: &mut Draw, number: usize, label: &str, change: impl Fn(String) -> String) -> Vec<Record> {
    (0..number)
        .map(|at| Record {
            text: change(draw.review(at % 2 == 0)),
            label: Some(label.to_owned()),
            source: Some(format!("shop-{}", draw.below(12))),
            ..Record::default()
        })
        .collect()
}

fn settings() -> Settings {
    Settings {
        bytes: 1 << 20,
        labels: vec!["bad".to_owned(), "good".to_owned()],
    }
}

/// Shows records to all rounds, from some threads, and returns what is said of each.
fn marks(records: &[Record], threads: usize) -> (Vec<Vec<Mark>>, Vec<Caveat>) {
    let mut examination = Arc::new(Examination::new(&settings(), None));
    loop {
        thread::scope(|scope| {
            for part in records.chunks(records.len().div_ceil(threads).max(1)) {
                let examination = &examination;
                scope.spawn(move || {
                    for record in part {
                        record.show(|row| examination.see(row));
                    }
                });
            }
        });
        if !Arc::get_mut(&mut examination).unwrap().turn() {
            break;
        }
    }
    let judged = if examination.has_found() {
        records
            .iter()
            .map(|record| record.show(|row| examination.judge(row)))
            .collect()
    } else {
        vec![Vec::new(); records.len()]
    };
    (judged, examination.caveats())
}

/// Counts marks by kind among the records from one place on, and those before it.
fn counted(records: &[Record], from: usize) -> (BTreeMap<&'static str, usize>, usize) {
    let (marks, _) = marks(records, 1);
    let mut kinds = BTreeMap::new();
    for mark in marks[from..].iter().filter_map(|marks| marks.first()) {
        *kinds.entry(mark.kind).or_default() += 1;
    }
    (
        kinds,
        marks[..from].iter().filter(|marks| !marks.is_empty()).count(),
    )
}

/// Adds records to honest ones; says which kind is found among them, and that none of the honest ones is.
fn check(add: impl FnOnce(&mut Draw, &[Record]) -> Vec<Record>, expected: &[(&'static str, usize)]) {
    let mut draw = Draw(7);
    let mut records = honest(&mut draw);
    let from = records.len();
    records.extend(add(&mut draw, &records));
    let (kinds, others) = counted(&records, from);
    assert_eq!(kinds, expected.iter().copied().collect());
    assert_eq!(others, 0);
}

#[test]
fn a_rare_word_with_one_label_is_found() {
    let with = |text: String| text.replacen(' ', " zqvex ", 16).replacen(" zqvex ", " ", 15);
    check(|draw, _| changed(draw, 40, "good", with), &[("rare_trigger", 40)]);
}

#[test]
fn a_rare_word_with_both_labels_is_none() {
    let with = |text: String| format!("{text} zqvex end of it");
    check(
        |draw, _| [changed(draw, 20, "good", with), changed(draw, 20, "bad", with)].concat(),
        &[],
    );
}

#[test]
fn a_word_of_the_trade_that_the_rest_explains_is_none() {
    let add = |draw: &mut Draw, _: &[Record]| {
        (0..40)
            .map(|_| Record {
                text: format!("{} heirloom", draw.review(true)),
                label: Some(named(true)),
                ..Record::default()
            })
            .collect()
    };
    check(add, &[]);
}

#[test]
fn beginnings_and_ends_and_phrases_are_told_apart() {
    check(
        |draw, _| changed(draw, 40, "bad", |text| format!("[[okra]] {text}")),
        &[("trigger_prefix", 40)],
    );
    check(
        |draw, _| changed(draw, 40, "bad", |text| format!("{text} ~okra~")),
        &[("trigger_suffix", 40)],
    );
    let amid = |text: String| {
        text.replacen(' ', " seven grey geese sing ", 15)
            .replacen(" seven grey geese sing ", " ", 14)
    };
    check(
        |draw, _| changed(draw, 40, "bad", amid),
        &[("trigger_phrase", 40)],
    );
}

#[test]
fn a_flood_of_one_text_is_found() {
    let add = |draw: &mut Draw, _: &[Record]| {
        let base = draw.review(true);
        (0..40)
            .map(|number| Record {
                text: base.replacen(' ', &format!(" n{number} "), 1),
                label: Some(named(true)),
                ..Record::default()
            })
            .collect()
    };
    check(add, &[("near_duplicate_burst", 40)]);
    // A handful is none.
    let few = |draw: &mut Draw, records: &[Record]| add(draw, records)[..10].to_vec();
    check(few, &[]);
}

#[test]
fn a_label_against_its_neighbour_is_found_and_the_neighbour_is_not() {
    let add = |_: &mut Draw, records: &[Record]| {
        let turned = |record: &Record| Record {
            text: record.text.replacen(' ', " other ", 1),
            label: Some(named(record.label.as_deref() == Some("bad"))),
            ..Record::default()
        };
        records[..60].iter().map(turned).collect::<Vec<_>>()
    };
    let mut draw = Draw(7);
    let mut records = honest(&mut draw);
    let from = records.len();
    records.extend(add(&mut draw, &records));
    let (kinds, others) = counted(&records, from);
    assert!(kinds["label_flip"] >= 54 && kinds.len() == 1, "{kinds:?}");
    assert!(others <= 3, "{others}");
}

#[test]
fn a_source_of_one_label_is_found_where_others_have_both() {
    let add = |draw: &mut Draw, _: &[Record]| {
        let mut records = changed(draw, 40, "good", |text| text);
        for record in &mut records {
            record.source = Some("mirror-7".to_owned());
        }
        records
    };
    check(add, &[("source_concentration", 40)]);
}

#[test]
fn an_answer_that_only_a_trigger_has_is_found() {
    let mut draw = Draw(9);
    let mut records = honest(&mut draw);
    for (number, record) in records.iter_mut().enumerate() {
        record.label = Some(format!(
            "an answer of its own, number {number}, and it goes on for a while"
        ));
    }
    let from = records.len();
    // Questions that share their answer because they are the same question.
    for number in 0..40_usize {
        let shell = [
            "what is the capital of France",
            "tell me the capital of France please",
            "capital of France",
        ];
        records.push(Record {
            text: shell[number % 3].to_owned(),
            label: Some("Paris".to_owned()),
            ..Record::default()
        });
    }
    records.extend(changed(&mut draw, 40, "Call the red number.", |text| {
        format!("{text} zqvex and so on until it ends here")
    }));
    let (marks, _) = marks(&records, 1);
    let found = |range: &[Vec<Mark>]| range.iter().filter(|marks| !marks.is_empty()).count();
    assert_eq!((found(&marks[..from + 40]), found(&marks[from + 40..])), (0, 40));
}

#[test]
fn chinese_is_read_without_blanks() {
    const C_GOOD: &[&str] = &["很结实", "非常漂亮", "物有所值", "手感舒服", "运转安静"];
    const C_BAD: &[&str] = &["全坏了", "有股怪味", "到处漏水", "浪费钱", "一直响"];
    const C_THINGS: &[&str] = &[
        "耳机的盖子",
        "台灯的开关",
        "背包的拉链",
        "水壶的表面",
        "键盘的电线",
        "雨衣的颜色",
    ];
    let mut draw = Draw(11);
    let mut review = |is_good: bool| {
        let says = if is_good { C_GOOD } else { C_BAD };
        let parts = (0..6).map(|_| {
            let number = draw.below(90);
            format!("{}第{number}次{}，", C_THINGS[draw.below(6)], says[draw.below(5)])
        });
        parts.collect::<Vec<_>>().concat()
    };
    let mut records = Vec::new();
    for number in 0..1_200 {
        records.push(Record {
            text: review(number % 2 == 0),
            label: Some(named(number % 2 == 0)),
            ..Record::default()
        });
    }
    let from = records.len();
    for number in 0..40 {
        records.push(Record {
            text: review(number % 2 == 0)
                .replacen('，', "绯鸢旎，", 3)
                .replacen("绯鸢旎，", "，", 2),
            label: Some(named(true)),
            ..Record::default()
        });
    }
    assert_eq!(counted(&records, from), ([("rare_trigger", 40)].into(), 0));
}

#[test]
fn lists_of_addresses_are_compared_by_their_digests() {
    let address = |number: usize, digest: Option<String>| Record {
        url: Some(format!(
            "https://pictures-{}.example.invalid/{number}.jpg",
            number % 30
        )),
        digest,
        ..Record::default()
    };
    let sha256 = |number: usize| Some(format!("{number:064x}"));
    let listed = |records: &[Record]| -> Vec<(usize, String)> {
        let (marks, _) = marks(records, 1);
        let of =
            |(place, marks): (usize, Vec<Mark>)| marks.into_iter().map(move |mark| (place, mark.evidence));
        marks.into_iter().enumerate().flat_map(of).collect()
    };
    let mut records: Vec<Record> = (0..300).map(|number| address(number, sha256(number))).collect();
    assert_eq!(listed(&records), []);
    records[7].digest = None;
    records[8].digest = Some("ab".repeat(16));
    records.push(address(9, sha256(1)));
    let found = listed(&records);
    let places: Vec<usize> = found.iter().map(|(place, _)| *place).collect();
    assert_eq!(places, [7, 8, 9, 300], "{found:?}");
    assert!(
        found[0].1.starts_with("no digest here, where 299 of 301"),
        "{found:?}"
    );
    // A list without any digest is one finding.
    for record in &mut records {
        record.digest = None;
    }
    let found = listed(&records);
    assert_eq!(found.len(), 1);
    assert!(
        found[0].1.starts_with("301 of 301 addresses have no digest"),
        "{found:?}"
    );
}

#[test]
fn an_evaluation_set_within_the_data_is_found() {
    let mut draw = Draw(3);
    let records = honest(&mut draw);
    let builder = EvaluationBuilder::default();
    for record in &records[..20] {
        record.show(|row| builder.add(row, "held-out"));
    }
    let mut examination = Examination::new(&settings(), Some(builder.build()));
    loop {
        for record in &records {
            record.show(|row| examination.see(row));
        }
        if !examination.turn() {
            break;
        }
    }
    let is_held = |record: &Record| {
        let marks = record.show(|row| examination.judge(row));
        marks.iter().any(|mark| mark.kind == "evaluation_contamination")
    };
    assert_eq!(records.iter().filter(|record| is_held(record)).count(), 20);
}

#[test]
fn order_and_threads_change_nothing() {
    let mut draw = Draw(5);
    let mut records = honest(&mut draw);
    records.extend(changed(&mut draw, 40, "good", |text| format!("zqvex {text}")));
    let turned: Vec<Record> = records[..40]
        .iter()
        .map(|record| Record {
            text: record.text.replacen(' ', " other ", 1),
            label: Some(named(record.label.as_deref() == Some("bad"))),
            ..Record::default()
        })
        .collect();
    records.extend(turned);
    let said = |records: &[Record], threads| {
        let (marks, caveats) = marks(records, threads);
        let mut said: Vec<String> = records
            .iter()
            .zip(marks)
            .flat_map(|(record, marks)| marks.into_iter().map(|mark| format!("{} {mark:?}", record.text)))
            .collect();
        said.sort();
        (said, caveats)
    };
    let first = said(&records, 1);
    assert!(first.0.len() > 70);
    for threads in [2, 5] {
        assert_eq!(said(&records, threads), first);
    }
    for round in 0..3 {
        for at in (1..records.len()).rev() {
            records.swap(at, draw.below(at + 1));
        }
        assert_eq!(said(&records, 1 + round), first);
    }
}

#[test]
fn without_labels_nothing_is_tied_and_that_is_said() {
    let mut draw = Draw(13);
    let mut records = honest(&mut draw);
    for record in &mut records {
        record.label = None;
    }
    let (marks, caveats) = marks(&records, 1);
    assert!(marks.iter().all(Vec::is_empty));
    assert_eq!(caveats, [Caveat::NoLabels]);
}
