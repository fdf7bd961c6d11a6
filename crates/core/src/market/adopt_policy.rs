//! Adopt a policy: the regional administrator proposes the rules of the market, and seven in ten of
//! the national administrators approve them; one whose chapter changes may reject them alone. The
//! first policy is in force at once, a later one after the notice that the policy in force says.
//!
//! A later version may change every rule for the time to come, and may add jurisdictions at the
//! end of the list; it may not rename, reorder or drop one, since facts refer to them by place,
//! and it keeps the quote currency. Deadlines already past are not moved.

use crate::account::Installation;
use crate::agenda::Due;
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::coupling;
use crate::event::{Event, Events};
use crate::id::{JurisdictionId, Label, PRODUCTS_MAX};
use crate::ledger::{Series, UnitClass};
use crate::market::policy_scheduled::PolicyScheduled;
use crate::quantity::{Price, Tonnes};
use crate::refusal::{Objections, Refusals, refusals};
use crate::rules::{
    BIDS_MAX, JURISDICTIONS_MAX, JurisdictionRules, LinkRules, MarketRules, NAME_BYTES_MAX,
    YEARS_MAX, YearRules,
};
use crate::state::State;
use crate::time::{Instant, Year};
use crate::units::lapse::NOTICE_DAYS;
use minicbor::{Decode, Encode};
use std::collections::BTreeSet;

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct AdoptPolicy {
    /// The rules.
    #[n(0)]
    pub rules: Box<MarketRules>,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct PolicyAdopted {
    /// The rules now in force.
    #[n(0)]
    pub rules: Box<MarketRules>,
}

refusals! {
    /// Why a policy cannot be adopted.
    pub enum AdoptPolicyRefused {
        /// A market needs a jurisdiction.
        NoJurisdiction = 201 => "the policy has no jurisdiction",
        /// The list is bounded.
        TooManyJurisdictions { most: usize } = 202
            => "the policy has more than {most} jurisdictions",
        /// The list of years is bounded and not empty.
        YearsOutOfBounds { code: Label, most: usize } = 203
            => "{code} must list 1 to {most} years",
        /// Years follow one another.
        YearsNotInOrder { code: Label } = 204
            => "the years of {code} do not follow one another",
        /// A report comes before the surrender it is for.
        ReportAfterSurrender { code: Label, year: Year } = 205
            => "{code} {year}: the report is due after the surrender",
        /// Report, true-up, surrender, in this order.
        TrueUpOutOfOrder { code: Label, year: Year } = 220
            => "{code} {year}: the true-up must be due between the report and the surrender",
        /// Facts refer to jurisdictions by their place.
        JurisdictionsChanged { code: Label } = 206
            => "{code} has another place than in the policy in force; jurisdictions are only added \
                at the end",
        /// Prices already paid stay what they are.
        CurrencyChanged { from: Label, to: Label } = 207
            => "the market is quoted in {from}; it cannot change to {to}",
        /// Orders wait, and prices were paid, in the one there is.
        QuoteChanged { code: Label } = 274
            => "{code}: the currency in which its units are traded stays",
        /// A payment waits some time, and not for ever.
        PaymentDaysOutOfBounds { days: u16 } = 276
            => "payments would wait {days} days; allowed are 1 to 365",
        /// Certificates and credits are of something.
        EvidenceOutOfBounds { code: Label } = 277
            => "{code}: certificates need a quantum above zero and a life of at most ten years, \
                evidence a margin of at most 50 %, and no grid emits more than 3 kg a kWh",
        /// A list of products is short.
        TooManyProducts { code: Label, most: u8 } = 278
            => "{code}: a chapter lists at most {most} products",
        /// Products are of what is drawn here.
        ProductOutOfBounds { code: Label, product: Label } = 279
            => "{code}: the product {product} needs rules for evidence, a code of its own, the \
                class credit or certificate, sound trading, and no quote in the market's currency",
        /// Orders wait for it, and prices were paid.
        ProductChanged { code: Label, product: Label } = 280
            => "{code}: the product {product} keeps its place, class, technologies and currency; \
                others are only added behind it",
        /// One name for one thing.
        QuoteOfMarket { code: Label, currency: Label } = 275
            => "{code}: {currency} is the market's currency; leave the chapter's out",
        /// A year that is known stays known.
        YearDropped { code: Label, year: Year } = 208
            => "{code} loses the year {year}, to which facts refer",
        /// Years are settled one after the other.
        DeadlinesNotInOrder { code: Label, year: Year } = 268
            => "{code} {year}: its surrender must be due after that of the year before",
        /// What is past is past, and nothing falls due in the past.
        DeadlineMoved { code: Label, year: Year } = 209
            => "{code} {year}: a deadline that has passed is moved, or one to come is moved into \
                the past",
        /// A year whose surrender is over is history.
        PastChanged { code: Label, year: Year } = 213
            => "{code} {year}: its surrender is over, and its rules stay what they were",
        /// Whoever holds a unit knows for which years it counts.
        ValidityChanged { code: Label, year: Year } = 214
            => "{code} {year}: units are issued, and count for the years they were issued for",
        /// An obligation that installations are registered for is not taken back silently.
        ObligationWithdrawn { code: Label, year: Year } = 215
            => "{code} {year}: installations are registered to owe units for it; the stage must \
                oblige",
        /// A calendar by which nothing ever happens is none.
        CalendarOutOfBounds { code: Label } = 218
            => "{code}: the calendar must open before it closes, have a weekday of work, and waits \
                of at most ten weeks",
        /// Trading by which nothing could be traded is none.
        TradingOutOfBounds { code: Label } = 270
            => "{code}: trading needs a tick and a lot above zero, sessions that open before they \
                close, fees of at most 10 %, bands of at most 100 % and calls of at most a day, a \
                band where offers are bought directly, and blocks within 50 % of the last price",
        /// Account numbers begin with it.
        CountryOutOfBounds { code: Label, country: Label } = 219
            => "{code}: the country {country} must be two capital letters",
        /// Account numbers never change.
        CountryChanged { country: Label } = 266
            => "accounts are open whose numbers begin with {country}; it stays",
        /// Units live in one registry.
        RegistryChanged { code: Label } = 267
            => "{code}: units are issued; the registry stays where it is",
        /// What a market could not run by.
        YearOutOfBounds { code: Label, year: Year } = 216
            => "{code} {year}: units must count at least for their own year, and no reserve price \
                or penalty may be negative",
        /// A link leads from one jurisdiction to another, once.
        LinkOutOfBounds { from: JurisdictionId, to: JurisdictionId } = 264
            => "the link from jurisdiction {from} to {to} must join two jurisdictions of the \
                policy once, at a ratio of at most 1 and no negative levy, in at most 100 years",
        /// Coupled auctions reckon exactly.
        LinksTooFine { most: u128 } = 269
            => "the ratios along a way of links multiply beyond {most}; write them with smaller \
                numbers",
        /// A name is written on every page.
        NameOutOfBounds { most: usize } = 217 => "the market needs a name of 1 to {most} bytes",
        /// Auctions sell lots, and take a bounded number of bids.
        AuctionOutOfBounds { code: Label, year: Year, most: u32 } = 210
            => "{code} {year}: an auction needs a lot of at least 1 t and takes 1 to {most} bids",
    }
}

/// The regional administrator.
pub fn right(_state: &State, _it: &AdoptPolicy) -> Result<Right, Refusals> {
    Ok(Right::Region)
}

/// Refuses rules that no market could run by.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &AdoptPolicy,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let rules = it.rules.clone();
    let notice = state.rules.as_ref().map_or(0, |it| i64::from(it.notice_days));
    let from = by.now().plus_days(notice);
    check((state, from), &rules, &mut no);
    no.settle()?;
    out.push(match notice {
        0 => Event::PolicyAdopted(PolicyAdopted { rules }),
        _ => Event::PolicyScheduled(PolicyScheduled { rules, from }),
    });
    Ok(())
}

