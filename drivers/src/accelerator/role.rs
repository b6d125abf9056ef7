//! What each accelerator board must do.
//!
//! A board speaks by itself: telemetry comes whether it was asked or not, also in the middle of
//! an answer. So a make is no sequence of calls but a pair of pure translations, questions to
//! chunks and chunks to what was heard; the station that owns the link does all the waiting.

use std::sync::Arc;

use bytes::Bytes;
use profiles::channel::ChannelSpec;
use profiles::command::PowerMode;
use profiles::reading::{Damage, Reading};
use profiles::time::BenchTime;

use crate::device::Identity;
use crate::link::BusNeeds;
use crate::link::can::ErrorFrame;
use crate::telemetry::dictionary::Limits;

/// What a board can be asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// Who are you?
    Identify,
    /// Keep these bytes as input number `slot`.
    LoadInput {
        /// Where, from zero.
        slot: u16,
        /// The tensor's bytes, little-endian, row-major.
        bytes: Arc<[u8]>,
    },
    /// Infer on an input, and tell the latency and the output's digest.
    Infer {
        /// Number of the query; comes back with the answer.
        query: u32,
        /// Which input.
        slot: u16,
    },
    /// Send the whole output of the latest inference on this input.
    FetchOutput {
        /// Which input.
        slot: u16,
    },
    /// Choose the power mode.
    Mode(PowerMode),
    /// Stop working and draw as little as possible.
    Stop,
}

/// What was heard from a board.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// A value on one of its channels.
    Reading(Reading),
    /// Bytes that meant nothing.
    Damaged(Damage),
    /// The answer to [`Question::Identify`].
    Identity(Identity),
    /// [`Question::LoadInput`] was carried out.
    Loaded {
        /// Which input.
        slot: u16,
    },
    /// The answer to [`Question::Infer`].
    Inferred(Inference),
    /// The answer to [`Question::FetchOutput`].
    Output {
        /// Which input.
        slot: u16,
        /// The output tensor's bytes, little-endian, row-major.
        bytes: Arc<[u8]>,
    },
    /// [`Question::Mode`] or [`Question::Stop`] was carried out.
    Done,
    /// The board will not.
    Refused {
        /// The board's own error number.
        code: i32,
        /// What the number means.
        text: String,
    },
    /// The board started anew: it has forgotten its inputs.
    Booted,
    /// The bench's own controller told of an error on the bus. No frame is lost by it: senders
    /// repeat what was destroyed.
    Bus(ErrorFrame),
}

/// One inference, as the board tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inference {
    /// The number that the query came with.
    pub query: u32,
    /// The input.
    pub slot: u16,
    /// Time from input ready to output ready on the board's own clock, µs.
    pub latency_us: u32,
    /// Time from input ready to the first token on the board's own clock, µs, where it generates
    /// tokens and says so.
    pub first_us: Option<u32>,
    /// CRC-32 (ISO-HDLC) of the output's bytes.
    pub digest: u32,
    /// The output's bytes, where they are so few that the board sends them with the answer.
    pub output: Option<Arc<[u8]>>,
}

/// A make of board: questions to chunks, chunks to what was heard.
pub trait Accelerator: Send {
    /// The channels of its telemetry, in the order of its readings' channel numbers.
    fn channels(&self) -> Vec<ChannelSpec>;

    /// What the dictionary that it was given expects of its channels, by their numbers; `None` if it
    /// was given none, or does not speak in packets.
    fn expected(&self) -> Option<&[Limits]> {
        None
    }

    /// The frames that lead to the board and from it, on a bus that it may share with others;
    /// `None` on a line that is its own.
    fn bus_needs(&self) -> Option<BusNeeds> {
        None
    }

    /// Whether the board tells nothing by itself but that it started: it is then asked without a sign
    /// that it is there.
    fn is_quiet(&self) -> bool {
        false
    }

    /// Chunks that put `question`. A transfer of many chunks may go on in
    /// [`Accelerator::hear`], where the transport waits for the far end's consent.
    fn ask(&mut self, question: &Question, out: &mut Vec<Bytes>);

    /// The least time between two of the chunks that [`Accelerator::ask`] and
    /// [`Accelerator::hear`] gave last, µs: what the far end asked for.
    fn pause_us(&self) -> u32 {
        0
    }

    /// Takes a chunk that was there at `at`, tells what was heard, and sends what the transport owes
    /// the far end.
    /// Never fails: what cannot be read is [`Heard::Damaged`].
    fn hear(&mut self, at: BenchTime, chunk: &[u8], heard: &mut Vec<Heard>, out: &mut Vec<Bytes>);
}
