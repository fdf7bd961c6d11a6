//! What a simulation finds.

use super::inputs::Input;
use super::irr::Irr;
use super::network::Residual;
use super::output::Output;
use super::units::{MegaTonnes, MillionUsd, UsdPerTonne};
use std::fmt;

/// A member in a year.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// The year.
    pub year: u16,
    /// The price of a unit; none where there is no market.
    pub price: Option<UsdPerTonne>,
    /// Emissions without a market.
    pub baseline: MegaTonnes,
    /// The cap.
    pub cap: MegaTonnes,
    /// What of it is given free.
    pub free: MegaTonnes,
    /// What is avoided.
    pub abatement: MegaTonnes,
    /// What is emitted.
    pub emissions: MegaTonnes,
    /// What the whole country emits; none where no table tells.
    pub national: Option<MegaTonnes>,
    /// What comes by links, less what leaves.
    pub net_import: MegaTonnes,
    /// What is kept for later; negative where units of later years are used.
    pub bank: MegaTonnes,
    /// Units that nobody wants at any price, and nobody can keep.
    pub left: MegaTonnes,
    /// What the quantity rule adds to auctions; negative where it takes from them.
    pub reserve: MegaTonnes,
    /// What is not auctioned, at the reserve price.
    pub withheld: MegaTonnes,
    /// What tiers release beyond the cap.
    pub tiers: MegaTonnes,
    /// What is sold at the ceiling beyond the cap.
    pub ceiling: MegaTonnes,
    /// Emissions for which a penalty is paid in place of units.
    pub fined: MegaTonnes,
    /// Emissions for which there is nothing at any price.
    pub missing: MegaTonnes,
    /// What avoiding and trading abroad cost, with units beyond the cap at their price; transfers
    /// within the country are none.
    pub cost: MillionUsd,
    /// How much less that is than without links.
    pub gain: MillionUsd,
    /// What auctions, tiers and ceiling sales bring the treasury.
    pub revenue: MillionUsd,
    /// What the units given free are worth: what selling them would have brought.
    pub foregone: MillionUsd,
    /// What free allocation leaves operators beyond what the market costs them, with the part of
    /// the price that product prices carry.
    pub windfall: MillionUsd,
    /// What a border adjustment abroad takes for exported goods.
    pub border: Border,
    /// What is made, where output follows the price.
    pub output: Option<OutputRow>,
    /// Credits.
    pub credits: CreditsRow,
}

/// Credits in a year.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CreditsRow {
    /// What projects of the country avoid outside of caps, for credits.
    pub issued: MegaTonnes,
    /// What of that leaves the country.
    pub exported: MegaTonnes,
    /// What comes of others.
    pub imported: MegaTonnes,
    /// For how many units domestic credits are surrendered.
    pub domestic: MegaTonnes,
    /// For how many units foreign credits are.
    pub foreign: MegaTonnes,
    /// What its projects get for a credit.
    pub price: Option<UsdPerTonne>,
}

/// What sectors make in a year, a mean by their emissions.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct OutputRow {
    /// What is made, as a share of what would be without a market.
    pub share: f64,
    /// How much dearer products are, as a share of their price.
    pub dearer: f64,
    /// What is avoided by making less.
    pub avoided: MegaTonnes,
    /// What buyers lose by buying less.
    pub lost: MillionUsd,
}

impl OutputRow {
    pub(super) fn of(outputs: &[Output], price: f64) -> Option<Self> {
        let sum: f64 = outputs.iter().map(Output::baseline).sum();
        let mean = |of: fn(&Output, f64) -> f64| {
            outputs.iter().map(|it| it.baseline() * of(it, price)).sum::<f64>() / sum
        };
        let avoided = MegaTonnes(outputs.iter().map(|it| it.avoided(price)).sum());
        let lost = MillionUsd(outputs.iter().map(|it| it.lost(price)).sum());
        (sum > 0.0).then(|| Self {
            share: mean(Output::share),
            dearer: mean(Output::price_rise),
            avoided,
            lost,
        })
    }
}

