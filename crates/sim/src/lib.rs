//! The simulator: one seed, one market, one thread. It owns the disk and the clock, lets the
//! machine crash in the middle of writes, repeats and mixes up what clients send, lets strangers
//! and suspended people try their luck, and looks at every record with rules of its own.
//!
//! A seed is a whole story, the same on every machine: [`run`] says what it saw, or the first
//! thing that was wrong.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a simulator that cannot go on stops; of commands and facts it names those it looks at"
)]

pub mod disk;
pub mod draw;
mod lockstep;
pub mod monitor;
pub mod naive_book;
pub mod run;
mod session;
pub mod twin;
pub mod world;

pub use run::{Seen, run};
