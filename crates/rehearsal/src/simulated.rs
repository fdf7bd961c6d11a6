//! The prices that a rehearsal finds beside those that the equilibrium model expects, and what
//! keeps them apart.

use crate::outcome::Outcome;
use crate::play::{Play, Settings};
use karvan_core::quantity::{Price, Tonnes};
use karvan_engine::journal::memory::MemoryJournal;
use karvan_engine::writer::Stopped;
use karvan_policy::model;
use karvan_policy::model::world::World;
use karvan_policy::rehearsal::Behaviour;
use karvan_policy::tables::Tables;

/// A jurisdiction's year by both.
#[derive(Clone, Debug, PartialEq)]
pub struct Expected {
    /// The code of the jurisdiction.
    pub jurisdiction: String,
    /// The year.
    pub year: u16,
    /// The price that the model expects, a tonne.
    pub simulated: f64,
    /// The mean price of auctions and calls, weighted by volume; none where nothing was traded.
    pub rehearsed: Option<f64>,
    /// What was traded, Mt.
    pub volume: f64,
}

/// What the model expects of all years of a policy.
pub fn simulate(settings: &Settings, tables: &Tables) -> model::outcome::Outcome {
    let mut policy = settings.policy.clone();
    // The rehearsed market has none of these.
    let scenario = &mut policy.scenario;
    (scenario.credits, scenario.output_responds, scenario.investment) = (false, false, false);
    let years = (policy.first_year, policy.last_year);
    model::simulate::run(&World::of(&policy, (&settings.plants, tables), years))
}

/// Both, for the jurisdictions and years that were rehearsed and have a market.
pub fn compare(rehearsed: &Outcome, simulated: &model::outcome::Outcome) -> Vec<Expected> {
    let mut all = Vec::new();
    for row in &rehearsed.rows {
        let member = simulated.members.iter().find(|it| it.code == row.jurisdiction);
        let expected = member.and_then(|it| it.rows.iter().find(|it| it.year == row.year));
        let Some(price) = expected.and_then(|it| it.price) else { continue };
        let traded = [(row.auction_price, row.auctioned), (row.call_price, row.call_volume)];
        let traded = traded.into_iter().filter_map(|(price, volume)| Some((price?, volume)));
        let (mut money, mut volume) = (0.0, 0.0);
        for (Price(cents), Tonnes(tonnes)) in traded {
            money += cents as f64 / 100.0 * tonnes as f64;
            volume += tonnes as f64;
        }
        all.push(Expected {
            jurisdiction: row.jurisdiction.clone(),
            year: row.year,
            simulated: price.0,
            rehearsed: (volume > 0.0).then(|| money / volume),
            volume: volume / 1e6,
        });
    }
    all
}

/// How far the rehearsed prices lie from the simulated ones, weighted by what was traded, percent
/// of the simulated ones; none where nothing was traded at a price.
pub fn difference(rows: &[Expected]) -> Option<f64> {
    let (mut apart, mut sum) = (0.0, 0.0);
    for row in rows {
        let Some(rehearsed) = row.rehearsed else { continue };
        apart += row.volume * (rehearsed - row.simulated).abs();
        sum += row.volume * row.simulated;
    }
    (sum > 0.0).then(|| 100.0 * apart / sum)
}

/// What keeps people from the model's prices, added one after the other.
const CAUSES: [(&str, Behaviour); 4] = [
    ("nothing: all offer and bid what it is worth", Behaviour::COMPETITIVE),
    ("reluctance to sell", Behaviour { reluctant: true, ..Behaviour::COMPETITIVE }),
    ("hedging by plan", Behaviour { bounded: false, ..Behaviour::REALISTIC }),
    ("short sight, own views, budgets", Behaviour::REALISTIC),
];

/// The difference with each cause added to those before, percent: the last ones are errors and
/// defaults, where the policy has them.
pub fn by_cause(
    settings: &Settings,
    simulated: &model::outcome::Outcome,
    watch: &mut dyn FnMut(&'static str),
) -> Result<Vec<(&'static str, Option<f64>)>, Stopped> {
    let errs = settings.policy.rehearsal.errors;
    let last = ("errors and defaults", Behaviour::REALISTIC);
    let mut all = Vec::new();
    for (place, (cause, behaviour)) in CAUSES.into_iter().chain(errs.then_some(last)).enumerate() {
        watch(cause);
        let mut settings = settings.clone();
        let rehearsal = &mut settings.policy.rehearsal;
        (rehearsal.behaviour, rehearsal.errors) = (behaviour, place >= CAUSES.len());
        rehearsal.attacks = false;
        let (outcome, _) = Play::new(settings, MemoryJournal::forgetful()).run(&mut |_| {})?;
        all.push((cause, difference(&compare(&outcome, simulated))));
    }
    Ok(all)
}
