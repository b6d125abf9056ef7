//! `bench devices`: the serial ports of this machine and who answers there, and a wiring to start
//! from.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use drivers::clock::Clock;
use drivers::link::{LineSpec, LinkSpec, Port, PortName, SerialSpec, ports};

use super::bench;
use super::probe::{Answer, Found, Probe, ask, probes};
use crate::cli::{colour_err, complain, print};
use crate::exit::Exit;
use crate::plan;
use crate::run::Lock;
use crate::run::alone::who;
use crate::runtime::{self, Pace};

/// List the serial ports of this machine, and who answers there
///
/// Asks at each port who is there, in each language and at each speed that the models of the
/// catalog have, one after the other, and nothing else. Ports that the wiring gives to a device,
/// that a run holds, or that are a console of the system are listed and left alone.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::cli::exit_codes())]
pub(in crate::cli) struct Args {
    /// Wiring file whose ports are left alone
    #[arg(short, long, env = "BENCH_WIRING")]
    wiring: Option<PathBuf>,
    /// Ask at this port only; may be given more than once
    #[arg(long = "port", value_name = "PATH")]
    ports: Vec<PathBuf>,
    /// Ask at this speed too; may be given more than once
    #[arg(long = "baud", value_name = "BAUD", value_parser = clap::value_parser!(u32).range(1..))]
    bauds: Vec<u32>,
    /// Ask nobody: list the ports only
    #[arg(long)]
    no_asking: bool,
    /// Write a wiring to start from; never over a file that is there
    #[arg(long, value_name = "FILE")]
    wiring_out: Option<PathBuf>,
    /// JSON on standard output, for programs
    #[arg(long)]
    json: bool,
}

pub(in crate::cli) fn main(args: &Args) -> Exit {
    let taken = match taken(args) {
        Ok(taken) => taken,
        Err(exit) => return exit,
    };
    let there = if args.ports.is_empty() {
        ports()
    } else {
        given(&args.ports)
    };
    let seen = runtime::block_on(Pace::Real, async {
        let clock = Pace::Real.clock();
        let probes = if args.no_asking {
            Vec::new()
        } else {
            at_speeds(probes(clock).await, &args.bauds)
        };
        let mut seen = Vec::new();
        for port in there {
            let left_alone = left_alone(&port.path, &taken);
            let state = match left_alone {
                Some(why) => State::LeftAlone(why),
                None if args.no_asking => State::LeftAlone("not asked".to_owned()),
                None => Box::pin(look(&port, &probes, clock)).await,
            };
            seen.push(Seen { port, state });
        }
        seen
    });
    print(&if args.json { json(&seen) } else { text(&seen) });
    match &args.wiring_out {
        Some(path) => write(path, &seen),
        None => Exit::Passed,
    }
}

/// A port, and what is at it.
struct Seen {
    port: Port,
    state: State,
}

enum State {
    Found(Box<Found>),
    Silent,
    LeftAlone(String),
    Closed(String),
}

/// Ports that the wiring gives to devices, by what is at their end.
fn taken(args: &Args) -> Result<BTreeMap<String, String>, Exit> {
    let Some(wiring) = &args.wiring else {
        return Ok(BTreeMap::new());
    };
    match plan::devices(&bench(wiring)) {
        Ok(devices) => {
            let wired = devices.iter().map(plan::DevicePlan::wired);
            let lines = wired.filter_map(|wired| {
                let line = wired.link.line()?;
                Some((line.far_end(), wired.name.to_string()))
            });
            Ok(lines.collect())
        }
        Err(refusals) => {
            complain(&refusals.render(colour_err()));
            Err(Exit::Refused)
        }
    }
}

/// Ports that were named, with what the system knows of them.
fn given(paths: &[PathBuf]) -> Vec<Port> {
    let known = ports();
    let port = |path: &PathBuf| {
        let target = path.canonicalize().unwrap_or_else(|_| path.clone());
        let found = known.iter().find(|port| port.path == target);
        found.cloned().unwrap_or(Port {
            path: path.clone(),
            usb: None,
            by_id: None,
        })
    };
    paths.iter().map(port).collect()
}

/// The probes at their own speed, and at others that were asked for.
fn at_speeds(probes: Vec<Probe>, bauds: &[u32]) -> Vec<Probe> {
    let mut all = Vec::new();
    for probe in probes {
        for baud in bauds {
            all.extend(probe.at(*baud));
        }
        all.push(probe);
    }
    all
}

fn far_end(path: &Path) -> String {
    let spec = SerialSpec::new(PortName::Path(path.to_owned()), 9_600);
    LineSpec::Serial(spec).far_end()
}

/// Why a port is not asked at.
fn left_alone(path: &Path, taken: &BTreeMap<String, String>) -> Option<String> {
    if let Some(device) = taken.get(&far_end(path)) {
        return Some(format!("`{device}` of the wiring"));
    }
    let consoles = fs::read_to_string("/sys/class/tty/console/active").unwrap_or_default();
    let name = path.file_name()?.to_str()?;
    let is_console = consoles.split_whitespace().any(|console| console == name);
    is_console.then(|| "a console of this system".to_owned())
}

async fn look(port: &Port, probes: &[Probe], clock: Clock) -> State {
    let line = port.path.display().to_string();
    let _lock = match Lock::line(&far_end(&port.path), &line, "bench devices") {
        Ok(lock) => lock,
        Err(error) => return State::LeftAlone(error.to_string()),
    };
    match ask(&port.path, probes, clock).await {
        Answer::Found(found) => State::Found(found),
        Answer::Silent => State::Silent,
        Answer::Closed(error) => State::Closed(error.to_string()),
    }
}

