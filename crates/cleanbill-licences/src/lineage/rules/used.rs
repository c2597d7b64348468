//! What an intended use makes of the licences of everything that a product uses.

use cleanbill_core::{Severity, Text, text};

use super::{Applied, List, Out, Thing};
use crate::{
    lineage::{Distribution, EdgeKind, NodeKind, Source},
    terms::{Commercial, Copyleft, Military, NoticeFile, OutputUse, Permission, UseRestrictions},
};

pub(super) fn run(out: &mut Out<'_, '_>) {
    let lineage = out.lineage;
    for &at in &lineage.roots {
        let Some(root) = lineage.things.get(at) else {
            continue;
        };
        let parts = out.reached(at, &[EdgeKind::DerivedFrom, EdgeKind::Contains]);
        let itself = (root.node.kind != NodeKind::Product).then_some(root);
        let used: Vec<&Thing<'_>> = itself.into_iter().chain(parts).collect();
        for part in &used {
            for applied in &part.applied {
                use_of(out, root, part, applied);
                region(out, root, part, applied);
                reach(out, root, part, applied);
                obligations(out, root, part, applied);
            }
        }
        incompatible(out, root, &used);
    }
}

/// Compares one licence with the kind of use.
fn use_of(out: &mut Out<'_, '_>, root: &Thing<'_>, part: &Thing<'_>, applied: &Applied) {
    let (name, id, terms) = (&part.node.name, &applied.id, &applied.terms);
    let concerned = [(root, None), (part, Some(applied))];
    if out.intent.commercial {
        commercial(out, root, part, applied);
    }
    if out.intent.military && terms.military == Military::Forbidden {
        out.add(
            List::Conflict,
            "military-use-forbidden",
            Severity::High,
            &concerned,
            text!(
                "`{id}`, the licence of `{name}`, forbids military use",
                "`{name}` 的许可证 `{id}` 禁止军事用途"
            ),
        );
    }
    if out.intent.distribution == Distribution::Distributed && terms.redistribution == Permission::No {
        out.add(
            List::Conflict,
            "redistribution-forbidden",
            Severity::High,
            &concerned,
            text!(
                "`{id}`, the licence of `{name}`, forbids passing it on",
                "`{name}` 的许可证 `{id}` 禁止再分发"
            ),
        );
    }
}

fn commercial(out: &mut Out<'_, '_>, root: &Thing<'_>, part: &Thing<'_>, applied: &Applied) {
    let (name, id) = (&part.node.name, &applied.id);
    let concerned = [(root, None), (part, Some(applied))];
    match &applied.terms.commercial {
        Commercial::Yes => {}
        Commercial::No => out.add(
            List::Conflict,
            "commercial-use-forbidden",
            Severity::High,
            &concerned,
            text!(
                "`{id}`, the licence of `{name}`, forbids commercial use",
                "`{name}` 的许可证 `{id}` 禁止商业使用"
            ),
        ),
        Commercial::Unknown => out.add(
            List::Unknown,
            "commercial-use-unknown",
            Severity::Medium,
            &concerned,
            text!(
                "whether `{id}`, the licence of `{name}`, allows commercial use is not known",
                "`{name}` 的许可证 `{id}` 是否允许商业使用未知"
            ),
        ),
        Commercial::Conditional {
            monthly_users,
            daily_users,
            yearly_revenue_usd,
            registration,
            permission,
        } => {
            if let Some(limit) = monthly_users {
                let users = out.intent.monthly_users;
                let reason = text!(
                    "above {limit} users a month `{id}`, the licence of `{name}`, needs another licence",
                    "月活用户超过 {limit} 时，`{name}` 的许可证 `{id}` 要求另行取得授权"
                );
                threshold(out, &concerned, *limit, users, reason);
            }
            if let Some(limit) = yearly_revenue_usd {
                let revenue = out.intent.yearly_revenue_usd;
                let reason = text!(
                    "above {limit} US dollars of revenue a year `{id}`, the licence of `{name}`, needs another licence",
                    "年收入超过 {limit} 美元时，`{name}` 的许可证 `{id}` 要求另行取得授权"
                );
                threshold(out, &concerned, *limit, revenue, reason);
            }
            if let Some(limit) = daily_users {
                let reason = text!(
                    "above {limit} users a day `{id}`, the licence of `{name}`, needs another licence",
                    "日活用户超过 {limit} 时，`{name}` 的许可证 `{id}` 要求另行取得授权"
                );
                threshold(out, &concerned, *limit, None, reason);
            }
            if *registration {
                out.add(
                    List::Obligation,
                    "register",
                    Severity::Medium,
                    &concerned,
                    text!(
                        "register with the maker of `{name}` before commercial use, as `{id}` demands",
                        "按 `{id}` 的要求，商业使用前须向 `{name}` 的发布方登记"
                    ),
                );
            }
            if *permission {
                out.add(
                    List::Obligation,
                    "ask-permission",
                    Severity::Medium,
                    &concerned,
                    text!(
                        "`{id}`, the licence of `{name}`, leaves some commercial use to a permission: ask for it, or show that it is not needed",
                        "`{name}` 的许可证 `{id}` 对部分商业使用要求事先许可：请取得许可，或说明无需许可"
                    ),
                );
            }
        }
    }
}

