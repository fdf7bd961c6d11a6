//! Accounts for units, and the installations operators hold them for.

pub mod account_reopened;
pub mod account_restricted;
pub mod open_account;
pub mod register_installation;
pub mod set_single_person;

use crate::compliance::Letter;
use crate::id::{AccountId, InstallationId, JurisdictionId, Label, PartyId};
use crate::quantity::Tonnes;
use crate::refusal::refusals;
use crate::state::State;
use crate::time::Year;
use minicbor::{Decode, Encode};
use std::collections::{BTreeMap, BTreeSet};

/// What an account is for (after Regulation (EU) 2019/1122, Annex I).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum AccountKind {
    /// Where units are issued.
    #[n(0)]
    TotalQuantity,
    /// From where free allocation is delivered.
    #[n(1)]
    Allocation,
    /// For new entrants.
    #[n(2)]
    NewEntrants,
    /// From where auctions deliver.
    #[n(3)]
    Auction,
    /// Where surrendered units stay.
    #[n(4)]
    Surrender,
    /// Where deleted and expired units stay.
    #[n(5)]
    Deletion,
    /// An operator's, bound to one installation.
    #[n(6)]
    Operator,
    /// A trader's.
    #[n(7)]
    Trading,
}

impl AccountKind {
    /// Whether a jurisdiction's administrator holds it, one of each kind.
    pub fn is_government(self) -> bool {
        !matches!(self, Self::Operator | Self::Trading)
    }

    /// The kind in words.
    pub fn name(self) -> &'static str {
        match self {
            Self::TotalQuantity => "total quantity",
            Self::Allocation => "allocation",
            Self::NewEntrants => "new entrants",
            Self::Auction => "auction",
            Self::Surrender => "surrender",
            Self::Deletion => "deletion",
            Self::Operator => "operator",
            Self::Trading => "trading",
        }
    }

    /// Whether nothing ever leaves it.
    pub fn ends_units(self) -> bool {
        matches!(self, Self::Surrender | Self::Deletion)
    }
}

/// What an account may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum AccountStatus {
    /// Everything its kind may.
    #[n(0)]
    Open,
    /// Receive and surrender only, until a verified report arrives.
    #[n(1)]
    SurrenderOnly,
}

/// For what one person suffices in an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct SinglePerson {
    /// Surrender and return.
    #[n(0)]
    pub surrender: bool,
    /// Transfers to accounts that it trusts.
    #[n(1)]
    pub trusted: bool,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Account {
    /// What it is for.
    #[n(0)]
    pub kind: AccountKind,
    /// Whose it is.
    #[n(1)]
    pub holder: PartyId,
    /// Under which administrator.
    #[n(2)]
    pub jurisdiction: JurisdictionId,
    /// What it may do.
    #[n(3)]
    pub status: AccountStatus,
    /// For what one person suffices.
    #[n(4)]
    pub single: SinglePerson,
}

/// Whether an account trusts another without asking: both have the same holder under the same
/// administrator.
pub fn trusts(state: &State, one: AccountId, other: AccountId) -> bool {
    match (state.accounts.get(one), state.accounts.get(other)) {
        (Some(one), Some(other)) => {
            one.holder == other.holder && one.jurisdiction == other.jurisdiction
        }
        _ => false,
    }
}

/// An installation whose emissions are reported.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Installation {
    /// Its row in the data.
    #[n(0)]
    pub label: Label,
    /// Where it stands.
    #[n(1)]
    pub jurisdiction: JurisdictionId,
    /// Its operator.
    #[n(2)]
    pub operator: PartyId,
    /// Its operator's account.
    #[n(3)]
    pub account: AccountId,
    /// From this year on it owes units; without one it only reports.
    #[n(4)]
    pub obliged_from: Option<Year>,
    /// Verified or estimated emissions by year. Zero is not the same as not reported.
    #[n(5)]
    pub emissions: BTreeMap<Year, Tonnes>,
    /// Units surrendered by the year they were surrendered for.
    #[n(6)]
    pub surrendered: BTreeMap<Year, Tonnes>,
    /// Missing units that are no longer owed because a penalty took their place.
    #[n(7)]
    pub excused: Tonnes,
    /// Letters frozen at the deadlines.
    #[n(8)]
    pub letters: BTreeMap<Year, Letter>,
    /// Missing units that were fined at the last closing and are still to be made good.
    #[n(9)]
    pub fined: Tonnes,
    /// Years whose emissions the authority estimated, because no report came.
    #[n(10)]
    pub estimated: BTreeSet<Year>,
}

impl Installation {
    /// Whether it owes units for a year.
    pub fn obliged_in(&self, year: Year) -> bool {
        self.obliged_from.is_some_and(|first| first <= year)
    }

    /// Whether a verified report is in for a year; an estimate is none.
    pub fn has_report(&self, year: Year) -> bool {
        self.emissions.contains_key(&year) && !self.estimated.contains(&year)
    }

    /// Verified or estimated emissions of its obliged years up to and with `year`.
    pub fn owed_up_to(&self, year: Year) -> Tonnes {
        let obliged = |(it, _): &(&Year, &Tonnes)| **it <= year && self.obliged_in(**it);
        self.emissions.iter().filter(obliged).map(|(_, it)| *it).sum()
    }

    /// Units surrendered or excused up to and with `year`.
    pub fn settled_up_to(&self, year: Year) -> Tonnes {
        let sum: Tonnes = self.surrendered.range(..=year).map(|(_, it)| *it).sum();
        sum + self.excused
    }

    /// Units still to be surrendered for the years up to and with `year`.
    pub fn missing_up_to(&self, year: Year) -> Tonnes {
        self.settled_up_to(year).short_of(self.owed_up_to(year))
    }
}

refusals! {
    /// Why an account cannot take part.
    pub enum AccountRefused {
        /// There is no such account.
        Unknown { account: AccountId } = 301 => "there is no account {account}",
        /// Its kind is not made for this.
        WrongKind { account: AccountId, kind: &'static str } = 302
            => "account {account} is of the kind {kind}, which cannot do this",
        /// It is restricted.
        SurrenderOnly { account: AccountId } = 303
            => "account {account} may only surrender until its verified report arrives",
        /// There is no such installation.
        InstallationUnknown { installation: InstallationId } = 304
            => "there is no installation {installation}",
    }
}

/// A holder's account that may dispose of its units.
pub fn of_holder(state: &State, id: AccountId) -> Result<&Account, AccountRefused> {
    let account = state.accounts.get(id).ok_or(AccountRefused::Unknown { account: id })?;
    if account.kind.is_government() {
        return Err(AccountRefused::WrongKind { account: id, kind: account.kind.name() });
    }
    if account.status == AccountStatus::SurrenderOnly {
        return Err(AccountRefused::SurrenderOnly { account: id });
    }
    Ok(account)
}

/// A jurisdiction's account of a kind; each has one once it is opened.
pub fn of_government(
    state: &State,
    jurisdiction: JurisdictionId,
    kind: AccountKind,
) -> Option<AccountId> {
    state.government.get(&(jurisdiction, kind)).copied()
}

/// An installation.
pub fn installation(state: &State, id: InstallationId) -> Result<&Installation, AccountRefused> {
    state.installations.get(id).ok_or(AccountRefused::InstallationUnknown { installation: id })
}
