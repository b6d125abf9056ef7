//! Lists of curves that the simulator walks through by itself (E4360 user's guide, page 69).

use profiles::physics::array_curve::ArrayPoints;
use profiles::quantity::{Amperes, Volts};
use profiles::time::BenchTime;

use crate::scpi::message::{Domain, Param};
use crate::scpi::responder::{Call, Outcome, write_nr3, write_text};
use crate::scpi::status::code;

use super::Traits;
use super::words::{Level, ListWord, Meaning};

/// Most curves of a list.
const MOST_STEPS: usize = 512;
/// How long a curve stays, s: longest, and when nobody says.
const DWELL: (f64, f64) = (33_554.0, 0.03);

/// Four lists of points, how long each stays, and where the list is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct List {
    /// Isc, Imp, Voc, Vmp.
    values: [Vec<f64>; 4],
    dwell: Vec<f64>,
    /// Whether the list makes the curve, and not the four points.
    pub(super) chosen: bool,
    /// Whether a step ends with its time, or with a trigger.
    timed: bool,
    count: f64,
    /// Whether the last curve stays when the list is over.
    last: bool,
    state: State,
}

#[derive(Clone, Debug, PartialEq)]
enum State {
    Idle,
    /// Armed: begins with a trigger.
    Waiting,
    Running {
        step: usize,
        /// Walks that are left after this one.
        left: u32,
        until: BenchTime,
    },
    /// Over, and the last curve stays.
    Held,
}

impl Default for List {
    fn default() -> List {
        List {
            values: Default::default(),
            dwell: vec![DWELL.1],
            chosen: false,
            timed: true,
            count: 1.0,
            last: false,
            state: State::Idle,
        }
    }
}

impl List {
    pub(super) fn carry_out(
        &mut self,
        word: ListWord,
        call: &Call<'_, Meaning>,
        traits: &Traits,
        reply: &mut String,
    ) -> Outcome {
        match word {
            ListWord::Isc => values(&mut self.values[0], call, &traits.domain(Level::Isc), reply),
            ListWord::Imp => values(&mut self.values[1], call, &traits.domain(Level::Imp), reply),
            ListWord::Voc => values(&mut self.values[2], call, &traits.domain(Level::Voc), reply),
            ListWord::Vmp => values(&mut self.values[3], call, &traits.domain(Level::Vmp), reply),
            ListWord::Dwell => {
                let domain = Domain {
                    unit: "S",
                    min: 0.0,
                    max: DWELL.0,
                    default: DWELL.1,
                };
                values(&mut self.dwell, call, &domain, reply)
            }
            ListWord::Points => {
                call.none()?;
                write_text(reply, format_args!("{}", self.dwell.len()));
                Ok(())
            }
            ListWord::Step if call.query => {
                reply.push_str(if self.timed { "AUTO" } else { "ONCE" });
                call.none()
            }
            ListWord::Step => {
                self.timed = call.only()?.choice(&["AUTO", "ONCE"])? == 0;
                Ok(())
            }
            ListWord::Count if call.query => {
                write_nr3(reply, self.count);
                call.none()
            }
            ListWord::Count => {
                self.count = count(call.only()?)?;
                Ok(())
            }
            ListWord::Last if call.query => {
                write_text(reply, format_args!("{}", u8::from(self.last)));
                call.none()
            }
            ListWord::Last => {
                self.last = call.only()?.boolean()?;
                Ok(())
            }
        }
    }

    /// Arms the list: all of it must fit, and each of its curves must be one.
    ///
    /// # Errors
    /// The number of the error.
    pub(super) fn arm(&mut self, traits: &Traits) -> Outcome {
        if !self.chosen {
            return Ok(());
        }
        let steps = self.steps();
        let fits = |list: &Vec<f64>| list.len() == steps || list.len() == 1;
        if steps == 0 || !self.values.iter().chain([&self.dwell]).all(fits) {
            return Err(code::LISTS_DIFFER);
        }
        for step in 0..steps {
            traits.check(&self.at(step))?;
        }
        self.state = State::Waiting;
        Ok(())
    }

