//! Parties and the persons that act for them. Names and contacts live outside the journal.

pub mod register_party;

use crate::id::{CashAccountId, GroupId, JurisdictionId, PartyId};
use minicbor::{Decode, Encode};

/// What a party is in the market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Role {
    /// Adopts the policy and admits national administrators.
    #[n(0)]
    RegionalAdministrator,
    /// Runs a jurisdiction's registry and auctions.
    #[n(1)]
    NationalAdministrator,
    /// Runs installations.
    #[n(2)]
    Operator,
    /// Trades without installations.
    #[n(3)]
    Trader,
    /// Signs reports of emissions.
    #[n(4)]
    Verifier,
    /// Books what its statements say.
    #[n(5)]
    SettlementBank,
}

/// A party.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Party {
    /// What it is in the market.
    #[n(0)]
    pub role: Role,
    /// Where it is registered; none for regional parties.
    #[n(1)]
    pub jurisdiction: Option<JurisdictionId>,
    /// Its owner group.
    #[n(2)]
    pub group: GroupId,
    /// Its cash account, once opened.
    #[n(3)]
    pub cash: Option<CashAccountId>,
}

/// A person; the first of the table is nobody and acts for no party.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Person {
    /// The party it acts for.
    #[n(0)]
    pub party: Option<PartyId>,
}
