//! What every solar-array simulator must do, on its own emulator and in virtual time; and both
//! halves against the make's transcript, so that they cannot agree on the same mistake.

use profiles::command::{Fault, Switch};
use profiles::option::{OptionValue, Options};
use profiles::physics::array_curve::ArrayPoints;
use profiles::quantity::{Amperes, Volts, Watts};
use profiles::reading::Reading;

use super::rig::{Rig, curve, drive};
use super::{ArrayLimits, MODELS};
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

mod line;

#[test]
fn channels_begin_with_what_the_role_promises() {
    for_every_make!(|make| {
        let rig = Rig::new(make);
        let channels = rig.array.channels();
        let names: Vec<&str> = channels.iter().map(|spec| &*spec.name).collect();
        assert_eq!(names[..3], ["volts", "amps", "output"], "{}", make.name);
    });
}

#[test]
fn identifies_itself_and_notices_another() {
    for_every_make!(|make| {
        let mut rig = Rig::new(make);
        let identity = rig.array.identify().await.unwrap();
        assert!(!identity.maker.is_empty());
    });
    for (make, other) in MODELS.iter().zip(MODELS.iter().skip(1)) {
        paused(async {
            let clock = Clock::start();
            let (near, far) = Link::pair(clock, make.pacing);
            let (aside, _) = Link::pair(clock, make.pacing);
            let options = Options::defaults(other.options);
            let _stranger = Rig::on(other, options, clock, aside, far);
            let mut array = drive(make, near, clock, Options::defaults(make.options));
            let error = array.identify().await.unwrap_err();
            assert!(
                matches!(error.kind, DeviceErrorKind::WrongIdentity { .. }),
                "{error}"
            );
        });
    }
}

#[test]
fn its_output_lies_on_the_curve_with_whatever_load() {
    for_every_make!(|make| {
        let mut rig = Rig::new(make);
        let points = curve(make, 0.5, 0.5);
        let law = points.curve().unwrap();
        rig.feed(&points).await;
        let (volts, amps, state) = rig.measure().await;
        assert!((volts - points.voc.0).abs() < 0.06, "{volts} V open");
        assert!(amps.abs() < 0.01 && state == "on", "{amps} A {state}");
        let most = law.max_power().0 * law.max_power().1;
        for share in [0.2, 0.6, 0.98] {
            rig.load(share * most);
            rig.wait(300).await;
            let (volts, amps, _) = rig.measure().await;
            let expected = law.amps_at(volts);
            assert!((amps - expected).abs() < 0.03, "{amps} A at {volts} V");
            assert!((volts * amps - share * most).abs() < 0.02 * most);
        }
    });
}

#[test]
fn it_collapses_under_more_than_it_has_and_comes_back() {
    for_every_make!(|make| {
        let mut rig = Rig::new(make);
        let points = curve(make, 0.5, 0.5);
        let (volts, amps) = points.curve().unwrap().max_power();
        rig.load(1.05 * volts * amps);
        rig.feed(&points).await;
        assert!(rig.bus().limiting);
        assert!(rig.bus().volts.0 < 10.0);
        rig.load(0.5 * volts * amps);
        rig.wait(200).await;
        assert!(!rig.bus().limiting);
        assert!(rig.bus().volts.0 > volts);
    });
}

#[test]
fn impossible_curves_are_refused_and_leave_the_last_one() {
    for_every_make!(|make| {
        let mut rig = Rig::new(make);
        let good = curve(make, 0.5, 0.5);
        rig.feed(&good).await;
        let before = rig.bus().volts;
        for wrong in [
            ArrayPoints {
                vmp: good.voc,
                ..good
            },
            ArrayPoints {
                imp: Amperes(1.1 * good.isc.0),
                ..good
            },
            ArrayPoints {
                imp: Amperes(0.05 * good.isc.0),
                vmp: Volts(0.1 * good.voc.0),
                ..good
            },
            ArrayPoints {
                voc: Volts(3.0 * rig.limits.volts.0),
                ..good
            },
            ArrayPoints {
                isc: rig.limits.amps,
                imp: Amperes(0.99 * rig.limits.amps.0),
                voc: rig.limits.volts,
                vmp: Volts(0.97 * rig.limits.volts.0),
            },
        ] {
            let error = rig.array.program(&wrong).await.unwrap_err();
            assert!(
                matches!(error.kind, DeviceErrorKind::Refused { .. }),
                "{error}"
            );
            rig.wait(200).await;
            assert_eq!(rig.bus().volts, before, "{wrong}");
        }
        rig.array.program(&curve(make, 0.4, 0.5)).await.unwrap();
        rig.wait(200).await;
        assert!(rig.bus().volts < before);
    });
}

#[test]
fn nothing_goes_beyond_the_ceiling_that_it_was_armed_with() {
    for_every_make!(|make| {
        let mut rig = Rig::new(make);
        let points = curve(make, 0.5, 0.5);
        let Watts(watts) = points.knee_watts();
        for (volts, amps, most) in [(0.9, 2.0, 2.0), (2.0, 0.9, 2.0), (2.0, 2.0, 0.9)] {
            let limits = ArrayLimits {
                volts: Volts(volts * points.voc.0),
                amps: Amperes(amps * points.isc.0),
                watts: Watts(most * watts),
            };
            rig.array.protect(limits).await.unwrap();
            let error = rig.array.program(&points).await.unwrap_err();
            let DeviceErrorKind::Refused { code, .. } = error.kind else {
                panic!("{error}");
            };
            assert_eq!(code, 0, "by the driver, not by the simulator");
        }
    });
}

