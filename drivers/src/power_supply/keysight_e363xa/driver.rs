//! Roles to words: what a supply of this family is told and asked.

use async_trait::async_trait;
use profiles::channel::ChannelSpec;
use profiles::command::Switch;
use profiles::quantity::{Amperes, Volts};
use profiles::reading::Reading;

use super::{Kind, MOST_AMPS, OutputTraits, Traits, questionable};
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
    traits: &'static Traits,
    /// Number of the output or range that is used, from zero.
    used: usize,
    over_current_trips: bool,
    ceiling: Option<SupplyLimits>,
}

impl Supply {
    pub(super) fn new(setup: DriverSetup, traits: &'static Traits) -> Supply {
        let word = setup.options.text("output").or(setup.options.text("range"));
        let mut outputs = traits.outputs.iter();
        let used = outputs
            .position(|output| word.is_some_and(|word| output.name.eq_ignore_ascii_case(word)));
        let limit = deadline_of(&setup.options, 1.0);
        Supply {
            used: used.unwrap_or(0),
            traits,
            over_current_trips: setup.options.text("over_current") == Some("trip"),
            session: Session::new(setup.device, setup.link, setup.clock, limit),
            ceiling: None,
        }
    }

    fn output(&self) -> &'static OutputTraits {
        self.traits.outputs[self.used]
    }

    fn not_applied(&self, asked: impl Into<String>, got: impl Into<String>) -> DeviceError {
        self.session.error(DeviceErrorKind::NotApplied {
            asked: asked.into(),
            got: got.into(),
        })
    }

    /// Off, and without volts: no protection clears while its cause is there, and nothing is
    /// switched on by clearing it.
    async fn disarm(&mut self) -> Result<(), DeviceError> {
        self.session.tell("OUTP 0").await?;
        match self.traits.kind {
            Kind::Triple => {
                for output in self.traits.outputs {
                    let setting = format!("APPL {},0,MIN", output.name);
                    self.session.tell(&setting).await?;
                }
                Ok(())
            }
            Kind::Ranged => {
                let range = self.output().name;
                let setting = format!("VOLT 0;:VOLT:RANG {range}");
                self.session.tell(&setting).await?;
                self.session.tell("VOLT:PROT:CLE;:CURR:PROT:CLE").await
            }
        }
    }

    /// The E3632A's levels. Where the supply is to hold its current limit, its over-current
    /// protection guards what the wiring allows; where it is to trip, the limit itself.
    async fn arm(&mut self, ceiling: SupplyLimits) -> Result<(), DeviceError> {
        let (volts, amps) = (ceiling.volts.0, ceiling.amps.0);
        let setting = format!("VOLT:PROT {volts:.3};:VOLT:PROT:STAT 1");
        self.session.tell(&setting).await?;
        let trips = self.over_current_trips;
        let level = if trips { amps } else { MOST_AMPS };
        let state = u8::from(trips);
        let guard = format!("CURR:PROT {level:.4};:CURR:PROT:STAT {state}");
        self.session.tell(&guard).await?;
        let [read_volts, armed, read_amps, read_state] = self
            .session
            .ask_numbers("VOLT:PROT?;:VOLT:PROT:STAT?;:CURR:PROT?;:CURR:PROT:STAT?")
            .await?;
        if (read_volts - volts).abs() > 0.01 || !heard::is(armed, true) {
            let got = format!("VOLT:PROT {read_volts:.3};:VOLT:PROT:STAT {armed}");
            return Err(self.not_applied(setting, got));
        }
        if (read_amps - level).abs() > 0.01 || !heard::is(read_state, trips) {
            let got = format!("CURR:PROT {read_amps:.4};:CURR:PROT:STAT {read_state}");
            return Err(self.not_applied(guard, got));
        }
        Ok(())
    }

    async fn mode(&mut self) -> Result<(f64, Mode), DeviceError> {
        let (question, kind) = match self.traits.kind {
            Kind::Triple => {
                let number = self.used + 1;
                let question = format!("OUTP?;:STAT:QUES:INST:ISUM{number}:COND?");
                (question, Kind::Triple)
            }
            Kind::Ranged => ("OUTP?;:STAT:QUES:COND?".to_owned(), Kind::Ranged),
        };
        let [on, condition] = self.session.ask_numbers(&question).await?;
        Ok((on, mode(kind, on, condition)))
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
        // One question for all that is measured, shorter than the input buffer of 100 characters.
        let (name, number) = (self.output().name, self.used + 1);
        let question = match self.traits.kind {
            Kind::Triple => {
                format!("MEAS:VOLT? {name};CURR? {name};:OUTP?;:STAT:QUES:INST:ISUM{number}:COND?")
            }
            Kind::Ranged => "MEAS:VOLT?;CURR?;:OUTP?;:STAT:QUES:COND?".to_owned(),
        };
        let [volts, amps, on, condition] = self.session.ask_numbers(&question).await?;
        let volts = if self.output().negative {
            -volts
        } else {
            volts
        };
        let mode = mode(self.traits.kind, on, condition);
        readings.extend(heard::readings(volts, amps, !heard::is(on, false), mode));
        Ok(())
    }

    async fn has_restarted(&mut self) -> Result<bool, DeviceError> {
        self.session.has_restarted().await
    }

    async fn make_safe(&mut self) -> Result<(), DeviceError> {
        // Refusals do not count here: only what the output reads back does.
        let remote = self.session.insist("SYST:REM").await;
        let told = self.session.insist("OUTP 0").await;
        let [on] = self.session.ask_numbers("OUTP?").await?;
        if heard::is(on, false) {
            return Ok(());
        }
        remote.and(told)?;
        Err(self.not_applied("OUTP 0", "OUTP 1"))
    }
}

