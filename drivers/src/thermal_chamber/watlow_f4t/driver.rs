//! Roles to registers: what an F4T is told and asked.

use async_trait::async_trait;
use profiles::channel::ChannelSpec;
use profiles::quantity::{Celsius, CelsiusPerMinute};
use profiles::reading::Reading;

use super::{Order, register, word};
use crate::clock::Clock;
use crate::device::{Device, Identity};
use crate::error::{DeviceError, DeviceErrorKind};
use crate::modbus::session::Session;
use crate::model::DriverSetup;
use crate::player::Player;
use crate::thermal_chamber::options::{deadline_of, safe_of};
use crate::thermal_chamber::role::{CelsiusRange, ThermalChamber};

/// A chamber at the far end of a link.
pub(super) struct Chamber {
    pub(super) session: Session,
    pub(super) order: Order,
    pub(super) clock: Clock,
    /// Set point to leave behind.
    safe: Celsius,
    /// Part number to insist on.
    part_number: Option<String>,
    /// The set point as it was last read, while the loop is known to be in automatic mode. The
    /// controller keeps set points over a power cut, so the same one is not written again.
    pub(super) set_point: Option<f32>,
    /// Whether it plays a list, whose set point is in force.
    pub(super) plays: bool,
    /// The ramp as it was last told; `None`: unknown.
    ramp: Option<Ramp>,
}

/// Whether set points that are told ramp.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Ramp {
    Off,
    /// At so many K/min.
    At(f32),
}

impl Chamber {
    pub(super) fn new(setup: DriverSetup) -> Chamber {
        let options = &setup.options;
        let address = options.number("address").unwrap_or(1.0) as u8;
        let limit = deadline_of(options, 0.5);
        let clock = setup.clock;
        let session = Session::new(setup.device, setup.link, setup.clock, limit);
        let session = session.with_address(address);
        Chamber {
            session: match options.text("framing") {
                Some("tcp") => session.on_tcp(),
                _ => session,
            },
            order: Order::of(options),
            clock,
            safe: safe_of(options),
            part_number: options.text("part_number").map(str::to_owned),
            set_point: None,
            plays: false,
            ramp: None,
        }
    }

    pub(super) async fn read(&mut self, register: u16) -> Result<f32, DeviceError> {
        let words = self.session.read::<2>(register).await?;
        Ok(self.order.float(words))
    }

    async fn write(&mut self, register: u16, value: f32) -> Result<(), DeviceError> {
        let words = self.order.words(value);
        self.session.write_all(register, &words).await
    }

    /// Writes a word, and reads the register in which its effect shows.
    pub(super) async fn order(
        &mut self,
        register: u16,
        told: u16,
        shows: u16,
    ) -> Result<(), DeviceError> {
        self.session.write(register, told).await?;
        let [read] = self.session.read(shows).await?;
        if read == told {
            return Ok(());
        }
        let asked = format!("{told} in register {register}");
        Err(self.not_applied(asked, format!("{read} in register {shows}")))
    }

    /// Ends a profile, under which the loop's own set point is not in force.
    pub(super) async fn end_profile(&mut self) -> Result<(), DeviceError> {
        self.plays = false;
        if !self.is_profile_running().await? {
            return Ok(());
        }
        self.session.write(register::STOP, word::TERMINATE).await?;
        if self.is_profile_running().await? {
            return Err(self.not_applied("end of the profile", "a profile that runs"));
        }
        Ok(())
    }

    pub(super) async fn is_profile_running(&mut self) -> Result<bool, DeviceError> {
        let [state] = self.session.read(register::STATE).await?;
        Ok(matches!(state, word::RUNNING | word::PAUSE))
    }

    /// Has set points that are told ramp at this rate, K/min, or not at all.
    async fn set_ramp(&mut self, ramp: Ramp) -> Result<(), DeviceError> {
        if self.ramp == Some(ramp) {
            return Ok(());
        }
        self.ramp = None;
        let action = match ramp {
            Ramp::Off => word::OFF,
            Ramp::At(rate) => {
                self.order(register::RAMP_SCALE, word::MINUTES, register::RAMP_SCALE)
                    .await?;
                self.write(register::RAMP_RATE, rate).await?;
                let read = self.read(register::RAMP_RATE).await?;
                if read.to_bits() != rate.to_bits() {
                    let asked = format!("a ramp of {rate} K/min");
                    return Err(self.not_applied(asked, format!("{read} K/min")));
                }
                word::SET_POINT
            }
        };
        self.order(register::RAMP_ACTION, action, register::RAMP_ACTION)
            .await?;
        self.ramp = Some(ramp);
        Ok(())
    }

