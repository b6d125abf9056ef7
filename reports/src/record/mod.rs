//! The record: everything that happened, in a container that survives a crash.
//!
//! An MCAP file, so that Foxglove and `PlotJuggler` open it as it is. Bench time is its time;
//! no wall clock is in it, and the same events give the same bytes. Messages in the order of
//! their sequence numbers are the events in their order:
//!
//! | topic | message | holds |
//! |---|---|---|
//! | `/header` | JSON | the [`Header`](crate::header::Header); the first message |
//! | `/samples/<device>` | protobuf | what a device told at one time, a field for each channel |
//! | `/inferences/<device>` | protobuf | one answered query |
//! | `/outputs` | protobuf | an output's bytes, once for each digest, before they are needed |
//! | `/wire/<device>` | protobuf | one chunk on a device's line, where the run keeps them |
//! | `/events` | JSON | every other [`Event`](crate::event::Event) |

mod chunks;
mod container;
mod follower;
mod once;
mod past;
mod reader;
mod room;
mod rows;
mod schema;
mod wire;
mod words;
mod writer;

use std::io;
use std::path::PathBuf;

pub use chunks::Oversized;
pub use follower::{Follower, News, Reach};
pub use once::{Whole, header_of, read_once};
pub use reader::{Record, Torn};
pub use writer::Recorder;

/// A record cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The file cannot be written or read.
    #[error("{}: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The disk has no room for more of the record than what is kept for its end.
    #[error(
        "{}: the disk has no room for more of the record ({source}); what is kept is for its end",
        path.display()
    )]
    NoRoom {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A run that still goes on records into it.
    #[error("{}: a run that still goes on records into it", path.display())]
    InUse {
        /// Which file.
        path: PathBuf,
    },
    /// The container refuses.
    #[error("cannot write the record: {0}")]
    Container(String),
    /// It does not start as a record does.
    #[error("is no MCAP file")]
    NotMcap,
    /// It is torn before the header was whole, or never had one.
    #[error("has no header")]
    NoHeader,
    /// A chunk claims to be larger than any can be.
    #[error("is no record: {0}")]
    Oversized(Oversized),
    /// Its checksums are right, but what it holds is not what this version writes.
    #[error("message at byte {byte}: {why}")]
    Content {
        /// Where in the file.
        byte: u64,
        /// What is wrong.
        why: String,
    },
}

/// Topics, as written and as read.
mod topic {
    pub(super) const HEADER: &str = "/header";
    pub(super) const EVENTS: &str = "/events";
    pub(super) const OUTPUTS: &str = "/outputs";
    pub(super) const SAMPLES: &str = "/samples/";
    pub(super) const INFERENCES: &str = "/inferences/";
    pub(super) const WIRE: &str = "/wire/";
}
