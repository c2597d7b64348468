//! Detector `service-exposed`.

use cleanbill_code::tree::Node;
use cleanbill_core::{Severity, text};

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Kubernetes services of type `LoadBalancer` or `NodePort` on ports of model servers, notebooks, dashboards and stores,
    /// and an `Ingress` without TLS.
    /// ## Why it matters
    /// These services have no or weak authentication of their own and are meant for a few clients inside.
    /// ## How it is decided
    /// By port: of services that run what they are sent (Ray, Jupyter, the engine's own API) `medium`, other known ones
    /// `low`, unless a source range or an annotation makes the balancer internal. An `Ingress` without `tls` is `low`.
    /// ## What it misses
    /// Firewalls around the cluster, gateways of other kinds.
    /// ## What to do
    /// Use `ClusterIP` and a gateway that authenticates, or limit `loadBalancerSourceRanges`.
    /// ## References
    /// CWE-668, CVE-2023-48022, MITRE ATLAS AML.T0049.
    id: "service-exposed",
    title: "Service reachable from outside", "服务对外可达",
    severity: Low, confidence: Medium,
    tags: &["CWE-668", "AML.T0049"], controls: &["NET-05", "NET-01", "APP-06"],
    on: artifact => run,
}

/// Ports whose service runs what it is sent.
const CODE: &[(i64, &str)] = &[
    (8265, "Ray dashboard"),
    (10001, "Ray client"),
    (8888, "Jupyter"),
    (2375, "Docker"),
    (10250, "kubelet"),
    (4040, "Spark"),
    (8786, "Dask"),
    (6379, "Redis or Ray"),
];
/// Ports of other known services.
const KNOWN: &[(i64, &str)] = &[
    (5000, "MLflow"),
    (11434, "Ollama"),
    (8001, "Triton"),
    (8002, "Triton"),
    (6333, "Qdrant"),
    (6334, "Qdrant"),
    (19530, "Milvus"),
    (9200, "Elasticsearch"),
    (27017, "MongoDB"),
    (5432, "PostgreSQL"),
    (3306, "MySQL"),
    (2379, "etcd"),
    (9000, "MinIO"),
    (8787, "Dask"),
    (6006, "TensorBoard"),
    (7860, "Gradio"),
    (30000, "SGLang"),
];

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    if scene.reading.deployment().is_none() {
        return;
    }
    for document in scene.reading.tree().iter().flat_map(|tree| &tree.documents) {
        document.walk(&mut |_, node| match node.str_at(&["kind"]) {
            Some("Service") => service(node, scene, sink),
            Some("Ingress") if node.get("spec").is_some_and(|spec| spec.get("tls").is_none()) => {
                let annotated = node
                    .at(&["metadata", "annotations"])
                    .map(Node::entries)
                    .unwrap_or_default();
                let outside = annotated.iter().any(|entry| {
                    ["certificate", "tls", "ssl", "https"]
                        .iter()
                        .any(|word| entry.key.contains(word))
                });
                if !outside {
                    sink.report(
                        scene.reading.range(&node.span),
                        text!("an ingress without TLS", "入口未启用 TLS"),
                    )
                    .evidence(node.str_at(&["metadata", "name"]).unwrap_or_default());
                }
            }
            _ => {}
        });
    }
}

fn service(node: &Node, scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let Some(spec) = node.get("spec") else { return };
    let Some(kind) = spec
        .str_at(&["type"])
        .filter(|kind| matches!(*kind, "LoadBalancer" | "NodePort"))
    else {
        return;
    };
    let ranges = spec
        .get("loadBalancerSourceRanges")
        .map(Node::items)
        .unwrap_or_default();
    let limited = !ranges.is_empty() && ranges.iter().all(|range| range.as_str() != Some("0.0.0.0/0"));
    let annotations = node
        .at(&["metadata", "annotations"])
        .map(Node::entries)
        .unwrap_or_default();
    let internal = annotations.iter().any(|entry| {
        let key = entry.key.to_ascii_lowercase();
        (key.contains("internal") || key.contains("scheme") || key.contains("load-balancer-type"))
            && entry.value.as_str().is_some_and(|value| {
                matches!(
                    value.to_ascii_lowercase().as_str(),
                    "true" | "internal" | "0.0.0.0/0"
                )
            })
    });
    if limited || internal {
        return;
    }
    for port in spec.get("ports").map(Node::items).unwrap_or_default() {
        let numbers = ["port", "targetPort"].map(|key| port.get(key).and_then(Node::as_integer));
        let find = |table: &[(i64, &'static str)]| {
            let known = table.iter().find(|(number, _)| numbers.contains(&Some(*number)));
            known.map(|(number, name)| (*number, *name))
        };
        let found = find(CODE)
            .map(|one| (one, Severity::Medium))
            .or_else(|| find(KNOWN).map(|one| (one, Severity::Low)));
        let Some(((number, name), severity)) = found else {
            continue;
        };
        sink.report(
            scene.reading.range(&port.span),
            text!(
                "port {number}, as of {name}, is reachable from outside of the cluster ({kind})",
                "端口 {number}（{name} 常用）可从集群外访问（{kind}）"
            ),
        )
        .severity(severity)
        .evidence(node.str_at(&["metadata", "name"]).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check;

    #[test]
    fn known_ports_outside_are_found() {
        use Severity::{Low, Medium};
        for (spec, severities) in [
            ("{type: LoadBalancer, ports: [{port: 8265}]}", &[Medium][..]),
            ("{type: NodePort, ports: [{port: 80, targetPort: 11434}]}", &[Low]),
            ("{type: ClusterIP, ports: [{port: 8265}]}", &[]),
            (
                "{type: LoadBalancer, loadBalancerSourceRanges: [10.0.0.0/8], ports: [{port: 8265}]}",
                &[],
            ),
            ("{type: LoadBalancer, ports: [{port: 443}]}", &[]),
        ] {
            let text = format!("apiVersion: v1\nkind: Service\nspec: {spec}\n");
            check("service-exposed", "s.yaml", text.as_bytes(), severities);
        }
    }
}
