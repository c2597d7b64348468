//! What is told of each pair: how far it moved, in how many directions, and whether a scheme of fewer bits explains it.

use cleanbill_core::{
    difference::{Claim, TensorKind},
    tensors::Gap,
    text,
};
use rayon::prelude::*;

use super::Facts;
use crate::{
    diff::Compared,
    number::float,
    spectrum::{Spectrum, spectrum},
    weights::Weight,
};

/// LIMIT: multiplications spent on directions that a claim asks for or a sample suggests; what is left is said.
const WORK: f64 = 3e11;
/// Multiplications up to which directions are looked at without either.
const SMALL_WORK: f64 = 5e9;
/// Directions looked at.
const DIRECTIONS: u64 = 72;
/// Share of a difference that its first directions must hold for it to be called low-rank.
const LOW_RANK_SHARE: f64 = 0.7;

/// Says whether the later one has fewer bits, and whether that explains the difference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Scheme {
    /// It has as many bits.
    #[default]
    None,
    Fits,
    Broken,
    /// Rows or columns were multiplied with numbers that nothing takes back.
    Unbalanced,
}

/// Fewer rows or columns make no matrix that layers could be told by: kinds of tokens, heads of classifiers.
const NARROW: u64 = 8;

/// What is told of one pair.
#[derive(Clone, Debug, Default)]
pub(super) struct Profile {
    pub(super) elements: f64,
    /// Values moved.
    pub(super) moved: bool,
    pub(super) is_matrix: bool,
    pub(super) relative: f64,
    pub(super) cosine: f64,
    /// Squared length of the difference, and of what was before.
    pub(super) square: f64,
    pub(super) length: f64,
    pub(super) scheme: Scheme,
    /// Share of elements farther off than the scheme explains.
    pub(super) beyond: f64,
    pub(super) concentration: Option<f64>,
    pub(super) rank: Option<u64>,
    pub(super) rank_share: f64,
    pub(super) standing: f64,
    /// Its directions were not looked at, though a claim asks for them.
    pub(super) unseen: bool,
}

impl Profile {
    /// Returns the rank where the difference has few directions.
    pub(super) fn low_rank(&self) -> Option<u64> {
        self.rank.filter(|_| self.rank_share >= LOW_RANK_SHARE)
    }
}

/// Tells of every pair, in their order; directions are not looked for where the claim is held against the adapter itself.
pub(super) fn profile(facts: &Facts<'_>, exact: bool, gaps: &mut Vec<Gap>) -> Vec<Profile> {
    let mut profiles: Vec<Profile> = facts.compared.iter().map(|one| of(facts, one)).collect();
    let mut wanted: Vec<(bool, f64, usize)> = Vec::new();
    let mut turned = Vec::new();
    for (index, (one, profile)) in facts.compared.iter().zip(&profiles).enumerate() {
        let Some(measured) = &one.measured else { continue };
        let asked = profile.moved && profile.is_matrix && profile.scheme == Scheme::None && !one.permuted;
        if asked && !one.pair.transposed {
            let untold = measured.rows_changed.saturating_mul(4) < measured.rows;
            wanted.push((!(measured.few_directions || untold), profile.elements, index));
        } else if asked {
            turned.push(index);
        }
    }
    // What a sample suggests comes first, then the small ones, as far as the work goes.
    wanted.sort_by(|one, other| {
        one.0
            .cmp(&other.0)
            .then(one.1.total_cmp(&other.1))
            .then(one.2.cmp(&other.2))
    });
    let cost = |elements: f64| elements * float(DIRECTIONS) * 2.0;
    let unsuspected: f64 = wanted.iter().filter(|one| one.0).map(|one| cost(one.1)).sum();
    let all = (facts.claim.is_some() && !exact) || unsuspected <= SMALL_WORK;
    let mut work = 0.0;
    let mut chosen = Vec::new();
    for (is_unsuspected, elements, index) in wanted {
        if is_unsuspected && !all {
            continue;
        }
        work += cost(elements);
        if work <= WORK {
            chosen.push(index);
        } else {
            turned.push(index);
        }
    }
    if matches!(facts.claim, Some(Claim::FineTune | Claim::MergedAdapter)) && !exact {
        for index in turned {
            gaps.push(Gap {
                path: String::new(),
                tensor: name(facts, index),
                reason: text!(
                    "how many directions it moved in was not looked at: it is too large, or its rows and columns are exchanged",
                    "未查看其变化的方向数：过大，或行列互换"
                ),
            });
            if let Some(profile) = profiles.get_mut(index) {
                profile.unseen = true;
            }
        }
    }
    let found: Vec<(usize, Result<Option<Spectrum>, crate::TensorError>)> = chosen
        .into_par_iter()
        .filter_map(|index| {
            let one = facts.compared.get(index)?;
            let (before, after) = (facts.old.get(one.pair.before)?, facts.new.get(one.pair.after)?);
            Some((index, spectrum(before, after, DIRECTIONS)))
        })
        .collect();
    for (index, result) in found {
        match result {
            Ok(Some(spectrum)) => {
                if let Some(profile) = profiles.get_mut(index) {
                    profile.concentration = Some(spectrum.share(1));
                    profile.rank = spectrum.rank();
                    profile.rank_share = profile.rank.map_or(0.0, |rank| spectrum.share(rank));
                }
            }
            Ok(None) => {}
            Err(error) => gaps.push(Gap {
                path: String::new(),
                tensor: name(facts, index),
                reason: error.text(),
            }),
        }
    }
    profiles
}

