//! Commands: what people ask of the market, and the one place where their kinds are told apart.

use crate::authority::{self, Approval, Authorised, Right};
use crate::context::Context;
use crate::event::{EVENTS_MAX, Events};
use crate::refusal::{RecordRefused, Refusals};
use crate::state::{State, encode};
use crate::{
    account, allocation, auction, call, cash, compatibility, compliance, coupling, evidence,
    exchange, freezing, link, market, mirror, party, proposal, supply, units,
};
use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};

macro_rules! commands {
    ($(
        $(#[$doc:meta])*
        $command:ident($($path:ident)::+) = $n:literal, $lane:ident, $approval:ident
    );+ $(;)?) => {
        /// What can be asked of the market.
        #[derive(Clone, Debug, PartialEq, Encode, Decode)]
        pub enum Command {
            $($(#[$doc])* #[n($n)] $command(#[n(0)] $($path)::+::$command)),+
        }

        impl Command {
            /// The number of the command's kind: never changes, never given twice.
            pub fn kind(&self) -> u16 {
                match self { $(Self::$command(_) => $n),+ }
            }

            /// The name of the command's kind.
            pub fn name(&self) -> &'static str {
                match self { $(Self::$command(_) => stringify!($command)),+ }
            }

            /// Which queue it waits in; a proposal in that of what it proposes.
            pub fn lane(&self) -> Lane {
                if let Self::Propose(it) = self {
                    return it.command.lane();
                }
                match self { $(Self::$command(_) => Lane::$lane),+ }
            }

            /// Whether a second person must approve it.
            pub fn approval(&self) -> Approval {
                match self { $(Self::$command(_) => Approval::$approval),+ }
            }

            /// For whom one must act to ask it.
            pub fn right(&self, state: &State) -> Result<Right, Refusals> {
                match self { $(Self::$command(it) => $($path)::+::right(state, it)),+ }
            }
        }

        /// The name of a kind of command by its number.
        pub fn kind_name(kind: u16) -> Option<&'static str> {
            match kind { $($n => Some(stringify!($command)),)+ _ => None }
        }

        /// Who approves a kind of command, by its number.
        pub fn approval_of(kind: u16) -> Option<Approval> {
            match kind { $($n => Some(Approval::$approval),)+ _ => None }
        }

        $(impl From<$($path)::+::$command> for Command {
            fn from(it: $($path)::+::$command) -> Self { Self::$command(it) }
        })+

        fn dispatch(
            state: &State, by: &Authorised<'_>, command: &Command, out: &mut Events,
        ) -> Result<(), Refusals> {
            match command {
                $(Command::$command(it) => $($path)::+::decide(state, by, it, out)),+
            }
        }
    };
}

/// Queues are fair among lanes: a flood of orders does not starve a surrender or a freeze.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// What administrators and the passing of time ask.
    Administration,
    /// Holdings, reports and compliance.
    Registry,
    /// Bids and orders.
    Trading,
}

impl Lane {
    /// All lanes.
    pub const ALL: [Self; 3] = [Self::Administration, Self::Registry, Self::Trading];
}

