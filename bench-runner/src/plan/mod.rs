//! The plan: everything resolved, everything allowed. The last place that may say no, and it
//! says every no there is; after it nothing is parsed, looked up by text or refused.

mod broken;
mod checks;
pub(crate) mod faults;
mod fits;
mod links;
mod lists;
mod mesh;
mod scenario;
mod settings;
pub(crate) mod sky;
mod stations;
pub(crate) mod steps;
mod style;
pub(crate) mod tables;
mod warnings;
mod windows;
mod workloads;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use drivers::telemetry::dictionary::Layouts;
use profiles::command::Command;
use profiles::name::DeviceName;
use profiles::orbit::Prediction;
use profiles::seed::Seed;
use profiles::time::BenchTime;
use reports::event::DeviceId;
use reports::golden::Goldens;
use reports::header::Header;

use crate::config::campaign::RawCampaign;
use crate::config::folder::Folder;
use crate::config::load::Loader;
use crate::config::refusal::{Place, Refusal, Refusals, nearest};
use crate::config::wiring::RawWiring;
use crate::runtime::Pace;

use broken::Broken;

pub use lists::List;
pub use mesh::{LinkPlan, MeshPlan, SeatPlan};
pub use scenario::Scenario;
pub use stations::limits::Worst;
pub(crate) use stations::network::axes;
pub use stations::{
    BoardPlan, DevicePlan, Firmware, Holds, InstrumentPlan, Interlock, LatchUp, Wired,
};
pub(crate) use stations::{limits, rates};
pub use steps::rest::Rest;
pub use workloads::BoardWork;
pub(crate) use workloads::{THROUGHPUT_FILE, speaks};

/// What a plan is made from.
#[derive(Clone, Debug)]
pub struct Request {
    /// Where the campaign and what it names are.
    pub campaign: (Folder, String),
    /// Where the wiring is.
    pub wiring: (Folder, String),
    /// Another seed than the campaign's.
    pub seed: Option<u64>,
    /// How time passes.
    pub pace: Pace,
    /// What the packets of boards hold, where not what their makes say.
    pub dictionary: Option<Arc<Layouts>>,
    /// Firmware to run instead of what the wiring names.
    pub firmware: Vec<Firmware>,
    /// A file with more `[[fault]]` than the campaign has.
    pub faults: Option<(Folder, String)>,
}

/// A command with its time and its device.
#[derive(Clone, Debug, PartialEq)]
pub struct TimedCommand {
    /// When, on whole milliseconds.
    pub at: BenchTime,
    /// Who.
    pub device: DeviceId,
    /// What.
    pub command: Command,
}

/// A campaign that is allowed to run on this bench.
#[derive(Debug)]
pub struct Plan {
    /// What checks and reports need to know.
    pub header: Header,
    /// The seed.
    pub seed: Seed,
    /// How time passes.
    pub pace: Pace,
    /// Name of the wiring.
    pub wiring_name: String,
    /// The devices, in order of their ids, without the orbit's own.
    pub devices: Vec<DevicePlan>,
    /// All commands in order of time.
    pub timeline: Vec<TimedCommand>,
    /// What the satellite does, and the id under which it is recorded.
    pub orbit: Option<(DeviceId, Prediction)>,
    /// The goldens.
    pub goldens: Goldens,
    /// The files that went into the plan: path in the run's `inputs`, and bytes.
    pub files: Vec<(String, Vec<u8>)>,
    /// The worst set point against each limit.
    pub worst: Vec<Worst>,
    /// The interlocks of the wiring and of the campaign.
    pub interlocks: Vec<Interlock>,
    /// How long an orbit is, s, where there is one.
    pub orbit_seconds: Option<f64>,
    /// What is left to do, where a run of it was cut off.
    pub rest: Option<Rest>,
}

