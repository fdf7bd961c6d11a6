//! The play: the years of a market, step by step.

mod administrators;
mod attacks;
mod clean_energy;
mod couplings;
mod intermediaries;
mod manipulation;
mod money;
mod operators;
mod shocks;
mod traders;
mod true_up;

pub use attacks::Attempt;
pub use money::Banked;

use crate::calendar::{self, Entry, Step};
use crate::chance::{Chance, Purpose};
use crate::expectation::{self, Supply, YearAhead};
use crate::group::{Group, Plant, PlantYear};
use crate::market::Market;
use crate::outcome::{self, Outcome};
use crate::plants::PlantRow;
use clean_energy::Park;
use intermediaries::Intermediary;
use karvan_core::freezing::Frozen;
use karvan_core::id::{AuctionId, CallId, JurisdictionId, PersonId};
use karvan_core::quantity::{Money, Price, Tonnes};
use karvan_core::rules::TradingRules;
use karvan_core::time::{Instant, Year};
use karvan_core::{Command, State};
use karvan_engine::journal::Journal;
use karvan_engine::writer::Stopped;
use karvan_policy::rehearsal::Behaviour;
use karvan_policy::sites::SiteRow;
use karvan_policy::{Jurisdiction, Policy};
use manipulation::Manipulation;
use std::collections::BTreeMap;

/// How much of a year's deviation from the baseline is left in the next.
const PERSISTENCE: f64 = 0.7;

/// What is played.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The policy.
    pub policy: Policy,
    /// The installations.
    pub plants: Vec<PlantRow>,
    /// The sites whose energy is evidence.
    pub sites: Vec<SiteRow>,
    /// The first year.
    pub first: u16,
    /// The last year; its surrender, in the year after, is the end.
    pub last: u16,
    /// The seed of all chance.
    pub seed: u64,
}

/// Where the play stands, for those who wait.
#[derive(Clone, Copy, Debug)]
pub struct Stage {
    /// Steps done.
    pub done: usize,
    /// Steps in all.
    pub all: usize,
    /// The market's moment.
    pub at: Instant,
    /// Records so far.
    pub records: u64,
}

/// The administrator of a jurisdiction, and those it admitted.
#[derive(Clone, Copy, Debug)]
struct Officials {
    id: JurisdictionId,
    administrator: PersonId,
    verifier: PersonId,
}

/// The play.
pub struct Play<J> {
    settings: Settings,
    market: Market<J>,
    chance: Chance,
    plants: Vec<Plant>,
    groups: Vec<Group>,
    officials: Vec<Officials>,
    bank: PersonId,
    statement_line: u64,
    banked: Banked,
    open_auction: BTreeMap<usize, AuctionId>,
    open_calls: BTreeMap<(usize, u16), CallId>,
    attempts: Vec<Attempt>,
    intermediaries: Vec<Intermediary>,
    parks: Vec<Park>,
    /// Calls for products that are open, with the place of their jurisdiction.
    product_calls: Vec<(usize, CallId)>,
    /// What groups had before they paid in for claims.
    kept: Vec<(usize, i64)>,
    manipulation: Option<Manipulation>,
    late: u64,
    /// What links gained each jurisdiction in a year of the calendar.
    gains: BTreeMap<(usize, u16), Money>,
}

impl<J: Journal> Play<J> {
    /// A play that begins on an empty market, or on one that is written again from its start.
    pub fn new(settings: Settings, journal: J) -> Self {
        let begin = calendar::moment(settings.first - 1, (12, 1), 0);
        let chance = Chance(settings.seed);
        Self {
            market: Market::new(journal, begin),
            settings,
            chance,
            plants: Vec::new(),
            groups: Vec::new(),
            officials: Vec::new(),
            bank: PersonId(0),
            statement_line: 0,
            banked: Banked::default(),
            open_auction: BTreeMap::new(),
            open_calls: BTreeMap::new(),
            attempts: Vec::new(),
            intermediaries: Vec::new(),
            parks: Vec::new(),
            product_calls: Vec::new(),
            kept: Vec::new(),
            manipulation: None,
            late: 0,
            gains: BTreeMap::new(),
        }
    }

