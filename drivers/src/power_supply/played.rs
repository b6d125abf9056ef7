//! What every supply that plays lists by itself must do with one.

use profiles::command::{Command, Switch};
use profiles::quantity::{Amperes, Volts};
use profiles::time::Period;

use super::MODELS;
use super::rig::{Make, Rig};
use crate::error::DeviceErrorKind;
use crate::player::{Player, Point};
use crate::rehearsal::paused;

/// Runs `$body` for every make that plays lists.
macro_rules! for_every_player {
    (|$rig:ident| $body:block) => {
        let mut found = 0;
        for make in MODELS {
            paused(async {
                if let Some(mut $rig) = playing(make).await {
                    found += 1;
                    $body
                }
            });
        }
        assert!(found > 0, "no make plays lists");
    };
}

/// A supply that is fed and on, if it plays lists.
async fn playing(make: &'static Make) -> Option<Rig> {
    let mut rig = Rig::new(make);
    rig.supply.player()?;
    rig.feed(0.2, 0.5, 0.8).await;
    Some(rig)
}

fn player(rig: &mut Rig) -> &mut dyn Player {
    rig.supply.player().unwrap()
}

/// A list of shares of the rated volts, each for as many milliseconds; the last stays.
fn list(rig: &Rig, steps: &[(f64, u32)]) -> Vec<Point> {
    let point = |&(share, millis): &(f64, u32)| Point {
        command: Command::Supply {
            volts: Volts(share * rig.volts),
            limit: Amperes(0.5 * rig.amps),
        },
        stays: Period::from_millis(millis),
    };
    steps.iter().map(point).collect()
}

fn is_at(rig: &Rig, share: f64) {
    let volts = rig.bus_volts() / rig.volts;
    assert!((volts - share).abs() < 0.01, "{volts} instead of {share}");
}

#[test]
fn a_list_waits_for_its_start_is_played_and_its_last_set_point_stays() {
    for_every_player!(|rig| {
        let points = list(&rig, &[(0.3, 1_000), (0.5, 2_000), (0.4, 0)]);
        player(&mut rig).upload(&points).await.unwrap();
        rig.wait(500).await;
        is_at(&rig, 0.2);
        // What is told until then is in force.
        rig.program(0.25, 0.5).await;
        rig.wait(200).await;
        is_at(&rig, 0.25);
        player(&mut rig).start().await.unwrap();
        rig.wait(500).await;
        is_at(&rig, 0.3);
        player(&mut rig).follow(None).await.unwrap();
        rig.wait(1_000).await;
        is_at(&rig, 0.5);
        player(&mut rig).follow(None).await.unwrap();
        rig.wait(2_000).await;
        let last = &points[2].command;
        player(&mut rig).follow(Some(last)).await.unwrap();
        is_at(&rig, 0.4);
        // It is told as ever, and plays another.
        rig.program(0.1, 0.5).await;
        rig.wait(200).await;
        is_at(&rig, 0.1);
        let points = list(&rig, &[(0.3, 1_000), (0.5, 0)]);
        player(&mut rig).upload(&points).await.unwrap();
        player(&mut rig).start().await.unwrap();
        rig.wait(1_500).await;
        is_at(&rig, 0.5);
    });
}

#[test]
fn a_list_above_the_ceiling_is_refused_as_a_whole() {
    for_every_player!(|rig| {
        let points = list(&rig, &[(0.3, 1_000), (0.9, 1_000), (0.4, 0)]);
        let error = player(&mut rig).upload(&points).await.unwrap_err();
        assert!(
            matches!(error.kind, DeviceErrorKind::Refused { .. }),
            "{error}"
        );
        is_at(&rig, 0.2);
    });
}

#[test]
fn as_many_as_there_is_room_for_are_read_back() {
    for_every_player!(|rig| {
        let most = player(&mut rig).room().points;
        let steps: Vec<(f64, u32)> = (0..most).map(|n| (0.1 + n as f64 * 1e-3, 100)).collect();
        let points = list(&rig, &steps);
        player(&mut rig).upload(&points).await.unwrap();
        let more = list(&rig, &[(0.1, 100)]);
        let points = [points, more].concat();
        let error = player(&mut rig).upload(&points).await.unwrap_err();
        assert!(
            matches!(error.kind, DeviceErrorKind::Refused { .. }),
            "{error}"
        );
    });
}

#[test]
fn a_list_that_ended_by_itself_is_noticed() {
    for_every_player!(|rig| {
        let points = list(&rig, &[(0.3, 10_000), (0.5, 10_000), (0.4, 0)]);
        player(&mut rig).upload(&points).await.unwrap();
        let error = player(&mut rig).follow(None).await.unwrap_err();
        assert!(
            matches!(error.kind, DeviceErrorKind::NotApplied { .. }),
            "not started: {error}"
        );
        player(&mut rig).start().await.unwrap();
        player(&mut rig).follow(None).await.unwrap();
        let last = Some(&points[2].command);
        let error = player(&mut rig).follow(last).await.unwrap_err();
        assert!(
            matches!(error.kind, DeviceErrorKind::NotApplied { .. }),
            "not over: {error}"
        );
        // As somebody at its panel would end it: at another level than its last.
        let ceiling = rig.ceiling(0.8);
        rig.supply.protect(ceiling).await.unwrap();
        for last in [None, last] {
            let error = player(&mut rig).follow(last).await.unwrap_err();
            assert!(
                matches!(error.kind, DeviceErrorKind::NotApplied { .. }),
                "{error}"
            );
        }
    });
}

#[test]
fn making_safe_ends_the_list_first() {
    for_every_player!(|rig| {
        let points = list(&rig, &[(0.3, 1_000), (0.5, 1_000), (0.4, 0)]);
        player(&mut rig).upload(&points).await.unwrap();
        player(&mut rig).start().await.unwrap();
        rig.supply.make_safe().await.unwrap();
        rig.wait(1_500).await;
        assert!(rig.bus_volts().abs() < 1e-9);
        // Whoever switches it on then finds no list that goes on.
        let error = player(&mut rig).follow(None).await.unwrap_err();
        assert!(
            matches!(error.kind, DeviceErrorKind::NotApplied { .. }),
            "{error}"
        );
        rig.supply.switch(Switch::On).await.unwrap();
        let before = rig.bus_volts();
        rig.wait(2_500).await;
        assert!((rig.bus_volts() - before).abs() < 1e-9 || before.abs() < 1e-9);
    });
}
