//! When: steps, phases, contacts, links and regions as a campaign names them, to windows.

use profiles::phase::Phase;
use profiles::selection::WindowSet;
use profiles::time::{BenchTime, Period, Window};
use reports::header::{Header, NamedWindow};

use super::Planner;
use super::sky::surroundings::is_called;
use crate::config::Located;
use crate::config::campaign::RawCheck;
use crate::config::refusal::{Place, Refusal};
use crate::config::selection::Selection;

/// One entry of `during`, understood.
enum Entry {
    /// A step: what else is named is looked for within it.
    Step(NamedWindow),
    /// A phase, or stretches of anything else.
    Stretches(NamedSet),
}

/// Stretches under the name that somebody wrote for them.
struct NamedSet {
    name: String,
    set: WindowSet,
}

impl Planner {
    /// The place of `part`, which begins `offset` bytes into the text `whole`.
    pub(super) fn part(&self, whole: &Located<String>, offset: usize, part: &str) -> Place {
        // Behind the opening quote; not so in texts with escapes, which are marked as a whole.
        let start = whole.place.span.start + 1 + offset;
        let place = Place {
            file: whole.place.file,
            span: start..start + part.len(),
        };
        if !part.is_empty() && self.loader.sources.quoted(&place) == part {
            place
        } else {
            whole.place.clone()
        }
    }

    pub(super) fn no_orbit(&mut self, place: &Place, message: &str) {
        if !self.broken.has("orbit") {
            self.refuse(Refusal::at(place, message, "expected an [orbit]"));
        }
    }

    /// When a check looks. `None` if a name is unknown or `after` leaves nothing; no window at
    /// all where what is named does not happen on this orbit: the check will be inconclusive.
    pub(super) fn windows(&mut self, raw: &RawCheck, header: &Header) -> Option<Vec<NamedWindow>> {
        let names = raw.during.as_deref().unwrap_or_default();
        let mut windows = self.during(names, header)?;
        let happens = !windows.is_empty();
        let skip = (raw.after * 1e6).round() as u64;
        for named in &mut windows {
            named.window.start = named.window.start.plus_micros(skip);
        }
        windows.retain(|named| named.window.start < named.window.end);
        if happens && windows.is_empty() && !self.broken.is_timeless() {
            let place = names.first().map_or(&raw.place, |name| &name.place);
            let message = format!("`{}` would never look", raw.name.value);
            let expected = "`after` skips all of this";
            self.refuse(Refusal::at(place, message, expected));
            return None;
        }
        Some(windows)
    }

    /// The windows of a `during`, in order and without overlap. Steps restrict what else is
    /// named: `["two orbits", "umbra"]` is the umbra within that step, and
    /// `["umbra", "penumbra"]` is both. Nothing named is the whole run.
    pub(super) fn during(
        &mut self,
        names: &[Located<String>],
        header: &Header,
    ) -> Option<Vec<NamedWindow>> {
        let (mut steps, mut stretches) = (Vec::new(), Vec::new());
        let mut known = true;
        for name in names {
            match self.named(name, header) {
                Some(Entry::Step(step)) => steps.push(step),
                Some(Entry::Stretches(set)) => stretches.push(set),
                None => known = false,
            }
        }
        if !known {
            return None;
        }
        if steps.is_empty() {
            steps.push(NamedWindow {
                name: if names.is_empty() { "whole run" } else { "" }.to_owned(),
                window: whole(header),
            });
        }
        steps.sort_by_key(|step| step.window.start);
        steps.dedup();
        if stretches.is_empty() {
            return Some(steps);
        }
        Some(within(&steps, &stretches))
    }

