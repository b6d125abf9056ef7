//! A wrong output is asked for again, a declared number of times, before the workload goes on: only
//! what is asked at once tells a fault that stays from one that went by.

use profiles::time::BenchTime;
use reports::event::EventKind;

use super::BoardStation;
use super::state::Repeats;

/// Wrong outputs of a run that are asked again: a board that never answers twice the same must not
/// keep its workload from going on.
const MOST: u32 = 1_000;

impl BoardStation {
    /// Whether an output is wrong by the workload's golden.
    pub(super) fn is_wrong(&self, input: u16, output: &[u8]) -> bool {
        let work = self.state.work.as_ref();
        work.is_some_and(|work| !work.golden.compare(usize::from(input), output).passes())
    }

    /// Asks for `slot` again, unless an input is being asked again already.
    pub(super) fn repeat(&mut self, slot: u16, digest: u32) {
        let asked = self.state.work.as_ref().map_or(0, |work| work.repeats);
        let state = &mut self.state;
        if asked == 0 || state.repeats.is_some() || state.repeated >= MOST || !state.working {
            return;
        }
        state.repeated += 1;
        state.repeats = Some(Repeats {
            slot,
            digest,
            asked,
            left: asked,
            answers: Vec::new(),
        });
    }

    /// Counts what came of a query, or that nothing came, if its input is being asked again.
    pub(super) fn repeated(&mut self, at: BenchTime, slot: u16, digest: Option<u32>) {
        let Some(repeats) = self.state.repeats.as_mut().filter(|it| it.slot == slot) else {
            return;
        };
        repeats.answers.extend(digest);
        repeats.left = repeats.left.saturating_sub(1);
        if repeats.left == 0 {
            self.end_repeats(at);
        }
    }

    /// Tells what came of asking again.
    pub(super) fn end_repeats(&mut self, at: BenchTime) {
        if let Some(repeats) = self.state.repeats.take() {
            let told = EventKind::Repeated {
                input: repeats.slot,
                digest: repeats.digest,
                asked: repeats.asked,
                answers: repeats.answers,
            };
            self.reporter.tell(at, told);
        }
    }
}
