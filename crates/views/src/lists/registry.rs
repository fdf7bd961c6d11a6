//! Lists of the registry: members, years, installations, what they owe and hold.

use super::{code, column};
use crate::list::{Column, Kind, List, Order};
use crate::project::{Catalogue, Plant};
use crate::sql::Value;
use karvan_core::State;
use karvan_core::account::{AccountKind, Closure, Installation, number_of};
use karvan_core::id::{AccountId, InstallationId, JurisdictionId};
use karvan_core::quantity::{Price, Tonnes};
use karvan_core::rules::{LinkRules, Stage, YearRules};
use karvan_core::time::Year;

const JURISDICTION: Column = column("jurisdiction", Kind::Jurisdiction, "The jurisdiction's code.");
const YEAR: Column = column("year", Kind::Year, "The compliance year.");
const INSTALLATION: Column =
    column("installation", Kind::Text, "The installation, by its row in the data.");
const NAME: Column = column("name", Kind::Text, "Its name in the data.");

/// Members of the market as they stand now.
pub const JURISDICTIONS: List = List {
    name: "jurisdictions",
    about: "The members of the market as they stand: stage, cap, price, verified emissions.",
    columns: &[
        JURISDICTION,
        column("place", Kind::Number, "Its place in the policy, from 0."),
        column("stage", Kind::Word, "observer, crediting, pilot or ets, in the current year."),
        column("year", Kind::Year, "The current year."),
        column("cap", Kind::Tonnes, "The cap in force of the year that follows."),
        column("cap_year", Kind::Year, "The current year, or the last before it with a cap."),
        column("price", Kind::Price, "The last price in a market of its units."),
        column("priced_at", Kind::Moment, "When that price was made."),
        column("priced_year", Kind::Year, "The year for which those units count at most."),
        column("verified_year", Kind::Year, "The last year whose letters are frozen."),
        column("verified", Kind::Tonnes, "Verified emissions of that year of those obliged."),
        column("verified_cap", Kind::Tonnes, "The cap of that year."),
        column("installations", Kind::Count, "Installations registered."),
        column("obliged", Kind::Count, "Installations that owe units for the current year."),
        column("settlement_class", Kind::Word, "Who settles with whom: its class by the policy."),
        column(
            "registry",
            Kind::Word,
            "native, or mirror where the units live in a register elsewhere.",
        ),
    ],
    key: 1,
    order: Order::Ascending,
    delayed: false,
    sought: &[],
};

/// Years of members.
pub const YEARS: List = List {
    name: "years",
    about: "Each year of each member: cap, units, emissions, surrender, letters, deadlines.",
    columns: &[
        JURISDICTION,
        YEAR,
        column("stage", Kind::Word, "observer, crediting, pilot or ets."),
        column("cap", Kind::Tonnes, "The cap in force."),
        column("opening", Kind::Tonnes, "Units of an opening balance, beyond the cap."),
        column("withdrawn", Kind::Tonnes, "Units withdrawn by a lower cap; they stay issued."),
        column("issued", Kind::Tonnes, "Units of this vintage issued."),
        column("entitled", Kind::Tonnes, "Free allocation of the tables."),
        column("delivered", Kind::Tonnes, "Free allocation delivered."),
        column("auctioned", Kind::Tonnes, "Units of this vintage sold in primary auctions."),
        column("auction_price", Kind::Price, "Their mean price, rounded to the nearest."),
        column("obliged", Kind::Count, "Installations that owe units."),
        column("reported", Kind::Count, "Those with verified or estimated emissions."),
        column("verified", Kind::Tonnes, "Verified or estimated emissions of those obliged."),
        column("surrendered", Kind::Tonnes, "Units surrendered for the year."),
        column("a", Kind::Count, "Installations with the letter A: surrendered all they owed."),
        column("b", Kind::Count, "Letter B: surrendered less than they owed."),
        column("c", Kind::Count, "Letter C: a year is not reported."),
        column("other", Kind::Count, "Other letters: D, E, X, excluded, nothing owed."),
        column("valid_to", Kind::Year, "The last year for which units of this vintage count."),
        column("report_due", Kind::Moment, "When reports are due."),
        column("surrender_due", Kind::Moment, "When units are to be surrendered."),
        column("reserve", Kind::Price, "The lowest price of primary auctions; 0 is none."),
        column("ceiling", Kind::Price, "The price at which what is missing may be bought."),
        column("penalty", Kind::Price, "The fine for each tonne missing."),
        column("closed", Kind::Word, "yes once the letters are frozen."),
    ],
    key: 2,
    order: Order::Ascending,
    delayed: false,
    sought: &[],
};

