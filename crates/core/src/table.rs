//! Dense tables: ids are given one after the other, so a row's id is its place.

use minicbor::{Decode, Encode};
use std::marker::PhantomData;

/// An id that names a row of a [`Table`].
pub trait RowId: Copy + std::fmt::Debug {
    /// The id of the row at `place`.
    fn at(place: u32) -> Self;
    /// The place of this id's row.
    fn place(self) -> u32;
}

macro_rules! row_ids {
    ($($name:ident),+) => {$(
        impl RowId for crate::id::$name {
            fn at(place: u32) -> Self {
                Self(place)
            }
            fn place(self) -> u32 {
                self.0
            }
        }
    )+};
}
row_ids!(
    PersonId,
    PartyId,
    AccountId,
    CashAccountId,
    SeriesId,
    InstallationId,
    AuctionId,
    CallId,
    CouplingId,
    PenaltyId,
    SiteId,
    EvidenceId
);

/// Rows by id. [`Table::get`] is for ids that came from outside, [`Table::row`] for ids that the
/// state itself holds: a missing row there is a broken state, and stops the writer.
#[derive(Clone, Debug, PartialEq)]
pub struct Table<Id, Row> {
    rows: Vec<Row>,
    ids: PhantomData<Id>,
}

impl<C, Id, Row: Encode<C>> Encode<C> for Table<Id, Row> {
    fn encode<W: minicbor::encode::Write>(
        &self,
        to: &mut minicbor::Encoder<W>,
        context: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        self.rows.encode(to, context)
    }
}

impl<'b, C, Id, Row: Decode<'b, C>> Decode<'b, C> for Table<Id, Row> {
    fn decode(
        from: &mut minicbor::Decoder<'b>,
        context: &mut C,
    ) -> Result<Self, minicbor::decode::Error> {
        Ok(Self { rows: Vec::decode(from, context)?, ids: PhantomData })
    }
}

impl<Id, Row> Default for Table<Id, Row> {
    fn default() -> Self {
        Self { rows: Vec::new(), ids: PhantomData }
    }
}

impl<Id: RowId, Row> Table<Id, Row> {
    /// The id the next row will get.
    pub fn next_id(&self) -> Id {
        Id::at(u32::try_from(self.rows.len()).unwrap_or(u32::MAX))
    }

    /// Adds a row under the id that [`Table::next_id`] gave when it was decided.
    pub fn add(&mut self, id: Id, row: Row) {
        assert_eq!(id.place(), self.next_id().place(), "ids are given one after the other");
        self.rows.push(row);
    }

    /// The row, if there is one.
    pub fn get(&self, id: Id) -> Option<&Row> {
        self.rows.get(usize::try_from(id.place()).ok()?)
    }

    /// The row, which must be there.
    #[expect(clippy::expect_used, reason = "a missing row is a broken state: the writer stops")]
    pub fn row(&self, id: Id) -> &Row {
        self.get(id).expect("the state names a row that is not there")
    }

    /// The row to be changed, which must be there.
    #[expect(clippy::expect_used, reason = "a missing row is a broken state: the writer stops")]
    pub fn row_mut(&mut self, id: Id) -> &mut Row {
        let place = usize::try_from(id.place()).unwrap_or(usize::MAX);
        self.rows.get_mut(place).expect("the state names a row that is not there")
    }

    /// All rows with their ids, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (Id, &Row)> {
        let places = 0..u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        places.zip(&self.rows).map(|(place, row)| (Id::at(place), row))
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}
