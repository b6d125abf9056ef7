//! What a question and its answer cost on each kind of line, apart from the line's own pace.

use std::path::PathBuf;

use bytes::Bytes;
use divan::Bencher;
use drivers::clock::Clock;
use drivers::link::{Link, LinkSpec, Pacing};
use tokio::runtime::{Builder, Runtime};

fn main() {
    divan::main();
}

const QUESTION: &[u8] = b"MEAS:VOLT?;CURR?;:OUTP?;:STAT:QUES:COND?;:STAT:OPER:COND?\n";
const ANSWER: &[u8] = b"+2.80000000E+01;+1.20000000E+00;1;0;256\r\n";

/// A runtime in real time, or in virtual time as memory has it.
fn runtime(paused: bool) -> Runtime {
    let mut runtime = Builder::new_current_thread();
    let runtime = runtime.enable_all().start_paused(paused).build();
    runtime.expect("the system has timers and pollers")
}

/// Answers every question, whatever it asks.
async fn answer(mut link: Link) {
    let mut heard = 0;
    while let Ok(arrival) = link.receive().await {
        heard += arrival.chunk.len();
        while heard >= QUESTION.len() {
            heard -= QUESTION.len();
            if link.send(Bytes::from_static(ANSWER)).await.is_err() {
                return;
            }
        }
    }
}

async fn ask(link: &mut Link) {
    let sent = link.send(Bytes::from_static(QUESTION)).await;
    sent.expect("the far end is there");
    let mut heard = 0;
    while heard < ANSWER.len() {
        let arrival = link.receive().await;
        heard += arrival.expect("the far end is there").chunk.len();
    }
}

fn round_trip(bencher: Bencher<'_, '_>, runtime: &Runtime, near: Link, far: Link) {
    let mut near = near;
    runtime.spawn(answer(far));
    bencher.bench_local(|| runtime.block_on(ask(&mut near)));
}

/// A name for an end, of this process alone.
fn path(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("bench-{name}-{}", std::process::id()))
}

async fn open(text: &str, clock: Clock) -> Link {
    let spec: LinkSpec = text.parse().expect("a link");
    let line = spec.line().expect("it leaves the process");
    Link::open(line, clock).await.expect("the far end is there")
}

#[divan::bench]
fn memory(bencher: Bencher<'_, '_>) {
    let runtime = runtime(true);
    let (near, far) = runtime.block_on(async { Link::pair(Clock::start(), Pacing::Instant) });
    round_trip(bencher, &runtime, near, far);
}

#[divan::bench]
fn pseudo_terminal(bencher: Bencher<'_, '_>) {
    let runtime = runtime(false);
    let (near, far) = runtime.block_on(async {
        let (clock, path) = (Clock::start(), path("port"));
        let far = Link::publish_pty(&path, clock, Pacing::Instant).expect("a pseudo-terminal");
        let near = open(&format!("serial:{}@115200", path.display()), clock).await;
        (near, far)
    });
    round_trip(bencher, &runtime, near, far);
}

#[divan::bench]
fn socket(bencher: Bencher<'_, '_>) {
    let runtime = runtime(false);
    let (near, far) = runtime.block_on(async {
        let (clock, path) = (Clock::start(), path("socket"));
        let far = Link::publish_tcp(&path, clock, Pacing::Instant).await;
        let far = far.expect("a port of this machine");
        let address = std::fs::read_to_string(&path).expect("the address is published");
        let near = open(&format!("tcp:{}", address.trim()), clock).await;
        (near, far)
    });
    round_trip(bencher, &runtime, near, far);
}
