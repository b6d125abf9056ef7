//! A simulator as a state machine: lines in, answers out, one of its outputs on a bus of the plant.

use profiles::command::Fault;
use profiles::quantity::Volts;
use profiles::time::BenchTime;

use super::channel::{Cause, Feed};
use super::machine::Machine;
use super::words::words;
use super::{Dialect, Traits, questionable};
use crate::emulator::{Emulator, Outbox};
use crate::model::EmulatorSetup;
use crate::options::latency_us;
use crate::plant::{Bus, BusId, Place, Plant, STEP, Sink};
use crate::scpi::prologix::{Controller, Passed};
use crate::scpi::responder::Responder;

/// Longest line: four thousand points of a table.
const LONGEST_LINE: usize = 1 << 16;

/// A simulator, one of whose outputs feeds a bus.
pub(super) struct Simulator {
    controller: Controller,
    responder: Responder,
    machine: Machine,
    /// Which of its outputs feeds the bus.
    placed: usize,
    place: Option<BusId>,
    load_ohm: Option<f64>,
    latency_us: u64,
    muted_until: BenchTime,
    /// What each output's feed follows from, as the plant knows it.
    fed: Vec<Option<Cause>>,
    /// When the outputs are looked at next.
    looks_at: BenchTime,
}

impl Simulator {
    pub(super) fn new(setup: &EmulatorSetup, traits: &'static Traits) -> Simulator {
        let number = |key| setup.options.number(key);
        let serial = setup.options.text("serial").unwrap_or("0");
        let placed = (number("channel").unwrap_or(1.0) as usize).max(1) - 1;
        let channels = match traits.dialect {
            Dialect::Single => 1,
            Dialect::Modular => (number("channels").unwrap_or(2.0) as usize).max(placed + 1),
        };
        let noise = |channel| format!("noise {channel}");
        let noise =
            (0..channels).map(|channel| setup.seed.stream(setup.device.as_str(), &noise(channel)));
        let behind_adapter = setup.options.text("adapter") == Some("prologix");
        let address = number("gpib_address").map(|address| address as u8);
        let identity = format!(
            "{},{},{serial},{}",
            traits.maker, traits.model, traits.firmware
        );
        Simulator {
            controller: Controller::new(address.filter(|_| behind_adapter)),
            responder: Responder::new(identity).on_a_bus(LONGEST_LINE),
            machine: Machine::new(traits, serial, noise.collect()),
            placed,
            place: match setup.place {
                Place::Bus(bus) => Some(bus),
                _ => None,
            },
            load_ohm: number("load_ohm"),
            latency_us: latency_us(&setup.options, 0.010),
            muted_until: BenchTime::ZERO,
            fed: vec![None; channels],
            looks_at: BenchTime::MAX,
        }
    }

    /// The outputs as they are at the last point of the grid. What is not in the plant has
    /// nothing connected to it.
    fn look(&mut self, plant: &Plant) {
        for (index, channel) in self.machine.channels.iter_mut().enumerate() {
            if let Some(bus) = self.place.filter(|_| index == self.placed) {
                channel.bus = plant.bus(bus);
                continue;
            }
            let volts = match channel.feed() {
                Feed::Supply(drive) if drive.on => drive.volts,
                Feed::Supply(_) => Volts(0.0),
                Feed::Curve(curve) => Volts(curve.open_circuit_volts()),
            };
            channel.bus = Bus {
                volts,
                ..Bus::default()
            };
        }
    }

    /// Trips what must trip, and feeds the bus.
    fn settle(&mut self, at: BenchTime, plant: &mut Plant) {
        let mut looks_at = BenchTime::MAX;
        for (index, channel) in self.machine.channels.iter_mut().enumerate() {
            channel.guard(at);
            if channel.is_feeding() {
                looks_at = looks_at.min(at + STEP);
            }
            let changes = channel.settings.list.next_action();
            looks_at = looks_at.min(changes.max(at.plus_micros(1)));
            let cause = channel.cause();
            if self.fed[index] != Some(cause)
                && let Some(bus) = self.place.filter(|_| index == self.placed)
            {
                if self.fed[index].is_none()
                    && let Some(ohm) = self.load_ohm
                {
                    plant.sink(bus, Sink::Ohms(ohm));
                }
                self.fed[index] = Some(cause);
                match channel.feed() {
                    Feed::Supply(drive) => plant.drive(bus, drive),
                    Feed::Curve(curve) => plant.feed(bus, curve),
                }
            }
        }
        self.machine.settle(&mut self.responder.status);
        self.looks_at = looks_at;
    }
}

impl Emulator for Simulator {
    fn receive(&mut self, at: BenchTime, chunk: &[u8], plant: &mut Plant, out: &mut Outbox) {
        if at < self.muted_until {
            return;
        }
        self.look(plant);
        self.machine.at = at;
        let mut answers = String::new();
        for line in self.controller.lines(chunk) {
            match self.controller.pass(line) {
                Passed::On(line) => {
                    let machine = &mut self.machine;
                    let replies = self
                        .responder
                        .receive(&line, words(), |call, status, reply| {
                            machine.carry_out(call, status, reply)
                        });
                    machine.end_line(&mut self.responder.status);
                    answers.push_str(&self.controller.said(&replies));
                }
                Passed::Answer(answer) => answers.push_str(&answer),
                Passed::Nothing => {}
            }
        }
        self.settle(at, plant);
        if !answers.is_empty() {
            out.send_at(at.plus_micros(self.latency_us), answers);
        }
    }

    fn next_action(&self) -> BenchTime {
        self.looks_at
    }

    fn act(&mut self, at: BenchTime, plant: &mut Plant, _out: &mut Outbox) {
        if at < self.looks_at {
            return;
        }
        for channel in &mut self.machine.channels {
            channel.settings.list.act(at);
        }
        self.look(plant);
        self.settle(at, plant);
    }

    fn inject(&mut self, at: BenchTime, fault: &Fault, plant: &mut Plant) {
        match fault {
            Fault::Mute { millis } => {
                self.muted_until = at.plus_micros(u64::from(*millis) * 1_000);
                self.responder.forget();
                self.controller.forget();
            }
            Fault::OverVoltageTrip => {
                self.machine.channels[self.placed].latched |= questionable::OVER_VOLTAGE;
                self.settle(at, plant);
            }
            _ => {}
        }
    }
}
