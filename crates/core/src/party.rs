//! Parties and the persons that act for them. Names and contacts live outside the journal.

pub mod appoint_person;
pub mod register_party;
pub mod restore_person;
pub mod review_party;
pub mod suspend_person;

use crate::authority::Right;
use crate::id::{AccountId, CashAccountId, GroupId, JurisdictionId, Label, PartyId, PersonId};
use crate::refusal::{Refusals, refusals};
use crate::state::State;
use crate::time::Instant;
use minicbor::{Decode, Encode};
pub use review_party::Finding;
use std::collections::BTreeSet;

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
    /// The sectors a verifier is accredited for; none where for all.
    #[n(6)]
    pub scope: Option<BTreeSet<Label>>,
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
    /// The accounts it acts for; none where it acts for all of its party, and in all else.
    #[n(3)]
    pub accounts: Option<BTreeSet<AccountId>>,
    /// From when on it acts for accounts; surrender it may at once.
    #[n(4)]
    pub from: Instant,
}

/// The most accounts a mandate names.
pub const MANDATE_MAX: usize = 100;

/// Checks the accounts that a mandate names.
pub(crate) fn check_mandate(
    state: &State,
    party: PartyId,
    accounts: Option<&BTreeSet<AccountId>>,
) -> Result<(), PersonRefused> {
    let Some(accounts) = accounts else { return Ok(()) };
    let most = MANDATE_MAX;
    if !(1..=most).contains(&accounts.len()) {
        return Err(PersonRefused::MandateOutOfBounds { most });
    }
    let held = |it: &AccountId| state.accounts.get(*it).is_some_and(|it| it.holder == party);
    match accounts.iter().copied().find(|it| !held(it)) {
        Some(account) => Err(PersonRefused::NotItsAccount { party, account }),
        None => Ok(()),
    }
}

impl Person {
    /// Nobody.
    pub(crate) fn nobody() -> Self {
        Self {
            party: None,
            rights: PersonRights::Read,
            status: PersonStatus::Active,
            accounts: None,
            from: Instant(0),
        }
    }

    /// A person that acts for a party.
    pub(crate) fn of(party: PartyId, rights: PersonRights) -> Self {
        Self {
            party: Some(party),
            rights,
            status: PersonStatus::Active,
            accounts: None,
            from: Instant(0),
        }
    }

    /// Whether it acts for an account of its party.
    pub fn acts_for(&self, account: AccountId) -> bool {
        self.accounts.as_ref().is_none_or(|it| it.contains(&account))
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
        /// A mandate names some accounts, or none at all.
        MandateOutOfBounds { most: usize } = 238 => "name 1 to {most} accounts, or none for all",
        /// Nobody acts for what its party does not hold.
        NotItsAccount { party: PartyId, account: AccountId } = 239
            => "account {account} is none of party {party}",
        /// Nobody gives itself rights.
        Oneself { person: PersonId } = 235
            => "person {person} cannot change its own mandate; another person must",
    }
}

/// The regional administrator.
pub(crate) fn region(state: &State) -> Option<PartyId> {
    let mut all = state.parties.iter();
    all.find(|(_, it)| it.role == Role::RegionalAdministrator).map(|(id, _)| id)
}

/// Who looks after a party: the administrator of its jurisdiction; the regional administrator for
/// administrators and regional parties.
pub(crate) fn right_over(state: &State, party: PartyId) -> Result<Right, Refusals> {
    state.parties.get(party).ok_or(PersonRefused::PartyUnknown { party })?;
    Ok(administrator_of(state, party))
}

/// See [`right_over`]; of a party that is not there, the regional administrator.
pub(crate) fn administrator_of(state: &State, party: PartyId) -> Right {
    let row = state.parties.get(party);
    match row.and_then(|it| Some((it.role, it.jurisdiction?))) {
        Some((Role::Operator | Role::Trader | Role::Verifier, it)) => Right::Administrator(it),
        _ => Right::Region,
    }
}

/// From when on a fresh mandate acts for accounts: as an account of a trusted list is trusted.
pub(crate) fn mandate_from(state: &State, party: PartyId, now: Instant) -> Instant {
    let jurisdiction = state.parties.row(party).jurisdiction.unwrap_or_default();
    let time = state.working_time(jurisdiction);
    time.calendar.moment(time.trusted_from(time.calendar.local(now)))
}

/// Who asks for another person of a party, or other rights: a person of the party; where none can,
/// its administrator.
pub(crate) fn right_to_mandates(state: &State, party: PartyId) -> Result<Right, Refusals> {
    state.parties.get(party).ok_or(PersonRefused::PartyUnknown { party })?;
    let asks = |it: &Person| {
        let active = it.status == PersonStatus::Active && it.accounts.is_none();
        it.party == Some(party) && active && it.rights.may_initiate()
    };
    let somebody = state.people.iter().any(|(_, it)| asks(it));
    Ok(if somebody { Right::Member(party) } else { administrator_of(state, party) })
}

/// The party of a person whose mandate is to be changed.
pub(crate) fn of_person(state: &State, person: PersonId) -> Result<PartyId, PersonRefused> {
    let party = state.people.get(person).and_then(|it| it.party);
    party.ok_or(PersonRefused::Unknown { person })
}
