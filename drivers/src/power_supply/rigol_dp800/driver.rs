//! Roles to words: what a DP832 is told and asked. One question in a line: it is not known to
//! answer two.

use async_trait::async_trait;
use profiles::channel::ChannelSpec;
use profiles::command::Switch;
use profiles::quantity::{Amperes, Volts};
use profiles::reading::Reading;

use super::{OUTPUTS, summary};
use crate::device::{Device, Identity};
use crate::error::{DeviceError, DeviceErrorKind};
use crate::model::DriverSetup;
use crate::options::deadline_of;
use crate::power_supply::heard::{self, Mode};
use crate::power_supply::role::{PowerSupply, SupplyLimits};
use crate::scpi::session::Session;

/// A supply at the far end of a link.
pub(super) struct Supply {
    session: Session,
    /// The channel that is used, from 1.
    channel: usize,
    over_current_trips: bool,
    ceiling: Option<SupplyLimits>,
}

impl Supply {
    pub(super) fn new(setup: DriverSetup) -> Supply {
        let limit = deadline_of(&setup.options, 1.0);
        let channel = setup.options.number("channel").unwrap_or(1.0) as usize;
        Supply {
            channel: channel.clamp(1, OUTPUTS.len()),
            over_current_trips: setup.options.text("over_current") == Some("trip"),
            session: Session::new(setup.device, setup.link, setup.clock, limit),
            ceiling: None,
        }
    }

    fn not_applied(&self, asked: impl Into<String>, got: impl Into<String>) -> DeviceError {
        self.session.error(DeviceErrorKind::NotApplied {
            asked: asked.into(),
            got: got.into(),
        })
    }

    async fn is_on(&mut self, channel: usize) -> Result<bool, DeviceError> {
        let question = format!(":OUTP? CH{channel}");
        let answer = self.session.ask(&question).await?;
        match answer.as_str() {
            "ON" => Ok(true),
            "OFF" => Ok(false),
            _ => Err(self.session.garbled(&question, &answer)),
        }
    }

    async fn mode(&mut self, on: bool) -> Result<Mode, DeviceError> {
        let question = format!(":STAT:QUES:INST:ISUM{}:COND?", self.channel);
        let [condition] = self.session.ask_numbers(&question).await?;
        let has = |bit: u16| condition as u16 & bit != 0;
        Ok(if has(summary::OVER_VOLTAGE) {
            Mode::OverVoltage
        } else if has(summary::OVER_CURRENT) {
            Mode::OverCurrent
        } else if !on {
            Mode::Off
        } else if has(summary::VOLTAGE) && !has(summary::CURRENT) {
            Mode::ConstantVoltage
        } else if has(summary::CURRENT) && !has(summary::VOLTAGE) {
            Mode::ConstantCurrent
        } else {
            Mode::Unregulated
        })
    }

    /// Tells a setting, and compares what it reads back.
    async fn set(&mut self, header: &str, value: &str) -> Result<(), DeviceError> {
        let channel = self.channel;
        let setting = format!("{header} CH{channel},{value}");
        self.session.tell(&setting).await?;
        let read = self.session.ask(&format!("{header}? CH{channel}")).await?;
        let same = match (value.parse::<f64>(), read.parse::<f64>()) {
            (Ok(value), Ok(read)) => (value - read).abs() < 0.01,
            _ => value == read,
        };
        if same {
            return Ok(());
        }
        Err(self.not_applied(setting, read))
    }
}

#[async_trait]
impl Device for Supply {
    fn channels(&self) -> Vec<ChannelSpec> {
        heard::channels()
    }

    async fn identify(&mut self) -> Result<Identity, DeviceError> {
        const MODEL: &str = "DP832";
        let identity = self.session.identify().await?;
        // The A has finer steps, and the same words.
        if identity.model.trim_end_matches('A') == MODEL {
            return Ok(identity);
        }
        Err(self.session.error(DeviceErrorKind::WrongIdentity {
            expected: MODEL.to_owned(),
            found: identity.model,
        }))
    }

