//! The invented run's plan, findings and manifest.

use std::collections::BTreeMap;

use profiles::channel::ChannelSpec;
use profiles::phase::{Phase, PhaseInterval};
use profiles::time::{BenchTime, Window};
use reports::event::DeviceId;
use reports::header::{DeviceHeader, Header, InputFile, StepHeader, WorkloadHeader};
use reports::report::{Identity, Manifest};
use reports::verdict::{Ending, Verdict};

use crate::checks;

/// Seconds of one orbit, of its eclipse, and where the first eclipse begins.
pub(crate) const ORBIT: f64 = 5_574.6;
pub(crate) const UMBRA: f64 = 2_130.4;
pub(crate) const FIRST: f64 = 2_011.318;
pub(crate) const PENUMBRA: f64 = 8.412;
pub(crate) const END: f64 = 11_160.0;

pub(crate) fn window(from: f64, to: f64) -> Window {
    Window {
        start: BenchTime::from_secs_f64(from),
        end: BenchTime::from_secs_f64(to),
    }
}

fn phases() -> Vec<PhaseInterval> {
    let mut phases = Vec::new();
    let mut now = 0.0;
    for orbit in 0..2 {
        let umbra = FIRST + ORBIT * f64::from(orbit);
        let edges = [
            (Phase::Sunlit, umbra - PENUMBRA),
            (Phase::Penumbra, umbra),
            (Phase::Umbra, umbra + UMBRA),
            (Phase::Penumbra, umbra + UMBRA + PENUMBRA),
        ];
        for (phase, end) in edges {
            phases.push(PhaseInterval {
                phase,
                window: window(now, end),
            });
            now = end;
        }
    }
    phases.push(PhaseInterval {
        phase: Phase::Sunlit,
        window: window(now, END),
    });
    phases
}

fn device(
    name: &str,
    role: &str,
    model: &str,
    link: &str,
    channels: &[(&str, &str)],
) -> DeviceHeader {
    let mut specs: Vec<ChannelSpec> = channels
        .iter()
        .map(|(name, unit)| ChannelSpec::number(name, unit))
        .collect();
    if role == "accelerator" {
        specs.push(ChannelSpec::states("mode", &["full", "reduced"]));
        specs.push(ChannelSpec::states("throttled", &["no", "yes"]));
    }
    DeviceHeader {
        name: name.to_owned(),
        role: role.to_owned(),
        model: model.to_owned(),
        link: link.to_owned(),
        emulated: role != "profile",
        channels: specs,
        calibration: None,
        accuracy: Vec::new(),
    }
}

const BOARD: [(&str, &str); 6] = [
    ("bus_volts", "V"),
    ("bus_amps", "A"),
    ("board_temperature", "°C"),
    ("junction_temperature", "°C"),
    ("clock_mhz", "MHz"),
    ("inferences", ""),
];
const ORBIT_CHANNELS: [(&str, &str); 8] = [
    ("light", ""),
    ("array_watts", "W"),
    ("load_watts", "W"),
    ("battery_soc", ""),
    ("bus_volts", "V"),
    ("limit_amps", "A"),
    ("baseplate_celsius", "°C"),
    ("beta_deg", "°"),
];

fn devices() -> Vec<DeviceHeader> {
    vec![
        device(
            "bus_supply",
            "power-supply",
            "rigol-dp800",
            "memory",
            &[("volts", "V"), ("amps", "A")],
        ),
        device(
            "chamber",
            "thermal-chamber",
            "watlow-f4t",
            "memory",
            &[("air", "°C"), ("target", "°C")],
        ),
        device("orbit", "profile", "iss", "–", &ORBIT_CHANNELS),
        device(
            "payload",
            "accelerator",
            "ccsds-serial",
            "memory at 921600 Bd",
            &BOARD,
        ),
        device(
            "vision",
            "accelerator",
            "canopen",
            "memory at 500 kbit/s",
            &BOARD,
        ),
    ]
}

