//! Limits: each set point against what the wiring allows, and the worst of them.

use std::collections::BTreeMap;

use profiles::command::Command;
use profiles::time::BenchTime;

use super::Planner;
use super::stations::DevicePlan;
use super::steps::PlacedCommand;
use crate::config::refusal::Refusal;

/// The set point that comes nearest to a limit.
#[derive(Clone, Debug, PartialEq)]
pub struct Worst {
    /// Whose.
    pub device: String,
    /// Which limit, as wirings spell it.
    pub limit: String,
    /// What it allows.
    pub allowed: f64,
    /// The set point.
    pub value: f64,
    /// When it is told.
    pub at: BenchTime,
    /// How many set points there are against this limit.
    pub count: usize,
}

impl Worst {
    /// Distance from the limit, positive inside.
    pub fn margin(&self) -> f64 {
        if self.limit.starts_with("min_") {
            self.value - self.allowed
        } else {
            self.allowed - self.value
        }
    }
}

/// The values of a command, each with the limit that it is held against.
fn values(command: &Command) -> Vec<(&'static str, f64)> {
    match command {
        Command::Supply { volts, limit } => vec![("volts", volts.0), ("amps", limit.0)],
        Command::Chamber { target, .. } => {
            vec![("min_celsius", target.0), ("max_celsius", target.0)]
        }
        Command::SupplyOutput(_) | Command::Accelerator(_) | Command::Inject(_) => Vec::new(),
    }
}

impl Planner {
    /// Refuses what goes beyond a limit, and finds the worst of the rest.
    pub(super) fn limits(
        &mut self,
        timeline: &[PlacedCommand],
        devices: &[DevicePlan],
    ) -> Vec<Worst> {
        let mut worst: BTreeMap<(u16, &'static str), Worst> = BTreeMap::new();
        let mut places = BTreeMap::new();
        for placed in timeline {
            let command = &placed.command;
            let device = devices
                .iter()
                .find(|device| device.wired().id == command.device);
            let Some(DevicePlan::Instrument(device)) = device else {
                continue;
            };
            for (limit, value) in values(&command.command) {
                let Some(&allowed) = device.limits.get(limit) else {
                    let message = format!("`{}` cannot be told this", device.wired.name);
                    self.refuse(Refusal::at(&placed.place, message, "for another role"));
                    continue;
                };
                let key = (command.device.0, limit);
                let candidate = Worst {
                    device: device.wired.name.to_string(),
                    limit: limit.to_owned(),
                    allowed,
                    value,
                    at: command.at,
                    count: 0,
                };
                let entry = worst.entry(key).or_insert_with(|| candidate.clone());
                let count = entry.count + 1;
                if candidate.margin() < entry.margin() || count == 1 {
                    *entry = candidate;
                    places.insert(key, placed.place.clone());
                }
                entry.count = count;
                let low = value < 0.0 && matches!(limit, "volts" | "amps");
                if low {
                    let message = format!("a set point of {value} {limit}");
                    self.refuse(Refusal::at(&placed.place, message, "expected at least 0"));
                }
            }
        }
        for (key, worst) in &worst {
            if worst.margin() < 0.0 {
                let side = if worst.limit.starts_with("min_") {
                    "below"
                } else {
                    "above"
                };
                let message = format!(
                    "`{}` would be told {:.3} at {}, {side} its limit `{}` of {}",
                    worst.device, worst.value, worst.at, worst.limit, worst.allowed
                );
                let help =
                    "limits stand in the wiring and protect the hardware; change the campaign";
                let refusal = Refusal::at(&places[key], message, "this goes beyond the limit");
                self.refuse(refusal.help(help));
            }
        }
        worst.into_values().collect()
    }
}
