//! Certificates and credits, where a chapter lists products: real plants of the data feed energy
//! in, a verifier says how much, the administrator issues what is drawn from it, developers sell it
//! in calls, and those who buy retire it as a claim.
//!
//! Which site makes what the policy says: a credit product that names its technology has credits
//! drawn for it, else a certificate product that takes it certificates. Prices that developers
//! ask and buyers bid are assumptions, spread by chance; nothing here is a forecast.

use super::administrators::floor;
use super::{Officials, Play, in_lots, on_tick};
use crate::calendar::{CLOSES_MS, Entry, OPENS_MS};
use crate::chance::Purpose;
use karvan_core::Command;
use karvan_core::account::{AccountKind, SinglePerson, open_account::OpenAccount};
use karvan_core::auction::clear_auction::commitment;
use karvan_core::book::Market;
use karvan_core::calendar::Day;
use karvan_core::call::clear_call::ClearCall;
use karvan_core::call::open_call::OpenCall;
use karvan_core::cash::open_cash_account::OpenCashAccount;
use karvan_core::evidence::Measured;
use karvan_core::evidence::issue_certificates::IssueCertificates;
use karvan_core::evidence::issue_credits::IssueCredits;
use karvan_core::evidence::record_evidence::RecordEvidence;
use karvan_core::evidence::register_site::RegisterSite;
use karvan_core::exchange::cancel_order::CancelOrder;
use karvan_core::exchange::place_order::PlaceOrder;
use karvan_core::exchange::{Side, product_of, trades};
use karvan_core::grounds::Grounds;
use karvan_core::id::{AccountId, CallId, GroupId, PersonId, ProductId, SiteId};
use karvan_core::ledger::UnitClass;
use karvan_core::party::{Role, register_party::RegisterParty};
use karvan_core::quantity::{Tonnes, WattHours};
use karvan_core::rules::ProductRules;
use karvan_core::time::Year;
use karvan_core::units::retire::{Claim, Retire};
use karvan_engine::journal::Journal;
use karvan_engine::writer::Stopped;

/// What a unit is asked for at the median, USD: certificates and credits. Assumptions.
const ASKED: (f64, f64) = (0.6, 3.0);
/// What it is worth to buyers at the median, USD. Assumptions.
const WORTH: (f64, f64) = (1.0, 4.5);
/// How far prices are spread, as the deviation of their logarithm.
const SPREAD: f64 = 0.35;
/// How far a year's generation is spread.
const WEATHER: f64 = 0.08;
/// So many groups of a jurisdiction make claims, those that emit most.
const CLAIMANTS: usize = 8;
/// Each wants this share of what is on offer.
const WANTED: f64 = 0.10;

/// A site with its developer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Park {
    jurisdiction: usize,
    site: SiteId,
    person: PersonId,
    account: AccountId,
    /// What it generates in a mean year, and at most in a year.
    energy: (WattHours, WattHours),
    /// The product that its units make, if the policy has one.
    product: Option<(ProductId, UnitClass)>,
}

/// A group that makes claims, with an account to buy into.
struct Claimant {
    /// Its place.
    group: usize,
    owner: String,
    person: PersonId,
    account: AccountId,
}

/// Hours of a year that is no leap year.
const HOURS_A_YEAR: u64 = 8_760;

