//! Freeze: at once, by one person. Serials that are frozen are set aside in their account.

use super::{Freeze as Row, FreezeRefused, Frozen};
use crate::account::AccountRefused;
use crate::agenda::Due;
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::{AccountId, HoldId, SeriesId};
use crate::ledger::Serials;
use crate::ledger::posting::UnitsHeld;
use crate::quantity::Tonnes;
use crate::refusal::{Objections, Refusals};
use crate::state::State;
use crate::time::Instant;
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Freeze {
    /// What.
    #[n(0)]
    pub frozen: Frozen,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct FreezeBegun {
    /// What.
    #[n(0)]
    pub frozen: Frozen,
    /// When it lapses, unless another person confirms it.
    #[n(1)]
    pub lapses: Instant,
    /// What frozen serials are set aside under.
    #[n(2)]
    pub hold: Option<HoldId>,
}

/// The administrator.
pub fn right(state: &State, it: &Freeze) -> Result<Right, Refusals> {
    super::right_over(state, it.frozen)
}

/// Checks that it is not frozen, and reckons when it lapses.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &Freeze,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let frozen = it.frozen;
    no.unless(!state.freezes.contains_key(&frozen), FreezeRefused::AlreadyFrozen);
    let mut serials = Vec::new();
    if let Frozen::Serials(account, series, first, count) = frozen {
        let kind = state.accounts.row(account).kind;
        let wrong = AccountRefused::WrongKind { account, kind: kind.name() };
        no.unless(!kind.is_final(), wrong);
        serials = free_within(state, (account, series), (first, count));
        let there = serials.iter().map(|it| it.count).sum();
        let whole = there == count && count > Tonnes::ZERO;
        no.unless(whole, FreezeRefused::SerialsNotFree { wanted: count, there });
    }
    no.settle()?;
    let time = match frozen {
        Frozen::Account(it) | Frozen::Serials(it, ..) => {
            state.working_time(state.accounts.row(it).jurisdiction)
        }
        Frozen::Holder(it) => {
            state.working_time(state.parties.row(it).jurisdiction.unwrap_or_default())
        }
        Frozen::Jurisdiction(it) => state.working_time(it),
        Frozen::Market => state.working_time(Default::default()),
    };
    let today = time.calendar.local(by.now()).day();
    let lapses = time.calendar.moment(time.after(today, 1).next().at(0));
    let hold = (!serials.is_empty()).then_some(state.ledger.next_hold);
    out.push(Event::FreezeBegun(FreezeBegun { frozen, lapses, hold }));
    if let (Frozen::Serials(account, series, ..), Some(hold)) = (frozen, hold) {
        for serials in serials {
            out.push(Event::UnitsHeld(UnitsHeld { series, account, hold, serials }));
        }
    }
    Ok(())
}

/// The parts of a range of serials that are free in an account.
fn free_within(
    state: &State,
    (account, series): (AccountId, SeriesId),
    (first, count): (u64, Tonnes),
) -> Vec<Serials> {
    let end = first.saturating_add(count.0);
    let shelf = state.ledger.shelves.get(account);
    let queues = shelf.iter().flat_map(|it| &it.queues).filter(|it| it.series == series);
    let blocks = queues.flat_map(|it| &it.blocks).map(|it| it.serials);
    blocks
        .map(|it| (it.first.max(first), it.end().min(end)))
        .filter(|(first, end)| first < end)
        .map(|(first, end)| Serials { first, count: Tonnes(end.saturating_sub(first)) })
        .collect()
}

/// It is frozen; the end of the next working day is on the agenda.
pub fn apply(state: &mut State, record: &RecordHeader, it: &FreezeBegun) {
    state.agenda.enter(state.now, it.lapses, Due::Freeze(it.frozen));
    let row = Row { by: record.actor, lapses: Some(it.lapses), hold: it.hold };
    state.freezes.insert(it.frozen, row);
}
