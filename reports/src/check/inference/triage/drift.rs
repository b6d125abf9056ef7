//! Deviations that grow or fall with temperature or voltage.

use std::collections::{BTreeMap, BTreeSet};

use super::Triage;
use crate::golden::conditions::Conditions;
use crate::statistics::{Correlation, correlation};
use crate::verdict::Evidence;

/// Least rank correlation that counts as drift, and the chance that it may have.
const DRIFT_RHO: f64 = 0.7;
const DRIFT_P: f64 = 0.01;
/// Least different deviations of one input: a step has two.
const DRIFT_LEVELS: usize = 4;

/// With what the deviation goes.
pub(super) struct Drift {
    with: &'static str,
    unit: &'static str,
    correlation: Correlation,
    inputs: usize,
    from: f64,
    to: f64,
}

impl Triage {
    /// Whether deviations go with temperature or voltage; the stronger of both.
    pub(super) fn drift(&self) -> Option<Drift> {
        let celsius = self.drift_with(("temperature", "°C"), |conditions| conditions.celsius);
        let volts = self.drift_with(("voltage", "V"), |conditions| conditions.volts);
        let found = [celsius, volts].into_iter().flatten();
        found.max_by(|a, b| a.correlation.rho.abs().total_cmp(&b.correlation.rho.abs()))
    }

    /// Whether deviations go with a condition: input by input, since each deviates by its own amount;
    /// the median of the inputs decides.
    fn drift_with(
        &self,
        (with, unit): (&'static str, &'static str),
        of: impl Fn(&Conditions) -> f64,
    ) -> Option<Drift> {
        let mut by_input: BTreeMap<u16, Vec<(f64, f64)>> = BTreeMap::new();
        for (answer, conditions) in &self.kept {
            let value = of(conditions);
            if let Some(output) = self.outputs.get(answer).filter(|_| value.is_finite()) {
                by_input
                    .entry(answer.0)
                    .or_default()
                    .push((value, output.deviation));
            }
        }
        let mut found: Vec<Correlation> = Vec::new();
        let (mut from, mut to) = (f64::INFINITY, f64::NEG_INFINITY);
        for pairs in by_input.values() {
            let levels: BTreeSet<u64> = pairs.iter().map(|pair| pair.1.to_bits()).collect();
            if levels.len() < DRIFT_LEVELS {
                continue;
            }
            found.extend(correlation(pairs));
            from = pairs.iter().fold(from, |least, pair| least.min(pair.0));
            to = pairs.iter().fold(to, |most, pair| most.max(pair.0));
        }
        found.sort_by(|a, b| a.rho.total_cmp(&b.rho));
        let middle = *found.get(found.len() / 2)?;
        let is_drift = middle.rho.abs() >= DRIFT_RHO && middle.p < DRIFT_P;
        is_drift.then_some(Drift {
            with,
            unit,
            correlation: middle,
            inputs: found.len(),
            from,
            to,
        })
    }
}

impl Drift {
    pub(super) fn told(&self) -> Evidence {
        let Drift {
            with,
            unit,
            correlation,
            inputs,
            from,
            to,
        } = self;
        let goes = if correlation.rho > 0.0 {
            "grow"
        } else {
            "fall"
        };
        let text = format!(
            "deviations {goes} with {with} from {from:.1} to {to:.1} {unit}: rank correlation {:.2} in \
             the median of {inputs} inputs, p {:.1e}",
            correlation.rho, correlation.p
        );
        let numbers = [
            ("rho", correlation.rho),
            ("p", correlation.p),
            ("inputs", *inputs as f64),
            ("from", *from),
            ("to", *to),
        ];
        Evidence::new(&format!("drift with {with}"), text, &numbers)
    }
}
