//! What came of a rehearsal: a row for each jurisdiction and year, read off the ledger, and what
//! only the rehearsal knows (emissions without abatement).

use crate::group::{Plant, PlantYear};
use crate::play::{Attempt, Banked};
use karvan_core::State;
use karvan_core::account::{AccountKind, of_government};
use karvan_core::book::Market;
use karvan_core::compliance::Letter;
use karvan_core::evidence::Measured;
use karvan_core::exchange::is_of;
use karvan_core::id::{JurisdictionId, ProductId, SeriesId, SiteId};
use karvan_core::ledger::{Series, UnitClass};
use karvan_core::quantity::{Money, Price, Tonnes, WattHours};
use karvan_core::rules::{ProductRules, Stage};
use karvan_core::time::{Instant, Year};
use karvan_policy::Policy;
use std::collections::BTreeSet;

/// One jurisdiction's year.
#[derive(Clone, Debug, PartialEq)]
pub struct YearRow {
    /// The jurisdiction's code.
    pub jurisdiction: String,
    /// The year.
    pub year: u16,
    /// Its stage.
    pub stage: Stage,
    /// Installations that reported: real and synthetic.
    pub reporting: (usize, usize),
    /// Installations that owe units: real and synthetic.
    pub obliged: (usize, usize),
    /// The cap.
    pub cap: Option<Tonnes>,
    /// Units given free.
    pub free: Tonnes,
    /// Units sold in primary auctions.
    pub auctioned: Tonnes,
    /// Primary auctions held for the year.
    pub auctions: usize,
    /// Call auctions held for the year.
    pub calls: usize,
    /// The mean auction price, weighted by volume.
    pub auction_price: Option<Price>,
    /// The mean price of call auctions of units for the year, weighted by volume.
    pub call_price: Option<Price>,
    /// What was traded in them.
    pub call_volume: Tonnes,
    /// Verified emissions of all that reported.
    pub reported: Tonnes,
    /// Verified emissions of the obliged.
    pub verified: Tonnes,
    /// What the obliged would have emitted without measures, less what they emitted, t.
    pub abated: f64,
    /// Units surrendered for the year.
    pub surrendered: Tonnes,
    /// Letters A, B and C.
    pub letters: (usize, usize, usize),
    /// Missing units for which a penalty case was opened.
    pub penalised: Tonnes,
    /// What is owed for them.
    pub penalties: Money,
}

/// What went through a link in a year of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkYear {
    /// Whose units.
    pub from: JurisdictionId,
    /// Where they count.
    pub to: JurisdictionId,
    /// The year.
    pub year: u16,
    /// Coupled auctions in which it took part.
    pub auctions: usize,
    /// Units that left.
    pub leaves: Tonnes,
    /// Units that arrived.
    pub arrives: Tonnes,
    /// What its quota earned.
    pub rent: Money,
    /// What was levied.
    pub levy: Money,
}

/// What came of a product in a year of generation.
#[derive(Clone, Debug, PartialEq)]
pub struct ProductYear {
    /// The jurisdiction's code.
    pub jurisdiction: String,
    /// The product's code.
    pub product: String,
    /// Certificate or credit.
    pub class: &'static str,
    /// The year.
    pub year: u16,
    /// Sites from whose evidence units were drawn.
    pub sites: usize,
    /// What they generated.
    pub energy: WattHours,
    /// Units issued.
    pub issued: Tonnes,
    /// Units sold in calls.
    pub sold: Tonnes,
    /// Their mean price, weighted by volume.
    pub price: Option<Price>,
    /// Units that were claimed.
    pub retired: Tonnes,
    /// Units that expired.
    pub expired: Tonnes,
}

/// What went through the links, by year and then in the order of the policy.
pub fn flows(state: &State) -> Vec<LinkYear> {
    let mut rows: Vec<LinkYear> = Vec::new();
    for (_, coupling) in state.couplings.iter() {
        let Some(at) = coupling.cleared else { continue };
        let year = u16::try_from(at.date().0).unwrap_or(u16::MAX);
        for it in &coupling.flows {
            let place =
                rows.iter().position(|row| (row.from, row.to, row.year) == (it.from, it.to, year));
            let place = place.unwrap_or_else(|| {
                let (leaves, arrives) = (Tonnes::ZERO, Tonnes::ZERO);
                let (rent, levy) = (Money::ZERO, Money::ZERO);
                let (from, to, auctions) = (it.from, it.to, 0);
                rows.push(LinkYear { from, to, year, auctions, leaves, arrives, rent, levy });
                rows.len() - 1
            });
            let row = &mut rows[place];
            row.auctions += 1;
            row.leaves += it.quantity;
            row.arrives += it.arrives;
            row.rent += it.rent;
            row.levy += it.levy;
        }
    }
    rows.sort_by_key(|it| (it.year, it.from, it.to));
    rows
}

