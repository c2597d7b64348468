//! Detector `workflow-weak-settings`.

use cleanbill_code::workflow::{Step, Workflow};
use cleanbill_core::{Severity, text};

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// GitHub workflows with more rights or trust than they need: a token that may write everything, no rights named, actions
    /// taken from a branch or tag, own machines for pull requests, all secrets in one variable or passed on.
    /// ## Why it matters
    /// One bad dependency or action then changes the repository, its releases and its packages.
    /// ## How it is decided
    /// `write-all`, all secrets at once and own machines for pull requests of strangers are `medium`; actions from a branch
    /// `low`; everything else `info`. Actions of the same repository are left alone.
    /// ## What it misses
    /// The default rights of the repository or organisation.
    /// ## What to do
    /// `permissions: contents: read`, and more for the job that needs it; pin actions to a full commit.
    /// ## References
    /// CWE-1357, CWE-732, CVE-2025-30066.
    id: "workflow-weak-settings",
    title: "Workflow with more rights than it needs", "工作流权限过宽",
    severity: Info, confidence: High,
    tags: &["CWE-1357", "CWE-732"], controls: &["SYS-08"],
    on: artifact => run,
}

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let Some(workflow) = scene
        .reading
        .deployment()
        .and_then(|deployment| deployment.workflow.as_ref())
    else {
        return;
    };
    for right in workflow
        .permissions
        .iter()
        .filter(|right| right.text == "write-all")
    {
        sink.report(
            scene.reading.range(&right.span),
            text!(
                "the token of the workflow may write everything",
                "工作流令牌可写入一切"
            ),
        )
        .severity(Severity::Medium);
    }
    if !workflow.limits_permissions
        && let Some(first) = workflow.triggers.first()
    {
        sink.report(
            scene.reading.range(&first.span),
            text!(
                "the rights of the workflow's token are not named",
                "未声明工作流令牌的权限"
            ),
        );
    }
    let strangers = workflow.triggers.iter().find(|one| {
        matches!(
            one.text.as_str(),
            "pull_request" | "pull_request_target" | "issue_comment"
        )
    });
    for job in &workflow.jobs {
        if let Some(label) = job.runs_on.iter().find(|label| label.text == "self-hosted")
            && strangers.is_some()
        {
            sink.report(
                scene.reading.range(&label.span),
                text!(
                    "pull requests run on a machine of the project",
                    "拉取请求在项目自有机器上运行"
                ),
            )
            .severity(Severity::Low)
            .evidence(&job.name);
        }
        if let Some(spot) = &job.inherits_secrets {
            let outside = job
                .steps
                .iter()
                .filter_map(|step| step.uses.as_ref())
                .any(|uses| !uses.text.starts_with("./"));
            sink.report(
                scene.reading.range(&spot.span),
                text!(
                    "all secrets are passed to another workflow",
                    "所有机密被传给另一工作流"
                ),
            )
            .severity(if outside { Severity::Low } else { Severity::Info })
            .evidence(&job.name);
        }
        job.steps.iter().for_each(|step| look_at(step, scene, sink));
    }
    unpinned(workflow, scene, sink);
}

fn look_at(step: &Step, scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let everything = |text: &str| {
        let text: String = text
            .to_ascii_lowercase()
            .chars()
            .filter(|c| !c.is_whitespace())
            .collect();
        text.contains("tojson(secrets)")
    };
    let places = step
        .variables
        .iter()
        .chain(&step.with)
        .filter_map(|one| Some((one.value.as_deref()?, &one.span)));
    let script = step.run.iter().map(|run| (run.text.as_str(), &run.span));
    if let Some((_, span)) = places.chain(script).find(|(text, _)| everything(text)) {
        sink.report(
            scene.reading.range(span),
            text!(
                "all secrets of the repository are put into one text",
                "仓库的全部机密被放入一段文本"
            ),
        )
        .severity(Severity::Medium);
    }
}

fn unpinned(workflow: &Workflow, scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let mut seen: Vec<&str> = Vec::new();
    for uses in workflow
        .jobs
        .iter()
        .flat_map(|job| &job.steps)
        .filter_map(|step| step.uses.as_ref())
    {
        let name = uses.text.as_str();
        if name.starts_with("./")
            || name.starts_with("docker://")
            || name.contains("${{")
            || seen.contains(&name)
        {
            continue;
        }
        seen.push(name);
        let revision = name
            .rsplit_once('@')
            .map(|(_, revision)| revision)
            .unwrap_or_default();
        if revision.len() >= 40 && revision.chars().all(|c| c.is_ascii_hexdigit()) {
            continue;
        }
        let branch = !revision
            .trim_start_matches('v')
            .starts_with(|c: char| c.is_ascii_digit())
            && !revision.contains('/');
        sink.report(
            scene.reading.range(&uses.span),
            text!(
                "an action that is not pinned to a commit: `{name}`",
                "动作未固定到提交：`{name}`"
            ),
        )
        .severity(if branch { Severity::Low } else { Severity::Info });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check;

    #[test]
    fn settings_are_weighed() {
        use Severity::{Info, Low, Medium};
        let commit = "a".repeat(40);
        for (head, step, severities) in [
            ("permissions: write-all", "run: make", &[Medium][..]),
            ("x: y", "run: make", &[Info]),
            ("permissions: {contents: read}", "run: make", &[]),
            ("permissions: {contents: read}", "uses: a/b@v1", &[Info]),
            ("permissions: {contents: read}", "uses: a/b@main", &[Low]),
            (
                "permissions: {contents: read}",
                &format!("uses: a/b@{commit}"),
                &[],
            ),
            (
                "permissions: {contents: read}",
                "env: {A: '${{ toJSON(secrets) }}'}\n      run: make",
                &[Medium],
            ),
        ] {
            let text = format!(
                "on: push\n{head}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n    - name: x\n      {step}\n"
            );
            check("workflow-weak-settings", "w.yml", text.as_bytes(), severities);
        }
    }
}
