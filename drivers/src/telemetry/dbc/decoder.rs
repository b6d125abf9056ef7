//! Frames to readings.

use std::sync::Arc;

use profiles::reading::{Damage, DamageKind};
use profiles::time::BenchTime;

use super::database::Database;
use crate::link::can::CanFrame;
use crate::telemetry::{Decoded, Decoder};

/// A stream of frames that a database describes.
#[derive(Clone, Debug)]
pub struct TelemetryDecoder {
    database: Arc<Database>,
    /// The last rolling counter of each message.
    counters: Vec<Option<u64>>,
    /// When each message came last.
    last: Vec<Option<BenchTime>>,
}

impl TelemetryDecoder {
    /// A decoder of what `database` describes.
    pub fn new(database: Arc<Database>) -> TelemetryDecoder {
        let counters = vec![None; database.len()];
        let last = vec![None; database.len()];
        TelemetryDecoder {
            database,
            counters,
            last,
        }
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

    /// Takes one frame that came at `at`, as [`TelemetryDecoder::frame`] does. A rolling counter
    /// begins anew after so many messages: a silence of as many, or a multiple, looks like none by the
    /// counter alone. Where the file says in which cycle a message comes (`GenMsgCycleTime`), the time
    /// since the last one tells how often the counter went round, and all that is missing is a gap.
    pub fn frame_at(
        &mut self,
        at: BenchTime,
        frame: &CanFrame,
        mut sink: impl FnMut(Decoded),
    ) -> bool {
        let Some(position) = self.database.position(frame.id) else {
            return false;
        };
        let before = self.counters[position];
        self.frame(frame, &mut sink);
        let last = self.last[position].replace(at);
        if let (Some(before), Some(last)) = (before, last) {
            let message = self.database.at(position);
            let now = self.counters[position];
            let lost = now.and_then(|now| message.whole_turns(before, now, at.micros_since(last)));
            if let Some(lost) = lost {
                let why = DamageKind::Gap { lost };
                sink(Decoded::Damaged(Damage { bytes: 0, why }));
            }
        }
        true
    }

    /// The far end starts anew, and so do its counters.
    pub fn reset_counters(&mut self) {
        self.counters.fill(None);
        self.last.fill(None);
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