    pub(super) fn abort(&mut self) {
        self.state = State::Idle;
    }

    /// A trigger: begins a list that waits, and moves on one that is not timed.
    pub(super) fn trigger(&mut self, at: BenchTime) {
        match self.state {
            State::Waiting => {
                let left = (self.count - 1.0).clamp(0.0, f64::from(u32::MAX)) as u32;
                self.go(0, left, at);
            }
            State::Running { step, left, .. } if !self.timed => self.next(step, left, at),
            _ => {}
        }
    }

    /// When the curve changes by itself.
    pub(super) fn next_action(&self) -> BenchTime {
        match self.state {
            State::Running { until, .. } => until,
            _ => BenchTime::MAX,
        }
    }

    /// Changes the curve whose time is over.
    pub(super) fn act(&mut self, at: BenchTime) {
        while let State::Running { step, left, until } = self.state
            && until <= at
        {
            self.next(step, left, until);
        }
    }

    /// The curve that the list makes now.
    pub(super) fn now(&self) -> Option<ArrayPoints> {
        match self.state {
            State::Running { step, .. } if self.chosen => Some(self.at(step)),
            State::Held if self.chosen => Some(self.at(self.steps().saturating_sub(1))),
            _ => None,
        }
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.state == State::Waiting
    }

    pub(super) fn is_running(&self) -> bool {
        matches!(self.state, State::Running { .. })
    }

    fn steps(&self) -> usize {
        self.values.iter().map(Vec::len).max().unwrap_or(0)
    }

    fn at(&self, step: usize) -> ArrayPoints {
        let value = |list: &Vec<f64>| list.get(step).or(list.first()).copied().unwrap_or(0.0);
        let [isc, imp, voc, vmp] = &self.values;
        ArrayPoints {
            isc: Amperes(value(isc)),
            imp: Amperes(value(imp)),
            voc: Volts(value(voc)),
            vmp: Volts(value(vmp)),
        }
    }

    fn go(&mut self, step: usize, left: u32, at: BenchTime) {
        let dwell = self.dwell.get(step).or(self.dwell.first());
        // A step takes a microsecond at least, so that every list ends.
        let micros = (dwell.copied().unwrap_or(DWELL.1) * 1e6).max(1.0) as u64;
        let until = if self.timed {
            at.plus_micros(micros)
        } else {
            BenchTime::MAX
        };
        self.state = State::Running { step, left, until };
    }

    fn next(&mut self, step: usize, left: u32, at: BenchTime) {
        if step + 1 < self.steps() {
            self.go(step + 1, left, at);
        } else if left > 0 {
            self.go(0, left - 1, at);
        } else {
            self.state = if self.last { State::Held } else { State::Idle };
        }
    }
}

/// Sets or tells a list. A new one takes the place of the old one.
fn values(
    list: &mut Vec<f64>,
    call: &Call<'_, Meaning>,
    domain: &Domain,
    reply: &mut String,
) -> Outcome {
    if call.query {
        call.none()?;
        for (index, value) in list.iter().enumerate() {
            if index > 0 {
                reply.push(',');
            }
            write_nr3(reply, *value);
        }
        if list.is_empty() {
            write_nr3(reply, 0.0);
        }
        return Ok(());
    }
    if call.params.is_empty() {
        return Err(code::MISSING_PARAMETER);
    }
    if call.params.len() > MOST_STEPS {
        return Err(code::TOO_MUCH_DATA);
    }
    let values = call.params.iter().map(|param| param.number(domain));
    *list = values.collect::<Result<Vec<f64>, i16>>()?;
    Ok(())
}

/// How often a list is walked: 1 to 256 times, or without end.
fn count(param: &Param<'_>) -> Result<f64, i16> {
    const ENDLESS: f64 = 9.9e37;
    if let Param::Word(word) = param
        && crate::scpi::header::is_mnemonic("INFinity", word)
    {
        return Ok(ENDLESS);
    }
    let domain = Domain {
        unit: "",
        min: 1.0,
        max: ENDLESS,
        default: 1.0,
    };
    Ok(param.number(&domain)?.round())
}
