//! Lists of one's own: what the party of a person has, and what waits for it. They are read from
//! the state and asked like all others, with filter, order and cursor.

use super::{code, column};
use crate::list::{Column, Kind, List, Order, Page, Query};
use crate::sql::{Sql, SqlError, Value};
use crate::sqlite::Sqlite;
use karvan_core::account::{self, AccountKind, AccountStatus, Closure, number_of};
use karvan_core::authority::{self, AuthorityRefused, Reads};
use karvan_core::exchange::Side;
use karvan_core::freezing::Frozen;
use karvan_core::id::{AccountId, HoldId, PersonId, SeriesId};
use karvan_core::quantity::Tonnes;
use karvan_core::{State, proposal};
use std::collections::BTreeMap;

const ACCOUNT: Column = column("account", Kind::Text, "The account's number, with check digits.");
const JURISDICTION: Column =
    column("jurisdiction", Kind::Jurisdiction, "Whose units, by its code.");

/// Accounts.
pub const ACCOUNTS: List = List {
    name: "own/accounts",
    about: "The accounts of your party: what they may do, and the units that are free in them.",
    columns: &[
        ACCOUNT,
        column("jurisdiction", Kind::Jurisdiction, "Under which administrator."),
        column("kind", Kind::Word, "What it is for."),
        column("state", Kind::Word, "open, closed, or what it may not do."),
        column("free", Kind::Units, "Units at your disposal."),
        column("held", Kind::Units, "Units set aside: for orders, auctions, transfers, locks."),
    ],
    key: 1,
    order: Order::Ascending,
    delayed: false,
    sought: &[],
};

/// Holdings.
pub const HOLDINGS: List = List {
    name: "own/holdings",
    about: "The units in the accounts of your party, by who issued them and for which years.",
    columns: &[
        ACCOUNT,
        column("series", Kind::Number, "The series of their serial numbers."),
        column("class", Kind::Word, "allowance, credit or certificate."),
        JURISDICTION,
        column(
            "vintage",
            Kind::Year,
            "The first year for which they count, or that of the evidence.",
        ),
        column("until", Kind::Year, "The last year for which they count."),
        column("counts_in", Kind::Jurisdiction, "In whose market they count, if they do."),
        column("free", Kind::Units, "Units at your disposal."),
        column("held", Kind::Units, "Units set aside: for orders, auctions, transfers, locks."),
    ],
    key: 2,
    order: Order::Ascending,
    delayed: false,
    sought: &[],
};

/// Money.
pub const CASH: List = List {
    name: "own/cash",
    about: "The money of your party at the settlement bank.",
    columns: &[
        column("account", Kind::Number, "The cash account."),
        column("currency", Kind::Text, "Its currency."),
        column("free", Kind::Money, "Money at your disposal."),
        column("held", Kind::Money, "Money set aside for bids and orders."),
    ],
    key: 1,
    order: Order::Ascending,
    delayed: false,
    sought: &[],
};

/// Orders.
pub const ORDERS: List = List {
    name: "own/orders",
    about: "The orders of your party that wait in the books.",
    columns: &[
        column("order", Kind::Number, "The order."),
        column("jurisdiction", Kind::Jurisdiction, "Whose market."),
        column("year", Kind::Year, "The market's year."),
        column("product", Kind::Word, "What it trades: allowance, or a product's code."),
        column("side", Kind::Word, "buy or sell."),
        ACCOUNT,
        column("price", Kind::UnitPrice, "The worst price that is accepted."),
        column("remaining", Kind::Units, "What is not yet filled."),
        column("filled", Kind::Units, "What was filled."),
        column(
            "until",
            Kind::Moment,
            "When it ends by itself, where that is before its market ends.",
        ),
        column("client", Kind::Number, "The name you gave it; 0 for none."),
        column("since", Kind::Record, "The record with which it took its place."),
    ],
    key: 1,
    order: Order::Ascending,
    delayed: false,
    sought: &[],
};

/// Bids.
pub const BIDS: List = List {
    name: "own/bids",
    about: "The bids of your party in primary auctions, and what they got.",
    columns: &[
        column("auction", Kind::Number, "The auction."),
        column("bid", Kind::Number, "The bid's place among those of the auction."),
        ACCOUNT,
        column("price", Kind::Price, "The most that is paid for a unit."),
        column("quantity", Kind::Tonnes, "Units bid for."),
        column("filled", Kind::Tonnes, "Units that it got."),
        column("state", Kind::Word, "waits until the auction is cleared or cancelled."),
    ],
    key: 2,
    order: Order::Descending,
    delayed: false,
    sought: &[],
};

