//! What a phase, a plateau or an orbit comes to.

use std::fmt::Write as _;

use crate::check::inference::power::Integral;
use crate::golden::Energy;
use crate::verdict::Evidence;

/// What a cell comes to.
pub(super) struct Cell {
    pub(super) name: String,
    pub(super) answers: u64,
    pub(super) right: u64,
    pub(super) integral: Integral,
    /// Of one right answer, J, and its expanded uncertainty (k = 2).
    pub(super) each: f64,
    pub(super) uncertainty: f64,
    /// The same as blocks of answers tell it, where there are some.
    pub(super) blocks: Option<Energy>,
}

impl Cell {
    /// It, in a sentence and numbers; `idle` is the power without work, W.
    pub(super) fn evidence(&self, idle: Option<f64>) -> Evidence {
        let Integral {
            joules,
            seconds,
            gaps,
            ..
        } = self.integral;
        let mut text = format!(
            "{joules:.1} J in {seconds:.0} s, {:.2} W in the mean; {} answers, {} right: {}",
            joules / seconds,
            self.answers,
            self.right,
            amount(self.each, self.uncertainty)
        );
        let mut numbers = vec![
            ("joules", joules),
            ("seconds", seconds),
            ("answers", self.answers as f64),
            ("right", self.right as f64),
            ("joules_per_answer", self.each),
            ("uncertainty_joules", self.uncertainty),
        ];
        // Writing to a string cannot fail.
        if let Some(idle) = idle {
            let net = (joules - idle * seconds) / self.right as f64;
            let _ = write!(text, "; {net:.4} J beyond {idle} W of idling");
            numbers.push(("net_joules_per_answer", net));
        }
        if let Some(blocks) = &self.blocks {
            let [typical, deviation] = blocks.each;
            numbers.extend([
                ("blocks", blocks.count as f64),
                ("block_answers", blocks.answers as f64),
                ("block_joules", typical),
                ("block_deviation", deviation),
            ]);
        }
        if gaps > 0 {
            let _ = write!(text, "; {}", gaps_between(gaps));
            numbers.push(("gaps", gaps as f64));
        }
        Evidence::new(&self.name, text, &numbers)
    }
}

/// `1 gap between samples`.
pub(super) fn gaps_between(gaps: u64) -> String {
    let s = if gaps == 1 { "" } else { "s" };
    format!("{gaps} gap{s} between samples")
}

/// `0.1234 J ± 0.0012 J`.
pub(super) fn amount(joules: f64, uncertainty: f64) -> String {
    format!("{joules:.4} J ± {uncertainty:.4} J (k = 2)")
}
