//! The ledger: who holds which serial numbers, and whose money is where.
//!
//! Holdings are blocks of serial numbers. Balances change only through the facts in
//! [`posting`]; the same code takes them into the live ledger and into a [`crate::draft::Draft`].
//!
//! Which serials move is part of the rule, so that replay is exact: free blocks of the account
//! that match, by acquisition, then series, then first serial; the last one is split and its LEFT
//! part moves (compare Regulation (EU) 2019/1122, whose registry leaves the choice open).

pub mod aside;
pub mod holds;
pub mod posting;

use crate::id::{
    AccountId, CashAccountId, EvidenceId, HoldId, JurisdictionId, Label, PartyId, SeriesId, SiteId,
};
use crate::planted::{self, Fault};
use crate::quantity::{Money, Tonnes, WattHours};
use crate::rules::YearRules;
use crate::table::Table;
use crate::time::{Instant, Year};
use aside::Aside;
use holds::Holds;
use minicbor::{Decode, Encode};
use std::collections::{BTreeMap, VecDeque};

/// One transfer moves at most this many blocks.
pub const BLOCKS_PER_TRANSFER_MAX: usize = 4_096;

/// Consecutive serial numbers of one series, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Serials {
    /// The first serial.
    #[n(0)]
    pub first: u64,
    /// How many.
    #[n(1)]
    pub count: Tonnes,
}

impl Serials {
    /// The serial after the last.
    pub fn end(self) -> u64 {
        self.first.saturating_add(self.count.0)
    }
}

/// Serials an account acquired with one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Block {
    /// The position of the record with which they came.
    #[n(0)]
    pub acquired: u64,
    /// The serials.
    #[n(1)]
    pub serials: Serials,
}

/// Free blocks of one series in one account, by acquisition and serial.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Queue {
    /// The series.
    #[n(0)]
    pub series: SeriesId,
    /// The sum of the blocks.
    #[n(1)]
    pub total: Tonnes,
    /// The blocks.
    #[n(2)]
    pub blocks: VecDeque<Block>,
}

/// The free units of one account, a queue for each series, by series.
#[derive(Clone, Debug, Default, PartialEq, Encode, Decode)]
pub struct Shelf {
    /// The queues.
    #[n(0)]
    pub queues: Vec<Queue>,
}

/// Blocks picked by the rule above: series, acquisition, serials.
pub type Picked = Vec<(SeriesId, Block)>;

impl Shelf {
    /// Free units of the series that `wanted` names.
    pub fn free(&self, wanted: impl Fn(SeriesId) -> bool) -> Tonnes {
        self.queues.iter().filter(|it| wanted(it.series)).map(|it| it.total).sum()
    }

    /// The blocks that make up `count`, by the rule of the ledger; fewer when there are too few.
    pub fn pick(&self, count: Tonnes, wanted: impl Fn(SeriesId) -> bool) -> Picked {
        let mut picked = Picked::new();
        let mut wanted = self.queues.iter().filter(|it| wanted(it.series));
        let Some(first) = wanted.next().filter(|_| count > Tonnes::ZERO) else { return picked };
        let mut missing = count;
        let mut take = |series: SeriesId, block: &Block| {
            let count = block.serials.count.min(missing);
            let serials = Serials { first: block.serials.first, count };
            picked.push((series, Block { acquired: block.acquired, serials }));
            missing -= count;
            missing > Tonnes::ZERO
        };
        let Some(second) = wanted.next() else {
            // Nearly always one series fits.
            let _ = first.blocks.iter().all(|it| take(first.series, it));
            return picked;
        };
        let all = [first, second].into_iter().chain(wanted);
        let mut heads: Vec<_> = all.map(|it| (it.series, it.blocks.iter().peekable())).collect();
        loop {
            let next = heads
                .iter_mut()
                .filter_map(|(series, blocks)| Some((blocks.peek()?.acquired, *series, blocks)))
                .min_by_key(|(acquired, series, _)| {
                    let newest = planted::has(Fault::NewestFirst);
                    (if newest { u64::MAX.saturating_sub(*acquired) } else { *acquired }, *series)
                });
            let next = next.and_then(|(_, series, blocks)| Some((series, blocks.next()?)));
            if !next.is_some_and(|(series, block)| take(series, block)) {
                return picked;
            }
        }
    }

