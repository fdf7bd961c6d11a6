//! Clear a coupling: one result for all its markets. Units that leave a market wait in the escrow
//! of their link, and link units are delivered for them; buyers pay, sellers are paid, and what is
//! left of rents and levies goes to the two governments of each link, half and half.
//!
//! Not all may leave a market: of an installation with free allocation its verified surplus alone,
//! and a pilot sells only where its link says verified surplus. Units that may leave are offered at
//! home too; where more is paid for them abroad their sellers get that price.
//!
//! What arrives settles at no less than the reserve price there. Where units were released above a
//! tier or at the ceiling, none leave until the surrender of that year: they were to help those who
//! are short at home.
//!
//! The first record fixes everything: prices, flows, and what each order gets or gives. What one
//! record has no room for is settled by those that follow, each caused by clearing again or, after
//! a minute and before anything else falls due, by time; until then the orders stand.

use super::coupling_filled::CouplingFilled;
use super::coupling_settled::CouplingSettled;
use super::graph::Graph;
use super::market::Market;
use super::settle::{self, Slice, Terms};
use super::settlement::{self, FILLS_MAX, Fixed, Settlement};
use super::{Choice, Coupled, CoupledFlow, CoupledPrice, Interest, Link};
use crate::account;
use crate::account::{AccountKind, Installation};
use crate::authority::{Authorised, Right};
use crate::book::Order;
use crate::call::CallResult;
use crate::call::clear_call::{CallCleared, ClearCallRefused};
use crate::cash;
use crate::compatibility::{self, SettlementClass, class_of};
use crate::context::RecordHeader;
use crate::coupling::couple;
use crate::event::{Event, Events};
use crate::exchange;
use crate::exchange::Side;
use crate::id::{AccountId, CallId, CashAccountId, CouplingId, InstallationId, JurisdictionId};
use crate::quantity::{Money, Price, Tonnes};
use crate::refusal::{Objections, RecordRefused, Refusals, refusals};
use crate::rules::{LinkRules, Stage};
use crate::state::State;
use crate::time::Year;
use minicbor::{Decode, Encode};
use std::collections::{BTreeMap, BTreeSet};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct ClearCoupling {
    /// The coupling.
    #[n(0)]
    pub coupling: CouplingId,
}

/// The fact; those beside it say what became of each call, order and unit.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct CouplingCleared {
    /// The coupling.
    #[n(0)]
    pub coupling: CouplingId,
    /// The prices of the markets that have one.
    #[n(1)]
    pub prices: Box<Vec<CoupledPrice>>,
    /// What went through the links that took part.
    #[n(2)]
    pub flows: Box<Vec<CoupledFlow>>,
}

refusals! {
    /// Why a coupling cannot be cleared.
    pub enum ClearCouplingRefused {
        /// There is no such coupling.
        Unknown { coupling: CouplingId } = 951 => "there is no coupling {coupling}",
        /// It has its result.
        Cleared { coupling: CouplingId } = 952 => "coupling {coupling} is cleared",
        /// Rounding may cost the region the worth of a unit for each link.
        RentTooLow { free: Money, wanted: Money } = 953
            => "the rent account of the region has {free} free, less than the {wanted} that whole \
                units cost it here; pay in",
    }
}

/// The regional administrator.
pub fn right(_state: &State, _it: &ClearCoupling) -> Result<Right, Refusals> {
    Ok(Right::Region)
}

/// Finds prices, flows and fills, and settles them.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &ClearCoupling,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let coupling = it.coupling;
    let row = state.couplings.get(coupling);
    let row = row.ok_or(ClearCouplingRefused::Unknown { coupling })?;
    if let Some(settlement) = state.settlements.get(&coupling) {
        go_on(state, (coupling, settlement), out);
        return Ok(());
    }
    no.unless(row.cleared.is_none(), ClearCouplingRefused::Cleared { coupling });
    for call in row.calls.iter().copied() {
        let (now, closes) = (state.now, state.calls.row(call).closes);
        no.unless(now >= closes, ClearCallRefused::PhaseOpen { now, closes });
        let open = state.calls.row(call).result.is_none();
        no.unless(open || row.cleared.is_some(), ClearCallRefused::AlreadyCleared { call });
    }
    let rent = no.take(cash::of(state, by.party()));
    let rent = no.settle_with(rent)?;
    clear(state, (coupling, &row.calls), rent, out)
}

