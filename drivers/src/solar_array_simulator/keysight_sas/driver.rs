//! Roles to words: what a simulator is told and asked.

use async_trait::async_trait;
use profiles::channel::ChannelSpec;
use profiles::command::Switch;
use profiles::physics::array_curve::ArrayPoints;
use profiles::quantity::{Amperes, Volts, Watts};
use profiles::reading::Reading;
use profiles::time::Period;

use super::{Dialect, Traits, questionable};
use crate::clock::Clock;
use crate::device::{Device, Identity};
use crate::error::{DeviceError, DeviceErrorKind};
use crate::model::DriverSetup;
use crate::player::Player;
use crate::scpi::session::Session;
use crate::solar_array_simulator::role::{ArrayLimits, SolarArraySimulator};

/// How far what reads back may be from what was told: half of the last digit that is told.
pub(super) const VOLTS_DIGIT: f64 = 0.000_6;
pub(super) const AMPS_DIGIT: f64 = 0.000_06;

/// States of the channel `output`.
const OUTPUT: [&str; 4] = ["off", "on", "protected", "dark"];
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

/// A simulator at the far end of a link.
pub(super) struct Simulator {
    pub(super) session: Session,
    pub(super) traits: &'static Traits,
    pub(super) clock: Clock,
    /// The list of channels behind values, `,(@1)`, and behind questions, ` (@1)`; empty where
    /// there is one output only.
    channel: String,
    over_current_trips: bool,
    ceiling: Option<ArrayLimits>,
    pub(super) curve: Option<Light>,
    /// Whether it was switched on, be there light or not.
    pub(super) on: bool,
}

/// Whether the curve that was told last has light.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Light {
    Lit,
    Dark,
}

impl Simulator {
    pub(super) fn new(setup: DriverSetup, traits: &'static Traits) -> Simulator {
        let number = |key, default| setup.options.number(key).unwrap_or(default);
        let millis = (number("deadline", 1.0) * 1e3).round() as u32;
        let limit = Period::from_millis(millis).unwrap_or(Period::millis(1));
        let adapter = setup.options.text("adapter") == Some("prologix");
        let address = number("gpib_address", 5.0) as u8;
        let channel = match traits.dialect {
            Dialect::Single => String::new(),
            Dialect::Modular => format!("(@{})", number("channel", 1.0)),
        };
        let over_current_trips = setup.options.text("over_current") != Some("limit");
        let session = Session::new(setup.device, setup.link, setup.clock, limit);
        Simulator {
            session: if adapter {
                session.through_prologix(address)
            } else {
                session
            },
            traits,
            clock: setup.clock,
            channel,
            over_current_trips,
            ceiling: None,
            curve: None,
            on: false,
        }
    }

    /// Settings of one line, each with the list of channels.
    pub(super) fn settings(&self, settings: &[&str]) -> String {
        let told = settings.iter().map(|setting| {
            let comma = if setting.contains(' ') { "," } else { " " };
            match self.channel.as_str() {
                "" => (*setting).to_owned(),
                channel => format!("{setting}{comma}{channel}"),
            }
        });
        told.collect::<Vec<_>>().join(";")
    }

    pub(super) async fn tell(&mut self, settings: &[&str]) -> Result<String, DeviceError> {
        let line = self.settings(settings);
        self.session.tell(&line).await?;
        Ok(line)
    }

