//! Posting facts: the only way balances change. Each says exactly which serials or how much
//! money; nothing is chosen here.

use super::{Block, CashAccount, Hold, Ledger, Serials, Series, Shelf};
use crate::id::{AccountId, CashAccountId, HoldId, SeriesId};
use crate::planted::{self, Fault};
use crate::quantity::{Money, Tonnes};
use minicbor::{Decode, Encode};

/// New serials come into an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct UnitsIssued {
    /// The series that grows.
    #[n(0)]
    pub series: SeriesId,
    /// The account they come into.
    #[n(1)]
    pub to: AccountId,
    /// The new serials: those after the last one issued.
    #[n(2)]
    pub serials: Serials,
}

/// Serials change their account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct UnitsMoved {
    /// The series.
    #[n(0)]
    pub series: SeriesId,
    /// The account they leave.
    #[n(1)]
    pub from: AccountId,
    /// The account they come into.
    #[n(2)]
    pub to: AccountId,
    /// The serials, one block of the account.
    #[n(3)]
    pub serials: Serials,
}

/// Serials go into an account nothing leaves (surrender, deletion).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct UnitsEnded {
    /// The series.
    #[n(0)]
    pub series: SeriesId,
    /// The account they leave.
    #[n(1)]
    pub from: AccountId,
    /// The surrender or deletion account.
    #[n(2)]
    pub into: AccountId,
    /// The serials.
    #[n(3)]
    pub serials: Serials,
}

/// Serials leave an account nothing else leaves: what ended them is reversed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct UnitsRestored {
    /// The series.
    #[n(0)]
    pub series: SeriesId,
    /// The surrender or deletion account.
    #[n(1)]
    pub from: AccountId,
    /// The account they return to.
    #[n(2)]
    pub to: AccountId,
    /// The serials, one block of the account.
    #[n(3)]
    pub serials: Serials,
}

/// Serials are set aside for an order or auction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct UnitsHeld {
    /// The series.
    #[n(0)]
    pub series: SeriesId,
    /// The account in which they were free.
    #[n(1)]
    pub account: AccountId,
    /// What they are set aside for.
    #[n(2)]
    pub hold: HoldId,
    /// The serials.
    #[n(3)]
    pub serials: Serials,
}

/// Serials set aside are free again, at their old place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct UnitsReleased {
    /// The series.
    #[n(0)]
    pub series: SeriesId,
    /// The account in which they are free again.
    #[n(1)]
    pub account: AccountId,
    /// What they were set aside for.
    #[n(2)]
    pub hold: HoldId,
    /// The serials, one block of the hold or the left part of one.
    #[n(3)]
    pub serials: Serials,
}

/// Free money is set aside for a bid or order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct CashHeld {
    /// The account.
    #[n(0)]
    pub account: CashAccountId,
    /// What it is set aside for.
    #[n(1)]
    pub hold: HoldId,
    /// How much.
    #[n(2)]
    pub amount: Money,
}

/// Money set aside is free again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct CashReleased {
    /// The account.
    #[n(0)]
    pub account: CashAccountId,
    /// What it was set aside for.
    #[n(1)]
    pub hold: HoldId,
    /// How much.
    #[n(2)]
    pub amount: Money,
}

/// Free money changes its account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct CashMoved {
    /// The account that pays.
    #[n(0)]
    pub from: CashAccountId,
    /// The account that is paid.
    #[n(1)]
    pub to: CashAccountId,
    /// How much.
    #[n(2)]
    pub amount: Money,
}

/// A change of balances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Posting {
    /// New serials.
    UnitsIssued(UnitsIssued),
    /// Serials change their account.
    UnitsMoved(UnitsMoved),
    /// Serials end.
    UnitsEnded(UnitsEnded),
    /// Serials are back.
    UnitsRestored(UnitsRestored),
    /// Serials are set aside.
    UnitsHeld(UnitsHeld),
    /// Serials are free again.
    UnitsReleased(UnitsReleased),
    /// Money is set aside.
    CashHeld(CashHeld),
    /// Money is free again.
    CashReleased(CashReleased),
    /// Money changes its account.
    CashMoved(CashMoved),
}