/// Installations.
pub const INSTALLATIONS: List = List {
    name: "installations",
    about: "Installations registered: where they are, what is known of them, how they comply.",
    columns: &[
        INSTALLATION,
        column("number", Kind::Number, "Its number in the registry."),
        JURISDICTION,
        NAME,
        column("operator", Kind::Text, "The operator named in the data."),
        column("sector", Kind::Word, "Its sector in the policy."),
        column("fuel", Kind::Text, "Its fuel or process."),
        column("capacity", Kind::Text, "Its capacity with the unit."),
        column("latitude", Kind::Degrees, "Where it is."),
        column("longitude", Kind::Degrees, "Where it is."),
        column("provenance", Kind::Word, "measured, derived, assumed or synthetic: its data."),
        column("source", Kind::Text, "Where the data comes from."),
        column("account", Kind::Text, "The number of its account."),
        column("obliged_from", Kind::Year, "The first year for which it owes units."),
        column("obliged_to", Kind::Year, "The last such year, where one is set."),
        column("last_year", Kind::Year, "The last year with verified or estimated emissions."),
        column("emissions", Kind::Tonnes, "The emissions of that year."),
        column("letter", Kind::Word, "Its last compliance letter that is frozen."),
        column("letter_year", Kind::Year, "The year of that letter."),
        column("merged", Kind::Text, "The installation into which it was merged."),
    ],
    key: 1,
    order: Order::Ascending,
    delayed: false,
    sought: &[&["jurisdiction"]],
};

/// Compliance.
pub const COMPLIANCE: List = List {
    name: "compliance",
    about: "Each installation and year: emissions, units surrendered, the frozen letter.",
    columns: &[
        JURISDICTION,
        YEAR,
        INSTALLATION,
        NAME,
        column("sector", Kind::Word, "Its sector in the policy."),
        column("emissions", Kind::Tonnes, "Verified emissions."),
        column("estimated", Kind::Word, "yes where they were estimated, because no report came."),
        column("allocated", Kind::Tonnes, "Free allocation delivered."),
        column("surrendered", Kind::Tonnes, "Units surrendered for the year."),
        column("letter", Kind::Word, "The letter, once it is frozen."),
    ],
    key: 3,
    order: Order::Ascending,
    delayed: false,
    sought: &[&["installation"]],
};

/// Free allocation.
pub const ALLOCATIONS: List = List {
    name: "allocations",
    about: "Free allocation: what each installation is entitled to, and what was delivered.",
    columns: &[
        JURISDICTION,
        YEAR,
        INSTALLATION,
        NAME,
        column("table", Kind::Word, "national, or new entrants."),
        column("entitled", Kind::Tonnes, "By the table in force."),
        column("delivered", Kind::Tonnes, "Delivered so far."),
        column("withheld", Kind::Word, "yes where the rest is withheld."),
    ],
    key: 3,
    order: Order::Ascending,
    delayed: false,
    sought: &[&["installation"]],
};

/// Accounts.
pub const ACCOUNTS: List = List {
    name: "accounts",
    about: "Accounts of the registry: number, kind and jurisdiction. Holdings are not public.",
    columns: &[
        column("account", Kind::Text, "The account's number, with check digits."),
        column("number", Kind::Number, "Its place in the registry."),
        JURISDICTION,
        column("kind", Kind::Word, "What it is for."),
        column("holder", Kind::Number, "The number of the party that holds it."),
        column("installation", Kind::Text, "The installation it belongs to, if any."),
        column("state", Kind::Word, "open or closed."),
    ],
    key: 1,
    order: Order::Ascending,
    delayed: false,
    sought: &[],
};

