//! What a profile says on the terminal.

use std::fmt::Write;

use profiles::orbit::{EarthShape, ShadowModel, SunDirection, TrackPoint};
use profiles::phase::Phase;

use super::Flown;

/// The conventions of a shadow, in words.
pub(super) fn model(shadow: &ShadowModel) -> String {
    let earth = match shadow.earth {
        EarthShape::Ellipsoid => "oblate Earth (WGS84)",
        EarthShape::Sphere => "spherical Earth",
    };
    let sun = match shadow.sun {
        SunDirection::Apparent => "apparent Sun",
        SunDirection::Geometric => "geometric Sun",
    };
    let air = match shadow.atmosphere_km {
        0.0 => "no atmosphere".to_owned(),
        height => format!("{height} km of opaque atmosphere"),
    };
    format!("{earth}, {sun}, {air}")
}

pub(super) fn text(flown: &Flown) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _always_ok = describe(flown, &mut text);
    text
}

fn describe(flown: &Flown, out: &mut String) -> std::fmt::Result {
    let (flight, prediction) = (&flown.flight, &flown.prediction);
    writeln!(out, "{}", flight.name)?;
    writeln!(
        out,
        "  from {} for {:.2} h, a revolution in {:.2} min",
        flight.start,
        flight.seconds / 3_600.0,
        flight.orbit.period_seconds() / 60.0
    )?;
    writeln!(out, "  {}", model(&flight.shadow))?;
    let time_in = |wanted: fn(Phase) -> bool| -> f64 {
        let those = prediction.phases.iter().filter(|i| wanted(i.phase));
        those.map(|interval| interval.window.seconds()).sum()
    };
    let shadow = time_in(|phase| phase != Phase::Sunlit);
    let umbra = time_in(|phase| phase == Phase::Umbra);
    let begins = |(event, _): &&(String, _)| event == "penumbra_in";
    let count = flown.events.iter().filter(begins).count();
    writeln!(
        out,
        "  {count} entries into shadow, {:.3} % of the time in any shadow, {:.3} % in umbra",
        100.0 * shadow / flight.seconds,
        100.0 * umbra / flight.seconds
    )?;
    let range = |value: fn(&TrackPoint) -> f64| {
        let values = prediction.track.iter().map(value);
        values.fold((f64::MAX, f64::MIN), |(low, high), value| {
            (low.min(value), high.max(value))
        })
    };
    for (name, unit, value) in [
        (
            "beta angle",
            "deg",
            (|p| p.beta_deg) as fn(&TrackPoint) -> f64,
        ),
        ("sunlight", "W/m2", |p| p.flux_w_m2),
        ("array", "W", |p| p.array_watts),
        ("bus", "V", |p| p.bus_volts),
        ("state of charge", "%", |p| 100.0 * p.battery_soc),
        ("baseplate", "degC", |p| p.baseplate_celsius),
    ] {
        let (low, high) = range(value);
        writeln!(out, "  {name:<16} {low:>9.2} to {high:>9.2} {unit}")?;
    }
    for kind in ["contact", "link"] {
        let opening = format!("{kind}_in:");
        let count = flown.events.iter().filter(|(e, _)| e.starts_with(&opening));
        let count = count.count();
        if count > 0 {
            writeln!(out, "  {count} {kind} windows")?;
        }
    }
    if let Some(downlink) = &flight.around.downlink {
        let far = downlink.at(2_000.0);
        writeln!(
            out,
            "  down-link {:.1} Gbit; at 2000 km C/N0 {:.1} dBHz, Eb/N0 {:.1} dB, margin {:.1} dB",
            flown.downlinked_mbit / 1e3,
            far.carrier_over_noise_db,
            far.bit_over_noise_db,
            far.margin_db
        )?;
    }
    Ok(())
}
