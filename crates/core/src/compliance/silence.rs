//! What happens at a report date to those that are silent: the account of an obliged installation
//! without a verified report may only surrender (Regulation (EU) 2019/1122, Article 31).

use crate::account::AccountStatus;
use crate::account::account_restricted::AccountRestricted;
use crate::draft::Draft;
use crate::event::Event;
use crate::id::{InstallationId, JurisdictionId};
use crate::state::State;
use crate::time::Year;

/// Restricts the accounts of the silent, from an installation on; says where the next slice begins.
pub(crate) fn restrict(
    draft: &mut Draft<'_>,
    state: &State,
    (jurisdiction, year): (JurisdictionId, Year),
    from: u64,
) -> Option<u64> {
    for (InstallationId(id), installation) in state.installations.iter() {
        let id = u64::from(id);
        if id < from || installation.jurisdiction != jurisdiction {
            continue;
        }
        if draft.is_full() {
            return Some(id);
        }
        let open = state.accounts.row(installation.account).status == AccountStatus::Open;
        if open && installation.obliged_in(year) && !installation.has_report(year) {
            let account = installation.account;
            draft.note(Event::AccountRestricted(AccountRestricted { account }));
        }
    }
    None
}
