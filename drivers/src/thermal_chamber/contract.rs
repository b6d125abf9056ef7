//! What every thermal chamber must do, on its own emulator and in virtual time; and both halves
//! against the make's transcript, so that they cannot agree on the same mistake.

use bytes::Bytes;
use profiles::command::Fault;
use profiles::quantity::Celsius;
use profiles::reading::Reading;

use super::rig::{Make, Rig, drive, range};
use super::{CelsiusRange, MODELS};
use crate::clock::Clock;
use crate::error::DeviceErrorKind;
use crate::link::{Link, Pacing};
use crate::plant::{Place, Plant};
use crate::rehearsal::{
    Line, emulator_setup, paused, rehearse, replay_slowly, take_any_bytes, tear, transcript,
};

/// What answers nothing, in the kind of protocol that the make's transcript is in.
fn garbage(make: &Make) -> &'static [&'static [u8]] {
    // Noise; a wrong CRC; another's answer; another function's; fewer registers; one byte too
    // many; half an answer.
    const MODBUS: [&[u8]; 7] = [
        b"\xff\x00\x80\r\n",
        b"\x01\x03\x02\x00\x01\x79\x85",
        b"\x02\x03\x02\x00\x01\x3d\x84",
        b"\x01\x06\x01\x2c\x00\xfa\xc9\xbc",
        b"\x01\x03\x00\x20\xf0",
        b"\x01\x03\x02\x00\x01\x79\x84\x00",
        b"\x01\x03\x02",
    ];
    // Noise; no number; nothing; a number and something; half an answer.
    const TEXT: [&[u8]; 5] = [
        b"\xff\x00\x80\r\n",
        b"hello\r\n",
        b"\r\n",
        b"23.0;oops\r\n",
        b"2",
    ];
    match transcript(make.transcript).first() {
        Some(Line::Sent(bytes)) if !bytes.is_ascii() || bytes[0] < b' ' => &MODBUS,
        _ => &TEXT,
    }
}

/// Time between the lines of a transcript, µs: some controllers need a second for a command.
const APART_US: u64 = 1_100_000;

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
        let channels = Rig::new(make).chamber.channels();
        let names: Vec<&str> = channels.iter().map(|spec| &*spec.name).collect();
        assert_eq!(names[..2], ["air", "target"], "{}", make.name);
    });
}

#[test]
fn identifies_itself() {
    for_every_make!(|make| {
        let identity = Rig::new(make).chamber.identify().await.unwrap();
        assert!(!identity.maker.is_empty() && !identity.model.is_empty());
    });
}

#[test]
fn programs_and_gets_there() {
    for_every_make!(|make| {
        let mut rig = Rig::new(make);
        rig.chamber.protect(range(make)).await.unwrap();
        for celsius in [40.5, -20.0] {
            rig.program(celsius).await;
            rig.is_told(celsius).await;
            rig.wait(1_800).await;
            let [air, _] = rig.measure().await;
            assert!((air - celsius).abs() < 0.3, "{air} °C instead of {celsius}");
        }
    });
}

#[test]
fn refuses_what_lies_beyond_its_limits() {
    for_every_make!(|make| {
        let mut rig = Rig::new(make);
        rig.chamber.protect(range(make)).await.unwrap();
        for celsius in [range(make).min.0 - 0.1, 95.1, 3_000.0, f64::MAX] {
            let error = rig
                .chamber
                .program(Celsius(celsius), None)
                .await
                .unwrap_err();
            let refused = matches!(error.kind, DeviceErrorKind::Refused { .. });
            assert!(refused, "{error}");
        }
        rig.is_told(23.0).await;
        rig.program(95.0).await;
        let range = CelsiusRange {
            max: Celsius(5_000.0),
            ..range(make)
        };
        let error = rig.chamber.protect(range).await.unwrap_err();
        assert!(
            matches!(error.kind, DeviceErrorKind::Refused { .. }),
            "{error}"
        );
    });
}

#[test]
fn making_safe_twice_is_as_good_as_once() {
    for_every_make!(|make| {
        let mut rig = Rig::new(make);
        rig.chamber.make_safe().await.unwrap();
        rig.chamber.protect(range(make)).await.unwrap();
        rig.program(-40.0).await;
        rig.wait(600).await;
        for _ in 0..2 {
            rig.chamber.make_safe().await.unwrap();
            rig.is_told(23.0).await;
        }
        // Either the air is driven there, or the chamber is off and the room warms it slowly.
        rig.wait(3 * 3_600).await;
        let [air, _] = rig.measure().await;
        assert!((air - 23.0).abs() < 0.3, "{air} °C three hours after");
    });
}

