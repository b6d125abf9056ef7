//! Power supplies: one line per make.

#[cfg(test)]
mod bench;
#[cfg(test)]
mod contract;
mod front;
mod heard;
mod keysight_663xb;
mod keysight_channels;
mod keysight_e363xa;
#[cfg(test)]
mod played;
#[cfg(test)]
mod rig;
mod rigol_dp800;
mod role;
mod scpi;
mod stage;
mod tdk_genesys;

pub use role::{PowerSupply, SupplyLimits};

use profiles::option::Options;

use crate::model::{Model, Rating};

/// Every make the bench can drive and play.
pub static MODELS: &[Model<dyn PowerSupply>] = &[
    keysight_663xb::MODEL_6632B,
    keysight_663xb::MODEL_6633B,
    keysight_663xb::MODEL_6634B,
    keysight_e363xa::MODEL_E3631A,
    keysight_e363xa::MODEL_E3632A,
    keysight_channels::MODEL_E36312A,
    keysight_channels::MODEL_N6705B,
    rigol_dp800::MODEL_DP832,
    tdk_genesys::MODEL,
    scpi::MODEL,
];

/// What a model can do at most with these options, where an output or a range that they choose has
/// ratings of its own.
pub fn ratings(model: &str, options: &Options) -> Option<&'static [Rating]> {
    match model {
        "keysight-e3631a" => options.text("output").and_then(keysight_e363xa::ratings),
        "keysight-e3632a" => options.text("range").and_then(keysight_e363xa::ratings),
        "keysight-e36312a" | "keysight-n6705b" => {
            let channel = options.number("channel")?;
            keysight_channels::ratings(model, channel)
        }
        "rigol-dp832" => options.number("channel").and_then(rigol_dp800::ratings),
        "tdk-genesys" => options.text("unit").and_then(tdk_genesys::ratings),
        _ => None,
    }
}

/// Whether a model trips by itself above a voltage that it is told. The driver of one that does
/// not holds the wiring's limit alone.
pub fn guards_itself(model: &str) -> bool {
    model != "keysight-e3631a"
}