/// All of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The rows, by jurisdiction in the order of the policy, then year.
    pub rows: Vec<YearRow>,
    /// Members of the market.
    pub members: usize,
    /// Real installations that reported at least once.
    pub real_reporting: usize,
    /// Real installations that owed units in at least one year.
    pub real_obliged: usize,
    /// Synthetic installations that reported.
    pub synthetic_reporting: usize,
    /// Units issued, opening balances included.
    pub issued: Tonnes,
    /// Records in the journal.
    pub records: u64,
    /// The last moment of the market.
    pub until: Instant,
    /// The hash of the last record.
    pub chain: [u8; 32],
    /// The hash of the state.
    pub state_hash: [u8; 32],
    /// Reports that were handed in, those that verifiers returned, and years reported late.
    pub reports: (u64, u64, u64),
    /// What went through the links.
    pub flows: Vec<LinkYear>,
    /// What links gained a jurisdiction, by its place and the year of the calendar: by the limits
    /// of its orders, beside what they would have gained in its own call, with its share of rents
    /// and levies.
    pub gains: Vec<(usize, u16, Money)>,
    /// What came of products, by jurisdiction, product and year.
    pub products: Vec<ProductYear>,
    /// What went through the settlement bank.
    pub banked: Banked,
    /// What thieves and careless officials tried.
    pub attempts: Vec<Attempt>,
    /// Refusals of honest commands by number: how many, and the first text.
    pub refused: Vec<(u16, u64, String)>,
}

fn mean(sum: i128, volume: Tonnes) -> Option<Price> {
    let volume = i128::from(volume.0);
    if volume == 0 {
        return None;
    }
    i64::try_from((sum + volume / 2).div_euclid(volume)).ok().map(Price)
}

/// Reads the rows off the state.
pub fn rows(policy: &Policy, state: &State, plants: &[Plant], years: (u16, u16)) -> Vec<YearRow> {
    let mut rows = Vec::new();
    for (place, it) in policy.jurisdictions.iter().enumerate() {
        let id = JurisdictionId(u32::try_from(place).unwrap_or(u32::MAX));
        for year in years.0..=years.1 {
            let mut row = row(state, id, year);
            row.jurisdiction.clone_from(&it.code);
            row.stage = it.stage.at(year);
            for plant in plants.iter().filter(|it| it.jurisdiction == place) {
                count_plant(&mut row, state, plant);
            }
            rows.push(row);
        }
    }
    rows
}

/// What the ledger says of a jurisdiction's year.
fn row(state: &State, id: JurisdictionId, year: u16) -> YearRow {
    let key = (id, Year(year));
    let (auctioned, taken) = state.auctioned.get(&key).copied().unwrap_or_default();
    let calls = state
        .calls
        .iter()
        .map(|(_, it)| it)
        .filter(|it| it.market() == Market::of_allowances(id, Year(year)));
    let auctions = state.auctions.iter().filter(|(_, it)| (it.jurisdiction, it.year) == key);
    let mut held = 0;
    let mut call_volume = Tonnes::ZERO;
    let mut call_sum = 0;
    for result in calls.filter_map(|it| it.result) {
        held += 1;
        if let Some(price) = result.price {
            call_volume += result.volume;
            call_sum += i128::from(price.0) * i128::from(result.volume.0);
        }
    }
    let free = state
        .entitlements
        .iter()
        .filter(|((installation, of), _)| {
            of.0 == year && state.installations.row(*installation).jurisdiction == id
        })
        .map(|(_, it)| it.delivered)
        .sum();
    let cases = || {
        state.penalties.iter().map(|(_, it)| it).filter(move |it| {
            it.year.0 == year && state.installations.row(it.installation).jurisdiction == id
        })
    };
    YearRow {
        jurisdiction: String::new(),
        year,
        stage: Stage::Observer,
        reporting: (0, 0),
        obliged: (0, 0),
        cap: state.caps.get(&key).and_then(|it| it.chain.last()).map(|(_, cap)| *cap),
        free,
        auctioned,
        auctions: auctions.count(),
        calls: held,
        auction_price: mean(i128::from(taken.0), auctioned),
        call_price: mean(call_sum, call_volume),
        call_volume,
        reported: Tonnes::ZERO,
        verified: Tonnes::ZERO,
        abated: 0.0,
        surrendered: Tonnes::ZERO,
        letters: (0, 0, 0),
        penalised: cases().map(|it| it.shortfall).sum(),
        penalties: cases().map(|it| it.amount).sum(),
    }
}

