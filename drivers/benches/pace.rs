//! How late a wait at real pace ends: a set point every millisecond, by the bench's alarm, by
//! tokio's own timer, and by a bare loop over `clock_nanosleep(2)` with the least timer slack,
//! which is what the kernel can do. The three take turns, for machines have moods. Then sixty-four
//! devices told something ten times a second each, all on one thread as in a run.
#![expect(clippy::print_stdout, reason = "a bench says what it measured")]

use std::num::NonZeroU64;
use std::time::Duration;

use drivers::clock::{Alarm, Clock};
use profiles::time::BenchTime;
use rustix::thread::{ClockId, Timespec, clock_nanosleep_absolute, set_current_timer_slack};
use rustix::time::clock_gettime;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

/// Turns that each way takes, and its waits in one turn.
const TURNS: usize = 5;
const WAITS: u64 = 1_000;
const DEVICES: u64 = 64;

fn main() {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("the system has timers and pollers");
    let (mut bare, mut fine, mut coarse) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..TURNS {
        bare.extend(nanosleep());
        fine.extend(runtime.block_on(alarm(Clock::start_fine(), BenchTime::ZERO, 1_000, WAITS)));
        coarse.extend(runtime.block_on(alarm(Clock::start(), BenchTime::ZERO, 1_000, WAITS)));
    }
    println!("a wait each millisecond, lateness in us      p50      p99");
    let limit = tell("clock_nanosleep, slack 1 ns", bare);
    let ours = tell("the bench's alarm at real pace", fine);
    tell("tokio's timer", coarse);
    println!("alarm / clock_nanosleep, p50: {:.2}", ours / limit);
    println!("{DEVICES} devices at 10 Hz");
    tell("the bench's alarm at real pace", devices(&runtime));
}

/// Says the median and the 99th percentile; gives the median, in microseconds.
fn tell(name: &str, mut late: Vec<f64>) -> f64 {
    late.sort_by(f64::total_cmp);
    let (middle, high) = (late[late.len() / 2], late[late.len() * 99 / 100]);
    println!("  {name:<38} {middle:>8.1} {high:>8.1}");
    middle
}

/// Waits on `clock` every `step` microseconds after `offset`; how late each wait ended, in
/// microseconds.
async fn alarm(clock: Clock, offset: BenchTime, step: u64, waits: u64) -> Vec<f64> {
    let mut alarm = Alarm::new(clock);
    let mut late = Vec::new();
    let start = clock.now().as_micros() + offset.as_micros();
    for count in 1..=waits {
        let at = BenchTime::from_micros(start + count * step);
        alarm.at(at).await;
        late.push(clock.now().micros_since(at) as f64);
    }
    late
}

/// The same by the kernel's own sleep, on a thread of its own for the slack to stay there.
fn nanosleep() -> Vec<f64> {
    let sleeper = std::thread::spawn(|| {
        let slack = set_current_timer_slack(NonZeroU64::new(1));
        slack.expect("a thread may be punctual");
        let start = nanoseconds();
        (1..=WAITS)
            .map(|count| {
                let at = start + count * 1_000_000;
                let until = Timespec::try_from(Duration::from_nanos(at)).expect("a time");
                let slept = clock_nanosleep_absolute(ClockId::Monotonic, &until);
                slept.expect("no signal comes");
                (nanoseconds() - at) as f64 * 1e-3
            })
            .collect()
    });
    sleeper.join().expect("it only sleeps")
}

fn nanoseconds() -> u64 {
    let now = clock_gettime(rustix::time::ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// Every device's waits spread over the tenth of a second.
fn devices(runtime: &Runtime) -> Vec<f64> {
    runtime.block_on(async {
        let clock = Clock::start_fine();
        let mut tasks = JoinSet::new();
        for device in 0..DEVICES {
            let offset = BenchTime::from_micros(device * 100_000 / DEVICES);
            tasks.spawn(alarm(clock, offset, 100_000, 50));
        }
        tasks.join_all().await.concat()
    })
}
