//! The tasks of a mesh at one board: what becomes of the one that it has.

use profiles::time::BenchTime;
use reports::event::EventKind;

use super::BoardStation;

impl BoardStation {
    /// The board did the task that it has.
    pub(super) fn task_done(&mut self, at: BenchTime) {
        if let Some(seat) = &mut self.state.seat {
            seat.answered(at, &mut self.state.tasks);
        }
        self.tell_tasks(at);
    }

    /// The board will not do the task that it has.
    pub(super) fn task_failed(&mut self, at: BenchTime, why: &str) {
        if let Some(seat) = &mut self.state.seat {
            seat.failed(why, &mut self.state.tasks);
        }
        self.tell_tasks(at);
    }

    /// The board will not do the task that it has, if it was not asked for it yet.
    pub(super) fn task_not_begun(&mut self, why: &str) {
        if let Some(seat) = &mut self.state.seat {
            seat.failed_before(why, &mut self.state.tasks);
        }
        self.tell_tasks(self.clock.now());
    }

    /// Tells what happened at the board's place in the mesh.
    pub(super) fn tell_tasks(&mut self, at: BenchTime) {
        let tasks: Vec<EventKind> = self.state.tasks.drain(..).collect();
        for kind in tasks {
            self.reporter.tell(at, kind);
        }
    }
}
