//! Linked markets: the region opens their escrows, couples their calls where units may cross, and
//! clears them; and what each member gains by that is reckoned.

use super::Play;
use karvan_core::account::open_account::OpenAccount;
use karvan_core::account::{AccountKind, SinglePerson};
use karvan_core::book::Order;
use karvan_core::call::crossing;
use karvan_core::cash::open_cash_account::OpenCashAccount;
use karvan_core::coupling::{clear_coupling::ClearCoupling, couple_calls::CoupleCalls};
use karvan_core::exchange::{self, Side};
use karvan_core::id::{
    CallId, CashAccountId, CouplingId, JurisdictionId, OrderId, PartyId, PersonId,
};
use karvan_core::quantity::{Money, Price, Tonnes};
use karvan_core::time::{Instant, Year};
use karvan_core::{Command, State};
use karvan_engine::journal::Journal;
use karvan_engine::writer::Stopped;

/// What the region pays into its rent account, where whole units cost it a little: 1,000 USD.
const RENT_ACCOUNT: Money = Money(100_000);
/// The region's administrator is the first party.
const REGION: PartyId = PartyId(0);

/// An order before a coupling is cleared.
struct Waiting {
    market: usize,
    call: CallId,
    order: OrderId,
    cash: CashAccountId,
    interest: crossing::Interest,
}

impl<J: Journal> Play<J> {
    fn region(&self) -> PersonId {
        self.state().parties.row(REGION).person
    }

    /// The escrow of each link, and the account into which rents come.
    pub(super) fn open_links(&mut self) -> Result<(), Stopped> {
        let Some(rules) = self.state().rules.clone().filter(|it| !it.links.is_empty()) else {
            return Ok(());
        };
        let region = self.region();
        let (kind, single) = (AccountKind::LinkEscrow, SinglePerson::default());
        let escrow = |(from, to): (JurisdictionId, JurisdictionId)| -> Command {
            let (holder, jurisdiction, towards) = (REGION, from, Some(to));
            OpenAccount { kind, holder, jurisdiction, single, towards }.into()
        };
        let escrows = rules.links.iter().map(|it| (region, escrow((it.from, it.to))));
        let escrows: Vec<(PersonId, Command)> = escrows.collect();
        self.send(escrows)?;
        let (party, currency) = (REGION, None);
        self.send(vec![(self.bank, OpenCashAccount { party, currency }.into())])?;
        let deposit = self.deposit(party, RENT_ACCOUNT);
        self.send(vec![deposit])
    }

    /// Couples the calls of a year that are open in markets between which units may cross now:
    /// where a link is open, and what may leave is known.
    pub(super) fn couple_calls(&mut self, year: u16, at: Instant) -> Result<(), Stopped> {
        let state = self.state();
        let calendar = Year(u16::try_from(at.date().0).unwrap_or(u16::MAX));
        let open = |id: JurisdictionId| {
            let place = usize::try_from(id.0).ok()?;
            let call = *self.open_calls.get(&(place, year))?;
            let row = state.calls.row(call);
            let free = row.coupling.is_none() && row.random_end.is_none();
            free.then_some((id, call))
        };
        let links = state.rules.iter().flat_map(|it| &it.links);
        let crosses = links.filter(|it| {
            let verified = state.year_rules(it.from, Year(year)).map(|it| it.report_due);
            it.is_open(calendar) && verified.is_some_and(|it| it <= at)
        });
        let mut calls: Vec<(JurisdictionId, CallId)> = Vec::new();
        for link in crosses {
            if let (Some(from), Some(to)) = (open(link.from), open(link.to)) {
                calls.extend([from, to]);
            }
        }
        calls.sort_unstable();
        calls.dedup();
        if calls.len() < 2 {
            return Ok(());
        }
        let calls = calls.into_iter().map(|(_, call)| call).collect();
        self.send(vec![(self.region(), CoupleCalls { calls }.into())])
    }

