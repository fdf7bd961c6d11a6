//! Global warming potentials over 100 years. A report names the set it uses, and it never changes
//! under the report.
//!
//! Source: IPCC, Second, Fourth, Fifth and Sixth Assessment Reports.

use super::Decimal;
use minicbor::{Decode, Encode};

/// A set of potentials.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum GwpSet {
    /// Second Assessment Report, 1995.
    #[n(0)]
    Sar,
    /// Fourth Assessment Report, 2007.
    #[n(1)]
    Ar4,
    /// Fifth Assessment Report, 2013: the one of the Paris Agreement (decision 18/CMA.1).
    #[n(2)]
    #[default]
    Ar5,
    /// Sixth Assessment Report, 2021.
    #[n(3)]
    Ar6,
}

/// A greenhouse gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
#[allow(missing_docs, reason = "the names are those of the gases")]
pub enum Gas {
    #[n(0)]
    Co2,
    #[n(1)]
    Ch4Fossil,
    #[n(2)]
    Ch4NonFossil,
    #[n(3)]
    N2o,
    #[n(4)]
    Sf6,
    #[n(5)]
    Hfc23,
    #[n(6)]
    Cf4,
    #[n(7)]
    C2f6,
}

/// Names, and potentials by SAR, AR4, AR5, AR6 in tenths.
const TABLE: [(&str, Gas, [i64; 4]); 9] = [
    ("CO2", Gas::Co2, [10, 10, 10, 10]),
    ("CH4", Gas::Ch4Fossil, [210, 250, 280, 298]),
    ("CH4 (fossil)", Gas::Ch4Fossil, [210, 250, 280, 298]),
    ("CH4 (non-fossil)", Gas::Ch4NonFossil, [210, 250, 280, 270]),
    ("N2O", Gas::N2o, [3_100, 2_980, 2_650, 2_730]),
    ("SF6", Gas::Sf6, [239_000, 228_000, 235_000, 252_000]),
    ("HFC-23", Gas::Hfc23, [117_000, 148_000, 124_000, 146_000]),
    ("CF4", Gas::Cf4, [65_000, 73_900, 66_300, 73_800]),
    ("C2F6", Gas::C2f6, [92_000, 122_000, 111_000, 124_000]),
];

impl GwpSet {
    /// The sets by their names.
    pub const NAMES: [(&'static str, Self); 4] =
        [("SAR", Self::Sar), ("AR4", Self::Ar4), ("AR5", Self::Ar5), ("AR6", Self::Ar6)];

    /// The set of a name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(name, _)| *name == text).map(|(_, it)| *it)
    }

    /// How many tonnes of CO2 a tonne of a gas counts for.
    pub fn of(self, gas: Gas) -> Decimal {
        let row = TABLE.iter().find(|(_, it, _)| *it == gas);
        let [sar, ar4, ar5, ar6] = row.map_or([0; 4], |(_, _, it)| *it);
        let tenths = match self {
            Self::Sar => sar,
            Self::Ar4 => ar4,
            Self::Ar5 => ar5,
            Self::Ar6 => ar6,
        };
        Decimal::of(tenths, 1)
    }
}

impl Gas {
    /// The gas of a name.
    pub fn parse(text: &str) -> Option<Self> {
        TABLE.iter().find(|(name, ..)| *name == text).map(|(_, it, _)| *it)
    }

    /// The names there are.
    pub fn names() -> impl Iterator<Item = &'static str> {
        TABLE.iter().map(|(name, ..)| *name)
    }
}
