//! `[scenario]`: how the model looks at a policy.

use crate::reader::Section;
use crate::schema::ByYear;

/// Where emissions without a market come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Baselines {
    /// From the policy file, where it names them.
    Policy,
    /// From the table of installations and the trends of countries.
    Data,
}

const BASELINES: [(&str, Baselines); 2] =
    [("policy", Baselines::Policy), ("data", Baselines::Data)];

/// What the model assumes beyond the chapters.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// Where emissions without a market come from.
    pub baselines: Baselines,
    /// Whether measures spread no faster than a chapter's diffusion allows.
    pub diffusion: bool,
    /// Whether what is built stays in use when prices fall.
    pub irreversible: bool,
    /// Whether what is worth its while at no price counts as avoided by the market.
    pub zero_price_share: bool,
    /// How many years those who keep units look ahead; none where they foresee all.
    pub horizon_years: Option<u16>,
    /// How much of the price of a unit product prices carry, percent.
    pub pass_through_percent: f64,
    /// What a border adjustment abroad takes for a tonne in imported goods; 0 where there is none.
    pub border_price_usd: ByYear<f64>,
    /// The share of those tonnes for which it is taken, percent: it is phased in.
    pub border_share_percent: ByYear<f64>,
    /// By how much a year's growth of emissions without a market deviates, percent (standard
    /// deviation).
    pub growth_sd_percent: f64,
    /// How much of a year's deviation stays in the next.
    pub growth_persistence: f64,
    /// How uncertain the level of emissions without a market is, percent (standard deviation).
    pub baseline_sd_percent: f64,
    /// How uncertain abatement is, percent (standard deviation of the logarithm).
    pub abatement_sd_percent: f64,
    /// How uncertain the price of fuel is, and with it what the power sector's abatement costs,
    /// percent (standard deviation of the logarithm).
    pub fuel_price_sd_percent: f64,
    /// How alike members deviate, from 0 to 1.
    pub correlation: f64,
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            baselines: Baselines::Policy,
            diffusion: true,
            irreversible: true,
            zero_price_share: false,
            horizon_years: None,
            pass_through_percent: 50.0,
            border_price_usd: ByYear::always(0.0),
            border_share_percent: ByYear::always(100.0),
            growth_sd_percent: 1.5,
            growth_persistence: 0.3,
            baseline_sd_percent: 3.0,
            abatement_sd_percent: 25.0,
            fuel_price_sd_percent: 15.0,
            correlation: 0.3,
        }
    }
}

/// Reads the section; the defaults where the file has none.
pub(crate) fn read(root: &Section<'_>) -> Scenario {
    let own = Scenario::default();
    let Some(s) = root.section("scenario") else { return own };
    const HORIZON: &str = "horizon_years";
    let horizon = s.value(HORIZON).map(|_| s.whole(HORIZON, 10, 2..=40));
    let percent = |key: &str, default: f64| s.number(key, default, 0.0..=100.0);
    let share = |key: &str, default: f64| s.number(key, default, 0.0..=1.0);
    let it = Scenario {
        baselines: s.choice("baselines", &BASELINES, own.baselines),
        diffusion: s.flag("diffusion", own.diffusion),
        irreversible: s.flag("irreversible", own.irreversible),
        zero_price_share: s.flag("zero_price_share", own.zero_price_share),
        horizon_years: horizon.and_then(|it| u16::try_from(it).ok()),
        pass_through_percent: percent("pass_through_percent", own.pass_through_percent),
        border_price_usd: s.numbers("border_price_usd_per_t", 0.0, 0.0..=1e6),
        border_share_percent: s.numbers("border_share_percent", 100.0, 0.0..=100.0),
        growth_sd_percent: percent("growth_sd_percent", own.growth_sd_percent),
        growth_persistence: share("growth_persistence", own.growth_persistence),
        baseline_sd_percent: percent("baseline_sd_percent", own.baseline_sd_percent),
        abatement_sd_percent: percent("abatement_sd_percent", own.abatement_sd_percent),
        fuel_price_sd_percent: percent("fuel_price_sd_percent", own.fuel_price_sd_percent),
        correlation: share("correlation", own.correlation),
    };
    s.end();
    it
}
