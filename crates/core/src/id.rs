//! Identifiers. They are given by the core from the state, one after the other, so that dense
//! tables serve instead of maps; nobody outside invents one.

use minicbor::{Decode, Encode};

macro_rules! ids {
    ($number:ident: $($(#[$meta:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
        #[cbor(transparent)]
        pub struct $name(#[n(0)] pub $number);

        impl std::fmt::Display for $name {
            fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(to, "{}", self.0)
            }
        }
    )+};
}

ids! { u32:
    /// A jurisdiction: the place of its chapter in the policy.
    JurisdictionId,
    /// A person who can act. Names and contacts live outside the journal, where they can be erased.
    PersonId,
    /// An organisation: administrator, operator, verifier, trader or bank.
    PartyId,
    /// A group of parties under one owner: limits count for the group.
    GroupId,
    /// An account that holds units.
    AccountId,
    /// An account that holds money.
    CashAccountId,
    /// A series of serial numbers: unit class, jurisdiction and vintage.
    SeriesId,
    /// An installation whose emissions are reported.
    InstallationId,
    /// A primary auction.
    AuctionId,
    /// A bid, numbered within its auction.
    BidId,
    /// A call auction of the secondary market.
    CallId,
    /// Calls that are cleared together.
    CouplingId,
    /// A command that waits for its second person.
    ProposalId,
    /// A case of money owed for a shortfall.
    PenaltyId,
}

// A busy market places 2^32 orders in days.
ids! { u64:
    /// Money or units set aside for one bid or order.
    HoldId,
    /// An order; the number is also its place in time.
    OrderId,
}

/// The person that acts when nobody does: the writer's own commands of passing time, and the
/// very first registration.
pub const NOBODY: PersonId = PersonId(0);

/// A short reference to something outside the journal, such as an installation's row in the data.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(transparent)]
pub struct Label(#[cbor(n(0), with = "minicbor::bytes")] [u8; Label::BYTES]);

impl Label {
    /// The longest label, in bytes.
    pub const BYTES: usize = 24;

    /// Takes printable ASCII of at most [`Label::BYTES`] characters; anything else is `None`.
    pub fn new(text: &str) -> Option<Self> {
        let printable = text.bytes().all(|byte| byte.is_ascii_graphic());
        let mut bytes = [0; Self::BYTES];
        let place = bytes.get_mut(..text.len())?;
        place.copy_from_slice(text.as_bytes());
        (printable && !text.is_empty()).then_some(Self(bytes))
    }

    /// The label as text.
    pub fn as_str(&self) -> &str {
        let end = self.0.iter().position(|byte| *byte == 0).unwrap_or(Self::BYTES);
        self.0.get(..end).and_then(|it| std::str::from_utf8(it).ok()).unwrap_or_default()
    }
}

impl std::fmt::Debug for Label {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "{:?}", self.as_str())
    }
}

impl std::fmt::Display for Label {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str(self.as_str())
    }
}
