//! What the tensors of two models say of where the second one comes from, and what does not fit.

mod adapter;
mod balance;
mod claims;
mod merge;
mod merged;
mod profile;

use std::collections::BTreeMap;

use cleanbill_core::{
    difference::{Claim, Descent, Difference, Layer, TensorKind},
    tensors::Gap,
};

use crate::{
    compare::relative,
    diff::Compared,
    number::{float_of, median},
    peft::Peft,
    weights::Weight,
};
use profile::{Profile, Scheme, profile};

/// What is known of two models.
pub(crate) struct Facts<'a> {
    pub(crate) old: &'a [Weight],
    pub(crate) new: &'a [Weight],
    pub(crate) compared: &'a [Compared],
    pub(crate) removed: &'a [usize],
    pub(crate) added: &'a [usize],
    pub(crate) with: &'a [(Vec<Weight>, &'a str)],
    /// What the configurations of these say, where they are adapters.
    pub(crate) peft: &'a [Option<Peft>],
    pub(crate) before: &'a str,
    pub(crate) claim: Option<Claim>,
}

/// Fills in the lineage, what stands out, and the findings.
pub(crate) fn examine(facts: &Facts<'_>, difference: &mut Difference, gaps: &mut Vec<Gap>) {
    let merged = merged::check(facts, gaps);
    let mut profiles = profile(facts, merged.is_some(), gaps);
    balance::settle(facts, &mut profiles);
    let adapter = adapter::adapter(facts);
    let merge = merge::fit(facts, gaps);
    standing(facts, &mut profiles);
    for (change, profile) in difference.tensors.iter_mut().zip(&profiles) {
        change.standing = profile.standing;
        if let Some(distance) = &mut change.distance {
            distance.rank = profile.low_rank();
            distance.concentration = profile.concentration;
        }
    }
    let mut scores = scores(facts, &profiles, adapter.as_ref(), merge.as_ref());
    if let Some(merged) = &merged {
        let share = merged.share(facts, &profiles);
        let own = scores
            .iter_mut()
            .filter(|(one, _)| *one == Descent::MergedAdapter);
        own.for_each(|(_, score)| *score = share);
    }
    let lineage = &mut difference.lineage;
    let best = scores
        .iter()
        .filter(|(_, score)| *score > 0.05)
        .max_by(|one, other| {
            // Of two that fit alike, the narrower answer, which stands first.
            one.1.total_cmp(&other.1).then(other.0.cmp(&one.0))
        });
    lineage.descent = best.map(|(descent, _)| *descent);
    lineage.scores = scores;
    let mut ranks: Vec<f64> = profiles
        .iter()
        .filter_map(Profile::low_rank)
        .map(crate::number::float)
        .collect();
    lineage.rank = median(&mut ranks).map(crate::number::whole);
    if let Some(merge) = &merge {
        lineage.coefficients.clone_from(&merge.coefficients);
    }
    lineage.layers = layers(facts, &profiles);
    let others = claims::Others {
        adapter: adapter.as_ref(),
        merge: merge.as_ref(),
        merged: merged.as_ref(),
    };
    claims::findings(facts, &profiles, &others, difference);
}

