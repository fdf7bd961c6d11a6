//! The market as a whole: the policy in force, and time.

pub mod adopt_policy;
pub mod amend_chapter;
pub mod decree_holidays;
pub mod pass_time;
pub mod policy_dropped;
pub mod policy_scheduled;
