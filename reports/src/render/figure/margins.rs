//! Margins: how much of its allowance each check has left, as bars.

use serde::Serialize;

use crate::report::Report;
use crate::verdict::Verdict;

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
        .enumerate()
        .filter_map(|(place, finding)| {
            let share = words::share(report, place).filter(|share| share.is_finite())?;
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
