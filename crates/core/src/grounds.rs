//! Grounds: why somebody with power over others did what it did, and the evidence for it. The
//! evidence is a document outside the journal; here stands its SHA-256.

use crate::refusal::refusals;
use minicbor::{Decode, Encode};

/// The most bytes of a reason.
pub const REASON_BYTES_MAX: usize = 200;

/// A reason, and the document that shows it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Grounds {
    /// Why, in a sentence. It names no person: the journal is never erased.
    #[n(0)]
    pub reason: String,
    /// SHA-256 of the document that shows it.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub evidence: [u8; 32],
}

refusals! {
    /// Why grounds are none.
    pub enum GroundsRefused {
        /// A reason is a sentence.
        ReasonOutOfBounds { most: usize } = 121
            => "give a reason of 1 to {most} bytes without control characters",
    }
}

/// Checks that a text is written and can be shown: nobody hides one name behind another with
/// control or direction characters.
pub(crate) fn is_showable(text: &str, most: usize) -> bool {
    let hidden = |it: char| {
        it.is_control()
            || matches!(it, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{feff}')
            || ('\u{2066}'..='\u{2069}').contains(&it)
    };
    (1..=most).contains(&text.len()) && !text.trim().is_empty() && !text.chars().any(hidden)
}

impl Grounds {
    /// A reason and its evidence.
    pub fn new(reason: &str, evidence: [u8; 32]) -> Self {
        Self { reason: reason.to_owned(), evidence }
    }

    /// Checks that there is a reason.
    pub(crate) fn check(&self) -> Result<(), GroundsRefused> {
        let most = REASON_BYTES_MAX;
        if is_showable(&self.reason, most) {
            return Ok(());
        }
        Err(GroundsRefused::ReasonOutOfBounds { most })
    }
}