/// Whether rules change what stands in a jurisdiction's chapter, or a link of its own.
pub(crate) fn concerns(state: &State, rules: &MarketRules, id: JurisdictionId) -> bool {
    let of = |rules: &MarketRules| {
        let links = rules.links.iter().filter(|it| it.from == id || it.to == id);
        (rules.jurisdiction(id).cloned(), links.cloned().collect::<Vec<LinkRules>>())
    };
    state.rules.as_ref().is_none_or(|it| of(it) != of(rules))
}

/// Checks rules that are to be in force from a moment on.
pub(crate) fn check((state, from): (&State, Instant), rules: &MarketRules, no: &mut Objections) {
    let named = (1..=NAME_BYTES_MAX).contains(&rules.name.len());
    no.unless(named, AdoptPolicyRefused::NameOutOfBounds { most: NAME_BYTES_MAX });
    let days = rules.payment_days;
    no.unless((1..=365).contains(&days), AdoptPolicyRefused::PaymentDaysOutOfBounds { days });
    let count = rules.jurisdictions.len();
    no.unless(count > 0, AdoptPolicyRefused::NoJurisdiction);
    let most = JURISDICTIONS_MAX;
    no.unless(count <= most, AdoptPolicyRefused::TooManyJurisdictions { most });
    for chapter in &rules.jurisdictions {
        let code = chapter.code;
        let in_bounds = (1..=YEARS_MAX).contains(&chapter.years.len());
        no.unless(in_bounds, AdoptPolicyRefused::YearsOutOfBounds { code, most: YEARS_MAX });
        let follow = chapter.years.iter().zip(chapter.years.iter().skip(1));
        let in_order =
            follow.fold(true, |so_far, (one, two)| so_far && two.year == one.year.next());
        no.unless(in_order, AdoptPolicyRefused::YearsNotInOrder { code });
        let sound = chapter.calendar.is_sound();
        no.unless(sound, AdoptPolicyRefused::CalendarOutOfBounds { code });
        let sound = chapter.trading.is_sound();
        no.unless(sound, AdoptPolicyRefused::TradingOutOfBounds { code });
        let sound = chapter.evidence.is_none_or(|it| it.is_sound());
        no.unless(sound, AdoptPolicyRefused::EvidenceOutOfBounds { code });
        check_products(rules, chapter, no);
        let currency = rules.currency;
        let other = chapter.quote != Some(currency);
        no.unless(other, AdoptPolicyRefused::QuoteOfMarket { code, currency });
        let country = chapter.country;
        let letters = country.as_str().bytes().all(|it| it.is_ascii_uppercase());
        let is_code = letters && country.as_str().len() == 2;
        no.unless(is_code, AdoptPolicyRefused::CountryOutOfBounds { code, country });
        let years = chapter.years.iter().zip(chapter.years.iter().skip(1));
        for (one, two) in years {
            let year = two.year;
            let later = one.surrender_due < two.surrender_due;
            no.unless(later, AdoptPolicyRefused::DeadlinesNotInOrder { code, year });
        }
        for year in &chapter.years {
            let late = AdoptPolicyRefused::ReportAfterSurrender { code, year: year.year };
            no.unless(year.report_due <= year.surrender_due, late);
            let between = (year.report_due..=year.surrender_due).contains(&year.true_up_due);
            let out = AdoptPolicyRefused::TrueUpOutOfOrder { code, year: year.year };
            no.unless(between || year.report_due > year.surrender_due, out);
        }
    }
    for (chapter, year) in rules.jurisdictions.iter().flat_map(each_year) {
        let (code, most) = (chapter.code, BIDS_MAX);
        let bids = (1..=most).contains(&year.auction.bids_max);
        let bounded = bids && year.auction.lot > Tonnes::ZERO;
        let signs = year.auction.reserve.0.min(year.penalty.per_tonne.0) >= 0;
        let sound = signs && year.valid_to >= year.year;
        let year = year.year;
        no.unless(sound, AdoptPolicyRefused::YearOutOfBounds { code, year });
        no.unless(bounded, AdoptPolicyRefused::AuctionOutOfBounds { code, year, most });
    }
    check_links(rules, no);
    if let Some(before) = &state.rules {
        keeps_the_past((state, from), before, rules, no);
        for (id, chapter) in before.chapters() {
            let same = rules.jurisdiction(id).is_some_and(|it| it.code == chapter.code);
            no.unless(same, AdoptPolicyRefused::JurisdictionsChanged { code: chapter.code });
        }
        let (from, to) = (before.currency, rules.currency);
        no.unless(from == to, AdoptPolicyRefused::CurrencyChanged { from, to });
    }
}

