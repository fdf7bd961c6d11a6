//! What a policy file can say, with the default of everything.

use crate::abatement::{self, Curve};
use crate::calendar;
use crate::check;
use crate::declared::Declared;
use crate::link::{self, Link};
use crate::reader::{Mistake, Report, Section};
use karvan_core::calendar::{Calendar, Day, WorkingTime};
use karvan_core::id::Label;
use karvan_core::publication::YEARS_LATER;
use karvan_core::quantity::{Price, Tonnes};
use karvan_core::rules::{
    AuctionRules, BelowSecondary, JURISDICTIONS_MAX, JurisdictionRules, MarketRules, Penalty,
    Registry, Stage, TIERS_MAX, Tier, Ties, Undersubscribed, YearRules,
};
use karvan_core::supply::reserve::QuantityShares;
use karvan_core::time::{Instant, Year};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use toml::de::DeTable;

/// The sectors an installation may belong to.
pub const SECTORS: [&str; 9] =
    ["power", "heat", "cement", "oil_gas", "refining", "mining", "metals", "chemicals", "minerals"];

/// On what a stage or number rests.
pub const BASES: [&str; 5] = ["law", "draft", "scenario", "measured", "assumption"];

/// The most bytes a policy file may have.
pub const FILE_BYTES_MAX: usize = 1024 * 1024;

/// A value that may change from year to year and holds until it changes.
#[derive(Clone, Debug, PartialEq)]
pub struct ByYear<T> {
    before: T,
    steps: BTreeMap<u16, T>,
}

impl<T: Clone> ByYear<T> {
    /// The same value in all years.
    pub fn always(value: T) -> Self {
        Self { before: value, steps: BTreeMap::new() }
    }

    /// The value from a year on.
    pub fn set(&mut self, year: u16, value: T) {
        self.steps.insert(year, value);
    }

    /// The value of a year.
    pub fn at(&self, year: u16) -> T {
        self.steps.range(..=year).next_back().map_or(&self.before, |(_, it)| it).clone()
    }

    /// The value named for exactly this year.
    pub fn named(&self, year: u16) -> Option<T> {
        self.steps.get(&year).cloned()
    }

    /// The years that are named.
    pub fn years(&self) -> impl Iterator<Item = u16> + '_ {
        self.steps.keys().copied()
    }
}

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

/// A set of auction rules that a chapter may begin with and change key by key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleSet {
    /// When less is bid than offered.
    pub undersubscribed: Undersubscribed,
    /// When an auction would clear well below the secondary market.
    pub below_secondary: BelowSecondary,
    /// How equal prices share.
    pub ties: Ties,
}

/// The sets that are shipped: Regulation (EU) No 1031/2010; the UK ETS auctioning regulations; the
/// Western Climate Initiative; the Regional Greenhouse Gas Initiative; the Korea Exchange.
pub const RULE_SETS: [(&str, RuleSet); 5] = [
    ("eu", rule_set(Undersubscribed::Cancel, BelowSecondary::Cancel, Ties::Seeded)),
    ("uk", rule_set(Undersubscribed::Sell, BelowSecondary::StepUp, Ties::Seeded)),
    ("wci", rule_set(Undersubscribed::Sell, BelowSecondary::Ignore, Ties::ProRata)),
    ("rggi", rule_set(Undersubscribed::Sell, BelowSecondary::Ignore, Ties::Seeded)),
    ("krx", rule_set(Undersubscribed::Sell, BelowSecondary::Ignore, Ties::Arrival)),
];

const fn rule_set(
    undersubscribed: Undersubscribed,
    below_secondary: BelowSecondary,
    ties: Ties,
) -> RuleSet {
    RuleSet { undersubscribed, below_secondary, ties }
}

/// How simulated people behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// They know their own data, hesitate and hedge.
    Realistic,
    /// They offer all they can spare and ask what it is worth.
    Competitive,
}

