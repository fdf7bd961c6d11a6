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

/// Where abatement curves come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curves {
    /// From bands by sector.
    Bands,
    /// From what could be built at each listed plant; from bands where a sector has none.
    Plants,
}

const CURVES: [(&str, Curves); 2] = [("bands", Curves::Bands), ("plants", Curves::Plants)];

const BASELINES: [(&str, Baselines); 2] =
    [("policy", Baselines::Policy), ("data", Baselines::Data)];

/// What the model assumes beyond the chapters.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// Where emissions without a market come from.
    pub baselines: Baselines,
    /// Where abatement curves come from.
    pub curves: Curves,
    /// Whether what is built for the price of units avoids emissions in later years, whatever they
    /// cost then.
    pub investment: bool,
    /// How much of a project, which stands for many like it, can be built in a year, percent.
    pub build_limit_percent: f64,
    /// What electricity brings without a market, USD/MWh.
    pub electricity_usd: f64,
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
    /// Whether less is made where products are dearer.
    pub output_responds: bool,
    /// Whether credits count, within the limits of the chapters.
    pub credits: bool,
    /// The share of what could be avoided outside of caps that becomes credits, percent.
    pub credited_percent: f64,
    /// What a credit costs beyond what avoiding a tonne does, USD.
    pub credit_cost_usd: f64,
    /// By how much less than a unit a credit counts, percent.
    pub credit_haircut_percent: f64,
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
            curves: Curves::Bands,
            investment: false,
            build_limit_percent: 8.0,
            electricity_usd: 50.0,
            diffusion: true,
            irreversible: true,
            zero_price_share: false,
            horizon_years: None,
            pass_through_percent: 50.0,
            output_responds: false,
            credits: false,
            credited_percent: 10.0,
            credit_cost_usd: 3.0,
            credit_haircut_percent: 0.0,
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
        curves: s.choice("abatement", &CURVES, own.curves),
        investment: s.flag("investment", own.investment),
        build_limit_percent: percent(
            "build_limit_percent_of_potential_per_year",
            own.build_limit_percent,
        ),
        electricity_usd: s.number("electricity_usd_per_mwh", own.electricity_usd, 0.0..=1_000.0),
        diffusion: s.flag("diffusion", own.diffusion),
        irreversible: s.flag("irreversible", own.irreversible),
        zero_price_share: s.flag("zero_price_share", own.zero_price_share),
        horizon_years: horizon.and_then(|it| u16::try_from(it).ok()),
        pass_through_percent: percent("pass_through_percent", own.pass_through_percent),
        output_responds: s.flag("output_responds", own.output_responds),
        credits: s.flag("credits", own.credits),
        credited_percent: percent("credited_percent_of_abatement", own.credited_percent),
        credit_cost_usd: s.number("credit_cost_usd_per_t", own.credit_cost_usd, 0.0..=1_000.0),
        credit_haircut_percent: s.number("credit_haircut_percent", 0.0, 0.0..=90.0),
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
