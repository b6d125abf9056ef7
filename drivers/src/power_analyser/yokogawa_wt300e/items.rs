//! What a WT310E shows, item by item, and its integrator.

use super::words::Meaning;
use crate::plant::STEP;
use crate::scpi::responder::{Outcome, write_text};
use crate::scpi::status::code;

/// What an item of the list of values is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    Volts,
    Amps,
    Watts,
    VoltAmperes,
    Vars,
    Factor,
    Hertz,
    WattHours,
    AmpereHours,
    Seconds,
    None,
}

/// Their words.
pub(super) const ITEMS: [(&str, Item); 13] = [
    ("U", Item::Volts),
    ("I", Item::Amps),
    ("P", Item::Watts),
    ("S", Item::VoltAmperes),
    ("Q", Item::Vars),
    ("LAMBda", Item::Factor),
    ("FU", Item::Hertz),
    ("FI", Item::Hertz),
    ("WH", Item::WattHours),
    ("WHP", Item::WattHours),
    ("AH", Item::AmpereHours),
    ("TIME", Item::Seconds),
    ("NONE", Item::None),
];

/// The list of values after a preset.
pub(super) const PRESET: [Item; 10] = [
    Item::Volts,
    Item::Amps,
    Item::Watts,
    Item::VoltAmperes,
    Item::Vars,
    Item::Factor,
    Item::Hertz,
    Item::WattHours,
    Item::AmpereHours,
    Item::Seconds,
];

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Integrator {
    pub(super) state: State,
    pub(super) joules: f64,
    pub(super) coulombs: f64,
    pub(super) seconds: f64,
    /// After this many seconds it stops; 0 for never.
    pub(super) timer: f64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum State {
    #[default]
    Reset,
    Running,
    Stopped,
    TimeUp,
}

impl Integrator {
    /// One step of the plant has passed: the integrator is faster than the display.
    pub(super) fn step(&mut self, volts: f64, amps: f64) {
        if self.state != State::Running {
            return;
        }
        let seconds = STEP.as_secs_f64();
        self.joules += volts * amps * seconds;
        self.coulombs += amps * seconds;
        self.seconds += seconds;
        if self.timer > 0.0 && self.seconds >= self.timer - 1e-9 {
            self.state = State::TimeUp;
        }
    }

    /// Starts, stops and resets.
    ///
    /// # Errors
    /// The number of the error, if it is in no state for that.
    pub(super) fn carry_out(&mut self, word: Meaning) -> Outcome {
        match (word, self.state) {
            (Meaning::Start, State::Reset | State::Stopped) => self.state = State::Running,
            (Meaning::Stop, State::Running) => self.state = State::Stopped,
            (Meaning::IntegrationReset, State::Reset | State::Stopped | State::TimeUp) => {
                *self = Integrator {
                    timer: self.timer,
                    ..Integrator::default()
                };
            }
            // Started twice, stopped without being started, reset while running.
            _ => return Err(code::SETTINGS_CONFLICT),
        }
        Ok(())
    }
}

/// Writes a number as the analyser does, `28.000E+00`: an exponent that is a multiple of three,
/// and six digits; `NAN` where there is nothing to show.
pub(super) fn write_scientific(reply: &mut String, value: f64) {
    if value.is_nan() {
        reply.push_str("NAN");
        return;
    }
    let decade = if value == 0.0 {
        0
    } else {
        value.abs().log10().floor() as i32
    };
    let exponent = decade.div_euclid(3) * 3;
    let mantissa = value / 10_f64.powi(exponent);
    let digits = 5_usize.saturating_sub((decade - exponent).max(0) as usize);
    write_text(reply, format_args!("{mantissa:.digits$}E{exponent:+03}"));
}
