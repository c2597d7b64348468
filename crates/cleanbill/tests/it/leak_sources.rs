//! `leaks`: text that is not UTF-8, bytes that come once, runs that are broken off and go on.

use std::{
    fs,
    io::{Read as _, Write as _},
    process::Stdio,
    thread,
    time::Duration,
};

use serde_json::Value;

use crate::support::{Ran, Workplace};

fn mail() -> String {
    ["alice.miller", "uni-bonn.de"].join("@")
}

/// Encodes text as UTF-16.
fn utf16(text: &str, encode: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(encode).collect()
}

fn findings(ran: &Ran) -> Vec<Value> {
    let findings = ran.stdout.lines().map(|line| {
        let mut finding: Value = serde_json::from_str(line).expect("JSON");
        let object = finding.as_object_mut().expect("an object");
        object.remove("artifact");
        finding
    });
    findings.collect()
}

fn run(workplace: &Workplace, file: &str) -> Vec<Value> {
    findings(&workplace.run(&format!("leaks {file} -f jsonl --hash-key-file key")))
}

#[test]
fn text_in_other_encodings_is_read_and_copied_in_them() {
    let workplace = Workplace::empty();
    workplace.write("key", b"thirty-two bytes that are no key");
    let mail = mail();
    // More than one piece of work, and wide characters at every cut.
    let csv = format!("编号,姓名,邮箱\n1,张伟,{mail}\n").to_owned() + &"2,李娜😀,无\n".repeat(300_000);
    let json = format!("[{{\"名\": \"北京市朝阳区的人们 {mail}\"}}]");
    let text = format!("给我们的同事写信：{mail}，谢谢。\n");
    for (name, text) in [("a.csv", csv), ("b.json", json), ("c.txt", text)] {
        workplace.write(name, text.as_bytes());
        let expected = run(&workplace, name);
        assert_eq!(expected.len(), 1, "{name}");
        let marked = format!("\u{feff}{text}");
        for (encoding, bytes) in [
            ("utf-16le", utf16(&text, u16::to_le_bytes)),
            ("utf-16be", utf16(&text, u16::to_be_bytes)),
            ("utf-16le", utf16(&marked, u16::to_le_bytes)),
            ("utf-16be", utf16(&marked, u16::to_be_bytes)),
        ] {
            let is_marked = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
            let file = format!("{encoding}-{is_marked}-{name}");
            workplace.write(&file, &bytes);
            let ran = workplace.run(&format!("leaks {file} -f json"));
            assert!(
                ran.stdout.contains(&format!("+{encoding}\"")),
                "{file}: {}",
                ran.shown()
            );
            if !(is_marked && name == "c.txt") {
                assert_eq!(run(&workplace, &file), expected, "{file}");
            }
            let ran = workplace.run(&format!("leaks {file} --redact copy-{file}"));
            assert_eq!(ran.code, 0, "{}", ran.shown());
            let copy = fs::read(workplace.path(&format!("copy-{file}"))).expect("a copy");
            let text = if is_marked { &marked } else { &text };
            let encode = if encoding == "utf-16le" {
                u16::to_le_bytes
            } else {
                u16::to_be_bytes
            };
            assert!(copy == utf16(&text.replace(&mail, "[EMAIL]"), encode), "{file}");
        }
    }
    // The characters 北京市朝阳区的人们, as GB 18030 writes them.
    let mut chinese = b"\xb1\xb1\xbe\xa9\xca\xd0\xb3\xaf\xd1\xf4\xc7\xf8\xb5\xc4\xc8\xcb\xc3\xc7 ".to_vec();
    chinese.extend(mail.bytes());
    workplace.write("gb.txt", &chinese);
    let ran = workplace.run("leaks gb.txt -f json --redact copy-gb.txt");
    assert!(ran.stdout.contains("text+gb18030"), "{}", ran.shown());
    let copy = fs::read(workplace.path("copy-gb.txt")).expect("a copy");
    assert_eq!(copy.get(..19), chinese.get(..19));
    assert_eq!(copy.get(19..), Some(&b"[EMAIL]"[..]));
    // What is sure of nothing is searched as it stands, and coverage says so; what cannot come back is not copied.
    workplace.write(
        "latin.txt",
        format!("d\u{e9}j\u{e0} vu {mail}")
            .replace('\u{e9}', "?")
            .as_bytes(),
    );
    let mut latin = b"d\xe9j\xe0 vu ".to_vec();
    latin.extend(mail.bytes());
    workplace.write("latin.txt", &latin);
    let ran = workplace.run("leaks latin.txt -f json");
    assert!(ran.stdout.contains("no UTF-8"), "{}", ran.shown());
    let mut half = utf16(&format!("\u{feff}to {mail}"), u16::to_le_bytes);
    half.extend([0, 0xd8, b'a', 0]);
    workplace.write("half.txt", &half);
    let ran = workplace.run("leaks half.txt --redact copy-half.txt");
    assert_eq!(ran.code, 3, "{}", ran.shown());
    assert!(!workplace.path("copy-half.txt").exists());
}

#[test]
fn a_pipe_is_read_as_it_comes() {
    let workplace = Workplace::empty();
    workplace.write("key", b"thirty-two bytes that are no key");
    let mut text = String::new();
    for number in 0..60_000 {
        let mail = if number % 1_000 == 7 {
            mail()
        } else {
            String::new()
        };
        text.push_str(&format!(
            "{{\"n\": {number}, \"text\": \"words, words {mail} and more words\"}}\n"
        ));
    }
    workplace.write("rows.jsonl", text.as_bytes());
    let expected = run(&workplace, "rows.jsonl");
    assert_eq!(expected.len(), 60);
    let ran = workplace.run_fed(text.as_bytes(), "leaks - -f jsonl --hash-key-file key");
    assert!(findings(&ran) == expected, "{}", ran.stderr);
    let ran = workplace.run_fed(text.as_bytes(), "leaks - -f json --redact copy.jsonl");
    let document: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(document["artifacts"][0]["size_bytes"], text.len());
    assert_eq!(workplace.read("copy.jsonl"), text.replace(&mail(), "[EMAIL]"));
    // A kind whose end must be read first.
    let ran = workplace.run_fed(b"PAR1 and no more", "leaks -");
    assert_eq!(ran.code, 3);
    assert!(ran.stdout.contains("the footer is missing"), "{}", ran.shown());
}

