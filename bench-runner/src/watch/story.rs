//! A run made up for tests of what watchers show: the quickstart's header, and half an hour of it.

use std::path::Path;

use profiles::phase::Phase;
use profiles::quantity::{Amperes, Volts};
use profiles::reading::{Damage, DamageKind, Reading};
use profiles::time::BenchTime;
use reports::event::{DeviceId, Event, EventKind};
use reports::header::Header;
use reports::record::Recorder;
use reports::verdict::Ending;

use crate::embedded;
use crate::execute::RECORD_FILE;
use crate::plan::{Plan, Request};
use crate::runtime::Pace;

/// The quickstart's header, without the files that it was made from.
pub(crate) fn header() -> Header {
    let request = Request {
        campaign: embedded::campaign(),
        wiring: embedded::wiring(),
        seed: None,
        pace: Pace::Virtual,
        dictionary: None,
        firmware: Vec::new(),
        faults: None,
    };
    let Ok(plan) = Plan::new(&request) else {
        unreachable!("the quickstart is refused");
    };
    let mut header = plan.header;
    header.inputs.clear();
    header.versions.clear();
    header
}

/// Half an hour of it: the bus voltage falls too low once, and a frame is damaged.
pub(crate) fn half_an_hour(header: &Header) -> Vec<Event> {
    let id = |name: &str| header.device(name).map_or(DeviceId::BENCH, |(id, _)| id);
    let (supply, payload) = (id("bus_supply"), id("payload"));
    let event = |seconds: f64, device, kind| Event {
        at: BenchTime::from_secs_f64(seconds),
        device,
        kind,
    };
    let who = EventKind::Identified {
        maker: "Maker".to_owned(),
        model: "Supply <1>".to_owned(),
        serial: "7".to_owned(),
        firmware: String::new(),
    };
    let mut events = vec![
        event(0.0, DeviceId::BENCH, EventKind::StepStarted { step: 0 }),
        event(0.1, supply, who),
        event(5.0, DeviceId::BENCH, EventKind::StepStarted { step: 1 }),
    ];
    let phase = Phase::Sunlit;
    events.push(event(
        5.0,
        DeviceId::BENCH,
        EventKind::PhaseEntered { phase },
    ));
    let command = profiles::command::Command::Supply {
        volts: Volts(28.0),
        limit: Amperes(1.8),
    };
    let late_us = 2_100;
    events.push(event(
        6.0,
        supply,
        EventKind::SetPointApplied { command, late_us },
    ));
    events.push(event(7.0, payload, EventKind::Booted));
    for second in 10..1_800 {
        let volts = if second == 900 {
            24.0
        } else {
            28.0 + f64::from(second % 60) * 0.01
        };
        let readings = [Reading::number(0, volts), Reading::number(1, 0.5)];
        let readings = readings.as_slice().into();
        events.push(event(
            f64::from(second),
            supply,
            EventKind::Sampled { readings },
        ));
    }
    let damage = Damage {
        bytes: 12,
        why: DamageKind::Checksum,
    };
    events.push(event(1_800.0, payload, EventKind::Damaged { damage }));
    events
}

/// How it ends, if it does.
pub(crate) fn end() -> Event {
    Event {
        at: BenchTime::from_millis(1_801_000),
        device: DeviceId::BENCH,
        kind: EventKind::RunEnded {
            ending: Ending::Interrupted { why: None },
        },
    }
}

/// A folder of a run with that record, which is still open.
pub(crate) fn recorded(folder: &Path, header: &Header, events: &[Event]) -> Recorder {
    std::fs::create_dir_all(folder).unwrap();
    let mut recorder = Recorder::create(&folder.join(RECORD_FILE), header).unwrap();
    for event in events {
        recorder.record(event).unwrap();
    }
    recorder
}