    /// Clears a coupling, and reckons who gained.
    pub(super) fn clear_coupling(&mut self, coupling: CouplingId) -> Result<(), Stopped> {
        let waiting = waiting(self.state(), coupling);
        let alone: Vec<(usize, Money)> = self.markets_alone(&waiting);
        let before = self.money(&waiting);
        loop {
            self.send(vec![(self.region(), ClearCoupling { coupling }.into())])?;
            // One record settles a part of a large coupling; the rest follows.
            if !self.state().settlements.contains_key(&coupling) {
                break;
            }
        }
        let state = self.state();
        let row = state.couplings.row(coupling).clone();
        let Some(cleared) = row.cleared else { return Ok(()) };
        let year = u16::try_from(cleared.date().0).unwrap_or(u16::MAX);
        let mut gained: Vec<(usize, Money)> =
            alone.into_iter().map(|(j, it)| (j, Money::ZERO - it)).collect();
        // What units were worth to their buyers and sellers, and the money that changed hands.
        for it in &waiting {
            let left = state.orders.get(it.order).map_or(Tonnes::ZERO, |it| it.remaining);
            let filled = left.short_of(it.interest.quantity);
            gained.push((it.market, surplus(&it.interest, Price(0), filled)));
        }
        let after = self.money(&waiting);
        for ((market, before), (_, after)) in before.into_iter().zip(after) {
            gained.push((market, after - before));
        }
        for flow in &row.flows {
            let all = flow.rent + flow.levy;
            let half = Money(all.0 / 2);
            let place = |id: JurisdictionId| usize::try_from(id.0).unwrap_or_default();
            gained.extend([(place(flow.from), half), (place(flow.to), all - half)]);
        }
        for (j, it) in gained {
            *self.gains.entry((j, year)).or_default() += it;
        }
        Ok(())
    }

    /// The money of those whose orders wait, by market.
    fn money(&self, waiting: &[Waiting]) -> Vec<(usize, Money)> {
        let mut accounts: Vec<_> = waiting.iter().map(|it| (it.market, it.cash)).collect();
        accounts.sort_unstable();
        accounts.dedup();
        let all = |cash| {
            let row = self.state().ledger.cash.row(cash);
            row.free + row.held
        };
        accounts.into_iter().map(|(market, cash)| (market, all(cash))).collect()
    }

    /// What the orders of each market would gain in its own call.
    fn markets_alone(&self, waiting: &[Waiting]) -> Vec<(usize, Money)> {
        let mut gains = Vec::new();
        let calls: std::collections::BTreeSet<CallId> = waiting.iter().map(|it| it.call).collect();
        for call in calls {
            let own: Vec<&Waiting> = waiting.iter().filter(|it| it.call == call).collect();
            let book: Vec<crossing::Interest> = own.iter().map(|it| it.interest).collect();
            let row = self.state().calls.row(call);
            let reference = self.state().price_of(row.market()).map(|it| it.0);
            let tick = exchange::rules(self.state(), row.market()).tick;
            let Some(found) = crossing::cross(&book, reference, tick) else { continue };
            for side in [Side::Buy, Side::Sell] {
                for (place, quantity) in crossing::fills(&book, side, &found) {
                    let it = own[place];
                    gains.push((it.market, surplus(&it.interest, found.price, quantity)));
                }
            }
        }
        gains
    }
}

/// The orders that wait in the calls of a coupling.
fn waiting(state: &State, coupling: CouplingId) -> Vec<Waiting> {
    let mut all = Vec::new();
    for call in state.couplings.row(coupling).calls.iter().copied() {
        let row = state.calls.row(call);
        let market = usize::try_from(row.jurisdiction.0).unwrap_or_default();
        let mut orders: Vec<&Order> = state.orders.of_market(row.market()).collect();
        orders.sort_unstable_by_key(|it| it.id);
        for it in orders {
            let (side, price, quantity) = (it.side, it.price, it.remaining);
            let interest = crossing::Interest { side, price, quantity };
            let (order, cash) = (it.id, it.cash);
            all.push(Waiting { market, call, order, cash, interest });
        }
    }
    all
}

/// What a fill gains by the limit of its order.
fn surplus(it: &crossing::Interest, price: Price, filled: Tonnes) -> Money {
    let better = match it.side {
        Side::Buy => it.price.0 - price.0,
        Side::Sell => price.0 - it.price.0,
    };
    Price(better).times(filled).unwrap_or_default()
}
