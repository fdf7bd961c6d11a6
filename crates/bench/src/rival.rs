//! The rival of the exchange: the book of the crate `matchcore`, which settles nothing.

use crate::Failure;
use crate::exchange::Asked;
use karvan_core::exchange::Side;
use matchcore::{
    AmendCmd, AmendPatch, CancelCmd, Command, CommandKind, CommandMeta, CommandOutcome,
    CommandReport, LimitOrder, LimitOrderPatch, NewOrder, OrderBook, OrderFlags, OrderId, Price,
    Quantity, QuantityPolicy, SequenceNumber, SubmitCmd, TimeInForce, Timestamp,
};

/// Its book.
pub(crate) struct Rival {
    book: OrderBook,
    next: u64,
}

fn kind(it: &Asked) -> CommandKind {
    // Its orders are named by the number of the command that placed them.
    let id = |order: u32| OrderId(u64::from(order));
    match *it {
        Asked::Place { side, price, quantity, stays, .. } => {
            let side = match side {
                Side::Buy => matchcore::Side::Buy,
                Side::Sell => matchcore::Side::Sell,
            };
            let lasting = if stays { TimeInForce::Gtc } else { TimeInForce::Ioc };
            let quantity = QuantityPolicy::Standard { quantity: Quantity(quantity) };
            let flags = OrderFlags::new(side, false, lasting);
            let order = LimitOrder::new(Price(price.unsigned_abs()), quantity, flags);
            CommandKind::Submit(SubmitCmd { order: NewOrder::Limit(order) })
        }
        Asked::Move { order, price } => {
            let patch = LimitOrderPatch::new().with_price(Price(price.unsigned_abs()));
            let patch = AmendPatch::Limit(patch);
            CommandKind::Amend(AmendCmd { order_id: id(order), patch })
        }
        Asked::Cancel { order } => CommandKind::Cancel(CancelCmd {
            order_id: id(order),
            order_kind: matchcore::OrderKind::Limit,
        }),
    }
}

impl Rival {
    /// A book that took these in.
    pub(crate) fn new(begin: &[Asked]) -> Result<Self, Failure> {
        let mut it = Self { book: OrderBook::new("XXA"), next: 0 };
        it.take(begin)?;
        Ok(it)
    }

    /// Takes commands in; how much was executed.
    pub(crate) fn take(&mut self, asked: &[Asked]) -> Result<u64, Failure> {
        let mut executed = 0;
        for it in asked {
            let (sequence_number, timestamp) = (SequenceNumber(self.next), Timestamp(self.next));
            self.next += 1;
            let meta = CommandMeta { sequence_number, timestamp };
            let effects = match self.book.execute(&Command { meta, kind: kind(it) }) {
                CommandOutcome::Applied(CommandReport::Submit(it) | CommandReport::Amend(it)) => it,
                CommandOutcome::Applied(CommandReport::Cancel) => continue,
                CommandOutcome::Rejected(why) => {
                    return Err(format!("the rival refuses {it:?}: {why}").into());
                }
            };
            let result = effects.target_order().match_result();
            executed += result.map_or(0, |it| it.executed_quantity().0);
        }
        Ok(executed)
    }
}
