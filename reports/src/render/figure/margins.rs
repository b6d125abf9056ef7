//! Margins: how much of its allowance each check uses, as bars.

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
    /// What it says in words where it is no margin; then there is no limit at 100 % either.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spoken: Option<String>,
}

/// The bars of the checks that have a margin, at most `most`: what failed first, then what is not known, each
/// with the tightest first; and how many have one.
pub fn margins(report: &Report, most: usize) -> (Vec<Bar>, usize) {
    let bars = words::worst_first(report).into_iter().filter_map(|place| {
        let finding = &report.findings[place];
        let share = words::share(report, place).filter(|share| share.is_finite())?;
        Some(Bar {
            label: finding.check.clone(),
            share: share.clamp(-1.0, 1.0),
            margin: words::quantity(finding.margin?, &finding.unit),
            verdict: finding.verdict,
            spoken: None,
        })
    });
    let mut bars: Vec<Bar> = bars.collect();
    let all = bars.len();
    bars.truncate(most);
    (bars, all)
}
