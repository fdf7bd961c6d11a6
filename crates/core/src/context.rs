//! Who acts, when, with whose approval, and where a record stands.

use crate::id::PersonId;
use crate::time::Instant;

/// Who sends a command, and when the writer took it. The hash binds approvals to the exact bytes
/// of the command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// The person that acts.
    pub actor: PersonId,
    /// The writer's clock: everything that fell due up to here has happened.
    pub now: Instant,
    /// The persons that approved exactly this command, in the order of their approval.
    pub approvals: Vec<PersonId>,
    /// SHA-256 of the actor and the command's bytes.
    pub command_hash: [u8; 32],
}

/// The place of a record: made by the writer, handed to [`crate::apply`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordHeader {
    /// 1 for the first record, then one more for each.
    pub position: u64,
    /// The writer's clock when the command was decided; never goes back.
    pub at: Instant,
    /// The person that acted.
    pub actor: PersonId,
}