/// A border adjustment abroad in a year.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Border {
    /// What it would take if there were no price at home.
    pub without: MillionUsd,
    /// What it takes, less what was paid at home.
    pub with: MillionUsd,
    /// What it takes because units are given free and so not paid for.
    pub lost: MillionUsd,
}

impl Border {
    /// For so many Mt at a price abroad and one at home, of which a share is given free.
    pub fn of(exports: MegaTonnes, (abroad, home): (UsdPerTonne, UsdPerTonne), free: f64) -> Self {
        let deducted = |paid: f64| UsdPerTonne(paid.min(abroad.0)) * exports;
        let paid = home.0 * (1.0 - free.clamp(0.0, 1.0));
        let without = abroad * exports;
        Self { without, with: without - deducted(paid), lost: deducted(home.0) - deducted(paid) }
    }
}

/// A member through the years.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The rate at which its years are discounted, as a share a year.
    pub rho: f64,
    /// Its years.
    pub rows: Vec<Row>,
    /// The money of all simulated years, discounted to the first one.
    pub total: Money,
    /// What it has promised beside what comes of it.
    pub targets: Vec<TargetRow>,
    /// What is built there, by technology.
    pub investments: Vec<Investment>,
}

/// What is built of a technology through all years, not discounted.
#[derive(Clone, Debug, PartialEq)]
pub struct Investment {
    /// The technology.
    pub technology: String,
    /// Whether it counts as green investment.
    pub is_green: bool,
    /// What is invested with the prices of the market.
    pub with: MillionUsd,
    /// What would be without them.
    pub without: MillionUsd,
    /// What is avoided a year by all that is built in the end.
    pub avoided: MegaTonnes,
    /// What would be without the prices of the market.
    pub avoided_without: MegaTonnes,
    /// What could be avoided a year.
    pub potential: MegaTonnes,
    /// What is built where, the best first.
    pub sites: Vec<Site>,
}

impl Investment {
    /// What the market mobilises.
    pub fn mobilised(&self) -> MillionUsd {
        self.with - self.without
    }
}

/// What is built at a place.
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    /// The id of the plant; empty for what stands by itself.
    pub plant: String,
    /// What it is.
    pub name: String,
    /// The place of the first year in which some of it is decided.
    pub first: usize,
    /// Which share of it is built in the end.
    pub built: f64,
    /// Which share would be without a price.
    pub anyway: f64,
    /// What all of it costs to build.
    pub capex: MillionUsd,
    /// What all of it avoids a year.
    pub avoided: MegaTonnes,
    /// At which price it is worth its while.
    pub levelised: UsdPerTonne,
    /// Its internal rate of return in that year, on the path of prices.
    pub irr: Irr,
    /// The same without a price.
    pub irr_without: Irr,
}

/// A national target beside what the model finds.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetRow {
    /// The year.
    pub year: u16,
    /// The most that the country will emit.
    pub most: MegaTonnes,
    /// The most with help of others, where it promises more then.
    pub with_help: Option<MegaTonnes>,
    /// What it emits without a market.
    pub without: MegaTonnes,
    /// What it emits.
    pub emissions: MegaTonnes,
    /// What leaves through links less what comes, a year: the mean of the years so far, since a
    /// target for one year would else be met by not selling in that year (decision 2/CMA.3, annex,
    /// paragraph 7 (a) (ii)).
    pub transferred: MegaTonnes,
    /// The document.
    pub document: String,
}

impl TargetRow {
    /// By how much it is missed, what was transferred counted as emitted here; negative where it is
    /// more than met.
    pub fn gap(&self) -> MegaTonnes {
        self.emissions + self.transferred - self.most
    }

    /// What is sold and would be needed at home.
    pub fn oversold(&self) -> MegaTonnes {
        MegaTonnes(self.gap().0.min(self.transferred.0).max(0.0))
    }

    /// By how much the target lies above what would be emitted anyway.
    pub fn hot_air(&self) -> MegaTonnes {
        MegaTonnes((self.most.0 - self.without.0).max(0.0))
    }
}

