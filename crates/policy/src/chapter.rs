//! One jurisdiction's chapter, `[jurisdiction.CODE]`.

use crate::abatement::Abatement;
use crate::auctions::Auctions;
use crate::calendar;
use crate::declared::Declared;
use crate::penalty::Penalty;
use crate::products;
use crate::reader::Section;
use crate::reserve;
use crate::scenario::Baselines;
use crate::schema::{ByYear, Policy, SECTORS, basis, is_currency, label, price, whole, year};
use crate::trading;
use crate::{model::macc::Macc, own};
use karvan_core::calendar::{Calendar, Day, WorkingTime};
use karvan_core::compatibility::SettlementClass;
use karvan_core::rules::{
    EvidenceRules, JurisdictionRules, MakerRules, ProductRules, Registry, Stage, TradingRules,
    YearRules,
};
use karvan_core::supply::reserve::QuantityShares;
use karvan_core::time::{Instant, Year};
use std::collections::{BTreeMap, BTreeSet};

const STAGES: [(&str, Stage); 4] = [
    ("observer", Stage::Observer),
    ("crediting", Stage::Crediting),
    ("pilot", Stage::Pilot),
    ("ets", Stage::Ets),
];
const METHODS: [(&str, AllocationMethod); 3] = [
    ("grandfathering", AllocationMethod::Grandfathering),
    ("benchmark_historical", AllocationMethod::BenchmarkHistorical),
    ("benchmark_output", AllocationMethod::BenchmarkOutput),
];
const UNUSED: [(&str, UnusedNewEntrants); 3] = [
    ("auction", UnusedNewEntrants::Auction),
    ("allocate", UnusedNewEntrants::Allocate),
    ("keep", UnusedNewEntrants::Keep),
];
/// What has no meaning where a chapter says what must be avoided.
const WITH_CAPS: [&str; 9] = [
    "cap_mt",
    "baseline_mt",
    "cap_percent_of_baseline",
    "opening_balance_mt",
    "auction_reserve_usd_per_t",
    "cost_containment_usd_per_t",
    "quantity_reserve_rate_percent",
    "borrowing_percent",
    "border_exports_mt",
];
const REGISTRIES: [(&str, Registry); 2] =
    [("native", Registry::Native), ("mirror", Registry::Mirror)];

/// How free allocation is shared among installations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AllocationMethod {
    /// By past emissions.
    Grandfathering,
    /// By past output times a benchmark of the sector.
    BenchmarkHistorical,
    /// By actual output times a benchmark of the sector.
    BenchmarkOutput,
}

/// What happens to what new entrants did not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnusedNewEntrants {
    /// Sold in the last auction of the year.
    Auction,
    /// Given to the installations in December, as their growth.
    Allocate,
    /// Kept.
    Keep,
}