impl Plan {
    /// Makes a plan, or says everything that is wrong.
    ///
    /// # Errors
    /// All refusals at once, each with its place.
    pub fn new(request: &Request) -> Result<Plan, Refusals> {
        let mut loader = Loader::default();
        let campaign = loader.campaign(&request.campaign.0, &request.campaign.1);
        let wiring = loader.wiring(&request.wiring.0, &request.wiring.1);
        let more = request.faults.as_ref();
        let more = more.and_then(|(folder, path)| loader.faults(folder, path));
        let mut planner = Planner {
            loader,
            files: Vec::new(),
            broken: Broken::default(),
            happenings: Vec::new(),
            dictionary: request.dictionary.clone(),
            place: request.wiring.0.clone(),
            firmware: request.firmware.clone(),
        };
        // Without one of them the other is still looked at, for what is wrong with it.
        let both = campaign.is_some() && wiring.is_some();
        let mut campaign = campaign.unwrap_or_else(RawCampaign::unread);
        campaign.faults.extend(more.into_iter().flatten());
        let wiring = wiring.unwrap_or_else(RawWiring::unread);
        planner.broken = Broken::new(&campaign, &wiring);
        let plan = planner.plan(request, &campaign, &wiring);
        if both && planner.loader.refusals.is_empty() {
            return Ok(plan);
        }
        let Loader { sources, refusals } = planner.loader;
        Err(Refusals::new(sources, refusals))
    }

    /// When the run of it is over.
    pub(crate) fn end(&self) -> BenchTime {
        let end = self.header.end;
        self.rest.as_ref().map_or(end, |rest| rest.at(end))
    }

    /// Whether somebody says what the packets of boards hold.
    pub fn has_dictionary(&self) -> bool {
        self.devices.iter().any(|device| match device {
            DevicePlan::Board(board) => board.wired.dictionary.is_some(),
            DevicePlan::Instrument(_) => false,
        })
    }

    /// The name of a device.
    pub fn device_name(&self, id: DeviceId) -> &str {
        self.header
            .device_at(id)
            .map_or("bench", |device| &device.name)
    }
}

/// Where a wiring is that is asked for without a campaign.
#[derive(Clone, Debug)]
pub enum Bench {
    /// A file in a folder.
    File(Folder, String),
    /// This text.
    Text(String),
}

/// The devices of a wiring, to be emulated in real time.
///
/// # Errors
/// All refusals at once, each with its place.
pub fn devices(bench: &Bench) -> Result<Vec<DevicePlan>, Refusals> {
    let mut loader = Loader::default();
    let wiring = match bench {
        Bench::File(folder, path) => loader.wiring(folder, path),
        Bench::Text(text) => loader.wiring_text("<wiring>", text),
    };
    let mut planner = Planner {
        loader,
        files: Vec::new(),
        broken: Broken::default(),
        happenings: Vec::new(),
        dictionary: None,
        place: match bench {
            Bench::File(folder, _) => folder.clone(),
            Bench::Text(_) => Folder::Disk(std::path::PathBuf::new()),
        },
        firmware: Vec::new(),
    };
    let wiring = wiring.unwrap_or_else(RawWiring::unread);
    planner.broken = Broken::new(&RawCampaign::unread(), &wiring);
    let devices = planner.devices(&wiring, false, Pace::Real);
    let Loader { sources, refusals } = planner.loader;
    if refusals.is_empty() && !wiring.lost {
        Ok(devices)
    } else {
        Err(Refusals::new(sources, refusals))
    }
}

/// What planning gathers on the way.
pub(crate) struct Planner {
    loader: Loader,
    files: Vec<(String, Vec<u8>)>,
    broken: Broken,
    /// The names that contacts, links and regions of the orbit can have, whether they happen
    /// during the campaign or not.
    happenings: Vec<String>,
    /// What the packets of boards hold, where not what their makes say.
    dictionary: Option<Arc<Layouts>>,
    /// Where the wiring is, and what it names.
    place: Folder,
    /// Firmware to run instead of what the wiring names.
    firmware: Vec<Firmware>,
}

impl Planner {
    fn refuse(&mut self, refusal: Refusal) {
        self.loader.refusals.push(refusal);
    }