#[async_trait]
impl PowerSupply for Supply {
    async fn protect(&mut self, ceiling: SupplyLimits) -> Result<(), DeviceError> {
        // Nothing else is heard before this. Errors of before are not ours.
        self.session.tell("SYST:REM;*CLS").await?;
        self.disarm().await?;
        if self.traits.kind == Kind::Ranged {
            self.arm(ceiling).await?;
            let (_, mode) = self.mode().await?;
            if mode.is_tripped() {
                return Err(self.not_applied("VOLT:PROT:CLE;:CURR:PROT:CLE", "still tripped"));
            }
        }
        self.ceiling = Some(ceiling);
        Ok(())
    }

    async fn program(&mut self, volts: Volts, limit: Amperes) -> Result<(), DeviceError> {
        let output = self.output();
        let sign = if output.negative { "-" } else { "" };
        let (volts_told, amps) = (volts.0, limit.0);
        let setting = match self.traits.kind {
            Kind::Triple => format!("APPL {},{sign}{volts_told:.3},{amps:.4}", output.name),
            // The limit above the level that trips, so that the level is reached.
            Kind::Ranged if self.over_current_trips => {
                let held = (amps * 1.02 + 0.02).min(output.max_amps);
                format!("CURR:PROT {amps:.4};:APPL {volts_told:.3},{held:.4}")
            }
            Kind::Ranged => format!("APPL {volts_told:.3},{amps:.4}"),
        };
        // The E3632A trips above its volts; the E3631A cannot be told a ceiling at all.
        let guarded = match self.traits.kind {
            Kind::Triple => Some(volts),
            Kind::Ranged => None,
        };
        heard::below(self.ceiling, &setting, guarded, limit)
            .map_err(|kind| self.session.error(kind))?;
        self.session.tell(&setting).await
    }

    async fn switch(&mut self, state: Switch) -> Result<(), DeviceError> {
        let wanted = state == Switch::On;
        let setting = format!("OUTP {}", u8::from(wanted));
        self.session.tell(&setting).await?;
        let (on, mode) = self.mode().await?;
        if heard::is(on, wanted) && !(wanted && mode.is_tripped()) {
            return Ok(());
        }
        let got = format!("OUTP {on}, {mode:?}");
        Err(self.not_applied(setting, got))
    }
}

fn mode(kind: Kind, on: f64, condition: f64) -> Mode {
    let has = |bit: u16| condition as u16 & bit != 0;
    match kind {
        Kind::Ranged if has(questionable::OVER_VOLTAGE) => Mode::OverVoltage,
        Kind::Ranged if has(questionable::OVER_CURRENT) => Mode::OverCurrent,
        Kind::Ranged if has(questionable::TEMPERATURE) => Mode::OverTemperature,
        _ if heard::is(on, false) => Mode::Off,
        // Both together are a hardware failure.
        _ if has(questionable::VOLTAGE) && !has(questionable::CURRENT) => Mode::ConstantVoltage,
        _ if has(questionable::CURRENT) && !has(questionable::VOLTAGE) => Mode::ConstantCurrent,
        _ => Mode::Unregulated,
    }
}
