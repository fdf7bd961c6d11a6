//! Source streams and their formulas.
//!
//! | category | tonnes of CO2 equivalent |
//! |---|---|
//! | combustion | activity x emission factor x oxidation |
//! | combustion, factor by energy | the same x net calorific value / 1000 |
//! | mass balance | activity x carbon content x 3.664 |
//! | process | activity x emission factor x conversion |
//! | measured | the tonnes measured |
//! | gas | tonnes of the gas x its global warming potential |
//!
//! The biomass part of the result is reported apart. Nothing is rounded before the report's total.

use super::decimal::Sum;
use super::{Decimal, FactorSet, Gas, GwpSet};
use crate::id::Label;
use crate::quantity::Tonnes;
use minicbor::{Decode, Encode};
use std::fmt;

/// The most source streams of one report.
pub const STREAMS_MAX: usize = 200;
/// The most bytes of a stream's name.
pub const NAME_BYTES_MAX: usize = 80;

/// Tonnes of CO2 for a tonne of carbon (Regulation (EU) 2018/2066, Annex II).
const CO2_OF_CARBON: Decimal = Decimal::of(3_664, 3);

/// How a stream's emissions are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Category {
    /// A fuel is burnt.
    #[n(0)]
    Combustion,
    /// Carbon that goes in and does not come out; what goes out is negative.
    #[n(1)]
    MassBalance,
    /// A raw material gives off CO2.
    #[n(2)]
    Process,
    /// Measured in the stack.
    #[n(3)]
    Measured,
    /// Another greenhouse gas.
    #[n(4)]
    Gas,
}

impl Category {
    /// The categories by their names.
    pub const NAMES: [(&'static str, Self); 5] = [
        ("combustion", Self::Combustion),
        ("mass_balance", Self::MassBalance),
        ("process", Self::Process),
        ("measured", Self::Measured),
        ("gas", Self::Gas),
    ];

    /// The category of a name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(name, _)| *name == text).map(|(_, it)| *it)
    }

    /// The name.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, it)| *it == self).map_or("", |(name, _)| name)
    }
}

/// Units of measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
#[allow(missing_docs, reason = "the names are those of the units")]
pub enum Unit {
    #[n(0)]
    Tonne,
    #[n(1)]
    ThousandNm3,
    #[n(2)]
    Terajoule,
    #[n(3)]
    Gigajoule,
    #[n(4)]
    GigajoulePerTonne,
    #[n(5)]
    GigajoulePerThousandNm3,
    #[n(6)]
    TonnesPerTerajoule,
    #[n(7)]
    TonnesPerTonne,
    #[n(8)]
    TonnesPerThousandNm3,
}

impl Unit {
    /// Spellings; the first of a unit is the one it is written with.
    pub const NAMES: [(&'static str, Self); 12] = [
        ("t", Self::Tonne),
        ("tCO2", Self::Tonne),
        ("tCO2e", Self::Tonne),
        ("1000Nm3", Self::ThousandNm3),
        ("TJ", Self::Terajoule),
        ("GJ", Self::Gigajoule),
        ("GJ/t", Self::GigajoulePerTonne),
        ("TJ/Gg", Self::GigajoulePerTonne),
        ("GJ/1000Nm3", Self::GigajoulePerThousandNm3),
        ("tCO2/TJ", Self::TonnesPerTerajoule),
        ("tCO2/t", Self::TonnesPerTonne),
        ("tCO2/1000Nm3", Self::TonnesPerThousandNm3),
    ];

    /// The unit of a spelling; blanks do not count.
    pub fn parse(text: &str) -> Option<Self> {
        let text: String = text.chars().filter(|it| !it.is_whitespace()).collect();
        Self::NAMES.iter().find(|(name, _)| *name == text).map(|(_, it)| *it)
    }

    /// How it is written.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, it)| *it == self).map_or("", |(name, _)| name)
    }
}

/// A number with its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Measure {
    /// The number.
    #[n(0)]
    pub value: Decimal,
    /// The unit.
    #[n(1)]
    pub unit: Unit,
}