/// The rows a posting touches: the live ledger's, or a draft's copies of them.
pub trait Rows {
    /// A series to be changed.
    fn series(&mut self, id: SeriesId) -> &mut Series;
    /// An account's free units to be changed.
    fn shelf(&mut self, id: AccountId) -> &mut Shelf;
    /// A cash account to be changed.
    fn cash(&mut self, id: CashAccountId) -> &mut CashAccount;
    /// A hold to be changed; an unknown one is made empty.
    fn hold(&mut self, id: HoldId) -> &mut Hold;
    /// Forgets a hold in which nothing is left.
    fn end_hold(&mut self, id: HoldId);
}

impl Rows for Ledger {
    fn series(&mut self, id: SeriesId) -> &mut Series {
        self.series.row_mut(id)
    }

    fn shelf(&mut self, id: AccountId) -> &mut Shelf {
        self.shelves.row_mut(id)
    }

    fn cash(&mut self, id: CashAccountId) -> &mut CashAccount {
        self.cash.row_mut(id)
    }

    fn hold(&mut self, id: HoldId) -> &mut Hold {
        if id >= self.next_hold {
            self.next_hold = HoldId(id.0.saturating_add(1));
        }
        self.holds.entry(id)
    }

    fn end_hold(&mut self, id: HoldId) {
        self.holds.end(id);
    }
}

/// Takes a posting of the record at `position` into the rows.
pub fn apply(rows: &mut impl Rows, position: u64, posting: &Posting) {
    match posting {
        Posting::UnitsIssued(it) => {
            let series = rows.series(it.series);
            let next = series.issued.0.saturating_add(1);
            assert_eq!(it.serials.first, next, "a serial is issued twice or left out");
            series.issued += it.serials.count;
            rows.shelf(it.to).put(it.series, Block { acquired: position, serials: it.serials });
        }
        Posting::UnitsMoved(it) => {
            rows.shelf(it.from).take(it.series, it.serials);
            let mut serials = it.serials;
            if planted::has(Fault::UnitLost) && serials.count.0 > 1 {
                serials.count -= Tonnes(1);
            }
            rows.shelf(it.to).put(it.series, Block { acquired: position, serials });
        }
        Posting::UnitsEnded(it) => {
            rows.shelf(it.from).take(it.series, it.serials);
            rows.shelf(it.into).put(it.series, Block { acquired: position, serials: it.serials });
            rows.series(it.series).ended += it.serials.count;
        }
        Posting::UnitsRestored(it) => {
            rows.shelf(it.from).take(it.series, it.serials);
            rows.shelf(it.to).put(it.series, Block { acquired: position, serials: it.serials });
            if !planted::has(Fault::RestoredStaysEnded) {
                rows.series(it.series).ended -= it.serials.count;
            }
        }
        Posting::UnitsHeld(it) => {
            let block = rows.shelf(it.account).take(it.series, it.serials);
            rows.hold(it.hold).units.push((it.series, block));
        }
        Posting::UnitsReleased(it) => {
            let hold = rows.hold(it.hold);
            let (block, ends) = (release(hold, it), hold.is_empty());
            rows.shelf(it.account).put(it.series, block);
            if ends {
                rows.end_hold(it.hold);
            }
        }
        Posting::CashHeld(it) => {
            let account = rows.cash(it.account);
            account.free -= it.amount;
            account.held += it.amount;
            rows.hold(it.hold).cash += it.amount;
        }
        Posting::CashReleased(it) => {
            let account = rows.cash(it.account);
            account.held -= it.amount;
            account.free += it.amount;
            let hold = rows.hold(it.hold);
            hold.cash -= it.amount;
            if hold.is_empty() {
                rows.end_hold(it.hold);
            }
        }
        Posting::CashMoved(it) => {
            rows.cash(it.from).free -= it.amount;
            rows.cash(it.to).free += it.amount;
        }
    }
}

#[expect(clippy::expect_used, reason = "a fact names serials that are held, or we stop")]
fn release(hold: &mut Hold, it: &UnitsReleased) -> Block {
    let starts = |(series, block): &(SeriesId, Block)| {
        *series == it.series && block.serials.first == it.serials.first
    };
    let place = hold.units.iter().position(starts).expect("the serials are not in the hold");
    let (_, block) = hold.units.get_mut(place).expect("the place was just found");
    let released = Block { acquired: block.acquired, serials: it.serials };
    block.serials.count -= it.serials.count;
    block.serials.first = it.serials.end();
    if block.serials.count.0 == 0 {
        hold.units.remove(place);
    }
    released
}
