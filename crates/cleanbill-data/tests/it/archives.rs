//! Archives.

use std::fmt::Write as _;

use crate::support::{damaged, entry, gzip, run, run_with, tar, token, zip};

/// Rows as a dataset in tar and as JSON Lines.
fn rows(number: u32) -> (Vec<u8>, Vec<u8>) {
    let (mut archive, mut lines) = (Vec::new(), String::new());
    for row in 0..number {
        let key = format!("d/{row:06}");
        let caption = format!("é 中文 {} end", token(row));
        let text = if row % 3 == 0 {
            token(row + 1)
        } else {
            "x".to_owned()
        };
        let json = format!(
            "{{\"caption\": {{\"en\": [\"{caption}\"]}}, \"n\": {row}, \"blob\": \"{}\"}}",
            "y ".repeat(row as usize % 7 * 5_000)
        );
        archive.extend(entry(&format!("{key}.json"), b'0', json.as_bytes()));
        archive.extend(entry(&format!("{key}.txt"), b'0', text.as_bytes()));
        let _ = writeln!(
            lines,
            "{{\"__key__\": \"{key}\", \"json\": {json}, \"txt\": \"{text}\"}}"
        );
    }
    archive.extend([0; 1024]);
    (archive, lines.into_bytes())
}

#[test]
fn the_same_rows_give_the_same_findings_as_json_lines() {
    let (archive, lines) = rows(600);
    let with_key = |name: &str, bytes: Vec<u8>, workers| {
        let ran = run_with(name, bytes, workers, |options| {
            options.id_field = Some("__key__".to_owned());
        });
        assert!(ran.is_complete(), "{}", ran.problems());
        assert_eq!(ran.artifact.records, 600);
        ran.lines()
    };
    let expected = with_key("rows.jsonl", lines, 2);
    assert!(expected.len() > 700);
    for workers in [1, 4] {
        assert_eq!(with_key("rows.tar", archive.clone(), workers), expected);
        assert_eq!(with_key("rows.tar.gz", gzip(&archive), workers), expected);
    }
    let ran = run_with("rows.tar", archive, 1, |options| {
        options.columns = Some(vec!["json.caption".to_owned()]);
        options.sample = Some(10);
    });
    assert_eq!(ran.leaks.len(), 10);
    assert!(ran.columns().iter().all(|column| *column == "json.caption.en[0]"));
}

#[test]
fn members_are_read_as_what_they_are() {
    let key = token(1);
    let line = format!("{{\"a\": \"{key}\"}}\n");
    let lines = line.repeat(3);
    let table = format!("name,note\nx,{key}\n");
    let page = format!("[{{\"a\": 1}}, {{\"b\": \"{key}\"}}]");
    let inner = tar(&[("x.txt", key.as_bytes())]);
    let packed = gzip(lines.as_bytes());
    let deep = zip(&[("in/inner.tar.gz", &gzip(&inner), "")]);
    let files: Vec<(&str, &[u8])> = vec![
        ("data/a.jsonl", lines.as_bytes()),
        ("data/b.csv", table.as_bytes()),
        ("data/c.json", page.as_bytes()),
        ("README", key.as_bytes()),
        ("d.jsonl.gz", &packed),
        ("../../e.zip", &deep),
        ("f.jpg", b"\xff\xd8\0\0"),
        ("g.jpg", b"\xff\xd8\0\0"),
        ("h", b"\0\0\0"),
        ("i.txt", b""),
    ];
    let expected = [
        "0 data/a jsonl[0].a 0 github_pat",
        "0 data/a jsonl[1].a 0 github_pat",
        "0 data/a jsonl[2].a 0 github_pat",
        "1 data/b csv[0].note 0 github_pat",
        "2 data/c json[1].b 0 github_pat",
        "3 README - 0 github_pat",
        "4 d [\"jsonl.gz\"][0].a 0 github_pat",
        "4 d [\"jsonl.gz\"][1].a 0 github_pat",
        "4 d [\"jsonl.gz\"][2].a 0 github_pat",
        "5 ../../e zip[0][\"tar.gz\"][0].txt 0 github_pat",
    ];
    let three: Vec<(&str, &[u8], &str)> = files
        .iter()
        .map(|(name, content)| (*name, *content, ""))
        .collect();
    for (name, bytes) in [
        ("a.tar", tar(&files)),
        ("a.tar.gz", gzip(&tar(&files))),
        ("a.zip", zip(&three)),
        ("a.zip.gz", gzip(&zip(&three))),
    ] {
        let ran = run(name, bytes);
        assert_eq!(ran.lines(), expected, "{name}");
        assert_eq!(ran.artifact.records, 10, "{name}");
        assert_eq!(
            ran.problems(),
            "1 members without a suffix are no data that is read here and were not searched\n\
             2 members `.jpg` are no data that is read here and were not searched\n",
            "{name}"
        );
    }
}

#[test]
fn a_member_larger_than_a_piece_has_places_of_the_whole() {
    let mut text = "many words \n".repeat(900_000);
    let at = text.len();
    text.push_str(&token(5));
    let bytes = tar(&[
        ("a.txt", b"x"),
        ("big.txt", text.as_bytes()),
        ("c.txt", token(6).as_bytes()),
    ]);
    for bytes in [bytes.clone(), gzip(&bytes)] {
        let expected = [
            format!("1 big txt {at} github_pat"),
            "2 c txt 0 github_pat".to_owned(),
        ];
        assert_eq!(run("a.tar", bytes).lines(), expected);
    }
}

