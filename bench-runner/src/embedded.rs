//! The files of the quickstart, embedded in the program: the campaign, its orbit, its wiring and
//! its goldens, as they lie beside the tests.

use std::path::PathBuf;

use crate::config::folder::{Embedded, Folder};

macro_rules! embedded {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_bytes!(concat!("../../hil-tests/", $path)))),*]
    };
}

/// Every embedded file, by its path.
pub static FILES: &[Embedded] = embedded![
    "campaigns/eclipse_ride_through.toml",
    "campaigns/iss.tle",
    "wiring/emulated.toml",
    "goldens/cloud-mask/golden.toml",
    "goldens/cloud-mask/inputs.safetensors",
    "goldens/cloud-mask/outputs.safetensors",
    "goldens/keyword-spotting/golden.toml",
    "goldens/keyword-spotting/inputs.safetensors",
    "goldens/keyword-spotting/outputs.safetensors",
    "goldens/eclipse-ride-through/throughput.toml",
];

/// The campaign of the quickstart: its folder and its file.
pub fn campaign() -> (Folder, String) {
    let folder = Folder::Embedded(FILES, PathBuf::from("campaigns"));
    (folder, "eclipse_ride_through.toml".to_owned())
}

/// The wiring of the quickstart: its folder and its file.
pub fn wiring() -> (Folder, String) {
    (
        Folder::Embedded(FILES, PathBuf::from("wiring")),
        "emulated.toml".to_owned(),
    )
}
