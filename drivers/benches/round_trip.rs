//! What the bench's link adds to a question and its answer on a pseudo-terminal: against a bare
//! loop of `write(2)`, `poll(2)` and `read(2)`, with the same echo at the far end, in turns.
#![expect(clippy::print_stdout, reason = "a bench says what it measured")]

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;

use bytes::Bytes;
use drivers::clock::Clock;
use drivers::link::{Link, LinkSpec, Pacing};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::thread::{CpuSet, sched_setaffinity};
use rustix::time::{ClockId, clock_gettime};
use tokio::runtime::{Builder, Runtime};

/// A line with its terminator, sixteen octets.
const LINE: &[u8] = b"MEAS:VOLT? +28.\n";
/// Turns that each way takes, and its round trips in one turn.
const TURNS: usize = 10;
const TRIPS: usize = 1_000;

fn main() {
    // On one core both ends take turns; across two, waking the other one is most of the time, and
    // whether it happens is the scheduler's whim.
    let mut cores = CpuSet::new();
    cores.set(0);
    sched_setaffinity(None, &cores).expect("the first core is ours");
    let (bare, ours) = (path("bare"), path("ours"));
    let (ready, published) = mpsc::channel();
    let far = (bare.clone(), ours.clone());
    thread::spawn(move || {
        runtime().block_on(async {
            let end = |path: &Path| Link::publish_pty(path, Clock::start_fine(), Pacing::Instant);
            let (bare, ours) = (end(&far.0), end(&far.1));
            ready.send(()).expect("somebody waits");
            let bare = echo(bare.expect("a pseudo-terminal"));
            tokio::join!(bare, echo(ours.expect("a pseudo-terminal")));
        });
    });
    published.recv().expect("the far ends are made");

    let runtime = runtime();
    let mut port = OpenOptions::new();
    let mut port = port.read(true).write(true).open(&bare).expect("a port");
    let mut link = runtime.block_on(async {
        let spec: LinkSpec = format!("serial:{}@115200", ours.display())
            .parse()
            .expect("a link");
        let line = spec.line().expect("it leaves the process");
        Link::open(line, Clock::start_fine()).await.expect("a port")
    });
    let (mut loops, mut links) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        loops.extend((0..TRIPS).map(|_| timed(|| ask_bare(&mut port))));
        links.extend((0..TRIPS).map(|_| timed(|| runtime.block_on(ask(&mut link)))));
    }
    println!("a line of 16 octets and its echo, in us      p50      p99");
    let limit = tell("write, poll, read", loops);
    let ours = tell("the bench's link", links);
    println!("link / poll loop, p50: {:.2}", ours / limit);
}

fn runtime() -> Runtime {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.expect("the system has timers and pollers")
}

/// A name for an end, of this process alone.
fn path(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("bench-trip-{name}-{}", std::process::id()))
}

async fn echo(mut link: Link) {
    while let Ok(arrival) = link.receive().await {
        if link.send(arrival.chunk).await.is_err() {
            return;
        }
    }
}

async fn ask(link: &mut Link) {
    let sent = link.send(Bytes::from_static(LINE)).await;
    sent.expect("the far end is there");
    let mut heard = 0;
    while heard < LINE.len() {
        let arrival = link.receive().await;
        heard += arrival.expect("the far end is there").chunk.len();
    }
}

fn ask_bare(port: &mut File) {
    port.write_all(LINE).expect("the far end is there");
    let (mut heard, mut answer) = (0, [0; 64]);
    while heard < LINE.len() {
        let mut ports = [PollFd::new(port, PollFlags::IN)];
        poll(&mut ports, None).expect("no signal comes");
        heard += port.read(&mut answer).expect("the far end is there");
    }
}

/// How long `work` takes, in microseconds.
fn timed(work: impl FnOnce()) -> f64 {
    let start = microseconds();
    work();
    microseconds() - start
}

fn microseconds() -> f64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec as f64 * 1e6 + now.tv_nsec as f64 * 1e-3
}

/// Says the median and the 99th percentile; gives the median.
fn tell(name: &str, mut took: Vec<f64>) -> f64 {
    took.sort_by(f64::total_cmp);
    let (middle, high) = (took[took.len() / 2], took[took.len() * 99 / 100]);
    println!("  {name:<38} {middle:>8.1} {high:>8.1}");
    middle
}
