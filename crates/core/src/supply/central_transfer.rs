//! Central transfer: an administrator moves units among its government accounts.
//!
//! Ways (after Regulation (EU) 2019/1122, Title II): total quantity to allocation, new entrants,
//! auction, stability or general holding; allocation to total quantity or new entrants; new
//! entrants to total quantity or allocation; auction, stability and general holding to total
//! quantity. Every other way is closed.

use crate::account::{self, AccountKind};
use crate::authority::{Authorised, Right};
use crate::event::Events;
use crate::id::JurisdictionId;
use crate::quantity::Tonnes;
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use crate::supply::issue::IssueRefused;
use crate::time::Year;
use crate::units::{self, first_transfer, transfer::Crosses};
use minicbor::{Decode, Encode};

/// The command. Its only facts are postings.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct CentralTransfer {
    /// Whose accounts.
    #[n(0)]
    pub jurisdiction: JurisdictionId,
    /// From the account of this kind.
    #[n(1)]
    pub from: AccountKind,
    /// To the account of this kind.
    #[n(2)]
    pub to: AccountKind,
    /// The vintage.
    #[n(3)]
    pub year: Year,
    /// How many.
    #[n(4)]
    pub quantity: Tonnes,
}

refusals! {
    /// Why units cannot be moved centrally.
    pub enum CentralTransferRefused {
        /// Not every way is open.
        WayClosed { from: &'static str, to: &'static str } = 521
            => "no central transfer leads from {from} to {to}",
    }
}

fn way_is_open(from: AccountKind, to: AccountKind) -> bool {
    use AccountKind::{Allocation, Auction, GeneralHolding, NewEntrants, Stability, TotalQuantity};
    matches!(
        (from, to),
        (TotalQuantity, Allocation | NewEntrants | Auction | Stability | GeneralHolding)
            | (Allocation, TotalQuantity | NewEntrants)
            | (NewEntrants, TotalQuantity | Allocation)
            | (Auction | Stability | GeneralHolding, TotalQuantity)
    )
}

/// The jurisdiction's administrator.
pub fn right(_state: &State, it: &CentralTransfer) -> Result<Right, Refusals> {
    Ok(Right::Administrator(it.jurisdiction))
}

/// Checks the way and the holding.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &CentralTransfer,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let (from, to) = (it.from.name(), it.to.name());
    if !way_is_open(it.from, it.to) {
        return Err(CentralTransferRefused::WayClosed { from, to }.into());
    }
    let mut find = |kind: AccountKind| {
        let found = account::of_government(state, it.jurisdiction, kind);
        no.unless(found.is_some(), IssueRefused::NoGovernmentAccount { kind: kind.name() });
        found
    };
    let (from, to) = (find(it.from), find(it.to));
    let (Some(from), Some(to)) = (from, to) else {
        return no.settle();
    };
    let vintage = state.ledger.vintage(it.jurisdiction, it.year);
    let wanted = |series| Some(series) == vintage;
    let picked = no.take(units::pick(state.ledger.shelves.row(from), it.quantity, wanted));
    if let Some(picked) = &picked {
        no.take(first_transfer::stays_with_parties(state, picked, (to, Crosses::Nothing)));
    }
    let picked = no.settle_with(picked)?;
    units::move_all(&picked, units::Way { from, to }, |it| out.push(it));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ways_are_those_of_the_rulebook_and_no_others() {
        let kinds = AccountKind::ALL;
        let open: Vec<_> = kinds
            .iter()
            .flat_map(|from| kinds.iter().map(move |to| (*from, *to)))
            .filter(|(from, to)| way_is_open(*from, *to))
            .collect();
        assert_eq!(open.len(), 12);
        assert!(open.iter().all(|(from, to)| from.is_government() && to.is_government()));
        assert!(!open.iter().any(|(from, _)| from.ends_units()));
    }
}
