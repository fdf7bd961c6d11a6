//! Transfer: a holder gives units to another holder, at a price it declares or free of charge.
//!
//! To an account it trusts they go at once within working time, else when work begins again. To any
//! other they wait, by the rules of both jurisdictions, and count for the limit of the holder's
//! group.
//!
//! The declared price is for publication and statistics; no money moves here. Units in orders or
//! pledged elsewhere are not free and do not move.

use super::delayed::{DelayedTransfer, TransferDelayed};
use super::limit::{self, LimitUsed};
use super::{UnitsRefused, Way, expire, first_transfer, holding};
use crate::account;
use crate::authority::{Authorised, Right};
use crate::calendar::{self, Trust, WorkingTime};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::{AccountId, SeriesId};
use crate::ledger::posting::UnitsHeld;
use crate::link;
use crate::planted::{self, Fault};
use crate::quantity::{Price, Tonnes, Units};
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use minicbor::{Decode, Encode};

/// What the acquirer pays, as declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Consideration {
    /// Nothing.
    #[n(0)]
    Free,
    /// A price for each unit.
    #[n(1)]
    Price(#[n(0)] Price),
}

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Transfer {
    /// The account the units leave.
    #[n(0)]
    pub from: AccountId,
    /// The account they come into.
    #[n(1)]
    pub to: AccountId,
    /// The series.
    #[n(2)]
    pub series: SeriesId,
    /// How many.
    #[n(3)]
    pub quantity: Tonnes,
    /// What is paid, as declared.
    #[n(4)]
    pub consideration: Consideration,
}

/// The fact; the postings beside it say which serials.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Transferred {
    /// The account the units left.
    #[n(0)]
    pub from: AccountId,
    /// The account they came into.
    #[n(1)]
    pub to: AccountId,
    /// What was paid, as declared.
    #[n(2)]
    pub consideration: Consideration,
    /// Whether they crossed a link on the way.
    #[n(3)]
    pub crosses: Crosses,
}

refusals! {
    /// Why units cannot be transferred.
    pub enum TransferRefused {
        /// A transfer has two ends.
        SameAccount { account: AccountId } = 611
            => "account {account} is both ends of the transfer",
        /// Expired units go to the deletion account only.
        Expired { series: SeriesId } = 612
            => "the units of series {series} are expired and can only be deleted",
        /// There is no such series.
        SeriesUnknown { series: SeriesId } = 613 => "there is no series {series}",
        /// A limit bounds what a thief could take.
        AboveLimit { limit: Units, left: Units, wanted: Units } = 615
            => "to accounts that are not trusted, the holder's group may give {limit} within five \
                working days; {left} are left, less than {wanted}",
        /// A price is positive; a gift is declared as free.
        PriceNotPositive { price: Price } = 614
            => "the declared price is {price}; declare a positive price or say free",
    }
}

impl TransferRefused {
    fn above(limit: Tonnes, left: Tonnes, wanted: Tonnes) -> Self {
        Self::AboveLimit { limit: limit.into(), left: left.into(), wanted: wanted.into() }
    }
}

/// The holder of the account the units leave.
pub fn right(_state: &State, it: &Transfer) -> Result<Right, Refusals> {
    Ok(Right::Holder(it.from))
}

/// Whether a second person must approve: always where a government gives or receives; else not
/// towards accounts it trusts, where the holder has set that one person suffices for those.
pub fn needs_second(state: &State, it: &Transfer) -> bool {
    let account = |id| state.accounts.get(id);
    let government = |id| account(id).is_some_and(|it| it.kind.is_government());
    let single = account(it.from).is_some_and(|it| it.single.trusted);
    let trusts = single && account::trust(state, it.from, it.to) == Trust::Trusted;
    government(it.from) || government(it.to) || !trusts
}

/// Checks what must hold when a transfer is asked for, and again when it is executed.
pub(crate) fn may_go(
    state: &State,
    Way { from, to }: Way,
    units: impl Iterator<Item = SeriesId>,
    no: &mut Objections,
) {
    no.take(account::may_give(state, from));
    no.take(account::may_receive(state, to));
    for series in units {
        let expired = state.ledger.series.get(series).map(|it| expire::is_expired(state, it));
        match expired {
            None => no.unless(false, TransferRefused::SeriesUnknown { series }),
            Some(expired) => no.unless(!expired, TransferRefused::Expired { series }),
        }
    }
}

