//! What follows from a difference between ledger and shadow log: the accounts concerned are
//! stopped, and no others.

use crate::shadow::Difference;
use karvan_core::freezing::stop_accounts::{ACCOUNTS_MAX, StopAccounts};
use karvan_core::grounds::Grounds;
use karvan_core::id::AccountId;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// The accounts that either side says own serials about which the two differ.
pub fn accounts(differences: &[Difference]) -> BTreeSet<AccountId> {
    differences.iter().flat_map(|it| [it.shadow, it.ledger]).flatten().collect()
}

/// The commands that stop those that go on, as many as it takes. Their evidence is the hash of all
/// differences in words, a line each.
pub fn stop(differences: &[Difference], stopped: &BTreeSet<AccountId>) -> Vec<StopAccounts> {
    let Some(first) = differences.first() else { return Vec::new() };
    let mut hash = Sha256::new();
    for it in differences {
        hash.update(it.to_string());
        hash.update(b"\n");
    }
    let (blocks, series) = (differences.len(), first.series);
    let (from, to) = (first.first, first.last);
    let reason = format!(
        "ledger and shadow log differ in {blocks} blocks; the first: series {series}, {from}-{to}"
    );
    let grounds = Grounds::new(&reason, hash.finalize().into());
    let all: Vec<AccountId> = accounts(differences).difference(stopped).copied().collect();
    let part = |it: &[AccountId]| {
        let (accounts, grounds) = (it.iter().copied().collect(), grounds.clone());
        StopAccounts { accounts, grounds }
    };
    all.chunks(ACCOUNTS_MAX).map(part).collect()
}
