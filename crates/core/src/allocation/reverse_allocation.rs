//! Reverse an allocation: what was delivered to an installation by mistake goes back, the very same
//! serials, once, within [`REVERSAL_DAYS`] days, as long as all of them are still free in its
//! account (Regulation (EU) 2019/1122, Article 70).

use crate::account::{self, AccountKind};
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::grounds::Grounds;
use crate::id::InstallationId;
use crate::quantity::Tonnes;
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use crate::supply::issue::IssueRefused;
use crate::time::{Instant, Year};
use crate::units::reverse::{REVERSAL_DAYS, acquired_with};
use crate::units::{self, Way};
use minicbor::{Decode, Encode};

/// A delivery that may be reversed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Delivery {
    /// Of which year.
    #[n(0)]
    pub year: Year,
    /// How many.
    #[n(1)]
    pub quantity: Tonnes,
    /// When.
    #[n(2)]
    pub at: Instant,
}

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct ReverseAllocation {
    /// The installation.
    #[n(0)]
    pub installation: InstallationId,
    /// The record that delivered, by its position in the journal.
    #[n(1)]
    pub record: u64,
    /// Why.
    #[n(2)]
    pub grounds: Grounds,
}

/// The fact; the postings beside it say which serials.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct AllocationReversed {
    /// The installation.
    #[n(0)]
    pub installation: InstallationId,
    /// The record that delivered.
    #[n(1)]
    pub record: u64,
    /// Why.
    #[n(2)]
    pub grounds: Box<Grounds>,
}

refusals! {
    /// Why a delivery cannot be reversed.
    pub enum ReverseAllocationRefused {
        /// It delivered nothing to it, is reversed, or is long over.
        NotReversible { installation: InstallationId, record: u64 } = 756
            => "record {record} delivered nothing to installation {installation} that can still be \
                reversed",
        /// A mistake is noticed soon.
        WindowOver { record: u64, until: Instant } = 757
            => "record {record} could be reversed until {until}",
        /// Some of it is elsewhere.
        MovedOn { delivered: Tonnes, there: Tonnes } = 758
            => "of the {delivered} delivered {there} are still free in the account; ask its holder \
                to return the excess",
    }
}

/// The administrator of the installation's jurisdiction.
pub fn right(state: &State, it: &ReverseAllocation) -> Result<Right, Refusals> {
    Ok(Right::Administrator(account::installation(state, it.installation)?.jurisdiction))
}

/// Checks the window, and that the serials are there.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &ReverseAllocation,
    out: &mut Events,
) -> Result<(), Refusals> {
    use ReverseAllocationRefused as No;
    let mut no = Objections::default();
    let (installation, record) = (it.installation, it.record);
    let row = account::installation(state, installation)?;
    let delivery = state.deliveries.get(&(record, installation));
    let delivery = delivery.ok_or(No::NotReversible { installation, record })?;
    no.take(it.grounds.check());
    let until = delivery.at.plus_days(REVERSAL_DAYS);
    no.unless(by.now() < until, No::WindowOver { record, until });
    let units = acquired_with(state.ledger.shelves.row(row.account), record);
    let there = units.iter().map(|(_, it)| it.serials.count).sum();
    let delivered = delivery.quantity;
    no.unless(there == delivered, No::MovedOn { delivered, there });
    let entitlement = state.entitlements.get(&(installation, delivery.year));
    let kind = entitlement.map_or(AccountKind::Allocation, |it| it.source.kind());
    let to = account::of_government(state, row.jurisdiction, kind);
    no.unless(to.is_some(), IssueRefused::NoGovernmentAccount { kind: kind.name() });
    let to = no.settle_with(to)?;
    let grounds = Box::new(it.grounds.clone());
    out.push(Event::AllocationReversed(AllocationReversed { installation, record, grounds }));
    units::move_all(&units, Way { from: row.account, to }, |it| out.push(it));
    Ok(())
}

/// Remembers a delivery, and forgets those that cannot be reversed any more.
pub(crate) fn remember(
    state: &mut State,
    record: &RecordHeader,
    (installation, year, quantity): (InstallationId, Year, Tonnes),
) {
    let over = record.at.plus_days(REVERSAL_DAYS.saturating_neg());
    while let Some(oldest) = state.deliveries.first_entry() {
        if oldest.get().at >= over {
            break;
        }
        oldest.remove();
    }
    let delivery = Delivery { year, quantity, at: record.at };
    state.deliveries.insert((record.position, installation), delivery);
}

/// It is no longer delivered.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &AllocationReversed) {
    let Some(delivery) = state.deliveries.remove(&(it.record, it.installation)) else { return };
    let row = state.entitlements.entry((it.installation, delivery.year)).or_default();
    row.delivered = delivery.quantity.short_of(row.delivered);
}
