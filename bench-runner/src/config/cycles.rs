//! Thermal cycles as a campaign or a profile writes them.

use profiles::shape::{CycleSpec, Standard};
use profiles::time::BenchTime;

use super::orbit::source::within;
use super::{Node, Place, TableReader};

/// Cycles, and where they come from.
#[derive(Clone, Debug)]
pub(crate) struct RawCycles {
    /// The cycles, from T0 on.
    pub(crate) spec: CycleSpec,
    /// The standard whose defaults they have.
    pub(crate) standard: Option<Standard>,
    /// Where they stand.
    pub(crate) place: Place,
}

/// A table of cycles: a standard and the unit's limits, or all numbers by themselves.
pub(crate) fn cycles(node: &Node<'_>) -> Option<RawCycles> {
    let table = node.table("[cycles]")?;
    let found = read(&table);
    table.finish();
    let (spec, standard) = found?;
    if let Err(error) = spec.check() {
        // The number that is wrong, where it is written; else the table.
        let at = node.table("[cycles]").and_then(|table| {
            let entries = table.entries().into_iter();
            let mut written = entries.filter(|(key, _)| key.value == error.field);
            written.next().map(|(_, node)| node)
        });
        let message = format!("`{}` is {}", error.field, error.value);
        let expected = format!("expected {}", error.expected);
        return at.as_ref().unwrap_or(node).refuse(message, expected);
    }
    Some(RawCycles {
        spec,
        standard,
        place: node.place.clone(),
    })
}

fn read(table: &TableReader<'_>) -> Option<(CycleSpec, Option<Standard>)> {
    let names = Standard::NAMES.map(|(name, _)| name);
    let word = table.get("standard").map(|node| node.choice(&names));
    let standard = match word {
        // What is misspelt has no defaults: nothing more is missed.
        Some(None) => return None,
        Some(Some(word)) => {
            let mut all = Standard::NAMES.into_iter();
            all.find(|(name, _)| *name == word.value).map(|(_, s)| s)
        }
        None => None,
    };
    let celsius = |key| {
        let node = table.required(key)?;
        within(&node, -200.0, 200.0)
    };
    let (cold, hot) = (celsius("cold_celsius"), celsius("hot_celsius"));
    let margin = table.get("margin_kelvin");
    let margin = margin.map_or(Some(None), |node| Some(Some(within(&node, 0.0, 100.0)?)));
    let usual = standard.map(|standard| standard.cycles(BenchTime::ZERO, [0.0, 0.0]));
    // Without a standard the numbers have no defaults.
    let of = |key| match usual {
        Some(_) => table.get(key),
        None => table.required(key),
    };
    let dwell = match of("dwell") {
        Some(node) => node.duration().map(|dwell| dwell.value),
        None => usual.map(|usual| usual.dwell_seconds),
    };
    let ramp = match of("ramp_k_per_min") {
        Some(node) => node.number().map(|ramp| ramp.value),
        None => usual.map(|usual| usual.kelvin_per_minute),
    };
    let count = match of("count") {
        Some(node) => node.whole().map(|count| count.value),
        None => usual.map(|usual| u64::from(usual.count)),
    };
    let ambient = table.get("ambient_celsius");
    let ambient = ambient.map_or(Some(22.0), |node| within(&node, -200.0, 200.0));
    let tolerance = table.get("tolerance_kelvin");
    let tolerance = tolerance.map_or(Some(None), |node| Some(Some(within(&node, 0.0, 50.0)?)));
    let margin = margin?.unwrap_or(standard.map_or(0.0, Standard::margin_kelvin));
    let bands = match (tolerance?, usual) {
        (Some(both), _) => ([both; 2], [both; 2]),
        (None, Some(usual)) => (usual.hot_band, usual.cold_band),
        (None, None) => ([USUAL_TOLERANCE; 2], [USUAL_TOLERANCE; 2]),
    };
    let spec = CycleSpec {
        start: BenchTime::ZERO,
        ambient_celsius: ambient?,
        hot_celsius: hot? + margin,
        cold_celsius: cold? - margin,
        dwell_seconds: dwell?,
        kelvin_per_minute: ramp?,
        count: u32::try_from(count?).unwrap_or(u32::MAX),
        hot_band: bands.0,
        cold_band: bands.1,
    };
    Some((spec, standard))
}

/// Tolerance either way where nothing is said, K.
const USUAL_TOLERANCE: f64 = 3.0;
