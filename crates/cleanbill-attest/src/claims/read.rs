//! Reads claims: any in-toto Statement v1 whose predicate is of a known type. Fields that are unknown are passed over, as in-toto asks;
//! those that decide something must be there and of their kind.

use super::{
    ANSWERED, ANSWERS, CREATED, ClaimKind, ClaimOutcome, ClaimRefusal, GAPS, OLD_PROVENANCE, OWN_METHOD,
    PASSED, SERIALIZATION, VERIFICATION_SUMMARY, predicate::check_document,
};
use crate::{
    digest::parse_hex,
    json::{self, Fields, Value},
    limits,
    refusal::{Document, Refusal},
    statement::{self, Statement},
};

/// Holds a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// What it is about.
    pub kind: ClaimKind,
    /// The type of what it says.
    pub predicate_type: String,
    /// What it is said of.
    pub subjects: Vec<ClaimSubject>,
    /// When it was made, as it says itself.
    pub time: Option<String>,
    /// How what it tells of ended; nothing for documents.
    pub outcome: Option<ClaimOutcome>,
    /// Who made the subjects, and from what.
    pub provenance: Option<Provenance>,
    /// The model file by file, where the claim names the rules by which it was read.
    pub model: Option<Statement>,
}

/// Holds one thing that a claim is said of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimSubject {
    /// What it is called.
    pub name: String,
    /// Its SHA-256, where the claim gives one.
    pub sha256: Option<String>,
}

/// Holds who made something, and from what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provenance {
    /// The builder.
    pub builder: String,
    /// What kind of run it was.
    pub build_type: String,
    /// Where the sources came from. What the run was started with counts where it says so; otherwise everything that it resolved.
    pub sources: Vec<String>,
}

impl Claim {
    /// Reads the bytes of a statement.
    pub fn from_json(bytes: &[u8]) -> Result<Self, Refusal> {
        let value = json::read(Document::Statement, bytes)?;
        let mut fields = Fields::of(Document::Statement, "", &value)?;
        statement::check_type(&mut fields)?;
        let predicate_type = fields.text("predicateType")?.to_owned();
        let Some(kind) = ClaimKind::of_type(&predicate_type) else {
            return Err(Refusal::Claim(ClaimRefusal::Type {
                found: predicate_type,
            }));
        };
        let list = fields.list("subject")?;
        let subjects = subjects(list)?;
        let model = if kind == ClaimKind::Signature {
            Some(Statement::from_json(bytes)?)
        } else {
            model(list, &subjects)?
        };
        let Some(predicate @ Value::Object(_)) = fields.optional("predicate") else {
            return Err(wrong("predicate", "an object"));
        };
        let outcome = outcome(kind, &predicate_type, predicate)?;
        Ok(Self {
            kind,
            time: time(kind, predicate, list),
            outcome,
            provenance: match kind {
                ClaimKind::Run => Some(provenance(&predicate_type, predicate)?),
                _ => None,
            },
            predicate_type,
            subjects,
            model,
        })
    }
}

fn subjects(list: &[Value]) -> Result<Vec<ClaimSubject>, Refusal> {
    if list.is_empty() {
        return Err(Refusal::Claim(ClaimRefusal::NoSubject));
    }
    if list.len() > limits::RESOURCES {
        return Err(Refusal::TooManyResources);
    }
    let mut subjects = Vec::with_capacity(list.len());
    for (index, subject) in list.iter().enumerate() {
        let mut fields = Fields::of(Document::Statement, &format!("subject[{index}]"), subject)?;
        let name = fields.optional_text("name")?.unwrap_or_default().to_owned();
        let sha256 = fields
            .object("digest")?
            .optional_text("sha256")?
            .map(str::to_owned);
        let is_digest = |digest: &String| parse_hex(digest).is_some_and(|bytes| bytes.len() == SHA256_BYTES);
        if sha256.as_ref().is_some_and(|digest| !is_digest(digest)) {
            return Err(Refusal::ResourceDigest { name });
        }
        subjects.push(ClaimSubject { name, sha256 });
    }
    Ok(subjects)
}

/// Returns the list of files where the first subject names the rules by which they were read.
fn model(list: &[Value], subjects: &[ClaimSubject]) -> Result<Option<Statement>, Refusal> {
    let annotations = list
        .first()
        .and_then(|first| first.at(&["annotations", SERIALIZATION]));
    let (Some(rules), Some((first, files))) = (annotations, subjects.split_first()) else {
        return Ok(None);
    };
    let place = format!("subject[0].annotations.{SERIALIZATION}");
    let rules = Fields::of(Document::Statement, &place, rules)?;
    let mut named = Vec::with_capacity(files.len());
    for file in files {
        let digest = file.sha256.clone().ok_or_else(|| Refusal::ResourceDigest {
            name: file.name.clone(),
        })?;
        named.push((file.name.clone(), digest));
    }
    let stated = first.sha256.as_deref().unwrap_or_default();
    statement::from_subjects(&first.name, stated, rules, &named).map(Some)
}

