//! Contexts of limits: where and in which states which limits hold.

use std::collections::VecDeque;

use profiles::option::Options;
use profiles::reading::{Reading, Value};
use profiles::time::{BenchTime, Window};

use crate::header::{Header, Subject};

/// From, to; infinite where open.
pub(super) type Band = [f64; 2];

pub(super) const OPEN: Band = [f64::NEG_INFINITY, f64::INFINITY];

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bands {
    pub(super) yellow: Band,
    pub(super) red: Band,
}

impl Default for Bands {
    fn default() -> Bands {
        Bands {
            yellow: OPEN,
            red: OPEN,
        }
    }
}

/// Of what a context is made; all of them must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// A phase, a step, or a window such as a plateau of thermal cycles, by its name.
    During(String),
    /// The device's own channel of states tells this state: `mode=reduced`.
    State {
        /// The channel.
        channel: String,
        /// The state.
        state: String,
    },
}

impl Condition {
    fn of(text: &str) -> Condition {
        match text.split_once('=') {
            None => Condition::During(text.trim().to_owned()),
            Some((channel, state)) => Condition::State {
                channel: channel.trim().to_owned(),
                state: state.trim().to_owned(),
            },
        }
    }
}

/// The conditions of all contexts that `options` have, in order; none if they cannot be read.
pub fn conditions(options: &Options) -> Vec<Condition> {
    let contexts = Limits::of(options).unwrap_or_default().contexts;
    contexts.into_iter().flat_map(|(all, _)| all).collect()
}

/// The limits without a context, and those of each.
#[derive(Default)]
pub(super) struct Limits {
    pub(super) everywhere: Bands,
    pub(super) contexts: Vec<(Vec<Condition>, Bands)>,
}

impl Limits {
    pub(super) fn of(options: &Options) -> Result<Limits, String> {
        let band = |least: &str, most: &str| {
            let band = [
                options.number(least).unwrap_or(OPEN[0]),
                options.number(most).unwrap_or(OPEN[1]),
            ];
            (band[0] <= band[1]).then_some(band).ok_or_else(|| {
                let [low, high] = band;
                format!("{least} {low} is above {most} {high}")
            })
        };
        let everywhere = Bands {
            yellow: band("yellow_min", "yellow_max")?,
            red: band("red_min", "red_max")?,
        };
        let contexts = options.text("contexts").unwrap_or_default();
        let contexts: Result<Vec<_>, String> = contexts
            .split(';')
            .filter(|context| !context.trim().is_empty())
            .map(context)
            .collect();
        let limits = Limits {
            everywhere,
            contexts: contexts?,
        };
        let mut all = limits.contexts.iter().map(|(_, bands)| bands);
        let open = |bands: &Bands| bands.red == OPEN && bands.yellow == OPEN;
        if open(&limits.everywhere) && all.all(open) {
            return Err("needs a red or yellow limit, for all contexts or for one".to_owned());
        }
        Ok(limits)
    }
}

/// `umbra & mode=full: red 20..36, yellow 22..34`.
fn context(text: &str) -> Result<(Vec<Condition>, Bands), String> {
    let wrong = |what: &str| {
        let text = text.trim();
        format!("`{text}`: {what}; expected `context: red 20..36, yellow ..34`")
    };
    let (name, bands) = text.rsplit_once(':').ok_or_else(|| wrong("no colon"))?;
    let conditions: Vec<Condition> = name.split('&').map(Condition::of).collect();
    if conditions.contains(&Condition::During(String::new())) {
        return Err(wrong("a context without a name"));
    }
    let mut told = Bands::default();
    for part in bands.split(',') {
        let (colour, range) = part
            .trim()
            .split_once(' ')
            .ok_or_else(|| wrong("a colour without a range"))?;
        let (least, most) = range
            .split_once("..")
            .ok_or_else(|| wrong("a range without `..`"))?;
        let end = |text: &str, open: f64| match text.trim() {
            "" => Ok(open),
            text => text
                .parse()
                .ok()
                .filter(|end: &f64| end.is_finite())
                .ok_or_else(|| wrong("an end that is no number")),
        };
        let band = [end(least, OPEN[0])?, end(most, OPEN[1])?];
        if band[0] > band[1] {
            return Err(wrong("a range that ends before it begins"));
        }
        match colour {
            "red" => told.red = band,
            "yellow" => told.yellow = band,
            _ => return Err(wrong("a colour that is neither red nor yellow")),
        }
    }
    Ok((conditions, told))
}

/// Contexts on their run: windows looked up, states heard.
#[derive(Clone)]
pub(super) struct Contexts {
    contexts: Vec<(Vec<Known>, Bands)>,
    states: Vec<States>,
}

/// A condition, looked up.
#[derive(Clone)]
enum Known {
    /// Within one of these.
    During(Vec<Window>),
    /// The place among [`Contexts::states`], and the state.
    State(usize, u16),
    /// Of nothing that is there.
    Never,
}

/// What one channel of states told, as far back as it may be asked for.
#[derive(Clone)]
struct States {
    channel: u16,
    /// Changes, in order of time.
    told: VecDeque<(BenchTime, u16)>,
}

impl Contexts {
    pub(super) fn new(
        written: &[(Vec<Condition>, Bands)],
        header: &Header,
        subject: Subject,
    ) -> Contexts {
        let mut states = Vec::new();
        let mut known = |condition: &Condition| match condition {
            Condition::During(name) => Known::During(windows(header, name)),
            Condition::State { channel, state } => {
                let found = place_of(header, subject, channel, state);
                found.map_or(Known::Never, |(channel, state)| {
                    let place = states.iter().position(|s: &States| s.channel == channel);
                    let place = place.unwrap_or_else(|| {
                        let told = VecDeque::new();
                        states.push(States { channel, told });
                        states.len() - 1
                    });
                    Known::State(place, state)
                })
            }
        };
        let contexts = written
            .iter()
            .map(|(all, bands)| (all.iter().map(&mut known).collect(), *bands))
            .collect();
        Contexts { contexts, states }
    }