/// The calendar of primary auctions: the n-th weekday of some months.
#[derive(Clone, Debug, PartialEq)]
pub struct AuctionCalendar {
    /// The months, 1 to 12.
    pub months: Vec<u8>,
    /// Which of the month's weekdays, 1 to 4.
    pub week: u8,
    /// Monday = 0 … Sunday = 6.
    pub weekday: u8,
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
    /// When auctions are held.
    pub calendar: AuctionCalendar,
    /// Volumes are whole multiples of this, t.
    pub lot_t: u64,
    /// Below it nothing is sold, USD/t.
    pub reserve_usd: ByYear<f64>,
    /// Above it nobody expects a price, USD/t.
    pub ceiling_usd: ByYear<f64>,
    /// When less is bid than offered.
    pub undersubscribed: Undersubscribed,
    /// When an auction would clear well below the secondary market.
    pub below_secondary: BelowSecondary,
    /// How equal prices share.
    pub ties: Ties,
    /// Below this price units are withheld, USD/t.
    pub containment_usd: ByYear<f64>,
    /// How much of an auction is withheld at most, percent.
    pub containment_percent: f64,
    /// How far below counts, percent.
    pub below_secondary_percent: u32,
    /// The most of one auction that one owner group may bid for, percent.
    pub purchase_limit_percent: u32,
    /// The most bids one auction takes.
    pub bids_max: u32,
    /// Verified emissions are due at the end of this day (month, day) of the next year.
    pub report_due: (u8, u8),
    /// Units are to be surrendered by the end of this day (month, day) of the next year.
    pub surrender_due: (u8, u8),
    /// Free allocation is brought in line with actual output by the end of this day (month, day) of
    /// the next year; without one by the surrender.
    pub true_up_due: Option<(u8, u8)>,
    /// Whether the cap follows the activity.
    pub intensity: bool,
    /// The fixed part of what a missing tonne costs, USD/t.
    pub penalty_usd: ByYear<f64>,
    /// The share of the mean price that a missing tonne costs, percent.
    pub penalty_of_mean_percent: ByYear<f64>,
    /// An index in which the law states the penalty, and how many units of it for each tonne.
    pub penalty_index: Option<(String, f64)>,
    /// Whether missing units are still owed.
    pub make_good: ByYear<bool>,
    /// At which rate holders discount, percent a year.
    pub discount_percent: f64,
    /// The share of emissions that can be avoided at all, percent; bounds the check of the caps.
    pub abatement_potential_percent: f64,
    /// How much of the potential can be newly used in a year, percent.
    pub diffusion_percent: f64,
    /// How this country's abatement bands compare: power and industry.
    pub multipliers: (f64, f64),
    /// Bands of its own instead of the proxies.
    pub bands: Option<Curve>,
    /// What is declared and not acted on yet.
    pub declared: Declared,
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

    /// The quantity rule, where the chapter has a rate.
    fn quantity_shares(&self) -> Option<QuantityShares> {
        let it = &self.declared;
        let points = |percent: f64| whole(percent * 100.0);
        (it.quantity_reserve_rate_percent > 0.0).then(|| QuantityShares {
            upper_bp: points(it.quantity_reserve_upper_percent_of_cap),
            middle_bp: points(it.quantity_reserve_middle_percent_of_cap),
            lower_bp: points(it.quantity_reserve_lower_percent_of_cap),
            rate_bp: points(it.quantity_reserve_rate_percent),
            release_bp: points(it.quantity_reserve_release_percent_of_cap),
            invalidation_bp: points(it.quantity_reserve_level_percent_of_cap),
        })
    }

    /// What an auction of a year releases at most above which prices.
    fn tiers(&self, year: u16) -> [Option<Tier>; TIERS_MAX] {
        let auctions = u64::try_from(self.calendar.months.len().max(1)).unwrap_or(1);
        let percent = self.declared.cost_containment_percent_of_cap;
        let of_year = tonnes(self.cap_mt.at(year) * percent / 100.0).0;
        let volume = Tonnes(of_year / auctions / self.lot_t * self.lot_t);
        let tier = |usd: &f64| Tier { price: price(*usd), volume };
        let prices = &self.declared.cost_containment_usd;
        std::array::from_fn(|it| prices.get(it).map(tier).filter(|it| it.volume > Tonnes::ZERO))
    }

    /// What an auction of a year withholds at most below which price.
    fn withhold(&self, year: u16) -> Option<Tier> {
        let auctions = u64::try_from(self.calendar.months.len().max(1)).unwrap_or(1);
        let of_year = self.cap_mt.at(year) * self.auction_percent.at(year) / 100.0;
        let most = tonnes(of_year * self.containment_percent / 100.0).0 / auctions;
        let (usd, volume) = (self.containment_usd.at(year), most / self.lot_t * self.lot_t);
        (usd > 0.0 && volume > 0).then(|| Tier { price: price(usd), volume: Tonnes(volume) })
    }

