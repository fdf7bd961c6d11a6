//! The single writer: it stamps, decides, applies, journals and answers. Everything that reads is
//! a follower of the journal.
//!
//! In here there is no HTTP, no SQL, no HTML and no rule of the market. The parts, in the order in
//! which a command passes them: [`queue`] → [`writer`] (with [`command_id`] and [`clock`]) →
//! [`frame`] → [`journal`] on a [`storage`] → [`feed`] → [`tail`] → [`follower`]. [`snapshot`]
//! shortens the start, [`shadow`] checks the ledger by a second fold. [`engine`] is the thin shell
//! of threads around them.

pub mod clock;
pub mod command_id;
pub mod engine;
pub mod feed;
pub mod follower;
pub mod frame;
pub mod index;
pub mod journal;
pub mod queue;
pub mod reconcile;
pub mod shadow;
pub mod snapshot;
pub mod storage;
pub mod tail;
pub mod writer;

pub use command_id::CommandId;
pub use engine::{Engine, Options};
pub use tail::Tail;
pub use writer::{Answer, Submission, Writer};
