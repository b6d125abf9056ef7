//! Comparing an output with its golden, cheap to dear: structure, equal bytes, non-finite,
//! degenerate, decisions, elements. The first rung that is broken is the answer.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::element::{ElementType, coordinates};
use super::manifest::Comparator;
use super::{Golden, pass};

/// How near an output comes to its golden.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    /// Every byte equal.
    Exact,
    /// Every element within its tolerance and every decision held.
    Within,
    /// Numbers differ by more than allowed, and every decision held.
    Degraded,
    /// Decisions differ by more than allowed, or numbers do where nothing is decided.
    Wrong,
    /// Not a number, or infinite, where the golden is finite.
    NonFinite,
    /// The wrong number of bytes.
    Structure,
    /// No answer to this input at all: constant, on the rails, or another input's output.
    Degenerate,
}

impl Rung {
    /// Whether the output is right.
    pub const fn passes(self) -> bool {
        matches!(self, Rung::Exact | Rung::Within)
    }
}

impl fmt::Display for Rung {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Rung::Exact => "EXACT",
            Rung::Within => "WITHIN",
            Rung::Degraded => "DEGRADED",
            Rung::Wrong => "WRONG",
            Rung::NonFinite => "NONFINITE",
            Rung::Structure => "STRUCTURE",
            Rung::Degenerate => "DEGENERATE",
        })
    }
}

/// One output beside its golden.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The answer.
    pub rung: Rung,
    /// Largest difference of an element from its golden, in output units.
    pub max_difference: f64,
    /// Flat index of the element that uses most of its tolerance, in or out.
    pub index: Option<usize>,
    /// The same element's place in the sample, slowest axis first.
    pub coordinates: Vec<usize>,
    /// The difference of that element, in output units.
    pub difference: f64,
    /// What was allowed there, in output units.
    pub allowed: f64,
    /// How many elements are out of tolerance.
    pub outside: usize,
    /// Share of pixels whose best class is the golden's, where the comparator asks.
    pub mask_agreement: Option<f64>,
    /// The worst class's intersection over union, where the comparator asks.
    pub worst_iou: Option<f64>,
    /// Why, in one sentence with value, limit and element.
    pub because: String,
}

impl Comparison {
    fn new(rung: Rung, because: String) -> Comparison {
        Comparison {
            rung,
            max_difference: 0.0,
            index: None,
            coordinates: Vec::new(),
            difference: 0.0,
            allowed: 0.0,
            outside: 0,
            mask_agreement: None,
            worst_iou: None,
            because,
        }
    }

    /// Whether the output is right.
    pub const fn passes(&self) -> bool {
        self.rung.passes()
    }

    /// How much of its tolerance the element named here uses: 1 for all of it.
    pub fn used(&self) -> f64 {
        used(self.difference, self.allowed)
    }
}

pub(super) fn compare(golden: &Golden, input: usize, actual: &[u8]) -> Comparison {
    let Some(expected) = golden.outputs().get(input) else {
        let because = format!(
            "input {input} is not in golden `{}`, which has {}",
            golden.name(),
            golden.sample_count()
        );
        return Comparison::new(Rung::Structure, because);
    };
    if actual.len() != expected.len() {
        let because = format!(
            "output of input {input} has {} bytes, golden {}",
            actual.len(),
            expected.len()
        );
        return Comparison::new(Rung::Structure, because);
    }
    if actual == &expected[..] {
        let because = format!("output of input {input} equals the golden in every byte");
        return Comparison::new(Rung::Exact, because);
    }
    let dtype = golden.manifest().output.dtype;
    if let Some(found) = quickly(golden, input, actual) {
        return found;
    }
    let sides = Sides {
        golden,
        input,
        a: dtype.decode(actual),
        g: dtype.decode(expected),
    };
    sides
        .non_finite()
        .or_else(|| sides.degenerate(actual))
        .unwrap_or_else(|| sides.numbers())
}

