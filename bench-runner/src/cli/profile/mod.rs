//! `bench profile`: what an orbit does to a satellite: eclipses, contacts, power and heat, as
//! tables, as a picture and against another tool. Needs no bench and touches none.

mod compare;
mod file;
mod output;
mod plot;
mod resolve;
mod satellite;
mod summary;
#[cfg(test)]
mod tests;
mod year;

use std::path::{Path, PathBuf};

use profiles::orbit::{
    Effect, Prediction, PropagationError, crosslinks, edges_of, predict, radiation_effects,
};
use profiles::time::{BenchTime, Window};

use super::{colour_err, complain, print};
use crate::config::folder::Folder;
use crate::config::load::Loader;
use crate::config::{Refusal, Refusals, presets};
use crate::exit::Exit;
use resolve::Flight;

/// Show what an orbit does to a satellite: eclipses, contacts, power and temperatures
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// TOML file with an orbit (a campaign will do), or one of the presets: iss, starlink-53,
    /// starcloud-1, dawn-dusk-550, dawn-dusk-650, sso-1030, geo
    orbit: String,
    /// Write the edges of eclipses, contacts and links as CSV: `event,t_s,utc`
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// Write everything, second by second: CSV, or JSON lines if FILE ends in `.jsonl`; with
    /// --year day by day
    #[arg(long, value_name = "FILE")]
    series: Option<PathBuf>,
    /// Write the links to other satellites, every ten seconds while open, as CSV: range and light
    /// time
    #[arg(long, value_name = "FILE")]
    links: Option<PathBuf>,
    /// Draw flux, power, state of charge, temperature and phases: SVG, or PNG or PDF if FILE
    /// ends in `.png` or `.pdf`
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// Show a year from the start: beta angle, eclipses, seasons
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
    let flight = open(&mut loader, &args.orbit);
    let other = args
        .compare
        .as_deref()
        .and_then(|path| compare::read(&mut loader, path));
    loader.refusals.extend(unwritable(args));
    if !loader.refusals.is_empty() {
        return Err(refused(loader));
    }
    let Some(flight) = flight else {
        return Err(refused(loader));
    };
    if args.year {
        return year::show(&flight, args.series.as_deref());
    }
    let flown = fly(flight)?;
    print(&summary::text(&flown));
    if let Some(path) = &args.events {
        save(path, output::events(&flown))?;
    }
    if let Some(path) = &args.series {
        save(path, output::series(&flown, is_json(path))?)?;
    }
    if let Some(path) = &args.links {
        save(path, output::links(&flown)?)?;
    }
    if let Some(path) = &args.plot {
        let drawn = match ending(path) {
            Some("pdf") => plot::pdf(&flown).map_err(|error| error.to_string()),
            Some("png") => plot::png(&flown).map_err(|error| error.to_string()),
            _ => Ok(plot::svg(&flown).into_bytes()),
        };
        save(path, drawn.map_err(Stop::Disk)?)?;
    }
    match other {
        Some(other) => Ok(compare::show(&flown, &other, args.within)),
        None => Ok(Exit::Passed),
    }
}

fn refused(loader: Loader) -> Stop {
    Stop::Refused(Refusals::new(loader.sources, loader.refusals))
}

/// The orbit by the name of a preset or of a file.
fn open(loader: &mut Loader, orbit: &str) -> Option<Flight> {
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
    let raw = loader
        .document(file, &text, "the orbit", file::read)
        .flatten()?;
    resolve::flight(loader, &folder, raw)
}

fn fly(flight: Flight) -> Result<Flown, Stop> {
    let span = Window {
        start: BenchTime::ZERO,
        end: BenchTime::from_secs_f64(flight.seconds),
    };
    let (orbit, start) = (&flight.orbit, flight.start);
    let prediction = predict(orbit, start, span, &flight.spacecraft, flight.shadow)?;
    let mut events: Vec<(String, BenchTime)> = edges_of(&prediction.phases)
        .into_iter()
        .map(|(event, at)| (event.to_owned(), at))
        .collect();
    let mut both = |kind: [&str; 2], name: &str, window: Window| {
        events.push((format!("{}:{name}", kind[0]), window.start));
        events.push((format!("{}:{name}", kind[1]), window.end));
    };
    let mut downlinked_mbit = 0.0;
    let around = &flight.around;
    for contact in around.contacts((orbit, start), span)? {
        let station = around.stations.iter().find(|s| s.name == contact.station);
        if let (Some(downlink), Some(station)) = (&around.downlink, station) {
            downlinked_mbit += downlink.volume_mbit(orbit, start, station, &contact)?;
        }
        both(
            ["contact_in", "contact_out"],
            &contact.station,
            contact.window,
        );
    }
    let mut links = Vec::new();
    for (name, other) in &around.others {
        let windows = crosslinks([orbit, other], start, span, around.crosslink)?;
        for window in &windows {
            both(["link_in", "link_out"], name, *window);
        }
        links.push(windows);
    }
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

fn is_json(path: &Path) -> bool {
    matches!(ending(path), Some("jsonl" | "json"))
}

/// What a file's name ends in, which says what is written into it.
fn ending(path: &Path) -> Option<&str> {
    path.extension()?.to_str()
}

/// Endings that promise something else than what would be written.
fn unwritable(args: &Args) -> Vec<Refusal> {
    let (tables, pictures) = (["parquet", "arrow", "xlsx"], ["jpg", "jpeg", "gif"]);
    let wrong = |path: &Option<PathBuf>, endings: &[&str], expected: &str| {
        let path = path.as_deref()?;
        let found = ending(path).filter(|ending| endings.contains(ending))?;
        let message = format!("{}: nothing here writes `.{found}`", path.display());
        Some(Refusal::nowhere(message).help(format!("expected {expected}")))
    };
    let series = "a file that ends in `.csv` or `.jsonl`";
    [
        wrong(&args.series, &tables, series),
        wrong(&args.events, &tables, "a file that ends in `.csv`"),
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

fn save(path: &Path, bytes: impl AsRef<[u8]>) -> Result<(), Stop> {
    std::fs::write(path, bytes)
        .map_err(|why| Stop::Disk(format!("cannot write {}: {why}", path.display())))
}
