use super::{Container, Deployment, HostMount, ManifestKind, Port, Power, Spot, command, variables};
use crate::tree::Node;

/// Reads the services of a Compose file.
pub(super) fn read(root: &Node) -> Deployment {
    let mut deployment = Deployment::of_kind(ManifestKind::Compose);
    for entry in root.get("services").map(Node::entries).unwrap_or_default() {
        deployment.containers.push(container(&entry.key, &entry.value));
    }
    deployment
}

fn container(name: &str, service: &Node) -> Container {
    let mut container = Container {
        name: name.to_owned(),
        image: service.get("image").and_then(Spot::of),
        is_built: service.get("build").is_some(),
        span: service.span.clone(),
        memory_limit: service.get("mem_limit").is_some()
            || service.at(&["deploy", "resources", "limits", "memory"]).is_some(),
        ..Container::default()
    };
    for key in ["entrypoint", "command"] {
        if let Some(node) = service.get(key) {
            let (line, words) = command(node);
            container.commands.extend(line);
            container.words.extend(words);
        }
    }
    for path in [&["healthcheck", "test"][..], &["post_start"], &["pre_stop"]] {
        if let Some(node) = service.at(path) {
            let hooks: Vec<&Node> = match node.items() {
                items if items.iter().any(Node::is_map) => {
                    items.iter().filter_map(|item| item.get("command")).collect()
                }
                _ => vec![node],
            };
            container
                .commands
                .extend(hooks.into_iter().filter_map(|hook| command(hook).0));
        }
    }
    for key in ["environment", "env"] {
        container
            .variables
            .extend(service.get(key).map(variables).unwrap_or_default());
    }
    if let Some(arguments) = service.at(&["build", "args"]) {
        container.variables.extend(variables(arguments));
    }
    for node in service.get("ports").map(Node::one_or_many).unwrap_or_default() {
        container.ports.extend(port(node));
    }
    powers(service, &mut container);
    for node in service.get("volumes").map(Node::one_or_many).unwrap_or_default() {
        container.mounts.extend(mount(node));
    }
    for node in service.get("devices").map(Node::one_or_many).unwrap_or_default() {
        let Some(text) = node.as_str() else { continue };
        let path = text.split(':').next().unwrap_or_default();
        if ["/dev/mem", "/dev/kmem", "/dev/sd", "/dev/nvme", "/dev/vd"]
            .iter()
            .any(|raw| path.starts_with(raw))
        {
            container.mounts.push(HostMount {
                path: path.to_owned(),
                read_only: false,
                span: node.span.clone(),
            });
        }
    }
    container
}

fn powers(service: &Node, container: &mut Container) {
    let mut add = |power: Power, node: &Node| container.powers.push((power, node.span.clone()));
    if let Some(node) = service
        .get("privileged")
        .filter(|node| node.as_bool() == Some(true))
    {
        add(Power::Privileged, node);
    }
    for (key, power) in [
        ("network_mode", Power::HostNetwork),
        ("pid", Power::HostPid),
        ("ipc", Power::HostIpc),
    ] {
        if let Some(node) = service.get(key).filter(|node| node.as_str() == Some("host")) {
            add(power, node);
        }
    }
    for node in service.get("cap_add").map(Node::one_or_many).unwrap_or_default() {
        if let Some(name) = node.as_str() {
            add(
                Power::Capability(name.trim_start_matches("CAP_").to_owned()),
                node,
            );
        }
    }
    for node in service
        .get("security_opt")
        .map(Node::one_or_many)
        .unwrap_or_default()
    {
        let Some(text) = node.as_str() else { continue };
        if text.ends_with("unconfined") || text == "label:disable" || text == "label=disable" {
            add(Power::Unconfined(text.to_owned()), node);
        }
    }
    if let Some(node) = service.get("user") {
        let root = node
            .as_str()
            .and_then(|text| text.split(':').next())
            .is_some_and(|user| matches!(user, "0" | "root"));
        container.hardening.non_root = Some(!root);
        if root {
            container.powers.push((Power::Root, node.span.clone()));
        }
    }
}

fn port(node: &Node) -> Option<Port> {
    let number = |text: &str| -> Option<u16> { text.split(['-', '/']).next()?.parse().ok() };
    let span = node.span.clone();
    if let Some(target) = node.str_at(&["target"]) {
        let local = node.str_at(&["host_ip"]).is_some_and(is_local);
        return Some(Port {
            number: number(target)?,
            published: !local && node.get("published").is_some(),
            span,
        });
    }
    let text = node.as_str()?;
    let (before, inside) = text
        .rsplit_once(':')
        .map_or((None, text), |(before, inside)| (Some(before), inside));
    let local = before
        .and_then(|before| before.rsplit_once(':'))
        .is_some_and(|(address, _)| is_local(address));
    Some(Port {
        number: number(inside)?,
        published: !local,
        span,
    })
}

fn is_local(address: &str) -> bool {
    let address = address.trim_matches(['[', ']']);
    address.starts_with("127.") || address == "localhost" || address == "::1" || address.contains("127.0.0.1")
}

fn mount(node: &Node) -> Option<HostMount> {
    if let Some(source) = node.str_at(&["source"]) {
        return is_path(source).then(|| HostMount {
            path: source.to_owned(),
            read_only: node.bool_at(&["read_only"]) == Some(true),
            span: node.span.clone(),
        });
    }
    let mut parts = node.as_str()?.split(':');
    let path = parts.next()?;
    parts.next()?;
    let read_only = parts
        .next()
        .is_some_and(|modes| modes.split(',').any(|mode| mode == "ro"));
    is_path(path).then(|| HostMount {
        path: path.to_owned(),
        read_only,
        span: node.span.clone(),
    })
}

fn is_path(source: &str) -> bool {
    source.starts_with(['/', '~', '.', '$', '\\']) || source.get(1..3) == Some(":\\")
}
