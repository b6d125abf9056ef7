//! A driver, its emulator and a plant, wired without a link.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use profiles::command::Fault;
use profiles::name::DeviceName;
use profiles::option::{OptionKind, OptionValue, Options};
use profiles::quantity::{Amperes, Celsius, Volts};
use profiles::reading::Value;
use profiles::seed::Seed;
use profiles::time::BenchTime;

use crate::accelerator::board_traits;
use crate::accelerator::network::{Network, builtin};
use crate::accelerator::role::{Accelerator, Heard, Question};
use crate::emulator::{Emulator, Outbox};
use crate::model::{BoardSetup, EmulatorSetup, Model};
use crate::plant::{AirId, BoardId, BusId, Drive, Place, Plant};

/// Both halves of a make.
pub(super) struct Rig {
    pub(super) make: &'static str,
    pub(super) driver: Box<dyn Accelerator>,
    pub(super) emulator: Box<dyn Emulator>,
    pub(super) plant: Plant,
    pub(super) board: BoardId,
    pub(super) options: Options,
    /// What the driver heard since it was last forgotten.
    pub(super) heard: Vec<Heard>,
    /// What the emulator sent.
    pub(super) sent: Vec<Bytes>,
    pub(super) at: BenchTime,
    readings: BTreeMap<u16, Value>,
    bus: BusId,
    air: AirId,
}

/// The networks that boards of a make can be told to run.
pub(super) fn networks(model: &Model<dyn Accelerator, BoardSetup>) -> &'static [&'static str] {
    let option = model.options.iter().find(|spec| spec.name == "network");
    match option.unwrap().kind {
        OptionKind::ChoiceOrFile(names, _) => names,
        _ => panic!("{}: `network` is a choice", model.name),
    }
}

impl Rig {
    pub(super) fn new(model: &Model<dyn Accelerator, BoardSetup>, name: &str) -> Rig {
        Rig::with(model, name, &[])
    }

    pub(super) fn with(
        model: &Model<dyn Accelerator, BoardSetup>,
        name: &str,
        settings: &[(&str, &str)],
    ) -> Rig {
        let mut options = Options::defaults(model.options);
        if settings.iter().any(|(_, word)| word.starts_with("stories")) {
            // A token of a language model, of which there are many.
            options.set("latency", OptionValue::Number(0.002));
        }
        for (key, value) in settings {
            let value = value.parse().map_or_else(
                |_| OptionValue::Text((*value).to_owned()),
                OptionValue::Number,
            );
            options.set(key, value);
        }
        let device = DeviceName::new(name).unwrap();
        let mut plant = Plant::default();
        let (bus, air) = (plant.add_bus(), plant.add_air());
        let traits = board_traits(&options);
        let board = plant.add_board(device.clone(), Some(bus), Some(air), traits);
        let driver = (model.drive)(BoardSetup {
            device: device.clone(),
            options: options.clone(),
            dictionary: None,
            network: None,
        });
        let emulator = (model.emulate)(EmulatorSetup {
            device,
            seed: Seed(7),
            options: options.clone(),
            place: Place::Board(board),
            network: None,
        });
        Rig {
            make: model.name,
            driver: driver.unwrap(),
            emulator,
            plant,
            board,
            options,
            heard: Vec::new(),
            sent: Vec::new(),
            at: BenchTime::ZERO,
            readings: BTreeMap::new(),
            bus,
            air,
        }
    }

    /// Drives the board's bus.
    pub(super) fn power(&mut self, volts: f64) {
        let drive = Drive {
            on: true,
            volts: Volts(volts),
            limit: Amperes(5.0),
        };
        self.plant.drive(self.bus, drive);
    }

    /// Conditions the board's air.
    pub(super) fn warm(&mut self, celsius: Celsius) {
        self.plant.condition(self.air, Some(celsius));
    }

    pub(super) fn inject(&mut self, fault: &Fault) {
        self.emulator.inject(self.at, fault, &mut self.plant);
    }

    /// Puts a question.
    pub(super) fn ask(&mut self, question: &Question) {
        let mut chunks = Vec::new();
        self.driver.ask(question, &mut chunks);
        self.send(chunks);
    }

    /// Sends the board bytes that are none of the driver's.
    pub(super) fn disturb(&mut self, chunk: &'static [u8]) {
        self.send(vec![Bytes::from_static(chunk)]);
    }

    /// Lives for so many milliseconds.
    pub(super) fn live(&mut self, millis: u64) {
        let end = self.at.plus_micros(millis * 1_000);
        while self.emulator.next_action() <= end {
            self.at = self.at.max(self.emulator.next_action());
            let mut out = Outbox::default();
            self.plant.advance(self.at);
            self.emulator.act(self.at, &mut self.plant, &mut out);
            self.deliver(out);
        }
        self.at = end;
        self.plant.advance(end);
    }

    fn send(&mut self, chunks: Vec<Bytes>) {
        for chunk in chunks {
            let mut out = Outbox::default();
            self.plant.advance(self.at);
            self.emulator
                .receive(self.at, &chunk, &mut self.plant, &mut out);
            self.deliver(out);
        }
    }

    fn deliver(&mut self, mut out: Outbox) {
        for (at, chunk) in out.take() {
            let before = self.heard.len();
            let mut owed = Vec::new();
            self.driver.hear(at, &chunk, &mut self.heard, &mut owed);
            for heard in &self.heard[before..] {
                if let Heard::Reading(reading) = heard {
                    self.readings.insert(reading.channel, reading.value);
                }
            }
            self.sent.push(chunk);
            self.send(owed);
        }
    }

    /// Takes what was heard, without telemetry.
    pub(super) fn answers(&mut self) -> Vec<Heard> {
        let mut heard = std::mem::take(&mut self.heard);
        heard.retain(|heard| !matches!(heard, Heard::Reading(_)));
        heard
    }

    pub(super) fn forget(&mut self) {
        self.heard.clear();
    }

    /// The latest reading of a channel, by number.
    pub(super) fn latest(&self, channel: u16) -> Option<Value> {
        self.readings.get(&channel).copied()
    }

    /// The latest reading of a channel.
    pub(super) fn value(&self, name: &str) -> Option<Value> {
        let channels = self.driver.channels();
        let number = channels.iter().position(|spec| *spec.name == *name)?;
        self.latest(number as u16)
    }

    pub(super) fn network(&self) -> Network {
        let name = self.options.text("network").unwrap();
        Network::load(builtin(name).unwrap()).unwrap()
    }

    /// An input of the right length.
    pub(super) fn input(&self) -> Arc<[u8]> {
        let length = self.network().input_bytes();
        (0..length).map(|at| (at % 61) as u8).collect()
    }

    pub(super) fn latency_us(&self) -> f64 {
        self.options.number("latency").unwrap() * 1e6
    }

    /// Power into the board at the last grid point, W.
    pub(super) fn watts(&self) -> f64 {
        let state = self.plant.board(self.board);
        state.volts.0 * state.amps.0
    }

    /// The most power during one inference, W.
    pub(super) fn watts_while_busy(&mut self) -> f64 {
        self.ask(&Question::Infer { query: 9, slot: 0 });
        let mut most = 0.0_f64;
        for _ in 0..10 {
            self.live(100);
            most = most.max(self.watts());
        }
        self.forget();
        most
    }
}