/// Proposals.
pub const PROPOSALS: List = List {
    name: "own/proposals",
    about: "What waits for a second person: proposed by your party, or for you to approve.",
    columns: &[
        column("proposal", Kind::Number, "The proposal."),
        column("kind", Kind::Word, "The command that is proposed."),
        column("proposer", Kind::Number, "Who proposed it."),
        column("lapses", Kind::Moment, "When it lapses."),
        column("approvals", Kind::Count, "Approvals it has so far."),
        column("may_approve", Kind::Word, "yes where you may approve it."),
        column("command_hash", Kind::Text, "What an approval names: SHA-256 of what is proposed."),
        column("command", Kind::Json, "What is proposed, field by field."),
    ],
    key: 1,
    order: Order::Ascending,
    delayed: false,
    sought: &[],
};

/// All of them.
pub const ALL: [&List; 6] = [&ACCOUNTS, &HOLDINGS, &CASH, &ORDERS, &BIDS, &PROPOSALS];

/// The list of a name, without `own/`.
pub fn named(name: &str) -> Option<&'static List> {
    ALL.into_iter().find(|it| it.name.strip_prefix("own/") == Some(name))
}

/// The rows of a list of a person's own.
pub fn rows(
    state: &State,
    (list, person): (&List, PersonId),
) -> Result<Vec<Vec<Value>>, AuthorityRefused> {
    let reads = authority::reads(state, person)?;
    let own = Own { state, person, reads };
    Ok(match list.name {
        "own/accounts" => own.accounts(),
        "own/holdings" => own.holdings(),
        "own/cash" => own.cash(),
        "own/orders" => own.orders(),
        "own/bids" => own.bids(),
        "own/proposals" => own.proposals(),
        _ => Vec::new(),
    })
}

/// Asks some rows as a list is asked.
pub fn ask(list: &List, rows: &[Vec<Value>], query: &Query) -> Result<Page, SqlError> {
    let mut sql = Sqlite::in_memory()?;
    sql.run(&list.create())?;
    sql.begin()?;
    let write = list.upsert();
    for row in rows {
        sql.execute(&write, row)?;
    }
    query.read(list, 0, &mut sql)
}

/// What a person reads of a state.
struct Own<'a> {
    state: &'a State,
    person: PersonId,
    reads: Reads<'a>,
}

/// Units of a series that are free, and set aside.
type Parts = (Tonnes, Tonnes);

