//! What every board must do, driver against emulator, chunk by chunk with times of our own.

mod bus;
mod noise;
mod rig;
mod transcript;
mod wire;

use profiles::command::{Fault, PowerMode};
use profiles::correlation::ONBOARD_TIME;
use profiles::quantity::{Celsius, Volts};
use profiles::reading::Value;
use profiles::time::BenchTime;

use super::MODELS;
use super::role::{Accelerator, Heard, Question};
use crate::model::{BoardSetup, Model};
use rig::Rig;

/// Makes that tell of themselves and hold many inputs. The API of MLPerf Tiny does neither; what it must
/// do is beside it.
fn models() -> impl Iterator<Item = &'static Model<dyn Accelerator, BoardSetup>> + Clone {
    MODELS.iter().filter(|model| model.name != "mlperf-tiny")
}

/// All answers but telemetry.
fn ask(rig: &mut Rig, question: &Question) -> Vec<Heard> {
    rig.ask(question);
    rig.live(20);
    rig.answers()
}

fn load(rig: &mut Rig, slot: u16) {
    let bytes = rig.input();
    let loaded = ask(rig, &Question::LoadInput { slot, bytes });
    assert_eq!(loaded, [Heard::Loaded { slot }]);
}

/// Latency in µs and digest of one inference.
fn infer(rig: &mut Rig, query: u32, slot: u16) -> (u32, u32) {
    rig.ask(&Question::Infer { query, slot });
    rig.live(1_500);
    match &rig.answers()[..] {
        [Heard::Inferred(inference)] => {
            assert_eq!((inference.query, inference.slot), (query, slot));
            (inference.latency_us, inference.digest)
        }
        other => panic!("{}: {other:?}", rig.make),
    }
}

/// Ways to wire a make, if it has a choice: settings of its options.
const WAYS: [&[(&str, &str)]; 3] = [
    &[],
    &[("transport", "csp"), ("csp_version", "1")],
    &[
        ("transport", "csp"),
        ("csp_version", "2"),
        ("csp_address", "300"),
    ],
];

fn each(test: impl Fn(&mut Rig)) {
    for model in models() {
        let has = |name: &str| model.options.iter().any(|option| option.name == name);
        let possible = |way: &&&[(&str, &str)]| way.iter().all(|(name, _)| has(name));
        for way in WAYS.iter().filter(possible) {
            let mut rig = Rig::with(model, "payload", way);
            rig.power(28.0);
            rig.live(3_300);
            assert_eq!(rig.answers(), [Heard::Booted], "{} {way:?}", model.name);
            test(&mut rig);
        }
    }
}

#[test]
fn identifies_itself() {
    each(|rig| {
        let answers = ask(rig, &Question::Identify);
        let [Heard::Identity(identity)] = &answers[..] else {
            panic!("{}: {answers:?}", rig.make);
        };
        assert_eq!(identity.maker, "Bench");
    });
}

#[test]
fn both_makes_tell_the_same_channels() {
    let states = ["off", "booting", "idle", "busy", "fault"];
    let mut names = Vec::new();
    each(|rig| {
        let channels = rig.driver.channels();
        let state = channels.iter().find(|spec| &*spec.name == "state").unwrap();
        assert!(state.states.iter().map(|name| &**name).eq(states));
        rig.live(1_100);
        for (number, channel) in channels.iter().enumerate() {
            let heard = rig.latest(number as u16);
            assert!(heard.is_some(), "{}: no {}", rig.make, channel.name);
        }
    });
    for model in models() {
        let rig = Rig::new(model, "payload");
        let mut channels: Vec<String> = rig
            .driver
            .channels()
            .iter()
            // Only packets have a time stamp.
            .filter(|spec| *spec.name != *ONBOARD_TIME)
            .map(|spec| format!("{} {}", spec.name, spec.unit))
            .collect();
        channels.sort();
        names.push(channels);
    }
    assert!(names.windows(2).all(|pair| pair[0] == pair[1]), "{names:?}");
}

