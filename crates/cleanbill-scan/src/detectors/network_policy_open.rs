//! Detector `network-policy-open`.

use cleanbill_code::tree::Node;
use cleanbill_core::{Text, text};

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Network and mesh policies that allow everything: egress to any address, an empty rule, mutual TLS switched off,
    /// an authorization policy for everybody.
    /// ## Why it matters
    /// They look like protection in a list of objects and are none: a model's code can send what it reads to anybody.
    /// ## How it is decided
    /// By kind: `NetworkPolicy`, `CiliumNetworkPolicy` with the entity `world`, `PeerAuthentication`, `AuthorizationPolicy`,
    /// `DestinationRule`. `low`, since a wide rule may be meant for one workload.
    /// ## What it misses
    /// Workloads that no policy selects: the policy may stand in another file.
    /// ## What to do
    /// Name the destinations that the workload needs.
    /// ## References
    /// CWE-284, MITRE ATLAS AML.T0025.
    id: "network-policy-open",
    title: "Policy that allows everything", "策略放行一切",
    severity: Low, confidence: High,
    tags: &["CWE-284", "AML.T0025"], controls: &["NET-03", "NET-04", "NET-06"],
    on: artifact => run,
}

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    if scene.reading.deployment().is_none() {
        return;
    }
    for document in scene.reading.tree().iter().flat_map(|tree| &tree.documents) {
        document.walk(&mut |_, node| {
            let (Some(kind), Some(spec)) = (node.str_at(&["kind"]), node.get("spec")) else {
                return;
            };
            if let Some((at, message)) = judge(kind, spec) {
                sink.report(scene.reading.range(&at.span), message)
                    .evidence(node.str_at(&["metadata", "name"]).unwrap_or_default());
            }
        });
    }
}

fn judge<'a>(kind: &str, spec: &'a Node) -> Option<(&'a Node, Text)> {
    let rules = |key: &str| spec.get(key).map(Node::items).unwrap_or_default();
    match kind {
        "NetworkPolicy" => {
            let open = rules("egress").iter().find(|rule| {
                let destinations = rule.get("to").map(Node::items).unwrap_or_default();
                let everywhere = destinations.iter().any(|one| {
                    let block = one.get("ipBlock");
                    let any = block
                        .and_then(|block| block.str_at(&["cidr"]))
                        .is_some_and(|cidr| matches!(cidr, "0.0.0.0/0" | "::/0"));
                    any && block.is_some_and(|block| block.get("except").is_none())
                        && rule.get("ports").is_none()
                });
                rule.entries().is_empty() || everywhere
            });
            if let Some(rule) = open {
                return Some((
                    rule,
                    text!("egress to any address is allowed", "允许访问任意地址的出站流量"),
                ));
            }
            let open = rules("ingress").iter().find(|rule| rule.entries().is_empty());
            open.map(|rule| {
                (
                    rule,
                    text!("ingress from anywhere is allowed", "允许来自任意来源的入站流量"),
                )
            })
        }
        "CiliumNetworkPolicy" | "CiliumClusterwideNetworkPolicy" => {
            let open = rules("egress").iter().find(|rule| {
                let entities = rule.get("toEntities").map(Node::items).unwrap_or_default();
                entities
                    .iter()
                    .any(|one| matches!(one.as_str(), Some("world" | "all")))
                    && rule.get("toPorts").is_none()
            });
            open.map(|rule| {
                (
                    rule,
                    text!("egress to any address is allowed", "允许访问任意地址的出站流量"),
                )
            })
        }
        "PeerAuthentication" => {
            let mode = spec.at(&["mtls", "mode"])?;
            matches!(mode.as_str(), Some("DISABLE" | "PERMISSIVE")).then(|| {
                (
                    mode,
                    text!(
                        "the mesh takes calls without mutual TLS",
                        "服务网格接受未经双向 TLS 的调用"
                    ),
                )
            })
        }
        "DestinationRule" => {
            let mode = spec.at(&["trafficPolicy", "tls", "mode"])?;
            (mode.as_str() == Some("DISABLE")).then(|| {
                (
                    mode,
                    text!("the mesh calls without TLS", "服务网格的调用未使用 TLS"),
                )
            })
        }
        "AuthorizationPolicy" => {
            let allows = spec.str_at(&["action"]).is_none_or(|action| action == "ALLOW");
            let open = rules("rules").iter().find(|rule| rule.entries().is_empty());
            open.filter(|_| allows)
                .map(|rule| (rule, text!("everybody is authorised", "所有调用方均获授权")))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use cleanbill_core::Severity::Low;

    use crate::testing::check;

    #[test]
    fn wide_rules_are_told_from_narrow_ones() {
        for (kind, spec, severities) in [
            ("NetworkPolicy", "{egress: [{}]}", &[Low][..]),
            (
                "NetworkPolicy",
                "{egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}",
                &[Low],
            ),
            (
                "NetworkPolicy",
                "{egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}",
                &[],
            ),
            ("NetworkPolicy", "{podSelector: {}, policyTypes: [Egress]}", &[]),
            ("PeerAuthentication", "{mtls: {mode: DISABLE}}", &[Low]),
            ("PeerAuthentication", "{mtls: {mode: STRICT}}", &[]),
            ("AuthorizationPolicy", "{rules: [{}]}", &[Low]),
        ] {
            let text = format!("apiVersion: v1\nkind: {kind}\nspec: {spec}\n");
            check("network-policy-open", "n.yaml", text.as_bytes(), severities);
        }
    }
}