/// How much of its tolerance an element may use and still be within it for sure, in single precision.
const SURE: f32 = 0.9999;

/// The answer for large outputs whose elements all lie well within their tolerance, where nothing but
/// elements is judged: one pass in single precision. What is in doubt is looked at closely.
fn quickly(golden: &Golden, input: usize, actual: &[u8]) -> Option<Comparison> {
    let manifest = golden.manifest();
    let elementwise = matches!(
        manifest.comparator,
        Comparator::Tolerance { mask: None, .. }
    );
    let native = cfg!(target_endian = "little");
    if manifest.output.dtype != ElementType::F32 || !elementwise || !native {
        return None;
    }
    let expected = golden.outputs().get(input)?;
    // Where bytes do not lie as numbers do, the long way is as right.
    let a: &[f32] = bytemuck::try_cast_slice(actual).ok()?;
    let g: &[f32] = bytemuck::try_cast_slice(expected).ok()?;
    let (rtol, atol) = golden.tolerance(input);
    let found = pass::compare(a, g, (rtol as f32, atol as f32));
    if found.outside > 0 || found.max_used > SURE || atol <= 0.0 || found.max_used <= 0.0 {
        return None;
    }
    let other = golden.outputs().iter().any(|other| other[..] == *actual);
    let constant = |side: &[f32]| {
        side.windows(2)
            .all(|pair| pair[0].to_bits() == pair[1].to_bits())
    };
    if other || (constant(a) && !constant(g)) {
        return None;
    }
    let index = found.index;
    let (ours, theirs) = (f64::from(a[index]), f64::from(g[index]));
    let (difference, allowed) = ((ours - theirs).abs(), atol + rtol * theirs.abs());
    let place = coordinates(index, golden.output_shape());
    let because = format!(
        "output of input {input} is {ours:.6} at {place:?}, golden {theirs:.6}: off by \
         {difference:.3e}, allowed {allowed:.3e}"
    );
    Some(Comparison {
        max_difference: f64::from(found.max_difference),
        index: Some(index),
        coordinates: place,
        difference,
        allowed,
        ..Comparison::new(Rung::Within, because)
    })
}

/// An output and its golden as numbers.
pub(super) struct Sides<'a> {
    pub(super) golden: &'a Golden,
    pub(super) input: usize,
    pub(super) a: Vec<f64>,
    pub(super) g: Vec<f64>,
}