/// A source stream of a report.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SourceStream {
    /// Its name in the report.
    #[n(0)]
    pub name: String,
    /// How its emissions are found.
    #[n(1)]
    pub category: Category,
    /// The activity data.
    #[n(2)]
    pub activity: Measure,
    /// The net calorific value.
    #[n(3)]
    pub ncv: Option<Measure>,
    /// The emission factor.
    #[n(4)]
    pub factor: Option<Measure>,
    /// The oxidation factor; one where it is missing.
    #[n(5)]
    pub oxidation: Option<Decimal>,
    /// The conversion factor; one where it is missing.
    #[n(6)]
    pub conversion: Option<Decimal>,
    /// The carbon content, tonnes of carbon in a tonne.
    #[n(7)]
    pub carbon_content: Option<Decimal>,
    /// How much of it is biomass, percent; none where it is missing.
    #[n(8)]
    pub biomass_percent: Option<Decimal>,
    /// Which gas.
    #[n(9)]
    pub gas: Option<Gas>,
    /// The fuel, by its name in the set of factors: what is left empty is taken from there.
    #[n(10)]
    pub fuel: Option<Label>,
    /// The tier by which its data are found, 1 to 4, where the report says so.
    #[n(11)]
    pub tier: Option<u8>,
}

/// The published values a report is reckoned with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Sets {
    /// The global warming potentials.
    #[n(0)]
    pub gwp: GwpSet,
    /// The factors of fuels.
    #[n(1)]
    pub factors: FactorSet,
}

impl SourceStream {
    /// The stream with what its fuel's published factors say where nothing else is given.
    fn with_factors(&self, factors: FactorSet) -> Self {
        let mut it = self.clone();
        let fuel = it.fuel.and_then(|it| factors.fuel(it.as_str()));
        if let Some(fuel) = fuel {
            let by_mass = it.activity.unit == Unit::Tonne;
            let ncv = Measure { value: fuel.ncv, unit: Unit::GigajoulePerTonne };
            it.ncv = it.ncv.or(by_mass.then_some(ncv));
            let factor = Measure { value: fuel.factor, unit: Unit::TonnesPerTerajoule };
            it.factor = it.factor.or(Some(factor));
        }
        it
    }
}

/// What is wrong with a source stream, and with which of its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamWrong {
    /// The value, by the name of its column.
    pub column: &'static str,
    /// What is wrong, and what is allowed.
    pub why: &'static str,
}

impl fmt::Display for StreamWrong {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{} {}", self.column, self.why)
    }
}

/// What a source stream emitted, t CO2 equivalent, exactly.
#[derive(Clone, Debug, PartialEq)]
pub struct Emitted {
    /// The fossil part.
    pub fossil: Sum,
    /// The biomass part.
    pub biomass: Sum,
}

/// Reckons with a stream; everything that is wrong with it at once.
struct Reckoning<'a> {
    stream: &'a SourceStream,
    wrong: Vec<StreamWrong>,
}

