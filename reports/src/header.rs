//! The header of a run: everything that checks and reports need to know of the plan. It is the
//! first thing in a record, so that a record can be judged and told with nothing else.

use std::collections::BTreeMap;

use profiles::channel::ChannelSpec;
use profiles::option::Options;
use profiles::phase::PhaseInterval;
use profiles::time::{BenchTime, Window};
use serde::{Deserialize, Serialize};

use crate::event::DeviceId;
use crate::render::style::Style;

/// What a run is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// The campaign's name.
    pub campaign: String,
    /// What it asks, in a sentence; may be empty.
    pub description: String,
    /// The seed.
    pub seed: u64,
    /// `virtual` or `real`.
    pub pace: String,
    /// UTC at T0 on the orbit, RFC 3339.
    pub epoch: Option<String>,
    /// Name and elements of the satellite, as text; empty without an orbit.
    pub orbit: Vec<String>,
    /// The devices, in order of their names. Profiles that are recorded beside what devices say
    /// (light, battery) are devices here too, with role `profile`.
    pub devices: Vec<DeviceHeader>,
    /// The steps, in order.
    pub steps: Vec<StepHeader>,
    /// The phases of the orbit over the run; empty without an orbit.
    pub phases: Vec<PhaseInterval>,
    /// Contacts, links and regions of the orbit (`contact:svalbard`, `link:p1s2`, `saa`) over the
    /// run, by their starts; they may overlap.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<NamedWindow>,
    /// The passes over ground stations, where the campaign has a down-link.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passes: Vec<Pass>,
    /// Whether every chunk on every line is kept in the record.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub wire: bool,
    /// The interlocks of bench and campaign.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub interlocks: Vec<InterlockHeader>,
    /// The gaps of a run that was cut off and went on, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<Gap>,
    /// The checks, in the order of the campaign.
    pub checks: Vec<CheckSpec>,
    /// The workloads, in the order of the campaign.
    pub workloads: Vec<WorkloadHeader>,
    /// The files that the run was made from.
    pub inputs: Vec<InputFile>,
    /// Versions of the software: `bench` and what matters for the bytes.
    pub versions: BTreeMap<String, String>,
    /// When the last step ends.
    pub end: BenchTime,
    /// What the campaign sets of the report's looks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub style: Option<Style>,
}

impl Header {
    /// The device of that name.
    pub fn device(&self, name: &str) -> Option<(DeviceId, &DeviceHeader)> {
        let index = self.devices.iter().position(|device| device.name == name)?;
        Some((DeviceId(index as u16), &self.devices[index]))
    }

    /// The device with that number.
    pub fn device_at(&self, id: DeviceId) -> Option<&DeviceHeader> {
        self.devices.get(usize::from(id.0))
    }

    /// Where a stretch of the campaign, as it was planned without gaps, lies in the run: in pieces where
    /// the run was cut off in it.
    pub fn placed(&self, planned: Window) -> Vec<Window> {
        let mut pieces = Vec::new();
        // The same instant in the plan and in the run.
        let (mut from, mut at) = (BenchTime::ZERO, BenchTime::ZERO);
        let cuts = self.gaps.iter().map(|gap| (gap.window.start, Some(gap)));
        for (cut, gap) in cuts.chain([(self.end, None)]) {
            let part = Window {
                start: from,
                end: from.plus_micros(cut.micros_since(at)),
            };
            pieces.extend(part.overlap(&planned).map(|piece| Window {
                start: at.plus_micros(piece.start.micros_since(from)),
                end: at.plus_micros(piece.end.micros_since(from)),
            }));
            if let Some(gap) = gap {
                (from, at) = (gap.planned, gap.window.end);
            }
        }
        pieces
    }

    /// The name of the phase at `at`, or of the step where there is no orbit.
    pub fn phase_name(&self, at: BenchTime) -> Option<String> {
        let phase = self
            .phases
            .iter()
            .find(|interval| interval.window.contains(at));
        let step = || self.steps.iter().find(|step| step.window.contains(at));
        phase
            .map(|i| i.phase.name().to_owned())
            .or_else(|| step().map(|step| step.name.clone()))
    }
}

