//! Data that a model was trained on, and what other models put out. Whether a trained model is a derivative of its data
//! is not settled, so the terms of data give questions; what a licence says of outputs gives conflicts.

use cleanbill_core::{Severity, Text, text};

use super::{Applied, List, Out, Thing, derived};
use crate::{
    lineage::{EdgeKind, NodeKind},
    terms::{Commercial, OutputUse, Permission},
};

pub(super) fn run(out: &mut Out<'_, '_>) {
    let lineage = out.lineage;
    for (at, thing) in lineage.things.iter().enumerate() {
        let mut bases: Option<Vec<&Thing<'_>>> = None;
        for &(to, kind) in lineage.edges(at) {
            let Some(source) = lineage.things.get(to).filter(|_| kind == EdgeKind::TrainedOn) else {
                continue;
            };
            // Trained on a model means trained on what it puts out.
            let makers = if source.node.kind == NodeKind::Dataset {
                for applied in &source.applied {
                    data(out, thing, source, applied);
                }
                out.reached(
                    to,
                    &[EdgeKind::GeneratedBy, EdgeKind::DerivedFrom, EdgeKind::Contains],
                )
            } else {
                vec![source]
            };
            for maker in makers {
                if maker.node.kind == NodeKind::Dataset {
                    continue;
                }
                let bases = bases.get_or_insert_with(|| out.reached(at, &[EdgeKind::DerivedFrom]));
                let own = bases.iter().any(|base| base.node.id == maker.node.id);
                for applied in &maker.applied {
                    let family = own || bases.iter().any(|base| out.has(base, &applied.id));
                    outputs(out, thing, maker, applied, family);
                }
            }
        }
    }
}

/// Asks what the licence of data means for a model.
fn data(out: &mut Out<'_, '_>, thing: &Thing<'_>, source: &Thing<'_>, applied: &Applied) {
    let (name, from, id, terms) = (&thing.node.name, &source.node.name, &applied.id, &applied.terms);
    let mut questions: Vec<(&'static str, Severity, Text)> = Vec::new();
    if terms.commercial == Commercial::No && out.intent.commercial {
        questions.push((
            "dataset-non-commercial",
            Severity::Medium,
            text!(
                "`{name}` was trained on `{from}`, whose licence `{id}` forbids commercial use; whether that binds the model is not settled",
                "`{name}` 使用 `{from}` 训练，其许可证 `{id}` 禁止商业使用；是否约束模型尚无定论"
            ),
        ));
    }
    if terms.share_alike && !out.has(thing, id) {
        questions.push((
            "dataset-share-alike",
            Severity::Low,
            text!(
                "`{name}` was trained on `{from}` under `{id}`; whether the model must then be under the same licence is not settled",
                "`{name}` 使用采用 `{id}` 的 `{from}` 训练；模型是否须采用相同许可证尚无定论"
            ),
        ));
    }
    if terms.derivatives == Permission::No {
        questions.push((
            "dataset-no-derivatives",
            Severity::Low,
            text!(
                "`{name}` was trained on `{from}`, whose licence `{id}` forbids derivatives; whether the model is one is not settled",
                "`{name}` 使用 `{from}` 训练，其许可证 `{id}` 禁止派生；模型是否属于派生作品尚无定论"
            ),
        ));
    }
    for (rule, severity, reason) in questions {
        out.add(
            List::Unsettled,
            rule,
            severity,
            &[(thing, None), (source, Some(applied))],
            reason,
        );
    }
    if terms.attribution {
        out.add(
            List::Obligation,
            "credit-dataset",
            Severity::Info,
            &[(thing, None), (source, Some(applied))],
            text!(
                "name the authors of `{from}` beside `{name}`, as `{id}` demands for copies of the data",
                "按 `{id}` 对数据副本的要求，在 `{name}` 旁注明 `{from}` 的作者"
            ),
        );
    }
}

/// Compares a model with what the licence of another says of its outputs.
fn outputs(out: &mut Out<'_, '_>, thing: &Thing<'_>, maker: &Thing<'_>, applied: &Applied, family: bool) {
    let (name, from, id) = (&thing.node.name, &maker.node.name, &applied.id);
    let concerned = [(thing, None), (maker, Some(applied))];
    match applied.terms.outputs {
        OutputUse::NoTraining if !family => out.add(
            List::Conflict,
            "outputs-train-other-model",
            Severity::High,
            &concerned,
            text!(
                "`{name}` was trained on what `{from}` put out, and `{id}` forbids to improve other models with it",
                "`{name}` 使用 `{from}` 的输出训练，而 `{id}` 禁止以其输出改进其他模型"
            ),
        ),
        OutputUse::NonCommercial if out.intent.commercial => out.add(
            List::Conflict,
            "outputs-non-commercial",
            Severity::High,
            &concerned,
            text!(
                "`{name}` was trained on what `{from}` put out, which `{id}` binds to non-commercial use",
                "`{name}` 使用 `{from}` 的输出训练，而 `{id}` 将其输出限于非商业用途"
            ),
        ),
        OutputUse::Naming => {
            derived::name_prefix(out, thing, maker, applied);
            if let Some(words) = &applied.terms.display {
                out.add(
                    List::Obligation,
                    "display",
                    Severity::Medium,
                    &concerned,
                    text!(
                        "show `{words}` for `{name}`, which was trained on what `{from}` put out",
                        "`{name}` 使用 `{from}` 的输出训练，须显示 `{words}`"
                    ),
                );
            }
        }
        // By the licence's own words a model like it, made by its outputs, is a derivative.
        OutputUse::Derivative => out.add(
            List::Unsettled,
            "outputs-make-derivative",
            Severity::Medium,
            &concerned,
            text!(
                "`{name}` was trained on what `{from}` put out; if it is meant to perform alike, `{id}` counts it as a derivative with all its terms",
                "`{name}` 使用 `{from}` 的输出训练；若旨在取得相近性能，`{id}` 视其为派生模型并适用全部条款"
            ),
        ),
        _ => {}
    }
}
