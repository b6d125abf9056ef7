//! What the bench itself tells and does, and when: steps, phases, the orbit, and orders.

use profiles::time::{BenchTime, Period};
use reports::event::{DeviceId, EventKind};

use super::station::Order;
use super::timing::AHEAD;
use super::{ARMING, context};
use crate::plan::{DevicePlan, Plan};

/// Something that the bench itself tells or does at a time.
pub(super) enum Mark {
    Event(DeviceId, EventKind),
    Order(DeviceId, Order),
    AllReady,
}

/// Everything that the bench tells and does, in order of time.
pub(super) fn marks(plan: &Plan) -> Vec<(BenchTime, Mark)> {
    let header = &plan.header;
    let mut marks: Vec<(BenchTime, Mark)> = Vec::new();
    let bench = |kind| Mark::Event(DeviceId::BENCH, kind);
    for (index, step) in (0..).zip(&header.steps) {
        marks.push((
            step.window.start,
            bench(EventKind::StepStarted { step: index }),
        ));
        if step.name == ARMING {
            marks.push((step.window.end, Mark::AllReady));
        }
        marks.push((step.window.end, bench(EventKind::StepEnded { step: index })));
    }
    for interval in &header.phases {
        let event = bench(EventKind::PhaseEntered {
            phase: interval.phase,
        });
        marks.push((interval.window.start, event));
    }
    if let Some((device, prediction)) = &plan.orbit {
        for (place, point) in prediction.track.iter().enumerate() {
            let readings = context(point, prediction.nodes.row(place)).into();
            marks.push((
                point.at,
                Mark::Event(*device, EventKind::Sampled { readings }),
            ));
        }
    }
    let armed = header.steps.first().filter(|step| step.name == ARMING);
    let armed = armed.map_or(BenchTime::ZERO, |step| step.window.end);
    for told in &plan.timeline {
        let order = Order::Apply {
            at: told.at,
            command: told.command.clone(),
        };
        let given = match ahead(plan, told.device) {
            // Before all are armed nobody is told anything.
            Some(ahead) => (told.at - ahead).max(armed.min(told.at)),
            None => told.at,
        };
        marks.push((given, Mark::Order(told.device, order)));
    }
    marks.retain(|(at, _)| *at <= header.end);
    // Stable: at one time, events of steps come before what is told in them.
    marks.sort_by_key(|(at, _)| *at);
    marks
}

/// How long before its time a set point is given to a device's station: to those that sit at
/// a line, which takes its time.
fn ahead(plan: &Plan, device: DeviceId) -> Option<Period> {
    let mut devices = plan.devices.iter();
    let found = devices.find(|found| found.wired().id == device)?;
    let is_instrument = matches!(found, DevicePlan::Instrument(_));
    (is_instrument && found.wired().link.line().is_some()).then_some(AHEAD)
}