/// A device, as planned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeviceHeader {
    /// Its name.
    pub name: String,
    /// `power-supply`, `thermal-chamber`, `accelerator`, `profile`.
    pub role: String,
    /// Its model, as the wiring spells it.
    pub model: String,
    /// Its link, as the wiring spells it.
    pub link: String,
    /// Whether it is emulated in this process.
    pub emulated: bool,
    /// Its channels, in the order of its readings' channel numbers.
    pub channels: Vec<ChannelSpec>,
    /// When it was calibrated, where the wiring says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibration>,
    /// How accurate its channels are, as far as anybody guarantees that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accuracy: Vec<Accuracy>,
}

impl DeviceHeader {
    /// How accurate a channel is.
    pub fn accuracy_of(&self, channel: &str) -> Option<&Accuracy> {
        self.accuracy.iter().find(|known| known.channel == channel)
    }
}

/// The largest error of what a channel measures: a share of the reading and an offset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Accuracy {
    /// Which channel.
    pub channel: String,
    /// Per cent of the reading.
    pub percent: f64,
    /// What comes to that, in the channel's unit.
    pub offset: f64,
    /// Whether the wiring says so, as from a certificate; else the maker of the model does.
    pub certified: bool,
}

impl Accuracy {
    /// The largest error of a reading, in the channel's unit.
    pub fn at(&self, reading: f64) -> f64 {
        0.01 * self.percent * reading.abs() + self.offset
    }
}

/// When a device was calibrated. Dates are `2026-05-01`, so that their order is that of their text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calibration {
    /// The day of it.
    pub done: Option<String>,
    /// The last day on which it counts.
    pub due: Option<String>,
    /// Whether that day was over when the run began. Only who has a calendar knows.
    #[serde(default)]
    pub expired: bool,
}

/// A gap in a run that was cut off and went on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// From the last thing that was recorded to the first that answers the campaign's questions.
    pub window: Window,
    /// With what the run went on: a step, an orbit of it.
    pub with: String,
    /// The time in the campaign, as it was planned without gaps, of the end of the window.
    pub planned: BenchTime,
    /// The checks, by their places, of which a stretch was not begun anew: they saw it in two pieces.
    pub torn: Vec<u16>,
}

impl Gap {
    /// Whether a stretch of the campaign, as it was planned, was not begun anew after the gap: it was
    /// seen in two pieces. What was before `first`, the begin of the first step, asks nothing.
    pub fn tears(&self, planned: Window, first: BenchTime) -> bool {
        planned.start.max(first) < self.planned && self.planned < planned.end
    }
}

/// An interlock, as planned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InterlockHeader {
    /// Its name.
    pub name: String,
    /// When it holds, as people write it.
    pub when: String,
    /// What is told then, by device, as people write it.
    pub then: Vec<String>,
    /// How long that may take, µs.
    pub within_us: u64,
}

/// A step, as planned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepHeader {
    /// Its name.
    pub name: String,
    /// From when to when.
    pub window: Window,
}

/// A check, resolved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckSpec {
    /// Its name.
    pub name: String,
    /// Its kind, as campaigns spell it.
    pub kind: String,
    /// What it watches.
    pub subject: Subject,
    /// The subject as people write it.
    pub subject_text: String,
    /// During what, as people write it.
    pub during: String,
    /// When it looks; in order, not overlapping.
    pub windows: Vec<NamedWindow>,
    /// Its settings, defaults filled in.
    pub options: Options,
}

/// What a check watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// One channel of one device.
    Channel {
        /// Whose.
        device: DeviceId,
        /// Its place in the device's list.
        channel: u16,
    },
    /// One device.
    Device {
        /// Which.
        device: DeviceId,
    },
    /// One workload, by its place in [`Header::workloads`].
    Workload {
        /// Which.
        workload: u16,
    },
}