/// Links.
pub const LINKS: List = List {
    name: "links",
    about: "Links between members, year by year: what may go through, and what did.",
    columns: &[
        column("from", Kind::Jurisdiction, "Whose units leave."),
        column("to", Kind::Jurisdiction, "Where they count."),
        YEAR,
        column("ratio", Kind::Text, "What one unit counts for, such as 4/5."),
        column("quota", Kind::Tonnes, "At most so many leave in the year; without one, any."),
        column("levy", Kind::Price, "What each unit that leaves costs."),
        column("surplus_only", Kind::Word, "yes where only what was bought or spared may leave."),
        column("crossed", Kind::Tonnes, "Left by coupled auctions, less what came home."),
        column("suspended", Kind::Word, "yes while the link is suspended."),
    ],
    key: 3,
    order: Order::Ascending,
    delayed: false,
    sought: &[],
};

pub(crate) fn stage(it: Stage) -> &'static str {
    match it {
        Stage::Observer => "observer",
        Stage::Crediting => "crediting",
        Stage::Pilot => "pilot",
        Stage::Ets => "ets",
    }
}

/// The year of a moment.
pub(crate) fn year_of(state: &State) -> Year {
    Year(u16::try_from(state.now.date().0).unwrap_or_default())
}

/// The rules of the current year: before the first year of a chapter the first, after the last the
/// last.
fn current(state: &State, id: JurisdictionId) -> Option<&YearRules> {
    let years = &state.rules.as_ref()?.jurisdiction(id)?.years;
    let now = year_of(state);
    let (first, last) = (years.first()?, years.last()?);
    let within = years.iter().find(|it| it.year == now);
    Some(within.unwrap_or(if now < first.year { first } else { last }))
}

fn cap(state: &State, id: JurisdictionId, year: Year) -> Option<Tonnes> {
    state.caps.get(&(id, year)).map(karvan_core::supply::Cap::in_force)
}

fn of_jurisdiction(
    state: &State,
    id: JurisdictionId,
) -> impl Iterator<Item = (InstallationId, &Installation)> {
    state.installations.iter().filter(move |(_, it)| it.jurisdiction == id)
}

/// Emissions of those obliged, and how many have them.
fn emissions(state: &State, id: JurisdictionId, year: Year) -> (usize, usize, Tonnes) {
    let obliged = of_jurisdiction(state, id).filter(|(_, it)| it.obliged_in(year));
    let mut found = (0usize, 0usize, Tonnes::ZERO);
    for (_, it) in obliged {
        found.0 = found.0.saturating_add(1);
        if let Some(emitted) = it.emissions.get(&year) {
            found.1 = found.1.saturating_add(1);
            found.2 += *emitted;
        }
    }
    found
}

/// The row of a member.
pub(crate) fn jurisdiction(state: &State, id: JurisdictionId) -> Option<Vec<Value>> {
    let chapter = state.rules.as_ref()?.jurisdiction(id)?;
    let rules = current(state, id)?;
    let prices = state.last_prices.range((id, Year(0))..=(id, Year(u16::MAX)));
    // The market that ends next: units of a period that is over are not what people trade now.
    let priced = prices
        .filter(|((_, valid_to), _)| *valid_to >= rules.year)
        .min_by_key(|((_, valid_to), _)| *valid_to);
    let capped = state.caps.range((id, Year(0))..=(id, rules.year)).next_back();
    let closed = state.closed_years.range((id, Year(0))..=(id, Year(u16::MAX))).next_back();
    let closed = closed.map(|(_, year)| *year);
    let class = chapter.settlement_class;
    Some(vec![
        chapter.code.into(),
        id.0.into(),
        stage(rules.stage).into(),
        rules.year.into(),
        capped.map(|it| it.1.in_force()).into(),
        capped.map(|it| it.0.1).into(),
        priced.map(|(_, (price, _))| *price).into(),
        priced.map(|(_, (_, at))| *at).into(),
        priced.map(|((_, valid_to), _)| *valid_to).into(),
        closed.into(),
        closed.map(|year| emissions(state, id, year).2).into(),
        closed.and_then(|year| cap(state, id, year)).into(),
        of_jurisdiction(state, id).count().into(),
        of_jurisdiction(state, id).filter(|(_, it)| it.obliged_in(rules.year)).count().into(),
        class.to_string().into(),
        match chapter.registry {
            karvan_core::rules::Registry::Native => "native".into(),
            karvan_core::rules::Registry::Mirror => "mirror".into(),
        },
    ])
}

