//! Withhold allocation: the administrator keeps back what an installation is entitled to in a
//! year, as long as a question about it is open, and releases it again (Regulation (EU) 2019/1122,
//! Article 48).

use crate::account;
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::grounds::Grounds;
use crate::id::InstallationId;
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use crate::time::Year;
use minicbor::{Decode, Encode};

/// Whether allocation is kept back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Withholding {
    /// It is delivered.
    #[n(0)]
    #[default]
    Released,
    /// It is kept back.
    #[n(1)]
    Withheld,
}

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct WithholdAllocation {
    /// The installation.
    #[n(0)]
    pub installation: InstallationId,
    /// Of which year.
    #[n(1)]
    pub year: Year,
    /// Whether it is kept back from now on.
    #[n(2)]
    pub withholding: Withholding,
    /// Why.
    #[n(3)]
    pub grounds: Grounds,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct AllocationWithheld {
    /// The installation.
    #[n(0)]
    pub installation: InstallationId,
    /// Of which year.
    #[n(1)]
    pub year: Year,
    /// Whether it is kept back.
    #[n(2)]
    pub withholding: Withholding,
    /// Why.
    #[n(3)]
    pub grounds: Box<Grounds>,
}

refusals! {
    /// Why allocation cannot be withheld or released.
    pub enum WithholdAllocationRefused {
        /// It is entitled to nothing.
        NothingEntitled { installation: InstallationId, year: Year } = 751
            => "installation {installation} stands in no allocation table of {year}",
        /// It is so.
        Unchanged { installation: InstallationId, year: Year } = 752
            => "the allocation of installation {installation} for {year} is withheld or released \
                so",
    }
}

/// The administrator of the installation's jurisdiction.
pub fn right(state: &State, it: &WithholdAllocation) -> Result<Right, Refusals> {
    Ok(Right::Administrator(account::installation(state, it.installation)?.jurisdiction))
}

/// Checks that there is something to withhold.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &WithholdAllocation,
    out: &mut Events,
) -> Result<(), Refusals> {
    use WithholdAllocationRefused as No;
    let mut no = Objections::default();
    let (installation, year, withholding) = (it.installation, it.year, it.withholding);
    no.take(it.grounds.check());
    match state.entitlements.get(&(installation, year)) {
        None => no.unless(false, No::NothingEntitled { installation, year }),
        Some(row) => {
            no.unless(row.withholding != withholding, No::Unchanged { installation, year });
        }
    }
    no.settle()?;
    let grounds = Box::new(it.grounds.clone());
    out.push(Event::AllocationWithheld(AllocationWithheld {
        installation,
        year,
        withholding,
        grounds,
    }));
    Ok(())
}

/// It is kept back, or not.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &AllocationWithheld) {
    let row = state.entitlements.entry((it.installation, it.year)).or_default();
    row.withholding = it.withholding;
}
