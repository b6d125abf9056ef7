//! Roles to registers: what an F4 is told and asked.

use async_trait::async_trait;
use profiles::channel::ChannelSpec;
use profiles::quantity::{Celsius, CelsiusPerMinute};
use profiles::reading::Reading;

use super::play::IN_FORCE;
use super::register;
use crate::clock::Clock;
use crate::device::{Device, Identity};
use crate::error::{DeviceError, DeviceErrorKind};
use crate::modbus::session::Session;
use crate::model::DriverSetup;
use crate::options::deadline_of;
use crate::player::Player;
use crate::thermal_chamber::role::{CelsiusRange, ThermalChamber};

/// A chamber at the far end of a link.
pub(super) struct Chamber {
    pub(super) session: Session,
    pub(super) clock: Clock,
    /// Set point to leave behind.
    safe: Celsius,
    /// Model number to insist on.
    model_number: Option<u16>,
    /// Counts of a register for one kelvin; asked once.
    scale: Option<f64>,
    /// The set point as it was last read. The controller keeps set points in its EEPROM, so the
    /// same one is not written again.
    pub(super) set_point: Option<u16>,
    /// The profile that was made of a list.
    pub(super) profile: Option<u16>,
    /// Whether it plays a list, whose set point is in force.
    pub(super) plays: bool,
}

impl Chamber {
    pub(super) fn new(setup: DriverSetup) -> Chamber {
        let options = &setup.options;
        let limit = deadline_of(options, 0.5);
        let address = options.number("address").unwrap_or(1.0) as u8;
        Chamber {
            safe: Celsius(options.number("safe_celsius").unwrap_or(23.0)),
            model_number: options.number("model_number").map(|number| number as u16),
            clock: setup.clock,
            session: Session::new(setup.device, setup.link, setup.clock, limit)
                .with_address(address),
            scale: None,
            set_point: None,
            profile: None,
            plays: false,
        }
    }

    /// How the controller writes temperatures.
    pub(super) async fn scale(&mut self) -> Result<f64, DeviceError> {
        if let Some(scale) = self.scale {
            return Ok(scale);
        }
        let [units] = self.session.read(register::UNITS).await?;
        if units != 1 {
            return Err(self.not_applied(
                "temperatures in °C",
                format!("register {} = {units}", register::UNITS),
            ));
        }
        let [decimals] = self.session.read(register::DECIMALS).await?;
        let scale = 10_f64.powi(i32::from(decimals));
        self.scale = Some(scale);
        Ok(scale)
    }

    /// Writes the set point, and reads it back.
    async fn set(&mut self, raw: u16) -> Result<(), DeviceError> {
        self.set_point = None;
        self.session.write(register::SET_POINT, raw).await?;
        let [read] = self.session.read(register::SET_POINT).await?;
        if read != raw {
            return Err(self.not_applied(
                format!("set point {}", raw.cast_signed()),
                read.cast_signed().to_string(),
            ));
        }
        self.set_point = Some(raw);
        Ok(())
    }

    /// Ends a profile, under which the static set point is not in force.
    async fn end_profile(&mut self) -> Result<(), DeviceError> {
        self.plays = false;
        if !self.is_profile_running().await? {
            return Ok(());
        }
        self.session.write(register::TERMINATE, 1).await?;
        if self.is_profile_running().await? {
            return Err(self.not_applied("end of the profile", "a profile that runs"));
        }
        Ok(())
    }

    pub(super) async fn is_profile_running(&mut self) -> Result<bool, DeviceError> {
        let [mode] = self.session.read(register::MODE).await?;
        Ok(mode > 1)
    }

    pub(super) fn not_applied(
        &self,
        asked: impl Into<String>,
        got: impl Into<String>,
    ) -> DeviceError {
        self.session.error(DeviceErrorKind::NotApplied {
            asked: asked.into(),
            got: got.into(),
        })
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
        let [found] = self.session.read(register::MODEL).await?;
        match self.model_number {
            Some(expected) if expected != found => {
                Err(self.session.error(DeviceErrorKind::WrongIdentity {
                    expected: format!("model number {expected}"),
                    found: format!("model number {found}"),
                }))
            }
            _ => Ok(Identity {
                maker: "Watlow".to_owned(),
                model: format!("F4 ({found})"),
                serial: String::new(),
                firmware: String::new(),
            }),
        }
    }

    async fn measure(&mut self, readings: &mut Vec<Reading>) -> Result<(), DeviceError> {
        let scale = self.scale().await?;
        let [air] = self.session.read(register::AIR).await?;
        let target = if self.plays {
            IN_FORCE
        } else {
            register::SET_POINT
        };
        let [target] = self.session.read(target).await?;
        self.set_point = Some(target).filter(|_| !self.plays);
        readings.extend([
            Reading::number(0, f64::from(air.cast_signed()) / scale),
            Reading::number(1, f64::from(target.cast_signed()) / scale),
        ]);
        Ok(())
    }

    /// A chamber controller has no output switch: left alone at room temperature it neither heats
    /// nor cools. Where the limits exclude that, it is left as near to it as they allow.
    async fn make_safe(&mut self) -> Result<(), DeviceError> {
        let scale = self.scale().await?;
        self.end_profile().await?;
        let [low, high] = self.session.read(register::LOW_LIMIT).await?;
        let safe = raw(self.safe, scale)
            .cast_signed()
            .min(high.cast_signed())
            .max(low.cast_signed())
            .cast_unsigned();
        let [set_point] = self.session.read(register::SET_POINT).await?;
        if set_point == safe {
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
    async fn protect(&mut self, range: CelsiusRange) -> Result<(), DeviceError> {
        let scale = self.scale().await?;
        self.end_profile().await?;
        let limits = [raw(range.min, scale), raw(range.max, scale)];
        // In one message, so that no order of the two is ever wrong.
        self.session.write_all(register::LOW_LIMIT, &limits).await?;
        let read: [u16; 2] = self.session.read(register::LOW_LIMIT).await?;
        // New limits may have moved the set point.
        self.set_point = None;
        if read == limits {
            return Ok(());
        }
        let text = |[low, high]: [u16; 2]| {
            format!("limits {} to {}", low.cast_signed(), high.cast_signed())
        };
        Err(self.not_applied(text(limits), text(read)))
    }

    /// The static set point knows no rate, so `slew` is left to the chamber.
    async fn program(
        &mut self,
        target: Celsius,
        _slew: Option<CelsiusPerMinute>,
    ) -> Result<(), DeviceError> {
        let scale = self.scale().await?;
        let raw = raw(target, scale);
        if self.set_point == Some(raw) {
            return Ok(());
        }
        self.set(raw).await
    }
}

/// A temperature as the controller writes it: signed, with an implied point.
pub(super) fn raw(celsius: Celsius, scale: f64) -> u16 {
    ((celsius.0 * scale).round() as i16).cast_unsigned()
}
