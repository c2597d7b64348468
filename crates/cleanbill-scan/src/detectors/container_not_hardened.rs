//! Detector `container-not-hardened`.

use cleanbill_code::workload::{Container, ManifestKind};
use cleanbill_core::text;

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Kubernetes containers whose security context leaves out what holds an attacker back, or that have no limit of memory;
    /// recipes that set no user.
    /// ## Why it matters
    /// Loading a model is running foreign input through a large program. What the container may not do, an attack cannot do;
    /// without a limit one request can take the machine from all others.
    /// ## How it is decided
    /// `runAsNonRoot`, `allowPrivilegeEscalation: false`, all capabilities dropped, a read-only root file system, a seccomp
    /// profile and `resources.limits.memory`, of the container or its pod. One finding for each container names what is
    /// missing. Always `info`.
    /// ## What it misses
    /// What the cluster adds on admission.
    /// ## What to do
    /// Add what is missing.
    /// ## References
    /// CWE-250, CWE-770, Pod Security Standards (restricted).
    id: "container-not-hardened",
    title: "Container is not hardened", "容器未加固",
    severity: Info, confidence: High,
    tags: &["CWE-250", "CWE-770"], controls: &["SYS-03", "SYS-09"],
    on: artifact => run,
}

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let Some(deployment) = scene.reading.deployment() else {
        return;
    };
    for container in &deployment.containers {
        let missing = match deployment.kind {
            ManifestKind::Kubernetes => missing(container),
            ManifestKind::Dockerfile if deployment.user.is_none() && container.image.is_some() => {
                vec!["USER"]
            }
            _ => continue,
        };
        if missing.is_empty() {
            continue;
        }
        let list = missing.join(", ");
        let span = container
            .image
            .as_ref()
            .map_or(&container.span, |image| &image.span);
        sink.report(
            scene.reading.range(span),
            text!(
                "a container is not held back by: {list}",
                "容器缺少限制措施：{list}"
            ),
        )
        .evidence(&container.name);
    }
}

fn missing(container: &Container) -> Vec<&'static str> {
    let hardening = &container.hardening;
    let wanted = [
        (hardening.non_root == Some(true), "runAsNonRoot"),
        (
            hardening.no_escalation == Some(true),
            "allowPrivilegeEscalation: false",
        ),
        (hardening.drops_all, "capabilities.drop: [ALL]"),
        (hardening.read_only_root == Some(true), "readOnlyRootFilesystem"),
        (hardening.seccomp, "seccompProfile"),
        (container.memory_limit, "resources.limits.memory"),
    ];
    wanted
        .into_iter()
        .filter(|(is_set, _)| !is_set)
        .map(|(_, name)| name)
        .collect()
}

#[cfg(test)]
mod tests {
    use cleanbill_core::Severity::Info;

    use crate::testing::check;

    #[test]
    fn what_is_missing_is_named_once() {
        for (spec, severities) in [
            ("{containers: [{name: a, image: b}]}", &[Info][..]),
            (
                "{securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}, containers: [{name: a, image: b, resources: {limits: {memory: 1Gi}}, \
                 securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}}]}",
                &[],
            ),
        ] {
            let text = format!("apiVersion: v1\nkind: Pod\nspec: {spec}\n");
            check("container-not-hardened", "p.yaml", text.as_bytes(), severities);
        }
    }
}
