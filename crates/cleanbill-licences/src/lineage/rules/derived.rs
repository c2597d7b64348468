//! What a thing may not drop of the licences that it comes from.

use cleanbill_core::{Severity, text};

use super::{Applied, List, Out, Thing, begins_with};
use crate::{
    lineage::{EdgeKind, NodeKind},
    terms::{Commercial, Copyleft, Permission, Terms, UseRestrictions},
};

pub(super) fn run(out: &mut Out<'_, '_>) {
    let lineage = out.lineage;
    for (at, thing) in lineage.things.iter().enumerate() {
        if thing.node.kind == NodeKind::Product {
            continue;
        }
        let bases = out.reached(at, &[EdgeKind::DerivedFrom]);
        for base in &bases {
            for applied in &base.applied {
                pair(out, thing, base, applied);
            }
        }
        merged(out, thing, &bases);
    }
}

/// Compares a thing with one licence of something that it comes from.
pub(super) fn pair(out: &mut Out<'_, '_>, thing: &Thing<'_>, base: &Thing<'_>, applied: &Applied) {
    let (name, from, id, terms) = (&thing.node.name, &base.node.name, &applied.id, &applied.terms);
    let concerned = [(thing, None), (base, Some(applied))];
    if terms.derivatives == Permission::No {
        out.add(
            List::Conflict,
            "derivatives-forbidden",
            Severity::High,
            &concerned,
            text!(
                "`{name}` is derived from `{from}`, whose licence `{id}` forbids derivatives",
                "`{name}` 派生自 `{from}`，而其许可证 `{id}` 禁止派生"
            ),
        );
    }
    name_prefix(out, thing, base, applied);
    // Without terms of its own there is nothing to compare; that is reported as unknown.
    if thing.applied.is_empty() || !thing.unknown.is_empty() || out.has(thing, id) {
        return;
    }
    let own = |ask: &dyn Fn(&Terms) -> u8| thing.applied.iter().map(|own| ask(&own.terms)).max().unwrap_or(0);
    let licence = &thing.licence;
    let narrowness = own(&|terms| terms.commercial.narrowness());
    match terms.commercial {
        Commercial::No if narrowness < terms.commercial.narrowness() => out.add(
            List::Conflict,
            "non-commercial-dropped",
            Severity::High,
            &concerned,
            text!(
                "`{name}` is offered under `{licence}`, but `{from}`, from which it is derived, is under `{id}`, which forbids commercial use",
                "`{name}` 以 `{licence}` 提供，但其来源 `{from}` 的许可证 `{id}` 禁止商业使用"
            ),
        ),
        Commercial::Conditional { .. } if narrowness == 0 => out.add(
            List::Conflict,
            "commercial-conditions-dropped",
            Severity::Medium,
            &concerned,
            text!(
                "`{name}` is offered under `{licence}`, but the conditions of `{id}` on commercial use of `{from}` still hold",
                "`{name}` 以 `{licence}` 提供，但 `{from}` 的许可证 `{id}` 对商业使用的条件依然有效"
            ),
        ),
        _ => {}
    }
    let restricted = own(&|terms| restriction(terms.use_restrictions));
    if restricted < restriction(terms.use_restrictions) {
        let carried = terms.use_restrictions == UseRestrictions::Carried;
        let (rule, severity) = if carried {
            ("use-restrictions-dropped", Severity::Medium)
        } else {
            ("use-policy-dropped", Severity::Low)
        };
        let reason = if carried {
            text!(
                "`{name}` is offered under `{licence}` without the use restrictions of `{from}`, which `{id}` requires to pass on",
                "`{name}` 以 `{licence}` 提供，未传递 `{from}` 的使用限制，而 `{id}` 要求必须传递"
            )
        } else {
            text!(
                "`{name}` is offered under `{licence}`, but the use policy of `{id}` for `{from}` still binds its users",
                "`{name}` 以 `{licence}` 提供，但 `{from}` 的许可证 `{id}` 的使用政策仍约束其用户"
            )
        };
        out.add(List::Conflict, rule, severity, &concerned, reason);
    }
    let compatible = thing.applied.iter().any(|own| is_compatible(id, &own.id));
    if terms.share_alike && !compatible {
        out.add(
            List::Conflict,
            "share-alike-dropped",
            Severity::Medium,
            &concerned,
            text!(
                "`{name}` is offered under `{licence}`, but `{id}`, the licence of `{from}`, demands the same licence for what is derived",
                "`{name}` 以 `{licence}` 提供，但 `{from}` 的许可证 `{id}` 要求派生作品采用相同许可证"
            ),
        );
    }
    let reach = own(&|terms| copyleft(terms.copyleft));
    if terms.copyleft >= Copyleft::Strong && reach < copyleft(terms.copyleft) && !compatible {
        out.add(
            List::Conflict,
            "copyleft-dropped",
            Severity::Medium,
            &concerned,
            text!(
                "`{name}` is offered under `{licence}`, but `{id}`, the licence of `{from}`, demands the same freedom for what is derived",
                "`{name}` 以 `{licence}` 提供，但 `{from}` 的 copyleft 许可证 `{id}` 要求派生作品保持同等自由"
            ),
        );
    }
}

