//! Events and series as text that other programs read.

use std::fmt::Write as _;
use std::io::Write;

use profiles::orbit::{TrackPoint, Utc, Vector, link_points};
use profiles::phase::Phase;
use profiles::physics::array_curve::ArrayPoints;
use profiles::time::{BenchTime, Period};

use super::rows::{Form, Rows};
use super::{Flown, Stop};

/// `event,t_s,utc`, in order of time. Contacts and links have rows of their own, with the
/// station or the satellite after a colon: `contact_in:svalbard`.
pub(super) fn events(flown: &Flown) -> String {
    let mut text = String::from("event,t_s,utc\n");
    for (event, at) in &flown.events {
        // Writing to a String cannot fail.
        let _always_ok = writeln!(
            text,
            "{event},{:.6},{}",
            at.as_secs_f64(),
            utc(flown, *at).exact()
        );
    }
    text
}

/// How often a link is told.
const LINK_EVERY: Period = Period::millis(10_000);

/// `t_s,utc,link,open,range_km,light_ms`, link by link.
pub(super) fn links(flown: &Flown) -> Result<String, Stop> {
    let mut text = String::from("t_s,utc,link,open,range_km,light_ms\n");
    let flight = &flown.flight;
    for ((name, other), windows) in flight.around.others.iter().zip(&flown.links) {
        let pair = [&flight.orbit, other];
        for point in link_points(pair, flight.start, windows, LINK_EVERY)? {
            let _always_ok = writeln!(
                text,
                "{:.6},{},{name},{},{:.3},{:.6}",
                point.at.as_secs_f64(),
                utc(flown, point.at).exact(),
                point.open,
                point.range_km,
                point.light_ms
            );
        }
    }
    Ok(text)
}

/// The instant of a bench time.
pub(super) fn utc(flown: &Flown, at: BenchTime) -> Utc {
    flown.flight.start.plus_seconds(at.as_secs_f64())
}

/// The columns of a series after `t_s`, `utc` and `phase`, before those of the lumps.
const COLUMNS: [&str; 21] = [
    "x_km",
    "y_km",
    "z_km",
    "vx_km_s",
    "vy_km_s",
    "vz_km_s",
    "light",
    "flux_w_m2",
    "beta_deg",
    "array_watts",
    "load_watts",
    "battery_soc",
    "bus_volts",
    "limit_amps",
    "baseplate_celsius",
    "radius_km",
    "array_celsius",
    "isc_a",
    "voc_v",
    "imp_a",
    "vmp_v",
];

/// The names of all columns with numbers.
fn columns(flown: &Flown) -> Vec<String> {
    let lumps = flown.prediction.nodes.names.iter();
    let lumps = lumps.map(|name| format!("{name}_celsius"));
    let own = COLUMNS.iter().map(|name| (*name).to_owned());
    own.chain(lumps).collect()
}

/// Everything, one row a second and one at each edge; positions in TEME.
pub(super) fn series(flown: &Flown, form: Form, out: &mut impl Write) -> Result<(), Stop> {
    let columns = columns(flown);
    let mut rows = Rows::new(out, form, &columns, true)?;
    let prediction = &flown.prediction;
    let mut phases = prediction.phases.iter().peekable();
    let mut values = Vec::with_capacity(columns.len());
    let mut told = Told::default();
    for (index, point) in prediction.track.iter().enumerate() {
        while phases
            .next_if(|interval| interval.window.end <= point.at)
            .is_some()
        {}
        let phase = phases
            .peek()
            .or(prediction.phases.last().as_ref())
            .map_or(Phase::Sunlit, |interval| interval.phase);
        let at = utc(flown, point.at);
        let state = flown.flight.orbit.state(at)?;
        let Vector { x, y, z } = state.position;
        let velocity = state.velocity;
        let curve = told.points(flown, point);
        values.clear();
        values.extend([
            x,
            y,
            z,
            velocity.x,
            velocity.y,
            velocity.z,
            point.light,
            point.flux_w_m2,
            point.beta_deg,
            point.array_watts,
            point.load_watts,
            point.battery_soc,
            point.bus_volts,
            point.limit_amps,
            point.baseplate_celsius,
            state.position.norm(),
            point.array_celsius,
            curve.isc.0,
            curve.voc.0,
            curve.imp.0,
            curve.vmp.0,
        ]);
        values.extend(prediction.nodes.row(index));
        rows.row((point.at, at, Some(phase)), &values)?;
    }
    rows.finish()
}

/// What a solar-array simulator is told, where it is told only every so often.
#[derive(Default)]
struct Told {
    last: Option<(BenchTime, ArrayPoints)>,
}

impl Told {
    /// The curve at this point of the track: its own, or that of the last update.
    fn points(&mut self, flown: &Flown, point: &TrackPoint) -> ArrayPoints {
        let array = &flown.flight.spacecraft.solar_array;
        let of = |point: &TrackPoint| {
            ArrayPoints::of(&array.curve(point.flux_w_m2, point.array_celsius))
        };
        let Some(every) = flown.flight.update else {
            return of(point);
        };
        let micros = point.at.as_micros();
        let update = BenchTime::from_micros(micros - micros % every.as_micros());
        match self.last {
            Some((at, points)) if at == update => points,
            _ => {
                let points = of(&flown.prediction.at(update));
                self.last = Some((update, points));
                points
            }
        }
    }
}

/// Columns of the books, J, each a running total from the start.
const BOOKS: [&str; 14] = [
    "array_j",
    "load_j",
    "shunt_j",
    "unserved_j",
    "loss_j",
    "stored_j",
    "solar_heat_j",
    "albedo_heat_j",
    "infrared_heat_j",
    "dissipated_j",
    "heater_j",
    "louvre_j",
    "radiated_j",
    "kept_heat_j",
];

/// Running totals of energy and heat at each point of the track.
pub(super) fn books(flown: &Flown, form: Form, out: &mut impl Write) -> Result<(), Stop> {
    let columns = BOOKS.map(str::to_owned);
    let mut rows = Rows::new(out, form, &columns, false)?;
    let prediction = &flown.prediction;
    for (point, ledger) in prediction.track.iter().zip(&prediction.ledger) {
        let (energy, heat) = (&ledger.energy, &ledger.heat);
        let values = [
            energy.array,
            energy.load,
            energy.shunt,
            energy.unserved,
            energy.loss,
            energy.stored,
            heat.solar,
            heat.albedo,
            heat.infrared,
            heat.dissipated,
            heat.heater,
            heat.louvre,
            heat.radiated,
            heat.kept,
        ];
        rows.row((point.at, utc(flown, point.at), None), &values)?;
    }
    rows.finish()
}
