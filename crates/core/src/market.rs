//! The market as a whole: the policy in force, and time.

pub mod adopt_policy;
pub mod decree_holidays;
pub mod pass_time;
