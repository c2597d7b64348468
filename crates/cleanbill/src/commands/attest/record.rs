//! What may be written down of a command: its arguments and its environment without secrets.

use std::collections::{BTreeMap, BTreeSet};

use cleanbill_leaks::{Class, Rules, Scanner};

/// Holds what is written down.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Recorded {
    pub(super) command: Vec<String>,
    pub(super) withheld_arguments: Vec<usize>,
    pub(super) environment: BTreeMap<String, String>,
    pub(super) withheld_environment: BTreeSet<String>,
}

/// Decides what of a command and its environment is written down.
///
/// Values of variables are written only where the name is on a short list of those that change results and open no door. Arguments are
/// written unless they hold what a rule for leaks knows, or stand at a name that looks like that of a secret.
pub(super) fn record(command: &[String], environment: &BTreeMap<String, String>) -> Recorded {
    let scanner = Scanner::new(Rules::secrets());
    let mut recorded = Recorded::default();
    let mut is_value_of_secret = false;
    for (index, argument) in command.iter().enumerate() {
        let (name, value) = argument.split_once('=').unwrap_or((argument, ""));
        let is_withheld = is_value_of_secret
            || assigns_secret(argument)
            || leaks(&scanner, "argument", argument)
            || (!value.is_empty() && leaks(&scanner, name, value));
        // The next argument is the value of an option without one, however it begins.
        is_value_of_secret = argument.starts_with('-') && value.is_empty() && looks_secret(name);
        if is_withheld {
            recorded.withheld_arguments.push(index);
            recorded.command.push(WITHHELD.to_owned());
        } else {
            recorded.command.push(argument.clone());
        }
    }
    for (name, value) in environment {
        let is_harmless = HARMLESS.contains(&name.as_str()) && value.len() <= VALUE_BYTES;
        if is_harmless && !looks_secret(name) && !leaks(&scanner, name, value) {
            recorded.environment.insert(name.clone(), value.clone());
        } else if leaks(&scanner, "name", name) {
            recorded.withheld_environment.insert(WITHHELD.to_owned());
        } else {
            recorded.withheld_environment.insert(name.clone());
        }
    }
    recorded
}

/// Says whether a rule for secrets knows a value, by itself or at its name. Rules pass over what looks like an example; here the shape
/// of a token is enough, since nothing is lost by withholding one too many.
fn leaks(scanner: &Scanner, name: &str, value: &str) -> bool {
    if has_token_shape(value) {
        return true;
    }
    let texts = [
        value.to_owned(),
        format!("{name}={value}\n"),
        format!("{name}: \"{value}\"\n"),
    ];
    texts.iter().any(|text| {
        let hits = scanner.scan_all(text.as_bytes());
        hits.iter()
            .any(|hit| scanner.rule(hit).is_none_or(|rule| rule.class == Class::Secret))
    })
}

/// Says whether a word begins as tokens of well-known services do, and is as long as they are.
fn has_token_shape(value: &str) -> bool {
    let words =
        value.split(|character: char| !character.is_ascii_alphanumeric() && !"_-.".contains(character));
    words
        .filter(|word| word.len() >= TOKEN_CHARACTERS)
        .any(|word| TOKEN_STARTS.iter().any(|start| word.starts_with(start)))
}

/// Says whether something is set to a value anywhere in an argument, by `NAME=VALUE` or `NAME: VALUE`, whose name is one for secrets: a
/// script for a shell sets several, a header has a name of its own.
fn assigns_secret(argument: &str) -> bool {
    let is_of_name = |c: char| c.is_alphanumeric() || "_-.".contains(c);
    argument.match_indices(['=', ':']).any(|(at, _)| {
        let (before, after) = argument.split_at(at);
        let name = before.trim_end_matches(|c: char| c == '"' || c == '\'' || c.is_whitespace());
        let name = name.rsplit(|c: char| !is_of_name(c)).next().unwrap_or_default();
        let value = after.trim_start_matches(|c: char| "=:\"'".contains(c) || c.is_whitespace());
        !value.is_empty() && looks_secret(name)
    })
}

/// Says whether one of the words of a name is one for secrets.
fn looks_secret(name: &str) -> bool {
    let words = name.split(|character: char| !character.is_ascii_alphanumeric());
    words.map(str::to_ascii_lowercase).any(|word| {
        SECRET_WORDS.contains(&word.as_str()) || SECRET_PARTS.iter().any(|part| word.contains(part))
    })
}