/// The row of a member's year.
pub(crate) fn year(state: &State, (id, year): (JurisdictionId, Year)) -> Option<Vec<Value>> {
    let chapter = state.rules.as_ref()?.jurisdiction(id)?;
    let rules = state.year_rules(id, year)?;
    let cap_of = state.caps.get(&(id, year));
    let series = state.ledger.vintage(id, year).and_then(|it| state.ledger.series.get(it));
    let (mut entitled, mut delivered) = (Tonnes::ZERO, Tonnes::ZERO);
    let (mut a, mut b, mut c, mut other) = (0usize, 0usize, 0usize, 0usize);
    let mut surrendered = Tonnes::ZERO;
    for (it, installation) in of_jurisdiction(state, id) {
        if let Some(row) = state.entitlements.get(&(it, year)) {
            entitled += row.entitled;
            delivered += row.delivered;
        }
        surrendered += installation.surrendered.get(&year).copied().unwrap_or_default();
        use karvan_core::compliance::Letter as L;
        let count = match installation.letters.get(&year) {
            Some(L::A) => &mut a,
            Some(L::B) => &mut b,
            Some(L::C) => &mut c,
            Some(L::NotApplicable | L::Excluded | L::D | L::E | L::X) => &mut other,
            None => continue,
        };
        *count = count.saturating_add(1);
    }
    let auctioned = state.auctioned.get(&(id, year));
    let mean = auctioned.and_then(|(units, money)| {
        let half = i64::try_from(units.0).ok()?.checked_div(2)?;
        money.0.checked_add(half)?.checked_div(i64::try_from(units.0).ok()?).map(Price)
    });
    let (obliged, reported, verified) = emissions(state, id, year);
    let is_open = rules.stage.obliges();
    Some(vec![
        chapter.code.into(),
        year.into(),
        stage(rules.stage).into(),
        cap_of.map(karvan_core::supply::Cap::in_force).into(),
        cap_of.map(|it| it.opening).into(),
        cap_of.map(|it| it.withdrawn).into(),
        series.map(|it| it.issued).into(),
        cap_of.map(|_| entitled).into(),
        cap_of.map(|_| delivered).into(),
        cap_of.map(|_| auctioned.map_or(Tonnes::ZERO, |it| it.0)).into(),
        mean.into(),
        obliged.into(),
        reported.into(),
        (reported > 0).then_some(verified).into(),
        is_open.then_some(surrendered).into(),
        a.into(),
        b.into(),
        c.into(),
        other.into(),
        rules.valid_to.into(),
        rules.report_due.into(),
        is_open.then_some(rules.surrender_due).into(),
        is_open.then_some(rules.auction.reserve).into(),
        rules.ceiling.into(),
        is_open.then_some(rules.penalty.per_tonne).into(),
        (state.closed_years.contains(&(id, year))).then_some("yes").into(),
    ])
}