impl Own<'_> {
    fn number(&self, id: AccountId) -> Value {
        number_of(self.state, id).map(|it| it.to_string()).into()
    }

    /// Units by account and series.
    fn units(&self) -> BTreeMap<(AccountId, SeriesId), Parts> {
        let mut all: BTreeMap<(AccountId, SeriesId), Parts> = BTreeMap::new();
        let own = self.state.accounts.iter().filter(|(id, it)| self.reads.account(*id, it));
        for (id, _) in own {
            let shelf = self.state.ledger.shelves.get(id);
            for queue in shelf.into_iter().flat_map(|it| &it.queues) {
                all.entry((id, queue.series)).or_default().0 += queue.total;
            }
        }
        for (account, hold) in self.set_aside() {
            let hold = self.state.ledger.holds.get(&hold);
            for (series, block) in hold.into_iter().flat_map(|it| &it.units) {
                all.entry((account, *series)).or_default().1 += block.serials.count;
            }
        }
        all
    }

    /// What units of its accounts are set aside under: orders, auctions, delayed transfers, locks,
    /// freezes of serials.
    fn set_aside(&self) -> Vec<(AccountId, HoldId)> {
        let orders = self.state.orders.of_owner(self.reads.party);
        let orders = orders.map(|it| (it.account, it.hold));
        let auctions = self.state.auctions.iter().filter(|(_, it)| it.result.is_none());
        let sold = auctions.flat_map(|(_, it)| {
            let own = account::of_government(self.state, it.jurisdiction, AccountKind::Auction);
            let others = it.consigned.iter().map(|it| (it.account, it.hold));
            own.map(|account| (account, it.hold)).into_iter().chain(others)
        });
        let frozen = self.state.freezes.iter().filter_map(|(what, it)| match what {
            Frozen::Serials(account, ..) => Some((*account, it.hold?)),
            Frozen::Account(_) | Frozen::Holder(_) | Frozen::Jurisdiction(_) | Frozen::Market => {
                None
            }
        });
        let delayed = self.state.delayed.iter().map(|(hold, it)| (it.from, *hold));
        let locked = self.state.locks.iter().map(|(hold, it)| (it.account, *hold));
        let all = orders.chain(sold).chain(delayed).chain(locked).chain(frozen);
        let reads = |id| self.state.accounts.get(id).is_some_and(|it| self.reads.account(id, it));
        all.filter(|(account, _)| reads(*account)).collect()
    }

    fn accounts(&self) -> Vec<Vec<Value>> {
        let mut sums: BTreeMap<AccountId, Parts> = BTreeMap::new();
        for ((account, _), (free, held)) in self.units() {
            let sum = sums.entry(account).or_default();
            sum.0 += free;
            sum.1 += held;
        }
        let own = self.state.accounts.iter().filter(|(id, it)| self.reads.account(*id, it));
        own.map(|(id, it)| {
            let (free, held) = sums.get(&id).copied().unwrap_or_default();
            let state = match (it.closure, it.status) {
                (Closure::Closed, _) => "closed",
                (_, AccountStatus::Open) => "open",
                (_, AccountStatus::SurrenderOnly) => "surrenders only",
                (_, AccountStatus::AllRestricted) => "surrenders and returns only",
                (_, AccountStatus::Suspended) => "suspended",
                (_, AccountStatus::TransferPending) => "waits for another operator",
            };
            let kind = it.kind.name();
            vec![
                self.number(id),
                code(self.state, it.jurisdiction).into(),
                kind.into(),
                state.into(),
                free.into(),
                held.into(),
            ]
        })
        .collect()
    }

    fn holdings(&self) -> Vec<Vec<Value>> {
        let row = |((account, series), (free, held)): ((AccountId, SeriesId), Parts)| {
            let it = self.state.ledger.series.get(series)?;
            Some(vec![
                self.number(account),
                series.0.into(),
                it.class.name().into(),
                code(self.state, it.jurisdiction).into(),
                it.valid_from.into(),
                it.valid_to.into(),
                it.counts_in().map(|it| code(self.state, it)).into(),
                free.into(),
                held.into(),
            ])
        };
        let some = self
            .units()
            .into_iter()
            .filter(|(_, (free, held))| *free > Tonnes::ZERO || *held > Tonnes::ZERO);
        some.filter_map(row).collect()
    }

    fn cash(&self) -> Vec<Vec<Value>> {
        let currency = self.state.rules.as_ref().map(|it| it.currency);
        let all = self.state.ledger.cash.iter();
        let own = all.filter(|(_, it)| it.holder == self.reads.party && self.reads.all());
        own.map(|(id, it)| {
            let currency = it.currency.or(currency);
            vec![id.0.into(), currency.into(), it.free.into(), it.held.into()]
        })
        .collect()
    }

    fn orders(&self) -> Vec<Vec<Value>> {
        let all = self.state.orders.of_owner(self.reads.party);
        let own = all.filter(|it| self.reads.acts_for(it.account));
        own.map(|it| {
            vec![
                it.id.0.into(),
                code(self.state, it.jurisdiction).into(),
                it.year.into(),
                super::market::product(self.state, it.market()).into(),
                if it.side == Side::Buy { "buy".into() } else { "sell".into() },
                self.number(it.account),
                it.price.into(),
                it.remaining.into(),
                it.filled.into(),
                it.until.into(),
                it.client.into(),
                it.since.into(),
            ]
        })
        .collect()
    }

    fn bids(&self) -> Vec<Vec<Value>> {
        let auctions = self.state.auctions.iter();
        let all = auctions.flat_map(|(id, auction)| {
            auction.bids.iter().zip(0u32..).map(move |(it, place)| (id, auction, it, place))
        });
        let own = all.filter(|(_, _, it, _)| {
            it.bidder == self.reads.party && self.reads.acts_for(it.account)
        });
        own.map(|(id, auction, it, place)| {
            let state = match (auction.result, &auction.basis) {
                (None, _) => "waits",
                (Some(_), None) => "cancelled",
                (Some(_), Some(_)) => "cleared",
            };
            vec![
                id.0.into(),
                place.into(),
                self.number(it.account),
                it.price.into(),
                it.quantity.into(),
                it.filled.into(),
                state.into(),
            ]
        })
        .collect()
    }

    fn proposals(&self) -> Vec<Vec<Value>> {
        let all = self.state.proposals.iter();
        let row = |(id, it): (&karvan_core::id::ProposalId, &proposal::Proposal)| {
            let command = it.inner()?;
            let may = proposal::may_approve(self.state, self.person, it);
            let proposer = self.state.people.get(it.proposer).and_then(|it| it.party);
            let is_partys = proposer == Some(self.reads.party) && self.reads.all();
            if !may && !is_partys && it.proposer != self.person {
                return None;
            }
            Some(vec![
                id.0.into(),
                command.name().into(),
                it.proposer.0.into(),
                it.lapses.into(),
                it.approvals.len().into(),
                may.then_some("yes").into(),
                crate::facts::hex(&it.command_hash).into(),
                crate::facts::command(&command).to_string().into(),
            ])
        };
        all.filter_map(row).collect()
    }
}