/// The invented plan.
pub(crate) fn header() -> Header {
    let workload = |name: &str, device, golden: &str| WorkloadHeader {
        name: name.to_owned(),
        device: DeviceId(device),
        golden: golden.to_owned(),
        scenario: "single-stream".to_owned(),
        input_bytes: 12_288,
        output_bytes: 1_024,
        expired: None,
        seat: None,
        memory: Vec::new(),
    };
    Header {
        campaign: "two ISS orbits".to_owned(),
        description: "Do both accelerators keep their rate and their answers through two \
                      eclipses, on the bus and the baseplate that the orbit gives them?"
            .to_owned(),
        seed: 7,
        pace: "virtual".to_owned(),
        epoch: Some("2026-03-20T14:46:00Z".to_owned()),
        orbit: vec![
            "ISS (ZARYA)".to_owned(),
            "1 25544U 98067A   26079.50000000  .00016717  00000-0  10270-3 0  9003".to_owned(),
            "2 25544  51.6400 208.9163 0006317  69.9862  25.2906 15.49815300 10003".to_owned(),
        ],
        devices: devices(),
        steps: vec![
            StepHeader {
                name: "bus up".to_owned(),
                window: window(0.0, 30.0),
            },
            StepHeader {
                name: "two orbits".to_owned(),
                window: window(30.0, END),
            },
        ],
        phases: phases(),
        windows: Vec::new(),
        passes: Vec::new(),
        interlocks: Vec::new(),
        gaps: Vec::new(),
        style: None,
        wire: false,
        checks: checks::specs(&devices(), &phases()),
        workloads: vec![
            workload("keyword-spotting", 3, "kws-int8"),
            workload("image-classification", 4, "resnet-int8"),
        ],
        inputs: inputs(),
        versions: versions(),
        end: BenchTime::from_secs_f64(END),
    }
}

fn inputs() -> Vec<InputFile> {
    let file = |path: &str, bytes, digit: &str| InputFile {
        path: path.to_owned(),
        sha256: digit.repeat(8),
        bytes,
    };
    vec![
        file("campaigns/iss_two_orbits.toml", 3_412, "9f86d081"),
        file("wiring/emulated.toml", 1_204, "60303ae2"),
        file("orbits/iss.tle", 165, "fd61a03a"),
        file("goldens/kws-int8/expected.safetensors", 48_912, "b5bb9d80"),
        file(
            "goldens/resnet-int8/expected.safetensors",
            1_204_224,
            "14a4b7d2",
        ),
    ]
}

fn versions() -> BTreeMap<String, String> {
    [("bench", "0.1.0"), ("rustc", "1.95.0"), ("sgp4", "2.4.0")]
        .into_iter()
        .map(|(name, version)| (name.to_owned(), version.to_owned()))
        .collect()
}

/// The invented manifest.
pub(crate) fn manifest(header: &Header) -> Manifest {
    let who = |maker: &str, model: &str, serial: &str, firmware: &str| Identity {
        maker: maker.to_owned(),
        model: model.to_owned(),
        serial: serial.to_owned(),
        firmware: firmware.to_owned(),
    };
    Manifest {
        run_id: "20260727T120000Z-iss-two-orbits".to_owned(),
        started: "2026-07-27T12:00:00Z".to_owned(),
        ended: "2026-07-27T12:00:04Z".to_owned(),
        resumed: Vec::new(),
        versions: header.versions.clone(),
        seed: header.seed,
        pace: header.pace.clone(),
        campaign: header.campaign.clone(),
        wiring: "emulated".to_owned(),
        inputs: header.inputs.clone(),
        record: Some(InputFile {
            path: "record.mcap".to_owned(),
            sha256: "a3c65c29".repeat(8),
            bytes: 41_203_118,
        }),
        identities: BTreeMap::from([
            (
                "bus_supply".to_owned(),
                who("RIGOL", "DP832", "DP8C0001", "00.01.16"),
            ),
            ("chamber".to_owned(), who("Watlow", "F4T", "", "4.6")),
            (
                "payload".to_owned(),
                who("Bench", "serial accelerator", "SN-0042", "1.4.2"),
            ),
            (
                "vision".to_owned(),
                who("Bench", "CAN accelerator", "7", "0.9"),
            ),
        ]),
        ending: Ending::Completed,
        verdict: Verdict::Fail,
        exit_code: 1,
        sim_seconds: END,
    }
}
