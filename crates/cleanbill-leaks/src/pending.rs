//! Hits that later ones may still overlap. They lie apart from each other and are sorted, so that adding one costs the same however
//! many there are.

use crate::{
    rule::{Class, Level},
    scanner::Hit,
};

/// Holds the better of hits that overlap; what is hidden and what is a value stand beside each other.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    values: Vec<Hit>,
    hidden: Vec<Hit>,
}

impl Pending {
    /// Adds a hit unless a better one overlaps it.
    pub(crate) fn add(&mut self, hit: Hit) {
        let list = if matches!(hit.class, Class::Hidden | Class::Poison) {
            &mut self.hidden
        } else {
            &mut self.values
        };
        let first = list.partition_point(|other| other.range.end <= hit.range.start);
        let overlapping = list
            .iter()
            .skip(first)
            .take_while(|other| other.range.start < hit.range.end);
        let mut end = first;
        for other in overlapping {
            if !is_better(&hit, other) {
                return;
            }
            end = end.saturating_add(1);
        }
        list.splice(first..end, [hit]);
    }

    /// Takes out the hits that end before `sure`, in order.
    pub(crate) fn settle(&mut self, sure: u64) -> Vec<Hit> {
        let mut done = Vec::new();
        for list in [&mut self.values, &mut self.hidden] {
            let count = list.partition_point(|hit| hit.range.end <= sure);
            done.extend(list.drain(..count));
        }
        done.sort_by_key(|hit| (hit.range.start, hit.rule));
        done
    }
}

/// Says whether a hit takes the place of one that it overlaps. What hides something says more than what it hides.
fn is_better(hit: &Hit, other: &Hit) -> bool {
    let holds = |outer: &Hit, inner: &Hit| {
        let (outside, inside) = (&outer.range, &inner.range);
        outer.class == Class::Hidden
            && outer.rule != inner.rule
            && outer.confidence > Level::Low
            && outer.severity > Level::Low
            && outside.start <= inside.start
            && inside.end <= outside.end
            && outside != inside
    };
    if holds(hit, other) {
        return true;
    }
    !holds(other, hit) && other.rank() < hit.rank()
}
