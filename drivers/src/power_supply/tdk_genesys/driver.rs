//! Roles to words: what a Genesys is told and asked.

use async_trait::async_trait;
use profiles::channel::ChannelSpec;
use profiles::command::Switch;
use profiles::quantity::{Amperes, Volts};
use profiles::reading::Reading;

use super::session::Session;
use super::{SHARE_OF_PROTECTION, fault, state};
use crate::device::{Device, Identity};
use crate::error::{DeviceError, DeviceErrorKind};
use crate::model::DriverSetup;
use crate::options::deadline_of;
use crate::power_supply::heard::{self, Mode};
use crate::power_supply::role::{PowerSupply, SupplyLimits};

/// A supply at the far end of a link.
pub(super) struct Supply {
    session: Session,
    unit: String,
    over_current_trips: bool,
    ceiling: Option<SupplyLimits>,
}

/// All that is measured, and why.
struct Status {
    volts: f64,
    amps: f64,
    mode: Mode,
}

impl Supply {
    pub(super) fn new(setup: DriverSetup) -> Supply {
        let options = &setup.options;
        let limit = deadline_of(options, 1.0);
        let address = options.number("address").unwrap_or(6.0) as u8;
        let summed = options.text("checksum") == Some("on");
        Supply {
            unit: options.text("unit").unwrap_or_default().to_owned(),
            over_current_trips: options.text("over_current") == Some("trip"),
            session: Session::new(setup.device, setup.link, setup.clock, limit).to(address, summed),
            ceiling: None,
        }
    }

    fn not_applied(&self, asked: impl Into<String>, got: impl Into<String>) -> DeviceError {
        self.session.error(DeviceErrorKind::NotApplied {
            asked: asked.into(),
            got: got.into(),
        })
    }

    /// One question for all: `MV(45.201),PV(45),MC(4.3257),PC(10),SR(30),FR(00)`.
    async fn status(&mut self) -> Result<Status, DeviceError> {
        const QUESTION: &str = "STT?";
        let answer = self.session.ask(QUESTION).await?;
        let field = |name: &str| {
            let (_, rest) = answer.split_once(name)?;
            let (value, _) = rest.strip_prefix('(')?.split_once(')')?;
            Some(value.trim())
        };
        let number = |name: &str| {
            let value = field(name)?.parse::<f64>().ok()?;
            value.is_finite().then_some(value)
        };
        let register = |name: &str| u8::from_str_radix(field(name)?, 16).ok();
        let (Some(volts), Some(amps), Some(status), Some(faults)) =
            (number("MV"), number("MC"), register("SR"), register("FR"))
        else {
            return Err(self.session.garbled(QUESTION, &answer));
        };
        let mode = mode(status, faults);
        Ok(Status { volts, amps, mode })
    }

    /// Tells a level, and compares what reads back: the words that were sent.
    async fn set(&mut self, name: &str, value: &str) -> Result<(), DeviceError> {
        let setting = format!("{name} {value}");
        self.session.tell(&setting).await?;
        let read = self.session.ask(&format!("{name}?")).await?;
        let same = match (value.parse::<f64>(), read.parse::<f64>()) {
            (Ok(value), Ok(read)) => (value - read).abs() < 0.01,
            _ => value == read,
        };
        if same {
            return Ok(());
        }
        Err(self.not_applied(setting, format!("{name} {read}")))
    }
}

#[async_trait]
impl Device for Supply {
    fn channels(&self) -> Vec<ChannelSpec> {
        heard::channels()
    }

    async fn identify(&mut self) -> Result<Identity, DeviceError> {
        const QUESTION: &str = "IDN?";
        let answer = self.session.ask(QUESTION).await?;
        let Some((maker, model)) = answer.split_once(',') else {
            return Err(self.session.garbled(QUESTION, &answer));
        };
        // Supplies with an interface board add letters to it.
        if !model.trim().starts_with(&self.unit) {
            return Err(self.session.error(DeviceErrorKind::WrongIdentity {
                expected: self.unit.clone(),
                found: model.to_owned(),
            }));
        }
        let (maker, model) = (maker.trim().to_owned(), model.trim().to_owned());
        Ok(Identity {
            maker,
            model,
            serial: self.session.ask("SN?").await?,
            firmware: self.session.ask("REV?").await?,
        })
    }

    async fn measure(&mut self, readings: &mut Vec<Reading>) -> Result<(), DeviceError> {
        let Status { volts, amps, mode } = self.status().await?;
        let on = matches!(mode, Mode::ConstantVoltage | Mode::ConstantCurrent);
        readings.extend(heard::readings(volts, amps, on, mode));
        Ok(())
    }

    async fn make_safe(&mut self) -> Result<(), DeviceError> {
        // A refusal does not count here: only what the output reads back does.
        let told = self.session.insist("OUT 0").await;
        let state = self.session.ask("OUT?").await?;
        if state == "OFF" {
            return Ok(());
        }
        told?;
        Err(self.not_applied("OUT 0", format!("OUT {state}")))
    }
}

#[async_trait]
impl PowerSupply for Supply {
    async fn protect(&mut self, ceiling: SupplyLimits) -> Result<(), DeviceError> {
        // Off, no volts, old trips gone: a lower level than that of the volts is refused (`E04`).
        self.session.tell("RST").await?;
        self.session.tell("RMT REM").await?;
        self.set("OUT", "OFF").await?;
        // Not above what the wiring allows, which the driver holds; and above it by as much as the
        // supply insists on, lest the wiring's own volts are refused (`E01`).
        let level = (ceiling.volts.0 / SHARE_OF_PROTECTION * 100.0).ceil() / 100.0;
        self.set("OVP", &format!("{level:.2}")).await?;
        let foldback = if self.over_current_trips { "ON" } else { "OFF" };
        self.session.tell("FBD 0").await?;
        self.set("FLD", foldback).await?;
        let status = self.status().await?;
        if status.mode.is_tripped() {
            return Err(self.not_applied("RST", format!("{:?}", status.mode)));
        }
        self.ceiling = Some(ceiling);
        Ok(())
    }

    async fn program(&mut self, volts: Volts, limit: Amperes) -> Result<(), DeviceError> {
        let (current, voltage) = (format!("PC {:.3}", limit.0), format!("PV {:.3}", volts.0));
        let setting = format!("{voltage}, {current}");
        heard::below(self.ceiling, &setting, Some(volts), limit)
            .map_err(|kind| self.session.error(kind))?;
        self.session.tell(&current).await?;
        self.session.tell(&voltage).await
    }

    async fn switch(&mut self, wanted: Switch) -> Result<(), DeviceError> {
        if wanted == Switch::Off {
            return self.set("OUT", "OFF").await;
        }
        // It would forget a trip, and switch on.
        let status = self.status().await?;
        if status.mode.is_tripped() {
            return Err(self.not_applied("OUT ON", format!("{:?}", status.mode)));
        }
        self.set("OUT", "ON").await
    }
}

fn mode(status: u8, faults: u8) -> Mode {
    if faults & fault::OVER_VOLTAGE != 0 {
        Mode::OverVoltage
    } else if faults & fault::FOLDBACK != 0 {
        Mode::OverCurrent
    } else if faults & fault::OVER_TEMPERATURE != 0 {
        Mode::OverTemperature
    } else if faults & fault::INHIBITED != 0 {
        Mode::Inhibited
    } else if status & state::VOLTAGE != 0 {
        Mode::ConstantVoltage
    } else if status & state::CURRENT != 0 {
        Mode::ConstantCurrent
    } else {
        Mode::Off
    }
}
