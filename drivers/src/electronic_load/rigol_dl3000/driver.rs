//! Roles to words: what a DL3000 is told and asked.

use async_trait::async_trait;
use profiles::channel::ChannelSpec;
use profiles::command::{Sink, Switch};
use profiles::quantity::{Amperes, Volts, Watts};
use profiles::reading::Reading;

use super::Traits;
use crate::device::{Device, Identity};
use crate::electronic_load::role::{ElectronicLoad, LoadLimits};
use crate::error::{DeviceError, DeviceErrorKind};
use crate::model::DriverSetup;
use crate::options::deadline_of;
use crate::scpi::session::Session;

/// States of the channel `input`.
const INPUT: [&str; 2] = ["off", "on"];

/// A load at the far end of a link.
pub(super) struct Load {
    session: Session,
    traits: &'static Traits,
    ceiling: Option<LoadLimits>,
}

impl Load {
    pub(super) fn new(setup: DriverSetup, traits: &'static Traits) -> Load {
        let limit = deadline_of(&setup.options, 1.0);
        Load {
            session: Session::new(setup.device, setup.link, setup.clock, limit),
            traits,
            ceiling: None,
        }
    }

    fn not_applied(&self, asked: impl Into<String>, got: impl Into<String>) -> DeviceError {
        self.session.error(DeviceErrorKind::NotApplied {
            asked: asked.into(),
            got: got.into(),
        })
    }

    /// Switches the input, and reads it back.
    async fn conduct(&mut self, on: bool) -> Result<(), DeviceError> {
        let setting = format!(":SOUR:INP:STAT {}", u8::from(on));
        let told = if on {
            self.session.tell(&setting).await
        } else {
            self.session.insist(&setting).await
        };
        let [read] = self.session.ask_numbers(":SOUR:INP:STAT?").await?;
        if (read > 0.5) == on {
            return Ok(());
        }
        told?;
        Err(self.not_applied(setting, format!("{read}")))
    }
}

/// The word for what is held, its value, and how it is told.
const fn words(sink: Sink) -> (&'static str, f64) {
    match sink {
        Sink::Amps(amps) => ("CURR", amps.0),
        Sink::Volts(volts) => ("VOLT", volts.0),
        Sink::Ohms(ohms) => ("RES", ohms.0),
        Sink::Watts(watts) => ("POW", watts.0),
    }
}

#[async_trait]
impl Device for Load {
    fn channels(&self) -> Vec<ChannelSpec> {
        vec![
            ChannelSpec::number("volts", Volts::UNIT),
            ChannelSpec::number("amps", Amperes::UNIT),
            ChannelSpec::number("watts", Watts::UNIT),
            ChannelSpec::states("input", &INPUT),
        ]
    }

    async fn identify(&mut self) -> Result<Identity, DeviceError> {
        let identity = self.session.identify().await?;
        // An `A` at the end is the variant with the finer read-back.
        let model = identity.model.trim_end_matches('A');
        if model.eq_ignore_ascii_case(self.traits.model) {
            return Ok(identity);
        }
        Err(self.session.error(DeviceErrorKind::WrongIdentity {
            expected: self.traits.model.to_owned(),
            found: identity.model,
        }))
    }

    async fn measure(&mut self, readings: &mut Vec<Reading>) -> Result<(), DeviceError> {
        let question = ":MEAS:VOLT?;:MEAS:CURR?;:MEAS:POW?;:SOUR:INP:STAT?";
        let [volts, amps, watts, on] = self.session.ask_numbers(question).await?;
        readings.extend([
            Reading::number(0, volts),
            Reading::number(1, amps),
            Reading::number(2, watts),
            Reading::state(3, u16::from(on > 0.5)),
        ]);
        Ok(())
    }

    async fn has_restarted(&mut self) -> Result<bool, DeviceError> {
        self.session.has_restarted().await
    }

    async fn make_safe(&mut self) -> Result<(), DeviceError> {
        self.conduct(false).await
    }
}

#[async_trait]
impl ElectronicLoad for Load {
    async fn protect(&mut self, ceiling: LoadLimits) -> Result<(), DeviceError> {
        self.session.tell("*CLS").await?;
        self.conduct(false).await?;
        // The highest range takes every level; the load itself trips at its ratings.
        self.session.tell(":SOUR:CURR:RANG MAX").await?;
        self.ceiling = Some(ceiling);
        Ok(())
    }

    async fn program(&mut self, sink: Sink) -> Result<(), DeviceError> {
        let (word, value) = words(sink);
        let setting = format!(":SOUR:{word}:LEV:IMM {value:.4}");
        let beyond = self.ceiling.is_some_and(|ceiling| match sink {
            Sink::Amps(amps) => amps > ceiling.amps,
            Sink::Watts(watts) => watts > ceiling.watts,
            Sink::Volts(volts) => volts > ceiling.volts,
            Sink::Ohms(_) => false,
        });
        if beyond {
            return Err(self.session.error(DeviceErrorKind::Refused {
                asked: setting,
                code: 0,
                text: "above the ceiling that the load was armed with".to_owned(),
            }));
        }
        // The level first: a change of function takes what that function was told last.
        self.session.tell(&setting).await?;
        self.session.tell(&format!(":SOUR:FUNC {word}")).await?;
        let question = format!(":SOUR:{word}:LEV:IMM?");
        let [read] = self.session.ask_numbers(&question).await?;
        if (read - value).abs() <= 0.001 + 1e-3 * value {
            return Ok(());
        }
        Err(self.not_applied(setting, format!("{read}")))
    }

    async fn switch(&mut self, state: Switch) -> Result<(), DeviceError> {
        self.conduct(state == Switch::On).await
    }
}
