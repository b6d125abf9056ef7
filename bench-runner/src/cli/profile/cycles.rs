//! Thermal cycles of a test, without any orbit: their plateaus and ramps as tables and as a
//! picture.

use std::fmt::Write;

use profiles::orbit::Utc;
use profiles::shape::{Cycles, Leg};
use profiles::time::{BenchTime, Period};
use reports::columns::{Column, Field, Kind, Values};
use reports::render::figure::{Figure, Limit, Panel, Pen, TimeAxis, Trace};

use super::rows::{Form, parquet};
use super::text::fixed;
use super::{Args, Stop, picture, print, save};
use crate::config::cycles::{RawCycles, cycles};
use crate::config::load::Loader;
use crate::config::{Refusal, TableReader};
use crate::exit::Exit;
use crate::plan::sky::orbit_source::instant;

/// Time between rows of a series where nothing is said.
const EVERY: Period = Period::millis(10_000);

/// Most rows of a series.
const MOST_ROWS: f64 = 3e6;

/// A file with cycles, as it is written.
#[derive(Debug)]
pub(super) struct RawTest {
    name: Option<String>,
    start: Option<crate::config::Located<String>>,
    cycles: RawCycles,
}

/// Cycles that can be shown.
pub(super) struct Test {
    name: String,
    /// The document whose defaults they have.
    document: Option<&'static str>,
    start: Option<Utc>,
    cycles: Cycles,
}

/// The file, where it holds cycles.
pub(super) fn read(root: &TableReader<'_>) -> Option<RawTest> {
    let node = root.get("cycles")?;
    let name = root.get("name").and_then(|node| node.text());
    let start = root.get("start").and_then(|node| node.instant());
    Some(RawTest {
        name: name.map(|name| name.value),
        start,
        cycles: cycles(&node)?,
    })
}

pub(super) fn resolve(loader: &mut Loader, raw: RawTest) -> Option<Test> {
    let start = match instant(raw.start.as_ref()) {
        Ok(start) => start,
        Err(refusal) => {
            loader.refusals.push(*refusal);
            return None;
        }
    };
    let place = &raw.cycles.place;
    let cycles = Cycles::new(raw.cycles.spec)
        .map_err(|error| {
            let refusal = Refusal::at(place, error.to_string(), "in these cycles");
            loader.refusals.push(refusal);
        })
        .ok()?;
    Some(Test {
        name: raw.name.unwrap_or_else(|| "thermal cycles".to_owned()),
        document: raw.cycles.standard.map(profiles::shape::Standard::document),
        start,
        cycles,
    })
}

/// Options that need an orbit.
pub(super) fn needless(args: &Args) -> Option<Refusal> {
    let given = [
        ("--year", args.year),
        ("--links", args.links.is_some()),
        ("--compare", args.compare.is_some()),
        ("--energy", args.energy.is_some()),
    ];
    let (option, _) = given.into_iter().find(|(_, given)| *given)?;
    let message = format!("{option} needs an orbit, and this file holds thermal cycles");
    Some(Refusal::nowhere(message).help("expected --events, --series, --update or --plot"))
}

pub(super) fn show(test: &Test, args: &Args) -> Result<Exit, Stop> {
    print(&summary(test));
    if let Some(path) = &args.events {
        save(path, events(test))?;
    }
    if let Some(path) = &args.series {
        let rows = rows(&test.cycles, args.update.unwrap_or(EVERY));
        let bytes = match Form::of(path) {
            Form::Parquet => to_parquet(&rows)?,
            form => table(&rows, form == Form::Json).into_bytes(),
        };
        save(path, bytes)?;
    }
    if let Some(path) = &args.plot {
        save(path, picture(&figure(test), path)?)?;
    }
    Ok(Exit::Passed)
}

fn summary(test: &Test) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _always_ok = describe(test, &mut text);
    text
}

