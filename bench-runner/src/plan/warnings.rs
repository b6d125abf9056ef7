//! Warnings: what is allowed, but surely not meant.

use drivers::catalog;
use drivers::link::QemuMode;
use profiles::command::{Command, Switch, Work};
use profiles::name::DeviceName;
use reports::event::DeviceId;
use reports::header::{CheckSpec, Subject};

use super::stations::Wired;
use super::{BoardPlan, DevicePlan, Plan};

impl Plan {
    /// What is allowed, but surely not meant: each in a sentence without a full stop.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.header.checks.is_empty() {
            let why = "the campaign has no check: nothing can pass, and a run ends with code 4";
            warnings.push(why.to_owned());
        }
        for device in &self.devices {
            if let DevicePlan::Board(board) = device {
                self.warn_of_board(board, &mut warnings);
            }
        }
        self.warn_of_workloads(&mut warnings);
        let track = self
            .orbit
            .iter()
            .flat_map(|(_, prediction)| &prediction.track);
        if let Some(point) = track.clone().find(|point| point.battery_soc <= 0.0) {
            let why = format!(
                "the satellite's battery is empty at {}: its loads are more than its array gives",
                point.at
            );
            warnings.push(why);
        }
        for check in &self.header.checks {
            warnings.extend(self.blind(check));
            if check.windows.is_empty() {
                warnings.push(format!(
                    "check `{}` looks at nothing, so it will be inconclusive: `{}` does not happen \
                     during the campaign",
                    check.name, check.during
                ));
            }
        }
        warnings
    }

    fn warn_of_board(&self, board: &BoardPlan, warnings: &mut Vec<String>) {
        let name = &board.wired.name;
        let is_live = board
            .wired
            .link
            .qemu()
            .is_some_and(|spec| spec.mode == QemuMode::Live);
        match board.powered_by {
            None if is_live => {}
            None => warnings.push(format!(
                "nobody powers `{name}`, so it never starts; the wiring's `powered_by` names its \
                 supply"
            )),
            Some(supply) if !self.is_switched_on(supply) => warnings.push(format!(
                "`{}` powers `{name}`, but no step switches its output on",
                self.device_name(supply)
            )),
            Some(_) => {}
        }
        if let Some(supply) = self.unguarded(board) {
            warnings.push(format!(
                "`{supply}`, which powers `{name}`, cannot be told to trip: the bench alone keeps \
                 it below its `volts`"
            ));
        }
        let real = |wired: &Wired| wired.link.line().is_some();
        let supply = self.devices.iter().map(DevicePlan::wired);
        let supply = supply.filter(|wired| board.powered_by == Some(wired.id));
        if let Some(supply) = supply
            .filter(|_| real(&board.wired))
            .find(|wired| !real(wired))
        {
            warnings.push(format!(
                "`{name}` is real, but `{}`, which powers it, is emulated: what the supply is told \
                 does not reach the board, nor does it go off with it",
                supply.name
            ));
        }
        if board.work.is_none() {
            warnings.push(format!("`{name}` has no workload: it computes nothing"));
        }
    }

    /// The supply of a board, if it has no protection that can be set.
    fn unguarded(&self, board: &BoardPlan) -> Option<&DeviceName> {
        let mut devices = self.devices.iter().map(DevicePlan::wired);
        let supply = devices.find(|wired| Some(wired.id) == board.powered_by)?;
        let entries = catalog::entries();
        let entry = entries.iter().find(|entry| entry.name == supply.model);
        let guarded = entry.is_none_or(|entry| entry.guards_itself);
        (!guarded).then_some(&supply.name)
    }

    fn is_switched_on(&self, supply: DeviceId) -> bool {
        let on = Command::SupplyOutput(Switch::On);
        let mut timeline = self.timeline.iter();
        timeline.any(|told| told.device == supply && told.command == on)
    }

    fn warn_of_workloads(&self, warnings: &mut Vec<String>) {
        for (index, workload) in (0..).zip(&self.header.workloads) {
            let watched = Subject::Workload { workload: index };
            let mut checks = self.header.checks.iter();
            if !checks.any(|check| check.subject == watched) {
                let name = &workload.name;
                warnings.push(format!("no check looks at the workload `{name}`"));
            }
            let start = Command::Accelerator(Work::Start);
            let mut timeline = self.timeline.iter();
            if !timeline.any(|told| told.device == workload.device && told.command == start) {
                let name = &workload.name;
                warnings.push(format!(
                    "the workload `{name}` never works: what its `during` selects does not happen \
                     during the campaign"
                ));
            }
            if let Some(seat) = workload.seat.as_ref()
                && let Some(link) = seat.link.as_ref().filter(|_| seat.open.is_empty())
            {
                let (name, mesh) = (&workload.name, &seat.mesh);
                warnings.push(format!(
                    "the workload `{name}` gets no task of `{mesh}`: `{link}` does not happen during \
                     the campaign"
                ));
            }
            let golden = self.goldens.workloads.get(&workload.golden);
            if let Some(golden) = golden.filter(|golden| !golden.is_accepted()) {
                let (name, state) = (&workload.golden, golden.manifest().state.name());
                warnings.push(format!(
                    "golden `{name}` is {state}: by it nothing passes before it is accepted"
                ));
            }
            if let Some(day) = &workload.expired {
                let name = &workload.golden;
                warnings.push(format!(
                    "golden `{name}` counted until {day}: by it nothing passes any more; look at it anew, \
                     and give it a later `expires` or none"
                ));
            }
        }
        let mut checks = self.header.checks.iter();
        if self.goldens.throughput.is_none() && checks.any(|check| check.kind == "throughput") {
            let why = "there is no throughput golden yet, so checks of it are inconclusive; \
                       `bench judge RUN --accept-golden FILE` makes one";
            warnings.push(why.to_owned());
        }
    }

    /// A check whose windows are shorter than the time between two samples.
    fn blind(&self, check: &CheckSpec) -> Option<String> {
        let Subject::Channel { device, .. } = check.subject else {
            return None;
        };
        let plan = self.devices.iter().find(|d| d.wired().id == device);
        let Some(DevicePlan::Instrument(instrument)) = plan else {
            return None;
        };
        let poll = instrument.poll.as_secs_f64();
        let mut windows = check.windows.iter().map(|named| named.window.seconds());
        windows.any(|seconds| seconds < poll).then(|| {
            format!(
                "check `{}` may see nothing: `{}` is asked every {}, and a window of the check is \
                 shorter",
                check.name, instrument.wired.name, instrument.poll
            )
        })
    }
}
