//! The plain twin of the ledger: every unit by itself, every sum counted anew. Slow, and too simple
//! to be wrong in the same way as blocks, queues and overlays.

use karvan_core::id::{AccountId, SeriesId};
use karvan_core::ledger::Serials;
use karvan_core::ledger::posting::Posting;
use karvan_core::quantity::Tonnes;
use karvan_core::{Event, State};
use std::collections::BTreeMap;

/// Where a unit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In an account, with the record that brought it.
    Free {
        /// The account.
        account: u32,
        /// The record.
        acquired: u64,
    },
    /// Set aside, with the record that had brought it.
    Held {
        /// What it is set aside for.
        hold: u64,
        /// The record.
        acquired: u64,
    },
}

/// The twin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Twin {
    units: BTreeMap<(u32, u64), Place>,
    /// Free and held money by cash account.
    cash: BTreeMap<u32, (i64, i64)>,
    /// Money by hold.
    holds: BTreeMap<u64, i64>,
}

fn each(series: SeriesId, serials: Serials) -> impl Iterator<Item = (u32, u64)> {
    (serials.first..serials.end()).map(move |serial| (series.0, serial))
}

impl Twin {
    /// What a state says.
    pub fn of(state: &State) -> Self {
        let mut it = Self::default();
        for (account, shelf) in state.ledger.shelves.iter() {
            for queue in &shelf.queues {
                for block in &queue.blocks {
                    let place = Place::Free { account: account.0, acquired: block.acquired };
                    it.units.extend(each(queue.series, block.serials).map(|unit| (unit, place)));
                }
            }
        }
        for (hold, row) in state.ledger.holds.iter() {
            for (series, block) in &row.units {
                let place = Place::Held { hold: hold.0, acquired: block.acquired };
                it.units.extend(each(*series, block.serials).map(|unit| (unit, place)));
            }
            if row.cash.0 != 0 {
                it.holds.insert(hold.0, row.cash.0);
            }
        }
        for (id, row) in state.ledger.cash.iter() {
            it.cash.insert(id.0, (row.free.0, row.held.0));
        }
        it
    }

    fn put(&mut self, unit: (u32, u64), from: Option<Place>, to: Place) {
        let was = self.units.insert(unit, to);
        assert_eq!(was, from, "unit {unit:?} is not where it was");
    }

    fn free(&self, unit: (u32, u64), account: AccountId) -> (Place, u64) {
        match self.units[&unit] {
            it @ Place::Free { account: found, acquired } if found == account.0 => (it, acquired),
            other => panic!("unit {unit:?} is not free in {account}: {other:?}"),
        }
    }

    fn money(&mut self, account: u32, free: i64, held: i64) {
        let row = self.cash.entry(account).or_default();
        row.0 += free;
        row.1 += held;
    }

    fn hold(&mut self, hold: u64, amount: i64) {
        let row = self.holds.entry(hold).or_default();
        *row += amount;
        if *row == 0 {
            self.holds.remove(&hold);
        }
    }