/// One jurisdiction's chapter.
#[derive(Clone, Debug, PartialEq)]
pub struct Jurisdiction {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its ISO 3166-1 alpha-2 code, with which its account numbers begin.
    pub country: String,
    /// Its working time.
    pub working_time: Calendar,
    /// The most a holder group may give to accounts it does not trust within five working days,
    /// percent of the year's cap.
    pub transfer_limit_percent: f64,
    /// The most one owner group may hold beyond what it owes, percent of the year's cap.
    pub holding_limit_percent: Option<f64>,
    /// Where the law keeps its registry.
    pub registry: Registry,
    /// Its stage by year.
    pub stage: ByYear<Stage>,
    /// Units count within these periods: first and last year.
    pub validity: Vec<(u16, u16)>,
    /// The sectors with an obligation by year.
    pub sectors: ByYear<Vec<String>>,
    /// Installations from this size on are obliged, t/yr.
    pub threshold_t: u64,
    /// Covered emissions without a market in the first year of the file, Mt.
    pub baseline_mt: f64,
    /// Their growth, percent a year.
    pub growth_percent: f64,
    /// The cap by year, Mt; none where no market is.
    pub cap_mt: ByYear<f64>,
    /// Units of earlier law taken over, Mt.
    pub opening_mt: f64,
    /// Their vintage.
    pub opening_vintage: u16,
    /// How free allocation is shared.
    pub allocation: AllocationMethod,
    /// Share of the cap that is given free, percent.
    pub free_percent: ByYear<f64>,
    /// Share kept for new entrants, percent.
    pub new_entrants_percent: ByYear<f64>,
    /// Share that is auctioned, percent.
    pub auction_percent: ByYear<f64>,
    /// What happens to what new entrants did not take.
    pub unused_new_entrants: UnusedNewEntrants,
    /// How units are sold.
    pub auctions: Auctions,
    /// The settlement class of those that are registered there.
    pub settlement_class: SettlementClass,
    /// How units are traded.
    pub trading: TradingRules,
    /// What is drawn from the evidence of sites.
    pub evidence: Option<EvidenceRules>,
    /// What is traded beside allowances.
    pub products: Vec<ProductRules>,
    /// What market makers are obliged to in sessions, where they are.
    pub maker: Option<MakerRules>,
    /// ISO 4217 code of the currency in which they are traded, where it is not the market's.
    pub quote: Option<String>,
    /// How the supply follows what is in circulation.
    pub quantity: Option<QuantityShares>,
    /// Verified emissions are due at the end of this day (month, day) of the next year.
    pub report_due: (u8, u8),
    /// Units are to be surrendered by the end of this day (month, day) of the next year.
    pub surrender_due: (u8, u8),
    /// Free allocation is brought in line with actual output by the end of this day (month, day) of
    /// the next year; without one by the surrender.
    pub true_up_due: Option<(u8, u8)>,
    /// Whether the cap follows the activity.
    pub intensity: bool,
    /// What a missing tonne costs.
    pub penalty: Penalty,
    /// How emissions are avoided.
    pub abatement: Abatement,
    /// What is declared and not acted on yet.
    pub declared: Declared,
    /// Its own abatement curve in Mt, where the file names one for the model.
    pub macc: Option<Macc>,
    /// What must be avoided, Mt, where the file says that instead of caps, for the model alone.
    pub requirement_mt: Option<ByYear<Option<f64>>>,
    /// Emissions in goods sold where a border adjustment is taken, Mt a year.
    pub border_exports_mt: ByYear<f64>,
    /// The most that the whole country is to emit, Mt, by year: its own promise (NDC).
    pub ndc_target_mt: ByYear<Option<f64>>,
    /// The keys that the file names.
    pub named: BTreeSet<String>,
    /// On what each key rests.
    pub basis: BTreeMap<String, String>,
}

impl Jurisdiction {
    /// Covered emissions without a market, Mt.
    pub fn baseline(&self, first: u16, year: u16) -> f64 {
        let mut mt = self.baseline_mt;
        for _ in first..year {
            mt *= 1.0 + self.growth_percent / 100.0;
        }
        mt
    }

    /// Where its emissions without a market come from.
    pub(crate) fn baselines(&self, policy: &Policy) -> Baselines {
        let named = self.names("baseline_mt") || self.requirement_mt.is_some();
        if named { policy.scenario.baselines } else { Baselines::Data }
    }

    /// Whether free allocation follows the output of the year.
    pub(crate) fn by_output(&self) -> bool {
        self.allocation == AllocationMethod::BenchmarkOutput
    }

    /// Whether the file names a key.
    pub fn names(&self, key: &str) -> bool {
        self.named.contains(key)
    }

    /// Whether the model has a market there in some year.
    pub fn takes_part(&self, policy: &Policy) -> bool {
        let mut years = policy.first_year..=policy.last_year;
        self.requirement_mt.is_some() || years.any(|it| self.obliges(it))
    }

    /// Whether there is an obligation in a year.
    pub fn obliges(&self, year: u16) -> bool {
        self.stage.at(year).obliges()
    }

    /// The last year for which units of a vintage count.
    pub fn valid_to(&self, vintage: u16) -> u16 {
        let within = self.validity.iter().find(|(first, last)| (*first..=*last).contains(&vintage));
        within.map_or(vintage, |(_, last)| *last)
    }

    /// When the reports of a year's emissions are due.
    pub fn report_due_at(&self, year: u16) -> Instant {
        self.end_of_day(year + 1, self.report_due)
    }

    /// By when free allocation is brought in line with actual output.
    pub fn true_up_due_at(&self, year: u16) -> Instant {
        match self.true_up_due {
            Some(day) => self.end_of_day(year + 1, day),
            None => self.surrender_due_at(year),
        }
    }

    /// When the units for a year's emissions are due.
    pub fn surrender_due_at(&self, year: u16) -> Instant {
        self.end_of_day(year + 1, self.surrender_due)
    }

    /// The moment at which a day ends there; a day without work hands on to the next working day.
    fn end_of_day(&self, year: u16, (month, day): (u8, u8)) -> Instant {
        let day = Day::of_date(year.into(), month.into(), day.into());
        let day = WorkingTime::of(&self.working_time).from(day);
        self.working_time.moment(day.next().at(0))
    }

