//! Published factors of fuels: net calorific values and emission factors, stored as they are
//! published and never reckoned again. A report names the set it uses, and it never changes under
//! the report.
//!
//! Source: 2006 IPCC Guidelines for National Greenhouse Gas Inventories, volume 2, tables 1.2 and
//! 2.2 (default values; Annex VI of Regulation (EU) 2018/2066 has the same emission factors).

use super::Decimal;
use minicbor::{Decode, Encode};

/// A set of published factors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum FactorSet {
    /// The IPCC's defaults of 2006.
    #[n(0)]
    #[default]
    Ipcc2006,
}

/// What is published of a fuel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fuel {
    /// Its name in the set.
    pub name: &'static str,
    /// GJ/t, the same as TJ/Gg.
    pub ncv: Decimal,
    /// t CO2/TJ, the same as kg/GJ.
    pub factor: Decimal,
}

const fn fuel(name: &'static str, ncv_hundredths: i64, factor_tenths: i64) -> Fuel {
    Fuel { name, ncv: Decimal::of(ncv_hundredths, 2), factor: Decimal::of(factor_tenths, 1) }
}

/// Names, GJ/t in hundredths, t CO2/TJ in tenths.
const IPCC_2006: [Fuel; 16] = [
    fuel("crude_oil", 4_230, 733),
    fuel("motor_gasoline", 4_430, 693),
    fuel("gas_diesel_oil", 4_300, 741),
    fuel("residual_fuel_oil", 4_040, 774),
    fuel("liquefied_petroleum_gases", 4_730, 631),
    fuel("naphtha", 4_450, 733),
    fuel("petroleum_coke", 3_250, 975),
    fuel("refinery_gas", 4_950, 576),
    fuel("anthracite", 2_670, 983),
    fuel("coking_coal", 2_820, 946),
    fuel("other_bituminous_coal", 2_580, 946),
    fuel("sub_bituminous_coal", 1_890, 961),
    fuel("lignite", 1_190, 1_010),
    fuel("coke_oven_coke", 2_820, 1_070),
    fuel("peat", 976, 1_060),
    fuel("natural_gas", 4_800, 561),
];

impl FactorSet {
    /// The sets by their names.
    pub const NAMES: [(&'static str, Self); 1] = [("IPCC-2006", Self::Ipcc2006)];

    /// The set of a name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(name, _)| *name == text).map(|(_, it)| *it)
    }

    /// All its fuels.
    pub fn fuels(self) -> &'static [Fuel] {
        match self {
            Self::Ipcc2006 => &IPCC_2006,
        }
    }

    /// What it publishes of a fuel.
    pub fn fuel(self, name: &str) -> Option<Fuel> {
        self.fuels().iter().find(|it| it.name == name).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn factors_are_stored_as_they_are_published() {
        let lignite = FactorSet::Ipcc2006.fuel("lignite").expect("it is in the set");
        assert_eq!(
            (lignite.ncv.to_string(), lignite.factor.to_string()),
            ("11.9".into(), "101".into())
        );
        let names: BTreeSet<_> = IPCC_2006.iter().map(|it| it.name).collect();
        assert_eq!(names.len(), IPCC_2006.len());
        assert!(FactorSet::Ipcc2006.fuel("wood").is_none());
    }
}
