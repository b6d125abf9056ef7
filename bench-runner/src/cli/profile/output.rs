//! Events and series as text that other programs read.

use std::fmt::Write;

use profiles::orbit::{Utc, Vector, link_points};
use profiles::phase::Phase;
use profiles::time::{BenchTime, Period};

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

/// The columns of a series after `t_s`, `utc` and `phase`.
const COLUMNS: [&str; 16] = [
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
];

/// Everything, one row a second and one at each edge; positions in TEME.
pub(super) fn series(flown: &Flown, json: bool) -> Result<String, Stop> {
    let mut text = String::with_capacity(flown.prediction.track.len() * 220);
    if !json {
        let _always_ok = writeln!(text, "t_s,utc,phase,{}", COLUMNS.join(","));
    }
    let mut phases = flown.prediction.phases.iter().peekable();
    for point in &flown.prediction.track {
        while phases
            .peek()
            .is_some_and(|interval| interval.window.end <= point.at)
        {
            phases.next();
        }
        let phase = phases
            .peek()
            .or(flown.prediction.phases.last().as_ref())
            .map_or(Phase::Sunlit, |interval| interval.phase);
        let at = utc(flown, point.at);
        let state = flown.flight.orbit.state(at)?;
        let Vector { x, y, z } = state.position;
        let velocity = state.velocity;
        let values = [
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
        ];
        row(&mut text, json, (point.at, at, phase), &values);
    }
    Ok(text)
}

fn row(text: &mut String, json: bool, (t, at, phase): (BenchTime, Utc, Phase), values: &[f64]) {
    let (seconds, utc) = (t.as_secs_f64(), at.exact());
    // Writing to a String cannot fail.
    let _always_ok = if json {
        write!(
            text,
            "{{\"t_s\":{seconds:.6},\"utc\":\"{utc}\",\"phase\":\"{phase}\""
        )
    } else {
        write!(text, "{seconds:.6},{utc},{phase}")
    };
    for (name, value) in COLUMNS.iter().zip(values) {
        let _always_ok = if json {
            write!(text, ",\"{name}\":{value:.6}")
        } else {
            write!(text, ",{value:.6}")
        };
    }
    text.push_str(if json { "}\n" } else { "\n" });
}
