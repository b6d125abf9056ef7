//! What a run is: configuration to plan, plan to run, run to verdict.

pub mod can;
pub mod cli;
pub mod config;
pub mod decode;
pub mod embedded;
pub mod execute;
pub mod exit;
pub mod gate;
pub mod labgrid;
pub mod monte_carlo;
pub mod plan;
pub mod run;
pub mod runtime;
pub mod submit;
pub mod supervise;
pub mod table;
pub mod torture;
pub mod watch;
pub mod workers;

use std::collections::BTreeMap;

/// Versions of the software that makes a run's bytes.
pub(crate) fn versions() -> BTreeMap<String, String> {
    BTreeMap::from([("bench".to_owned(), env!("CARGO_PKG_VERSION").to_owned())])
}

/// A name as a folder: `eclipse ride-through` becomes `eclipse-ride-through`.
pub fn slug(name: &str) -> String {
    let dashed: String = name
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let parts: Vec<&str> = dashed.split('-').filter(|part| !part.is_empty()).collect();
    if parts.is_empty() {
        "campaign".to_owned()
    } else {
        parts.join("-")
    }
}
