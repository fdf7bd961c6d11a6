//! The rehearsal: simulated operators, administrators and verifiers of real installations drive
//! the market through its years.
//!
//! They send the same commands as everybody and have no private door into the core. One decision
//! maker acts for each owner group of a jurisdiction. Same policy, data, seed: same bytes.
//!
//! Reading order: [`plants`] (the installations of the data) → [`calendar`] (what happens when) →
//! [`expectation`] (what a unit is worth) → [`group`] (what a group wants) → [`play`] (the years)
//! → [`outcome`] (what came of it) → [`simulated`] (what the model expected).

pub mod calendar;
pub mod chance;

pub mod expectation;
pub mod group;
pub mod market;
pub mod outcome;
pub mod play;
pub mod simulated;

pub use karvan_policy::plants::{self, INSTALLATIONS};
pub use karvan_policy::sites::{self, SITES, SiteRow};
pub use market::Market;
pub use outcome::{LinkYear, Outcome, ProductYear, YearRow};
pub use play::{Play, Settings, Stage as PlayStage};
