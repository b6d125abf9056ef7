//! Roles to words: what these supplies are told and asked.

use async_trait::async_trait;
use profiles::channel::ChannelSpec;
use profiles::command::Switch;
use profiles::quantity::{Amperes, Volts};
use profiles::reading::Reading;

use super::expected::Expected;
use super::{Kind, Traits, operation, questionable, summary};
use crate::clock::Clock;
use crate::device::{Device, Identity};
use crate::error::{DeviceError, DeviceErrorKind};
use crate::model::DriverSetup;
use crate::options::deadline_of;
use crate::player::Player;
use crate::power_supply::heard::{self, Mode};
use crate::power_supply::role::{PowerSupply, SupplyLimits};
use crate::scpi::session::Session;

/// A supply at the far end of a link.
pub(super) struct Supply {
    pub(super) session: Session,
    pub(super) traits: &'static Traits,
    /// The channel that is used, from 1.
    pub(super) channel: usize,
    over_current_trips: bool,
    pub(super) ceiling: Option<SupplyLimits>,
    pub(super) clock: Clock,
    /// The list that was uploaded last, where nothing but the output tells whether it plays.
    pub(super) expected: Option<Expected>,
}

impl Supply {
    pub(super) fn new(setup: DriverSetup, traits: &'static Traits) -> Supply {
        let limit = deadline_of(&setup.options, 1.0);
        let channel = setup.options.number("channel").unwrap_or(1.0) as usize;
        Supply {
            channel: channel.clamp(1, traits.channels.len()),
            traits,
            over_current_trips: setup.options.text("over_current") == Some("trip"),
            session: Session::new(setup.device, setup.link, setup.clock, limit),
            ceiling: None,
            clock: setup.clock,
            expected: None,
        }
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

    /// All channels: `(@1:3)`.
    fn all(&self) -> String {
        format!("(@1:{})", self.traits.channels.len())
    }

    /// What asks for the registers of the channel.
    fn registers(&self) -> String {
        let channel = self.channel;
        match self.traits.kind {
            Kind::Bench => format!("STAT:QUES:INST:ISUM{channel}:COND?"),
            Kind::Modular => {
                format!("STAT:QUES:COND? (@{channel});:STAT:OPER:COND? (@{channel})")
            }
        }
    }

    /// What the registers come to; the E36312A has one for both.
    pub(super) async fn mode(&mut self) -> Result<(bool, Mode), DeviceError> {
        let (channel, registers) = (self.channel, self.registers());
        let question = format!("OUTP? (@{channel});:{registers}");
        let (on, mode) = match self.traits.kind {
            Kind::Bench => {
                let [on, condition] = self.session.ask_numbers(&question).await?;
                (on, bench_mode(on, condition))
            }
            Kind::Modular => {
                let [on, questionable, operation] = self.session.ask_numbers(&question).await?;
                (on, modular_mode(questionable, operation))
            }
        };
        Ok((!heard::is(on, false), mode))
    }
}

#[async_trait]
impl Device for Supply {
    fn channels(&self) -> Vec<ChannelSpec> {
        heard::channels()
    }

    async fn identify(&mut self) -> Result<Identity, DeviceError> {
        let identity = self.session.identify().await?;
        if identity.model.eq_ignore_ascii_case(self.traits.model) {
            return Ok(identity);
        }
        Err(self.session.error(DeviceErrorKind::WrongIdentity {
            expected: self.traits.model.to_owned(),
            found: identity.model,
        }))
    }

    async fn measure(&mut self, readings: &mut Vec<Reading>) -> Result<(), DeviceError> {
        let (channel, registers) = (self.channel, self.registers());
        let question =
            format!("MEAS:VOLT? (@{channel});CURR? (@{channel});:OUTP? (@{channel});:{registers}");
        let (volts, amps, on, mode) = match self.traits.kind {
            Kind::Bench => {
                let [volts, amps, on, condition] = self.session.ask_numbers(&question).await?;
                (volts, amps, on, bench_mode(on, condition))
            }
            Kind::Modular => {
                let [volts, amps, on, questionable, operation] =
                    self.session.ask_numbers(&question).await?;
                (volts, amps, on, modular_mode(questionable, operation))
            }
        };
        readings.extend(heard::readings(volts, amps, !heard::is(on, false), mode));
        Ok(())
    }

    async fn has_restarted(&mut self) -> Result<bool, DeviceError> {
        self.session.has_restarted().await
    }