impl Reckoning<'_> {
    fn wrong(&mut self, column: &'static str, why: &'static str) {
        self.wrong.push(StreamWrong { column, why });
    }

    /// A factor that a formula does not have may only be one.
    fn unused(&mut self, columns: &[&'static str]) {
        for column in columns {
            let it = self.stream;
            let used = match *column {
                "ncv" => it.ncv.is_some(),
                "ef" => it.factor.is_some(),
                "oxidation" => it.oxidation.is_some_and(|it| !it.is_one()),
                "conversion" => it.conversion.is_some_and(|it| !it.is_one()),
                "carbon_content" => it.carbon_content.is_some(),
                _ => it.gas.is_some(),
            };
            if used {
                self.wrong(column, "has no place in the formula of this category; leave it empty");
            }
        }
    }

    /// A share or factor from 0 to 1; one where it is missing.
    fn share(&mut self, column: &'static str, value: Option<Decimal>) -> Sum {
        let value = value.unwrap_or(Decimal::ONE);
        if value.is_negative() || value.exceeds(Decimal::ONE) {
            self.wrong(column, "must lie between 0 and 1");
        }
        Sum::of(value)
    }

    fn positive(&mut self, column: &'static str, value: Decimal) -> Sum {
        if value.is_negative() {
            self.wrong(column, "must not be negative");
        }
        Sum::of(value)
    }

    /// A named fuel is in the set, and its values are those published there.
    fn published(&mut self, given: &SourceStream, factors: FactorSet) {
        if given.tier.is_some_and(|it| !(1..=4).contains(&it)) {
            self.wrong("tier", "must be 1, 2, 3 or 4");
        }
        let Some(name) = given.fuel else { return };
        let Some(fuel) = factors.fuel(name.as_str()) else {
            self.wrong("fuel", "is none of the set of factors that the report names");
            return;
        };
        if given.category != Category::Combustion {
            self.wrong("fuel", "has no place in the formula of this category; leave it empty");
        }
        let same = |given: Option<Measure>, value: Decimal| {
            given.is_none_or(|it| Sum::of(it.value) == Sum::of(value))
        };
        if !same(given.ncv, fuel.ncv) {
            self.wrong("ncv", "is not the one published; leave it or the fuel empty");
        }
        if !same(given.factor, fuel.factor) {
            self.wrong("ef", "is not the one published; leave it or the fuel empty");
        }
    }

    fn combustion(&mut self) -> Sum {
        let it = self.stream;
        self.unused(&["conversion", "carbon_content", "gas"]);
        let activity = self.positive("activity", it.activity.value);
        let oxidation = self.share("oxidation", it.oxidation);
        let Some(factor) = it.factor else {
            self.wrong("ef", "is missing");
            return Sum::default();
        };
        let ncv = it.ncv.map(|ncv| self.positive("ncv", ncv.value)).unwrap_or_default();
        let burnt = activity.times(&self.positive("ef", factor.value)).times(&oxidation);
        let by_energy = factor.unit == Unit::TonnesPerTerajoule;
        match (it.activity.unit, it.ncv.map(|it| it.unit)) {
            (Unit::Tonne, Some(Unit::GigajoulePerTonne))
            | (Unit::ThousandNm3, Some(Unit::GigajoulePerThousandNm3))
                if by_energy =>
            {
                return burnt.times(&ncv).over_ten_to(3);
            }
            (Unit::Tonne | Unit::ThousandNm3, None) if by_energy => {
                self.wrong("ncv", "is missing: the emission factor is by energy");
            }
            (Unit::Tonne, Some(_)) if by_energy => {
                self.wrong("ncv_unit", "must be GJ/t, since the activity is in t");
            }
            (Unit::ThousandNm3, Some(_)) if by_energy => {
                self.wrong("ncv_unit", "must be GJ/1000Nm3, since the activity is in 1000Nm3");
            }
            (Unit::Terajoule, None) if by_energy => return burnt,
            (Unit::Gigajoule, None) if by_energy => return burnt.over_ten_to(3),
            (Unit::Tonne, None) if factor.unit == Unit::TonnesPerTonne => return burnt,
            (Unit::ThousandNm3, None) if factor.unit == Unit::TonnesPerThousandNm3 => {
                return burnt;
            }
            (_, Some(_)) => {
                self.wrong("ncv", "has no place where the factor or the activity does without it");
            }
            (_, None) => self.wrong("ef_unit", "does not fit the unit of the activity"),
        }
        Sum::default()
    }

    fn mass_balance(&mut self) -> Sum {
        let it = self.stream;
        self.unused(&["ncv", "ef", "oxidation", "conversion", "gas"]);
        self.in_tonnes();
        let Some(content) = it.carbon_content else {
            self.wrong("carbon_content", "is missing");
            return Sum::default();
        };
        let content = self.share("carbon_content", Some(content));
        Sum::of(it.activity.value).times(&content).times(&Sum::of(CO2_OF_CARBON))
    }

    fn process(&mut self) -> Sum {
        let it = self.stream;
        self.unused(&["ncv", "oxidation", "carbon_content", "gas"]);
        let activity = self.positive("activity", it.activity.value);
        let conversion = self.share("conversion", it.conversion);
        let Some(factor) = it.factor else {
            self.wrong("ef", "is missing");
            return Sum::default();
        };
        let fits = matches!(
            (it.activity.unit, factor.unit),
            (Unit::Tonne, Unit::TonnesPerTonne) | (Unit::ThousandNm3, Unit::TonnesPerThousandNm3)
        );
        if !fits {
            self.wrong("ef_unit", "does not fit the unit of the activity");
        }
        activity.times(&self.positive("ef", factor.value)).times(&conversion)
    }

    fn measured(&mut self) -> Sum {
        self.unused(&["ncv", "ef", "oxidation", "conversion", "carbon_content", "gas"]);
        self.in_tonnes();
        self.positive("activity", self.stream.activity.value)
    }

    fn gas(&mut self, gwp: GwpSet) -> Sum {
        self.unused(&["ncv", "ef", "oxidation", "conversion", "carbon_content"]);
        self.in_tonnes();
        let activity = self.positive("activity", self.stream.activity.value);
        match self.stream.gas {
            Some(gas) => activity.times(&Sum::of(gwp.of(gas))),
            None => {
                self.wrong("gas", "is missing");
                Sum::default()
            }
        }
    }

    fn in_tonnes(&mut self) {
        if self.stream.activity.unit != Unit::Tonne {
            self.wrong("activity_unit", "must be t");
        }
    }
}

