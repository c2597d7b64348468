use std::sync::Arc;

use super::{
    build::{Item, end_record, zip},
    *,
};
use crate::limits::Limits;

fn view(bytes: &Vec<u8>) -> View {
    let limits = Limits::default();
    parse(&Input {
        source: bytes,
        limits: &limits,
    })
    .unwrap()
}

/// Shows members as `NAME=bytes`, with `!` for what cannot be read.
fn members(bytes: &Vec<u8>) -> Vec<String> {
    let view = view(bytes);
    let show = |member: &Member| {
        let content = match first_bytes(bytes, &member.payload, 64).unwrap() {
            Some(content) => String::from_utf8_lossy(&content).into_owned(),
            None => "!".to_owned(),
        };
        format!("{}={content}", member.name)
    };
    view.members().iter().map(show).collect()
}

fn kinds(bytes: &Vec<u8>) -> Vec<&'static str> {
    view(bytes)
        .anomalies()
        .iter()
        .map(|anomaly| anomaly.kind.id)
        .collect()
}

fn check(bytes: &Vec<u8>, want: &[&str], want_kinds: &[&str]) {
    assert_eq!(members(bytes), want);
    assert_eq!(kinds(bytes), want_kinds);
}

fn score(bytes: &Vec<u8>) -> Option<Score> {
    probe(&Probe {
        head: &bytes[..bytes.len().min(4096)],
        tail: &bytes[bytes.len().saturating_sub(66 << 10)..],
        size: bytes.len() as u64,
        source: bytes,
    })
}

fn seeds() -> Vec<Vec<u8>> {
    let deflated = Item {
        method: 8,
        flags: 8,
        ..Item::new("b/data.pkl", b"hello hello hello")
    };
    let wide = Item {
        zip64: true,
        flags: 8,
        ..Item::new("c", b"wide")
    };
    let link = Item {
        mode: 0o120_777,
        ..Item::new("link", b"../../etc/passwd")
    };
    vec![
        zip(&[Item::new("a", b"one"), deflated.clone(), link]),
        zip(&[deflated, wide]),
        zip(&[]),
        [b"#!/bin/sh\n".to_vec(), zip(&[Item::new("a", b"one")])].concat(),
    ]
}

#[test]
fn honest_archives_give_their_entries_and_nothing_else() {
    let streamed = Item {
        method: 8,
        flags: 8,
        ..Item::new("b", b"two two two")
    };
    check(
        &zip(&[Item::new("a", b"one"), streamed]),
        &["a=one", "b=two two two"],
        &[],
    );
    let wide = Item {
        zip64: true,
        flags: 8,
        ..Item::new("a", b"one")
    };
    check(
        &zip(&[wide.clone(), wide.clone()])[..].to_vec(),
        &["a=one", "a=one"],
        &[],
    );
    check(&zip(&[]), &[], &[]);
    // Java writes folders as streamed, deflated and empty.
    let folder = Item {
        method: 8,
        flags: 8,
        ..Item::new("dir/", b"")
    };
    let java = view(&zip(&[folder, Item::new("dir/a", b"1")]));
    assert!(java.entries.iter().all(|entry| entry.overlaps.is_none()));
    check(
        &zip(&[Item::new("dir/", b""), Item::new("dir/a", b"1")]),
        &["dir/a=1"],
        &[],
    );
    let inner = zip(&[Item::new("x", b"y")]);
    let outer = zip(&[Item::new("inner.zip", &inner)]);
    assert_eq!(view(&outer).members().len(), 1);
    assert!(kinds(&outer).is_empty());
}

#[test]
fn a_probe_sees_archives_with_and_without_a_prefix() {
    let plain = zip(&[Item::new("a", b"one")]);
    assert_eq!(score(&plain), Some(Score::Certain));
    assert_eq!(
        score(&[vec![b'x'; 70_000], plain.clone()].concat()),
        Some(Score::Likely)
    );
    assert_eq!(score(&[plain, vec![b'x'; 70_000]].concat()), Some(Score::Certain));
    assert_eq!(
        score(&b"PK\x05\x06 in some longer text".to_vec()),
        Some(Score::Certain)
    );
    assert_eq!(score(&b"PK\x05\x06 in text".to_vec()), None);
    assert_eq!(
        score(&b"text with PK\x05\x06 in it, and no archive".to_vec()),
        None
    );
}

#[test]
fn bytes_around_the_archive_become_members() {
    let plain = zip(&[Item::new("a", b"one")]);
    let bytes = [b"stub".to_vec(), plain.clone()].concat();
    check(&bytes, &["a=one", "[before]=stub"], &[]);
    let bytes = [plain, b"tail".to_vec()].concat();
    check(&bytes, &["a=one", "[after]=tail"], &[]);
}