    /// Takes a record in.
    pub fn apply(&mut self, position: u64, events: &[Event]) {
        for posting in events.iter().filter_map(Event::posting) {
            match posting {
                Posting::UnitsIssued(it) => {
                    let to = Place::Free { account: it.to.0, acquired: position };
                    each(it.series, it.serials).for_each(|unit| self.put(unit, None, to));
                }
                Posting::UnitsMoved(it) => {
                    let to = Place::Free { account: it.to.0, acquired: position };
                    for unit in each(it.series, it.serials) {
                        let (was, _) = self.free(unit, it.from);
                        self.put(unit, Some(was), to);
                    }
                }
                Posting::UnitsEnded(it) => {
                    let to = Place::Free { account: it.into.0, acquired: position };
                    for unit in each(it.series, it.serials) {
                        let (was, _) = self.free(unit, it.from);
                        self.put(unit, Some(was), to);
                    }
                }
                Posting::UnitsRestored(it) => {
                    let to = Place::Free { account: it.to.0, acquired: position };
                    for unit in each(it.series, it.serials) {
                        let (was, _) = self.free(unit, it.from);
                        self.put(unit, Some(was), to);
                    }
                }
                Posting::UnitsHeld(it) => {
                    for unit in each(it.series, it.serials) {
                        let (was, acquired) = self.free(unit, it.account);
                        self.put(unit, Some(was), Place::Held { hold: it.hold.0, acquired });
                    }
                }
                Posting::UnitsReleased(it) => {
                    for unit in each(it.series, it.serials) {
                        let Place::Held { hold, acquired } = self.units[&unit] else {
                            panic!("unit {unit:?} is not held");
                        };
                        let was = Place::Held { hold: it.hold.0, acquired };
                        assert_eq!(hold, it.hold.0);
                        let to = Place::Free { account: it.account.0, acquired };
                        self.put(unit, Some(was), to);
                    }
                }
                Posting::CashHeld(it) => {
                    self.money(it.account.0, -it.amount.0, it.amount.0);
                    self.hold(it.hold.0, it.amount.0);
                }
                Posting::CashReleased(it) => {
                    self.money(it.account.0, it.amount.0, -it.amount.0);
                    self.hold(it.hold.0, -it.amount.0);
                }
                Posting::CashMoved(it) => {
                    self.money(it.from.0, -it.amount.0, 0);
                    self.money(it.to.0, it.amount.0, 0);
                }
            }
        }
    }

    /// Whose each unit is, or that it is set aside.
    pub fn owners(&self) -> BTreeMap<(u32, u64), Option<u32>> {
        let owner = |it: &Place| match it {
            Place::Free { account, .. } => Some(*account),
            Place::Held { .. } => None,
        };
        self.units.iter().map(|(unit, place)| (*unit, owner(place))).collect()
    }

    /// Whether the twin and the state say the same.
    pub fn is(&self, state: &State) -> bool {
        let mut other = Self::of(state);
        // An account that was opened and never used has no row here.
        other.cash.retain(|_, row| *row != (0, 0));
        let mut own = self.clone();
        own.cash.retain(|_, row| *row != (0, 0));
        own == other
    }

    /// The units the rule of the ledger picks: free in the account, wanted, by acquisition, series
    /// and serial.
    pub fn pick(
        &self,
        account: AccountId,
        count: Tonnes,
        wanted: impl Fn(SeriesId) -> bool,
    ) -> Vec<(u32, u64)> {
        let mut all: Vec<(u64, u32, u64)> = self
            .units
            .iter()
            .filter(|((series, _), _)| wanted(SeriesId(*series)))
            .filter_map(|((series, serial), place)| match place {
                Place::Free { account: found, acquired } if *found == account.0 => {
                    Some((*acquired, *series, *serial))
                }
                Place::Free { .. } | Place::Held { .. } => None,
            })
            .collect();
        all.sort_unstable();
        let first = all.into_iter().take(usize::try_from(count.0).unwrap_or(usize::MAX));
        let mut picked: Vec<(u32, u64)> =
            first.map(|(_, series, serial)| (series, serial)).collect();
        picked.sort_unstable();
        picked
    }
}

/// The units that leave an account with a record, sorted.
pub fn leaving(events: &[Event], account: AccountId) -> Vec<(u32, u64)> {
    let mut units = Vec::new();
    for posting in events.iter().filter_map(Event::posting) {
        let (series, serials) = match posting {
            Posting::UnitsMoved(it) if it.from == account => (it.series, it.serials),
            Posting::UnitsEnded(it) if it.from == account => (it.series, it.serials),
            Posting::UnitsHeld(it) if it.account == account => (it.series, it.serials),
            _ => continue,
        };
        units.extend(each(series, serials));
    }
    units.sort_unstable();
    units
}