    async fn make_safe(&mut self) -> Result<(), DeviceError> {
        // A refusal does not count here: only what the outputs read back does.
        self.expected = None;
        let all = self.all();
        let setting = format!("ABOR {all};:OUTP 0,{all}");
        let told = self.session.insist(&setting).await;
        let question = format!("OUTP? {all}");
        let states = self.session.ask(&question).await?;
        if states.split(',').all(|state| state.trim() == "0") {
            return Ok(());
        }
        told?;
        Err(self.not_applied(setting, states))
    }

    fn player(&mut self) -> Option<&mut dyn Player> {
        Some(self)
    }
}

#[async_trait]
impl PowerSupply for Supply {
    async fn protect(&mut self, ceiling: SupplyLimits) -> Result<(), DeviceError> {
        // Errors of before are not ours. Off, and without volts: no old trip comes back when it is
        // cleared, and nothing is switched on by clearing it. No list plays any more.
        let (all, channel) = (self.all(), self.channel);
        self.expected = None;
        self.session.tell("*CLS").await?;
        self.session
            .tell(&format!("ABOR {all};:OUTP 0,{all}"))
            .await?;
        self.session
            .tell(&format!(
                "VOLT:MODE FIX,(@{channel});:CURR:MODE FIX,(@{channel})"
            ))
            .await?;
        self.session
            .tell(&format!("VOLT 0,(@{channel});:OUTP:PROT:CLE (@{channel})"))
            .await?;
        let (volts, trips) = (ceiling.volts.0, u8::from(self.over_current_trips));
        let setting =
            format!("VOLT:PROT {volts:.3},(@{channel});:CURR:PROT:STAT {trips},(@{channel})");
        self.session.tell(&setting).await?;
        let question = format!("VOLT:PROT? (@{channel});:CURR:PROT:STAT? (@{channel})");
        let [read, state] = self.session.ask_numbers(&question).await?;
        if (read - volts).abs() > 0.01 || !heard::is(state, self.over_current_trips) {
            let got = format!("VOLT:PROT {read:.3};:CURR:PROT:STAT {state}");
            return Err(self.not_applied(setting, got));
        }
        let (_, mode) = self.mode().await?;
        if mode.is_tripped() {
            return Err(self.not_applied("OUTP:PROT:CLE", format!("{mode:?}")));
        }
        self.ceiling = Some(ceiling);
        Ok(())
    }

    async fn program(&mut self, volts: Volts, limit: Amperes) -> Result<(), DeviceError> {
        let channel = self.channel;
        let (told, amps) = (volts.0, limit.0);
        let setting = format!("VOLT {told:.3},(@{channel});:CURR {amps:.4},(@{channel})");
        // It trips above its volts; the driver keeps the ceiling of the amperes.
        heard::below(self.ceiling, &setting, None, limit)
            .map_err(|kind| self.session.error(kind))?;
        self.session.tell(&setting).await
    }

    async fn switch(&mut self, state: Switch) -> Result<(), DeviceError> {
        let wanted = state == Switch::On;
        let setting = format!("OUTP {},(@{})", u8::from(wanted), self.channel);
        self.session.tell(&setting).await?;
        let (on, mode) = self.mode().await?;
        if on == wanted && !(wanted && mode.is_tripped()) {
            return Ok(());
        }
        Err(self.not_applied(setting, format!("OUTP {}, {mode:?}", u8::from(on))))
    }
}

fn bench_mode(on: f64, condition: f64) -> Mode {
    let has = |bit: u16| condition as u16 & bit != 0;
    if has(summary::OVER_VOLTAGE) {
        Mode::OverVoltage
    } else if has(summary::OVER_CURRENT) {
        Mode::OverCurrent
    } else if has(summary::TEMPERATURE) {
        Mode::OverTemperature
    } else if heard::is(on, false) {
        Mode::Off
    } else if has(summary::VOLTAGE) {
        Mode::ConstantVoltage
    } else if has(summary::CURRENT) {
        Mode::ConstantCurrent
    } else {
        Mode::Unregulated
    }
}

fn modular_mode(questionable: f64, operation: f64) -> Mode {
    let questions = |bit: u16| questionable as u16 & bit != 0;
    let operates = |bit: u16| operation as u16 & bit != 0;
    if questions(questionable::OVER_VOLTAGE) {
        Mode::OverVoltage
    } else if questions(questionable::OVER_CURRENT) {
        Mode::OverCurrent
    } else if questions(questionable::OVER_TEMPERATURE) {
        Mode::OverTemperature
    } else if questions(questionable::INHIBITED | questionable::COUPLED) {
        Mode::Inhibited
    } else if operates(operation::OFF) {
        Mode::Off
    } else if operates(operation::VOLTAGE) {
        Mode::ConstantVoltage
    } else if operates(operation::CURRENT) {
        Mode::ConstantCurrent
    } else {
        Mode::Unregulated
    }
}