#[test]
fn safe_is_as_near_to_room_temperature_as_the_limits_allow() {
    for_every_make!(|make| {
        let mut rig = Rig::new(make);
        let cold = CelsiusRange {
            min: Celsius(-40.0),
            max: Celsius(5.0),
        };
        rig.chamber.protect(cold).await.unwrap();
        rig.program(-40.0).await;
        rig.chamber.make_safe().await.unwrap();
        rig.is_told(5.0).await;
    });
}

#[test]
fn silence_is_told_within_its_deadline_and_ends() {
    for_every_make!(|make| {
        let mut rig = Rig::new(make);
        rig.program(30.0).await;
        let mute = Fault::Mute { millis: 5_000 };
        rig.faults.send(mute).await.unwrap();
        rig.wait(1).await;
        let asked_at = rig.clock.now();
        let error = rig.chamber.measure(&mut Vec::new()).await.unwrap_err();
        let DeviceErrorKind::Silent { limit, .. } = error.kind else {
            panic!("{error}");
        };
        assert!(
            rig.clock.now() <= asked_at + limit,
            "late: {}",
            rig.clock.now()
        );
        rig.wait(5).await;
        rig.is_told(30.0).await;
    });
}

#[test]
fn garbage_is_told_and_the_next_question_works() {
    for_every_make!(|make| {
        for garbage in garbage(make) {
            let clock = Clock::start();
            let (near, mut far) = Link::pair(clock, make.pacing);
            let mut chamber = drive(make, near, clock);
            let nonsense = async {
                far.receive().await.unwrap();
                far.send(Bytes::from_static(garbage)).await.unwrap();
                far
            };
            let mut readings = Vec::new();
            let (measured, far) = tokio::join!(chamber.measure(&mut readings), nonsense);
            let error = measured.unwrap_err();
            let garbled = matches!(error.kind, DeviceErrorKind::Garbled { .. });
            assert!(garbled, "{error} after {garbage:x?}");
            assert!(readings.is_empty());
            let mut rig = Rig::on(make, clock, chamber, far);
            rig.is_told(23.0).await;
        }
    });
}

#[test]
fn chunks_may_come_in_pieces() {
    for_every_make!(|make| {
        let clock = Clock::start();
        let (near, torn) = Link::pair(clock, Pacing::Instant);
        let (mended, far) = Link::pair(clock, Pacing::Instant);
        tokio::spawn(tear(torn, mended));
        let mut rig = Rig::on(make, clock, drive(make, near, clock), far);
        rig.chamber.protect(range(make)).await.unwrap();
        rig.program(50.0).await;
        rig.is_told(50.0).await;
    });
}

#[test]
fn the_driver_follows_the_transcript() {
    for_every_make!(|make| {
        let clock = Clock::start();
        let (near, mut far) = Link::pair(clock, Pacing::Instant);
        let mut chamber = drive(make, near, clock);
        let conversation = async {
            chamber.identify().await.unwrap();
            chamber.protect(range(make)).await.unwrap();
            let mut readings = Vec::new();
            chamber.measure(&mut readings).await.unwrap();
            let expected = [Reading::number(0, 23.0), Reading::number(1, 23.0)];
            assert_eq!(readings[..2], expected);
            // The same set point is not written twice.
            for _ in 0..2 {
                chamber.program(Celsius(-40.0), None).await.unwrap();
            }
            chamber.make_safe().await.unwrap();
        };
        rehearse(clock, conversation, (&mut far, make.transcript)).await;
    });
}

#[test]
fn the_emulator_follows_the_transcript() {
    for make in MODELS {
        let mut plant = Plant::default();
        let air = plant.add_air();
        let mut emulator = (make.emulate)(emulator_setup(make.options, Place::Air(air)));
        let lines = transcript(make.transcript);
        replay_slowly(emulator.as_mut(), &mut plant, &lines, APART_US);
    }
}

#[test]
fn emulators_take_any_bytes() {
    for make in MODELS {
        take_any_bytes(make.transcript, || {
            let mut plant = Plant::default();
            let place = Place::Air(plant.add_air());
            ((make.emulate)(emulator_setup(make.options, place)), plant)
        });
    }
}
