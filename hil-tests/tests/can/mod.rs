//! CAN on the kernel's own buses (SocketCAN). A machine whose kernel has none starts a user-mode
//! Linux that has, and these tests run once more inside it.
//!
//! 1. links: every kind of frame, ten thousand of them, filters, stamps, loss, errors, and an
//!    interface that is absent, goes down and comes again;
//! 2. controller: what a controller tells of its bus, played by an adapter at a serial port;
//! 3. transfers: ISO-TP over a bus;
//! 4. tools: `bench can dump`, `send` and `replay`, with can-utils at the other end;
//! 5. emulated: boards on buses in memory: shared, full, left and come back to;
//! 6. log: `bench can` on logs, which needs no bus;
//! 7. campaign: the verdict of a run on a bus is that of the run in memory, and a bus that goes
//!    down ends the run with the bench safe and the record whole.

mod campaign;
mod controller;
mod emulated;
mod links;
mod log;
mod tools;
mod transfers;

use std::any::type_name;
use std::collections::BTreeMap;
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use drivers::clock::Clock;
use drivers::link::{Link, LinkSpec};
use hil_tests::scene::bench_folder;
use profiles::time::Period;

/// Set inside the Linux that was started for these tests.
const INSIDE: &str = "BENCH_TEST_INSIDE";
/// Those of this folder that have tests on buses.
const MODULES: [&str; 5] = [
    "can::campaign::",
    "can::controller::",
    "can::links::",
    "can::tools::",
    "can::transfers::",
];
/// Set where a test that cannot run must fail.
const EVERYTHING: &str = "BENCH_TEST_EVERYTHING";
/// What `hil-tests/uml/boot` says when it has no user-mode Linux.
const NO_LINUX: i32 = 125;

/// A test, where there are buses: here, or inside a Linux of its own.
fn on_buses<F: Fn()>(test: F) {
    if std::env::var_os(INSIDE).is_some() || can_make_buses() {
        return test();
    }
    let name = type_name::<F>().trim_end_matches("::{{closure}}");
    let name = name.split_once("::").map_or(name, |(_, name)| name);
    let inside = inside(name);
    match inside.tests.get(name).map(String::as_str) {
        Some("ok") => {}
        // Without a Linux there is nothing to test, which only the gate minds.
        None if inside.absent && std::env::var_os(EVERYTHING).is_none() => {
            // Behind the test's own capture: whoever reads the log of a failure finds it.
            use std::io::Write;
            // Around the test's own capture, so that whoever reads the log sees it.
            let _unsaid = writeln!(std::io::stderr(), "skipped: {}", inside.said);
        }
        told => panic!("{name} inside: {told:?}\n{}", inside.said),
    }
}

/// A test that needs no bus of the kernel's: it runs here, and not inside once more.
fn off_buses(test: impl Fn()) {
    if std::env::var_os(INSIDE).is_none() {
        test();
    }
}

/// What the tests came to inside.
struct Inside {
    tests: BTreeMap<String, String>,
    absent: bool,
    said: String,
}

/// Runs the tests of the module that a test is of inside, once: each module in a Linux of its own, so that they wait
/// for their real time side by side.
fn inside(name: &str) -> &'static Inside {
    static INSIDE_RAN: [OnceLock<Inside>; MODULES.len()] =
        [const { OnceLock::new() }; MODULES.len()];
    let place = MODULES.iter().position(|module| name.starts_with(module));
    let place = place.unwrap_or_else(|| panic!("MODULES lacks the one of {name}"));
    INSIDE_RAN[place].get_or_init(|| {
        let me = std::env::current_exe().unwrap();
        let Output {
            status,
            stdout,
            stderr,
        } = Command::new(bench_folder().join("uml/boot"))
            .arg(me)
            .arg(MODULES[place])
            .args(["--test-threads=1", "--color=never"])
            .env(INSIDE, "1")
            .env("RUST_BACKTRACE", "0")
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, err) = (text(&stdout), text(&stderr));
        let result = |line: &str| {
            let (name, result) = line.strip_prefix("test ")?.split_once(" ... ")?;
            Some((name.to_owned(), result.trim().to_owned()))
        };
        let tests: BTreeMap<String, String> = out.lines().filter_map(result).collect();
        Inside {
            absent: status.code() == Some(NO_LINUX) && tests.is_empty(),
            tests,
            said: format!("{status}\n{out}{err}"),
        }
    })
}

fn ip(arguments: &[&str]) -> bool {
    let ran = Command::new("ip").args(arguments).output();
    ran.is_ok_and(|ran| ran.status.success())
}

/// Whether this machine's kernel has virtual buses, and lets this user make some.
fn can_make_buses() -> bool {
    static CAN: OnceLock<bool> = OnceLock::new();
    *CAN.get_or_init(|| {
        let made = ip(&["link", "add", "bench-try", "type", "vcan"]);
        made && ip(&["link", "del", "bench-try"])
    })
}

/// A virtual bus of a test's own.
struct Bus(String);

impl Bus {
    fn new() -> Bus {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("bench{}-{number}", std::process::id());
        assert!(ip(&["link", "add", &name, "type", "vcan"]));
        assert!(ip(&["link", "set", &name, "mtu", "72", "up"]));
        Bus(name)
    }

    fn set(&self, state: &str) {
        assert!(ip(&["link", "set", &self.0, state]), "{state}");
    }

    async fn open(&self, clock: Clock) -> Link {
        open(&format!("can:{}", self.0), clock).await.unwrap()
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        ip(&["link", "del", &self.0]);
    }
}

async fn open(link: &str, clock: Clock) -> Result<Link, drivers::error::LinkError> {
    let spec: LinkSpec = link.parse().unwrap();
    Link::open(spec.line().unwrap(), clock).await
}

/// Runs something in real time.
fn real<T>(test: impl AsyncFnOnce(Clock) -> T) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    runtime.block_on(async { test(Clock::start()).await })
}

/// Longer than anything takes here, however loaded the machine.
const PATIENCE: Period = Period::millis(20_000);
