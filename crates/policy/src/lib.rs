//! The policy file: one market in one readable file.
//!
//! [`Policy::parse`] reads it and names all mistakes at once; [`Policy::rules`] is what it means
//! to the core; the rest of a [`Policy`] is the scenario that rehearsals play. In here there is
//! no input or output, no clock and no global state; floats live here and in `rehearsal` only.

pub mod abatement;
pub mod auctions;
mod calendar;
mod cells;
pub mod chapter;
pub mod check;
pub mod declared;
pub mod link;
pub mod measures;
pub mod model;
pub mod nations;
mod overlay;
mod own;
pub mod penalty;
pub mod plants;
mod products;
pub mod reader;
pub mod rehearsal;
mod reserve;
pub mod scenario;
pub mod schema;
pub mod sites;
pub mod tables;
mod trading;

pub use chapter::Jurisdiction;
pub use reader::Mistake;
pub use schema::{ByYear, Policy};

/// The examples of the method note are tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/model.md")]
struct MethodNote;
