//! Roles to `in` and `out` commands: what a circulator is told and asked.

use async_trait::async_trait;
use profiles::channel::ChannelSpec;
use profiles::quantity::{Celsius, CelsiusPerMinute};
use profiles::reading::Reading;
use profiles::time::Period;

use super::REACH;
use crate::ascii::Line;
use crate::device::{Device, Identity};
use crate::error::{DeviceError, DeviceErrorKind};
use crate::model::DriverSetup;
use crate::thermal_chamber::options::{Held, deadline_of, safe_of};
use crate::thermal_chamber::role::{CelsiusRange, ThermalChamber};

/// Time to the next command after an `out` command.
const AFTER_SETTING: Period = Period::millis(260);
/// Time to the next command after an `in` command.
const AFTER_QUESTION: Period = Period::millis(12);
/// Temperatures are told and read back in hundredths.
const CLOSE: f64 = 0.006;

/// A circulator at the far end of a link.
pub(super) struct Circulator {
    line: Line,
    safe: Celsius,
    held: Held,
    /// The set point that was told and read back, while it is known to run.
    told: Option<f64>,
}

impl Circulator {
    pub(super) fn new(setup: DriverSetup) -> Circulator {
        let (safe, limit) = (safe_of(&setup.options), deadline_of(&setup.options, 1.0));
        Circulator {
            // A CF answers with a line feed at the end, others with both.
            line: Line::new(setup, limit, "\r").answers_end_with(b'\n'),
            safe,
            held: Held::new(REACH),
            told: None,
        }
    }

    async fn number(&mut self, question: &str) -> Result<f64, DeviceError> {
        let answer = self.line.ask(question, AFTER_QUESTION).await?;
        let number = answer.parse::<f64>().ok();
        let number = number.filter(|number| number.is_finite());
        number.ok_or_else(|| self.line.garbled(question, &answer))
    }

    /// Tells something, and asks what became of it.
    async fn tell(&mut self, order: &str) -> Result<(), DeviceError> {
        self.line.tell(order, AFTER_SETTING).await?;
        let status = self.line.ask("STATUS", AFTER_QUESTION).await?;
        match refusal(&status) {
            None => Ok(()),
            Some((code, text)) => Err(self.line.error(DeviceErrorKind::Refused {
                asked: order.to_owned(),
                code,
                text: text.to_owned(),
            })),
        }
    }

    /// Tells a parameter, and reads it back.
    async fn set(&mut self, parameter: &str, value: f64) -> Result<(), DeviceError> {
        let question = format!("IN_{parameter}");
        // What is there already is not told again: not everything can be told every model.
        if (self.number(&question).await? - value).abs() < CLOSE {
            return Ok(());
        }
        let decimals = if parameter.starts_with("MODE") { 0 } else { 2 };
        let order = format!("OUT_{parameter} {value:.decimals$}");
        self.tell(&order).await?;
        let read = self.number(&question).await?;
        if (read - value).abs() < CLOSE {
            return Ok(());
        }
        Err(self.line.not_applied(order, read.to_string()))
    }

    /// Makes the first of its three set points the one that counts.
    async fn use_first_set_point(&mut self) -> Result<(), DeviceError> {
        match self.set("MODE_01", 0.0).await {
            // Models with one set point answer nothing, and have that left in their status.
            Err(DeviceError {
                kind: DeviceErrorKind::Silent { .. },
                ..
            }) => self.line.ask("STATUS", AFTER_QUESTION).await.map(drop),
            set => set,
        }
    }
}

/// Code and words of a status that tells of an error: `-11 VALUE TOO LARGE`.
fn refusal(status: &str) -> Option<(i32, &str)> {
    let (code, text) = status.split_once(' ')?;
    let code = code.parse::<i32>().ok()?;
    (code < 0).then_some((code, text))
}

#[async_trait]
impl Device for Circulator {
    fn channels(&self) -> Vec<ChannelSpec> {
        vec![
            ChannelSpec::number("air", Celsius::UNIT),
            ChannelSpec::number("target", Celsius::UNIT),
        ]
    }

    async fn identify(&mut self) -> Result<Identity, DeviceError> {
        let version = self.line.ask("VERSION", AFTER_QUESTION).await?;
        let Some(rest) = version.strip_prefix("JULABO ") else {
            return Err(self.line.garbled("VERSION", &version));
        };
        let (model, firmware) = rest.split_once(" VERSION ").unwrap_or((rest, ""));
        Ok(Identity {
            maker: "JULABO".to_owned(),
            model: model.trim().to_owned(),
            serial: String::new(),
            firmware: firmware.trim().to_owned(),
        })
    }

    async fn measure(&mut self, readings: &mut Vec<Reading>) -> Result<(), DeviceError> {
        let bath = self.number("IN_PV_00").await?;
        let target = self.number("IN_SP_00").await?;
        readings.extend([Reading::number(0, bath), Reading::number(1, target)]);
        Ok(())
    }

    /// Stopped, then the set point left at room temperature, or as near to it as the limits
    /// allow; both are read back.
    async fn make_safe(&mut self) -> Result<(), DeviceError> {
        self.told = None;
        let stopped = self.set("MODE_05", 0.0).await;
        let safe = self.held.nearest(self.safe);
        self.set("SP_00", safe).await?;
        stopped
    }
}

#[async_trait]
impl ThermalChamber for Circulator {
    /// Arms the warnings of high and low temperature: beyond them it warns and takes no set point
    /// without telling so. Its protector against excess temperature is set with a screwdriver.
    async fn protect(&mut self, range: CelsiusRange) -> Result<(), DeviceError> {
        self.held
            .set(range)
            .map_err(|refused| self.line.error(refused))?;
        self.use_first_set_point().await?;
        self.set("SP_03", range.max.0).await?;
        self.set("SP_04", range.min.0).await
    }

    /// The set point is told without a rate; `slew` is left to the bath.
    async fn program(
        &mut self,
        target: Celsius,
        _slew: Option<CelsiusPerMinute>,
    ) -> Result<(), DeviceError> {
        let allowed = self.held.check(target);
        allowed.map_err(|refused| self.line.error(refused))?;
        let celsius = (target.0 * 100.0).round() / 100.0;
        if self.told.is_some_and(|told| (told - celsius).abs() < CLOSE) {
            return Ok(());
        }
        self.told = None;
        self.set("SP_00", celsius).await?;
        self.set("MODE_05", 1.0).await?;
        self.told = Some(celsius);
        Ok(())
    }
}
