//! What must hold of every set of rules.

use cleanbill_core::UnixTime;
use cleanbill_policy::{
    ArtifactName,
    policy_file::{self, Signer},
    trust::{Identity, Known, Proven, decide, names},
};
use cleanbill_samples::Random;

const NAMESPACES: [&str; 7] = [
    "*/*", "acme/*", "ACME/*", "acme/a*", "acme/*b", "acme/ab", "other/*",
];
const NAMES: [&str; 4] = ["acme/ab", "Acme/x", "other/ab", "none/x"];
const DATES: [&str; 4] = ["2026-01-01", "2026-04-01", "2026-08-01", "2026-12-01"];

fn below(random: &mut Random, count: usize) -> usize {
    random.below(count)
}

fn fingerprint(number: usize) -> String {
    format!("{number:064x}")
}

fn rules(random: &mut Random) -> String {
    let mut lines = vec!["[system]\nname = 'x'".to_owned()];
    for _ in 0..below(random, 6) {
        let namespace = NAMESPACES[below(random, NAMESPACES.len())];
        lines.push(format!("[[trust]]\nnamespace = '{namespace}'"));
        let number = below(random, 3);
        lines.push(match below(random, 3) {
            0 => format!("sigstore = {{ identity = '{number}', issuer = 'i' }}"),
            _ => format!("key = '{}'", fingerprint(number)),
        });
        for key in ["since", "until"] {
            let date = DATES[below(random, DATES.len())];
            if below(random, 3) == 0 {
                lines.push(format!("{key} = {date}"));
            }
        }
        let date = DATES[below(random, DATES.len())];
        if below(random, 4) == 0 {
            lines.push(format!("revoked = {{ at = {date}, reason = 'r' }}"));
        }
    }
    lines.join("\n")
}

#[test]
fn a_signer_that_no_deciding_rule_names_is_never_trusted() {
    let now = UnixTime::parse("2026-09-01").expect("a time");
    let (mut read, mut trusted) = (0, 0);
    for seed in 0..20_000 {
        let mut random = Random::new(seed);
        let text = rules(&mut random);
        // Rules that stand twice, and times in the wrong order, are faults.
        let Ok(file) = policy_file::read(text.as_bytes()) else {
            continue;
        };
        read += 1;
        let known: Vec<Known<'_>> = file
            .trust
            .iter()
            .map(|rule| Known {
                rule,
                key: None,
                roots: Vec::new(),
            })
            .collect();
        let signer = match below(&mut random, 2) {
            0 => Identity::Sigstore {
                identity: below(&mut random, 4).to_string(),
                issuer: "i".to_owned(),
            },
            _ => Identity::Key {
                fingerprint: fingerprint(below(&mut random, 4)),
            },
        };
        let name = ArtifactName::parse(NAMES[below(&mut random, NAMES.len())]).expect("a name");
        let times: Vec<UnixTime> = (0..below(&mut random, 3))
            .map(|_| UnixTime::parse(DATES[below(&mut random, DATES.len())]).expect("a time"))
            .collect();
        let proven = Proven::of(&times, now);
        let result = decide(&known, &name, &signer, proven, now);
        // The same question has the same answer.
        assert_eq!(result, decide(&known, &name, &signer, proven, now));
        let is_listed = known
            .iter()
            .any(|one| one.rule.namespace.matches(&name) && names(one, &signer));
        match result {
            Ok(index) => {
                trusted += 1;
                let rule = known[index].rule;
                assert!(is_listed, "{text}\n{signer:?}");
                assert!(
                    rule.namespace.matches(&name) && names(&known[index], &signer),
                    "{text}"
                );
                assert!(
                    match (&rule.signer, &signer) {
                        (Signer::Key { fingerprint, .. }, Identity::Key { fingerprint: found }) =>
                            fingerprint.as_ref() == Some(found),
                        (Signer::Sigstore { identity, .. }, Identity::Sigstore { identity: found, .. }) =>
                            identity == found,
                        _ => false,
                    },
                    "{text}\n{signer:?}"
                );
                // Nobody is trusted whom any rule revokes, but for what is proven to be older.
                let revoked = known.iter().filter(|one| names(one, &signer));
                for revocation in revoked.filter_map(|one| one.rule.revoked.as_ref()) {
                    assert!(
                        proven.is_some_and(|proven| proven.latest < revocation.at),
                        "{text}"
                    );
                }
                // Without its rule it is not trusted by that rule: what else trusts it names it too.
                let mut fewer = known.clone();
                fewer.remove(index);
                if let Ok(other) = decide(&fewer, &name, &signer, proven, now) {
                    assert!(names(&fewer[other], &signer), "{text}");
                }
            }
            Err(reasons) => assert!(!reasons.is_empty(), "{text}"),
        }
    }
    assert!(read > 5_000 && trusted > 300, "{read} {trusted}");
}
