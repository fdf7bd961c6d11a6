//! Facts: what a command caused. They are journalled with numbered fields and only ever extended.

use crate::context::RecordHeader;
use crate::ledger::posting::{self, Posting};
use crate::state::State;
use minicbor::{Decode, Encode};

/// One record holds at most this many facts.
pub const EVENTS_MAX: usize = 131_072;
/// A slice ends once it has caused so many facts: the next record goes on.
pub const FACTS_A_SLICE: usize = 16_384;
/// The most bytes a fact may take in memory; larger ones are boxed.
pub const EVENT_BYTES: usize = 64;
/// The most bytes a record may take in the journal.
pub const RECORD_BYTES_MAX: usize = 8 * 1024 * 1024;

const _: () = assert!(std::mem::size_of::<Event>() <= EVENT_BYTES);
const _: () = assert!(EVENTS_MAX * EVENT_BYTES <= RECORD_BYTES_MAX);

macro_rules! events {
    (postings { $($post:ident = $pn:literal),+ $(,)? }
     facts { $($(#[$doc:meta])* $fact:ident($($path:ident)::+) = $n:literal),+ $(,)? }) => {
        /// A fact. Postings change balances; every other fact changes its own noun only.
        #[derive(Clone, Debug, PartialEq, Encode, Decode)]
        pub enum Event {
            $(
                /// A posting, see [`crate::ledger::posting`].
                #[n($pn)] $post(#[n(0)] posting::$post),
            )+
            $($(#[$doc])* #[n($n)] $fact(#[n(0)] $($path)::+::$fact),)+
        }

        impl From<Posting> for Event {
            fn from(it: Posting) -> Self {
                match it { $(Posting::$post(it) => Self::$post(it)),+ }
            }
        }

        impl Event {
            /// The posting, where the fact changes a balance.
            #[inline(always)]
            pub fn posting(&self) -> Option<Posting> {
                match self {
                    $(Self::$post(it) => Some(Posting::$post(*it)),)+
                    $(Self::$fact(_) => None,)+
                }
            }

            /// Whether the fact changes a balance.
            fn is_posting(&self) -> bool {
                matches!(self, $(Self::$post(_))|+)
            }

            /// The name of the fact.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$post(_) => stringify!($post),)+
                    $(Self::$fact(_) => stringify!($fact),)+
                }
            }
        }

        /// Takes a fact into the state. A fact cannot be refused; one that does not fit stops us.
        pub fn apply(state: &mut State, record: &RecordHeader, event: &Event) {
            match event {
                $(Event::$post(it) => {
                    posting::apply(&mut state.ledger, record.position, &Posting::$post(*it));
                })+
                $(Event::$fact(it) => $($path)::+::apply(state, record, it),)+
            }
            if !event.is_of_trading() {
                state.orders.forget();
            }
            state.position = record.position;
        }
    };
}

impl Event {
    /// Whether it changes orders and balances alone, so that markets go on saying to orders what
    /// they said.
    fn is_of_trading(&self) -> bool {
        self.is_posting()
            || matches!(
                self,
                Self::OrderPlaced(_)
                    | Self::OrderCancelled(_)
                    | Self::OrderTraded(_)
                    | Self::OrderReduced(_)
                    | Self::OrderRequeued(_)
                    | Self::OrderEnded(_)
            )
    }
}

use crate::{
    account, allocation, auction, call, cash, compatibility, compliance, evidence, exchange,
    freezing, market, mirror, party, proposal, supply, units,
};

events! {
    postings {
        UnitsIssued = 1, UnitsMoved = 2, UnitsEnded = 3, UnitsHeld = 4, UnitsReleased = 5,
        CashHeld = 6, CashReleased = 7, CashMoved = 8, UnitsRestored = 9,
    }
    facts {
        /// An order that came met one that waited.
        OrderTraded(exchange::order_traded) = 106,
        /// An order lost a part without a trade.
        OrderReduced(exchange::order_reduced) = 107,
        /// An order was changed and went to the back.
        OrderRequeued(exchange::order_requeued) = 108,
        /// What was left of an order that came ended.
        OrderEnded(exchange::order_ended) = 109,
        /// Trading was halted.
        TradingHalted(exchange::halt_trading) = 110,
        /// Trading goes on.
        TradingResumed(exchange::resume_trading) = 111,
        /// A block trade was made beside the book.
        BlockTradeMade(exchange::make_block_trade) = 115,
        /// A party was put into a settlement class.
        SettlementClassSet(compatibility::set_settlement_class) = 113,
        /// It was said whether two settlement classes settle with each other.
        CompatibilitySet(compatibility::set_compatibility) = 114,
        /// All orders of a party were cancelled.
        OrdersCancelled(exchange::cancel_orders) = 112,
        /// A policy is adopted and comes into force later.
        PolicyScheduled(market::policy_scheduled) = 83,
        /// A policy that was adopted does not come into force.
        PolicyDropped(market::policy_dropped) = 84,
        /// An account has another status.
        AccountStatusSet(account::set_account_status) = 86,
        /// Free allocation is withheld or released.
        AllocationWithheld(allocation::withhold_allocation) = 87,
        /// A delivery of free allocation was reversed.
        AllocationReversed(allocation::reverse_allocation) = 88,
        /// Two installations became one.
        InstallationsMerged(account::merge_installations) = 89,
        /// Units were used up.
        Retired(units::retire) = 90,
        /// What an auction delivered was given back.
        PurchaseReturned(auction::return_purchase) = 91,
        /// Nothing moves in or out of an account.
        AccountStopped(freezing::stop_accounts) = 92,
        /// An account is as it was.
        AccountResumed(freezing::resume_accounts) = 93,
        /// An operator handed a report in.
        ReportHandedIn(compliance::report_emissions) = 94,
        /// A fixing was published.
        FixingPublished(cash::publish_fixing) = 95,
        /// Units of others are sold in an auction.
        Consigned(auction::consign) = 96,
        /// Units were sold at the ceiling and surrendered.
        CeilingSold(auction::buy_at_ceiling) = 97,
        /// Foreign serials live here.
        HoldingImported(mirror::import_holdings) = 98,
        /// A foreign register was compared.
        MirrorReconciled(mirror::reconcile_mirror) = 99,
        /// Units that cross a link have a series to arrive in.
        LinkSeriesOpened(crate::link) = 100,
        /// A link was suspended.
        LinkSuspended(crate::link::suspend_link) = 102,
        /// A link that was suspended is open again.
        LinkResumed(crate::link::resume_link) = 103,
        /// Calls of several markets are cleared together.
        CallsCoupled(crate::coupling::couple_calls) = 104,
        /// Coupled markets were cleared.
        CouplingCleared(crate::coupling::clear_coupling) = 105,
        /// What is left to settle of a coupling is fixed.
        CouplingFilled(crate::coupling::coupling_filled) = 127,
        /// A coupling is settled further, or wholly.
        CouplingSettled(crate::coupling::coupling_settled) = 128,
        /// Units were transferred to another Party.
        FirstTransferred(crate::units::first_transfer) = 101,
        /// One of several bodies approved.
        ApprovalGiven(proposal::approval_given) = 85,
        /// A policy came into force.
        PolicyAdopted(market::adopt_policy) = 20,
        /// Time passed.
        TimePassed(market::pass_time) = 21,
        /// A party was registered with its first person.
        PartyRegistered(party::register_party) = 22,
        /// An account was opened.
        AccountOpened(account::open_account) = 23,
        /// An installation was registered with its account.
        InstallationRegistered(account::register_installation) = 24,
        /// A party's cash account was opened.
        CashAccountOpened(cash::open_cash_account) = 25,
        /// A line of the bank's statement was booked.
        LineBooked(cash::line_booked) = 26,
        /// Money is to come in or go out.
        PaymentAsked(cash::ask_payment) = 116,
        /// The bank sent what is to go out.
        PaymentSent(cash::send_payment) = 117,
        /// A statement shows a leg of a payment.
        LegShown(cash::leg_shown) = 118,
        /// A payment is no longer under way.
        PaymentEnded(cash::payment_ended) = 119,
        /// A deposit, or a part of it, went back.
        DepositReturned(cash::return_deposit) = 120,
        /// A statement was compared with the ledger and booked.
        StatementBooked(cash::book_statement) = 121,
        /// A site was registered.
        SiteRegistered(evidence::register_site) = 122,
        /// It was verified what a site did in a period.
        EvidenceRecorded(evidence::record_evidence) = 123,
        /// Evidence was withdrawn.
        EvidenceWithdrawn(evidence::withdraw_evidence) = 124,
        /// Certificates were issued for energy.
        CertificatesIssued(evidence::issue_certificates) = 125,
        /// Credits were issued for what was avoided.
        CreditsIssued(evidence::issue_credits) = 126,
        /// The cap of a year was set.
        CapSet(supply::set_cap) = 27,
        /// An installation's free allocation of a year was set.
        EntitlementSet(allocation::upload_allocation) = 28,
        /// Free allocation was delivered.
        Allocated(allocation::allocate) = 29,
        /// An auction was announced.
        AuctionOpened(auction::open_auction) = 30,
        /// A bid was made.
        BidPlaced(auction::place_bid) = 31,
        /// An auction was cleared.
        AuctionCleared(auction::clear_auction) = 32,
        /// A bid got something.
        BidFilled(auction::bid_filled) = 33,
        /// A call auction was announced.
        CallOpened(call::open_call) = 34,
        /// An order was placed.
        OrderPlaced(exchange::place_order) = 35,
        /// An order was cancelled or lapsed.
        OrderCancelled(exchange::cancel_order) = 36,
        /// A call auction was cleared.
        CallCleared(call::clear_call) = 37,
        /// An order was filled.
        OrderFilled(exchange::order_filled) = 38,
        /// Units were transferred at a declared price or free.
        Transferred(crate::units::transfer) = 39,
        /// Verified emissions were reported.
        EmissionsReported(compliance::verify_report) = 40,
        /// Units were surrendered.
        Surrendered(compliance::surrender) = 41,
        /// An installation's letter for a year was frozen.
        ComplianceFrozen(compliance::compliance_frozen) = 42,
        /// A penalty case was opened.
        PenaltyOpened(compliance::penalty_opened) = 43,
        /// A slice of a year, or its rest, was closed.
        YearClosed(compliance::close_year) = 44,
        /// An account may only surrender until a report arrives.
        AccountRestricted(account::account_restricted) = 45,
        /// A command waits for its second person.
        Proposed(proposal::propose) = 46,
        /// A command got its second person.
        Approved(proposal::approve) = 47,
        /// What fell due is settled, or a slice of it.
        DueSettled(crate::agenda) = 48,
        /// A restricted account may do everything its kind may again.
        AccountReopened(account::account_reopened) = 49,
        /// An auction was taken back.
        AuctionCancelled(auction::cancel_auction) = 50,
        /// A proposed command was rejected, withdrawn, or lapsed.
        Rejected(proposal::reject) = 51,
        /// A person was appointed that acts for a party.
        PersonAppointed(party::appoint_person) = 52,
        /// A person was suspended.
        PersonSuspended(party::suspend_person) = 53,
        /// A person got its rights anew.
        PersonRestored(party::restore_person) = 54,
        /// It was set for what one person suffices in an account.
        SinglePersonSet(account::set_single_person) = 55,
        /// Emissions were estimated, because no report came.
        EmissionsEstimated(compliance::estimate_emissions) = 56,
        /// Units will soon count for no year any more.
        ExpiryNoticed(crate::units::lapse) = 57,
        /// A transfer was approved and waits.
        TransferDelayed(crate::units::delayed) = 58,
        /// A transfer that waited was executed, cancelled or terminated.
        TransferEnded(crate::units::cancel_transfer) = 59,
        /// A part of a group's limit towards accounts that are not trusted was used.
        LimitUsed(crate::units::limit) = 60,
        /// An account came on a trusted list.
        AccountTrusted(account::trust_account) = 61,
        /// An account came off a trusted list.
        AccountDistrusted(account::distrust_account) = 62,
        /// A holder set a limit of its own.
        TransferLimitSet(account::set_transfer_limit) = 63,
        /// Holidays were decreed.
        HolidaysDecreed(market::decree_holidays) = 64,
        /// Unsold units go into auctions to come.
        CarriedOver(auction::carry_over) = 65,
        /// A year of an installation was excluded or included.
        ExclusionSet(compliance::set_exclusion) = 66,
        /// The last year of an installation was set.
        LastYearSet(compliance::set_last_year) = 67,
        /// The authority set a letter after the deadline.
        LetterSet(compliance::set_letter) = 68,
        /// The quantity rule was applied.
        SupplyAdjusted(supply::adjust_supply) = 69,
        /// A holder deleted units.
        Deleted(crate::units::delete) = 70,
        /// A surrender or deletion was reversed.
        Reversed(crate::units::reverse) = 71,
        /// An operator gave back what was allocated beyond its entitlement.
        ExcessReturned(allocation::return_excess) = 72,
        /// Something was frozen.
        FreezeBegun(freezing::freeze) = 73,
        /// Another person confirmed a freeze.
        FreezeConfirmed(freezing::confirm_freeze) = 74,
        /// A freeze ended, or lapsed.
        Unfrozen(freezing::unfreeze) = 75,
        /// The closure of an account was requested, or the request taken back.
        ClosureRequested(account::request_closure) = 76,
        /// An account was closed.
        AccountClosed(account::close_account) = 77,
        /// A party was reviewed.
        PartyReviewed(party::review_party) = 78,
        /// An installation has another operator.
        OperatorChanged(account::change_operator) = 79,
        /// Units were pledged or put under a legal hold.
        Locked(crate::units::lock) = 80,
        /// A pledge or legal hold ended.
        Unlocked(crate::units::unlock) = 81,
        /// A penalty case came to its next stage.
        PenaltyAdvanced(compliance::advance_penalty) = 82,
    }
}

/// The facts of one decision, in a bounded buffer that the writer uses again and again.
#[derive(Debug)]
pub struct Events {
    list: Vec<Event>,
    too_many: bool,
    slice: usize,
}

impl Default for Events {
    fn default() -> Self {
        Self::in_slices(FACTS_A_SLICE)
    }
}

impl Events {
    /// A buffer in which a slice has another number of facts: what is settled slice by slice comes
    /// to the same with any.
    pub fn in_slices(facts: usize) -> Self {
        Self { list: Vec::new(), too_many: false, slice: facts }
    }

    /// After how many facts a slice ends.
    pub(crate) fn slice(&self) -> usize {
        self.slice
    }

    /// Whether there are as many facts as a slice has.
    pub(crate) fn is_full(&self) -> bool {
        self.list.len() >= self.slice
    }

    /// Adds a fact. Beyond [`EVENTS_MAX`] the decision becomes a refusal.
    pub fn push(&mut self, event: impl Into<Event>) {
        if self.list.len() < EVENTS_MAX {
            self.list.push(event.into());
        } else {
            self.too_many = true;
        }
    }

    /// Adds a fact that is made where it will lie: what every order does is not copied about.
    #[inline]
    pub(crate) fn push_with(&mut self, make: impl FnOnce() -> Event) {
        if self.list.len() < EVENTS_MAX {
            self.list.extend(std::iter::once_with(make));
        } else {
            self.too_many = true;
        }
    }

    /// The facts.
    pub fn list(&self) -> &[Event] {
        &self.list
    }

    /// Whether more facts came than one record may hold.
    pub fn overflowed(&self) -> bool {
        self.too_many
    }

    /// Empties the buffer and keeps its memory.
    pub fn clear(&mut self) {
        self.list.clear();
        self.too_many = false;
    }
}
