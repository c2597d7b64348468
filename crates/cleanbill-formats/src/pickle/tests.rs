use super::*;

fn view(bytes: &[u8]) -> View {
    let source = bytes.to_vec();
    parse(&Input {
        source: &source,
        limits: &Limits::default(),
    })
    .unwrap()
}

fn score(bytes: &[u8]) -> Option<Score> {
    let source = bytes.to_vec();
    probe(&Probe {
        head: bytes.get(..4096).unwrap_or(bytes),
        tail: bytes,
        size: source.size(),
        source: &source,
    })
}

fn names(view: &View) -> Vec<String> {
    view.imports
        .iter()
        .map(|import| format!("{} {}", import.module, import.name))
        .collect()
}

#[test]
fn a_reduce_in_protocol_0_is_seen() {
    let view = view(b"cos\nsystem\n(S'echo hi'\ntR.");
    assert_eq!(names(&view), ["os system"]);
    let call = &view.calls[0];
    assert_eq!(call.kind, CallKind::Reduce);
    assert_eq!(call.callee, Operand::Import(0));
    assert_eq!(call.arguments, [Operand::Text(Some("echo hi".to_owned()))]);
    assert_eq!(view.streams[0].ending, Ending::Stop);
    assert!(view.anomalies().is_empty());
}

#[test]
fn stack_global_is_read_through_the_memo() {
    // Two texts are memoised, dropped, and fetched again: only a memo kept as the unpickler keeps it names them rightly.
    let view = view(b"\x80\x04\x8c\x02os\x94\x8c\x06system\x9400h\x00h\x01\x93\x8c\x01x\x85R.");
    assert_eq!(names(&view), ["os system"]);
}

#[test]
fn put_and_memoize_share_one_counter() {
    // PUT 1 fills one place, so that MEMOIZE, whose number is the count of filled places, writes place 1 again.
    let view = view(b"\x80\x04\x8c\x04safeq\x01\x8c\x02os\x94h\x01\x8c\x06system\x93.");
    assert_eq!(names(&view), ["os system"]);
}

#[test]
fn computed_names_are_unresolved() {
    let view = view(b"\x80\x04\x8c\x08builtins\x8c\x03str\x93)R\x8c\x06system\x93.");
    assert_eq!(view.unresolved.len(), 1);
    assert_eq!(view.unresolved[0].0, Unresolved::ComputedName);
}

#[test]
fn what_runs_before_damage_is_kept() {
    let view = view(b"cos\nsystem\n(S'x'\ntR\xff\xff\xff");
    assert_eq!(view.calls.len(), 1);
    assert_eq!(view.anomalies()[0].kind.id, "pickle-unknown-opcode");
    assert_eq!(score(b"cos\nsystem\n(S'x'\ntR\xff\xff\xff"), Some(Score::Likely));
}

#[test]
fn an_opcode_across_a_frame_is_an_evasion() {
    let view = view(b"\x80\x04\x95\x04\0\0\0\0\0\0\0\x8c\x06system0N.");
    assert!(
        view.anomalies()
            .iter()
            .any(|anomaly| anomaly.kind.id == "pickle-frame-crossed")
    );
}

#[test]
fn several_pickles_are_read_and_the_rest_is_a_member() {
    let view = view(b"\x80\x02N.\x80\x02cposix\nsystem\n.\x00\x00rest");
    assert_eq!(view.streams.len(), 2);
    assert_eq!(names(&view), ["posix system"]);
    assert_eq!(view.trailing, Some(21..27));
    assert_eq!(view.members()[0].name, "[after]");
}

#[test]
fn nested_pickles_are_members() {
    let view = view(b"\x80\x03C\x0e\x80\x03cos\nsystem\n.0N.");
    assert_eq!(view.members().len(), 1);
    let latin1 = self::view("(X\u{b}\0\0\0\u{80}\u{2}cos\nab\n.0N.".as_bytes());
    let Payload::Owned(bytes) = &latin1.members()[0].payload else {
        panic!("{latin1:?}")
    };
    assert_eq!(bytes.as_ref(), b"\x80\x02cos\nab\n.");
}

#[test]
fn text_is_no_pickle() {
    for text in [
        "cffi\nclick\ncolorama\n",
        "certifi\nchardet\nidna\n",
        "# A title\n\ntext",
        "N.ot a pickle",
        "I like it.\n",
        "(see below)\n",
    ] {
        assert_eq!(score(text.as_bytes()), None, "{text}");
    }
    assert!(score(b"I1\n.").is_some());
    assert!(score(b"\x80\x04N.").is_some());
}

#[test]
fn every_truncation_is_handled() {
    let bytes =
        b"\x80\x04\x95\x1d\0\0\0\0\0\0\0\x8c\x02os\x94\x8c\x06system\x94\x93\x94\x8c\x01x\x94\x85\x94R\x94.";
    for end in 0..bytes.len() {
        let view = view(&bytes[..end]);
        assert!(!view.anomalies().is_empty(), "{end}");
    }
}

#[test]
fn memory_stays_small_over_many_tuples_and_calls() {
    let mut bytes = b"\x80\x02]q\x00(".to_vec();
    for number in 0..500_000_u32 {
        bytes.extend(b"cdatetime\ndatetime\nC\x0a");
        bytes.extend([b'0'; 6]);
        bytes.extend(number.to_le_bytes());
        bytes.extend(b"\x85R");
    }
    bytes.extend(b"e.");
    let view = view(&bytes);
    assert_eq!(view.calls.len(), 1);
    assert_eq!(view.calls[0].count, 500_000);
}

#[test]
fn later_pickles_are_found() {
    assert!(score(b"I0x10\n.").is_some(), "hexadecimal");
    assert!(score(b"N.N.N.\x80\x02cos\nsystem\n(U\x01xtR.").is_some());
    let view = view(b"\x80\x02N.\0\0\0\0\0\0\x80\x3f\x80\x02cos\nsystem\n(U\x01xtR.");
    let names: Vec<&str> = view.members().iter().map(|member| member.name.as_str()).collect();
    assert_eq!(names, ["[after]", "[pickle at 12]"]);
}

#[test]
fn laughing_tuples_and_towers_are_noted() {
    let mut bytes = b"\x80\x02)".to_vec();
    bytes.extend(b"2\x86".repeat(60));
    bytes.push(b'.');
    assert!(
        view(&bytes)
            .anomalies()
            .iter()
            .any(|anomaly| anomaly.kind.id == "pickle-too-heavy")
    );
    let tower = [b"\x80\x02".to_vec(), b"](".repeat(6_000)].concat();
    assert!(
        view(&tower)
            .anomalies()
            .iter()
            .any(|anomaly| anomaly.kind.id == "pickle-too-deep")
    );
}
