//! Who settles with whom. Every party is in a settlement class: that of its jurisdiction's chapter,
//! or another it was put into. Members of a class settle with each other; of two classes the policy
//! says whether they do, and for its own units a jurisdiction may say otherwise, with reasons
//! (sanctions, capital controls). A book passes over whom an order may not meet; who is passed over
//! keeps its place.

pub mod allocation;
pub mod set_compatibility;
pub mod set_settlement_class;

use crate::id::{JurisdictionId, PartyId};
use crate::refusal::refusals;
use crate::state::State;
use minicbor::{Decode, Encode};
use std::fmt;

/// A class of parties that settle with the same others: a letter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Encode)]
#[cbor(transparent)]
pub struct SettlementClass(#[n(0)] u8);

/// There is one for each letter from A to Z.
const CLASSES_MAX: u8 = 26;

impl SettlementClass {
    /// The first: A.
    pub const FIRST: Self = Self(0);
    /// The last: Z.
    pub const LAST: Self = Self(CLASSES_MAX - 1);

    /// The class of a capital letter.
    pub fn new(letter: char) -> Option<Self> {
        let place = u32::from(letter).checked_sub(u32::from('A'))?;
        u8::try_from(place).ok().filter(|it| *it < CLASSES_MAX).map(Self)
    }
}

impl fmt::Display for SettlementClass {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Write::write_char(to, char::from(b'A'.saturating_add(self.0)))
    }
}

impl<'b, C> Decode<'b, C> for SettlementClass {
    fn decode(
        from: &mut minicbor::Decoder<'b>,
        _context: &mut C,
    ) -> Result<Self, minicbor::decode::Error> {
        match from.u8()? {
            place if place < CLASSES_MAX => Ok(Self(place)),
            _ => Err(minicbor::decode::Error::message("a settlement class is a letter")),
        }
    }
}

/// Two different classes, in one order whichever was named first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Pair {
    /// The one nearer to A.
    #[n(0)]
    one: SettlementClass,
    /// The other.
    #[n(1)]
    other: SettlementClass,
}

impl Pair {
    /// The pair of two classes; none of a class and itself, since its members always settle.
    pub fn new(one: SettlementClass, other: SettlementClass) -> Option<Self> {
        (one != other).then(|| Self { one: one.min(other), other: one.max(other) })
    }
}

impl fmt::Display for Pair {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}-{}", self.one, self.other)
    }
}

refusals! {
    /// Why two parties do not settle with each other.
    pub enum CompatibilityRefused {
        /// They do not settle.
        ClassesDoNotSettle { class: SettlementClass, with: SettlementClass } = 959
            => "class {class}, in which the party is, does not settle with class {with}, in which \
                a seller is",
    }
}

/// The class of a party: its own, or that of its jurisdiction; regional parties are in the first.
pub fn class_of(state: &State, party: PartyId) -> SettlementClass {
    if let Some(own) = state.classes.get(&party) {
        return *own;
    }
    let home = state.parties.get(party).and_then(|it| it.jurisdiction);
    let chapter = home.and_then(|it| state.rules.as_ref()?.jurisdiction(it));
    chapter.map(|it| it.settlement_class).unwrap_or_default()
}

/// Whether all parties are in one class, so that nobody is kept apart.
pub(crate) fn is_one_class(state: &State) -> bool {
    let chapters = state.rules.iter().flat_map(|it| &it.jurisdictions);
    state.classes.is_empty()
        && chapters.map(|it| it.settlement_class).all(|it| it == Default::default())
}

/// Whether two classes settle what counts for a jurisdiction.
pub fn settle(
    state: &State,
    jurisdiction: JurisdictionId,
    (one, other): (SettlementClass, SettlementClass),
) -> bool {
    let Some(pair) = Pair::new(one, other) else { return true };
    let by_policy = || state.rules.as_ref().is_some_and(|it| it.settles.contains(&pair));
    state.compatibility.get(&(jurisdiction, pair)).copied().unwrap_or_else(by_policy)
}

/// Checks that a party may buy what others sell for a jurisdiction.
pub(crate) fn check(
    state: &State,
    (buyer, jurisdiction): (PartyId, JurisdictionId),
    sellers: impl IntoIterator<Item = PartyId>,
) -> Result<(), CompatibilityRefused> {
    if is_one_class(state) {
        return Ok(());
    }
    let class = class_of(state, buyer);
    let mut classes = sellers.into_iter().map(|it| class_of(state, it));
    match classes.find(|with| !settle(state, jurisdiction, (class, *with))) {
        Some(with) => Err(CompatibilityRefused::ClassesDoNotSettle { class, with }),
        None => Ok(()),
    }
}