    async fn measure(&mut self, readings: &mut Vec<Reading>) -> Result<(), DeviceError> {
        let question = format!(":MEAS:ALL? CH{}", self.channel);
        let answer = self.session.ask(&question).await?;
        let numbers = answer.split(',').map(|field| field.trim().parse::<f64>());
        let numbers: Result<Vec<f64>, _> = numbers.collect();
        let &[volts, amps, _watts] = numbers.as_deref().unwrap_or_default() else {
            return Err(self.session.garbled(&question, &answer));
        };
        if !(volts.is_finite() && amps.is_finite()) {
            return Err(self.session.garbled(&question, &answer));
        }
        let on = self.is_on(self.channel).await?;
        let mode = self.mode(on).await?;
        readings.extend(heard::readings(volts, amps, on, mode));
        Ok(())
    }

    async fn has_restarted(&mut self) -> Result<bool, DeviceError> {
        self.session.has_restarted().await
    }

    async fn make_safe(&mut self) -> Result<(), DeviceError> {
        // Refusals do not count here: only what the outputs read back does.
        let mut result = Ok(());
        for channel in 1..=OUTPUTS.len() {
            let setting = format!(":OUTP CH{channel},OFF");
            let told = self.session.insist(&setting).await;
            // One that is not confirmed does not keep the others on.
            result = result.and(match self.is_on(channel).await {
                Ok(false) => Ok(()),
                Ok(true) => told.and(Err(self.not_applied(setting, "ON"))),
                Err(error) => Err(error),
            });
        }
        result
    }
}

#[async_trait]
impl PowerSupply for Supply {
    async fn protect(&mut self, ceiling: SupplyLimits) -> Result<(), DeviceError> {
        let channel = self.channel;
        // Errors of before are not ours. All outputs off, and no volts: an old trip has no cause
        // any more when it is cleared.
        self.session.tell("*CLS").await?;
        for other in 1..=OUTPUTS.len() {
            self.session.tell(&format!(":OUTP CH{other},OFF")).await?;
        }
        self.session
            .tell(&format!(":APPL CH{channel},0,{:.4}", ceiling.amps.0))
            .await?;
        self.session
            .tell(&format!(":OUTP:OVP:CLEAR CH{channel}"))
            .await?;
        self.session
            .tell(&format!(":OUTP:OCP:CLEAR CH{channel}"))
            .await?;
        let (volts, amps) = (ceiling.volts.0, ceiling.amps.0);
        self.set(":OUTP:OVP:VAL", &format!("{volts:.3}")).await?;
        self.set(":OUTP:OVP", "ON").await?;
        self.set(":OUTP:OCP:VAL", &format!("{amps:.4}")).await?;
        let trips = if self.over_current_trips { "ON" } else { "OFF" };
        self.set(":OUTP:OCP", trips).await?;
        let mode = self.mode(false).await?;
        if mode.is_tripped() {
            return Err(self.not_applied(":OUTP:OVP:CLEAR", format!("{mode:?}")));
        }
        self.ceiling = Some(ceiling);
        Ok(())
    }

    async fn program(&mut self, volts: Volts, limit: Amperes) -> Result<(), DeviceError> {
        let channel = self.channel;
        let (told, amps) = (volts.0, limit.0);
        // Where it is to trip, the limit is above the level that trips, so that that is reached.
        let most = OUTPUTS[channel - 1].most[1];
        let held = if self.over_current_trips && amps <= most {
            (amps * 1.02 + 0.01).min(most)
        } else {
            amps
        };
        let setting = format!(":APPL CH{channel},{told:.3},{held:.4}");
        heard::below(self.ceiling, &setting, None, limit)
            .map_err(|kind| self.session.error(kind))?;
        if self.over_current_trips {
            self.session
                .tell(&format!(":OUTP:OCP:VAL CH{channel},{amps:.4}"))
                .await?;
        }
        self.session.tell(&setting).await
    }

    async fn switch(&mut self, state: Switch) -> Result<(), DeviceError> {
        let wanted = state == Switch::On;
        let word = if wanted { "ON" } else { "OFF" };
        let setting = format!(":OUTP CH{},{word}", self.channel);
        self.session.tell(&setting).await?;
        let on = self.is_on(self.channel).await?;
        let mode = self.mode(on).await?;
        if on == wanted && !(wanted && mode.is_tripped()) {
            return Ok(());
        }
        Err(self.not_applied(setting, format!("{mode:?}")))
    }
}
