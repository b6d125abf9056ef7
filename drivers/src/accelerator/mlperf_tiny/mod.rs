//! A board that speaks the serial API of MLPerf Tiny (EEMBC's "`ULPMark` for tinyML" firmware): lines of
//! text, commands that end with `%`, one buffer for an input, and nothing told by itself but its boot.
//!
//! Source: `benchmark/api` and `benchmark/runner` of github.com/mlcommons/tiny, commit 18d632fe.

mod driver;
mod emulator;
mod protocol;

#[cfg(test)]
mod tests;

use profiles::option::{OptionDefault, OptionKind, OptionSpec};

use super::board::{
    AIR_CONDUCTANCE_OPTION, AXES, ECC, HEAT_CAPACITY_OPTION, LATCH_UP_TRIP, busy_watts, idle_watts,
    latency, network_among,
};
use super::role::Accelerator;
use crate::link::Pacing;
use crate::model::{BoardSetup, Model, Rating};

const fn number(
    name: &'static str,
    (min, max, unit): (f64, f64, &'static str),
    default: f64,
    help: &'static str,
) -> OptionSpec {
    OptionSpec {
        name,
        kind: OptionKind::Number { min, max, unit },
        default: Some(OptionDefault::Number(default)),
        help,
    }
}

pub(super) const MODEL: Model<dyn Accelerator, BoardSetup> = Model {
    name: "mlperf-tiny",
    summary: "accelerator board with the serial API of MLPerf Tiny (EEMBC), as it is",
    options: &[
        // Its API carries tensors, and no tokens.
        network_among(
            "mlperf-tiny-kws",
            &[
                "eo-cloudnet-tiny",
                "mlperf-tiny-ad",
                "mlperf-tiny-ic",
                "mlperf-tiny-kws",
                "mlperf-tiny-sww",
                "mlperf-tiny-vww",
            ],
        ),
        AXES,
        // A Cortex-M4 at 120 MHz, keyword spotting: 5.5 inferences a second.
        latency(0.180),
        idle_watts(0.1),
        busy_watts(0.2),
        // Five volts of USB, and a regulator to 3.3 V.
        number(
            "min_volts",
            (1.0, 60.0, "V"),
            3.5,
            "emulated: below this it browns out",
        ),
        LATCH_UP_TRIP,
        ECC,
        HEAT_CAPACITY_OPTION,
        AIR_CONDUCTANCE_OPTION,
        number(
            "output_scale",
            (1e-9, 1e9, ""),
            0.144_692_51,
            "what a step of an 8-bit output stands for: results come as numbers",
        ),
        number(
            "output_zero",
            (-128.0, 127.0, ""),
            14.0,
            "the 8-bit output that stands for zero",
        ),
        OptionSpec {
            name: "timestamps",
            kind: OptionKind::Choice(&["serial", "edge"]),
            default: Some(OptionDefault::Text("serial")),
            help: "emulated: time stamps as lines (performance mode), or as edges of a pin (energy mode)",
        },
        number(
            "baud",
            (9_600.0, 3_000_000.0, "Bd"),
            115_200.0,
            "bits per second on the line, 8N1",
        ),
    ],
    ratings: &[Rating {
        name: "volts",
        value: 5.5,
    }],
    ratings_by: |_| None,
    guards_itself: true,
    pacing: Pacing::Serial {
        baud: 115_200,
        bits_per_byte: 10,
    },
    drive: |setup| Ok(Box::new(driver::MlperfTiny::new(&setup))),
    emulate: |setup| Box::new(emulator::MlperfTiny::new(&setup)),
    transcript: include_str!("transcript.txt"),
};
