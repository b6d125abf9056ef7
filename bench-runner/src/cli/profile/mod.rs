//! `bench profile`: what an orbit does to a satellite: eclipses, contacts, power and heat, as
//! tables, as a picture and against another tool. Needs no bench and touches none.

mod compare;
mod cycles;
mod file;
mod output;
mod plot;
mod resolve;
mod rows;
mod save;
mod summary;
#[cfg(test)]
mod tests;
mod text;
mod year;

use std::path::{Path, PathBuf};

use profiles::orbit::{
    Effect, Fidelity, Prediction, PropagationError, edges_of, phases, predict_in, radiation_effects,
};
use profiles::time::{BenchTime, Period, Window};

use super::{colour_err, complain, print};
use crate::config::folder::Folder;
use crate::config::load::Loader;
use crate::config::orbit::presets;
use crate::config::{Refusal, Refusals};
use crate::exit::Exit;
use crate::plan::sky::surroundings::regions;
use reports::render::figure::Figure;
use resolve::Flight;
use rows::Form;
use save::{save, stream};

/// Show what an orbit does to a satellite: eclipses, contacts, power and temperatures
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// TOML file with an orbit (a campaign will do) or with thermal `[cycles]`, or one of the presets: iss, starlink-53,
    /// starcloud-1, dawn-dusk-550, dawn-dusk-650, sso-1030, geo
    orbit: String,
    /// Write the edges of eclipses, contacts and links as CSV: `event,t_s,utc`
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// Write everything, second by second: CSV, JSON lines if FILE ends in `.jsonl`, Parquet if
    /// in `.parquet`; with --year and nothing else day by day
    #[arg(long, value_name = "FILE")]
    series: Option<PathBuf>,
    /// Write running totals of energy and heat in J, second by second, in the same forms
    #[arg(long, value_name = "FILE")]
    energy: Option<PathBuf>,
    /// How often a solar-array simulator or a supply is told anew, such as "1 s": its curves are
    /// in the series, and what holding them costs is told
    #[arg(long, value_name = "TIME", value_parser = period)]
    update: Option<Period>,
    /// Write the links to other satellites, every ten seconds while open, as CSV: range and light
    /// time
    #[arg(long, value_name = "FILE")]
    links: Option<PathBuf>,
    /// Draw flux, power, state of charge, temperature and phases: SVG, or PNG or PDF if FILE
    /// ends in `.png` or `.pdf`
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// Show a year from the start: beta angle, eclipses, seasons; alone or with what else is asked for
    #[arg(long)]
    year: bool,
    /// Compare the edges with those of another tool: CSV with `event` and `t_s` or `utc`
    #[arg(long, value_name = "FILE")]
    compare: Option<PathBuf>,
    /// With --compare: fail if an edge is missing or differs by more than this, ms
    #[arg(long, value_name = "MS", requires = "compare")]
    within: Option<f64>,
}

/// What ends the verb early.
enum Stop {
    Refused(Refusals),
    Flight(PropagationError),
    Disk(String),
}

impl From<PropagationError> for Stop {
    fn from(error: PropagationError) -> Stop {
        Stop::Flight(error)
    }
}

/// An orbit that was flown: what every output is made of.
struct Flown {
    flight: Flight,
    prediction: Prediction,
    /// Event, time; in order of time.
    events: Vec<(String, BenchTime)>,
    /// Windows of the links, by the other satellite's place in the flight.
    links: Vec<Vec<Window>>,
    /// What all contacts bring down, Mbit.
    downlinked_mbit: f64,
}

pub(super) fn main(args: &Args) -> Exit {
    match work(args) {
        Ok(exit) => exit,
        Err(Stop::Refused(refusals)) => {
            complain(&refusals.render(colour_err()));
            Exit::Refused
        }
        Err(Stop::Flight(error)) => {
            complain(&format!("Error: {error}\n"));
            Exit::Refused
        }
        Err(Stop::Disk(error)) => {
            complain(&format!("Error: {error}\n"));
            Exit::BenchFault
        }
    }
}

