//! Accounts for units, and the installations operators hold them for.

pub mod account_reopened;
pub mod account_restricted;
pub mod change_operator;
pub mod close_account;
pub mod closure_transfer;
pub mod distrust_account;
mod kind;
pub mod merge_installations;
pub mod number;
pub mod open_account;
pub mod register_installation;
pub mod request_closure;
pub mod set_account_status;
pub mod set_single_person;
pub mod set_transfer_limit;
pub mod trust_account;

pub use kind::AccountKind;
pub use number::AccountNumber;

use crate::calendar::Trust;
use crate::compliance::Letter;
use crate::freezing;
use crate::id::{AccountId, InstallationId, JurisdictionId, Label, PartyId};
use crate::mrv::Decimal;
use crate::party::Role;
use crate::planted::{self, Fault};
use crate::quantity::Tonnes;
use crate::refusal::refusals;
use crate::state::State;
use crate::time::Year;
use minicbor::{Decode, Encode};
use std::collections::{BTreeMap, BTreeSet};

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
    /// Surrender and return only, by the administrator's decision.
    #[n(2)]
    AllRestricted,
    /// Nothing, by the administrator's decision.
    #[n(3)]
    Suspended,
    /// Nothing, until another operator takes it over.
    #[n(4)]
    TransferPending,
}

/// How far an account is closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Closure {
    /// Not at all.
    #[n(0)]
    #[default]
    None,
    /// Its holder wants it closed.
    #[n(1)]
    Requested,
    /// For ever.
    #[n(2)]
    Closed,
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
    /// The most it gives to accounts it does not trust within five working days, by its holder's
    /// own will.
    #[n(5)]
    pub transfer_limit: Option<Tonnes>,
    /// How far it is closed.
    #[n(6)]
    pub closure: Closure,
    /// Towards which jurisdiction's market, where it is an escrow of a link.
    #[n(7)]
    pub towards: Option<JurisdictionId>,
}

/// Whether an account trusts another without asking: both have the same holder under the same
/// administrator, or units go back to where they are allocated from or deleted.
pub(crate) fn trusts_without_list(state: &State, one: AccountId, other: AccountId) -> bool {
    match (state.accounts.get(one), state.accounts.get(other)) {
        (Some(one), Some(other)) => {
            let ours = one.jurisdiction == other.jurisdiction;
            let back = matches!(other.kind, AccountKind::Allocation | AccountKind::Deletion);
            ours && (one.holder == other.holder || back)
        }
        _ => false,
    }
}

/// Whether an account trusts another now.
pub fn trust(state: &State, one: AccountId, other: AccountId) -> Trust {
    let listed = || state.trusted.get(&(one, other)).is_some_and(|from| *from <= state.now);
    if trusts_without_list(state, one, other) || listed() { Trust::Trusted } else { Trust::None }
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
    /// After this year it owes nothing more: it closed, or left the market.
    #[n(11)]
    pub obliged_to: Option<Year>,
    /// Years in which it owes nothing.
    #[n(12)]
    pub excluded: BTreeSet<Year>,
    /// Verified output by year, where the report says it.
    #[n(13)]
    pub activity: BTreeMap<Year, Decimal>,
    /// Into which installation it was merged.
    #[n(14)]
    pub merged: Option<InstallationId>,
    /// Its sector: its verifiers are accredited for it.
    #[n(15)]
    pub sector: Label,
}

