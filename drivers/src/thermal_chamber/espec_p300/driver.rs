//! Roles to lines: what a P-300 is told and asked.

use async_trait::async_trait;
use profiles::channel::ChannelSpec;
use profiles::quantity::{Celsius, CelsiusPerMinute};
use profiles::reading::Reading;
use profiles::time::Period;

use crate::ascii::Line;
use crate::clock::Clock;
use crate::device::{Device, Identity};
use crate::error::{DeviceError, DeviceErrorKind};
use crate::model::DriverSetup;
use crate::player::Player;
use crate::thermal_chamber::options::{deadline_of, safe_of};
use crate::thermal_chamber::role::{CelsiusRange, ThermalChamber};

/// What the controller needs after it was asked something.
const AFTER_QUESTION: Period = Period::millis(200);
/// What it needs after it was told something.
const AFTER_SETTING: Period = Period::millis(500);
/// States of the channel `state`.
const STATES: [&str; 5] = ["off", "standby", "constant", "program", "alarm"];
/// Where in [`STATES`] an alarm is.
const ALARM: u16 = 4;

/// A chamber at the far end of a link.
pub(super) struct Chamber {
    pub(super) line: Line,
    pub(super) clock: Clock,
    safe: Celsius,
    /// The set point that was told and read back, while the chamber is known to hold it.
    pub(super) told: Option<f64>,
}

/// What `TEMP?` answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Temperatures {
    air: f64,
    pub(super) set: f64,
    pub(super) high: f64,
    pub(super) low: f64,
}

impl Chamber {
    pub(super) fn new(setup: DriverSetup) -> Chamber {
        let options = &setup.options;
        let limit = deadline_of(options, 1.0);
        let safe = safe_of(options);
        let address = options.number("address");
        let clock = setup.clock;
        let prefix = address.map_or(String::new(), |address| format!("{address},"));
        Chamber {
            line: Line::new(setup, limit, "\r\n").with_prefix(prefix),
            clock,
            safe,
            told: None,
        }
    }

    pub(super) async fn ask(&mut self, question: &str) -> Result<String, DeviceError> {
        let answer = self.line.ask(question, AFTER_QUESTION).await?;
        self.check(question, &answer)?;
        Ok(answer)
    }

    /// Tells a setting, which must come back behind `OK:`.
    pub(super) async fn tell(&mut self, setting: &str) -> Result<(), DeviceError> {
        let answer = self.line.ask(setting, AFTER_SETTING).await?;
        self.check(setting, &answer)?;
        if answer.strip_prefix("OK:") == Some(setting) {
            return Ok(());
        }
        Err(self.line.garbled(setting, &answer))
    }

    /// Refusals: `NA:DATA OUT OF RANGE`.
    fn check(&self, asked: &str, answer: &str) -> Result<(), DeviceError> {
        let Some(text) = answer.strip_prefix("NA:") else {
            return Ok(());
        };
        // Some reasons are numbered.
        let code = text
            .rsplit_once('-')
            .and_then(|(_, code)| code.parse().ok());
        Err(self.line.error(DeviceErrorKind::Refused {
            asked: asked.to_owned(),
            code: code.unwrap_or(0),
            text: text.to_owned(),
        }))
    }

    pub(super) async fn temperatures(&mut self) -> Result<Temperatures, DeviceError> {
        const QUESTION: &str = "TEMP?";
        let answer = self.ask(QUESTION).await?;
        let numbers: Vec<f64> = answer
            .split(',')
            .map_while(|field| field.trim().parse().ok())
            .filter(|number: &f64| number.is_finite())
            .collect();
        match (numbers.as_slice(), answer.split(',').count()) {
            (&[air, set, high, low], 4) => Ok(Temperatures {
                air,
                set,
                high,
                low,
            }),
            _ => Err(self.line.garbled(QUESTION, &answer)),
        }
    }

    /// Which of [`STATES`] it is in.
    async fn state(&mut self) -> Result<u16, DeviceError> {
        const QUESTION: &str = "MON?";
        let answer = self.ask(QUESTION).await?;
        let fields: Vec<&str> = answer.split(',').map(str::trim).collect();
        let &[_air, _humidity, mode, alarms] = fields.as_slice() else {
            return Err(self.line.garbled(QUESTION, &answer));
        };
        let mode = ["OFF", "STANDBY", "CONSTANT", "RUN"]
            .iter()
            .position(|known| *known == mode);
        match (mode, alarms.parse::<u16>()) {
            (Some(mode), Ok(0)) => Ok(mode as u16),
            (Some(_), Ok(_)) => Ok(ALARM),
            _ => Err(self.line.garbled(QUESTION, &answer)),
        }
    }

