//! What the bench itself tells and does, and when: steps, phases, the orbit, and orders.

use std::collections::BTreeMap;

use profiles::command::{Command, Fault};
use profiles::time::{BenchTime, Period};
use reports::event::{DeviceId, EventKind};

use super::instrument::AHEAD;
use super::station::{Order, Task};
use super::{ARMING, context};
use crate::plan::{DevicePlan, Plan, Rest};

/// Something that the bench itself tells or does at a time.
pub(super) enum Mark {
    Event(DeviceId, EventKind),
    Order(DeviceId, Order),
    /// An emulated device breaks. That happens to it at its time, whatever its station is busy with.
    Broken(DeviceId, Fault),
    AllReady,
    /// Temperatures must be back before power is.
    Reached,
}

/// Everything that the bench tells and does, in order of time.
pub(super) fn marks(plan: &Plan) -> Vec<(BenchTime, Mark)> {
    let marks = planned(plan);
    match &plan.rest {
        Some(rest) => resumed(plan, rest, marks),
        None => marks,
    }
}

/// What is left of `planned`, after what makes the bench as it was.
fn resumed(plan: &Plan, rest: &Rest, planned: Vec<(BenchTime, Mark)>) -> Vec<(BenchTime, Mark)> {
    let bench = |kind| Mark::Event(DeviceId::BENCH, kind);
    let (arming, restore) = (rest.whole_step - 2, rest.whole_step - 1);
    let armed = plan
        .header
        .steps
        .first()
        .map_or(BenchTime::ZERO, |step| step.window.end);
    let mut marks = vec![
        (
            BenchTime::ZERO,
            bench(EventKind::StepStarted { step: arming }),
        ),
        (armed, Mark::AllReady),
        (armed, bench(EventKind::StepEnded { step: arming })),
        (armed, bench(EventKind::StepStarted { step: restore })),
        (rest.powered, Mark::Reached),
        (rest.lead, bench(EventKind::StepEnded { step: restore })),
    ];
    // What had begun before, and is not over.
    let step = usize::from(rest.step);
    if plan
        .header
        .steps
        .get(step)
        .is_some_and(|step| step.window.start < rest.from)
    {
        let step = rest.whole_step;
        marks.push((rest.lead, bench(EventKind::StepStarted { step })));
    }
    let mut phases = plan.header.phases.iter();
    let phase = phases.find(|it| it.window.start < rest.from && rest.from < it.window.end);
    marks.extend(phase.map(|it| {
        let phase = it.phase;
        (rest.lead, bench(EventKind::PhaseEntered { phase }))
    }));
    marks.extend(rest.restored.iter().map(|told| {
        let (at, task) = (told.at, Task::Tell(told.command.clone()));
        (at, Mark::Order(told.device, Order::Apply { at, task }))
    }));
    marks.extend(
        planned
            .into_iter()
            .filter_map(|(given, mark)| to_come(rest, given, mark)),
    );
    // Stable, as ever.
    marks.sort_by_key(|(at, _)| *at);
    marks
}

/// A mark of the plan at its time in the part that is to come, if it is not over.
fn to_come(rest: &Rest, given: BenchTime, mark: Mark) -> Option<(BenchTime, Mark)> {
    let of_whole = |step: u16| step - rest.step + rest.whole_step;
    Some(match mark {
        Mark::Order(device, Order::Apply { at: due, task }) if due >= rest.from => {
            let at = rest.at(due);
            let ahead = due.micros_since(given);
            let given = BenchTime::from_micros(at.as_micros().saturating_sub(ahead));
            (given, Mark::Order(device, Order::Apply { at, task }))
        }
        Mark::Event(device, EventKind::StepStarted { step })
            if given >= rest.from && step >= rest.step =>
        {
            let step = of_whole(step);
            (
                rest.at(given),
                Mark::Event(device, EventKind::StepStarted { step }),
            )
        }
        Mark::Event(device, EventKind::StepEnded { step }) if step >= rest.step => {
            let step = of_whole(step);
            (
                rest.at(given),
                Mark::Event(device, EventKind::StepEnded { step }),
            )
        }
        Mark::Event(
            device,
            kind @ (EventKind::PhaseEntered { .. } | EventKind::Sampled { .. }),
        ) if given >= rest.from => (rest.at(given), Mark::Event(device, kind)),
        Mark::Broken(device, fault) if given >= rest.from => {
            (rest.at(given), Mark::Broken(device, fault))
        }
        Mark::Event(..) | Mark::Order(..) | Mark::Broken(..) | Mark::AllReady | Mark::Reached => {
            return None;
        }
    })
}

/// The same without anything before it.
fn planned(plan: &Plan) -> Vec<(BenchTime, Mark)> {
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