impl Sides<'_> {
    pub(super) fn shape(&self) -> &[usize] {
        self.golden.output_shape()
    }

    fn non_finite(&self) -> Option<Comparison> {
        let index = self.a.iter().position(|a| !a.is_finite())?;
        let outside = self.a.iter().filter(|a| !a.is_finite()).count();
        let place = coordinates(index, self.shape());
        let because = format!(
            "output of input {} is {} at {place:?} where the golden is {:.6}; {outside} elements \
             are not finite, allowed 0",
            self.input, self.a[index], self.g[index]
        );
        Some(Comparison {
            index: Some(index),
            coordinates: place,
            outside,
            ..Comparison::new(Rung::NonFinite, because)
        })
    }

    fn degenerate(&self, actual: &[u8]) -> Option<Comparison> {
        // A list without boxes is constant, and that of any scene without them: it is told as a count.
        let list = matches!(
            self.golden.manifest().comparator,
            Comparator::Detections { .. }
        );
        if list && self.a.iter().all(|value| *value == 0.0) {
            return None;
        }
        let constant = |side: &[f64]| {
            side.windows(2)
                .all(|pair| pair[0].to_bits() == pair[1].to_bits())
        };
        let input = self.input;
        if self.a.len() > 1 && constant(&self.a) && !constant(&self.g) {
            let because = format!(
                "output of input {input} is {} in all {} elements, the golden varies",
                self.a[0],
                self.a.len()
            );
            return Some(Comparison::new(Rung::Degenerate, because));
        }
        if let Some(other) = self.golden.outputs().iter().position(|g| g[..] == *actual) {
            let because = format!(
                "output of input {input} is the golden output of input {other}: a stale buffer"
            );
            return Some(Comparison::new(Rung::Degenerate, because));
        }
        let (low, high) = self.golden.manifest().output.dtype.rails()?;
        let share = |side: &[f64]| {
            let railed = side.iter().filter(|&&v| v <= low || v >= high).count();
            railed as f64 / side.len().max(1) as f64
        };
        let (ours, theirs) = (share(&self.a), share(&self.g));
        (ours > 0.5 && theirs <= 0.5).then(|| {
            let because = format!(
                "{:.1} % of the output of input {input} is on the rails {low} and {high}, \
                 allowed 50 %, golden {:.1} %",
                ours * 100.0,
                theirs * 100.0
            );
            Comparison::new(Rung::Degenerate, because)
        })
    }

    /// Decisions and elements together, so that a wrong decision still tells its numbers.
    fn numbers(&self) -> Comparison {
        let mut found = self.elements();
        if let Comparator::TeacherForced {
            max_mean_kl,
            min_top1,
            max_nll_increase,
        } = self.golden.manifest().comparator
        {
            let limits = [max_mean_kl, min_top1, max_nll_increase];
            let (passes, because) = self.forced_text(limits, &mut found);
            found.rung = if passes { Rung::Within } else { Rung::Wrong };
            found.because = because;
            return found;
        }
        if let Comparator::Detections {
            min_f1,
            min_score,
            max_offset,
        } = self.golden.manifest().comparator
        {
            let limits = [min_f1, min_score, max_offset.unwrap_or(f64::INFINITY)];
            let (passes, because) = self.boxes(limits, &mut found);
            found.rung = if passes { Rung::Within } else { Rung::Wrong };
            found.because = because;
            return found;
        }
        let decisions = self.decisions(&mut found);
        let place = &found.coordinates;
        let index = found.index.unwrap_or(0);
        let told = format!(
            "output of input {} is {:.6} at {place:?}, golden {:.6}: off by {:.3e}, allowed {:.3e}",
            self.input, self.a[index], self.g[index], found.difference, found.allowed
        );
        if let Some(because) = decisions {
            found.rung = Rung::Wrong;
            found.because = because;
        } else if found.outside > 0 {
            let count = self.a.len();
            found.because = format!("{told}; {} of {count} elements are out", found.outside);
            found.rung = if self.golden.decides() {
                found.because.push_str(", and the decision is the golden's");
                Rung::Degraded
            } else {
                Rung::Wrong
            };
        } else {
            found.because = told;
        }
        found
    }

    /// Finds the element that uses most of its tolerance, counts those that use more than all.
    fn elements(&self) -> Comparison {
        let (rtol, atol) = self.golden.tolerance(self.input);
        let mut found = Comparison::new(Rung::Within, String::new());
        let mut most = -1.0;
        for (index, (a, g)) in self.a.iter().zip(&self.g).enumerate() {
            let (difference, allowed) = ((a - g).abs(), atol + rtol * g.abs());
            found.outside += usize::from(difference > allowed);
            found.max_difference = found.max_difference.max(difference);
            let used = used(difference, allowed);
            // Where nothing is allowed, all that differ use infinitely much.
            let farther = used >= most && difference > found.difference;
            if used > most || farther {
                most = used;
                found.index = Some(index);
                (found.difference, found.allowed) = (difference, allowed);
            }
        }
        found.coordinates = coordinates(found.index.unwrap_or(0), self.shape());
        found
    }
}

/// How much of what is allowed a difference uses: 1 for all of it.
fn used(difference: f64, allowed: f64) -> f64 {
    if difference > 0.0 {
        difference / allowed
    } else {
        0.0
    }
}