/// Whether a transfer crosses a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Crosses {
    /// The very same units come into the other account.
    #[n(0)]
    Nothing,
    /// Link units do.
    #[n(1)]
    Link,
}

/// The working time of both ends.
pub(crate) fn places(state: &State, Way { from, to }: Way) -> [WorkingTime<'_>; 2] {
    [from, to].map(|it| state.working_time(state.accounts.row(it).jurisdiction))
}

/// Checks both accounts, picks the serials, and moves them or sets them aside until the wait is
/// over.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &Transfer,
    out: &mut Events,
) -> Result<(), Refusals> {
    begin(state, by, (it, Crosses::Nothing), out)
}

/// Begins a transfer, across a link or not.
pub(crate) fn begin(
    state: &State,
    by: &Authorised<'_>,
    (it, crosses): (&Transfer, Crosses),
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let (from, to, series) = (it.from, it.to, it.series);
    no.unless(from != to, TransferRefused::SameAccount { account: from });
    may_go(state, Way { from, to }, [series].into_iter(), &mut no);
    let crossing = match crosses {
        Crosses::Nothing => None,
        Crosses::Link => no.take(link::crossing(state, Way { from, to }, (series, it.quantity))),
    };
    if let Consideration::Price(price) = it.consideration {
        no.unless(price > Price(0), TransferRefused::PriceNotPositive { price });
    }
    let trust = account::trust(state, from, to);
    let wanted = it.quantity;
    let counted = if trust == Trust::None { wanted } else { Tonnes::ZERO };
    let limited = counted > Tonnes::ZERO && !planted::has(Fault::LimitUnchecked);
    if limited && state.accounts.get(from).is_some() {
        let (limit, left) = limit::left(state, from, by.now());
        no.unless(wanted <= left, TransferRefused::above(limit, left, wanted));
    }
    let group = |account| state.accounts.get(account).map(|it| state.parties.row(it.holder).group);
    if let Some(row) = state.ledger.series.get(series) {
        // Across a link the units will count where they arrive.
        let there = state.accounts.get(to).filter(|_| crosses == Crosses::Link);
        let market = there.map(|it| it.jurisdiction).or(row.counts_in());
        // A group that already has them has no more of them, unless they count elsewhere now.
        if group(from) != group(to) || market != row.counts_in() {
            no.take(holding::check(state, (to, market), wanted, by.now()));
        }
    }
    let picked = match state.ledger.shelves.get(from) {
        Some(shelf) => super::pick(shelf, wanted, |of| of == series),
        None => Err(UnitsRefused::too_little(Tonnes::ZERO, wanted)),
    };
    let picked = no.take(picked);
    if let Some(picked) = &picked {
        no.take(first_transfer::stays_with_parties(state, picked, (to, crosses)));
    }
    let picked = no.settle_with(picked)?;
    if counted > Tonnes::ZERO {
        let ((jurisdiction, group), day) = limit::giver(state, from, by.now());
        let used = LimitUsed { jurisdiction, group, day, quantity: counted };
        out.push(Event::LimitUsed(used));
    }
    let (approved, consideration, way) = (by.now(), it.consideration, Way { from, to });
    let execution = calendar::execution(places(state, way), approved, trust);
    let at_once = execution <= approved;
    let transferred = Event::Transferred(Transferred { from, to, consideration, crosses });
    if let Some(opened) = crossing.and_then(|it| link::opened(state, it)) {
        out.push(opened);
    }
    if at_once {
        out.push(transferred);
        match crossing {
            None => super::move_all(&picked, way, |it| out.push(it)),
            Some(it) => link::cross(state, it, (&picked, way), |it| out.push(it)),
        }
        return Ok(());
    }
    let (transfer, quantity) = (state.ledger.next_hold, wanted);
    let waits = Box::new(DelayedTransfer {
        from,
        to,
        consideration,
        approved,
        execution,
        counted,
        crosses,
    });
    out.push(Event::TransferDelayed(TransferDelayed { transfer, waits, quantity }));
    for (series, block) in picked {
        let (account, hold, serials) = (from, transfer, block.serials);
        out.push(Event::UnitsHeld(UnitsHeld { series, account, hold, serials }));
    }
    Ok(())
}

/// Nothing but the postings changes the state; the fact is for those who read the journal.
pub fn apply(_state: &mut State, _record: &RecordHeader, _it: &Transferred) {}