impl Installation {
    /// Whether it owes units for a year.
    pub fn obliged_in(&self, year: Year) -> bool {
        self.obliged_from.is_some_and(|first| first <= year)
            && self.obliged_to.is_none_or(|last| year <= last)
            && !self.excluded.contains(&year)
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
        /// It is frozen.
        Frozen { account: AccountId } = 305
            => "account {account} is frozen: itself, its holder, its jurisdiction or the market",
        /// The administrator restricted it.
        AllRestricted { account: AccountId } = 308
            => "account {account} is restricted by its administrator and may only surrender",
        /// The administrator suspended it.
        Suspended { account: AccountId } = 309
            => "account {account} is suspended by its administrator",
        /// Somebody else takes it over.
        TransferPending { account: AccountId } = 310
            => "account {account} is being handed to another operator",
        /// The two books differ about it.
        ReconciliationPending { account: AccountId } = 316
            => "the books differ about account {account}; nothing moves until that is resolved",
        /// It is closed.
        Closed { account: AccountId } = 306 => "account {account} is closed",
        /// It will be.
        ClosureRequested { account: AccountId } = 307
            => "the closure of account {account} is requested; it only surrenders",
        /// There is no such installation.
        InstallationUnknown { installation: InstallationId } = 304
            => "there is no installation {installation}",
    }
}

impl AccountRefused {
    /// The account it is about, where it tells more of it than that it is there.
    fn tells_of(&self) -> Option<AccountId> {
        match self {
            Self::WrongKind { account, .. }
            | Self::SurrenderOnly { account }
            | Self::Frozen { account }
            | Self::AllRestricted { account }
            | Self::Suspended { account }
            | Self::TransferPending { account }
            | Self::ReconciliationPending { account }
            | Self::Closed { account }
            | Self::ClosureRequested { account } => Some(*account),
            Self::Unknown { .. } | Self::InstallationUnknown { .. } => None,
        }
    }

    /// The text for a reader: nobody learns the status of somebody else's account, but those who
    /// administer it.
    pub(crate) fn told_to(&self, state: &State, reader: PartyId) -> String {
        let Some(account) = self.tells_of() else { return self.to_string() };
        let row = state.accounts.get(account);
        let party = state.parties.get(reader);
        let own = row.is_some_and(|it| it.holder == reader);
        let administers = party.is_some_and(|it| match it.role {
            Role::RegionalAdministrator => true,
            Role::NationalAdministrator => {
                row.is_some_and(|row| it.jurisdiction == Some(row.jurisdiction))
            }
            Role::Operator | Role::Trader | Role::Verifier | Role::SettlementBank => false,
        });
        if own || administers {
            return self.to_string();
        }
        format!("account {account} cannot take part in this")
    }
}

/// An account from which units may be given away.
pub fn may_give(state: &State, id: AccountId) -> Result<&Account, AccountRefused> {
    let account = state.accounts.get(id).ok_or(AccountRefused::Unknown { account: id })?;
    if !account.kind.transfers() {
        return Err(AccountRefused::WrongKind { account: id, kind: account.kind.name() });
    }
    gives(state, id, account)?;
    Ok(account)
}

/// An account whose holder may use its units up.
pub fn may_retire(state: &State, id: AccountId) -> Result<(), AccountRefused> {
    let account = state.accounts.get(id).ok_or(AccountRefused::Unknown { account: id })?;
    if account.kind.is_government() {
        return Err(AccountRefused::WrongKind { account: id, kind: account.kind.name() });
    }
    gives(state, id, account)
}

fn gives(state: &State, id: AccountId, account: &Account) -> Result<(), AccountRefused> {
    is_live(state, id, account)?;
    if account.status == AccountStatus::SurrenderOnly {
        return Err(AccountRefused::SurrenderOnly { account: id });
    }
    Ok(())
}

/// An account into which units may come. A restricted one may receive: what it gets helps it to
/// surrender.
pub fn may_receive(state: &State, id: AccountId) -> Result<&Account, AccountRefused> {
    let account = state.accounts.get(id).ok_or(AccountRefused::Unknown { account: id })?;
    if !account.kind.transfers() {
        return Err(AccountRefused::WrongKind { account: id, kind: account.kind.name() });
    }
    is_live(state, id, account)?;
    Ok(account)
}

