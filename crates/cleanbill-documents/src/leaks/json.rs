//! Document `json`: `cleanbill.leaks/1`.

use std::io::{self, Write};

use cleanbill_core::leak::{Leak, LeakArtifact, LeakPoison, LeakSummary};
use serde_json::{Value, json};

use super::{LeakLook, LeakWriter, finding};
use crate::escape;

pub(super) fn begin<'a>(
    mut out: Box<dyn Write + Send + 'a>,
    _: &LeakLook<'a>,
) -> io::Result<Box<dyn LeakWriter + 'a>> {
    out.write_all(b"{\"schema\": \"cleanbill.leaks/1\",\n\"findings\": [")?;
    Ok(Box::new(Document { out, first: true }))
}

struct Document<'a> {
    out: Box<dyn Write + Send + 'a>,
    first: bool,
}

impl LeakWriter for Document<'_> {
    fn leak(&mut self, leak: &Leak) -> io::Result<()> {
        let before: &[u8] = if self.first { b"\n" } else { b",\n" };
        self.first = false;
        self.out.write_all(before)?;
        self.out
            .write_all(escape::json_line(&finding(leak)).trim_ascii_end())
    }

    fn finish(&mut self, summary: &LeakSummary) -> io::Result<()> {
        self.out.write_all(b"\n],\n")?;
        let rest = escape::json(&rest(summary));
        // The members of the object that follow the list.
        self.out
            .write_all(rest.trim_ascii().strip_prefix(b"{\n").unwrap_or(&rest))?;
        self.out.write_all(b"\n")?;
        self.out.flush()
    }
}

fn rest(summary: &LeakSummary) -> Value {
    let counts: Vec<Value> = summary
        .findings
        .iter()
        .map(|((class, kind, severity), number)| {
            json!({
                "class": class.as_str(),
                "type": &**kind,
                "severity": severity.as_str(),
                "findings": number,
            })
        })
        .collect();
    json!({
        "tool": {
            "name": summary.tool.name,
            "version": summary.tool.version,
            "rules_digest": summary.tool.detectors_digest,
        },
        "target": summary.target,
        "verdict": summary.verdict.as_str(),
        "records": summary.records,
        "bytes": summary.bytes,
        "counts": counts,
        "replaced": summary.replaced,
        "sample": summary.sample,
        "poison": summary.poison.as_ref().map(poison),
        "artifacts": summary.artifacts.iter().map(artifact).collect::<Vec<_>>(),
    })
}

fn poison(poison: &LeakPoison) -> Value {
    json!({
        "records": poison.rows,
        "text_fields": poison.texts,
        "label_field": poison.label,
        "source_field": poison.source,
        "url_field": poison.url,
        "digest_field": poison.digest,
        "guessed": poison.guessed,
        "evaluation_records": poison.evaluation,
        "notes": poison.notes.iter().map(cleanbill_core::Text::en).collect::<Vec<_>>(),
    })
}

fn artifact(artifact: &LeakArtifact) -> Value {
    let problems: Vec<Value> = artifact
        .problems
        .iter()
        .map(|problem| {
            json!({
                "record": problem.record,
                "offset": problem.offset,
                "reason": problem.reason.en(),
            })
        })
        .collect();
    json!({
        "path": &*artifact.path,
        "size_bytes": artifact.size_bytes,
        "format": artifact.format,
        "records": artifact.records,
        "findings": artifact.findings,
        "coverage": artifact.coverage.state().as_str(),
        "reasons": artifact.coverage.reasons().iter().map(cleanbill_core::Text::en).collect::<Vec<_>>(),
        "problems": problems,
        "more_problems": artifact.more_problems,
        "copied": artifact.copied,
    })
}