    fn named(&mut self, written: &Located<String>, header: &Header) -> Option<Entry> {
        let name = &written.value;
        if let Some(step) = header.steps.iter().find(|step| step.name == *name) {
            return Some(Entry::Step(NamedWindow {
                name: step.name.clone(),
                window: step.window,
            }));
        }
        let selection = match self.stretches(name, header) {
            Some(_) => Selection::Name(name.clone()),
            None => match Selection::parse(name) {
                Ok(selection) => selection,
                Err(at) => {
                    self.no_selection(written, at);
                    return None;
                }
            },
        };
        let mut known = true;
        for part in selection.names() {
            if self.stretches(part, header).is_none() {
                self.unknown_time(written, part, header);
                known = false;
            }
        }
        let stretches = |name: &str| self.stretches(name, header).unwrap_or_default();
        known.then(|| {
            Entry::Stretches(NamedSet {
                name: name.clone(),
                set: selection.evaluate(whole(header), &stretches),
            })
        })
    }

    /// The stretches of that name; `None` if there is no such name.
    pub(super) fn stretches(&self, name: &str, header: &Header) -> Option<WindowSet> {
        if let Some(step) = header.steps.iter().find(|step| step.name == name) {
            return Some(WindowSet::new([step.window]));
        }
        let phase = Phase::ALL.into_iter().find(|phase| phase.name() == name);
        if let Some(phase) = phase.filter(|_| !header.phases.is_empty()) {
            let intervals = header.phases.iter().filter(|i| i.phase == phase);
            return Some(WindowSet::new(intervals.map(|interval| interval.window)));
        }
        let is_it = |full: &str| is_called(full, name);
        let windows = header.windows.iter().filter(|named| is_it(&named.name));
        let mut names = self.happenings.iter();
        names
            .any(|known| is_it(known))
            .then(|| WindowSet::new(windows.map(|named| named.window)))
    }

    fn no_selection(&mut self, written: &Located<String>, at: usize) {
        let rest = written.value.get(at..).unwrap_or_default();
        let place = self.part(written, at, rest);
        let refusal = Selection::refusal(&written.value, at, &place);
        self.refuse(refusal);
    }

    fn unknown_time(&mut self, written: &Located<String>, name: &str, header: &Header) {
        let at = written.value.find(name).unwrap_or_default();
        let place = if written.value == name {
            written.place.clone()
        } else {
            self.part(written, at, name)
        };
        let of_orbit = Phase::ALL.iter().any(|phase| phase.name() == name);
        if of_orbit {
            self.no_orbit(&place, "phases need an orbit");
            return;
        }
        let mut all: Vec<String> = header.steps.iter().map(|s| s.name.clone()).collect();
        if !header.phases.is_empty() || self.broken.has("orbit") {
            all.extend(Phase::ALL.map(|phase| phase.name().to_owned()));
        }
        // A constellation has thousands of links.
        all.extend(self.happenings.iter().take(MOST_NAMES).cloned());
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        self.unknown(&place, "step or phase", name, all.iter().copied());
    }
}

/// Most names that a refusal lists.
const MOST_NAMES: usize = 20;

/// From T0 until just behind the last step, so that what is heard at its end counts.
fn whole(header: &Header) -> Window {
    Window {
        start: BenchTime::ZERO,
        end: header.end + Period::millis(1),
    }
}

/// The stretches within the steps. Those of one name keep it; where stretches of several names
/// overlap they are one, under all their names.
fn within(steps: &[NamedWindow], stretches: &[NamedSet]) -> Vec<NamedWindow> {
    let apart = |name: &str, set: &WindowSet| -> Vec<NamedWindow> {
        let sets = steps
            .iter()
            .map(|step| set.and(&WindowSet::new([step.window])));
        let windows = sets.flat_map(|set| set.windows().to_vec());
        let named = windows.map(|window| NamedWindow {
            name: name.to_owned(),
            window,
        });
        named.collect()
    };
    let mut windows: Vec<NamedWindow> = Vec::new();
    for NamedSet { name, set } in stretches {
        windows.extend(apart(name, set));
    }
    windows.sort_by_key(|named| (named.window.start, named.window.end));
    let overlap = |pair: &[NamedWindow]| pair[1].window.start < pair[0].window.end;
    if windows.windows(2).any(overlap) {
        let names: Vec<&str> = stretches.iter().map(|s| s.name.as_str()).collect();
        let all = stretches
            .iter()
            .fold(WindowSet::default(), |all, s| all.or(&s.set));
        windows = apart(&names.join(" | "), &all);
    }
    windows
}
