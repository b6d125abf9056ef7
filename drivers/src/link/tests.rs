//! Lines in real time: pseudo-terminals and sockets of this machine.

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use profiles::time::{BenchTime, Period};

use super::{Link, LinkSpec, Pacing};
use crate::clock::Clock;
use crate::error::LinkError;

fn real<F: Future<Output = ()>>(test: F) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(test);
}

/// A folder of this test's own, empty.
fn folder(name: &str) -> PathBuf {
    let name = format!("bench-link-{name}-{}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    fs::remove_dir_all(&folder).ok();
    fs::create_dir_all(&folder).unwrap();
    folder
}

async fn open(text: &str, clock: Clock) -> Result<Link, LinkError> {
    let spec: LinkSpec = text.parse().unwrap();
    Link::open(spec.line().unwrap(), clock).await
}

fn serial(path: &Path) -> String {
    format!("serial:{}@9600,8N2,rtscts", path.display())
}

/// Hears bytes until there are so many.
async fn hear(link: &mut Link, length: usize, clock: Clock) -> Vec<u8> {
    let mut heard = Vec::new();
    while heard.len() < length {
        let arrival = clock.within(Period::millis(2_000), link.receive()).await;
        heard.extend_from_slice(&arrival.expect("heard nothing").unwrap().chunk);
    }
    heard
}

async fn both_ways(driver: &mut Link, emulator: &mut Link, clock: Clock) {
    let (question, answer) = (b"*IDN?\n\x00\xff\x11\x13", b"HEWLETT\r\n\x03\x04");
    driver.send(Bytes::from_static(question)).await.unwrap();
    assert_eq!(hear(emulator, question.len(), clock).await, question);
    emulator.send(Bytes::from_static(answer)).await.unwrap();
    assert_eq!(hear(driver, answer.len(), clock).await, answer);
}

#[test]
fn a_pseudo_terminal_carries_every_byte_both_ways() {
    real(async {
        let (clock, path) = (Clock::start(), folder("bytes").join("supply"));
        let mut emulator = Link::publish_pty(&path, clock, Pacing::Instant).unwrap();
        // What is sent before anybody listens is not what the first client hears.
        emulator.send(Bytes::from_static(b"stale")).await.unwrap();
        let mut driver = open(&serial(&path), clock).await.unwrap();
        both_ways(&mut driver, &mut emulator, clock).await;
        // A client that goes and comes again finds the device as it was.
        drop(driver);
        let mut driver = open(&serial(&path), clock).await.unwrap();
        both_ways(&mut driver, &mut emulator, clock).await;
    });
}

#[test]
fn an_unplugged_port_is_closed_and_found_again_under_its_name() {
    real(async {
        let (clock, path) = (Clock::start(), folder("unplug").join("supply"));
        let emulator = Link::publish_pty(&path, clock, Pacing::Instant).unwrap();
        let mut driver = open(&serial(&path), clock).await.unwrap();
        drop(emulator);
        assert!(!path.is_symlink());
        for _ in 0..2 {
            assert_eq!(driver.receive().await, Err(LinkError::Closed));
        }
        let sent = driver.send(Bytes::from_static(b"x")).await;
        assert_eq!(sent, Err(LinkError::Closed));
        let absent = open(&serial(&path), clock).await.unwrap_err();
        assert!(matches!(absent, LinkError::Absent { .. }), "{absent}");
        assert!(absent.to_string().contains("is the adapter plugged in"));
        let old = Link::publish_pty(&path, clock, Pacing::Instant).unwrap();
        let mut emulator = Link::publish_pty(&path, clock, Pacing::Instant).unwrap();
        // The name is the newer end's now.
        drop(old);
        let mut driver = open(&serial(&path), clock).await.unwrap();
        both_ways(&mut driver, &mut emulator, clock).await;
    });
}

#[test]
fn a_port_belongs_to_one_client() {
    real(async {
        let (clock, path) = (Clock::start(), folder("one").join("supply"));
        let _emulator = Link::publish_pty(&path, clock, Pacing::Instant).unwrap();
        let driver = open(&serial(&path), clock).await.unwrap();
        let busy = open(&serial(&path), clock).await.unwrap_err();
        assert!(matches!(busy, LinkError::Busy { .. }), "{busy}");
        let this = format!("process {} (", std::process::id());
        assert!(busy.to_string().contains(&this), "{busy}");
        drop(driver);
        assert!(open(&serial(&path), clock).await.is_ok());
    });
}

#[test]
fn a_port_without_modem_lines_is_opened_with_every_setting() {
    real(async {
        let (clock, path) = (Clock::start(), folder("settings").join("supply"));
        let mut emulator = Link::publish_pty(&path, clock, Pacing::Instant).unwrap();
        for settings in [
            "300,7E1",
            "9600,8N2,dtrdsr",
            "115200,8O1,rtscts",
            "9600,xonxoff",
        ] {
            let link = format!("serial:{}@{settings}", path.display());
            let mut driver = open(&link, clock).await.unwrap();
            driver.send(Bytes::from_static(b"*IDN?")).await.unwrap();
            assert_eq!(hear(&mut emulator, 5, clock).await, b"*IDN?");
        }
    });
}

#[test]
fn what_is_no_port_is_neither_absent_nor_busy() {
    real(async {
        let (clock, path) = (Clock::start(), folder("file").join("supply"));
        fs::write(&path, "").unwrap();
        let error = open(&serial(&path), clock).await.unwrap_err();
        assert!(matches!(error, LinkError::Open { .. }), "{error}");
    });
}

#[test]
fn a_published_end_sends_and_hears_at_its_lines_pace() {
    real(async {
        let (clock, path) = (Clock::start(), folder("pace").join("supply"));
        let pacing = Pacing::Serial {
            baud: 1_000,
            bits_per_byte: 10,
        };
        let mut emulator = Link::publish_pty(&path, clock, pacing).unwrap();
        let mut driver = open(&serial(&path), clock).await.unwrap();
        let leaves = clock.now() + Period::millis(20);
        let chunk = Bytes::from_static(b"abc");
        let taken = emulator.takes_at(leaves, &chunk);
        assert_eq!(taken, leaves + Period::millis(30));
        for _ in 0..2 {
            emulator.send_at(leaves, chunk.clone()).await.unwrap();
            hear(&mut driver, 3, clock).await;
        }
        // Twice three characters of ten bits, one after the other.
        assert!(clock.now() >= leaves + Period::millis(60));
        let sent = clock.now();
        driver.send(chunk.clone()).await.unwrap();
        let mut heard = Vec::new();
        while heard.len() < 3 {
            // Who stops waiting half-way loses nothing.
            let soon = clock.now() + Period::millis(4);
            if let Some(arrival) = clock.until(soon, emulator.receive()).await {
                heard.extend_from_slice(&arrival.unwrap().chunk);
            }
        }
        assert_eq!(heard, b"abc");
        assert!(clock.now() >= sent + Period::millis(30));
    });
}

#[test]
fn a_device_that_nobody_listens_to_does_not_wait() {
    real(async {
        let (clock, path) = (Clock::start(), folder("deaf").join("board"));
        let mut emulator = Link::publish_pty(&path, clock, Pacing::Instant).unwrap();
        for _ in 0..100 {
            let chunk = Bytes::from_static(&[0; 1_024]);
            emulator.send(chunk).await.unwrap();
        }
        assert!(clock.now() < BenchTime::from_millis(1_000));
    });
}

#[test]
fn a_socket_serves_one_client_after_the_other() {
    real(async {
        let (clock, path) = (Clock::start(), folder("tcp").join("supply"));
        let published = Link::publish_tcp(&path, clock, Pacing::Instant).await;
        let mut emulator = published.unwrap();
        let link = format!("tcp:{}", fs::read_to_string(&path).unwrap().trim());
        // Nobody is there yet: it is lost.
        emulator.send(Bytes::from_static(b"lost")).await.unwrap();
        for _ in 0..2 {
            let mut driver = open(&link, clock).await.unwrap();
            both_ways(&mut driver, &mut emulator, clock).await;
        }
        let mut driver = open(&link, clock).await.unwrap();
        both_ways(&mut driver, &mut emulator, clock).await;
        drop(emulator);
        assert_eq!(driver.receive().await, Err(LinkError::Closed));
        assert!(!path.exists());
        let Err(LinkError::Open { why, .. }) = open(&link, clock).await else {
            panic!("nobody listens there any more");
        };
        assert!(why.contains("is the port right"), "{why}");
    });
}

#[test]
fn a_receive_that_is_dropped_loses_nothing() {
    real(async {
        let (clock, path) = (Clock::start(), folder("cancel").join("supply"));
        let mut emulator = Link::publish_pty(&path, clock, Pacing::Instant).unwrap();
        let mut driver = open(&serial(&path), clock).await.unwrap();
        for byte in 0..50_u8 {
            emulator.send(Bytes::from(vec![byte])).await.unwrap();
            // Whether or not it is there yet: who stops waiting gives nothing away.
            let early = clock.until(clock.now(), driver.receive()).await;
            let heard = match early {
                Some(arrival) => arrival.unwrap().chunk.to_vec(),
                None => hear(&mut driver, 1, clock).await,
            };
            assert_eq!(heard, [byte]);
        }
    });
}
