use std::collections::BTreeMap;

use super::{
    Container, Deployment, Hardening, HostMount, ManifestKind, Port, Power, Spot, Variable, command,
};
use crate::tree::{Node, Tree};

/// Reads every pod in any object, wherever the object keeps it: custom resources differ in the path and not in the shape.
pub(super) fn read(tree: &Tree) -> Deployment {
    let mut deployment = Deployment::of_kind(ManifestKind::Kubernetes);
    for document in &tree.documents {
        pods(document, &mut deployment);
    }
    deployment
}

/// Reads the values of a chart: images, and settings under the names that charts use.
pub(super) fn read_values(root: &Node) -> Deployment {
    let mut deployment = Deployment::of_kind(ManifestKind::HelmValues);
    pods(root, &mut deployment);
    root.walk(&mut |_, node| {
        let Some(repository) = node.str_at(&["repository"]) else {
            return;
        };
        if node.get("tag").is_none() && node.get("pullPolicy").is_none() {
            return;
        }
        let registry = node
            .str_at(&["registry"])
            .map(|registry| format!("{registry}/"))
            .unwrap_or_default();
        let tag = node.str_at(&["tag"]).filter(|tag| !tag.is_empty());
        let digest = node.str_at(&["digest"]).filter(|digest| !digest.is_empty());
        // Without a tag a chart takes its own version.
        let tag = tag.map_or_else(
            || {
                if digest.is_some() {
                    String::new()
                } else {
                    ":chart".to_owned()
                }
            },
            |tag| format!(":{tag}"),
        );
        let digest = digest.map(|digest| format!("@{digest}")).unwrap_or_default();
        deployment.images.push(Spot::new(
            format!("{registry}{repository}{tag}{digest}"),
            node.span.clone(),
        ));
    });
    let mut container = Container {
        name: "values".to_owned(),
        span: root.span.clone(),
        memory_limit: true,
        ..Container::default()
    };
    root.walk(&mut |key, node| {
        if key.to_ascii_lowercase().ends_with("securitycontext") {
            security(node, &mut container);
        }
        pod_powers(node, &mut container);
    });
    if !container.powers.is_empty() {
        deployment.containers.push(container);
    }
    deployment
}

fn pods(root: &Node, deployment: &mut Deployment) {
    root.walk(&mut |key, node| {
        let mut found: Vec<&Node> = Vec::new();
        for list in [
            "containers",
            "initContainers",
            "ephemeralContainers",
            "steps",
            "sidecars",
            "workerContainers",
        ] {
            let items = node.get(list).map(Node::items).unwrap_or_default();
            found.extend(
                items
                    .iter()
                    .filter(|item| item.get("image").is_some() || list != "steps" && item.is_map()),
            );
        }
        // Argo keeps one container or script in a template; serving resources keep a model with arguments.
        let single = ["container", "script", "model", "worker", "predictor"];
        found.extend(
            single.iter().filter_map(|key| node.get(key)).filter(|one| {
                one.is_map() && (one.get("image").is_some() || one.get("storageUri").is_some())
            }),
        );
        if found.is_empty() && !(key == "spec" && node.get("hostNetwork").is_some()) {
            return;
        }
        for one in found {
            deployment.containers.push(container(node, one));
        }
    });
}

fn container(pod: &Node, node: &Node) -> Container {
    let mut container = Container {
        name: node.str_at(&["name"]).unwrap_or_default().to_owned(),
        image: node.get("image").and_then(Spot::of),
        memory_limit: node.at(&["resources", "limits", "memory"]).is_some(),
        span: node.span.clone(),
        ..Container::default()
    };
    for key in ["command", "args"] {
        if let Some(value) = node.get(key) {
            let (line, words) = command(value);
            container.commands.extend(line);
            container.words.extend(words);
        }
    }
    container.commands.extend(node.get("source").and_then(Spot::of));
    for path in [
        &["lifecycle", "postStart", "exec", "command"],
        &["lifecycle", "preStop", "exec", "command"],
    ] {
        container
            .commands
            .extend(node.at(path).and_then(|hook| command(hook).0));
    }
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        container.commands.extend(
            node.at(&[probe, "exec", "command"])
                .and_then(|hook| command(hook).0),
        );
    }
    for variable in node.get("env").map(Node::items).unwrap_or_default() {
        let Some(name) = variable.str_at(&["name"]) else {
            continue;
        };
        container.variables.push(Variable {
            name: name.to_owned(),
            value: variable
                .get("value")
                .map(|value| value.as_str().unwrap_or_default().to_owned()),
            span: variable.span.clone(),
        });
    }
    for port in node.get("ports").map(Node::items).unwrap_or_default() {
        if let Some(number) = port.get("containerPort").and_then(Node::as_integer) {
            container
                .ports
                .extend(u16::try_from(number).ok().map(|number| Port {
                    number,
                    published: port.get("hostPort").is_some(),
                    span: port.span.clone(),
                }));
        }
    }
    pod_powers(pod, &mut container);
    for node in [pod.get("securityContext"), node.get("securityContext")]
        .into_iter()
        .flatten()
    {
        security(node, &mut container);
    }
    mounts(pod, node, &mut container);
    container
}

