//! Faults that are planted for the simulator to find. Without the feature `planted`, which nothing
//! that ships enables, there are none and the questions cost nothing.

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Fault {
    /// The simulator's own: it must always be found.
    Canary = 1,
    /// The limit towards strangers is not looked at.
    LimitUnchecked,
    /// A transfer waits a working day too little.
    DelayShort,
    /// One person is both persons.
    OnePersonTwice,
    /// An approval covers whatever bytes.
    OtherBytesApproved,
    /// More is issued than the cap.
    CapUnchecked,
    /// The newest units move first.
    NewestFirst,
    /// A block loses a unit on its way.
    UnitLost,
    /// The seller of an auction pays.
    PaymentSwapped,
    /// Suspended persons act.
    SuspendedActs,
    /// Frozen accounts give.
    FrozenGives,
    /// What was reversed can be reversed again.
    ReversedAgain,
    /// A new entry of a trusted list holds at once.
    TrustedAtOnce,
    /// What a cancelled order set aside stays set aside.
    HoldKept,
    /// A line of the bank's statement is booked twice.
    BankTwice,
    /// Units are surrendered after the due date.
    LateSurrender,
    /// Restored units count as ended.
    RestoredStaysEnded,
    /// Records are acknowledged without a sync.
    SyncSkipped,
    /// Known command ids are forgotten.
    IdForgotten,
    /// Commands are answered although nothing could be written.
    AnsweredAnyway,
    /// The market's time goes back with the machine's clock.
    TimeGoesBack,
    /// Bytes of the journal are read whatever their checksum says.
    RotUnnoticed,
    /// Orders meet whoever waits, whatever their classes.
    ClassesMixed,
    /// Of a chain of money only the first leg is freed.
    HalfChain,
    /// An order that is filled in part loses its place.
    PlaceLost,
    /// What was drawn from evidence is drawn again.
    DrawnTwice,
}

impl Fault {
    /// All of them, the canary first.
    pub const ALL: [Self; 26] = [
        Self::Canary,
        Self::LimitUnchecked,
        Self::DelayShort,
        Self::OnePersonTwice,
        Self::OtherBytesApproved,
        Self::CapUnchecked,
        Self::NewestFirst,
        Self::UnitLost,
        Self::PaymentSwapped,
        Self::SuspendedActs,
        Self::FrozenGives,
        Self::ReversedAgain,
        Self::TrustedAtOnce,
        Self::HoldKept,
        Self::BankTwice,
        Self::LateSurrender,
        Self::RestoredStaysEnded,
        Self::SyncSkipped,
        Self::IdForgotten,
        Self::AnsweredAnyway,
        Self::TimeGoesBack,
        Self::RotUnnoticed,
        Self::ClassesMixed,
        Self::HalfChain,
        Self::PlaceLost,
        Self::DrawnTwice,
    ];
}

#[cfg(feature = "planted")]
mod planting {
    use super::Fault;
    use std::sync::atomic::{AtomicU8, Ordering};

    static PLANTED: AtomicU8 = AtomicU8::new(0);

    /// Plants a fault, or takes out the one there is.
    #[expect(clippy::as_conversions, reason = "the number of a fault is its name")]
    pub fn plant(fault: Option<Fault>) {
        PLANTED.store(fault.map_or(0, |it| it as u8), Ordering::SeqCst);
    }

    /// Whether a fault is planted.
    #[expect(clippy::as_conversions, reason = "the number of a fault is its name")]
    pub fn has(fault: Fault) -> bool {
        PLANTED.load(Ordering::Relaxed) == fault as u8
    }
}

#[cfg(feature = "planted")]
pub use planting::{has, plant};

/// Whether a fault is planted: never, without the feature.
#[cfg(not(feature = "planted"))]
pub const fn has(_fault: Fault) -> bool {
    false
}