impl<J: Journal> Play<J> {
    /// Registers developers and sites where the policy has products.
    pub(super) fn register_sites(&mut self) -> Result<(), Stopped> {
        for j in 0..self.officials.len() {
            let rules = self.policy_of(j).products.clone();
            if rules.is_empty() {
                continue;
            }
            let Officials { id, administrator, .. } = self.officials[j];
            let single = SinglePerson { surrender: true, trusted: true };
            let nation = self.state().people.row(administrator).party.unwrap_or_default();
            let (kind, towards) = (AccountKind::Retirement, None);
            let open = OpenAccount { kind, holder: nation, jurisdiction: id, single, towards };
            self.send(vec![(administrator, open.into())])?;
            let code = self.policy_of(j).code.clone();
            let here = self.settings.sites.iter().filter(|it| it.jurisdiction == code);
            for (row, number) in here.cloned().collect::<Vec<_>>().into_iter().zip(0u32..) {
                let (party, person) =
                    (self.state().parties.next_id(), self.state().people.next_id());
                let group = GroupId(20_000 + 1_000 * id.0 + number);
                let (role, jurisdiction, scope) = (Role::Trader, Some(id), None);
                let register = RegisterParty { role, jurisdiction, group, persons: 2, scope };
                self.send(vec![(administrator, register.into())])?;
                let account = self.state().accounts.next_id();
                let site = self.state().sites.next_id();
                let kind = AccountKind::Project;
                let open = OpenAccount { kind, holder: party, jurisdiction: id, single, towards };
                let cash = OpenCashAccount { party, currency: None };
                self.send(vec![(administrator, open.into()), (self.bank, cash.into())])?;
                let (label, technology, capacity) = (row.label, row.technology, Some(row.capacity));
                let (jurisdiction, installation) = (id, None);
                let register = RegisterSite {
                    label,
                    jurisdiction,
                    account,
                    technology,
                    capacity,
                    installation,
                };
                self.send(vec![(administrator, register.into())])?;
                let most = WattHours(row.capacity.0.saturating_mul(HOURS_A_YEAR));
                let energy = (row.generation, most);
                let product = made_of(&rules, technology.as_str());
                self.parks.push(Park { jurisdiction: j, site, person, account, energy, product });
            }
        }
        Ok(())
    }

    /// What each site generated in a year is verified, and units are drawn from it.
    pub(super) fn certify(&mut self, j: usize, year: u16) -> Result<(), Stopped> {
        let Officials { administrator, verifier, .. } = self.officials[j];
        let parks: Vec<Park> =
            self.parks.iter().filter(|it| it.jurisdiction == j).copied().collect();
        let (first, last) = (Day::of_date(year.into(), 1, 1), Day::of_date(year.into(), 12, 31));
        let mut next = self.state().evidence.next_id();
        let (mut recorded, mut issued): (Vec<(PersonId, Command)>, Vec<_>) = Default::default();
        for (park, place) in parks.iter().zip(0u64..) {
            let Some((_, class)) = park.product else { continue };
            let (mean, most) = park.energy;
            let number = u64::from(self.officials[j].id.0) * 1_000 + place;
            let draw = self.chance.normal(Purpose::Weather, number, u64::from(year));
            let share =
                if self.settings.policy.rehearsal.chance { libm::exp(WEATHER * draw) } else { 1.0 };
            let energy = (mean.0 as f64 * share).min(most.0 as f64);
            let energy = WattHours(floor(energy));
            let measured = Measured::Energy(energy);
            let grounds = Grounds::new("the meter's readings", self.settings.policy.hash);
            let record = RecordEvidence { site: park.site, first, last, measured, grounds };
            recorded.push((verifier, record.into()));
            let evidence = next;
            next.0 += 1;
            let issue: Command = match class {
                UnitClass::Credit => IssueCredits { evidence, drawn: measured }.into(),
                UnitClass::Certificate | UnitClass::Allowance => {
                    IssueCertificates { evidence, energy }.into()
                }
            };
            issued.push((administrator, issue));
        }
        self.send(recorded)?;
        self.send(issued)
    }

    /// Announces a call for each product of a year of which anything is free.
    pub(super) fn open_product_calls(&mut self, entry: Entry) -> Result<(), Stopped> {
        let (j, year) = (entry.jurisdiction, Year(entry.year));
        let Officials { id, administrator, .. } = self.officials[j];
        let midnight = entry.at.0 - entry.at.0.rem_euclid(karvan_core::time::DAY_MS);
        let at = |ms| karvan_core::time::Instant(midnight + ms);
        let (opens, closes) = (at(OPENS_MS), at(CLOSES_MS));
        for (product, rules) in (0u8..).map(ProductId).zip(self.policy_of(j).products.clone()) {
            let market = Market { jurisdiction: id, year, product: Some(product) };
            let offered: u64 = self.offers(j, market).iter().map(|it| it.1.0).sum();
            if offered == 0 {
                continue;
            }
            let call = self.state().calls.next_id();
            let drawn = rules.trading.random_end_minutes > 0;
            let commitment = drawn.then(|| commitment(&self.seed_of_call(call)));
            let (jurisdiction, product) = (id, Some(product));
            let open = OpenCall { jurisdiction, year, opens, closes, commitment, product };
            self.send(vec![(administrator, open.into())])?;
            self.product_calls.push((j, call));
        }
        Ok(())
    }

