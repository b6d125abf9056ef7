//! Both halves on a paced link with the loop that serves emulators, in virtual time: what a
//! station will see, and how long transfers take.

use std::sync::Arc;

use profiles::name::DeviceName;
use profiles::option::{OptionValue, Options};
use profiles::quantity::{Amperes, Volts};
use profiles::seed::Seed;
use profiles::time::BenchTime;
use tokio::sync::mpsc;

use super::models;
use super::rig::networks;
use crate::accelerator::network::{Network, builtin};
use crate::accelerator::role::{Accelerator, Heard, Question};
use crate::accelerator::{board_traits, pacing};
use crate::clock::Clock;
use crate::emulator::serve;
use crate::link::Link;
use crate::model::{BoardSetup, EmulatorSetup, Model};
use crate::plant::{Drive, Place, Plant, SharedPlant};

/// The ground's end of a link.
struct Ground {
    driver: Box<dyn Accelerator>,
    link: Link,
    clock: Clock,
}

impl Ground {
    /// Waits for what `wanted` picks, at most ten seconds; the damage met on the way.
    async fn hear(&mut self, wanted: fn(&Heard) -> bool) -> (Option<Heard>, usize) {
        let deadline = self.clock.now().plus_micros(10_000_000);
        let mut damage = 0;
        while let Some(arrival) = self.clock.until(deadline, self.link.receive()).await {
            let (mut heard, mut owed) = (Vec::new(), Vec::new());
            let arrival = arrival.unwrap();
            self.driver
                .hear(arrival.at, &arrival.chunk, &mut heard, &mut owed);
            for chunk in owed {
                self.link.send(chunk).await.unwrap();
            }
            for heard in heard {
                damage += usize::from(matches!(heard, Heard::Damaged(_)));
                if wanted(&heard) {
                    return (Some(heard), damage);
                }
            }
        }
        (None, damage)
    }

    /// Asks, and how long it took until what `wanted` picks, ms.
    async fn ask(&mut self, question: &Question, wanted: fn(&Heard) -> bool) -> (Heard, u64) {
        let start = self.clock.now();
        let mut chunks = Vec::new();
        self.driver.ask(question, &mut chunks);
        for chunk in chunks {
            self.link.send(chunk).await.unwrap();
        }
        let (heard, damage) = self.hear(wanted).await;
        assert_eq!(damage, 0, "after {question:?}");
        let millis = self.clock.now().micros_since(start) / 1_000;
        (
            heard.unwrap_or_else(|| panic!("no answer to {question:?}")),
            millis,
        )
    }
}

fn start(model: &Model<dyn Accelerator, BoardSetup>, network: &str) -> Ground {
    let clock = Clock::start();
    let mut options = Options::defaults(model.options);
    options.set("network", OptionValue::Text(network.to_owned()));
    if network.starts_with("stories") {
        // A token of a language model, of which there are many.
        options.set("latency", OptionValue::Number(0.002));
    }
    let device = DeviceName::new("payload").unwrap();
    let mut plant = Plant::default();
    let bus = plant.add_bus();
    let board = plant.add_board(device.clone(), Some(bus), None, board_traits(&options));
    let drive = Drive {
        on: true,
        volts: Volts(28.0),
        limit: Amperes(5.0),
    };
    plant.drive(bus, drive);
    let (near, far) = Link::pair(clock, pacing(model.pacing, &options));
    let emulator = (model.emulate)(EmulatorSetup {
        device: device.clone(),
        seed: Seed(7),
        options: options.clone(),
        place: Place::Board(board),
        network: None,
    });
    let (faults, heard_faults) = mpsc::channel(1);
    let plant = SharedPlant::new(plant);
    tokio::spawn(async move {
        // The loop ends when nobody can inject faults any more.
        let _faults = faults;
        serve(emulator, far, heard_faults, clock, plant).await
    });
    let driver = (model.drive)(BoardSetup {
        device,
        options,
        dictionary: None,
        network: None,
    })
    .unwrap();
    Ground {
        driver,
        link: near,
        clock,
    }
}

#[test]
fn a_session_on_each_line_takes_what_the_line_needs() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    for model in models() {
        for name in networks(model) {
            runtime.block_on(async {
                let network = Network::load(builtin(name).unwrap()).unwrap();
                let mut ground = start(model, name);
                let (booted, _) = ground.hear(|heard| *heard == Heard::Booted).await;
                assert!(booted.is_some(), "{}", model.name);
                assert_eq!(ground.clock.now(), BenchTime::from_millis(3_101));
                let identify = Question::Identify;
                let identity = |heard: &Heard| matches!(heard, Heard::Identity(_));
                let (_, millis) = ground.ask(&identify, identity).await;
                assert!(millis < 10, "{}: identity took {millis} ms", model.name);
                let bytes: Arc<[u8]> = vec![1; network.input_bytes()].into();
                let octets = bytes.len() as u64;
                let load = Question::LoadInput { slot: 0, bytes };
                let loaded = |heard: &Heard| matches!(heard, Heard::Loaded { slot: 0 });
                let (_, millis) = ground.ask(&load, loaded).await;
                // 100 kB/s of ISO-TP at 1 Mbit/s is far from the bus's best; serial is faster.
                let most = 20 + octets / 30;
                assert!(
                    millis < most,
                    "{}: {octets} octets in {millis} ms",
                    model.name
                );
                let infer = Question::Infer { query: 1, slot: 0 };
                let inferred = |heard: &Heard| matches!(heard, Heard::Inferred(_));
                ground.ask(&infer, inferred).await;
                let fetch = Question::FetchOutput { slot: 0 };
                let output = |heard: &Heard| matches!(heard, Heard::Output { .. });
                let (output, millis) = ground.ask(&fetch, output).await;
                let Heard::Output { bytes, .. } = output else {
                    panic!("{output:?}");
                };
                assert_eq!(bytes.len(), network.output_bytes());
                let most = 20 + bytes.len() as u64 / 30;
                assert!(
                    millis < most,
                    "{}: {} octets in {millis} ms",
                    model.name,
                    bytes.len()
                );
                println!(
                    "{} {name}: in {octets}, out {}: {millis} ms",
                    model.name,
                    bytes.len()
                );
            });
        }
    }
}
