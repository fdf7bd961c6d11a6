//! Cancel a transfer that waits: any person of the holder that may initiate, alone and until the
//! last moment. The units are free again, and do not count for the limit.

use super::delayed;
use super::limit;
use crate::agenda::Due;
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::draft::Draft;
use crate::event::{Event, Events};
use crate::id::HoldId;
use crate::refusal::{Refusals, refusals};
use crate::state::State;
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct CancelTransfer {
    /// The transfer.
    #[n(0)]
    pub transfer: HoldId,
}

/// How a delayed transfer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum TransferEnd {
    /// The units are in the other account.
    #[n(0)]
    Completed,
    /// A person of the holder cancelled it.
    #[n(1)]
    Cancelled,
    /// What was checked again stood in its way: the number of the refusal.
    #[n(2)]
    Terminated(#[n(0)] u16),
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct TransferEnded {
    /// The transfer.
    #[n(0)]
    pub transfer: HoldId,
    /// How.
    #[n(1)]
    pub end: TransferEnd,
}

refusals! {
    /// Why a transfer cannot be cancelled.
    pub enum CancelTransferRefused {
        /// It does not wait.
        NotWaiting { transfer: HoldId } = 621
            => "transfer {transfer} does not wait: it is unknown, executed, or ended",
    }
}

/// The holder of the account the units would leave.
pub fn right(state: &State, it: &CancelTransfer) -> Result<Right, Refusals> {
    let transfer = it.transfer;
    let row = state.delayed.get(&transfer);
    let row = row.ok_or(CancelTransferRefused::NotWaiting { transfer })?;
    Ok(Right::Holder(row.from))
}

/// Frees what it set aside.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &CancelTransfer,
    out: &mut Events,
) -> Result<(), Refusals> {
    let transfer = it.transfer;
    let row = state.delayed.get(&transfer);
    let row = row.ok_or(CancelTransferRefused::NotWaiting { transfer })?;
    let mut draft = Draft::new(state, out);
    delayed::release(&mut draft, (transfer, row.from));
    draft.note(Event::TransferEnded(TransferEnded { transfer, end: TransferEnd::Cancelled }));
    Ok(())
}

/// It waits no more.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &TransferEnded) {
    let Some(row) = state.delayed.remove(&it.transfer) else { return };
    state.agenda.strike(row.execution, Due::Transfer(it.transfer));
    if it.end != TransferEnd::Completed {
        let given = limit::giver(state, row.from, row.approved);
        limit::give_back(state, given, row.counted);
    }
}