/// Says how well each answer fits, from 0 to 1.
fn scores(
    facts: &Facts<'_>,
    profiles: &[Profile],
    adapter: Option<&adapter::Adapter>,
    merge: Option<&merge::Merge>,
) -> Vec<(Descent, f64)> {
    let elements = |weight: &Weight| crate::number::float(weight.tensor.elements().unwrap_or(0));
    let all: f64 = facts.new.iter().map(elements).sum();
    let paired: f64 = profiles.iter().map(|profile| profile.elements).sum();
    let matched = if all > 0.0 { (paired / all).min(1.0) } else { 0.0 };
    let sum = |which: &dyn Fn(&Profile) -> bool| -> f64 {
        let chosen = profiles.iter().filter(|profile| which(profile));
        chosen.map(|profile| profile.elements).sum()
    };
    let share = |part: f64| if paired > 0.0 { part / paired } else { 0.0 };
    let count =
        |which: &dyn Fn(&Profile) -> bool| float_of(profiles.iter().filter(|profile| which(profile)).count());
    let unchanged = share(sum(&|profile| !profile.moved));
    let everything_same = !profiles.is_empty()
        && facts.added.is_empty()
        && facts.removed.is_empty()
        && facts.compared.iter().all(|one| one.kind == TensorKind::Same);
    let quantised = share(sum(&|profile| profile.scheme != Scheme::None));
    let fitting = share(sum(&|profile| profile.scheme == Scheme::Fits));
    let loose = share(sum(&|profile| profile.moved && profile.scheme == Scheme::None));
    let matrices: Vec<&Profile> = profiles.iter().filter(|profile| profile.is_matrix).collect();
    let mut cosines: Vec<f64> = matrices.iter().map(|profile| profile.cosine).collect();
    let cosine = median(&mut cosines).unwrap_or(if paired > 0.0 { 1.0 } else { 0.0 });
    let moved: f64 = profiles
        .iter()
        .filter(|profile| profile.moved)
        .map(|profile| profile.square)
        .sum();
    let low: f64 = profiles
        .iter()
        .filter(|profile| profile.moved && profile.low_rank().is_some())
        .map(|profile| profile.square)
        .sum();
    let low = if moved > 0.0 { low / moved } else { 0.0 };
    let ranked = count(&|profile| profile.moved && profile.low_rank().is_some());
    let changed = count(&|profile| profile.moved);
    let number = float_of(profiles.len());
    let changed_matrices = count(&|profile| profile.moved && profile.is_matrix);
    let few = changed > 0.0 && number >= 6.0 && changed <= (number * 0.06).max(2.0);
    let close = ((cosine - 0.3) / 0.6).clamp(0.0, 1.0);
    let broad = if matrices.is_empty() {
        0.0
    } else {
        (changed_matrices / float_of(matrices.len())).sqrt()
    };
    let plain = 1.0 - quantised;
    let merged = merge.map_or(0.0, |merge| merge.share * merge.balance);
    let of = |descent: Descent| match descent {
        Descent::Identical => f64::from(u8::from(everything_same)),
        Descent::Conversion if everything_same => 0.0,
        Descent::Conversion if changed > 0.0 => unchanged * matched * 0.5,
        Descent::Conversion => unchanged * matched,
        Descent::Adapter => adapter.map_or(0.0, |adapter| adapter.share),
        Descent::MergedAdapter => {
            let several = if ranked >= 3.0 { 1.0 } else { 0.5 };
            low * several * close * matched * plain
        }
        Descent::Edit if few => (1.0 - changed / number) * matched * close * plain,
        Descent::Edit => 0.0,
        Descent::Quantisation => {
            fitting * (1.0 - loose) * matched / (quantised + unchanged).clamp(0.05, 1.0)
                * f64::from(u8::from(quantised > 0.0))
        }
        Descent::FineTune if few => 0.5 * close * broad * (1.0 - low) * matched * plain,
        Descent::FineTune => {
            close
                * broad.max(0.3 * f64::from(u8::from(changed > 0.0)))
                * (1.0 - low)
                * matched
                * plain
                * (1.0 - merged)
        }
        Descent::Merge => merged * matched,
        Descent::Unrelated => {
            let adapts = adapter.is_some_and(|adapter| adapter.share > 0.0);
            if adapts || (matrices.is_empty() && paired > 0.0) {
                0.0
            } else {
                (1.0 - close) * matched + (1.0 - matched)
            }
        }
    };
    Descent::ALL
        .into_iter()
        .map(|descent| (descent, of(descent).clamp(0.0, 1.0)))
        .collect()
}

/// Names the role of a weight: its name without the numbers of layers, so that its like in other layers have the same.
fn role(name: &str) -> String {
    let parts = name.split('.').map(|part| {
        if !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()) {
            "#"
        } else {
            part
        }
    });
    parts.collect::<Vec<_>>().join(".")
}

