//! Margins: how much of its allowance each check has left, as bars.

use serde::Serialize;

use crate::header::CheckSpec;
use crate::report::Report;
use crate::verdict::{Finding, Verdict};

use super::super::words;

/// One bar.
#[derive(Clone, Debug, Serialize)]
pub struct Bar {
    /// The check.
    pub label: String,
    /// What is left of the allowance, from -1 to 1; negative when broken.
    pub share: f64,
    /// The margin as text.
    pub margin: String,
    /// What the check says.
    pub verdict: Verdict,
}

/// The bars of the `most` tightest checks that have a margin, tightest first.
pub fn margins(report: &Report, most: usize) -> Vec<Bar> {
    let mut bars: Vec<Bar> = report
        .findings
        .iter()
        .filter_map(|finding| {
            let spec = report
                .header
                .checks
                .iter()
                .find(|check| check.name == finding.check);
            let share = share(finding, spec)?;
            Some(Bar {
                label: finding.check.clone(),
                share: share.clamp(-1.0, 1.0),
                margin: words::quantity(finding.margin?, &finding.unit),
                verdict: finding.verdict,
            })
        })
        .collect();
    bars.sort_by(|a, b| a.share.total_cmp(&b.share));
    bars.truncate(most);
    bars
}

/// The margin as a share of what is allowed: of half the band where a check has two limits, of
/// the limit's size where it has one.
fn share(finding: &Finding, spec: Option<&CheckSpec>) -> Option<f64> {
    let margin = finding.margin?;
    let option = |name: &str| spec.and_then(|check| check.options.number(name));
    let allowed = match (option("min"), option("max")) {
        (Some(min), Some(max)) => (max - min) / 2.0,
        _ => finding.limit?.abs(),
    };
    (allowed > 0.0).then(|| margin / allowed)
}
