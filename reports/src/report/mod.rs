//! The report: a run, gathered for telling. It holds everything that any form of the report
//! says; the renderers only choose and arrange.

mod boxes;
mod device;
mod energy;
mod exhibit;
mod gather;
mod injected;
mod latency;
mod manifest;
mod passes;
mod series;
mod story;

use profiles::time::BenchTime;

use crate::event::DeviceId;
use crate::header::{DeviceHeader, Header, InterlockHeader};
use crate::verdict::{Ending, Finding, Verdict};

pub use boxes::Boxes;
pub use device::{Change, Counts, DeviceStory, Lateness, NamedSeries};
pub use energy::PhaseEnergy;
pub use exhibit::{Exhibit, ExhibitGatherer, Mask, Picture, Text};
pub use gather::Gatherer;
pub(crate) use gather::reacted;
pub use injected::injected;
pub use latency::{Answers, Moment, PhaseAnswers, WorkloadStory};
pub use manifest::{Identity, Manifest};
pub use passes::PassStory;
pub use series::{BUCKETS, Bucket, Series};
pub use story::{Entry, Kind, Story};

/// A run, gathered for telling.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// What the run was to be.
    pub header: Header,
    /// What it was.
    pub manifest: Manifest,
    /// How it ended.
    pub ending: Ending,
    /// What the checks say together.
    pub verdict: Verdict,
    /// What each check says.
    pub findings: Vec<Finding>,
    /// Each device's part, in the order of the header.
    pub devices: Vec<DeviceStory>,
    /// How each workload went, in the order of the header.
    pub workloads: Vec<WorkloadStory>,
    /// What came down in each pass over a ground station, in order of time.
    pub passes: Vec<PassStory>,
    /// The notable events.
    pub story: Story,
    /// How many events there were.
    pub events: u64,
    /// What goldens expect of the workloads' speed; for the runner to fill.
    pub goldens: Vec<GoldenBand>,
    /// How the workloads' outputs compare with their goldens; for the runner to fill.
    pub correctness: Vec<Correctness>,
    /// The worst outputs of each workload; for the runner to fill.
    pub exhibits: Vec<Exhibit>,
}

/// What a golden expects of one workload's speed in one phase.
#[derive(Clone, Debug, PartialEq)]
pub struct GoldenBand {
    /// The workload's name.
    pub workload: String,
    /// The phase's or step's name.
    pub phase: String,
    /// Median latency, µs.
    pub p50_us: f64,
    /// Ninetieth percentile of the latency, µs.
    pub p90_us: f64,
    /// Answers in a second.
    pub rate: f64,
    /// Half the width of the band as a share of its middle: 0.1 allows ±10 %.
    pub tolerance: f64,
}

/// How one workload's outputs compare with its golden.
#[derive(Clone, Debug, PartialEq)]
pub struct Correctness {
    /// The workload's name.
    pub workload: String,
    /// What was compared, in a word or two: `top-1`, `worst element`.
    pub measure: String,
    /// How many outputs were compared.
    pub compared: u64,
    /// How many of them lie outside what is allowed.
    pub wrong: u64,
    /// The worst deviation.
    pub worst: f64,
    /// The deviation that is allowed.
    pub allowed: f64,
    /// Unit of both; may be empty.
    pub unit: String,
}

impl Report {
    /// The devices of a role with their stories.
    pub fn of_role(
        &self,
        role: &str,
    ) -> impl Iterator<Item = (DeviceId, &DeviceHeader, &DeviceStory)> {
        let devices = self.header.devices.iter().zip(&self.devices).enumerate();
        devices
            .filter(move |(_, (device, _))| device.role == role)
            .map(|(place, (device, story))| (DeviceId(place as u16), device, story))
    }

    /// What was found of an interlock, if it held.
    pub fn interlock(&self, interlock: &InterlockHeader) -> Option<&Finding> {
        let mut findings = self.findings.iter();
        findings.find(|found| found.kind == "interlock" && found.check == interlock.name)
    }

    /// The name of a device, or of the bench.
    pub fn device_name(&self, id: DeviceId) -> &str {
        let device = self.header.device_at(id);
        device.map_or("bench", |device| &device.name)
    }

    /// When the run ended on the bench's clock.
    pub fn end(&self) -> BenchTime {
        BenchTime::from_secs_f64(self.manifest.sim_seconds)
    }

    /// How many orbits the run saw, from the time between two entries into the eclipse; `None`
    /// if there are not two.
    pub fn orbits(&self) -> Option<f64> {
        let umbra = |interval: &&profiles::phase::PhaseInterval| {
            interval.phase == profiles::phase::Phase::Umbra
        };
        let mut starts = self
            .header
            .phases
            .iter()
            .filter(umbra)
            .filter_map(|interval| {
                // A run that begins in the eclipse does not say when it entered it.
                (interval.window.start > BenchTime::ZERO).then_some(interval.window.start)
            });
        let (first, second) = (starts.next()?, starts.next()?);
        Some(self.manifest.sim_seconds / (second.micros_since(first) as f64 * 1e-6))
    }
}
