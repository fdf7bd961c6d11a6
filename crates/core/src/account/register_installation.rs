//! Register an installation and open its operator's account, which is bound to it.

use super::{AccountKind, Installation, SinglePerson};
use crate::account::open_account::{self, AccountOpened};
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::{AccountId, InstallationId, JurisdictionId, Label, PartyId};
use crate::party::{self, Role};
use crate::quantity::Tonnes;
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use crate::time::Year;
use minicbor::{Decode, Encode};
use std::collections::{BTreeMap, BTreeSet};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct RegisterInstallation {
    /// Its row in the data.
    #[n(0)]
    pub label: Label,
    /// Where it stands.
    #[n(1)]
    pub jurisdiction: JurisdictionId,
    /// Its operator.
    #[n(2)]
    pub operator: PartyId,
    /// From this year on it owes units; without one it only reports.
    #[n(3)]
    pub obliged_from: Option<Year>,
    /// For what one person suffices in its account.
    #[n(4)]
    pub single: SinglePerson,
    /// Its sector, such as cement.
    #[n(5)]
    pub sector: Label,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct InstallationRegistered {
    /// Its id.
    #[n(0)]
    pub installation: InstallationId,
    /// The id of its account.
    #[n(1)]
    pub account: AccountId,
    /// Its row in the data.
    #[n(2)]
    pub label: Label,
    /// Where it stands.
    #[n(3)]
    pub jurisdiction: JurisdictionId,
    /// Its operator.
    #[n(4)]
    pub operator: PartyId,
    /// From this year on it owes units.
    #[n(5)]
    pub obliged_from: Option<Year>,
    /// For what one person suffices in its account.
    #[n(6)]
    pub single: SinglePerson,
    /// Its sector.
    #[n(7)]
    pub sector: Box<Label>,
}

refusals! {
    /// Why an installation cannot be registered.
    pub enum RegisterInstallationRefused {
        /// The party is not an operator of this jurisdiction.
        NotAnOperator { party: PartyId, jurisdiction: JurisdictionId } = 321
            => "party {party} is not an operator of jurisdiction {jurisdiction}",
        /// A row of the data is registered once.
        LabelTaken { label: Label } = 322 => "installation {label} is registered",
        /// An obligation begins in a year in which the stage obliges.
        YearWithoutObligation { year: Year } = 323
            => "in {year} the policy in force obliges nobody in this jurisdiction",
    }
}

/// The jurisdiction's administrator.
pub fn right(_state: &State, it: &RegisterInstallation) -> Result<Right, Refusals> {
    Ok(Right::Administrator(it.jurisdiction))
}

/// Checks the operator, the label and the first obliged year.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &RegisterInstallation,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let jurisdiction = it.jurisdiction;
    let operator = state.parties.get(it.operator);
    let fits = operator
        .is_some_and(|it| it.role == Role::Operator && it.jurisdiction == Some(jurisdiction));
    let party = it.operator;
    no.unless(fits, RegisterInstallationRefused::NotAnOperator { party, jurisdiction });
    if fits {
        no.take(party::may_grow(state, it.operator, by.now()));
    }
    let label = it.label;
    let taken = state.labels.contains_key(&label);
    no.unless(!taken, RegisterInstallationRefused::LabelTaken { label });
    if let Some(year) = it.obliged_from {
        let obliges = state.year_rules(jurisdiction, year).is_some_and(|it| it.stage.obliges());
        no.unless(obliges, RegisterInstallationRefused::YearWithoutObligation { year });
    }
    no.settle()?;
    out.push(Event::InstallationRegistered(InstallationRegistered {
        installation: state.installations.next_id(),
        account: state.accounts.next_id(),
        label,
        jurisdiction,
        operator: it.operator,
        obliged_from: it.obliged_from,
        single: it.single,
        sector: Box::new(it.sector),
    }));
    Ok(())
}

/// The installation and its account are there.
pub fn apply(state: &mut State, record: &RecordHeader, it: &InstallationRegistered) {
    let (account, holder, jurisdiction) = (it.account, it.operator, it.jurisdiction);
    let (kind, single) = (AccountKind::Operator, it.single);
    let towards = None;
    let opened = AccountOpened { account, kind, holder, jurisdiction, single, towards };
    open_account::apply(state, record, &opened);
    state.labels.insert(it.label, it.installation);
    state.installations.add(
        it.installation,
        Installation {
            label: it.label,
            jurisdiction,
            operator: it.operator,
            account,
            obliged_from: it.obliged_from,
            emissions: BTreeMap::new(),
            surrendered: BTreeMap::new(),
            excused: Tonnes::ZERO,
            letters: BTreeMap::new(),
            fined: Tonnes::ZERO,
            estimated: BTreeSet::new(),
            obliged_to: None,
            excluded: BTreeSet::new(),
            activity: BTreeMap::new(),
            merged: None,
            sector: *it.sector,
        },
    );
}
