//! Views: what followers of the journal make of it. A view decides nothing and is never asked in
//! order to decide; it can be thrown away and made again from the first record.
#![deny(clippy::float_arithmetic, clippy::as_conversions)]

pub mod depth;
pub mod makers;
pub mod market_data;
pub mod surveillance;
