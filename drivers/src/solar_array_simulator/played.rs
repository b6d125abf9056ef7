//! What every simulator that plays lists of curves by itself must do with one.

use profiles::command::{Command, Switch};
use profiles::physics::array_curve::ArrayPoints;
use profiles::time::Period;

use super::MODELS;
use super::rig::{Rig, curve};
use crate::error::DeviceErrorKind;
use crate::model::Model;
use crate::player::{Player, Point};
use crate::rehearsal::paused;
use crate::solar_array_simulator::SolarArraySimulator;

type Make = Model<dyn SolarArraySimulator>;

/// Runs `$body` for every make that plays lists.
macro_rules! for_every_player {
    (|$make:ident, $rig:ident| $body:block) => {
        let mut found = 0;
        for $make in MODELS {
            paused(async {
                if let Some(mut $rig) = playing($make).await {
                    found += 1;
                    $body
                }
            });
        }
        assert!(found > 0, "no make plays lists");
    };
}

/// A simulator that feeds a board, if it plays lists.
async fn playing(make: &'static Make) -> Option<Rig> {
    let mut rig = Rig::new(make);
    rig.array.player()?;
    rig.feed(&curve(make, 0.3, 0.5)).await;
    Some(rig)
}

fn player(rig: &mut Rig) -> &mut dyn Player {
    rig.array.player().unwrap()
}

/// A list of curves by shares of the rated volts, each for as many milliseconds; the last stays.
fn list(make: &Make, steps: &[(f64, u32)]) -> Vec<Point> {
    let point = |&(share, millis): &(f64, u32)| Point {
        command: Command::Curve(curve(make, share, 0.5)),
        stays: Period::from_millis(millis),
    };
    steps.iter().map(point).collect()
}

/// Without a load the bus is at the open-circuit voltage.
fn is_at(make: &Make, rig: &Rig, share: f64) {
    let volts = rig.bus().volts.0 / curve(make, 1.0, 1.0).voc.0;
    assert!((volts - share).abs() < 0.01, "{volts} instead of {share}");
}

#[test]
fn a_list_waits_for_its_start_is_played_and_its_last_curve_stays() {
    for_every_player!(|make, rig| {
        let points = list(make, &[(0.4, 1_000), (0.6, 2_000), (0.5, 0)]);
        player(&mut rig).upload(&points).await.unwrap();
        rig.wait(500).await;
        is_at(make, &rig, 0.3);
        player(&mut rig).start().await.unwrap();
        rig.wait(500).await;
        is_at(make, &rig, 0.4);
        player(&mut rig).follow(None).await.unwrap();
        rig.wait(1_000).await;
        is_at(make, &rig, 0.6);
        player(&mut rig).follow(None).await.unwrap();
        rig.wait(2_000).await;
        is_at(make, &rig, 0.5);
        let last = &points[2].command;
        player(&mut rig).follow(Some(last)).await.unwrap();
        rig.wait(300).await;
        is_at(make, &rig, 0.5);
        // It is told as ever.
        rig.array.program(&curve(make, 0.35, 0.5)).await.unwrap();
        rig.wait(300).await;
        is_at(make, &rig, 0.35);
    });
}

#[test]
fn light_after_the_dark_switches_on_with_the_list() {
    for_every_player!(|make, rig| {
        let points = list(make, &[(0.4, 1_000), (0.6, 0)]);
        player(&mut rig).upload(&points).await.unwrap();
        rig.array.program(&ArrayPoints::default()).await.unwrap();
        assert_eq!(rig.measure().await.2, "dark");
        player(&mut rig).start().await.unwrap();
        rig.wait(500).await;
        is_at(make, &rig, 0.4);
        assert_eq!(rig.measure().await.2, "on");
    });
}

#[test]
fn what_is_no_curve_or_too_much_is_refused_as_a_whole() {
    for_every_player!(|make, rig| {
        let dark = Point {
            command: Command::Curve(ArrayPoints::default()),
            stays: Period::from_millis(1_000),
        };
        let above = list(make, &[(1.2, 1_000)]);
        let volts = Point {
            command: Command::SupplyOutput(Switch::On),
            stays: None,
        };
        for wrong in [dark, above[0].clone(), volts] {
            let points = [list(make, &[(0.4, 1_000)]), vec![wrong]].concat();
            let error = player(&mut rig).upload(&points).await.unwrap_err();
            assert!(
                matches!(error.kind, DeviceErrorKind::Refused { .. }),
                "{error}"
            );
            is_at(make, &rig, 0.3);
        }
    });
}

#[test]
fn as_many_as_there_is_room_for_are_read_back_within_the_time_for_it() {
    for_every_player!(|make, rig| {
        let room = player(&mut rig).room();
        let steps: Vec<(f64, u32)> = (0..room.points)
            .map(|n| (0.3 + n as f64 * 1e-3, 100))
            .collect();
        let points = list(make, &steps);
        let before = rig.clock.now();
        player(&mut rig).upload(&points).await.unwrap();
        assert!(rig.clock.now() <= before + room.ahead, "it takes longer");
        let points = [points, list(make, &[(0.3, 100)])].concat();
        let error = player(&mut rig).upload(&points).await.unwrap_err();
        assert!(
            matches!(error.kind, DeviceErrorKind::Refused { .. }),
            "{error}"
        );
    });
}

#[test]
fn a_list_that_ended_by_itself_is_noticed() {
    for_every_player!(|make, rig| {
        let points = list(make, &[(0.4, 10_000), (0.6, 10_000), (0.5, 0)]);
        player(&mut rig).upload(&points).await.unwrap();
        let not_applied =
            |error: &DeviceErrorKind| matches!(error, DeviceErrorKind::NotApplied { .. });
        let error = player(&mut rig).follow(None).await.unwrap_err();
        assert!(not_applied(&error.kind), "not started: {error}");
        player(&mut rig).start().await.unwrap();
        player(&mut rig).follow(None).await.unwrap();
        let last = Some(&points[2].command);
        let error = player(&mut rig).follow(last).await.unwrap_err();
        assert!(not_applied(&error.kind), "not over: {error}");
        // As somebody at its panel would end it.
        let limits = rig.limits;
        rig.array.protect(limits).await.unwrap();
        let error = player(&mut rig).follow(None).await.unwrap_err();
        assert!(not_applied(&error.kind), "{error}");
    });
}

#[test]
fn making_safe_ends_the_list_first() {
    for_every_player!(|make, rig| {
        let points = list(make, &[(0.4, 1_000), (0.6, 1_000), (0.5, 0)]);
        player(&mut rig).upload(&points).await.unwrap();
        player(&mut rig).start().await.unwrap();
        rig.array.make_safe().await.unwrap();
        rig.wait(1_500).await;
        assert!(rig.bus().volts.0.abs() < 1e-9);
        let error = player(&mut rig).follow(None).await.unwrap_err();
        assert!(
            matches!(error.kind, DeviceErrorKind::NotApplied { .. }),
            "{error}"
        );
    });
}