fn count_plant(row: &mut YearRow, state: &State, plant: &Plant) {
    let installation = state.installations.row(plant.installation);
    let year = Year(row.year);
    let add = |to: &mut (usize, usize)| {
        if plant.is_real() { to.0 += 1 } else { to.1 += 1 }
    };
    if let Some(verified) = installation.emissions.get(&year) {
        add(&mut row.reporting);
        row.reported += *verified;
        if installation.obliged_in(year) {
            row.verified += *verified;
        }
    }
    if installation.obliged_in(year) {
        add(&mut row.obliged);
        row.surrendered += installation.surrendered.get(&year).copied().unwrap_or_default();
        let PlantYear { without, with, .. } =
            plant.years.get(&row.year).copied().unwrap_or_default();
        row.abated += without - with;
        match installation.letters.get(&year) {
            Some(Letter::A) => row.letters.0 += 1,
            Some(Letter::B) => row.letters.1 += 1,
            Some(Letter::C) => row.letters.2 += 1,
            Some(Letter::NotApplicable | Letter::Excluded | Letter::D | Letter::E | Letter::X)
            | None => {}
        }
    }
}

/// Allowances issued in all series.
pub fn issued(state: &State) -> Tonnes {
    let allowances = |it: &&Series| it.class == UnitClass::Allowance;
    state.ledger.series.iter().map(|(_, it)| it).filter(allowances).map(|it| it.issued).sum()
}

/// What products came to, by year of generation.
pub fn products(policy: &Policy, state: &State, years: (u16, u16)) -> Vec<ProductYear> {
    let mut rows = Vec::new();
    for (place, it) in policy.jurisdictions.iter().enumerate() {
        let jurisdiction = JurisdictionId(u32::try_from(place).unwrap_or(u32::MAX));
        for (product, rules) in (0u8..).map(ProductId).zip(&it.products) {
            for year in (years.0..=years.1).map(Year) {
                let market = Market { jurisdiction, year, product: Some(product) };
                let row = product_year(state, (market, rules));
                let (jurisdiction, product) = (it.code.clone(), rules.code.to_string());
                rows.push(ProductYear { jurisdiction, product, ..row });
            }
        }
    }
    rows
}

fn product_year(state: &State, (market, rules): (Market, &ProductRules)) -> ProductYear {
    let mine: BTreeSet<SeriesId> = state
        .ledger
        .series
        .iter()
        .filter(|(_, it)| is_of(state, (rules, market), it))
        .map(|(id, _)| id)
        .collect();
    let evidence = || {
        let drawn = mine.iter().filter_map(|it| state.ledger.series.row(*it).drawn);
        drawn.map(|it| state.evidence.row(it.evidence))
    };
    let energy = evidence().map(|it| match it.measured {
        Measured::Energy(energy) => energy,
        Measured::Avoided(_) => WattHours::ZERO,
    });
    let sites: BTreeSet<SiteId> = evidence().map(|it| it.site).collect();
    let calls = state.calls.iter().filter(|(_, it)| it.market() == market);
    let (mut sold, mut sum) = (Tonnes::ZERO, 0);
    for (result, price) in
        calls.filter_map(|(_, it)| it.result.and_then(|it| Some((it, it.price?))))
    {
        sold += result.volume;
        sum += i128::from(price.0) * i128::from(result.volume.0);
    }
    let ended = |kind| {
        let account = of_government(state, market.jurisdiction, kind);
        account
            .map_or(Tonnes::ZERO, |it| state.ledger.shelves.row(it).free(|it| mine.contains(&it)))
    };
    ProductYear {
        jurisdiction: String::new(),
        product: String::new(),
        class: rules.class.name(),
        year: market.year.0,
        sites: sites.len(),
        energy: energy.sum(),
        issued: mine.iter().map(|it| state.ledger.series.row(*it).issued).sum(),
        sold,
        price: mean(sum, sold),
        retired: ended(AccountKind::Retirement),
        expired: ended(AccountKind::Deletion),
    }
}
