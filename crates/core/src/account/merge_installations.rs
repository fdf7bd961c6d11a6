//! Merge installations: two installations of one operator become one. What the first emitted,
//! surrendered, owes and is entitled to counts for the second from now on; its units move with it
//! and its account is closed.

use super::{AccountKind, Closure};
use crate::account;
use crate::account::AccountRefused;
use crate::account::close_account::{self, CloseAccountRefused};
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::freezing;
use crate::grounds::Grounds;
use crate::id::InstallationId;
use crate::ledger::BLOCKS_PER_TRANSFER_MAX;
use crate::mrv::decimal::Sum;
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use crate::units::{self, UnitsRefused, Way};
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct MergeInstallations {
    /// The installation that ends.
    #[n(0)]
    pub from: InstallationId,
    /// The one that goes on for both.
    #[n(1)]
    pub into: InstallationId,
    /// Why.
    #[n(2)]
    pub grounds: Grounds,
}

/// The fact; the postings beside it say which serials.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct InstallationsMerged {
    /// The installation that ended.
    #[n(0)]
    pub from: InstallationId,
    /// The one that goes on for both.
    #[n(1)]
    pub into: InstallationId,
    /// Why.
    #[n(2)]
    pub grounds: Box<Grounds>,
}

refusals! {
    /// Why installations cannot be merged.
    pub enum MergeInstallationsRefused {
        /// Two are two.
        Oneself { installation: InstallationId } = 366
            => "installation {installation} cannot be merged with itself",
        /// One owner, one administrator.
        DifferentOperators { from: InstallationId, into: InstallationId } = 367
            => "installations {from} and {into} have not the same operator and jurisdiction; \
                change the operator first",
        /// It is part of another.
        Merged { installation: InstallationId } = 368
            => "installation {installation} is part of another since it was merged",
        /// Their duties differ by year.
        DutiesDiffer { from: InstallationId, into: InstallationId } = 369
            => "installations {from} and {into} owe units for different years, or one has years \
                that are excluded, missing, estimated or being closed; have their reports \
                verified first",
    }
}

/// The administrator of the installation's jurisdiction.
pub fn right(state: &State, it: &MergeInstallations) -> Result<Right, Refusals> {
    Ok(Right::Administrator(account::installation(state, it.from)?.jurisdiction))
}

/// Checks that both are alike, and that nothing is under way in the first.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &MergeInstallations,
    out: &mut Events,
) -> Result<(), Refusals> {
    use MergeInstallationsRefused as No;
    let mut no = Objections::default();
    let (from, into) = (it.from, it.into);
    let (one, other) = (account::installation(state, from)?, account::installation(state, into)?);
    no.take(it.grounds.check());
    no.unless(from != into, No::Oneself { installation: from });
    let same = one.operator == other.operator && one.jurisdiction == other.jurisdiction;
    no.unless(same, No::DifferentOperators { from, into });
    for (installation, row) in [(from, one), (into, other)] {
        no.unless(row.merged.is_none(), No::Merged { installation });
    }
    // Years are added up: they must be years of the same duties, with the same reports in.
    let closing = state.closing.keys().any(|(of, _)| *of == one.jurisdiction);
    let alike = one.obliged_from == other.obliged_from
        && one.obliged_to == other.obliged_to
        && one.emissions.keys().eq(other.emissions.keys())
        && one.letters.keys().eq(other.letters.keys())
        && [one, other].iter().all(|it| it.excluded.is_empty() && it.estimated.is_empty());
    no.unless(alike && !closing, No::DutiesDiffer { from, into });
    let account = one.account;
    let under_way = close_account::is_under_way(state, account);
    no.unless(!under_way, CloseAccountRefused::UnderWay { account });
    no.take(account::may_surrender(state, account));
    no.take(account::may_surrender(state, other.account));
    for it in [account, other.account] {
        no.unless(!freezing::is_frozen(state, it), AccountRefused::Frozen { account: it });
    }
    let shelf = state.ledger.shelves.row(account);
    let picked = shelf.pick(shelf.free(|_| true), |_| true);
    let most = BLOCKS_PER_TRANSFER_MAX;
    no.unless(picked.len() <= most, UnitsRefused::TooManyBlocks { most });
    no.settle()?;
    let grounds = Box::new(it.grounds.clone());
    out.push(Event::InstallationsMerged(InstallationsMerged { from, into, grounds }));
    units::move_all(&picked, Way { from: account, to: other.account }, |it| out.push(it));
    Ok(())
}

/// The second goes on with the duties and rights of both.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &InstallationsMerged) {
    let old = state.installations.row_mut(it.from);
    let gone = old.clone();
    old.emissions.clear();
    old.surrendered.clear();
    old.activity.clear();
    (old.excused, old.fined) = Default::default();
    old.obliged_from = None;
    old.merged = Some(it.into);
    let account = state.accounts.row_mut(gone.account);
    assert_eq!(account.kind, AccountKind::Operator, "an installation has an operator's account");
    account.closure = Closure::Closed;
    let row = state.installations.row_mut(it.into);
    for (year, quantity) in gone.emissions {
        *row.emissions.entry(year).or_default() += quantity;
    }
    for (year, quantity) in gone.surrendered {
        *row.surrendered.entry(year).or_default() += quantity;
    }
    for (year, activity) in gone.activity {
        let sum = row.activity.get(&year).map(|it| Sum::of(*it).plus(&Sum::of(activity)));
        // What cannot be added is not known: the true-up then asks for a corrected report.
        match sum.map_or(Some(activity), |it| it.decimal()) {
            Some(sum) => drop(row.activity.insert(year, sum)),
            None => drop(row.activity.remove(&year)),
        }
    }
    row.excused += gone.excused;
    row.fined += gone.fined;
    let entitled: Vec<_> = state
        .entitlements
        .iter()
        .filter(|((of, _), _)| *of == it.from)
        .map(|((_, year), row)| (*year, *row))
        .collect();
    for (year, more) in entitled {
        state.entitlements.remove(&(it.from, year));
        let sum = state.entitlements.entry((it.into, year)).or_default();
        sum.entitled += more.entitled;
        sum.delivered += more.delivered;
        if sum.source != more.source && sum.delivered == more.delivered {
            sum.source = more.source;
        }
    }
    state.deliveries.retain(|(_, of), _| *of != it.from);
    state.trusted.retain(|(of, _), _| *of != gone.account);
}