    /// The abatement curve of a sector.
    pub fn curve(&self, sector: &str) -> Curve {
        if let Some(bands) = &self.bands {
            return bands.clone();
        }
        match sector {
            "power" | "heat" => abatement::power_bands().scaled(self.multipliers.0),
            _ => abatement::industry_bands().scaled(self.multipliers.1),
        }
    }
}

/// How a rehearsal is played.
#[derive(Clone, Debug, PartialEq)]
pub struct RehearsalPolicy {
    /// Everything drawn by chance comes from this seed.
    pub seed: u64,
    /// How people behave.
    pub behaviour: Behaviour,
    /// The day of the month on which call auctions are held.
    pub call_day: u8,
    /// Whether people err: late and wrong reports, incomplete surrenders.
    pub errors: bool,
    /// Whether thieves and careless officials try their luck.
    pub attacks: bool,
    /// Whether plants' output varies by chance.
    pub chance: bool,
    /// Whether an owner of most of a jurisdiction's emissions bids below what it expects.
    pub market_power: bool,
    /// Whether intermediaries quote in the calls of jurisdictions that admit them.
    pub intermediaries: bool,
    /// What happens that nobody expects.
    pub shocks: Vec<Shock>,
}

/// Something that happens, by script.
#[derive(Clone, Debug, PartialEq)]
pub struct Shock {
    /// The year.
    pub year: u16,
    /// The month, 1 to 12: it begins with it.
    pub month: u8,
    /// Where; everywhere where none is named.
    pub jurisdiction: Option<String>,
    /// In which sector; in all where none is named.
    pub sector: Option<String>,
    /// How much output changes, percent; it wanders back as chance does.
    pub output_percent: f64,
    /// For how many days the jurisdiction suspends its market.
    pub suspended_days: u8,
}

/// A policy file.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// The name of the market.
    pub name: String,
    /// The currency in which prices are quoted.
    pub currency: String,
    /// The most a holder group may give to accounts it does not trust within five working days,
    /// whatever its jurisdiction allows, t.
    pub transfer_limit_t: Option<u64>,
    /// Transfers between holders are public from 1 May of this many years later on.
    pub publication_years: u8,
    /// A later policy comes into force so many days after it was adopted; at least thirty.
    pub notice_days: u16,
    /// The first year of the file.
    pub first_year: u16,
    /// The last year of the file.
    pub last_year: u16,
    /// The jurisdictions in the order of the file.
    pub jurisdictions: Vec<Jurisdiction>,
    /// The links between them.
    pub links: Vec<Link>,
    /// How a rehearsal is played.
    pub rehearsal: RehearsalPolicy,
    /// SHA-256 of the file.
    pub hash: [u8; 32],
}

impl Policy {
    /// Reads a policy file; all its mistakes at once.
    pub fn parse(text: &str) -> Result<Self, Vec<Mistake>> {
        let report = Report::on(text);
        if text.len() > FILE_BYTES_MAX {
            let what = format!("has {} bytes; allowed are {FILE_BYTES_MAX}", text.len());
            report.add(0, "the file", what);
            return Err(report.into_mistakes());
        }
        let (table, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            for error in errors {
                let offset = error.span().map_or(0, |it| it.start);
                report.add(offset, "the file", format!("is not TOML: {}", error.message()));
            }
            return Err(report.into_mistakes());
        }
        // Parts of the file are read while the report collects mistakes: both live until the end.
        let policy = read(&report, table.get_ref(), text);
        check::caps_can_be_reached(&policy, &report, table.get_ref());
        let mistakes = report.into_mistakes();
        if mistakes.is_empty() { Ok(policy) } else { Err(mistakes) }
    }

    /// What the policy means to the core.
    pub fn rules(&self) -> MarketRules {
        let label = |text: &str| Label::new(text).unwrap_or_else(blank);
        MarketRules {
            name: self.name.clone(),
            currency: label(&self.currency),
            jurisdictions: self
                .jurisdictions
                .iter()
                .map(|it| JurisdictionRules {
                    code: label(&it.code),
                    years: self.years(it),
                    country: label(&it.country),
                    calendar: it.working_time.clone(),
                    transfer_limit_bp: whole(it.transfer_limit_percent * 100.0),
                    admits: it.declared.admits(),
                    holding_limit_bp: it.holding_limit_percent.map(|it| whole(it * 100.0)),
                    registry: it.registry,
                })
                .collect(),
            policy_hash: self.hash,
            transfer_limit: self.transfer_limit_t.map(Tonnes),
            publication_years: self.publication_years,
            notice_days: self.notice_days,
            links: self.links.iter().filter_map(|it| it.rules(self)).collect(),
        }
    }

