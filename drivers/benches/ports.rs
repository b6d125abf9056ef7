//! Serial ports at work: sixty-four devices on as many pseudo-terminals, each told something ten
//! times a second, emulators and all on one thread as the runner has it; and lines read from a
//! port, set against pyserial's `read_until`, which reads what most test benches read. The second
//! needs a Python with pyserial: `BENCH_PYTHON=… cargo bench -p drivers --bench ports`.
#![expect(clippy::print_stdout, reason = "a bench says what it measured")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bytes::Bytes;
use drivers::clock::{Alarm, Clock};
use drivers::link::{Link, LinkSpec, Pacing};
use profiles::time::BenchTime;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

const DEVICES: u64 = 64;
/// Set points for each device, ten a second.
const SET_POINTS: u64 = 50;
const SETTING: &[u8] = b"VOLT 28.000;:CURR 1.5000\nSYST:ERR?\n";
const ANSWER: &[u8] = b"+0,\"No error\"\r\n";

/// Lines that are read, in turns.
const LINES: usize = 4_000;
const TURNS: usize = 5;
const LINE: &[u8] = b"+2.80000000E+01;+1.20000000E+00;1;0;256\r\n";

fn main() {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("the system has timers and pollers");
    let (sent, answered) = crowd(&runtime);
    println!("{DEVICES} ports at 10 Hz, lateness in us                p50      p99      max");
    tell("begun", sent);
    tell("answered", answered);
    lines(&runtime);
}

/// Says the median, the 99th percentile and the worst.
fn tell(name: &str, mut late: Vec<f64>) {
    late.sort_by(f64::total_cmp);
    let at = |percent: usize| late[late.len() * percent / 100];
    let worst = late[late.len() - 1];
    println!("  {name:<38} {:>8.1} {:>8.1} {worst:>8.1}", at(50), at(99));
}

/// A name for an end, of this process alone.
fn path(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("bench-{name}-{}", std::process::id()))
}

async fn open(path: &Path, clock: Clock) -> Link {
    let text = format!("serial:{}@115200", path.display());
    let spec: LinkSpec = text.parse().expect("a link");
    let line = spec.line().expect("it leaves the process");
    Link::open(line, clock).await.expect("the far end is there")
}

/// Answers every second line, as to a setting and the question after it.
async fn answer(mut link: Link) {
    let mut lines = 0;
    while let Ok(arrival) = link.receive().await {
        lines += arrival.chunk.iter().filter(|&&byte| byte == b'\n').count();
        while lines >= 2 {
            lines -= 2;
            if link.send(Bytes::from_static(ANSWER)).await.is_err() {
                return;
            }
        }
    }
}

/// How late each set point was begun, and answered, in microseconds.
fn crowd(runtime: &Runtime) -> (Vec<f64>, Vec<f64>) {
    runtime.block_on(async {
        let clock = Clock::start_fine();
        let mut tasks = JoinSet::new();
        for device in 0..DEVICES {
            let path = path(&format!("port-{device}"));
            let far = Link::publish_pty(&path, clock, Pacing::Instant);
            tokio::spawn(answer(far.expect("a pseudo-terminal")));
            let link = open(&path, clock).await;
            // All in step, as set points of one orbit are.
            tasks.spawn(tell_all(link, clock, BenchTime::from_millis(1_000)));
        }
        let all = tasks.join_all().await;
        let (sent, answered): (Vec<_>, Vec<_>) = all.into_iter().unzip();
        (sent.concat(), answered.concat())
    })
}