fn outcome(
    kind: ClaimKind,
    predicate_type: &str,
    predicate: &Value,
) -> Result<Option<ClaimOutcome>, Refusal> {
    let passed = |passed: bool| {
        if passed {
            ClaimOutcome::Passed
        } else {
            ClaimOutcome::Failed
        }
    };
    Ok(Some(match kind {
        ClaimKind::Scan => tests(predicate)?,
        ClaimKind::Verdict if predicate_type == VERIFICATION_SUMMARY => {
            text(predicate, &["verifier", "id"])?;
            match text(predicate, &["verificationResult"])? {
                "PASSED" => ClaimOutcome::Passed,
                "FAILED" => ClaimOutcome::Failed,
                _ => return Err(wrong("predicate.verificationResult", "PASSED or FAILED")),
            }
        }
        ClaimKind::Verdict => {
            text(predicate, &["verifier", "id"])?;
            passed(texts(predicate, "properties")?.contains(&PASSED))
        }
        ClaimKind::Vulnerabilities => weaknesses(predicate)?,
        ClaimKind::Bom | ClaimKind::Vex => {
            check_document(predicate_type, predicate)?;
            return Ok(None);
        }
        ClaimKind::Lineage => return attributes(predicate),
        ClaimKind::Run | ClaimKind::Signature => return Ok(None),
    }))
}

/// Reads a result of tests.
fn tests(predicate: &Value) -> Result<ClaimOutcome, Refusal> {
    let word = text(predicate, &["result"])?;
    let outcome = ClaimOutcome::ALL.into_iter().find(|known| known.as_str() == word);
    let outcome = outcome.ok_or_else(|| wrong("predicate.result", "PASSED, WARNED or FAILED"))?;
    if predicate
        .member("configuration")
        .and_then(Value::as_list)
        .is_none()
    {
        return Err(wrong("predicate.configuration", "a list"));
    }
    let has_failed =
        predicate.member("failedTests").is_some() && !texts(predicate, "failedTests")?.is_empty();
    if has_failed && outcome != ClaimOutcome::Failed {
        return Err(Refusal::Claim(ClaimRefusal::Contradiction {
            result: outcome.as_str(),
        }));
    }
    Ok(outcome)
}

/// Reads a list of weaknesses: passed where nothing stands there that nobody answered; a warning where all of it is known to be less than
/// high.
fn weaknesses(predicate: &Value) -> Result<ClaimOutcome, Refusal> {
    let list = predicate.at(&["scanner", "result"]).and_then(Value::as_list);
    let list = list.ok_or_else(|| wrong("predicate.scanner.result", "a list"))?;
    // What could not be looked up has not passed.
    let mut outcome = match predicate.member(GAPS) {
        None => ClaimOutcome::Passed,
        Some(_) => ClaimOutcome::Warned,
    };
    for one in list {
        text(one, &["id"]).map_err(|_| wrong("predicate.scanner.result[].id", "a string"))?;
        let notes = one
            .member("annotations")
            .and_then(Value::as_list)
            .unwrap_or_default();
        let is_answer = |note: &Value| {
            let state = note.member(ANSWERED).and_then(Value::as_text);
            state.is_some_and(|state| ANSWERS.contains(&state))
        };
        if notes.iter().any(is_answer) {
            continue;
        }
        let severity = one
            .member("severity")
            .and_then(Value::as_list)
            .unwrap_or_default();
        let score = severity
            .iter()
            .find(|one| one.member("method").and_then(Value::as_text) == Some(OWN_METHOD))
            .and_then(|one| one.member("score")?.as_text());
        let one = match score {
            Some("info" | "low" | "medium") => ClaimOutcome::Warned,
            _ => ClaimOutcome::Failed,
        };
        outcome = outcome.max(one);
    }
    Ok(outcome)
}

/// Reads attributes. Those of ours say with which verdict models were compared; those of others have no result.
fn attributes(predicate: &Value) -> Result<Option<ClaimOutcome>, Refusal> {
    let list = predicate.member("attributes").and_then(Value::as_list);
    let list = list.ok_or_else(|| wrong("predicate.attributes", "a list"))?;
    let mut worst = None;
    for one in list {
        let attribute =
            text(one, &["attribute"]).map_err(|_| wrong("predicate.attributes[].attribute", "a string"))?;
        let verdict = one.at(&["conditions", "verdict"]).and_then(Value::as_text);
        let outcome = match verdict.filter(|_| attribute.starts_with("LINEAGE_")) {
            Some("pass") => ClaimOutcome::Passed,
            Some(_) => ClaimOutcome::Failed,
            None => continue,
        };
        worst = worst.max(Some(outcome));
    }
    Ok(worst)
}

