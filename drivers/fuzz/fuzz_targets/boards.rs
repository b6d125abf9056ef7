//! Both halves of each board take any chunks without a panic.
#![no_main]

use drivers::accelerator::{MODELS, Question, board_traits};
use drivers::emulator::Outbox;
use drivers::link::can::{CanFrame, CanId};
use drivers::model::{BoardSetup, EmulatorSetup};
use drivers::plant::{Drive, Place, Plant};
use libfuzzer_sys::fuzz_target;
use profiles::name::DeviceName;
use profiles::option::Options;
use profiles::quantity::{Amperes, Volts};
use profiles::seed::Seed;
use profiles::time::BenchTime;

fuzz_target!(|input: (Vec<Vec<u8>>, Vec<[u8; 8]>)| {
    let (chunks, frames) = input;
    let device = DeviceName::new("payload").expect("a name");
    for model in MODELS {
        let options = Options::defaults(model.options);
        let mut plant = Plant::default();
        let bus = plant.add_bus();
        let traits = board_traits(&options);
        let board = plant.add_board(device.clone(), Some(bus), None, traits);
        let drive = Drive {
            on: true,
            volts: Volts(28.0),
            limit: Amperes(5.0),
        };
        plant.drive(bus, drive);
        let mut driver = (model.drive)(BoardSetup {
            device: device.clone(),
            options: options.clone(),
            dictionary: None,
            network: None,
        })
        .expect("options are the defaults");
        let mut emulator = (model.emulate)(EmulatorSetup {
            device: device.clone(),
            seed: Seed(1),
            options,
            place: Place::Board(board),
            network: None,
        });
        let (mut out, mut heard, mut owed) = (Outbox::default(), Vec::new(), Vec::new());
        while emulator.next_action() <= BenchTime::from_millis(3_300) {
            let at = emulator.next_action();
            plant.advance(at);
            emulator.act(at, &mut plant, &mut out);
        }
        driver.ask(&Question::Identify, &mut owed);
        let at = BenchTime::from_millis(3_300);
        let frames = frames.iter().flat_map(|frame| {
            [0x6a0, 0x6a1, 0x100].map(|id| CanFrame::new(CanId::Standard(id), frame).to_bytes().to_vec())
        });
        for chunk in chunks.iter().cloned().chain(frames) {
            driver.hear(at, &chunk, &mut heard, &mut owed);
            emulator.receive(at, &chunk, &mut plant, &mut out);
        }
    }
});
