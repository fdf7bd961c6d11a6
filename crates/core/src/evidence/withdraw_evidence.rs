//! Withdraw evidence that was recorded in error, as long as nothing is drawn from it. Its period is
//! free for what was meant.

use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::grounds::Grounds;
use crate::id::EvidenceId;
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct WithdrawEvidence {
    /// The evidence.
    #[n(0)]
    pub evidence: EvidenceId,
    /// Why.
    #[n(1)]
    pub grounds: Grounds,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct EvidenceWithdrawn {
    /// The evidence.
    #[n(0)]
    pub evidence: EvidenceId,
    /// Why.
    #[n(1)]
    pub grounds: Box<Grounds>,
}

refusals! {
    /// Why evidence stands.
    pub enum WithdrawEvidenceRefused {
        /// Units were issued from it.
        Drawn { evidence: EvidenceId } = 1231
            => "units were drawn from evidence {evidence}; it stands",
    }
}

/// The verifier that recorded it.
pub fn right(state: &State, it: &WithdrawEvidence) -> Result<Right, Refusals> {
    Ok(Right::Member(super::evidence(state, it.evidence)?.verifier))
}

/// Checks that nothing is drawn from it.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &WithdrawEvidence,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let evidence = it.evidence;
    let row = super::evidence(state, evidence)?;
    let whole = row.left() == row.measured;
    no.unless(whole, WithdrawEvidenceRefused::Drawn { evidence });
    no.take(it.grounds.check());
    no.settle()?;
    let grounds = Box::new(it.grounds.clone());
    out.push(Event::EvidenceWithdrawn(EvidenceWithdrawn { evidence, grounds }));
    Ok(())
}

/// Nothing is drawn from it any more, and its period is free.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &EvidenceWithdrawn) {
    let row = state.evidence.row_mut(it.evidence);
    row.withdrawn = true;
    let (site, first) = (row.site, row.first);
    state.sites.row_mut(site).periods.remove(&first);
}
