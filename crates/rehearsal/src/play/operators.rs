//! What operators do about their emissions: measures, surrender.

use super::Play;
use super::administrators::floor;
use crate::chance::Purpose;
use crate::group::{Group, Plant, eligible, is_open, owes};
use karvan_core::account::{AccountKind, of_government};
use karvan_core::auction::buy_at_ceiling::BuyAtCeiling;
use karvan_core::compliance::surrender::Surrender;
use karvan_core::id::SeriesId;
use karvan_core::quantity::Tonnes;
use karvan_core::time::{Instant, Year};
use karvan_core::units::transfer::{Consideration, Transfer};
use karvan_engine::journal::Journal;
use karvan_engine::writer::Stopped;

/// Measures are built when they cost less than this share of the expected price: a hurdle of 1.2.
const HURDLE: f64 = 1.2;

impl<J: Journal> Play<J> {
    /// Measures for the first year are decided in the December before.
    pub(super) fn invest_before_the_start(&mut self) {
        let first = self.settings.first;
        for j in 0..self.officials.len() {
            if self.policy_of(j).obliges(first) {
                let at = crate::calendar::moment(first - 1, (12, 15), 0);
                self.invest(j, first - 1, at);
            }
        }
    }

    /// Each December: measures whose cost, with the hurdle, lies below the mean expected price
    /// over the horizon; no more newly built in a year than diffusion allows; what is built stays.
    pub(super) fn invest(&mut self, j: usize, year: u16, at: Instant) {
        let next = year + 1;
        if !self.policy_of(j).obliges(next) {
            return;
        }
        let rate = self.policy_of(j).abatement.discount_percent / 100.0;
        let end = self.policy_of(j).valid_to(next);
        let diffusion = self.policy_of(j).abatement.diffusion_percent / 100.0;
        let news = self.news(j, next, at);
        let bounded = self.behaviour().bounded;
        for place in 0..self.groups.len() {
            if self.groups[place].jurisdiction != j {
                continue;
            }
            let now = self.expected_price(place, &news);
            let group = &self.groups[place];
            let horizon = if bounded { group.horizon } else { end - next + 1 };
            let years = horizon.min(end.saturating_sub(next) + 1).max(1);
            // A price that rises at the discount rate is on average this much higher.
            let mean = (0..years).map(|it| libm::pow(1.0 + rate, f64::from(it))).sum::<f64>()
                / f64::from(years);
            for plant in group.plants.clone() {
                let Some(plant) = self.plants.get_mut(plant) else {
                    continue;
                };
                if plant.obliged_in(next) {
                    let wanted = plant.curve.share(now * mean / HURDLE);
                    let most = plant.built + diffusion * plant.curve.potential();
                    plant.built = plant.built.max(wanted.min(most));
                }
            }
        }
    }

    /// Four working days before the due date: each group levels its accounts and surrenders what it
    /// owes, as far as it holds; 1 % leave a twentieth out.
    pub(super) fn surrender(&mut self, j: usize, year: u16) -> Result<(), Stopped> {
        let mut commands = Vec::new();
        for (place, group) in self.groups.iter().enumerate() {
            if group.jurisdiction != j {
                continue;
            }
            let draw = self.chance.unit(Purpose::Incomplete, place as u64, u64::from(year));
            let share = if self.errs() && draw <= 0.01 { 0.95 } else { 1.0 };
            let mut needs = self.needs(group, year);
            if !self.is_suspended(j) {
                self.level(&mut needs, &mut |transfer| {
                    commands.push((group.person, transfer.into()));
                });
            }
            for it in needs {
                let quantity = Tonnes(floor(it.owed.min(it.held) as f64 * share));
                if quantity > Tonnes::ZERO {
                    let (installation, year) = (it.plant.installation, Year(year));
                    let surrender = Surrender { installation, year, quantity };
                    commands.push((group.person, surrender.into()));
                }
            }
        }
        self.send(commands)?;
        self.buy_at_ceiling(j, year)
    }