    /// What the chapter means to the core.
    pub(crate) fn rules(&self, policy: &Policy) -> JurisdictionRules {
        JurisdictionRules {
            code: label(&self.code),
            years: self.years(policy),
            country: label(&self.country),
            calendar: self.working_time.clone(),
            transfer_limit_bp: whole(self.transfer_limit_percent * 100.0),
            admits: self.declared.admits(),
            trading: self.trading,
            evidence: self.evidence,
            products: (!self.products.is_empty()).then(|| self.products.clone()),
            maker: self.maker,
            quote: self.quote.as_deref().map(label),
            settlement_class: self.settlement_class,
            holding_limit_bp: self.holding_limit_percent.map(|it| whole(it * 100.0)),
            registry: self.registry,
        }
    }

    fn years(&self, policy: &Policy) -> Vec<YearRules> {
        let first = if self.opening_mt > 0.0 { self.opening_vintage } else { policy.first_year };
        (first.min(policy.first_year)..=policy.last_year).map(|it| self.year(it)).collect()
    }

    fn year(&self, year: u16) -> YearRules {
        let cap = self.cap_mt.at(year);
        let auctioned = cap * self.auction_percent.at(year) / 100.0;
        YearRules {
            year: Year(year),
            stage: self.stage.at(year),
            valid_to: Year(self.valid_to(year)),
            report_due: self.report_due_at(year),
            surrender_due: self.surrender_due_at(year),
            auction: self.auctions.rules(year, (cap, auctioned)),
            quantity: self.quantity,
            true_up_due: self.true_up_due_at(year),
            intensity: self.intensity,
            ceiling: self.auctions.ceiling(year).map(price),
            penalty: self.penalty.rules(year),
        }
    }
}

/// Reads a chapter.
pub(crate) fn read(code: String, section: Section<'_>, policy: &Policy) -> Jurisdiction {
    let s = &section;
    let mt = |key: &str| s.number(key, 0.0, 0.0..=100_000.0);
    let percents = |key: &str, default: f64| s.numbers(key, default, 0.0..=100.0);
    let limit = "holding_limit_percent_of_cap";
    let true_up = "true_up_due_month_day";
    let allocation = s.choice("allocation", &METHODS, AllocationMethod::Grandfathering);
    let follows = s.value("cap_percent_of_baseline").is_some();
    let mut bases = products::Bases::new();
    let it = Jurisdiction {
        name: s.text("name", &code),
        country: s.text("country", "XX"),
        working_time: calendar::read(s),
        transfer_limit_percent: s.number("transfer_limit_percent_of_cap", 0.5, 0.0..=100.0),
        holding_limit_percent: s.value(limit).map(|_| s.number(limit, 100.0, 0.0..=100.0)),
        registry: s.choice("registry", &REGISTRIES, Registry::Native),
        stage: s.choices("stage", &STAGES, Stage::Observer),
        validity: validity(s),
        sectors: s.word_lists("sectors", &SECTORS),
        threshold_t: s.whole("threshold_t_per_year", 25_000, 0..=100_000_000),
        baseline_mt: mt("baseline_mt"),
        growth_percent: s.number("growth_percent_per_year", 0.0, -20.0..=20.0),
        cap_mt: s.numbers("cap_mt", 0.0, 0.0..=100_000.0),
        opening_mt: mt("opening_balance_mt"),
        opening_vintage: year(s.whole("opening_vintage", 2026, 2000..=2200)),
        allocation,
        free_percent: percents("free_percent", 100.0),
        new_entrants_percent: percents("new_entrants_percent", 0.0),
        auction_percent: percents("auction_percent", 0.0),
        unused_new_entrants: s.choice("unused_new_entrants", &UNUSED, UnusedNewEntrants::Keep),
        auctions: Auctions::read(s),
        settlement_class: settlement_class(s),
        trading: trading::read(s, trading::OF_TONNES),
        evidence: products::evidence(s, &mut bases),
        products: products::products(s, policy, &mut bases),
        maker: trading::maker(s),
        quote: quote(s, policy),
        quantity: reserve::read(s),
        report_due: month_day(s, "report_due_month_day", (4, 30)),
        surrender_due: month_day(s, "surrender_due_month_day", (9, 30)),
        true_up_due: s.value(true_up).map(|_| month_day(s, true_up, (6, 30))),
        intensity: allocation == AllocationMethod::BenchmarkOutput && follows,
        penalty: Penalty::read(s),
        abatement: Abatement::read(s),
        declared: Declared::read(s),
        macc: own::macc(s),
        requirement_mt: own::requirement(s),
        border_exports_mt: s.numbers("border_exports_mt", 0.0, 0.0..=100_000.0),
        ndc_target_mt: own::ndc_target(s),
        named: s.keys(),
        basis: basis(s).into_iter().chain(bases).collect(),
        code,
    };
    if it.country.len() != 2 || !it.country.bytes().all(|it| it.is_ascii_uppercase()) {
        s.mistake("country", "allowed is an ISO 3166-1 alpha-2 code such as \"XX\"");
    }
    for key in WITH_CAPS.iter().filter(|it| s.value(it).is_some()) {
        if it.requirement_mt.is_some() {
            s.mistake(
                key,
                "says nothing beside requirement, which stands for emissions less the cap",
            );
        }
    }
    if it.requirement_mt.is_some() && it.macc.is_none() {
        s.mistake(
            "requirement",
            "says what must be avoided and nothing says what that costs; add macc",
        );
    }
    check_caps(s, &it, policy);
    check_due(s, &it);
    section.end();
    it
}