/// Checks that the name of a new model begins as the licence of its base demands.
pub(super) fn name_prefix(out: &mut Out<'_, '_>, thing: &Thing<'_>, base: &Thing<'_>, applied: &Applied) {
    let Some(prefix) = &applied.terms.name_prefix else {
        return;
    };
    // A quantisation is the same model in another format and is no new one.
    let new = matches!(
        thing.node.kind,
        NodeKind::Model | NodeKind::Adapter | NodeKind::Merge
    );
    if !new || begins_with(&thing.node.name, prefix) {
        return;
    }
    let (name, from, id) = (&thing.node.name, &base.node.name, &applied.id);
    out.add(
        List::Conflict,
        "name-prefix-missing",
        Severity::Medium,
        &[(thing, None), (base, Some(applied))],
        text!(
            "the name of `{name}` must begin with `{prefix}`, as `{id}`, the licence of `{from}`, demands",
            "按 `{from}` 的许可证 `{id}`，`{name}` 的名称必须以 `{prefix}` 开头"
        ),
    );
}

/// Looks for sources of one thing that each demand a licence of their own.
fn merged(out: &mut Out<'_, '_>, thing: &Thing<'_>, bases: &[&Thing<'_>]) {
    let binding: Vec<_> = bases
        .iter()
        .flat_map(|base| base.applied.iter().map(move |applied| (*base, applied)))
        .filter(|(_, applied)| applied.terms.share_alike || applied.terms.copyleft >= Copyleft::Strong)
        .take(MAX_BINDING)
        .collect();
    for (index, (one, first)) in binding.iter().enumerate() {
        for (other, second) in binding.iter().skip(index.saturating_add(1)) {
            let fits = out.catalog.may_be_same(&first.id, &second.id)
                || is_compatible(&first.id, &second.id)
                || is_compatible(&second.id, &first.id);
            if fits {
                continue;
            }
            let (name, a, b) = (&thing.node.name, &first.id, &second.id);
            out.add(
                List::Conflict,
                "sources-incompatible",
                Severity::Medium,
                &[(thing, None), (one, Some(first)), (other, Some(second))],
                text!(
                    "`{name}` comes from works under `{a}` and under `{b}`, each of which demands its own licence",
                    "`{name}` 的来源分别采用 `{a}` 与 `{b}`，两者都要求派生作品采用自身的许可证"
                ),
            );
        }
    }
}

/// LIMIT: sources with demands of their own that are compared with each other.
const MAX_BINDING: usize = 32;

/// Says whether what is derived under `from` may be offered under `to`.
pub(super) fn is_compatible(from: &str, to: &str) -> bool {
    COMPATIBLE
        .iter()
        .any(|(one, others)| *one == from && others.contains(&to))
}

/// Later versions and licences that a licence itself names as fit for what is derived.
const COMPATIBLE: &[(&str, &[&str])] = &[
    ("CC-BY-SA-2.0", &["CC-BY-SA-2.5", "CC-BY-SA-3.0", "CC-BY-SA-4.0"]),
    ("CC-BY-SA-2.5", &["CC-BY-SA-3.0", "CC-BY-SA-4.0"]),
    ("CC-BY-SA-3.0", &["CC-BY-SA-4.0"]),
    ("CC-BY-SA-4.0", &["GPL-3.0-only", "GPL-3.0-or-later"]),
    ("CC-BY-NC-SA-3.0", &["CC-BY-NC-SA-4.0"]),
    (
        "GPL-2.0-or-later",
        &[
            "GPL-3.0-only",
            "GPL-3.0-or-later",
            "AGPL-3.0-only",
            "AGPL-3.0-or-later",
        ],
    ),
    (
        "GPL-3.0-only",
        &["GPL-3.0-or-later", "AGPL-3.0-only", "AGPL-3.0-or-later"],
    ),
    (
        "GPL-3.0-or-later",
        &["GPL-3.0-only", "AGPL-3.0-only", "AGPL-3.0-or-later"],
    ),
    (
        "EUPL-1.2",
        &[
            "GPL-2.0-only",
            "GPL-3.0-only",
            "AGPL-3.0-only",
            "MPL-2.0",
            "CC-BY-SA-3.0",
            "EPL-1.0",
            "OSL-3.0",
        ],
    ),
];

fn restriction(restrictions: UseRestrictions) -> u8 {
    match restrictions {
        UseRestrictions::None => 0,
        UseRestrictions::Policy => 1,
        UseRestrictions::Carried => 2,
    }
}

fn copyleft(copyleft: Copyleft) -> u8 {
    match copyleft {
        Copyleft::None => 0,
        Copyleft::Weak => 1,
        Copyleft::Strong => 2,
        Copyleft::Network => 3,
    }
}