    fn years(&self, of: &Jurisdiction) -> Vec<YearRules> {
        let first = if of.opening_mt > 0.0 { of.opening_vintage } else { self.first_year };
        (first.min(self.first_year)..=self.last_year)
            .map(|year| YearRules {
                year: Year(year),
                stage: of.stage.at(year),
                valid_to: Year(of.valid_to(year)),
                report_due: of.report_due_at(year),
                surrender_due: of.surrender_due_at(year),
                auction: AuctionRules {
                    lot: Tonnes(of.lot_t),
                    reserve: price(of.reserve_usd.at(year)),
                    undersubscribed: of.undersubscribed,
                    below_secondary: of.below_secondary,
                    below_secondary_percent: of.below_secondary_percent,
                    purchase_limit_percent: of.purchase_limit_percent,
                    bids_max: of.bids_max,
                    ties: of.ties,
                    tiers: of.tiers(year),
                    withhold: of.withhold(year),
                },
                quantity: of.quantity_shares(),
                true_up_due: of.true_up_due_at(year),
                intensity: of.intensity,
                ceiling: of.ceiling_usd.named(year).map(price),
                penalty: Penalty {
                    per_tonne: price(of.penalty_usd.at(year)),
                    of_mean_price_percent: whole(of.penalty_of_mean_percent.at(year)),
                    make_good: of.make_good.at(year),
                    index: of
                        .penalty_index
                        .as_ref()
                        .and_then(|(name, units)| Some((Label::new(name)?, whole(units * 100.0)))),
                },
            })
            .collect()
    }
}

fn blank() -> Label {
    // Codes are checked when the file is read; the default label is never shown.
    Label::new("?").unwrap_or_else(|| unreachable!("a question mark is printable"))
}

/// A price in cents from USD, rounded to the nearest.
#[expect(clippy::cast_possible_truncation, reason = "prices in a policy are bounded by 10^6 USD")]
pub fn price(usd: f64) -> Price {
    Price((usd * 100.0).round() as i64)
}

/// A whole number from one that was checked to be small and not negative.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "percentages in a policy lie between 0 and 10,000"
)]
fn whole(number: f64) -> u32 {
    number.round() as u32
}

/// Tonnes from Mt, rounded to the nearest.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "megatonnes in a policy lie between 0 and 100,000"
)]
pub fn tonnes(mt: f64) -> Tonnes {
    Tonnes((mt * 1e6).round() as u64)
}

const STAGES: [(&str, Stage); 4] = [
    ("observer", Stage::Observer),
    ("crediting", Stage::Crediting),
    ("pilot", Stage::Pilot),
    ("ets", Stage::Ets),
];
pub(crate) const WEEKDAYS: [(&str, u8); 7] = [
    ("monday", 0),
    ("tuesday", 1),
    ("wednesday", 2),
    ("thursday", 3),
    ("friday", 4),
    ("saturday", 5),
    ("sunday", 6),
];