/// What a stream emitted; or everything that is wrong with it.
pub fn emitted(stream: &SourceStream, sets: Sets) -> Result<Emitted, Vec<StreamWrong>> {
    let filled = stream.with_factors(sets.factors);
    let mut it = Reckoning { stream: &filled, wrong: Vec::new() };
    it.published(stream, sets.factors);
    let all = match stream.category {
        Category::Combustion => it.combustion(),
        Category::MassBalance => it.mass_balance(),
        Category::Process => it.process(),
        Category::Measured => it.measured(),
        Category::Gas => it.gas(sets.gwp),
    };
    let biomass = stream.biomass_percent.unwrap_or(Decimal::of(0, 0));
    if biomass.is_negative() || biomass.exceeds(Decimal::of(100, 0)) {
        it.wrong("biomass_percent", "must lie between 0 and 100");
    }
    if !it.wrong.is_empty() {
        return Err(it.wrong);
    }
    let fossil = all.times(&biomass.to_hundred()).over_ten_to(2);
    Ok(Emitted { fossil, biomass: all.times(&Sum::of(biomass)).over_ten_to(2) })
}

/// What a report comes to, in whole tonnes: rounded half up, once, at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Total {
    /// What counts.
    pub fossil: Tonnes,
    /// What is reported apart.
    pub biomass: Tonnes,
}

