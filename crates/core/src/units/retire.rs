//! Retire: a holder uses units up for a named beneficiary, purpose and period, for example against
//! a claim of its own, and not to meet an obligation. They end in the retirement account of the
//! jurisdiction that issued them. The beneficiary is public with the units; it is an organisation,
//! never a person.

use super::{UnitsRefused, expire};
use crate::account::{self, AccountKind};
use crate::authority::{Authorised, Right};
use crate::calendar::Day;
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::grounds::is_showable;
use crate::id::{AccountId, SeriesId};
use crate::ledger::posting::UnitsEnded;
use crate::quantity::Tonnes;
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use crate::supply::issue::IssueRefused;
use crate::units::transfer::TransferRefused;
use minicbor::{Decode, Encode};

/// The most bytes of a beneficiary or purpose.
pub const TEXT_BYTES_MAX: usize = 120;

/// For whom, for what and for when units are used up.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Claim {
    /// The organisation that claims the use.
    #[n(0)]
    pub beneficiary: String,
    /// What for.
    #[n(1)]
    pub purpose: String,
    /// The first day of the period that is claimed.
    #[n(2)]
    pub first: Day,
    /// The last one.
    #[n(3)]
    pub last: Day,
}

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Retire {
    /// The account the units leave.
    #[n(0)]
    pub account: AccountId,
    /// The series.
    #[n(1)]
    pub series: SeriesId,
    /// How many.
    #[n(2)]
    pub quantity: Tonnes,
    /// For whom, for what and for when.
    #[n(3)]
    pub claim: Claim,
}

/// The fact; the postings beside it say which serials.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Retired {
    /// The account the units left.
    #[n(0)]
    pub account: AccountId,
    /// The retirement account.
    #[n(1)]
    pub into: AccountId,
    /// How many.
    #[n(2)]
    pub quantity: Tonnes,
    /// For whom, for what and for when.
    #[n(3)]
    pub claim: Box<Claim>,
}

refusals! {
    /// Why units cannot be retired.
    pub enum RetireRefused {
        /// Somebody claims it, for something.
        ClaimOutOfBounds { most: usize } = 661
            => "name a beneficiary and a purpose of 1 to {most} bytes each, without control \
                characters",
        /// A period begins before it ends.
        PeriodOutOfOrder { first: Day, last: Day } = 662
            => "the period from {first} to {last} ends before it begins",
    }
}

/// The holder of the account.
pub fn right(_state: &State, it: &Retire) -> Result<Right, Refusals> {
    Ok(Right::Holder(it.account))
}

/// Whether a second person must approve: unless the holder has set that one suffices.
pub fn needs_second(state: &State, it: &Retire) -> bool {
    !state.accounts.get(it.account).is_some_and(|it| it.single.surrender)
}

/// Checks the claim, the account and the holding.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &Retire,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let (account, series, quantity) = (it.account, it.series, it.quantity);
    let (most, claim) = (TEXT_BYTES_MAX, &it.claim);
    let told = is_showable(&claim.beneficiary, most) && is_showable(&claim.purpose, most);
    no.unless(told, RetireRefused::ClaimOutOfBounds { most });
    let (first, last) = (claim.first, claim.last);
    no.unless(first <= last, RetireRefused::PeriodOutOfOrder { first, last });
    no.take(account::may_retire(state, account));
    let row = state.ledger.series.get(series);
    match row {
        None => no.unless(false, TransferRefused::SeriesUnknown { series }),
        Some(row) => {
            let expired = expire::is_expired(state, row);
            no.unless(!expired, TransferRefused::Expired { series });
        }
    }
    let kind = AccountKind::Retirement;
    let into = row.and_then(|it| account::of_government(state, it.jurisdiction, kind));
    no.unless(into.is_some(), IssueRefused::NoGovernmentAccount { kind: kind.name() });
    let picked = match state.ledger.shelves.get(account) {
        Some(shelf) => super::pick(shelf, quantity, |of| of == series),
        None => Err(UnitsRefused::too_little(Tonnes::ZERO, quantity)),
    };
    let picked = no.take(picked);
    let (into, picked) = no.settle_with(into.zip(picked))?;
    let claim = Box::new(it.claim.clone());
    out.push(Event::Retired(Retired { account, into, quantity, claim }));
    for (series, block) in picked {
        let (from, serials) = (account, block.serials);
        out.push(Event::UnitsEnded(UnitsEnded { series, from, into, serials }));
    }
    Ok(())
}

/// The postings say it all.
pub fn apply(_state: &mut State, _record: &RecordHeader, _it: &Retired) {}
