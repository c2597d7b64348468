//! Examines whole data sets for poison: reads them several times, each time record by record, and shows the records to the checks
//! of `cleanbill-leaks`.

use std::sync::{Arc, Mutex, PoisonError};

use cleanbill_core::{
    Text, Verdict,
    leak::{Leak, LeakPoison},
    text,
};
use cleanbill_leaks::poison::{Caveat, Evaluation, EvaluationBuilder, Examination, Settings};

use crate::{
    gather::{Gather, Profile, Purpose, Roles, Wishes},
    input::count,
    outcome::Tools,
    run::{Artifact, Emit, How, Outcome, RunError, arrange, pass},
    sequence::{Item, Sequence},
};

/// Names the fields of a data set, where they are not to be guessed.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    /// The texts.
    pub texts: Vec<String>,
    /// The label, or the answer to the texts.
    pub label: Option<String>,
    /// Where a record comes from.
    pub source: Option<String>,
}

/// Says how a data set is examined for poison.
#[derive(Debug, Default)]
pub struct Poison {
    /// Which fields are what.
    pub fields: Fields,
    /// Evaluation sets that it is compared with.
    pub against: Vec<Artifact>,
}

/// Examines artifacts, hands on what is found after all other findings, and adds it to the outcome.
pub(crate) fn examine(
    artifacts: &[Artifact],
    mut poison: Poison,
    tools: &Tools,
    how: &How,
    outcome: &mut Outcome,
    emit: &mut Emit<'_>,
) -> Result<(), RunError> {
    arrange(&mut poison.against);
    let how = How { sample: None, ..*how };
    let wishes = |with_label: bool| Wishes {
        texts: poison.fields.texts.clone(),
        label: poison.fields.label.clone().filter(|_| with_label),
        source: poison.fields.source.clone(),
        id: tools.id_field.clone(),
    };
    let roles = roles(artifacts, tools, &wishes(true));
    let mut report = LeakPoison {
        texts: roles
            .texts
            .iter()
            .filter(|text| !text.is_empty())
            .cloned()
            .collect(),
        label: roles
            .label
            .clone()
            .or_else(|| roles.speaker.as_ref().and(roles.texts.first().cloned())),
        source: roles.source.clone(),
        url: roles.url.clone(),
        digest: roles.digest.clone(),
        guessed: poison.fields.texts.is_empty()
            || poison.fields.label.is_none() && roles.label.is_some()
            || poison.fields.source.is_none() && roles.source.is_some(),
        ..LeakPoison::default()
    };
    let mut lost: Vec<Text> = Vec::new();
    let evaluation = if poison.against.is_empty() {
        None
    } else {
        Some(evaluation(
            &poison.against,
            tools,
            &wishes(false),
            &how,
            &mut lost,
        )?)
    };
    report.evaluation = evaluation.as_ref().map(|evaluation| count(evaluation.len()));
    let settings = Settings {
        bytes: bytes(outcome),
        labels: roles.labels.clone(),
    };
    let mut examination = Arc::new(Examination::new(&settings, evaluation));
    let mut is_first = true;
    loop {
        let gathering = gathering(tools, &roles, Purpose::See(Arc::clone(&examination)));
        let (seen, gathered) = pass(artifacts, &gathering, &how, None, None, &mut |_| Ok(()))?;
        drop(gathering);
        outcome.internal_errors.extend(seen.internal_errors);
        if is_first {
            for artifact in &mut outcome.artifacts {
                let rows = gathered.get(&artifact.path).copied().unwrap_or(0);
                if rows < artifact.records {
                    let missing = artifact.records.saturating_sub(rows);
                    artifact.coverage.lose(text!(
                        "{missing} records were not examined for poison: no text was found in them, or records of this kind are not compared",
                        "{missing} 条记录未检查投毒：其中未找到文本，或此类记录不作比较"
                    ));
                }
            }
        }
        is_first = false;
        let Some(examination) = Arc::get_mut(&mut examination) else {
            break;
        };
        if !examination.turn() {
            break;
        }
    }
    report.rows = examination.rows();
    for caveat in examination.caveats() {
        let (text, is_lost) = said(&caveat);
        if is_lost {
            lost.push(text.clone());
        }
        report.notes.push(text);
    }
    for artifact in &mut outcome.artifacts {
        for reason in &lost {
            artifact.coverage.lose(reason.clone());
        }
    }
    let mut has_failed = outcome.verdict == Verdict::Fail;
    if examination.has_found() {
        let gathering = gathering(tools, &roles, Purpose::Judge(Arc::clone(&examination)));
        let mut on = |leak: &Leak| emit(leak);
        let (judged, _) = pass(artifacts, &gathering, &how, None, None, &mut on)?;
        has_failed |= judged.verdict == Verdict::Fail;
        add(outcome, judged);
    }
    outcome.judge(has_failed);
    outcome.poison = Some(report);
    Ok(())
}

/// Adds what the last pass found.
fn add(outcome: &mut Outcome, judged: Outcome) {
    outcome.internal_errors.extend(judged.internal_errors);
    for (group, number) in judged.findings {
        let seen = outcome.findings.entry(group).or_default();
        *seen = seen.saturating_add(number);
    }
    for (artifact, judged) in outcome.artifacts.iter_mut().zip(judged.artifacts) {
        artifact.findings = artifact.findings.saturating_add(judged.findings);
        for reason in judged.coverage.reasons() {
            artifact.coverage.lose(reason.clone());
        }
    }
}

