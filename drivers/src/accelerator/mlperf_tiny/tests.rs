//! Both halves by the transcript, against each other, and at their limits.

use std::sync::Arc;

use bytes::Bytes;
use profiles::command::{Fault, PowerMode};
use profiles::name::DeviceName;
use profiles::option::{OptionValue, Options};
use profiles::quantity::{Amperes, Volts};
use profiles::seed::Seed;
use profiles::time::BenchTime;
use proptest::prelude::*;

use super::MODEL;
use crate::accelerator::board_traits;
use crate::accelerator::network::{Network, builtin};
use crate::accelerator::role::{Accelerator, Heard, Inference, Question};
use crate::emulator::{Emulator, Outbox};
use crate::model::{BoardSetup, EmulatorSetup};
use crate::plant::{BusId, Drive, Place, Plant};

struct Rig {
    driver: Box<dyn Accelerator>,
    emulator: Box<dyn Emulator>,
    plant: Plant,
    bus: BusId,
    at: BenchTime,
    heard: Vec<Heard>,
    said: String,
}

impl Rig {
    fn with(settings: &[(&str, &str)]) -> Rig {
        let mut options = Options::defaults(MODEL.options);
        for (key, value) in settings {
            let value = value.parse().map_or_else(
                |_| OptionValue::Text((*value).to_owned()),
                OptionValue::Number,
            );
            options.set(key, value);
        }
        let device = DeviceName::new("payload").unwrap();
        let mut plant = Plant::default();
        let bus = plant.add_bus();
        let board = plant.add_board(device.clone(), Some(bus), None, board_traits(&options));
        let driver = (MODEL.drive)(BoardSetup {
            device: device.clone(),
            options: options.clone(),
            dictionary: None,
            network: None,
        });
        let emulator = (MODEL.emulate)(EmulatorSetup {
            device,
            seed: Seed(7),
            options,
            place: Place::Board(board),
            network: None,
        });
        let mut rig = Rig {
            driver: driver.unwrap(),
            emulator,
            plant,
            bus,
            at: BenchTime::ZERO,
            heard: Vec::new(),
            said: String::new(),
        };
        rig.power(5.0);
        rig.live(3_300);
        rig
    }

    /// Switched on and booted.
    fn new() -> Rig {
        let mut rig = Rig::with(&[]);
        assert_eq!(rig.heard(), [Heard::Booted]);
        rig
    }

    fn power(&mut self, volts: f64) {
        let drive = Drive {
            on: true,
            volts: Volts(volts),
            limit: Amperes(1.0),
        };
        self.plant.drive(self.bus, drive);
    }

    fn live(&mut self, millis: u64) {
        let end = self.at.plus_micros(millis * 1_000);
        while self.emulator.next_action() <= end {
            self.at = self.at.max(self.emulator.next_action());
            self.plant.advance(self.at);
            let mut out = Outbox::default();
            self.emulator.act(self.at, &mut self.plant, &mut out);
            self.deliver(out);
        }
        self.at = end;
        self.plant.advance(end);
    }

    fn send(&mut self, chunks: Vec<Bytes>) {
        for chunk in chunks {
            let mut out = Outbox::default();
            self.emulator
                .receive(self.at, &chunk, &mut self.plant, &mut out);
            self.deliver(out);
        }
    }

    fn deliver(&mut self, mut out: Outbox) {
        for (_, chunk) in out.take() {
            self.said.push_str(&String::from_utf8_lossy(&chunk));
            let mut owed = Vec::new();
            self.driver
                .hear(BenchTime::ZERO, &chunk, &mut self.heard, &mut owed);
            self.send(owed);
        }
    }

    fn heard(&mut self) -> Vec<Heard> {
        std::mem::take(&mut self.heard)
    }

    fn ask(&mut self, question: &Question) -> Vec<Heard> {
        let mut chunks = Vec::new();
        self.driver.ask(question, &mut chunks);
        self.send(chunks);
        self.live(400);
        self.heard()
    }

    fn load(&mut self, slot: u16, first: u8) -> Arc<[u8]> {
        let bytes: Arc<[u8]> = (0..490).map(|at| (at % 61) as u8 ^ first).collect();
        let question = Question::LoadInput {
            slot,
            bytes: Arc::clone(&bytes),
        };
        assert_eq!(self.ask(&question), [Heard::Loaded { slot }]);
        bytes
    }

    fn infer(&mut self, query: u32, slot: u16) -> Inference {
        match &self.ask(&Question::Infer { query, slot })[..] {
            [Heard::Inferred(inference)] => inference.clone(),
            other => panic!("{other:?}"),
        }
    }
}

fn expected(input: &[u8]) -> Vec<u8> {
    let network = Network::load(builtin("mlperf-tiny-kws").unwrap()).unwrap();
    network.infer(input).unwrap()
}

#[test]
fn the_board_answers_as_the_transcript_has_it() {
    let mut rig = Rig::new();
    let mut answers: Vec<String> = Vec::new();
    for line in MODEL
        .transcript
        .lines()
        .filter(|line| !line.starts_with('#'))
    {
        if let Some(command) = line.strip_prefix("> ") {
            assert!(answers.is_empty(), "before {command}: {answers:?}");
            rig.said.clear();
            rig.send(vec![Bytes::copy_from_slice(command.as_bytes())]);
            assert!(rig.said.ends_with("\r\n"));
            answers = rig.said.lines().map(str::to_owned).collect();
        } else {
            assert_eq!(answers.remove(0), line[2..]);
        }
    }
    assert!(answers.is_empty(), "{answers:?}");
}

