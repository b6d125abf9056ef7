//! What the satellite's bus and lumps do along the orbit, second by second.

mod bus;
mod heat;
mod ledger;

pub use ledger::{EnergyBalance, HeatTotals, Ledger};

use bus::Bus;

use super::eclipse::phases;
use super::propagation::{Orbit, PropagationError};
use super::shadow::ShadowModel;
use super::sky::Skies;
use super::spacecraft::{BASEPLATE, Spacecraft};
use super::sun::SunTrack;
use super::utc::Utc;
use crate::phase::{Phase, PhaseInterval};
use crate::time::{BenchTime, Period, Window};

/// How closely a satellite is followed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fidelity {
    /// What casts the shadow.
    pub shadow: ShadowModel,
    /// Time between points of the track.
    pub step: Period,
    /// Whether running totals are kept, at each point of the track.
    pub ledger: bool,
}

impl From<ShadowModel> for Fidelity {
    /// One second: a penumbra in low orbit lasts nine of them. No running totals.
    fn from(shadow: ShadowModel) -> Fidelity {
        Fidelity {
            shadow,
            step: Period::millis(1_000),
            ledger: false,
        }
    }
}

/// An orbit's phases and what follows from them.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// Sunlit, penumbra and umbra over the span, without gaps.
    pub phases: Vec<PhaseInterval>,
    /// One point each step from the start of the span, one at each edge of light and of the
    /// load's schedule, and one at the end.
    pub track: Vec<TrackPoint>,
    /// Lumps beside the baseplate.
    pub nodes: NodeTrack,
    /// Where energy and heat went over the whole span.
    pub total: Ledger,
    /// The same up to each point of the track, if asked for.
    pub ledger: Vec<Ledger>,
}

/// Temperatures of the lumps beside the baseplate, at each point of a track.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeTrack {
    /// Their names.
    pub names: Vec<String>,
    /// Temperatures, °C: those of all lumps at the first point, at the second, and so on.
    celsius: Vec<f64>,
}

impl NodeTrack {
    /// The temperatures at one point of the track, °C, in the order of the names.
    pub fn row(&self, point: usize) -> &[f64] {
        let count = self.names.len();
        let row = self.celsius.get(point * count..(point + 1) * count);
        row.unwrap_or_default()
    }
}

/// The satellite at one instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrackPoint {
    /// When.
    pub at: BenchTime,
    /// Share of the Sun's disc in sight, 0 to 1.
    pub light: f64,
    /// Sunlight at the satellite, the shadow counted, W/m².
    pub flux_w_m2: f64,
    /// What the array can deliver at the voltage of the bus, W; the shunt takes what is not
    /// needed.
    pub array_watts: f64,
    /// Temperature of the array's cells, °C.
    pub array_celsius: f64,
    /// What the satellite draws, W.
    pub load_watts: f64,
    /// State of charge of the battery, 0 to 1.
    pub battery_soc: f64,
    /// Voltage of the bus, V.
    pub bus_volts: f64,
    /// Most current that array and battery can give at that voltage, A.
    pub limit_amps: f64,
    /// Temperature of the baseplate, °C.
    pub baseplate_celsius: f64,
    /// Height of the Sun over the plane of the orbit, deg.
    pub beta_deg: f64,
}

impl Prediction {
    /// The track at any time, linear between its points and constant beyond its ends.
    ///
    /// # Panics
    /// If the track is empty, which no predicted one is.
    pub fn at(&self, at: BenchTime) -> TrackPoint {
        let after = self.track.partition_point(|point| point.at <= at);
        let Some(before) = after.checked_sub(1) else {
            return self.track[0];
        };
        let a = &self.track[before];
        let Some(b) = self.track.get(after) else {
            return *a;
        };
        let share = at.micros_since(a.at) as f64 / b.at.micros_since(a.at) as f64;
        let between = |a: f64, b: f64| a + (b - a) * share;
        TrackPoint {
            at,
            light: between(a.light, b.light),
            flux_w_m2: between(a.flux_w_m2, b.flux_w_m2),
            array_watts: between(a.array_watts, b.array_watts),
            array_celsius: between(a.array_celsius, b.array_celsius),
            load_watts: between(a.load_watts, b.load_watts),
            battery_soc: between(a.battery_soc, b.battery_soc),
            bus_volts: between(a.bus_volts, b.bus_volts),
            limit_amps: between(a.limit_amps, b.limit_amps),
            baseplate_celsius: between(a.baseplate_celsius, b.baseplate_celsius),
            beta_deg: between(a.beta_deg, b.beta_deg),
        }
    }

    /// Temperature of a lump at any time, °C, linear between the points of the track; `None` if
    /// there is no such lump. The baseplate is `baseplate`.
    pub fn celsius(&self, lump: &str, at: BenchTime) -> Option<f64> {
        if lump == BASEPLATE {
            return Some(self.at(at).baseplate_celsius);
        }
        let place = self.nodes.names.iter().position(|name| name == lump)?;
        let after = self.track.partition_point(|point| point.at <= at);
        let before = after.saturating_sub(1);
        let after = after.min(self.track.len() - 1);
        let (a, b) = (self.nodes.row(before)[place], self.nodes.row(after)[place]);
        let (from, to) = (self.track[before].at, self.track[after].at);
        let span = to.micros_since(from) as f64;
        if span <= 0.0 {
            return Some(a);
        }
        Some(a + (b - a) * at.micros_since(from) as f64 / span)
    }
}