/// The row of an installation.
pub(crate) fn installation(
    state: &State,
    known: &Catalogue,
    id: InstallationId,
) -> Option<Vec<Value>> {
    let it = state.installations.get(id)?;
    let plant = known.of(it.label.as_str());
    // What the data leaves empty is not known.
    let said =
        |of: fn(&Plant) -> &String| plant.map(of).filter(|it| !it.is_empty()).cloned().into();
    let last = it.emissions.last_key_value();
    let letter = it.letters.last_key_value();
    let merged = it.merged.and_then(|id| state.installations.get(id)).map(|it| it.label);
    Some(vec![
        it.label.into(),
        id.0.into(),
        code(state, it.jurisdiction).into(),
        said(|it| &it.name),
        said(|it| &it.operator),
        it.sector.into(),
        said(|it| &it.fuel),
        said(|it| &it.capacity),
        plant.and_then(|it| it.latitude).into(),
        plant.and_then(|it| it.longitude).into(),
        said(|it| &it.provenance),
        said(|it| &it.source),
        number_of(state, it.account).map(|it| it.to_string()).into(),
        it.obliged_from.into(),
        it.obliged_to.into(),
        last.map(|(year, _)| *year).into(),
        last.map(|(_, emitted)| *emitted).into(),
        letter.map(|(_, letter)| letter.name()).into(),
        letter.map(|(year, _)| *year).into(),
        merged.into(),
    ])
}

/// The row of an installation's year; none where nothing is known of it, or it became part of
/// another.
pub(crate) fn compliance(
    state: &State,
    known: &Catalogue,
    (id, year): (InstallationId, Year),
) -> Option<Vec<Value>> {
    let it = state.installations.get(id)?;
    let allocated = state.entitlements.get(&(id, year)).map(|it| it.delivered);
    let is_known = allocated.is_some()
        || it.emissions.contains_key(&year)
        || it.surrendered.contains_key(&year)
        || it.letters.contains_key(&year);
    if !is_known || it.merged.is_some() {
        return None;
    }
    Some(vec![
        code(state, it.jurisdiction).into(),
        year.into(),
        it.label.into(),
        known.of(it.label.as_str()).map(|it| it.name.clone()).into(),
        it.sector.into(),
        it.emissions.get(&year).copied().into(),
        (it.estimated.contains(&year)).then_some("yes").into(),
        allocated.into(),
        it.surrendered.get(&year).copied().into(),
        it.letters.get(&year).map(|it| it.name()).into(),
    ])
}

/// The row of a free allocation.
pub(crate) fn allocation(
    state: &State,
    known: &Catalogue,
    (id, year): (InstallationId, Year),
) -> Option<Vec<Value>> {
    use karvan_core::allocation::{Source, Withholding};
    let it = state.installations.get(id)?;
    let row = state.entitlements.get(&(id, year))?;
    Some(vec![
        code(state, it.jurisdiction).into(),
        year.into(),
        it.label.into(),
        known.of(it.label.as_str()).map(|it| it.name.clone()).into(),
        match row.source {
            Source::National => "national".into(),
            Source::NewEntrants => "new entrants".into(),
        },
        row.entitled.into(),
        row.delivered.into(),
        (row.withholding == Withholding::Withheld).then_some("yes").into(),
    ])
}

/// The row of an account.
pub(crate) fn account(state: &State, id: AccountId) -> Option<Vec<Value>> {
    let it = state.accounts.get(id)?;
    let is_operators = it.kind == AccountKind::Operator;
    let installation =
        state.installations.iter().find(|(_, row)| is_operators && row.account == id);
    Some(vec![
        number_of(state, id)?.to_string().into(),
        id.0.into(),
        code(state, it.jurisdiction).into(),
        it.kind.name().into(),
        it.holder.0.into(),
        installation.map(|(_, it)| it.label).into(),
        if it.closure == Closure::Closed { "closed".into() } else { "open".into() },
    ])
}

/// The row of a link's year.
pub(crate) fn link(
    state: &State,
    it: &LinkRules,
    (year, quota): (Year, Option<Tonnes>),
) -> Vec<Value> {
    let crossed = state.crossed.get(&(it.from, it.to, year)).copied();
    vec![
        code(state, it.from).into(),
        code(state, it.to).into(),
        year.into(),
        format!("{}/{}", it.ratio.0, it.ratio.1).into(),
        quota.into(),
        it.levy.into(),
        (it.surplus_only).then_some("yes").into(),
        crossed.unwrap_or_default().into(),
        (state.suspended_links.contains(&(it.from, it.to))).then_some("yes").into(),
    ]
}
