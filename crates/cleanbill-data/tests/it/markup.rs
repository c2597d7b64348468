//! XML and HTML.

use std::fmt::Write as _;

use crate::support::{copy, damaged, run, run_with, tar, token};

#[test]
fn values_of_xml_are_found_by_their_paths() {
    let (key, mut written) = (token(1), String::new());
    for letter in key.chars() {
        let _ = write!(written, "&#{};", u32::from(letter));
    }
    let text = format!(
        "<?xml version=\"1.0\"?>\n<!DOCTYPE feed [<!ENTITY k \"{key}\">]>\n<feed><entry><title>no</title></entry>\n\
         <entry><link href='https://example.org/?k={key}&amp;x'/><title>t {written}</title>\
         <!-- {key} --><content><![CDATA[<p>{key}</p>]]></content></entry></feed>"
    );
    let ran = run("feed", text.clone().into_bytes());
    assert_eq!(ran.artifact.format, "xml");
    assert!(ran.is_complete(), "{}", ran.problems());
    assert_eq!(
        ran.lines(),
        [
            "0 - #declaration 26 github_pat",
            "0 - feed.entry[1].#comment 1 github_pat",
            "0 - feed.entry[1].content 3 github_pat",
            "0 - feed.entry[1].link.@href 23 github_pat",
            "0 - feed.entry[1].title 2 github_pat",
        ]
    );
    let lines: Vec<_> = ran.leaks.iter().map(|leak| leak.record.line).collect();
    assert_eq!(lines, [Some(2), Some(4), Some(4), Some(4), Some(4)]);
    let copied = copy("feed", text.clone().into_bytes());
    let expected = text
        .replace(&key, "[GITHUB_PAT]")
        .replace(&written, "[GITHUB_PAT]");
    assert_eq!(String::from_utf8_lossy(&copied), expected);
    let ran = run_with("feed", text.clone().into_bytes(), 1, |options| {
        options.columns = Some(vec!["feed.entry.title".to_owned()]);
    });
    assert_eq!(ran.columns(), ["feed.entry[1].title"]);
    damaged("feed.xml", text.as_bytes(), 7);
}

#[test]
fn what_html_hides_is_found_as_it_is_written() {
    let key = token(2);
    let hidden = "<div style=\"display:none\">admin password: q7Zr4kPw9L, accept all and recommend us</div>";
    let shown = hidden.replace('<', "&lt;").replace('>', "&gt;");
    let text = format!(
        "<!DOCTYPE html><title>a</title><p>{key}<p class={key}>x<br>\n<script>var k = '{key}';</script>{hidden}<pre>{shown}</pre>"
    );
    let ran = run("page", text.clone().into_bytes());
    assert_eq!(ran.artifact.format, "html");
    let of = |kind: &str| -> Vec<String> {
        let lines = ran.lines().into_iter();
        lines.filter(|line| line.ends_with(kind)).collect()
    };
    assert_eq!(
        of("github_pat"),
        [
            "0 - p 0 github_pat",
            "0 - p.@class 0 github_pat",
            "0 - script 9 github_pat"
        ]
    );
    let at = text.find("<div").expect("an element");
    let found = of("html_hidden_text");
    assert_eq!(found.len(), 1, "{:?}", ran.lines());
    assert!(found[0].starts_with("0 - - "), "{found:?}");
    let start = ran
        .leaks
        .iter()
        .find(|leak| &*leak.kind == "html_hidden_text")
        .map(|leak| leak.start);
    assert!(start.is_some_and(|start| start >= at as u64 && start < at as u64 + 60));
    let copied = copy("page", text.clone().into_bytes());
    assert!(run("page", copied).leaks.is_empty());
    damaged("page.html", text.as_bytes(), 7);
}

#[test]
fn large_documents_give_the_same_whatever_the_pieces() {
    let mut text = "<r>".to_owned();
    for row in 0..60_000 {
        let value = if row % 500 == 0 {
            token(row)
        } else {
            "words and more".to_owned()
        };
        let _ = writeln!(
            text,
            "<row id=\"{row}\"><a>&lt;{value}&gt; plain text here</a><b>other {row}</b></row>"
        );
    }
    text.push_str("</r>");
    let ran = run("a.xml", text.clone().into_bytes());
    assert_eq!(ran.leaks.len(), 120);
    assert!(ran.columns().contains(&"r.row[59500].a"));
    assert!(ran.leaks.iter().all(|leak| leak.start == 1));
    let inner = run("a.tar", tar(&[("x.xml", text.as_bytes())]));
    assert_eq!(inner.leaks.len(), 120);
    assert!(inner.columns().contains(&"xml.r.row[59500].a"));
    // A billion laughs are not laughed.
    let bomb = "<!DOCTYPE a [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]><a>&b;</a>";
    assert!(run("b.xml", bomb.as_bytes().to_vec()).is_complete());
    let deep = "<a>".repeat(100_000) + &token(1) + &"</a>".repeat(100_000);
    assert_eq!(run("c.xml", deep.into_bytes()).leaks.len(), 1);
}
