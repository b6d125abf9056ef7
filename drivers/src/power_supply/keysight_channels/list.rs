//! Lists of set points that an output plays by itself, and single steps (N6705C guide, pages 111
//! to 117 and 297).

use profiles::time::BenchTime;

use super::words::{ListWord, Meaning};
use super::{ChannelTraits, Traits};
use crate::scpi::header::is_mnemonic;
use crate::scpi::message::{Domain, Param};
use crate::scpi::responder::{Call, Outcome, write_nr3, write_text};
use crate::scpi::setting::boolean;
use crate::scpi::status::code;

/// How long a step takes when nobody says, s.
const DWELL: f64 = 0.001;
/// What is answered for a list that never ends.
const ENDLESS: f64 = 9.9e37;
/// A step takes a microsecond at least, so that every list ends.
const SHORTEST_US: f64 = 1.0;

/// Volts, amperes and dwells of a list, and where it is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct List {
    volts: Vec<f64>,
    amps: Vec<f64>,
    dwell: Vec<f64>,
    /// Triggers at the begin and the end of each step, which lead nowhere here.
    outputs: [Vec<f64>; 2],
    count: f64,
    /// Whether a step ends with its time, or with a trigger.
    timed: bool,
    /// Whether the last step stays when the list is over.
    pub(super) last: bool,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Idle,
    Running {
        step: usize,
        /// Walks that are left after this one.
        left: f64,
        until: BenchTime,
    },
}

/// What became of a list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Play {
    /// Volts and amperes of the step.
    Step([f64; 2]),
    /// It is over; with what it ends, if that is to stay.
    Over(Option<[f64; 2]>),
}

impl List {
    /// One step, at no volts.
    pub(super) fn new(amps: f64) -> List {
        List {
            volts: vec![0.0],
            amps: vec![amps],
            dwell: vec![DWELL],
            outputs: [vec![0.0], vec![0.0]],
            count: 1.0,
            timed: true,
            last: false,
            state: State::Idle,
        }
    }

    pub(super) fn carry_out(
        &mut self,
        word: ListWord,
        call: &Call<'_, Meaning>,
        (traits, channel): (&Traits, &ChannelTraits),
        reply: &mut String,
    ) -> Outcome {
        if !call.query && self.is_running() {
            return Err(code::SETTINGS_CONFLICT);
        }
        let domain = |unit, [min, max]: [f64; 2]| Domain {
            unit,
            min,
            max,
            default: min,
        };
        let steps = traits.steps;
        match word {
            ListWord::Volts => {
                let domain = domain("V", [0.0, channel.max_volts]);
                values(&mut self.volts, steps, &domain, call, reply)
            }
            ListWord::Amps => {
                let domain = domain("A", [0.0, channel.max_amps]);
                values(&mut self.amps, steps, &domain, call, reply)
            }
            ListWord::Dwell => {
                let domain = domain("S", traits.dwell);
                values(&mut self.dwell, steps, &domain, call, reply)
            }
            ListWord::Begin => flags(&mut self.outputs[0], steps, call, reply),
            ListWord::End => flags(&mut self.outputs[1], steps, call, reply),
            ListWord::VoltsPoints => points(&self.volts, call, reply),
            ListWord::AmpsPoints => points(&self.amps, call, reply),
            ListWord::DwellPoints => points(&self.dwell, call, reply),
            ListWord::Count if call.query => {
                write_nr3(reply, self.count);
                call.none()
            }
            ListWord::Count => {
                self.count = count(call.only()?)?;
                Ok(())
            }
            ListWord::Step if call.query => {
                reply.push_str(if self.timed { "AUTO" } else { "ONCE" });
                call.none()
            }
            ListWord::Step => {
                self.timed = call.only()?.choice(&["ONCE", "AUTO"])? == 1;
                Ok(())
            }
            ListWord::Last => boolean(&mut self.last, call, reply),
        }
    }

    /// Whether lists that belong together are of one length, or of one step.
    ///
    /// # Errors
    /// The number of the error.
    pub(super) fn check(&self) -> Outcome {
        let steps = self.steps();
        let lists = [&self.volts, &self.amps, &self.dwell];
        let fits = |list: &&Vec<f64>| list.len() == steps || list.len() == 1;
        if lists.iter().all(fits) {
            Ok(())
        } else {
            Err(code::LISTS_DIFFER)
        }
    }

    /// Begins at its first step.
    pub(super) fn start(&mut self, at: BenchTime) {
        self.go(0, self.count - 1.0, at);
    }

