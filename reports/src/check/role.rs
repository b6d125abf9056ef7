//! What each kind of check must do.

use std::sync::Arc;

use profiles::option::{OptionSpec, Options};
use profiles::time::BenchTime;

use crate::event::Event;
use crate::golden::Goldens;
use crate::header::{CheckSpec, Header};
use crate::rows::Rows;
use crate::verdict::Finding;

/// A question about a run. It sees the events of its subject inside its windows only, in order,
/// each with the place of its window in [`CheckSpec::windows`].
pub trait Check: Send {
    /// Takes one event.
    fn observe(&mut self, window: usize, event: &Event);

    /// Whether it has a quicker way for readings that came one after another than one by one.
    fn takes_rows(&self) -> bool {
        false
    }

    /// Takes readings that came one after another in one window; comes to the same as one by one.
    fn observe_rows(&mut self, window: usize, rows: &Rows<'_>) {
        rows.each(&mut |event| self.observe(window, event));
    }

    /// The run was cut short at `reached`: what would have come after it did not fail to come.
    /// Called before [`Check::conclude`], at most once.
    fn cut_short(&mut self, _reached: BenchTime) {}

    /// Whether what was seen so far is already a failure, for who watches the run. Cheap; the
    /// moment under way may be missing.
    fn failing(&self) -> bool;

    /// The same check, with all that it saw: to be asked in its place while the run goes on.
    fn twin(&self) -> Box<dyn Check>;

    /// Answers. No sample: inconclusive.
    fn conclude(self: Box<Self>) -> Finding;
}

/// What a check of one kind watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// `channel = "device.channel"`.
    Channel,
    /// `device = "device"`.
    Device,
    /// `workload = "name"`.
    Workload,
    /// `workload = "name"`, of a mesh: of the boards that share it.
    Mesh,
}

/// One row of the table of checks.
pub struct Kind {
    /// As campaigns spell it.
    pub name: &'static str,
    /// One line for `bench list`.
    pub summary: &'static str,
    /// What it watches.
    pub target: Target,
    /// Its settings beside name, kind, target, `during` and `after`.
    pub options: &'static [OptionSpec],
    /// Refuses settings that make no sense together (`min` above `max`), with the reason.
    pub validate: fn(&Options) -> Result<(), String>,
    /// Makes the check.
    pub build: fn(&CheckSetup<'_>) -> Box<dyn Check>,
}

/// The option by which a check of any kind names a device whose events it sees beside its subject's.
pub const METER: &str = "meter";

/// What a check is made of.
pub struct CheckSetup<'a> {
    /// The check, resolved.
    pub spec: Arc<CheckSpec>,
    /// The run.
    pub header: &'a Header,
    /// The goldens of the run.
    pub goldens: &'a Goldens,
}
