//! Workloads: boards, goldens and inputs brought together.

use std::collections::BTreeMap;
use std::path::{Component, Path};
use std::sync::Arc;

use drivers::accelerator::network::{Network, builtin};
use profiles::time::Period;
use reports::event::DeviceId;
use reports::golden::{Golden, Goldens, ThroughputGolden};
use reports::header::{Header, WorkloadHeader};

use super::Planner;
use super::mesh::{MeshPlan, SeatPlan};
use super::scenario::Scenario;
use crate::config::Located;
use crate::config::campaign::{RawCampaign, RawWorkload};
use crate::config::folder::Folder;
use crate::config::refusal::Refusal;

/// How long an answer is waited for, where the campaign does not say: MLPerf Tiny waits 30 s; a board in orbit is asked again
/// long before that.
const ANSWER_DEADLINE: Period = Period::millis(5_000);

/// What a board works on.
#[derive(Clone, Debug)]
pub struct BoardWork {
    /// The workload, by its place in the header.
    pub workload: u16,
    /// Its inputs.
    pub inputs: Vec<Arc<[u8]>>,
    /// How long an answer is waited for.
    pub deadline: Period,
    /// What answers are held against while the run goes on.
    pub golden: Arc<Golden>,
    /// How often an input with a wrong output is asked again.
    pub repeats: u16,
    /// How queries come.
    pub scenario: Scenario,
    /// Its place in a mesh, where it shares its work with others.
    pub seat: Option<(Arc<MeshPlan>, SeatPlan)>,
}

impl Planner {
    /// The goldens that the workloads name, and the campaign's throughput golden if there is one.
    pub(super) fn goldens(&mut self, folder: &Folder, campaign: &RawCampaign) -> Goldens {
        let mut goldens = Goldens::default();
        if self.broken.has("goldens") {
            for workload in &campaign.workloads {
                self.broken.name(&workload.name.value);
            }
            return goldens;
        }
        for workload in &campaign.workloads {
            let name = &workload.golden.value;
            if goldens.workloads.contains_key(name) {
                continue;
            }
            if !is_folder_name(name) {
                let message = format!("`{name}` is no name of a golden");
                let expected = "expected the name of a folder, without a path";
                let help = "the campaign's `goldens` says where these folders are";
                let refusal = Refusal::at(&workload.golden.place, message, expected);
                self.refuse(refusal.help(help));
                self.broken.name(&workload.name.value);
                continue;
            }
            let path = format!("{}/{name}", campaign.goldens);
            let files = match folder.read_all(&path) {
                Ok(files) => files,
                Err(why) => {
                    let message = format!("cannot read {}: {why}", folder.label(&path));
                    let expected = "expected the name of a golden's folder";
                    let refusal = Refusal::at(&workload.golden.place, message, expected);
                    let near = folder.nearest(&path);
                    let near = near.or_else(|| folder.nearest(&campaign.goldens));
                    self.refuse(refusal.maybe_help(near));
                    self.broken.name(&workload.name.value);
                    continue;
                }
            };
            let golden = Golden::from_files(name, &files).map_err(|error| error.to_string());
            match golden.and_then(speaks) {
                Ok(golden) => {
                    for (file, bytes) in &files {
                        self.keep_file(&format!("goldens/{name}/{file}"), bytes);
                    }
                    goldens.workloads.insert(name.clone(), Arc::new(golden));
                }
                Err(error) => {
                    let message = format!("the golden in {} is wrong", folder.label(&path));
                    let refusal = Refusal::at(&workload.golden.place, message, "this golden");
                    self.refuse(refusal.help(flat(&error)));
                    self.broken.name(&workload.name.value);
                }
            }
        }
        let path = throughput_path(campaign);
        if let Ok(bytes) = folder.read(&path) {
            self.keep_file(THROUGHPUT_FILE, &bytes);
            match ThroughputGolden::from_toml(&String::from_utf8_lossy(&bytes)) {
                Ok(golden) => goldens.throughput = Some(golden),
                Err(error) => {
                    let message = format!("{} is wrong", folder.label(&path));
                    let expected = "the throughput golden of this campaign";
                    let refusal = Refusal::at(&campaign.name.place, message, expected);
                    self.refuse(refusal.help(flat(&error.to_string())));
                }
            }
        }
        goldens
    }