#[test]
fn infers_what_the_network_gives_and_sends_the_output() {
    each(|rig| {
        load(rig, 3);
        let (latency, digest) = infer(rig, 70_000, 3);
        let nominal = rig.latency_us();
        assert!((f64::from(latency) / nominal - 1.0).abs() < 0.03);
        let expected = rig.network().infer(&rig.input()).unwrap();
        let crc = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);
        assert_eq!(digest, crc.checksum(&expected));
        rig.ask(&Question::FetchOutput { slot: 3 });
        rig.live(2_000);
        let output = rig.answers();
        let bytes = expected.into();
        assert_eq!(output, [Heard::Output { slot: 3, bytes }]);
    });
}

#[test]
fn refuses_what_it_cannot_do() {
    each(|rig| {
        for question in [
            Question::Infer { query: 1, slot: 0 },
            Question::FetchOutput { slot: 0 },
            Question::LoadInput {
                slot: 900,
                bytes: [0; 8].into(),
            },
        ] {
            let answers = ask(rig, &question);
            assert!(
                matches!(answers[..], [Heard::Refused { .. }]),
                "{}: {question:?}: {answers:?}",
                rig.make
            );
        }
        load(rig, 0);
        rig.ask(&Question::Infer { query: 1, slot: 0 });
        rig.live(5);
        let busy = ask(rig, &Question::Infer { query: 2, slot: 0 });
        assert!(
            matches!(busy[..], [Heard::Refused { code: 5, .. }]),
            "{busy:?}"
        );
        rig.live(400);
        assert!(matches!(rig.answers()[..], [Heard::Inferred(_)]));
    });
}

#[test]
fn half_an_input_is_none() {
    each(|rig| {
        let bytes = rig.input()[1..].into();
        ask(rig, &Question::LoadInput { slot: 0, bytes });
        let answers = ask(rig, &Question::Infer { query: 1, slot: 0 });
        assert!(matches!(answers[..], [Heard::Refused { code: 6, .. }]));
    });
}

#[test]
fn reduced_mode_takes_longer_and_draws_less() {
    each(|rig| {
        load(rig, 0);
        let (full, _) = infer(rig, 1, 0);
        let busy_full = rig.watts_while_busy();
        let answers = ask(rig, &Question::Mode(PowerMode::Reduced));
        assert_eq!(answers, [Heard::Done]);
        let (reduced, _) = infer(rig, 2, 0);
        let ratio = f64::from(reduced) / f64::from(full);
        assert!((ratio * 0.55 - 1.0).abs() < 0.05, "{}: {ratio}", rig.make);
        assert!(rig.watts_while_busy() < busy_full);
        assert_eq!(ask(rig, &Question::Stop), [Heard::Done]);
        rig.live(300);
        let idle = rig.options.number("idle_watts").unwrap();
        assert!(
            rig.watts() < idle,
            "{}: {} W stopped",
            rig.make,
            rig.watts()
        );
    });
}

#[test]
fn browns_out_in_silence_and_boots_with_empty_memory() {
    each(|rig| {
        load(rig, 0);
        rig.ask(&Question::Infer { query: 1, slot: 0 });
        rig.power(12.0);
        rig.live(250);
        rig.forget();
        rig.live(5_000);
        assert!(rig.heard.is_empty(), "{}: {:?}", rig.make, rig.heard);
        rig.power(18.5);
        rig.live(5_000);
        assert!(rig.heard.is_empty(), "within the hysteresis");
        rig.power(28.0);
        rig.live(3_500);
        assert_eq!(
            rig.answers(),
            [Heard::Booted],
            "no loss is told of a reboot"
        );
        let answers = ask(rig, &Question::Infer { query: 2, slot: 0 });
        assert!(matches!(answers[..], [Heard::Refused { code: 6, .. }]));
    });
}

