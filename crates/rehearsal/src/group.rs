//! The people of a rehearsal: plants, and the groups that decide for them.

use crate::plants::{PlantRow, Provenance};
use karvan_core::State;
use karvan_core::account::AccountStatus;
use karvan_core::allocation::entitlement::{Basis, Method};
use karvan_core::id::{AccountId, InstallationId, JurisdictionId, PartyId, PersonId};
use karvan_core::mrv::Decimal;
use karvan_core::quantity::Tonnes;
use karvan_core::time::{Instant, Year};
use karvan_policy::abatement::Curve;
use std::collections::BTreeMap;

/// A plant with what only its owner knows.
#[derive(Clone, Debug)]
pub struct Plant {
    /// Its row of the data.
    pub row: PlantRow,
    /// The place of its jurisdiction in the policy.
    pub jurisdiction: usize,
    /// The place of its group.
    pub group: usize,
    /// From this year on it owes units.
    pub obliged_from: Option<u16>,
    /// Its installation in the registry.
    pub installation: InstallationId,
    /// Its account.
    pub account: AccountId,
    /// Emissions in the policy's first year without a market and without chance, t.
    pub base_t: f64,
    /// What its measures can avoid.
    pub curve: Curve,
    /// The share avoided by measures that are built.
    pub built: f64,
    /// The share avoided by the fuel of this quarter.
    pub switched: f64,
    /// The deviation of its output, in logarithms.
    pub deviation: f64,
    /// The years so far.
    pub years: BTreeMap<u16, PlantYear>,
    /// From what its free allocation was reckoned when the year began.
    pub allocated: BTreeMap<u16, Basis>,
}

/// What a plant emits in a year, t.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlantYear {
    /// Without measures.
    pub without: f64,
    /// With them.
    pub with: f64,
    /// What the year's emissions were expected to be when it began, as a multiple of what they
    /// will have been: nobody knows a year's output before it is over.
    pub forecast: f64,
}

impl Plant {
    /// Whether it makes power or heat.
    pub fn is_power(&self) -> bool {
        matches!(self.row.sector.as_str(), "power" | "heat")
    }

    /// Whether it exists.
    pub fn is_real(&self) -> bool {
        !matches!(self.row.provenance, Provenance::Synthetic)
    }

    /// Whether it owes units for a year.
    pub fn obliged_in(&self, year: u16) -> bool {
        self.obliged_from.is_some_and(|first| first <= year)
    }

    /// What it emitted in a year that is over, t.
    pub fn emissions(&self, year: u16) -> f64 {
        self.years.get(&year).map_or(self.base_t, |it| it.with)
    }

    /// What it put out in a year that is over, in the unit of its product, to a thousandth; none
    /// where the data do not say.
    pub fn output(&self, year: u16) -> Option<Decimal> {
        let it = self.years.get(&year).filter(|_| self.row.output > 0.0 && self.base_t > 0.0)?;
        Decimal::parse(&format!("{:.3}", self.row.output * it.without / self.base_t))
    }

    /// What its owner expects a year's emissions to be: measured for the months that are over, as
    /// forecast for the others, t.
    pub fn expects(&self, year: u16, now: Instant) -> f64 {
        let Some(it) = self.years.get(&year) else { return self.base_t };
        let (of, month, _) = now.date();
        let known = if of > i64::from(year) { 1.0 } else { (month - 1) as f64 / 12.0 };
        it.with * (known + (1.0 - known) * it.forecast)
    }
}

/// The plants of one owner in one jurisdiction: one decision maker.
#[derive(Clone, Debug)]
pub struct Group {
    /// The place of its jurisdiction in the policy.
    pub jurisdiction: usize,
    /// The owner's name in the data.
    pub owner: String,
    /// Its party.
    pub party: PartyId,
    /// The person that acts for it.
    pub person: PersonId,
    /// The places of its plants.
    pub plants: Vec<usize>,
    /// How many years it looks ahead; beyond the end of validity nobody looks.
    pub horizon: u16,
    /// Whether it offers nothing until its units are about to expire.
    pub hoards: bool,
    /// How its view of the price differs this year (a factor).
    pub view: f64,
    /// Money it may still bring in this year, cents.
    pub budget: u64,
}

/// What a group holds and owes, as far as units that count for a year go.
#[derive(Clone, Copy, Debug, Default)]
pub struct Position {
    /// Units that count for the year, t.
    pub holds: f64,
    /// What is or will be owed up to and with the year, t.
    pub owes: f64,
}

impl Position {
    /// What is missing (positive) or left over (negative), t.
    pub fn short(&self) -> f64 {
        self.owes - self.holds
    }
}

/// Units in an account that count for a year.
pub fn eligible(state: &State, plant: &Plant, year: u16) -> Tonnes {
    let jurisdiction = JurisdictionId(u32::try_from(plant.jurisdiction).unwrap_or(u32::MAX));
    let counts = |series| state.ledger.counts_for(series, jurisdiction, Year(year));
    state.ledger.shelves.row(plant.account).free(counts)
}

/// Whether the account may dispose of its units.
pub fn is_open(state: &State, plant: &Plant) -> bool {
    state.accounts.row(plant.account).status == AccountStatus::Open
}

/// What a plant owes up to and with a year: verified where a report is in, its own estimate else.
pub fn owes(state: &State, plant: &Plant, year: u16) -> f64 {
    let row = state.installations.row(plant.installation);
    let Some(first) = plant.obliged_from else {
        return 0.0;
    };
    let years = (first..=year).map(|it| match row.emissions.get(&Year(it)) {
        Some(verified) => verified.0 as f64,
        None => plant.expects(it, state.now),
    });
    let back = to_return(state, plant, year);
    (years.sum::<f64>() + back - row.settled_up_to(Year(year)).0 as f64).max(0.0)
}

/// What a plant will have to return of a year's free allocation, because its output is less than
/// was expected: known when the year is over, and for certain after the true-up.
fn to_return(state: &State, plant: &Plant, year: u16) -> f64 {
    let follows = |it: &&Basis| it.method == Method::BenchmarkOutput;
    let Some(expected) = plant.allocated.get(&year).filter(follows) else { return 0.0 };
    let entitlement = state.entitlements.get(&(plant.installation, Year(year)));
    let Some(entitlement) = entitlement else { return 0.0 };
    let over = state.now.date().0 > i64::from(year);
    let actual = plant.output(year).filter(|_| over).unwrap_or(expected.activity);
    let entitled = Basis { activity: actual, ..*expected }.entitlement().unwrap_or_default();
    entitled.min(entitlement.entitled).short_of(entitlement.delivered).0 as f64
}

/// The position of a group.
pub fn position(state: &State, plants: &[Plant], group: &Group, year: u16) -> Position {
    let mut sum = Position::default();
    for plant in group.plants.iter().filter_map(|it| plants.get(*it)) {
        if plant.obliged_in(year) {
            sum.holds += eligible(state, plant, year).0 as f64;
            sum.owes += owes(state, plant, year);
        }
    }
    sum
}
