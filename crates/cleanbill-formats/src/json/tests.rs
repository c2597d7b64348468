use super::*;

fn walk(text: &str, strictness: Strictness) -> Result<Vec<(Event, String)>, JsonError> {
    let bytes = text.as_bytes().to_vec();
    let mut reader = Reader::new(&bytes, 0..u64::MAX, strictness, 8, 100);
    let mut out = Vec::new();
    while let Some((event, _)) = reader.next()? {
        let named = matches!(event, Event::Key { .. } | Event::String | Event::Number);
        out.push((
            event,
            if named {
                reader.text().into_owned()
            } else {
                String::new()
            },
        ));
    }
    let offset = reader.position();
    if reader.has_more()? {
        return Err(JsonError::End { offset });
    }
    Ok(out)
}

#[test]
fn values_come_as_events() {
    let events = walk(
        r#" {"a\u00e9":[1,-2.5e3,true,null,"\ud83d\ude00"],"b":{}} "#,
        Strictness::Rfc,
    )
    .unwrap();
    let words: Vec<&str> = events.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(
        words,
        ["", "aé", "", "1", "-2.5e3", "", "", "😀", "", "b", "", "", ""]
    );
}

#[test]
fn repeated_keys_are_seen_even_when_escaped() {
    let events = walk(r#"{"ab":1,"\u0061b":2,"c":{"ab":3}}"#, Strictness::Rfc).unwrap();
    let repeated = |event: &&(Event, String)| event.0 == Event::Key { repeated: true };
    assert_eq!(events.iter().filter(repeated).count(), 1);
}

#[test]
fn broken_grammar_is_refused() {
    for text in [
        "",
        "{",
        "[1,]",
        "{\"a\":1,}",
        "{,}",
        "[1 2]",
        "{\"a\" 1}",
        "01",
        "1.",
        "+1",
        "tru",
        "\"\\x\"",
        "\"\n\"",
        "[}",
        "{]",
        "NaN",
        "\"\\ud800\"",
        "[[[[[[[[[[[",
        "'a'",
        "{a:1}",
    ] {
        assert!(walk(text, Strictness::Rfc).is_err(), "{text}");
    }
    for text in ["NaN", "-Infinity", "\"\\ud800\"", "[1e5]"] {
        assert!(walk(text, Strictness::Python).is_ok(), "{text}");
    }
}
