//! A module of an E4360A that plays a list of curves by itself (E4360 user's guide, pages 67 to 71):
//! it is armed when the list is uploaded, and starts with a trigger.
//!
//! The guide's bits of the operation register are those of the N6700 family: 16 while it waits for
//! a trigger, 64 while it is initiated.

use async_trait::async_trait;
use profiles::command::Command;
use profiles::physics::array_curve::ArrayPoints;
use profiles::time::Period;

use super::driver::{AMPS_DIGIT, Light, Simulator, VOLTS_DIGIT};
use crate::error::DeviceError;
use crate::player::{Player, Point, Room, reads_back};
use crate::solar_array_simulator::role::SolarArraySimulator;

/// Most curves of a list, and how long one may stay, s (page 67).
const MOST_CURVES: usize = 512;
const LONGEST: f64 = 33_554.0;
/// How long the last curve takes until the list is over; it stays.
const LAST_CURVE: f64 = 0.03;
/// How long a list may take longer than its curves, and how often it is asked whether it is over.
const GRACE: Period = Period::millis(1_000);
const LOOK: Period = Period::millis(20);

/// What a module does with its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    Waits,
    Plays,
}

impl Simulator {
    /// Tells a list, and reads it back.
    async fn list(&mut self, what: &str, values: &[f64], digit: f64) -> Result<(), DeviceError> {
        let text: Vec<String> = values.iter().map(|value| format!("{value:.4}")).collect();
        self.tell(&[&format!("LIST:{what} {}", text.join(","))])
            .await?;
        let question = self.settings(&[&format!("LIST:{what}?")]);
        let answer = self.session.ask(&question).await?;
        // Converters resolve a ten-thousandth of what they hold, or better.
        if reads_back(&answer, values, |told| digit + 1e-4 * told) {
            return Ok(());
        }
        let asked = format!("LIST:{what} with {} curves", values.len());
        Err(self.not_applied(asked, answer))
    }

    /// What the module does.
    async fn state(&mut self) -> Result<State, DeviceError> {
        let [condition] = self.ask([":STAT:OPER:COND?"]).await?;
        let bits = self.traits.dialect.operation();
        let has = |bit: u16| condition as u16 & bit != 0;
        Ok(if has(bits.waiting) {
            State::Waits
        } else if has(bits.running) {
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

    /// The curves of what is to be played: with light, and below what the simulator was armed with.
    fn curves(&self, points: &[Point]) -> Result<Vec<ArrayPoints>, DeviceError> {
        let curve = |point: &Point| {
            let asked = point.command.to_string();
            match &point.command {
                Command::Curve(curve) if curve.is_dark() => {
                    Err(self.refused(asked, "a list of curves has none without light"))
                }
                Command::Curve(curve) if self.beyond_ceiling(curve) => {
                    let text = "above the ceiling that the simulator was armed with";
                    Err(self.refused(asked, text))
                }
                Command::Curve(curve) => Ok(*curve),
                _ => Err(self.refused(asked, "a list of a solar-array simulator has curves")),
            }
        };
        points.iter().map(curve).collect()
    }
}

#[async_trait]
impl Player for Simulator {
    fn room(&self) -> Room {
        Room {
            points: MOST_CURVES,
            // It makes up to 30 curves a second.
            shortest: Period::millis(34),
            longest: Period::from_millis((LONGEST * 1e3) as u32).unwrap_or(GRACE),
            grid: Period::millis(1),
            // Five lists of 512 numbers behind a controller at 115,200 baud, and read back.
            ahead: Period::millis(8_000),
        }
    }

    async fn upload(&mut self, points: &[Point]) -> Result<(), DeviceError> {
        let curves = self.curves(points)?;
        let values = |value: fn(&ArrayPoints) -> f64| curves.iter().map(value).collect::<Vec<_>>();
        let dwell: Vec<f64> = points
            .iter()
            .map(|point| point.stays.map_or(LAST_CURVE, Period::as_secs_f64))
            .collect();
        self.tell(&["ABOR"]).await?;
        self.list("SAS:ISC", &values(|curve| curve.isc.0), AMPS_DIGIT)
            .await?;
        self.list("SAS:IMP", &values(|curve| curve.imp.0), AMPS_DIGIT)
            .await?;
        self.list("SAS:VOC", &values(|curve| curve.voc.0), VOLTS_DIGIT)
            .await?;
        self.list("SAS:VMP", &values(|curve| curve.vmp.0), VOLTS_DIGIT)
            .await?;
        self.list("DWEL", &dwell, 0.000_5).await?;
        self.tell(&["LIST:COUN 1", "STEP AUTO", "TERM:LAST 1"])
            .await?;
        self.tell(&["TRIG:TRAN:SOUR BUS", ":CURR:SAS:MODE LIST"])
            .await?;
        let setting = self.tell(&["INIT:TRAN"]).await?;
        // A trigger that comes before the module waits for it is ignored.
        if self.until(State::Waits).await? {
            return Ok(());
        }
        Err(self.not_applied(setting, "a module that waits for no trigger"))
    }

    async fn start(&mut self) -> Result<(), DeviceError> {
        let setting = self.tell(&["TRIG:TRAN"]).await?;
        if self.state().await? != State::Plays {
            return Err(self.not_applied(setting, "a module that plays no list"));
        }
        let was = self.curve.replace(Light::Lit);
        if self.on && was == Some(Light::Dark) {
            // Light again: what was told until now had switched it off.
            self.conduct(true).await?;
        }
        Ok(())
    }

    async fn follow(&mut self, last: Option<&Command>) -> Result<(), DeviceError> {
        let Some(Command::Curve(curve)) = last else {
            if self.state().await? == State::Plays {
                return Ok(());
            }
            return Err(self.not_applied("a list", "a module that plays none any more"));
        };
        if !self.until(State::Idle).await? {
            return Err(self.not_applied("the end of a list", "a module that still plays"));
        }
        // The last curve stays. It becomes the one that is told, before the list is left for it: so
        // nothing changes at the output, whatever the module made of it itself.
        self.program(curve).await?;
        self.tell(&["CURR:SAS:MODE FIX"]).await.map(drop)
    }
}
