//! What every chamber that plays lists by itself must do with one.

use profiles::command::Command;
use profiles::quantity::Celsius;
use profiles::time::Period;

use super::rig::{Make, Rig, range};
use super::{CelsiusRange, MODELS};
use crate::error::{DeviceError, DeviceErrorKind};
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

/// A chamber that is armed, if it plays lists.
async fn playing(make: &'static Make) -> Option<Rig> {
    let mut rig = Rig::new(make);
    rig.chamber.player()?;
    rig.chamber.protect(range(make)).await.unwrap();
    rig.program(20.0).await;
    Some(rig)
}

fn player(rig: &mut Rig) -> &mut dyn Player {
    rig.chamber.player().unwrap()
}

/// A list of temperatures, each for as many minutes; the last stays.
fn list(steps: &[(f64, u32)]) -> Vec<Point> {
    let point = |&(celsius, minutes): &(f64, u32)| Point {
        command: Command::Chamber {
            target: Celsius(celsius),
            slew: None,
        },
        stays: Period::from_millis(60_000 * minutes),
    };
    steps.iter().map(point).collect()
}

fn refused(error: &DeviceError) {
    assert!(
        matches!(error.kind, DeviceErrorKind::Refused { .. }),
        "{error}"
    );
}

fn not_applied(error: &DeviceError) {
    assert!(
        matches!(error.kind, DeviceErrorKind::NotApplied { .. }),
        "{error}"
    );
}

#[test]
fn a_list_waits_for_its_start_is_played_and_its_last_set_point_stays() {
    for_every_player!(|rig| {
        for _ in 0..2 {
            let points = list(&[(30.0, 1), (-10.5, 2), (25.0, 0)]);
            rig.program(20.0).await;
            player(&mut rig).upload(&points).await.unwrap();
            rig.is_told(20.0).await;
            player(&mut rig).start().await.unwrap();
            rig.is_told(30.0).await;
            player(&mut rig).follow(None).await.unwrap();
            rig.wait(90).await;
            rig.is_told(-10.5).await;
            player(&mut rig).follow(None).await.unwrap();
            rig.wait(90).await;
            let last = &points[2].command;
            player(&mut rig).follow(Some(last)).await.unwrap();
            rig.is_told(25.0).await;
            rig.wait(3_600).await;
            let [air, _] = rig.measure().await;
            assert!((air - 25.0).abs() < 0.3, "{air} °C an hour after");
        }
    });
}

#[test]
fn a_list_beyond_the_limits_is_refused_as_a_whole() {
    for_every_player!(|rig| {
        let points = list(&[(30.0, 1), (96.0, 2), (25.0, 0)]);
        refused(&player(&mut rig).upload(&points).await.unwrap_err());
        rig.is_told(20.0).await;
    });
}

#[test]
fn as_many_as_there_is_room_for_are_read_back_and_told_in_time() {
    for_every_player!(|rig| {
        let room = player(&mut rig).room();
        let steps: Vec<(f64, u32)> = (0..room.points).map(|n| (n as f64, 1)).collect();
        let before = rig.clock.now();
        player(&mut rig).upload(&list(&steps)).await.unwrap();
        assert!(
            rig.clock.now() <= before + room.ahead,
            "{}",
            rig.clock.now()
        );
        let more = [steps, vec![(20.0, 1)]].concat();
        refused(&player(&mut rig).upload(&list(&more)).await.unwrap_err());
    });
}

#[test]
fn a_list_that_ended_by_itself_is_noticed() {
    for_every_player!(|rig| {
        let points = list(&[(30.0, 1), (-10.5, 2), (25.0, 0)]);
        player(&mut rig).upload(&points).await.unwrap();
        not_applied(&player(&mut rig).follow(None).await.unwrap_err());
        player(&mut rig).start().await.unwrap();
        let last = Some(&points[2].command);
        not_applied(&player(&mut rig).follow(last).await.unwrap_err());
        // As somebody at its panel would end it.
        rig.chamber.make_safe().await.unwrap();
        for last in [None, last] {
            not_applied(&player(&mut rig).follow(last).await.unwrap_err());
        }
    });
}

#[test]
fn what_a_killed_run_left_playing_makes_room() {
    for_every_player!(|rig| {
        let points = list(&[(30.0, 10), (60.0, 10), (50.0, 0)]);
        player(&mut rig).upload(&points).await.unwrap();
        player(&mut rig).start().await.unwrap();
        let (min, max) = (Celsius(-40.0), Celsius(95.0));
        let armed = rig.chamber.protect(CelsiusRange { min, max }).await;
        armed.unwrap();
        player(&mut rig).upload(&points).await.unwrap();
        rig.wait(1_200).await;
        let [_, target] = rig.measure().await;
        assert!(target < 55.0, "the old list still plays: {target} °C");
        player(&mut rig).start().await.unwrap();
        rig.is_told(30.0).await;
    });
}

#[test]
fn making_safe_ends_the_list_first() {
    for_every_player!(|rig| {
        let points = list(&[(30.0, 1), (60.0, 2), (50.0, 0)]);
        player(&mut rig).upload(&points).await.unwrap();
        player(&mut rig).start().await.unwrap();
        rig.chamber.make_safe().await.unwrap();
        rig.is_told(23.0).await;
        rig.wait(3_600).await;
        rig.is_told(23.0).await;
        let [air, _] = rig.measure().await;
        assert!((air - 23.0).abs() < 0.5, "{air} °C an hour after");
    });
}
