//! The rules a market adopts: what the policy file means to the core.
//!
//! Everything that depends on a calendar is compiled into moments before adoption; the core only
//! looks up. Rules are facts once adopted: a later version applies from its adoption on.

use crate::account::AccountKind;
use crate::calendar::{Calendar, MINUTES_A_DAY};
use crate::compatibility::{Pair, SettlementClass};
use crate::id::{JurisdictionId, Label, ProductId};
use crate::ledger::UnitClass;
use crate::quantity::{Price, Tonnes, WattHours};
use crate::supply::reserve::QuantityShares;
use crate::time::{Instant, Year};
use minicbor::{Decode, Encode};
use std::collections::BTreeSet;

/// The most jurisdictions one market may have.
pub const JURISDICTIONS_MAX: usize = 64;
/// The most bytes of a market's name.
pub const NAME_BYTES_MAX: usize = 200;
/// The most bids a policy may allow for one auction: its clearing is one record.
pub const BIDS_MAX: u32 = 10_000;
/// The most years one jurisdiction's chapter may list.
pub const YEARS_MAX: usize = 100;

/// One market: its quote currency and a chapter for each jurisdiction.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct MarketRules {
    /// The name of the market.
    #[n(0)]
    pub name: String,
    /// ISO 4217 code of the currency in which prices are quoted.
    #[n(1)]
    pub currency: Label,
    /// The chapters; an id is the place in this list.
    #[n(2)]
    pub jurisdictions: Vec<JurisdictionRules>,
    /// SHA-256 of the policy file.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub policy_hash: [u8; 32],
    /// The most a holder group may give to accounts it does not trust within five working days,
    /// whatever its jurisdiction allows.
    #[n(4)]
    pub transfer_limit: Option<Tonnes>,
    /// Transfers between holders are public from 1 May of this many years later on.
    #[n(5)]
    pub publication_years: u8,
    /// A later policy comes into force so many days after it was adopted.
    #[n(6)]
    pub notice_days: u16,
    /// The links between jurisdictions, at most one of each direction.
    #[n(7)]
    pub links: Vec<LinkRules>,
    /// The pairs of settlement classes that settle with each other.
    #[n(8)]
    pub settles: BTreeSet<Pair>,
    /// A payment that is asked expires after so many days, where the bank has not sent it and no
    /// statement shows it.
    #[n(9)]
    pub payment_days: u16,
}

/// A one-way link: units of one jurisdiction count in another.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct LinkRules {
    /// Whose units.
    #[n(0)]
    pub from: JurisdictionId,
    /// Where they count.
    #[n(1)]
    pub to: JurisdictionId,
    /// One unit arrives as this many: numerator and denominator, at most one.
    #[n(2)]
    pub ratio: (u32, u32),
    /// The years in which it is open, with how many units may cross in each; without a quota as
    /// many as there are.
    #[n(3)]
    pub years: Vec<(Year, Option<Tonnes>)>,
    /// What each unit pays for crossing.
    #[n(4)]
    pub levy: Price,
    /// Whether only what is left over after verification may cross.
    #[n(5)]
    pub surplus_only: bool,
}

impl LinkRules {
    /// Whether units may cross in a year.
    pub fn is_open(&self, year: Year) -> bool {
        self.years.iter().any(|(it, _)| *it == year)
    }

    /// Whether nothing needs to be settled for all who cross: no quota, no levy, one for one.
    pub fn is_free(&self) -> bool {
        let (arrive, leave) = self.ratio;
        let quota = self.years.iter().any(|(_, it)| it.is_some());
        arrive == leave && !quota && self.levy == Price(0) && !self.surplus_only
    }
}