fn read(report: &Report<'_>, table: &DeTable<'_>, text: &str) -> Policy {
    let root = Section::root(report, table);
    let mut policy = Policy {
        name: String::new(),
        currency: "USD".to_owned(),
        transfer_limit_t: None,
        publication_years: YEARS_LATER,
        notice_days: 30,
        first_year: 2027,
        last_year: 2036,
        jurisdictions: Vec::new(),
        links: Vec::new(),
        rehearsal: RehearsalPolicy {
            seed: 1,
            behaviour: Behaviour::Realistic,
            call_day: 25,
            errors: true,
            attacks: false,
            chance: true,
            market_power: false,
            intermediaries: false,
            shocks: Vec::new(),
        },
        hash: Sha256::digest(text).into(),
    };
    match root.section("market") {
        None => root.mistake("market", "is missing; name the market under [market]"),
        Some(market) => {
            policy.name = market.text("name", "a market");
            policy.currency = market.text("currency", "USD");
            let code = policy.currency.len() == 3
                && policy.currency.bytes().all(|it| it.is_ascii_uppercase());
            if !code {
                market.mistake("currency", "allowed is an ISO 4217 code such as \"USD\"");
            }
            policy.transfer_limit_t = market
                .value("transfer_limit_t")
                .map(|_| market.whole("transfer_limit_t", 0, 1..=1_000_000_000));
            let years = market.whole("transfers_public_after_years", 3, 0..=30);
            policy.publication_years = u8::try_from(years).unwrap_or(YEARS_LATER);
            let notice = market.whole("amendment_notice_days", 30, 30..=730);
            policy.notice_days = u16::try_from(notice).unwrap_or(30);
            policy.first_year = year(market.whole("first_year", 2027, 2000..=2200));
            policy.last_year = year(market.whole("last_year", 2036, 2000..=2200));
            if policy.last_year < policy.first_year || policy.last_year - policy.first_year > 40 {
                market.mistake("last_year", "must lie 0 to 40 years after first_year");
                policy.last_year = policy.first_year;
            }
            market.end();
        }
    }
    if let Some(section) = root.section("rehearsal") {
        let words = [("realistic", Behaviour::Realistic), ("competitive", Behaviour::Competitive)];
        let it = &mut policy.rehearsal;
        it.seed = section.whole("seed", 1, 0..=u64::MAX);
        it.behaviour = section.choice("behaviour", &words, Behaviour::Realistic);
        it.call_day = u8::try_from(section.whole("call_day_of_month", 25, 1..=28)).unwrap_or(25);
        it.errors = section.flag("errors", true);
        it.attacks = section.flag("attacks", false);
        it.chance = section.flag("chance", true);
        it.market_power = section.flag("market_power", false);
        it.intermediaries = section.flag("intermediaries", false);
        it.shocks = section.tables("shock").into_iter().map(shock).collect();
        section.end();
    }
    match root.section("jurisdiction") {
        None => root.mistake("jurisdiction", "is missing; a market has a [jurisdiction.CODE]"),
        Some(chapters) => {
            for (code, section) in chapters.sections() {
                let fits =
                    (2..=4).contains(&code.len()) && code.bytes().all(|it| it.is_ascii_uppercase());
                if !fits {
                    chapters.mistake(&code, "allowed is a code of 2 to 4 capital letters");
                }
                policy.jurisdictions.push(jurisdiction(code, section, &policy));
            }
            let count = policy.jurisdictions.len();
            if count == 0 || count > JURISDICTIONS_MAX {
                let what = format!("has {count} chapters; allowed are 1 to {JURISDICTIONS_MAX}");
                root.mistake("jurisdiction", what);
            }
        }
    }
    let known = |code: &String| policy.jurisdictions.iter().any(|it| it.code == *code);
    let strange = policy.rehearsal.shocks.iter().filter_map(|it| it.jurisdiction.as_ref());
    for code in strange.filter(|it| !known(it)) {
        root.mistake("rehearsal", format!("a shock names {code}, which has no chapter"));
    }
    policy.links = link::links(&root, &policy);
    root.end();
    policy
}

/// A shock of the script.
fn shock(s: Section<'_>) -> Shock {
    let at = s.text("at", "");
    let parts = at.split_once('-');
    let moment = parts.and_then(|(year, month)| Some((year.parse().ok()?, month.parse().ok()?)));
    let moment =
        moment.filter(|(year, month)| (2000..=2200).contains(year) && (1..=12).contains(month));
    if moment.is_none() {
        let what = format!("\"{at}\" is no month; allowed is one like \"2028-06\"");
        s.mistake("at", what);
    }
    let (year, month) = moment.unwrap_or((2000, 1));
    let named = |key: &str| s.value(key).map(|_| s.text(key, ""));
    let sector = named("sector");
    if let Some(sector) = sector.as_ref().filter(|it| !SECTORS.contains(&it.as_str())) {
        let what = format!("\"{sector}\" is not allowed; allowed are {}", SECTORS.join(", "));
        s.mistake("sector", what);
    }
    let days = s.whole("suspended_days", 0, 0..=120);
    let shock = Shock {
        year,
        month,
        jurisdiction: named("jurisdiction"),
        sector,
        output_percent: s.number("output_percent", 0.0, -90.0..=100.0),
        suspended_days: u8::try_from(days).unwrap_or(0),
    };
    if shock.suspended_days > 0 && shock.jurisdiction.is_none() {
        s.mistake("suspended_days", "name the jurisdiction that suspends its market");
    }
    if shock.suspended_days == 0 && shock.output_percent == 0.0 {
        s.mistake("output_percent", "a shock changes output or suspends a market");
    }
    s.end();
    shock
}

