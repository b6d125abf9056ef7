//! What a wiring may set of these supplies.

use profiles::option::{OptionDefault, OptionKind, OptionSpec};

pub(super) const E36312A: [OptionSpec; 6] = options(2.0, 3.0, "MY59000001");
pub(super) const N6705B: [OptionSpec; 6] = options(1.0, 4.0, "MY50000001");

const fn options(channel: f64, channels: f64, serial: &'static str) -> [OptionSpec; 6] {
    [
        OptionSpec {
            name: "deadline",
            kind: OptionKind::Duration,
            default: Some(OptionDefault::Number(1.0)),
            help: "how long an answer may take",
        },
        OptionSpec {
            name: "channel",
            kind: OptionKind::Number {
                min: 1.0,
                max: channels,
                unit: "",
            },
            default: Some(OptionDefault::Number(channel)),
            help: "which output is used; the others stay off",
        },
        OptionSpec {
            name: "over_current",
            kind: OptionKind::Choice(&["limit", "trip"]),
            default: Some(OptionDefault::Text("limit")),
            help: "what the supply does at its current limit: hold it, or switch off",
        },
        OptionSpec {
            name: "latency",
            kind: OptionKind::Duration,
            default: Some(OptionDefault::Number(0.010)),
            help: "emulator: time from question to answer",
        },
        OptionSpec {
            name: "load_ohm",
            kind: OptionKind::Number {
                min: 0.01,
                max: 1e6,
                unit: "Ω",
            },
            default: Some(OptionDefault::Unset),
            help: "emulator: a resistor at each output that nothing else is at",
        },
        OptionSpec {
            name: "serial",
            kind: OptionKind::Text,
            default: Some(OptionDefault::Text(serial)),
            help: "emulator: serial number that it answers",
        },
    ]
}
