//! Any octets as a record, and a whole record with some octets changed: events, a tear or an error.
#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use profiles::channel::ChannelSpec;
use profiles::reading::Reading;
use profiles::time::BenchTime;
use reports::event::{DeviceId, Event, EventKind};
use reports::golden::Goldens;
use reports::header::{DeviceHeader, Header};
use reports::judge::Judge;
use reports::record::{Record, Recorder};

fn whole() -> &'static [u8] {
    static WHOLE: OnceLock<Vec<u8>> = OnceLock::new();
    WHOLE.get_or_init(|| {
        let path = std::env::temp_dir().join(format!("bench-fuzz-{}.mcap", std::process::id()));
        let header = Header {
            campaign: "fuzz".to_owned(),
            description: String::new(),
            seed: 1,
            pace: "real".to_owned(),
            epoch: None,
            orbit: Vec::new(),
            devices: vec![DeviceHeader {
                name: "supply".to_owned(),
                role: "power-supply".to_owned(),
                model: "m".to_owned(),
                link: "memory".to_owned(),
                emulated: true,
                channels: vec![
                    ChannelSpec::number("volts", "V"),
                    ChannelSpec::states("output", &["off", "on"]),
                ],
                calibration: None,
                accuracy: Vec::new(),
            }],
            steps: Vec::new(),
            phases: Vec::new(),
            windows: Vec::new(),
            passes: Vec::new(),
            wire: true,
            interlocks: Vec::new(),
            gaps: Vec::new(),
            checks: Vec::new(),
            workloads: Vec::new(),
            inputs: Vec::new(),
            versions: std::collections::BTreeMap::new(),
            end: BenchTime::from_millis(9_000),
            style: None,
        };
        let mut recorder = Recorder::create(&path, &header).expect("a record");
        for n in 0..90_u64 {
            let readings = [Reading::number(0, n as f64), Reading::state(1, 1)].into();
            let kinds = [
                EventKind::Sampled { readings },
                EventKind::Booted,
                EventKind::Wire {
                    sent: n % 2 == 0,
                    octets: [1, 2, 3].into(),
                },
            ];
            for kind in kinds {
                let at = BenchTime::from_millis(n * 100);
                let device = DeviceId(0);
                recorder
                    .record(&Event { at, device, kind })
                    .expect("recorded");
            }
        }
        recorder.finish().expect("finished");
        let bytes = std::fs::read(&path).expect("read");
        let _ = std::fs::remove_file(path);
        bytes
    })
}

fuzz_target!(|input: (&[u8], Vec<(u16, u8)>, u16)| {
    let (octets, changes, end) = input;
    let mut changed = whole().to_vec();
    let length = changed.len();
    for (place, octet) in changes {
        changed[usize::from(place) % length] = octet;
    }
    changed.truncate(usize::from(end).max(length / 2));
    for bytes in [octets.to_vec(), changed] {
        let Ok(record) = Record::from_bytes(bytes) else {
            continue;
        };
        let Ok(mut judge) = Judge::new(record.header(), &Goldens::default()) else {
            continue;
        };
        let _ = record.for_each(&mut |event| judge.take(event));
        judge.conclude();
    }
});