    /// The accounts of developers that have units of a market, and how many.
    fn offers(&self, j: usize, market: Market) -> Vec<(Park, Tonnes)> {
        let fits = |series| trades(self.state(), market, series);
        let free = |it: &Park| self.state().ledger.shelves.row(it.account).free(fits);
        let mine = self.parks.iter().filter(|it| it.jurisdiction == j);
        mine.map(|it| (*it, free(it))).filter(|it| it.1 > Tonnes::ZERO).collect()
    }

    /// Developers offer what they have; those who make claims bid for a part of it.
    pub(super) fn order_products(&mut self, j: usize) -> Result<(), Stopped> {
        if !self.product_calls_of(j).is_empty() {
            let kept = |it: Claimant| (it.group, self.free_cash(it.group));
            self.kept = self.claimants(j).into_iter().map(kept).collect();
        }
        for call in self.product_calls_of(j) {
            let market = self.state().calls.row(call).market();
            let Some(rules) = product_of(self.state(), market).cloned() else { continue };
            let trading = rules.trading;
            let pick = |it: (f64, f64)| if rules.class == UnitClass::Credit { it.1 } else { it.0 };
            let offers = self.offers(j, market);
            let mut commands: Vec<(PersonId, Command)> = Vec::new();
            let spread = |purpose, number: u64| {
                libm::exp(SPREAD * self.chance.normal(purpose, number, u64::from(call.0)))
            };
            for (park, quantity) in &offers {
                let asks = pick(ASKED) * spread(Purpose::Asks, park.site.0.into());
                let (price, quantity) = (on_tick(asks, &trading), in_lots(*quantity, &trading));
                if quantity > Tonnes::ZERO {
                    let order = (price, quantity);
                    let order = PlaceOrder::limit(market, park.account, Side::Sell, order);
                    commands.push((park.person, order.into()));
                }
            }
            let offered: u64 = offers.iter().map(|it| it.1.0).sum();
            let wanted = Tonnes(floor(offered as f64 * WANTED));
            let wanted = in_lots(wanted, &trading);
            let mut bids = Vec::new();
            for (it, place) in self.claimants(j).into_iter().zip(0u64..) {
                let worth = pick(WORTH) * spread(Purpose::Worth, place);
                bids.push((it, on_tick(worth, &trading)));
            }
            for (it, price) in bids.into_iter().filter(|_| wanted > Tonnes::ZERO) {
                // Claims are paid beside what is kept for allowances.
                let party = self.groups[it.group].party;
                commands.push(self.deposit(party, price.times(wanted).unwrap_or_default()));
                let order = PlaceOrder::limit(market, it.account, Side::Buy, (price, wanted));
                commands.push((it.person, order.into()));
            }
            self.send(commands)?;
        }
        Ok(())
    }

    fn free_cash(&self, group: usize) -> i64 {
        let cash = self.state().cash_account_of(self.groups[group].party);
        cash.map_or(0, |it| self.state().ledger.cash.row(it).free.0)
    }

    fn product_calls_of(&self, j: usize) -> Vec<CallId> {
        self.product_calls.iter().filter(|it| it.0 == j).map(|it| it.1).collect()
    }

