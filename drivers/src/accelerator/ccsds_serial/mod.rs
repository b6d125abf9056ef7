//! An accelerator board on an asynchronous serial line: CCSDS space packets with the headers and
//! services of ECSS-E-ST-70-41C, stuffed with COBS.

mod driver;
mod emulator;
mod protocol;

use profiles::option::{OptionDefault, OptionKind, OptionSpec};

use super::board::{
    AIR_CONDUCTANCE_OPTION, AXES, CLOCK_OFFSET, CLOCK_PPM, ECC, HEAT_CAPACITY_OPTION,
    LATCH_UP_TRIP, MIN_VOLTS_OPTION, TELEMETRY_HZ, busy_watts, idle_watts, latency, network,
};
use super::role::Accelerator;
use crate::link::Pacing;
use crate::model::{BoardSetup, Model, Rating};

pub(super) const MODEL: Model<dyn Accelerator, BoardSetup> = Model {
    name: "ccsds-serial",
    summary: "accelerator board, CCSDS/PUS packets in COBS frames on a serial line",
    options: &[
        network("eo-cloudnet-tiny"),
        latency(0.250),
        idle_watts(6.0),
        busy_watts(18.0),
        MIN_VOLTS_OPTION,
        TELEMETRY_HZ,
        LATCH_UP_TRIP,
        AXES,
        ECC,
        HEAT_CAPACITY_OPTION,
        AIR_CONDUCTANCE_OPTION,
        CLOCK_PPM,
        CLOCK_OFFSET,
        OptionSpec {
            name: "time_code",
            kind: OptionKind::Choice(&["cds", "cuc"]),
            default: Some(OptionDefault::Text("cds")),
            help: "emulated: how packets tell its time (CCSDS 301.0-B): to 1 ms, to 15 µs",
        },
        OptionSpec {
            name: "baud",
            kind: OptionKind::Whole {
                min: 9_600.0,
                max: 12_000_000.0,
                unit: "Bd",
            },
            default: Some(OptionDefault::Number(3_000_000.0)),
            help: "bits per second on the line, 8N1",
        },
        OptionSpec {
            name: "framing",
            kind: OptionKind::Choice(&["cobs", "none"]),
            default: Some(OptionDefault::Text("cobs")),
            help: "what marks the packets on the line",
        },
    ],
    ratings: &[Rating {
        name: "volts",
        value: 36.0,
    }],
    // RS-422 transceivers and UARTs of payload computers go this far.
    ratings_by: |_| None,
    guards_itself: true,
    pacing: Pacing::Serial {
        baud: 3_000_000,
        bits_per_byte: 10,
    },
    drive: |setup| Ok(Box::new(driver::CcsdsSerial::new(setup))),
    emulate: |setup| Box::new(emulator::CcsdsSerial::new(&setup)),
    transcript: include_str!("transcript.txt"),
};