#[test]
fn throttles_when_hot_and_recovers_when_cool() {
    each(|rig| {
        load(rig, 0);
        let (cool, _) = infer(rig, 1, 0);
        // Warm enough for 88 °C at the idle junction, 2.8 K/W above the air.
        let idle = rig.options.number("idle_watts").unwrap();
        rig.warm(Celsius(88.0 - 2.8 * idle));
        rig.live(2_400_000);
        assert_eq!(
            rig.value("throttled"),
            Some(Value::State(1)),
            "{}",
            rig.make
        );
        let (hot, _) = infer(rig, 2, 0);
        let ratio = f64::from(hot) / f64::from(cool);
        assert!((ratio / 2.0 - 1.0).abs() < 0.05, "{}: {ratio}", rig.make);
        rig.warm(Celsius(20.0));
        rig.live(2_400_000);
        assert_eq!(
            rig.value("throttled"),
            Some(Value::State(0)),
            "{}",
            rig.make
        );
    });
}

#[test]
fn too_hot_it_gives_up_and_says_so() {
    each(|rig| {
        load(rig, 0);
        let idle = rig.options.number("idle_watts").unwrap();
        rig.warm(Celsius(104.0 - 2.8 * idle));
        rig.live(2_400_000);
        rig.forget();
        let mut answers = Vec::new();
        for query in 0..600 {
            rig.ask(&Question::Infer { query, slot: 0 });
            rig.live(600);
            answers.extend(rig.answers());
            if matches!(answers.last(), Some(Heard::Refused { .. })) {
                break;
            }
        }
        let last = answers.last();
        assert!(
            matches!(last, Some(Heard::Refused { code: 8, .. })),
            "{}: {last:?}",
            rig.make
        );
        rig.live(200);
        assert_eq!(rig.value("state"), Some(Value::State(4)));
    });
}

#[test]
fn telemetry_says_what_the_plant_is() {
    each(|rig| {
        rig.live(60_000);
        let state = rig.plant.board(rig.board);
        for (name, truth, most) in [
            ("bus_volts", state.volts.0, 0.03),
            ("bus_amps", state.amps.0, 0.02),
            ("board_temperature", state.board.0, 0.5),
            ("junction_temperature", state.junction.0, 0.5),
        ] {
            let told = rig.value(name).unwrap().as_f64();
            assert!(
                (told - truth).abs() < most,
                "{}: {name} {told}, is {truth}",
                rig.make
            );
        }
        assert_eq!(rig.value("state"), Some(Value::State(2)));
        let uptime = rig.value("uptime_s").unwrap().as_f64();
        assert!((58.0..62.0).contains(&uptime), "{}: {uptime} s", rig.make);
        assert!(state.volts < Volts(28.0));
    });
}

#[test]
fn a_mute_board_is_silent_and_then_heard_again() {
    each(|rig| {
        rig.inject(&Fault::Mute { millis: 500 });
        rig.live(1);
        rig.forget();
        rig.live(480);
        assert!(rig.heard.is_empty(), "{}: {:?}", rig.make, rig.heard);
        rig.live(200);
        let damaged = |heard: &Heard| matches!(heard, Heard::Damaged(_));
        assert!(
            rig.heard.iter().any(damaged),
            "{}: the gap is told",
            rig.make
        );
        assert!(matches!(
            ask(rig, &Question::Identify).last(),
            Some(Heard::Identity(_))
        ));
    });
}

#[test]
fn a_board_that_hangs_is_reset_by_its_watchdog_and_has_forgotten_its_inputs() {
    each(|rig| {
        load(rig, 0);
        rig.ask(&Question::Infer { query: 1, slot: 0 });
        rig.inject(&Fault::Hang);
        rig.live(1);
        rig.forget();
        assert_eq!(ask(rig, &Question::Identify), []);
        // 1.6 s of the watchdog, 3 s of the boot.
        rig.live(4_550);
        assert!(rig.heard.is_empty(), "{}: {:?}", rig.make, rig.heard);
        rig.live(150);
        assert_eq!(rig.answers(), [Heard::Booted], "{}", rig.make);
        let answers = ask(rig, &Question::Infer { query: 2, slot: 0 });
        assert!(matches!(answers[..], [Heard::Refused { code: 6, .. }]));
    });
}

