//! One end of a bus, and another.

use bytes::Bytes;
use drivers::clock::Clock;
use drivers::error::LinkError;
use drivers::link::can::{
    BusFrame, BusTrouble, CanFrame, CanId, Classes, ErrorFrame, FdFrame, RemoteFrame,
};
use drivers::link::{BusNeeds, Link, Stamp};
use profiles::time::{BenchTime, Period};
use socketcan::{EmbeddedFrame as _, Socket as _};

use super::{Bus, PATIENCE, ip, on_buses, open, real};

/// Frames each way.
const MANY: u32 = 10_000;

fn numbered(id: u32, number: u32) -> Bytes {
    CanFrame::new(CanId::Extended(id), &number.to_be_bytes()).to_bytes()
}

async fn hear(link: &mut Link, clock: Clock) -> Bytes {
    let arrival = clock.within(PATIENCE, link.receive()).await;
    arrival.expect("heard nothing").unwrap().chunk
}

async fn trouble(link: &mut Link, clock: Clock) -> BusTrouble {
    loop {
        match clock.within(PATIENCE, link.receive()).await.unwrap() {
            Ok(_) => {}
            Err(LinkError::Bus(trouble)) => return trouble,
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn ten_thousand_frames_each_way_arrive_in_order() {
    on_buses(|| {
        let bus = Bus::new();
        real(async |clock| {
            let (mut near, mut far) = (bus.open(clock).await, bus.open(clock).await);
            for number in 0..MANY {
                // Ten on the way, then ten answers.
                near.send(numbered(1, number)).await.unwrap();
                if number % 10 != 9 {
                    continue;
                }
                for number in number - 9..=number {
                    assert_eq!(hear(&mut far, clock).await, numbered(1, number));
                    far.send(numbered(2, number)).await.unwrap();
                }
                for number in number - 9..=number {
                    assert_eq!(hear(&mut near, clock).await, numbered(2, number));
                }
            }
            let quiet = clock.now() + Period::millis(50);
            assert!(clock.until(quiet, near.receive()).await.is_none());
            assert!(clock.until(quiet, far.receive()).await.is_none());
            assert_eq!((near.unconfirmed(), far.unconfirmed()), (0, 0));
        });
    });
}

#[test]
fn a_burst_waits_in_the_kernel_and_none_is_lost() {
    on_buses(|| {
        let bus = Bus::new();
        real(async |clock| {
            let (mut near, mut far) = (bus.open(clock).await, bus.open(clock).await);
            for number in 0..MANY / 2 {
                near.send(numbered(1, number)).await.unwrap();
            }
            for number in 0..MANY / 2 {
                assert_eq!(hear(&mut far, clock).await, numbered(1, number));
            }
        });
    });
}

#[test]
fn what_the_kernel_throws_away_is_counted_to_the_frame() {
    on_buses(|| {
        let bus = Bus::new();
        real(async |clock| {
            let mut far = bus.open(clock).await;
            // Another program, which does not listen and so is quicker.
            let blind = socketcan::CanSocket::open(&bus.0).unwrap();
            let frame = |number: u32| {
                let id = socketcan::ExtendedId::new(1).unwrap();
                socketcan::CanFrame::new(id, &number.to_be_bytes()).unwrap()
            };
            let sent = 60_000;
            for number in 0..sent {
                blind.write_frame(&frame(number)).unwrap();
            }
            // The kernel tells with the next frame that it did not throw away.
            let (mut heard, mut lost, mut ended) = (0, 0, false);
            let last = numbered(1, sent);
            while heard + lost < sent || !ended {
                if !ended && heard > 0 {
                    blind.write_frame(&frame(sent)).unwrap();
                }
                match clock.within(PATIENCE, far.receive()).await.unwrap() {
                    Ok(arrival) if arrival.chunk == last => ended = true,
                    Ok(_) => heard += 1,
                    Err(LinkError::Bus(BusTrouble::Lost { frames, .. })) => lost += frames,
                    Err(error) => panic!("{error}"),
                }
            }
            assert!(lost > 0, "60000 frames fit into the kernel's buffer");
        });
    });
}

#[test]
fn every_kind_of_frame_arrives_as_it_was_sent() {
    on_buses(|| {
        let bus = Bus::new();
        real(async |clock| {
            let (mut near, mut far) = (bus.open(clock).await, bus.open(clock).await);
            let mut passive = FdFrame::new(CanId::Standard(0x7ff), &[7; 64], 0);
            (passive.sender_passive, passive.bit_rate_switch) = (true, false);
            let frames = [
                BusFrame::Data(CanFrame::new(CanId::Standard(0), &[])),
                BusFrame::Data(CanFrame::new(CanId::Extended(0x1fff_ffff), &[0xff; 8])),
                BusFrame::Fd(FdFrame::new(CanId::Extended(0x123), &[1; 13], 0xcc)),
                BusFrame::Fd(passive),
                BusFrame::Remote(RemoteFrame {
                    id: CanId::Standard(0x123),
                    length: 8,
                }),
                BusFrame::Remote(RemoteFrame {
                    id: CanId::Extended(0x123),
                    length: 0,
                }),
                BusFrame::Error(ErrorFrame {
                    classes: Classes(Classes::CONTROLLER.0 | Classes::COUNTERS.0),
                    detail: [0, 0x20, 0, 0, 0, 0, 130, 0],
                }),
            ];
            for frame in frames {
                near.send(frame.to_bytes()).await.unwrap();
                let heard = hear(&mut far, clock).await;
                assert_eq!(BusFrame::from_bytes(&heard), Some(frame));
            }
        });
    });
}

#[test]
fn the_kernel_keeps_back_what_is_not_needed() {
    on_buses(|| {
        let bus = Bus::new();
        real(async |clock| {
            let (mut near, mut far) = (bus.open(clock).await, bus.open(clock).await);
            far.need(BusNeeds::of(
                [CanId::Standard(0x123), CanId::Extended(0x123)],
                [CanId::Standard(0x124)],
            ))
            .unwrap();
            let frame = |id| CanFrame::new(id, &[1]).to_bytes();
            let remote = RemoteFrame {
                id: CanId::Standard(0x123),
                length: 1,
            };
            let wanted = [frame(CanId::Standard(0x123)), frame(CanId::Extended(0x123))];
            for chunk in [
                frame(CanId::Standard(0x122)),
                wanted[0].clone(),
                frame(CanId::Extended(0x122)),
                remote.to_bytes(),
                wanted[1].clone(),
            ] {
                near.send(chunk).await.unwrap();
            }
            for chunk in wanted {
                assert_eq!(hear(&mut far, clock).await, chunk);
            }
            // What it says comes back as confirmed, and is not heard.
            far.send(frame(CanId::Standard(0x124))).await.unwrap();
            let soon = clock.now() + Period::millis(50);
            assert!(clock.until(soon, far.receive()).await.is_none());
            assert_eq!(far.unconfirmed(), 0);
        });
    });
}

#[test]
fn frames_are_stamped_by_the_kernel_in_order() {
    on_buses(|| {
        let bus = Bus::new();
        real(async |clock| {
            let (mut near, mut far) = (bus.open(clock).await, bus.open(clock).await);
            let before = clock.now();
            for number in 0..20 {
                near.send(numbered(1, number)).await.unwrap();
            }
            let sent = clock.now();
            clock.sleep_until(sent + Period::millis(100)).await;
            let mut last = BenchTime::ZERO;
            for _ in 0..20 {
                let arrival = far.receive().await.unwrap();
                assert_eq!(arrival.stamp, Stamp::Kernel);
                assert!(arrival.at >= last);
                last = arrival.at;
                // When it was there, not when it was read. The clocks tick in microseconds.
                assert!(arrival.at.plus_micros(2_000) >= before, "{}", arrival.at);
                // A machine within a machine is not always on time; what is read late is later.
                assert!(
                    arrival.at <= sent.plus_micros(60_000),
                    "{} {sent}",
                    arrival.at
                );
            }
        });
    });
}

#[test]
fn an_interface_that_goes_down_is_noticed_and_comes_again() {
    on_buses(|| {
        let bus = Bus::new();
        real(async |clock| {
            let (mut near, mut far) = (bus.open(clock).await, bus.open(clock).await);
            for _ in 0..2 {
                near.send(numbered(1, 1)).await.unwrap();
                bus.set("down");
                // What came before is heard first.
                assert_eq!(hear(&mut far, clock).await, numbered(1, 1));
                let told = trouble(&mut far, clock).await;
                let interface = bus.0.clone();
                assert_eq!(told, BusTrouble::Down { interface });
                assert!(matches!(
                    near.send(numbered(1, 2)).await,
                    Err(LinkError::Bus(BusTrouble::Down { .. }))
                ));
                assert!(matches!(
                    trouble(&mut near, clock).await,
                    BusTrouble::Down { .. }
                ));
                bus.set("up");
                near.send(numbered(1, 3)).await.unwrap();
                assert_eq!(hear(&mut far, clock).await, numbered(1, 3));
            }
            // Down and up before anybody looked is noticed too.
            bus.set("down");
            bus.set("up");
            assert!(matches!(
                trouble(&mut far, clock).await,
                BusTrouble::Down { .. }
            ));
        });
    });
}

#[test]
fn an_interface_that_goes_away_is_gone() {
    on_buses(|| {
        let bus = Bus::new();
        real(async |clock| {
            let mut near = bus.open(clock).await;
            assert!(ip(&["link", "del", &bus.0]));
            while !matches!(trouble(&mut near, clock).await, BusTrouble::Gone { .. }) {}
            assert_eq!(near.receive().await, Err(LinkError::Closed));
            assert!(near.send(numbered(1, 1)).await.is_err());
        });
    });
}

#[test]
fn what_cannot_be_opened_says_why_and_what_mends_it() {
    on_buses(|| {
        let bus = Bus::new();
        let why = |link: &str| {
            let link = link.to_owned();
            real(async |clock| {
                open(&link, clock)
                    .await
                    .map(|_| ())
                    .unwrap_err()
                    .to_string()
            })
        };
        let absent = why("can:can77");
        assert!(
            absent.contains("there is no CAN interface of that name"),
            "{absent}"
        );
        assert!(
            absent.contains(&bus.0),
            "names those that are there: {absent}"
        );
        assert!(why("can:lo").contains("is a network interface, but none of CAN"));
        bus.set("down");
        let down = why(&format!("can:{}", bus.0));
        assert!(
            down.contains(&format!("it is down: `sudo ip link set {} up`", bus.0)),
            "{down}"
        );
    });
}

#[test]
fn an_interface_that_takes_no_fd_says_so() {
    on_buses(|| {
        let bus = Bus::new();
        bus.set("down");
        assert!(ip(&["link", "set", &bus.0, "mtu", "16", "up"]));
        real(async |clock| {
            let mut near = bus.open(clock).await;
            let frame = FdFrame::new(CanId::Standard(0x55), &[0; 12], 0);
            let told = near.send(frame.to_bytes()).await.unwrap_err().to_string();
            assert!(told.contains("fd on"), "{told}");
            near.send(numbered(1, 1)).await.unwrap();
        });
    });
}

/// Runs a program of can-utils, which others wrote.
fn can_utils(program: &str, arguments: &[&str]) -> std::process::Child {
    let mut command = std::process::Command::new(program);
    let command = command.args(arguments).stdout(std::process::Stdio::piped());
    command
        .spawn()
        .expect("can-utils is installed with user-mode Linux")
}

#[test]
fn other_programs_say_what_is_heard_and_hear_what_is_said() {
    on_buses(|| {
        let bus = Bus::new();
        let fd = |id, data: &[u8], brs, esi| {
            let mut frame = FdFrame::new(id, data, 0);
            (frame.bit_rate_switch, frame.sender_passive) = (brs, esi);
            BusFrame::Fd(frame)
        };
        let (standard, extended) = (CanId::Standard(0x123), CanId::Extended(0x18ff_0001));
        let remote = |id, length| BusFrame::Remote(RemoteFrame { id, length });
        // As `candump -L` writes them.
        let frames = [
            (
                "123#DEADBEEF",
                BusFrame::Data(CanFrame::new(standard, &[0xde, 0xad, 0xbe, 0xef])),
            ),
            ("18FF0001#", BusFrame::Data(CanFrame::new(extended, &[]))),
            ("123#R4", remote(standard, 4)),
            ("18FF0001#R", remote(extended, 0)),
            (
                "123##111223344",
                fd(standard, &[0x11, 0x22, 0x33, 0x44], true, false),
            ),
            ("18FF0001##2AA", fd(extended, &[0xaa], false, true)),
        ];
        real(async |clock| {
            let mut near = bus.open(clock).await;
            for (text, frame) in frames {
                assert!(
                    can_utils("cansend", &[&bus.0, text])
                        .wait()
                        .unwrap()
                        .success()
                );
                let heard = hear(&mut near, clock).await;
                assert_eq!(BusFrame::from_bytes(&heard), Some(frame), "{text}");
            }
            let count = frames.len().to_string();
            let dump = can_utils("candump", &["-L", "-n", &count, &bus.0]);
            clock.sleep_until(clock.now() + Period::millis(500)).await;
            for (_, frame) in frames {
                near.send(frame.to_bytes()).await.unwrap();
            }
            let told = dump.wait_with_output().unwrap();
            let told = String::from_utf8(told.stdout).unwrap();
            let told: Vec<&str> = told
                .lines()
                .filter_map(|line| line.split(' ').nth(2))
                .collect();
            // Newer kernels add a flag that says that a frame is one of CAN FD (`CANFD_FDF`).
            let told = told
                .iter()
                .map(|text| text.replace("##5", "##1").replace("##6", "##2"));
            assert!(told.eq(frames.map(|(text, _)| text)));
        });
    });
}
