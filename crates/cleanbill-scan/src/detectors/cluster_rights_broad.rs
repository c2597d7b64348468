//! Detector `cluster-rights-broad`.

use cleanbill_code::tree::Node;
use cleanbill_core::{Severity, Text, text};

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Kubernetes roles with every verb on every resource, and bindings of `cluster-admin` to service accounts or to everybody.
    /// ## Why it matters
    /// Code that runs in a pod speaks with the rights of its service account; these rights are those of the whole cluster.
    /// ## How it is decided
    /// A rule whose `verbs` and `resources` are both `*`, or that may read secrets anywhere, and the role name in bindings. A
    /// binding to all service accounts or to visitors without a name is `high`.
    /// ## What it misses
    /// Rights that lead to others in several steps.
    /// ## What to do
    /// List the verbs and resources that the workload needs, in its own namespace.
    /// ## References
    /// CWE-269, CWE-732.
    id: "cluster-rights-broad",
    title: "Rights over the whole cluster", "对整个集群的权限",
    severity: Medium, confidence: High,
    tags: &["CWE-269", "CWE-732"], controls: &["SYS-07"],
    on: artifact => run,
}

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    if scene.reading.deployment().is_none() {
        return;
    }
    for document in scene.reading.tree().iter().flat_map(|tree| &tree.documents) {
        document.walk(&mut |_, node| {
            let found = match node.str_at(&["kind"]) {
                Some("ClusterRole" | "Role") => role(node),
                Some("ClusterRoleBinding" | "RoleBinding") => binding(node),
                _ => None,
            };
            if let Some((at, severity, message)) = found {
                sink.report(scene.reading.range(&at.span), message)
                    .severity(severity)
                    .evidence(node.str_at(&["metadata", "name"]).unwrap_or_default());
            }
        });
    }
}

fn has(rule: &Node, key: &str, wanted: &[&str]) -> bool {
    let values = rule.get(key).map(Node::items).unwrap_or_default();
    values
        .iter()
        .any(|value| value.as_str().is_some_and(|value| wanted.contains(&value)))
}

fn role(node: &Node) -> Option<(&Node, Severity, Text)> {
    let cluster = node.str_at(&["kind"]) == Some("ClusterRole");
    let rules = node.get("rules").map(Node::items).unwrap_or_default();
    if let Some(rule) = rules
        .iter()
        .find(|rule| has(rule, "verbs", &["*"]) && has(rule, "resources", &["*"]))
    {
        let severity = if cluster && has(rule, "apiGroups", &["*", ""]) {
            Severity::Medium
        } else {
            Severity::Low
        };
        return Some((
            rule,
            severity,
            text!("a role may do everything", "角色可执行一切操作"),
        ));
    }
    let secrets = rules.iter().find(|rule| {
        cluster
            && has(rule, "resources", &["secrets"])
            && has(rule, "verbs", &["*", "list", "get"])
            && rule.get("resourceNames").is_none()
    });
    secrets.map(|rule| {
        (
            rule,
            Severity::Low,
            text!(
                "a role reads secrets of every namespace",
                "角色可读取所有命名空间的机密"
            ),
        )
    })
}

fn binding(node: &Node) -> Option<(&Node, Severity, Text)> {
    let name = node.str_at(&["roleRef", "name"])?;
    if !matches!(name, "cluster-admin" | "admin" | "edit" | "system:masters") {
        return None;
    }
    let subjects = node.get("subjects").map(Node::items).unwrap_or_default();
    let everybody = subjects.iter().find(|one| {
        matches!(
            one.str_at(&["name"]),
            Some(
                "system:anonymous"
                    | "system:unauthenticated"
                    | "system:authenticated"
                    | "system:serviceaccounts"
            )
        )
    });
    if let Some(subject) = everybody {
        return Some((
            subject,
            Severity::High,
            text!(
                "everybody gets the rights of `{name}`",
                "所有主体均获得 `{name}` 权限"
            ),
        ));
    }
    let account = subjects
        .iter()
        .find(|one| one.str_at(&["kind"]) == Some("ServiceAccount"));
    account.filter(|_| name == "cluster-admin").map(|subject| {
        (
            subject,
            Severity::Medium,
            text!(
                "a service account rules the whole cluster",
                "服务账户可管理整个集群"
            ),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check;

    #[test]
    fn broad_rights_are_found() {
        use Severity::{High, Low, Medium};
        for (kind, rest, severities) in [
            (
                "ClusterRole",
                "rules: [{apiGroups: ['*'], resources: ['*'], verbs: ['*']}]",
                &[Medium][..],
            ),
            (
                "Role",
                "rules: [{apiGroups: ['*'], resources: ['*'], verbs: ['*']}]",
                &[Low],
            ),
            (
                "ClusterRole",
                "rules: [{apiGroups: [''], resources: [pods], verbs: [get]}]",
                &[],
            ),
            (
                "ClusterRoleBinding",
                "roleRef: {name: cluster-admin}\nsubjects: [{kind: ServiceAccount, name: a}]",
                &[Medium],
            ),
            (
                "ClusterRoleBinding",
                "roleRef: {name: cluster-admin}\nsubjects: [{kind: Group, name: 'system:unauthenticated'}]",
                &[High],
            ),
            (
                "ClusterRoleBinding",
                "roleRef: {name: cluster-admin}\nsubjects: [{kind: User, name: ops}]",
                &[],
            ),
        ] {
            let text = format!("apiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\n{rest}\n");
            check("cluster-rights-broad", "r.yaml", text.as_bytes(), severities);
        }
    }
}
