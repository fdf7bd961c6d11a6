//! Views: what followers of the journal make of it. A view decides nothing and is never asked in
//! order to decide; it can be thrown away and made again from the first record.
//!
//! [`market_data`], [`depth`], [`makers`] and [`surveillance`] are folds in memory. [`lists`] are
//! tables in SQL that anybody may ask for ([`list`]); the [`project`]or writes them, [`shared`]
//! keeps them beside a running market, over [`sqlite`] or [`postgres`].
#![deny(clippy::float_arithmetic, clippy::as_conversions)]

pub mod depth;
pub mod facts;
pub mod list;
pub mod lists;
pub mod makers;
pub mod market_data;
pub mod postgres;
pub mod project;
pub mod shared;
pub mod sql;
pub mod sqlite;
pub mod surveillance;
mod touching;
