//! Units of the model. Its figures are estimates, so they are floats; the market's own money and
//! units never are. What is shown is rounded at the border.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

macro_rules! unit {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
        pub struct $name(pub f64);

        impl Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0 + other.0)
            }
        }
        impl AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                self.0 += other.0;
            }
        }
        impl Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                Self(self.0 - other.0)
            }
        }
        impl SubAssign for $name {
            fn sub_assign(&mut self, other: Self) {
                self.0 -= other.0;
            }
        }
        impl Neg for $name {
            type Output = Self;
            fn neg(self) -> Self {
                Self(-self.0)
            }
        }
        impl Mul<f64> for $name {
            type Output = Self;
            fn mul(self, by: f64) -> Self {
                Self(self.0 * by)
            }
        }
        impl Div<f64> for $name {
            type Output = Self;
            fn div(self, by: f64) -> Self {
                Self(self.0 / by)
            }
        }
        impl Sum for $name {
            fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
                all.fold(Self(0.0), |sum, it| sum + it)
            }
        }
    };
}

unit! {
    /// A price, in the market's currency (USD in the shipped files) for a tonne of CO2 equivalent.
    UsdPerTonne
}
unit! {
    /// A quantity of emissions or units, in million tonnes of CO2 equivalent.
    MegaTonnes
}
unit! {
    /// Money, in millions of the market's currency.
    MillionUsd
}

impl Mul<MegaTonnes> for UsdPerTonne {
    type Output = MillionUsd;
    fn mul(self, quantity: MegaTonnes) -> MillionUsd {
        MillionUsd(self.0 * quantity.0)
    }
}
