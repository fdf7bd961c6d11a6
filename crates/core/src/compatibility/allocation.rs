//! What each order of a call gets where not all settle with all: as much as can be traded at the
//! price, and among all ways to trade that much the one that serves the better and earlier orders
//! first, on both sides.
//!
//! The orders of a class are alike for the others, so that what can be traded is a flow from
//! classes of buyers to classes of sellers. Orders are served one after the other, each as far as
//! the flow can be made larger without taking from an earlier one (greedy in a polymatroid, hence
//! the largest flow); the two sides are served apart, and one flow fits both (the linking theorem
//! of matroid theory: H. Perfect 1968, R. A. Brualdi 1969).

use super::SettlementClass;
use crate::quantity::Tonnes;

/// What an order of a class wants or offers.
pub type Part = (SettlementClass, Tonnes);

/// What each order gets, and how much each class of buyers takes from each class of sellers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allocation {
    /// The classes of the orders that buy, and of those that sell.
    pub classes: (Vec<SettlementClass>, Vec<SettlementClass>),
    /// What the orders that buy get, in their order.
    pub buys: Vec<Tonnes>,
    /// What the orders that sell get, in their order.
    pub sells: Vec<Tonnes>,
    /// The classes of buyers and of sellers, with what passes between them.
    pub flows: Vec<(SettlementClass, SettlementClass, Tonnes)>,
}

/// Finds it. Orders come as they are served, better ones first.
pub fn allocate(
    buys: &[Part],
    sells: &[Part],
    settle: impl Fn(SettlementClass, SettlementClass) -> bool,
) -> Allocation {
    let mut classes: Vec<SettlementClass> = buys.iter().chain(sells).map(|it| it.0).collect();
    classes.sort_unstable();
    classes.dedup();
    let place = |class| classes.binary_search(&class).unwrap_or_default();
    let all = |parts: &[Part]| {
        let mut sums = vec![0u128; classes.len()];
        for (class, quantity) in parts {
            if let Some(sum) = sums.get_mut(place(*class)) {
                *sum = sum.saturating_add(quantity.0.into());
            }
        }
        sums
    };
    let open = |one: usize, other: usize| {
        classes.get(one).zip(classes.get(other)).is_some_and(|(one, other)| settle(*one, *other))
    };
    // The sides are alike: who settles with whom does not depend on who buys.
    let serve = |parts: &[Part], capacity: Vec<u128>| {
        let mut flow = Flow::new(capacity);
        let grant = |(class, quantity): &Part| flow.grow(place(*class), quantity.0, &open);
        parts.iter().map(grant).map(Tonnes).collect::<Vec<Tonnes>>()
    };
    let (bought, sold) = (serve(buys, all(sells)), serve(sells, all(buys)));
    let granted = |parts: &[Part], got: &[Tonnes]| {
        let parts = parts.iter().zip(got).map(|((class, _), got)| (*class, *got));
        all(&parts.collect::<Vec<Part>>())
    };
    let mut flow = Flow::new(granted(sells, &sold));
    for (class, wanted) in granted(buys, &bought).into_iter().enumerate() {
        let wanted = u64::try_from(wanted).unwrap_or(u64::MAX);
        assert_eq!(flow.grow(class, wanted, &open), wanted, "one flow fits both sides");
    }
    let mut flows = Vec::new();
    for (buyer, row) in classes.iter().zip(&flow.rows) {
        for (seller, quantity) in classes.iter().zip(row).filter(|(_, it)| **it > 0) {
            flows.push((*buyer, *seller, Tonnes(u64::try_from(*quantity).unwrap_or(u64::MAX))));
        }
    }
    let of = |parts: &[Part]| parts.iter().map(|it| it.0).collect();
    Allocation { classes: (of(buys), of(sells)), buys: bought, sells: sold, flows }
}

/// A flow from classes to classes that only grows at its sources.
struct Flow {
    /// What passes from each class (row) to each class (column).
    rows: Vec<Vec<u128>>,
    /// What each class on the far side can still take.
    left: Vec<u128>,
}

impl Flow {
    fn new(capacity: Vec<u128>) -> Self {
        let rows = vec![vec![0; capacity.len()]; capacity.len()];
        Self { rows, left: capacity }
    }

    /// Lets more pass from a class, at most so much; how much more it was.
    fn grow(&mut self, source: usize, most: u64, open: &impl Fn(usize, usize) -> bool) -> u64 {
        let mut missing = u128::from(most);
        while missing > 0 {
            let Some(path) = self.path(source, open) else { break };
            missing = missing.saturating_sub(self.push(&path, missing));
        }
        most.saturating_sub(u64::try_from(missing).unwrap_or(u64::MAX))
    }

    /// A shortest way from a class to one that can take more: the classes on it, near and far in
    /// turn. Between two of them what passed before is taken another way.
    fn path(&self, source: usize, open: &impl Fn(usize, usize) -> bool) -> Option<Vec<usize>> {
        let count = self.left.len();
        let (mut near_by, mut far_by) = (vec![None; count], vec![None; count]);
        let mut queue = vec![source];
        let mut next = 0;
        while let Some(near) = queue.get(next).copied() {
            next = next.saturating_add(1);
            for far in (0..count).filter(|far| open(near, *far)) {
                match far_by.get_mut(far) {
                    Some(by @ None) => *by = Some(near),
                    _ => continue,
                }
                if self.left.get(far).is_some_and(|it| *it > 0) {
                    return Some(trace((source, far), &near_by, &far_by));
                }
                for (back, row) in self.rows.iter().enumerate() {
                    let passes = row.get(far).is_some_and(|it| *it > 0);
                    if let Some(by @ None) =
                        near_by.get_mut(back).filter(|_| passes && back != source)
                    {
                        *by = Some(far);
                        queue.push(back);
                    }
                }
            }
        }
        None
    }

