//! What every one must make of a line that is not as it should be.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use profiles::command::Fault;
use profiles::option::{OptionValue, Options};

use crate::clock::Clock;
use crate::error::DeviceErrorKind;
use crate::link::{Link, Pacing};
use crate::power_supply::MODELS;
use crate::power_supply::rig::{Rig, drive};
use crate::rehearsal::{deafen, paused, tear};

#[test]
fn silence_is_told_within_its_deadline_and_ends() {
    for_every_make!(|make| {
        let mut rig = Rig::new(make);
        rig.feed(0.5, 0.5, 0.8).await;
        rig.faults
            .send(Fault::Mute { millis: 5_000 })
            .await
            .unwrap();
        rig.wait(1).await;
        let asked_at = rig.clock.now();
        let error = rig.supply.measure(&mut Vec::new()).await.unwrap_err();
        let DeviceErrorKind::Silent { limit, .. } = error.kind else {
            panic!("{error}");
        };
        assert!(
            rig.clock.now() <= asked_at + limit,
            "late: {}",
            rig.clock.now()
        );
        rig.wait(5_000).await;
        assert_eq!(rig.measure().await.2, "on");
        // The errors of the half-heard conversation are not blamed on the next setting.
        rig.program(0.4, 0.5).await;
    });
}

#[test]
fn an_answer_that_comes_late_answers_nothing_else() {
    for_every_make!(|make| {
        let mut options = Options::defaults(make.options);
        options.set("deadline", OptionValue::Number(0.3));
        options.set("latency", OptionValue::Number(0.4));
        let mut rig = Rig::with(make, options);
        for _ in 0..4 {
            let error = rig.supply.identify().await.unwrap_err();
            assert!(
                matches!(error.kind, DeviceErrorKind::Silent { .. }),
                "{error}"
            );
            let error = rig.supply.measure(&mut Vec::new()).await.unwrap_err();
            assert!(
                matches!(error.kind, DeviceErrorKind::Silent { .. }),
                "{error}"
            );
            let error = rig.supply.make_safe().await.unwrap_err();
            assert!(
                matches!(error.kind, DeviceErrorKind::Silent { .. }),
                "{error}"
            );
        }
    });
}

#[test]
fn garbage_is_told_and_the_next_question_works() {
    const GARBAGE: [&[u8]; 5] = [
        b"\xff\x00\x80\r\n",
        b"\r\n",
        b"12;13\r\n",
        b"+1.2E",
        b"1\r\n2\r\n",
    ];
    for_every_make!(|make| {
        for garbage in GARBAGE {
            let clock = Clock::start();
            let (near, mut far) = Link::pair(clock, make.pacing);
            let mut supply = drive(make, near, clock, Options::defaults(make.options));
            let nonsense = async {
                far.receive().await.unwrap();
                far.send(Bytes::from_static(garbage)).await.unwrap();
                far
            };
            let mut readings = Vec::new();
            let (measured, far) = tokio::join!(supply.measure(&mut readings), nonsense);
            let error = measured.unwrap_err();
            assert!(
                matches!(error.kind, DeviceErrorKind::Garbled { .. }),
                "{error}"
            );
            assert!(readings.is_empty());
            let (near, _) = Link::pair(clock, make.pacing);
            let mut rig = Rig::on(make, Options::defaults(make.options), clock, near, far);
            rig.supply = supply;
            rig.feed(0.5, 0.5, 0.8).await;
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
        rig.feed(0.5, 0.5, 0.8).await;
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
        rig.feed(0.5, 0.5, 0.8).await;
        deaf.store(true, Ordering::Relaxed);
        rig.supply.measure(&mut Vec::new()).await.unwrap_err();
        // Nobody can confirm it, and it is off.
        rig.supply.make_safe().await.unwrap_err();
        rig.wait(500).await;
        assert!(rig.bus_volts().abs() < 1e-9, "{} is on", make.name);
    });
}

#[test]
fn that_it_was_switched_on_is_told_once_by_those_who_can_tell() {
    let mut tell = 0;
    for_every_make!(|make| {
        let mut rig = Rig::new(make);
        if !rig.supply.has_restarted().await.unwrap() {
            return;
        }
        tell += 1;
        assert!(!rig.supply.has_restarted().await.unwrap(), "{}", make.name);
        rig.feed(0.5, 0.5, 0.8).await;
        assert!(!rig.supply.has_restarted().await.unwrap(), "{}", make.name);
        assert_eq!(rig.measure().await.2, "on", "{}", make.name);
    });
    assert!(tell >= 6, "only {tell} makes can tell");
}
