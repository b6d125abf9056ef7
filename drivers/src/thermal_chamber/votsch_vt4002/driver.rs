//! Roles to ASCII-2: what a S!MPAC controller is told and asked. Its limits are set at its panel
//! alone, so the wiring's are held here.

use async_trait::async_trait;
use profiles::channel::ChannelSpec;
use profiles::quantity::{Celsius, CelsiusPerMinute};
use profiles::reading::Reading;
use profiles::time::Period;

use super::{CHANNELS, REACH, START, decimal};
use crate::ascii::Line;
use crate::device::{Device, Identity};
use crate::error::{DeviceError, DeviceErrorKind};
use crate::model::DriverSetup;
use crate::thermal_chamber::options::{Held, deadline_of, safe_of};
use crate::thermal_chamber::role::{CelsiusRange, ThermalChamber};

/// What the controller needs after a message.
const PAUSE: Period = Period::millis(100);

/// A chamber at the far end of a link.
pub(super) struct Chamber {
    line: Line,
    /// `$01`
    start: String,
    safe: Celsius,
    held: Held,
    /// The set point that was told and read back, while the chamber is known to run.
    told: Option<f64>,
}

/// What `$01I` answers.
struct Told {
    nominal: f64,
    actual: f64,
    /// Digital channels, as many as there are.
    digital: String,
}

impl Told {
    fn read(answer: &str) -> Option<Told> {
        let words: Vec<&str> = answer.split_whitespace().collect();
        let (digital, values) = words.split_last()?;
        let is_digital = digital.len() > START && digital.bytes().all(|b| matches!(b, b'0' | b'1'));
        let number = |at: usize| -> Option<f64> {
            let number: f64 = values.get(at)?.parse().ok()?;
            number.is_finite().then_some(number)
        };
        let told = Told {
            nominal: number(0)?,
            actual: number(1)?,
            digital: (*digital).to_owned(),
        };
        is_digital.then_some(told)
    }

    fn is_running(&self) -> bool {
        self.digital.as_bytes().get(START) == Some(&b'1')
    }
}

impl Chamber {
    pub(super) fn new(setup: DriverSetup) -> Chamber {
        let options = &setup.options;
        let address = options.number("address").unwrap_or(1.0) as u8;
        let (limit, safe) = (deadline_of(options, 1.0), safe_of(options));
        Chamber {
            line: Line::new(setup, limit, "\r"),
            start: format!("${address:02}"),
            safe,
            held: Held::new(REACH),
            told: None,
        }
    }

    async fn ask(&mut self) -> Result<Told, DeviceError> {
        let question = format!("{}I", self.start);
        let answer = self.line.ask(&question, PAUSE).await?;
        let told = Told::read(&answer);
        told.ok_or_else(|| self.line.garbled(&question, &answer))
    }

    /// Tells a set point and whether the chamber runs, leaves its other channels as they are, and
    /// reads both back.
    async fn set(&mut self, before: &Told, celsius: f64, run: bool) -> Result<(), DeviceError> {
        let mut digital = before.digital.clone().into_bytes();
        digital.resize(CHANNELS, b'0');
        digital[START] = if run { b'1' } else { b'0' };
        let digital = String::from_utf8_lossy(&digital);
        let (start, nominal) = (&self.start, decimal(celsius));
        let order = format!("{start}E {nominal} 0000.0 0000.0 0000.0 {digital}");
        let answer = self.line.ask(&order, PAUSE).await?;
        if answer != "0" {
            return Err(self.line.error(DeviceErrorKind::Refused {
                asked: order,
                code: answer.parse().unwrap_or(0),
                text: answer,
            }));
        }
        let read = self.ask().await?;
        if (read.nominal - celsius).abs() < 0.06 && read.is_running() == run {
            return Ok(());
        }
        let running = if read.is_running() {
            "running"
        } else {
            "stopped"
        };
        let got = format!("{} °C, {running}", read.nominal);
        Err(self.line.not_applied(order, got))
    }
}

#[async_trait]
impl Device for Chamber {
    fn channels(&self) -> Vec<ChannelSpec> {
        vec![
            ChannelSpec::number("air", Celsius::UNIT),
            ChannelSpec::number("target", Celsius::UNIT),
            ChannelSpec::states("state", &["stopped", "running"]),
        ]
    }

    /// ASCII-2 has no question for a name; that its message reads is what there is.
    async fn identify(&mut self) -> Result<Identity, DeviceError> {
        self.ask().await?;
        Ok(Identity {
            maker: "Vötsch".to_owned(),
            model: "S!MPAC".to_owned(),
            serial: String::new(),
            firmware: String::new(),
        })
    }

    async fn measure(&mut self, readings: &mut Vec<Reading>) -> Result<(), DeviceError> {
        let told = self.ask().await?;
        readings.extend([
            Reading::number(0, told.actual),
            Reading::number(1, told.nominal),
            Reading::state(2, u16::from(told.is_running())),
        ]);
        Ok(())
    }

    /// Stopped, read back, with the set point at room temperature, or as near to it as the limits
    /// allow.
    async fn make_safe(&mut self) -> Result<(), DeviceError> {
        self.told = None;
        let before = self.ask().await?;
        let safe = self.held.nearest(self.safe);
        if !before.is_running() && (before.nominal - safe).abs() < 0.06 {
            return Ok(());
        }
        self.set(&before, safe, false).await
    }
}

#[async_trait]
impl ThermalChamber for Chamber {
    async fn protect(&mut self, range: CelsiusRange) -> Result<(), DeviceError> {
        self.held
            .set(range)
            .map_err(|refused| self.line.error(refused))
    }

    /// Gradients are told apart from set points and read back by nothing; `slew` is left to the
    /// chamber.
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
        self.told = None;
        let before = self.ask().await?;
        self.set(&before, celsius, true).await?;
        self.told = Some(celsius);
        Ok(())
    }
}