    /// Lets as much pass along a way as it bears, at most so much.
    fn push(&mut self, path: &[usize], most: u128) -> u128 {
        let Some(last) = path.last().copied() else { return 0 };
        let free = self.left.get(last).copied().unwrap_or_default();
        // Backwards between a far class and the near one after it.
        let backs = path.windows(2).skip(1).step_by(2).filter_map(|it| match it {
            [far, near] => Some((*near, *far)),
            _ => None,
        });
        let backs: Vec<(usize, usize)> = backs.collect();
        let passes = |(near, far): &(usize, usize)| self.at(*near, *far);
        let bears = backs.iter().map(passes).min().unwrap_or(u128::MAX).min(free).min(most);
        for (near, far) in backs {
            let it = self.at_mut(near, far);
            *it = it.saturating_sub(bears);
        }
        for it in path.chunks(2) {
            if let [near, far] = it {
                let it = self.at_mut(*near, *far);
                *it = it.saturating_add(bears);
            }
        }
        if let Some(it) = self.left.get_mut(last) {
            *it = it.saturating_sub(bears);
        }
        bears
    }

    fn at(&self, near: usize, far: usize) -> u128 {
        self.rows.get(near).and_then(|it| it.get(far)).copied().unwrap_or_default()
    }

    #[expect(clippy::indexing_slicing, reason = "classes are places of this square")]
    fn at_mut(&mut self, near: usize, far: usize) -> &mut u128 {
        &mut self.rows[near][far]
    }
}

/// The way that was found, from its source on.
fn trace(
    (source, end): (usize, usize),
    near_by: &[Option<usize>],
    far_by: &[Option<usize>],
) -> Vec<usize> {
    let mut path = vec![end];
    let mut far = end;
    while let Some(near) = far_by.get(far).copied().flatten() {
        path.push(near);
        if near == source {
            break;
        }
        let Some(before) = near_by.get(near).copied().flatten() else { break };
        path.push(before);
        far = before;
    }
    path.reverse();
    path
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "small numbers of a plain twin")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The most that so many units can be traded: the smallest cut, over all sets of classes that
    /// buyers may be in.
    fn most(buys: &[Part], sells: &[Part], settle: &impl Fn(u8, u8) -> bool) -> u64 {
        let cut = |set: u8| {
            let is_in = |class: u8| set & (1 << class) != 0;
            let out = buys.iter().filter(|it| !is_in(it.0.0)).map(|it| it.1.0).sum::<u64>();
            let reached = |class: u8| (0..4).any(|it| is_in(it) && settle(it, class));
            out + sells.iter().filter(|it| reached(it.0.0)).map(|it| it.1.0).sum::<u64>()
        };
        (0..16).map(cut).min().unwrap_or_default()
    }

    proptest! {
        #[test]
        fn the_most_is_traded_and_better_orders_come_first(
            buys in prop::collection::vec((0u8..4, 0u64..20), 0..8),
            sells in prop::collection::vec((0u8..4, 0u64..20), 0..8),
            open in prop::collection::vec(any::<bool>(), 16),
        ) {
            let settle = |one: u8, other: u8| {
                one == other || open[usize::from(one.min(other) * 4 + one.max(other))]
            };
            let part = |(class, quantity): &(u8, u64)| (SettlementClass(*class), Tonnes(*quantity));
            let buys: Vec<Part> = buys.iter().map(part).collect();
            let sells: Vec<Part> = sells.iter().map(part).collect();
            let found = allocate(&buys, &sells, |one, other| settle(one.0, other.0));
            let sum = |it: &[Tonnes]| it.iter().map(|it| it.0).sum::<u64>();
            let all = most(&buys, &sells, &settle);
            prop_assert_eq!((sum(&found.buys), sum(&found.sells)), (all, all));
            let passes: u64 = found.flows.iter().map(|it| it.2.0).sum();
            prop_assert_eq!(passes, all);
            prop_assert!(found.flows.iter().all(|it| settle(it.0.0, it.1.0)));
            // No order gets one more while all before it keep what they have.
            let sides = [(&buys, &sells, &found.buys), (&sells, &buys, &found.sells)];
            for (side, other, got) in sides {
                for place in 0..side.len() {
                    let mut kept: Vec<Part> =
                        (0..=place).map(|it| (side[it].0, got[it])).collect();
                    if kept[place].1 == side[place].1 {
                        continue;
                    }
                    kept[place].1 += Tonnes(1);
                    prop_assert!(most(&kept, other, &settle) < sum(&got[..=place]) + 1);
                }
            }
        }
    }

    #[test]
    fn a_narrow_class_is_served_by_the_only_sellers_it_has() {
        let class = |it| SettlementClass::new(it).expect("a letter");
        // A settles with A and R, R with A alone: the A buyer leaves the A seller to R.
        let settle = |one, other| (one, other) != (class('R'), class('R'));
        let buys = [(class('A'), Tonnes(5)), (class('R'), Tonnes(5))];
        let sells = [(class('A'), Tonnes(5)), (class('R'), Tonnes(5))];
        let found = allocate(&buys, &sells, settle);
        assert_eq!((found.buys, found.sells), (vec![Tonnes(5); 2], vec![Tonnes(5); 2]));
        let flows = [(class('A'), class('R'), Tonnes(5)), (class('R'), class('A'), Tonnes(5))];
        assert_eq!(found.flows, flows);
    }
}
