//! Advance a penalty case: a notice is followed by a hearing or a decision, a decision by payment
//! or appeal, and what is waived is waived with two persons. The money itself is owed outside the
//! market.

use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::PenaltyId;
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use crate::time::Instant;
use minicbor::{Decode, Encode};

/// How far a case has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub enum PenaltyStage {
    /// The operator is told.
    #[n(0)]
    #[default]
    Notice,
    /// It is heard.
    #[n(1)]
    Hearing,
    /// It is decided, and the money due at a moment.
    #[n(2)]
    Decided(#[n(0)] Instant),
    /// The operator appeals.
    #[n(3)]
    Appealed,
    /// The money came in.
    #[n(4)]
    Paid,
    /// Nothing is owed.
    #[n(5)]
    Waived,
}

impl PenaltyStage {
    /// The stage in words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Hearing => "hearing",
            Self::Decided(_) => "decided",
            Self::Appealed => "appealed",
            Self::Paid => "paid",
            Self::Waived => "waived",
        }
    }

    fn leads_to(self, next: Self) -> bool {
        use PenaltyStage::{Appealed, Decided, Hearing, Notice, Paid, Waived};
        match (self, next) {
            (Notice, Hearing | Decided(_)) | (Hearing, Decided(_)) => true,
            (Decided(_), Appealed | Paid) | (Appealed, Decided(_)) => true,
            (Notice | Hearing | Decided(_) | Appealed, Waived) => true,
            (Notice | Hearing | Decided(_) | Appealed | Paid | Waived, _) => false,
        }
    }
}

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct AdvancePenalty {
    /// The case.
    #[n(0)]
    pub penalty: PenaltyId,
    /// Its next stage.
    #[n(1)]
    pub to: PenaltyStage,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct PenaltyAdvanced {
    /// The case.
    #[n(0)]
    pub penalty: PenaltyId,
    /// Its stage.
    #[n(1)]
    pub to: PenaltyStage,
}

refusals! {
    /// Why a case cannot advance.
    pub enum AdvancePenaltyRefused {
        /// There is no such case.
        Unknown { penalty: PenaltyId } = 1051 => "there is no penalty case {penalty}",
        /// Stages follow one another.
        NoWay { penalty: PenaltyId, from: &'static str, to: &'static str } = 1052
            => "penalty case {penalty} is at the stage {from}, from which none leads to {to}",
        /// Money falls due in time to come.
        DueNotAhead { due: Instant } = 1053 => "{due} does not lie ahead",
    }
}

/// The administrator of the installation's jurisdiction.
pub fn right(state: &State, it: &AdvancePenalty) -> Result<Right, Refusals> {
    let penalty = it.penalty;
    let row = state.penalties.get(penalty).ok_or(AdvancePenaltyRefused::Unknown { penalty })?;
    Ok(Right::Administrator(state.installations.row(row.installation).jurisdiction))
}

/// Checks that one stage leads to the other.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &AdvancePenalty,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let (penalty, to) = (it.penalty, it.to);
    let from = state.penalties.row(penalty).stage;
    let way = AdvancePenaltyRefused::NoWay { penalty, from: from.name(), to: to.name() };
    no.unless(from.leads_to(to), way);
    if let PenaltyStage::Decided(due) = to {
        no.unless(due > by.now(), AdvancePenaltyRefused::DueNotAhead { due });
    }
    no.settle()?;
    out.push(Event::PenaltyAdvanced(PenaltyAdvanced { penalty, to }));
    Ok(())
}

/// The case has come so far.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &PenaltyAdvanced) {
    state.penalties.row_mut(it.penalty).stage = it.to;
}