/// Products are drawn from evidence, are traded soundly, and have codes of their own.
fn check_products(rules: &MarketRules, chapter: &JurisdictionRules, no: &mut Objections) {
    let (code, most) = (chapter.code, PRODUCTS_MAX);
    let fits = chapter.listed().count() <= usize::from(most);
    no.unless(fits, AdoptPolicyRefused::TooManyProducts { code, most });
    let mut codes = BTreeSet::new();
    for (_, it) in chapter.listed() {
        let drawn = chapter.evidence.is_some() && it.class != UnitClass::Allowance;
        let quoted = it.quote != Some(rules.currency);
        let fits = drawn && quoted && it.trading.is_sound() && codes.insert(it.code);
        no.unless(fits, AdoptPolicyRefused::ProductOutOfBounds { code, product: it.code });
    }
}

fn check_links(rules: &MarketRules, no: &mut Objections) {
    for (place, it) in rules.links.iter().enumerate() {
        let (from, to) = (it.from, it.to);
        let known = [from, to].iter().all(|it| rules.jurisdiction(*it).is_some());
        let (arrive, leave) = it.ratio;
        let sound = (1..=leave).contains(&arrive) && it.levy >= Price(0);
        let first = rules.links.iter().position(|it| (it.from, it.to) == (from, to));
        let fits = known && from != to && sound && it.years.len() <= YEARS_MAX;
        let once = first == Some(place);
        no.unless(fits && once, AdoptPolicyRefused::LinkOutOfBounds { from, to });
    }
    let ratios = rules.links.iter().map(|it| ((it.from, it.to), it.ratio));
    let most = coupling::PRODUCT_MAX;
    no.unless(coupling::is_exact(ratios), AdoptPolicyRefused::LinksTooFine { most });
}