fn pod_powers(pod: &Node, container: &mut Container) {
    for (key, power) in [
        ("hostNetwork", Power::HostNetwork),
        ("hostPID", Power::HostPid),
        ("hostIPC", Power::HostIpc),
    ] {
        if let Some(node) = pod.get(key).filter(|node| node.as_bool() == Some(true)) {
            container.powers.push((power, node.span.clone()));
        }
    }
    for entry in pod
        .at(&["metadata", "annotations"])
        .map(Node::entries)
        .unwrap_or_default()
    {
        if entry.key.contains("apparmor") && entry.value.as_str() == Some("unconfined") {
            container
                .powers
                .push((Power::Unconfined("apparmor".to_owned()), entry.value.span.clone()));
        }
    }
}

/// Reads a security context; what a container says wins over what its pod says.
fn security(node: &Node, container: &mut Container) {
    let Hardening {
        non_root,
        no_escalation,
        read_only_root,
        drops_all,
        seccomp,
    } = &mut container.hardening;
    let powers = &mut container.powers;
    let is = |key: &str, wanted: bool| node.get(key).filter(|value| value.as_bool() == Some(wanted));
    if let Some(value) = is("privileged", true) {
        powers.push((Power::Privileged, value.span.clone()));
    }
    if let Some(value) = is("allowPrivilegeEscalation", true) {
        powers.push((Power::Escalation, value.span.clone()));
    }
    if let Some(value) = node.get("allowPrivilegeEscalation").and_then(Node::as_bool) {
        *no_escalation = Some(!value);
    }
    if let Some(value) = node.get("runAsNonRoot").and_then(Node::as_bool) {
        *non_root = Some(value);
    }
    if let Some(value) = node.get("runAsUser") {
        let root = value.as_integer() == Some(0);
        powers.retain(|(power, _)| *power != Power::Root);
        *non_root = Some(!root);
        if root {
            powers.push((Power::Root, value.span.clone()));
        }
    }
    if let Some(value) = node.get("readOnlyRootFilesystem").and_then(Node::as_bool) {
        *read_only_root = Some(value);
    }
    for (list, added) in [("add", true), ("drop", false)] {
        for item in node
            .at(&["capabilities", list])
            .map(Node::one_or_many)
            .unwrap_or_default()
        {
            let Some(name) = item.as_str() else { continue };
            if added {
                let name = name.trim_start_matches("CAP_").to_ascii_uppercase();
                powers.push((Power::Capability(name), item.span.clone()));
            } else {
                *drops_all |= name.eq_ignore_ascii_case("all");
            }
        }
    }
    for profile in ["seccompProfile", "appArmorProfile"] {
        if let Some(kind) = node.at(&[profile, "type"]) {
            let unconfined = kind.as_str() == Some("Unconfined");
            *seccomp |= profile == "seccompProfile" && !unconfined;
            if unconfined {
                powers.push((Power::Unconfined(profile.to_owned()), kind.span.clone()));
            }
        }
    }
    if let Some(kind) = node
        .get("procMount")
        .filter(|kind| kind.as_str() == Some("Unmasked"))
    {
        powers.push((Power::Unconfined("procMount".to_owned()), kind.span.clone()));
    }
}

fn mounts(pod: &Node, node: &Node, container: &mut Container) {
    let volumes: BTreeMap<&str, &Node> = pod
        .get("volumes")
        .map(Node::items)
        .unwrap_or_default()
        .iter()
        .filter_map(|volume| Some((volume.str_at(&["name"])?, volume.at(&["hostPath", "path"])?)))
        .collect();
    for mount in node.get("volumeMounts").map(Node::items).unwrap_or_default() {
        let Some(path) = mount.str_at(&["name"]).and_then(|name| volumes.get(name)) else {
            continue;
        };
        container.mounts.push(HostMount {
            path: path.as_str().unwrap_or_default().to_owned(),
            read_only: mount.bool_at(&["readOnly"]) == Some(true),
            span: path.span.clone(),
        });
    }
}
