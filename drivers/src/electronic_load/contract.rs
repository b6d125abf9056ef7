//! What every electronic load must do, on its own emulator and in virtual time; and both halves
//! against the make's transcript.

use profiles::command::{Fault, Sink, Switch};
use profiles::option::Options;
use profiles::quantity::{Amperes, Ohms, Volts, Watts};
use profiles::reading::Reading;
use profiles::time::Period;
use tokio::sync::mpsc::{Sender, channel};

use super::{ElectronicLoad, LoadLimits, MODELS};
use crate::clock::Clock;
use crate::emulator::serve;
use crate::error::DeviceErrorKind;
use crate::link::{Link, Pacing};
use crate::model::{DriverSetup, EmulatorSetup, Model};
use crate::plant::{BusId, Drive, Place, Plant, SharedPlant};
use crate::rehearsal::{
    device, emulator_setup, paused, rehearse, replay, take_any_bytes, transcript,
};

type Make = Model<dyn ElectronicLoad>;

/// A load on a bus of 12 V that gives 20 A.
struct Rig {
    load: Box<dyn ElectronicLoad>,
    plant: SharedPlant,
    bus: BusId,
    clock: Clock,
    faults: Sender<Fault>,
}

fn fed() -> (Plant, BusId) {
    let mut plant = Plant::default();
    let bus = plant.add_bus();
    plant.drive(
        bus,
        Drive {
            on: true,
            volts: Volts(12.0),
            limit: Amperes(20.0),
        },
    );
    (plant, bus)
}

fn drive(make: &Make, link: Link, clock: Clock) -> Box<dyn ElectronicLoad> {
    let setup = DriverSetup {
        device: device(),
        link,
        clock,
        options: Options::defaults(make.options),
    };
    (make.drive)(setup).unwrap()
}

const LIMITS: LoadLimits = LoadLimits {
    volts: Volts(20.0),
    amps: Amperes(10.0),
    watts: Watts(100.0),
};

impl Rig {
    fn new(make: &Make) -> Rig {
        let clock = Clock::start();
        let (near, far) = Link::pair(clock, make.pacing);
        let (plant, bus) = fed();
        let plant = SharedPlant::new(plant);
        let emulator = (make.emulate)(EmulatorSetup {
            ..emulator_setup(make.options, Place::Bus(bus))
        });
        let (faults, broken) = channel(4);
        tokio::spawn(serve(emulator, far, broken, clock, plant.clone()));
        Rig {
            load: drive(make, near, clock),
            plant,
            bus,
            clock,
            faults,
        }
    }

    async fn wait(&self, millis: u32) {
        let until = self.clock.now() + Period::millis(millis);
        self.clock.sleep_until(until).await;
    }

    async fn take(&mut self, sink: Sink) {
        self.load.protect(LIMITS).await.unwrap();
        self.load.program(sink).await.unwrap();
        self.load.switch(Switch::On).await.unwrap();
        self.wait(300).await;
    }

    /// Volts, amperes, watts, and whether the input is on.
    async fn measure(&mut self) -> [f64; 4] {
        let mut readings = Vec::new();
        self.load.measure(&mut readings).await.unwrap();
        std::array::from_fn(|channel| readings[channel].value.as_f64())
    }

    fn amps(&self) -> f64 {
        let mut plant = self.plant.lock();
        plant.advance(self.clock.now());
        plant.bus(self.bus).amps.0
    }
}

/// Runs `$body` for every make, in virtual time.
macro_rules! for_every_make {
    (|$make:ident| $body:block) => {
        for $make in MODELS {
            paused(async { $body });
        }
    };
}

#[test]
fn channels_begin_with_what_the_role_promises() {
    for_every_make!(|make| {
        let rig = Rig::new(make);
        let channels = rig.load.channels();
        let names: Vec<&str> = channels.iter().map(|spec| &*spec.name).collect();
        assert_eq!(names[..3], ["volts", "amps", "watts"]);
    });
}