/// Follows the satellite through `span`; `start` is bench time zero. The state of the
/// spacecraft at the start of the span is its initial one.
///
/// # Errors
/// If the satellite has no position somewhere in or near the span.
pub fn predict(
    orbit: &Orbit,
    start: Utc,
    span: Window,
    spacecraft: &Spacecraft,
    fidelity: impl Into<Fidelity>,
) -> Result<Prediction, PropagationError> {
    let fidelity = fidelity.into();
    let phases = phases(orbit, start, span, fidelity.shadow)?;
    predict_in(phases, (orbit, start), span, spacecraft, fidelity)
}

/// The same where the phases are known, as by who has a schedule that depends on them.
///
/// # Errors
/// If the satellite has no position somewhere in or near the span.
pub fn predict_in(
    phases: Vec<PhaseInterval>,
    (orbit, start): (&Orbit, Utc),
    span: Window,
    spacecraft: &Spacecraft,
    fidelity: Fidelity,
) -> Result<Prediction, PropagationError> {
    let model = fidelity.shadow;
    let skies = Skies::over(orbit, start, span)?;
    let sun = SunTrack::over(start, span, model.sun);
    let lit = |at: BenchTime| -> Result<f64, PropagationError> {
        let seconds = at.as_secs_f64();
        let position = orbit.position(start.plus_seconds(seconds))?;
        Ok(model.lit_fraction(position, sun.at(seconds)))
    };
    let edges = spacecraft.load.edges(span);
    let mut bus: Option<Bus<'_>> = None;
    let steps = span.seconds() / fidelity.step.as_secs_f64();
    let mut track = Vec::with_capacity(steps as usize + 2 * phases.len() + edges.len() + 2);
    let mut celsius = Vec::new();
    let mut ledger = Vec::new();
    for (phase, now, next) in instants(&phases, &edges, span, fidelity.step) {
        let light = match phase {
            Phase::Sunlit => 1.0,
            Phase::Penumbra => lit(now)?,
            Phase::Umbra => 0.0,
        };
        let sky = skies.at(now);
        let place = Place {
            phase,
            light,
            sun: sky.flux,
            flux: sky.flux * light,
            earthshine: sky.earthshine,
            earth_view: sky.earth_view,
        };
        let bus = bus.get_or_insert_with(|| Bus::new(spacecraft, light));
        track.push(bus.point(now, place, sky.beta_deg));
        celsius.extend(bus.nodes());
        if fidelity.ledger {
            ledger.push(bus.totals());
        }
        bus.advance(next.micros_since(now) as f64 * 1e-6);
    }
    Ok(Prediction {
        phases,
        track,
        nodes: NodeTrack {
            names: spacecraft.node_names().skip(1).map(str::to_owned).collect(),
            celsius,
        },
        total: bus.map(|bus| bus.totals()).unwrap_or_default(),
        ledger,
    })
}

/// Each instant with its phase and the instant after it, at each step from the start of the
/// span, each edge of a phase and each of `edges`; the last one is the end of the span itself.
fn instants(
    phases: &[PhaseInterval],
    edges: &[BenchTime],
    span: Window,
    step: Period,
) -> impl Iterator<Item = (Phase, BenchTime, BenchTime)> {
    let mut phases = phases.iter().peekable();
    let mut edges = edges.iter().copied().peekable();
    let mut last = Phase::Sunlit;
    let mut grid = span.start;
    let mut now = Some(span.start);
    std::iter::from_fn(move || {
        let at = now?;
        while phases
            .next_if(|interval| interval.window.end <= at)
            .is_some()
        {}
        while edges.next_if(|edge| *edge <= at).is_some() {}
        while grid <= at {
            grid = grid + step;
        }
        let Some(interval) = phases.peek() else {
            now = None;
            return Some((last, at, at));
        };
        last = interval.phase;
        let next = edges.peek().map_or(grid, |edge| grid.min(*edge));
        let next = next.min(interval.window.end);
        now = Some(next);
        Some((last, at, next))
    })
}

/// What the surroundings are like.
#[derive(Clone, Copy)]
struct Place {
    phase: Phase,
    light: f64,
    /// Sunlight outside of the shadow, W/m².
    sun: f64,
    /// Sunlight here, W/m².
    flux: f64,
    /// Share of it that an Earth of albedo 1 would throw on a plate that faces it.
    earthshine: f64,
    /// View factor of the Earth from a plate that faces it.
    earth_view: f64,
}

impl Place {
    /// Nowhere yet.
    const NOWHERE: Place = Place {
        phase: Phase::Umbra,
        light: 0.0,
        sun: 0.0,
        flux: 0.0,
        earthshine: 0.0,
        earth_view: 0.0,
    };
}