/// Reads who made something and from what: SLSA 1 and, as far as builders still write it, 0.2.
fn provenance(predicate_type: &str, predicate: &Value) -> Result<Provenance, Refusal> {
    if predicate_type == OLD_PROVENANCE {
        let declared = predicate
            .at(&["invocation", "configSource", "uri"])
            .and_then(Value::as_text);
        let sources = match declared {
            Some(declared) => vec![declared.to_owned()],
            None => addresses(predicate.member("materials")),
        };
        return Ok(Provenance {
            builder: text(predicate, &["builder", "id"])?.to_owned(),
            build_type: text(predicate, &["buildType"])?.to_owned(),
            sources,
        });
    }
    let definition = predicate.member("buildDefinition").unwrap_or(&Value::Null);
    let mut sources = declared(definition.member("externalParameters").unwrap_or(&Value::Null));
    if sources.is_empty() {
        sources = addresses(definition.member("resolvedDependencies"));
    }
    Ok(Provenance {
        builder: text(predicate, &["runDetails", "builder", "id"])?.to_owned(),
        build_type: text(predicate, &["buildDefinition", "buildType"])?.to_owned(),
        sources,
    })
}

/// Returns the source that a run was started with: the workflow of GitHub, or a field `source` or `repository`.
fn declared(parameters: &Value) -> Vec<String> {
    let text = |way: &[&str]| parameters.at(way).and_then(Value::as_text);
    if let Some(repository) = text(&["workflow", "repository"]) {
        let mut sources = vec![repository.to_owned()];
        if let Some(reference) = text(&["workflow", "ref"]) {
            sources.push(format!("git+{repository}@{reference}"));
        }
        return sources;
    }
    let ways: [&[&str]; 5] = [
        &["source"],
        &["source", "uri"],
        &["source", "repository"],
        &["repository"],
        &["sourceUri"],
    ];
    ways.iter()
        .find_map(|way| text(way))
        .map(str::to_owned)
        .into_iter()
        .collect()
}

fn addresses(list: Option<&Value>) -> Vec<String> {
    let items = list.and_then(Value::as_list).unwrap_or_default();
    let address = |item: &Value| {
        let text = |key: &str| item.member(key).and_then(Value::as_text).map(str::to_owned);
        text("uri").or_else(|| text("name"))
    };
    items.iter().filter_map(address).collect()
}

/// Returns the time that a claim gives itself; that of its statement where what it says has none.
fn time(kind: ClaimKind, predicate: &Value, subjects: &[Value]) -> Option<String> {
    let ways: &[&[&str]] = match kind {
        ClaimKind::Verdict => &[&["timeCreated"], &["timeVerified"]],
        ClaimKind::Vulnerabilities => &[&["metadata", "scanFinishedOn"]],
        ClaimKind::Run => &[
            &["runDetails", "metadata", "finishedOn"],
            &["runDetails", "metadata", "startedOn"],
            &["metadata", "buildFinishedOn"],
        ],
        _ => &[],
    };
    let within = ways.iter().find_map(|way| predicate.at(way));
    let created = subjects
        .first()
        .and_then(|first| first.at(&["annotations", CREATED]));
    let own = match kind {
        ClaimKind::Vex => predicate.member("timestamp"),
        ClaimKind::Bom => predicate.at(&["metadata", "timestamp"]),
        _ => None,
    };
    let found = within.or(created).or(own)?.as_text()?;
    Some(found.chars().take(TIME_CHARACTERS).collect())
}

fn text<'a>(value: &'a Value, way: &[&str]) -> Result<&'a str, Refusal> {
    let found = value.at(way).and_then(Value::as_text);
    found.ok_or_else(|| wrong(&format!("predicate.{}", way.join(".")), "a string"))
}

fn texts<'a>(value: &'a Value, key: &str) -> Result<Vec<&'a str>, Refusal> {
    let items = value.member(key).and_then(Value::as_list);
    let texts: Option<Vec<&str>> = items.and_then(|items| items.iter().map(Value::as_text).collect());
    texts.ok_or_else(|| wrong(&format!("predicate.{key}"), "a list of strings"))
}

fn wrong(place: &str, expected: &'static str) -> Refusal {
    Refusal::JsonField {
        document: Document::Statement,
        place: place.to_owned(),
        expected,
    }
}

const SHA256_BYTES: usize = 32;
/// Characters of a time that are shown: RFC 3339 needs fewer.
const TIME_CHARACTERS: usize = 40;