    /// Writes the set point, and reads it back.
    async fn set(&mut self, celsius: f32) -> Result<(), DeviceError> {
        self.set_point = None;
        self.write(register::SET_POINT, celsius).await?;
        let read = self.read(register::SET_POINT).await?;
        if read.to_bits() == celsius.to_bits() {
            return Ok(());
        }
        let asked = format!("set point {celsius} °C");
        Err(self.not_applied(asked, format!("{read} °C")))
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
        let characters = self.session.read::<15>(register::PART_NUMBER).await?;
        let characters = characters.map(|word| char::from(word as u8));
        let found: String = characters
            .into_iter()
            .filter(char::is_ascii_graphic)
            .collect();
        match &self.part_number {
            Some(expected) if *expected != found => {
                Err(self.session.error(DeviceErrorKind::WrongIdentity {
                    expected: expected.clone(),
                    found,
                }))
            }
            _ => {
                let serial = self.session.read::<2>(register::SERIAL).await?;
                let software = self.session.read::<2>(register::SOFTWARE).await?;
                Ok(Identity {
                    maker: "Watlow".to_owned(),
                    model: found,
                    serial: self.order.whole(serial).to_string(),
                    firmware: self.order.whole(software).to_string(),
                })
            }
        }
    }

    async fn measure(&mut self, readings: &mut Vec<Reading>) -> Result<(), DeviceError> {
        let air = self.read(register::AIR).await?;
        let target = if self.plays {
            register::CLOSED_LOOP
        } else {
            register::SET_POINT
        };
        let target = self.read(target).await?;
        if !air.is_finite() || !target.is_finite() {
            return Err(self.session.error(DeviceErrorKind::Garbled {
                asked: format!("read registers {} to {}", register::AIR, register::AIR + 1),
                got: format!("{air}; is the sensor's wire broken?"),
            }));
        }
        readings.extend([
            Reading::number(0, decimal(air)),
            Reading::number(1, decimal(target)),
        ]);
        Ok(())
    }

    /// The set point is left at room temperature, or as near to it as the limits allow, and the
    /// loop is switched off.
    async fn make_safe(&mut self) -> Result<(), DeviceError> {
        self.set_point = None;
        self.end_profile().await?;
        let low = self.read(register::LOW_LIMIT).await?;
        let high = self.read(register::HIGH_LIMIT).await?;
        let safe = (self.safe.0 as f32).min(high).max(low);
        let set_point = self.read(register::SET_POINT).await?;
        if set_point.to_bits() != safe.to_bits() {
            self.set(safe).await?;
        }
        self.order(register::MODE, word::OFF, register::ACTIVE_MODE)
            .await
    }

    fn player(&mut self) -> Option<&mut dyn Player> {
        Some(self)
    }
}

#[async_trait]
impl ThermalChamber for Chamber {
    async fn protect(&mut self, range: CelsiusRange) -> Result<(), DeviceError> {
        self.end_profile().await?;
        let limits = [range.min.0 as f32, range.max.0 as f32];
        let words = limits.map(|limit| self.order.words(limit)).concat();
        // In one message, so that no order of the two is ever wrong.
        self.session.write_all(register::LOW_LIMIT, &words).await?;
        let low = self.read(register::LOW_LIMIT).await?;
        let high = self.read(register::HIGH_LIMIT).await?;
        // New limits may have moved the set point.
        self.set_point = None;
        if [low, high].map(f32::to_bits) == limits.map(f32::to_bits) {
            return Ok(());
        }
        let text = |[low, high]: [f32; 2]| format!("limits {low} to {high} °C");
        Err(self.not_applied(text(limits), text([low, high])))
    }

    async fn program(
        &mut self,
        target: Celsius,
        slew: Option<CelsiusPerMinute>,
    ) -> Result<(), DeviceError> {
        let celsius = target.0 as f32;
        let ramp = slew.map_or(Ramp::Off, |slew| Ramp::At(slew.0 as f32));
        self.set_ramp(ramp).await?;
        if self.set_point.map(f32::to_bits) == Some(celsius.to_bits()) {
            return Ok(());
        }
        self.set(celsius).await?;
        let [mode] = self.session.read(register::ACTIVE_MODE).await?;
        if mode != word::AUTO {
            self.order(register::MODE, word::AUTO, register::ACTIVE_MODE)
                .await?;
        }
        self.set_point = Some(celsius);
        Ok(())
    }
}

/// A float as it was meant: 40.3, not 40.29999923706055.
fn decimal(value: f32) -> f64 {
    (f64::from(value) * 1e4).round() / 1e4
}