    /// Plays all years and tells what came of it.
    pub fn run(mut self, watch: &mut dyn FnMut(Stage)) -> Result<(Outcome, Market<J>), Stopped> {
        self.found_market()?;
        self.register_intermediaries()?;
        self.register_sites()?;
        self.invest_before_the_start();
        let (first, last) = (self.settings.first, self.settings.last);
        let entries = calendar::entries(&self.settings.policy, first, last);
        let all = entries.len();
        for (done, entry) in entries.into_iter().enumerate() {
            self.market.set_clock(entry.at);
            self.play(entry)?;
            let records = self.state().position;
            watch(Stage { done: done + 1, all, at: entry.at, records });
        }
        self.market.close()?;
        Ok((self.outcome(), self.market))
    }

    fn play(&mut self, entry: Entry) -> Result<(), Stopped> {
        let (j, year) = (entry.jurisdiction, entry.year);
        match entry.step {
            Step::BeginYear => {
                self.begin_year(j, year);
                Ok(())
            }
            Step::Supply => self.supply(j, year),
            Step::Allocate => {
                self.allocate(j, year)?;
                self.plan_budgets(j, year, entry.at);
                Ok(())
            }
            Step::SwitchFuel => {
                self.switch_fuel(j, year);
                self.plan_quarter(j, year, entry.at);
                Ok(())
            }
            Step::ReleaseNewEntrants => self.release_new_entrants(j, year),
            Step::OpenAuction => self.open_auction(entry),
            Step::Bid | Step::Order if self.is_suspended(j) => Ok(()),
            Step::Bid => self.bid(j, year, entry.at),
            Step::ClearAuction => self.clear_auction(j),
            Step::OpenCalls => self.open_calls(entry),
            Step::CoupleCalls => self.couple_calls(year, entry.at),
            Step::Order => {
                self.order(j, year, entry.at)?;
                self.quote(j, year, entry.at)
            }
            Step::ClearCalls => self.clear_calls(j, year),
            Step::Certify => self.certify(j, year),
            Step::OpenProductCalls => self.open_product_calls(entry),
            Step::OrderProducts => self.order_products(j),
            Step::ClearProductCalls => self.clear_product_calls(j),
            Step::Report => self.report(j, year),
            Step::LateReport => self.report_late(j, year),
            Step::TrueUp => self.true_up(j, year),
            Step::Surrender => self.surrender(j, year),
            Step::CloseYear => self.close_year(j, year),
            Step::Shock => self.shock(j, year, entry.at),
            Step::Resume => self.resume(j),
            Step::BookStatement => self.book_statement(entry.at),
            Step::Manipulate => self.manipulate(j, year),
            Step::Attack => self.attack(j, year),
            Step::Invest => {
                self.invest(j, year, entry.at);
                Ok(())
            }
        }
    }

    fn state(&self) -> &State {
        self.market.state()
    }

    fn policy_of(&self, j: usize) -> &Jurisdiction {
        // The calendar is made from the same list.
        &self.settings.policy.jurisdictions[j]
    }

    fn id_of(&self, j: usize) -> JurisdictionId {
        self.officials[j].id
    }

    fn errs(&self) -> bool {
        let it = &self.settings.policy.rehearsal;
        it.errors && it.behaviour != Behaviour::COMPETITIVE
    }

    fn behaviour(&self) -> Behaviour {
        self.settings.policy.rehearsal.behaviour
    }

    /// Whether a jurisdiction has suspended its market.
    fn is_suspended(&self, j: usize) -> bool {
        let frozen = Frozen::Jurisdiction(self.id_of(j));
        self.state().freezes.contains_key(&frozen)
    }

    fn send(&mut self, commands: Vec<(PersonId, Command)>) -> Result<(), Stopped> {
        if commands.is_empty() {
            return Ok(());
        }
        self.market.send(commands).map(drop)
    }

    /// The last price anybody saw of units that end like those of a year: of the secondary market
    /// or of an auction, whichever is later.
    fn last_price(&self, j: usize, year: u16) -> Option<(f64, Instant)> {
        let id = self.id_of(j);
        let state = self.state();
        let it = self.policy_of(j);
        let call = state.last_price(id, Year(year)).map(|(price, at)| (at, price));
        let alike = |of: Year| it.valid_to(of.0) == it.valid_to(year);
        let auction = state
            .auctions
            .iter()
            .rev()
            .filter(|(_, it)| it.jurisdiction == id && alike(it.year))
            .find_map(|(_, it)| Some((it.closes, it.result?.price?)));
        let (at, price) = call.max(auction)?;
        Some((price.0 as f64 / 100.0, at))
    }

