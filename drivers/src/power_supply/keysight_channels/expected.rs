//! What an output must show while its list plays, for a supply whose registers do not tell: the
//! E36300 series programming guide (E36311-90008) knows the questionable and the standard event
//! register only, and none that says what its trigger system does.
//!
//! From the trigger on, the driver's clock says which step is due, and the output is measured: in
//! constant voltage it must be at the step's volts, in constant current at its amperes. An output that
//! is off shows nothing: of its list only the end is read back.

use profiles::time::{BenchTime, Period};

use super::driver::Supply;
use super::play::{GRACE, LOOK, NEAR};
use crate::error::DeviceError;
use crate::power_supply::heard::Mode;

/// How near a level must be measured, as a share of it and beside it, V or A: what the supply is
/// specified to set and to measure (data sheet of the E36300 series), and a little for noise.
const SHARE: f64 = 0.002;
const BESIDE: f64 = 0.03;
/// How far the supply's clock may go wrong in a list, as a share of its time, inverted.
const DRIFT: u64 = 5_000;
/// How much earlier than the driver's clock has it a step may begin.
const EARLY_US: u64 = 50_000;

/// The steps of a list, and when it was started.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    /// Volts, amperes, and when the step begins, µs after the start.
    steps: Vec<([f64; 2], u64)>,
    started: Option<BenchTime>,
}

impl Expected {
    pub(super) fn new(volts: &[f64], amps: &[f64], dwell: &[f64]) -> Expected {
        let mut begins = 0;
        let steps = volts.iter().zip(amps).zip(dwell);
        let steps = steps.map(|((&volts, &amps), &dwell)| {
            let step = ([volts, amps], begins);
            begins += (dwell * 1e6).round() as u64;
            step
        });
        Expected {
            steps: steps.collect(),
            started: None,
        }
    }

    /// How long is waited for what a step must show.
    fn grace(&self, at: BenchTime) -> Period {
        let elapsed = self.started.map_or(0, |started| at.micros_since(started));
        let millis = GRACE.as_micros() / 1_000 + elapsed / DRIFT / 1_000;
        Period::from_millis(u32::try_from(millis).unwrap_or(u32::MAX)).unwrap_or(GRACE)
    }

    /// The levels of which one is in force between two times, by the driver's clock.
    fn due(&self, from: BenchTime, to: BenchTime) -> &[([f64; 2], u64)] {
        let Some(started) = self.started else {
            return &[];
        };
        let step = |micros: u64| {
            let after = self.steps.partition_point(|(_, begins)| *begins <= micros);
            after.saturating_sub(1)
        };
        let first = step(from.micros_since(started));
        let last = step(to.micros_since(started) + EARLY_US);
        self.steps.get(first..=last).unwrap_or_default()
    }
}

/// Whether what is measured is one of these levels.
fn is_one_of(due: &[([f64; 2], u64)], volts: f64, amps: f64, mode: Mode) -> bool {
    let near = |read: f64, level: f64| (read - level).abs() <= SHARE * level.abs() + BESIDE;
    due.iter().any(|([v, a], _)| match mode {
        Mode::ConstantVoltage => near(volts, *v),
        Mode::ConstantCurrent => near(amps, *a),
        _ => false,
    })
}

impl Supply {
    /// The trigger was told: the list's first level must show.
    pub(super) async fn begin(&mut self) -> Result<(), DeviceError> {
        let now = self.clock.now();
        if let Some(expected) = &mut self.expected {
            expected.started = Some(now);
        }
        self.shows().await
    }

    /// Waits a moment for the level of the step that is due.
    pub(super) async fn shows(&mut self) -> Result<(), DeviceError> {
        let from = self.clock.now();
        let Some(expected) = self.expected.clone().filter(|list| list.started.is_some()) else {
            return Err(self.not_applied("a list", "a channel that plays none any more"));
        };
        let deadline = from + expected.grace(from);
        loop {
            let channel = self.channel;
            let (on, mode) = self.mode().await?;
            let question = format!("MEAS:VOLT? (@{channel});CURR? (@{channel})");
            let [volts, amps] = self.session.ask_numbers(&question).await?;
            let now = self.clock.now();
            if !on && mode == Mode::Off {
                return Ok(());
            }
            let due = expected.due(from, now);
            if is_one_of(due, volts, amps, mode) {
                return Ok(());
            }
            if now >= deadline {
                let [v, a] = due.last().map_or([0.0; 2], |(levels, _)| *levels);
                let asked = format!("a list that is at {v:.3} V, at most {a:.3} A, by now");
                let got = format!("{volts:.3} V, {amps:.3} A, {mode:?}");
                return Err(self.not_applied(asked, got));
            }
            self.clock.sleep_until(now + LOOK).await;
        }
    }

    /// Waits a moment until the list is over: its last set point then is the one that is set.
    pub(super) async fn ends(&mut self, volts: f64, amps: f64) -> Result<(), DeviceError> {
        let Some(expected) = self.expected.take() else {
            return Err(self.not_applied("a list", "a channel that plays none any more"));
        };
        let from = self.clock.now();
        let deadline = from + expected.grace(from);
        let channel = self.channel;
        loop {
            let question = format!("VOLT? (@{channel});:CURR? (@{channel})");
            let [v, a] = self.session.ask_numbers(&question).await?;
            if (v - volts).abs() <= NEAR && (a - amps).abs() <= NEAR {
                return Ok(());
            }
            let now = self.clock.now();
            if now >= deadline {
                let asked = format!("a list that ends at {volts:.3} V, at most {amps:.3} A");
                let got = format!("{v:.3} V, at most {a:.3} A");
                self.expected = Some(expected);
                return Err(self.not_applied(asked, got));
            }
            self.clock.sleep_until(now + LOOK).await;
        }
    }
}