#[test]
fn each_way_to_take_power_is_what_the_bus_feels() {
    for_every_make!(|make| {
        for (sink, amps) in [
            (Sink::Amps(Amperes(2.5)), 2.5),
            (Sink::Ohms(Ohms(8.0)), 1.5),
            (Sink::Watts(Watts(60.0)), 5.0),
            (Sink::Volts(Volts(13.0)), 0.0),
        ] {
            let mut rig = Rig::new(make);
            rig.take(sink).await;
            assert!((rig.amps() - amps).abs() < 1e-6, "{sink}: {}", rig.amps());
            let [volts, measured, watts, on] = rig.measure().await;
            assert!((measured - amps).abs() < 0.001 && on > 0.5, "{sink}");
            assert!((watts - volts * amps).abs() < 0.05, "{sink}: {watts} W");
        }
    });
}

#[test]
fn nothing_goes_beyond_its_ceiling_or_its_ratings() {
    for_every_make!(|make| {
        let mut rig = Rig::new(make);
        rig.take(Sink::Amps(Amperes(1.0))).await;
        for sink in [
            Sink::Amps(Amperes(11.0)),
            Sink::Watts(Watts(101.0)),
            Sink::Volts(Volts(21.0)),
            Sink::Ohms(Ohms(1e6)),
        ] {
            let error = rig.load.program(sink).await.unwrap_err();
            assert!(
                matches!(error.kind, DeviceErrorKind::Refused { .. }),
                "{error}"
            );
        }
        rig.wait(200).await;
        assert!((rig.amps() - 1.0).abs() < 1e-6);
    });
}

#[test]
fn making_safe_twice_is_as_good_as_once() {
    for_every_make!(|make| {
        let mut rig = Rig::new(make);
        rig.take(Sink::Amps(Amperes(1.0))).await;
        for _ in 0..2 {
            rig.load.make_safe().await.unwrap();
            rig.wait(200).await;
            assert!(rig.amps().abs() < 1e-9);
            assert!(rig.measure().await[3] < 0.5);
        }
    });
}

#[test]
fn silence_is_told_and_ends() {
    for_every_make!(|make| {
        let mut rig = Rig::new(make);
        let mute = Fault::Mute { millis: 3_000 };
        rig.faults.send(mute).await.unwrap();
        rig.wait(1).await;
        let error = rig.load.measure(&mut Vec::new()).await.unwrap_err();
        assert!(
            matches!(error.kind, DeviceErrorKind::Silent { .. }),
            "{error}"
        );
        rig.wait(4_000).await;
        rig.take(Sink::Amps(Amperes(1.0))).await;
    });
}

#[test]
fn another_model_is_noticed() {
    paused(async {
        let clock = Clock::start();
        let (near, far) = Link::pair(clock, Pacing::Instant);
        let (plant, bus) = fed();
        let emulator = (MODELS[1].emulate)(emulator_setup(MODELS[1].options, Place::Bus(bus)));
        let (_faults, broken) = channel(1);
        tokio::spawn(serve(emulator, far, broken, clock, SharedPlant::new(plant)));
        let mut load = drive(&MODELS[0], near, clock);
        let error = load.identify().await.unwrap_err();
        assert!(
            matches!(error.kind, DeviceErrorKind::WrongIdentity { .. }),
            "{error}"
        );
    });
}

#[test]
fn the_driver_follows_the_transcript() {
    for_every_make!(|make| {
        let clock = Clock::start();
        let (near, mut far) = Link::pair(clock, Pacing::Instant);
        let mut load = drive(make, near, clock);
        let conversation = async {
            load.identify().await.unwrap();
            load.protect(LIMITS).await.unwrap();
            load.program(Sink::Amps(Amperes(0.5))).await.unwrap();
            load.switch(Switch::On).await.unwrap();
            let mut readings = Vec::new();
            load.measure(&mut readings).await.unwrap();
            assert_eq!(readings[1], Reading::number(1, 0.5));
            load.make_safe().await.unwrap();
        };
        rehearse(clock, conversation, (&mut far, make.transcript)).await;
    });
}

#[test]
fn the_emulator_follows_the_transcript_and_takes_any_bytes() {
    for make in MODELS {
        let (mut plant, bus) = fed();
        let mut emulator = (make.emulate)(emulator_setup(make.options, Place::Bus(bus)));
        replay(emulator.as_mut(), &mut plant, &transcript(make.transcript));
        take_any_bytes(make.transcript, || {
            let (plant, bus) = fed();
            let setup = emulator_setup(make.options, Place::Bus(bus));
            ((make.emulate)(setup), plant)
        });
    }
}
