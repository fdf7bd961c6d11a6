//! What is set aside, by the hold: rows in a slab, found by their number.
#![expect(clippy::indexing_slicing, reason = "places are this file's own")]

use super::Hold;
use crate::id::HoldId;
use crate::places::Places;
use minicbor::{Decode, Encode};

/// All holds in which something is.
#[derive(Clone, Debug, Default)]
pub struct Holds {
    rows: Vec<(HoldId, Hold)>,
    free: Vec<u32>,
    places: Places,
}

fn at(place: u32) -> usize {
    usize::try_from(place).unwrap_or(usize::MAX)
}

impl Holds {
    fn place(&self, id: HoldId) -> Option<u32> {
        self.places.get(id.0, |it| self.rows[at(it)].0.0)
    }

    /// What is set aside.
    pub fn get(&self, id: &HoldId) -> Option<&Hold> {
        self.place(*id).map(|it| &self.rows[at(it)].1)
    }

    /// The hold to be changed; an unknown one is made empty.
    pub(crate) fn entry(&mut self, id: HoldId) -> &mut Hold {
        let place = self.place(id).unwrap_or_else(|| {
            let place = match self.free.pop() {
                Some(place) => {
                    self.rows[at(place)].0 = id;
                    place
                }
                None => {
                    self.rows.push((id, Hold::default()));
                    u32::try_from(self.rows.len().saturating_sub(1)).unwrap_or(u32::MAX)
                }
            };
            self.places.add(place, |it| self.rows[at(it)].0.0);
            place
        });
        &mut self.rows[at(place)].1
    }

    /// Forgets a hold in which nothing is left.
    pub(crate) fn end(&mut self, id: HoldId) {
        let rows = &mut self.rows;
        let Some(place) = self.places.remove(id.0, |it| rows[at(it)].0.0) else { return };
        // The memory of its list goes with it.
        rows[at(place)].1 = Hold::default();
        self.free.push(place);
    }

    /// All of them by their number.
    pub fn iter(&self) -> impl Iterator<Item = (HoldId, &Hold)> {
        let mut all: Vec<&(HoldId, Hold)> =
            self.rows.iter().filter(|(_, it)| !it.is_empty()).collect();
        all.sort_unstable_by_key(|(id, _)| *id);
        all.into_iter().map(|(id, it)| (*id, it))
    }
}

impl PartialEq for Holds {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

/// Holds are written as a map, by their number.
impl<C> Encode<C> for Holds {
    fn encode<W: minicbor::encode::Write>(
        &self,
        to: &mut minicbor::Encoder<W>,
        context: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        let count = self.rows.len().saturating_sub(self.free.len());
        to.map(u64::try_from(count).unwrap_or(u64::MAX))?;
        for (id, hold) in self.iter() {
            id.encode(to, context)?;
            hold.encode(to, context)?;
        }
        Ok(())
    }
}

impl<'b, C> Decode<'b, C> for Holds {
    fn decode(
        from: &mut minicbor::Decoder<'b>,
        context: &mut C,
    ) -> Result<Self, minicbor::decode::Error> {
        let mut holds = Self::default();
        let all = std::collections::BTreeMap::<HoldId, Hold>::decode(from, context)?;
        for (id, hold) in all {
            if hold.is_empty() {
                return Err(minicbor::decode::Error::message("a hold holds nothing"));
            }
            *holds.entry(id) = hold;
        }
        Ok(holds)
    }
}
