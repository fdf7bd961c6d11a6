//! On what a result rests: each input with its source.

use crate::chapter::Jurisdiction;
use crate::nations::{BASE_YEAR, Nation, Seen};
use crate::plants::PlantRow;
use crate::scenario::{Baselines, Curves};
use crate::schema::Policy;
use crate::tables::Data;

/// On what a figure rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Provenance {
    /// Measured, or taken from a law.
    Measured,
    /// Computed from measured figures.
    Derived,
    /// A figure of something else that stands in for it.
    Proxy,
    /// Somebody's judgement.
    Assumption,
}

impl Provenance {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Derived => "derived",
            Self::Proxy => "proxy",
            Self::Assumption => "assumption",
        }
    }
}

/// An input with its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Whose: the code of a jurisdiction or a link; empty for all.
    pub of: String,
    /// What.
    pub what: String,
    /// On what it rests.
    pub provenance: Provenance,
    /// Where it comes from.
    pub source: String,
}

impl Input {
    fn new((of, what): (&str, &str), provenance: Provenance, source: &str) -> Self {
        let (of, what, source) = (of.to_owned(), what.to_owned(), source.to_owned());
        Self { of, what, provenance, source }
    }
}

/// What a chapter may name, and its keys.
const GIVEN: [(&str, &str); 20] = [
    ("emissions without a market", "baseline_mt"),
    ("their growth", "growth_percent_per_year"),
    ("caps", "cap_mt"),
    ("requirement", "requirement"),
    ("free allocation", "free_percent"),
    ("auctions", "auction_percent"),
    ("reserve price", "auction_reserve_usd_per_t"),
    ("ceiling price", "price_ceiling_usd_per_t"),
    ("penalty", "penalty_usd_per_t"),
    ("exports to a border adjustment", "border_exports_mt"),
    ("opening balance", "opening_balance_mt"),
    ("cap as a share of the baseline", "cap_percent_of_baseline"),
    ("borrowing", "borrowing_percent"),
    ("tiers", "cost_containment_usd_per_t"),
    ("quantity rule", "quantity_reserve_rate_percent"),
    ("discount rate", "discount_percent_per_year"),
    ("hurdle", "hurdle_percent_per_year"),
    ("national target", "ndc_target_mt"),
    ("limit of domestic credits", "domestic_credits_percent_of_obligation"),
    ("limit of foreign credits", "foreign_credits_percent_of_obligation"),
];

/// The keys that mean nothing where emissions come from the tables.
const BASELINE: [&str; 2] = ["baseline_mt", "growth_percent_per_year"];

/// The inputs of a policy, each with what it rests on.
pub(super) fn of(policy: &Policy, (plants, tables): Data<'_>) -> Vec<Input> {
    let assumed = |of: (&str, &str), source| Input::new(of, Provenance::Assumption, source);
    let mut all = vec![
        assumed(("", "diffusion, foresight, spreads, pass-through, border price"), "[scenario]"),
        assumed(
            ("", "cost, life and reach of projects, prices of fuel and electricity"),
            "data/measures.csv, data/fuels.csv, [scenario]",
        ),
    ];
    if policy.scenario.output_responds {
        let what = "what products bring, and how demand answers";
        all.push(assumed(("", what), "data/products.csv"));
    }
    if policy.scenario.credits {
        let what = "the share of what could be avoided that becomes credits, what they cost";
        all.push(assumed(("", what), "[scenario]"));
    }
    for link in &policy.links {
        let of = format!("{}-{}", link.from, link.to);
        all.push(assumed((&of, "ratio, quota, levy"), "the policy file"));
    }
    for it in policy.jurisdictions.iter().filter(|it| it.requirement_mt.is_none()) {
        let Some(nation) = tables.nations.get(&it.code) else { continue };
        all.extend(national(&it.code, nation));
        if policy.scenario.credits {
            let what = (it.code.as_str(), "what could be avoided outside of caps");
            let source = "bands by sector, informed by the cost bands of IPCC AR6 WG III";
            all.push(Input::new(what, Provenance::Proxy, source));
            let key = "exported_credits_percent_of_issued";
            let basis = it.basis.get(key).map_or("assumption", String::as_str);
            let what = (it.code.as_str(), "credits that may leave");
            all.push(Input::new(what, basis_of(basis), &format!("the policy file: {basis}")));
        }
    }
    for it in policy.jurisdictions.iter().filter(|it| it.takes_part(policy)) {
        all.extend(given((policy, it)));
        if it.macc.is_none() {
            all.extend(curves((policy, it), plants));
        }
    }
    all
}

