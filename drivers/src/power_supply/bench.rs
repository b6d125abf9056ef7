//! A supply's emulator on a bus of its own, spoken to line by line (tests only).

use profiles::option::OptionValue;

use super::MODELS;
use crate::catalog;
use crate::plant::{BusId, Place, Plant};
use crate::rehearsal::Alone;

/// An emulator, and the plant that it is in.
pub(super) struct Bench {
    alone: Alone,
    bus: BusId,
}

impl Bench {
    pub(super) fn new(model: &str) -> Bench {
        Bench::with(model, &[])
    }

    pub(super) fn with(model: &str, settings: &[(&'static str, OptionValue)]) -> Bench {
        let make = catalog::find(MODELS, model).expect("a model");
        let mut plant = Plant::default();
        let bus = plant.add_bus();
        let at = (plant, Place::Bus(bus));
        Bench {
            alone: Alone::new(make.emulate, make.options, settings, at),
            bus,
        }
    }

    /// What bytes are answered with; then a step of the plant passes.
    pub(super) fn raw(&mut self, bytes: &str) -> Vec<u8> {
        let answer = self.alone.answer(bytes.as_bytes());
        self.pass(100);
        answer
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
        self.alone.pass(u64::from(millis) * 1_000);
    }

    /// Volts of the bus.
    pub(super) fn volts(&self) -> f64 {
        self.alone.plant.bus(self.bus).volts.0
    }
}
