//! The true-up: where allocation follows actual output, it is reckoned again with the verified
//! output, and the cap with it. What was too much is returned, what is missing is issued and
//! delivered; report, true-up, surrender, in this order.

use super::administrators::{basis, floor};
use super::{Officials, Play};
use crate::group::Plant;
use karvan_core::Command;
use karvan_core::account::AccountKind;
use karvan_core::allocation::allocate::Allocate;
use karvan_core::allocation::entitlement::{Basis, Method};
use karvan_core::allocation::return_excess::ReturnExcess;
use karvan_core::allocation::upload_allocation::{AllocationRow, UploadAllocation};
use karvan_core::allocation::{ROWS_MAX, Source};
use karvan_core::id::PersonId;
use karvan_core::mrv::Decimal;
use karvan_core::quantity::Tonnes;
use karvan_core::supply::central_transfer::CentralTransfer;
use karvan_core::supply::set_cap::SetCap;
use karvan_core::time::Year;
use karvan_engine::journal::Journal;
use karvan_engine::writer::Stopped;
use karvan_policy::chapter::AllocationMethod;
use std::collections::BTreeMap;

/// A hundred percent.
fn whole() -> Decimal {
    Decimal::parse("100").unwrap_or(Decimal::ONE)
}

/// A plant's share of free allocation: its place, what it is reckoned from, and what it comes to.
pub(super) type Share = (usize, Basis, Tonnes);

impl<J: Journal> Play<J> {
    /// Divides a pool by the method of the jurisdiction. Benchmarks are those of the products, made
    /// to fit the pool; the few units that rounding leaves stay where they are.
    pub(super) fn shares(&self, j: usize, year: u16, pool: Tonnes) -> Vec<Share> {
        let method = self.policy_of(j).allocation;
        let mine: Vec<(usize, &Plant)> = self
            .plants
            .iter()
            .enumerate()
            .filter(|(_, it)| it.jurisdiction == j && it.obliged_in(year))
            .collect();
        let mut products: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
        for (_, plant) in &mine {
            let (emissions, output) = products.entry(plant.row.product.as_str()).or_default();
            *emissions += plant.base_t;
            *output += plant.row.output;
        }
        let benchmark = |plant: &Plant| {
            let of_product = products.get(plant.row.product.as_str()).copied();
            let (emissions, output) = of_product.unwrap_or_default();
            if output > 0.0 { emissions / output } else { 0.0 }
        };
        let growth = self.growth(j, year);
        let terms = |plant: &Plant| match method {
            AllocationMethod::Grandfathering => (1.0, plant.base_t),
            AllocationMethod::BenchmarkHistorical => (benchmark(plant), plant.row.output),
            // What the output was expected to be when the year began.
            AllocationMethod::BenchmarkOutput => {
                let forecast = plant.years.get(&year).map_or(1.0, |it| it.forecast);
                let expected = plant.row.output * growth * libm::exp(plant.deviation) * forecast;
                (benchmark(plant), expected)
            }
        };
        let sum: f64 = mine.iter().map(|(_, it)| terms(it)).map(|(one, two)| one * two).sum();
        let fits = (pool.0 as f64 - mine.len() as f64).max(0.0) / sum.max(1e-12);
        let share = |(place, plant): &(usize, &Plant)| {
            let (benchmark, activity) = terms(plant);
            // Past emissions have no benchmark: there the fit is made with what they are.
            let (benchmark, activity) = match method {
                AllocationMethod::Grandfathering => (1.0, activity * fits),
                AllocationMethod::BenchmarkHistorical | AllocationMethod::BenchmarkOutput => {
                    (benchmark * fits, activity)
                }
            };
            let basis = Basis {
                method: match method {
                    AllocationMethod::Grandfathering => Method::Grandfathering,
                    AllocationMethod::BenchmarkHistorical => Method::BenchmarkHistorical,
                    AllocationMethod::BenchmarkOutput => Method::BenchmarkOutput,
                },
                benchmark: decimal(benchmark, 9)?,
                activity: decimal(activity, 3)?,
                leakage_percent: whole(),
                correction_percent: whole(),
            };
            let quantity = basis.entitlement().filter(|it| *it > Tonnes::ZERO)?;
            Some((*place, basis, quantity))
        };
        mine.iter().filter_map(share).collect()
    }

    /// Brings a year's allocation in line with the verified output.
    pub(super) fn true_up(&mut self, j: usize, year: u16) -> Result<(), Stopped> {
        let rows = self.reckoned_again(j, year);
        let Officials { id: jurisdiction, administrator, .. } = self.officials[j];
        let (vintage, source) = (Year(year), Source::National);
        let mut commands: Vec<(PersonId, Command)> = Vec::new();
        for slice in rows.chunks(ROWS_MAX) {
            let rows = slice.to_vec();
            let upload = UploadAllocation { jurisdiction, year: vintage, rows, source };
            commands.push((administrator, upload.into()));
        }
        self.send(std::mem::take(&mut commands))?;
        let returned = self.return_excess(j, year, &rows)?;
        let due: Vec<(usize, Tonnes)> = self.due(year, &rows);
        let missing: Tonnes = due.iter().map(|(_, it)| *it).sum();
        self.follow(j, year, (missing, returned))?;
        let installations: Vec<_> =
            due.iter().map(|(place, _)| self.plants[*place].installation).collect();
        for slice in installations.chunks(ROWS_MAX) {
            let installations = slice.to_vec();
            let allocate = Allocate { jurisdiction, year: vintage, installations, source };
            commands.push((administrator, allocate.into()));
        }
        self.send(commands)
    }

