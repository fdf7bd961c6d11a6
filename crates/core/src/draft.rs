//! A draft: the ledger as it would be after the facts of a decision so far.
//!
//! Decisions of several steps (trade after trade) must see what their own earlier steps did. The
//! draft copies only the rows it touches; the state stays as it is.

use crate::event::{Event, Events};
use crate::id::{AccountId, CashAccountId, HoldId, SeriesId};
use crate::ledger::posting::{self, Posting, Rows};
use crate::ledger::{CashAccount, Hold, Ledger, Series, Shelf};
use crate::state::State;
use std::collections::BTreeMap;

/// A small overlay of touched rows over the ledger of a [`State`].
pub struct Draft<'a> {
    base: &'a Ledger,
    position: u64,
    out: &'a mut Events,
    series: BTreeMap<SeriesId, Series>,
    shelves: BTreeMap<AccountId, Shelf>,
    cash: BTreeMap<CashAccountId, CashAccount>,
    holds: BTreeMap<HoldId, Option<Hold>>,
}

impl<'a> Draft<'a> {
    /// A draft of the record that would come next.
    pub fn new(state: &'a State, out: &'a mut Events) -> Self {
        Self {
            base: &state.ledger,
            position: state.next_position(),
            out,
            series: BTreeMap::new(),
            shelves: BTreeMap::new(),
            cash: BTreeMap::new(),
            holds: BTreeMap::new(),
        }
    }

    /// Adds a posting to the record and takes it into the draft.
    pub fn post(&mut self, posting: Posting) {
        let position = self.position;
        posting::apply(self, position, &posting);
        self.out.push(Event::from(posting));
    }

    /// Adds a posting at which nothing in this record looks again: no row is copied for it.
    pub fn post_last(&mut self, posting: Posting) {
        self.out.push(Event::from(posting));
    }

    /// Whether the record has as many facts as a slice has.
    pub(crate) fn is_full(&self) -> bool {
        self.out.is_full()
    }

    /// Adds a fact, and takes it into the draft where it is a posting.
    pub fn add(&mut self, event: Event) {
        match event.posting() {
            Some(posting) => self.post(posting),
            None => self.note(event),
        }
    }

    /// Adds a fact that changes no balance.
    pub fn note(&mut self, event: Event) {
        self.out.push(event);
    }

    /// An account's free units as they would be.
    pub fn shelf_now(&self, id: AccountId) -> &Shelf {
        self.shelves.get(&id).unwrap_or_else(|| self.base.shelves.row(id))
    }

    /// A series as it would be.
    pub fn series_now(&self, id: SeriesId) -> &Series {
        self.series.get(&id).unwrap_or_else(|| self.base.series.row(id))
    }

    /// Takes a series into the draft that a fact of it opens.
    pub fn open_series(&mut self, id: SeriesId, it: Series) {
        self.series.insert(id, it);
    }

    /// A cash account as it would be.
    pub fn cash_now(&self, id: CashAccountId) -> &CashAccount {
        self.cash.get(&id).unwrap_or_else(|| self.base.cash.row(id))
    }

    /// A hold as it would be; `None` when nothing is left in it.
    pub fn hold_now(&self, id: HoldId) -> Option<&Hold> {
        match self.holds.get(&id) {
            Some(touched) => touched.as_ref(),
            None => self.base.holds.get(&id),
        }
    }

    /// The rows this draft touched, to be compared with the state after apply.
    pub fn agrees_with(&self, ledger: &Ledger) -> bool {
        self.series.iter().all(|(id, it)| ledger.series.row(*id) == it)
            && self.shelves.iter().all(|(id, it)| ledger.shelves.row(*id) == it)
            && self.cash.iter().all(|(id, it)| ledger.cash.row(*id) == it)
            && self.holds.iter().all(|(id, it)| ledger.holds.get(id) == it.as_ref())
    }
}

impl Rows for Draft<'_> {
    fn series(&mut self, id: SeriesId) -> &mut Series {
        self.series.entry(id).or_insert_with(|| self.base.series.row(id).clone())
    }

    fn shelf(&mut self, id: AccountId) -> &mut Shelf {
        self.shelves.entry(id).or_insert_with(|| self.base.shelves.row(id).clone())
    }

    fn cash(&mut self, id: CashAccountId) -> &mut CashAccount {
        self.cash.entry(id).or_insert_with(|| self.base.cash.row(id).clone())
    }

    fn hold(&mut self, id: HoldId) -> &mut Hold {
        let base = self.base;
        self.holds
            .entry(id)
            .or_insert_with(|| base.holds.get(&id).cloned())
            .get_or_insert_with(Hold::default)
    }

    fn end_hold(&mut self, id: HoldId) {
        self.holds.insert(id, None);
    }
}