/// One jurisdiction's chapter.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct JurisdictionRules {
    /// Its code, such as an ISO 3166-1 alpha-3 code.
    #[n(0)]
    pub code: Label,
    /// Its years in ascending order without a gap.
    #[n(1)]
    pub years: Vec<YearRules>,
    /// Its ISO 3166-1 alpha-2 code, with which its account numbers begin.
    #[n(2)]
    pub country: Label,
    /// Its working time.
    #[n(3)]
    pub calendar: Calendar,
    /// The most a holder group may give to accounts it does not trust within five working days, in
    /// hundredths of a percent of the year's cap.
    #[n(4)]
    pub transfer_limit_bp: u32,
    /// The kinds of accounts that participants may hold.
    #[n(5)]
    pub admits: BTreeSet<AccountKind>,
    /// The most one owner group may hold beyond what it owes, in hundredths of a percent of the
    /// year's cap; without one there is no limit.
    #[n(6)]
    pub holding_limit_bp: Option<u32>,
    /// Where the law keeps its registry.
    #[n(7)]
    pub registry: Registry,
    /// How its units are traded.
    #[n(8)]
    pub trading: TradingRules,
    /// The settlement class of those that are registered there.
    #[n(9)]
    pub settlement_class: SettlementClass,
    /// The currency in which its units are traded, where that is not the market's. Auctions and
    /// penalties stay in the market's, and nothing compares the two.
    #[n(10)]
    pub quote: Option<Label>,
    /// What market makers are obliged to in sessions, where they are.
    #[n(11)]
    pub maker: Option<MakerRules>,
    /// What is drawn from the evidence of sites, where anything is.
    #[n(12)]
    pub evidence: Option<EvidenceRules>,
    /// What is traded beside allowances; an id is the place in this list.
    #[n(13)]
    pub products: Option<Vec<ProductRules>>,
}

impl JurisdictionRules {
    /// A product of the chapter.
    pub fn product(&self, id: ProductId) -> Option<&ProductRules> {
        self.products.as_ref()?.get(usize::from(id.0))
    }

    /// The products of the chapter with their places.
    pub fn listed(&self) -> impl Iterator<Item = (ProductId, &ProductRules)> {
        let products = self.products.iter().flat_map(|it| it.iter());
        (0u8..).map(ProductId).zip(products)
    }
}

/// What is drawn from the evidence of sites.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct EvidenceRules {
    /// The energy of one certificate.
    #[n(0)]
    pub quantum: WattHours,
    /// Certificates expire so many months after the end of the period in which the energy was
    /// generated; without a number never.
    #[n(1)]
    pub expires_months: Option<u32>,
    /// More energy than a site's capacity gives is not believed, beyond so many percent more.
    #[n(2)]
    pub margin_percent: u32,
    /// What a kilowatt-hour fed into the grid avoids there, in grams of CO2 (a combined margin);
    /// without one energy makes no credits.
    #[n(3)]
    pub grid_grams_per_kwh: Option<u32>,
}

impl EvidenceRules {
    /// The longest life of certificates, in months.
    pub const EXPIRES_MONTHS_MAX: u32 = 120;
    /// The most that energy may be above what the capacity gives, in percent.
    pub const MARGIN_PERCENT_MAX: u32 = 50;
    /// No grid emits more for a kilowatt-hour, in grams.
    pub const GRID_GRAMS_MAX: u32 = 3_000;

    /// Whether anything could be drawn by them.
    pub fn is_sound(&self) -> bool {
        let months = 1..=Self::EXPIRES_MONTHS_MAX;
        self.quantum > WattHours::ZERO
            && self.expires_months.is_none_or(|it| months.contains(&it))
            && self.margin_percent <= Self::MARGIN_PERCENT_MAX
            && self.grid_grams_per_kwh.is_none_or(|it| (1..=Self::GRID_GRAMS_MAX).contains(&it))
    }
}

