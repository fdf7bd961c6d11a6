//! The state of the market: what all facts so far amount to.

use crate::account::{Account, AccountKind, Installation};
use crate::agenda::Agenda;
use crate::allocation::Entitlement;
use crate::allocation::reverse_allocation::Delivery;
use crate::auction::Auction;
use crate::auction::carry_over::Carried;
use crate::book::{Book, Market};
use crate::calendar::{self, Day, WorkingTime};
use crate::call::Call;
use crate::cash::bank::Bank;
use crate::cash::fixing::Fixing;
use crate::compatibility::{Pair, SettlementClass};
use crate::compliance::PenaltyCase;
use crate::compliance::close_year::Closing;
use crate::compliance::report_emissions::Report;
use crate::coupling::Coupling;
use crate::coupling::settlement::Settlement;
use crate::evidence::{Evidence, Site};
use crate::exchange::{self, Halt, Halted, Reference};
use crate::freezing::{Freeze, Frozen};
use crate::id::{
    AccountId, AuctionId, CallId, CashAccountId, CouplingId, EvidenceId, HoldId, InstallationId,
    JurisdictionId, Label, OrderId, PartyId, PenaltyId, PersonId, ProposalId, SiteId,
};
use crate::ledger::Ledger;
use crate::market::policy_scheduled::PolicyScheduled;
use crate::mirror::{ForeignKey, Mirrored};
use crate::party::{Party, Person};
use crate::proposal::Proposal;
use crate::quantity::{Price, Tonnes};
use crate::rules::{MarketRules, YearRules};
use crate::supply::Cap;
use crate::table::Table;
use crate::time::{Instant, Year};
use crate::units::delayed::DelayedTransfer;
use crate::units::first_transfer;
use crate::units::limit::{Given, Giver};
use crate::units::lock::Lock;
use crate::units::reverse::Reversible;
use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Everything the market knows. Two states with the same history are equal, bit for bit.
#[derive(Clone, Debug, Default, PartialEq, Encode, Decode)]
pub struct State {
    /// The position of the last record; 0 before the first.
    #[n(0)]
    pub position: u64,
    /// Up to this moment time has passed. It moves only by the command that passes time.
    #[n(1)]
    pub now: Instant,
    /// The rules in force, once a policy is adopted.
    #[n(2)]
    pub rules: Option<MarketRules>,
    /// The persons that can act; the first is nobody.
    #[n(3)]
    pub people: Table<PersonId, Person>,
    /// The parties.
    #[n(4)]
    pub parties: Table<PartyId, Party>,
    /// The accounts.
    #[n(5)]
    pub accounts: Table<AccountId, Account>,
    /// The installations.
    #[n(6)]
    pub installations: Table<InstallationId, Installation>,
    /// All balances.
    #[n(7)]
    pub ledger: Ledger,
    /// The caps.
    #[n(8)]
    pub caps: BTreeMap<(JurisdictionId, Year), Cap>,
    /// Free allocation by installation and year.
    #[n(9)]
    pub entitlements: BTreeMap<(InstallationId, Year), Entitlement>,
    /// Primary auctions.
    #[n(10)]
    pub auctions: Table<AuctionId, Auction>,
    /// Call auctions.
    #[n(11)]
    pub calls: Table<CallId, Call>,
    /// Orders that wait in the books.
    #[n(12)]
    pub orders: Book,
    /// The next order's id.
    #[n(13)]
    pub next_order: OrderId,
    /// Last price of the secondary market, and when, by jurisdiction and by the last year for which
    /// the units count: units that end apart are worth different money.
    #[n(14)]
    pub last_prices: BTreeMap<(JurisdictionId, Year), (Price, Instant)>,
    /// Years whose letters are frozen.
    #[n(15)]
    pub closed_years: BTreeSet<(JurisdictionId, Year)>,
    /// Cases of money owed for a shortfall.
    #[n(16)]
    pub penalties: Table<PenaltyId, PenaltyCase>,
    /// Commands that wait for a second person.
    #[n(17)]
    pub proposals: BTreeMap<ProposalId, Proposal>,
    /// What falls due, and when; time stops at each.
    #[n(18)]
    pub agenda: Agenda,
    /// What is known of the settlement bank.
    #[n(19)]
    pub bank: Bank,
    /// Units sold and money taken in primary auctions, by vintage: the year's mean price.
    #[n(20)]
    pub auctioned: BTreeMap<(JurisdictionId, Year), (Tonnes, crate::quantity::Money)>,
    /// Years that are being closed, slice by slice.
    #[n(21)]
    pub closing: BTreeMap<(JurisdictionId, Year), Closing>,
    /// Calls that are announced and not cleared, by market and opening.
    #[n(22)]
    pub open_calls: BTreeSet<(Market, Instant, CallId)>,
    /// Government accounts, one of each kind.
    #[n(23)]
    pub government: BTreeMap<(JurisdictionId, AccountKind), AccountId>,
    /// Installations by their row in the data.
    #[n(24)]
    pub labels: BTreeMap<Label, InstallationId>,
    /// The next proposal's id.
    #[n(25)]
    pub next_proposal: ProposalId,
    /// Holidays decreed beyond the calendars.
    #[n(26)]
    pub decreed: BTreeMap<JurisdictionId, BTreeSet<Day>>,
    /// Trusted lists: whose, who is trusted, and from when on.
    #[n(27)]
    pub trusted: BTreeMap<(AccountId, AccountId), Instant>,
    /// Transfers that wait, by the hold that sets their serials aside.
    #[n(28)]
    pub delayed: BTreeMap<HoldId, DelayedTransfer>,
    /// What holder groups lately gave to accounts that they do not trust.
    #[n(29)]
    pub given: BTreeMap<Giver, Given>,
    /// What unsold units add to the next auctions.
    #[n(30)]
    pub carried: BTreeMap<JurisdictionId, Carried>,
    /// Years after whose surrender the quantity rule was applied.
    #[n(31)]
    pub adjusted: BTreeSet<(JurisdictionId, Year)>,
    /// Surrenders and deletions that may still be reversed, by their record.
    #[n(32)]
    pub reversible: BTreeMap<u64, Reversible>,
    /// What is frozen.
    #[n(33)]
    pub freezes: BTreeMap<Frozen, Freeze>,
    /// Pledges and legal holds, by the hold that sets their serials aside.
    #[n(34)]
    pub locks: BTreeMap<HoldId, Lock>,
    /// A policy that is adopted and not yet in force.
    #[n(35)]
    pub scheduled: Option<PolicyScheduled>,
    /// Escrows of links, by their ends.
    #[n(36)]
    pub escrows: BTreeMap<(JurisdictionId, JurisdictionId), AccountId>,
    /// Accounts about which ledger and shadow log differ.
    #[n(37)]
    pub stopped: BTreeSet<AccountId>,
    /// Deliveries of free allocation that may still be reversed, by their record.
    #[n(38)]
    pub deliveries: BTreeMap<(u64, InstallationId), Delivery>,
    /// The last report of each installation and year.
    #[n(39)]
    pub reports: BTreeMap<(InstallationId, Year), Report>,
    /// Cash accounts in other currencies than the market's.
    #[n(40)]
    pub foreign_cash: BTreeMap<(PartyId, Label), CashAccountId>,
    /// The last fixings of each currency.
    #[n(41)]
    pub fixings: BTreeMap<(Label, Day), Fixing>,
    /// Foreign serials that live here.
    #[n(42)]
    pub mirrored: BTreeMap<ForeignKey, Mirrored>,
    /// The day of the last statement that each register was compared by.
    #[n(43)]
    pub mirror_days: BTreeMap<JurisdictionId, Day>,
    /// Serials that had their first transfer to another Party.
    #[n(44)]
    pub transferred: first_transfer::Transferred,
    /// Links that are suspended.
    #[n(45)]
    pub suspended_links: BTreeSet<(JurisdictionId, JurisdictionId)>,
    /// Calls that are cleared together.
    #[n(46)]
    pub couplings: Table<CouplingId, Coupling>,
    /// Units that crossed each link by coupled auctions in a year, less those that came home.
    #[n(47)]
    pub crossed: BTreeMap<(JurisdictionId, JurisdictionId, Year), Tonnes>,
    /// What is halted.
    #[n(48)]
    pub halts: BTreeMap<Halted, Halt>,
    /// The reference price of each market's session.
    #[n(49)]
    pub references: BTreeMap<Market, Reference>,
    /// Parties that were put into a settlement class.
    #[n(50)]
    pub classes: BTreeMap<PartyId, SettlementClass>,
    /// Where it was said whether two classes settle, whatever the policy says.
    #[n(51)]
    pub compatibility: BTreeMap<(JurisdictionId, Pair), bool>,
    /// Years for which more units were sold than announced, above a tier or at the ceiling: until
    /// their surrender nothing leaves the jurisdiction in coupled auctions.
    #[n(52)]
    pub released: BTreeSet<(JurisdictionId, Year)>,
    /// Sites whose energy or avoided emissions are evidence.
    #[n(53)]
    pub sites: Table<SiteId, Site>,
    /// What sites did, as verified, and what was drawn from it.
    #[n(54)]
    pub evidence: Table<EvidenceId, Evidence>,
    /// Last price of each product's year, and when.
    #[n(55)]
    pub product_prices: BTreeMap<Market, (Price, Instant)>,
    /// Couplings that are cleared and not wholly settled.
    #[n(56)]
    pub settlements: BTreeMap<CouplingId, Settlement>,
}

