//! The units of a hold. Nearly all holds have one block, and there are millions: it lies in the
//! hold itself, where a list would lie elsewhere.

use super::Block;
use crate::id::SeriesId;
use minicbor::{Decode, Encode};
use std::ops::{Deref, DerefMut};

/// A block with its series.
type Row = (SeriesId, Block);

/// Blocks in the order in which they were set aside.
#[derive(Clone, Debug)]
pub enum Aside {
    /// None, or one.
    Few(Option<Row>),
    /// More.
    Many(Vec<Row>),
}

impl Default for Aside {
    fn default() -> Self {
        Self::Few(None)
    }
}

impl Aside {
    /// Adds a block behind the others.
    pub fn push(&mut self, row: Row) {
        *self = match std::mem::take(self) {
            Self::Few(None) => Self::Few(Some(row)),
            Self::Few(Some(first)) => Self::Many(vec![first, row]),
            Self::Many(mut rows) => {
                rows.push(row);
                Self::Many(rows)
            }
        };
    }

    /// Takes the block at a place off.
    pub fn remove(&mut self, place: usize) {
        if let Self::Many(rows) = self
            && place < rows.len()
        {
            rows.remove(place);
            if let [last] = rows.as_slice() {
                *self = Self::Few(Some(*last));
            }
        } else if place == 0 {
            *self = Self::default();
        }
    }
}

impl Deref for Aside {
    type Target = [Row];

    fn deref(&self) -> &[Row] {
        match self {
            Self::Few(row) => row.as_slice(),
            Self::Many(rows) => rows,
        }
    }
}

impl DerefMut for Aside {
    fn deref_mut(&mut self) -> &mut [Row] {
        match self {
            Self::Few(row) => row.as_mut_slice(),
            Self::Many(rows) => rows,
        }
    }
}

impl PartialEq for Aside {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<'a> IntoIterator for &'a Aside {
    type Item = &'a Row;
    type IntoIter = std::slice::Iter<'a, Row>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Written as a list.
impl<C> Encode<C> for Aside {
    fn encode<W: minicbor::encode::Write>(
        &self,
        to: &mut minicbor::Encoder<W>,
        context: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        (**self).encode(to, context)
    }
}

impl<'b, C> Decode<'b, C> for Aside {
    fn decode(
        from: &mut minicbor::Decoder<'b>,
        context: &mut C,
    ) -> Result<Self, minicbor::decode::Error> {
        let rows = Vec::<Row>::decode(from, context)?;
        Ok(if let [] | [_] = rows.as_slice() {
            Self::Few(rows.first().copied())
        } else {
            Self::Many(rows)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Serials;
    use crate::quantity::Tonnes;
    use crate::state::encode;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_and_is_written_as_a_list(
            asked in prop::collection::vec((any::<bool>(), 0usize..4), 0..40),
        ) {
            let (mut aside, mut list) = (Aside::default(), Vec::new());
            for (number, (adds, place)) in (1u64..).zip(asked) {
                if adds {
                    let serials = Serials { first: number, count: Tonnes(1) };
                    let row = (SeriesId(3), Block { acquired: number, serials });
                    aside.push(row);
                    list.push(row);
                } else if place < list.len() {
                    aside.remove(place);
                    list.remove(place);
                }
                prop_assert_eq!(&aside[..], &list[..]);
                prop_assert_eq!(encode(&aside), encode(&list));
                let back: Aside = minicbor::decode(&encode(&list)).unwrap();
                prop_assert!(back == aside);
            }
        }
    }
}
