//! Roles to words: what a 663xB is told and asked.

use async_trait::async_trait;
use profiles::channel::ChannelSpec;
use profiles::command::Switch;
use profiles::quantity::{Amperes, Volts};
use profiles::reading::Reading;

use super::{Traits, operation, questionable};
use crate::device::{Device, Identity};
use crate::error::{DeviceError, DeviceErrorKind};
use crate::model::DriverSetup;
use crate::options::deadline_of;
use crate::power_supply::role::{PowerSupply, SupplyLimits};
use crate::scpi::session::Session;

/// One question for all that is measured: at 9600 baud each turn of the line costs as much as
/// thirty characters. `CURR?` is found below `MEAS`, where `VOLT?` was.
const MEASURE: &str = "MEAS:VOLT?;CURR?;:OUTP?;:STAT:QUES:COND?;:STAT:OPER:COND?";

/// States of the channel `output`.
const OUTPUT: [&str; 3] = ["off", "on", "protected"];
/// States of the channel `mode`.
const MODE: [&str; 8] = [
    "off",
    "constant_voltage",
    "constant_current",
    "unregulated",
    "over_voltage",
    "over_current",
    "over_temperature",
    "inhibited",
];

/// A supply at the far end of a link.
pub(super) struct Supply {
    session: Session,
    traits: &'static Traits,
    over_current_trips: bool,
    /// Ceiling of the current limit, which the supply itself cannot be told.
    ceiling: Option<Amperes>,
}

impl Supply {
    pub(super) fn new(setup: DriverSetup, traits: &'static Traits) -> Supply {
        let limit = deadline_of(&setup.options, 1.0);
        Supply {
            session: Session::new(setup.device, setup.link, setup.clock, limit),
            traits,
            over_current_trips: setup.options.text("over_current") == Some("trip"),
            ceiling: None,
        }
    }

    fn not_applied(&self, asked: impl Into<String>, got: impl Into<String>) -> DeviceError {
        self.session.error(DeviceErrorKind::NotApplied {
            asked: asked.into(),
            got: got.into(),
        })
    }
}

#[async_trait]
impl Device for Supply {
    fn channels(&self) -> Vec<ChannelSpec> {
        vec![
            ChannelSpec::number("volts", Volts::UNIT),
            ChannelSpec::number("amps", Amperes::UNIT),
            ChannelSpec::states("output", &OUTPUT),
            ChannelSpec::states("mode", &MODE),
        ]
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
        let [volts, amps, on, questionable, operation] = self.session.ask_numbers(MEASURE).await?;
        let state = State::new(on, questionable, operation);
        readings.extend([
            Reading::number(0, volts),
            Reading::number(1, amps),
            Reading::state(2, state.output()),
            Reading::state(3, state.mode()),
        ]);
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
        if is(on, 0) {
            return Ok(());
        }
        remote.and(told)?;
        Err(self.not_applied("OUTP 0", "OUTP 1"))
    }
}

#[async_trait]
impl PowerSupply for Supply {
    async fn protect(&mut self, ceiling: SupplyLimits) -> Result<(), DeviceError> {
        // Errors of before are not ours. An old trip is cleared with the output off, so that
        // clearing it switches nothing on.
        self.session.tell("*CLS;:SYST:REM").await?;
        self.session.tell("OUTP 0;:OUTP:PROT:CLE").await?;
        let trips = u8::from(self.over_current_trips);
        let setting = format!("VOLT:PROT {:.3};:CURR:PROT:STAT {trips}", ceiling.volts.0);
        self.session.tell(&setting).await?;
        let [volts, read, tripped] = self
            .session
            .ask_numbers("VOLT:PROT?;:CURR:PROT:STAT?;:STAT:QUES:COND?")
            .await?;
        let differs = (volts - ceiling.volts.0).abs() > self.traits.volts_step;
        if differs || !is(read, trips) {
            let got = format!("VOLT:PROT {volts:.3};:CURR:PROT:STAT {read}");
            return Err(self.not_applied(setting, got));
        }
        if State::new(0.0, tripped, 0.0).is_tripped() {
            let got = format!("STAT:QUES:COND {tripped}");
            return Err(self.not_applied("OUTP:PROT:CLE", got));
        }
        self.ceiling = Some(ceiling.amps);
        Ok(())
    }

    async fn program(&mut self, volts: Volts, limit: Amperes) -> Result<(), DeviceError> {
        let setting = format!("VOLT {:.3};:CURR {:.4}", volts.0, limit.0);
        if self.ceiling.is_some_and(|ceiling| limit > ceiling) {
            // The supply has a trip level for volts only; the driver keeps the one for amperes.
            return Err(self.session.error(DeviceErrorKind::Refused {
                asked: setting,
                code: 0,
                text: "above the ceiling that the supply was armed with".to_owned(),
            }));
        }
        self.session.tell(&setting).await?;
        // Its converters round to steps of their own.
        let [v, a] = self.session.ask_numbers("VOLT?;:CURR?").await?;
        let near = |read: f64, told: f64, step: f64| (read - told).abs() <= step;
        if near(v, volts.0, self.traits.volts_step) && near(a, limit.0, self.traits.amps_step) {
            return Ok(());
        }
        Err(self.not_applied(setting, format!("VOLT {v:.3};:CURR {a:.4}")))
    }

    async fn switch(&mut self, state: Switch) -> Result<(), DeviceError> {
        let wanted = u8::from(state == Switch::On);
        let setting = format!("OUTP {wanted}");
        self.session.tell(&setting).await?;
        let [on, questionable] = self.session.ask_numbers("OUTP?;:STAT:QUES:COND?").await?;
        let read = State::new(on, questionable, 0.0);
        if is(on, wanted) && !(state == Switch::On && read.is_tripped()) {
            return Ok(());
        }
        let got = format!("OUTP {on};:STAT:QUES:COND {questionable}");
        Err(self.not_applied(setting, got))
    }
}

/// Whether an answer is this boolean.
fn is(answer: f64, state: u8) -> bool {
    (answer - f64::from(state)).abs() < 0.5
}

/// What the status registers say about the output.
#[derive(Clone, Copy, Debug)]
struct State {
    on: bool,
    questionable: u16,
    operation: u16,
}

impl State {
    fn new(on: f64, questionable: f64, operation: f64) -> State {
        State {
            on: !is(on, 0),
            questionable: questionable as u16,
            operation: operation as u16,
        }
    }

    fn is_tripped(self) -> bool {
        self.questionable & questionable::TRIPPED != 0
    }

    /// A tripped output is `protected` even where it was switched off afterwards: it stays
    /// latched until the trip is cleared.
    fn output(self) -> u16 {
        if self.is_tripped() {
            2
        } else {
            u16::from(self.on)
        }
    }

    fn mode(self) -> u16 {
        let is = |bits| self.questionable & bits != 0;
        if is(questionable::OVER_VOLTAGE) {
            4
        } else if is(questionable::OVER_CURRENT | questionable::FUSE) {
            5
        } else if is(questionable::OVER_TEMPERATURE) {
            6
        } else if is(questionable::INHIBITED) {
            7
        } else if !self.on {
            0
        } else if self.operation & operation::VOLTAGE != 0 {
            1
        } else if self.operation & (operation::CURRENT | operation::SINK) != 0 {
            2
        } else {
            3
        }
    }
}
