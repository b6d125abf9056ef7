//! What breaks on a board, and what ends it: flaws of the output buffer, drift, latch-ups.

use std::collections::BTreeMap;
use std::sync::Arc;

use profiles::command::Fault;
use profiles::time::{BenchTime, Period};

use super::memory::Output;
use super::{Board, Cause, DIGEST, Power, WATCHDOG};
use crate::plant;

/// How long the board's own limiter keeps power off after a trip: until the thyristor holds no
/// longer and capacitors are empty.
const OFF: Period = Period::millis(500);
/// Temperature of the junction at which a drifting board computes right, °C.
const REFERENCE_CELSIUS: f64 = 25.0;

/// What is wrong with a board.
#[derive(Debug, Default)]
pub(super) struct Flaws {
    /// Byte, bit and value.
    stuck: Vec<(u32, u8, bool)>,
    flips: Vec<(u32, u8)>,
    /// Bits of what the next inference holds while it computes.
    working: Vec<(u32, u8)>,
    drift: Option<Drift>,
    latch: Option<Latch>,
    off_until: Option<BenchTime>,
    /// Outputs that were told otherwise than they were computed.
    told: BTreeMap<u16, Arc<[u8]>>,
    junction: f64,
    volts: f64,
}

#[derive(Clone, Copy, Debug)]
struct Drift {
    share_per_k: f64,
    float: bool,
}

#[derive(Clone, Copy, Debug)]
struct Latch {
    since: BenchTime,
    amps: f64,
}

impl Flaws {
    pub(super) fn stick(&mut self, (byte, bit): (u32, u8), high: bool) {
        self.stuck.push((byte, bit % 8, high));
    }

    pub(super) fn flip_next(&mut self, (byte, bit): (u32, u8)) {
        self.flips.push((byte, bit % 8));
    }

    pub(super) fn flip_working(&mut self, (byte, bit): (u32, u8)) {
        self.working.push((byte, bit % 8));
    }

    /// The bits of the inference that ends now that turned over while it computed.
    pub(super) fn take_working(&mut self) -> Vec<(u32, u8)> {
        std::mem::take(&mut self.working)
    }

    pub(super) fn drift(&mut self, share_per_k: f64, float: bool) {
        self.drift = Some(Drift { share_per_k, float });
    }

    pub(super) fn latch(&mut self, since: BenchTime, amps: f64) {
        // A second thyristor conducts beside the first.
        let before = self.latch.map_or(0.0, |latch| latch.amps);
        let since = self.latch.map_or(since, |latch| latch.since);
        self.latch = Some(Latch {
            since,
            amps: before + amps,
        });
    }

    /// What a latch-up takes, W.
    pub(super) fn watts(&self) -> f64 {
        self.latch.map_or(0.0, |latch| latch.amps * self.volts)
    }

    /// Notes what the board stands in. Whether its own limiter cuts a latch-up off, as it does after
    /// `trip` where it has one.
    pub(super) fn look(
        &mut self,
        at: BenchTime,
        state: plant::Board,
        trip: Option<Period>,
    ) -> bool {
        (self.junction, self.volts) = (state.junction.0, state.volts.0);
        let trips = self.latch.zip(trip);
        let trips = trips.is_some_and(|(latch, trip)| latch.since + trip <= at);
        if trips {
            self.off_until = Some(at + OFF);
        }
        trips
    }

    /// Whether the board's own limiter lets power in.
    pub(super) fn may_start(&self, at: BenchTime) -> bool {
        self.off_until.is_none_or(|until| until <= at)
    }

    /// Power went: what only it held is over.
    pub(super) fn power_gone(&mut self) {
        self.latch = None;
        self.stuck.clear();
        self.flips.clear();
        self.working.clear();
        self.told.clear();
    }

    /// What was told as the output of `slot`, where it is not what was computed.
    pub(super) fn told(&self, slot: u16) -> Option<&Arc<[u8]>> {
        self.told.get(&slot)
    }