    /// Hears what the device tells at one time.
    pub(super) fn hear(&mut self, at: BenchTime, readings: &[Reading]) {
        for states in &mut self.states {
            for reading in readings {
                if let Value::State(state) = reading.value
                    && reading.channel == states.channel
                {
                    states.hear(at, state);
                }
            }
        }
    }

    /// The limits of the first context that holds at `at`, which is never earlier than before.
    pub(super) fn at(&mut self, at: BenchTime) -> Option<Bands> {
        let now: Vec<Option<u16>> = self.states.iter_mut().map(|s| s.at(at)).collect();
        let holds = |known: &Known| match known {
            Known::During(windows) => windows.iter().any(|window| window.contains(at)),
            Known::State(place, state) => now[*place] == Some(*state),
            Known::Never => false,
        };
        let mut contexts = self.contexts.iter();
        let found = contexts.find(|(all, _)| all.iter().all(holds));
        found.map(|(_, bands)| *bands)
    }
}

impl States {
    fn hear(&mut self, at: BenchTime, state: u16) {
        match self.told.back_mut() {
            // Of several of one time the greatest, so that their order does not matter.
            Some(last) if last.0 == at => last.1 = last.1.max(state),
            Some(last) if last.1 == state => {}
            _ => self.told.push_back((at, state)),
        }
    }

    /// The state at `at`; what is older is forgotten.
    fn at(&mut self, at: BenchTime) -> Option<u16> {
        while self.told.get(1).is_some_and(|(next, _)| *next <= at) {
            self.told.pop_front();
        }
        let first = self.told.front().filter(|(since, _)| *since <= at);
        first.map(|(_, state)| *state)
    }
}

/// All windows of this name: phases, steps, and what else the campaign names.
fn windows(header: &Header, name: &str) -> Vec<Window> {
    let phases = header.phases.iter();
    let phases = phases.filter(|interval| interval.phase.name() == name);
    let steps = header.steps.iter().filter(|step| step.name == name);
    // `contact` is any `contact:svalbard`.
    let of_family = |full: &str| {
        full.strip_prefix(name)
            .is_some_and(|rest| rest.starts_with(':'))
    };
    let others = header.windows.iter();
    let others = others.filter(|other| other.name == name || of_family(&other.name));
    let phases = phases.map(|interval| interval.window);
    let steps = steps.map(|step| step.window);
    phases
        .chain(steps)
        .chain(others.map(|other| other.window))
        .collect()
}

fn place_of(header: &Header, subject: Subject, channel: &str, state: &str) -> Option<(u16, u16)> {
    let Subject::Channel { device, .. } = subject else {
        return None;
    };
    let channels = &header.device_at(device)?.channels;
    let place = channels.iter().position(|known| *known.name == *channel)?;
    let mut states = channels[place].states.iter();
    let state = states.position(|known| **known == *state)?;
    Some((place as u16, state as u16))
}

#[cfg(test)]
mod tests {
    use super::*;
    use profiles::option::OptionValue;

    fn limits(contexts: &str) -> Result<Limits, String> {
        let mut options = Options::default();
        options.set("contexts", OptionValue::Text(contexts.to_owned()));
        Limits::of(&options)
    }

    #[test]
    fn contexts_are_read() {
        let limits = limits(
            "umbra & mode=full: red 20..36, yellow ..34; hot soak: yellow -5..; contact:kiruna: red ..1",
        ).unwrap();
        let umbra = Bands {
            red: [20.0, 36.0],
            yellow: [f64::NEG_INFINITY, 34.0],
        };
        let soak = Bands {
            red: OPEN,
            yellow: [-5.0, f64::INFINITY],
        };
        let pass = Bands {
            red: [f64::NEG_INFINITY, 1.0],
            yellow: OPEN,
        };
        let during = |name: &str| Condition::During(name.to_owned());
        let full = Condition::State {
            channel: "mode".to_owned(),
            state: "full".to_owned(),
        };
        let expected = [
            (vec![during("umbra"), full], umbra),
            (vec![during("hot soak")], soak),
            (vec![during("contact:kiruna")], pass),
        ];
        assert_eq!(limits.contexts, expected);
    }

    #[test]
    fn wrong_contexts_are_refused() {
        for (text, why) in [
            ("umbra red 1..2", "no colon"),
            (": red 1..2", "without a name"),
            ("umbra: red", "without a range"),
            ("umbra: red 1-2", "without `..`"),
            ("umbra: red a..2", "no number"),
            ("umbra: red 3..2", "ends before"),
            ("umbra: blue 1..2", "neither red nor yellow"),
            ("", "needs a red or yellow limit"),
        ] {
            let error = limits(text).err().unwrap();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn a_state_is_that_of_the_time_that_is_asked_for() {
        let mut states = States {
            channel: 0,
            told: VecDeque::new(),
        };
        let second = |at: u64| BenchTime::from_millis(at * 1_000);
        for (at, state) in [(1, 0), (2, 0), (3, 1), (5, 0), (5, 2), (6, 2)] {
            states.hear(second(at), state);
        }
        let asked = [0, 1, 2, 3, 4, 5, 9].map(|at| states.at(second(at)));
        let told = [None, Some(0), Some(0), Some(1), Some(1), Some(2), Some(2)];
        assert_eq!(asked, told);
    }
}
