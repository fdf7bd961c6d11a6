//! Publication: which facts are public, and from when on.
//!
//! Public at once is what everybody needs to trust the market: policies, caps, issuance,
//! allocation, results of auctions and calls, trades of sessions, verified emissions, surrenders
//! (how many; which serials is told later, or anyone reads who sold to whom), letters, penalties,
//! suspensions. Transfers between holders, and serials, are public from 1 May of a later year on
//! (Regulation (EU) 2019/1122, Annex XIII). Never public are persons, bids, orders, money,
//! mandates, and what stands between an account and its holder.

use crate::event::Event;
use crate::exchange::Halted;
use crate::freezing::Frozen;
use crate::time::Instant;

/// When a fact is public.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Publicity {
    /// With its record.
    AtOnce,
    /// From a moment on that the fact says.
    From(Instant),
    /// From 1 May of the policy's later year on.
    Later,
    /// Not at all.
    Never,
}

/// Transfers are public from 1 May of this many years later on, where no policy says otherwise.
pub const YEARS_LATER: u8 = 3;

/// When a fact is public. Every fact is named, so that a new one does not build without an answer.
pub fn publicity(event: &Event) -> Publicity {
    use Event as E;
    match event {
        E::PolicyAdopted(_)
        | E::PolicyScheduled(_)
        | E::PolicyDropped(_)
        | E::AllocationWithheld(_)
        | E::AllocationReversed(_)
        | E::Retired(_)
        | E::MirrorReconciled(_)
        | E::FixingPublished(_)
        | E::LinkSeriesOpened(_)
        | E::LinkSuspended(_)
        | E::LinkResumed(_)
        | E::FirstTransferred(_)
        | E::CeilingSold(_)
        | E::PurchaseReturned(_)
        | E::InstallationsMerged(_)
        | E::PartyRegistered(_)
        | E::AccountOpened(_)
        | E::AccountClosed(_)
        | E::InstallationRegistered(_)
        | E::OperatorChanged(_)
        | E::HolidaysDecreed(_)
        | E::CapSet(_)
        | E::UnitsIssued(_)
        | E::SiteRegistered(_)
        | E::EvidenceRecorded(_)
        | E::EvidenceWithdrawn(_)
        | E::CertificatesIssued(_)
        | E::CreditsIssued(_)
        | E::SupplyAdjusted(_)
        | E::EntitlementSet(_)
        | E::Allocated(_)
        | E::ExcessReturned(_)
        | E::AuctionOpened(_)
        | E::AuctionCleared(_)
        | E::AuctionCancelled(_)
        | E::CarriedOver(_)
        | E::CallOpened(_)
        | E::CompatibilitySet(_)
        | E::OrderTraded(_)
        | E::CallCleared(_)
        | E::CallsCoupled(_)
        | E::CouplingCleared(_)
        | E::EmissionsReported(_)
        | E::EmissionsEstimated(_)
        | E::Surrendered(_)
        | E::Deleted(_)
        | E::Reversed(_)
        | E::ExclusionSet(_)
        | E::LastYearSet(_)
        | E::ComplianceFrozen(_)
        | E::LetterSet(_)
        | E::PenaltyOpened(_)
        | E::PenaltyAdvanced(_)
        | E::YearClosed(_)
        | E::ExpiryNoticed(_) => Publicity::AtOnce,
        E::BlockTradeMade(it) => Publicity::From(it.published),
        E::FreezeBegun(it) => of_freeze(it.frozen),
        E::FreezeConfirmed(it) => of_freeze(it.frozen),
        E::Unfrozen(it) => of_freeze(it.frozen),
        E::TradingHalted(it) => of_halt(it.halted),
        E::TradingResumed(it) => of_halt(it.halted),
        E::UnitsMoved(_)
        | E::UnitsEnded(_)
        | E::UnitsRestored(_)
        | E::Transferred(_)
        | E::Consigned(_) => Publicity::Later,
        E::UnitsHeld(_)
        | E::UnitsReleased(_)
        | E::CashHeld(_)
        | E::CashReleased(_)
        | E::CashMoved(_)
        | E::CashAccountOpened(_)
        | E::LineBooked(_)
        | E::PaymentAsked(_)
        | E::PaymentSent(_)
        | E::PaymentEnded(_)
        | E::LegShown(_)
        | E::DepositReturned(_)
        | E::StatementBooked(_)
        | E::BidPlaced(_)
        | E::BidFilled(_)
        | E::OrderPlaced(_)
        | E::OrderCancelled(_)
        | E::OrderFilled(_)
        | E::OrderReduced(_)
        | E::OrderRequeued(_)
        | E::OrderEnded(_)
        | E::OrdersCancelled(_)
        | E::CouplingFilled(_)
        | E::CouplingSettled(_)
        | E::AccountRestricted(_)
        | E::AccountStatusSet(_)
        | E::ApprovalGiven(_)
        | E::AccountStopped(_)
        | E::ReportHandedIn(_)
        | E::HoldingImported(_)
        | E::AccountResumed(_)
        | E::AccountReopened(_)
        | E::AccountTrusted(_)
        | E::AccountDistrusted(_)
        | E::TransferLimitSet(_)
        | E::SinglePersonSet(_)
        | E::ClosureRequested(_)
        | E::TransferDelayed(_)
        | E::TransferEnded(_)
        | E::LimitUsed(_)
        | E::Locked(_)
        | E::Unlocked(_)
        | E::PartyReviewed(_)
        | E::SettlementClassSet(_)
        | E::PersonAppointed(_)
        | E::PersonSuspended(_)
        | E::PersonRestored(_)
        | E::Proposed(_)
        | E::Approved(_)
        | E::Rejected(_)
        | E::TimePassed(_)
        | E::DueSettled(_) => Publicity::Never,
    }
}