fn each_year(
    chapter: &JurisdictionRules,
) -> impl Iterator<Item = (&JurisdictionRules, &YearRules)> {
    chapter.years.iter().map(move |year| (chapter, year))
}

/// Years stay; a deadline that has passed stays where it was, and no other comes to lie before now.
fn keeps_the_past(
    (state, now): (&State, Instant),
    before: &MarketRules,
    rules: &MarketRules,
    no: &mut Objections,
) {
    for (id, chapter) in before.chapters() {
        // A chapter in another place is refused as such.
        if rules.jurisdiction(id).is_none_or(|it| it.code != chapter.code) {
            continue;
        }
        let country = chapter.country;
        let numbered = state.accounts.iter().any(|(_, it)| it.jurisdiction == id);
        let same = rules.jurisdiction(id).is_some_and(|it| it.country == country);
        no.unless(same || !numbered, AdoptPolicyRefused::CountryChanged { country });
        let same = rules.jurisdiction(id).is_some_and(|it| it.quote == chapter.quote);
        no.unless(same, AdoptPolicyRefused::QuoteChanged { code: chapter.code });
        for (place, old) in chapter.listed() {
            let new = rules.jurisdiction(id).and_then(|it| it.product(place));
            let same = new.is_some_and(|it| {
                let alike = (it.code, it.class, it.quote) == (old.code, old.class, old.quote);
                alike && it.technologies == old.technologies
            });
            let (code, product) = (chapter.code, old.code);
            no.unless(same, AdoptPolicyRefused::ProductChanged { code, product });
        }
        let registry = rules.jurisdiction(id).map(|it| it.registry);
        let mut series = state.ledger.series.iter().map(|(_, it)| it);
        let issued = series.any(|it| it.jurisdiction == id && it.issued > Tonnes::ZERO);
        let stays = registry == Some(chapter.registry) || !issued;
        no.unless(stays, AdoptPolicyRefused::RegistryChanged { code: chapter.code });
        for old in &chapter.years {
            let (code, year) = (chapter.code, old.year);
            let Some(new) = rules.year(id, year) else {
                no.unless(false, AdoptPolicyRefused::YearDropped { code, year });
                continue;
            };
            let kept = |old: Instant, new: Instant| old == new || old.min(new) > now;
            let both = kept(old.report_due, new.report_due)
                && kept(old.true_up_due, new.true_up_due)
                && kept(old.surrender_due, new.surrender_due);
            no.unless(both, AdoptPolicyRefused::DeadlineMoved { code, year });
            let settled = old.surrender_due <= now;
            no.unless(
                !settled || !both || old == new,
                AdoptPolicyRefused::PastChanged { code, year },
            );
            let issued =
                state.ledger.vintage(id, year).map(|it| state.ledger.series.row(it).issued);
            let free = issued.is_none_or(|it| it == Tonnes::ZERO) || old.valid_to == new.valid_to;
            no.unless(free, AdoptPolicyRefused::ValidityChanged { code, year });
            let withdrawn = old.stage.obliges() && !new.stage.obliges() && is_owed(state, id, year);
            no.unless(!withdrawn, AdoptPolicyRefused::ObligationWithdrawn { code, year });
        }
    }
}