#[test]
fn a_window_of_the_runner_is_told_line_by_line() {
    let mut rig = Rig::new();
    let input = rig.load(0, 0);
    rig.said.clear();
    rig.send(vec![Bytes::from_static(b"infer 5 2%")]);
    rig.live(2_000);
    let lines: Vec<&str> = rig.said.lines().collect();
    let laps: Vec<u64> = lines
        .iter()
        .filter_map(|line| line.strip_prefix("m-lap-us-")?.parse().ok())
        .collect();
    let shape: Vec<&str> = lines
        .iter()
        .map(|line| line.split("us-").next().unwrap())
        .collect();
    let results = format!("m-results-[{}]", {
        let values = expected(&input);
        let each = values
            .iter()
            .map(|b| format!("{:.3}", (f64::from(b.cast_signed()) - 14.0) * 0.144_692_51));
        each.collect::<Vec<String>>().join(",")
    });
    assert_eq!(
        shape,
        [
            "m-warmup-start-2",
            "m-warmup-done",
            "m-infer-start-5",
            "m-lap-",
            "m-lap-",
            "m-infer-done",
            &results,
            "m-ready",
        ]
    );
    let each = (laps[1] - laps[0]) as f64 / 5.0;
    assert!((each / 180_000.0 - 1.0).abs() < 0.02, "{each}");
}

#[test]
fn the_driver_keeps_many_inputs_on_a_board_that_holds_one() {
    let mut rig = Rig::new();
    let identity = rig.ask(&Question::Identify);
    let [Heard::Identity(identity)] = &identity[..] else {
        panic!("{identity:?}");
    };
    assert_eq!((&*identity.maker, &*identity.model), ("Bench", "kws01"));
    let inputs = [rig.load(0, 0), rig.load(1, 0x55)];
    for (query, slot) in [(1, 1), (2, 0), (3, 0), (4, 1)] {
        let found = rig.infer(query, slot);
        assert_eq!((found.query, found.slot), (query, slot));
        assert_eq!(
            found.output.unwrap()[..],
            expected(&inputs[usize::from(slot)])[..]
        );
        assert!((f64::from(found.latency_us) / 180_000.0 - 1.0).abs() < 0.03);
    }
    // What was inferred last is told again, and the other is inferred anew.
    for slot in [1, 0] {
        let output = rig.ask(&Question::FetchOutput { slot });
        let bytes = expected(&inputs[usize::from(slot)]).into();
        assert_eq!(output, [Heard::Output { slot, bytes }]);
    }
    assert_eq!(rig.ask(&Question::Mode(PowerMode::Full)), [Heard::Done]);
    assert_eq!(rig.ask(&Question::Stop), [Heard::Done]);
    let reduced = rig.ask(&Question::Mode(PowerMode::Reduced));
    assert!(matches!(reduced[..], [Heard::Refused { .. }]));
}

#[test]
fn what_it_cannot_do_is_refused_with_its_own_words() {
    let mut rig = Rig::new();
    let refused = |heard: Vec<Heard>| match &heard[..] {
        [Heard::Refused { text, .. }] => text.clone(),
        other => panic!("{other:?}"),
    };
    let short = Question::LoadInput {
        slot: 0,
        bytes: [1; 489].into(),
    };
    assert_eq!(rig.ask(&short), [Heard::Loaded { slot: 0 }]);
    let text = refused(rig.ask(&Question::Infer { query: 1, slot: 0 }));
    assert_eq!(text, "Input db has 489 elements, expected 490");
    let long = Question::LoadInput {
        slot: 0,
        bytes: [1; 491].into(),
    };
    let heard = rig.ask(&long);
    assert!(
        matches!(heard[..], [Heard::Damaged(_), Heard::Refused { .. }]),
        "{heard:?}"
    );
    let mut edges = Rig::with(&[("timestamps", "edge")]);
    edges.heard();
    edges.load(0, 0);
    let text = refused(edges.ask(&Question::Infer { query: 1, slot: 0 }));
    assert!(text.contains("energy mode"), "{text}");
    assert!(!edges.said.contains("m-lap-us"));
}

#[test]
fn a_reset_empties_the_buffer_and_a_flip_changes_what_it_computes() {
    let mut rig = Rig::new();
    rig.load(0, 0);
    let right = rig.infer(1, 0).digest;
    for byte in 0..64 {
        rig.emulator
            .inject(rig.at, &Fault::BitFlip { byte, bit: 6 }, &mut rig.plant);
    }
    assert_ne!(rig.infer(2, 0).digest, right);
    rig.emulator.inject(rig.at, &Fault::Reset, &mut rig.plant);
    rig.live(3_200);
    assert_eq!(rig.heard(), [Heard::Booted]);
    // The driver knows that the buffer is empty, and fills it again.
    assert_eq!(rig.infer(3, 0).digest, right);
    rig.power(0.0);
    rig.live(500);
    assert_eq!(rig.ask(&Question::Identify), []);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_bytes_panic_nobody(
        noise in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..90), 0..20),
        words in prop::collection::vec("(db|load|infer|results|name|help|print|[0-9a-f]{0,90}|-?[0-9]{1,20})", 0..60),
    ) {
        let mut rig = Rig::new();
        let mut owed = Vec::new();
        rig.driver.ask(&Question::LoadInput { slot: 0, bytes: [7; 100].into() }, &mut owed);
        let text = words.chunks(3).map(|words| words.join(" ") + "%");
        for chunk in noise.into_iter().chain(text.map(String::into_bytes)) {
            rig.driver.hear(BenchTime::ZERO, &chunk, &mut rig.heard, &mut owed);
            let mut out = Outbox::default();
            rig.emulator.receive(rig.at, &chunk, &mut rig.plant, &mut out);
        }
        rig.live(50);
    }
}
