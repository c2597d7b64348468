//! Offsets, pieces, hostile texts.

use cleanbill_leaks::{Class, Hit, Rules, Scanner, State};

use crate::template::{Random, base64, fill};

/// Makes a text of words, tokens and noise.
fn mixture(rules: &Rules, random: &mut Random) -> Vec<u8> {
    let mut text = Vec::new();
    let examples: Vec<&String> = rules.iter().flat_map(|rule| &rule.examples).collect();
    for round in 0..=random.below(40) {
        let seed = u64::try_from(round).unwrap_or(0);
        match random.below(4) {
            0 => text.extend_from_slice(&b"some words password = in between "[..random.below(33)]),
            1 => text.extend((0..random.below(3_000)).map(|_| b' ')),
            2 => text.extend((0..random.below(60)).map(|_| random.byte())),
            _ => {
                let example = examples[random.below(examples.len())];
                text.extend_from_slice(fill(example, seed).as_bytes());
            }
        }
    }
    text
}

fn in_pieces(scanner: &Scanner, text: &[u8], random: &mut Random, most: usize) -> Vec<Hit> {
    let mut state = State::default();
    let mut hits = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (now, later) = rest.split_at((random.below(most) + 1).min(rest.len()));
        hits.extend(scanner.scan(&mut state, now));
        rest = later;
    }
    hits.extend(scanner.finish(&mut state));
    hits
}

#[test]
fn however_a_text_is_cut_the_hits_are_the_same() {
    let rules = Rules::builtin();
    let scanner = Scanner::new(rules.clone());
    let mut random = Random(7);
    for round in 0..30 {
        let mut text = mixture(&rules, &mut random);
        if round % 3 == 0 {
            let once = text.clone();
            while text.len() < 300_000 {
                text.extend_from_slice(&once);
                text.push(b'\n');
            }
        }
        let whole = scanner.scan_all(&text);
        for most in [40, 5_000, 200_000] {
            let pieces = in_pieces(&scanner, &text, &mut random, most);
            assert_eq!(pieces, whole, "round {round}, pieces of {most}");
        }
    }
}

#[test]
fn hits_lie_in_the_text_and_apart_from_each_other() {
    let rules = Rules::builtin();
    let scanner = Scanner::new(rules.clone());
    let mut random = Random(11);
    for _ in 0..300 {
        let text = mixture(&rules, &mut random);
        // What is hidden and what is a value may overlap.
        let (mut hidden, mut value) = (0, 0);
        for hit in scanner.scan_all(&text) {
            let last = if hit.class == Class::Hidden {
                &mut hidden
            } else {
                &mut value
            };
            assert!(hit.range.start >= *last && hit.range.start < hit.range.end);
            assert!(hit.range.end <= text.len() as u64);
            *last = hit.range.end;
        }
    }
}

#[test]
fn a_hit_points_at_the_value() {
    let scanner = Scanner::new(Rules::builtin());
    for (text, id, start, end) in [
        ("key: ghp_{c:36}.", "github_pat", 5, 45),
        ("密钥 = sk-{x:32} 。", "deepseek_api_key", 9, 44),
        ("postgres://app:q7Zr4kPw9Lx2@db.corp/x", "url_credentials", 15, 27),
    ] {
        let text = fill(text, 3);
        let hits = scanner.scan_all(text.as_bytes());
        let seen: Vec<(&str, u64, u64)> = hits
            .iter()
            .map(|hit| (hit.id(&scanner), hit.range.start, hit.range.end))
            .collect();
        assert_eq!(seen, [(id, start, end)], "{text}");
    }
}

#[test]
fn secrets_in_base64_are_found_at_every_place() {
    let scanner = Scanner::new(Rules::builtin());
    for padding in ["", "x", "xx", "token="] {
        for token in ["ghp_{c:36}", "AKIAY34FZKBOKMUTVV7A", "sk-ant-api03-{w:93}AA"] {
            let text = format!(
                "data: {}\n",
                base64(format!("{padding} {}\n", fill(token, 5)).as_bytes())
            );
            let hits = scanner.scan_all(text.as_bytes());
            let ids: Vec<&str> = hits.iter().map(|hit| hit.id(&scanner)).collect();
            assert_eq!(ids, ["base64_wrapped_secret"], "{text}");
        }
    }
}

#[test]
fn honest_texts_are_silent() {
    let scanner = Scanner::new(Rules::builtin());
    for text in [
        "sha256:{x:64}  model.safetensors\n{x:40} refs/heads/main\nmd5 {x:32}",
        "version https://git-lfs.github.com/spec/v1\noid sha256:{x:64}\nsize 123456789\n",
        "\"integrity\": \"sha512-{b:86}==\",\n\"resolved\": \"https://registry.npmjs.org/a/-/a-1.0.0.tgz\"",
        "id: {uuid}\nrequest-id: {uuid}",
        "\"image/png\": \"iVBORw0KGgo{b:4000}\"",
        "{\"<|endoftext|>\": 50256, \"Ġtoken\": 11241, \"Ġpassword\": 9206, \"secret\": 21078}",
        "tokenizer.pad_token = tokenizer.eos_token\napi_key = os.getenv(\"OPENAI_API_KEY\")\n",
        "password: str = Field(..., min_length=8)\nsecret = settings.SECRET_KEY\n",
        "export HF_TOKEN=hf_...\nexport OPENAI_API_KEY=<your key>\nAKIAIOSFODNN7EXAMPLE\n",
        "https://user:pass@example.com:8080/path ssh://git@github.com/a/b.git",
        "-----BEGIN CERTIFICATE-----\nMIID{b:800}\n-----END CERTIFICATE-----\nssh-rsa AAAAB3NzaC1yc2E{b:300} a@b",
        "请输入密码：不少于八位。令牌是模型的输入单位。",
    ] {
        for seed in 0..10 {
            let text = fill(text, seed);
            let hits = scanner.scan_all(text.as_bytes());
            let ids: Vec<&str> = hits.iter().map(|hit| hit.id(&scanner)).collect();
            assert!(ids.is_empty(), "{ids:?} in {text}");
        }
    }
}

#[test]
fn a_flood_is_counted() {
    let scanner = Scanner::new(Rules::builtin());
    let mut state = State::default();
    let mut handed = 0;
    for seed in 0..1_200 {
        let line = fill("token {d:3} ghp_{c:36}\n", seed);
        handed += scanner.scan(&mut state, line.as_bytes()).len();
    }
    handed += scanner.finish(&mut state).len();
    assert_eq!(handed, 1_000);
    assert_eq!(state.dropped(), 200);
}
