//! What a controller tells of its bus. The kernel's driver for Lawicel adapters (`slcan`) is the
//! controller, and an adapter is played at the other end of its serial line.

use std::pin::pin;
use std::process::{Child, Command, Stdio};
use std::thread;

use bytes::Bytes;
use drivers::clock::Clock;
use drivers::error::LinkError;
use drivers::link::can::{BusTrouble, CanFrame, CanId, ErrorFrame};
use drivers::link::{Link, LinkSpec, Pacing};
use hil_tests::program::Program;
use profiles::time::Period;

use super::{Bus, PATIENCE, ip, on_buses, open, real};

const PROGRAM: &str = env!("CARGO_BIN_EXE_bench-under-test");

/// An adapter at a serial line, and the interface that the kernel makes of it.
struct Adapter {
    name: &'static str,
    line: Link,
    daemon: Child,
}

impl Adapter {
    async fn plug_in(name: &'static str, clock: Clock) -> (Adapter, Link) {
        let adapter = Adapter::set_to(name, clock, &[]).await;
        let bus = open(&format!("can:{name}"), clock).await.unwrap();
        (adapter, bus)
    }

    /// The same without anybody at the interface, set up by more words of `ip link set`.
    async fn set_to(name: &'static str, clock: Clock, set: &[&'static str]) -> Adapter {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("adapter");
        let mut line = Link::publish_pty(&path, clock, Pacing::Instant).unwrap();
        // It takes names below /dev only.
        let port = path.canonicalize().unwrap();
        let daemon = Command::new("slcand")
            .args(["-o", "-s6", "-F"])
            .args([port.as_os_str(), name.as_ref()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let deadline = clock.now() + PATIENCE;
        let set_up: Vec<&'static str> = [&["link", "set", name], set].concat();
        loop {
            let set_up = set_up.clone();
            let is_up = thread::spawn(move || {
                (set_up.len() == 3 || ip(&set_up)) && ip(&["link", "set", name, "up"])
            });
            // The kernel waits until the adapter has read what it is told.
            while !is_up.is_finished() {
                let _command = clock.within(Period::millis(20), line.receive()).await;
            }
            if is_up.join().unwrap() {
                break;
            }
            assert!(clock.now() < deadline, "slcand made no interface");
        }
        Adapter { name, line, daemon }
    }

    async fn tells(&mut self, text: &'static str) {
        self.line
            .send(Bytes::from_static(text.as_bytes()))
            .await
            .unwrap();
    }
}

impl Drop for Adapter {
    fn drop(&mut self) {
        let _ended = self.daemon.kill();
        let _waited = self.daemon.wait();
    }
}

async fn error(bus: &mut Link, clock: Clock) -> String {
    let heard = clock.within(PATIENCE, bus.receive()).await.unwrap();
    let frame = ErrorFrame::from_bytes(&heard.unwrap().chunk);
    frame.unwrap().to_string()
}

async fn trouble(bus: &mut Link, clock: Clock) -> BusTrouble {
    loop {
        match clock.within(PATIENCE, bus.receive()).await.unwrap() {
            Ok(_) => {}
            Err(LinkError::Bus(trouble)) => return trouble,
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn states_of_a_controller_are_told_and_bus_off_for_good_is_a_failure() {
    on_buses(|| {
        real(async |clock| {
            let (mut adapter, mut bus) = Adapter::plug_in("benchslc0", clock).await;
            let spec: LinkSpec = "can:benchslc0".parse().unwrap();
            assert!(!spec.is_emulated(), "an adapter may lead to a real bus");
            adapter.tells("sp130140\r").await;
            let told = error(&mut bus, clock).await;
            assert!(told.contains("error passive"), "{told}");
            assert!(told.contains("sending 140, receiving 130"), "{told}");
            adapter.tells("e1a\r").await;
            let told = error(&mut bus, clock).await;
            assert!(told.contains("nobody acknowledges"), "{told}");
            adapter.tells("t12321122\r").await;
            let heard = clock
                .within(PATIENCE, bus.receive())
                .await
                .unwrap()
                .unwrap();
            let frame = CanFrame::new(CanId::Standard(0x123), &[0x11, 0x22]);
            assert_eq!(heard.chunk, frame.to_bytes());
            adapter.tells("sb256000\r").await;
            let told = error(&mut bus, clock).await;
            assert!(told.contains("bus off"), "{told}");
            let told = trouble(&mut bus, clock).await;
            assert!(matches!(told, BusTrouble::BusOff { .. }), "{told}");
            assert!(told.to_string().contains(adapter.name));
        });
    });
}

#[test]
fn a_bus_with_nothing_but_errors_is_told_as_such() {
    on_buses(|| {
        real(async |clock| {
            let (mut adapter, mut bus) = Adapter::plug_in("benchslc1", clock).await;
            for _ in 0..40 {
                adapter.tells("e1s\r").await;
                clock.sleep_until(clock.now() + Period::millis(40)).await;
            }
            let told = trouble(&mut bus, clock).await;
            assert!(matches!(told, BusTrouble::OnlyErrors { .. }), "{told}");
            assert!(told.to_string().contains("stuff error"), "{told}");
        });
    });
}

#[test]
fn an_adapter_that_is_unplugged_is_gone() {
    on_buses(|| {
        real(async |clock| {
            let (adapter, mut bus) = Adapter::plug_in("benchslc2", clock).await;
            drop(adapter);
            while !matches!(trouble(&mut bus, clock).await, BusTrouble::Gone { .. }) {}
            assert_eq!(bus.receive().await, Err(LinkError::Closed));
        });
    });
}

#[test]
fn a_full_queue_of_the_interface_is_waited_for_and_nothing_is_lost() {
    on_buses(|| {
        real(async |clock| {
            let (mut adapter, mut bus) = Adapter::plug_in("benchslc5", clock).await;
            let frames = 1_000_u32;
            let mut sending = pin!(async {
                for number in 0..frames {
                    let frame = CanFrame::new(CanId::Extended(number), &number.to_be_bytes());
                    bus.send(frame.to_bytes()).await.unwrap();
                }
            });
            // The adapter reads nothing: its line fills up, then the interface's queue (ENOBUFS).
            let stuck = clock.within(Period::millis(700), &mut sending).await;
            assert!(stuck.is_err(), "everything fits into the kernel");
            let reading = async {
                let mut told = Vec::new();
                while told.split(|&octet| octet == b'\r').count() <= frames as usize {
                    let heard = clock.within(PATIENCE, adapter.line.receive()).await;
                    told.extend_from_slice(&heard.expect("nothing more comes").unwrap().chunk);
                }
                String::from_utf8(told).unwrap()
            };
            let ((), told) = tokio::join!(sending, reading);
            let frame = |number| format!("T{number:08X}4{number:08X}\r");
            let expected: String = (0..frames).map(frame).collect();
            assert!(told == expected, "out of order, or lost: {told}");
        });
    });
}

/// `bench doctor` on a wiring with one board at this link, ready to be started.
fn doctor(folder: &tempfile::TempDir, link: &str) -> Command {
    let wiring = format!(
        "[device.payload]\nrole = \"accelerator\"\nmodel = \"dbc-can\"\nlink = \"{link}\"\n"
    );
    std::fs::write(folder.path().join("wiring.toml"), wiring).unwrap();
    Program::new(PROGRAM, folder.path()).command(&["doctor", "wiring.toml"])
}

/// Its exit code, and the line on the board.
fn examined(link: &str) -> (Option<i32>, String) {
    let folder = tempfile::TempDir::new().unwrap();
    told(doctor(&folder, link).output().unwrap())
}

fn told(said: std::process::Output) -> (Option<i32>, String) {
    let out = String::from_utf8(said.stdout).unwrap();
    let line = out.lines().find(|line| line.contains(" payload "));
    (said.status.code(), line.unwrap_or(&out).to_owned())
}

#[test]
fn a_doctor_says_which_of_a_buss_ailments_it_is_and_what_mends_it() {
    on_buses(|| {
        let (code, line) = examined("can:can77");
        assert_eq!(code, Some(4), "{line}");
        assert!(line.starts_with("mend"), "{line}");
        assert!(
            line.contains("there is no CAN interface of that name"),
            "{line}"
        );
        assert!(
            line.contains("sudo ip link add dev can77 type vcan"),
            "{line}"
        );

        let bus = Bus::new();
        bus.set("down");
        let (code, line) = examined(&format!("can:{}", bus.0));
        assert_eq!(code, Some(4), "{line}");
        let mends = format!("it is down: `sudo ip link set {} up`", bus.0);
        assert!(line.starts_with("mend") && line.contains(&mends), "{line}");

        bus.set("up");
        let (code, line) = examined(&format!("can:{}", bus.0));
        assert_eq!(code, Some(0), "{line}");
        assert!(
            line.starts_with("look") && line.contains("it may have no power yet"),
            "{line}"
        );
    });
}

#[test]
fn a_doctor_sees_another_bit_rate_by_the_setting_or_by_its_errors() {
    on_buses(|| {
        real(async |clock| {
            let set = ["type", "can", "bitrate", "250000"];
            let adapter = Adapter::set_to("benchslc3", clock, &set).await;
            let (code, line) = examined("can:benchslc3@500000");
            assert_eq!(code, Some(4), "{line}");
            assert!(
                line.contains("it runs at 250000 bit/s, and the device at 500000"),
                "{line}"
            );
            let mends = "sudo ip link set benchslc3 type can bitrate 500000 && sudo ip link set \
                         benchslc3 up";
            assert!(line.contains(mends), "{line}");
            drop(adapter);

            let mut adapter = Adapter::set_to("benchslc4", clock, &[]).await;
            let folder = tempfile::TempDir::new().unwrap();
            let mut examining = doctor(&folder, "can:benchslc4")
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            // The others send at another rate: their frames are errors to this controller.
            while examining.try_wait().unwrap().is_none() {
                adapter.tells("e1s\r").await;
                clock.sleep_until(clock.now() + Period::millis(40)).await;
            }
            let (code, line) = told(examining.wait_with_output().unwrap());
            assert_eq!(code, Some(4), "{line}");
            assert!(line.contains("there is nothing but errors"), "{line}");
            assert!(line.contains("type can bitrate RATE"), "{line}");

            // One that tells only how its state changes.
            let mut examining = doctor(&folder, "can:benchslc4")
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            while examining.try_wait().unwrap().is_none() {
                adapter.tells("sp130140\r").await;
                clock.sleep_until(clock.now() + Period::millis(400)).await;
                adapter.tells("sa000000\r").await;
            }
            let (code, line) = told(examining.wait_with_output().unwrap());
            assert_eq!(code, Some(0), "{line}");
            assert!(line.starts_with("look"), "{line}");
            assert!(
                line.contains("whether both have the same bit rate"),
                "{line}"
            );
        });
    });
}
