//! Bits in which outputs differ from the right ones, and bits that hold one value.

use std::collections::BTreeSet;

use profiles::time::BenchTime;

use super::{Bit, Given, Output, Triage};
use crate::check::inference::Answer;
use crate::golden::Golden;
use crate::verdict::Evidence;

/// More bits than this are no fault of single lines.
const MOST_STUCK: usize = 64;
/// Inputs whose outputs must hold the value of a bit that differs in one of them only: by chance that
/// many do in one of 128.
const FEWEST_AGREE: usize = 8;
impl Triage {
    /// The bits in which an output differs from the right one: the board's own where it gave one, so
    /// that what a dialect rounds otherwise is no difference, else the golden's.
    pub(super) fn differing(&self, answer: Answer, golden: &Golden) -> Vec<Bit> {
        let Some(output) = self.outputs.get(&answer).filter(|output| !output.right) else {
            return Vec::new();
        };
        let inputs = (answer.0, 0)..=(answer.0, u32::MAX);
        let own = self.outputs.range(inputs).find(|(_, output)| output.right);
        let right = own.map(|(_, output)| &output.bytes);
        let Some(right) = right.or_else(|| golden.outputs().get(usize::from(answer.0))) else {
            return Vec::new();
        };
        if right.len() != output.bytes.len() {
            return Vec::new();
        }
        let pairs = output.bytes.iter().zip(right.iter()).enumerate();
        let differing = pairs.flat_map(|(place, (found, right))| {
            let changed = found ^ right;
            let bits = (0..8_u8).filter(move |bit| changed >> bit & 1 == 1);
            bits.map(move |bit| (place, bit, found >> bit & 1 == 1))
        });
        differing.collect()
    }

    /// Bits that hold one value in all outputs since the first wrong one, of two inputs at least; or of one, where the
    /// outputs of many others that were right hold it too.
    pub(super) fn stuck(&self, golden: &Golden) -> BTreeSet<Bit> {
        let wrong: Vec<(&Answer, &Given)> = self
            .outputs
            .iter()
            .filter(|(_, output)| !output.right)
            .filter_map(|(answer, _)| Some((answer, self.given.get(answer)?)))
            .collect();
        let inputs: BTreeSet<u16> = wrong.iter().map(|(answer, _)| answer.0).collect();
        let mut bits = BTreeSet::new();
        for (answer, _) in &wrong {
            bits.extend(self.differing(**answer, golden));
        }
        let first = wrong.iter().map(|(_, given)| given.first).min();
        let last = wrong.iter().map(|(_, given)| given.last).max();
        let (Some(first), Some(last)) = (first, last) else {
            return BTreeSet::new();
        };
        if bits.len() > MOST_STUCK {
            return BTreeSet::new();
        }
        // A fault is over where an input that it hit is right again.
        let is_over = self.outputs.iter().any(|(answer, output)| {
            let given = self.given.get(answer).filter(|given| given.last > last);
            output.right && given.is_some() && inputs.contains(&answer.0)
        });
        let until = if is_over { last } else { BenchTime::MAX };
        let since = self.outputs.iter().filter(|(answer, output)| {
            let given = self.given.get(answer);
            // A right one counts where it was given while the fault was there.
            given.is_some_and(|g| !output.right || (g.last >= first && g.last <= until))
        });
        // Where the others have the stuck value by themselves, one input alone shows it, in one bit.
        let agree: BTreeSet<u16> = since.clone().map(|(answer, _)| answer.0).collect();
        if inputs.len() < 2 && (bits.len() > 1 || agree.len() < FEWEST_AGREE) {
            return BTreeSet::new();
        }
        let holds = |&(byte, bit, value): &Bit| {
            let of = |output: &Output| output.bytes.get(byte).map(|byte| byte >> bit & 1 == 1);
            since.clone().all(|(_, output)| of(output) == Some(value))
        };
        if bits.iter().all(holds) {
            bits
        } else {
            BTreeSet::new()
        }
    }
}

/// The stuck bits as a piece of evidence, if there are any.
pub(super) fn bit_map(stuck: &BTreeSet<Bit>) -> Option<Evidence> {
    if stuck.is_empty() {
        return None;
    }
    let listed: Vec<String> = stuck.iter().map(stuck_name).collect();
    let text = format!(
        "bits of the outputs that hold one value: {}",
        listed.join(", ")
    );
    let count = stuck.len() as f64;
    Some(Evidence::new("stuck bits", text, &[("bits", count)]))
}

fn stuck_name((byte, bit, value): &Bit) -> String {
    format!("byte {byte} bit {bit} at {}", u8::from(*value))
}

pub(super) fn bit_name((byte, bit, value): &Bit) -> String {
    let (from, to) = (u8::from(!value), u8::from(*value));
    format!("byte {byte} bit {bit} {from}→{to}")
}