fn year(number: u64) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

fn jurisdiction(code: String, section: Section<'_>, policy: &Policy) -> Jurisdiction {
    let s = &section;
    let name = s.text("name", &code);
    let country = s.text("country", "XX");
    if country.len() != 2 || !country.bytes().all(|it| it.is_ascii_uppercase()) {
        s.mistake("country", "allowed is an ISO 3166-1 alpha-2 code such as \"XX\"");
    }
    let stage = s.choices("stage", &STAGES, Stage::Observer);
    let cap_mt = s.numbers("cap_mt", 0.0, 0.0..=100_000.0);
    let (free, entrants, auctioned) = (
        s.numbers("free_percent", 100.0, 0.0..=100.0),
        s.numbers("new_entrants_percent", 0.0, 0.0..=100.0),
        s.numbers("auction_percent", 0.0, 0.0..=100.0),
    );
    let years = policy.first_year..=policy.last_year;
    for year in years.filter(|it| stage.at(*it).obliges()) {
        if cap_mt.named(year).is_none() {
            let stage = "a stage that obliges";
            s.mistake("cap_mt", format!("names no cap for {year}, which has {stage}"));
        }
        let sum = free.at(year) + entrants.at(year) + auctioned.at(year);
        if (sum - 100.0).abs() > 1e-9 {
            let what = format!(
                "with new_entrants_percent and auction_percent it makes {sum} in {year}; \
                 allowed is 100"
            );
            s.mistake("free_percent", what);
            break;
        }
    }
    let rule_set = s.choice("auction_rule_set", &RULE_SETS, RULE_SETS[1].1);
    let mut it = Jurisdiction {
        name,
        country,
        working_time: calendar::read(s),
        transfer_limit_percent: s.number("transfer_limit_percent_of_cap", 0.5, 0.0..=100.0),
        holding_limit_percent: s
            .value("holding_limit_percent_of_cap")
            .map(|_| s.number("holding_limit_percent_of_cap", 100.0, 0.0..=100.0)),
        registry: s.choice(
            "registry",
            &[("native", Registry::Native), ("mirror", Registry::Mirror)],
            Registry::Native,
        ),
        stage,
        validity: validity(s),
        sectors: s.word_lists("sectors", &SECTORS),
        threshold_t: s.whole("threshold_t_per_year", 25_000, 0..=100_000_000),
        baseline_mt: s.number("baseline_mt", 0.0, 0.0..=100_000.0),
        growth_percent: s.number("growth_percent_per_year", 0.0, -20.0..=20.0),
        cap_mt,
        opening_mt: s.number("opening_balance_mt", 0.0, 0.0..=100_000.0),
        opening_vintage: year(s.whole("opening_vintage", 2026, 2000..=2200)),
        allocation: s.choice(
            "allocation",
            &[
                ("grandfathering", AllocationMethod::Grandfathering),
                ("benchmark_historical", AllocationMethod::BenchmarkHistorical),
                ("benchmark_output", AllocationMethod::BenchmarkOutput),
            ],
            AllocationMethod::Grandfathering,
        ),
        free_percent: free,
        new_entrants_percent: entrants,
        auction_percent: auctioned,
        unused_new_entrants: s.choice(
            "unused_new_entrants",
            &[
                ("auction", UnusedNewEntrants::Auction),
                ("allocate", UnusedNewEntrants::Allocate),
                ("keep", UnusedNewEntrants::Keep),
            ],
            UnusedNewEntrants::Keep,
        ),
        calendar: auction_calendar(s),
        lot_t: s.whole("auction_lot_t", 1, 1..=1_000_000),
        reserve_usd: s.numbers("auction_reserve_usd_per_t", 0.0, 0.0..=1e6),
        ceiling_usd: s.numbers("price_ceiling_usd_per_t", 1_000.0, 0.0..=1e6),
        undersubscribed: s.choice(
            "auction_undersubscribed",
            &[("cancel", Undersubscribed::Cancel), ("sell", Undersubscribed::Sell)],
            rule_set.undersubscribed,
        ),
        below_secondary: s.choice(
            "auction_below_secondary",
            &[
                ("cancel", BelowSecondary::Cancel),
                ("step_up", BelowSecondary::StepUp),
                ("ignore", BelowSecondary::Ignore),
            ],
            rule_set.below_secondary,
        ),
        ties: s.choice(
            "auction_ties",
            &[("seeded", Ties::Seeded), ("pro_rata", Ties::ProRata), ("arrival", Ties::Arrival)],
            rule_set.ties,
        ),
        containment_usd: s.numbers("emissions_containment_usd_per_t", 0.0, 0.0..=1e6),
        containment_percent: s.number("emissions_containment_percent", 0.0, 0.0..=100.0),
        below_secondary_percent: small(s.whole("auction_below_secondary_percent", 10, 0..=100)),
        purchase_limit_percent: small(s.whole("auction_purchase_limit_percent", 100, 1..=100)),
        bids_max: small(s.whole("auction_bids_max", 10_000, 1..=10_000)),
        report_due: month_day(s, "report_due_month_day", (4, 30)),
        surrender_due: month_day(s, "surrender_due_month_day", (9, 30)),
        true_up_due: s
            .value("true_up_due_month_day")
            .map(|_| month_day(s, "true_up_due_month_day", (6, 30))),
        intensity: false,
        penalty_usd: s.numbers("penalty_usd_per_t", 0.0, 0.0..=1e6),
        penalty_of_mean_percent: s.numbers("penalty_percent_of_mean_price", 0.0, 0.0..=10_000.0),
        penalty_index: s.value("penalty_index").map(|_| {
            let units = s.number("penalty_index_units_per_t", 0.0, 0.0..=1e6);
            (s.text("penalty_index", ""), units)
        }),
        make_good: s.flags("penalty_make_good", true),
        discount_percent: s.number("discount_percent_per_year", 10.0, 0.0..=100.0),
        abatement_potential_percent: s.number("abatement_potential_percent", 50.0, 0.0..=100.0),
        diffusion_percent: s.number("diffusion_percent_of_potential_per_year", 8.0, 0.0..=100.0),
        multipliers: (
            s.number("power_abatement_multiplier", 1.0, 0.0..=10.0),
            s.number("industry_abatement_multiplier", 1.0, 0.0..=10.0),
        ),
        bands: s.pairs("abatement_usd_per_t_and_share", 0.0..=10_000.0).map(Curve::new),
        declared: Declared::read(s),
        basis: basis(s),
        code,
    };
    it.intensity = it.allocation == AllocationMethod::BenchmarkOutput
        && s.value("cap_percent_of_baseline").is_some();
    let early = it.report_due > it.surrender_due;
    if early {
        section.mistake("surrender_due_month_day", "comes before report_due_month_day");
    }
    if let Some(due) =
        it.true_up_due.filter(|due| !(it.report_due..=it.surrender_due).contains(due))
    {
        let what = format!(
            "{:02}-{:02} must lie between report_due_month_day and surrender_due_month_day",
            due.0, due.1
        );
        section.mistake("true_up_due_month_day", what);
    }
    section.end();
    it
}