    /// Tells the mode, unless it is one that will do, and reads it back.
    pub(super) async fn set_mode(
        &mut self,
        mode: &str,
        will_do: &[&str],
    ) -> Result<(), DeviceError> {
        if will_do.contains(&&*self.ask("MODE?").await?) {
            return Ok(());
        }
        let setting = format!("MODE, {mode}");
        self.tell(&setting).await?;
        let read = self.ask("MODE?").await?;
        if read == mode {
            return Ok(());
        }
        Err(self.line.not_applied(setting, read))
    }

    /// Tells the set point and reads it back.
    pub(super) async fn set(&mut self, celsius: f64) -> Result<(), DeviceError> {
        self.told = None;
        let setting = format!("TEMP, S{celsius:.1}");
        self.tell(&setting).await?;
        let read = self.constant().await?;
        if (read - celsius).abs() < 0.06 {
            return Ok(());
        }
        Err(self.line.not_applied(setting, format!("{read} °C")))
    }

    /// The constant set point, whatever a program says.
    async fn constant(&mut self) -> Result<f64, DeviceError> {
        const QUESTION: &str = "CONSTANT SET?,TEMP";
        let answer = self.ask(QUESTION).await?;
        let number = answer.split(',').next().and_then(|n| n.trim().parse().ok());
        number.ok_or_else(|| self.line.garbled(QUESTION, &answer))
    }
}

#[async_trait]
impl Device for Chamber {
    fn channels(&self) -> Vec<ChannelSpec> {
        vec![
            ChannelSpec::number("air", Celsius::UNIT),
            ChannelSpec::number("target", Celsius::UNIT),
            ChannelSpec::states("state", &STATES),
        ]
    }

    async fn identify(&mut self) -> Result<Identity, DeviceError> {
        let model = self.ask("TYPE?").await?;
        // Sensors, controller and highest temperature: three or four fields.
        if !(3..=4).contains(&model.split(',').count()) {
            return Err(self.line.garbled("TYPE?", &model));
        }
        let firmware = self.ask("ROM?").await?;
        Ok(Identity {
            maker: "ESPEC".to_owned(),
            model,
            serial: String::new(),
            firmware,
        })
    }

    async fn measure(&mut self, readings: &mut Vec<Reading>) -> Result<(), DeviceError> {
        let temperatures = self.temperatures().await?;
        let state = self.state().await?;
        readings.extend([
            Reading::number(0, temperatures.air),
            Reading::number(1, temperatures.set),
            Reading::state(2, state),
        ]);
        Ok(())
    }

    /// Standby, read back: nothing heats or cools. The set point is left at room temperature, or
    /// as near to it as the limits allow, for whoever starts the chamber next.
    async fn make_safe(&mut self) -> Result<(), DeviceError> {
        self.told = None;
        self.set_mode("STANDBY", &["OFF", "STANDBY"]).await?;
        let now = self.temperatures().await?;
        let safe = self.safe.0.min(now.high).max(now.low);
        if (now.set - safe).abs() < 0.06 {
            return Ok(());
        }
        self.set(safe).await
    }

    fn player(&mut self) -> Option<&mut dyn Player> {
        Some(self)
    }
}

#[async_trait]
impl ThermalChamber for Chamber {
    /// The limits go together with a set point that fits between them, for each is refused
    /// without the others.
    async fn protect(&mut self, range: CelsiusRange) -> Result<(), DeviceError> {
        self.told = None;
        let now = self.temperatures().await?;
        let set = now.set.min(range.max.0).max(range.min.0);
        let setting = format!("TEMP, S{set:.1} H{:.1} L{:.1}", range.max.0, range.min.0);
        self.tell(&setting).await?;
        let read = self.temperatures().await?;
        let apart = (read.high - range.max.0)
            .abs()
            .max((read.low - range.min.0).abs());
        if apart < 0.06 {
            return Ok(());
        }
        let got = format!("limits {} to {} °C", read.low, read.high);
        Err(self.line.not_applied(setting, got))
    }

    /// The constant set point knows no rate, so `slew` is left to the chamber.
    async fn program(
        &mut self,
        target: Celsius,
        _slew: Option<CelsiusPerMinute>,
    ) -> Result<(), DeviceError> {
        let celsius = (target.0 * 10.0).round() / 10.0;
        if self.told.is_some_and(|told| (told - celsius).abs() < 0.05) {
            return Ok(());
        }
        self.set(celsius).await?;
        self.set_mode("CONSTANT", &["CONSTANT"]).await?;
        self.told = Some(celsius);
        Ok(())
    }
}