#[test]
fn garbage_between_frames_is_damage_and_the_next_frame_is_heard() {
    each(|rig| {
        rig.forget();
        let mut out = Vec::new();
        rig.driver.hear(
            BenchTime::ZERO,
            &[0x55, 0xaa, 0x07, 0x00],
            &mut rig.heard,
            &mut out,
        );
        assert!(matches!(rig.heard[..], [Heard::Damaged(_)]), "{}", rig.make);
        rig.forget();
        rig.live(110);
        assert!(rig.heard.len() >= 6 && rig.answers().is_empty());
        // The board, too, is in step again.
        rig.disturb(&[0x55, 0xaa, 0x07, 0x00]);
        assert!(matches!(
            ask(rig, &Question::Identify)[..],
            [Heard::Identity(_)]
        ));
    });
}

#[test]
fn bit_flips_stay_until_the_network_is_loaded_anew() {
    each(|rig| {
        load(rig, 0);
        let (_, right) = infer(rig, 1, 0);
        // The top exponent bits or signs of the first weights: no output can stay the same.
        for byte in 0..64 {
            rig.inject(&Fault::BitFlip { byte, bit: 6 });
        }
        let (_, wrong) = infer(rig, 2, 0);
        assert_ne!(right, wrong, "{}", rig.make);
        assert_eq!(infer(rig, 3, 0).1, wrong);
        rig.inject(&Fault::Reset);
        rig.live(3_200);
        assert_eq!(rig.answers(), [Heard::Booted]);
        load(rig, 0);
        assert_eq!(infer(rig, 4, 0).1, right);
    });
}

#[test]
fn the_same_seed_and_name_give_the_same_bytes() {
    for model in models() {
        let told = |name| {
            let mut rig = Rig::new(model, name);
            rig.power(28.0);
            rig.live(5_000);
            rig.sent.clone()
        };
        assert_eq!(told("payload"), told("payload"));
        assert_ne!(told("payload"), told("another"));
    }
}

#[test]
fn every_network_can_be_chosen() {
    for model in models() {
        for name in rig::networks(model) {
            let mut rig = Rig::with(model, "payload", &[("network", name)]);
            rig.power(28.0);
            rig.live(3_300);
            rig.forget();
            load(&mut rig, 0);
            infer(&mut rig, 1, 0);
        }
    }
}

/// 32 tokens of a prompt and 95 more, of 2 ms each; the 96th is told when it is there.
#[test]
fn a_language_model_takes_its_time_token_by_token() {
    for (name, transport) in [
        ("ccsds-serial", None),
        ("dbc-can", None),
        ("dbc-can", Some(("transport", "csp"))),
    ] {
        let model = models().find(|model| model.name == name).unwrap();
        let network = ("network", "stories260k");
        let settings: Vec<_> = [network].into_iter().chain(transport).collect();
        let mut rig = Rig::with(model, "payload", &settings);
        rig.power(28.0);
        rig.live(3_300);
        rig.forget();
        load(&mut rig, 0);
        rig.ask(&Question::Infer { query: 1, slot: 0 });
        rig.live(1_000);
        let answers = rig.answers();
        let [Heard::Inferred(told)] = &answers[..] else {
            panic!("{name}: {answers:?}");
        };
        let first = f64::from(told.first_us.expect(name));
        let all = f64::from(told.latency_us);
        assert!((first - 64_000.0).abs() < 1_500.0, "{name}: {first}");
        assert!(
            (all / first - 127.0 / 32.0).abs() < 1e-3,
            "{name}: {all} after {first}"
        );
    }
}