/// An account from which units may be surrendered or returned: a restricted, frozen or closing one
/// may, what is owed is owed.
pub fn may_surrender(state: &State, id: AccountId) -> Result<(), AccountRefused> {
    let account = id;
    let row = state.accounts.get(id).ok_or(AccountRefused::Unknown { account })?;
    if state.stopped.contains(&id) {
        return Err(AccountRefused::ReconciliationPending { account });
    }
    match row.status {
        AccountStatus::Suspended => Err(AccountRefused::Suspended { account }),
        AccountStatus::TransferPending => Err(AccountRefused::TransferPending { account }),
        AccountStatus::Open | AccountStatus::SurrenderOnly | AccountStatus::AllRestricted => Ok(()),
    }
}

fn is_live(state: &State, id: AccountId, account: &Account) -> Result<(), AccountRefused> {
    may_surrender(state, id)?;
    if account.status == AccountStatus::AllRestricted {
        return Err(AccountRefused::AllRestricted { account: id });
    }
    match account.closure {
        Closure::None if freezing::is_frozen(state, id) && !planted::has(Fault::FrozenGives) => {
            Err(AccountRefused::Frozen { account: id })
        }
        Closure::None => Ok(()),
        Closure::Requested => Err(AccountRefused::ClosureRequested { account: id }),
        Closure::Closed => Err(AccountRefused::Closed { account: id }),
    }
}

/// An account that is closed takes nothing in.
pub(crate) fn not_closed(state: &State, id: AccountId) -> Result<(), AccountRefused> {
    let closed = state.accounts.get(id).is_some_and(|it| it.closure == Closure::Closed);
    if closed { Err(AccountRefused::Closed { account: id }) } else { Ok(()) }
}

/// An account out of which its administrator may move units: what is frozen or stopped stays as it
/// is, until another body agrees.
pub(crate) fn not_frozen(state: &State, id: AccountId) -> Result<(), AccountRefused> {
    if state.stopped.contains(&id) {
        return Err(AccountRefused::ReconciliationPending { account: id });
    }
    if freezing::is_frozen(state, id) {
        return Err(AccountRefused::Frozen { account: id });
    }
    Ok(())
}

/// An account whose units may be offered for sale.
pub fn may_sell(state: &State, id: AccountId) -> Result<&Account, AccountRefused> {
    may_give(state, id).and_then(|it| trades(id, it))
}

/// An account into which units may be bought.
pub fn may_buy(state: &State, id: AccountId) -> Result<&Account, AccountRefused> {
    may_receive(state, id).and_then(|it| trades(id, it))
}

fn trades(id: AccountId, account: &Account) -> Result<&Account, AccountRefused> {
    if account.kind.trades() {
        return Ok(account);
    }
    Err(AccountRefused::WrongKind { account: id, kind: account.kind.name() })
}

/// A jurisdiction's account of a kind; each has one once it is opened.
pub fn of_government(
    state: &State,
    jurisdiction: JurisdictionId,
    kind: AccountKind,
) -> Option<AccountId> {
    state.government.get(&(jurisdiction, kind)).copied()
}

/// The phase in the numbers of all accounts: here an account outlives the phases of its market.
const PHASE: u8 = 1;

/// The number that people know an account by. It follows from what the account is, so that it can
/// be neither chosen nor changed.
pub fn number_of(state: &State, id: AccountId) -> Option<AccountNumber> {
    let account = state.accounts.get(id)?;
    let chapter = state.rules.as_ref()?.jurisdiction(account.jurisdiction)?;
    let country = <[u8; 2]>::try_from(chapter.country.as_str().as_bytes()).ok()?;
    let number = u64::from(id.0).saturating_add(1);
    Some(AccountNumber { country, kind: account.kind.code(), number, phase: PHASE })
}

/// The account that people know by a number.
pub fn by_number(state: &State, number: AccountNumber) -> Option<AccountId> {
    let id = AccountId(u32::try_from(number.number.checked_sub(1)?).ok()?);
    (number_of(state, id)? == number).then_some(id)
}

/// An installation.
pub fn installation(state: &State, id: InstallationId) -> Result<&Installation, AccountRefused> {
    state.installations.get(id).ok_or(AccountRefused::InstallationUnknown { installation: id })
}
