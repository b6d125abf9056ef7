//! Goldens: what was expected, accepted by a person, with where it came from.

use std::collections::BTreeMap;
use std::sync::Arc;

/// One workload's golden.
#[derive(Clone, Debug)]
pub struct Golden {}

/// The goldens of a campaign, by folder name.
#[derive(Clone, Debug, Default)]
pub struct Goldens {
    /// Inputs and expected outputs, by folder name.
    pub workloads: BTreeMap<String, Arc<Golden>>,
}
