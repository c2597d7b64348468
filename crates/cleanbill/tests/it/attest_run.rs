//! `attest run`: the caller's own command, recorded without secrets.
#![cfg(unix)]

use serde_json::Value;

use crate::{
    attest::{all_fit, check, statements, workplace},
    support::{Ran, Workplace, finish},
};

fn run_with(workplace: &Workplace, options: &str, variables: &[(&str, &str)], command: &[&str]) -> Ran {
    let arguments = format!("attest run --private-key key.pem {options} --");
    finish(
        workplace
            .command(&arguments)
            .args(command)
            .envs(variables.iter().copied()),
    )
}

const COPY: [&str; 4] = ["/bin/cp", "-r", "model", "out"];
const VERIFY: &str = "attest verify out --claims out.claims.jsonl --public-key key.pub";

#[test]
fn what_a_command_made_is_claimed() {
    let workplace = workplace();
    let ran = run_with(&workplace, "--input model --output out", &[("LANG", "C")], &COPY);
    assert_eq!(ran.code, 0, "{}", ran.shown());
    all_fit(&workplace, "out.claims.jsonl");
    let found = &statements(&workplace, "out.claims.jsonl")[0]["predicate"];
    let definition = &found["buildDefinition"];
    assert_eq!(
        definition["externalParameters"]["command"],
        serde_json::json!(COPY)
    );
    assert_eq!(definition["internalParameters"]["environment"]["LANG"], "C");
    assert_eq!(definition["resolvedDependencies"][0]["name"], "model");
    for (more, code) in [
        ("", 0),
        (
            "--require run --builder-id urn:cleanbill:builder:local --source model",
            0,
        ),
        ("--builder-id urn:cleanbill:builder", 1),
        ("--source mode", 1),
    ] {
        check(&workplace, &format!("{VERIFY} {more}"), code);
    }
    workplace.write("out/more", b"");
    check(&workplace, VERIFY, 1);
    // What is there before nobody can be said to have made.
    let ran = run_with(&workplace, "--output out", &[], &COPY);
    assert_eq!(ran.code, 2, "{}", ran.shown());
}

#[test]
fn each_output_has_a_claim_of_its_own() {
    let workplace = workplace();
    let command = [
        "/bin/sh",
        "-c",
        "/bin/cp -r model out; /bin/cp model/config.json one.json",
    ];
    let ran = run_with(
        &workplace,
        "--input model --output out --output one.json --builder-id https://ci.example/1 --build-type https://ci.example/copy --claims all.jsonl",
        &[],
        &command,
    );
    assert_eq!(ran.code, 0, "{}", ran.shown());
    all_fit(&workplace, "all.jsonl");
    assert_eq!(statements(&workplace, "all.jsonl").len(), 2);
    // Each claim is about one of them.
    for one in ["out", "one.json"] {
        let verify = format!("attest verify {one} --claims all.jsonl --public-key key.pub --format json");
        let ran = check(&workplace, &verify, 1);
        let result: Value = serde_json::from_str(&ran.stdout).expect("JSON");
        let valid: Vec<bool> = result["claims"]
            .as_array()
            .expect("claims")
            .iter()
            .filter_map(|claim| claim["valid"].as_bool())
            .collect();
        assert_eq!(valid, [one == "out", one != "out"]);
    }
}

#[test]
fn failures_and_changed_inputs_claim_nothing() {
    for (command, code, said) in [
        ("/bin/cp -r model out; exit 7", 1, "the command failed"),
        (
            "/bin/cp -r model out; echo 1 >> model/notes.txt",
            1,
            "changed while it was worked with",
        ),
        (
            "/bin/cp -r model out; echo 1 > model/more",
            1,
            "changed while it was worked with",
        ),
        ("true", 3, "cannot be read"),
        ("/bin/mkdir out", 1, "no file"),
    ] {
        let workplace = workplace();
        let ran = run_with(
            &workplace,
            "--input model --output out",
            &[],
            &["/bin/sh", "-c", command],
        );
        assert_eq!(ran.code, code, "{command}\n{}", ran.shown());
        assert!(ran.stderr.contains(said), "{command}\n{}", ran.shown());
        assert!(!workplace.path("out.claims.jsonl").exists(), "{command}");
    }
    // Nothing runs where the output would change the input.
    let workplace = workplace();
    let command = ["/bin/cp", "-r", "model", "model/out"];
    let ran = run_with(&workplace, "--input model --output model/out", &[], &command);
    assert_eq!(ran.code, 2, "{}", ran.shown());
    assert!(
        ran.stderr.contains("lies in the input `model`"),
        "{}",
        ran.shown()
    );
    assert!(!workplace.path("model/out").exists());
    let ran = run_with(&workplace, "--output out", &[], &["/no/such/program"]);
    assert_eq!(ran.code, 2, "{}", ran.shown());
}