/// What the tables tell of a country.
fn national(code: &str, nation: &Nation) -> Vec<Input> {
    let source = "EDGAR v7.0, installations and GDP (data/SOURCES.md), by their trend of 2010-2021";
    let what = (code, "emissions beside the market");
    let mut all = vec![Input::new(what, Provenance::Derived, source)];
    let source = "data/indicators.csv: IRENA and the IFI's grid factors; some assumed, as it says";
    all.push(Input::new((code, "output of sun and wind"), Provenance::Derived, source));
    for promise in &nation.promises {
        let (provenance, remembered) = match promise.seen {
            Seen::Document => (Provenance::Measured, ""),
            Seen::Derived => (Provenance::Derived, ", its level derived"),
            Seen::Memory => (Provenance::Assumption, ", from memory: check"),
        };
        let what = format!("national target for {}", promise.year);
        let source = format!("{} ({}{remembered})", promise.document, promise.source);
        all.push(Input::new((code, &what), provenance, &source));
    }
    all
}

fn basis_of(basis: &str) -> Provenance {
    match basis {
        "law" | "measured" => Provenance::Measured,
        _ => Provenance::Assumption,
    }
}

/// What a chapter names.
fn given((policy, it): (&Policy, &Jurisdiction)) -> Vec<Input> {
    let mut all = Vec::new();
    let from_tables = it.baselines(policy) == Baselines::Data && it.requirement_mt.is_none();
    if from_tables {
        let source = format!(
            "installations of {BASE_YEAR} (data/SOURCES.md), grown as EDGAR's sectors did by unit \
             of GDP since 2010"
        );
        let what = (it.code.as_str(), "emissions without a market");
        all.push(Input::new(what, Provenance::Derived, &source));
    }
    for (what, key) in GIVEN {
        if !it.names(key) || (from_tables && BASELINE.contains(&key)) {
            continue;
        }
        let basis = it.basis.get(key).map_or("assumption", String::as_str);
        let source = format!("the policy file: {basis}");
        all.push(Input::new((&it.code, what), basis_of(basis), &source));
    }
    if it.macc.is_some() {
        let what = (it.code.as_str(), "abatement curve");
        all.push(Input::new(what, Provenance::Assumption, "the policy file"));
    }
    all
}

/// Where abatement curves and the shares of sectors come from.
fn curves((policy, it): (&Policy, &Jurisdiction), plants: &[PlantRow]) -> Vec<Input> {
    let mut all = Vec::new();
    let mut add = |what, provenance, source| {
        all.push(Input::new((it.code.as_str(), what), provenance, source));
    };
    if policy.scenario.curves == Curves::Plants {
        let source = "measures at listed plants (data/measures.csv, data/fuels.csv); bands where a \
                      sector has none";
        add("abatement curves", Provenance::Assumption, source);
    }
    if it.abatement.bands.is_some() {
        add("abatement bands", Provenance::Assumption, "the policy file");
    } else {
        let source = "bands by sector, informed by the cost bands of IPCC AR6 WG III, times the \
                      country's multipliers";
        add("abatement bands", Provenance::Proxy, source);
    }
    let listed = |row: &PlantRow| row.jurisdiction == it.code;
    let (provenance, source) = if plants.iter().any(listed) {
        (Provenance::Derived, "the table of installations (data/SOURCES.md)")
    } else {
        (Provenance::Assumption, "equal shares: no installation is listed")
    };
    add("shares of sectors", provenance, source);
    all
}
