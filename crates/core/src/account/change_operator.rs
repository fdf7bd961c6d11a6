//! Change of operator: an installation is sold; its account goes with it, with all that is in it
//! and owed from it. The persons of the old operator act for it no more.

use super::register_installation::RegisterInstallationRefused;
use crate::account::close_account::CloseAccountRefused;
use crate::account::{self, AccountStatus};
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::{InstallationId, PartyId};
use crate::party::{self, Role};
use crate::refusal::{Objections, Refusals};
use crate::state::State;
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct ChangeOperator {
    /// The installation.
    #[n(0)]
    pub installation: InstallationId,
    /// Its new operator.
    #[n(1)]
    pub operator: PartyId,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct OperatorChanged {
    /// The installation.
    #[n(0)]
    pub installation: InstallationId,
    /// Its new operator.
    #[n(1)]
    pub operator: PartyId,
}

/// The administrator of the installation's jurisdiction.
pub fn right(state: &State, it: &ChangeOperator) -> Result<Right, Refusals> {
    let installation = account::installation(state, it.installation)?;
    Ok(Right::Administrator(installation.jurisdiction))
}

/// Checks the new operator, and that nothing is under way in the account.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &ChangeOperator,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let (installation, operator) = (it.installation, it.operator);
    let row = account::installation(state, installation)?;
    let (jurisdiction, account) = (row.jurisdiction, row.account);
    let fits = state
        .parties
        .get(operator)
        .is_some_and(|it| it.role == Role::Operator && it.jurisdiction == Some(jurisdiction));
    let refused = RegisterInstallationRefused::NotAnOperator { party: operator, jurisdiction };
    no.unless(fits, refused);
    no.take(party::may_grow(state, operator, by.now()));
    let under_way = account::close_account::is_under_way(state, account);
    no.unless(!under_way, CloseAccountRefused::UnderWay { account });
    no.take(account::not_frozen(state, account));
    no.settle()?;
    out.push(Event::OperatorChanged(OperatorChanged { installation, operator }));
    Ok(())
}

/// The installation and its account are the new operator's; nobody is trusted by it yet.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &OperatorChanged) {
    let row = state.installations.row_mut(it.installation);
    row.operator = it.operator;
    let account = row.account;
    let row = state.accounts.row_mut(account);
    row.holder = it.operator;
    if row.status == AccountStatus::TransferPending {
        row.status = AccountStatus::Open;
    }
    state.trusted.retain(|(of, _), _| *of != account);
}
