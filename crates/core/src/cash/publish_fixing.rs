//! Publish a fixing: the settlement bank says what a unit of the quote currency costs in another
//! currency on a day, and by which source. What is published stays.

use super::fixing::Fixing;
use crate::authority::{Authorised, Right};
use crate::calendar::Day;
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::grounds::is_showable;
use crate::id::Label;
use crate::mrv::Decimal;
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use minicbor::{Decode, Encode};

/// The most bytes of a source.
pub const SOURCE_BYTES_MAX: usize = 120;
/// So many fixings of a currency are kept in the state; the journal keeps all.
pub const KEPT: usize = 400;

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct PublishFixing {
    /// The currency.
    #[n(0)]
    pub currency: Label,
    /// The day.
    #[n(1)]
    pub day: Day,
    /// How much of it one unit of the quote currency costs.
    #[n(2)]
    pub rate: Decimal,
    /// Who says so.
    #[n(3)]
    pub source: String,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
#[cbor(transparent)]
pub struct FixingPublished(#[n(0)] pub Box<Fixing>);

refusals! {
    /// Why a fixing cannot be published.
    pub enum PublishFixingRefused {
        /// A rate is above zero.
        RateNotPositive { rate: Decimal } = 421 => "the rate is {rate}; it must be above zero",
        /// The quote currency is its own measure.
        QuoteCurrency { currency: Label } = 422
            => "the market is quoted in {currency}; a fixing is of another currency",
        /// A fixing is of a day that has come.
        DayAhead { day: Day } = 423 => "{day} lies ahead",
        /// What is published stays.
        Published { currency: Label, day: Day } = 424
            => "the fixing of {currency} for {day} is published and stays",
        /// Somebody says so.
        SourceUnwritten { most: usize } = 425
            => "name the source in 1 to {most} bytes without control characters",
    }
}

/// The settlement bank.
pub fn right(_state: &State, _it: &PublishFixing) -> Result<Right, Refusals> {
    Ok(Right::Bank)
}

/// Checks the rate, the day and the source.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &PublishFixing,
    out: &mut Events,
) -> Result<(), Refusals> {
    use PublishFixingRefused as No;
    let mut no = Objections::default();
    let (currency, day, rate, most) = (it.currency, it.day, it.rate, SOURCE_BYTES_MAX);
    no.unless(rate.is_positive(), No::RateNotPositive { rate });
    let quoted = state.rules.as_ref().is_some_and(|it| it.currency == currency);
    no.unless(!quoted, No::QuoteCurrency { currency });
    // The day may have begun in the east of the region while it has not in the west.
    let today = Day(by.now().plus_days(1).0.div_euclid(crate::time::DAY_MS));
    no.unless(day <= today, No::DayAhead { day });
    let known = state.fixings.contains_key(&(currency, day));
    no.unless(!known, No::Published { currency, day });
    no.unless(is_showable(&it.source, most), No::SourceUnwritten { most });
    no.settle()?;
    let (source, published) = (it.source.clone(), by.now());
    let fixing = Fixing { currency, day, rate, source, published };
    out.push(Event::FixingPublished(FixingPublished(Box::new(fixing))));
    Ok(())
}

/// The fixing stands; the oldest beyond those that are kept goes.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &FixingPublished) {
    let fixing = (*it.0).clone();
    let currency = fixing.currency;
    state.fixings.insert((currency, fixing.day), fixing);
    let days = (currency, Day(i64::MIN))..=(currency, Day(i64::MAX));
    let all: Vec<_> = state.fixings.range(days).map(|(key, _)| *key).collect();
    if all.len() > KEPT
        && let Some(oldest) = all.first()
    {
        state.fixings.remove(oldest);
    }
}