    /// Puts serials on the shelf at their place; neighbours of one acquisition become one block.
    pub fn put(&mut self, series: SeriesId, block: Block) {
        let place = match self.queues.binary_search_by_key(&series, |it| it.series) {
            Ok(place) => place,
            Err(place) => {
                let empty = Queue { series, total: Tonnes::ZERO, blocks: VecDeque::new() };
                self.queues.insert(place, empty);
                place
            }
        };
        if let Some(queue) = self.queues.get_mut(place) {
            queue.put(block);
        }
    }

    /// Takes exactly these serials off the shelf; they must be there in one block.
    #[expect(clippy::expect_used, reason = "a fact names serials that are there, or we stop")]
    pub fn take(&mut self, series: SeriesId, serials: Serials) -> Block {
        let place = self.queues.binary_search_by_key(&series, |it| it.series);
        let place = place.expect("the account holds nothing of the series");
        let queue = self.queues.get_mut(place).expect("the place was just found");
        let taken = queue.take(serials);
        if queue.blocks.is_empty() {
            self.queues.remove(place);
        }
        taken
    }
}

impl Queue {
    fn put(&mut self, block: Block) {
        self.total += block.serials.count;
        let key = |it: &Block| (it.acquired, it.serials.first);
        // What is acquired comes at the end; what is free again, where it was: mostly in front.
        let before = |it: Option<&Block>| it.is_some_and(|it| key(&block) < key(it));
        let place = match (before(self.blocks.front()), before(self.blocks.back())) {
            (true, _) => 0,
            (_, false) => self.blocks.len(),
            (_, true) => self.blocks.partition_point(|it| key(it) < key(&block)),
        };
        let joins = |left: &Block, right: &Block| {
            left.acquired == right.acquired && left.serials.end() == right.serials.first
        };
        let mut count = block.serials.count;
        let joins_after = self.blocks.get(place).is_some_and(|it| joins(&block, it));
        if let Some(before) = place.checked_sub(1)
            && self.blocks.get(before).is_some_and(|it| joins(it, &block))
        {
            if joins_after && let Some(after) = self.blocks.remove(place) {
                count += after.serials.count;
            }
            if let Some(before) = self.blocks.get_mut(before) {
                before.serials.count += count;
            }
        } else if let Some(after) = self.blocks.get_mut(place).filter(|_| joins_after) {
            after.serials.first = block.serials.first;
            after.serials.count += count;
        } else {
            self.blocks.insert(place, block);
        }
    }

    #[expect(clippy::expect_used, reason = "a fact names serials that are there, or we stop")]
    fn take(&mut self, serials: Serials) -> Block {
        let holds =
            |it: &Block| it.serials.first <= serials.first && serials.end() <= it.serials.end();
        // What moves is nearly always the first.
        let place = self.blocks.iter().position(holds).expect("the serials are not in the account");
        let block = self.blocks.get_mut(place).expect("the place was just found");
        let taken = Block { acquired: block.acquired, serials };
        let left = Tonnes(serials.first) - Tonnes(block.serials.first);
        let right = Tonnes(block.serials.end()) - Tonnes(serials.end());
        let after = Block {
            acquired: block.acquired,
            serials: Serials { first: serials.end(), count: right },
        };
        self.total -= serials.count;
        match (left.0, right.0) {
            (0, 0) => {
                self.blocks.remove(place);
            }
            (0, _) => *block = after,
            (_, 0) => block.serials.count = left,
            (_, _) => {
                block.serials.count = left;
                self.blocks.insert(place.saturating_add(1), after);
            }
        }
        taken
    }
}

/// What kind of unit it is. Each is one tonne of CO2 equivalent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum UnitClass {
    /// Born from a jurisdiction's cap, ends by surrender or deletion.
    #[n(0)]
    Allowance,
    /// One tonne reduced or removed, drawn from verified evidence.
    #[n(1)]
    Credit,
    /// One quantum of energy, drawn from metered generation.
    #[n(2)]
    Certificate,
}

impl UnitClass {
    /// The class in words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Allowance => "allowance",
            Self::Credit => "credit",
            Self::Certificate => "certificate",
        }
    }
}

/// A series of serial numbers, counted from 1.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Series {
    /// The class of its units.
    #[n(0)]
    pub class: UnitClass,
    /// The jurisdiction that issues it.
    #[n(1)]
    pub jurisdiction: JurisdictionId,
    /// The vintage; units count for emissions of this year and later.
    #[n(2)]
    pub valid_from: Year,
    /// Units count for emissions up to this year.
    #[n(3)]
    pub valid_to: Year,
    /// How many were issued: also the last serial.
    #[n(4)]
    pub issued: Tonnes,
    /// How many sit in accounts nothing leaves.
    #[n(5)]
    pub ended: Tonnes,
    /// What its units stand for, where they are link units.
    #[n(6)]
    pub link: Option<Link>,
    /// What its units are drawn from, where they are credits or certificates.
    #[n(7)]
    pub drawn: Option<Drawn>,
}

