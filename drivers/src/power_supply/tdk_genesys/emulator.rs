//! A Genesys as a state machine: it answers when it is addressed, and lets others speak.

use profiles::command::Fault;
use profiles::time::BenchTime;

use super::line::{Message, Port};
use super::unit::Unit;
use super::{GEN40_38, checksum, traits};
use crate::emulator::{Emulator, Outbox};
use crate::model::EmulatorSetup;
use crate::options::latency_us;
use crate::plant::Plant;
use crate::power_supply::front::Outlets;

/// A supply on a bus of the plant, and on a line that others may share.
pub(super) struct Supply {
    port: Port,
    unit: Unit,
    outlets: Outlets,
    address: u8,
    latency_us: u64,
    muted_until: BenchTime,
    looks_at: BenchTime,
}

impl Supply {
    pub(super) fn new(setup: &EmulatorSetup) -> Supply {
        let options = &setup.options;
        let address = options.number("address").unwrap_or(6.0) as u8;
        let unit = options.text("unit").and_then(traits).unwrap_or(&GEN40_38);
        let noise = setup.seed.stream(setup.device.as_str(), "noise");
        Supply {
            port: Port::new(address),
            unit: Unit::new(unit, options.text("serial").unwrap_or("0"), noise),
            outlets: Outlets::new(setup, 0),
            address,
            latency_us: latency_us(options, 0.010),
            muted_until: BenchTime::ZERO,
            looks_at: BenchTime::MAX,
        }
    }

    /// What trips, and what the bus is fed. A service request goes out unasked.
    fn settle(&mut self, at: BenchTime, plant: &mut Plant, out: &mut Outbox) {
        self.outlets.regulate(&mut self.unit.stages, at, plant);
        self.outlets.drive(&self.unit.stages, plant);
        self.looks_at = self.unit.stages[0].looks_at(at);
        if self.unit.latch() && at >= self.muted_until {
            let request = format!("!{:02}\r", self.address);
            out.send_at(at.plus_micros(self.latency_us), request);
        }
    }
}

impl Emulator for Supply {
    fn receive(&mut self, at: BenchTime, chunk: &[u8], plant: &mut Plant, out: &mut Outbox) {
        if at < self.muted_until {
            return;
        }
        self.settle(at, plant, out);
        for message in self.port.receive(chunk) {
            let (answer, summed) = match message {
                Message::Nothing => continue,
                Message::Answer(answer, summed) => (answer.to_owned(), summed),
                Message::Command(command, summed) => (self.unit.carry_out(&command), summed),
            };
            let sum = if summed {
                format!("${:02X}", checksum(&answer))
            } else {
                String::new()
            };
            out.send_at(at.plus_micros(self.latency_us), format!("{answer}{sum}\r"));
            self.settle(at, plant, out);
        }
    }

    fn next_action(&self) -> BenchTime {
        self.looks_at
    }

    fn act(&mut self, at: BenchTime, plant: &mut Plant, out: &mut Outbox) {
        if at >= self.looks_at {
            self.settle(at, plant, out);
        }
    }

    fn inject(&mut self, at: BenchTime, fault: &Fault, plant: &mut Plant) {
        match fault {
            Fault::Mute { millis } => {
                self.muted_until = at.plus_micros(u64::from(*millis) * 1_000);
                self.port.forget();
            }
            Fault::OverVoltageTrip => {
                self.unit.stages[0].tripped.over_voltage = true;
                self.outlets.drive(&self.unit.stages, plant);
                // So that whoever wants to be told is told.
                self.looks_at = at.plus_micros(1);
            }
            _ => {}
        }
    }
}