/// A product: units of a class with these attributes, of the year in which the energy was
/// generated or the emissions were avoided. Whoever buys it gets any of them.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct ProductRules {
    /// Its code, unique in the chapter.
    #[n(0)]
    pub code: Label,
    /// Credits or certificates.
    #[n(1)]
    pub class: UnitClass,
    /// The technologies of the sites that it is drawn from; empty for all.
    #[n(2)]
    pub technologies: BTreeSet<Label>,
    /// How it is traded.
    #[n(3)]
    pub trading: TradingRules,
    /// The currency in which it is traded, where that is not the market's.
    #[n(4)]
    pub quote: Option<Label>,
}

/// What a market maker is obliged to: it is measured, and decides nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct MakerRules {
    /// Its best bid and ask lie so far apart at most, in hundredths of a percent of the middle.
    #[n(0)]
    pub spread_bp: u32,
    /// At least so much waits at each.
    #[n(1)]
    pub size: Tonnes,
    /// For at least this share of the time of sessions, in percent.
    #[n(2)]
    pub presence_percent: u32,
}

/// How a jurisdiction's units are traded: in calls, and where it says so continuously too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct TradingRules {
    /// Prices are multiples of this.
    #[n(0)]
    pub tick: Price,
    /// Quantities are multiples of this.
    #[n(1)]
    pub lot: Tonnes,
    /// Continuous trading, where there is any.
    #[n(2)]
    pub continuous: Option<ContinuousRules>,
    /// Phases of calls end at a moment drawn from their last so many minutes; 0 for when they
    /// close.
    #[n(3)]
    pub random_end_minutes: u32,
    /// Whether a buyer may choose the offer that it takes, in sessions.
    #[n(4)]
    pub direct_buy: bool,
    /// How block trades are made beside the book, where they are.
    #[n(5)]
    pub block_trade: Option<BlockTradeRules>,
}

/// Block trades: large ones that two parties agree on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct BlockTradeRules {
    /// The least quantity of one.
    #[n(0)]
    pub least: Tonnes,
    /// How many minutes later the market learns of one.
    #[n(1)]
    pub publication_minutes: u32,
    /// Its price lies so far from the last one at most, in hundredths of a percent of it: else
    /// whoever stole a password could give units away to an accomplice, past all limits to
    /// transfers.
    #[n(2)]
    pub band_bp: u32,
}

impl BlockTradeRules {
    /// The widest band, in hundredths of a percent.
    pub const BAND_BP_MAX: u32 = 5_000;
}

/// Calls alone, on the finest tick and lot.
impl Default for TradingRules {
    fn default() -> Self {
        Self::CALLS_ALONE
    }
}

impl TradingRules {
    /// Calls alone, on the finest tick and lot.
    pub const CALLS_ALONE: Self = Self {
        tick: Price(1),
        lot: Tonnes(1),
        continuous: None,
        random_end_minutes: 0,
        direct_buy: false,
        block_trade: None,
    };
}

/// Continuous trading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ContinuousRules {
    /// Minutes after local midnight at which a session begins, on working days.
    #[n(0)]
    pub opens: u32,
    /// Minutes after local midnight at which it is over.
    #[n(1)]
    pub closes: u32,
    /// What an order that waited pays for a trade, in hundredths of a percent of the money.
    #[n(2)]
    pub maker_fee_bp: u32,
    /// What an order that comes pays for a trade, in hundredths of a percent of the money.
    #[n(3)]
    pub taker_fee_bp: u32,
    /// How far from the session's reference price trades may be, in hundredths of a percent of it.
    #[n(4)]
    pub static_band_bp: Option<u32>,
    /// How far from the last price trades may be, in hundredths of a percent of it.
    #[n(5)]
    pub dynamic_band_bp: Option<u32>,
    /// How long the call lasts that a trade outside the bands would start.
    #[n(6)]
    pub volatility_minutes: u32,
}

impl TradingRules {
    /// The highest fee, in hundredths of a percent.
    pub const FEE_BP_MAX: u32 = 1_000;
    /// The longest time in which the end of a phase is drawn, in minutes.
    pub const RANDOM_END_MINUTES_MAX: u32 = 60;
    /// The longest time until a block is published, in minutes: a month.
    pub const PUBLICATION_MINUTES_MAX: u32 = 43_200;
    /// The longest volatility call, in minutes.
    pub const VOLATILITY_MINUTES_MAX: u32 = 1_440;

