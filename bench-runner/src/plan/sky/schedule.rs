//! When the tasks of a satellite's load run: phases, contacts, links and regions by their names,
//! to stretches of time.

use profiles::orbit::Load;
use profiles::phase::{Phase, PhaseInterval};
use profiles::selection::WindowSet;
use profiles::time::{BenchTime, Period, Window};
use reports::header::NamedWindow;

use super::surroundings::is_called;
use crate::config::Refusal;
use crate::config::orbit::satellite::RawLists;
use crate::config::refusal::nearest;
use crate::config::selection::Selection;

/// Most names that a refusal lists.
const MOST_NAMES: usize = 20;

/// What each task waits for; nothing where it always runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Schedule {
    tasks: Vec<Vec<Selection>>,
}

impl Schedule {
    /// What is written, where everything that is named is among `known` or a phase. Names that
    /// are unknown are refused.
    pub(crate) fn new(lists: &RawLists, known: &[String], refusals: &mut Vec<Refusal>) -> Schedule {
        let phases = Phase::ALL.map(Phase::name);
        let is_known =
            |name: &str| phases.contains(&name) || known.iter().any(|full| is_called(full, name));
        for (written, selection) in lists.waits().flatten() {
            for name in selection.names().into_iter().filter(|name| !is_known(name)) {
                let all = phases.into_iter().chain(known.iter().map(String::as_str));
                let listed: Vec<&str> = all.clone().take(MOST_NAMES).collect();
                let message = format!("no phase, contact or link is named `{name}`");
                let expected = format!("expected one of: {}", listed.join(", "));
                let refusal = Refusal::at(&written.place, message, expected);
                refusals.push(refusal.maybe_help(nearest(name, all)));
            }
        }
        let tasks = lists.waits().map(|waits| {
            let selections = waits.iter().map(|(_, selection)| selection.clone());
            selections.collect()
        });
        Schedule {
            tasks: tasks.collect(),
        }
    }

    /// Whether no task waits for anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.tasks.iter().all(Vec::is_empty)
    }

    /// Tells each task of `load` when it may run: in any of what it names.
    pub(crate) fn apply(&self, load: &mut Load, phases: &[PhaseInterval], windows: &[NamedWindow]) {
        let Some((first, last)) = phases.first().zip(phases.last()) else {
            return;
        };
        let whole = Window {
            start: first.window.start,
            // Its last instant is part of a run.
            end: last.window.end + Period::millis(1),
        };
        let stretches = |name: &str| {
            let of_phase = phases
                .iter()
                .filter(|interval| interval.phase.name() == name);
            let named = windows.iter().filter(|named| is_called(&named.name, name));
            let all = of_phase
                .map(|interval| interval.window)
                .chain(named.map(|named| named.window));
            WindowSet::new(all.map(|window| until(window, last.window.end, whole.end)))
        };
        for (task, waits) in load.tasks.iter_mut().zip(&self.tasks) {
            let parts = waits.iter().map(|wait| wait.evaluate(whole, &stretches));
            let any = parts.reduce(|any, part| any.or(&part));
            task.during = any;
        }
    }
}

/// A stretch that goes on to the end of the run has its last instant too.
fn until(window: Window, end: BenchTime, behind: BenchTime) -> Window {
    let end = if window.end >= end {
        behind
    } else {
        window.end
    };
    Window { end, ..window }
}
