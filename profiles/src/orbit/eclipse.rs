//! When the satellite enters and leaves penumbra and umbra.

use super::propagation::{Orbit, PropagationError};
use super::roots;
use super::shadow::{Clearance, ShadowModel};
use super::sun::SunTrack;
use super::utc::Utc;
use crate::phase::{Phase, PhaseInterval};
use crate::time::{BenchTime, Window};

/// Time between samples, s: a hundredth of a fast revolution, in which the height of the Sun
/// over the limb has no more than one extreme.
const STEP: f64 = 30.0;

/// More than the Sun's angular radius, stretched by the Earth's flattening, rad.
const WIDEST_SUN: f64 = 0.005;

/// To what an edge is searched, s: less than the microsecond to which it is rounded.
const EDGE_TOLERANCE: f64 = 2e-7;

/// To what the bottom of a grazing dip is searched, s. A dip narrower than this is 1e-12 rad
/// deep and hides nothing that could be measured.
const DIP_TOLERANCE: f64 = 1e-3;

/// Which limb of the solar disc an edge belongs to.
#[derive(Clone, Copy)]
enum Limb {
    /// Hidden first: the edge of the penumbra.
    Nearest,
    /// Hidden last: the edge of the umbra.
    Farthest,
}

impl Limb {
    fn of(self, clearance: Clearance) -> f64 {
        match self {
            Limb::Nearest => clearance.nearest,
            Limb::Farthest => clearance.farthest,
        }
    }
}

/// The geometry of one run, by seconds after bench time zero.
struct Scene<'a> {
    orbit: &'a Orbit,
    start: Utc,
    sun: SunTrack,
    model: ShadowModel,
}

impl Scene<'_> {
    fn clearance(&self, seconds: f64) -> Result<Clearance, PropagationError> {
        let position = self.orbit.position(self.start.plus_seconds(seconds))?;
        Ok(self.model.clearance(position, self.sun.at(seconds)))
    }

    fn phase(&self, seconds: f64) -> Result<Phase, PropagationError> {
        let clearance = self.clearance(seconds)?;
        Ok(match clearance {
            Clearance { farthest, .. } if farthest < 0.0 => Phase::Umbra,
            Clearance { nearest, .. } if nearest < 0.0 => Phase::Penumbra,
            _ => Phase::Sunlit,
        })
    }
}

/// The phases of `span`, without gaps and each unlike the one before; `start` is bench time
/// zero. Edges are exact to the microsecond within `model` and the orbit's theory.
///
/// # Errors
/// If the satellite has no position somewhere in or within half a minute of the span.
pub fn phases(
    orbit: &Orbit,
    start: Utc,
    span: Window,
    model: ShadowModel,
) -> Result<Vec<PhaseInterval>, PropagationError> {
    if span.start >= span.end {
        return Ok(Vec::new());
    }
    let scene = Scene {
        orbit,
        start,
        sun: SunTrack::over(start, span, model.sun),
        model,
    };
    let mut cuts = edges(&scene, span)?;
    cuts.retain(|&cut| span.start < cut && cut < span.end);
    cuts.extend([span.start, span.end]);
    cuts.sort_unstable();
    cuts.dedup();
    let mut intervals: Vec<PhaseInterval> = Vec::with_capacity(cuts.len());
    for pair in cuts.windows(2) {
        let window = Window {
            start: pair[0],
            end: pair[1],
        };
        let phase = scene.phase(0.5 * (window.start.as_secs_f64() + window.end.as_secs_f64()))?;
        match intervals.last_mut() {
            Some(last) if last.phase == phase => last.window.end = window.end,
            _ => intervals.push(PhaseInterval { phase, window }),
        }
    }
    Ok(intervals)
}

