//! Stations: the wiring's devices, each with its model, link, limits and options.

mod buses;
mod calibration;
mod device;
mod firmware;
mod instrument;
mod interlocks;
pub(crate) mod limits;
pub(super) mod network;
pub(crate) mod rates;

use std::collections::BTreeMap;
use std::sync::Arc;

use drivers::catalog::Role;
use drivers::link::{Fence, LinkSpec, Manners, Pacing};
use drivers::model::BoardSetup;
use drivers::player::Room;
use drivers::telemetry::dictionary::Layouts;
use profiles::channel::ChannelSpec;
use profiles::name::DeviceName;
use profiles::option::Options;
use profiles::seed::Seed;
use profiles::time::{BenchTime, Period};
use reports::event::DeviceId;
use reports::header::{Accuracy, Calibration, DeviceHeader, Header, InputFile, StepHeader};

use super::sky::{self, Sky};
use super::workloads::BoardWork;
use super::{Request, device_name};
use crate::config::campaign::RawCampaign;
pub use firmware::Firmware;
pub use interlocks::{Holds, Interlock};
use network::NetworkFile;

/// A device of the plan.
#[derive(Debug)]
pub enum DevicePlan {
    /// Something that is polled and told.
    Instrument(InstrumentPlan),
    /// Something that speaks by itself.
    Board(BoardPlan),
}

/// What both kinds have.
#[derive(Clone, Debug)]
pub struct Wired {
    /// Its number.
    pub id: DeviceId,
    /// Its name.
    pub name: DeviceName,
    /// Its role.
    pub role: Role,
    /// Its model.
    pub model: &'static str,
    /// What leads to it.
    pub link: LinkSpec,
    /// How long its line may be away during a run, until the device counts as failed.
    pub reconnect: Option<Period>,
    /// How its line wants to be talked to.
    pub manners: Manners,
    /// The pace of its line, where it is emulated.
    pub pacing: Pacing,
    /// Its options, checked.
    pub options: Options,
    /// Share of received chunks that are dropped, and damaged.
    pub faults: (f64, f64),
    /// The serial number that it must have.
    pub serial: Option<String>,
    /// Its channels.
    pub channels: Vec<ChannelSpec>,
    /// What its lists may be, where it plays its set points itself.
    pub plays: Option<Room>,
    /// What a board's packets hold, where not what its make says.
    pub dictionary: Option<Arc<Layouts>>,
    /// A board's network, where it is a file that the wiring names.
    pub(crate) network: Option<NetworkFile>,
    /// When it was calibrated.
    pub calibration: Option<Calibration>,
    /// How accurate its channels are, by the wiring or else by its maker.
    pub accuracy: Vec<Accuracy>,
    /// Whether its line is still this program's, once that holds it.
    pub fence: Option<Fence>,
}

impl Wired {
    /// What a board's driver is made of.
    pub(crate) fn board_setup(&self) -> BoardSetup {
        BoardSetup {
            device: self.name.clone(),
            options: self.options.clone(),
            dictionary: self.dictionary.clone(),
            network: self.network.as_ref().map(|file| Arc::clone(&file.network)),
        }
    }
}

/// An instrument of the plan.
#[derive(Debug)]
pub struct InstrumentPlan {
    /// What it is.
    pub wired: Wired,
    /// How often it is asked.
    pub poll: Period,
    /// What it may be told at most, by the keys of the wiring.
    pub limits: BTreeMap<String, f64>,
    /// The rule against latch-ups of what it feeds, and the number of its current's channel.
    pub latch_up: Option<(LatchUp, u16)>,
    /// The source that feeds it, or at which it measures, in the emulated plant.
    pub source: Option<DeviceId>,
}

/// When a source cuts power to end a latch-up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LatchUp {
    /// Above this current, A.
    pub above_amps: f64,
    /// For as long as this.
    pub lasts: Period,
    /// Power is off for so long.
    pub cut: Period,
    /// So often at most in one run.
    pub most: u32,
}

/// A board of the plan.
#[derive(Debug)]
pub struct BoardPlan {
    /// What it is.
    pub wired: Wired,
    /// The supply that feeds it, in the emulated plant.
    pub powered_by: Option<DeviceId>,
    /// The chamber that it stands in, in the emulated plant.
    pub inside: Option<DeviceId>,
    /// What it works on.
    pub work: Option<BoardWork>,
}

