//! A market as a story tells it, and its journal as frames.

use crate::story::{Story, tell};
use karvan_core::{Event, RecordHeader};
use karvan_engine::frame::{self, FrameHeader};
use std::path::Path;

/// Units are issued and allocated, sessions trade, two parties trade a block that the market
/// learns of an hour later.
pub(crate) const TEXT: &str = "use market\n\
    by R\npolicy trading=all class_y=R\n\
    by XA\ncap of=X year=2027 quantity=1000\nissue of=X year=2027 quantity=1000\n\
    central of=X from=total to=allocation year=2027 quantity=500\n\
    entitle of=X year=2027 K1:300 K2:200\nallocate of=X year=2027 K1 K2\n\
    time 2027-01-11T10:00\n\
    by OP1\no1 = sell in=X:2027 account=K1 price=8.00 quantity=50\n\
    by T\nbuy in=X:2027 account=TA price=8.00 quantity=20\n\
    time 2027-01-11T10:30\n\
    by OP2\nsell in=X:2027 account=K2 price=7.00 quantity=10\n\
    by T\nbuy in=X:2027 account=TA price=7.50 quantity=10\n";

/// What comes after it.
pub(crate) const BLOCK: &str = "by OP1\nblock in=X:2027 from=K1 to=TA price=7.20 quantity=150\n";

/// A story, told to the end.
pub(crate) fn told(text: &str) -> Story {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/tests/stories");
    let mut story = Story::new();
    tell(&folder, text, &mut story, "a story of lists");
    story
}

/// Records as frames, one by one.
pub(crate) fn frames(journal: &[(RecordHeader, Vec<Event>)]) -> Vec<Vec<u8>> {
    let frame = |(record, events): &(RecordHeader, Vec<Event>)| {
        let header = FrameHeader {
            kind: 1,
            epoch: 0,
            record: *record,
            id: karvan_engine::CommandId(0),
            command_hash: [0; 32],
            previous: [0; 32],
        };
        let mut bytes = Vec::new();
        frame::write(&mut bytes, &header, events);
        bytes
    };
    journal.iter().map(frame).collect()
}
