//! The manifest: what a run was, with the only dates that the bench takes from the wall clock.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::header::InputFile;
use crate::verdict::{Ending, Verdict};

/// What a run was; `manifest.json` beside its record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The run's name.
    pub run_id: String,
    /// When it began on the wall clock, RFC 3339.
    pub started: String,
    /// When it ended on the wall clock, RFC 3339.
    pub ended: String,
    /// When it went on after it had been cut off, each time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resumed: Vec<String>,
    /// Versions of the software: `bench` and what matters for the bytes.
    pub versions: BTreeMap<String, String>,
    /// The seed.
    pub seed: u64,
    /// `virtual` or `real`.
    pub pace: String,
    /// The campaign's name.
    pub campaign: String,
    /// The wiring's name.
    pub wiring: String,
    /// The files that the run was made from.
    pub inputs: Vec<InputFile>,
    /// The record itself, once it is closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<InputFile>,
    /// Who answered, by device.
    pub identities: BTreeMap<String, Identity>,
    /// How it ended.
    pub ending: Ending,
    /// What the checks say.
    pub verdict: Verdict,
    /// The process's exit code.
    pub exit_code: u8,
    /// Length on the bench's clock, in seconds.
    pub sim_seconds: f64,
}

/// Who a device says it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Maker.
    pub maker: String,
    /// Model.
    pub model: String,
    /// Serial number; may be empty.
    pub serial: String,
    /// Firmware; may be empty.
    pub firmware: String,
}
