//! What must fit together: supplies and the boards that they feed, goldens and the networks that
//! boards run.

use std::collections::BTreeSet;

use drivers::catalog;
use reports::header::{Header, Parameters};

use super::stations::{self, DevicePlan, Wired};
use super::{Plan, Planner};
use crate::config::campaign::RawCampaign;
use crate::config::refusal::{Place, Refusal};
use crate::config::wiring::RawWiring;

impl Planner {
    /// Refuses a supply that may be told more volts than a board on it is made for: no campaign
    /// must be able to damage a board. Each supply is told once.
    pub(super) fn feeds(&mut self, wiring: &RawWiring, devices: &[DevicePlan]) {
        let entries = catalog::entries();
        let mut told = BTreeSet::new();
        for raw in &wiring.devices {
            let Some(powered_by) = &raw.powered_by else {
                continue;
            };
            let (Some(board), Some(DevicePlan::Instrument(supply))) = (
                stations::find(devices, &raw.name.value),
                stations::find(devices, &powered_by.value),
            ) else {
                continue;
            };
            let model = board.wired().model;
            let entry = entries.iter().find(|entry| entry.name == model);
            let ratings = entry.map(|entry| entry.ratings).unwrap_or_default();
            let Some(rating) = ratings.iter().find(|rating| rating.name == "volts") else {
                continue;
            };
            if let Some(&volts) = supply.limits.get("volts").filter(|&&v| v > rating.value)
                && !self.limit_was_refused(wiring, &powered_by.value)
                && told.insert(&powered_by.value)
            {
                let (board, supply) = (&raw.name.value, &powered_by.value);
                let message = format!(
                    "`{supply}` may be told up to {volts} V, but `{board}` takes {} V at most",
                    rating.value
                );
                let expected = "expected a supply that cannot damage this board";
                let help = format!(
                    "give `{supply}` a limit: limits = {{ volts = {} }}, or less",
                    rating.value
                );
                self.refuse(Refusal::at(&powered_by.place, message, expected).help(help));
            }
        }
    }

    /// Whether the limits of a device are wrong by themselves: what follows is no other mistake.
    fn limit_was_refused(&self, wiring: &RawWiring, device: &str) -> bool {
        let supply = wiring.devices.iter().find(|raw| raw.name.value == device);
        let mut limits = supply.iter().flat_map(|supply| &supply.limits);
        limits.any(|limit| self.was_refused(&limit.place) || self.was_refused(&limit.key.place))
    }

    fn was_refused(&self, place: &Place) -> bool {
        let mut places = self.loader.refusals.iter().filter_map(|r| r.place.as_ref());
        places.any(|refused| refused == place)
    }

    /// Refuses a golden that another network made than the one that the board runs, or the same with
    /// other weights.
    pub(super) fn networks(&mut self, campaign: &RawCampaign, plan: &Plan) {
        for raw in &campaign.workloads {
            if self.was_refused(&raw.device.place) {
                continue;
            }
            let (Some(device), Some(golden)) = (
                stations::find(&plan.devices, &raw.device.value),
                plan.goldens.workloads.get(&raw.golden.value),
            ) else {
                continue;
            };
            let made = &golden.manifest().model.name;
            let runs = device.wired().runs();
            if let Some(runs) = runs.filter(|runs| *runs != made.as_str()) {
                let message = format!(
                    "`{}` runs `{runs}`, but golden `{}` was made by `{made}`",
                    raw.device.value, raw.golden.value
                );
                let expected = "expected a golden of the same network";
                let help = "the wiring's option `network` says what an emulated board runs";
                self.refuse(Refusal::at(&raw.golden.place, message, expected).help(help));
            } else if let Some(found) = device.wired().network_sha256() {
                let said = &golden.manifest().model.sha256;
                if !found.eq_ignore_ascii_case(said) {
                    let message = format!(
                        "golden `{}` was made with another file of `{made}` than `{}` has",
                        raw.golden.value, raw.device.value
                    );
                    let expected = "expected a golden of the same weights";
                    let help = format!(
                        "its golden.toml says model.sha256 {said}, and the emulated board has \
                         {found}: make the golden with that file"
                    );
                    self.refuse(Refusal::at(&raw.golden.place, message, expected).help(help));
                }
            }
        }
    }
}

/// Notes what lies where in the memories of emulated boards, so that an upset can be told by the
/// parameter that it hit.
pub(super) fn memories(header: &mut Header, devices: &[DevicePlan]) {
    for workload in &mut header.workloads {
        let board = devices.iter().map(DevicePlan::wired);
        let mut board = board.filter(|wired| wired.id == workload.device);
        let network = board.find_map(Wired::network);
        let tensors = network.map(|network| network.tensors());
        let known = tensors.into_iter().flatten().map(|tensor| Parameters {
            name: tensor.name,
            dtype: tensor.dtype,
            elements: tensor.elements as u64,
            bytes: tensor.bytes as u64,
        });
        workload.memory = known.collect();
    }
}