fn work(args: &Args) -> Result<Exit, Stop> {
    let mut loader = Loader::default();
    let subject = open(&mut loader, &args.orbit);
    let other = args
        .compare
        .as_deref()
        .and_then(|path| compare::read(&mut loader, path));
    loader.refusals.extend(unwritable(args));
    if let Some(Subject::Cycles(_)) = &subject {
        loader.refusals.extend(cycles::needless(args));
    }
    if !loader.refusals.is_empty() {
        return Err(refused(loader));
    }
    let flight = match subject {
        None => return Err(refused(loader)),
        Some(Subject::Cycles(test)) => return cycles::show(&test, args),
        Some(Subject::Flight(flight)) => *flight,
    };
    let place = flight.place.clone();
    outputs(args, flight, other.as_deref()).map_err(|stop| match stop {
        Stop::Flight(error) => {
            let expected = "expected an orbit that lasts from the start to the end";
            let refusal = Refusal::at(&place, error.to_string(), expected);
            loader.refusals.push(refusal);
            refused(loader)
        }
        other => other,
    })
}

/// Everything that is asked of a flight.
fn outputs(args: &Args, flight: Flight, other: Option<&[compare::Other]>) -> Result<Exit, Stop> {
    if args.year {
        // With nothing else asked for, the series is that of the year.
        let flies = needs_flight(args);
        let series = args.series.as_deref().filter(|_| !flies);
        year::show(&flight, series)?;
        if !flies {
            return Ok(Exit::Passed);
        }
    }
    let flight = Flight {
        update: args.update,
        books: args.energy.is_some(),
        ..flight
    };
    let flown = fly(flight)?;
    print(&summary::text(&flown)?);
    if let Some(path) = &args.events {
        save(path, output::events(&flown))?;
    }
    if let Some(path) = &args.series {
        stream(path, |out| output::series(&flown, Form::of(path), out))?;
    }
    if let Some(path) = &args.energy {
        stream(path, |out| output::books(&flown, Form::of(path), out))?;
    }
    if let Some(path) = &args.links {
        save(path, output::links(&flown)?)?;
    }
    if let Some(path) = &args.plot {
        save(path, picture(&plot::figure(&flown), path)?)?;
    }
    match other {
        Some(other) => Ok(compare::show(&flown, other, args.within)),
        None => Ok(Exit::Passed),
    }
}

/// Whether anything is asked for that only a flight from second to second has.
fn needs_flight(args: &Args) -> bool {
    let files = [
        &args.events,
        &args.links,
        &args.plot,
        &args.compare,
        &args.energy,
    ];
    files.iter().any(|file| file.is_some()) || args.update.is_some()
}

/// A figure in the form that the file's name promises.
fn picture(figure: &Figure, path: &Path) -> Result<Vec<u8>, Stop> {
    let drawn = match ending(path) {
        Some("pdf") => plot::pdf(figure).map_err(|error| error.to_string()),
        Some("png") => plot::png(figure).map_err(|error| error.to_string()),
        _ => Ok(plot::svg(figure).into_bytes()),
    };
    drawn.map_err(Stop::Disk)
}

/// What a file is about.
enum Subject {
    Flight(Box<Flight>),
    Cycles(cycles::Test),
}

/// The same as it is written.
enum RawSubject {
    Flight(Box<file::RawFlight>),
    Cycles(cycles::RawTest),
}

fn refused(loader: Loader) -> Stop {
    Stop::Refused(Refusals::new(loader.sources, loader.refusals))
}

/// The orbit by the name of a preset or of a file.
fn open(loader: &mut Loader, orbit: &str) -> Option<Subject> {
    let path = Path::new(orbit);
    let (folder, name) = match presets::find(orbit) {
        Some(preset) => preset,
        None if path.exists() || path.extension().is_some() => {
            let folder = path.parent().unwrap_or(Path::new("")).to_owned();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            (Folder::Disk(folder), name.into_owned())
        }
        None => {
            let message = format!("`{orbit}` is neither a file nor a preset");
            loader
                .refusals
                .push(Refusal::nowhere(message).help(presets::advice(orbit)));
            return None;
        }
    };
    let (file, text) = loader.text(&folder, &name)?;
    let raw = loader.document(file, &text, "the orbit", |root| {
        if root.get("cycles").is_some() {
            return cycles::read(root).map(RawSubject::Cycles);
        }
        Some(RawSubject::Flight(Box::new(file::read(root))))
    });
    match raw.flatten()? {
        RawSubject::Flight(raw) => {
            let flight = resolve::flight(loader, &folder, *raw)?;
            Some(Subject::Flight(Box::new(flight)))
        }
        RawSubject::Cycles(raw) => cycles::resolve(loader, raw).map(Subject::Cycles),
    }
}

/// Most points of a track: a month of seconds.
const MOST_POINTS: f64 = 31.0 * 86_400.0;