#[test]
fn what_is_finished_is_not_searched_again() {
    let workplace = Workplace::empty();
    fs::create_dir_all(workplace.path("lake/deep")).expect("a folder");
    for name in ["a", "b", "deep/c", "d"] {
        let text = format!(
            "{{\"id\": \"{name}\", \"text\": \"to {}\"}}\n{{\"text\": \"none\"}}\n",
            mail()
        );
        workplace.write(&format!("lake/{name}.jsonl"), text.as_bytes());
    }
    workplace.write("lake/cut.parquet", b"PAR1 and no more");
    let run = |more: &str| workplace.run(&format!("leaks lake -f json --resume kept {more}"));
    let first = run("");
    assert_eq!(first.code, 3, "{}", first.shown());
    let shown = |stdout: &str| -> Value { serde_json::from_str(stdout).expect("JSON") };
    let document = shown(&first.stdout);
    assert_eq!(document["findings"].as_array().map(Vec::len), Some(4));
    // Nothing of a value stands in what is kept, nor a path in its names.
    let kept: Vec<_> = fs::read_dir(workplace.path("kept"))
        .expect("a folder")
        .flatten()
        .collect();
    assert_eq!(kept.len(), 1 + 2 * 4);
    for file in &kept {
        assert!(
            !fs::read_to_string(file.path())
                .unwrap_or_default()
                .contains("alice")
        );
    }
    let again = run("");
    assert_eq!(again.code, 3, "{}", again.shown());
    assert_eq!(shown(&again.stdout), document);
    let list = |more: &str| {
        workplace
            .run(&format!("leaks lake -f jsonl --resume kept {more}"))
            .stdout
    };
    assert_eq!(list(""), list("-j 5"));
    // The findings come from what is kept: the file says something else by now.
    let place = workplace.path("lake/b.jsonl");
    let before = fs::metadata(&place)
        .and_then(|file| file.modified())
        .expect("a time");
    let length = workplace.read("lake/b.jsonl").len();
    workplace.write("lake/b.jsonl", " ".repeat(length).as_bytes());
    let file = fs::File::options().write(true).open(&place).expect("a file");
    file.set_modified(before).expect("a time");
    assert_eq!(shown(&run("").stdout), document);
    // Another time, another setting, another size: it is searched again.
    file.set_modified(before + Duration::from_secs(1))
        .expect("a time");
    assert_eq!(
        shown(&run("").stdout)["findings"].as_array().map(Vec::len),
        Some(3)
    );
    let other = run("--columns id");
    assert_eq!(shown(&other.stdout)["findings"].as_array().map(Vec::len), Some(0));
    // What is kept and broken counts for nothing.
    for file in &kept {
        if file.file_name() != "key" {
            fs::write(file.path(), "{}").expect("a file");
        }
    }
    assert_eq!(
        shown(&run("").stdout)["findings"].as_array().map(Vec::len),
        Some(3)
    );
    assert_eq!(workplace.run("leaks lake --resume kept --redact out").code, 2);
}

#[cfg(unix)]
#[test]
fn a_run_that_is_broken_off_leaves_nothing_half_done() {
    let workplace = Workplace::empty();
    fs::create_dir(workplace.path("lake")).expect("a folder");
    workplace.write(
        "lake/a.jsonl",
        format!("{{\"text\": \"to {}\"}}\n", mail()).as_bytes(),
    );
    workplace.write("report.json", b"an older report");
    let interrupted = |arguments: &str| {
        let mut command = workplace.command(arguments);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        // A pipe that never ends by itself.
        let line = format!("{{\"text\": \"to {}\"}}\n", mail()).repeat(200_000);
        stdin
            .write_all(line.as_bytes())
            .expect("the program reads its input");
        thread::sleep(Duration::from_secs(2));
        let id = child.id().to_string();
        let sent = std::process::Command::new("kill").args(["-INT", &id]).status();
        assert!(sent.is_ok_and(|status| status.success()));
        let mut said = String::new();
        // The worker that waits for the pipe ends with it.
        thread::sleep(Duration::from_secs(1));
        drop(stdin);
        child
            .stderr
            .take()
            .expect("a pipe")
            .read_to_string(&mut said)
            .expect("text");
        let status = child.wait().expect("the program ends");
        (status.code(), said)
    };
    let (code, said) = interrupted("leaks lake - --resume kept -f json -o report.json");
    assert_eq!(code, Some(3), "{said}");
    assert!(
        said.contains("broken off: 1 of 2 artifacts were searched"),
        "{said}"
    );
    assert!(said.contains("goes on from there"), "{said}");
    assert_eq!(workplace.read("report.json"), "an older report");
    let kept = fs::read_dir(workplace.path("kept")).expect("a folder").count();
    assert_eq!(kept, 3);
    let (code, said) = interrupted("leaks - --redact out.jsonl");
    assert_eq!(code, Some(3), "{said}");
    let left = fs::read_dir(workplace.root()).expect("a folder").flatten();
    let mut left: Vec<String> = left
        .map(|file| file.file_name().to_string_lossy().into_owned())
        .collect();
    left.sort();
    assert_eq!(left, ["kept", "lake", "report.json"]);
}
