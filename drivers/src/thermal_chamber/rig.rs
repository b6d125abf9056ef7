//! A chamber under test and its air, for the family's contract.

use profiles::command::Fault;
use profiles::option::{OptionValue, Options};
use profiles::quantity::Celsius;
use profiles::time::Period;
use tokio::sync::mpsc::{Sender, channel};

use super::{CelsiusRange, ThermalChamber};
use crate::clock::Clock;
use crate::emulator::serve;
use crate::link::Link;
use crate::model::{DriverSetup, Model};
use crate::plant::{AirId, Place, Plant, SharedPlant};
use crate::rehearsal::{Alone, device, emulator_setup};

pub(super) type Make = Model<dyn ThermalChamber>;

/// What the wiring allows: less than each make reaches.
pub(super) fn range(make: &Make) -> CelsiusRange {
    let lowest = make
        .ratings
        .iter()
        .find(|rating| rating.name == "min_celsius");
    CelsiusRange {
        min: Celsius(lowest.unwrap().value.max(-45.0)),
        max: Celsius(95.0),
    }
}

/// An emulator of a make alone with its air, with these settings beside its defaults.
pub(super) fn alone(make: &Make, settings: &[(&str, OptionValue)]) -> (Alone, AirId) {
    let mut plant = Plant::default();
    let air = plant.add_air();
    let world = (plant, Place::Air(air));
    (Alone::new(make.emulate, make.options, settings, world), air)
}

/// The same with settings that are texts.
pub(super) fn alone_with(make: &Make, settings: &[(&str, &str)]) -> (Alone, AirId) {
    let text = |&(name, value): &(_, &str)| (name, OptionValue::Text(value.to_owned()));
    alone(make, &settings.iter().map(text).collect::<Vec<_>>())
}

/// A chamber and its air.
pub(super) struct Rig {
    pub(super) chamber: Box<dyn ThermalChamber>,
    pub(super) clock: Clock,
    pub(super) faults: Sender<Fault>,
}

pub(super) fn drive(make: &Make, link: Link, clock: Clock) -> Box<dyn ThermalChamber> {
    let setup = DriverSetup {
        device: device(),
        link,
        clock,
        options: Options::defaults(make.options),
    };
    (make.drive)(setup).unwrap()
}

impl Rig {
    pub(super) fn new(make: &Make) -> Rig {
        let clock = Clock::start();
        let (near, far) = Link::pair(clock, make.pacing);
        Rig::on(make, clock, drive(make, near, clock), far)
    }

    pub(super) fn on(
        make: &Make,
        clock: Clock,
        chamber: Box<dyn ThermalChamber>,
        far: Link,
    ) -> Rig {
        let mut plant = Plant::default();
        let place = Place::Air(plant.add_air());
        let emulator = (make.emulate)(emulator_setup(make.options, place));
        let (faults, broken) = channel(4);
        tokio::spawn(serve(emulator, far, broken, clock, SharedPlant::new(plant)));
        Rig {
            chamber,
            clock,
            faults,
        }
    }

    pub(super) async fn program(&mut self, celsius: f64) {
        self.chamber.program(Celsius(celsius), None).await.unwrap();
    }

    pub(super) async fn wait(&self, seconds: u32) {
        let until = self.clock.now() + Period::millis(seconds * 1_000);
        self.clock.sleep_until(until).await;
    }

    /// Checks the target.
    pub(super) async fn is_told(&mut self, celsius: f64) {
        let [_, target] = self.measure().await;
        assert!((target - celsius).abs() < 1e-9, "told {target} °C");
    }

    /// Air and target.
    pub(super) async fn measure(&mut self) -> [f64; 2] {
        let mut readings = Vec::new();
        self.chamber.measure(&mut readings).await.unwrap();
        [0_usize, 1].map(|channel| {
            assert_eq!(usize::from(readings[channel].channel), channel);
            readings[channel].value.as_f64()
        })
    }
}
