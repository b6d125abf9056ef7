//! What a wiring may set of these supplies.

use profiles::option::{OptionDefault, OptionKind, OptionSpec};

use crate::options::{deadline, latency, load_ohm, over_current, serial};

pub(super) const E36312A: [OptionSpec; 6] = options(2.0, 3.0, "MY59000001");
pub(super) const N6705B: [OptionSpec; 6] = options(1.0, 4.0, "MY50000001");

const fn options(channel: f64, channels: f64, number: &'static str) -> [OptionSpec; 6] {
    [
        deadline(1.0),
        OptionSpec {
            name: "channel",
            kind: OptionKind::Whole {
                min: 1.0,
                max: channels,
                unit: "",
            },
            default: Some(OptionDefault::Number(channel)),
            help: "which output is used; the others stay off",
        },
        over_current(
            "limit",
            "what the supply does at its current limit: hold it, or switch off",
        ),
        latency(0.010),
        load_ohm(
            0.01,
            "emulator: a resistor at each output that nothing else is at",
        ),
        serial(number),
    ]
}
