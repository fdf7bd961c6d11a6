//! What a policy file can say, with the default of everything: the whole, and what its parts share.

use crate::chapter::{self, Jurisdiction};
use crate::check;
use crate::link::{self, Link};
use crate::overlay;
use crate::reader::{Mistake, Report, Section};
use crate::rehearsal::{self, RehearsalPolicy};
use crate::scenario::{self, Scenario};
use karvan_core::compatibility::Pair;
use karvan_core::id::Label;
use karvan_core::publication::YEARS_LATER;
use karvan_core::quantity::{Price, Tonnes};
use karvan_core::rules::{JURISDICTIONS_MAX, MarketRules};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
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
    /// The pairs of settlement classes that settle with each other.
    pub settles: BTreeSet<Pair>,
    /// A payment that is asked expires after so many days.
    pub payment_days: u16,
    /// How a rehearsal is played.
    pub rehearsal: RehearsalPolicy,
    /// What the model assumes beyond the chapters.
    pub scenario: Scenario,
    /// SHA-256 of the file.
    pub hash: [u8; 32],
}

/// Whether caps must be such that they can be met.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    Checked,
    Unchecked,
}

impl Policy {
    /// Reads a policy file; all its mistakes at once.
    pub fn parse(text: &str) -> Result<Self, Vec<Mistake>> {
        Self::parse_as(text, Reach::Checked)
    }

    fn parse_as(text: &str, reach: Reach) -> Result<Self, Vec<Mistake>> {
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
        if reach == Reach::Checked {
            check::caps_can_be_reached(&policy, &report, table.get_ref());
        }
        let mistakes = report.into_mistakes();
        if mistakes.is_empty() { Ok(policy) } else { Err(mistakes) }
    }

    /// The same with some values in place of the file's, each written as `path.to.key=value`; what
    /// is wrong with one of them is told before the file's mistakes.
    pub fn parse_with(text: &str, set: &[String]) -> Result<Result<Self, Vec<Mistake>>, String> {
        Ok(Self::parse(&overlay::with(text, set)?))
    }

    /// The same for a simulation alone, which says by itself what a cap that nobody can meet comes
    /// to.
    pub fn parse_to_simulate(
        text: &str,
        set: &[String],
    ) -> Result<Result<Self, Vec<Mistake>>, String> {
        Ok(Self::parse_as(&overlay::with(text, set)?, Reach::Unchecked))
    }

    /// What the policy means to the core.
    pub fn rules(&self) -> MarketRules {
        MarketRules {
            name: self.name.clone(),
            currency: label(&self.currency),
            jurisdictions: self.jurisdictions.iter().map(|it| it.rules(self)).collect(),
            policy_hash: self.hash,
            transfer_limit: self.transfer_limit_t.map(Tonnes),
            publication_years: self.publication_years,
            notice_days: self.notice_days,
            links: self.links.iter().filter_map(|it| it.rules(self)).collect(),
            settles: self.settles.clone(),
            payment_days: self.payment_days,
        }
    }
}

/// A code as the core keeps it. Codes are checked when the file is read.
pub(crate) fn label(text: &str) -> Label {
    Label::new(text).unwrap_or_else(blank)
}

fn blank() -> Label {
    // It is never shown: see where labels are made.
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
pub(crate) fn whole(number: f64) -> u32 {
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
        settles: BTreeSet::new(),
        payment_days: 30,
        rehearsal: RehearsalPolicy::default(),
        scenario: Scenario::default(),
        hash: Sha256::digest(text).into(),
    };
    match root.section("market") {
        None => root.mistake("market", "is missing; name the market under [market]"),
        Some(section) => market(section, &mut policy),
    }
    policy.rehearsal = rehearsal::read(&root);
    policy.scenario = scenario::read(&root);
    match root.section("jurisdiction") {
        None => root.mistake("jurisdiction", "is missing; a market has a [jurisdiction.CODE]"),
        Some(section) => policy.jurisdictions = chapters(&section, &policy),
    }
    let count = policy.jurisdictions.len();
    if root.value("jurisdiction").is_some() && !(1..=JURISDICTIONS_MAX).contains(&count) {
        let what = format!("has {count} chapters; allowed are 1 to {JURISDICTIONS_MAX}");
        root.mistake("jurisdiction", what);
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

fn market(s: Section<'_>, policy: &mut Policy) {
    policy.name = s.text("name", "a market");
    policy.currency = s.text("currency", "USD");
    if !is_currency(&policy.currency) {
        s.mistake("currency", "allowed is an ISO 4217 code such as \"USD\"");
    }
    let limit = "transfer_limit_t";
    policy.transfer_limit_t = s.value(limit).map(|_| s.whole(limit, 0, 1..=1_000_000_000));
    policy.settles = settles(&s);
    let years = s.whole("transfers_public_after_years", 3, 0..=30);
    policy.publication_years = u8::try_from(years).unwrap_or(YEARS_LATER);
    let notice = s.whole("amendment_notice_days", 30, 30..=730);
    policy.notice_days = u16::try_from(notice).unwrap_or(30);
    let days = s.whole("payment_days", 30, 1..=365);
    policy.payment_days = u16::try_from(days).unwrap_or(30);
    policy.first_year = year(s.whole("first_year", 2027, 2000..=2200));
    policy.last_year = year(s.whole("last_year", 2036, 2000..=2200));
    if policy.last_year < policy.first_year || policy.last_year - policy.first_year > 40 {
        s.mistake("last_year", "must lie 0 to 40 years after first_year");
        policy.last_year = policy.first_year;
    }
    s.end();
}

/// The pairs of classes that settle with each other.
fn settles(s: &Section<'_>) -> BTreeSet<Pair> {
    const KEY: &str = "settlement_pairs";
    let read = |(_, text): (usize, String)| {
        let classes = text.split_once('-');
        let classes = classes
            .and_then(|(one, other)| Some((chapter::class_of(one)?, chapter::class_of(other)?)));
        let pair = classes.and_then(|(one, other)| Pair::new(one, other));
        if pair.is_none() {
            let what = format!("\"{text}\" is no pair of classes; allowed is one such as \"A-B\"");
            s.mistake(KEY, what);
        }
        pair
    };
    s.texts(KEY).unwrap_or_default().into_iter().filter_map(read).collect()
}

fn chapters(all: &Section<'_>, policy: &Policy) -> Vec<Jurisdiction> {
    let mut chapters = Vec::new();
    for (code, section) in all.sections() {
        let letters = code.bytes().all(|it| it.is_ascii_uppercase());
        if !letters || !(2..=4).contains(&code.len()) {
            all.mistake(&code, "allowed is a code of 2 to 4 capital letters");
        }
        chapters.push(chapter::read(code, section, policy));
    }
    chapters
}

/// Whether a text is the form of an ISO 4217 code.
pub(crate) fn is_currency(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|it| it.is_ascii_uppercase())
}

pub(crate) fn year(number: u64) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

pub(crate) fn small(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
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
