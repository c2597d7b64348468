//! What is told of each pair: how far it moved, in how many directions, and whether a scheme of fewer bits explains it.

use cleanbill_core::{difference::TensorKind, tensors::Gap};
use rayon::prelude::*;

use super::Facts;
use crate::{
    diff::Compared,
    number::float,
    spectrum::{Spectrum, sample_share, spectrum},
    weights::Weight,
};

/// LIMIT: multiplications spent on directions where it is asked for by a claim or costs little, and where a sample alone
/// suggests that it is worth it.
const WORK: f64 = 3e11;
const SMALL_WORK: f64 = 2e10;
/// Directions looked at.
const DIRECTIONS: u64 = 72;
/// Share of a sample in its eight strongest directions above which the whole is looked at.
const SAMPLE_SHARE: f64 = 0.8;
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
}

impl Profile {
    /// Returns the rank where the difference has few directions.
    pub(super) fn low_rank(&self) -> Option<u64> {
        self.rank.filter(|_| self.rank_share >= LOW_RANK_SHARE)
    }
}

/// Tells of every pair, in their order.
pub(super) fn profile(facts: &Facts<'_>, gaps: &mut Vec<Gap>) -> Vec<Profile> {
    let mut profiles: Vec<Profile> = facts.compared.iter().map(|one| of(facts, one)).collect();
    let mut wanted: Vec<(bool, f64, usize)> = Vec::new();
    for (index, (one, profile)) in facts.compared.iter().zip(&profiles).enumerate() {
        let Some(measured) = &one.measured else { continue };
        let asked = profile.moved && profile.is_matrix && profile.scheme == Scheme::None && !one.permuted;
        if asked && !one.pair.transposed {
            let telling = sample_share(&measured.sample, measured.sample_columns) > SAMPLE_SHARE;
            let untold = measured.rows_changed.saturating_mul(4) < measured.rows;
            wanted.push((!(telling || untold), profile.elements, index));
        }
    }
    // What a sample suggests comes first, then the small ones, as far as the work goes.
    wanted.sort_by(|one, other| {
        one.0
            .cmp(&other.0)
            .then(one.1.total_cmp(&other.1))
            .then(one.2.cmp(&other.2))
    });
    let claimed = facts.claim.is_some();
    let mut work = 0.0;
    let chosen: Vec<usize> = wanted
        .into_iter()
        .filter(|(unsuspected, elements, _)| {
            work += elements * float(DIRECTIONS) * 2.0;
            let most = if claimed || !unsuspected { WORK } else { SMALL_WORK };
            work <= most
        })
        .map(|(_, _, index)| index)
        .collect();
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
                tensor: facts
                    .compared
                    .get(index)
                    .and_then(|one| facts.new.get(one.pair.after))
                    .map(|weight| weight.name.clone()),
                reason: error.text(),
            }),
        }
    }
    profiles
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
        profile.scheme = if fits(after, &profile) {
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
    let bits = |weight: &Weight| {
        let (block, bytes) = weight.tensor.element.map_or((1, 0), crate::Element::block);
        float(bytes) * 8.0 / float(block)
    };
    let small = after.is_quantised() || bits(after) <= 8.0;
    small && bits(after) < bits(before) && is_valued(before)
}

fn fits(after: &Weight, profile: &Profile) -> bool {
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