/// The currency in which units are traded.
pub(crate) fn quote(s: &Section<'_>, policy: &Policy) -> Option<String> {
    const KEY: &str = "quote_currency";
    s.value(KEY)?;
    let currency = s.text(KEY, "");
    if !is_currency(&currency) {
        s.mistake(KEY, "allowed is an ISO 4217 code such as \"KZT\"");
    } else if currency == policy.currency {
        s.mistake(KEY, "is the market's own currency; leave it out");
    }
    Some(currency)
}

fn settlement_class(s: &Section<'_>) -> SettlementClass {
    let text = s.text("settlement_class", "A");
    class_of(&text).unwrap_or_else(|| {
        s.mistake(
            "settlement_class",
            format!("\"{text}\" is no class; allowed is a letter A to Z"),
        );
        SettlementClass::default()
    })
}

/// A class written as its letter.
pub(crate) fn class_of(text: &str) -> Option<SettlementClass> {
    let mut letters = text.chars();
    let class = letters.next().and_then(SettlementClass::new)?;
    letters.next().is_none().then_some(class)
}

/// Every year that obliges has a cap, of which everything goes somewhere.
fn check_caps(s: &Section<'_>, it: &Jurisdiction, policy: &Policy) {
    let years = policy.first_year..=policy.last_year;
    for year in years.filter(|year| it.obliges(*year)) {
        if it.cap_mt.named(year).is_none() {
            let stage = "a stage that obliges";
            s.mistake("cap_mt", format!("names no cap for {year}, which has {stage}"));
        }
        let parts = [&it.free_percent, &it.new_entrants_percent, &it.auction_percent];
        let sum: f64 = parts.iter().map(|it| it.at(year)).sum();
        if (sum - 100.0).abs() > 1e-9 {
            let what = format!(
                "with new_entrants_percent and auction_percent it makes {sum} in {year}; \
                 allowed is 100"
            );
            s.mistake("free_percent", what);
            break;
        }
    }
}

/// Report, true-up, surrender: in this order.
fn check_due(s: &Section<'_>, it: &Jurisdiction) {
    if it.report_due > it.surrender_due {
        s.mistake("surrender_due_month_day", "comes before report_due_month_day");
    }
    let between = it.report_due..=it.surrender_due;
    if let Some((month, day)) = it.true_up_due.filter(|due| !between.contains(due)) {
        let what = format!(
            "{month:02}-{day:02} must lie between report_due_month_day and surrender_due_month_day"
        );
        s.mistake("true_up_due_month_day", what);
    }
}

fn validity(s: &Section<'_>) -> Vec<(u16, u16)> {
    let mut periods = Vec::new();
    for (_, text) in s.texts("units_valid_within").unwrap_or_default() {
        let parts = text.split_once('-');
        let years = parts.and_then(|(first, last)| Some((first.parse().ok()?, last.parse().ok()?)));
        match years.filter(|(first, last): &(u16, u16)| first <= last) {
            Some(period) => periods.push(period),
            None => {
                let what = format!("\"{text}\" is no period; allowed is one like \"2028-2030\"");
                s.mistake("units_valid_within", what);
            }
        }
    }
    periods
}

/// A day of the year written as "MM-DD".
pub(crate) fn month_day(s: &Section<'_>, key: &str, default: (u8, u8)) -> (u8, u8) {
    let text = s.text(key, &format!("{:02}-{:02}", default.0, default.1));
    month_day_of(&text).unwrap_or_else(|| {
        let what = format!("\"{text}\" is no day; allowed is one like \"09-30\"");
        s.mistake(key, what);
        default
    })
}

/// Month and day; 29 February is none, since most years do not have it.
pub(crate) fn month_day_of(text: &str) -> Option<(u8, u8)> {
    let (month, day) = text.split_once('-')?;
    let (month, day) = (month.parse().ok()?, day.parse().ok()?);
    let last = match month {
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    ((1..=12).contains(&month) && (1..=last).contains(&day)).then_some((month, day))
}