async fn tell_all(mut link: Link, clock: Clock, start: BenchTime) -> (Vec<f64>, Vec<f64>) {
    let (mut sent, mut answered) = (Vec::new(), Vec::new());
    let mut alarm = Alarm::new(clock);
    for count in 0..SET_POINTS {
        let at = start.plus_micros(count * 100_000);
        alarm.at(at).await;
        sent.push(clock.now().micros_since(at) as f64);
        let told = link.send(Bytes::from_static(SETTING)).await;
        told.expect("the far end is there");
        let mut heard = 0;
        while heard < ANSWER.len() {
            let arrival = link.receive().await;
            heard += arrival.expect("the far end is there").chunk.len();
        }
        answered.push(clock.now().micros_since(at) as f64);
    }
    (sent, answered)
}

/// Reads lines from a port by the bench's link and by pyserial, in turns.
fn lines(runtime: &Runtime) {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        ours.push(by_link(runtime));
        theirs.extend(by_pyserial());
    }
    println!("a line of {} octets, in us", LINE.len());
    let ours = least("the bench's link", ours);
    if theirs.len() < TURNS {
        println!("  pyserial's read_until: this Python has no pyserial");
        return;
    }
    let theirs = least("pyserial's read_until", theirs);
    println!("link / pyserial: {:.3}", ours / theirs);
}

fn least(name: &str, times: Vec<f64>) -> f64 {
    let least = times.into_iter().fold(f64::INFINITY, f64::min);
    println!("  {name:<38} {least:>8.2}");
    least
}

/// Lets `hear` talk to a port at which a thread answers each octet with a line.
fn talk<T>(path: &Path, hear: impl FnOnce(&Path) -> T) -> T {
    let (tell, told) = std::sync::mpsc::channel();
    let name = path.to_owned();
    // It ends with the bench.
    std::thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("the system has timers and pollers");
        runtime.block_on(async {
            let far = Link::publish_pty(&name, Clock::start(), Pacing::Instant);
            let mut far = far.expect("a pseudo-terminal");
            tell.send(()).expect("somebody waits");
            while let Ok(asked) = far.receive().await {
                for _ in asked.chunk.iter() {
                    let sent = far.send(Bytes::from_static(LINE)).await;
                    sent.expect("the far end is there");
                }
            }
        });
    });
    told.recv().expect("the port is there");
    hear(path)
}

/// Asks for lines a hundred at a time, and reads them; the time of one line in microseconds.
fn by_link(runtime: &Runtime) -> f64 {
    talk(&path("lines"), |path| {
        runtime.block_on(async {
            let clock = Clock::start_fine();
            let mut link = open(path, clock).await;
            let started = clock.now();
            for _ in 0..LINES / 100 {
                let asked = link.send(Bytes::from_static(&[b'?'; 100])).await;
                asked.expect("the far end is there");
                let mut heard = Vec::new();
                let mut lines = 0;
                while lines < 100 {
                    let arrival = link.receive().await;
                    heard.extend_from_slice(&arrival.expect("the far end is there").chunk);
                    while let Some(end) = heard.iter().position(|&byte| byte == b'\n') {
                        let line: Vec<u8> = heard.drain(..=end).collect();
                        assert_eq!(line, LINE);
                        lines += 1;
                    }
                }
            }
            clock.now().micros_since(started) as f64 / LINES as f64
        })
    })
}

const READER: &str = "
import sys, time
import serial
port = serial.Serial(sys.argv[1], 115200, timeout=5)
lines, started = int(sys.argv[2]), time.perf_counter()
for _ in range(lines // 100):
    port.write(b'?' * 100)
    for _ in range(100):
        assert port.read_until(b'\\n').endswith(b'\\n')
print((time.perf_counter() - started) / lines * 1e6)
";

fn by_pyserial() -> Option<f64> {
    talk(&path("pyserial"), |path| {
        let python = std::env::var("BENCH_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let mut child = Command::new(python)
            .args(["-".as_ref(), path.as_os_str(), LINES.to_string().as_ref()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut input = child.stdin.take()?;
        input.write_all(READER.as_bytes()).ok()?;
        drop(input);
        let said = child.wait_with_output().ok()?;
        String::from_utf8(said.stdout).ok()?.trim().parse().ok()
    })
}
