//! What a wiring may set of these simulators.

use profiles::option::{OptionDefault, OptionKind, OptionSpec};

const DEADLINE: OptionSpec = OptionSpec {
    name: "deadline",
    kind: OptionKind::Duration,
    default: Some(OptionDefault::Number(1.0)),
    help: "how long an answer may take",
};

const ADAPTER: OptionSpec = OptionSpec {
    name: "adapter",
    kind: OptionKind::Choice(&["none", "prologix"]),
    default: Some(OptionDefault::Text("none")),
    help: "what is between the serial port and GPIB",
};

const ADDRESS: OptionSpec = OptionSpec {
    name: "gpib_address",
    kind: OptionKind::Number {
        min: 0.0,
        max: 30.0,
        unit: "",
    },
    default: Some(OptionDefault::Number(5.0)),
    help: "address behind the adapter",
};

const OVER_CURRENT: OptionSpec = OptionSpec {
    name: "over_current",
    kind: OptionKind::Choice(&["limit", "trip"]),
    default: Some(OptionDefault::Text("trip")),
    help: "what it does above the wiring's `amps`: hold the curve, or switch off",
};

const LATENCY: OptionSpec = OptionSpec {
    name: "latency",
    kind: OptionKind::Duration,
    default: Some(OptionDefault::Number(0.010)),
    help: "emulator: time from question to answer",
};

const LOAD: OptionSpec = OptionSpec {
    name: "load_ohm",
    kind: OptionKind::Number {
        min: 0.01,
        max: 1e6,
        unit: "Ω",
    },
    default: Some(OptionDefault::Unset),
    help: "emulator: a resistor at the output, beside the boards",
};

const fn serial(default: &'static str) -> OptionSpec {
    OptionSpec {
        name: "serial",
        kind: OptionKind::Text,
        default: Some(OptionDefault::Text(default)),
        help: "emulator: serial number that it answers",
    }
}

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
        kind: OptionKind::Number {
            min: 1.0,
            max: 2.0,
            unit: "",
        },
        default: Some(OptionDefault::Number(1.0)),
        help: "which of its outputs this device is",
    },
    OptionSpec {
        name: "channels",
        kind: OptionKind::Number {
            min: 1.0,
            max: 2.0,
            unit: "",
        },
        default: Some(OptionDefault::Number(2.0)),
        help: "emulator: outputs that the mainframe has",
    },
];