#[test]
fn names_of_tar_are_read_in_every_form() {
    let key = token(2);
    let long = format!("{}/long.txt", "n".repeat(150));
    let mut bytes = entry("././@LongLink", b'L', format!("{long}\0").as_bytes());
    bytes.extend(entry("cut", b'0', key.as_bytes()));
    let record = |text: &str| {
        let length = (1..99).find(|length: &usize| length.to_string().len() + text.len() + 2 == *length);
        format!("{} {text}\n", length.expect("a length"))
    };
    bytes.extend(entry("p", b'x', record("path=pax/one.txt").as_bytes()));
    bytes.extend(entry("cut", b'0', key.as_bytes()));
    bytes.extend(entry("link.txt", b'2', b""));
    bytes.extend(entry("folder/", b'5', b""));
    let sparse = record("GNU.sparse.major=1") + &record("GNU.sparse.name=s/parse.txt");
    bytes.extend(entry("p", b'x', sparse.as_bytes()));
    bytes.extend(entry("cut", b'0', key.as_bytes()));
    // Behind the end mark.
    bytes.extend([0; 1024]);
    bytes.extend(entry("behind.txt", b'0', key.as_bytes()));
    let ran = run("a", bytes.clone());
    let ids: Vec<_> = ran
        .leaks
        .iter()
        .filter_map(|leak| leak.record.id.clone())
        .collect();
    assert_eq!(ids[1..], ["pax/one", "s/parse", "behind"]);
    assert!(
        ran.problems().contains("`s/parse.txt` is sparse"),
        "{}",
        ran.problems()
    );
    // What stands between is said, and what follows is found.
    let mut wrong = tar(&[("a.txt", key.as_bytes())]);
    wrong.truncate(1024);
    wrong.extend([b'x'; 1536]);
    wrong.extend(tar(&[("b.txt", key.as_bytes())]));
    let ran = run("a.tar", wrong);
    assert_eq!(ran.leaks.len(), 2);
    assert!(ran.problems().contains("no header here"), "{}", ran.problems());
    damaged("a.tar", &bytes, 61);
}

#[test]
fn an_archive_that_is_cut_says_so() {
    let bytes = tar(&[("a.txt", &b"word ".repeat(1_000))]);
    for bytes in [bytes[..2_000].to_vec(), gzip(&bytes[..2_000])] {
        let ran = run("a.tar", bytes);
        assert!(!ran.is_complete());
    }
    let mut packed = gzip(&bytes);
    packed.truncate(packed.len() / 2);
    assert!(!run("a.tar.gz", packed).is_complete());
}

#[test]
fn a_zip_hides_nothing_and_is_no_bomb() {
    let key = token(3);
    let mut bytes = zip(&[("a.txt", b"x", &key), ("b.txt", key.as_bytes(), "")]);
    assert_eq!(run("a.zip", bytes.clone()).columns(), ["txt.__comment__", "txt"]);
    damaged("a.zip", &bytes, 3);
    // A member that the directory does not list.
    let other = zip(&[("hidden.txt", key.as_bytes(), "")]);
    let mut hidden = other[..80].to_vec();
    hidden.append(&mut bytes);
    let ran = run("a.zip", hidden);
    assert_eq!(ran.leaks.len(), 2);
    assert!(ran.problems().contains("does not list"), "{}", ran.problems());
    // One member under many names.
    let content = vec![b'a'; 1 << 20];
    let names: Vec<String> = (0..50).map(|number| format!("{number}.txt")).collect();
    let files: Vec<_> = names
        .iter()
        .map(|name| (name.as_str(), content.as_slice(), ""))
        .collect();
    let mut bomb = zip(&files);
    let at = bomb
        .windows(4)
        .position(|four| four == b"PK\x01\x02")
        .expect("a directory");
    let first = bomb.split_off(at);
    let mut directory = Vec::new();
    for name in &names {
        let width = name.len();
        let mut one = first[..46].to_vec();
        one[28] = u8::try_from(width).expect("short");
        directory.extend(one);
        directory.extend(name.as_bytes());
    }
    let mut small = bomb[..at / 50 * 2].to_vec();
    let start = u32::try_from(small.len()).expect("small");
    small.extend(&directory);
    small.extend(b"PK\x05\x06\0\0\0\0\x32\0\x32\0");
    small.extend(u32::try_from(directory.len()).expect("small").to_le_bytes());
    small.extend(start.to_le_bytes());
    small.extend([0, 0]);
    let ran = run("bomb.zip", small);
    assert!(
        ran.problems().contains("overlaps other members"),
        "{}",
        ran.problems()
    );
    // Archives in archives in archives.
    let mut deep = key.into_bytes();
    for _ in 0..6 {
        deep = zip(&[("a.zip", &deep, "")]);
    }
    let ran = run("deep.zip", deep);
    assert!(ran.leaks.is_empty());
    assert!(ran.problems().contains("too deep"), "{}", ran.problems());
}
