//! How a chapter sells units: rule set, calendar, prices and volumes of its primary auctions.

use crate::ByYear;
use crate::reader::Section;
use crate::schema::{WEEKDAYS, price, small, tonnes};
use karvan_core::quantity::Tonnes;
use karvan_core::rules::{AuctionRules, BelowSecondary, TIERS_MAX, Tier, Ties, Undersubscribed};

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

/// What each part of a set may be.
pub const UNDERSUBSCRIBED: [(&str, Undersubscribed); 2] =
    [("cancel", Undersubscribed::Cancel), ("sell", Undersubscribed::Sell)];
/// See [`UNDERSUBSCRIBED`].
pub const BELOW_SECONDARY: [(&str, BelowSecondary); 3] = [
    ("cancel", BelowSecondary::Cancel),
    ("step_up", BelowSecondary::StepUp),
    ("ignore", BelowSecondary::Ignore),
];
/// See [`UNDERSUBSCRIBED`].
pub const TIES: [(&str, Ties); 3] =
    [("seeded", Ties::Seeded), ("pro_rata", Ties::ProRata), ("arrival", Ties::Arrival)];

const fn rule_set(
    undersubscribed: Undersubscribed,
    below_secondary: BelowSecondary,
    ties: Ties,
) -> RuleSet {
    RuleSet { undersubscribed, below_secondary, ties }
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

/// How a chapter sells units.
#[derive(Clone, Debug, PartialEq)]
pub struct Auctions {
    /// When auctions are held.
    pub calendar: AuctionCalendar,
    /// Volumes are whole multiples of this, t.
    pub lot_t: u64,
    /// Below it nothing is sold, USD/t.
    pub reserve_usd: ByYear<f64>,
    /// At this price units are sold before the surrender; infinite where none are, USD/t.
    pub ceiling_usd: ByYear<f64>,
    /// When less is bid than offered.
    pub undersubscribed: Undersubscribed,
    /// When an auction would clear well below the secondary market.
    pub below_secondary: BelowSecondary,
    /// How far below counts, percent.
    pub below_secondary_percent: u32,
    /// How equal prices share.
    pub ties: Ties,
    /// Prices at which more units are released, USD/t, rising.
    pub cost_containment_usd: Vec<f64>,
    /// How many units each of them releases, percent of the cap.
    pub cost_containment_percent_of_cap: f64,
    /// Below this price units are withheld, USD/t.
    pub containment_usd: ByYear<f64>,
    /// How much of an auction is withheld at most, percent.
    pub containment_percent: f64,
    /// The most of one auction that one owner group may bid for, percent.
    pub purchase_limit_percent: u32,
    /// The most bids one auction takes.
    pub bids_max: u32,
}

impl Auctions {
    pub(crate) fn read(s: &Section<'_>) -> Self {
        let rule_set = s.choice("auction_rule_set", &RULE_SETS, RULE_SETS[1].1);
        let usd = |key: &str, default: f64| s.numbers(key, default, 0.0..=1e6);
        let percent = |key: &str| s.number(key, 0.0, 0.0..=100.0);
        Self {
            calendar: auction_calendar(s),
            lot_t: s.whole("auction_lot_t", 1, 1..=1_000_000),
            reserve_usd: usd("auction_reserve_usd_per_t", 0.0),
            ceiling_usd: usd("price_ceiling_usd_per_t", f64::INFINITY),
            undersubscribed: s.choice(
                "auction_undersubscribed",
                &UNDERSUBSCRIBED,
                rule_set.undersubscribed,
            ),
            below_secondary: s.choice(
                "auction_below_secondary",
                &BELOW_SECONDARY,
                rule_set.below_secondary,
            ),
            below_secondary_percent: small(s.whole("auction_below_secondary_percent", 10, 0..=100)),
            ties: s.choice("auction_ties", &TIES, rule_set.ties),
            cost_containment_usd: cost_containment(s),
            cost_containment_percent_of_cap: percent("cost_containment_percent_of_cap"),
            containment_usd: usd("emissions_containment_usd_per_t", 0.0),
            containment_percent: percent("emissions_containment_percent"),
            purchase_limit_percent: small(s.whole("auction_purchase_limit_percent", 100, 1..=100)),
            bids_max: small(s.whole("auction_bids_max", 10_000, 1..=10_000)),
        }
    }

    /// The price of a year at which units are sold before the surrender.
    pub fn ceiling(&self, year: u16) -> Option<f64> {
        Some(self.ceiling_usd.at(year)).filter(|it| it.is_finite())
    }

    /// What it means to the core in a year of which so much is the cap, and so much auctioned, Mt.
    pub(crate) fn rules(&self, year: u16, (cap, auctioned): (f64, f64)) -> AuctionRules {
        AuctionRules {
            lot: Tonnes(self.lot_t),
            reserve: price(self.reserve_usd.at(year)),
            undersubscribed: self.undersubscribed,
            below_secondary: self.below_secondary,
            below_secondary_percent: self.below_secondary_percent,
            purchase_limit_percent: self.purchase_limit_percent,
            bids_max: self.bids_max,
            ties: self.ties,
            tiers: self.tiers(cap),
            withhold: self.withhold(year, auctioned),
        }
    }

    /// An equal part of a year's volume for each auction, in whole lots.
    fn each(&self, of_year: Tonnes) -> Tonnes {
        let auctions = u64::try_from(self.calendar.months.len().max(1)).unwrap_or(1);
        Tonnes(of_year.0 / auctions / self.lot_t * self.lot_t)
    }

    /// What an auction releases at most above which prices.
    fn tiers(&self, cap_mt: f64) -> [Option<Tier>; TIERS_MAX] {
        let volume = self.each(tonnes(cap_mt * self.cost_containment_percent_of_cap / 100.0));
        let tier = |usd: &f64| Tier { price: price(*usd), volume };
        let prices = &self.cost_containment_usd;
        std::array::from_fn(|it| prices.get(it).map(tier).filter(|it| it.volume > Tonnes::ZERO))
    }

    /// What an auction of a year withholds at most below which price.
    fn withhold(&self, year: u16, auctioned_mt: f64) -> Option<Tier> {
        let volume = self.each(tonnes(auctioned_mt * self.containment_percent / 100.0));
        let usd = self.containment_usd.at(year);
        (usd > 0.0 && volume > Tonnes::ZERO).then(|| Tier { price: price(usd), volume })
    }
}

fn cost_containment(s: &Section<'_>) -> Vec<f64> {
    const KEY: &str = "cost_containment_usd_per_t";
    let tiers = s.list_of_numbers(KEY, 0.0..=1e6).unwrap_or_default();
    if tiers.len() > TIERS_MAX {
        s.mistake(KEY, format!("has {} prices; allowed are up to {TIERS_MAX}", tiers.len()));
    }
    if !tiers.is_sorted() {
        s.mistake(KEY, "the prices must rise");
    }
    tiers
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