commands! {
    /// Brings a policy into force.
    AdoptPolicy(market::adopt_policy) = 1, Administration, Nations;
    /// Lets time pass.
    PassTime(market::pass_time) = 2, Administration, One;
    /// Registers a party.
    RegisterParty(party::register_party) = 3, Administration, ByRule;
    /// Opens an account for units.
    OpenAccount(account::open_account) = 4, Administration, Two;
    /// Registers an installation with its account.
    RegisterInstallation(account::register_installation) = 5, Administration, Two;
    /// Opens a party's cash account.
    OpenCashAccount(cash::open_cash_account) = 6, Administration, One;
    /// Books money that came in.
    Deposit(cash::deposit) = 7, Registry, One;
    /// Announces money that comes in, or asks for money to be paid out.
    AskPayment(cash::ask_payment) = 89, Registry, ByRule;
    /// Says that the bank pays out what was asked.
    SendPayment(cash::send_payment) = 90, Registry, Two;
    /// Takes a payment back.
    VoidPayment(cash::void_payment) = 91, Registry, ByRule;
    /// Books a statement of the bank.
    BookStatement(cash::book_statement) = 92, Registry, One;
    /// Takes a deposit back that was booked in error.
    ReturnDeposit(cash::return_deposit) = 93, Registry, Two;
    /// Sets a year's cap.
    SetCap(supply::set_cap) = 9, Administration, Two;
    /// Issues units.
    Issue(supply::issue) = 10, Administration, Two;
    /// Registers a site.
    RegisterSite(evidence::register_site) = 94, Administration, Two;
    /// Records what a site did in a period.
    RecordEvidence(evidence::record_evidence) = 95, Registry, One;
    /// Withdraws evidence from which nothing is drawn.
    WithdrawEvidence(evidence::withdraw_evidence) = 96, Registry, One;
    /// Issues certificates for energy.
    IssueCertificates(evidence::issue_certificates) = 97, Administration, Two;
    /// Issues credits for what was avoided.
    IssueCredits(evidence::issue_credits) = 98, Administration, Two;
    /// Moves units among government accounts.
    CentralTransfer(supply::central_transfer) = 11, Administration, Two;
    /// Sets free allocation.
    UploadAllocation(allocation::upload_allocation) = 12, Administration, Two;
    /// Delivers free allocation.
    Allocate(allocation::allocate) = 13, Administration, One;
    /// Announces a primary auction.
    OpenAuction(auction::open_auction) = 14, Administration, One;
    /// Bids in a primary auction.
    PlaceBid(auction::place_bid) = 15, Trading, One;
    /// Clears a primary auction.
    ClearAuction(auction::clear_auction) = 16, Administration, One;
    /// Announces a call auction.
    OpenCall(call::open_call) = 17, Administration, One;
    /// Places an order.
    PlaceOrder(exchange::place_order) = 18, Trading, One;
    /// Amends an order.
    AmendOrder(exchange::amend_order) = 81, Trading, One;
    /// Cancels all orders of a party.
    CancelOrders(exchange::cancel_orders) = 82, Trading, One;
    /// Halts trading.
    HaltTrading(exchange::halt_trading) = 83, Administration, One;
    /// Resumes trading.
    ResumeTrading(exchange::resume_trading) = 84, Administration, Two;
    /// Buys an offer that waits.
    BuyOffer(exchange::buy_offer) = 87, Trading, One;
    /// Makes a block trade that two parties agreed on.
    MakeBlockTrade(exchange::make_block_trade) = 88, Trading, OtherParty;
    /// Puts a party into a settlement class.
    SetSettlementClass(compatibility::set_settlement_class) = 85, Administration, Two;
    /// Says whether two settlement classes settle with each other.
    SetCompatibility(compatibility::set_compatibility) = 86, Administration, Two;
    /// Cancels an order.
    CancelOrder(exchange::cancel_order) = 19, Trading, One;
    /// Clears a call auction.
    ClearCall(call::clear_call) = 20, Administration, One;
    /// Transfers units.
    Transfer(units::transfer) = 21, Registry, ByRule;
    /// Moves expired units to the deletion account.
    Expire(units::expire) = 22, Administration, One;
    /// Hands in a report of emissions.
    ReportEmissions(compliance::report_emissions) = 23, Registry, One;
    /// Surrenders units.
    Surrender(compliance::surrender) = 24, Registry, ByRule;
    /// Freezes a year's letters.
    CloseYear(compliance::close_year) = 25, Administration, One;
    /// Puts a command before a second person.
    Propose(proposal::propose) = 26, Administration, One;
    /// Approves a proposed command.
    Approve(proposal::approve) = 27, Registry, One;
    /// Takes back an auction that is not cleared.
    CancelAuction(auction::cancel_auction) = 28, Administration, Two;
    /// Rejects or withdraws a proposed command.
    Reject(proposal::reject) = 29, Registry, One;
    /// Appoints a person that acts for a party.
    AppointPerson(party::appoint_person) = 30, Administration, Administrator;
    /// Suspends a person.
    SuspendPerson(party::suspend_person) = 31, Administration, One;
    /// Gives a person rights, and ends its suspension.
    RestorePerson(party::restore_person) = 32, Administration, Administrator;
    /// Sets for what one person suffices in an account.
    SetSinglePerson(account::set_single_person) = 33, Registry, Two;
    /// Estimates emissions where no report came.
    EstimateEmissions(compliance::estimate_emissions) = 34, Administration, Two;
    /// Puts an account on a trusted list.
    TrustAccount(account::trust_account) = 35, Registry, Two;
    /// Takes an account off a trusted list.
    DistrustAccount(account::distrust_account) = 36, Registry, One;
    /// Sets a limit of a holder's own to transfers.
    SetTransferLimit(account::set_transfer_limit) = 37, Registry, Two;
    /// Cancels a transfer that waits.
    CancelTransfer(units::cancel_transfer) = 38, Administration, One;
    /// Decrees holidays.
    DecreeHolidays(market::decree_holidays) = 39, Administration, Two;
    /// Takes a year of an installation out of the market, or back in.
    SetExclusion(compliance::set_exclusion) = 40, Administration, Two;
    /// Sets the last year of an installation.
    SetLastYear(compliance::set_last_year) = 41, Administration, Two;
    /// Sets a letter after the deadline.
    SetLetter(compliance::set_letter) = 42, Administration, Two;
    /// Applies the quantity rule.
    AdjustSupply(supply::adjust_supply) = 43, Administration, Two;
    /// Ends units without an obligation.
    Delete(units::delete) = 44, Registry, Two;
    /// Reverses a surrender or deletion.
    Reverse(units::reverse) = 45, Administration, OtherBody;
    /// Gives back what was allocated beyond the entitlement.
    ReturnExcess(allocation::return_excess) = 46, Registry, ByRule;
    /// Freezes an account, a holder, a jurisdiction or the market.
    Freeze(freezing::freeze) = 47, Administration, One;
    /// Confirms a freeze.
    ConfirmFreeze(freezing::confirm_freeze) = 48, Administration, One;
    /// Ends a freeze.
    Unfreeze(freezing::unfreeze) = 49, Administration, OtherBody;
    /// Asks that an account be closed, or stay.
    RequestClosure(account::request_closure) = 50, Registry, Two;
    /// Closes an account.
    CloseAccount(account::close_account) = 51, Administration, Two;
    /// Moves what is left in an account to the government.
    ClosureTransfer(account::closure_transfer) = 52, Administration, Two;
    /// Reviews a party.
    ReviewParty(party::review_party) = 53, Administration, Two;
    /// Gives an installation another operator.
    ChangeOperator(account::change_operator) = 54, Administration, Two;
    /// Pledges units, or puts them under a legal hold.
    LockUnits(units::lock) = 55, Administration, Two;
    /// Ends a pledge or legal hold.
    UnlockUnits(units::unlock) = 56, Administration, Two;
    /// Brings a penalty case to its next stage.
    AdvancePenalty(compliance::advance_penalty) = 57, Administration, Two;
    /// Brings a jurisdiction's chapter of the policy into force.
    AmendChapter(market::amend_chapter) = 58, Administration, Two;
    /// Restricts, suspends or opens an account.
    SetAccountStatus(account::set_account_status) = 59, Administration, Two;
    /// Withholds or releases free allocation.
    WithholdAllocation(allocation::withhold_allocation) = 60, Administration, Two;
    /// Reverses a delivery of free allocation.
    ReverseAllocation(allocation::reverse_allocation) = 61, Administration, OtherBody;
    /// Makes one installation of two.
    MergeInstallations(account::merge_installations) = 62, Administration, Two;
    /// Uses units up for a beneficiary.
    Retire(units::retire) = 63, Registry, ByRule;
    /// Gives back what an auction delivered.
    ReturnPurchase(auction::return_purchase) = 64, Registry, Two;
    /// Stops accounts about which the two books differ.
    StopAccounts(freezing::stop_accounts) = 65, Administration, One;
    /// Lets stopped accounts go on.
    ResumeAccounts(freezing::resume_accounts) = 66, Administration, OtherBody;
    /// Publishes what the quote currency costs in another one.
    PublishFixing(cash::publish_fixing) = 71, Registry, Two;
    /// Consigns units to an auction.
    Consign(auction::consign) = 72, Registry, Two;
    /// Buys at the ceiling what is missing.
    BuyAtCeiling(auction::buy_at_ceiling) = 73, Registry, ByRule;
    /// Takes over what a foreign register has locked for use here.
    ImportHoldings(mirror::import_holdings) = 67, Administration, Two;
    /// Compares a foreign register's statement with what lives here.
    ReconcileMirror(mirror::reconcile_mirror) = 68, Administration, One;
    /// Transfers units across a link.
    LinkTransfer(link::link_transfer) = 74, Registry, ByRule;
    /// Brings other rules of a link into force.
    AmendLink(link::amend_link) = 76, Administration, OtherParty;
    /// Suspends a link.
    SuspendLink(link::suspend_link) = 77, Administration, Two;
    /// Resumes a link that was suspended.
    ResumeLink(link::resume_link) = 78, Administration, OtherBody;
    /// Transfers units to another Party.
    FirstTransfer(units::first_transfer) = 75, Administration, OtherParty;
    /// Has calls of several markets cleared together.
    CoupleCalls(coupling::couple_calls) = 79, Administration, One;
    /// Clears markets that are coupled.
    ClearCoupling(coupling::clear_coupling) = 80, Administration, One;
    /// Says what a verifier thinks of a report.
    VerifyReport(compliance::verify_report) = 69, Registry, One;
}