    /// Whether a market could run by them.
    pub fn is_sound(&self) -> bool {
        let steps = self.tick > Price(0) && self.lot > Tonnes::ZERO;
        let end = self.random_end_minutes <= Self::RANDOM_END_MINUTES_MAX;
        let blocks = self.block_trade.unwrap_or_default();
        let later = blocks.publication_minutes <= Self::PUBLICATION_MINUTES_MAX;
        let near = blocks.band_bp <= BlockTradeRules::BAND_BP_MAX;
        // Whoever chooses an offer gives money or units away, unless a band holds the price.
        let banded = self
            .continuous
            .is_some_and(|it| it.static_band_bp.is_some() || it.dynamic_band_bp.is_some());
        steps
            && end
            && later
            && near
            && (banded || !self.direct_buy)
            && self.continuous.is_none_or(|it| {
                let hours = it.opens < it.closes && it.closes <= MINUTES_A_DAY;
                let fees = it.maker_fee_bp.max(it.taker_fee_bp) <= Self::FEE_BP_MAX;
                let bands = [it.static_band_bp, it.dynamic_band_bp];
                let bands = bands.iter().flatten().all(|it| (1..=10_000).contains(it));
                let call = (1..=Self::VOLATILITY_MINUTES_MAX).contains(&it.volatility_minutes);
                hours && fees && bands && call
            })
    }
}

/// Where the law keeps a jurisdiction's registry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Registry {
    /// Here.
    #[n(0)]
    #[default]
    Native,
    /// Elsewhere: its units live here as a mirror.
    #[n(1)]
    Mirror,
}

/// How far a jurisdiction has come with its market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum Stage {
    /// Takes part without a market of its own.
    #[n(0)]
    Observer,
    /// Voluntary reports and credits, no obligation.
    #[n(1)]
    Crediting,
    /// Obligations on trial.
    #[n(2)]
    Pilot,
    /// A full emissions trading system.
    #[n(3)]
    Ets,
}

impl Stage {
    /// Whether installations owe units in this stage.
    pub fn obliges(self) -> bool {
        matches!(self, Self::Pilot | Self::Ets)
    }
}

/// One jurisdiction's rules for one year.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct YearRules {
    /// The year of emissions and of the vintage.
    #[n(0)]
    pub year: Year,
    /// The stage in this year.
    #[n(1)]
    pub stage: Stage,
    /// Units of this vintage may be surrendered for emissions up to this year.
    #[n(2)]
    pub valid_to: Year,
    /// Verified emissions are due before this moment of the year after.
    #[n(3)]
    pub report_due: Instant,
    /// Units are to be surrendered before this moment of the year after.
    #[n(4)]
    pub surrender_due: Instant,
    /// How primary auctions of this vintage work.
    #[n(5)]
    pub auction: AuctionRules,
    /// What a missing tonne costs.
    #[n(6)]
    pub penalty: Penalty,
    /// How the supply follows what is in circulation, where it does.
    #[n(7)]
    pub quantity: Option<QuantityShares>,
    /// Free allocation is brought in line with actual output before this moment of the year after,
    /// not before the report and not after the surrender.
    #[n(8)]
    pub true_up_due: Instant,
    /// Whether the cap follows the activity: it is then set again, with the activity as evidence,
    /// once the year is over.
    #[n(9)]
    pub intensity: bool,
    /// At this price units are sold to those that are short, in the last days before the surrender.
    #[n(10)]
    pub ceiling: Option<Price>,
}

/// What an auction does when less is bid than offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Undersubscribed {
    /// The auction is cancelled (EU: Regulation (EU) No 1031/2010, Article 7(5)).
    #[n(0)]
    Cancel,
    /// What was bid is sold at the lowest valid bid (UK ETS auctioning regulations).
    #[n(1)]
    Sell,
}