/// An edge of a shadow in the words of other tools, and its time.
pub type Edge = (&'static str, BenchTime);

/// The edges between intervals: `penumbra_in`, `umbra_in`, `umbra_out` and `penumbra_out`.
/// Both of two edges that fall together are there.
pub fn edges_of(intervals: &[PhaseInterval]) -> Vec<Edge> {
    let depth = |phase: Phase| match phase {
        Phase::Sunlit => 0_usize,
        Phase::Penumbra => 1,
        Phase::Umbra => 2,
    };
    let mut found = Vec::new();
    for pair in intervals.windows(2) {
        let at = pair[1].window.start;
        let (before, after) = (depth(pair[0].phase), depth(pair[1].phase));
        found.extend((before..after).map(|level| (["penumbra_in", "umbra_in"][level], at)));
        let out = (after..before).rev();
        found.extend(out.map(|level| (["penumbra_out", "umbra_out"][level], at)));
    }
    found
}

/// Every instant at which a limb of the Sun passes the limb of the Earth, unordered.
fn edges(scene: &Scene<'_>, span: Window) -> Result<Vec<BenchTime>, PropagationError> {
    let mut found = Vec::new();
    for run in samples(scene, span)? {
        for limb in [Limb::Nearest, Limb::Farthest] {
            let heights: Vec<(f64, f64)> = run
                .iter()
                .map(|&(seconds, clearance)| (seconds, limb.of(clearance)))
                .collect();
            for pair in heights.windows(2) {
                if (pair[0].1 < 0.0) != (pair[1].1 < 0.0) {
                    found.push(crossing(scene, limb, pair[0], pair[1])?);
                }
            }
            for three in heights.windows(3) {
                grazing(scene, limb, [three[0], three[1], three[2]], &mut found)?;
            }
        }
    }
    Ok(found
        .into_iter()
        .filter(|seconds| *seconds >= 0.0)
        .map(BenchTime::from_secs_f64)
        .collect())
}

/// Consecutive samples, a step apart from one another.
type Run = Vec<(f64, Clearance)>;

/// The stretches of the span in which an edge can be. Where the Sun stands so far from the
/// limb that it cannot reach it in time, steps are jumped over; that is most of an orbit.
fn samples(scene: &Scene<'_>, span: Window) -> Result<Vec<Run>, PropagationError> {
    // One sample beyond either end, so that a dip in the first or the last step is seen too.
    let count = (span.seconds() / STEP).ceil() as usize + 3;
    let origin = span.start.as_secs_f64() - STEP;
    let a_step = scene.orbit.fastest_limb() * STEP;
    let mut runs = vec![Run::new()];
    let mut index = 0;
    while index < count {
        let seconds = origin + STEP * index as f64;
        let position = scene.orbit.position(scene.start.plus_seconds(seconds))?;
        let sun = scene.sun.at(seconds);
        let height = scene.model.height(position, sun).abs() - WIDEST_SUN;
        // Two steps short of the limb, so that a dip has its neighbours.
        let jump = (height / a_step - 2.0).max(0.0) as usize;
        if jump > 1 {
            if runs.last().is_some_and(|run| !run.is_empty()) {
                runs.push(Run::new());
            }
            index += jump;
            continue;
        }
        if let Some(run) = runs.last_mut() {
            run.push((seconds, scene.model.clearance(position, sun)));
        }
        index += 1;
    }
    Ok(runs)
}

fn crossing(
    scene: &Scene<'_>,
    limb: Limb,
    before: (f64, f64),
    after: (f64, f64),
) -> Result<f64, PropagationError> {
    let height = |seconds: f64| Ok(limb.of(scene.clearance(seconds)?));
    roots::root(height, before, after, EDGE_TOLERANCE)
}

/// Finds the two edges of a dip (or of its opposite, a short rise) between three samples that
/// all lie on one side of the limb, if the one in the middle is the extreme.
fn grazing(
    scene: &Scene<'_>,
    limb: Limb,
    [before, middle, after]: [(f64, f64); 3],
    found: &mut Vec<f64>,
) -> Result<(), PropagationError> {
    let sign = if middle.1 < 0.0 { -1.0 } else { 1.0 };
    let [left, bottom, right] = [before, middle, after].map(|(_, height)| sign * height);
    let extreme = left >= bottom && right > bottom && left >= 0.0 && right >= 0.0;
    // Between samples a smooth curve sinks less below the middle one than it rises beside it.
    let out_of_reach = bottom > 2.0 * (left - bottom).max(right - bottom);
    if !extreme || out_of_reach {
        return Ok(());
    }
    let height = |seconds: f64| Ok(sign * limb.of(scene.clearance(seconds)?));
    let (at, depth) = roots::dip(height, (before.0, after.0), DIP_TOLERANCE)?;
    if depth < 0.0 {
        found.push(crossing(scene, limb, before, (at, sign * depth))?);
        found.push(crossing(scene, limb, (at, sign * depth), after)?);
    }
    Ok(())
}
