//! How a rehearsal is played: `[rehearsal]` and its shocks.

use crate::reader::Section;
use crate::schema::SECTORS;

/// How simulated people behave: what keeps them from offering all they can spare and asking what it
/// is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Behaviour {
    /// They look a few years ahead, see prices differently, and have a budget.
    pub bounded: bool,
    /// They cover their needs by a plan, some of them late.
    pub hedging: bool,
    /// They offer little of what they can spare, and some of them nothing.
    pub reluctant: bool,
}

impl Behaviour {
    /// They know their own data, hesitate and hedge.
    pub const REALISTIC: Self = Self { bounded: true, hedging: true, reluctant: true };
    /// None of it.
    pub const COMPETITIVE: Self = Self { bounded: false, hedging: false, reluctant: false };
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

impl Default for RehearsalPolicy {
    fn default() -> Self {
        Self {
            seed: 1,
            behaviour: Behaviour::REALISTIC,
            call_day: 25,
            errors: true,
            attacks: false,
            chance: true,
            market_power: false,
            intermediaries: false,
            shocks: Vec::new(),
        }
    }
}

/// Reads the section; the defaults where the file has none.
pub(crate) fn read(root: &Section<'_>) -> RehearsalPolicy {
    let Some(section) = root.section("rehearsal") else {
        return RehearsalPolicy::default();
    };
    let words = [("realistic", Behaviour::REALISTIC), ("competitive", Behaviour::COMPETITIVE)];
    let it = RehearsalPolicy {
        seed: section.whole("seed", 1, 0..=u64::MAX),
        behaviour: section.choice("behaviour", &words, Behaviour::REALISTIC),
        call_day: u8::try_from(section.whole("call_day_of_month", 25, 1..=28)).unwrap_or(25),
        errors: section.flag("errors", true),
        attacks: section.flag("attacks", false),
        chance: section.flag("chance", true),
        market_power: section.flag("market_power", false),
        intermediaries: section.flag("intermediaries", false),
        shocks: section.tables("shock").into_iter().map(shock).collect(),
    };
    section.end();
    it
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
