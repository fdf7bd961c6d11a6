//! Which rows a fact touches, and what it is about. Every fact is named: a new one does not build
//! without an answer.

use crate::lists;
use karvan_core::account::number_of;
use karvan_core::freezing::Frozen;
use karvan_core::id::{
    AccountId, AuctionId, CallId, EvidenceId, InstallationId, JurisdictionId, SiteId,
};
use karvan_core::quantity::{Price, Tonnes};
use karvan_core::time::Year;
use karvan_core::units::reverse::Ending;
use karvan_core::{Event, State};
use std::collections::BTreeSet;

/// A row that shows how things stand, and is to be written anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Touched {
    /// All that follows from the rules and the current year.
    Rules,
    Jurisdiction(JurisdictionId),
    Year(JurisdictionId, Year),
    Installation(InstallationId),
    Compliance(InstallationId, Year),
    Allocation(InstallationId, Year),
    Account(AccountId),
    Auction(AuctionId),
    AuctionCancelled(AuctionId),
    Call(CallId),
    Link(JurisdictionId, JurisdictionId),
    Site(SiteId),
    Evidence(EvidenceId),
}

/// What a public fact is about.
#[derive(Clone, Debug, Default)]
pub(crate) struct About {
    pub(crate) jurisdiction: Option<JurisdictionId>,
    pub(crate) year: Option<Year>,
    pub(crate) subject: Option<String>,
    pub(crate) quantity: Option<Tonnes>,
    pub(crate) price: Option<Price>,
}

/// What a fact is about, and which rows it touches.
pub(crate) struct Touching<'a> {
    pub(crate) state: &'a State,
    pub(crate) touched: &'a mut BTreeSet<Touched>,
}