    /// The fundamental price of a unit in a year, as the public can reckon it, USD/t.
    fn fundamental(&self, j: usize, year: u16) -> f64 {
        let it = self.policy_of(j);
        let first = self.settings.first;
        let mine = || self.plants.iter().filter(|it| it.jurisdiction == j && it.obliged_in(year));
        let base: f64 = mine().map(|it| it.base_t).sum();
        if base <= 0.0 {
            return 0.0;
        }
        let used = mine().map(|it| it.base_t * it.built).sum::<f64>() / base;
        let mut curves = Vec::new();
        for is_power in [true, false] {
            let of_kind = || mine().filter(|it| it.is_power() == is_power);
            let weight = of_kind().map(|it| it.base_t).sum::<f64>() / base;
            if let Some(plant) = of_kind().next() {
                curves.push((weight, plant.curve.clone()));
            }
        }
        let supply = Supply { curves, used, diffusion: it.abatement.diffusion_percent / 100.0 };
        let end = it.valid_to(year).min(self.settings.policy.last_year);
        let level = self.public_level(j, year);
        let years: Vec<YearAhead> = (year..=end)
            .filter(|ahead| it.obliges(*ahead))
            .map(|ahead| YearAhead {
                emissions_mt: level * it.baseline(first, ahead) / it.baseline(first, year),
                cap_mt: it.cap_mt.at(ahead),
            })
            .collect();
        let rate = it.abatement.discount_percent / 100.0;
        expectation::fundamental(&years, self.public_bank(j, year), &supply, rate)
    }

    /// The emissions of a year as the public reckons them: the last verified total, grown, Mt.
    fn public_level(&self, j: usize, year: u16) -> f64 {
        let it = self.policy_of(j);
        let first = self.settings.first;
        for before in (first..year).rev() {
            if let Some(verified) = self.verified_mt(j, before) {
                // More installations may be obliged than in the year that was verified.
                let scope = self.obliged_base(j, year) / self.obliged_base(j, before);
                let growth = it.baseline(first, year) / it.baseline(first, before);
                let built = self.left_after_measures(j, year) / self.left_after_measures(j, before);
                return verified * scope * growth * built;
            }
        }
        it.baseline(first, year) * self.left_after_measures(j, year)
    }

    /// The share of emissions that measures built by a year leave: plants announce what they build.
    fn left_after_measures(&self, j: usize, year: u16) -> f64 {
        let mine = || self.plants.iter().filter(|it| it.jurisdiction == j && it.obliged_in(year));
        let left = |it: &Plant| match it.years.get(&year) {
            Some(it) => it.with / it.without,
            None => 1.0 - it.built,
        };
        let base: f64 = mine().map(|it| it.base_t).sum();
        if base <= 0.0 { 1.0 } else { mine().map(|it| it.base_t * left(it)).sum::<f64>() / base }
    }

    fn obliged_base(&self, j: usize, year: u16) -> f64 {
        let mine = self.plants.iter().filter(|it| it.jurisdiction == j && it.obliged_in(year));
        mine.map(|it| it.base_t).sum()
    }

    /// Verified emissions of a year's obliged, once nearly all have reported, Mt.
    fn verified_mt(&self, j: usize, year: u16) -> Option<f64> {
        let mut reports = 0;
        let mut obliged = 0;
        let mut sum = 0.0;
        for plant in self.plants.iter().filter(|it| it.jurisdiction == j && it.obliged_in(year)) {
            obliged += 1;
            let row = self.state().installations.row(plant.installation);
            if let Some(verified) = row.emissions.get(&Year(year)) {
                reports += 1;
                sum += verified.0 as f64 / 1e6;
            }
        }
        (obliged > 0 && reports * 10 >= obliged * 9)
            .then(|| sum * f64::from(obliged) / f64::from(reports))
    }

    /// Units left over from the years before that still count, as the public reckons, Mt.
    fn public_bank(&self, j: usize, year: u16) -> f64 {
        let it = self.policy_of(j);
        let counts = |vintage: u16| it.valid_to(vintage) >= year;
        let mut bank = if counts(it.opening_vintage) { it.opening_mt } else { 0.0 };
        for before in (self.settings.first..year).filter(|before| it.obliges(*before)) {
            let emitted =
                self.verified_mt(j, before).unwrap_or_else(|| self.public_level(j, before));
            bank += it.cap_mt.at(before) - emitted;
            if !counts(before) {
                bank = bank.min(0.0);
            }
        }
        bank
    }

    /// How much a jurisdiction's output has grown since the first year, without chance.
    fn growth(&self, j: usize, year: u16) -> f64 {
        let first = self.settings.first;
        let it = self.policy_of(j);
        let growth = it.baseline(first, year) / it.baseline(first, first).max(1e-12);
        if it.baseline_mt > 0.0 { growth } else { 1.0 }
    }

