//! A delayed transfer: approved, its serials set aside, and executed when its wait is over. Until
//! then any person of the holder that may initiate can cancel it.

use super::cancel_transfer::{TransferEnd, TransferEnded};
use super::transfer::{Consideration, Crosses, Transferred};
use super::{Way, transfer};
use crate::agenda::Due;
use crate::calendar::{self, Trust};
use crate::context::RecordHeader;
use crate::draft::Draft;
use crate::event::Event;
use crate::id::{AccountId, HoldId};
use crate::ledger::Picked;
use crate::ledger::posting::{Posting, UnitsReleased};
use crate::link;
use crate::quantity::Tonnes;
use crate::refusal::{Objections, Refusal};
use crate::state::State;
use crate::time::Instant;
use minicbor::{Decode, Encode};

/// A transfer that waits, under the hold that sets its serials aside.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct DelayedTransfer {
    /// The account the units leave.
    #[n(0)]
    pub from: AccountId,
    /// The account they come into.
    #[n(1)]
    pub to: AccountId,
    /// What is paid, as declared.
    #[n(2)]
    pub consideration: Consideration,
    /// When it was approved.
    #[n(3)]
    pub approved: Instant,
    /// When it is executed, unless a holiday is decreed.
    #[n(4)]
    pub execution: Instant,
    /// How much of it counts for the limit of the group.
    #[n(5)]
    pub counted: Tonnes,
    /// Whether it crosses a link.
    #[n(6)]
    pub crosses: Crosses,
}

/// The fact that a transfer was approved and waits: for those who tell the holder's persons.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct TransferDelayed {
    /// What its serials are set aside under: also its name.
    #[n(0)]
    pub transfer: HoldId,
    /// From where to where, and when.
    #[n(1)]
    pub waits: Box<DelayedTransfer>,
    /// How many units.
    #[n(2)]
    pub quantity: Tonnes,
}

/// Executes a transfer whose wait is over: all is checked again, and what no longer fits ends it.
pub(crate) fn execute(draft: &mut Draft<'_>, state: &State, transfer: HoldId) -> Option<u64> {
    let it = state.delayed.get(&transfer)?;
    let way = Way { from: it.from, to: it.to };
    let execution = execution(state, it);
    if execution > it.execution {
        let quantity = picked(draft, transfer).iter().map(|(_, it)| it.serials.count).sum();
        let waits = Box::new(DelayedTransfer { execution, ..it.clone() });
        draft.note(Event::TransferDelayed(TransferDelayed { transfer, waits, quantity }));
        return None;
    }
    let units = release(draft, (transfer, it.from));
    let mut no = Objections::default();
    transfer::may_go(state, way, units.iter().map(|(series, _)| *series), &mut no);
    let quantity = units.iter().map(|(_, it)| it.serials.count).sum();
    let series = units.first().filter(|_| it.crosses == Crosses::Link).map(|(series, _)| *series);
    let crossing = series.map(|it| link::crossing(state, way, (it, quantity)));
    let crossing = crossing.and_then(|it| no.take(it));
    let end = match no.settle() {
        Ok(()) => {
            let (consideration, crosses) = (it.consideration, it.crosses);
            let (from, to) = (it.from, it.to);
            draft.note(Event::Transferred(Transferred { from, to, consideration, crosses }));
            match crossing {
                None => super::move_all(&units, way, |it| draft.post(it)),
                Some(it) => link::cross(state, it, (&units, way), |it| draft.post_last(it)),
            }
            TransferEnd::Completed
        }
        Err(no) => TransferEnd::Terminated(no.list().first().map_or(0, Refusal::number)),
    };
    draft.note(Event::TransferEnded(TransferEnded { transfer, end }));
    None
}

/// When it is executed, with the holidays decreed since; never sooner than was said.
fn execution(state: &State, it: &DelayedTransfer) -> Instant {
    let trust = if it.counted > Tonnes::ZERO { Trust::None } else { Trust::Trusted };
    let places = transfer::places(state, Way { from: it.from, to: it.to });
    calendar::execution(places, it.approved, trust).max(it.execution)
}

fn picked(draft: &Draft<'_>, transfer: HoldId) -> Picked {
    draft.hold_now(transfer).map(|it| it.units.to_vec()).unwrap_or_default()
}

/// Frees what a transfer set aside, and says what it was.
pub(crate) fn release(draft: &mut Draft<'_>, (hold, account): (HoldId, AccountId)) -> Picked {
    let units = picked(draft, hold);
    for (series, block) in &units {
        let (series, serials) = (*series, block.serials);
        draft.post(Posting::UnitsReleased(UnitsReleased { series, account, hold, serials }));
    }
    units
}

/// The transfer waits; its end is on the agenda.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &TransferDelayed) {
    state.agenda.enter(state.now, it.waits.execution, Due::Transfer(it.transfer));
    state.delayed.insert(it.transfer, (*it.waits).clone());
}
