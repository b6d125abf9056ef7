//! What a controller tells of its bus. The kernel's driver for Lawicel adapters (`slcan`) is the
//! controller, and an adapter is played at the other end of its serial line.

use std::process::{Child, Command, Stdio};

use bytes::Bytes;
use drivers::clock::Clock;
use drivers::error::LinkError;
use drivers::link::can::{BusTrouble, CanFrame, CanId, ErrorFrame};
use drivers::link::{Link, LinkSpec, Pacing};
use profiles::time::Period;

use super::{PATIENCE, ip, on_buses, open, real};

/// An adapter at a serial line, and the interface that the kernel makes of it.
struct Adapter {
    name: &'static str,
    line: Link,
    daemon: Child,
}

impl Adapter {
    async fn plug_in(name: &'static str, clock: Clock) -> (Adapter, Link) {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("adapter");
        let line = Link::publish_pty(&path, clock, Pacing::Instant).unwrap();
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
        while !ip(&["link", "set", name, "up"]) {
            assert!(clock.now() < deadline, "slcand made no interface");
            clock.sleep_until(clock.now() + Period::millis(20)).await;
        }
        let bus = open(&format!("can:{name}"), clock).await.unwrap();
        (Adapter { name, line, daemon }, bus)
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