/// Time between points of a track: a second, or as many as keep a long one within memory.
fn step(seconds: f64) -> Period {
    let whole = (seconds / MOST_POINTS).ceil().max(1.0);
    Period::from_millis(1_000 * whole as u32).unwrap_or(Period::millis(1_000))
}

fn fly(flight: Flight) -> Result<Flown, Stop> {
    let span = Window {
        start: BenchTime::ZERO,
        end: BenchTime::from_secs_f64(flight.seconds),
    };
    let (orbit, start) = (&flight.orbit, flight.start);
    let fidelity = Fidelity {
        ledger: flight.books,
        step: step(flight.seconds),
        ..flight.shadow.into()
    };
    let around = &flight.around;
    let flown = (orbit, start);
    let contacts = around.contacts(flown, span)?;
    let windows = around.windows(flown, span, &contacts)?;
    let phases = phases(orbit, start, span, flight.shadow)?;
    let mut spacecraft = flight.spacecraft.clone();
    if !flight.schedule.is_empty() {
        let all = [windows.clone(), regions(flown, span)?].concat();
        let load = &mut spacecraft.load;
        flight.schedule.apply(load, &phases, &all);
    }
    let prediction = predict_in(phases, flown, span, &spacecraft, fidelity)?;
    let mut events: Vec<(String, BenchTime)> = edges_of(&prediction.phases)
        .into_iter()
        .map(|(event, at)| (event.to_owned(), at))
        .collect();
    for named in &windows {
        let (kind, whom) = named.name.split_once(':').unwrap_or((&named.name, ""));
        events.push((format!("{kind}_in:{whom}"), named.window.start));
        events.push((format!("{kind}_out:{whom}"), named.window.end));
    }
    let links = around.others.iter().map(|(name, _)| {
        let of = windows
            .iter()
            .filter(|named| named.name.strip_prefix("link:") == Some(name));
        of.map(|named| named.window).collect()
    });
    let links: Vec<Vec<Window>> = links.collect();
    let passes = around.passes(flown, &contacts)?;
    let downlinked_mbit = passes.iter().map(|pass| pass.capacity_bytes * 8e-6).sum();
    if let Some(model) = &around.radiation {
        let mut stream = flight.seed.stream("profile", "radiation");
        let rates = flight.rates.as_ref();
        let strikes = radiation_effects((orbit, start), span, model, rates, &mut stream)?;
        events.extend(strikes.into_iter().map(|(at, effect)| {
            let event = match effect {
                Effect::Upset => "upset",
                Effect::LatchUp => "latch_up",
            };
            (event.to_owned(), at)
        }));
    }
    events.sort_by_key(|(_, at)| *at);
    Ok(Flown {
        flight,
        prediction,
        events,
        links,
        downlinked_mbit,
    })
}

/// What a file's name ends in, which says what is written into it.
fn ending(path: &Path) -> Option<&str> {
    path.extension()?.to_str()
}

/// Endings that promise something else than what would be written.
fn unwritable(args: &Args) -> Vec<Refusal> {
    let (tables, pictures) = (["parquet", "arrow", "xlsx"], ["jpg", "jpeg", "gif"]);
    let others = ["arrow", "xlsx", "feather"];
    let series = "a file that ends in `.csv`, `.jsonl` or `.parquet`";
    let wrong = |path: &Option<PathBuf>, endings: &[&str], expected: &str| {
        let path = path.as_deref()?;
        let found = ending(path).filter(|ending| endings.contains(ending))?;
        let message = format!("{}: nothing here writes `.{found}`", path.display());
        Some(Refusal::nowhere(message).help(format!("expected {expected}")))
    };
    [
        wrong(&args.series, &others, series),
        wrong(&args.events, &tables, "a file that ends in `.csv`"),
        wrong(&args.energy, &others, series),
        wrong(&args.links, &tables, "a file that ends in `.csv`"),
        wrong(
            &args.plot,
            &pictures,
            "a file that ends in `.svg`, `.png` or `.pdf`",
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A period as people write it.
fn period(text: &str) -> Result<Period, String> {
    let seconds = crate::config::seconds(text);
    let seconds = seconds.filter(|seconds| (0.01..=3_600.0).contains(seconds));
    let period = seconds.and_then(|seconds| Period::from_millis((seconds * 1e3).round() as u32));
    period.ok_or_else(|| "expected from 10 ms to 1 h, such as \"1 s\"".to_owned())
}
