//! Commands: what people ask of the market, and the one place where their kinds are told apart.

use crate::context::Context;
use crate::event::{EVENTS_MAX, Events};
use crate::refusal::{RecordRefused, Refusals};
use crate::state::{State, encode};
use crate::{
    account, allocation, auction, call, cash, compliance, market, party, proposal, supply, units,
};
use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};

macro_rules! commands {
    ($($(#[$doc:meta])* $command:ident($($path:ident)::+) = $n:literal, $lane:ident);+ $(;)?) => {
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

            /// Which queue it waits in.
            pub fn lane(&self) -> Lane {
                match self { $(Self::$command(_) => Lane::$lane),+ }
            }
        }

        /// The name of a kind of command by its number.
        pub fn kind_name(kind: u16) -> Option<&'static str> {
            match kind { $($n => Some(stringify!($command)),)+ _ => None }
        }

        $(impl From<$($path)::+::$command> for Command {
            fn from(it: $($path)::+::$command) -> Self { Self::$command(it) }
        })+

        fn dispatch(
            state: &State, context: &Context, command: &Command, out: &mut Events,
        ) -> Result<(), Refusals> {
            match command {
                $(Command::$command(it) => $($path)::+::decide(state, context, it, out)),+
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
    AdoptPolicy(market::adopt_policy) = 1, Administration;
    /// Lets time pass.
    PassTime(market::pass_time) = 2, Administration;
    /// Registers a party.
    RegisterParty(party::register_party) = 3, Administration;
    /// Opens an account for units.
    OpenAccount(account::open_account) = 4, Administration;
    /// Registers an installation with its account.
    RegisterInstallation(account::register_installation) = 5, Administration;
    /// Opens a party's cash account.
    OpenCashAccount(cash::open_cash_account) = 6, Administration;
    /// Books money that came in.
    Deposit(cash::deposit) = 7, Registry;
    /// Books money that went out.
    Withdraw(cash::withdraw) = 8, Registry;
    /// Sets a year's cap.
    SetCap(supply::set_cap) = 9, Administration;
    /// Issues units.
    Issue(supply::issue) = 10, Administration;
    /// Moves units among government accounts.
    CentralTransfer(supply::central_transfer) = 11, Administration;
    /// Sets free allocation.
    UploadAllocation(allocation::upload_allocation) = 12, Administration;
    /// Delivers free allocation.
    Allocate(allocation::allocate) = 13, Administration;
    /// Announces a primary auction.
    OpenAuction(auction::open_auction) = 14, Administration;
    /// Bids in a primary auction.
    PlaceBid(auction::place_bid) = 15, Trading;
    /// Clears a primary auction.
    ClearAuction(auction::clear_auction) = 16, Administration;
    /// Announces a call auction.
    OpenCall(call::open_call) = 17, Administration;
    /// Places an order.
    PlaceOrder(call::place_order) = 18, Trading;
    /// Cancels an order.
    CancelOrder(call::cancel_order) = 19, Trading;
    /// Clears a call auction.
    ClearCall(call::clear_call) = 20, Administration;
    /// Transfers units.
    Transfer(units::transfer) = 21, Registry;
    /// Moves expired units to the deletion account.
    Expire(units::expire) = 22, Administration;
    /// Reports verified emissions.
    ReportEmissions(compliance::report_emissions) = 23, Registry;
    /// Surrenders units.
    Surrender(compliance::surrender) = 24, Registry;
    /// Freezes a year's letters.
    CloseYear(compliance::close_year) = 25, Administration;
    /// Puts a command before a second person.
    Propose(proposal::propose) = 26, Administration;
    /// Approves a proposed command.
    Approve(proposal::approve) = 27, Administration;
    /// Takes back an auction that is not cleared.
    CancelAuction(auction::cancel_auction) = 28, Administration;
}

impl Command {
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
    out.clear();
    let mut decided = dispatch(state, context, command, out);
    if decided.is_ok() && out.overflowed() {
        decided = Err(RecordRefused::TooManyFacts { most: EVENTS_MAX }.into());
    }
    if decided.is_err() {
        out.clear();
    }
    decided
}