impl State {
    /// The working time of a jurisdiction.
    pub fn working_time(&self, jurisdiction: JurisdictionId) -> WorkingTime<'_> {
        let chapter = self.rules.as_ref().and_then(|it| it.jurisdiction(jurisdiction));
        let calendar = chapter.map_or(&calendar::ALWAYS, |it| &it.calendar);
        WorkingTime { calendar, decreed: self.decreed.get(&jurisdiction) }
    }

    /// The position of the record that comes next.
    pub fn next_position(&self) -> u64 {
        self.position.saturating_add(1)
    }

    /// The next moment at which something falls due, if any.
    pub fn next_due(&self) -> Option<Instant> {
        self.agenda.first().map(|(at, ..)| at)
    }

    /// The rules of a jurisdiction's year.
    pub fn year_rules(&self, jurisdiction: JurisdictionId, year: Year) -> Option<&YearRules> {
        self.rules.as_ref()?.year(jurisdiction, year)
    }

    /// The last price of the secondary market for units that end like those of a year, and when.
    pub fn last_price(&self, jurisdiction: JurisdictionId, year: Year) -> Option<(Price, Instant)> {
        let valid_to = self.year_rules(jurisdiction, year)?.valid_to;
        self.last_prices.get(&(jurisdiction, valid_to)).copied()
    }

    /// The last price of what a market trades, and when.
    pub fn price_of(&self, market: Market) -> Option<(Price, Instant)> {
        match market.product {
            Some(_) => self.product_prices.get(&market).copied(),
            None => self.last_price(market.jurisdiction, market.year),
        }
    }

    /// The same, where units are traded in the market's currency: nothing is compared with others.
    pub fn quoted_price(
        &self,
        jurisdiction: JurisdictionId,
        year: Year,
    ) -> Option<(Price, Instant)> {
        let market = Market::of_allowances(jurisdiction, year);
        let quoted = exchange::quote(self, market).is_none();
        self.last_price(jurisdiction, year).filter(|_| quoted)
    }

    /// A name is given to an order, for ever.
    pub(crate) fn order_named(&mut self, order: OrderId) {
        self.next_order = self.next_order.max(OrderId(order.0.saturating_add(1)));
    }

    /// The first call of a market that is announced and not cleared. There is a second one only
    /// where a volatility call began before an announced one opened.
    pub fn open_call(&self, market: Market) -> Option<CallId> {
        let first = self.open_calls.range((market, Instant(i64::MIN), CallId(0))..).next();
        first.filter(|(it, ..)| *it == market).map(|(.., call)| *call)
    }

    /// The cash account of a party, if it has one.
    pub fn cash_account_of(&self, party: PartyId) -> Option<CashAccountId> {
        self.parties.get(party)?.cash
    }

    /// The bytes of each table that holds something, under its number. Empty tables are left
    /// out, so that a table added later leaves old hashes as they were.
    fn sections(&self) -> Vec<(u16, Vec<u8>)> {
        fn bytes<T: Encode<()> + Default + PartialEq>(it: &T) -> Vec<u8> {
            if *it == T::default() { Vec::new() } else { encode(it) }
        }
        macro_rules! each {
            ($($field:ident)+) => {{
                // Every field is named, so that a table forgotten here does not build.
                let Self { $($field),+ } = self;
                [$(bytes($field)),+]
            }};
        }
        let all = each! {
            position now rules people parties accounts installations ledger caps entitlements
            auctions calls orders next_order last_prices closed_years penalties proposals agenda
            bank auctioned closing open_calls government labels next_proposal decreed
            trusted delayed given carried adjusted reversible freezes locks scheduled
            escrows stopped
            deliveries reports foreign_cash fixings
            mirrored mirror_days transferred suspended_links couplings crossed halts references
            classes compatibility released sites evidence product_prices settlements
        };
        (0u16..).zip(all).filter(|(_, bytes)| !bytes.is_empty()).collect()
    }

    /// SHA-256 over the whole state: two machines that replayed the same journal agree on it.
    pub fn hash(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(b"karvan/state/v1\0");
        for (number, bytes) in self.sections() {
            hash.update(number.to_be_bytes());
            hash.update(Sha256::digest(bytes));
        }
        hash.finalize().into()
    }
}

/// The bytes of a value with numbered fields.
#[expect(clippy::expect_used, reason = "writing into memory cannot fail")]
pub fn encode<T: Encode<()>>(it: &T) -> Vec<u8> {
    minicbor::to_vec(it).expect("a value of numbered fields is encoded")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agenda::Due;

    #[test]
    fn the_hash_sees_every_change_and_nothing_else() {
        let empty = State::default();
        let mut later = State::default();
        assert_eq!(empty.hash(), later.hash());
        later.now = Instant(1);
        assert_ne!(empty.hash(), later.hash());
    }

    #[test]
    fn a_state_reads_back_from_its_bytes() {
        let mut state = State { position: 7, ..State::default() };
        state.agenda.enter(Instant(0), Instant(5), Due::Window);
        let back: State = minicbor::decode(&encode(&state)).expect("own bytes");
        assert_eq!(back, state);
    }
}