impl DevicePlan {
    /// What both kinds have, to be changed.
    pub(crate) fn wired_mut(&mut self) -> &mut Wired {
        match self {
            DevicePlan::Instrument(instrument) => &mut instrument.wired,
            DevicePlan::Board(board) => &mut board.wired,
        }
    }

    /// What both kinds have.
    pub fn wired(&self) -> &Wired {
        match self {
            DevicePlan::Instrument(instrument) => &instrument.wired,
            DevicePlan::Board(board) => &board.wired,
        }
    }
}

/// What checks and reports need to know, before there are workloads and checks.
pub(super) fn header(
    (request, campaign, seed): (&Request, &RawCampaign, Seed),
    sky: Option<&Sky>,
    steps: Vec<StepHeader>,
    devices: &[DevicePlan],
) -> Header {
    Header {
        campaign: campaign.name.value.clone(),
        description: campaign.description.clone(),
        seed: seed.0,
        pace: request.pace.to_string(),
        epoch: sky.map(|sky| sky.start.to_string()),
        orbit: sky.map(|sky| sky.lines.clone()).unwrap_or_default(),
        devices: headers(devices, sky),
        end: steps.last().map_or(BenchTime::ZERO, |step| step.window.end),
        steps,
        phases: sky
            .map(|sky| sky.prediction.phases.clone())
            .unwrap_or_default(),
        windows: sky.map(|sky| sky.windows.clone()).unwrap_or_default(),
        passes: sky.map(|sky| sky.passes.clone()).unwrap_or_default(),
        wire: false,
        interlocks: Vec::new(),
        gaps: Vec::new(),
        style: None,
        checks: Vec::new(),
        workloads: Vec::new(),
        inputs: Vec::new(),
        versions: crate::versions(),
    }
}

/// A file that went into a plan.
pub(super) fn input_file(path: &str, bytes: &[u8]) -> InputFile {
    InputFile {
        path: path.to_owned(),
        sha256: reports::digest::sha256_hex(bytes),
        bytes: bytes.len() as u64,
    }
}

/// The header's devices, and the orbit's own channels if there is one, by its `model`.
pub(super) fn headers(devices: &[DevicePlan], sky: Option<&Sky>) -> Vec<DeviceHeader> {
    let mut headers: Vec<DeviceHeader> = devices
        .iter()
        .map(|device| {
            let wired = device.wired();
            DeviceHeader {
                name: wired.name.to_string(),
                role: wired.role.name().to_owned(),
                model: wired.model.to_owned(),
                link: wired.link.to_string(),
                emulated: wired.link.is_emulated(),
                channels: wired.channels.clone(),
                calibration: wired.calibration.clone(),
                accuracy: wired.accuracy.clone(),
            }
        })
        .collect();
    if let Some(sky) = sky {
        headers.push(DeviceHeader {
            name: sky::DEVICE.to_owned(),
            role: "profile".to_owned(),
            model: sky.model.to_owned(),
            link: String::new(),
            emulated: false,
            channels: crate::run::context_channels(&sky.prediction.nodes.names),
            calibration: None,
            accuracy: Vec::new(),
        });
    }
    headers.sort_by(|a, b| a.name.cmp(&b.name));
    headers
}

/// Gives each board its work.
pub(super) fn with_work(
    devices: Vec<DevicePlan>,
    mut work: BTreeMap<DeviceId, BoardWork>,
) -> Vec<DevicePlan> {
    devices
        .into_iter()
        .map(|device| match device {
            DevicePlan::Board(board) => {
                let work = work.remove(&board.wired.id);
                DevicePlan::Board(BoardPlan { work, ..board })
            }
            instrument @ DevicePlan::Instrument(_) => instrument,
        })
        .collect()
}

/// The device of that name, by the name as files write it.
pub(super) fn find<'a>(devices: &'a [DevicePlan], name: &str) -> Option<&'a DevicePlan> {
    let name = device_name(name)?;
    devices.iter().find(|device| device.wired().name == name)
}

/// The names of the devices.
pub(super) fn names(devices: &[DevicePlan]) -> Vec<Arc<str>> {
    devices
        .iter()
        .map(|device| device.wired().name.as_str().into())
        .collect()
}
