//! An accelerator board on a CAN 2.0 bus: telemetry in frames that a DBC file describes,
//! questions and answers by ISO-TP on a pair of identifiers, or in packets of CSP.

mod csp;
mod driver;
mod emulator;
mod identifiers;
mod open_node;
mod port;
mod protocol;
mod sender;
mod services;

use profiles::option::{OptionDefault, OptionKind, OptionSpec};

use super::board::{
    AIR_CONDUCTANCE_OPTION, AXES, ECC, HEAT_CAPACITY_OPTION, LATCH_UP_TRIP, MIN_VOLTS_OPTION,
    TELEMETRY_HZ, busy_watts, idle_watts, latency, network,
};
use super::role::Accelerator;
use crate::link::Pacing;
use crate::model::{BoardSetup, Model, Rating};

pub(super) const MODEL: Model<dyn Accelerator, BoardSetup> = Model {
    name: "dbc-can",
    summary: "accelerator board, DBC telemetry and ISO-TP or CSP on a CAN 2.0 bus",
    options: &[
        network("mlperf-tiny-kws"),
        latency(0.120),
        idle_watts(2.0),
        busy_watts(6.0),
        MIN_VOLTS_OPTION,
        TELEMETRY_HZ,
        LATCH_UP_TRIP,
        AXES,
        ECC,
        HEAT_CAPACITY_OPTION,
        AIR_CONDUCTANCE_OPTION,
        OptionSpec {
            name: "bit_rate",
            kind: OptionKind::Whole {
                min: 10_000.0,
                max: 1_000_000.0,
                unit: "bit/s",
            },
            default: Some(OptionDefault::Number(1_000_000.0)),
            help: "bits per second on the bus",
        },
        identifiers::OPTION,
        csp::TRANSPORT,
        csp::VERSION,
        csp::ADDRESS,
        csp::GROUND,
        OptionSpec {
            name: open_node::OPTION,
            kind: OptionKind::Whole {
                min: 1.0,
                max: 127.0,
                unit: "",
            },
            default: Some(OptionDefault::Unset),
            help: "emulated: number of a CANopen node that it has beside its telemetry",
        },
    ],
    ratings: &[Rating {
        name: "volts",
        value: 36.0,
    }],
    // The fastest of the four rates of ECSS-E-ST-50-15C.
    ratings_by: |_| None,
    guards_itself: true,
    pacing: Pacing::Can {
        bit_rate: 1_000_000,
    },
    drive: |setup| Ok(Box::new(driver::DbcCan::new(&setup)?)),
    emulate: |setup| Box::new(emulator::DbcCan::new(&setup)),
    transcript: include_str!("transcript.txt"),
};