const WITHHELD: &str = "[withheld]";
/// Bytes of a value that is written down; none of the variables below needs more.
const VALUE_BYTES: usize = 256;

/// Variables whose values change what a run gives.
const HARMLESS: [&str; 21] = [
    "CUBLAS_WORKSPACE_CONFIG",
    "CUDA_VISIBLE_DEVICES",
    "HF_DATASETS_OFFLINE",
    "HF_HUB_OFFLINE",
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_CTYPE",
    "LC_NUMERIC",
    "MKL_NUM_THREADS",
    "NVIDIA_TF32_OVERRIDE",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONHASHSEED",
    "PYTHONUNBUFFERED",
    "SOURCE_DATE_EPOCH",
    "TOKENIZERS_PARALLELISM",
    "TRANSFORMERS_OFFLINE",
    "TZ",
    "WORLD_SIZE",
];

/// Characters of a token, at least.
const TOKEN_CHARACTERS: usize = 20;
/// How tokens of well-known services begin.
const TOKEN_STARTS: [&str; 14] = [
    "AIza",
    "AKIA",
    "ASIA",
    "eyJ",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "hf_",
    "npm_",
    "pypi-",
    "sk-",
    "xox",
];

/// Words that are names of secrets.
const SECRET_WORDS: [&str; 10] = [
    "auth", "bearer", "cookie", "cred", "creds", "key", "pat", "pin", "pw", "pwd",
];
/// Parts of words that are names of secrets.
const SECRET_PARTS: [&str; 7] = [
    "accesskey",
    "apikey",
    "authorization",
    "credential",
    "pass",
    "secret",
    "token",
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Made up, in the shape of a token of a hub; in two parts, so that no scanner finds it here.
    fn token() -> String {
        ["hf_", "AbCdEfGhIjKlMnOpQrStUvWxYz01234567"].concat()
    }

    #[test]
    fn rules_know_what_has_no_shape_of_its_own() {
        let scanner = Scanner::new(Rules::secrets());
        assert!(leaks(&scanner, "url", "postgres://app:Vq7nT2xLpZ@db.internal/x"));
        assert!(!leaks(
            &scanner,
            "revision",
            "0123456789abcdef0123456789abcdef01234567"
        ));
        assert!(!leaks(&scanner, "LANG", "C.UTF-8"));
    }

    #[test]
    fn secrets_are_withheld_wherever_they_stand() {
        let token = token();
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        for (command, withheld) in [
            ("python train.py --lr 1e-4", vec![]),
            ("python train.py --token TOKEN", vec![3]),
            ("python train.py --hub TOKEN", vec![3]),
            ("python train.py --hub=TOKEN", vec![2]),
            ("python train.py --api-key=abc", vec![2]),
            ("python train.py --password abc --epochs 3", vec![3]),
            ("python train.py --push --verbose", vec![]),
            ("env DB_PASSWORD=abc python", vec![1]),
            ("python train.py --password -Xy12 --epochs 3", vec![3]),
            ("python train.py --hubtoken abc", vec![3]),
            ("python train.py --accessToken=abc", vec![2]),
            ("curl https://example.org:8080/x -o x", vec![]),
        ] {
            let command = words(&command.replace("TOKEN", &token));
            let recorded = record(&command, &BTreeMap::new());
            assert_eq!(recorded.withheld_arguments, withheld, "{command:?}");
            assert!(!recorded.command.join(" ").contains(&token));
        }
        for argument in [
            "EPOCHS=3 DB_PASSWORD=hunter2 python t.py",
            "X-Api-Key: hunter2",
            "Authorization: Bearer abc",
            r#"{"password": "hunter2"}"#,
        ] {
            let recorded = record(&["x".to_owned(), argument.to_owned()], &BTreeMap::new());
            assert_eq!(recorded.withheld_arguments, [1], "{argument}");
        }
    }

    #[test]
    fn only_values_on_the_list_are_written() {
        let token = token();
        let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let environment = BTreeMap::from([
            set("HF_TOKEN", &token),
            set("LANG", &token),
            set("TZ", "UTC"),
            set("PATH", "/usr/bin"),
            set(&token, "x"),
        ]);
        let recorded = record(&[], &environment);
        assert_eq!(recorded.environment, BTreeMap::from([set("TZ", "UTC")]));
        let names: Vec<&str> = recorded.withheld_environment.iter().map(String::as_str).collect();
        assert_eq!(names, ["HF_TOKEN", "LANG", "PATH", WITHHELD]);
    }
}