/// What credits or certificates are drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Drawn {
    /// The site.
    #[n(0)]
    pub site: SiteId,
    /// What it did in a period.
    #[n(1)]
    pub evidence: EvidenceId,
    /// From this moment on they can be used no more.
    #[n(2)]
    pub expires: Option<Instant>,
    /// The energy of each, where they are certificates.
    #[n(3)]
    pub quantum: Option<WattHours>,
}

/// What link units stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Link {
    /// The series whose units wait in escrow.
    #[n(0)]
    pub of: SeriesId,
    /// The jurisdiction in which the link units count.
    #[n(1)]
    pub counts_in: JurisdictionId,
    /// The escrow account.
    #[n(2)]
    pub escrow: AccountId,
    /// So many link units stand for so many that wait, at least.
    #[n(3)]
    pub ratio: (u32, u32),
}

impl Link {
    /// How many link units so many units become, or so many that wait stand behind at most.
    pub fn arriving(&self, waiting: Tonnes) -> Tonnes {
        let (arrive, leave) = self.ratio;
        scaled(waiting, (arrive, leave))
    }

    /// How many of the units that wait come free for so many link units.
    pub fn leaving(&self, units: Tonnes) -> Tonnes {
        let (arrive, leave) = self.ratio;
        scaled(units, (leave, arrive))
    }
}

/// A share of units, rounded down.
fn scaled(units: Tonnes, (up, down): (u32, u32)) -> Tonnes {
    let product = u128::from(units.0).saturating_mul(u128::from(up));
    let share = product.checked_div(u128::from(down)).unwrap_or_default();
    Tonnes(u64::try_from(share).unwrap_or(u64::MAX))
}

impl Series {
    /// Whether its units count for emissions of a jurisdiction in a year (no borrowing).
    pub fn counts_for(&self, jurisdiction: JurisdictionId, year: Year) -> bool {
        self.counts_in() == Some(jurisdiction) && self.valid_from <= year && year <= self.valid_to
    }

    /// The jurisdiction in which its allowances count: the one that issues it, or the end of the
    /// link that they crossed. Other units count for no obligation.
    pub fn counts_in(&self) -> Option<JurisdictionId> {
        let counts = self.class == UnitClass::Allowance;
        counts.then(|| self.link.map_or(self.jurisdiction, |it| it.counts_in))
    }

    /// The series of link units that stand for those of another one.
    pub fn of_link(of: &Self, link: Link) -> Self {
        let (issued, ended) = (Tonnes::ZERO, Tonnes::ZERO);
        Self { issued, ended, link: Some(link), ..of.clone() }
    }

    /// The series of what is drawn from evidence of a year.
    pub(crate) fn of_draw(
        (class, drawn): (UnitClass, Drawn),
        jurisdiction: JurisdictionId,
        year: Year,
    ) -> Self {
        Self {
            class,
            jurisdiction,
            valid_from: year,
            valid_to: year,
            issued: Tonnes::ZERO,
            ended: Tonnes::ZERO,
            link: None,
            drawn: Some(drawn),
        }
    }

    /// The series a jurisdiction's year of the rules opens.
    pub fn of_year(jurisdiction: JurisdictionId, rules: &YearRules) -> Self {
        Self {
            class: UnitClass::Allowance,
            jurisdiction,
            valid_from: rules.year,
            valid_to: rules.valid_to,
            issued: Tonnes::ZERO,
            ended: Tonnes::ZERO,
            link: None,
            drawn: None,
        }
    }
}

/// Money of one holder in one currency.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct CashAccount {
    /// The holder.
    #[n(0)]
    pub holder: PartyId,
    /// Money at the holder's disposal. Only the settlement bank's is ever negative: it mirrors
    /// what all others have paid in.
    #[n(1)]
    pub free: Money,
    /// Money set aside for bids and orders.
    #[n(2)]
    pub held: Money,
    /// Its currency, where that is not the market's.
    #[n(3)]
    pub currency: Option<Label>,
}

/// Money or units set aside for one bid or order.
#[derive(Clone, Debug, Default, PartialEq, Encode, Decode)]
pub struct Hold {
    /// Money set aside.
    #[n(0)]
    pub cash: Money,
    /// Units set aside, with the acquisition they keep when they go back.
    #[n(1)]
    pub units: Aside,
}