    /// The workloads, resolved.
    pub(super) fn workloads(
        &mut self,
        raws: &[RawWorkload],
        header: &Header,
        goldens: &Goldens,
    ) -> Vec<WorkloadHeader> {
        let boards = header
            .devices
            .iter()
            .filter(|device| device.role == "accelerator");
        let boards: Vec<&str> = boards.map(|device| device.name.as_str()).collect();
        let mut workloads: Vec<WorkloadHeader> = Vec::new();
        for raw in raws {
            if let Some(place) = raw.modes_place.as_ref()
                && header.phases.is_empty()
                && !self.broken.has("orbit")
            {
                let message = "power modes by phase need an orbit";
                self.refuse(Refusal::at(place, message, "expected an [orbit]"));
            }
            let known = boards.contains(&raw.device.value.as_str());
            let Some((device, _)) = header.device(&raw.device.value).filter(|_| known) else {
                self.no_board(&raw.device, &boards, header);
                self.broken.name(&raw.name.value);
                continue;
            };
            self.scenario(raw);
            if workloads.iter().any(|other| other.name == raw.name.value) {
                let message = format!("two workloads are named `{}`", raw.name.value);
                self.refuse(Refusal::at(
                    &raw.name.place,
                    message,
                    "expected another name",
                ));
            }
            if workloads.iter().any(|other| other.device == device) {
                let message = format!("`{}` has a workload already", raw.device.value);
                self.refuse(Refusal::at(
                    &raw.device.place,
                    message,
                    "expected another board",
                ));
            }
            if let Some(golden) = goldens.workloads.get(&raw.golden.value) {
                workloads.push(WorkloadHeader {
                    name: raw.name.value.clone(),
                    device,
                    golden: raw.golden.value.clone(),
                    scenario: raw.scenario.to_owned(),
                    input_bytes: golden
                        .inputs()
                        .first()
                        .map_or(0, |input| input.len() as u64),
                    expired: expired(golden),
                    seat: None,
                    memory: Vec::new(),
                    output_bytes: golden
                        .outputs()
                        .first()
                        .map_or(0, |output| output.len() as u64),
                });
            }
        }
        workloads
    }

    fn no_board(&mut self, device: &Located<String>, boards: &[&str], header: &Header) {
        if let Some((_, other)) = header.device(&device.value) {
            let message = format!("`{}` is a {}, not an accelerator", device.value, other.role);
            let expected = format!("expected one of: {}", boards.join(", "));
            self.refuse(Refusal::at(&device.place, message, expected));
        } else {
            let boards = boards.iter().copied();
            self.unknown(&device.place, "accelerator", &device.value, boards);
        }
    }

    /// The work of each board.
    #[expect(
        clippy::unused_self,
        reason = "reads as the other steps of planning do"
    )]
    pub(super) fn work(
        &self,
        raws: &[RawWorkload],
        header: &Header,
        goldens: &Goldens,
    ) -> BTreeMap<DeviceId, BoardWork> {
        let mut work = BTreeMap::new();
        for (index, workload) in header.workloads.iter().enumerate() {
            if let Some(golden) = goldens.workloads.get(&workload.golden) {
                let inputs = golden.inputs().to_vec();
                let raw = raws.iter().find(|raw| raw.name.value == workload.name);
                let within = raw.and_then(|raw| raw.answer_within.as_ref());
                let deadline = within.map_or(ANSWER_DEADLINE, |within| {
                    Period::millis((within.value * 1e3).round() as u32)
                });
                work.insert(
                    workload.device,
                    BoardWork {
                        workload: index as u16,
                        inputs,
                        deadline,
                        golden: Arc::clone(golden),
                        repeats: raw.map_or(0, |raw| raw.repeats),
                        scenario: raw.map_or(Scenario::SingleStream, Scenario::of),
                        seat: None,
                    },
                );
            }
        }
        work
    }
}

/// The golden, unless its vocabulary has no text for a token that its network can say.
pub(crate) fn speaks(golden: Golden) -> Result<Golden, String> {
    let model = &golden.manifest().model;
    let Some((texts, file)) = golden.vocabulary_length().zip(builtin(&model.name)) else {
        return Ok(golden);
    };
    let network = Network::load(file).map_err(|error| error.to_string())?;
    let says = network.vocabulary();
    match says.filter(|says| texts < *says) {
        None => Ok(golden),
        Some(says) => {
            let manifest = golden.manifest();
            let file = manifest.vocabulary.as_ref().map_or("", |it| &it.file);
            Err(format!(
                "golden `{}`: {file}: has {texts} texts, and `{}` can say {says} tokens; write it anew with \
                 a text for each",
                manifest.name, model.name
            ))
        }
    }
}

/// The last day of a golden, where that is over.
fn expired(golden: &Golden) -> Option<String> {
    let manifest = golden.manifest();
    // The calendar's day: it is kept in the header, so that a record is judged as the run was.
    let is_over = manifest.is_over(&crate::execute::today());
    manifest.expires.clone().filter(|_| is_over)
}

/// Where a run keeps the throughput golden among its inputs.
pub(crate) const THROUGHPUT_FILE: &str = "goldens/throughput.toml";

/// Where a campaign's throughput golden is: in the goldens' folder, under the campaign's name.
pub(crate) fn throughput_path(campaign: &RawCampaign) -> String {
    format!(
        "{}/{}/throughput.toml",
        campaign.goldens,
        crate::slug(&campaign.name.value)
    )
}

/// An error in one line: without the pieces of source that parsers draw.
fn flat(error: &str) -> String {
    let is_drawn = |line: &&str| {
        let rest = line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ');
        rest.starts_with('|')
    };
    let lines = error.lines().filter(|line| !is_drawn(line));
    let lines = lines.map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(": ")
}

/// Whether `name` is one folder, and not a way to another.
fn is_folder_name(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    let first = parts.next();
    matches!(first, Some(Component::Normal(part)) if part == name) && parts.next().is_none()
}
