//! Roles to mnemonics: what a Thermotron is told and asked. Its limits are set at its panel alone,
//! so the wiring's are held here.

use async_trait::async_trait;
use profiles::channel::ChannelSpec;
use profiles::quantity::{Celsius, CelsiusPerMinute};
use profiles::reading::Reading;
use profiles::time::Period;

use super::{Dialect, REACH, mode};
use crate::ascii::Line;
use crate::device::{Device, Identity};
use crate::error::{DeviceError, DeviceErrorKind};
use crate::model::DriverSetup;
use crate::thermal_chamber::options::{Held, deadline_of, safe_of};
use crate::thermal_chamber::role::{CelsiusRange, ThermalChamber};

/// What a 3800 needs after it was told something; more than a second, says who uses one.
const AFTER_SETTING: Period = Period::millis(1_100);
/// What it needs after a question.
const AFTER_QUESTION: Period = Period::millis(20);

/// A chamber at the far end of a link.
pub(super) struct Chamber {
    line: Line,
    dialect: Dialect,
    safe: Celsius,
    held: Held,
    /// The set point that was told and read back, while the chamber is known to run.
    told: Option<f64>,
}

impl Chamber {
    pub(super) fn new(setup: DriverSetup) -> Chamber {
        let options = &setup.options;
        let (dialect, safe) = (Dialect::of(options), safe_of(options));
        let limit = deadline_of(options, 1.0);
        Chamber {
            line: Line::new(setup, limit, "\r\n"),
            dialect,
            safe,
            held: Held::new(REACH),
            told: None,
        }
    }

    async fn number(&mut self, question: &str) -> Result<f64, DeviceError> {
        let answer = self.line.ask(question, AFTER_QUESTION).await?;
        let number = answer.trim().parse::<f64>().ok();
        let number = number.filter(|number| number.is_finite());
        number.ok_or_else(|| self.line.garbled(question, &answer))
    }

    async fn mode(&mut self) -> Result<u16, DeviceError> {
        Ok(self.number("MODE?").await? as u16)
    }

    /// Tells something. Only what came later says whether it is done; a 3800 is asked for what
    /// shows it.
    async fn tell(&mut self, order: &str) -> Result<(), DeviceError> {
        if self.dialect == Dialect::Old {
            return self.line.tell(order, AFTER_SETTING).await;
        }
        let answer = self.line.ask(order, AFTER_QUESTION).await?;
        match answer.parse::<i32>() {
            Ok(0) => Ok(()),
            Ok(code) => Err(self.line.error(DeviceErrorKind::Refused {
                asked: order.to_owned(),
                code,
                text: "the controller does not take it".to_owned(),
            })),
            Err(_) => Err(self.line.garbled(order, &answer)),
        }
    }

    /// Tells what changes the mode, and asks whether it did.
    async fn enter(&mut self, order: &str, wished: u16) -> Result<(), DeviceError> {
        self.tell(order).await?;
        let read = self.mode().await?;
        if read == wished {
            return Ok(());
        }
        Err(self.line.not_applied(order, format!("mode {read}")))
    }

    /// Runs at a set point. It counts only when it is told to run, and reads back only then.
    async fn run_at(&mut self, celsius: f64) -> Result<(), DeviceError> {
        self.told = None;
        let order = format!("SETP1,{celsius:.1}");
        self.tell(&order).await?;
        self.enter("RUNM", mode::MANUAL).await?;
        let read = self.number("SETP1?").await?;
        if (read - celsius).abs() < 0.06 {
            self.told = Some(celsius);
            return Ok(());
        }
        Err(self.line.not_applied(order, format!("{read} °C")))
    }
}

#[async_trait]
impl Device for Chamber {
    fn channels(&self) -> Vec<ChannelSpec> {
        vec![
            ChannelSpec::number("air", Celsius::UNIT),
            ChannelSpec::number("target", Celsius::UNIT),
        ]
    }

    async fn identify(&mut self) -> Result<Identity, DeviceError> {
        let model = self.line.ask("IDEN?", AFTER_QUESTION).await?;
        Ok(Identity {
            maker: "Thermotron".to_owned(),
            model: model.replace("THERMOTRON ", ""),
            serial: String::new(),
            firmware: String::new(),
        })
    }

    async fn measure(&mut self, readings: &mut Vec<Reading>) -> Result<(), DeviceError> {
        let air = self.number("PVAR1?").await?;
        let target = self.number("SETP1?").await?;
        readings.extend([Reading::number(0, air), Reading::number(1, target)]);
        Ok(())
    }

    /// Stopped, read back. The set point is left at room temperature, or as near to it as the
    /// limits allow, which takes a moment of running.
    async fn make_safe(&mut self) -> Result<(), DeviceError> {
        self.told = None;
        if self.mode().await? != mode::STOP {
            self.enter("STOP", mode::STOP).await?;
        }
        let safe = self.held.nearest(self.safe);
        if (self.number("SETP1?").await? - safe).abs() < 0.06 {
            return Ok(());
        }
        let set = self.run_at(safe).await;
        self.told = None;
        self.enter("STOP", mode::STOP).await?;
        set
    }
}

#[async_trait]
impl ThermalChamber for Chamber {
    async fn protect(&mut self, range: CelsiusRange) -> Result<(), DeviceError> {
        self.held
            .set(range)
            .map_err(|refused| self.line.error(refused))
    }

    /// The manual set point is told without a rate; `slew` is left to the chamber.
    async fn program(
        &mut self,
        target: Celsius,
        _slew: Option<CelsiusPerMinute>,
    ) -> Result<(), DeviceError> {
        let allowed = self.held.check(target);
        allowed.map_err(|refused| self.line.error(refused))?;
        let celsius = (target.0 * 10.0).round() / 10.0;
        if self.told.is_some_and(|told| (told - celsius).abs() < 0.05) {
            return Ok(());
        }
        self.run_at(celsius).await
    }
}
