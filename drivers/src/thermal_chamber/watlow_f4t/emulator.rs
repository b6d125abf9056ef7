//! An F4T as a state machine: its registers behind Modbus RTU and TCP, and the air that it
//! conditions.

use profiles::command::Fault;
use profiles::time::BenchTime;

use super::Order;
use super::registers::Registers;
use crate::emulator::{Emulator, Outbox};
use crate::modbus::responder::{Access, Responder};
use crate::model::EmulatorSetup;
use crate::plant::Plant;
use crate::thermal_chamber::cabinet::Cabinet;

/// How often ramps and profiles move on by themselves, µs.
const STEP_US: u64 = 1_000_000;

/// A controller and its chamber.
pub(super) struct Chamber {
    cabinet: Cabinet,
    responder: Responder,
    registers: Registers,
    next: BenchTime,
}

impl Chamber {
    pub(super) fn new(setup: &EmulatorSetup) -> Chamber {
        let options = &setup.options;
        let address = options.number("address").unwrap_or(1.0) as u8;
        Chamber {
            cabinet: Cabinet::new(setup),
            responder: Responder::new(address).and_on_tcp(),
            registers: Registers::new(
                Order::of(options),
                options.text("part_number"),
                options.number("serial").unwrap_or(1.0) as u32,
            ),
            next: BenchTime::MAX,
        }
    }

    /// Moves on to `at`.
    fn catch_up(&mut self, at: BenchTime, plant: &Plant) {
        let air = self.cabinet.sensed(plant) as f32;
        self.registers.air = (!self.cabinet.is_sensor_open).then_some(air);
        self.registers.now = at;
        self.registers.advance();
    }

    fn drive(&mut self, at: BenchTime, plant: &mut Plant) {
        self.cabinet.condition(plant, self.registers.target());
        self.next = if self.registers.moves() {
            self.next.min(at.plus_micros(STEP_US))
        } else {
            BenchTime::MAX
        };
    }
}

impl Emulator for Chamber {
    fn receive(&mut self, at: BenchTime, chunk: &[u8], plant: &mut Plant, out: &mut Outbox) {
        if !self.cabinet.hears(at) {
            return;
        }
        self.catch_up(at, plant);
        let registers = &mut self.registers;
        let answers = self.responder.receive(at, chunk, |access| match access {
            Access::Read(first, words) => registers.read_all(first, words),
            Access::Write(first, words) => registers.write_all(first, words),
        });
        if self.next <= at {
            self.next = BenchTime::MAX;
        }
        self.drive(at, plant);
        for answer in answers {
            out.send_at(self.cabinet.answers_at(at), answer);
        }
    }

    fn next_action(&self) -> BenchTime {
        self.next
    }

    fn act(&mut self, at: BenchTime, plant: &mut Plant, _out: &mut Outbox) {
        self.catch_up(at, plant);
        self.next = BenchTime::MAX;
        self.drive(at, plant);
    }

    fn inject(&mut self, at: BenchTime, fault: &Fault, _plant: &mut Plant) {
        if self.cabinet.fall_silent(at, fault) {
            self.responder.forget();
        }
    }
}
