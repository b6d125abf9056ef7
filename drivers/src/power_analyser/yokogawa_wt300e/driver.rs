//! What a WT310E is told before a run and asked during it.

use async_trait::async_trait;
use profiles::channel::ChannelSpec;
use profiles::reading::Reading;

use crate::device::{Device, Identity};
use crate::error::{DeviceError, DeviceErrorKind};
use crate::model::DriverSetup;
use crate::options::deadline_of;
use crate::power_analyser::role::CHANNELS;
use crate::scpi::session::Session;

/// Joules in a watt-hour.
const JOULES: f64 = 3_600.0;
const MODEL: &str = "WT310E";

/// An analyser at the far end of a link.
pub(super) struct Analyser {
    session: Session,
    rate: String,
    /// Whether the integrator was started by this run.
    counting: bool,
}

impl Analyser {
    pub(super) fn new(setup: DriverSetup) -> Analyser {
        let limit = deadline_of(&setup.options, 1.0);
        let rate = setup.options.text("rate").unwrap_or("250MS").to_owned();
        let session = Session::new(setup.device, setup.link, setup.clock, limit);
        Analyser {
            session: session.with_errors_by(":STAT:ERR?"),
            rate,
            counting: false,
        }
    }

    /// Sets it up and starts its integrator from nothing.
    async fn prepare(&mut self) -> Result<(), DeviceError> {
        self.session.tell("*CLS;:COMM:REM ON").await?;
        self.session.tell(":COMM:HEAD OFF;VERB OFF").await?;
        // An integrator that runs takes no other settings.
        if self.session.ask(":INTEG:STAT?").await?.starts_with("STAR") {
            self.session.tell(":INTEG:STOP").await?;
        }
        for setting in [
            ":INTEG:RES",
            ":INP:MODE DC",
            ":NUM:FORM ASC",
            ":NUM:NORM:NUM 4;ITEM1 U,1;ITEM2 I,1;ITEM3 P,1;ITEM4 WH,1",
            ":INTEG:MODE NORM;TIM 0,0,0",
        ] {
            self.session.tell(setting).await?;
        }
        self.session.tell(&format!(":RATE {}", self.rate)).await?;
        self.session.tell(":INTEG:STAR").await
    }
}

#[async_trait]
impl Device for Analyser {
    fn channels(&self) -> Vec<ChannelSpec> {
        let specs = CHANNELS.map(|(name, unit)| ChannelSpec::number(name, unit));
        specs.to_vec()
    }

    async fn identify(&mut self) -> Result<Identity, DeviceError> {
        let identity = self.session.identify().await?;
        if !identity.model.eq_ignore_ascii_case(MODEL) {
            return Err(self.session.error(DeviceErrorKind::WrongIdentity {
                expected: MODEL.to_owned(),
                found: identity.model,
            }));
        }
        Ok(identity)
    }

    async fn measure(&mut self, readings: &mut Vec<Reading>) -> Result<(), DeviceError> {
        if !self.counting {
            self.prepare().await?;
            self.counting = true;
        }
        let question = ":NUM:NORM:VAL?";
        let answer = self.session.ask(question).await?;
        let fields: Vec<&str> = answer.split(',').map(str::trim).collect();
        if fields.len() != CHANNELS.len() {
            return Err(self.session.garbled(question, &answer));
        }
        for (channel, field) in (0..).zip(fields) {
            match field.parse::<f64>() {
                // What cannot be measured yet is no reading.
                Ok(value) if value.is_nan() => {}
                Ok(value) if value.is_finite() => {
                    let value = if channel == 3 { value * JOULES } else { value };
                    readings.push(Reading::number(channel, value));
                }
                _ => {
                    readings.clear();
                    return Err(self.session.garbled(question, &answer));
                }
            }
        }
        Ok(())
    }

    async fn make_safe(&mut self) -> Result<(), DeviceError> {
        // It only looks; there is nothing to switch off but its counting.
        if std::mem::take(&mut self.counting) {
            self.session.tell(":INTEG:STOP").await?;
        }
        Ok(())
    }
}
