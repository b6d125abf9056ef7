//! What every attenuator must do, on its own emulator and in virtual time; and both halves against
//! the make's transcript.

use profiles::command::Fault;
use profiles::option::Options;
use profiles::quantity::Decibels;
use profiles::reading::Reading;
use profiles::time::Period;
use tokio::sync::mpsc::{Sender, channel};

use super::{Attenuator, LossRange, MODELS};
use crate::clock::Clock;
use crate::emulator::serve;
use crate::error::DeviceErrorKind;
use crate::link::{Link, Pacing};
use crate::model::{DriverSetup, Model};
use crate::plant::{Place, Plant, SharedPlant};
use crate::rehearsal::{
    device, emulator_setup, paused, rehearse, replay, take_any_bytes, tear, transcript,
};

type Make = Model<dyn Attenuator>;

/// An attenuator and what breaks it.
struct Rig {
    attenuator: Box<dyn Attenuator>,
    clock: Clock,
    faults: Sender<Fault>,
}

fn drive(make: &Make, link: Link, clock: Clock) -> Box<dyn Attenuator> {
    let setup = DriverSetup {
        device: device(),
        link,
        clock,
        options: Options::defaults(make.options),
    };
    (make.drive)(setup).unwrap()
}

/// The most that a make has, dB.
fn most(make: &Make) -> f64 {
    let most = make.ratings.iter().find(|rating| rating.name == "max_db");
    most.unwrap().value
}

fn range(make: &Make) -> LossRange {
    LossRange {
        least: Decibels(10.1),
        most: Decibels(most(make)),
    }
}

impl Rig {
    fn new(make: &Make) -> Rig {
        let clock = Clock::start();
        let (near, far) = Link::pair(clock, make.pacing);
        Rig::on(make, clock, near, far)
    }

    fn on(make: &Make, clock: Clock, near: Link, far: Link) -> Rig {
        let emulator = (make.emulate)(emulator_setup(make.options, Place::Apart));
        let (faults, broken) = channel(4);
        let plant = SharedPlant::new(Plant::default());
        tokio::spawn(serve(emulator, far, broken, clock, plant));
        Rig {
            attenuator: drive(make, near, clock),
            clock,
            faults,
        }
    }

    async fn wait(&self, millis: u32) {
        let until = self.clock.now() + Period::millis(millis);
        self.clock.sleep_until(until).await;
    }

    async fn read(&mut self) -> f64 {
        let mut readings = Vec::new();
        self.attenuator.measure(&mut readings).await.unwrap();
        readings[0].value.as_f64()
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
        let channels = rig.attenuator.channels();
        assert_eq!(
            (&*channels[0].name, &*channels[0].unit),
            ("attenuation", "dB")
        );
    });
}

#[test]
fn it_is_cut_when_it_is_armed_and_when_it_is_left_safe() {
    for_every_make!(|make| {
        let mut rig = Rig::new(make);
        rig.attenuator.program(Decibels(20.0)).await.unwrap();
        rig.attenuator.protect(range(make)).await.unwrap();
        assert!((rig.read().await - most(make)).abs() < 1e-9);
        rig.attenuator.program(Decibels(20.0)).await.unwrap();
        for _ in 0..2 {
            rig.attenuator.make_safe().await.unwrap();
            assert!((rig.read().await - most(make)).abs() < 1e-9);
        }
    });
}

#[test]
fn the_nearest_step_is_set_and_never_less_than_the_least() {
    for_every_make!(|make| {
        let mut rig = Rig::new(make);
        rig.attenuator.protect(range(make)).await.unwrap();
        for (told, set) in [(12.7, 12.75), (12.6, 12.5), (10.1, 10.25), (10.11, 10.25)] {
            rig.attenuator.program(Decibels(told)).await.unwrap();
            assert!((rig.read().await - set).abs() < 1e-9, "{told}");
        }
    });
}

