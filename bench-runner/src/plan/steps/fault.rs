//! Faults of emulated devices, as a campaign's `set` asks for them.

use drivers::catalog::Role;
use profiles::command::Fault;

use crate::config::Located;
use crate::config::campaign::RawSet;
use crate::config::refusal::{Place, Refusal};
use crate::plan::Planner;

/// Keys that only faults have.
const KEYS: [&str; 5] = ["byte", "bit", "length", "amps", "percent_per_k"];

/// The keys that a fault needs, and whether only boards have it.
fn needs(fault: &str) -> (&'static [&'static str], bool) {
    match fault {
        "mute" => (&["length"], false),
        "bus-off" | "babble" => (&["length"], true),
        "bit-flip" | "stuck-low" | "stuck-high" | "output-flip" | "activation-flip" => {
            (&["byte", "bit"], true)
        }
        "latch-up" => (&["amps"], true),
        "drift" => (&["percent_per_k"], true),
        _ => (&[], true),
    }
}

impl Planner {
    /// The fault of an entry; none where it asks for none, or where what it asks for is refused.
    pub(super) fn fault(&mut self, raw: &RawSet, role: Role) -> Option<Fault> {
        let Some(inject) = &raw.inject else {
            if raw.is_whole {
                self.needless(raw, &[]);
            }
            return None;
        };
        let (keys, of_boards) = needs(inject.value);
        let possible = match inject.value {
            "over-voltage-trip" => role.feeds(),
            _ => !of_boards || role == Role::Accelerator,
        };
        if !possible {
            let message = format!("{} has no fault `{}`", role.with_article(), inject.value);
            let expected = match role {
                Role::Accelerator => {
                    "expected `mute`, `bit-flip`, `output-flip`, `stuck-low`, `stuck-high`, `drift`, \
                     `latch-up`, `reset` or `hang`, or on a CAN bus `bus-off` or `babble`"
                }
                role if role.feeds() => "expected `mute` or `over-voltage-trip`",
                _ => "expected `mute`",
            };
            self.refuse(Refusal::at(&inject.place, message, expected));
            return None;
        }
        self.needless(raw, keys);
        let fault = self.made(raw, inject.value);
        if fault.is_none() && raw.is_whole {
            let expected = match keys {
                ["length"] => "expected `length`, such as \"5 s\"",
                ["amps"] => "expected `amps`: the current that it takes",
                ["percent_per_k"] => "expected `percent_per_k`: by how much outputs grow",
                _ => "expected `byte`, and `bit` from 0 to 7",
            };
            let message = format!("`{}` needs more", inject.value);
            self.refuse(Refusal::at(&inject.place, message, expected));
        }
        fault
    }

    /// The fault of that name, where its keys are there.
    fn made(&mut self, raw: &RawSet, name: &str) -> Option<Fault> {
        match name {
            "reset" => Some(Fault::Reset),
            "hang" => Some(Fault::Hang),
            "over-voltage-trip" => Some(Fault::OverVoltageTrip),
            "mute" | "bus-off" | "babble" => {
                let millis = (raw.length.as_ref()?.value * 1e3) as u32;
                Some(match name {
                    "mute" => Fault::Mute { millis },
                    "bus-off" => Fault::BusOff { millis },
                    _ => Fault::Babble { millis },
                })
            }
            "latch-up" => {
                let amps = raw.amps.as_ref()?;
                self.is_from("amps", amps, (0.001, 100.0));
                Some(Fault::LatchUp { amps: amps.value })
            }
            "drift" => {
                let percent = raw.percent.as_ref()?;
                self.is_from("percent_per_k", percent, (-100.0, 100.0));
                Some(Fault::Drift {
                    percent_per_k: percent.value,
                })
            }
            _ => self.bit(raw, name),
        }
    }

    /// A fault of one bit.
    fn bit(&mut self, raw: &RawSet, name: &str) -> Option<Fault> {
        let (byte, bit) = (raw.byte.as_ref()?, raw.bit.as_ref()?);
        self.flip(byte, bit);
        let (byte, bit) = (byte.value as u32, bit.value as u8);
        match name {
            "bit-flip" => Some(Fault::BitFlip { byte, bit }),
            "activation-flip" => Some(Fault::ActivationFlip { byte, bit }),
            "output-flip" => Some(Fault::OutputFlip { byte, bit }),
            "stuck-low" | "stuck-high" => {
                let high = name == "stuck-high";
                Some(Fault::StuckBit { byte, bit, high })
            }
            _ => None,
        }
    }

    fn flip(&mut self, byte: &Located<u64>, bit: &Located<u64>) {
        let range = [(byte, "byte", u64::from(u32::MAX)), (bit, "bit", 7)];
        for (number, key, most) in range {
            if number.value > most {
                let message = format!("`{key}` is {}", number.value);
                let expected = format!("expected from 0 to {most}");
                self.refuse(Refusal::at(&number.place, message, expected));
            }
        }
    }

    fn is_from(&mut self, key: &str, number: &Located<f64>, (least, most): (f64, f64)) {
        if !(least..=most).contains(&number.value) {
            let message = format!("`{key}` is {}", number.value);
            let expected = format!("expected from {least} to {most}");
            self.refuse(Refusal::at(&number.place, message, expected));
        }
    }

    /// Refuses the keys of faults that this one does not need.
    fn needless(&mut self, raw: &RawSet, needed: &[&str]) {
        let places: [Option<&Place>; 5] = [
            raw.byte.as_ref().map(|byte| &byte.place),
            raw.bit.as_ref().map(|bit| &bit.place),
            raw.length.as_ref().map(|length| &length.place),
            raw.amps.as_ref().map(|amps| &amps.place),
            raw.percent.as_ref().map(|percent| &percent.place),
        ];
        for (key, place) in KEYS.into_iter().zip(places) {
            if let Some(place) = place.filter(|_| !needed.contains(&key)) {
                let message = format!("`{key}` belongs to a fault that is not injected here");
                let expected = match key {
                    "length" => "expected beside `inject` of `mute`, `bus-off` or `babble`",
                    "amps" => "expected beside `inject = \"latch-up\"`",
                    "percent_per_k" => "expected beside `inject = \"drift\"`",
                    _ => "expected beside `inject = \"bit-flip\"` or another fault of one bit",
                };
                self.refuse(Refusal::at(place, message, expected));
            }
        }
    }
}
