//! What the satellite's bus and baseplate do along the orbit, second by second.

use super::eclipse::phases;
use super::propagation::{Orbit, PropagationError};
use super::shadow::ShadowModel;
use super::sky::Skies;
use super::spacecraft::Spacecraft;
use super::sun::SunTrack;
use super::utc::Utc;
use crate::phase::{Phase, PhaseInterval};
use crate::physics::battery::Pack;
use crate::physics::solar_cell::IvCurve;
use crate::physics::thermal_mass::ThermalMass;
use crate::time::{BenchTime, Period, Window};

/// Time between points of a track: a penumbra in low orbit lasts nine of them.
const STEP: Period = Period::millis(1_000);

/// An orbit's phases and what follows from them.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// Sunlit, penumbra and umbra over the span, without gaps.
    pub phases: Vec<PhaseInterval>,
    /// One point a second from the start of the span, one at each edge and one at the end.
    pub track: Vec<TrackPoint>,
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
            load_watts: between(a.load_watts, b.load_watts),
            battery_soc: between(a.battery_soc, b.battery_soc),
            bus_volts: between(a.bus_volts, b.bus_volts),
            limit_amps: between(a.limit_amps, b.limit_amps),
            baseplate_celsius: between(a.baseplate_celsius, b.baseplate_celsius),
            beta_deg: between(a.beta_deg, b.beta_deg),
        }
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
    model: ShadowModel,
) -> Result<Prediction, PropagationError> {
    let phases = phases(orbit, start, span, model)?;
    let skies = Skies::over(orbit, start, span)?;
    let sun = SunTrack::over(start, span, model.sun);
    let lit = |at: BenchTime| -> Result<f64, PropagationError> {
        let seconds = at.as_secs_f64();
        let position = orbit.position(start.plus_seconds(seconds))?;
        Ok(model.lit_fraction(position, sun.at(seconds)))
    };
    let mut bus: Option<Bus<'_>> = None;
    let mut track = Vec::with_capacity(span.seconds() as usize + 2 * phases.len() + 2);
    let mut now = span.start;
    for (phase, next) in instants(&phases, span) {
        let light = match phase {
            Phase::Sunlit => 1.0,
            Phase::Penumbra => lit(now)?,
            Phase::Umbra => 0.0,
        };
        let sky = skies.at(now);
        let place = Place {
            phase,
            light,
            flux: sky.flux * light,
        };
        let bus = bus.get_or_insert_with(|| Bus::new(spacecraft, light));
        track.push(bus.point(now, place, sky.beta_deg));
        bus.advance(place, next.micros_since(now) as f64 * 1e-6);
        now = next;
    }
    Ok(Prediction { phases, track })
}

/// Each instant's phase and the instant after it; the last one is the end of the span itself.
fn instants(phases: &[PhaseInterval], span: Window) -> impl Iterator<Item = (Phase, BenchTime)> {
    let last = phases.last().map_or(Phase::Sunlit, |last| last.phase);
    phases
        .iter()
        .flat_map(move |interval| {
            let into = interval.window.start.micros_since(span.start);
            let steps = into / STEP.as_micros() + 1;
            let first = span.start.plus_micros(steps * STEP.as_micros());
            let end = interval.window.end;
            let inside = std::iter::successors(Some(first), |at| Some(*at + STEP));
            inside
                .take_while(move |at| *at < end)
                .chain([end])
                .map(|next| (interval.phase, next))
        })
        .chain([(last, span.end.max(span.start))])
}

/// What the surroundings are like.
#[derive(Clone, Copy)]
struct Place {
    phase: Phase,
    light: f64,
    /// Sunlight, W/m².
    flux: f64,
}

/// The spacecraft's state, and what does not change.
struct Bus<'a> {
    spacecraft: &'a Spacecraft,
    pack: Pack,
    plate: ThermalMass,
    soc: f64,
    array_celsius: f64,
    baseplate_celsius: f64,
    /// The last voltage, from which the search for the next one starts, V.
    volts: f64,
    /// Current out of the battery since the last point, A.
    battery_amps: f64,
}

impl<'a> Bus<'a> {
    fn new(spacecraft: &'a Spacecraft, light: f64) -> Bus<'a> {
        let pack = spacecraft.battery.pack();
        let soc = spacecraft.battery.initial_soc.clamp(0.0, 1.0);
        Bus {
            spacecraft,
            pack,
            plate: spacecraft.thermal.mass(),
            soc,
            array_celsius: spacecraft.solar_array.rest_celsius(light),
            baseplate_celsius: spacecraft.thermal.initial_celsius,
            volts: pack.open_circuit_volts(soc),
            battery_amps: 0.0,
        }
    }

    /// Finds the voltage of the bus in `place`, and with it all the rest.
    fn point(&mut self, at: BenchTime, place: Place, beta_deg: f64) -> TrackPoint {
        let array = &self.spacecraft.solar_array;
        let curve = array.curve(place.flux, self.array_celsius);
        let load_watts = self.spacecraft.load.watts(place.phase);
        let wanted = self.balance(&curve, load_watts);
        let given = self.pack.discharge_limit(self.soc);
        let taken = self.pack.charge_limit(self.soc, self.baseplate_celsius);
        // What the battery must not take goes to the shunt; what it cannot give is missing.
        self.battery_amps = wanted.clamp(-taken, given);
        self.volts = self.pack.terminal_volts(self.soc, self.battery_amps);
        let array_amps = curve.current_at(self.volts);
        TrackPoint {
            at,
            light: place.light,
            flux_w_m2: place.flux,
            array_watts: array_amps * self.volts,
            load_watts,
            battery_soc: self.soc,
            bus_volts: self.volts,
            limit_amps: array_amps + given,
            baseplate_celsius: self.baseplate_celsius,
            beta_deg,
        }
    }

    /// Current out of the battery, A, at which the currents at the bus add up to nothing.
    fn balance(&self, curve: &IvCurve, load_watts: f64) -> f64 {
        let source = self.pack.open_circuit_volts(self.soc);
        let mut volts = self.volts;
        let mut battery_amps = 0.0;
        // Newton's method from the last second's voltage; two rounds do but at an edge.
        for _ in 0..8 {
            let (array_amps, slope) = curve.point_at(volts);
            battery_amps = load_watts / volts - array_amps;
            let error = source - battery_amps * self.pack.resistance_ohm - volts;
            let gradient =
                -self.pack.resistance_ohm * (-load_watts / (volts * volts) - slope) - 1.0;
            let next = (volts - error / gradient).clamp(0.5 * source, 2.0 * source);
            let done = (next - volts).abs() < 1e-9;
            volts = next;
            if done {
                break;
            }
        }
        battery_amps
    }

    /// Lets `seconds` pass as at the last point.
    fn advance(&mut self, place: Place, seconds: f64) {
        if seconds <= 0.0 {
            return;
        }
        (self.soc, _) = self.pack.draw(self.soc, self.battery_amps, seconds);
        let array = &self.spacecraft.solar_array;
        let rest = array.rest_celsius(place.light);
        self.array_celsius = rest
            + (self.array_celsius - rest) * (-seconds / array.settling_seconds.max(1e-3)).exp();
        let thermal = &self.spacecraft.thermal;
        let watts = thermal.watts(place.phase, place.flux);
        self.baseplate_celsius = self
            .plate
            .after(self.baseplate_celsius, watts, seconds)
            .max(thermal.min_celsius)
            .min(thermal.max_celsius);
    }
}
