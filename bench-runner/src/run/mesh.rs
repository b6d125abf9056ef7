//! Work that several boards share: tasks arrive one after the other, and the board that has power, a
//! link and nothing to do takes the one that waits longest.
//!
//! Nobody hands out: each board's station asks for a task when its board could do one. So power is
//! what the board itself shows, and a link is there when the orbit says so. What a board does not
//! finish goes back, and another takes it. The lock is around a list that stations look into, not
//! around a device.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use profiles::time::{BenchTime, Period, Window};
use reports::event::EventKind;

use crate::plan::{BoardPlan, DevicePlan, MeshPlan, Plan, SeatPlan};

/// How often an idle board looks whether another gave something back.
const LOOK: Period = Period::millis(1_000);

/// A piece of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Task {
    /// Its number, from zero, in order of arrival.
    pub(super) number: u32,
    arrived: BenchTime,
}

/// What boards share.
#[derive(Clone, Debug)]
pub(super) struct Mesh {
    plan: Arc<MeshPlan>,
    pool: Arc<Mutex<Pool>>,
}

#[derive(Debug, Default)]
struct Pool {
    /// In order of arrival.
    waiting: VecDeque<Task>,
    /// Tasks that have arrived.
    arrived: u32,
}

/// The meshes of a run.
pub(super) struct Meshes(Vec<Mesh>);

impl Meshes {
    pub(super) fn new(plan: &Plan) -> Meshes {
        let mut meshes: Vec<Mesh> = Vec::new();
        for device in &plan.devices {
            let DevicePlan::Board(board) = device else {
                continue;
            };
            let seat = board.work.as_ref().and_then(|work| work.seat.as_ref());
            if let Some((plan, _)) = seat
                && !meshes.iter().any(|mesh| mesh.plan.name == plan.name)
            {
                meshes.push(Mesh::new(Arc::clone(plan)));
            }
        }
        Meshes(meshes)
    }

    /// The seat of a board, if it has one.
    pub(super) fn seat(&self, board: &BoardPlan) -> Option<Seat> {
        let work = board.work.as_ref()?;
        let (plan, seat) = work.seat.as_ref()?;
        let mesh = self.0.iter().find(|mesh| mesh.plan.name == plan.name)?;
        let length = |samples: &[Arc<[u8]>]| samples.first().map_or(0, |it| it.len() as u64);
        let bytes = [length(&work.inputs), length(work.golden.outputs())];
        Some(Seat::new(mesh.clone(), seat.clone(), bytes))
    }
}

/// A board's place in the mesh.
#[derive(Debug)]
pub(super) struct Seat {
    mesh: Mesh,
    plan: SeatPlan,
    /// Bytes of an input and of an output.
    bytes: [u64; 2],
    held: Option<Held>,
}

/// The task that a board has.
#[derive(Clone, Copy, Debug)]
struct Held {
    task: Task,
    /// When its raw data are at the board.
    ready: BenchTime,
    asked: bool,
}

