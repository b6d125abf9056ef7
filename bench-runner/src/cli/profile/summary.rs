//! What a profile says on the terminal.

use std::fmt::Write;

use profiles::orbit::{EarthShape, HeldError, ShadowModel, SunDirection, TrackPoint, held_error};
use profiles::phase::Phase;
use profiles::time::Period;

use super::{Flown, Stop};

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

pub(super) fn text(flown: &Flown) -> Result<String, Stop> {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _always_ok = describe(flown, &mut text);
    let _always_ok = describe_heat(flown, &mut text);
    if let Some(every) = flown.flight.update {
        let flight = &flown.flight;
        let flown_by = (&flight.orbit, flight.start, flight.shadow);
        let array = &flight.spacecraft.solar_array;
        let error = held_error(flown_by, &flown.prediction, array, every)?;
        let _always_ok = describe_held(&error, every, &mut text);
    }
    Ok(text)
}

/// The lumps beside the baseplate, and what heaters took.
fn describe_heat(flown: &Flown, out: &mut String) -> std::fmt::Result {
    let prediction = &flown.prediction;
    for (place, name) in prediction.nodes.names.iter().enumerate() {
        let celsius = (0..prediction.track.len()).map(|row| prediction.nodes.row(row)[place]);
        let (low, high) = celsius.fold((f64::MAX, f64::MIN), |(low, high), celsius| {
            (low.min(celsius), high.max(celsius))
        });
        writeln!(out, "  {name:<16} {low:>9.2} to {high:>9.2} degC")?;
    }
    let total = &prediction.total;
    let watt_hours = |joules: f64| joules / 3_600.0;
    if total.heat.heater > 0.0 {
        writeln!(
            out,
            "  heaters took {:.2} Wh",
            watt_hours(total.heat.heater)
        )?;
    }
    // Less is how a sum of reals rounds.
    if total.energy.unserved > 1.0 {
        let missing = watt_hours(total.energy.unserved);
        writeln!(
            out,
            "  the battery runs empty: {missing:.2} Wh of the load are missing"
        )?;
    }
    Ok(())
}

/// What it costs to tell a simulator or a supply only every so often.
fn describe_held(error: &HeldError, every: Period, out: &mut String) -> std::fmt::Result {
    writeln!(out, "  told anew every {every}, off at most by")?;
    for (what, worst) in [
        ("most power of the held curve", error.knee_watts),
        (
            "power at the bus, with the law of the simulator",
            error.bus_watts,
        ),
    ] {
        let share = 100.0 * error.share(worst.value);
        let (watts, at) = (worst.value, worst.at);
        writeln!(out, "    {watts:>9.3} W ({share:.2} %) at {at}, {what}")?;
    }
    for (what, unit, worst) in [
        ("voltage of a supply", "V", error.bus_volts),
        ("current limit of a supply", "A", error.limit_amps),
    ] {
        writeln!(
            out,
            "    {:>9.3} {unit} at {}, {what}",
            worst.value, worst.at
        )?;
    }
    Ok(())
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
    let step = super::step(flight.seconds);
    if step.as_millis() > 1_000 {
        writeln!(
            out,
            "  followed every {step}: a longer time does not fit into memory"
        )?;
    }
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
    describe_ranges(&prediction.track, out)?;
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

/// The least and the most of each quantity.
fn describe_ranges(track: &[TrackPoint], out: &mut String) -> std::fmt::Result {
    let range = |value: fn(&TrackPoint) -> f64| {
        let values = track.iter().map(value);
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
    Ok(())
}
