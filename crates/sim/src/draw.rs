//! Random commands of every kind, with values that often fit, and who may well ask for them.

mod commands;
mod evidence;
mod orders;

pub use commands::command;

use karvan_core::account::{Account, AccountKind, SinglePerson};
use karvan_core::allocation::Source;
use karvan_core::allocation::entitlement::{Basis, Method};
use karvan_core::authority::Right;
use karvan_core::command::kind_name;
use karvan_core::freezing::Frozen;
use karvan_core::grounds::Grounds;
use karvan_core::id::*;
use karvan_core::ledger::{Serials, Shelf};
use karvan_core::mirror::ForeignBlock;
use karvan_core::mrv::Decimal;
use karvan_core::party::{PersonRights, Role};
use karvan_core::proposal::who_may_approve;
use karvan_core::quantity::{Price, Tonnes};
use karvan_core::time::Year;
use karvan_core::{Command, State};
use std::collections::BTreeSet;

/// Numbers out of one seed: which row, how much, at which price.
#[derive(Clone, Debug)]
pub struct Draw(pub u64);

impl Draw {
    /// A number below an end.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (word ^ (word >> 31)) % end.max(1)
    }

    /// A row of a table of so many; now and then one that is not there.
    pub fn row(&mut self, count: usize) -> u32 {
        let end = count as u64 + u64::from(self.below(12) == 0);
        u32::try_from(self.below(end)).unwrap()
    }

    fn tonnes(&mut self) -> Tonnes {
        Tonnes(self.below(90))
    }

    fn price(&mut self) -> Price {
        Price(i64::try_from(self.below(12)).unwrap() * 100)
    }

    /// One of some.
    pub fn of<T: Copy>(&mut self, some: &[T]) -> T {
        some[usize::try_from(self.below(some.len() as u64)).unwrap()]
    }

    fn year(&mut self) -> Year {
        self.of(&[Year(2027), Year(2027), Year(2027), Year(2028), Year(2031)])
    }
}

const KINDS: [AccountKind; 11] = [
    AccountKind::TotalQuantity,
    AccountKind::Allocation,
    AccountKind::NewEntrants,
    AccountKind::Auction,
    AccountKind::Surrender,
    AccountKind::Deletion,
    AccountKind::Operator,
    AccountKind::Trading,
    AccountKind::Retirement,
    AccountKind::AuctionDelivery,
    AccountKind::Project,
];

/// Who may well ask for this; now and then somebody else.
pub fn actor(state: &State, command: &Command, draw: &mut Draw) -> PersonId {
    if draw.below(16) == 0 {
        return PersonId(draw.row(state.people.len()));
    }
    let of_role = |role, place: Option<JurisdictionId>| {
        let mut all = state.parties.iter();
        all.find(|(_, it)| it.role == role && it.jurisdiction == place).map(|(id, _)| id)
    };
    let holder = |account| state.accounts.get(account).map(|it| it.holder);
    let party = match (command, command.right(state)) {
        (Command::Approve(it), _) => {
            let row = state.proposals.get(&it.proposal);
            let inner = row.and_then(|row| Some((row.proposer, row.inner()?)));
            let may = inner.map(|(proposer, it)| who_may_approve(state, proposer, &it));
            return may.and_then(|it| it.first().copied()).unwrap_or(NOBODY);
        }
        (
            _,
            Ok(
                Right::Administrator(it)
                | Right::Parties { seller: it, .. }
                | Right::EitherParty(it, _)
                | Right::LinkKeeper(it, _),
            ),
        ) => of_role(Role::NationalAdministrator, Some(it)),
        (_, Ok(Right::Holder(it) | Right::Surrenderer(it) | Right::Deal { seller: it, .. })) => {
            holder(it)
        }
        (_, Ok(Right::Verifier(it))) => of_role(Role::Verifier, Some(it)),
        (_, Ok(Right::Member(it) | Right::Payer(it) | Right::MemberOrBank(it))) => Some(it),
        (_, Ok(Right::Bank)) => of_role(Role::SettlementBank, None),
        (_, Ok(Right::Region)) => of_role(Role::RegionalAdministrator, None),
        (_, Ok(Right::Registered)) => of_role(Role::NationalAdministrator, Some(JurisdictionId(0))),
        (_, Ok(Right::OtherBody(_) | Right::Nation)) => None,
        (_, Ok(Right::Time | Right::Founder) | Err(_)) => return NOBODY,
    };
    let mut people: Vec<_> = state.people.iter().collect();
    if draw.below(4) == 0 {
        people.reverse();
    }
    let found = people.into_iter().find(|(_, it)| it.party.is_some() && it.party == party);
    found.map_or(NOBODY, |(id, _)| id)
}

