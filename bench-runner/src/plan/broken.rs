//! What is refused already, so that what names it is not blamed for that: each fault is told
//! once, where it is.

use std::collections::BTreeSet;

use profiles::phase::Phase;

use crate::config::campaign::RawCampaign;
use crate::config::wiring::RawWiring;

/// Names and sections that are in the files, but wrong.
#[derive(Debug, Default)]
pub(super) struct Broken {
    /// Devices, steps and workloads that have a refusal of their own.
    names: BTreeSet<String>,
    /// Sections that hold something without a name that could be read.
    sections: BTreeSet<&'static str>,
}

impl Broken {
    pub(super) fn new(campaign: &RawCampaign, wiring: &RawWiring) -> Broken {
        let mut broken = Broken::default();
        for lost in &campaign.lost {
            match &lost.name {
                Some(name) => broken.name(name),
                None => broken.section(lost.section),
            }
        }
        if wiring.lost {
            broken.section("device");
        }
        broken
    }

    /// Something that has a name is refused.
    pub(super) fn name(&mut self, name: &str) {
        self.names.insert(name.to_owned());
    }

    /// A whole section is, or something in it that has no name.
    pub(super) fn section(&mut self, section: &'static str) {
        self.sections.insert(section);
    }

    /// Whether a section is not what the file wants it to be.
    pub(super) fn has(&self, section: &str) -> bool {
        self.sections.contains(section)
    }

    /// Whether times of steps and phases cannot be trusted.
    pub(super) fn is_timeless(&self) -> bool {
        self.has("orbit") || self.has("step") || self.has("length")
    }

    /// Whether a `what` that is not found under the name `word` may be one that is refused.
    pub(super) fn excuses(&self, what: &str, word: &str) -> bool {
        let section = match what {
            "step" => self.has("step"),
            "step or phase" => {
                let phase = Phase::ALL.iter().any(|phase| phase.name() == word);
                self.has("step") || (phase && self.has("orbit"))
            }
            "workload" => self.has("workload"),
            "device" | "accelerator" | "power-supply" | "thermal-chamber" => self.has("device"),
            _ => false,
        };
        section || self.names.contains(word)
    }
}
