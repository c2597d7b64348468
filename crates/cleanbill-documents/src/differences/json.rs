//! `cleanbill.diff/1` and `cleanbill.tensors/1`.

use cleanbill_core::{
    difference::{Difference, Distance, TensorChange, TensorSide},
    tensors::{Gap, TensorManifest},
};
use serde_json::{Value, json};

use crate::escape;

/// Writes the manifest of a model's tensors; its shape is `schemas/cleanbill.tensors-1.schema.json`.
pub fn manifest(manifest: &TensorManifest) -> Vec<u8> {
    let files: Vec<Value> = manifest
        .files
        .iter()
        .map(|(path, container)| json!({"path": path, "container": container}))
        .collect();
    let tensors: Vec<Value> = manifest
        .tensors
        .iter()
        .map(|tensor| {
            json!({
                "name": tensor.name,
                "dtype": tensor.dtype,
                "shape": tensor.shape,
                "bytes": tensor.bytes,
                "sha256": tensor.sha256.map(|digest| digest.to_string()),
                "path": tensor.path,
            })
        })
        .collect();
    escape::json(&json!({
        "schema": "cleanbill.tensors/1",
        "target": manifest.target,
        "files": files,
        "tensors": tensors,
        "gaps": gaps(&manifest.gaps),
    }))
}

/// Writes a comparison; its shape is `schemas/cleanbill.diff-1.schema.json`.
pub fn difference(difference: &Difference) -> Vec<u8> {
    let files: Vec<Value> = difference
        .files
        .iter()
        .map(|file| {
            json!({
                "path": file.path,
                "change": file.kind.as_str(),
                "bytes_before": file.bytes.0,
                "bytes_after": file.bytes.1,
            })
        })
        .collect();
    let settings: Vec<Value> = difference
        .settings
        .iter()
        .map(|one| json!({"path": one.path, "key": one.key, "before": one.before, "after": one.after}))
        .collect();
    let templates: Vec<Value> = difference
        .templates
        .iter()
        .map(|one| {
            json!({
                "path": one.path,
                "change": one.kind.as_str(),
                "lines_removed": one.lines.0,
                "lines_added": one.lines.1,
            })
        })
        .collect();
    let findings: Vec<Value> = difference
        .findings
        .iter()
        .map(|finding| {
            json!({
                "id": finding.id,
                "severity": finding.severity.as_str(),
                "tensor": finding.tensor,
                "message": finding.message.en(),
            })
        })
        .collect();
    let tensors: Vec<Value> = difference.tensors.iter().map(tensor).collect();
    escape::json(&json!({
        "schema": "cleanbill.diff/1",
        "before": difference.before,
        "after": difference.after,
        "claim": difference.claim.map(cleanbill_core::difference::Claim::as_str),
        "verdict": difference.verdict.as_str(),
        "lineage": lineage(difference),
        "findings": findings,
        "files": files,
        "settings": settings,
        "tokens": tokens(difference),
        "templates": templates,
        "tensors": tensors,
        "gaps": gaps(&difference.gaps),
    }))
}

fn lineage(difference: &Difference) -> Value {
    let lineage = &difference.lineage;
    let scores: serde_json::Map<String, Value> = lineage
        .scores
        .iter()
        .map(|(descent, score)| (descent.as_str().to_owned(), rounded(*score)))
        .collect();
    let coefficients: Vec<Value> = lineage
        .coefficients
        .iter()
        .map(|(model, coefficient)| json!({"model": model, "coefficient": rounded(*coefficient)}))
        .collect();
    let layers: Vec<Value> = lineage
        .layers
        .iter()
        .map(|layer| json!({"name": layer.name, "relative_l2": rounded(layer.relative)}))
        .collect();
    json!({
        "kind": lineage.descent.map(cleanbill_core::difference::Descent::as_str),
        "scores": scores,
        "rank": lineage.rank,
        "coefficients": coefficients,
        "layers": layers,
    })
}

fn tokens(difference: &Difference) -> Value {
    let tokens = &difference.tokens;
    let changes: Vec<Value> = tokens
        .changes
        .iter()
        .map(|one| {
            json!({
                "path": one.path,
                "token": one.token,
                "before": one.before,
                "after": one.after,
                "special": one.special,
            })
        })
        .collect();
    let roles: Vec<Value> = tokens
        .roles
        .iter()
        .map(|(role, before, after)| json!({"role": role, "before": before, "after": after}))
        .collect();
    json!({
        "count_before": tokens.tokens.0,
        "count_after": tokens.tokens.1,
        "added": tokens.counts.0,
        "removed": tokens.counts.1,
        "renumbered": tokens.counts.2,
        "merges_changed": tokens.merges,
        "changes": changes,
        "roles": roles,
    })
}

fn tensor(change: &TensorChange) -> Value {
    let rows: Vec<Value> = change
        .rows
        .iter()
        .map(|row| json!({"row": row.row, "token": row.token, "relative_l2": rounded(row.relative)}))
        .collect();
    json!({
        "change": change.kind.as_str(),
        "before": change.before.as_ref().map(side),
        "after": change.after.as_ref().map(side),
        "transposed": change.transposed,
        "rows_permuted": change.permuted,
        "standing": rounded(change.standing),
        "distance": change.distance.as_ref().map(distance),
        "rows": rows,
    })
}

fn side(side: &TensorSide) -> Value {
    json!({"name": side.name, "dtype": side.dtype, "shape": side.shape})
}

fn distance(distance: &Distance) -> Value {
    let bands: Vec<Value> = distance.bands.iter().map(|band| rounded(*band)).collect();
    json!({
        "relative_l2": rounded(distance.relative),
        "cosine": rounded(distance.cosine),
        "max_abs": rounded(distance.largest),
        "share_changed": rounded(distance.share),
        "rows_changed": distance.rows.0,
        "rows": distance.rows.1,
        "bands": bands,
        "rank": distance.rank,
        "concentration": distance.concentration.map(rounded),
        "not_finite_before": distance.not_finite.0,
        "not_finite_after": distance.not_finite.1,
    })
}

fn gaps(gaps: &[Gap]) -> Vec<Value> {
    let each = gaps
        .iter()
        .map(|gap| json!({"path": gap.path, "tensor": gap.tensor, "reason": gap.reason.en()}));
    each.collect()
}

/// Keeps seven digits: what lies behind them is rounding. What is not finite has no number in JSON.
fn rounded(value: f64) -> Value {
    let short: Option<f64> = format!("{value:.6e}").parse().ok();
    short
        .and_then(serde_json::Number::from_f64)
        .map_or(Value::Null, Value::Number)
}