fn describe(test: &Test, out: &mut String) -> std::fmt::Result {
    let spec = test.cycles.spec();
    writeln!(out, "{}", test.name)?;
    if let Some(document) = test.document {
        writeln!(
            out,
            "  defaults in common use for {document}, not read from its text: compare them with \
             your edition"
        )?;
    }
    writeln!(
        out,
        "  {} cycles in {:.2} h, at {} K/min, {:.2} h on each plateau, from and to {} degC",
        spec.count,
        test.cycles.seconds() / 3_600.0,
        spec.kelvin_per_minute,
        spec.dwell_seconds / 3_600.0,
        spec.ambient_celsius
    )?;
    for (name, celsius, [below, above]) in [
        ("hot plateau", spec.hot_celsius, spec.hot_band),
        ("cold plateau", spec.cold_celsius, spec.cold_band),
    ] {
        let (low, high) = (celsius - below, celsius + above);
        writeln!(
            out,
            "  {name:<14} {celsius:>7.1} degC, within {low} to {high} degC"
        )?;
    }
    Ok(())
}

/// `event,t_s,utc`: the beginning and end of each stretch, with its cycle after a colon; `utc`
/// is empty where the file has no `start`.
fn events(test: &Test) -> String {
    let mut text = String::from("event,t_s,utc\n");
    for stretch in test.cycles.stretches() {
        let name = stretch.leg.name().replace(' ', "_");
        for (edge, at) in [("in", stretch.window.start), ("out", stretch.window.end)] {
            let seconds = at.as_secs_f64();
            let utc = test.start.map(|start| start.plus_seconds(seconds).exact());
            let utc = utc.unwrap_or_default();
            let _always_ok = writeln!(text, "{name}_{edge}:{},{seconds:.6},{utc}", stretch.cycle);
        }
    }
    text
}

/// One row of a series.
struct Row {
    at: BenchTime,
    leg: Leg,
    cycle: u32,
    /// Target, lowest, highest.
    celsius: [f64; 3],
}

/// The columns of a series.
const COLUMNS: [&str; 6] = [
    "t_s",
    "leg",
    "cycle",
    "target_celsius",
    "lowest_celsius",
    "highest_celsius",
];

/// One row each step and one at each corner. Along ramps there is no tolerance: both ends of it
/// are the target.
fn rows(cycles: &Cycles, every: Period) -> Vec<Row> {
    let spec = cycles.spec();
    let factor = (cycles.seconds() / every.as_secs_f64() / MOST_ROWS)
        .ceil()
        .max(1.0);
    let micros = every.as_micros() * factor as u64;
    let mut rows = Vec::new();
    for stretch in cycles.stretches() {
        let [below, above] = match stretch.leg {
            Leg::HotPlateau => spec.hot_band,
            Leg::ColdPlateau => spec.cold_band,
            Leg::RampUp | Leg::RampDown => [0.0, 0.0],
        };
        let window = stretch.window;
        let grid = (window.start.as_micros() / micros + 1) * micros;
        let grid = std::iter::successors(Some(grid), |at| Some(at + micros));
        let grid = grid
            .map(BenchTime::from_micros)
            .take_while(|at| *at < window.end);
        rows.extend(std::iter::once(window.start).chain(grid).map(|at| {
            let celsius = cycles.value_at(at);
            Row {
                at,
                leg: stretch.leg,
                cycle: stretch.cycle,
                celsius: [celsius, celsius - below, celsius + above],
            }
        }));
    }
    rows
}

/// Rows as CSV or as JSON lines.
fn table(rows: &[Row], json: bool) -> String {
    let mut text = if json {
        String::new()
    } else {
        COLUMNS.join(",") + "\n"
    };
    for Row {
        at,
        leg,
        cycle,
        celsius,
    } in rows
    {
        text.push_str(if json { "{\"t_s\":" } else { "" });
        fixed(&mut text, at.as_secs_f64());
        let _always_ok = if json {
            write!(text, ",\"leg\":\"{leg}\",\"cycle\":{cycle}")
        } else {
            write!(text, ",{leg},{cycle}")
        };
        for (column, number) in COLUMNS.iter().skip(3).zip(celsius) {
            let _always_ok = if json {
                write!(text, ",\"{column}\":")
            } else {
                write!(text, ",")
            };
            fixed(&mut text, *number);
        }
        text.push_str(if json { "}\n" } else { "\n" });
    }
    text
}