/// A pass over a ground station, and what it can bring down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pass {
    /// The station's name.
    pub station: String,
    /// From acquisition to loss of signal.
    pub window: Window,
    /// What fits through the down-link, bytes.
    pub capacity_bytes: f64,
}

/// A window with the name of its phase or step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NamedWindow {
    /// Of the phase or step.
    pub name: String,
    /// From when to when.
    pub window: Window,
}

/// A workload, resolved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkloadHeader {
    /// Its name.
    pub name: String,
    /// The board that runs it.
    pub device: DeviceId,
    /// The golden's folder name.
    pub golden: String,
    /// `single-stream`.
    pub scenario: String,
    /// Bytes of one input: what would be sent down raw.
    #[serde(default)]
    pub input_bytes: u64,
    /// Bytes of one answer.
    #[serde(default)]
    pub output_bytes: u64,
    /// The last day of the golden, where it was over when the run was planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expired: Option<String>,
    /// Its place in a mesh, where several boards share the work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seat: Option<Seat>,
    /// What lies in the memory of its network, in order and without gaps; empty where nobody knows, as
    /// of real boards.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub memory: Vec<Parameters>,
}

/// A tensor of parameters in a board's memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameters {
    /// Its name in the model file.
    pub name: String,
    /// Type of its elements, in the words of safetensors: `F32`, `I8`.
    pub dtype: String,
    /// How many they are.
    pub elements: u64,
    /// Their bytes in all.
    pub bytes: u64,
}

/// A workload's place in a mesh.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    /// The mesh's name.
    pub mesh: String,
    /// When its board can be reached, as the campaign writes it; none, if the work is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// When the board can be reached, in order; empty where the work is there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<Window>,
    /// Tasks of the whole mesh.
    pub tasks: u32,
}

/// A file that a run was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputFile {
    /// Path inside the run's `inputs` folder.
    pub path: String,
    /// SHA-256, hex.
    pub sha256: String,
    /// Length in bytes.
    pub bytes: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(start: u64, end: u64) -> Window {
        Window {
            start: BenchTime::from_millis(start * 1_000),
            end: BenchTime::from_millis(end * 1_000),
        }
    }

    #[test]
    fn a_stretch_lies_in_pieces_where_the_run_was_cut_off() {
        let text = r#"{"campaign":"","description":"","seed":0,"pace":"real","epoch":null,"orbit":[],
            "devices":[],"steps":[],"phases":[],"checks":[],"workloads":[],"inputs":[],"versions":{},
            "end":160000000}"#;
        let mut header: Header = serde_json::from_str(text).unwrap();
        // Cut at 40 s, gone on at 60 s with what was planned for 30 s; cut again at 75 s (planned
        // 45 s), gone on at 90 s with the same.
        header.gaps = [(window(40, 60), 30), (window(75, 90), 30)]
            .map(|(window, planned)| Gap {
                window,
                with: String::new(),
                planned: BenchTime::from_millis(planned * 1_000),
                torn: Vec::new(),
            })
            .to_vec();
        let cases: [(Window, &[Window]); 5] = [
            (window(5, 20), &[window(5, 20)]),
            (
                window(30, 50),
                &[window(30, 40), window(60, 75), window(90, 110)],
            ),
            (
                window(35, 38),
                &[window(35, 38), window(65, 68), window(95, 98)],
            ),
            (window(46, 60), &[window(106, 120)]),
            (
                window(0, 100),
                &[window(0, 40), window(60, 75), window(90, 160)],
            ),
        ];
        for (planned, pieces) in cases {
            assert_eq!(header.placed(planned), pieces, "{planned:?}");
        }
        let (gap, first) = (&header.gaps[0], window(5, 6).start);
        assert!(gap.tears(window(0, 100), first) && gap.tears(window(29, 31), first));
        assert!(!gap.tears(window(30, 50), first) && !gap.tears(window(5, 30), first));
    }
}
