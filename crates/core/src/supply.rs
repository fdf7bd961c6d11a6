//! Supply: caps, issuance and the government's own moves.

pub mod adjust_supply;
pub mod central_transfer;
pub mod issue;
pub mod reserve;
pub mod set_cap;

use crate::quantity::Tonnes;
use minicbor::{Decode, Encode};

/// The cap of one jurisdiction's year: a chain of settings, of which the last is in force.
#[derive(Clone, Debug, Default, PartialEq, Encode, Decode)]
pub struct Cap {
    /// Every quantity that was set, with the record that set it.
    #[n(0)]
    pub chain: Vec<(u64, Tonnes)>,
    /// The opening balance: units of earlier law taken over beside the cap.
    #[n(1)]
    pub opening: Tonnes,
    /// Units that were issued under a higher cap and withdrawn when it was cut.
    #[n(2)]
    pub withdrawn: Tonnes,
}

impl Cap {
    /// What may be in the market: the last cap set and the opening balance.
    pub fn in_force(&self) -> Tonnes {
        self.chain.last().map(|(_, it)| *it).unwrap_or_default() + self.opening
    }

    /// The most that may have been issued in all, what was withdrawn since included.
    pub fn issued_at_most(&self) -> Tonnes {
        self.in_force() + self.withdrawn
    }
}
