//! What every power analyser must do, on its own emulator and in virtual time; and both halves
//! against the make's transcript.

use profiles::command::Fault;
use profiles::option::Options;
use profiles::quantity::{Amperes, Volts};
use profiles::reading::Reading;
use profiles::time::{BenchTime, Period};
use proptest::collection::vec;
use proptest::prelude::*;
use tokio::sync::mpsc::channel;

use super::{CHANNELS, MODELS};
use crate::clock::Clock;
use crate::device::Device;
use crate::emulator::{Outbox, serve};
use crate::error::DeviceErrorKind;
use crate::link::{Link, Pacing};
use crate::model::{DriverSetup, Model};
use crate::plant::{Drive, Place, Plant, SharedPlant, Sink};
use crate::rehearsal::{
    Alone, device, emulator_setup, nearly, paused, pester, rehearse, replay, transcript,
};

/// A bus of 12 V with half an ampere on it, and its place.
fn loaded() -> (Plant, Place) {
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
    plant.sink(bus, Sink::Amps(Amperes(0.5)));
    (plant, Place::Bus(bus))
}

fn drive(make: &Model<dyn Device>, link: Link, clock: Clock) -> Box<dyn Device> {
    let setup = DriverSetup {
        device: device(),
        link,
        clock,
        options: Options::defaults(make.options),
    };
    (make.drive)(setup).unwrap()
}

#[test]
fn it_measures_what_flows_and_counts_joules_from_its_arming_on() {
    for make in MODELS {
        paused(async {
            let clock = Clock::start();
            let (near, far) = Link::pair(clock, make.pacing);
            let (plant, place) = loaded();
            let plant = SharedPlant::new(plant);
            let emulator = (make.emulate)(emulator_setup(make.options, place));
            let (faults, broken) = channel(4);
            tokio::spawn(serve(emulator, far, broken, clock, plant.clone()));
            let mut analyser = drive(make, near, clock);
            let channels = analyser.channels();
            for (spec, (name, unit)) in channels.iter().zip(CHANNELS) {
                assert_eq!((&*spec.name, &*spec.unit), (name, unit));
            }
            analyser.identify().await.unwrap();
            let mut values = async |seconds: u32| {
                clock
                    .sleep_until(clock.now() + Period::millis(seconds * 1_000))
                    .await;
                let mut readings: Vec<Reading> = Vec::new();
                analyser.measure(&mut readings).await.unwrap();
                let values: Vec<f64> = readings.iter().map(|r| r.value.as_f64()).collect();
                values
            };
            let first = values(1).await;
            assert!((first[0] - 12.0).abs() < 0.01 && (first[1] - 0.5).abs() < 0.001);
            assert!((first[2] - 6.0).abs() < 0.01 && first[3] < 3.0, "{first:?}");
            let before = clock.now();
            let second = values(600).await;
            let seconds = clock.now().micros_since(before) as f64 * 1e-6;
            let joules = second[3] - first[3];
            assert!(
                (joules - 6.0 * seconds).abs() < 2.0,
                "{joules} J in {seconds} s"
            );
            let mute = Fault::Mute { millis: 2_000 };
            faults.send(mute).await.unwrap();
            clock.sleep_until(clock.now() + Period::millis(1)).await;
            let error = analyser.measure(&mut Vec::new()).await.unwrap_err();
            assert!(
                matches!(error.kind, DeviceErrorKind::Silent { .. }),
                "{error}"
            );
            clock.sleep_until(clock.now() + Period::millis(3_000)).await;
            analyser.make_safe().await.unwrap();
            analyser.make_safe().await.unwrap();
        });
    }
}

#[test]
fn the_driver_follows_the_transcript() {
    for make in MODELS {
        paused(async {
            let clock = Clock::start();
            let (near, mut far) = Link::pair(clock, Pacing::Instant);
            let mut analyser = drive(make, near, clock);
            let conversation = async {
                analyser.identify().await.unwrap();
                let mut readings = Vec::new();
                analyser.measure(&mut readings).await.unwrap();
                let expected = [(0, 12.0), (1, 0.5), (2, 6.0), (3, 0.0)];
                assert_eq!(readings, expected.map(|(c, v)| Reading::number(c, v)));
                analyser.make_safe().await.unwrap();
            };
            rehearse(clock, conversation, (&mut far, make.transcript)).await;
        });
    }
}

#[test]
fn the_emulator_follows_the_transcript_and_takes_any_bytes() {
    for make in MODELS {
        let (mut plant, place) = loaded();
        let mut emulator = (make.emulate)(emulator_setup(make.options, place));
        replay(emulator.as_mut(), &mut plant, &transcript(make.transcript));
        let chunks = vec((0..90_000_u32, nearly(make.transcript)), 0..12);
        proptest!(|(chunks in chunks)| {
            let (mut plant, place) = loaded();
            let mut emulator = (make.emulate)(emulator_setup(make.options, place));
            let mut at = BenchTime::ZERO;
            for (micros, chunk) in &chunks {
                // It measures by itself, so time passes for it too.
                at = at.plus_micros(u64::from(*micros));
                plant.advance(at);
                emulator.act(at, &mut plant, &mut Outbox::default());
                pester(emulator.as_mut(), &mut Plant::default(), &[]);
                let mut out = Outbox::default();
                emulator.receive(at, chunk, &mut plant, &mut out);
                prop_assert!(out.take().iter().all(|&(leaves, _)| leaves >= at));
            }
        });
    }
}

/// What the emulator of the WT310E answers, a second apart.
fn hear(lines: &[&str]) -> Vec<String> {
    let mut alone = Alone::new(MODELS[0].emulate, MODELS[0].options, &[], loaded());
    let answer = |line: &&str| {
        alone.pass(1_000_000);
        let answer = alone.answer(format!("{line}\n").as_bytes());
        String::from_utf8(answer).unwrap().trim_end().to_owned()
    };
    lines.iter().map(answer).collect()
}

#[test]
fn other_peoples_words_for_the_wt310e_are_understood() {
    let answers = hear(&[
        "*RST;:COMM:REM ON",
        ":RATE 100MS;:RATE?",
        ":NUM:NORM:ITEM1 WH,1;ITEM1?",
        ":NUM:NORM:VAL? 1",
        ":INTEG:MODE NORM;TIM 0,0,2;:INTEG:START",
        ":INTEG:STAT?",
        ":NUM:NORM:VAL? 1",
        ":INTEG:STAT?;TIM?",
        ":INTEG:START",
        ":STAT:ERR?",
        ":INTEG:RES;STAT?",
        ":NUM:NORM:PRES 2;:NUM:NORM:VAL?",
        ":NUM:NORM:ITEM1 U,2",
        ":STAT:ERR?",
        ":RATE 300MS",
        ":STAT:ERR?",
    ]);
    assert_eq!(answers[1], "100.000E-03");
    assert_eq!(answers[2], "WH,1");
    assert_eq!(answers[3], "NAN");
    assert_eq!(answers[5], "STAR");
    // 6 W for two seconds, in watt-hours; then its timer stops it.
    assert_eq!(answers[6], "3.33333E-03");
    assert_eq!(answers[7], "TIM;0,0,2");
    assert_eq!(answers[9], "-221,\"Settings conflict\"");
    assert_eq!(answers[10], "RES");
    let volts: f64 = answers[11].split(',').next().unwrap().parse().unwrap();
    assert!((volts - 12.0).abs() < 0.01 && answers[11].ends_with(",NAN"));
    assert_eq!(answers[13], "-222,\"Data out of range\"");
    assert_eq!(answers[15], "-224,\"Illegal parameter value\"");
}
