//! What an electronic load is told: what it holds constant, and its input.

use drivers::catalog::Role;
use profiles::command::{Command, Sink, Switch};
use profiles::quantity::{Amperes, Ohms, Volts, Watts};

use crate::config::campaign::RawSet;
use crate::config::refusal::{Place, Refusal};
use crate::plan::Planner;

impl Planner {
    /// What an entry of `set` tells a load, with the place of each value.
    pub(super) fn load<'a>(
        &mut self,
        raw: &'a RawSet,
        role: Role,
        stray: &mut Vec<(&'static str, &'a Place)>,
    ) -> Vec<(Command, Place)> {
        let mut commands = Vec::new();
        if role != Role::ElectronicLoad {
            stray.extend(raw.sink.iter().map(|(key, value)| (*key, &value.place)));
            stray.extend(raw.input.as_ref().map(|input| ("input", &input.place)));
            return commands;
        }
        if let Some((key, second)) = raw.sink.get(1) {
            let message = format!("a load holds one thing, and `{key}` is another");
            let expected = "expected one of `sink_amps`, `sink_volts`, `sink_ohms`, `sink_watts`";
            self.refuse(Refusal::at(&second.place, message, expected));
        }
        if let Some((key, value)) = raw.sink.first() {
            let number = value.value;
            if *key == "sink_ohms" && number <= 0.0 {
                let message = format!("a resistance of {number} Ω");
                self.refuse(Refusal::at(&value.place, message, "expected above 0"));
            }
            let sink = match *key {
                "sink_amps" => Sink::Amps(Amperes(number)),
                "sink_volts" => Sink::Volts(Volts(number)),
                "sink_ohms" => Sink::Ohms(Ohms(number)),
                _ => Sink::Watts(Watts(number)),
            };
            commands.push((Command::Load(sink), value.place.clone()));
        }
        if let Some(input) = &raw.input {
            let switch = if input.value == "on" {
                Switch::On
            } else {
                Switch::Off
            };
            commands.push((Command::LoadInput(switch), input.place.clone()));
        }
        commands
    }
}
