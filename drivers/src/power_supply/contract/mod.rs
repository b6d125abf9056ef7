//! What every power supply must do, on its own emulator and in virtual time; and both halves
//! against the make's transcript, so that they cannot agree on the same mistake.

use profiles::command::{Fault, Switch};
use profiles::option::{OptionValue, Options};
use profiles::quantity::{Amperes, Volts};
use profiles::reading::Reading;

use super::rig::{Rig, drive};
use super::{MODELS, SupplyLimits};
use crate::catalog;
use crate::clock::Clock;
use crate::error::DeviceErrorKind;
use crate::link::{Link, Pacing};
use crate::plant::{Place, Plant};
use crate::rehearsal::{emulator_setup, paused, rehearse, replay, take_any_bytes, transcript};

/// Runs `$body` for every make, in virtual time.
macro_rules! for_every_make {
    (|$make:ident| $body:block) => {
        for $make in MODELS {
            paused(async { $body });
        }
    };
}

/// Runs `$body` for every make that trips by itself.
macro_rules! for_every_guarded_make {
    (|$make:ident| $body:block) => {
        for $make in MODELS.iter().filter(|make| make.guards_itself) {
            paused(async { $body });
        }
    };
}

mod line;

#[test]
fn channels_begin_with_what_the_role_promises() {
    for_every_make!(|make| {
        let rig = Rig::new(make);
        let channels = rig.supply.channels();
        let names: Vec<&str> = channels.iter().map(|spec| &*spec.name).collect();
        assert_eq!(names[..3], ["volts", "amps", "output"], "{}", make.name);
    });
}

#[test]
fn options_choose_outputs_with_ratings_of_their_own() {
    for make in MODELS {
        let options = Options::defaults(make.options);
        let rated = (make.ratings_by)(&options).unwrap_or(make.ratings);
        assert_eq!(rated, make.ratings, "{}: by its own defaults", make.name);
    }
    let text = |word: &str| OptionValue::Text(word.to_owned());
    for (model, option, value, volts, amps) in [
        ("keysight-e3631a", "output", text("p6v"), 6.0, 5.0),
        ("keysight-e3632a", "range", text("p15v"), 15.0, 7.0),
        (
            "keysight-e36312a",
            "channel",
            OptionValue::Number(1.0),
            6.0,
            5.0,
        ),
        ("rigol-dp832", "channel", OptionValue::Number(3.0), 5.0, 3.0),
        ("tdk-genesys", "unit", text("GEN6-200"), 6.0, 200.0),
    ] {
        let mut options = Options::default();
        options.set(option, value);
        let make = catalog::find(MODELS, model).unwrap();
        let rated = (make.ratings_by)(&options).unwrap();
        assert_eq!((rated[0].value, rated[1].value), (volts, amps), "{model}");
    }
}

#[test]
fn identifies_itself() {
    for_every_make!(|make| {
        let mut rig = Rig::new(make);
        let identity = rig.supply.identify().await.unwrap();
        assert!(!identity.maker.is_empty());
        let model = identity.model.to_lowercase();
        let series = make.name.rsplit('-').next().unwrap_or_default();
        // A series says which of it it is: `genesys`, `GEN40-38`.
        assert!(
            make.name.ends_with(&model) || model.starts_with(&series[..3]),
            "{} is a {model}",
            make.name
        );
    });
}

#[test]
fn another_model_is_noticed() {
    for (make, other) in MODELS.iter().zip(MODELS.iter().skip(1)) {
        paused(async {
            let clock = Clock::start();
            let (near, far) = Link::pair(clock, make.pacing);
            let (aside, _) = Link::pair(clock, make.pacing);
            let options = Options::defaults(other.options);
            let _stranger = Rig::on(other, options, clock, aside, far);
            let mut supply = drive(make, near, clock, Options::defaults(make.options));
            let error = supply.identify().await.unwrap_err();
            // One that speaks another language says nothing that makes sense.
            let other_language = [make.name, other.name].contains(&"tdk-genesys");
            let kind = &error.kind;
            let strange = matches!(
                kind,
                DeviceErrorKind::Silent { .. } | DeviceErrorKind::Garbled { .. }
            );
            assert!(
                matches!(kind, DeviceErrorKind::WrongIdentity { .. }) || other_language && strange,
                "{error}"
            );
        });
    }
}