/// Compares a number with its limit: above it is a conflict, unknown a thing to watch.
fn threshold(
    out: &mut Out<'_, '_>,
    concerned: &[(&Thing<'_>, Option<&Applied>)],
    limit: u64,
    value: Option<u64>,
    reason: Text,
) {
    match value {
        Some(value) if value > limit => {
            out.add(
                List::Conflict,
                "commercial-threshold-passed",
                Severity::High,
                concerned,
                reason,
            );
        }
        Some(_) => out.add(
            List::Obligation,
            "watch-threshold",
            Severity::Info,
            concerned,
            reason,
        ),
        None => out.add(
            List::Obligation,
            "watch-threshold",
            Severity::Low,
            concerned,
            reason,
        ),
    }
}

/// Compares regions with those left out.
fn region(out: &mut Out<'_, '_>, root: &Thing<'_>, part: &Thing<'_>, applied: &Applied) {
    let (name, id) = (&part.node.name, &applied.id);
    let concerned = [(root, None), (part, Some(applied))];
    let intent = out.intent;
    for excluded in &applied.terms.excluded {
        let region = &excluded.region;
        let meant = |used: &String| {
            used.eq_ignore_ascii_case(region)
                || (region == "EU" && EU.iter().any(|member| member.eq_ignore_ascii_case(used)))
                || used.eq_ignore_ascii_case("world")
                || (region == "GB" && used.eq_ignore_ascii_case("UK"))
        };
        if !intent.regions.iter().any(meant) {
            continue;
        }
        let reason = text!(
            "`{id}`, the licence of `{name}`, grants no rights in `{region}`",
            "`{name}` 的许可证 `{id}` 在 `{region}` 不授予任何权利"
        );
        match (excluded.multimodal_only, part.node.multimodal) {
            (true, Some(false)) => {}
            (true, None) => out.add(
                List::Unknown,
                "region-excluded-if-multimodal",
                Severity::Medium,
                &concerned,
                text!(
                    "`{id}`, the licence of `{name}`, grants no rights in `{region}` if the model is multimodal, which is not known",
                    "若 `{name}` 为多模态模型，其许可证 `{id}` 在 `{region}` 不授予任何权利；是否多模态未知"
                ),
            ),
            _ => out.add(List::Conflict, "region-excluded", Severity::High, &concerned, reason),
        }
    }
}

/// Compares copyleft with a product whose source stays closed or has a licence of its own.
fn reach(out: &mut Out<'_, '_>, root: &Thing<'_>, part: &Thing<'_>, applied: &Applied) {
    let (name, id) = (&part.node.name, &applied.id);
    let distribution = out.intent.distribution;
    let reaches = match applied.terms.copyleft {
        Copyleft::Network => distribution != Distribution::Internal,
        Copyleft::Strong => distribution == Distribution::Distributed,
        Copyleft::Weak | Copyleft::None => false,
    };
    if !reaches || root.node.kind != NodeKind::Product {
        return;
    }
    let concerned = [(root, None), (part, Some(applied))];
    let software = part.node.kind == NodeKind::Library;
    match (out.intent.source, software) {
        (Source::Proprietary, true) => out.add(
            List::Conflict,
            "copyleft-in-proprietary",
            Severity::High,
            &concerned,
            text!(
                "`{id}`, the licence of `{name}`, demands the source of the whole, which is meant to stay closed",
                "`{name}` 的许可证 `{id}` 要求公开整体源代码，而产品计划闭源"
            ),
        ),
        (_, false) => out.add(
            List::Unsettled,
            "copyleft-of-weights",
            Severity::Medium,
            &concerned,
            text!(
                "whether the copyleft of `{id}` reaches from the weights or data of `{name}` to the product is not settled",
                "`{id}` 的 copyleft 是否从 `{name}` 的权重或数据延伸到产品，尚无定论"
            ),
        ),
        (Source::Open, true) => {
            let own = root.applied.iter().any(|own| own.terms.copyleft >= applied.terms.copyleft);
            let fits = root.applied.iter().any(|own| super::derived::is_compatible(id, &own.id));
            if !own && !fits && !out.has(root, id) {
                let licence = &root.licence;
                out.add(
                    List::Conflict,
                    "copyleft-dropped",
                    Severity::Medium,
                    &concerned,
                    text!(
                        "the product is offered under `{licence}`, but `{id}`, the licence of `{name}`, demands its own terms for the whole",
                        "产品以 `{licence}` 提供，但 `{name}` 的许可证 `{id}` 要求整体采用其条款"
                    ),
                );
            }
        }
    }
}

/// Lists what the product must do.
fn obligations(out: &mut Out<'_, '_>, root: &Thing<'_>, part: &Thing<'_>, applied: &Applied) {
    let (name, id, terms) = (&part.node.name, &applied.id, &applied.terms);
    let distribution = out.intent.distribution;
    let given = distribution == Distribution::Distributed;
    let offered = distribution != Distribution::Internal;
    let users = out.intent.monthly_users;
    let mut list: Vec<(&'static str, Severity, Text)> = Vec::new();
    if given && (terms.attribution || terms.include_licence) {
        list.push((
            "keep-notices",
            Severity::Low,
            text!(
                "keep the copyright notices of `{name}` and give the text of `{id}` along",
                "保留 `{name}` 的版权声明，并随附 `{id}` 文本"
            ),
        ));
    }
    if given && terms.state_changes {
        list.push((
            "state-changes",
            Severity::Low,
            text!("state what was changed in `{name}`", "说明对 `{name}` 所作的修改"),
        ));
    }
    match terms.notice {
        NoticeFile::Required if given => list.push((
            "notice-file",
            Severity::Low,
            text!(
                "add the notice that `{id}` demands for `{name}` in a file `NOTICE`",
                "在 `NOTICE` 文件中加入 `{id}` 为 `{name}` 要求的声明"
            ),
        )),
        NoticeFile::Keep if given => list.push((
            "notice-file",
            Severity::Info,
            text!(
                "keep the file `NOTICE` of `{name}`, if it has one",
                "若 `{name}` 附有 `NOTICE` 文件，请予以保留"
            ),
        )),
        _ => {}
    }
    if let Some(words) = &terms.display {
        let needed = match (terms.display_from_monthly_users, users) {
            (Some(from), Some(users)) => users > from,
            _ => true,
        };
        if offered && needed {
            list.push((
                "display",
                Severity::Medium,
                text!(
                    "show `{words}`, as `{id}` demands for `{name}`",
                    "按 `{name}` 的许可证 `{id}` 的要求显示 `{words}`"
                ),
            ));
        }
    }
    match terms.use_restrictions {
        UseRestrictions::Carried => list.push((
            "pass-on-restrictions",
            Severity::Medium,
            text!(
                "keep to the use restrictions of `{id}` for `{name}`, and put them into the terms for your users",
                "遵守 `{name}` 的许可证 `{id}` 的使用限制，并写入对用户的条款"
            ),
        )),
        UseRestrictions::Policy => list.push((
            "acceptable-use",
            Severity::Low,
            text!("keep to the use policy of `{id}` for `{name}`", "遵守 `{name}` 的许可证 `{id}` 的使用政策"),
        )),
        UseRestrictions::None => {}
    }
    let owed = match terms.copyleft {
        Copyleft::None => false,
        Copyleft::Weak | Copyleft::Strong => given,
        Copyleft::Network => offered,
    };
    if owed {
        list.push((
            "offer-source",
            Severity::Medium,
            text!(
                "offer the source that `{id}` demands for `{name}`",
                "提供 `{name}` 的许可证 `{id}` 所要求的源代码"
            ),
        ));
    }
    match terms.outputs {
        OutputUse::NoTraining | OutputUse::NonCommercial => list.push((
            "outputs-bound",
            Severity::Low,
            text!("what `{name}` puts out is bound by `{id}`: it must not improve other models, or not serve a business", "`{name}` 的输出受 `{id}` 约束：不得用于改进其他模型，或不得用于商业"),
        )),
        OutputUse::Naming | OutputUse::Derivative => list.push((
            "outputs-bound",
            Severity::Info,
            text!("a model that is trained on what `{name}` puts out is bound by `{id}`", "以 `{name}` 的输出训练的模型受 `{id}` 约束"),
        )),
        OutputUse::Free | OutputUse::Unknown => {}
    }
    for (rule, severity, reason) in list {
        out.add(
            List::Obligation,
            rule,
            severity,
            &[(root, None), (part, Some(applied))],
            reason,
        );
    }
}

/// Looks for software that may not be distributed as one work.
fn incompatible(out: &mut Out<'_, '_>, root: &Thing<'_>, used: &[&Thing<'_>]) {
    if out.intent.distribution != Distribution::Distributed || root.node.kind != NodeKind::Product {
        return;
    }
    for (one, others) in INCOMPATIBLE {
        let with = |ids: &[&str]| {
            let software = used.iter().filter(|part| part.node.kind == NodeKind::Library);
            let mut found =
                software.flat_map(|part| part.applied.iter().map(move |applied| (*part, applied)));
            found.find(|(_, applied)| ids.contains(&applied.id.as_str()))
        };
        let (Some((first, a)), Some((second, b))) = (with(&[one]), with(others)) else {
            continue;
        };
        let (x, y) = (&a.id, &b.id);
        out.add(
            List::Conflict,
            "licences-incompatible",
            Severity::Medium,
            &[(root, None), (first, Some(a)), (second, Some(b))],
            text!(
                "software under `{x}` and under `{y}` may not be distributed as one work",
                "采用 `{x}` 与 `{y}` 的软件不得作为同一作品分发"
            ),
        );
    }
}

/// Licences of software whose demands exclude each other, as the Free Software Foundation lists them.
const INCOMPATIBLE: &[(&str, &[&str])] = &[
    (
        "GPL-2.0-only",
        &[
            "Apache-2.0",
            "GPL-3.0-only",
            "GPL-3.0-or-later",
            "AGPL-3.0-only",
            "AGPL-3.0-or-later",
            "LGPL-3.0-only",
        ],
    ),
    ("GPL-2.0-only", &["CDDL-1.0", "EPL-1.0", "BSD-4-Clause"]),
    ("GPL-2.0-or-later", &["CDDL-1.0", "EPL-1.0", "BSD-4-Clause"]),
    ("GPL-3.0-only", &["CDDL-1.0", "EPL-1.0", "BSD-4-Clause"]),
    ("GPL-3.0-or-later", &["CDDL-1.0", "EPL-1.0", "BSD-4-Clause"]),
    (
        "AGPL-3.0-only",
        &["CDDL-1.0", "EPL-1.0", "BSD-4-Clause", "SSPL-1.0"],
    ),
];

/// Members of the European Union.
const EU: &[&str] = &[
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT",
    "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
];
