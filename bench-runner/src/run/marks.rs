//! What the bench itself tells and does, and when: steps, phases, the orbit, and orders.

use std::collections::BTreeMap;

use profiles::command::{Command, Fault};
use profiles::time::{BenchTime, Period};
use reports::event::{DeviceId, EventKind};

use super::station::{Order, Task};
use super::timing::AHEAD;
use super::{ARMING, context};
use crate::plan::{DevicePlan, Plan};

/// Something that the bench itself tells or does at a time.
pub(super) enum Mark {
    Event(DeviceId, EventKind),
    Order(DeviceId, Order),
    /// An emulated device breaks. That happens to it at its time, whatever its station is busy with.
    Broken(DeviceId, Fault),
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
    for (device, at, task) in tasks(plan) {
        if let Task::Tell(Command::Inject(fault)) = task {
            marks.push((at, Mark::Broken(device, fault)));
            continue;
        }
        // Before all are armed nobody is told anything; what a list takes is not told.
        let earliest = match &task {
            Task::Upload(_) => BenchTime::ZERO,
            _ => armed.min(at),
        };
        let given = match ahead(plan, device) {
            Some(ahead) => (at - ahead).max(earliest),
            None => at,
        };
        marks.push((given, Mark::Order(device, Order::Apply { at, task })));
    }
    marks.retain(|(at, _)| *at <= header.end);
    // Stable: at one time, events of steps come before what is told in them.
    marks.sort_by_key(|(at, _)| *at);
    marks
}

/// The timeline as stations get it: set points, and lists of those that instruments play.
fn tasks(plan: &Plan) -> Vec<(DeviceId, BenchTime, Task)> {
    let mut lists: BTreeMap<usize, (Task, Option<(BenchTime, Task)>)> = BTreeMap::new();
    let mut free_at: BTreeMap<DeviceId, BenchTime> = BTreeMap::new();
    for list in plan.lists() {
        let command = |place: usize| plan.timeline[place].command.clone();
        let (Some(&first), Some(&last)) = (list.places.first(), list.places.last()) else {
            continue;
        };
        for &place in &list.places {
            lists.insert(place, (Task::Next(command(place)), None));
        }
        lists.insert(last, (Task::Last(command(last)), None));
        // While it plays a list, it takes no other.
        let free = free_at.insert(list.device, plan.timeline[last].at);
        let at = plan.timeline[first].at - list.room.ahead;
        let upload = (
            at.max(free.unwrap_or(BenchTime::ZERO)),
            Task::Upload(list.points(&plan.timeline).into()),
        );
        lists.insert(first, (Task::Start(command(first)), Some(upload)));
    }
    let mut tasks = Vec::new();
    for (place, told) in plan.timeline.iter().enumerate() {
        let tell = || (Task::Tell(told.command.clone()), None);
        let (task, upload) = lists.remove(&place).unwrap_or_else(tell);
        tasks.extend(upload.map(|(at, upload)| (told.device, at, upload)));
        tasks.push((told.device, told.at, task));
    }
    tasks
}

/// How long before its time a set point is given to a device's station: to those that sit at
/// a line, which takes its time.
fn ahead(plan: &Plan, device: DeviceId) -> Option<Period> {
    let mut devices = plan.devices.iter();
    let found = devices.find(|found| found.wired().id == device)?;
    let is_instrument = matches!(found, DevicePlan::Instrument(_));
    (is_instrument && found.wired().link.line().is_some()).then_some(AHEAD)
}