#[test]
fn nothing_is_switched_on_without_a_curve() {
    for_every_make!(|make| {
        let mut rig = Rig::new(make);
        rig.array.protect(rig.limits).await.unwrap();
        let error = rig.array.switch(Switch::On).await.unwrap_err();
        assert!(
            matches!(error.kind, DeviceErrorKind::Refused { .. }),
            "{error}"
        );
        rig.wait(200).await;
        assert!(rig.bus().volts.0.abs() < 1e-9);
    });
}

#[test]
fn a_curve_without_light_is_an_output_that_is_off_until_there_is_light() {
    for_every_make!(|make| {
        let mut rig = Rig::new(make);
        let points = curve(make, 0.5, 0.5);
        rig.feed(&points).await;
        rig.array.program(&ArrayPoints::default()).await.unwrap();
        rig.wait(200).await;
        assert_eq!(rig.measure().await.2, "dark");
        assert!(rig.bus().volts.0.abs() < 1e-9);
        rig.array.program(&points.scaled(0.1)).await.unwrap();
        rig.wait(200).await;
        assert_eq!(rig.measure().await.2, "on");
        // Switched off in the dark it stays off in the light.
        rig.array.program(&ArrayPoints::default()).await.unwrap();
        rig.array.switch(Switch::Off).await.unwrap();
        rig.array.program(&points).await.unwrap();
        rig.wait(200).await;
        assert_eq!(rig.measure().await.2, "off");
    });
}

#[test]
fn trips_above_its_levels_and_stays_off_until_it_is_armed_anew() {
    for_every_make!(|make| {
        let mut rig = Rig::new(make);
        let points = curve(make, 0.5, 0.5);
        rig.feed(&points).await;
        rig.faults.send(Fault::OverVoltageTrip).await.unwrap();
        rig.wait(200).await;
        assert_eq!(rig.measure().await.2, "protected");
        assert!(rig.bus().volts.0.abs() < 1e-9);
        let error = rig.array.switch(Switch::On).await.unwrap_err();
        assert!(
            matches!(error.kind, DeviceErrorKind::NotApplied { .. }),
            "{error}"
        );
        rig.feed(&points).await;
        assert_eq!(rig.measure().await.2, "on");
    });
}

#[test]
fn making_safe_twice_is_as_good_as_once() {
    for_every_make!(|make| {
        let mut rig = Rig::new(make);
        rig.array.make_safe().await.unwrap();
        rig.feed(&curve(make, 0.5, 0.5)).await;
        for _ in 0..2 {
            rig.array.make_safe().await.unwrap();
            rig.wait(200).await;
            assert_eq!(rig.measure().await.2, "off");
            assert!(rig.bus().volts.0.abs() < 1e-9);
        }
    });
}

#[test]
fn it_is_driven_through_a_prologix_controller() {
    for_every_make!(|make| {
        let mut options = Options::defaults(make.options);
        options.set("adapter", OptionValue::Text("prologix".to_owned()));
        options.set("gpib_address", OptionValue::Number(7.0));
        let mut rig = Rig::with(make, options);
        rig.array.identify().await.unwrap();
        rig.feed(&curve(make, 0.5, 0.5)).await;
        assert_eq!(rig.measure().await.2, "on");
        let mute = Fault::Mute { millis: 1_500 };
        rig.faults.send(mute).await.unwrap();
        rig.wait(1).await;
        assert!(rig.array.measure(&mut Vec::new()).await.is_err());
        rig.wait(2_000).await;
        rig.array.make_safe().await.unwrap();
        assert_eq!(rig.measure().await.2, "off");
    });
}

#[test]
fn the_same_seed_measures_the_same() {
    for_every_make!(|make| {
        let mut runs = Vec::new();
        for _ in 0..2 {
            let mut rig = Rig::new(make);
            rig.load(20.0);
            rig.feed(&curve(make, 0.5, 0.5)).await;
            let mut readings: Vec<Reading> = Vec::new();
            for _ in 0..20 {
                rig.array.measure(&mut readings).await.unwrap();
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
        let mut array = drive(make, near, clock, Options::defaults(make.options));
        let _lines = transcript(make.transcript);
        let points = ArrayPoints {
            isc: Amperes(2.0),
            imp: Amperes(1.8),
            voc: Volts(40.0),
            vmp: Volts(34.0),
        };
        let conversation = async {
            array.identify().await.unwrap();
            let limits = ArrayLimits {
                volts: Volts(45.0),
                amps: Amperes(3.0),
                watts: Watts(200.0),
            };
            array.protect(limits).await.unwrap();
            array.program(&points).await.unwrap();
            array.switch(Switch::On).await.unwrap();
            let mut readings = Vec::new();
            array.measure(&mut readings).await.unwrap();
            assert_eq!(
                readings[..3],
                [
                    Reading::number(0, 40.0),
                    Reading::number(1, 0.0),
                    Reading::state(2, 1)
                ]
            );
            let wrong = ArrayPoints {
                vmp: Volts(41.0),
                ..points
            };
            let error = array.program(&wrong).await.unwrap_err();
            assert!(
                matches!(error.kind, DeviceErrorKind::Refused { code, .. } if code != 0),
                "{error}"
            );
            array.make_safe().await.unwrap();
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
