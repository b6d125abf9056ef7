//! Roles to the words of a description.

use async_trait::async_trait;
use profiles::channel::ChannelSpec;
use profiles::command::Switch;
use profiles::quantity::{Amperes, Volts};
use profiles::reading::Reading;

use super::conversation::Conversation;
use super::description::Description;
use crate::device::{Device, Identity};
use crate::error::{DeviceError, DeviceErrorKind};
use crate::model::DriverSetup;
use crate::power_supply::role::{PowerSupply, SupplyLimits};

/// States of the channel `output`.
const OUTPUT: [&str; 3] = ["off", "on", "protected"];

/// A supply at the far end of a link.
pub(super) struct Supply {
    talk: Conversation,
    /// Ceiling of the current limit, which supplies cannot be told.
    ceiling: Option<SupplyLimits>,
}

impl Supply {
    /// # Errors
    /// If the description leaves out what no supply can be driven or left safe without.
    pub(super) fn new(setup: DriverSetup) -> Result<Supply, DeviceError> {
        let words = Description::new(&setup.options);
        if let Some(name) = words.lacks() {
            return Err(DeviceErrorKind::Undescribed { name }.of(&setup.device));
        }
        Ok(Supply {
            talk: Conversation::new(setup.device, words, setup.link, setup.clock),
            ceiling: None,
        })
    }

    fn not_applied(&self, asked: impl Into<String>, got: impl Into<String>) -> DeviceError {
        self.talk.error(DeviceErrorKind::NotApplied {
            asked: asked.into(),
            got: got.into(),
        })
    }

    /// Whether the output is on.
    async fn is_on(&mut self) -> Result<bool, DeviceError> {
        let question = self.talk.words.output_query.clone();
        let answer = self.talk.ask(&question).await?;
        Ok(self.talk.words.is_on(&answer))
    }

    /// Whether a protection tripped; never, if the supply cannot be asked.
    async fn is_tripped(&mut self) -> Result<bool, DeviceError> {
        let question = self.talk.words.tripped_query.clone();
        if question.is_empty() {
            return Ok(false);
        }
        let answer = self.talk.ask(&question).await?;
        Ok(self.talk.words.is_on(&answer))
    }

    /// Holds what reads back against what was told, if there is a question for it.
    async fn reads_back(&mut self, question: String, told: f64) -> Result<(), DeviceError> {
        if question.is_empty() {
            return Ok(());
        }
        let read = self.talk.number(&question).await?;
        // Supplies resolve a thousandth of what they hold, or ten of a unit.
        if (read - told).abs() <= 0.01 + 1e-3 * told.abs() {
            return Ok(());
        }
        Err(self.not_applied(format!("{told}"), format!("{read} to `{question}`")))
    }
}

#[async_trait]
impl Device for Supply {
    fn channels(&self) -> Vec<ChannelSpec> {
        vec![
            ChannelSpec::number("volts", Volts::UNIT),
            ChannelSpec::number("amps", Amperes::UNIT),
            ChannelSpec::states("output", &OUTPUT),
        ]
    }

    async fn identify(&mut self) -> Result<Identity, DeviceError> {
        let question = self.talk.words.identity_query.clone();
        if question.is_empty() {
            // It cannot say who it is; whether it answers at all is seen by its output.
            self.is_on().await?;
            return Ok(Identity {
                maker: "unknown".to_owned(),
                model: "does not say".to_owned(),
                serial: String::new(),
                firmware: String::new(),
            });
        }
        let answer = self.talk.ask(&question).await?;
        if !self.talk.words.is_it(&answer) {
            return Err(self.talk.error(DeviceErrorKind::WrongIdentity {
                expected: self.talk.words.identity.clone(),
                found: answer,
            }));
        }
        let mut fields = answer.split(',').map(|field| field.trim().to_owned());
        let mut next = || fields.next().unwrap_or_default();
        let (maker, model, serial, firmware) = (next(), next(), next(), next());
        Ok(Identity {
            maker,
            model,
            serial,
            firmware,
        })
    }

    async fn measure(&mut self, readings: &mut Vec<Reading>) -> Result<(), DeviceError> {
        let questions = &self.talk.words;
        let (volts, amps) = (
            questions.measure_volts.clone(),
            questions.measure_amps.clone(),
        );
        let volts = self.talk.number(&volts).await?;
        let amps = self.talk.number(&amps).await?;
        let on = self.is_on().await?;
        let state = if self.is_tripped().await? {
            2
        } else {
            u16::from(on)
        };
        readings.extend([
            Reading::number(0, volts),
            Reading::number(1, amps),
            Reading::state(2, state),
        ]);
        Ok(())
    }

    async fn make_safe(&mut self) -> Result<(), DeviceError> {
        // Refusals do not count here: only what the output reads back does.
        let (remote, off) = (self.talk.words.remote.clone(), self.talk.words.off.clone());
        let remote = self.talk.insist(&remote).await;
        let told = self.talk.insist(&off).await;
        if !self.is_on().await? {
            return Ok(());
        }
        remote.and(told)?;
        Err(self.not_applied(off, "on"))
    }
}

#[async_trait]
impl PowerSupply for Supply {
    async fn protect(&mut self, ceiling: SupplyLimits) -> Result<(), DeviceError> {
        // An old trip is cleared with the output off, so that clearing it switches nothing on.
        let words = self.talk.words.clone();
        let trips = f64::from(u8::from(words.over_current_trips));
        for line in [
            words.remote,
            words.off,
            words.clear.clone(),
            words.protect.fill(&[ceiling.volts.0]),
            words.over_current_set.fill(&[trips]),
        ] {
            self.talk.tell(&line).await?;
        }
        if !words.protect.is_empty() {
            self.reads_back(words.protect_query, ceiling.volts.0)
                .await?;
        }
        if self.is_tripped().await? {
            return Err(self.not_applied(words.clear, "tripped"));
        }
        self.ceiling = Some(ceiling);
        Ok(())
    }

    async fn program(&mut self, volts: Volts, limit: Amperes) -> Result<(), DeviceError> {
        let lines = self.talk.words.settings(volts.0, limit.0);
        let above = |ceiling: SupplyLimits| {
            // A supply without protection of its own is held by the driver alone.
            let volts_too = self.talk.words.protect.is_empty() && volts > ceiling.volts;
            limit > ceiling.amps || volts_too
        };
        if self.ceiling.is_some_and(above) {
            return Err(self.talk.error(DeviceErrorKind::Refused {
                asked: lines.join("; "),
                code: 0,
                text: "above the ceiling that the supply was armed with".to_owned(),
            }));
        }
        for line in lines {
            self.talk.tell(&line).await?;
        }
        let words = &self.talk.words;
        let (volts_query, amps_query) = (words.volts_query.clone(), words.amps_query.clone());
        self.reads_back(volts_query, volts.0).await?;
        self.reads_back(amps_query, limit.0).await
    }

    async fn switch(&mut self, state: Switch) -> Result<(), DeviceError> {
        let on = state == Switch::On;
        let line = if on {
            self.talk.words.on.clone()
        } else {
            self.talk.words.off.clone()
        };
        self.talk.tell(&line).await?;
        let read = self.is_on().await?;
        if read == on && !(on && self.is_tripped().await?) {
            return Ok(());
        }
        let got = if read { "on, or tripped" } else { "off" };
        Err(self.not_applied(line, got))
    }
}