/// A suspended jurisdiction or market is everybody's business, a frozen account is not.
fn of_freeze(frozen: Frozen) -> Publicity {
    match frozen {
        Frozen::Jurisdiction(_) | Frozen::Market => Publicity::AtOnce,
        Frozen::Account(_) | Frozen::Holder(_) | Frozen::Serials(..) => Publicity::Never,
    }
}

/// A halted market is everybody's business, a halted party is not.
fn of_halt(halted: Halted) -> Publicity {
    match halted {
        Halted::Everything | Halted::Jurisdiction(_) | Halted::Year(..) | Halted::Product(..) => {
            Publicity::AtOnce
        }
        Halted::Party(_) => Publicity::Never,
    }
}

/// From when on a fact of a record is public; none where it never is.
pub fn public_from(event: &Event, at: Instant, years_later: u8) -> Option<Instant> {
    match publicity(event) {
        Publicity::AtOnce => Some(at),
        Publicity::From(moment) => Some(moment),
        Publicity::Later => {
            let (year, ..) = at.date();
            Some(Instant::of_date(year.saturating_add(i64::from(years_later)), 5, 1))
        }
        Publicity::Never => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{AccountId, JurisdictionId};
    use crate::units::transfer::{Consideration, Crosses, Transferred};

    #[test]
    fn a_transfer_is_public_three_years_later_and_a_frozen_account_never() {
        let transfer = Event::Transferred(Transferred {
            from: AccountId(1),
            to: AccountId(2),
            consideration: Consideration::Free,
            crosses: Crosses::Nothing,
        });
        let at = Instant::of_date(2028, 7, 4);
        let from = public_from(&transfer, at, YEARS_LATER);
        assert_eq!(from, Some(Instant::of_date(2031, 5, 1)));
        let freeze =
            |frozen| Event::Unfrozen(crate::freezing::unfreeze::Unfrozen { frozen, grounds: None });
        assert_eq!(publicity(&freeze(Frozen::Account(AccountId(1)))), Publicity::Never);
        let all = Frozen::Jurisdiction(JurisdictionId(0));
        assert_eq!(publicity(&freeze(all)), Publicity::AtOnce);
    }
}