const RIGHTS: [PersonRights; 3] = [PersonRights::All, PersonRights::Initiate, PersonRights::Read];

fn single(draw: &mut Draw) -> SinglePerson {
    SinglePerson { surrender: draw.below(2) == 0, trusted: draw.below(2) == 0 }
}

/// An account; half of the time one that has units.
fn account(state: &State, draw: &mut Draw) -> AccountId {
    let full = |(_, it): &(AccountId, &Shelf)| it.free(|_| true) > Tonnes::ZERO;
    let holders = state.ledger.shelves.iter().filter(full).map(|(id, _)| id);
    let holders: Vec<AccountId> =
        holders.filter(|it| !state.accounts.row(*it).kind.is_government()).collect();
    if holders.is_empty() || draw.below(2) == 0 {
        return AccountId(draw.row(state.accounts.len()));
    }
    draw.of(&holders)
}

/// A person, seldom one of those of the opening: a market of the suspended says little.
fn person(state: &State, draw: &mut Draw) -> PersonId {
    let later = u32::try_from(state.people.len()).unwrap().saturating_sub(1);
    if draw.below(9) == 0 { PersonId(draw.row(state.people.len())) } else { PersonId(later) }
}

fn grounds() -> Grounds {
    Grounds::new("chance", [7; 32])
}

const SOURCES: [Source; 3] = [Source::National, Source::National, Source::NewEntrants];

/// Past emissions of so many tonnes.
fn past(quantity: Tonnes) -> Basis {
    let hundred = Decimal::parse("100").unwrap();
    Basis {
        method: Method::Grandfathering,
        benchmark: Decimal::ONE,
        activity: Decimal::parse(&quantity.0.to_string()).unwrap(),
        leakage_percent: hundred,
        correction_percent: hundred,
    }
}

/// Some serials of a register elsewhere.
fn foreign(draw: &mut Draw) -> ForeignBlock {
    let (first, count) = (1 + 10 * draw.below(50), Tonnes(1 + draw.below(12)));
    let lock = Label::new("lock-1").unwrap();
    ForeignBlock { year: Year(2027), serials: Serials { first, count }, lock }
}

/// All accounts, or one.
fn mandate(account: AccountId, draw: &mut Draw) -> Option<BTreeSet<AccountId>> {
    (draw.below(4) == 0).then(|| BTreeSet::from([account]))
}

/// Some serials that lie in an account.
fn serials(state: &State, account: AccountId, draw: &mut Draw) -> Frozen {
    let shelf = state.ledger.shelves.get(account);
    let queue = shelf.and_then(|it| it.queues.first());
    let found = queue.and_then(|it| Some((it.series, it.blocks.front()?.serials)));
    let (series, it) = found.unwrap_or((SeriesId(0), Serials { first: 1, count: Tonnes(5) }));
    let skipped = draw.below(it.count.0.min(3));
    Frozen::Serials(account, series, it.first + skipped, Tonnes(1 + draw.below(4)))
}

/// What an account has, as a rule.
fn first_series(state: &State, account: AccountId, draw: &mut Draw) -> SeriesId {
    let queues = state.ledger.shelves.get(account).map(|it| &it.queues);
    let there = queues.and_then(|it| it.first()).map(|it| it.series);
    there.filter(|_| draw.below(8) > 0).unwrap_or(SeriesId(draw.row(2)))
}

/// An account of another country than this one.
fn abroad(
    state: &State,
    account: AccountId,
    wanted: impl Fn(AccountKind) -> bool,
    draw: &mut Draw,
) -> AccountId {
    let here = state.accounts.get(account).map(|it| it.jurisdiction);
    let fits = |it: &Account| Some(it.jurisdiction) != here && wanted(it.kind);
    let all = state.accounts.iter().filter(|(_, it)| fits(it)).map(|(id, _)| id);
    let all: Vec<AccountId> = all.collect();
    if all.is_empty() { account } else { draw.of(&all) }
}

/// The kinds there are.
pub fn kinds() -> Vec<u16> {
    (0..u16::MAX).filter(|it| kind_name(*it).is_some()).collect()
}

/// What is asked: transfers, and what follows from them, more often than the rest.
pub fn asked() -> Vec<u16> {
    let more = [
        "Transfer",
        "LinkTransfer",
        "CancelTransfer",
        "PlaceBid",
        "PlaceOrder",
        "AmendOrder",
        "Delete",
        "OpenCall",
        "CoupleCalls",
        "ClearCoupling",
    ];
    let often = |it: &u16| more.iter().any(|name| kind_name(*it) == Some(name));
    kinds().into_iter().flat_map(|it| vec![it; if often(&it) { 8 } else { 1 }]).collect()
}