    pub(super) async fn ask<const N: usize>(
        &mut self,
        questions: [&str; N],
    ) -> Result<[f64; N], DeviceError> {
        let line = self.settings(&questions);
        self.session.ask_numbers(&line).await
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

    pub(super) fn refused(&self, asked: String, text: &str) -> DeviceError {
        self.session.error(DeviceErrorKind::Refused {
            asked,
            code: 0,
            text: text.to_owned(),
        })
    }

    /// Switches the output, and reads it back.
    pub(super) async fn conduct(&mut self, on: bool) -> Result<(), DeviceError> {
        let setting = format!("OUTP {}", u8::from(on));
        self.tell(&[&setting]).await?;
        let [read, questionable] = self.ask(["OUTP?", ":STAT:QUES:COND?"]).await?;
        let tripped = is_tripped(questionable as u16);
        if (read > 0.5) == on && !(on && tripped) {
            return Ok(());
        }
        let got = format!("OUTP {read};:STAT:QUES:COND {questionable}");
        Err(self.not_applied(setting, got))
    }

    /// The one line that tells a curve; a simulator checks the four points at its end.
    pub(super) fn curve_line(&self, points: &ArrayPoints) -> String {
        self.settings(&[
            &format!("CURR:SAS:ISC {:.4}", points.isc.0),
            &format!("IMP {:.4}", points.imp.0),
            &format!(":VOLT:SAS:VOC {:.3}", points.voc.0),
            &format!("VMP {:.3}", points.vmp.0),
        ])
    }

    pub(super) fn beyond_ceiling(&self, points: &ArrayPoints) -> bool {
        self.ceiling.is_some_and(|ceiling| {
            points.voc > ceiling.volts
                || points.isc > ceiling.amps
                || points.knee_watts() > ceiling.watts
        })
    }
}

#[async_trait]
impl Device for Simulator {
    fn channels(&self) -> Vec<ChannelSpec> {
        vec![
            ChannelSpec::number("volts", Volts::UNIT),
            ChannelSpec::number("amps", Amperes::UNIT),
            ChannelSpec::states("output", &OUTPUT),
            ChannelSpec::states("mode", &MODE),
            ChannelSpec::number("watts", Watts::UNIT),
        ]
    }

    async fn identify(&mut self) -> Result<Identity, DeviceError> {
        let identity = self.session.identify().await?;
        let mut found = identity.model.clone();
        let mut expected = self.traits.model.to_owned();
        if found.eq_ignore_ascii_case(&expected) && self.traits.dialect == Dialect::Modular {
            // The mainframe says nothing of its modules.
            let question = self.settings(&["SYST:CHAN:MOD?"]);
            let module = self.session.ask(&question).await?;
            module.trim().trim_matches('"').clone_into(&mut found);
            self.traits.module.clone_into(&mut expected);
        }
        if found.eq_ignore_ascii_case(&expected) {
            return Ok(identity);
        }
        Err(self
            .session
            .error(DeviceErrorKind::WrongIdentity { expected, found }))
    }

    async fn measure(&mut self, readings: &mut Vec<Reading>) -> Result<(), DeviceError> {
        // A modular simulator measures volts and amperes in one acquisition.
        let amps = match self.traits.dialect {
            Dialect::Single => "CURR?",
            Dialect::Modular => ":FETC:CURR?",
        };
        let [volts, amps, on, questionable, operation] = self
            .ask([
                "MEAS:VOLT?",
                amps,
                ":OUTP?",
                ":STAT:QUES:COND?",
                ":STAT:OPER:COND?",
            ])
            .await?;
        let (questionable, operation) = (questionable as u16, operation as u16);
        let output = if is_tripped(questionable) {
            2
        } else if on > 0.5 {
            1
        } else if self.on && self.curve == Some(Light::Dark) {
            3
        } else {
            0
        };
        readings.extend([
            Reading::number(0, volts),
            Reading::number(1, amps),
            Reading::state(2, output),
            Reading::state(3, self.mode(on > 0.5, questionable, operation)),
            Reading::number(4, volts * amps),
        ]);
        Ok(())
    }

    async fn has_restarted(&mut self) -> Result<bool, DeviceError> {
        self.session.has_restarted().await
    }

    async fn make_safe(&mut self) -> Result<(), DeviceError> {
        self.on = false;
        // Refusals do not count here: only what the output reads back does.
        let setting = match self.traits.dialect {
            Dialect::Single => self.settings(&["OUTP 0"]),
            Dialect::Modular => self.settings(&["ABOR", ":OUTP 0"]),
        };
        let told = self.session.insist(&setting).await;
        let [on] = self.ask(["OUTP?"]).await?;
        if on < 0.5 {
            return Ok(());
        }
        told?;
        Err(self.not_applied("OUTP 0", "OUTP 1"))
    }