#[test]
fn programs_and_measures_back() {
    for_every_make!(|make| {
        let mut rig = Rig::new(make);
        rig.load(0.2);
        rig.feed(0.5, 0.9, 0.8).await;
        let (volts, amps, state) = rig.measure().await;
        assert!((volts - 0.5 * rig.volts).abs() < 0.03, "{volts} V");
        assert!((amps - 0.4 * rig.amps).abs() < 0.01 * rig.amps, "{amps} A");
        assert_eq!(state, "on");
        rig.supply.switch(Switch::Off).await.unwrap();
        rig.wait(200).await;
        let (volts, _, state) = rig.measure().await;
        assert!(volts.abs() < 0.03, "{volts} V when off");
        assert_eq!(state, "off");
    });
}

#[test]
fn trips_at_its_ceiling_or_refuses_and_stays_off_until_it_is_armed_anew() {
    for_every_guarded_make!(|make| {
        let mut rig = Rig::new(make);
        rig.feed(0.4, 0.5, 0.5).await;
        assert_eq!(rig.measure().await.2, "on");
        let above = (Volts(0.6 * rig.volts), Amperes(0.5 * rig.amps));
        match rig.supply.program(above.0, above.1).await {
            Ok(()) => rig.wait(200).await,
            Err(error) => {
                let refused = matches!(error.kind, DeviceErrorKind::Refused { .. });
                assert!(refused, "{error}");
                rig.wait(200).await;
                assert!((rig.bus_volts() - 0.4 * rig.volts).abs() < 0.01);
                rig.faults.send(Fault::OverVoltageTrip).await.unwrap();
                rig.wait(200).await;
            }
        }
        assert_eq!(rig.measure().await.2, "protected");
        assert!(rig.bus_volts().abs() < 1e-9);
        rig.program(0.4, 0.5).await;
        let error = rig.supply.switch(Switch::On).await.unwrap_err();
        assert!(
            matches!(error.kind, DeviceErrorKind::NotApplied { .. }),
            "{error}"
        );
        rig.wait(200).await;
        assert!(rig.bus_volts().abs() < 1e-9);
        rig.feed(0.4, 0.5, 0.5).await;
        assert_eq!(rig.measure().await.2, "on");
    });
}

#[test]
fn a_trip_by_itself_is_seen() {
    for_every_guarded_make!(|make| {
        let mut rig = Rig::new(make);
        rig.feed(0.4, 0.5, 0.5).await;
        rig.faults.send(Fault::OverVoltageTrip).await.unwrap();
        rig.wait(200).await;
        assert_eq!(rig.measure().await.2, "protected");
        assert!(rig.bus_volts().abs() < 1e-9);
    });
}

#[test]
fn limits_the_current() {
    for_every_make!(|make| {
        let mut rig = Rig::new(make);
        rig.load(0.4);
        rig.feed(0.5, 0.3, 0.8).await;
        rig.wait(2_000).await;
        let (volts, amps, state) = rig.measure().await;
        assert!(amps <= 0.301 * rig.amps, "{amps} A");
        assert!(volts < 0.5 * rig.volts, "{volts} V in limit");
        assert_eq!(state, "on");
    });
}

#[test]
fn switches_off_at_the_current_limit_where_it_is_told_to() {
    for_every_guarded_make!(|make| {
        let mut options = Options::defaults(make.options);
        options.set("over_current", OptionValue::Text("trip".to_owned()));
        let mut rig = Rig::with(make, options);
        rig.feed(0.5, 0.3, 0.8).await;
        assert_eq!(rig.measure().await.2, "on");
        rig.load(0.4);
        rig.wait(500).await;
        assert_eq!(rig.measure().await.2, "protected");
        assert!(rig.bus_volts().abs() < 1e-9);
    });
}

#[test]
fn refuses_what_it_cannot_do() {
    for_every_make!(|make| {
        let mut rig = Rig::new(make);
        let (far_too_much, amps) = (Volts(10.0 * rig.volts), Amperes(rig.amps));
        // Some listen to nothing before they are armed.
        let limits = rig.ceiling(1.0);
        rig.supply.protect(limits).await.unwrap();
        let error = rig.supply.program(far_too_much, amps).await.unwrap_err();
        let DeviceErrorKind::Refused { code, text, .. } = error.kind else {
            panic!("{error}");
        };
        // By the supply, or by its driver, which knows the ceiling.
        let by_itself = (code, text.as_str()) == (-222, "Data out of range");
        assert!(by_itself || text.contains("ceiling"), "{code} {text}");
        let limits = SupplyLimits {
            amps: Amperes(0.5 * rig.amps),
            ..rig.ceiling(0.8)
        };
        rig.supply.protect(limits).await.unwrap();
        let error = rig.supply.program(Volts(1.0), amps).await.unwrap_err();
        assert!(
            matches!(error.kind, DeviceErrorKind::Refused { .. }),
            "{error}"
        );
        // The refusals leave nothing behind.
        rig.program(0.5, 0.5).await;
    });
}