#[test]
fn what_is_out_of_its_range_is_never_told() {
    for_every_make!(|make| {
        let mut rig = Rig::new(make);
        rig.attenuator.protect(range(make)).await.unwrap();
        rig.attenuator.program(Decibels(30.0)).await.unwrap();
        for db in [10.0, 0.0, -1.0, most(make) + 0.3, f64::NAN, f64::INFINITY] {
            let error = rig.attenuator.program(Decibels(db)).await.unwrap_err();
            let refused = matches!(error.kind, DeviceErrorKind::Refused { .. });
            assert!(refused, "{db}: {error}");
        }
        assert!((rig.read().await - 30.0).abs() < 1e-9);
    });
}

#[test]
fn torn_chunks_change_nothing() {
    for_every_make!(|make| {
        let clock = Clock::start();
        let (near, middle) = Link::pair(clock, make.pacing);
        let (other, far) = Link::pair(clock, make.pacing);
        tokio::spawn(tear(middle, other));
        let mut rig = Rig::on(make, clock, near, far);
        rig.attenuator.identify().await.unwrap();
        rig.attenuator.program(Decibels(7.5)).await.unwrap();
        assert!((rig.read().await - 7.5).abs() < 1e-9);
    });
}

#[test]
fn a_greeting_is_no_answer() {
    for_every_make!(|make| {
        let clock = Clock::start();
        let (near, mut far) = Link::pair(clock, Pacing::Instant);
        let mut attenuator = drive(make, near, clock);
        let plant = SharedPlant::new(Plant::default());
        let emulator = (make.emulate)(emulator_setup(make.options, Place::Apart));
        let (_faults, broken) = channel(1);
        let asked = tokio::spawn(async move { attenuator.identify().await });
        // It comes while the first question is under way.
        tokio::task::yield_now().await;
        far.send(bytes::Bytes::from_static(b"\r\n")).await.unwrap();
        tokio::spawn(serve(emulator, far, broken, clock, plant));
        assert_eq!(asked.await.unwrap().unwrap().maker, "Mini-Circuits");
    });
}

#[test]
fn silence_is_told_and_ends() {
    for_every_make!(|make| {
        let mut rig = Rig::new(make);
        let mute = Fault::Mute { millis: 3_000 };
        rig.faults.send(mute).await.unwrap();
        rig.wait(1).await;
        let error = rig.attenuator.measure(&mut Vec::new()).await.unwrap_err();
        let silent = matches!(error.kind, DeviceErrorKind::Silent { .. });
        assert!(silent, "{error}");
        rig.wait(4_000).await;
        rig.attenuator.program(Decibels(20.0)).await.unwrap();
    });
}

#[test]
fn another_model_is_noticed() {
    paused(async {
        let clock = Clock::start();
        let (near, far) = Link::pair(clock, Pacing::Instant);
        let emulator = (MODELS[1].emulate)(emulator_setup(MODELS[1].options, Place::Apart));
        let (_faults, broken) = channel(1);
        let plant = SharedPlant::new(Plant::default());
        tokio::spawn(serve(emulator, far, broken, clock, plant));
        let error = drive(&MODELS[0], near, clock).identify().await.unwrap_err();
        let noticed = matches!(error.kind, DeviceErrorKind::WrongIdentity { .. });
        assert!(noticed, "{error}");
    });
}

#[test]
fn the_driver_follows_the_transcript() {
    for_every_make!(|make| {
        let clock = Clock::start();
        let (near, mut far) = Link::pair(clock, Pacing::Instant);
        let mut attenuator = drive(make, near, clock);
        let conversation = async {
            attenuator.identify().await.unwrap();
            attenuator.protect(range(make)).await.unwrap();
            attenuator.program(Decibels(12.75)).await.unwrap();
            let mut readings = Vec::new();
            attenuator.measure(&mut readings).await.unwrap();
            assert_eq!(readings, [Reading::number(0, 12.75)]);
            attenuator.make_safe().await.unwrap();
        };
        rehearse(clock, conversation, (&mut far, make.transcript)).await;
    });
}

#[test]
fn the_emulator_follows_the_transcript_and_takes_any_bytes() {
    for make in MODELS {
        let emulate = || (make.emulate)(emulator_setup(make.options, Place::Apart));
        let mut plant = Plant::default();
        let mut emulator = emulate();
        replay(emulator.as_mut(), &mut plant, &transcript(make.transcript));
        take_any_bytes(make.transcript, || (emulate(), Plant::default()));
    }
}