/// Names the layer of a weight: its name up to the first number.
fn layer(name: &str) -> Option<(String, u64)> {
    let mut way = String::new();
    for part in name.split('.') {
        if !way.is_empty() {
            way.push('.');
        }
        way.push_str(part);
        if let Ok(number) = part.parse::<u64>() {
            return Some((way, number));
        }
    }
    None
}

fn layers(facts: &Facts<'_>, profiles: &[Profile]) -> Vec<Layer> {
    // In the order of their numbers: what stands outside, then each kind of layer.
    type Key = (bool, String, u64, String);
    let mut found: BTreeMap<Key, (f64, f64, Vec<usize>)> = BTreeMap::new();
    for (index, (one, profile)) in facts.compared.iter().zip(profiles).enumerate() {
        let Some(weight) = facts.old.get(one.pair.before) else {
            continue;
        };
        let key = match layer(&weight.name) {
            Some((way, number)) => {
                let stem = way.rsplit_once('.').map_or("", |(stem, _)| stem).to_owned();
                (true, stem, number, way)
            }
            None => (false, String::new(), 0, String::new()),
        };
        let entry = found.entry(key).or_default();
        entry.0 += profile.square;
        entry.1 += profile.length;
        entry.2.push(index);
    }
    let each = found
        .into_iter()
        .map(|((_, _, _, name), (dd, aa, tensors))| Layer {
            name,
            relative: relative(dd, aa),
            tensors,
        });
    each.collect()
}

/// Says how much each weight stands out among its like: those of the same role in other layers, or all matrices.
fn standing(facts: &Facts<'_>, profiles: &mut [Profile]) {
    let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, one) in facts.compared.iter().enumerate() {
        if let Some(weight) = facts.old.get(one.pair.before) {
            groups.entry(role(&weight.name)).or_default().push(index);
        }
    }
    let everyone: Vec<usize> = (0..profiles.len())
        .filter(|index| profiles.get(*index).is_some_and(|profile| profile.is_matrix))
        .collect();
    let mut found = Vec::new();
    for members in groups.values() {
        let group = if members.len() >= 4 { members } else { &everyone };
        for index in members {
            found.push((*index, stands_out(profiles, *index, group)));
        }
    }
    for (index, value) in found {
        if let Some(profile) = profiles.get_mut(index) {
            profile.standing = value;
        }
    }
}

fn stands_out(profiles: &[Profile], index: usize, group: &[usize]) -> f64 {
    let Some(profile) = profiles.get(index).filter(|profile| profile.moved) else {
        return 0.0;
    };
    let peers: Vec<&Profile> = group
        .iter()
        .filter(|peer| **peer != index)
        .filter_map(|peer| profiles.get(*peer))
        .filter(|peer| (peer.scheme == Scheme::None) == (profile.scheme == Scheme::None) || !peer.moved)
        .collect();
    if peers.len() < 3 {
        return 0.0;
    }
    let still = float_of(peers.iter().filter(|peer| !peer.moved).count()) / float_of(peers.len());
    if still >= 0.75 {
        // Its like did not move at all.
        return 2.0 + profile.relative.min(1.0);
    }
    let of = |value: &dyn Fn(&Profile) -> Option<f64>, least: f64| -> f64 {
        let Some(own) = value(profile) else { return 0.0 };
        let mut others: Vec<f64> = peers.iter().filter_map(|peer| value(peer)).collect();
        if others.len() < 3 {
            return 0.0;
        }
        let middle = median(&mut others).unwrap_or(own);
        let mut apart: Vec<f64> = others.iter().map(|other| (other - middle).abs()).collect();
        let spread = median(&mut apart).unwrap_or(0.0) * 1.4826;
        (own - middle) / spread.max(least)
    };
    let logarithm = |value: f64| (value > 0.0 && value.is_finite()).then(|| value.ln());
    let far = of(&|profile| logarithm(profile.relative), 0.2);
    let narrow = of(&|profile| logarithm(profile.concentration?), 0.2);
    far.max(narrow).max(0.0) / 5.0
}