    /// The table of a year with the verified output in the place of what was expected.
    fn reckoned_again(&self, j: usize, year: u16) -> Vec<AllocationRow> {
        let state = self.state();
        let mine = self.plants.iter().filter(|it| it.jurisdiction == j && it.obliged_in(year));
        let row = |plant: &Plant| {
            let installation = plant.installation;
            let verified = state.installations.row(installation).activity.get(&Year(year))?;
            let basis = Basis { activity: *verified, ..*plant.allocated.get(&year)? };
            let (quantity, basis) = (basis.entitlement()?, Some(Box::new(basis)));
            Some(AllocationRow { installation, quantity, basis })
        };
        mine.filter_map(row).collect()
    }

    /// Operators give back what was too much, as far as they have it.
    fn return_excess(
        &mut self,
        j: usize,
        year: u16,
        rows: &[AllocationRow],
    ) -> Result<Tonnes, Stopped> {
        let state = self.state();
        let series = state.ledger.vintage(self.id_of(j), Year(year));
        let mut commands: Vec<(PersonId, Command)> = Vec::new();
        let mut sum = Tonnes::ZERO;
        for plant in self.plants.iter().filter(|it| it.jurisdiction == j) {
            let installation = plant.installation;
            let row = state.entitlements.get(&(installation, Year(year)));
            let Some(row) = row.filter(|_| rows.iter().any(|it| it.installation == installation))
            else {
                continue;
            };
            let excess = row.entitled.short_of(row.delivered);
            let held = state.ledger.shelves.row(plant.account).free(|it| Some(it) == series);
            let quantity = excess.min(held);
            if quantity > Tonnes::ZERO {
                sum += quantity;
                let back = ReturnExcess { installation, year: Year(year), quantity };
                commands.push((self.groups[plant.group].person, back.into()));
            }
        }
        self.send(commands)?;
        Ok(sum)
    }

    /// What is still to be delivered, by the places of the plants.
    fn due(&self, year: u16, rows: &[AllocationRow]) -> Vec<(usize, Tonnes)> {
        let state = self.state();
        let due = |(place, plant): (usize, &Plant)| {
            let row = state.entitlements.get(&(plant.installation, Year(year)))?;
            let missing = row.delivered.short_of(row.entitled);
            let named = rows.iter().any(|it| it.installation == plant.installation);
            (named && missing > Tonnes::ZERO).then_some((place, missing))
        };
        self.plants.iter().enumerate().filter_map(due).collect()
    }

    /// The cap follows: more is issued where more is missing than came back; what came back beyond
    /// that is withdrawn.
    fn follow(
        &mut self,
        j: usize,
        year: u16,
        (missing, returned): (Tonnes, Tonnes),
    ) -> Result<(), Stopped> {
        let Officials { id: jurisdiction, administrator, .. } = self.officials[j];
        let of_year = Year(year);
        let cap = self.state().caps.get(&(jurisdiction, of_year));
        let cap = cap.and_then(|it| it.chain.last()).map(|(_, it)| *it).unwrap_or_default();
        let output: f64 =
            self.state().installations.iter().map(|(_, it)| it).fold(0.0, |sum, it| {
                let here = it.jurisdiction == jurisdiction && it.obliged_in(of_year);
                let owed = it.emissions.get(&of_year).filter(|_| here);
                sum + owed.map_or(0.0, |it| it.0 as f64)
            });
        let (more, less) = (returned.short_of(missing), missing.short_of(returned));
        let activity = Decimal::parse(&floor(output).to_string());
        let quantity = Tonnes((cap + more).0.saturating_sub(less.0));
        let basis = basis("verified emissions of the obliged", &self.settings.policy, activity);
        let opening = Tonnes::ZERO;
        let set: Command = SetCap { jurisdiction, year: of_year, quantity, opening, basis }.into();
        let central = |from, to, quantity| {
            Command::from(CentralTransfer { jurisdiction, from, to, year: of_year, quantity })
        };
        let (total, allocation) = (AccountKind::TotalQuantity, AccountKind::Allocation);
        let commands = match (more > Tonnes::ZERO, less > Tonnes::ZERO) {
            (true, _) => {
                let issue = self.issue(j, of_year, more);
                vec![set, issue, central(total, allocation, more)]
            }
            (_, true) => vec![central(allocation, total, less), set],
            _ => vec![set],
        };
        self.send(commands.into_iter().map(|it| (administrator, it)).collect())
    }
}

/// A number with so many digits behind the point.
fn decimal(number: f64, digits: usize) -> Option<Decimal> {
    Decimal::parse(&format!("{number:.digits$}"))
}

/// The basis of two deliveries for the same activity: their benchmarks together.
pub(super) fn more(one: &Basis, other: &Basis) -> Option<Basis> {
    let number = |it: Decimal| it.to_string().parse::<f64>().ok();
    let benchmark = decimal(number(one.benchmark)? + number(other.benchmark)?, 9)?;
    let fits = one.method != Method::Grandfathering && one.activity == other.activity;
    fits.then_some(Basis { benchmark, ..*one })
}