/// What is at a port, in a line.
fn told(state: &State) -> String {
    match state {
        State::Found(found) => {
            let settings = found.line.settings();
            let at = settings.map_or(String::new(), |line| format!(", at {line}"));
            match (&found.identity, &found.model) {
                (Some(identity), Some(model)) => {
                    format!("{} (`{}`{at})", who(identity), model.name)
                }
                (_, _) => format!("`{}`, which no model of the bench is{at}", found.said),
            }
        }
        State::Silent => "nobody answers".to_owned(),
        State::LeftAlone(why) => format!("left alone: {why}"),
        State::Closed(why) => why.clone(),
    }
}

fn text(seen: &[Seen]) -> String {
    if seen.is_empty() {
        return "this machine has no serial port\n".to_owned();
    }
    let mut text = String::new();
    for Seen { port, state } in seen {
        let product = port.usb.as_ref().map_or("", |usb| usb.product.as_str());
        // Writing to a String cannot fail.
        let _always_ok = writeln!(text, "{:<20} {product}", port.path.display());
        let link = link(port, None);
        let _always_ok = writeln!(text, "  link  {link}\n  here  {}", told(state));
    }
    text
}

fn json(seen: &[Seen]) -> String {
    let ports: Vec<serde_json::Value> = seen
        .iter()
        .map(|Seen { port, state }| {
            let found = match state {
                State::Found(found) => Some(found),
                _ => None,
            };
            let usb = port.usb.as_ref();
            serde_json::json!({
                "path": port.path.display().to_string(),
                "by_id": port.by_id.as_ref().map(|path| path.display().to_string()),
                "usb_serial": usb.map(|usb| &usb.serial),
                "usb_product": usb.map(|usb| &usb.product),
                "link": link(port, found.map(|found| &found.line)),
                "model": found.and_then(|found| found.model.as_ref()).map(|model| model.name),
                "identity": found.and_then(|found| found.identity.as_ref()),
                "told": told(state),
            })
        })
        .collect();
    format!("{:#}\n", serde_json::Value::from(ports))
}

/// The link that a wiring should have for a port: by what stays the same.
fn link(port: &Port, line: Option<&LineSpec>) -> String {
    let usb = port.usb.as_ref().filter(|usb| !usb.serial.is_empty());
    let by_serial = usb.map(|usb| PortName::Usb {
        serial: usb.serial.clone(),
        interface: None,
    });
    // One of several ports of an adapter needs its interface too.
    let by_interface = usb.map(|usb| PortName::Usb {
        serial: usb.serial.clone(),
        interface: usb.interface,
    });
    let by_id = port.by_id.clone().map(PortName::Path);
    let mut names = [by_serial, by_interface, by_id].into_iter().flatten();
    let name = names.find(|name| {
        let path = name.path().map(|path| path.canonicalize().unwrap_or(path));
        path.is_ok_and(|path| path == port.path)
    });
    let name = name.unwrap_or_else(|| PortName::Path(port.path.clone()));
    let settings = line.and_then(LineSpec::settings);
    match settings {
        Some(line) => LinkSpec::Line(LineSpec::Serial(SerialSpec { port: name, line })).to_string(),
        None => format!("serial:{name}@BAUD"),
    }
}

/// The wiring to start from.
fn wiring(seen: &[Seen]) -> String {
    let mut text = "# What answered at the ports of this machine. Give each device a name, and \
                    limits below its ratings.\nname = \"found\"\n"
        .to_owned();
    let mut count: BTreeMap<&str, u32> = BTreeMap::new();
    for Seen { port, state } in seen {
        let State::Found(found) = state else { continue };
        let Some(model) = &found.model else { continue };
        let count = count.entry(model.role.name()).or_default();
        *count += 1;
        let name = format!("{}_{count}", model.role.name().replace('-', "_"));
        let link = link(port, Some(&found.line));
        let _always_ok = write!(
            text,
            "\n[device.{name}]\nrole   = \"{}\"\nmodel  = \"{}\"\nlink   = {link:?}\n",
            model.role, model.name
        );
        let serial = found.identity.as_ref().map(|identity| &identity.serial);
        // Makes that number none of their units answer 0.
        if let Some(serial) = serial.filter(|serial| !serial.is_empty() && *serial != "0") {
            let _always_ok = writeln!(text, "serial = {serial:?}");
        }
        let limits: Vec<String> = model
            .ratings
            .iter()
            .map(|rating| format!("{} = {:?}", rating.name, rating.value))
            .collect();
        if !limits.is_empty() {
            let _always_ok = writeln!(text, "limits = {{ {} }}", limits.join(", "));
        }
    }
    text
}

fn write(path: &Path, seen: &[Seen]) -> Exit {
    let found = |seen: &Seen| matches!(&seen.state, State::Found(found) if found.model.is_some());
    let name = path.display();
    if !seen.iter().any(found) {
        complain(&format!(
            "no device of the catalog answered, so {name} was not written\n"
        ));
        return Exit::Inconclusive;
    }
    let file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path);
    match file.and_then(|mut file| file.write_all(wiring(seen).as_bytes())) {
        Ok(()) => {
            complain(&format!(
                "wrote {name}; `bench doctor {name}` examines it\n"
            ));
            Exit::Passed
        }
        Err(error) => {
            complain(&format!("Error: cannot write {name}: {error}\n"));
            Exit::Refused
        }
    }
}