/// Rows as a Parquet table.
fn to_parquet(rows: &[Row]) -> Result<Vec<u8>, Stop> {
    let kinds = [
        Kind::F64,
        Kind::Utf8,
        Kind::U64,
        Kind::F64,
        Kind::F64,
        Kind::F64,
    ];
    let fields = COLUMNS.iter().zip(kinds);
    let fields = fields.map(|(name, kind)| Field::required(*name, kind));
    let seconds: Vec<f64> = rows.iter().map(|row| row.at.as_secs_f64()).collect();
    let legs: Vec<&str> = rows.iter().map(|row| row.leg.name()).collect();
    let cycles: Vec<u64> = rows.iter().map(|row| u64::from(row.cycle)).collect();
    let celsius: [Vec<f64>; 3] =
        std::array::from_fn(|place| rows.iter().map(|row| row.celsius[place]).collect());
    let [target, lowest, highest] = &celsius;
    let columns = [
        Column::full(Values::F64(&seconds)),
        Column::full(Values::Utf8(&legs)),
        Column::full(Values::U64(&cycles)),
        Column::full(Values::F64(target)),
        Column::full(Values::F64(lowest)),
        Column::full(Values::F64(highest)),
    ];
    parquet(fields.collect(), &columns)
}

fn figure(test: &Test) -> Figure {
    let cycles = &test.cycles;
    let corners = cycles.stretches().iter().flat_map(|stretch| {
        let (window, [from, to]) = (stretch.window, stretch.celsius);
        [(window.start, from), (window.end, to)]
    });
    Figure {
        title: test.name.clone(),
        time: TimeAxis {
            end: cycles.seconds(),
            epoch: test.start.map(|start| start.to_string()),
            eclipses: Vec::new(),
            counts: None,
            measure: None,
        },
        panels: vec![Panel {
            quantity: "temperature".to_owned(),
            unit: "°C".to_owned(),
            weight: 1.0,
            with_zero: false,
            traces: vec![Trace {
                label: "target".to_owned(),
                pen: Pen::First,
                lines: vec![
                    corners
                        .map(|(at, celsius)| (at.as_secs_f64(), celsius))
                        .collect(),
                ],
                extremes: Vec::new(),
            }],
            limits: limits(cycles),
            bands: Vec::new(),
            worst: Vec::new(),
        }],
    }
}

/// The edges of the tolerances, each while it holds.
fn limits(cycles: &Cycles) -> Vec<Limit> {
    let spec = cycles.spec();
    let edges = [
        (
            "hot, at most",
            Leg::HotPlateau,
            spec.hot_celsius,
            spec.hot_band[1],
        ),
        (
            "hot, at least",
            Leg::HotPlateau,
            spec.hot_celsius,
            -spec.hot_band[0],
        ),
        (
            "cold, at most",
            Leg::ColdPlateau,
            spec.cold_celsius,
            spec.cold_band[1],
        ),
        (
            "cold, at least",
            Leg::ColdPlateau,
            spec.cold_celsius,
            -spec.cold_band[0],
        ),
    ];
    // A tolerance of nothing is the target itself.
    let edges = edges.into_iter().filter(|(_, _, _, off)| *off != 0.0);
    let limits = edges.map(|(label, leg, celsius, off)| Limit {
        label: label.to_owned(),
        value: celsius + off,
        during: cycles
            .stretches()
            .iter()
            .filter(|stretch| stretch.leg == leg)
            .map(|stretch| {
                let window = stretch.window;
                (window.start.as_secs_f64(), window.end.as_secs_f64())
            })
            .collect(),
    });
    limits.collect()
}
