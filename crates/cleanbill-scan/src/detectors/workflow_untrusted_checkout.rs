//! Detector `workflow-untrusted-checkout`.

use cleanbill_code::workflow::{Job, Step, Workflow};
use cleanbill_core::{Severity, text};

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// GitHub workflows that run with the rights of the repository (`pull_request_target`, `workflow_run`, `issue_comment`)
    /// and check out the code of a pull request.
    /// ## Why it matters
    /// Whoever opens a pull request then has their build scripts, tests and configuration run with a token that writes and
    /// with the repository's secrets.
    /// ## How it is decided
    /// By the triggers and by what `actions/checkout`, `git fetch` or `gh pr checkout` is told to fetch. `high` where a later
    /// step of the job runs anything, `medium` where it only checks out, or where the job asks first who caused it.
    /// ## What it misses
    /// Code that is fetched by other means.
    /// ## What to do
    /// Build pull requests under `pull_request`; hand results to a second workflow that has rights.
    /// ## References
    /// CWE-829, GitHub Security Lab, "Preventing pwn requests".
    id: "workflow-untrusted-checkout",
    title: "Workflow with rights checks out foreign code", "有权限的工作流检出外部代码",
    severity: High, confidence: High,
    tags: &["CWE-829", "AML.T0010"], controls: &["SYS-08"],
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
    if !has_rights(workflow) {
        return;
    }
    for job in &workflow.jobs {
        let Some(at) = job.steps.iter().position(fetches_foreign) else {
            continue;
        };
        let Some(step) = job.steps.get(at) else { continue };
        let runs = job.steps.iter().skip(at.saturating_add(1)).any(runs_something) || step.run.is_some();
        let severity = if !runs || is_guarded(job, at) {
            Severity::Medium
        } else {
            Severity::High
        };
        sink.report(
            scene.reading.range(&step.span),
            text!(
                "a workflow with the repository's rights checks out the code of a pull request",
                "拥有仓库权限的工作流检出拉取请求的代码"
            ),
        )
        .severity(severity)
        .evidence(&job.name)
        .hint(text!(
            "build pull requests under `pull_request`, without secrets",
            "在 `pull_request` 下构建拉取请求，且不带机密"
        ));
    }
}

fn has_rights(workflow: &Workflow) -> bool {
    workflow.triggers.iter().any(|one| {
        matches!(
            one.text.as_str(),
            "pull_request_target" | "workflow_run" | "issue_comment"
        )
    })
}

/// A label that only maintainers give, a check of who asks, or code of the own repository makes it their decision.
fn is_guarded(job: &Job, at: usize) -> bool {
    let condition = |text: &str| {
        [
            "labels",
            "author_association",
            "head.repo.full_name == github.repository",
            "workflow_run.event == 'push'",
        ]
        .iter()
        .any(|sign| text.contains(sign))
    };
    let asks = |step: &Step| {
        step.run.as_ref().is_some_and(|run| {
            [
                "checkCollaborator",
                "getCollaboratorPermissionLevel",
                "/collaborators/",
                "author_association",
            ]
            .iter()
            .any(|sign| run.text.contains(sign))
        })
    };
    let before = job.steps.iter().take(at);
    let own = job.steps.get(at).is_some_and(|step| condition(&step.condition));
    condition(&job.condition) || own || before.into_iter().any(asks)
}

fn fetches_foreign(step: &Step) -> bool {
    let foreign = |text: &str| {
        let text = text.to_ascii_lowercase();
        [
            "pull_request.head",
            "github.head_ref",
            "workflow_run.head",
            "refs/pull/",
            "merge_commit_sha",
            "github.event.number",
            "event.issue.number",
        ]
        .iter()
        .any(|sign| text.contains(sign))
    };
    let checkout = step
        .uses
        .as_ref()
        .is_some_and(|uses| uses.text.to_ascii_lowercase().contains("checkout"));
    let told = step
        .with
        .iter()
        .filter(|one| matches!(one.name.as_str(), "ref" | "repository"))
        .any(|one| one.value.as_deref().is_some_and(foreign));
    let script = step.run.as_ref().is_some_and(|run| {
        run.text.contains("gh pr checkout")
            || run.text.contains("hub pr checkout")
            || (run.text.contains("git fetch")
                || run.text.contains("git checkout")
                || run.text.contains("git clone"))
                && foreign(&run.text)
    });
    checkout && told || script
}

fn runs_something(step: &Step) -> bool {
    step.run.is_some()
        || step
            .uses
            .as_ref()
            .is_some_and(|uses| uses.text.starts_with("./") || !uses.text.starts_with("actions/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check;

    #[test]
    fn the_trigger_and_the_next_step_decide() {
        use Severity::{High, Medium};
        let head =
            "- uses: actions/checkout@v4\n      with: {ref: '${{ github.event.pull_request.head.sha }}'}";
        for (on, steps, severities) in [
            (
                "pull_request_target",
                format!("{head}\n    - run: make"),
                &[High][..],
            ),
            ("pull_request_target", head.to_owned(), &[Medium]),
            ("pull_request", format!("{head}\n    - run: make"), &[]),
            (
                "pull_request_target",
                "- uses: actions/checkout@v4\n    - run: make".to_owned(),
                &[],
            ),
            (
                "issue_comment",
                "- run: gh pr checkout 1 && make".to_owned(),
                &[High],
            ),
        ] {
            let text = format!("on: [{on}]\njobs:\n  a:\n    steps:\n    {steps}\n");
            check(
                "workflow-untrusted-checkout",
                "w.yml",
                text.as_bytes(),
                severities,
            );
        }
    }
}