    /// The groups that emit most, with an account to buy into.
    fn claimants(&self, j: usize) -> Vec<Claimant> {
        let mut groups: Vec<(f64, usize)> = Vec::new();
        for (place, group) in self.groups.iter().enumerate().filter(|(_, it)| it.jurisdiction == j)
        {
            let plants = group.plants.iter().filter_map(|it| self.plants.get(*it));
            groups.push((plants.map(|it| it.base_t).sum(), place));
        }
        groups.sort_by(|one, two| two.0.total_cmp(&one.0).then(one.1.cmp(&two.1)));
        let found = groups.into_iter().take(CLAIMANTS).filter_map(|(_, place)| {
            let group = &self.groups[place];
            let plant = self.plants.get(*group.plants.first()?)?;
            let (owner, person) = (group.owner.clone(), group.person);
            Some(Claimant { group: place, owner, person, account: plant.account })
        });
        found.collect()
    }

    /// The calls are cleared; what nobody bought is offered again, and whoever bought claims it.
    pub(super) fn clear_product_calls(&mut self, j: usize) -> Result<(), Stopped> {
        let administrator = self.officials[j].administrator;
        for call in self.product_calls_of(j) {
            let drawn = self.state().calls.row(call).random_end.is_some();
            let seed = drawn.then(|| self.seed_of_call(call));
            while !self.state().calls.row(call).is_cleared() {
                self.send(vec![(administrator, ClearCall { call, seed }.into())])?;
            }
            let market = self.state().calls.row(call).market();
            self.take_products_back(market)?;
            self.claim(j, market)?;
        }
        self.product_calls.retain(|it| it.0 != j);
        // What is left of the money for claims stays for allowances, in place of as much.
        for (group, before) in std::mem::take(&mut self.kept) {
            let left = self.free_cash(group).saturating_sub(before).max(0).unsigned_abs();
            let group = &mut self.groups[group];
            group.budget = group.budget.saturating_sub(left);
        }
        Ok(())
    }

    /// Buyers retire what they bought, each for itself and the year.
    fn claim(&mut self, j: usize, market: Market) -> Result<(), Stopped> {
        let year = i64::from(market.year.0);
        let class = product_of(self.state(), market).map(|it| it.class);
        let purpose = match class {
            Some(UnitClass::Credit) => "a claim beyond what is owed",
            Some(UnitClass::Certificate | UnitClass::Allowance) | None => "electricity used",
        };
        let mut commands: Vec<(PersonId, Command)> = Vec::new();
        for Claimant { owner, person, account, .. } in self.claimants(j) {
            for queue in &self.state().ledger.shelves.row(account).queues {
                if !trades(self.state(), market, queue.series) {
                    continue;
                }
                let claim = Claim {
                    beneficiary: owner.clone(),
                    purpose: purpose.to_owned(),
                    first: Day::of_date(year, 1, 1),
                    last: Day::of_date(year, 12, 31),
                };
                let (series, quantity) = (queue.series, queue.total);
                commands.push((person, Retire { account, series, quantity, claim }.into()));
            }
        }
        self.send(commands)
    }

    /// What nobody bought, and bids that got nothing, are taken back.
    fn take_products_back(&mut self, market: Market) -> Result<(), Stopped> {
        let waiting = self.state().orders.of_market(market);
        let mut waiting: Vec<_> = waiting.map(|it| (it.id, it.owner)).collect();
        waiting.sort_unstable();
        let person = |party| self.state().parties.row(party).person;
        let cancel = |(order, owner)| (person(owner), CancelOrder { order }.into());
        let commands = waiting.into_iter().map(cancel).collect();
        self.send(commands)
    }
}

/// The product that a technology's units make: a credit product that names it, else a certificate
/// product that takes it.
fn made_of(products: &[ProductRules], technology: &str) -> Option<(ProductId, UnitClass)> {
    let names = |it: &ProductRules| it.technologies.iter().any(|it| it.as_str() == technology);
    let takes = |it: &ProductRules| it.technologies.is_empty() || names(it);
    let all = || (0u8..).map(ProductId).zip(products);
    let credit = all().find(|(_, it)| it.class == UnitClass::Credit && names(it));
    let certificate = || all().find(|(_, it)| it.class == UnitClass::Certificate && takes(it));
    credit.or_else(certificate).map(|(id, it)| (id, it.class))
}
