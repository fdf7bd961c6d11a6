//! Parties and the persons that act for them. Names and contacts live outside the journal.

pub mod appoint_person;
pub mod register_party;
pub mod restore_person;
pub mod review_party;
pub mod suspend_person;

use crate::authority::Right;
use crate::id::{CashAccountId, GroupId, JurisdictionId, PartyId, PersonId};
use crate::refusal::{Refusals, refusals};
use crate::state::State;
use crate::time::Instant;
use minicbor::{Decode, Encode};
pub use review_party::Finding;

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
    /// The first of its persons.
    #[n(4)]
    pub person: PersonId,
    /// What the last review of it found.
    #[n(5)]
    pub review: Review,
}

/// A party is looked at again after so many days.
pub const REVIEW_DAYS: i64 = 365;

/// What was found about a party, and until when that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Review {
    /// The finding.
    #[n(0)]
    pub finding: Finding,
    /// When it must be looked at again.
    #[n(1)]
    pub until: Instant,
}

/// Checks that a party may get more: an account, an installation, a person.
pub(crate) fn may_grow(state: &State, party: PartyId, now: Instant) -> Result<(), PersonRefused> {
    let Some(row) = state.parties.get(party) else { return Ok(()) };
    let until = row.review.until;
    match row.review.finding {
        Finding::Refused => Err(PersonRefused::ReviewRefused { party }),
        Finding::Verified if until <= now => Err(PersonRefused::ReviewOverdue { party, until }),
        Finding::Verified => Ok(()),
    }
}

/// The most persons that may act for a party.
pub const PERSONS_MAX: u8 = 50;

/// What a person may do for its party (compare the rights of authorised representatives in
/// Regulation (EU) 2019/1122, Article 20).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum PersonRights {
    /// See, and do nothing.
    #[n(0)]
    Read,
    /// Initiate what the party may.
    #[n(1)]
    Initiate,
    /// Approve what another person initiated.
    #[n(2)]
    Approve,
    /// Both; never for the same command.
    #[n(3)]
    All,
    /// Initiate surrender and return alone.
    #[n(4)]
    Surrender,
}

impl PersonRights {
    /// Whether it may initiate whatever its party may.
    pub fn may_initiate(self) -> bool {
        matches!(self, Self::Initiate | Self::All)
    }

    /// Whether it may initiate surrender and return.
    pub fn may_surrender(self) -> bool {
        self.may_initiate() || self == Self::Surrender
    }

    /// Whether it may approve.
    pub fn may_approve(self) -> bool {
        matches!(self, Self::Approve | Self::All)
    }
}

/// Whether a person may act now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum PersonStatus {
    /// As far as its rights go.
    #[n(0)]
    Active,
    /// Not at all.
    #[n(1)]
    Suspended,
}

/// A person; the first of the table is nobody and acts for no party.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Person {
    /// The party it acts for.
    #[n(0)]
    pub party: Option<PartyId>,
    /// What it may do for it.
    #[n(1)]
    pub rights: PersonRights,
    /// Whether it may act now.
    #[n(2)]
    pub status: PersonStatus,
}

impl Person {
    /// Nobody.
    pub(crate) fn nobody() -> Self {
        Self { party: None, rights: PersonRights::Read, status: PersonStatus::Active }
    }

    /// A person that acts for a party.
    pub(crate) fn of(party: PartyId, rights: PersonRights) -> Self {
        Self { party: Some(party), rights, status: PersonStatus::Active }
    }
}

refusals! {
    /// Why a person's mandate cannot be changed.
    pub enum PersonRefused {
        /// There is no such party.
        PartyUnknown { party: PartyId } = 231 => "there is no party {party}",
        /// There is no such person.
        Unknown { person: PersonId } = 232 => "there is no person {person} that acts for a party",
        /// A party has a bounded number of persons.
        TooMany { party: PartyId, most: u8 } = 233
            => "party {party} has {most} persons, the most there may be",
        /// It is suspended.
        AlreadySuspended { person: PersonId } = 234 => "person {person} is suspended",
        /// Something stands against it.
        ReviewRefused { party: PartyId } = 236
            => "the review of party {party} was refused; it gets nothing more",
        /// Nobody looked at it for a year.
        ReviewOverdue { party: PartyId, until: Instant } = 237
            => "the review of party {party} held until {until}; review it again",
        /// Nobody gives itself rights.
        Oneself { person: PersonId } = 235
            => "person {person} cannot change its own mandate; another person must",
    }
}

/// Who changes the mandates of a party's persons: the administrator of its jurisdiction; the
/// regional administrator for administrators and regional parties.
pub(crate) fn right_over(state: &State, party: PartyId) -> Result<Right, Refusals> {
    let row = state.parties.get(party).ok_or(PersonRefused::PartyUnknown { party })?;
    Ok(match (row.role, row.jurisdiction) {
        (Role::Operator | Role::Trader | Role::Verifier, Some(it)) => Right::Administrator(it),
        (_, _) => Right::Region,
    })
}

/// The party of a person whose mandate is to be changed.
pub(crate) fn of_person(state: &State, person: PersonId) -> Result<PartyId, PersonRefused> {
    let party = state.people.get(person).and_then(|it| it.party);
    party.ok_or(PersonRefused::Unknown { person })
}