    /// The E4350B and the E4351B have no lists of curves.
    fn player(&mut self) -> Option<&mut dyn Player> {
        match self.traits.dialect {
            Dialect::Single => None,
            Dialect::Modular => Some(self),
        }
    }
}

impl Simulator {
    fn mode(&self, on: bool, questionable: u16, operation: u16) -> u16 {
        let is = |bits| questionable & bits != 0;
        let bits = self.traits.dialect.operation();
        if is(questionable::OVER_VOLTAGE) {
            4
        } else if is(questionable::OVER_CURRENT | questionable::POWER_FAIL) {
            5
        } else if is(questionable::OVER_TEMPERATURE | questionable::OVER_SWITCHING) {
            6
        } else if is(questionable::INHIBITED | questionable::COUPLED) {
            7
        } else if !on {
            0
        } else if operation & bits.voltage != 0 {
            1
        } else if operation & bits.current != 0 {
            2
        } else {
            3
        }
    }
}

#[async_trait]
impl SolarArraySimulator for Simulator {
    async fn protect(&mut self, ceiling: ArrayLimits) -> Result<(), DeviceError> {
        (self.curve, self.on) = (None, false);
        // Errors of before are not ours. An old trip is cleared with the output off, so that
        // clearing it switches nothing on.
        self.session.tell("*CLS").await?;
        let arming: &[&str] = match self.traits.dialect {
            Dialect::Single => &["OUTP 0", ":OUTP:PROT:CLE", ":CURR:MODE SAS"],
            // No list plays any more.
            Dialect::Modular => &[
                "ABOR",
                ":OUTP 0",
                ":OUTP:PROT:CLE",
                ":CURR:SAS:MODE FIX",
                ":CURR:MODE SAS",
            ],
        };
        self.tell(arming).await?;
        let trips = u8::from(self.over_current_trips);
        let (volts, amps) = (ceiling.volts.0, ceiling.amps.0);
        let told = self
            .tell(&[
                &format!("VOLT:PROT {volts:.3}"),
                &format!(":CURR:PROT {amps:.4}"),
                &format!(":CURR:PROT:STAT {trips}"),
            ])
            .await?;
        let [read_volts, read_amps, read_trips, tripped] = self
            .ask([
                "VOLT:PROT?",
                ":CURR:PROT?",
                ":CURR:PROT:STAT?",
                ":STAT:QUES:COND?",
            ])
            .await?;
        let near = |read: f64, told: f64| (read - told).abs() <= 0.001 * told + 0.02;
        let differs = !near(read_volts, volts) || !near(read_amps, amps);
        if differs || (read_trips > 0.5) != self.over_current_trips {
            let got = format!("{read_volts:.3} V, {read_amps:.4} A, {read_trips}");
            return Err(self.not_applied(told, got));
        }
        if is_tripped(tripped as u16) {
            let got = format!("STAT:QUES:COND {tripped}");
            return Err(self.not_applied("OUTP:PROT:CLE", got));
        }
        self.ceiling = Some(ceiling);
        Ok(())
    }

    async fn program(&mut self, points: &ArrayPoints) -> Result<(), DeviceError> {
        let line = self.curve_line(points);
        if self.beyond_ceiling(points) {
            let text = "above the ceiling that the simulator was armed with";
            return Err(self.refused(line, text));
        }
        if points.is_dark() {
            if self.on && self.curve != Some(Light::Dark) {
                self.conduct(false).await?;
            }
            self.curve = Some(Light::Dark);
            return Ok(());
        }
        self.session.tell(&line).await?;
        let read = self
            .ask(["CURR:SAS:ISC?", "IMP?", ":VOLT:SAS:VOC?", "VMP?"])
            .await?;
        let told = [points.isc.0, points.imp.0, points.voc.0, points.vmp.0];
        let digits = [AMPS_DIGIT, AMPS_DIGIT, VOLTS_DIGIT, VOLTS_DIGIT];
        let differs = |((read, told), digit): ((f64, f64), f64)| {
            // Converters resolve a ten-thousandth of what they hold, or better.
            (read - told).abs() > digit + 1e-4 * told
        };
        if read.into_iter().zip(told).zip(digits).any(differs) {
            let [isc, imp, voc, vmp] = read;
            let got = format!("{isc:.4} A, {imp:.4} A, {voc:.3} V, {vmp:.3} V");
            return Err(self.not_applied(line, got));
        }
        let was = self.curve.replace(Light::Lit);
        if self.on && was == Some(Light::Dark) {
            self.conduct(true).await?;
        }
        Ok(())
    }

    async fn switch(&mut self, state: Switch) -> Result<(), DeviceError> {
        let on = state == Switch::On;
        if on && self.curve.is_none() {
            let text = "it was told no curve yet, and would feed whatever it was told last";
            return Err(self.refused("OUTP 1".to_owned(), text));
        }
        self.on = on;
        if on && self.curve == Some(Light::Dark) {
            return Ok(());
        }
        self.conduct(on).await
    }
}

fn is_tripped(questionable: u16) -> bool {
    questionable & questionable::TRIPPED != 0
}
