//! Open an account for units. An administrator opens its own government accounts, one of each
//! kind, and trading accounts; an operator's account is opened with its installation.

use super::{Account, AccountKind, AccountStatus, Closure, SinglePerson};
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::{AccountId, JurisdictionId, PartyId};
use crate::party::{self, Role};
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct OpenAccount {
    /// What it is for.
    #[n(0)]
    pub kind: AccountKind,
    /// Whose it is to be.
    #[n(1)]
    pub holder: PartyId,
    /// Under which administrator.
    #[n(2)]
    pub jurisdiction: JurisdictionId,
    /// For what one person suffices.
    #[n(3)]
    pub single: SinglePerson,
    /// Towards which jurisdiction's market, for an escrow of a link.
    #[n(4)]
    pub towards: Option<JurisdictionId>,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct AccountOpened {
    /// The account's id.
    #[n(0)]
    pub account: AccountId,
    /// What it is for.
    #[n(1)]
    pub kind: AccountKind,
    /// Whose it is.
    #[n(2)]
    pub holder: PartyId,
    /// Under which administrator.
    #[n(3)]
    pub jurisdiction: JurisdictionId,
    /// For what one person suffices.
    #[n(4)]
    pub single: SinglePerson,
    /// Towards which jurisdiction's market.
    #[n(5)]
    pub towards: Option<JurisdictionId>,
}

refusals! {
    /// Why an account cannot be opened.
    pub enum OpenAccountRefused {
        /// There is no such party.
        HolderUnknown { holder: PartyId } = 311 => "there is no party {holder}",
        /// The holder's role does not fit the account.
        HolderUnfit { holder: PartyId, kind: &'static str } = 312
            => "party {holder} has not the role that an account of the kind {kind} asks for",
        /// One of each kind.
        GovernmentAccountExists { kind: &'static str, jurisdiction: JurisdictionId } = 313
            => "jurisdiction {jurisdiction} has its account of the kind {kind}",
        /// A link leads from one jurisdiction to another.
        PairUnfit = 317
            => "an escrow of a link, and no other account, names another jurisdiction of the \
                policy towards which it leads",
        /// The policy says who takes part.
        NotAdmitted { kind: &'static str } = 315
            => "the policy in force admits no account of the kind {kind} here",
        /// An operator's account comes with its installation.
        OpenedWithInstallation = 314
            => "an operator's account is opened by registering its installation",
    }
}

/// The jurisdiction's administrator; the regional one for an escrow of a link.
pub fn right(_state: &State, it: &OpenAccount) -> Result<Right, Refusals> {
    let links = it.kind == AccountKind::LinkEscrow;
    Ok(if links { Right::Region } else { Right::Administrator(it.jurisdiction) })
}

/// Checks that the holder and the kind fit.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &OpenAccount,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let (kind, jurisdiction, holder) = (it.kind.name(), it.jurisdiction, it.holder);
    no.unless(it.kind != AccountKind::Operator, OpenAccountRefused::OpenedWithInstallation);
    match state.parties.get(holder) {
        None => no.unless(false, OpenAccountRefused::HolderUnknown { holder }),
        Some(party) => {
            let fits = match party.role {
                Role::RegionalAdministrator => it.kind == AccountKind::LinkEscrow,
                Role::NationalAdministrator => {
                    it.kind.is_government() && it.kind != AccountKind::LinkEscrow
                }
                Role::Operator | Role::Trader => !it.kind.is_government(),
                Role::Verifier | Role::SettlementBank => false,
            };
            let here = [None, Some(jurisdiction)].contains(&party.jurisdiction);
            let fits = fits && here;
            no.unless(fits, OpenAccountRefused::HolderUnfit { holder, kind });
        }
    }
    if !it.kind.is_government() {
        no.take(party::may_grow(state, holder, by.now()));
        let rules = state.rules.as_ref().and_then(|it| it.jurisdiction(jurisdiction));
        let admitted = rules.is_some_and(|rules| rules.admits.contains(&it.kind));
        no.unless(admitted, OpenAccountRefused::NotAdmitted { kind });
    }
    let ends = [Some(jurisdiction), it.towards];
    let known = |it: &JurisdictionId| {
        state.rules.as_ref().is_some_and(|rules| rules.jurisdiction(*it).is_some())
    };
    let links = it.kind == AccountKind::LinkEscrow;
    let pair = it.towards != Some(jurisdiction) && ends.iter().flatten().all(known);
    let fits = if links { it.towards.is_some() && pair } else { it.towards.is_none() };
    no.unless(fits, OpenAccountRefused::PairUnfit);
    let taken = match it.towards {
        Some(towards) if links => state.escrows.contains_key(&(jurisdiction, towards)),
        Some(_) | None => super::of_government(state, jurisdiction, it.kind).is_some(),
    };
    let taken = it.kind.is_government() && taken;
    no.unless(!taken, OpenAccountRefused::GovernmentAccountExists { kind, jurisdiction });
    no.settle()?;
    let account = state.accounts.next_id();
    let (kind, single, towards) = (it.kind, it.single, it.towards);
    out.push(Event::AccountOpened(AccountOpened {
        account,
        kind,
        holder,
        jurisdiction,
        single,
        towards,
    }));
    Ok(())
}

/// The account is there, with an empty shelf.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &AccountOpened) {
    let (kind, holder, jurisdiction) = (it.kind, it.holder, it.jurisdiction);
    let (status, single) = (AccountStatus::Open, it.single);
    if let Some(towards) = it.towards {
        state.escrows.insert((jurisdiction, towards), it.account);
    } else if kind.is_government() {
        state.government.insert((jurisdiction, kind), it.account);
    }
    let transfer_limit = None;
    let closure = Closure::None;
    let towards = it.towards;
    let account =
        Account { kind, holder, jurisdiction, status, single, transfer_limit, closure, towards };
    state.accounts.add(it.account, account);
    state.ledger.shelves.add(it.account, Default::default());
}