fn clear(
    state: &State,
    (coupling, calls): (CouplingId, &[CallId]),
    rent: CashAccountId,
    out: &mut Events,
) -> Result<(), Refusals> {
    let classes = taking_part(state, calls);
    let market = |it: &CallId| market(state, *it, classes.as_ref());
    let mut markets: Vec<Market<'_>> = calls.iter().map(market).collect();
    let usable: Vec<(&LinkRules, AccountId)> = links(state, &markets);
    part(state, &usable, &mut markets);
    let mut graph = Graph::of(&markets);
    for (rules, escrow) in usable {
        graph.add(state, rules, escrow);
    }
    let references: Vec<Option<Price>> = graph
        .nodes
        .iter()
        .filter_map(|it| markets.get(it.market))
        .map(|it| state.last_price(it.jurisdiction, it.year).map(|(price, _)| price))
        .collect();
    let in_graph = graph.nodes.iter().filter_map(|it| markets.get(it.market));
    let ticks: Vec<Price> = in_graph.map(|it| it.tick).collect();
    let choice = Choice { references: &references, ticks: &ticks };
    let cleared = exactly(&graph.books(&markets), &graph.links(), choice);
    let fixed = settlement::fix(state, (&mut markets, &graph), (&cleared, rent), out);
    let (settlement, prices) = (&fixed.settlement, &fixed.prices);
    let mut no = Objections::default();
    let fills = settlement.buys.len().saturating_add(settlement.sells.len());
    no.unless(fills <= FILLS_MAX, RecordRefused::TooManyFacts { most: FILLS_MAX });
    let (free, surplus) = (state.ledger.cash.row(rent).free, fixed.surplus);
    let wanted = Money::ZERO - surplus;
    no.unless(wanted <= free, ClearCouplingRefused::RentTooLow { free, wanted });
    no.settle()?;
    let results = markets.iter().zip(prices).map(|(market, price)| {
        let (price, volume) = (price.map(|it| it.nearest), market.volume());
        (market.call, CallResult { price, volume, ..CallResult::default() })
    });
    let results: Vec<(CallId, CallResult)> = results.collect();
    begin(state, (coupling, fixed), &results, out);
    Ok(())
}

/// Writes the result, and settles what the record has room for.
fn begin(
    state: &State,
    (coupling, fixed): (CouplingId, Fixed),
    results: &[(CallId, CallResult)],
    out: &mut Events,
) {
    let Fixed { settlement, prices, flows, .. } = fixed;
    let prices = prices.into_iter().flatten().collect::<Vec<CoupledPrice>>();
    let (prices, flows) = (Box::new(prices), Box::new(flows));
    let mut progress = settlement.progress.clone();
    let terms = Terms { state, settlement: &settlement, prices: &prices, flows: &flows };
    let slice = settle::go_on(terms, &mut progress, out);
    out.push(Event::CouplingCleared(CouplingCleared { coupling, prices, flows }));
    if slice == Slice::GoesOn {
        let settlement = Box::new(Settlement { progress, ..settlement });
        out.push(Event::CouplingFilled(CouplingFilled { coupling, settlement }));
    }
    for (call, result) in results.iter().copied() {
        let left = if slice == Slice::GoesOn { result.volume } else { Tonnes::ZERO };
        let result = Box::new(CallResult { left, ..result });
        out.push(Event::CallCleared(CallCleared { call, result }));
    }
}

