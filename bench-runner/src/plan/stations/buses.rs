//! Buses of CAN that several boards are on: they must be apart there, and of one bit rate.

use std::collections::BTreeMap;

use drivers::accelerator;
use drivers::catalog;
use drivers::link::{BusNeeds, LinkSpec, Pacing};

use super::{DevicePlan, Wired};
use crate::config::refusal::Refusal;
use crate::config::wiring::RawWiring;
use crate::plan::Planner;

impl Planner {
    /// Refuses boards on one bus that would take each other's frames for their own.
    pub(super) fn buses(&mut self, devices: &[DevicePlan], wiring: &RawWiring) {
        let mut buses: BTreeMap<String, Vec<(&Wired, BusNeeds)>> = BTreeMap::new();
        for wired in devices.iter().map(DevicePlan::wired) {
            let (Some(bus), Some(needs)) = (bus(&wired.link), needs(wired)) else {
                continue;
            };
            let there = buses.entry(bus).or_default();
            for (other, theirs) in &*there {
                if let Some((message, expected)) = apart((other, theirs), (wired, &needs)) {
                    let mut raws = wiring.devices.iter();
                    let raw = raws.find(|raw| raw.name.value == wired.name.as_str());
                    let link = raw.and_then(|raw| raw.link.as_ref());
                    if let Some(link) = link {
                        self.refuse(Refusal::at(&link.place, message, expected));
                    }
                }
            }
            there.push((wired, needs));
        }
    }
}

/// The bus that a link leads to, if others may be on it.
fn bus(link: &LinkSpec) -> Option<String> {
    match link {
        LinkSpec::Memory | LinkSpec::Qemu(_) => None,
        LinkSpec::Bus(_) => Some(link.to_string()),
        LinkSpec::Line(line) => line.has_many_ends().then(|| line.far_end()),
    }
}

fn needs(wired: &Wired) -> Option<BusNeeds> {
    let model = catalog::find(accelerator::MODELS, wired.model)?;
    (model.drive)(wired.board_setup()).ok()?.bus_needs()
}

/// Why two boards cannot be on one bus: what is wrong, and what is expected.
fn apart(
    (other, theirs): (&Wired, &BusNeeds),
    (wired, needs): (&Wired, &BusNeeds),
) -> Option<(String, String)> {
    let (name, link) = (&wired.name, &wired.link);
    if let Some(id) = needs.clash(theirs) {
        let message = format!(
            "`{name}` and `{}` are both on `{link}`, and both have the identifier {id}",
            other.name
        );
        let expected = "expected boards that are apart: give one another `id_offset`, such as 16, \
                        and with CSP another `csp_address`";
        return Some((message, expected.to_owned()));
    }
    match (wired.pacing, other.pacing) {
        (Pacing::Can { bit_rate }, Pacing::Can { bit_rate: theirs }) if bit_rate != theirs => {
            let message = format!(
                "`{name}` has a bus of {bit_rate} bit/s, and `{}` one of {theirs}, but both are on \
                 `{link}`",
                other.name
            );
            Some((message, "expected the same `bit_rate`".to_owned()))
        }
        _ => None,
    }
}