fn gathering(tools: &Tools, roles: &Roles, purpose: Purpose) -> Tools {
    Tools {
        columns: None,
        redactor: None,
        gather: Some(Arc::new(Gather {
            roles: roles.clone(),
            purpose,
        })),
        ..tools.clone()
    }
}

/// Tells which field is what from the first records of the first artifacts.
fn roles(artifacts: &[Artifact], tools: &Tools, wishes: &Wishes) -> Roles {
    let tools = gathering(
        tools,
        &Roles::default(),
        Purpose::Profile(Mutex::new(Profile::default())),
    );
    let mut sequence = Sequence::new(artifacts);
    let mut seen = 0_usize;
    while let Some(item) = sequence.next(&tools) {
        match item {
            Item::Open(_) if seen >= PROFILED => break,
            Item::Piece(piece) => {
                seen = seen.saturating_add(1);
                // A part that breaks down is reported by the pass over all of it.
                let work = piece.work;
                let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(&tools)));
                sequence.break_off();
            }
            _ => {}
        }
    }
    let Some(Gather {
        purpose: Purpose::Profile(profile),
        ..
    }) = tools.gather.and_then(Arc::into_inner)
    else {
        return Roles::default();
    };
    let profile = profile.into_inner().unwrap_or_else(PoisonError::into_inner);
    profile.roles(wishes)
}

fn evaluation(
    against: &[Artifact],
    tools: &Tools,
    wishes: &Wishes,
    how: &How,
    lost: &mut Vec<Text>,
) -> Result<Evaluation, RunError> {
    let builder = Arc::new(EvaluationBuilder::default());
    for artifact in against {
        let artifact = std::slice::from_ref(artifact);
        let roles = roles(artifact, tools, wishes);
        let Some(path) = artifact.first().map(|one| Arc::clone(&one.path)) else {
            continue;
        };
        let purpose = Purpose::Evaluation(Arc::clone(&builder), Arc::clone(&path));
        let gathering = gathering(tools, &roles, purpose);
        let (read, gathered) = pass(artifact, &gathering, how, None, None, &mut |_| Ok(()))?;
        let records: u64 = read.artifacts.iter().map(|artifact| artifact.records).sum();
        let rows: u64 = gathered.values().sum();
        let is_whole = read
            .artifacts
            .iter()
            .all(|artifact| artifact.coverage.reasons().is_empty());
        if !is_whole || rows < records || records == 0 {
            lost.push(text!(
                "the evaluation set `{path}` could not be read in full: {rows} of {records} records were compared",
                "评估集 `{path}` 无法完整读取：比较了 {records} 条记录中的 {rows} 条"
            ));
        }
    }
    Ok(Arc::into_inner(builder).unwrap_or_default().build())
}

/// Estimates the bytes of a data set once it is unpacked.
fn bytes(outcome: &Outcome) -> u64 {
    let sizes = outcome.artifacts.iter().map(|artifact| {
        let is_packed = artifact.format.contains('+') || artifact.format == "parquet";
        artifact.size_bytes.saturating_mul(if is_packed { 4 } else { 1 })
    });
    sizes.fold(0, u64::saturating_add)
}

/// Says a caveat in words, and whether something was not looked at that could have been.
fn said(caveat: &Caveat) -> (Text, bool) {
    match caveat {
        Caveat::NoLabels => (
            text!(
                "poison: no label or answer was found, so nothing could be tied to one; `--label-field` names it",
                "投毒：未找到标签或回答，因此无法检查与其关联的内容；可用 `--label-field` 指定"
            ),
            false,
        ),
        Caveat::FeaturesSampled(one_in) => (
            text!(
                "poison: more words and phrases seem tied to a label than are held; one in {one_in} was examined",
                "投毒：与标签关联的词语数量超出上限；每 {one_in} 个检查 1 个"
            ),
            true,
        ),
        Caveat::Crowded(records) => (
            text!(
                "poison: about {records} records share a counter of phrases; phrases tied to a label in fewer than five times as many records may be missed",
                "投毒：约 {records} 条记录共用一个短语计数器；出现记录数少于其五倍的短语可能漏检"
            ),
            true,
        ),
        Caveat::NeighboursSampled(one_in) => (
            text!(
                "poison: near duplicates were compared under one key in {one_in}",
                "投毒：近似重复仅按每 {one_in} 个键中的 1 个进行比较"
            ),
            true,
        ),
        Caveat::LongTexts(records) => (
            text!(
                "poison: of {records} long records, only the first 50,000 words were examined",
                "投毒：{records} 条长记录仅检查前 50,000 个词"
            ),
            true,
        ),
        Caveat::EvaluationCut(records) => (
            text!(
                "poison: about {records} records of the evaluation sets were left out",
                "投毒：评估集约有 {records} 条记录未纳入"
            ),
            true,
        ),
        Caveat::AddressesSampled(one_in) => (
            text!(
                "poison: one address in {one_in} was compared with its other digests",
                "投毒：每 {one_in} 个地址中有 1 个比较了其不同摘要"
            ),
            true,
        ),
    }
}

/// Pieces by which fields are told: the first ones of so many artifacts.
const PROFILED: usize = 16;
