//! The season view: a year of an orbit, one revolution a day.

use std::fmt::Write;
use std::path::Path;

use profiles::orbit::{Day, seasons, year};
use reports::columns::{Column, Field, Kind, Values};

use super::resolve::Flight;
use super::rows::{Form, parquet};
use super::{Stop, print, save, summary};

/// Days that are shown.
const DAYS: usize = 365;

pub(super) fn show(flight: &Flight, series: Option<&Path>) -> Result<(), Stop> {
    let (days, end) = year(&flight.orbit, flight.start, DAYS, flight.shadow)?;
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _always_ok = describe(flight, &days, &mut text);
    if let Some(error) = end {
        let count = days.len();
        let _always_ok = writeln!(text, "\n  {count} of {DAYS} days: {error}");
    }
    print(&text);
    if let Some(path) = series {
        let bytes = match Form::of(path) {
            Form::Parquet => to_parquet(&days)?,
            form => table(&days, form == Form::Json).into_bytes(),
        };
        save(path, bytes)?;
    }
    Ok(())
}

fn describe(flight: &Flight, days: &[Day], out: &mut String) -> std::fmt::Result {
    writeln!(out, "{}", flight.name)?;
    writeln!(out, "  one revolution a day, from {}", flight.start)?;
    writeln!(out, "  {}", summary::model(&flight.shadow))?;
    let range = |value: fn(&Day) -> f64| {
        days.iter()
            .map(value)
            .fold((f64::MAX, f64::MIN), |(low, high), value| {
                (low.min(value), high.max(value))
            })
    };
    let (low, high) = range(|day| day.beta_deg);
    writeln!(out, "  beta angle {low:.2} to {high:.2} deg")?;
    let mean = days.iter().map(|day| day.shadow_seconds).sum::<f64>() / days.len() as f64;
    let share = 100.0 * mean / flight.orbit.period_seconds();
    let (_, longest) = range(|day| day.shadow_seconds);
    let (_, umbra) = range(|day| day.umbra_seconds);
    writeln!(
        out,
        "  longest shadow {longest:.0} s ({umbra:.0} s of umbra) a revolution; \
         {share:.1} % of the year in shadow"
    )?;
    let found = seasons(days);
    if found.is_empty() {
        writeln!(out, "  no eclipse on any day")?;
    }
    for season in &found {
        writeln!(
            out,
            "  eclipses from {} to {}: {} days, up to {:.0} s",
            &season.first.exact()[..10],
            &season.last.exact()[..10],
            season.days,
            season.longest_seconds
        )?;
    }
    writeln!(
        out,
        "\n  date        beta deg   flux W/m2   shadow s    umbra s"
    )?;
    for day in days.iter().step_by(15) {
        writeln!(
            out,
            "  {}  {:>8.2}  {:>10.1} {:>10.1} {:>10.1}",
            &day.at.exact()[..10],
            day.beta_deg,
            day.flux_w_m2,
            day.shadow_seconds,
            day.umbra_seconds
        )?;
    }
    Ok(())
}

/// The same as a Parquet table.
fn to_parquet(days: &[Day]) -> Result<Vec<u8>, Stop> {
    let instants: Vec<i64> = days.iter().map(|day| day.at.posix_micros()).collect();
    let of = |number: fn(&Day) -> f64| days.iter().map(number).collect::<Vec<f64>>();
    let values = [
        of(|day| day.beta_deg),
        of(|day| day.flux_w_m2),
        of(|day| day.shadow_seconds),
        of(|day| day.umbra_seconds),
    ];
    let names = ["beta_deg", "flux_w_m2", "any_shadow_s", "umbra_s"];
    let mut fields = vec![Field::required("utc", Kind::Timestamp)];
    fields.extend(names.map(|name| Field::required(name, Kind::F64)));
    let mut columns = vec![Column::full(Values::I64(&instants))];
    columns.extend(
        values
            .iter()
            .map(|values| Column::full(Values::F64(values))),
    );
    parquet(fields, &columns)
}

fn table(days: &[Day], json: bool) -> String {
    let mut text = String::new();
    if !json {
        text.push_str("utc,beta_deg,flux_w_m2,any_shadow_s,umbra_s\n");
    }
    for day in days {
        let (beta, flux) = (day.beta_deg, day.flux_w_m2);
        let (shadow, umbra) = (day.shadow_seconds, day.umbra_seconds);
        let utc = day.at.exact();
        let _always_ok = if json {
            writeln!(
                text,
                "{{\"utc\":\"{utc}\",\"beta_deg\":{beta:.6},\"flux_w_m2\":{flux:.4},\
                 \"any_shadow_s\":{shadow:.3},\"umbra_s\":{umbra:.3}}}"
            )
        } else {
            writeln!(text, "{utc},{beta:.6},{flux:.4},{shadow:.3},{umbra:.3}")
        };
    }
    text
}
