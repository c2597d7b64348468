//! Detector `container-privileged`.

use cleanbill_code::workload::{Container, HostMount, Power};
use cleanbill_core::{Severity, Text, text};

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Containers with the powers of their host: privileged mode, the host's processes, network or shared memory, added
    /// capabilities, filters switched off, the socket of the container engine, directories of the host, the user root.
    /// ## Why it matters
    /// Code that a model brings along runs in the container of whoever loads the model. With these powers it owns the host.
    /// ## How it is decided
    /// From Compose files, pods in any Kubernetes object, values of charts and the user of a Dockerfile. `high` where one
    /// step leads to the host: the engine's socket, its root or its secrets writable, privileged together with the host's
    /// processes. Privileged mode alone is `medium`, what is usual for quick starts `low`.
    /// ## What it misses
    /// What a cluster's policy would refuse or add.
    /// ## What to do
    /// Take the power away; give the one device or capability that is needed.
    /// ## References
    /// CWE-250, Pod Security Standards, MITRE ATLAS AML.T0105.
    id: "container-privileged",
    title: "Container with powers of its host", "容器拥有主机权限",
    severity: Medium, confidence: High,
    tags: &["CWE-250", "AML.T0105"], controls: &["SYS-03", "NET-04"],
    on: artifact => run,
}

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let Some(deployment) = scene.reading.deployment() else {
        return;
    };
    for container in &deployment.containers {
        for (power, span) in &container.powers {
            let Some((severity, message)) = judge(power, container) else {
                continue;
            };
            sink.report(scene.reading.range(span), message)
                .severity(severity)
                .evidence(&container.name);
        }
        for mount in &container.mounts {
            let Some(severity) = judge_mount(mount, container) else {
                continue;
            };
            let path = &mount.path;
            let message = if is_engine_socket(path) {
                text!(
                    "the socket of the container engine is given to a container",
                    "容器引擎的套接字被交给容器"
                )
            } else {
                text!(
                    "a directory of the host is given to a container: `{path}`",
                    "主机目录被交给容器：`{path}`"
                )
            };
            sink.report(scene.reading.range(&mount.span), message)
                .severity(severity)
                .evidence(&container.name);
        }
    }
}

fn judge(power: &Power, container: &Container) -> Option<(Severity, Text)> {
    use Severity::{High, Low, Medium};
    let host_pid = container.has(&Power::HostPid);
    Some(match power {
        Power::Privileged => (
            if host_pid { High } else { Medium },
            text!("a container runs in privileged mode", "容器以特权模式运行"),
        ),
        Power::HostPid => (
            Medium,
            text!("a container sees the processes of its host", "容器可见主机进程"),
        ),
        Power::HostNetwork => (
            Low,
            text!("a container uses the network of its host", "容器使用主机网络"),
        ),
        Power::HostIpc => (
            Low,
            text!(
                "a container uses the shared memory of its host",
                "容器使用主机共享内存"
            ),
        ),
        Power::Capability(name) => {
            let severity = match name.as_str() {
                "ALL" | "SYS_ADMIN" | "SYS_MODULE" | "SYS_RAWIO" | "BPF" | "DAC_READ_SEARCH" if host_pid => {
                    High
                }
                "ALL" | "SYS_ADMIN" | "SYS_MODULE" | "SYS_RAWIO" | "BPF" | "DAC_READ_SEARCH" => Medium,
                "NET_BIND_SERVICE" | "CHOWN" | "SETUID" | "SETGID" | "FOWNER" | "KILL" | "DAC_OVERRIDE"
                | "SYS_NICE" | "IPC_LOCK" | "SYS_RESOURCE" => return None,
                _ => Low,
            };
            (
                severity,
                text!(
                    "a container gets the capability `{name}`",
                    "容器获得能力 `{name}`"
                ),
            )
        }
        Power::Unconfined(what) => (
            Low,
            text!(
                "a filter around a container is switched off: `{what}`",
                "容器的防护过滤被关闭：`{what}`"
            ),
        ),
        Power::Escalation => (Low, text!("a container may gain privileges", "容器可提升权限")),
        Power::Root => (Low, text!("a container runs as root", "容器以 root 运行")),
    })
}

fn is_engine_socket(path: &str) -> bool {
    [
        "docker.sock",
        "containerd.sock",
        "crio.sock",
        "podman.sock",
        "dockershim.sock",
    ]
    .iter()
    .any(|name| path.ends_with(name))
}

fn judge_mount(mount: &HostMount, container: &Container) -> Option<Severity> {
    use Severity::{High, Low, Medium};
    let path = match mount.path.trim_end_matches('/') {
        "" => "/",
        path => path,
    };
    if is_engine_socket(path) || matches!(path, "/run/containerd" | "/var/run/docker") {
        return Some(High);
    }
    let under = |roots: &[&str]| {
        roots
            .iter()
            .any(|root| path == *root || path.strip_prefix(root).is_some_and(|rest| rest.starts_with('/')))
    };
    let secrets = under(&[
        "/etc/kubernetes",
        "/var/lib/etcd",
        "/etc/cron.d",
        "/etc/systemd",
        "/etc/shadow",
        "/var/lib/docker",
    ]) || path.ends_with("/.ssh")
        || path.ends_with("/.aws")
        || path.ends_with("/.kube")
        || path.ends_with("/.docker");
    let owned = path == "/" || secrets || path == "/etc" || path == "/root";
    let raw = under(&["/dev/mem", "/dev/kmem", "/dev/sda", "/dev/nvme0n1", "/dev/vda"]);
    if owned || raw {
        return Some(match (mount.read_only, secrets || raw) {
            (true, false) => Low,
            (true, true) => Medium,
            (false, _) => High,
        });
    }
    let powerful = container.has(&Power::Privileged);
    if under(&[
        "/var/lib/kubelet/device-plugins",
        "/dev/shm",
        "/etc/localtime",
        "/etc/timezone",
        "/etc/ssl",
    ]) {
        return None;
    }
    if under(&["/proc", "/sys", "/boot", "/usr", "/var/lib/kubelet"])
        || matches!(path, "/dev" | "/var" | "/run" | "/var/run" | "/home")
    {
        return Some(if mount.read_only || !powerful { Low } else { Medium });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check;

    #[test]
    fn one_step_to_the_host_is_high() {
        use Severity::{High, Low, Medium};
        for (lines, severities) in [
            ("privileged: true", &[Medium][..]),
            ("privileged: true\n    pid: host", &[High, Medium]),
            (
                "volumes: ['/var/run/docker.sock:/var/run/docker.sock:ro']",
                &[High],
            ),
            ("volumes: ['/:/host']", &[High]),
            ("volumes: ['/:/host:ro']", &[Low]),
            ("cap_add: [SYS_ADMIN]", &[Medium]),
            ("cap_add: [NET_BIND_SERVICE]", &[]),
            ("network_mode: host\n    ipc: host", &[Low, Low]),
            ("user: root", &[Low]),
            ("volumes: ['./models:/models:ro', 'cache:/cache']", &[]),
        ] {
            let text = format!("services:\n  a:\n    image: b\n    {lines}\n");
            check("container-privileged", "compose.yml", text.as_bytes(), severities);
        }
    }
}