#[test]
fn no_secret_of_the_environment_or_the_arguments_is_written() {
    // Made up, in two parts, so that no scanner finds it here.
    let token = ["hf_", "AbCdEfGhIjKlMnOpQrStUvWxYz01234567"].concat();
    let workplace = workplace();
    let ran = run_with(
        &workplace,
        "--input model --output out",
        &[
            ("HF_TOKEN", &token),
            ("LANG", &token),
            ("TZ", "UTC"),
            ("DB_URL", "postgres://a:hunter2@x/y"),
        ],
        &[
            "/bin/sh",
            "-c",
            "/bin/cp -r model out",
            "--token",
            "hunter3",
            &token,
            "--password=hunter4",
        ],
    );
    assert_eq!(ran.code, 0, "{}", ran.shown());
    let statement = statements(&workplace, "out.claims.jsonl")[0].to_string();
    for secret in [token.as_str(), "hunter2", "hunter3", "hunter4"] {
        assert!(!statement.contains(secret), "{secret}: {statement}");
        assert!(
            !ran.stdout.contains(secret) && !ran.stderr.contains(secret),
            "{}",
            ran.shown()
        );
    }
    for said in [
        r#""TZ":"UTC""#,
        r#""DB_URL""#,
        r#""HF_TOKEN""#,
        r#""LANG""#,
        r#""withheldArguments":[4,5,6]"#,
    ] {
        assert!(statement.contains(said), "{said}: {statement}");
    }
}

/// A file of one matrix of single precision; `moved` is added to its first element.
fn matrix(moved: f32) -> Vec<u8> {
    let header = br#"{"model.layers.0.up.weight":{"dtype":"F32","shape":[8,8],"data_offsets":[0,256]}}"#;
    let mut out = u64::try_from(header.len()).expect("short").to_le_bytes().to_vec();
    out.extend_from_slice(header);
    for index in 0_u8..64 {
        let value = f32::from(index) / 64.0 + if index == 0 { moved } else { 0.0 };
        out.extend(value.to_le_bytes());
    }
    out
}

#[test]
fn lineage_is_claimed_with_what_it_was_compared_with() {
    let workplace = workplace();
    for folder in ["base", "tuned"] {
        std::fs::create_dir(workplace.path(folder)).expect("a folder");
    }
    workplace.write("base/model.safetensors", &matrix(0.0));
    for (moved, claim, result) in [(0.0, "conversion", "PASSED"), (0.5, "conversion", "FAILED")] {
        workplace.write("tuned/model.safetensors", &matrix(moved));
        let ran = workplace.run(&format!(
            "attest lineage tuned --base base --claim {claim} --private-key key.pem --claims {result}.jsonl"
        ));
        assert_eq!(ran.code == 0, result == "PASSED", "{}", ran.shown());
        all_fit(&workplace, &format!("{result}.jsonl"));
        let verify = format!("attest verify tuned --claims {result}.jsonl --public-key key.pub");
        let ran = check(&workplace, &verify, 0);
        assert!(
            ran.stdout.contains(&format!("lineage {result}")),
            "{}",
            ran.shown()
        );
        let code = i32::from(result != "PASSED");
        check(&workplace, &format!("{verify} --require lineage"), code);
    }
    let found = &statements(&workplace, "PASSED.jsonl")[0]["predicate"]["attributes"][0];
    assert_eq!(found["target"]["name"], "base");
    assert_eq!(found["conditions"]["claim"], "conversion");
}
