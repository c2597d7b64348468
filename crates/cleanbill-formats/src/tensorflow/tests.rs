use super::*;
use crate::testing::{ids, never_panics, view};

fn message(number: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).unwrap();
    [&[number << 3 | 2, length][..], content].concat()
}

fn node(name: &[u8], operator: &[u8], more: &[u8]) -> Vec<u8> {
    message(1, &[&message(1, name), &message(2, operator), more].concat())
}

fn constant(name: &[u8], tensor: &[u8]) -> Vec<u8> {
    let value = [message(1, b"value"), message(2, &message(8, tensor))].concat();
    node(name, b"Const", &message(5, &value))
}

fn graph() -> Vec<u8> {
    let text = [&b"\x08\x07"[..], &message(8, b"/etc/x")].concat();
    let packed = [&b"\x08\x07"[..], &message(4, b"\x02\x01abc")].concat();
    let read = node(b"r", b"ReadFile", &message(3, b"a:0"));
    [constant(b"a", &text), constant(b"b", &packed), read].concat()
}

#[test]
fn texts_and_inputs_are_found() {
    let view = view(&graph(), parse);
    assert_eq!(view.dialects(), ["tensorflow-graph"]);
    let names: Vec<&str> = view.operators.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["Const", "ReadFile"]);
    let texts: Vec<&str> = view.texts.iter().map(|(text, _)| text.as_str()).collect();
    assert_eq!(texts, ["/etc/x", "ab", "c"]);
    assert_eq!(view.inputs, [name_hash("a")]);
    assert_eq!(ids(view.anomalies()), Vec::<&str>::new());
}

#[test]
fn a_saved_model_is_told_from_a_graph() {
    let saved = [&b"\x08\x01"[..], &message(2, &message(2, &graph()))].concat();
    assert_eq!(view(&saved, parse).dialects(), ["tensorflow-saved-model"]);
    assert_eq!(view(&message(2, &graph()), parse).nodes.len(), 3);
}

#[test]
fn layers_name_their_classes() {
    let layer = [
        &b"\x10\x01"[..],
        &message(3, b"root.x"),
        &message(4, b"_tf_keras_layer"),
        &message(
            5,
            br#"{"class_name": "Lambda", "config": {"class_name": "__lambda__"}}"#,
        ),
    ]
    .concat();
    let view = view(&message(1, &layer), parse);
    assert_eq!(view.dialects(), ["keras-metadata"]);
    assert_eq!(view.classes.keys().collect::<Vec<_>>(), ["Lambda", "__lambda__"]);
    assert_eq!(view.members().len(), 1);
}

#[test]
fn damage_never_panics() {
    never_panics(&graph(), parse);
}
