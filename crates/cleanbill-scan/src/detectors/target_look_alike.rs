//! Detector `target-look-alike`.

use cleanbill_core::text;

use crate::{
    collection::CollectionSink,
    detector::{Naming, detector},
    names::{NameKind, look_alike},
};

detector! {
    /// ## What it finds
    /// A target `hf://owner/name` or `hf://datasets/owner/name` whose owner imitates a well-known one.
    /// ## Why it matters
    /// Whoever scans a repository is about to use it. What is examined may be harmless today and is the impostor's to change.
    /// ## How it is decided
    /// As `model-look-alike` decides, of the target's own name. The finding stands at the first file of the target.
    /// ## What it misses
    /// What `model-look-alike` misses; copies on other hosts or disks, whose name says nothing.
    /// ## What to do
    /// Compare the owner with the model's own page before anything is loaded.
    /// ## References
    /// CWE-506, MITRE ATLAS AML.T0010.003.
    id: "target-look-alike",
    title: "Owner of the target looks like another", "目标的所有者名称与知名者相似",
    severity: High, confidence: Medium,
    tags: &["CWE-506", "AML.T0010.003"], controls: &["MOD-02"],
    on: names => run,
}

fn run(naming: &Naming<'_>, sink: &mut CollectionSink<'_>) {
    let Some(rest) = naming.target.strip_prefix("hf://") else {
        return;
    };
    let (kind, rest) = match rest.strip_prefix("datasets/") {
        Some(rest) => (NameKind::Dataset, rest),
        None => (NameKind::Model, rest),
    };
    let rest = rest.split('@').next().unwrap_or(rest);
    let parts: Vec<&str> = rest.split('/').take(2).collect();
    let name = parts.join("/");
    let (Some(found), Some(file)) = (look_alike(kind, &name), naming.facts.first()) else {
        return;
    };
    let real = &found.real;
    sink.at(file)
        .report(
            None,
            text!(
                "the owner of the target `{name}` looks like `{real}` and is another one",
                "目标 `{name}` 的所有者与 `{real}` 相似，却是另一个"
            ),
        )
        .severity(found.severity)
        .evidence(&name);
}

#[cfg(test)]
mod tests {
    use cleanbill_core::Severity;

    use crate::testing::check_target;

    #[test]
    fn the_target_is_held_against_the_list() {
        for (target, severities) in [
            ("hf://meta-lIama/Llama-3.1-8B@main", &[Severity::High][..]),
            ("hf://datasets/opennai/gsm8k", &[Severity::High]),
            ("hf://meta-llama/Llama-3.1-8B", &[]),
            ("hf://gpt2", &[]),
            ("meta-lIama/Llama-3.1-8B", &[]),
        ] {
            check_target("target-look-alike", target, severities);
        }
    }
}