fn name(facts: &Facts<'_>, index: usize) -> Option<String> {
    let one = facts.compared.get(index)?;
    facts.new.get(one.pair.after).map(|weight| weight.name.clone())
}

fn of(facts: &Facts<'_>, one: &Compared) -> Profile {
    let (Some(before), Some(after)) = (facts.old.get(one.pair.before), facts.new.get(one.pair.after)) else {
        return Profile::default();
    };
    let (rows, columns) = after.tensor.matrix();
    let mut profile = Profile {
        elements: float(after.tensor.elements().unwrap_or(0)),
        is_matrix: rows.min(columns) >= NARROW && is_valued(before) && is_valued(after),
        cosine: 1.0,
        ..Profile::default()
    };
    let Some(measured) = &one.measured else {
        return profile;
    };
    if one.kind != TensorKind::Changed || one.follows_tokens {
        return profile;
    }
    profile.moved = true;
    profile.relative = measured.relative();
    profile.cosine = measured.cosine();
    profile.square = measured.sums.dd;
    profile.length = measured.sums.aa;
    if fewer_bits(before, after) {
        profile.beyond = float(measured.beyond) / float(measured.elements.max(1));
        let rounding = measured.rounding;
        profile.scheme = if fits(after, &profile, rounding) {
            Scheme::Fits
        } else {
            Scheme::Broken
        };
    }
    profile
}

/// Says whether the values are those of a trained weight: no indexes, no masks.
fn is_valued(weight: &Weight) -> bool {
    weight.is_quantised() || weight.tensor.element.is_some_and(crate::Element::is_float)
}

/// Says whether the later weight has fewer bits an element.
fn fewer_bits(before: &Weight, after: &Weight) -> bool {
    let small = after.is_quantised() || after.bits() <= 8.0;
    small && after.bits() < before.bits() && is_valued(before)
}

fn fits(after: &Weight, profile: &Profile, rounding: f64) -> bool {
    if let Some(packed) = after.tensor.packed() {
        let allowed = packed.allowed();
        return profile.beyond <= allowed.share.max(1e-6)
            && profile.relative <= allowed.relative
            && profile.square <= allowed.factor * rounding + profile.length * 1e-5;
    }
    let Some(element) = after.tensor.element else {
        return false;
    };
    let (share, most) = match &after.scale {
        // Scales of channels are chosen by several rules; some clip.
        Some(_) => (0.002, element.relative_error()),
        None => match element.tolerance() {
            // Every element is bounded; how the weights are spread has no part in it.
            Some((_, share)) if share <= 0.0 => return profile.beyond <= 1e-6,
            Some((_, share)) => (share, element.relative_error().map(|most| most * 2.0)),
            None => (1.0, element.relative_error()),
        },
    };
    profile.beyond <= share && most.is_none_or(|most| profile.relative <= most)
}