    /// Outputs of the year: they wander around the baseline (AR(1)).
    fn begin_year(&mut self, j: usize, year: u16) {
        let growth = self.growth(j, year);
        let chance = self.settings.policy.rehearsal.chance;
        for (place, plant) in self.plants.iter_mut().enumerate() {
            if plant.jurisdiction != j {
                continue;
            }
            let before = plant.deviation;
            if chance {
                let spread = if plant.is_power() { 0.04 } else { 0.07 };
                let draw = self.chance.normal(Purpose::Output, place as u64, u64::from(year));
                // The spread is that of the wandering itself, not of its yearly steps.
                let fresh = libm::sqrt(1.0 - PERSISTENCE * PERSISTENCE) * spread * draw;
                plant.deviation = PERSISTENCE * before + fresh;
            }
            let without = plant.base_t * growth * libm::exp(plant.deviation);
            let with = without * (1.0 - plant.built) * (1.0 - plant.switched);
            let persists = if chance { PERSISTENCE } else { 1.0 };
            let forecast = libm::exp(persists * before - plant.deviation);
            plant.years.insert(year, PlantYear { without, with, forecast });
        }
        self.draw_views(j, year);
    }

    /// Fuel switching: up to 2 % of a power plant's emissions, decided each quarter at the last
    /// price; all of it at 20 USD/t.
    fn switch_fuel(&mut self, j: usize, year: u16) {
        let price = self.last_price(j, year).map_or(0.0, |(price, _)| price);
        let share = 0.02 * (price / 20.0).clamp(0.0, 1.0);
        let month = self.market_month();
        let left = f64::from(13 - month) / 12.0;
        for plant in self.plants.iter_mut() {
            if plant.jurisdiction == j && plant.is_power() && plant.obliged_in(year) {
                let change = (1.0 - share) / (1.0 - plant.switched);
                plant.switched = share;
                if let Some(it) = plant.years.get_mut(&year) {
                    // What is emitted is emitted: only the rest of the year changes.
                    it.with *= 1.0 - left + left * change;
                }
            }
        }
    }

    fn market_month(&self) -> u8 {
        u8::try_from(self.state().now.date().1).unwrap_or(1)
    }

    /// See [`Outcome::reports`].
    fn reports(&self) -> (u64, u64, u64) {
        let versions = self.state().reports.values().map(|it| u64::from(it.version));
        let handed_in: u64 = versions.sum();
        let years = self.state().reports.len() as u64;
        (handed_in, handed_in - years, self.late)
    }

    fn outcome(&self) -> Outcome {
        let state = self.state();
        let years = (self.settings.first, self.settings.last);
        let count = |real: bool, test: &dyn Fn(&Plant) -> bool| {
            self.plants.iter().filter(|it| it.is_real() == real && test(it)).count()
        };
        let reports = |it: &Plant| !state.installations.row(it.installation).emissions.is_empty();
        let obliged = |it: &Plant| it.obliged_in(self.settings.last);
        let refused = self.market.refused();
        Outcome {
            rows: outcome::rows(&self.settings.policy, state, &self.plants, years),
            members: self.settings.policy.jurisdictions.len(),
            real_reporting: count(true, &reports),
            real_obliged: count(true, &obliged),
            synthetic_reporting: count(false, &reports),
            issued: outcome::issued(state),
            records: state.position,
            until: state.now,
            chain: self.market.writer().chain(),
            state_hash: state.hash(),
            reports: self.reports(),
            banked: self.banked(),
            attempts: self.attempts.clone(),
            flows: outcome::flows(state),
            products: outcome::products(&self.settings.policy, state, years),
            gains: self.gains.iter().map(|((j, year), it)| (*j, *year, *it)).collect(),
            refused: refused.iter().map(|(n, (count, text))| (*n, *count, text.clone())).collect(),
        }
    }
}

/// A price in USD on the nearest tick, at least one.
fn on_tick(usd: f64, rules: &TradingRules) -> Price {
    let Price(tick) = rules.tick;
    let ticks = (karvan_policy::schema::price(usd).0 + tick / 2).div_euclid(tick);
    Price(ticks.max(1) * tick)
}

/// A quantity in whole lots, rounded down.
fn in_lots(Tonnes(quantity): Tonnes, rules: &TradingRules) -> Tonnes {
    Tonnes(quantity / rules.lot.0 * rules.lot.0)
}