/// Sums of money, millions.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Money {
    /// See [`Row::cost`].
    pub cost: MillionUsd,
    /// See [`Row::gain`].
    pub gain: MillionUsd,
    /// See [`Row::revenue`].
    pub revenue: MillionUsd,
    /// See [`Row::foregone`].
    pub foregone: MillionUsd,
    /// See [`Row::windfall`].
    pub windfall: MillionUsd,
    /// See [`Row::border`].
    pub border: Border,
}

impl Member {
    /// Sums its years, discounted to the first one.
    pub(super) fn sum_up(&mut self) {
        let mut worth = 1.0;
        let mut sum = Money::default();
        for row in &self.rows {
            sum.cost += row.cost * worth;
            sum.gain += row.gain * worth;
            sum.revenue += row.revenue * worth;
            sum.foregone += row.foregone * worth;
            sum.windfall += row.windfall * worth;
            sum.border.without += row.border.without * worth;
            sum.border.with += row.border.with * worth;
            sum.border.lost += row.border.lost * worth;
            worth /= 1.0 + self.rho;
        }
        self.total = sum;
    }
}

/// What crosses a link in a year.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    /// The place of the link.
    pub link: usize,
    /// Whose units.
    pub from: String,
    /// Where they count.
    pub to: String,
    /// The year.
    pub year: u16,
    /// What leaves.
    pub quantity: MegaTonnes,
    /// As how much it counts.
    pub arrives: MegaTonnes,
    /// What a quota holds prices apart by, for each unit that leaves.
    pub rent: UsdPerTonne,
    /// What each unit that leaves pays.
    pub levy: UsdPerTonne,
}

/// Members whose units have one price in a year.
#[derive(Clone, Debug, PartialEq)]
pub struct Market {
    /// Their codes.
    pub jurisdictions: Vec<String>,
    /// The year.
    pub year: u16,
    /// The price.
    pub price: UsdPerTonne,
}

/// What a link brings when it is the only one, against no link, discounted to the first year.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkGain {
    /// Whose units.
    pub from: String,
    /// Where they count.
    pub to: String,
    /// What leaves in all years.
    pub quantity: MegaTonnes,
    /// What the one whose units cross gains.
    pub of_from: MillionUsd,
    /// What the other gains.
    pub of_to: MillionUsd,
}

/// What whoever reads a result should know.
#[derive(Clone, Debug, PartialEq)]
pub enum Warning {
    /// No price brings emissions down to the units there are.
    Missing {
        /// Where.
        code: String,
        /// When.
        year: u16,
        /// How much is missing.
        quantity: MegaTonnes,
        /// The price at which the curve ends.
        price: UsdPerTonne,
    },
    /// A penalty is cheaper than a unit.
    Fined {
        /// Where.
        code: String,
        /// When.
        year: u16,
        /// For how much it is paid.
        quantity: MegaTonnes,
        /// The penalty.
        price: UsdPerTonne,
    },
    /// More units than anybody needs.
    LeftOver {
        /// Where.
        code: String,
        /// When.
        year: u16,
        /// How many.
        quantity: MegaTonnes,
    },
    /// A member sells what its national target needs.
    Oversold {
        /// Who.
        code: String,
        /// The year of the target.
        year: u16,
        /// How much a year.
        quantity: MegaTonnes,
    },
    /// A member sells, and its national target lies above what it would emit anyway.
    HotAir {
        /// Who.
        code: String,
        /// The year of the target.
        year: u16,
        /// How far above.
        quantity: MegaTonnes,
    },
    /// A national target is named, and no table tells what the country emits.
    NoTable {
        /// Whose.
        code: String,
    },
    /// The quantity rule, or what stays built, does not come to rest.
    Unsettled {
        /// How much it still moves auctions.
        moved: MegaTonnes,
        /// Between how many states it goes around, if it does.
        circle: Option<usize>,
    },
    /// A condition of the equilibrium is missed.
    Uncertain {
        /// By how much.
        residual: Residual,
    },
}

