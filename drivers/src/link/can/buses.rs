//! Buses behind adapters and servers, in real time: both halves of each, frame by frame.

use std::fs;
use std::path::PathBuf;

use bytes::Bytes;
use profiles::time::Period;

use super::*;
use crate::clock::Clock;
use crate::error::LinkError;
use crate::link::{Link, LinkSpec, Pacing};

fn real(test: impl AsyncFnOnce(Clock)) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    runtime.block_on(async { test(Clock::start()).await });
}

/// A folder of this test's own, empty.
fn folder(name: &str) -> PathBuf {
    let name = format!("bench-can-{name}-{}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    fs::remove_dir_all(&folder).ok();
    fs::create_dir_all(&folder).unwrap();
    folder
}

async fn open(text: &str, clock: Clock) -> Result<Link, LinkError> {
    let spec: LinkSpec = text.parse().unwrap();
    Link::open(spec.line().unwrap(), clock).await
}

/// Opens an end while the other lives: it answers what it is asked.
async fn join(text: &str, device: &mut Link, clock: Clock) -> Result<Link, LinkError> {
    tokio::select! {
        biased;
        opened = open(text, clock) => opened,
        heard = device.receive() => panic!("heard {heard:?} instead"),
    }
}

/// One frame from `from` to `to`. The other end answers its adapter meanwhile.
async fn pass(from: &mut Link, to: &mut Link, frame: BusFrame, clock: Clock) {
    from.send(frame.to_bytes()).await.unwrap();
    let limit = Period::millis(5_000);
    let heard = clock.within(limit, async {
        tokio::select! {
            biased;
            heard = to.receive() => heard,
            other = from.receive() => panic!("heard {other:?} instead"),
        }
    });
    let heard = heard.await.expect("heard nothing").unwrap();
    assert_eq!(BusFrame::from_bytes(&heard.chunk), Some(frame));
}

fn frames() -> Vec<BusFrame> {
    let (standard, extended) = (CanId::Standard(0x7ff), CanId::Extended(0x1fff_ffff));
    let mut slow = FdFrame::new(standard, &[5; 33], 0);
    slow.bit_rate_switch = false;
    vec![
        BusFrame::Data(CanFrame::new(standard, &[])),
        BusFrame::Data(CanFrame::new(extended, &[0, 1, 2, 3, 4, 5, 6, 0xff])),
        BusFrame::Fd(FdFrame::new(extended, &[0xa5; 64], 0)),
        BusFrame::Fd(slow),
    ]
}

fn remote() -> BusFrame {
    let (id, length) = (CanId::Standard(1), 5);
    BusFrame::Remote(RemoteFrame { id, length })
}

#[test]
fn frames_of_every_kind_pass_an_adapter_both_ways() {
    real(async |clock| {
        let path = folder("adapter").join("board");
        let mut device = Link::publish_slcan(&path, clock, 500_000).unwrap();
        // What is sent before anybody has opened the channel is heard by nobody.
        device.send(frames()[0].to_bytes()).await.unwrap();
        let link = format!("slcan:{}@500000,fd=2000000", path.display());
        for _ in 0..2 {
            // Whoever leaves without a word leaves the channel open, which the next one closes.
            let mut driver = join(&link, &mut device, clock).await.unwrap();
            for frame in frames().into_iter().chain([remote()]) {
                pass(&mut driver, &mut device, frame, clock).await;
                pass(&mut device, &mut driver, frame, clock).await;
            }
            let quiet = clock.within(Period::millis(50), driver.receive()).await;
            assert!(quiet.is_err());
            assert_eq!(
                driver.unconfirmed(),
                0,
                "the adapter said that it sent them"
            );
        }
    });
}

#[test]
fn an_adapter_that_is_not_one_is_absent() {
    real(async |clock| {
        let path = folder("deaf").join("board");
        let _mute = Link::publish_pty(&path, clock, Pacing::Instant).unwrap();
        let told = open(&format!("slcan:{}@500000", path.display()), clock).await;
        let told = told.unwrap_err();
        assert!(matches!(told, LinkError::Absent { .. }), "{told}");
        assert!(
            told.to_string()
                .contains("answers as a Lawicel (slcan) adapter"),
            "{told}"
        );
        let told = open(&format!("slcan:{}@83333", path.display()), clock).await;
        assert!(
            told.unwrap_err()
                .to_string()
                .contains("know the bit rates 10000")
        );
    });
}

#[test]
fn what_nobody_acknowledges_is_told_once() {
    real(async |clock| {
        let path = folder("slow").join("board");
        let mut device = Link::publish_slcan(&path, clock, 250_000).unwrap();
        let link = format!("slcan:{}@500000", path.display());
        let mut driver = join(&link, &mut device, clock).await.unwrap();
        driver.send(frames()[0].to_bytes()).await.unwrap();
        let mut told = Vec::new();
        let trouble = loop {
            let heard = tokio::select! {
                biased;
                heard = driver.receive() => heard,
                other = device.receive() => panic!("{other:?} was understood"),
            };
            match heard {
                Ok(arrival) => told.push(ErrorFrame::from_bytes(&arrival.chunk).unwrap()),
                Err(LinkError::Bus(trouble)) => break trouble,
                Err(error) => panic!("{error}"),
            }
            // Errors go on: the driver tries again.
            driver.send(frames()[0].to_bytes()).await.unwrap();
        };
        assert!(
            matches!(trouble, BusTrouble::Misunderstood { .. }),
            "{trouble}"
        );
        let timed_out = told
            .iter()
            .filter(|told| told.classes.has(Classes::TX_TIMEOUT));
        assert_eq!(timed_out.count(), 1, "{told:?}");
    });
}

#[test]
fn noise_on_an_adapters_line_is_lost_evidence() {
    real(async |clock| {
        let path = folder("noise").join("board");
        let mut port = Link::publish_pty(&path, clock, Pacing::Instant).unwrap();
        // An adapter that obeys in few words.
        let adapter = async {
            loop {
                let heard = port.receive().await.unwrap();
                let lines = memchr::memchr_iter(b'\r', &heard.chunk).count();
                port.send(Bytes::from(vec![b'\r'; lines])).await.unwrap();
                if heard.chunk.ends_with(b"O\r") {
                    break port;
                }
            }
        };
        let link = format!("slcan:{}@500000", path.display());
        let (opened, mut port) = tokio::join!(open(&link, clock), adapter);
        let mut driver = opened.unwrap();
        port.send(Bytes::from_static(b"t12320\xff1\rt1231AA\r"))
            .await
            .unwrap();
        let heard = driver.receive().await.unwrap();
        let frame = CanFrame::new(CanId::Standard(0x123), &[0xaa]);
        assert_eq!(heard.chunk, frame.to_bytes());
        let told = driver.receive().await;
        assert!(
            matches!(
                told,
                Err(LinkError::Bus(BusTrouble::Garbled { octets: 9, .. }))
            ),
            "{told:?}"
        );
    });
}

#[test]
fn frames_pass_a_server_both_ways() {
    real(async |clock| {
        let path = folder("server").join("board");
        let mut device = Link::publish_socketcand(&path, clock, 500_000)
            .await
            .unwrap();
        let address = fs::read_to_string(&path).unwrap();
        let link = format!("socketcand:{}/can0", address.trim());
        for _ in 0..2 {
            let mut driver = join(&link, &mut device, clock).await.unwrap();
            driver
                .need(BusNeeds::of(frames().iter().filter_map(BusFrame::id), []))
                .unwrap();
            // The device says more than this driver needs.
            let other = CanFrame::new(CanId::Standard(3), &[]);
            device.send(other.to_bytes()).await.unwrap();
            for frame in frames() {
                pass(&mut driver, &mut device, frame, clock).await;
                pass(&mut device, &mut driver, frame, clock).await;
            }
            assert!(
                driver.send(remote().to_bytes()).await.is_err(),
                "there is no word for it"
            );
        }
        let link = format!("socketcand:{}/can7", address.trim());
        let told = join(&link, &mut device, clock)
            .await
            .unwrap_err()
            .to_string();
        assert!(
            told.contains("it says `error could not open bus`"),
            "{told}"
        );
    });
}
