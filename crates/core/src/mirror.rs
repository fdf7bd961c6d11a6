//! Mirror registries: where the law keeps a jurisdiction's units elsewhere, such as in a state
//! register, they live here as a mirror. Signed statements of that register say which of its
//! serials are locked there for use here; each is issued here once, under a serial of our own that
//! is tied to the foreign one. A statement of every day is compared serial by serial.

pub mod import_holdings;
pub mod reconcile_mirror;

use crate::id::{AccountId, JurisdictionId, Label};
use crate::ledger::Serials;
use crate::quantity::Tonnes;
use crate::time::Year;
use minicbor::{Decode, Encode};

/// Foreign serials, by the register's jurisdiction, the vintage, and the first of them.
pub type ForeignKey = (JurisdictionId, Year, u64);

/// Foreign serials that are locked there and live here.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Mirrored {
    /// How many, from the first on.
    #[n(0)]
    pub count: Tonnes,
    /// The first of our serials; as many follow.
    #[n(1)]
    pub first: u64,
    /// The account they came into.
    #[n(2)]
    pub account: AccountId,
    /// The register's reference of the lock.
    #[n(3)]
    pub lock: Label,
}

/// Consecutive foreign serials of one vintage, as a statement says them.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ForeignBlock {
    /// The vintage.
    #[n(0)]
    pub year: Year,
    /// The foreign serials.
    #[n(1)]
    pub serials: Serials,
    /// The register's reference of the lock.
    #[n(2)]
    pub lock: Label,
}