impl Command {
    /// The command that bytes hold; none where this program does not know its kind.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        minicbor::decode(bytes).ok()
    }

    /// SHA-256 of the actor and the command's bytes: what an approval covers, and what tells a
    /// repeated command from another under the same id.
    pub fn hash(&self, actor: crate::id::PersonId) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(actor.0.to_be_bytes());
        hash.update(encode(self));
        hash.finalize().into()
    }
}

/// Lists the facts a command would cause, or every reason why it is refused. The state stays as
/// it is; `out` is emptied first, and holds facts only when the command is accepted.
pub fn decide(
    state: &State,
    context: &Context,
    command: &Command,
    out: &mut Events,
) -> Result<(), Refusals> {
    decide_with(state, (context, Second::Now), command, out)
}

/// When the second person of a command is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Second {
    /// It must have approved.
    Now,
    /// It will be asked: the command is only proposed.
    Later,
}

/// Decides with or without the second person.
pub(crate) fn decide_with(
    state: &State,
    (context, second): (&Context, Second),
    command: &Command,
    out: &mut Events,
) -> Result<(), Refusals> {
    out.clear();
    let mut decided = authorised(state, (context, second), command, out);
    if decided.is_ok() && out.overflowed() {
        decided = Err(RecordRefused::TooManyFacts { most: EVENTS_MAX }.into());
    }
    if decided.is_err() {
        out.clear();
    }
    decided
}

