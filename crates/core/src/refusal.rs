//! Refusals: typed answers with stable numbers, all that apply at once.
//!
//! A refusal is not an error: the market works, and says no. Numbers are never given twice and
//! never change; translators and lawyers read them in `docs/refusals.md`.

use crate::id::PartyId;
use crate::state::State;
use std::fmt;

/// At most this many refusals are collected for one command.
pub const REFUSALS_MAX: usize = 100;

/// Declares the refusals of one operation: documentation, variant, number and text together.
macro_rules! refusals {
    ($(#[$meta:meta])* pub enum $name:ident {
        $($(#[$doc:meta])*
        $variant:ident $({ $($field:ident : $type:ty),+ $(,)? })? = $number:literal
            => $text:literal),+ $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the fields are named by the text of their variant")]
        pub enum $name { $($(#[$doc])* $variant $({ $($field: $type),+ })?),+ }

        impl $name {
            /// Every variant: number, name, text.
            pub const CATALOGUE: &'static [(u16, &'static str, &'static str)] =
                &[$(($number, stringify!($variant), $text)),+];

            /// The number that never changes.
            pub fn number(&self) -> u16 {
                match self { $(Self::$variant $({ $($field: _),+ })? => $number),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self { $(Self::$variant $({ $($field),+ })? => {
                    $($(let _ = $field;)+)?
                    write!(to, $text)
                }),+ }
            }
        }
    };
}
pub(crate) use refusals;

macro_rules! kinds {
    ($($kind:ident($path:path)),+ $(,)?) => {
        /// Why a command is refused: one kind for each operation or shared check.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "each kind is documented where it is declared")]
        pub enum Refusal { $($kind($path)),+ }

        impl Refusal {
            /// The number that never changes.
            pub fn number(&self) -> u16 {
                match self { $(Self::$kind(it) => it.number()),+ }
            }

            /// Every refusal there is: kind, number, name, text.
            pub fn catalogue() -> Vec<(&'static str, u16, &'static str, &'static str)> {
                let mut all = Vec::new();
                $(for (number, name, text) in <$path>::CATALOGUE {
                    all.push((stringify!($kind), *number, *name, *text));
                })+
                all.sort_by_key(|(_, number, _, _)| *number);
                all
            }
        }

        impl fmt::Display for Refusal {
            fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self { $(Self::$kind(it) => it.fmt(to)),+ }
            }
        }

        $(impl From<$path> for Refusal {
            fn from(it: $path) -> Self { Self::$kind(it) }
        })+
    };
}

kinds!(
    Authority(crate::authority::AuthorityRefused),
    Record(RecordRefused),
    Grounds(crate::grounds::GroundsRefused),
    AdoptPolicy(crate::market::adopt_policy::AdoptPolicyRefused),
    AmendChapter(crate::market::amend_chapter::AmendChapterRefused),
    PassTime(crate::market::pass_time::PassTimeRefused),
    RegisterParty(crate::party::register_party::RegisterPartyRefused),
    Person(crate::party::PersonRefused),
    Account(crate::account::AccountRefused),
    Freeze(crate::freezing::FreezeRefused),
    OpenAccount(crate::account::open_account::OpenAccountRefused),
    SetAccountStatus(crate::account::set_account_status::SetAccountStatusRefused),
    CloseAccount(crate::account::close_account::CloseAccountRefused),
    MergeInstallations(crate::account::merge_installations::MergeInstallationsRefused),
    StopAccounts(crate::freezing::stop_accounts::StopAccountsRefused),
    Retire(crate::units::retire::RetireRefused),
    RegisterInstallation(crate::account::register_installation::RegisterInstallationRefused),
    Cash(crate::cash::CashRefused),
    Units(crate::units::UnitsRefused),
    Holding(crate::units::holding::HoldingRefused),
    ImportHoldings(crate::mirror::import_holdings::ImportHoldingsRefused),
    ReconcileMirror(crate::mirror::reconcile_mirror::ReconcileMirrorRefused),
    SetCap(crate::supply::set_cap::SetCapRefused),
    Issue(crate::supply::issue::IssueRefused),
    AdjustSupply(crate::supply::adjust_supply::AdjustSupplyRefused),
    CentralTransfer(crate::supply::central_transfer::CentralTransferRefused),
    UploadAllocation(crate::allocation::upload_allocation::UploadAllocationRefused),
    WithholdAllocation(crate::allocation::withhold_allocation::WithholdAllocationRefused),
    ReverseAllocation(crate::allocation::reverse_allocation::ReverseAllocationRefused),
    Allocate(crate::allocation::allocate::AllocateRefused),
    OpenAuction(crate::auction::open_auction::OpenAuctionRefused),
    PlaceBid(crate::auction::place_bid::PlaceBidRefused),
    Consign(crate::auction::consign::ConsignRefused),
    BuyAtCeiling(crate::auction::buy_at_ceiling::BuyAtCeilingRefused),
    PublishFixing(crate::cash::publish_fixing::PublishFixingRefused),
    Evidence(crate::evidence::EvidenceRefused),
    RegisterSite(crate::evidence::register_site::RegisterSiteRefused),
    RecordEvidence(crate::evidence::record_evidence::RecordEvidenceRefused),
    WithdrawEvidence(crate::evidence::withdraw_evidence::WithdrawEvidenceRefused),
    IssueCertificates(crate::evidence::issue_certificates::IssueCertificatesRefused),
    IssueCredits(crate::evidence::issue_credits::IssueCreditsRefused),
    ClearAuction(crate::auction::clear_auction::ClearAuctionRefused),
    CancelAuction(crate::auction::cancel_auction::CancelAuctionRefused),
    OpenCall(crate::call::open_call::OpenCallRefused),
    Exchange(crate::exchange::ExchangeRefused),
    AmendOrder(crate::exchange::amend_order::AmendOrderRefused),
    CancelOrders(crate::exchange::cancel_orders::CancelOrdersRefused),
    Halt(crate::exchange::halt_trading::HaltRefused),
    BuyOffer(crate::exchange::buy_offer::BuyOfferRefused),
    MakeBlockTrade(crate::exchange::make_block_trade::MakeBlockTradeRefused),
    Compatibility(crate::compatibility::CompatibilityRefused),
    SetSettlementClass(crate::compatibility::set_settlement_class::SetSettlementClassRefused),
    SetCompatibility(crate::compatibility::set_compatibility::SetCompatibilityRefused),
    PlaceOrder(crate::exchange::place_order::PlaceOrderRefused),
    CancelOrder(crate::exchange::cancel_order::CancelOrderRefused),
    ClearCall(crate::call::clear_call::ClearCallRefused),
    CoupleCalls(crate::coupling::couple_calls::CoupleCallsRefused),
    ClearCoupling(crate::coupling::clear_coupling::ClearCouplingRefused),
    Transfer(crate::units::transfer::TransferRefused),
    CancelTransfer(crate::units::cancel_transfer::CancelTransferRefused),
    Link(crate::link::LinkRefused),
    SuspendLink(crate::link::suspend_link::SuspendLinkRefused),
    FirstTransfer(crate::units::first_transfer::FirstTransferRefused),
    Lock(crate::units::lock::LockRefused),
    Reverse(crate::units::reverse::ReverseRefused),
    ReturnExcess(crate::allocation::return_excess::ReturnExcessRefused),
    Trust(crate::account::trust_account::TrustRefused),
    DecreeHolidays(crate::market::decree_holidays::DecreeHolidaysRefused),
    ReportEmissions(crate::compliance::report_emissions::ReportEmissionsRefused),
    VerifyReport(crate::compliance::verify_report::VerifyReportRefused),
    EstimateEmissions(crate::compliance::estimate_emissions::EstimateEmissionsRefused),
    Surrender(crate::compliance::surrender::SurrenderRefused),
    CloseYear(crate::compliance::close_year::CloseYearRefused),
    AdvancePenalty(crate::compliance::advance_penalty::AdvancePenaltyRefused),
    Duties(crate::compliance::set_exclusion::DutiesRefused),
    Proposal(crate::proposal::ProposalRefused),
);

refusals! {
    /// Why a command cannot become a record, whatever it asks.
    pub enum RecordRefused {
        /// A record is bounded, so that one command can never stall the market.
        TooManyFacts { most: usize } = 1
            => "the command would cause more than {most} facts; send it in smaller parts",
    }
}

impl Refusal {
    /// The text for a reader. Administrators hear the true reason; a holder never learns the status
    /// of somebody else's account.
    pub fn told_to(&self, state: &State, reader: PartyId) -> String {
        if let Self::Account(it) = self {
            return it.told_to(state, reader);
        }
        self.to_string()
    }
}

/// The refusals of one command: at least one, at most [`REFUSALS_MAX`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusals(Vec<Refusal>);

impl Refusals {
    /// The refusals in the order in which the rules list them.
    pub fn list(&self) -> &[Refusal] {
        &self.0
    }
}

impl<R: Into<Refusal>> From<R> for Refusals {
    fn from(one: R) -> Self {
        Self(vec![one.into()])
    }
}

impl fmt::Display for Refusals {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, it) in self.0.iter().enumerate() {
            let separator = if place == 0 { "" } else { "; " };
            write!(to, "{separator}{it} (refusal {})", it.number())?;
        }
        Ok(())
    }
}

/// Collects every refusal that applies, not only the first.
#[derive(Debug, Default)]
pub struct Objections(Vec<Refusal>);

impl Objections {
    /// Refuses unless the condition holds.
    #[expect(clippy::fn_params_excessive_bools, reason = "a check is a condition")]
    #[inline]
    pub fn unless<R: Into<Refusal>>(&mut self, holds: bool, refusal: R) {
        if !holds {
            self.add(refusal.into());
        }
    }

    #[cold]
    fn add(&mut self, refusal: Refusal) {
        if self.0.len() < REFUSALS_MAX {
            self.0.push(refusal);
        }
    }

    #[cold]
    fn add_all(&mut self, refused: Refusals) {
        for it in refused.0 {
            self.add(it);
        }
    }

    /// Takes over the refusals of a check, and its finding where there is one.
    #[inline]
    pub fn take<T, R: Into<Refusals>>(&mut self, finding: Result<T, R>) -> Option<T> {
        match finding {
            Ok(it) => Some(it),
            Err(refused) => {
                self.add_all(refused.into());
                None
            }
        }
    }

    /// Ends the refusals part of a decision with what its checks found: whatever is missing was
    /// objected to.
    #[inline]
    pub fn settle_with<T>(self, found: Option<T>) -> Result<T, Refusals> {
        self.settle()?;
        assert!(found.is_some(), "a check found nothing and objected to nothing");
        found.ok_or_else(|| Refusals(Vec::new()))
    }

    /// Ends the refusals part of a decision: from here on the command is accepted.
    #[inline]
    pub fn settle(self) -> Result<(), Refusals> {
        if self.0.is_empty() { Ok(()) } else { Err(Refusals(self.0)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_refusal_number_is_given_once() {
        let numbers: Vec<u16> = Refusal::catalogue().iter().map(|it| it.1).collect();
        let distinct: BTreeSet<u16> = numbers.iter().copied().collect();
        assert_eq!(numbers.len(), distinct.len());
    }
}