#[test]
fn what_cannot_trip_by_itself_is_not_told_more_than_its_ceiling() {
    for make in MODELS.iter().filter(|make| !make.guards_itself) {
        paused(async {
            let mut rig = Rig::new(make);
            rig.feed(0.4, 0.5, 0.5).await;
            let volts = Volts(0.6 * rig.volts);
            let error = rig.supply.program(volts, Amperes(0.1)).await.unwrap_err();
            assert!(
                matches!(error.kind, DeviceErrorKind::Refused { .. }),
                "{error}"
            );
            rig.wait(200).await;
            assert!((rig.bus_volts() - 0.4 * rig.volts).abs() < 0.01);
            // What it cannot do, a fault cannot make it do.
            rig.faults.send(Fault::OverVoltageTrip).await.unwrap();
            rig.wait(200).await;
            assert_eq!(rig.measure().await.2, "on");
        });
    }
}

#[test]
fn making_safe_twice_is_as_good_as_once() {
    for_every_make!(|make| {
        let mut rig = Rig::new(make);
        rig.supply.make_safe().await.unwrap();
        rig.feed(0.5, 0.5, 0.8).await;
        for _ in 0..2 {
            rig.supply.make_safe().await.unwrap();
            rig.wait(200).await;
            assert_eq!(rig.measure().await.2, "off");
            assert!(rig.bus_volts().abs() < 1e-9);
        }
    });
}

#[test]
fn the_same_seed_measures_the_same() {
    for_every_make!(|make| {
        let mut runs = Vec::new();
        for _ in 0..2 {
            let mut rig = Rig::new(make);
            rig.load(0.2);
            rig.feed(0.5, 0.5, 0.8).await;
            let mut readings: Vec<Reading> = Vec::new();
            for _ in 0..20 {
                rig.supply.measure(&mut readings).await.unwrap();
            }
            runs.push(readings);
        }
        assert_eq!(runs[0], runs[1]);
    });
}

#[test]
fn the_driver_follows_the_transcript() {
    for_every_make!(|make| {
        let clock = Clock::start();
        let (near, mut far) = Link::pair(clock, Pacing::Instant);
        let mut supply = drive(make, near, clock, Options::defaults(make.options));
        let conversation = async {
            supply.identify().await.unwrap();
            let (volts, amps) = (Volts(15.0), Amperes(1.0));
            supply.protect(SupplyLimits { volts, amps }).await.unwrap();
            supply.program(Volts(12.0), Amperes(0.5)).await.unwrap();
            supply.switch(Switch::On).await.unwrap();
            let mut readings = Vec::new();
            supply.measure(&mut readings).await.unwrap();
            assert_eq!(
                readings[..3],
                [
                    Reading::number(0, 12.0),
                    Reading::number(1, 0.0),
                    Reading::state(2, 1)
                ]
            );
            let programmed = supply.program(Volts(16.0), Amperes(0.5)).await;
            // It trips; or it refuses, and nothing changes.
            let (volts, state) = if programmed.is_ok() {
                (0.0, 2)
            } else {
                (12.0, 1)
            };
            readings.clear();
            supply.measure(&mut readings).await.unwrap();
            assert_eq!(
                readings[..3],
                [
                    Reading::number(0, volts),
                    Reading::number(1, 0.0),
                    Reading::state(2, state)
                ]
            );
            supply.make_safe().await.unwrap();
        };
        rehearse(clock, conversation, (&mut far, make.transcript)).await;
    });
}

#[test]
fn the_emulator_follows_the_transcript() {
    for make in MODELS {
        let mut plant = Plant::default();
        let bus = plant.add_bus();
        let mut emulator = (make.emulate)(emulator_setup(make.options, Place::Bus(bus)));
        replay(emulator.as_mut(), &mut plant, &transcript(make.transcript));
    }
}

#[test]
fn emulators_take_any_bytes() {
    for make in MODELS {
        take_any_bytes(make.transcript, || {
            let mut plant = Plant::default();
            let place = Place::Bus(plant.add_bus());
            ((make.emulate)(emulator_setup(make.options, place)), plant)
        });
    }
}