impl Touching<'_> {
    /// An installation's duties of a year.
    fn duty(&mut self, id: InstallationId, year: Year, quantity: Option<Tonnes>) -> About {
        let about = self.installation(id);
        self.touched.insert(Touched::Compliance(id, year));
        self.touched.extend(about.jurisdiction.map(|it| Touched::Year(it, year)));
        About { year: Some(year), quantity, ..about }
    }

    /// An installation's free allocation of a year.
    fn allocation(&mut self, id: InstallationId, year: Year, quantity: Option<Tonnes>) -> About {
        self.touched.insert(Touched::Allocation(id, year));
        self.duty(id, year, quantity)
    }

    fn installation(&mut self, id: InstallationId) -> About {
        let Some(it) = self.state.installations.get(id) else { return About::default() };
        self.touched.extend([Touched::Installation(id), Touched::Account(it.account)]);
        self.touched.insert(Touched::Jurisdiction(it.jurisdiction));
        let subject = Some(it.label.to_string());
        About { jurisdiction: Some(it.jurisdiction), subject, ..About::default() }
    }

    /// An installation whose duties of all years may be others now.
    fn all_years(&mut self, id: InstallationId) -> About {
        let about = self.installation(id);
        let of = |it: JurisdictionId| self.state.rules.as_ref()?.jurisdiction(it);
        for (jurisdiction, year) in about
            .jurisdiction
            .and_then(|it| Some((it, of(it)?)))
            .into_iter()
            .flat_map(|(id, chapter)| chapter.years.iter().map(move |it| (id, it.year)))
        {
            self.touched.extend([
                Touched::Year(jurisdiction, year),
                Touched::Allocation(id, year),
                Touched::Compliance(id, year),
            ]);
        }
        about
    }

    fn account(&mut self, id: AccountId, quantity: Option<Tonnes>) -> About {
        self.touched.insert(Touched::Account(id));
        let jurisdiction = self.state.accounts.get(id).map(|it| it.jurisdiction);
        let subject = number_of(self.state, id).map(|it| it.to_string());
        About { jurisdiction, subject, quantity, ..About::default() }
    }

    fn year(&mut self, id: JurisdictionId, year: Year, quantity: Option<Tonnes>) -> About {
        self.touched.extend([Touched::Jurisdiction(id), Touched::Year(id, year)]);
        About { jurisdiction: Some(id), year: Some(year), quantity, ..About::default() }
    }

    fn auction(&mut self, id: AuctionId) -> About {
        self.touched.insert(Touched::Auction(id));
        let Some(it) = self.state.auctions.get(id) else { return About::default() };
        let sold = it.result.map_or(it.offered(), |it| it.sold);
        let about = self.year(it.jurisdiction, it.year, Some(sold));
        let subject = Some(format!("auction {id}"));
        About { subject, price: it.result.and_then(|it| it.price), ..about }
    }

    fn call(&mut self, id: CallId) -> About {
        self.touched.insert(Touched::Call(id));
        let Some(it) = self.state.calls.get(id) else { return About::default() };
        let about = self.year(it.jurisdiction, it.year, it.result.map(|it| it.volume));
        let subject = Some(format!("call {id}"));
        About { subject, price: it.result.and_then(|it| it.price), ..about }
    }

    fn link(&mut self, from: JurisdictionId, to: JurisdictionId) -> About {
        self.touched.insert(Touched::Link(from, to));
        let subject = format!("link to {}", lists::code(self.state, to));
        About { jurisdiction: Some(from), subject: Some(subject), ..About::default() }
    }

    fn site(&mut self, id: SiteId) -> About {
        self.touched.insert(Touched::Site(id));
        let Some(it) = self.state.sites.get(id) else { return About::default() };
        let subject = Some(it.label.to_string());
        About { jurisdiction: Some(it.jurisdiction), subject, ..About::default() }
    }

    fn evidence(&mut self, id: EvidenceId, quantity: Option<Tonnes>) -> About {
        self.touched.insert(Touched::Evidence(id));
        let Some(it) = self.state.evidence.get(id) else { return About::default() };
        About { year: Some(it.year()), quantity, ..self.site(it.site) }
    }

    /// What is not public is about nothing that is shown.
    fn nothing(&self) -> About {
        About::default()
    }

    fn issued(&mut self, it: &karvan_core::ledger::posting::UnitsIssued) -> About {
        let Some(series) = self.state.ledger.series.get(it.series) else {
            return About::default();
        };
        self.year(series.jurisdiction, series.valid_from, Some(it.serials.count))
    }

    /// What a fact is about.
    pub(crate) fn of(&mut self, event: &Event) -> About {
        use Event as E;
        match event {
            E::PolicyAdopted(_) => {
                self.touched.insert(Touched::Rules);
                About::default()
            }
            E::UnitsIssued(it) => self.issued(it),
            E::SiteRegistered(it) => self.site(it.site),
            E::EvidenceRecorded(it) => self.evidence(it.evidence, None),
            E::EvidenceWithdrawn(it) => self.evidence(it.evidence, None),
            E::CertificatesIssued(it) => self.evidence(it.evidence, Some(it.quantity)),
            E::CreditsIssued(it) => self.evidence(it.evidence, Some(it.quantity)),
            E::EmissionsReported(it) => self.duty(it.installation, it.year, it.emissions),
            E::EmissionsEstimated(it) => self.duty(it.installation, it.year, Some(it.emissions)),
            E::Surrendered(it) => self.duty(it.installation, it.year, Some(it.quantity)),
            E::ComplianceFrozen(it) => self.duty(it.installation, it.year, None),
            E::LetterSet(it) => self.duty(it.installation, it.year, None),
            E::PenaltyOpened(it) => self.duty(it.installation, it.year, Some(it.shortfall)),
            E::ExclusionSet(it) => self.duty(it.installation, it.year, None),
            E::CeilingSold(it) => {
                let about = self.duty(it.installation, it.year, Some(it.quantity));
                About { price: Some(it.price), ..about }
            }
            E::PenaltyAdvanced(it) => match self.state.penalties.get(it.penalty) {
                Some(case) => self.duty(case.installation, case.year, None),
                None => About::default(),
            },
            E::EntitlementSet(it) => self.allocation(it.installation, it.year, Some(it.quantity)),
            E::Allocated(it) => self.allocation(it.installation, it.year, Some(it.quantity)),
            E::AllocationWithheld(it) => self.allocation(it.installation, it.year, None),
            E::ExcessReturned(it) => self.allocation(it.installation, it.year, Some(it.quantity)),
            E::AllocationReversed(it) => self.installation(it.installation),
            E::InstallationRegistered(it) => self.all_years(it.installation),
            E::OperatorChanged(it) => self.installation(it.installation),
            E::LastYearSet(it) => self.all_years(it.installation),
            E::InstallationsMerged(it) => {
                self.all_years(it.into);
                self.all_years(it.from)
            }
            E::AccountOpened(it) => self.account(it.account, None),
            E::AccountClosed(it) => self.account(it.account, None),
            E::Retired(it) => self.account(it.account, Some(it.quantity)),
            E::Deleted(it) => self.account(it.account, Some(it.quantity)),
            E::PurchaseReturned(it) => self.account(it.account, Some(it.quantity)),
            E::FirstTransferred(it) => self.account(it.from, Some(it.serials.count)),
            E::CapSet(it) => self.year(it.jurisdiction, it.year, Some(it.quantity)),
            E::SupplyAdjusted(it) => self.year(it.jurisdiction, it.year, Some(it.intake)),
            E::YearClosed(it) => self.year(it.jurisdiction, it.year, None),
            E::ExpiryNoticed(it) => self.year(it.jurisdiction, it.year, Some(it.quantity)),
            E::BlockTradeMade(it) => {
                let about = self.year(it.jurisdiction, it.year, Some(it.quantity));
                About { price: Some(it.price), ..about }
            }
            E::AuctionOpened(it) => self.auction(it.0.auction),
            E::AuctionCleared(it) => self.auction(it.auction),
            E::AuctionCancelled(it) => {
                let about = self.auction(it.auction);
                self.touched.remove(&Touched::Auction(it.auction));
                self.touched.insert(Touched::AuctionCancelled(it.auction));
                about
            }
            E::Consigned(it) => self.auction(it.auction),
            E::CarriedOver(it) => {
                let quantity = Some(it.parts.iter().copied().sum());
                About { jurisdiction: Some(it.jurisdiction), quantity, ..About::default() }
            }
            E::CallOpened(it) => self.call(it.call),
            E::CallCleared(it) => self.call(it.call),
            E::CallsCoupled(it) => {
                it.calls.iter().for_each(|call| drop(self.call(*call)));
                About { subject: Some(format!("coupling {}", it.coupling)), ..About::default() }
            }
            E::CouplingCleared(it) => {
                for flow in it.flows.iter() {
                    self.link(flow.from, flow.to);
                    self.link(flow.to, flow.from);
                }
                let quantity = Some(it.flows.iter().map(|it| it.quantity).sum());
                let subject = Some(format!("coupling {}", it.coupling));
                About { subject, quantity, ..About::default() }
            }
            E::OrderTraded(it) => {
                let (quantity, price) = (Some(it.quantity), Some(it.price));
                About { quantity, price, ..About::default() }
            }
            E::LinkSuspended(it) => self.link(it.from, it.to),
            E::LinkResumed(it) => self.link(it.from, it.to),
            E::LinkSeriesOpened(it) => About {
                jurisdiction: Some(it.link.counts_in),
                subject: Some("link".to_owned()),
                ..About::default()
            },
            E::MirrorReconciled(it) => of(it.jurisdiction),
            E::HolidaysDecreed(it) => of(it.jurisdiction),
            E::CompatibilitySet(it) => of(it.jurisdiction),
            E::PartyRegistered(it) => About { jurisdiction: it.jurisdiction, ..About::default() },
            E::Reversed(it) => About { quantity: Some(it.quantity), ..About::default() },
            E::FreezeBegun(it) => frozen(it.frozen),
            E::FreezeConfirmed(it) => frozen(it.frozen),
            E::Unfrozen(it) => frozen(it.frozen),
            E::PolicyScheduled(_)
            | E::PolicyDropped(_)
            | E::FixingPublished(_)
            | E::TradingHalted(_)
            | E::TradingResumed(_)
            | E::UnitsMoved(_)
            | E::UnitsEnded(_)
            | E::UnitsRestored(_)
            | E::Transferred(_)
            | E::UnitsHeld(_)
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
            | E::DueSettled(_) => self.nothing(),
        }
    }
}

fn of(jurisdiction: JurisdictionId) -> About {
    About { jurisdiction: Some(jurisdiction), ..About::default() }
}

fn frozen(it: Frozen) -> About {
    match it {
        Frozen::Jurisdiction(it) => of(it),
        Frozen::Market | Frozen::Account(_) | Frozen::Holder(_) | Frozen::Serials(..) => {
            About::default()
        }
    }
}

/// What a reversal takes back is known before it only.
pub(crate) fn undone(state: &State, event: &Event, touched: &mut BTreeSet<Touched>) {
    if let Event::Reversed(it) = event
        && let Some(row) = state.reversible.get(&it.record)
        && let Ending::Surrender(installation, year) = row.ending
    {
        Touching { state, touched }.duty(installation, year, None);
    }
    if let Event::AllocationReversed(it) = event
        && let Some(row) = state.deliveries.get(&(it.record, it.installation))
    {
        Touching { state, touched }.allocation(it.installation, row.year, None);
    }
}
