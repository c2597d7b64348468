//! Detector `workflow-script-injection`.

use cleanbill_core::{Severity, text};

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Steps of a GitHub workflow that put text written by anybody into a script: `run: echo ${{ github.event.issue.title }}`.
    /// ## Why it matters
    /// The text is put in before the shell reads the line. A title such as `"; curl ... | sh #` becomes a command, with the
    /// token and secrets of the workflow. Packages with many millions of downloads were taken over like this.
    /// ## How it is decided
    /// Expressions in `run` and in the script of `actions/github-script` that name titles, bodies, messages, names and
    /// branches of events, also within a function. `high` where strangers can start the workflow, else `medium`.
    /// ## What it misses
    /// Text that takes a way round through outputs of earlier steps or files.
    /// ## What to do
    /// Put the expression into `env` and use the variable, in quotes, in the script.
    /// ## References
    /// CWE-94, CWE-77, CVE-2023-49291, GHSA-xj9h-h6vc-hv66.
    id: "workflow-script-injection",
    title: "Workflow puts foreign text into a script", "工作流将外部文本放入脚本",
    severity: High, confidence: High,
    tags: &["CWE-94", "AML.T0010"], controls: &["SYS-08"],
    on: artifact => run,
}

/// Ends of contexts that hold what others write.
const FOREIGN: &[&str] = &[
    "github.head_ref",
    ".title",
    ".body",
    ".message",
    ".author.email",
    ".author.name",
    ".committer.email",
    ".committer.name",
    ".head.ref",
    ".head.label",
    ".head_branch",
    ".page_name",
    ".display_title",
];
/// Contexts in which those ends stand.
const CONTEXTS: &[&str] = &[
    "github.event",
    "github.head_ref",
    "tojson(github",
    "github['event']",
    "github[\"event\"]",
];
/// Events that anybody may cause.
const OPEN: &[&str] = &[
    "issues",
    "issue_comment",
    "pull_request_target",
    "pull_request_review",
    "pull_request_review_comment",
    "discussion",
    "discussion_comment",
    "workflow_run",
    "fork",
    "gollum",
    "watch",
    "pull_request",
    "push",
];

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let Some(workflow) = scene
        .reading
        .deployment()
        .and_then(|deployment| deployment.workflow.as_ref())
    else {
        return;
    };
    let strangers = workflow.triggers.is_empty()
        || workflow
            .triggers
            .iter()
            .any(|one| OPEN.contains(&one.text.as_str()));
    for step in workflow.jobs.iter().flat_map(|job| &job.steps) {
        let Some(script) = &step.run else { continue };
        let mut seen: Vec<&str> = Vec::new();
        for expression in script
            .text
            .split("${{")
            .skip(1)
            .filter_map(|rest| rest.split("}}").next())
        {
            let expression = expression.trim();
            if !is_foreign(expression) || seen.contains(&expression) {
                continue;
            }
            seen.push(expression);
            sink.report(
                scene.reading.range(&script.span),
                text!(
                    "text that anybody may write becomes part of a script",
                    "任何人可写的文本成为脚本的一部分"
                ),
            )
            .severity(if strangers {
                Severity::High
            } else {
                Severity::Medium
            })
            .evidence(expression)
            .hint(text!(
                "put the expression into `env` and use the variable in quotes",
                "将表达式放入 `env`，并在脚本中以引号引用变量"
            ));
        }
    }
}

fn is_foreign(expression: &str) -> bool {
    let text: String = expression
        .to_ascii_lowercase()
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect();
    if !CONTEXTS.iter().any(|context| text.contains(context)) {
        return false;
    }
    // A comparison or a search gives a truth value, whatever was written.
    let judged = ["contains(", "startswith(", "endswith("]
        .iter()
        .any(|name| text.starts_with(name));
    let compared = (text.contains("==") || text.contains("!=")) && !text.contains("||");
    if judged || compared {
        return false;
    }
    let whole =
        text.contains("tojson(github.event)") || text.contains("tojson(github)") || text == "github.event";
    whole
        || FOREIGN.iter().any(|end| {
            text.match_indices(end).any(|(at, found)| {
                let rest = text.get(at.saturating_add(found.len())..).unwrap_or_default();
                !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
            })
        })
        || text.contains("['title']")
        || text.contains("['body']")
        || text.contains("['ref']")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check;

    #[test]
    fn foreign_text_in_a_script_is_found() {
        use Severity::{High, Medium};
        for (on, run, severities) in [
            ("issues", "run: echo ${{ github.event.issue.title }}", &[High][..]),
            ("pull_request", "run: echo ${{ github.head_ref }}", &[High]),
            ("schedule", "run: echo ${{ github.event.issue.title }}", &[Medium]),
            (
                "issues",
                "run: echo ${{ format('{0}', github.event.issue.body) }}",
                &[High],
            ),
            (
                "issues",
                "uses: actions/github-script@v7\n      with: {script: 'x(`${{ github.event.comment.body }}`)'}",
                &[High],
            ),
            (
                "issues",
                "env: {T: '${{ github.event.issue.title }}'}\n      run: echo \"$T\"",
                &[],
            ),
            (
                "push",
                "run: echo ${{ github.sha }} ${{ github.event.pull_request.head.sha }}",
                &[],
            ),
            (
                "issues",
                "run: echo ${{ contains(github.event.issue.title, 'x') }}",
                &[],
            ),
        ] {
            let text = format!(
                "on: {on}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n    - name: x\n      {run}\n"
            );
            check("workflow-script-injection", "w.yml", text.as_bytes(), severities);
        }
    }
}