    /// A trigger for a list whose steps wait for one.
    pub(super) fn advance(&mut self, at: BenchTime) -> Option<Play> {
        match self.state {
            State::Running { step, left, .. } if !self.timed => Some(self.next(step, left, at)),
            _ => None,
        }
    }

    pub(super) fn abort(&mut self) {
        self.state = State::Idle;
    }

    pub(super) fn is_running(&self) -> bool {
        self.state != State::Idle
    }

    /// When the next step begins by itself.
    pub(super) fn next_action(&self) -> BenchTime {
        match self.state {
            State::Running { until, .. } => until,
            State::Idle => BenchTime::MAX,
        }
    }

    /// Where the list is at `at`; `None` if it does not play.
    pub(super) fn play(&mut self, at: BenchTime) -> Option<Play> {
        let mut played = None;
        while let State::Running { step, left, until } = self.state {
            played = Some(Play::Step(self.levels(step)));
            if until > at {
                break;
            }
            played = Some(self.next(step, left, until));
        }
        played
    }

    fn next(&mut self, step: usize, left: f64, at: BenchTime) -> Play {
        if step + 1 < self.steps() {
            self.go(step + 1, left, at);
        } else if left >= 1.0 {
            self.go(0, left - 1.0, at);
        } else {
            self.state = State::Idle;
            return Play::Over(self.last.then(|| self.levels(step)));
        }
        match self.state {
            State::Running { step, .. } => Play::Step(self.levels(step)),
            State::Idle => Play::Over(None),
        }
    }

    fn go(&mut self, step: usize, left: f64, at: BenchTime) {
        let micros = (nth(&self.dwell, step) * 1e6).max(SHORTEST_US) as u64;
        let until = if self.timed {
            at.plus_micros(micros)
        } else {
            BenchTime::MAX
        };
        self.state = State::Running { step, left, until };
    }

    fn levels(&self, step: usize) -> [f64; 2] {
        [nth(&self.volts, step), nth(&self.amps, step)]
    }

    fn steps(&self) -> usize {
        let lists = [&self.volts, &self.amps, &self.dwell];
        lists.map(Vec::len).into_iter().max().unwrap_or(1)
    }
}

/// A list of one step is as long as the longest.
fn nth(list: &[f64], step: usize) -> f64 {
    list.get(step).or(list.first()).copied().unwrap_or(0.0)
}

fn points(list: &[f64], call: &Call<'_, Meaning>, reply: &mut String) -> Outcome {
    write_text(reply, format_args!("{}", list.len()));
    call.none()
}

/// Sets or tells a list. A new one takes the place of the old one.
fn values(
    list: &mut Vec<f64>,
    most: usize,
    domain: &Domain,
    call: &Call<'_, Meaning>,
    reply: &mut String,
) -> Outcome {
    if call.query {
        for (index, value) in list.iter().enumerate() {
            if index > 0 {
                reply.push(',');
            }
            write_nr3(reply, *value);
        }
        return call.none();
    }
    *list = read(call, most, |param| param.number(domain))?;
    Ok(())
}

fn flags(
    list: &mut Vec<f64>,
    most: usize,
    call: &Call<'_, Meaning>,
    reply: &mut String,
) -> Outcome {
    if call.query {
        let flags = list.iter().map(|flag| if *flag > 0.0 { "1" } else { "0" });
        reply.push_str(&flags.collect::<Vec<_>>().join(","));
        return call.none();
    }
    *list = read(call, most, |param| {
        param.boolean().map(|flag| f64::from(u8::from(flag)))
    })?;
    Ok(())
}

fn read(
    call: &Call<'_, Meaning>,
    most: usize,
    value: impl Fn(&Param<'_>) -> Result<f64, i16>,
) -> Result<Vec<f64>, i16> {
    match call.params {
        [] => Err(code::MISSING_PARAMETER),
        params if params.len() > most => Err(code::TOO_MUCH_DATA),
        params => params.iter().map(value).collect(),
    }
}

/// How often a list is walked: 1 to 256 times, or without end.
fn count(param: &Param<'_>) -> Result<f64, i16> {
    if let Param::Word(word) = param
        && is_mnemonic("INFinity", word)
    {
        return Ok(ENDLESS);
    }
    let domain = Domain {
        unit: "",
        min: 1.0,
        max: 256.0,
        default: 1.0,
    };
    Ok(param.number(&domain)?.round())
}
