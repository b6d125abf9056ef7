//! What every one must make of a line that is not as it should be.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use profiles::command::Fault;
use profiles::option::Options;

use crate::clock::Clock;
use crate::error::DeviceErrorKind;
use crate::link::{Link, Pacing};
use crate::rehearsal::{deafen, paused, tear};
use crate::solar_array_simulator::MODELS;
use crate::solar_array_simulator::rig::{Rig, curve, drive};

#[test]
fn silence_is_told_within_its_deadline_and_ends() {
    for_every_make!(|make| {
        let mut rig = Rig::new(make);
        rig.feed(&curve(make, 0.5, 0.5)).await;
        let mute = Fault::Mute { millis: 5_000 };
        rig.faults.send(mute).await.unwrap();
        rig.wait(1).await;
        let asked_at = rig.clock.now();
        let error = rig.array.measure(&mut Vec::new()).await.unwrap_err();
        let DeviceErrorKind::Silent { limit, .. } = error.kind else {
            panic!("{error}");
        };
        assert!(rig.clock.now() <= asked_at + limit);
        rig.wait(5_000).await;
        assert_eq!(rig.measure().await.2, "on");
        rig.array.program(&curve(make, 0.4, 0.5)).await.unwrap();
    });
}

#[test]
fn garbage_is_told_and_the_next_question_works() {
    const GARBAGE: [&[u8]; 4] = [b"\xff\x00\x80\n", b"\n", b"12;13\n", b"+1.2E"];
    for_every_make!(|make| {
        for garbage in GARBAGE {
            let clock = Clock::start();
            let (near, mut far) = Link::pair(clock, make.pacing);
            let mut array = drive(make, near, clock, Options::defaults(make.options));
            let nonsense = async {
                far.receive().await.unwrap();
                far.send(Bytes::from_static(garbage)).await.unwrap();
                far
            };
            let mut readings = Vec::new();
            let (measured, far) = tokio::join!(array.measure(&mut readings), nonsense);
            let error = measured.unwrap_err();
            assert!(
                matches!(error.kind, DeviceErrorKind::Garbled { .. }),
                "{error}"
            );
            assert!(readings.is_empty());
            let (near, _) = Link::pair(clock, make.pacing);
            let mut rig = Rig::on(make, Options::defaults(make.options), clock, near, far);
            rig.array = array;
            rig.feed(&curve(make, 0.5, 0.5)).await;
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
        let mut rig = Rig::on(make, Options::defaults(make.options), clock, near, far);
        rig.feed(&curve(make, 0.5, 0.5)).await;
        assert_eq!(rig.measure().await.2, "on");
    });
}

#[test]
fn what_cannot_be_heard_any_more_is_switched_off_all_the_same() {
    for_every_make!(|make| {
        let clock = Clock::start();
        let (near, ours) = Link::pair(clock, Pacing::Instant);
        let (theirs, far) = Link::pair(clock, Pacing::Instant);
        let deaf = Arc::new(AtomicBool::new(false));
        tokio::spawn(deafen(ours, theirs, Arc::clone(&deaf)));
        let mut rig = Rig::on(make, Options::defaults(make.options), clock, near, far);
        rig.feed(&curve(make, 0.5, 0.5)).await;
        deaf.store(true, Ordering::Relaxed);
        rig.array.measure(&mut Vec::new()).await.unwrap_err();
        // Nobody can confirm it, and it is off.
        rig.array.make_safe().await.unwrap_err();
        rig.wait(500).await;
        assert!(rig.bus().volts.0.abs() < 1e-9, "{} is on", make.name);
    });
}