/// Settles more of a coupling; with the last of it its calls are over.
pub(crate) fn go_on(
    state: &State,
    (coupling, settlement): (CouplingId, &Settlement),
    out: &mut Events,
) {
    let row = state.couplings.row(coupling);
    let terms = Terms { state, settlement, prices: &row.prices, flows: &row.flows };
    let mut progress = settlement.progress.clone();
    let slice = settle::go_on(terms, &mut progress, out);
    let progress = (slice == Slice::GoesOn).then(|| Box::new(progress));
    let is_last = progress.is_none();
    out.push(Event::CouplingSettled(CouplingSettled { coupling, progress }));
    for call in row.calls.iter().copied().filter(|_| is_last) {
        let result = state.calls.row(call).result.unwrap_or_default();
        let result = Box::new(CallResult { left: Tonnes::ZERO, ..result });
        out.push(Event::CallCleared(CallCleared { call, result }));
    }
}

/// The result. Policies and orders are bounded so that fractions have room; should they not, the
/// markets clear with the links closed at which units are lost.
#[expect(clippy::expect_used, reason = "one for one there are no fractions")]
fn exactly(books: &[Vec<Interest>], links: &[Link], choice: Choice<'_>) -> Coupled {
    couple(books, links, choice).unwrap_or_else(|_| {
        let at_par = |it: &Link| it.ratio.0 == it.ratio.1;
        let closed = |it: &Link| Link { quota: Some(Tonnes::ZERO), ratio: (1, 1), ..*it };
        let closed = links.iter().map(|it| if at_par(it) { *it } else { closed(it) });
        let closed: Vec<Link> = closed.collect();
        couple(books, &closed, choice).expect("markets that are linked one for one clear")
    })
}

/// The settlement classes that take part: in the order of their letters each that settles with
/// those before it in all markets. Who is in another one waits for a call that is not coupled.
/// Without any where there is but one class.
fn taking_part(state: &State, calls: &[CallId]) -> Option<BTreeSet<SettlementClass>> {
    if compatibility::is_one_class(state) {
        return None;
    }
    let markets = || calls.iter().map(|it| state.calls.row(*it));
    let orders = markets().flat_map(|it| state.orders.of_market(it.market()));
    let classes: BTreeSet<SettlementClass> = orders.map(|it| class_of(state, it.owner)).collect();
    let mut all = BTreeSet::new();
    for class in classes {
        let settles = |with: &SettlementClass| {
            markets().all(|it| compatibility::settle(state, it.jurisdiction, (class, *with)))
        };
        if all.iter().all(settles) {
            all.insert(class);
        }
    }
    Some(all)
}

/// A market of the coupling: the orders that take part, better ones first within a side.
fn market<'a>(
    state: &'a State,
    call: CallId,
    classes: Option<&BTreeSet<SettlementClass>>,
) -> Market<'a> {
    let row = state.calls.row(call);
    let (jurisdiction, year) = (row.jurisdiction, row.year);
    let waiting = state.orders.of_market(row.market());
    // Orders of what is frozen wait on.
    let orders = waiting.filter(|it| {
        let is_in = classes.is_none_or(|all| all.contains(&class_of(state, it.owner)));
        is_in && exchange::may_trade(state, it)
    });
    let mut market = Market::of(call, (jurisdiction, year), orders);
    market.tick = exchange::tick(state, row.market(), market.orders.iter().map(|it| it.order));
    market
}

/// The links among the markets that anybody may use now, with their escrows.
fn links<'a>(state: &'a State, markets: &[Market<'_>]) -> Vec<(&'a LinkRules, AccountId)> {
    let calendar = year_of(state);
    let takes_part = |it: &LinkRules| {
        let is_in = |id| markets.iter().any(|it| it.jurisdiction == id);
        is_in(it.from)
            && is_in(it.to)
            && it.is_open(calendar)
            // A pilot sells what is left over, and that only where the link says so.
            && (it.surplus_only || !is_pilot(state, markets, it.from))
            && !state.suspended_links.contains(&(it.from, it.to))
            && !has_released(state, it.from)
    };
    let all = state.rules.iter().flat_map(|it| &it.links).filter(|it| takes_part(it));
    all.filter_map(|it| {
        let escrow = *state.escrows.get(&(it.from, it.to))?;
        account::not_frozen(state, escrow).is_ok().then_some((it, escrow))
    })
    .collect()
}

