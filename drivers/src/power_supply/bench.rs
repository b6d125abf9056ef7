//! A supply's emulator on a bus of its own, spoken to line by line (tests only).

use profiles::option::{OptionValue, Options};
use profiles::time::BenchTime;

use super::MODELS;
use crate::catalog;
use crate::emulator::{Emulator, Outbox};
use crate::model::EmulatorSetup;
use crate::plant::{BusId, Place, Plant};
use crate::rehearsal::emulator_setup;

/// An emulator, and the plant that it is in.
pub(super) struct Bench {
    emulator: Box<dyn Emulator>,
    plant: Plant,
    bus: BusId,
    at: BenchTime,
}

impl Bench {
    pub(super) fn new(model: &str) -> Bench {
        Bench::with(model, &[])
    }

    pub(super) fn with(model: &str, settings: &[(&'static str, OptionValue)]) -> Bench {
        let make = catalog::find(MODELS, model).expect("a model");
        let mut plant = Plant::default();
        let bus = plant.add_bus();
        let mut options = Options::defaults(make.options);
        for (name, value) in settings {
            options.set(name, value.clone());
        }
        let setup = EmulatorSetup {
            options,
            ..emulator_setup(make.options, Place::Bus(bus))
        };
        Bench {
            emulator: (make.emulate)(setup),
            plant,
            bus,
            at: BenchTime::ZERO,
        }
    }

    /// What bytes are answered with; then a step of the plant passes.
    pub(super) fn raw(&mut self, bytes: &str) -> Vec<u8> {
        let mut out = Outbox::default();
        self.emulator
            .receive(self.at, bytes.as_bytes(), &mut self.plant, &mut out);
        self.pass(100);
        let answers = out.take().into_iter();
        answers.flat_map(|(_, chunk)| chunk).collect()
    }

    /// What a line answers.
    pub(super) fn hear(&mut self, line: &str) -> String {
        let answer = self.raw(&format!("{line}\n"));
        String::from_utf8(answer).unwrap().trim_end().to_owned()
    }

    /// The oldest error, in the supply's own words.
    pub(super) fn error(&mut self) -> String {
        self.hear("SYST:ERR?")
    }

    /// Tells lines, none of which is refused.
    pub(super) fn accepts(&mut self, lines: &[&str]) {
        for line in lines {
            assert_eq!(self.hear(line), "", "{line}");
            let error = self.error();
            assert!(
                error.trim_start_matches('+').starts_with("0,"),
                "{line}: {error}"
            );
        }
    }

    /// Lets time pass, in which the emulator does what it does by itself.
    pub(super) fn pass(&mut self, millis: u32) {
        let end = self.at.plus_micros(u64::from(millis) * 1_000);
        loop {
            let next = self.emulator.next_action();
            if next > end {
                break;
            }
            self.at = next.max(self.at);
            self.plant.advance(self.at);
            self.emulator
                .act(self.at, &mut self.plant, &mut Outbox::default());
        }
        self.at = end;
        self.plant.advance(end);
    }

    /// Volts of the bus.
    pub(super) fn volts(&self) -> f64 {
        self.plant.bus(self.bus).volts.0
    }
}