fn authorised(
    state: &State,
    (context, second): (&Context, Second),
    command: &Command,
    out: &mut Events,
) -> Result<(), Refusals> {
    // Authority answers alone: nobody reads other people's balances in a refusal.
    let right = command.right(state)?;
    let by = authority::authorise(state, context, right)?;
    dispatch(state, &by, command, out)?;
    if second == Second::Now && needs_second(state, command) {
        authority::check_second(state, context, (command.approval(), right))?;
    }
    Ok(())
}

/// Whether two persons must want a command.
pub fn needs_second(state: &State, command: &Command) -> bool {
    match (command.approval(), command) {
        (Approval::One, _) => false,
        (Approval::ByRule, Command::RegisterParty(_)) => !state.parties.is_empty(),
        (Approval::ByRule, Command::Transfer(it)) => units::transfer::needs_second(state, it),
        (Approval::ByRule, Command::LinkTransfer(it)) => {
            link::link_transfer::needs_second(state, it)
        }
        (Approval::ByRule, Command::Surrender(it)) => {
            compliance::surrender::needs_second(state, it)
        }
        (Approval::ByRule, Command::ReturnExcess(it)) => {
            allocation::return_excess::needs_second(state, it)
        }
        (Approval::ByRule, Command::BuyAtCeiling(it)) => {
            auction::buy_at_ceiling::needs_second(state, it)
        }
        (Approval::ByRule, Command::AskPayment(it)) => cash::ask_payment::needs_second(it),
        (Approval::ByRule, Command::VoidPayment(it)) => cash::void_payment::needs_second(state, it),
        (Approval::ByRule, Command::Retire(it)) => units::retire::needs_second(state, it),
        (
            Approval::Two
            | Approval::OtherBody
            | Approval::OtherParty
            | Approval::Administrator
            | Approval::Nations
            | Approval::ByRule,
            _,
        ) => true,
    }
}
