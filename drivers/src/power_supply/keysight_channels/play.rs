//! A channel that plays a list of set points by itself (N6705C operating and service guide, pages
//! 111 to 117, 297 and 350; E36300 series programming guide, E36311-90008): it is armed when the list
//! is uploaded, and starts with a trigger. A channel of an N6705B says in a register whether it plays;
//! what one of an E36312A does is seen at its output ([`super::expected`]).

use async_trait::async_trait;
use profiles::command::Command;
use profiles::time::Period;

use super::driver::Supply;
use super::expected::Expected;
use super::{Kind, operation};
use crate::error::{DeviceError, DeviceErrorKind};
use crate::player::{Player, Point, Room, reads_back};
use crate::power_supply::heard;

/// How long the last step of a list takes until it is over, s, or the least that a make takes; its
/// level stays.
const LAST_STEP: f64 = 0.001;
/// How long a list may take longer than its steps, and how often it is asked whether it is over.
pub(super) const GRACE: Period = Period::millis(1_000);
pub(super) const LOOK: Period = Period::millis(20);
/// The shortest step whose level can be measured while it lasts.
const SEEN: Period = Period::millis(200);

/// How near a level must be read back, V or A: a module rounds what it is told to steps of its own.
pub(super) const NEAR: f64 = 0.01;

/// What a channel does with its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    Waits,
    Plays,
}

impl Supply {
    /// Tells a list of the channel, and reads it back.
    async fn list(&mut self, what: &str, values: &[f64], near: f64) -> Result<(), DeviceError> {
        let channel = self.channel;
        let text: Vec<String> = values.iter().map(|value| format!("{value:.4}")).collect();
        let setting = format!("LIST:{what} {},(@{channel})", text.join(","));
        self.session.tell(&setting).await?;
        let question = format!("LIST:{what}? (@{channel})");
        let answer = self.session.ask(&question).await?;
        if reads_back(&answer, values, |_| near) {
            return Ok(());
        }
        let asked = format!("LIST:{what} with {} steps", values.len());
        Err(self.not_applied(asked, answer))
    }

    /// What the channel does.
    async fn state(&mut self) -> Result<State, DeviceError> {
        let question = format!("STAT:OPER:COND? (@{})", self.channel);
        let [condition] = self.session.ask_numbers(&question).await?;
        let has = |bit: u16| condition as u16 & bit != 0;
        Ok(if has(operation::WAITING) {
            State::Waits
        } else if has(operation::INITIATED) {
            State::Plays
        } else {
            State::Idle
        })
    }

    /// Waits a moment for a state; `false` if it does not come.
    async fn until(&mut self, state: State) -> Result<bool, DeviceError> {
        let deadline = self.clock.now() + GRACE;
        loop {
            if self.state().await? == state {
                return Ok(true);
            }
            let now = self.clock.now();
            if now >= deadline {
                return Ok(false);
            }
            self.clock.sleep_until(now + LOOK).await;
        }
    }

    /// Volts and amperes of what is to be played, below what the supply was armed with.
    fn levels(&self, points: &[Point]) -> Result<[Vec<f64>; 2], DeviceError> {
        let (mut volts, mut amps) = (Vec::new(), Vec::new());
        for point in points {
            let asked = point.command.to_string();
            let Command::Supply { volts: v, limit } = point.command else {
                let (code, text) = (0, "a list of a supply has volts and amperes".to_owned());
                let kind = DeviceErrorKind::Refused { asked, code, text };
                return Err(self.session.error(kind));
            };
            heard::below(self.ceiling, &asked, Some(v), limit)
                .map_err(|kind| self.session.error(kind))?;
            volts.push(v.0);
            amps.push(limit.0);
        }
        Ok([volts, amps])
    }
}

#[async_trait]
impl Player for Supply {
    fn room(&self) -> Room {
        let longest = (self.traits.dwell[1] * 1e3) as u32;
        Room {
            points: self.traits.steps,
            shortest: match self.traits.kind {
                Kind::Modular => Period::millis(1),
                Kind::Bench => SEEN,
            },
            longest: Period::from_millis(longest).unwrap_or(Period::millis(1)),
            // The coarsest step of dwell times.
            grid: Period::millis(1),
            ahead: Period::millis(2_000),
        }
    }

    async fn upload(&mut self, points: &[Point]) -> Result<(), DeviceError> {
        let [volts, amps] = self.levels(points)?;
        let least = LAST_STEP.max(self.traits.dwell[0]);
        let dwell: Vec<f64> = points
            .iter()
            .map(|point| point.stays.map_or(least, Period::as_secs_f64))
            .collect();
        let channel = self.channel;
        self.expected = None;
        self.session.tell(&format!("ABOR (@{channel})")).await?;
        self.list("VOLT", &volts, NEAR).await?;
        self.list("CURR", &amps, NEAR).await?;
        self.list("DWEL", &dwell, LAST_STEP / 2.0).await?;
        self.session
            .tell(&format!(
                "LIST:COUN 1,(@{channel});STEP AUTO,(@{channel});TERM:LAST 1,(@{channel})"
            ))
            .await?;
        self.session
            .tell(&format!(
                "TRIG:SOUR BUS,(@{channel});:VOLT:MODE LIST,(@{channel});:CURR:MODE LIST,(@{channel})"
            ))
            .await?;
        let setting = format!("INIT:TRAN (@{channel})");
        self.session.tell(&setting).await?;
        if self.traits.kind == Kind::Bench {
            // Whether it waits is seen when it is triggered.
            self.expected = Some(Expected::new(&volts, &amps, &dwell));
            return Ok(());
        }
        // A trigger that comes before the channel waits for it is ignored.
        if self.until(State::Waits).await? {
            return Ok(());
        }
        Err(self.not_applied(setting, "a channel that waits for no trigger"))
    }

    async fn start(&mut self) -> Result<(), DeviceError> {
        let setting = format!("TRIG:TRAN (@{})", self.channel);
        self.session.tell(&setting).await?;
        if self.traits.kind == Kind::Bench {
            return self.begin().await;
        }
        if self.state().await? == State::Plays {
            return Ok(());
        }
        Err(self.not_applied(setting, "a channel that plays no list"))
    }

    async fn follow(&mut self, last: Option<&Command>) -> Result<(), DeviceError> {
        let channel = self.channel;
        let Some(Command::Supply { volts, limit }) = last else {
            if self.traits.kind == Kind::Bench {
                return self.shows().await;
            }
            if self.state().await? == State::Plays {
                return Ok(());
            }
            return Err(self.not_applied("a list", "a channel that plays none any more"));
        };
        if self.traits.kind == Kind::Bench {
            self.ends(volts.0, limit.0).await?;
        } else if !self.until(State::Idle).await? {
            return Err(self.not_applied("the end of a list", "a channel that still plays"));
        }
        // As after a set point that was told.
        self.session
            .tell(&format!(
                "VOLT:MODE FIX,(@{channel});:CURR:MODE FIX,(@{channel})"
            ))
            .await?;
        let question = format!("VOLT? (@{channel});:CURR? (@{channel})");
        let [v, a] = self.session.ask_numbers(&question).await?;
        if (v - volts.0).abs() <= NEAR && (a - limit.0).abs() <= NEAR {
            return Ok(());
        }
        let asked = format!("a list that ends at {volts:.3}, at most {limit:.3}");
        Err(self.not_applied(asked, format!("{v:.3} V, at most {a:.3} A")))
    }
}