/// Whether any installation is registered to owe units for a year.
fn is_owed(state: &State, jurisdiction: JurisdictionId, year: Year) -> bool {
    let here = |it: &Installation| it.jurisdiction == jurisdiction && it.obliged_in(year);
    state.installations.iter().any(|(_, it)| here(it))
}

/// What falls due by a year's rules, and when.
fn falls_due(id: JurisdictionId, rules: &YearRules) -> Vec<(Instant, Due)> {
    let (year, reports, surrender) = (rules.year, rules.report_due, rules.surrender_due);
    let mut all = vec![(surrender, Due::Surrender(id, year))];
    if rules.stage.obliges() {
        all.push((reports, Due::Reports(id, year)));
        all.push((reports, Due::Offers(id, year)));
    }
    all
}

/// When units that end with a year expire, and when their holders are told.
fn expires(id: JurisdictionId, rules: &YearRules) -> Vec<(Instant, Due)> {
    let (year, surrender) = (rules.year, rules.surrender_due);
    let notice = |days: u8| {
        let at = surrender.plus_days(i64::from(days).saturating_neg());
        (at, Due::ExpiryNotice(id, year, days))
    };
    let mut all: Vec<_> = NOTICE_DAYS.map(notice).into();
    all.push((surrender, Due::Expiry(id, year)));
    all
}

/// Whether link units count in a jurisdiction, or may come to: they end with any of its years.
fn links_lead_to(state: &State, rules: &MarketRules, id: JurisdictionId) -> bool {
    rules.links.iter().any(|it| it.to == id)
        || state.ledger.linked.keys().any(|(_, counts_in, _)| *counts_in == id)
}

/// The rules come into force; each vintage that has no series gets one; deadlines to come go on
/// the agenda.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &PolicyAdopted) {
    for (id, chapter) in it.rules.chapters() {
        for year in &chapter.years {
            match state.ledger.vintage(id, year.year) {
                Some(series) => state.ledger.series.row_mut(series).valid_to = year.valid_to,
                None => state.ledger.open_series(Series::of_year(id, year)),
            }
            if let Some(old) = state.year_rules(id, year.year).cloned() {
                for (at, due) in falls_due(id, &old).into_iter().chain(expires(id, &old)) {
                    state.agenda.strike(at, due);
                }
            }
            let mut due = falls_due(id, year);
            let ends = chapter.years.iter().any(|it| it.valid_to == year.year);
            if ends || links_lead_to(state, &it.rules, id) {
                due.extend(expires(id, year));
            }
            for (at, due) in due {
                state.agenda.enter(state.now, at, due);
            }
        }
    }
    state.rules = Some((*it.rules).clone());
    state.scheduled = None;
}
