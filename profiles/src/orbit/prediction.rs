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

/// How closely a satellite is followed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fidelity {
    /// What casts the shadow.
    pub shadow: ShadowModel,
    /// Time between points of the track.
    pub step: Period,
}

impl From<ShadowModel> for Fidelity {
    /// One second: a penumbra in low orbit lasts nine of them.
    fn from(shadow: ShadowModel) -> Fidelity {
        Fidelity {
            shadow,
            step: Period::millis(1_000),
        }
    }
}

/// Where the energy of a prediction came from and went, J. What came in (`array`, `unserved`
/// and what the battery lost) is what went out (`load`, `shunt`, `loss`).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct EnergyBalance {
    /// Out of the array at the voltage of the bus.
    pub array: f64,
    /// Wanted by the load.
    pub load: f64,
    /// Into the shunt, because neither load nor battery could take it.
    pub shunt: f64,
    /// Wanted by the load but not there.
    pub unserved: f64,
    /// Heat in the battery's resistance.
    pub loss: f64,
    /// Into the battery's chemistry, less what came out.
    pub stored: f64,
}

impl EnergyBalance {
    /// What does not add up, over what flowed.
    pub fn residual(&self) -> f64 {
        let came = self.array + self.unserved;
        let went = self.load + self.shunt + self.loss + self.stored;
        (came - went).abs() / (came.abs() + self.load).max(f64::MIN_POSITIVE)
    }
}

/// An orbit's phases and what follows from them.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// Sunlit, penumbra and umbra over the span, without gaps.
    pub phases: Vec<PhaseInterval>,
    /// One point a second from the start of the span, one at each edge and one at the end.
    pub track: Vec<TrackPoint>,
    /// Where the energy went.
    pub energy: EnergyBalance,
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
    let Fidelity {
        shadow: model,
        step,
    } = fidelity.into();
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
    for (phase, next) in instants(&phases, span, step) {
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
            reflected: sky.flux * sky.earthshine,
        };
        let bus = bus.get_or_insert_with(|| Bus::new(spacecraft, light));
        track.push(bus.point(now, place, sky.beta_deg));
        bus.advance(place, next.micros_since(now) as f64 * 1e-6);
        now = next;
    }
    let mut energy = EnergyBalance::default();
    if let Some(bus) = bus {
        let joules = |soc| bus.pack.stored_joules(soc);
        energy = bus.energy;
        energy.stored = joules(bus.soc) - joules(spacecraft.battery.initial_soc.clamp(0.0, 1.0));
    }
    Ok(Prediction {
        phases,
        track,
        energy,
    })
}

/// Each instant's phase and the instant after it; the last one is the end of the span itself.
fn instants(
    phases: &[PhaseInterval],
    span: Window,
    step: Period,
) -> impl Iterator<Item = (Phase, BenchTime)> {
    let last = phases.last().map_or(Phase::Sunlit, |last| last.phase);
    phases
        .iter()
        .flat_map(move |interval| {
            let into = interval.window.start.micros_since(span.start);
            let steps = into / step.as_micros() + 1;
            let first = span.start.plus_micros(steps * step.as_micros());
            let end = interval.window.end;
            let inside = std::iter::successors(Some(first), move |at| Some(*at + step));
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
    /// Sunlight that an Earth of albedo 1 would throw on a plate that faces it, W/m².
    reflected: f64,
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
    energy: EnergyBalance,
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
            energy: EnergyBalance::default(),
        }
    }

    /// Finds the voltage of the bus in `place`, and with it all the rest.
    fn point(&mut self, at: BenchTime, place: Place, beta_deg: f64) -> TrackPoint {
        let array = &self.spacecraft.solar_array;
        let curve = array.curve(place.flux, self.array_celsius);
        let load_watts = self.spacecraft.load.watts(place.phase);
        let given = self.pack.discharge_limit(self.soc);
        let battery_amps = self.battery_amps(&curve, load_watts, self.pack.resistance_ohm);
        self.volts = self.pack.terminal_volts(self.soc, battery_amps);
        let array_amps = curve.current_at(self.volts);
        TrackPoint {
            at,
            light: place.light,
            flux_w_m2: place.flux,
            array_watts: array_amps * self.volts,
            array_celsius: self.array_celsius,
            load_watts,
            battery_soc: self.soc,
            bus_volts: self.volts,
            limit_amps: array_amps + given,
            baseplate_celsius: self.baseplate_celsius,
            beta_deg,
        }
    }

    /// Current out of the battery, A, at which the currents at the bus add up to nothing, as far
    /// as the battery goes: what it must not take goes to the shunt, what it cannot give is
    /// missing.
    fn battery_amps(&self, curve: &IvCurve, load_watts: f64, resistance: f64) -> f64 {
        let wanted = self.balance(curve, load_watts, resistance);
        let taken = self.pack.charge_limit(self.soc, self.baseplate_celsius);
        wanted.clamp(-taken, self.pack.discharge_limit(self.soc))
    }

    /// The same without limits, behind a source of this resistance.
    fn balance(&self, curve: &IvCurve, load_watts: f64, resistance: f64) -> f64 {
        let source = self.pack.open_circuit_volts(self.soc);
        let mut volts = self.volts;
        let mut battery_amps = 0.0;
        // Newton's method from the last second's voltage; two rounds do but at an edge.
        for _ in 0..8 {
            let (array_amps, slope) = curve.point_at(volts);
            battery_amps = load_watts / volts - array_amps;
            let error = source - battery_amps * resistance - volts;
            let gradient = -resistance * (-load_watts / (volts * volts) - slope) - 1.0;
            let next = (volts - error / gradient).clamp(0.5 * source, 2.0 * source);
            let done = (next - volts).abs() < 1e-9;
            volts = next;
            if done {
                break;
            }
        }
        battery_amps
    }

    /// Lets `seconds` pass. The currents are those of the middle of the step, at which the
    /// source has moved by half the charge: of the second order, and no energy is lost in it.
    fn advance(&mut self, place: Place, seconds: f64) {
        if seconds <= 0.0 {
            return;
        }
        let array = &self.spacecraft.solar_array;
        let curve = array.curve(place.flux, self.array_celsius);
        let load_watts = self.spacecraft.load.watts(place.phase);
        let moved = self.pack.volts_per_coulomb(self.soc) * 0.5 * seconds;
        let resistance = self.pack.resistance_ohm + moved;
        let wanted = self.battery_amps(&curve, load_watts, resistance);
        let (after, amps) = self.pack.draw(self.soc, wanted, seconds);
        let volts = self.pack.open_circuit_volts(self.soc) - amps * resistance;
        let array_watts = curve.current_at(volts) * volts;
        let left = array_watts + amps * volts - load_watts;
        self.energy.array += array_watts * seconds;
        self.energy.load += load_watts * seconds;
        self.energy.shunt += left.max(0.0) * seconds;
        self.energy.unserved += (-left).max(0.0) * seconds;
        self.energy.loss += amps * amps * self.pack.resistance_ohm * seconds;
        self.soc = after;
        let rest = array.rest_celsius(place.light);
        self.array_celsius = rest
            + (self.array_celsius - rest) * (-seconds / array.settling_seconds.max(1e-3)).exp();
        let thermal = &self.spacecraft.thermal;
        let watts = thermal.watts(place.phase, place.flux)
            + thermal.radiator_m2 * thermal.absorptivity * thermal.albedo * place.reflected;
        self.baseplate_celsius = self
            .plate
            .after(self.baseplate_celsius, watts, seconds)
            .max(thermal.min_celsius)
            .min(thermal.max_celsius);
    }
}