#[test]
fn headers_that_disagree_give_both_versions() {
    let renamed = Item {
        local_name: Some(b"evil.pkl".to_vec()),
        ..Item::new("data.txt", b"one")
    };
    let bytes = zip(&[renamed]);
    check(&bytes, &["data.txt=one", "evil.pkl=one"], &[]);
    assert_eq!(view(&bytes).entries[0].mismatches, [Mismatch::Name]);
    let remade = Item {
        local_method: Some(8),
        ..Item::new("a", b"one")
    };
    let bytes = zip(&[remade]);
    check(&bytes, &["a=one", "[local]/a=!"], &[]);
    assert_eq!(view(&bytes).entries[0].mismatches, [Mismatch::Method]);
}

#[test]
fn encryption_is_told_from_its_pretence() {
    let flagged = |flags, local_flags, data: &[u8]| {
        let item = Item {
            flags,
            local_flags: Some(local_flags),
            ..Item::new("a", data)
        };
        let bytes = zip(&[item]);
        (members(&bytes), view(&bytes).entries[0].encryption)
    };
    let one = vec!["a=one".to_owned()];
    assert_eq!(flagged(0, 1, b"one"), (one.clone(), Encryption::LocalOnly));
    assert_eq!(flagged(1, 0, b"one"), (one.clone(), Encryption::CentralOnly));
    assert_eq!(flagged(1, 1, b"one"), (one, Encryption::Pretended));
    let mut real = zip(&[Item {
        flags: 1,
        method: 8,
        ..Item::new("a", b"some bytes that compress, compress")
    }]);
    real[31..43].copy_from_slice(&[0xff; 12]);
    assert_eq!(members(&real), ["a=!"]);
    assert_eq!(view(&real).entries[0].encryption, Encryption::Real);
}

#[test]
fn unlisted_entries_are_found() {
    let hidden = Item {
        listed: false,
        ..Item::new("evil.pkl", b"boom")
    };
    let between = zip(&[Item::new("a", b"one"), hidden.clone(), Item::new("b", b"two")]);
    check(&between, &["a=one", "b=two", "[hidden]/evil.pkl=boom"], &[]);
    assert_eq!(view(&between).entries[2].origin, Origin::Hidden);
    let behind = zip(&[Item::new("a", b"one"), hidden.clone()]);
    check(&behind, &["a=one", "[hidden]/evil.pkl=boom"], &[]);
    let only = zip(std::slice::from_ref(&hidden));
    assert_eq!(members(&only), ["[hidden]/evil.pkl=boom"]);
    let first = zip(&[hidden, Item::new("a", b"one")]);
    assert!(members(&first).contains(&"a=one".to_owned()));
    assert_eq!(view(&first).prefix.start, 0);
    assert!(!view(&first).prefix.is_empty());
}

#[test]
fn archives_without_directory_are_walked() {
    let streamed = Item {
        method: 8,
        flags: 8,
        ..Item::new("b", b"two two two")
    };
    let mut bytes = zip(&[Item::new("a", b"one"), streamed, Item::new("c", b"three")]);
    let cut = memmem::find(&bytes, records::CENTRAL).unwrap();
    bytes.truncate(cut);
    check(
        &bytes,
        &["a=one", "b=two two two", "c=three"],
        &["zip-no-directory"],
    );
    assert_eq!(view(&bytes).entries[0].origin, Origin::Walked);
}

#[test]
fn an_input_is_no_member_of_itself() {
    let bytes = [&b"PK\x03\x04\x14\0"[..], &end_record(0, 0, 0)].concat();
    look(&bytes);
    assert!(members(&bytes).is_empty());
}

#[test]
fn names_that_stand_twice_and_shared_bytes_are_facts() {
    let twice = view(&zip(&[
        Item::new("a", b"1"),
        Item::new("a", b"2"),
        Item::new("A", b"3"),
    ]));
    let facts: Vec<Duplicate> = twice.entries.iter().map(|entry| entry.duplicate).collect();
    assert_eq!(facts, [Duplicate::No, Duplicate::SameName, Duplicate::CaseOnly]);
    let shared = Item {
        at_offset_of: Some(0),
        ..Item::new("a", b"one")
    };
    let shared = view(&zip(&[Item::new("a", b"one"), shared]));
    assert_eq!(shared.entries[1].overlaps, Some(0));
    assert!(
        view(&seeds()[0])
            .entries
            .iter()
            .all(|entry| entry.overlaps.is_none())
    );
}