    /// Whoever is short and has nothing left buys at the ceiling, as far as the stability account
    /// holds and a missing unit costs more than that.
    fn buy_at_ceiling(&mut self, j: usize, year: u16) -> Result<(), Stopped> {
        let id = self.id_of(j);
        let state = self.state();
        let ceiling = state.year_rules(id, Year(year)).and_then(|it| it.ceiling);
        let stability = of_government(state, id, AccountKind::Stability);
        let Some((price, stability)) = ceiling.zip(stability) else { return Ok(()) };
        let counts = |series| state.ledger.counts_for(series, id, Year(year));
        let mut there = state.ledger.shelves.row(stability).free(counts);
        let policy = self.policy_of(j);
        let fine = policy.penalty.usd.at(year);
        let cheaper = policy.penalty.make_good.at(year) || price.0 as f64 / 100.0 <= fine;
        let mut wanted = Vec::new();
        for plant in self.plants.iter().filter(|it| it.jurisdiction == j && it.obliged_in(year)) {
            let row = state.installations.row(plant.installation);
            let missing = row.missing_up_to(Year(year)).min(there);
            let empty = eligible(state, plant, year) == Tonnes::ZERO;
            if cheaper && empty && missing > Tonnes::ZERO {
                there -= missing;
                wanted.push((plant.installation, plant.group, missing));
            }
        }
        let mut commands = Vec::new();
        for (installation, group, quantity) in wanted {
            let (party, person) = (self.groups[group].party, self.groups[group].person);
            commands.push(self.deposit(party, price.times(quantity).unwrap_or_default()));
            let buy = BuyAtCeiling { installation, year: Year(year), quantity };
            commands.push((person, buy.into()));
        }
        self.send(commands)
    }

    /// What each plant of a group holds and owes for a year.
    fn needs(&self, group: &Group, year: u16) -> Vec<Need<'_>> {
        let state = self.state();
        let plants = group.plants.iter().filter_map(|it| self.plants.get(*it));
        plants
            .filter(|it| it.obliged_in(year))
            .map(|plant| {
                let id = self.id_of(plant.jurisdiction);
                let queues = &state.ledger.shelves.row(plant.account).queues;
                let fits = queues
                    .iter()
                    .filter(|it| state.ledger.counts_for(it.series, id, Year(year)))
                    .map(|it| (it.series, it.total.0))
                    .collect();
                let owed = floor(owes(state, plant, year) + 0.5);
                Need { plant, held: eligible(state, plant, year).0, owed, fits }
            })
            .collect()
    }

    /// Moves units from accounts with more than they need to those with less, free of charge.
    fn level(&self, needs: &mut [Need<'_>], send: &mut dyn FnMut(Transfer)) {
        for to in 0..needs.len() {
            for from in 0..needs.len() {
                let (receiver, giver) = (needs[to].plant, needs[from].plant);
                let lacks = needs[to].owed.saturating_sub(needs[to].held);
                let mut wanted = lacks.min(needs[from].held.saturating_sub(needs[from].owed));
                if from == to || wanted == 0 || !is_open(self.state(), giver) {
                    continue;
                }
                for place in 0..needs[from].fits.len() {
                    let (series, left) = needs[from].fits[place];
                    let quantity = left.min(wanted);
                    if quantity == 0 {
                        continue;
                    }
                    wanted -= quantity;
                    needs[from].fits[place].1 -= quantity;
                    needs[from].held -= quantity;
                    needs[to].held += quantity;
                    let (from, to, quantity) = (giver.account, receiver.account, Tonnes(quantity));
                    let consideration = Consideration::Free;
                    send(Transfer { from, to, series, quantity, consideration });
                }
            }
        }
    }
}

/// What a plant holds and owes for a year, in units.
#[derive(Clone)]
struct Need<'a> {
    plant: &'a Plant,
    held: u64,
    owed: u64,
    /// What it holds, series by series.
    fits: Vec<(SeriesId, u64)>,
}
