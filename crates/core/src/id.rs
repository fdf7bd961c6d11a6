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
    /// Money that is to come in or go out.
    PaymentId,
    /// A site whose energy or avoided emissions are evidence.
    SiteId,
    /// What a site did in a period, as verified.
    EvidenceId,
}

/// The most products that a chapter may list.
pub const PRODUCTS_MAX: u8 = 64;

/// A product of a chapter beside its allowances: its place there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct ProductId(#[n(0)] pub u8);

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

/// Printable ASCII of at most so many characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(transparent)]
pub struct Text<const BYTES: usize>(#[cbor(n(0), with = "minicbor::bytes")] [u8; BYTES]);

/// A short reference to something outside the journal, such as an installation's row in the data.
pub type Label = Text<24>;

/// The reference of a line of the bank's statements, as the bank gives it: as long as ISO 20022
/// lets references be (Max35Text).
pub type BankReference = Text<35>;

impl<const BYTES: usize> Text<BYTES> {
    /// Takes printable ASCII of at most so many characters; anything else is `None`.
    pub fn new(text: &str) -> Option<Self> {
        let printable = text.bytes().all(|byte| byte.is_ascii_graphic());
        let mut bytes = [0; BYTES];
        let place = bytes.get_mut(..text.len())?;
        place.copy_from_slice(text.as_bytes());
        (printable && !text.is_empty()).then_some(Self(bytes))
    }

    /// A number written out.
    pub fn of_number(number: u64) -> Self {
        const { assert!(BYTES >= 20, "the largest number has 20 digits") };
        Self::new(&number.to_string()).unwrap_or(Self([0; BYTES]))
    }

    /// The label as text.
    pub fn as_str(&self) -> &str {
        let end = self.0.iter().position(|byte| *byte == 0).unwrap_or(BYTES);
        self.0.get(..end).and_then(|it| std::str::from_utf8(it).ok()).unwrap_or_default()
    }
}

impl<const BYTES: usize> std::fmt::Debug for Text<BYTES> {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "{:?}", self.as_str())
    }
}

impl<const BYTES: usize> std::fmt::Display for Text<BYTES> {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str(self.as_str())
    }
}