impl Warning {
    /// The year it is about, if it is about one.
    pub fn year(&self) -> Option<u16> {
        match self {
            Self::Missing { year, .. }
            | Self::Fined { year, .. }
            | Self::LeftOver { year, .. }
            | Self::Oversold { year, .. }
            | Self::HotAir { year, .. } => Some(*year),
            Self::NoTable { .. } | Self::Unsettled { .. } | Self::Uncertain { .. } => None,
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { code, year, quantity, price } => write!(
                to,
                "{code} {year}: {:.3} Mt are missing at {:.2} a tonne, where its abatement curve \
                 ends; raise the cap, add measures, or name a ceiling price",
                quantity.0, price.0
            ),
            Self::Fined { code, year, quantity, price } => write!(
                to,
                "{code} {year}: for {:.3} Mt the penalty of {:.2} a tonne is paid in place of \
                 units",
                quantity.0, price.0
            ),
            Self::LeftOver { code, year, quantity } => write!(
                to,
                "{code} {year}: {:.3} Mt of units are left over and worth nothing: the cap is \
                 above emissions (hot air, if it were sold)",
                quantity.0
            ),
            Self::Oversold { code, year, quantity } => write!(
                to,
                "{code} {year}: {:.3} Mt a year are sold that its national target needs; who buys \
                 them moves the gap, and closes none",
                quantity.0
            ),
            Self::HotAir { code, year, quantity } => write!(
                to,
                "{code} {year}: the national target lies {:.3} Mt above what would be emitted \
                 anyway, and units are sold: not all of what they stand for has been avoided (hot \
                 air)",
                quantity.0
            ),
            Self::NoTable { code } => write!(
                to,
                "{code}: a national target is named and passed over: what the country emits is not \
                 known (no table has it, or the chapter states a requirement)"
            ),
            Self::Unsettled { moved, circle } => {
                let how = match circle {
                    Some(2) => "go to and fro between two states".to_owned(),
                    Some(states) => format!("go around between {states} states"),
                    None => "move on".to_owned(),
                };
                write!(
                    to,
                    "what follows from the outcome (the quantity rule, how far measures spread and \
                     stay) does not come to rest: rounds {how}, the last one by {:.3} Mt",
                    moved.0
                )
            }
            Self::Uncertain { residual } => write!(
                to,
                "the equilibrium misses a condition: balance by {:.1e} Mt, prices by {:.1e} a \
                 tonne, bounds by {:.1e} Mt; do not rely on these figures",
                residual.balance, residual.gain, residual.bound
            ),
        }
    }
}

impl Outcome {
    /// What it says of some of its years; what links bring alone stays that of all.
    #[must_use]
    pub fn within(mut self, (first, last): (u16, u16)) -> Self {
        let inside = |year: u16| (first..=last).contains(&year);
        self.years.retain(|it| inside(*it));
        self.markets.retain(|it| inside(it.year));
        self.flows.retain(|it| inside(it.year));
        for member in &mut self.members {
            member.rows.retain(|it| inside(it.year));
            member.targets.retain(|it| inside(it.year));
        }
        self.warnings.retain(|it| it.year().is_none_or(inside));
        self
    }
}

/// All that a simulation finds.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The name of the market.
    pub name: String,
    /// Its currency.
    pub currency: String,
    /// The years.
    pub years: Vec<u16>,
    /// All years that were simulated, whichever are shown.
    pub simulated: Vec<u16>,
    /// Who shares a price when.
    pub markets: Vec<Market>,
    /// The members.
    pub members: Vec<Member>,
    /// What crosses links.
    pub flows: Vec<Flow>,
    /// What each link brings alone.
    pub link_gains: Vec<LinkGain>,
    /// What should be known.
    pub warnings: Vec<Warning>,
    /// How far the equilibrium is from its conditions.
    pub residual: Residual,
    /// On what it rests.
    pub inputs: Vec<Input>,
}