#[test]
fn links_and_modes_are_read() {
    let view = view(&seeds()[0]);
    assert!(view.entries[2].is_link);
    assert_eq!(
        view.entries[2].link_target.as_deref(),
        Some(&b"../../etc/passwd"[..])
    );
}

#[test]
fn a_second_directory_is_read_too() {
    let first = zip(&[Item::new("a", b"one")]);
    let start = memmem::find(&first, records::CENTRAL).unwrap();
    let length = first.len() - start - 22;
    // A second directory and end record behind the first, over the same local header but under another name.
    let mut second = first[start..start + length].to_vec();
    second[46] = b'z';
    let mut bytes = first.clone();
    let at = bytes.len() as u64;
    bytes.extend(&second);
    bytes.extend(end_record(1, length as u64, at));
    let got = members(&bytes);
    assert!(
        got.contains(&"z=one".to_owned()) && got.iter().any(|name| name.ends_with("a=one")),
        "{got:?}"
    );
    assert!(
        kinds(&bytes).contains(&"zip-several-directories"),
        "{:?}",
        kinds(&bytes)
    );
}

#[test]
fn what_python_refuses_is_noted() {
    let nul = Item::new("data.pkl\0.txt", b"one");
    assert_eq!(kinds(&zip(&[nul])), ["zip-name-nul"]);
    let mut count = zip(&[Item::new("a", b"1"), Item::new("b", b"2")]);
    let at = count.len() - 22 + 10;
    count[at] = 1;
    assert_eq!(kinds(&count), ["zip-directory-count"]);
    assert_eq!(members(&count), ["a=1", "b=2"]);
    let wrong_crc = Item {
        crc: Some(1),
        ..Item::new("a", b"one")
    };
    check(&zip(&[wrong_crc]), &["a=one"], &[]);
}

#[test]
fn members_stop_at_the_limit() {
    let items: Vec<Item> = (0..9).map(|index| Item::new(&index.to_string(), b"x")).collect();
    let bytes = zip(&items);
    let limits = Limits {
        members_per_container: 4,
        ..Limits::default()
    };
    let view = parse(&Input {
        source: &bytes,
        limits: &limits,
    })
    .unwrap();
    assert_eq!(view.members().len(), 4);
    assert!(
        view.anomalies()
            .iter()
            .any(|anomaly| anomaly.kind.id == "zip-too-many-entries")
    );
}

/// Cuts every seed at every length, and changes bytes at random places, for as many rounds as asked.
#[test]
fn damage_never_panics() {
    for seed in seeds() {
        for length in 0..seed.len() {
            look(&seed[..length].to_vec());
        }
    }
    let mut state = 1_u64;
    for round in 0..4_000_usize {
        let list = seeds();
        let mut bytes = list[round % list.len()].clone();
        for _ in 0..=round % 4 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let at = (state >> 33) as usize % bytes.len();
            bytes[at] = state.to_le_bytes()[3];
        }
        look(&bytes);
    }
}

fn look(bytes: &Vec<u8>) {
    let _ = score(bytes);
    let view = view(bytes);
    for member in view.members() {
        if let Payload::Section(range) = &member.payload {
            assert!(range.start <= range.end && range.end <= bytes.len() as u64);
            assert!(
                bytes.is_empty() || *range != (0..bytes.len() as u64),
                "endless nesting"
            );
        }
        let _ = first_bytes(bytes, &member.payload, 1 << 16);
    }
    let _: Arc<[Entry]> = view.entries.into();
}

#[test]
fn comments_and_gaps_are_members() {
    let mut bytes = zip(&[Item::new("a", b"one")]);
    let at = bytes.len() - 2;
    bytes[at..].copy_from_slice(&5_u16.to_le_bytes());
    bytes.extend(b"words");
    let names = |bytes: &Vec<u8>| -> Vec<String> {
        let view = view(bytes);
        view.members().iter().map(|member| member.name.clone()).collect()
    };
    assert_eq!(names(&bytes), ["a", "[comment]"]);
    for (filling, expected) in [(&b"payload."[..], &["a", "[gap at 34]"][..]), (&[0; 8], &["a"])] {
        let archive = zip(&[Item::new("a", b"one")]);
        let directory = memmem::find(&archive, b"PK\x01\x02").unwrap();
        assert_eq!(directory, 34);
        let mut bytes = [&archive[..directory], filling, &archive[directory..]].concat();
        let place = bytes.len() - 6;
        bytes[place..place + 4].copy_from_slice(&42_u32.to_le_bytes());
        assert_eq!(names(&bytes), expected);
    }
}