/// The total of a report; none where it is negative or beyond all bounds.
pub fn total<'a>(streams: impl Iterator<Item = &'a Emitted> + Clone) -> Option<Total> {
    let sum = |part: fn(&Emitted) -> &Sum| {
        let sum = streams.clone().fold(Sum::default(), |sum, it| sum.plus(part(it)));
        sum.half_up().map(Tonnes)
    };
    Some(Total { fossil: sum(|it| &it.fossil)?, biomass: sum(|it| &it.biomass)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measure(value: &str, unit: &str) -> Measure {
        let value = Decimal::parse(value).expect("a decimal");
        Measure { value, unit: Unit::parse(unit).expect("a unit") }
    }

    fn stream(category: Category, value: &str, unit: &str) -> SourceStream {
        SourceStream {
            name: "stream".to_owned(),
            category,
            activity: measure(value, unit),
            ncv: None,
            factor: None,
            oxidation: None,
            conversion: None,
            carbon_content: None,
            biomass_percent: None,
            gas: None,
            fuel: None,
            tier: None,
        }
    }

    fn fossil(it: &SourceStream) -> String {
        emitted(it, Sets::default())
            .map_or_else(|wrong| format!("{wrong:?}"), |it| it.fossil.to_string())
    }

    #[test]
    fn each_category_has_its_formula() {
        let coal = SourceStream {
            ncv: Some(measure("25.8", "GJ/t")),
            factor: Some(measure("94.6", "tCO2/TJ")),
            oxidation: Decimal::parse("0.98"),
            ..stream(Category::Combustion, "1000", "t")
        };
        assert_eq!(fossil(&coal), "2391.8664");
        let gas = SourceStream {
            ncv: Some(measure("34.1", "GJ/1000 Nm3")),
            factor: Some(measure("56.1", "tCO2/TJ")),
            ..stream(Category::Combustion, "500.5", "1000Nm3")
        };
        assert_eq!(fossil(&gas), "957.461505");
        let energy = SourceStream {
            factor: Some(measure("101.0", "tCO2/TJ")),
            ..stream(Category::Combustion, "12", "TJ")
        };
        assert_eq!(fossil(&energy), "1212", "lignite by its published factor");
        let carbon = |value| SourceStream {
            carbon_content: Decimal::parse("0.8"),
            ..stream(Category::MassBalance, value, "t")
        };
        assert_eq!(fossil(&carbon("100")), "293.12");
        assert_eq!(fossil(&carbon("-10")), "-29.312");
        let clinker = SourceStream {
            factor: Some(measure("0.52", "tCO2/t")),
            conversion: Decimal::parse("1.00"),
            ..stream(Category::Process, "1000001", "t")
        };
        assert_eq!(fossil(&clinker), "520000.52");
        assert_eq!(fossil(&stream(Category::Measured, "7.25", "tCO2")), "7.25");
        let methane = SourceStream { gas: Gas::parse("CH4"), ..stream(Category::Gas, "10", "t") };
        assert_eq!(fossil(&methane), "280");
        assert_eq!(
            emitted(&methane, Sets { gwp: GwpSet::Ar6, ..Sets::default() })
                .expect("right")
                .fossil
                .to_string(),
            "298"
        );
    }

    #[test]
    fn a_named_fuel_brings_its_published_factors() {
        let coal = SourceStream {
            fuel: Label::new("other_bituminous_coal"),
            tier: Some(1),
            ..stream(Category::Combustion, "1000", "t")
        };
        assert_eq!(fossil(&coal), "2440.68");
        let gas = SourceStream {
            fuel: Label::new("natural_gas"),
            ..stream(Category::Combustion, "100", "TJ")
        };
        assert_eq!(fossil(&gas), "5610");
        let columns = |it: &SourceStream| -> Vec<&'static str> {
            let wrong = emitted(it, Sets::default()).expect_err("wrong");
            wrong.iter().map(|it| it.column).collect()
        };
        let other = SourceStream { factor: Some(measure("94.5", "tCO2/TJ")), ..coal.clone() };
        assert_eq!(columns(&other), ["ef"]);
        let strange = SourceStream {
            fuel: Label::new("hay"),
            tier: Some(5),
            ..stream(Category::Measured, "1", "t")
        };
        assert_eq!(columns(&strange), ["tier", "fuel"]);
    }

    #[test]
    fn biomass_is_apart_and_the_total_is_rounded_once() {
        let half = |percent| SourceStream {
            biomass_percent: Decimal::parse(percent),
            ..stream(Category::Measured, "0.9", "t")
        };
        let rows: Vec<Emitted> = ["50", "0", "12.5"]
            .iter()
            .map(|it| emitted(&half(it), Sets::default()).expect("right"))
            .collect();
        assert_eq!(rows.last().map(|it| it.biomass.to_string()), Some("0.1125".to_owned()));
        // 0.45 + 0.9 + 0.7875 = 2.1375, and 0.45 + 0.1125 = 0.5625.
        let total = total(rows.iter());
        assert_eq!(total, Some(Total { fossil: Tonnes(2), biomass: Tonnes(1) }));
    }

    #[test]
    fn what_does_not_fit_is_named_with_its_column() {
        let columns = |it: &SourceStream| -> Vec<&'static str> {
            let wrong = emitted(it, Sets::default()).expect_err("wrong");
            wrong.iter().map(|it| it.column).collect()
        };
        let coal = stream(Category::Combustion, "1000", "t");
        assert_eq!(columns(&coal), ["ef"]);
        let factor = Some(measure("94.6", "tCO2/TJ"));
        assert_eq!(columns(&SourceStream { factor, ..coal.clone() }), ["ncv"]);
        let ncv = Some(measure("34", "GJ/1000Nm3"));
        assert_eq!(columns(&SourceStream { factor, ncv, ..coal.clone() }), ["ncv_unit"]);
        let per_volume = Some(measure("1.9", "tCO2/1000Nm3"));
        assert_eq!(columns(&SourceStream { factor: per_volume, ..coal }), ["ef_unit"]);
        let odd = SourceStream {
            oxidation: Decimal::parse("1.1"),
            gas: Some(Gas::N2o),
            biomass_percent: Decimal::parse("101"),
            ..stream(Category::MassBalance, "1", "TJ")
        };
        let all = ["oxidation", "gas", "activity_unit", "carbon_content", "biomass_percent"];
        assert_eq!(columns(&odd), all);
    }
}
