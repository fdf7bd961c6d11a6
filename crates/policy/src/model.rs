//! The simulator: from a policy to prices, flows, gains and investment.
//!
//! `docs/model.md` is its method note: every equation with units, source and limits.

mod banded;
pub mod banking;
pub mod coalitions;
mod credits;
pub mod draws;
pub mod foresight;
mod friction;
pub mod inputs;
mod interior;
pub mod investment;
pub mod irr;
pub mod macc;
pub mod markets;
pub mod mode;
pub mod network;
mod newton;
pub mod outcome;
pub mod output;
mod pools;
pub mod projects;
mod settle;
pub mod simulate;
mod solve;
pub mod supply;
mod targets;
pub mod units;
pub mod world;
