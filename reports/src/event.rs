//! Events: the one door between running and reporting.

use std::sync::Arc;

use profiles::command::Command;
use profiles::phase::Phase;
use profiles::reading::{Damage, Reading};
use profiles::time::BenchTime;
use serde::{Deserialize, Serialize};

use crate::rows::Rows;
use crate::verdict::Ending;

/// A device by its place in [`crate::header::Header::devices`], which is in order of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeviceId(pub u16);

impl DeviceId {
    /// The bench itself; sorts after every device.
    pub const BENCH: DeviceId = DeviceId(u16::MAX);
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at: BenchTime,
    /// To or by whom.
    pub device: DeviceId,
    /// What.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum EventKind {
    /// A step began; its place in [`crate::header::Header::steps`].
    StepStarted {
        /// Which.
        step: u16,
    },
    /// A step ended.
    StepEnded {
        /// Which.
        step: u16,
    },
    /// The satellite entered a phase of its orbit.
    PhaseEntered {
        /// Which.
        phase: Phase,
    },
    /// A device said who it is.
    Identified {
        /// Maker.
        maker: String,
        /// Model.
        model: String,
        /// Serial number; may be empty.
        serial: String,
        /// Firmware; may be empty.
        firmware: String,
    },
    /// A device took a set point.
    SetPointApplied {
        /// What it was told.
        command: Command,
        /// How long after its time, µs.
        late_us: u64,
    },
    /// An instrument keeps a list of set points that it plays by itself, and read it back.
    ListUploaded {
        /// How many.
        points: u32,
    },
    /// A device told values, all at this time.
    Sampled {
        /// What it told; channels are places in the device's list.
        readings: Arc<[Reading]>,
    },
    /// Bytes from a device meant nothing.
    Damaged {
        /// Which bytes and why.
        damage: Damage,
    },
    /// A query was answered.
    Inferred(Inferred),
    /// The whole output of a query was fetched.
    OutputFetched {
        /// Which input.
        input: u16,
        /// CRC-32 (ISO-HDLC) of `output`.
        digest: u32,
        /// The tensor's bytes; shared, and recorded once for each digest.
        #[serde(skip)]
        output: Arc<[u8]>,
    },
    /// A query of a scenario in which latency is not that of one inference is done: all its samples
    /// were answered.
    QueryDone {
        /// Its inferences.
        samples: u32,
        /// From its arrival to the last answer on the bench's clock, µs.
        latency_us: u64,
    },
    /// An input whose output was wrong was asked again.
    Repeated {
        /// Which input.
        input: u16,
        /// CRC-32 (ISO-HDLC) of the output that was wrong.
        digest: u32,
        /// How often it was asked again, at most.
        asked: u16,
        /// The digests of what came.
        answers: Vec<u32>,
    },
    /// A board took a task of the mesh that it belongs to.
    TaskTaken {
        /// Its number, from zero, in order of arrival.
        task: u32,
        /// The input that it is.
        input: u16,
        /// Raw data that go to the board, bytes.
        raw_bytes: u64,
    },
    /// A task's result is where it was asked for.
    TaskDone {
        /// Which.
        task: u32,
        /// From its arrival to that, the way back over the link included, µs.
        waited_us: u64,
        /// The result, bytes.
        result_bytes: u64,
    },
    /// A board gave a task back: another may take it.
    TaskReturned {
        /// Which.
        task: u32,
        /// Why.
        why: String,
    },
    /// A task waited too long for a board, and nobody will do it.
    TaskLost {
        /// Which.
        task: u32,
    },
    /// A chunk went over the device's line. Only where the run was asked to keep them.
    Wire {
        /// Whether to the device; else from it.
        sent: bool,
        /// Its octets: some bytes of a stream, or a CAN frame as the links move them.
        #[serde(skip)]
        octets: Arc<[u8]>,
    },
    /// A bit of a firmware's memory turned over, as it was asked to.
    Upset {
        /// The octet's address.
        address: u64,
        /// What is there, as `weights+17`.
        place: String,
        /// Which bit of it, 0 to 7.
        bit: u8,
        /// The octet as it was.
        before: u8,
        /// As it was read back. What does not hold what is written stays as it was.
        after: u8,
    },
    /// Firmware that was upset runs no more. It is reset, as by a supervisor that hears nothing of it.
    FirmwareStopped {
        /// What was seen of it.
        why: String,
        /// Whether it ended itself, as a handler of faults does; else it hung.
        by_itself: bool,
    },
    /// A query was not answered in time.
    NoResponse {
        /// Which input.
        input: u16,
        /// How long it was waited for, µs.
        waited_us: u64,
    },
    /// A board started anew by itself.
    Booted,
    /// A question was asked again.
    Retried {
        /// Which.
        asked: String,
        /// Why.
        why: String,
    },
    /// The line to a device was lost, as by an adapter that was unplugged; it is waited for.
    LinkLost {
        /// What was seen of it.
        why: String,
    },
    /// The line to a device came back, and so did the device: the same one, and armed again.
    LinkRestored {
        /// How long it was away, µs.
        away_us: u64,
    },
    /// A source cut power, for the current stayed above what the rule against latch-ups allows.
    PowerCut {
        /// The current that was seen last, A.
        amps: f64,
        /// How long it had been seen above, µs.
        above_us: u64,
        /// Which cut of the run this is, from one.
        count: u32,
    },
    /// The source gave power again.
    PowerBack {
        /// How long it was off, µs.
        off_us: u64,
    },
    /// The bench's own controller told of an error on a device's bus; no frame is lost by it.
    BusError {
        /// What it told.
        why: String,
    },
    /// A reading crossed a limit, or an interlock held, and the bench reacted. Whose reading it was is
    /// the event's device.
    Interlock {
        /// The interlock's name, or the limit.
        rule: String,
        /// What was read.
        why: String,
        /// From the reading until the last reaction was carried out, µs; `None` if one was not.
        reaction_us: Option<u64>,
        /// How long it may have taken, µs.
        within_us: u64,
    },
    /// A run that was cut off goes on. What was told, asked and heard between the event before and
    /// this one is not known.
    Resumed {
        /// With what: a step, an orbit of it.
        with: String,
        /// How long nothing was recorded, µs of bench time.
        gap_us: u64,
    },
    /// A device failed for good.
    DeviceFailed {
        /// How.
        why: String,
    },
    /// Somebody asked the run to stop.
    Interrupted,
    /// The steps were left before their end. What follows is recorded, but is no answer to the
    /// campaign's questions: the bench is being made safe.
    StepsAbandoned,
    /// A device was made safe, and said so.
    MadeSafe,
    /// A device could not be made safe.
    NotMadeSafe {
        /// Why.
        why: String,
    },
    /// The last event of a run.
    RunEnded {
        /// How it ended.
        ending: Ending,
    },
}