impl Mesh {
    pub(super) fn new(plan: Arc<MeshPlan>) -> Mesh {
        Mesh {
            plan,
            pool: Arc::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets tasks arrive until `now`; those that have waited too long are lost, and told.
    fn arrive(&self, pool: &mut Pool, now: BenchTime, told: &mut Vec<EventKind>) {
        while let Some(at) = self.plan.arrival(pool.arrived).filter(|at| *at <= now) {
            let number = pool.arrived;
            pool.waiting.push_back(Task {
                number,
                arrived: at,
            });
            pool.arrived += 1;
        }
        let limit = self.plan.lost_after;
        while let Some(task) = pool.waiting.front().filter(|it| it.arrived + limit <= now) {
            told.push(EventKind::TaskLost { task: task.number });
            pool.waiting.pop_front();
        }
    }

    /// Puts a task back to those that wait, where its arrival has it.
    fn back(&self, task: Task) {
        let mut pool = self.lock();
        let place = pool
            .waiting
            .partition_point(|other| other.number < task.number);
        pool.waiting.insert(place, task);
    }
}

impl Seat {
    pub(super) fn new(mesh: Mesh, plan: SeatPlan, bytes: [u64; 2]) -> Seat {
        Seat {
            mesh,
            plan,
            bytes,
            held: None,
        }
    }

    /// How long so many bytes take over its link, µs.
    fn transfer_us(&self, bytes: u64) -> u64 {
        self.plan.link.as_ref().map_or(0, |link| {
            (bytes as f64 * 8.0 / link.bits_per_s * 1e6).ceil() as u64
        })
    }

    /// The window of its link at `at`; all time, for a board of the satellite's own.
    fn window(&self, at: BenchTime) -> Option<Window> {
        match &self.plan.link {
            None => Some(Window {
                start: BenchTime::ZERO,
                end: BenchTime::MAX,
            }),
            Some(link) => link
                .windows
                .iter()
                .copied()
                .find(|window| window.contains(at)),
        }
    }

    /// The input to be asked now, if its board has a task and the raw data are there. Takes a task, if
    /// it has none and its link lasts long enough.
    pub(super) fn next(&mut self, now: BenchTime, told: &mut Vec<EventKind>) -> Option<u16> {
        let (up, down) = (
            self.transfer_us(self.bytes[0]),
            self.transfer_us(self.bytes[1]),
        );
        if self.held.is_none() {
            let mesh = self.mesh.clone();
            let mut pool = mesh.lock();
            mesh.arrive(&mut pool, now, told);
            let window = self.window(now)?;
            if now.plus_micros(up + down) >= window.end {
                return None;
            }
            let task = pool.waiting.pop_front()?;
            told.push(EventKind::TaskTaken {
                task: task.number,
                input: self.mesh.plan.input(task.number),
                raw_bytes: self.bytes[0],
            });
            self.held = Some(Held {
                task,
                ready: now.plus_micros(up).ceil_millis(),
                asked: false,
            });
        }
        let held = self
            .held
            .as_mut()
            .filter(|held| !held.asked && held.ready <= now)?;
        held.asked = true;
        Some(self.mesh.plan.input(held.task.number))
    }

    /// Whether its board has a task.
    pub(super) fn holds(&self) -> bool {
        self.held.is_some()
    }

    /// When there may be something to do again; now, where a task waits that it can take.
    pub(super) fn wakes(&self, now: BenchTime) -> BenchTime {
        if let Some(held) = &self.held {
            return if held.asked {
                BenchTime::MAX
            } else {
                held.ready
            };
        }
        let pool = self.mesh.lock();
        let arrival = match pool.waiting.front() {
            Some(_) => now,
            None => self.mesh.plan.arrival(pool.arrived).unwrap_or(now + LOOK),
        };
        let need = self.transfer_us(self.bytes[0]) + self.transfer_us(self.bytes[1]);
        let later = arrival.max(now);
        // Others may give back what they have.
        let look = (now + LOOK).ceil_millis();
        let Some(link) = &self.plan.link else {
            return later.ceil_millis().min(look);
        };
        let mut windows = link.windows.iter();
        let open = windows.find(|window| window.start.max(later).plus_micros(need) < window.end);
        let at = open.map_or(look, |window| window.start.max(later));
        at.ceil_millis().min(look)
    }

    /// The board answered what it was asked for its task.
    pub(super) fn answered(&mut self, at: BenchTime, told: &mut Vec<EventKind>) {
        let Some(held) = self.held.take_if(|held| held.asked) else {
            return;
        };
        let down = self.transfer_us(self.bytes[1]);
        let result = at.plus_micros(down);
        if self.window(at).is_none_or(|window| window.end <= result) {
            return self.give_back(held, "the link ended before the result was over it", told);
        }
        told.push(EventKind::TaskDone {
            task: held.task.number,
            waited_us: result.micros_since(held.task.arrived),
            result_bytes: self.bytes[1],
        });
    }

    /// Its board will not do its task, for this reason.
    pub(super) fn failed(&mut self, why: &str, told: &mut Vec<EventKind>) {
        if let Some(held) = self.held.take() {
            self.give_back(held, why, told);
        }
    }

    /// The same, of a task that its board was not asked for yet.
    pub(super) fn failed_before(&mut self, why: &str, told: &mut Vec<EventKind>) {
        if let Some(held) = self.held.take_if(|held| !held.asked) {
            self.give_back(held, why, told);
        }
    }

    fn give_back(&self, held: Held, why: &str, told: &mut Vec<EventKind>) {
        told.push(EventKind::TaskReturned {
            task: held.task.number,
            why: why.to_owned(),
        });
        self.mesh.back(held.task);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::LinkPlan;

    fn at(millis: u64) -> BenchTime {
        BenchTime::from_millis(millis)
    }

    /// Three tasks, one a second, with two inputs.
    fn mesh() -> Mesh {
        Mesh::new(Arc::new(MeshPlan {
            name: "m".to_owned(),
            arrivals: vec![at(0), at(1_000), at(2_000)],
            lost_after: Period::millis(10_000),
            inputs: 2,
        }))
    }

    fn seat(mesh: &Mesh, window: Option<(u64, u64)>) -> Seat {
        let link = window.map(|(start, end)| LinkPlan {
            windows: vec![Window {
                start: at(start),
                end: at(end),
            }],
            // A hundred bytes take 100 ms, ten take 10 ms.
            bits_per_s: 8_000.0,
        });
        Seat::new(mesh.clone(), SeatPlan { link }, [100, 10])
    }

    fn done(told: &[EventKind]) -> Vec<(u32, u64)> {
        let done = told.iter().filter_map(|kind| match kind {
            EventKind::TaskDone {
                task, waited_us, ..
            } => Some((*task, waited_us / 1_000)),
            _ => None,
        });
        done.collect()
    }

    #[test]
    fn tasks_come_in_order_and_raw_data_take_their_time() {
        let (mesh, mut told) = (mesh(), Vec::new());
        let (mut own, mut far) = (seat(&mesh, None), seat(&mesh, Some((500, 5_000))));
        assert_eq!(far.next(at(0), &mut told), None, "no link yet");
        assert_eq!(own.next(at(0), &mut told), Some(0), "at once");
        assert_eq!(far.wakes(at(900)), at(1_000));
        assert_eq!(far.next(at(1_000), &mut told), None, "on its way");
        assert_eq!(far.wakes(at(1_000)), at(1_100));
        assert_eq!(far.next(at(1_100), &mut told), Some(1));
        own.answered(at(250), &mut told);
        far.answered(at(1_400), &mut told);
        assert_eq!(
            done(&told),
            [(0, 250), (1, 410)],
            "and the result its time too"
        );
        assert_eq!(own.next(at(2_000), &mut told), Some(0), "inputs by turns");
    }

    #[test]
    fn what_a_board_does_not_finish_another_takes() {
        let (mesh, mut told) = (mesh(), Vec::new());
        let (mut own, mut far) = (seat(&mesh, None), seat(&mesh, Some((0, 2_000))));
        assert_eq!(far.next(at(0), &mut told), None);
        assert_eq!(far.next(at(100), &mut told), Some(0));
        assert_eq!(own.next(at(100), &mut told), None, "one task, one board");
        far.failed("it fell silent", &mut told);
        assert_eq!(own.next(at(200), &mut told), Some(0));
        own.answered(at(300), &mut told);
        // The link ends before the result is over it.
        assert_eq!(far.next(at(1_800), &mut told), None);
        assert_eq!(far.next(at(1_900), &mut told), Some(1));
        far.answered(at(1_995), &mut told);
        assert_eq!(done(&told), [(0, 300)]);
        let returned = told
            .iter()
            .filter(|kind| matches!(kind, EventKind::TaskReturned { .. }));
        assert_eq!(returned.count(), 2);
        assert_eq!(
            own.next(at(2_100), &mut told),
            Some(1),
            "the older one first"
        );
        // Too little is left of the window for another.
        assert_eq!(
            seat(&mesh, Some((0, 2_300))).next(at(2_200), &mut told),
            None
        );
    }

    #[test]
    fn what_waits_too_long_is_lost() {
        let (mesh, mut told) = (mesh(), Vec::new());
        let mut own = seat(&mesh, None);
        assert_eq!(own.next(at(11_500), &mut told), Some(0), "the third");
        let lost = |task| EventKind::TaskLost { task };
        assert_eq!(told[..2], [lost(0), lost(1)]);
    }
}