/// Whether a jurisdiction released units for a year whose surrender is to come.
fn has_released(state: &State, id: JurisdictionId) -> bool {
    let mut years = state.released.iter().filter(|(of, _)| *of == id);
    years
        .any(|(_, year)| state.year_rules(id, *year).is_some_and(|it| state.now < it.surrender_due))
}

/// The year on the calendar, by which quotas are counted.
pub(super) fn year_of(state: &State) -> Year {
    Year(u16::try_from(state.now.date().0).unwrap_or(u16::MAX))
}

/// Tells apart what may leave a market: see [`exportable`].
fn part(state: &State, usable: &[(&LinkRules, AccountId)], markets: &mut [Market<'_>]) {
    // The first of an account, where there are several.
    let installations = state.installations.iter().rev();
    let operated: Operated<'_> = installations.map(|(id, it)| (it.account, (id, it))).collect();
    for market in markets {
        let mut out = usable.iter().filter(|(it, _)| it.from == market.jurisdiction).peekable();
        if out.peek().is_none() {
            continue;
        }
        market.is_parted = true;
        let strict = out.any(|(it, _)| it.surplus_only);
        let leave = if strict { Leave::SurplusAlone } else { Leave::AllButAllocated };
        for it in market.orders.iter_mut().filter(|it| it.side == Side::Sell) {
            it.leaves.offered = exportable((state, &operated), it.order, leave);
            it.stays.offered = it.leaves.offered.short_of(it.order.remaining);
        }
    }
}

fn is_pilot(state: &State, markets: &[Market<'_>], id: JurisdictionId) -> bool {
    let market = markets.iter().find(|it| it.jurisdiction == id);
    let rules = market.and_then(|it| state.year_rules(id, it.year));
    rules.is_some_and(|it| it.stage == Stage::Pilot)
}

/// What may leave a market.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leave {
    /// Of installations with free allocation their verified surplus, and all of others.
    AllButAllocated,
    /// Verified surplus.
    SurplusAlone,
}

/// Installations by their account.
type Operated<'a> = BTreeMap<AccountId, (InstallationId, &'a Installation)>;

/// How much of an offer may leave its market.
fn exportable((state, operated): (&State, &Operated<'_>), order: &Order, leave: Leave) -> Tonnes {
    let account = state.accounts.row(order.account);
    let year = order.year;
    let found = operated.get(&order.account).copied();
    let Some((id, row)) = found.filter(|_| account.kind == AccountKind::Operator) else {
        return if leave == Leave::SurplusAlone { Tonnes::ZERO } else { order.remaining };
    };
    let free = state.entitlements.get(&(id, year)).is_some_and(|it| it.delivered > Tonnes::ZERO);
    if !free && leave == Leave::AllButAllocated {
        return order.remaining;
    }
    let rules = state.year_rules(order.jurisdiction, year);
    // Where the cap follows the activity, free allocation is put right first.
    let due = rules.map(|it| if it.intensity { it.true_up_due } else { it.report_due });
    let verified = row.has_report(year) && due.is_some_and(|it| it <= state.now);
    if !verified {
        return Tonnes::ZERO;
    }
    let counts = |series| state.ledger.counts_for(series, order.jurisdiction, year);
    let held = state.ledger.shelves.row(order.account).free(counts) + order.remaining;
    row.missing_up_to(year).short_of(held).min(order.remaining)
}

/// The quotas are used, and the coupling has its result.
pub fn apply(state: &mut State, record: &RecordHeader, it: &CouplingCleared) {
    let row = state.couplings.row_mut(it.coupling);
    row.cleared = Some(record.at);
    row.prices.clone_from(&it.prices);
    row.flows.clone_from(&it.flows);
    let year = Year(u16::try_from(record.at.date().0).unwrap_or(u16::MAX));
    for flow in it.flows.iter() {
        let used = state.crossed.entry((flow.from, flow.to, year)).or_default();
        *used += flow.home.short_of(flow.quantity);
        let back = state.crossed.entry((flow.to, flow.from, year)).or_default();
        *back = flow.home.short_of(*back);
    }
}
