//! The approved state: written by one scan, held against the next.

use std::fs;

use crate::support::Workplace;

const TOOLS: &str =
    r#"{"tools": [{"name": "search", "description": "Searches.", "inputSchema": {"type": "object"}}]}"#;

fn workplace() -> Workplace {
    let workplace = Workplace::empty();
    fs::create_dir(workplace.path("agent")).expect("a folder");
    workplace.write("agent/tools.json", TOOLS.as_bytes());
    workplace.write("agent/chat_template.jinja", b"{{ messages }}");
    let ran = workplace.run("scan agent --write-approved approved.json");
    assert_eq!(ran.code, 0, "{}", ran.shown());
    assert!(ran.stderr.contains("2 definitions"), "{}", ran.shown());
    workplace
}

#[test]
fn what_was_approved_passes_whatever_the_order_of_its_keys() {
    let workplace = workplace();
    workplace.write(
        "agent/tools.json",
        br#"{"tools": [{"inputSchema": {"type": "object"}, "description": "Search\u0065s.", "name": "search"}]}"#,
    );
    let ran = workplace.run("scan agent --approved approved.json");
    assert_eq!(ran.code, 0, "{}", ran.shown());
}

#[test]
fn changed_added_and_removed_definitions_are_found() {
    for (file, text, code, said) in [
        (
            "agent/tools.json",
            TOOLS.replace("Searches.", "Searches the web."),
            1,
            "the tool `search` changed",
        ),
        (
            "agent/chat_template.jinja",
            "{{ messages }}\n".to_owned(),
            1,
            "the chat template `default` changed",
        ),
        (
            "agent/skill.md",
            "# A skill\n".to_owned(),
            1,
            "the instructions `skill.md` was not approved",
        ),
        (
            "agent/tools.json",
            "{\"tools\": []}".to_owned(),
            0,
            "the tool `search` was approved and is not there",
        ),
    ] {
        let workplace = workplace();
        workplace.write(file, text.as_bytes());
        let ran = workplace.run("scan agent --approved approved.json --format json");
        assert_eq!(ran.code, code, "{file}\n{}", ran.shown());
        assert!(ran.stdout.contains(said), "{file}\n{}", ran.shown());
    }
}

#[test]
fn an_approved_artifact_that_is_gone_is_incomplete() {
    let workplace = workplace();
    fs::remove_file(workplace.path("agent/tools.json")).expect("a file");
    let ran = workplace.run("scan agent --approved approved.json");
    assert_eq!(ran.code, 3, "{}", ran.shown());
}

#[test]
fn hostile_states_are_refused_with_a_reason() {
    for (text, said) in [
        ("", "not an approved state"),
        ("{\"schema\": \"cleanbill.approved/9\"}", "the schema is"),
        (
            "{\"schema\": \"cleanbill.approved/1\", \"tool\": {\"name\": \"a\", \"version\": \"b\"}, \"definitions\": [{\"artifact\": \"a\", \"kind\": \"tool\", \"name\": \"x\", \"sha256\": \"00\"}]}",
            "hexadecimal",
        ),
    ] {
        let workplace = workplace();
        workplace.write("approved.json", text.as_bytes());
        let ran = workplace.run("scan agent --approved approved.json");
        assert_eq!(ran.code, 2, "{}", ran.shown());
        assert!(ran.stderr.contains(said), "{}", ran.shown());
    }
    let workplace = workplace();
    for arguments in [
        "scan agent --approved no-such.json",
        "scan agent agent/tools.json --approved approved.json",
        "scan agent --write-approved no-such/approved.json",
        "scan agent --output a.json --write-approved a.json",
    ] {
        let ran = workplace.run(arguments);
        assert_eq!(ran.code, 2, "{arguments}\n{}", ran.shown());
    }
}
