//! Free allocation: what installations are entitled to, and what was delivered.

pub mod allocate;
pub mod return_excess;
pub mod table_rows;
pub mod upload_allocation;

use crate::quantity::Tonnes;
use minicbor::{Decode, Encode};

/// One command takes at most this many rows; longer tables come in slices.
pub const ROWS_MAX: usize = 1_000;

/// An installation's free allocation of one year.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Entitlement {
    /// What it is entitled to.
    #[n(0)]
    pub entitled: Tonnes,
    /// What was delivered.
    #[n(1)]
    pub delivered: Tonnes,
}
