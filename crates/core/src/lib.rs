//! The rules of the market: commands come in, facts come out.
//!
//! In here there is no clock, no disk, no network, no randomness, no thread, no float and no
//! hash-ordered map. Whoever needs one of these is in the wrong crate.
//!
//! Two functions are the whole door: [`decide`] looks at a [`State`] and either lists the facts a
//! command would cause or every reason why it is refused; [`apply`] takes a fact into the state
//! and cannot refuse. Each command stands in one file of its noun's folder, in the order:
//! meaning, command, fact, refusals, `decide`, `apply`, tests.
#![deny(
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::disallowed_types
)]

pub mod account;
pub mod agenda;
pub mod allocation;
pub mod auction;
pub mod authority;
pub mod book;
pub mod calendar;
pub mod call;
pub mod cash;
pub mod command;
pub mod compatibility;
pub mod compliance;
pub mod context;
pub mod coupling;
pub mod draft;
pub mod event;
pub mod evidence;
pub mod exchange;
pub mod freezing;
pub mod grounds;
pub mod id;
pub mod invariant;
pub mod ledger;
pub mod link;
pub mod market;
pub mod mirror;
pub mod mrv;
pub mod party;
mod places;
pub mod planted;
pub mod proposal;
pub mod publication;
pub mod quantity;
pub mod refusal;
pub mod rules;
pub mod state;
pub mod supply;
pub mod table;
pub mod time;
pub mod units;

pub use command::{Command, decide};
pub use context::{Context, RecordHeader};
pub use event::{Event, Events, apply};
pub use refusal::{Refusal, Refusals};
pub use state::State;
