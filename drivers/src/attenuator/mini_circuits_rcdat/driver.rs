//! Roles to lines: what an RCDAT is told and asked.

use async_trait::async_trait;
use profiles::channel::ChannelSpec;
use profiles::quantity::Decibels;
use profiles::reading::Reading;
use profiles::time::Period;

use super::{Traits, nearest_step};
use crate::ascii::Line;
use crate::attenuator::role::{self, LossRange};
use crate::device::{Device, Identity};
use crate::error::{DeviceError, DeviceErrorKind};
use crate::model::DriverSetup;
use crate::options::deadline_of;

/// It is talked to no faster than this.
const PAUSE: Period = Period::millis(1);

/// An attenuator at the far end of a link.
pub(super) struct Attenuator {
    line: Line,
    traits: &'static Traits,
    range: LossRange,
}

impl Attenuator {
    pub(super) fn new(setup: DriverSetup, traits: &'static Traits) -> Attenuator {
        let limit = deadline_of(&setup.options, 1.0);
        Attenuator {
            line: Line::new(setup, limit, "\r\n"),
            traits,
            range: LossRange {
                least: Decibels(0.0),
                most: Decibels(traits.most_db),
            },
        }
    }

    /// Asks one of the texts that say their own name: `MN=RCDAT-6000-60`.
    async fn text(&mut self, question: &str, name: &str) -> Result<String, DeviceError> {
        let answer = self.line.ask(question, PAUSE).await?;
        let text = answer.strip_prefix(name);
        let text = text.and_then(|text| text.strip_prefix('='));
        match text.map(str::trim).filter(|text| !text.is_empty()) {
            Some(text) => Ok(text.to_owned()),
            None => Err(self.line.garbled(question, &answer)),
        }
    }

    /// The attenuation that is set, dB.
    async fn attenuation(&mut self) -> Result<f64, DeviceError> {
        const QUESTION: &str = ":ATT?";
        let answer = self.line.ask(QUESTION, PAUSE).await?;
        match answer.parse::<f64>() {
            Ok(db) if db.is_finite() => Ok(db),
            _ => Err(self.line.garbled(QUESTION, &answer)),
        }
    }

    /// Sets an attenuation that the hardware has, and reads it back.
    async fn set(&mut self, db: f64) -> Result<(), DeviceError> {
        let setting = format!(":SETATT={db:.2}");
        let answer = self.line.ask(&setting, PAUSE).await?;
        match answer.as_str() {
            "1" => {}
            // 0: not possible. 2: more than it has, and the most was set instead.
            "0" | "2" => {
                let code = i32::from(answer == "2") * 2;
                return Err(self.line.error(DeviceErrorKind::Refused {
                    asked: setting,
                    code,
                    text: format!("expected from 0 to {} dB", self.traits.most_db),
                }));
            }
            _ => return Err(self.line.garbled(&setting, &answer)),
        }
        let read = self.attenuation().await?;
        // Both are whole steps: a hundredth is what the digits hide.
        if (read - db).abs() <= 0.01 {
            return Ok(());
        }
        Err(self.line.not_applied(setting, format!("{read}")))
    }
}

#[async_trait]
impl Device for Attenuator {
    fn channels(&self) -> Vec<ChannelSpec> {
        vec![ChannelSpec::number("attenuation", Decibels::UNIT)]
    }

    async fn identify(&mut self) -> Result<Identity, DeviceError> {
        // Telnet greets with an empty line, which is an answer to nothing.
        let model = match self.text(":MN?", "MN").await {
            Err(error) if matches!(error.kind, DeviceErrorKind::Garbled { .. }) => {
                self.text(":MN?", "MN").await?
            }
            other => other?,
        };
        if !model.eq_ignore_ascii_case(self.traits.model) {
            return Err(self.line.error(DeviceErrorKind::WrongIdentity {
                expected: self.traits.model.to_owned(),
                found: model,
            }));
        }
        Ok(Identity {
            maker: "Mini-Circuits".to_owned(),
            model,
            serial: self.text(":SN?", "SN").await?,
            firmware: self.text(":FIRMWARE?", "FIRMWARE").await?,
        })
    }

    async fn measure(&mut self, readings: &mut Vec<Reading>) -> Result<(), DeviceError> {
        let db = self.attenuation().await?;
        readings.push(Reading::number(0, db));
        Ok(())
    }

    async fn make_safe(&mut self) -> Result<(), DeviceError> {
        self.set(self.range.most.0).await
    }
}

#[async_trait]
impl role::Attenuator for Attenuator {
    async fn protect(&mut self, range: LossRange) -> Result<(), DeviceError> {
        self.range = LossRange {
            least: range.least,
            // Down to a step, or the hardware would refuse what it rounds up to.
            most: Decibels((range.most.0 / super::STEP_DB).floor() * super::STEP_DB),
        };
        self.make_safe().await
    }

    async fn program(&mut self, loss: Decibels) -> Result<(), DeviceError> {
        let LossRange { least, most } = self.range;
        // What is not a number is in no range.
        if !(least.0..=most.0).contains(&loss.0) {
            return Err(self.line.error(DeviceErrorKind::Refused {
                asked: format!("{loss:.2}"),
                code: 0,
                text: "out of the range that the attenuator was armed with".to_owned(),
            }));
        }
        let step = nearest_step(loss.0);
        // The nearest step may be on the wrong side of the least.
        let step = if step < least.0 {
            step + super::STEP_DB
        } else {
            step
        };
        self.set(step.min(most.0)).await
    }
}
