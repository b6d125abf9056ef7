//! An emulator alone in its plant, spoken to without a link.

use bytes::Bytes;
use profiles::option::{OptionSpec, OptionValue, Options};
use profiles::time::BenchTime;

use super::emulator_setup;
use crate::emulator::{Emulator, Outbox};
use crate::model::EmulatorSetup;
use crate::plant::{Place, Plant};

/// An emulator, its plant, and the time.
pub(crate) struct Alone {
    pub(crate) emulator: Box<dyn Emulator>,
    pub(crate) plant: Plant,
    pub(crate) at: BenchTime,
}

impl Alone {
    /// An emulator with these settings beside the defaults of its options, at T0.
    pub(crate) fn new(
        emulate: impl FnOnce(EmulatorSetup) -> Box<dyn Emulator>,
        specs: &[OptionSpec],
        settings: &[(&str, OptionValue)],
        (plant, place): (Plant, Place),
    ) -> Alone {
        let mut options = Options::defaults(specs);
        for (name, value) in settings {
            options.set(name, value.clone());
        }
        let setup = EmulatorSetup {
            options,
            ..emulator_setup(specs, place)
        };
        Alone {
            emulator: emulate(setup),
            plant,
            at: BenchTime::ZERO,
        }
    }

    /// What it sends when it is told `bytes`, and when each chunk leaves.
    pub(crate) fn hear(&mut self, bytes: &[u8]) -> Vec<(BenchTime, Bytes)> {
        let mut out = Outbox::default();
        let (at, plant) = (self.at, &mut self.plant);
        self.emulator.receive(at, bytes, plant, &mut out);
        out.take()
    }

    /// The same, one chunk behind the other.
    pub(crate) fn answer(&mut self, bytes: &[u8]) -> Vec<u8> {
        let chunks = self.hear(bytes).into_iter();
        chunks.flat_map(|(_, chunk)| chunk).collect()
    }

    /// Lets time pass, µs, in which the emulator does what it does by itself.
    pub(crate) fn pass(&mut self, micros: u64) {
        let end = self.at.plus_micros(micros);
        while self.emulator.next_action() <= end {
            self.at = self.emulator.next_action().max(self.at);
            self.plant.advance(self.at);
            let (at, plant) = (self.at, &mut self.plant);
            self.emulator.act(at, plant, &mut Outbox::default());
        }
        self.at = end;
        self.plant.advance(end);
    }
}
