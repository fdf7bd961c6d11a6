//! Free allocation: what installations are entitled to, and what was delivered.

pub mod allocate;
pub mod entitlement;
pub mod return_excess;
pub mod reverse_allocation;
pub mod table_rows;
pub mod upload_allocation;
pub mod withhold_allocation;

use crate::account::AccountKind;
use crate::quantity::Tonnes;
use minicbor::{Decode, Encode};
pub use withhold_allocation::Withholding;

/// One command takes at most this many rows; longer tables come in slices.
pub const ROWS_MAX: usize = 1_000;

/// From which table an installation gets its free allocation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Source {
    /// The national allocation table.
    #[n(0)]
    #[default]
    National,
    /// The table of new entrants.
    #[n(1)]
    NewEntrants,
}

impl Source {
    /// The account that delivers.
    pub fn kind(self) -> AccountKind {
        match self {
            Self::National => AccountKind::Allocation,
            Self::NewEntrants => AccountKind::NewEntrants,
        }
    }
}

/// An installation's free allocation of one year.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Entitlement {
    /// What it is entitled to.
    #[n(0)]
    pub entitled: Tonnes,
    /// What was delivered.
    #[n(1)]
    pub delivered: Tonnes,
    /// From which table.
    #[n(2)]
    pub source: Source,
    /// Whether it is kept back.
    #[n(3)]
    pub withholding: Withholding,
}
