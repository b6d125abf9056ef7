//! A 663xB as a state machine: lines in, answers out, its output on a bus of the plant.

use profiles::command::Fault;
use profiles::time::BenchTime;

use super::output::Output;
use super::words::words;
use super::{Traits, questionable};
use crate::emulator::{Emulator, Outbox};
use crate::model::EmulatorSetup;
use crate::options::latency_us;
use crate::plant::{BusId, Place, Plant, STEP};
use crate::scpi::responder::Responder;

/// A supply on a bus.
pub(super) struct Supply {
    responder: Responder,
    output: Output,
    place: Option<BusId>,
    latency_us: u64,
    muted_until: BenchTime,
    /// When the over-current protection looks at the bus next.
    looks_at: BenchTime,
}

impl Supply {
    pub(super) fn new(setup: &EmulatorSetup, traits: &'static Traits) -> Supply {
        let serial = setup.options.text("serial").unwrap_or("0");
        Supply {
            responder: Responder::new(format!("HEWLETT-PACKARD,{},{serial},A.00.01", traits.model)),
            output: Output::new(traits, setup.seed.stream(setup.device.as_str(), "noise")),
            place: match setup.place {
                Place::Bus(bus) => Some(bus),
                Place::Air(_) | Place::Board(_) | Place::Apart => None,
            },
            latency_us: latency_us(&setup.options, 0.010),
            muted_until: BenchTime::ZERO,
            looks_at: BenchTime::MAX,
        }
    }

    /// What the settings come to: trips, conditions, the drive of the bus.
    fn settle(&mut self, at: BenchTime, plant: &mut Plant) {
        self.output.regulate(&mut self.responder.status);
        if let Some(bus) = self.place {
            plant.drive(bus, self.output.drive());
        }
        let guarded = self.output.over_current_trips && self.output.is_feeding();
        if !guarded {
            self.output.limiting_since = None;
            self.looks_at = BenchTime::MAX;
        } else if self.looks_at == BenchTime::MAX {
            self.looks_at = at + STEP;
        }
    }
}

impl Emulator for Supply {
    fn receive(&mut self, at: BenchTime, chunk: &[u8], plant: &mut Plant, out: &mut Outbox) {
        if at < self.muted_until {
            return;
        }
        if let Some(bus) = self.place {
            self.output.bus = plant.bus(bus);
        }
        let output = &mut self.output;
        output.regulate(&mut self.responder.status);
        let replies = self
            .responder
            .receive(chunk, words(), |call, status, reply| {
                output.carry_out(call, status, reply)
            });
        self.settle(at, plant);
        if !replies.is_empty() {
            out.send_at(at.plus_micros(self.latency_us), replies);
        }
    }

    fn next_action(&self) -> BenchTime {
        self.looks_at
    }

    fn act(&mut self, at: BenchTime, plant: &mut Plant, _out: &mut Outbox) {
        if at < self.looks_at {
            return;
        }
        if let Some(bus) = self.place {
            self.output.bus = plant.bus(bus);
        }
        self.looks_at = at + STEP;
        if self.output.bus.limiting {
            let delay = (self.output.delay * 1e6) as u64;
            let since = *self.output.limiting_since.get_or_insert(at);
            if at.micros_since(since) >= delay {
                self.output.latched |= questionable::OVER_CURRENT;
            } else {
                self.looks_at = since.plus_micros(delay);
            }
        } else {
            self.output.limiting_since = None;
        }
        self.settle(at, plant);
    }

    fn inject(&mut self, at: BenchTime, fault: &Fault, plant: &mut Plant) {
        match fault {
            Fault::Mute { millis } => {
                self.muted_until = at.plus_micros(u64::from(*millis) * 1_000);
                self.responder.forget();
            }
            Fault::OverVoltageTrip => {
                self.output.latched |= questionable::OVER_VOLTAGE;
                self.settle(at, plant);
            }
            _ => {}
        }
    }
}
