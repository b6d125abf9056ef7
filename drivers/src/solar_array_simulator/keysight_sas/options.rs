//! What a wiring may set of these simulators.

use profiles::option::{OptionDefault, OptionKind, OptionSpec};

use crate::options::{deadline, latency, load_ohm, over_current, serial};

const DEADLINE: OptionSpec = deadline(1.0);

const ADAPTER: OptionSpec = OptionSpec {
    name: "adapter",
    kind: OptionKind::Choice(&["none", "prologix"]),
    default: Some(OptionDefault::Text("none")),
    help: "what is between the serial port and GPIB",
};

const ADDRESS: OptionSpec = OptionSpec {
    name: "gpib_address",
    kind: OptionKind::Whole {
        min: 0.0,
        max: 30.0,
        unit: "",
    },
    default: Some(OptionDefault::Number(5.0)),
    help: "address behind the adapter",
};

const OVER_CURRENT: OptionSpec = over_current(
    "trip",
    "what it does above the wiring's `amps`: hold the curve, or switch off",
);

const LATENCY: OptionSpec = latency(0.010);

const LOAD: OptionSpec = load_ohm(
    0.01,
    "emulator: a resistor at the output, beside the boards",
);

/// Of those with one output.
pub(super) const SINGLE: [OptionSpec; 7] = [
    DEADLINE,
    ADAPTER,
    ADDRESS,
    OVER_CURRENT,
    LATENCY,
    LOAD,
    serial("0"),
];

/// Of the mainframe.
pub(super) const MODULAR: [OptionSpec; 9] = [
    DEADLINE,
    ADAPTER,
    ADDRESS,
    OVER_CURRENT,
    LATENCY,
    LOAD,
    serial("MY00000001"),
    OptionSpec {
        name: "channel",
        kind: OptionKind::Whole {
            min: 1.0,
            max: 2.0,
            unit: "",
        },
        default: Some(OptionDefault::Number(1.0)),
        help: "which of its outputs this device is",
    },
    OptionSpec {
        name: "channels",
        kind: OptionKind::Whole {
            min: 1.0,
            max: 2.0,
            unit: "",
        },
        default: Some(OptionDefault::Number(2.0)),
        help: "emulator: outputs that the mainframe has",
    },
];