impl Hold {
    /// Whether nothing is set aside.
    pub fn is_empty(&self) -> bool {
        self.cash == Money::ZERO && self.units.is_empty()
    }
}

/// See [`Ledger::linked`].
pub type Linked = (SeriesId, JurisdictionId, (u32, u32));

/// All balances.
#[derive(Clone, Debug, Default, PartialEq, Encode, Decode)]
pub struct Ledger {
    /// The series of serial numbers.
    #[n(0)]
    pub series: Table<SeriesId, Series>,
    /// Free units by account.
    #[n(1)]
    pub shelves: Table<AccountId, Shelf>,
    /// Money by cash account.
    #[n(2)]
    pub cash: Table<CashAccountId, CashAccount>,
    /// What is set aside.
    #[n(3)]
    pub holds: Holds,
    /// The next hold's id.
    #[n(4)]
    pub next_hold: HoldId,
    /// The allowance series of each vintage.
    #[n(5)]
    pub vintages: BTreeMap<(JurisdictionId, Year), SeriesId>,
    /// The series of link units, by what they stand for, where they count, and at which ratio.
    #[n(6)]
    pub linked: BTreeMap<Linked, SeriesId>,
}

impl Ledger {
    /// The allowance series of a jurisdiction's vintage.
    pub fn vintage(&self, jurisdiction: JurisdictionId, year: Year) -> Option<SeriesId> {
        self.vintages.get(&(jurisdiction, year)).copied()
    }

    /// Opens a series of allowances.
    pub fn open_series(&mut self, it: Series) {
        assert!(it.class == UnitClass::Allowance, "a vintage is one of allowances");
        let id = self.series.next_id();
        let taken = self.vintages.insert((it.jurisdiction, it.valid_from), id);
        assert!(taken.is_none(), "a vintage has one series of allowances");
        self.series.add(id, it);
    }

    /// Whether a series counts for emissions of a jurisdiction in a year.
    pub fn counts_for(&self, series: SeriesId, jurisdiction: JurisdictionId, year: Year) -> bool {
        self.series.get(series).is_some_and(|it| it.counts_for(jurisdiction, year))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: SeriesId = SeriesId(0);
    const B: SeriesId = SeriesId(1);

    fn block(acquired: u64, first: u64, count: u64) -> Block {
        Block { acquired, serials: Serials { first, count: Tonnes(count) } }
    }

    #[test]
    fn the_oldest_acquisition_moves_first_and_the_left_part_of_the_last_block() {
        let mut shelf = Shelf::default();
        shelf.put(B, block(1, 500, 10));
        shelf.put(A, block(2, 100, 10));
        shelf.put(A, block(1, 50, 10));
        let picked = shelf.pick(Tonnes(25), |_| true);
        assert_eq!(picked, [(A, block(1, 50, 10)), (B, block(1, 500, 10)), (A, block(2, 100, 5))]);
        assert_eq!(shelf.pick(Tonnes(11), |it| it == B), [(B, block(1, 500, 10))]);
    }

    #[test]
    fn neighbours_of_one_acquisition_are_one_block_and_others_are_not() {
        let mut shelf = Shelf::default();
        shelf.put(A, block(1, 20, 10));
        shelf.put(A, block(1, 1, 10));
        shelf.put(A, block(2, 30, 5));
        shelf.put(A, block(1, 11, 9));
        let blocks: Vec<_> = shelf.queues[0].blocks.iter().copied().collect();
        assert_eq!(blocks, [block(1, 1, 29), block(2, 30, 5)]);
    }

    #[test]
    fn taking_from_the_middle_leaves_both_sides_and_the_total_right() {
        let mut shelf = Shelf::default();
        shelf.put(A, block(1, 1, 30));
        assert_eq!(shelf.take(A, Serials { first: 11, count: Tonnes(10) }), block(1, 11, 10));
        let blocks: Vec<_> = shelf.queues[0].blocks.iter().copied().collect();
        assert_eq!(blocks, [block(1, 1, 10), block(1, 21, 10)]);
        assert_eq!(shelf.free(|_| true), Tonnes(20));
    }

    #[test]
    #[should_panic(expected = "the serials are not in the account")]
    fn serials_that_are_not_there_stop_the_writer() {
        let mut shelf = Shelf::default();
        shelf.put(A, block(1, 1, 30));
        shelf.take(A, Serials { first: 25, count: Tonnes(10) });
    }
}
