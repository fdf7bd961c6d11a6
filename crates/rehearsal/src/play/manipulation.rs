//! What cheats try in a call: to trade with themselves, to move its price by orders that they take
//! back, to hand units to an accomplice at a price of their own. What stops them is a rule, the one
//! price of the call, or that surveillance names them with the records.

use super::attacks::Attempt;
use super::{Play, in_lots, on_tick};
use karvan_core::Command;
use karvan_core::book::Market;
use karvan_core::exchange::cancel_order::CancelOrder;
use karvan_core::exchange::make_block_trade::MakeBlockTrade;
use karvan_core::exchange::{Side, place_order::PlaceOrder};
use karvan_core::id::{AccountId, CallId, OrderId, PartyId, PersonId};
use karvan_core::quantity::{Price, Tonnes};
use karvan_core::time::Year;
use karvan_engine::journal::Journal;
use karvan_engine::writer::Stopped;
use karvan_views::surveillance::Pattern;

/// What they trade, t.
const STAKE: Tonnes = Tonnes(1_000);
/// So many orders of this size move the price.
const LAYERS: usize = 6;
const LAYER: Tonnes = Tonnes(5_000);
/// What a unit is given away for.
const CENT: Price = Price(1);

/// A cheat: whose account it is, and who acts.
#[derive(Clone, Copy)]
struct Cheat {
    party: PartyId,
    person: PersonId,
    account: AccountId,
}

/// What is under way in a call until it is cleared.
pub(super) struct Manipulation {
    call: CallId,
    layering: PartyId,
    accomplice: OrderId,
}

impl<J: Journal> Play<J> {
    /// Those with the most units, each of another owner.
    fn cheats(&self, j: usize) -> Vec<Cheat> {
        let groups = self.groups.iter().filter(|it| it.jurisdiction == j && !it.hoards);
        let mut found: Vec<(Tonnes, Cheat)> = groups
            .filter_map(|group| {
                let accounts = group.plants.iter().map(|it| self.plants[*it].account);
                let free = |account| self.state().ledger.shelves.row(account).free(|_| true);
                let account = accounts.max_by_key(|it| (free(*it), std::cmp::Reverse(*it)))?;
                let (party, person) = (group.party, group.person);
                Some((free(account), Cheat { party, person, account }))
            })
            .filter(|(free, _)| *free > STAKE)
            .collect();
        found.sort_by_key(|(free, it)| (std::cmp::Reverse(*free), it.account));
        found.into_iter().map(|(_, it)| it).collect()
    }

    /// Near the end of a phase of the first market.
    pub(super) fn manipulate(&mut self, j: usize, year: u16) -> Result<(), Stopped> {
        let Some(call) = self.open_calls.get(&(j, year)).copied() else { return Ok(()) };
        let cheats = self.cheats(j);
        let ([washer, layers, seller, buyer, ..], Some((last, _))) =
            (cheats.as_slice(), self.last_price(j, year))
        else {
            return Ok(());
        };
        let (washer, layers, seller, buyer) = (*washer, *layers, *seller, *buyer);
        let market = Market::of_allowances(self.id_of(j), Year(year));
        let trading = self.policy_of(j).trading;
        let price = |share: f64| on_tick(last * share, &trading);
        let stake = in_lots(STAKE, &trading);
        let sell = |it: Cheat, price| {
            Command::from(PlaceOrder::limit(market, it.account, Side::Sell, (price, stake)))
        };
        let buy = |it: Cheat, price, quantity| {
            Command::from(PlaceOrder::limit(market, it.account, Side::Buy, (price, quantity)))
        };
        // What they wanted honestly they take back.
        for cheat in [washer, layers, seller, buyer] {
            let mine = self.state().orders.of_owner(cheat.party);
            let mut mine: Vec<OrderId> =
                mine.filter(|it| it.market() == market).map(|it| it.id).collect();
            mine.sort_unstable();
            for order in mine {
                self.market.attempt(cheat.person, CancelOrder { order }.into())?;
            }
        }
        self.market.watch();
        // One owner on both sides.
        let mine = self.state().next_order;
        self.market.attempt(washer.person, sell(washer, price(1.0)))?;
        let paid = price(1.0).times(stake).unwrap_or_default();
        let deposit = self.deposit(washer.party, paid);
        self.send(vec![deposit])?;
        let answer = self.market.attempt(washer.person, buy(washer, price(1.0), stake))?;
        self.tried("a holder trades with itself, to show a price and a volume", stake, &answer);
        self.market.attempt(washer.person, CancelOrder { order: mine }.into())?;
        // Orders that only move the price.
        let layer = in_lots(LAYER, &trading);
        let paid = price(0.97).times(Tonnes(layer.0 * LAYERS as u64)).unwrap_or_default();
        let deposit = self.deposit(layers.party, paid);
        self.send(vec![deposit])?;
        let first = self.state().next_order.0;
        for _ in 0..LAYERS {
            self.market.attempt(layers.person, buy(layers, price(0.97), layer))?;
        }
        let last = self.state().next_order.0;
        self.market.attempt(layers.person, sell(layers, price(0.98)))?;
        for order in (first..last).map(OrderId) {
            self.market.attempt(layers.person, CancelOrder { order }.into())?;
        }
        // Units for a cent to an accomplice who bids much: in the call, and beside it.
        let paid = price(2.0).times(stake).unwrap_or_default();
        let deposit = self.deposit(buyer.party, paid);
        self.send(vec![deposit])?;
        self.market.attempt(seller.person, sell(seller, CENT))?;
        let accomplice = self.state().next_order;
        self.market.attempt(buyer.person, buy(buyer, price(2.0), stake))?;
        let block = MakeBlockTrade {
            jurisdiction: market.jurisdiction,
            year: market.year,
            product: market.product,
            seller: seller.account,
            buyer: buyer.account,
            price: CENT,
            quantity: stake,
        };
        let answer = self.market.attempt(seller.person, block.into())?;
        self.tried("units go to an accomplice for a cent, beside the market", stake, &answer);
        self.manipulation = Some(Manipulation { call, layering: layers.party, accomplice });
        Ok(())
    }

    /// The call is cleared: what came of it.
    pub(super) fn judge_manipulation(&mut self, call: CallId) {
        let Some(it) = self.manipulation.take_if(|it| it.call == call) else { return };
        let price = self.state().calls.row(call).result.and_then(|it| it.price);
        let alerts = self.market.unwatch();
        let (refusals, lost) = (Vec::new(), Tonnes::ZERO);
        let found = alerts.iter().find(|alert| {
            alert.pattern == Pattern::Layering && alert.parties.contains(&it.layering)
        });
        let stopped_by = match found {
            Some(alert) => {
                let (first, last) = alert.records;
                format!("surveillance names it: layering, records {first} to {last}")
            }
            None => "nothing: surveillance did not see it".to_owned(),
        };
        let what = "six orders move the price of a call and are taken back before it clears";
        let stake = Tonnes(LAYER.0 * LAYERS as u64);
        self.attempts.push(Attempt { what, stake, stopped_by, refusals: refusals.clone(), lost });
        let waits = self.state().orders.get(it.accomplice).is_some();
        let stopped_by = match price {
            Some(price) if price > CENT && !waits => {
                format!("a call has one price: the accomplice paid {price} for each, as all did")
            }
            Some(_) | None => "nothing: the call gave them a price of their own".to_owned(),
        };
        let what = "units are offered for a cent, for an accomplice who bids most in the call";
        self.attempts.push(Attempt { what, stake: STAKE, stopped_by, refusals, lost });
    }
}