/// What an auction does when it would clear well below the secondary market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum BelowSecondary {
    /// The auction is cancelled (Regulation (EU) No 1031/2010, Article 7(6)).
    #[n(0)]
    Cancel,
    /// The price is that of the last bid that meets the secondary price.
    #[n(1)]
    StepUp,
    /// The result stands.
    #[n(2)]
    Ignore,
}

/// The most tiers of cost containment.
pub const TIERS_MAX: usize = 3;

/// How equal prices at the margin share what is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Ties {
    /// In an order fixed by a seed that is committed to before the window.
    #[n(0)]
    Seeded,
    /// In proportion, in lots; what is left over in the order of the seed (Western Climate
    /// Initiative).
    #[n(1)]
    ProRata,
    /// In the order of arrival (Korea Exchange).
    #[n(2)]
    Arrival,
}

/// At this price so many units are released, or withheld.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Tier {
    /// The trigger.
    #[n(0)]
    pub price: Price,
    /// The most units.
    #[n(1)]
    pub volume: Tonnes,
}

/// How primary auctions work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct AuctionRules {
    /// Volumes are whole multiples of this.
    #[n(0)]
    pub lot: Tonnes,
    /// Bids below are left out.
    #[n(1)]
    pub reserve: Price,
    /// When less is bid than offered.
    #[n(2)]
    pub undersubscribed: Undersubscribed,
    /// When the price falls below the secondary market.
    #[n(3)]
    pub below_secondary: BelowSecondary,
    /// How far below counts, in percent of the secondary price.
    #[n(4)]
    pub below_secondary_percent: u32,
    /// The most of one auction that the bids of one owner group may ask for, in percent.
    #[n(5)]
    pub purchase_limit_percent: u32,
    /// The most bids one auction takes.
    #[n(6)]
    pub bids_max: u32,
    /// How equal prices share.
    #[n(7)]
    pub ties: Ties,
    /// Above these prices more units are released in one auction, in ascending order.
    #[n(8)]
    pub tiers: [Option<Tier>; TIERS_MAX],
    /// Below this price units are withheld.
    #[n(9)]
    pub withhold: Option<Tier>,
}

/// What a tonne costs that was emitted and not surrendered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Penalty {
    /// A fixed part for each missing tonne.
    #[n(0)]
    pub per_tonne: Price,
    /// A part of the mean auction price of the year, in percent (200 = twice the mean price).
    #[n(1)]
    pub of_mean_price_percent: u32,
    /// Whether the missing units are still owed in the next year.
    #[n(2)]
    pub make_good: bool,
    /// What is owed by law in units of an index, where it is: the index, and hundredths of it for
    /// each missing tonne. The parts above are then what that was worth when the policy was made.
    #[n(3)]
    pub index: Option<(Label, u32)>,
}

impl MarketRules {
    /// A jurisdiction's chapter.
    pub fn jurisdiction(&self, id: JurisdictionId) -> Option<&JurisdictionRules> {
        self.jurisdictions.get(usize::try_from(id.0).ok()?)
    }

    /// A jurisdiction's rules for a year.
    pub fn year(&self, id: JurisdictionId, year: Year) -> Option<&YearRules> {
        self.jurisdiction(id)?.years.iter().find(|it| it.year == year)
    }

    /// The link from one jurisdiction to another.
    pub fn link(&self, from: JurisdictionId, to: JurisdictionId) -> Option<&LinkRules> {
        self.links.iter().find(|it| (it.from, it.to) == (from, to))
    }

    /// The jurisdictions with their ids.
    pub fn chapters(&self) -> impl Iterator<Item = (JurisdictionId, &JurisdictionRules)> {
        (0u32..).zip(&self.jurisdictions).map(|(place, it)| (JurisdictionId(place), it))
    }
}