/// One answered query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inferred {
    /// Which input.
    pub input: u16,
    /// Latency on the board's own clock, µs.
    pub latency_us: u32,
    /// From question sent to answer heard on the bench's clock, µs.
    pub round_trip_us: u32,
    /// CRC-32 (ISO-HDLC) of the output's bytes.
    pub digest: u32,
    /// Time to the first token on the board's own clock, µs, where it generates tokens and said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_us: Option<u32>,
}

/// Sees every event once, in order: the recorder, the judge, the console.
pub trait Observer {
    /// Takes one event.
    ///
    /// # Errors
    /// If it cannot be kept; the run is then a bench fault.
    fn observe(&mut self, event: &Event) -> Result<(), ObserveError>;

    /// Takes events of readings that came one after another. Whoever has no quicker way for them takes them
    /// one by one; what comes of it is the same.
    ///
    /// # Errors
    /// As [`Observer::observe`].
    fn observe_rows(&mut self, rows: &Rows<'_>) -> Result<(), ObserveError> {
        let mut observed = Ok(());
        rows.each(&mut |event| {
            if observed.is_ok() {
                observed = self.observe(event);
            }
        });
        observed
    }

    /// Everything before `now` has been observed; said several times a second at real pace.
    ///
    /// # Errors
    /// If what was observed cannot be kept; the run is then a bench fault.
    fn settled(&mut self, _now: BenchTime) -> Result<(), ObserveError> {
        Ok(())
    }

    /// Hears now and then how many checks have failed so far.
    fn standing(&mut self, _failing: usize) {}
}

/// An observer could not take an event.
#[derive(Debug, thiserror::Error)]
#[error("cannot record what happens: {0}")]
pub struct ObserveError(pub String);
