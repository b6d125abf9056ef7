//! Frames to readings.

use std::sync::Arc;

use profiles::reading::{Damage, DamageKind};

use super::database::Database;
use crate::link::can::CanFrame;
use crate::telemetry::{Decoded, Decoder};

/// A stream of frames that a database describes.
#[derive(Clone, Debug)]
pub struct TelemetryDecoder {
    database: Arc<Database>,
    /// The last rolling counter of each message.
    counters: Vec<Option<u64>>,
}

impl TelemetryDecoder {
    /// A decoder of what `database` describes.
    pub fn new(database: Arc<Database>) -> TelemetryDecoder {
        let counters = vec![None; database.len()];
        TelemetryDecoder { database, counters }
    }

    /// What describes the frames.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Takes one frame; `false` if the database does not have its identifier.
    pub fn frame(&mut self, frame: &CanFrame, sink: impl FnMut(Decoded)) -> bool {
        let Some(position) = self.database.position(frame.id) else {
            return false;
        };
        let counter = &mut self.counters[position];
        self.database
            .at(position)
            .decode(frame.data(), counter, sink);
        true
    }

    /// The far end starts anew, and so do its counters.
    pub fn reset_counters(&mut self) {
        self.counters.fill(None);
    }
}

impl Decoder for TelemetryDecoder {
    /// One chunk is one frame.
    fn push(&mut self, chunk: &[u8], out: &mut Vec<Decoded>) {
        let Some(frame) = CanFrame::from_bytes(chunk) else {
            out.push(Decoded::Damaged(Damage {
                bytes: chunk.len() as u32,
                why: DamageKind::Malformed,
            }));
            return;
        };
        if !self.frame(&frame, |decoded| out.push(decoded)) {
            out.push(Decoded::Damaged(Damage {
                bytes: frame.data().len() as u32,
                why: DamageKind::Unknown,
            }));
        }
    }
}