fn small(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
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

fn auction_calendar(s: &Section<'_>) -> AuctionCalendar {
    let mut months = Vec::new();
    for (_, text) in s.texts("auction_months").unwrap_or_default() {
        match text.parse::<u8>().ok().filter(|it| (1..=12).contains(it)) {
            Some(month) => months.push(month),
            None => {
                s.mistake("auction_months", format!("\"{text}\" is no month from \"1\" to \"12\""))
            }
        }
    }
    AuctionCalendar {
        months,
        week: u8::try_from(s.whole("auction_week", 1, 1..=4)).unwrap_or(1),
        weekday: s.choice("auction_weekday", &WEEKDAYS, 2),
    }
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

pub(crate) fn basis(s: &Section<'_>) -> BTreeMap<String, String> {
    let Some(section) = s.section("basis") else {
        return BTreeMap::new();
    };
    let notes = section.notes();
    for (key, basis) in &notes {
        if !BASES.contains(&basis.as_str()) {
            let what = format!("\"{basis}\" is not allowed; allowed are {}", BASES.join(", "));
            section.mistake(key, what);
        }
        let (about, year) = key.split_once('.').map_or((key.as_str(), None), |(k, y)| (k, Some(y)));
        if s.value(about).is_none() {
            section.mistake(key, "speaks of a key that this chapter does not have");
        }
        let is_year = |it: &str| it.parse::<u16>().is_ok_and(|it| (2000..=2200).contains(&it));
        if year.is_some_and(|it| !is_year(it)) {
            section.mistake(key, "allowed after the dot is a year from 2000 to 2200");
        }
    }
    notes.into_iter().collect()
}