    /// The output that leaves the board, of the one that it computes by its memory, and of the one that an
    /// upset of this inference alone made of it.
    pub(super) fn apply(&mut self, slot: u16, output: Output, upset: Option<Vec<u8>>) -> Output {
        self.told.remove(&slot);
        let is_whole = upset.is_none() && self.stuck.is_empty() && self.flips.is_empty();
        if is_whole && self.drift.is_none() {
            return output;
        }
        let mut bytes = upset.unwrap_or_else(|| output.bytes.to_vec());
        if let Some(drift) = self.drift {
            drift.apply(self.junction, &mut bytes);
        }
        let length = bytes.len().max(1);
        for (byte, bit) in self.flips.drain(..) {
            if let Some(byte) = bytes.get_mut(byte as usize % length) {
                *byte ^= 1 << bit;
            }
        }
        for (byte, bit, high) in &self.stuck {
            if let Some(byte) = bytes.get_mut(*byte as usize % length) {
                *byte = (*byte & !(1 << bit)) | (u8::from(*high) << bit);
            }
        }
        let bytes: Arc<[u8]> = bytes.into();
        self.told.insert(slot, Arc::clone(&bytes));
        Output {
            digest: DIGEST.checksum(&bytes),
            bytes,
            ..output
        }
    }
}

impl Drift {
    /// Scales each element; whole numbers stay on their rails.
    fn apply(self, junction: f64, bytes: &mut [u8]) {
        let factor = 1.0 + self.share_per_k * (junction - REFERENCE_CELSIUS);
        if self.float {
            for element in bytes.as_chunks_mut::<4>().0 {
                let value = f64::from(f32::from_le_bytes(*element)) * factor;
                *element = (value as f32).to_le_bytes();
            }
        } else {
            for element in bytes {
                let value = f64::from((*element).cast_signed()) * factor;
                *element = (value.round().clamp(-128.0, 127.0) as i8).cast_unsigned();
            }
        }
    }
}

impl Board {
    /// Breaks, as told.
    pub(crate) fn inject(&mut self, at: BenchTime, fault: &Fault) {
        match fault {
            Fault::Mute { millis } => {
                self.muted_until = at.plus_micros(u64::from(*millis) * 1_000);
            }
            // Corrected where it is next read, and counted.
            Fault::BitFlip { .. } | Fault::ActivationFlip { .. } if self.settings.secded => {
                self.counts.corrected += u32::from(self.is_up());
            }
            Fault::BitFlip { byte, bit } => {
                // Any address hits something: memory is as large as the network.
                let byte = *byte as usize % self.network.image().len().max(1);
                self.upset |= self.network.flip(byte, bit % 8).is_ok();
                self.changes += 1;
            }
            Fault::Reset if self.is_up() => {
                self.spend(at);
                self.boot(at, Cause::Reset);
            }
            Fault::Hang if self.is_up() => {
                self.spend(at);
                self.job = None;
                self.power = Power::Hung {
                    until: at + WATCHDOG,
                };
            }
            Fault::StuckBit { byte, bit, high } => self.flaws.stick((*byte, *bit), *high),
            Fault::OutputFlip { byte, bit } => self.flaws.flip_next((*byte, *bit)),
            Fault::ActivationFlip { byte, bit } => self.flaws.flip_working((*byte, *bit)),
            Fault::Drift { percent_per_k } => {
                self.flaws
                    .drift(percent_per_k / 100.0, self.network.output_is_float());
            }
            Fault::LatchUp { amps } if self.power != Power::Off => self.flaws.latch(at, *amps),
            Fault::Stuck { millis } => {
                self.stuck_until = at.plus_micros(u64::from(*millis) * 1_000);
            }
            // What is on the bus concerns whoever speaks for the board, and what surrounds it
            // whoever plays it.
            Fault::Reset
            | Fault::Hang
            | Fault::MemoryFlip { .. }
            | Fault::LatchUp { .. }
            | Fault::OverVoltageTrip
            | Fault::BusOff { .. }
            | Fault::Babble { .. }
            | Fault::Line { .. }
            | Fault::PowerCycle { .. }
            | Fault::BrownOut { .. }
            | Fault::Weak { .. } => {}
        }
    }
}