    /// Notes that `word` names nothing among `known`, unless it names what is refused already.
    fn unknown<'a>(
        &mut self,
        place: &Place,
        what: &str,
        word: &str,
        known: impl Iterator<Item = &'a str> + Clone,
    ) {
        if self.broken.excuses(what, word) {
            return;
        }
        let list = known.clone().collect::<Vec<_>>().join(", ");
        let help = nearest(word, known);
        let message = format!("no {what} is named `{word}`");
        let expected = if list.is_empty() {
            format!("there is no {what}")
        } else {
            format!("expected one of: {list}")
        };
        self.refuse(Refusal::at(place, message, expected).maybe_help(help));
    }

    fn keep_file(&mut self, path: &str, bytes: &[u8]) {
        match self.files.iter().find(|(kept, _)| kept == path) {
            None => self.files.push((path.to_owned(), bytes.to_vec())),
            Some((_, kept)) if kept == bytes => {}
            Some(_) => {
                let message = format!("two different files are both called `{path}`");
                let help =
                    "a run keeps what it was made from by the names of the files: rename one";
                self.refuse(Refusal::nowhere(message).help(help));
            }
        }
    }

    fn plan(&mut self, request: &Request, campaign: &RawCampaign, wiring: &RawWiring) -> Plan {
        for (name, (folder, path)) in [
            ("campaign.toml", &request.campaign),
            ("wiring.toml", &request.wiring),
        ] {
            self.keep_file(name, &folder.read(path).unwrap_or_default());
        }
        if let Some((folder, path)) = &request.faults {
            self.keep_file("faults.toml", &folder.read(path).unwrap_or_default());
        }
        let seed = Seed(request.seed.unwrap_or(campaign.seed));
        let folder = &request.campaign.0;
        let flight = self.flight(folder, campaign.orbit.as_ref());
        let steps = self.steps(campaign, flight.as_ref());
        let sky = flight
            .as_ref()
            .and_then(|flight| self.predict(flight, &steps, campaign));
        let mut devices = self.devices(wiring, sky.is_some(), request.pace);
        self.is_firmware_used(&devices);
        self.tighten(&campaign.limits, &mut devices);
        self.feeds(wiring, &devices);
        let goldens = self.goldens(folder, campaign);
        let cycles = self.cycle_windows(campaign, &steps);
        let mut header = stations::header((request, campaign, seed), sky.as_ref(), steps, &devices);
        header.style = self.style(folder, campaign);
        header.windows.extend(cycles);
        header.windows.sort_by_key(|named| named.window.start);
        header.workloads = self.workloads(&campaign.workloads, &header, &goldens);
        fits::memories(&mut header, &devices);
        let seats = self.meshes(campaign, &mut header, &goldens);
        let work = self.work(&campaign.workloads, &header, &goldens);
        let work = mesh::seated(work, seats);
        let told = steps::Told {
            campaign,
            folder,
            header: &header,
            devices: &devices,
            sky: sky.as_ref(),
            flight: flight.as_ref(),
        };
        let timeline = self.whole_timeline(&told, seed);
        let worst = self.limits(&timeline, &devices);
        header.checks = self.checks(&campaign.checks, &header);
        header.inputs = self
            .files
            .iter()
            .map(|(path, bytes)| stations::input_file(path, bytes))
            .collect();
        let raws = wiring.interlocks.iter().chain(&campaign.interlocks);
        let interlocks = self.interlocks(&raws.collect::<Vec<_>>(), &devices);
        header.interlocks = interlocks.iter().map(Interlock::header).collect();
        let devices = stations::with_work(devices, work);
        let plan = Plan {
            seed,
            pace: request.pace,
            wiring_name: wiring.name.clone(),
            devices,
            timeline: timeline.into_iter().map(|told| told.command).collect(),
            orbit: sky.and_then(|sky| Some((header.device(sky::DEVICE)?.0, sky.prediction))),
            goldens,
            files: std::mem::take(&mut self.files),
            worst,
            interlocks,
            orbit_seconds: flight.as_ref().map(|flight| flight.orbit.period_seconds()),
            rest: None,
            header,
        };
        self.networks(campaign, &plan);
        plan
    }
}

/// A device's name, where the configuration already checked it.
fn device_name(text: &str) -> Option<DeviceName> {
    DeviceName::new(text).ok()
}
