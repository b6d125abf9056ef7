//! What a bus does, and what is made of it.

use profiles::time::BenchTime;

use super::*;
use crate::link::can::{CanFrame, CanId};

fn paused(test: impl AsyncFnOnce(Heard, Clock)) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let clock = Clock::start();
        let settings = Settings {
            bit_rate: Some(250_000),
            has_controller: true,
        };
        test(Heard::new("can0", settings, clock), clock).await;
    });
}

fn frame(number: u8) -> Bytes {
    CanFrame::new(CanId::Standard(0x123), &[number]).to_bytes()
}

fn error(classes: Classes) -> Bytes {
    let detail = [0; 8];
    ErrorFrame { classes, detail }.to_bytes()
}

fn read(chunk: Bytes) -> Read {
    Read {
        chunk,
        stamps: stamp::Stamps::default(),
        lost: None,
        own: false,
    }
}

fn trouble(heard: &mut Heard) -> Option<BusTrouble> {
    loop {
        match heard.next()? {
            Ok(_) => {}
            Err(LinkError::Bus(trouble)) => return Some(trouble),
            Err(error) => panic!("{error}"),
        }
    }
}

fn at(millis: u64) -> BenchTime {
    BenchTime::from_millis(millis)
}

#[test]
fn what_was_sent_is_confirmed_and_not_heard() {
    paused(async |mut heard, clock| {
        for number in 0..3 {
            heard.sent(frame(number));
        }
        // The first was given up by the controller; the same frame from another node is another.
        heard.take(&read(frame(2)));
        assert_eq!(heard.unconfirmed(), 3);
        heard.take(&Read {
            own: true,
            ..read(frame(1))
        });
        assert_eq!(heard.unconfirmed(), 1);
        assert_eq!(heard.next().unwrap().unwrap().chunk, frame(2));
        assert!(heard.next().is_none());
        // Nobody acknowledges the last one: told once, and no failure of the bus.
        assert_eq!(heard.due(), at(1_000));
        clock.sleep_until(heard.due()).await;
        heard.overdue();
        let told = heard.next().unwrap().unwrap().chunk;
        let told = ErrorFrame::from_bytes(&told).unwrap();
        assert_eq!(told.classes, Classes::TX_TIMEOUT);
        assert_eq!(heard.due(), BenchTime::MAX);
    });
}

#[test]
fn what_does_not_come_back_through_the_filters_is_not_waited_for() {
    paused(async |mut heard, _| {
        heard.needs = Some(BusNeeds::of([CanId::Standard(1)], [CanId::Standard(2)]));
        heard.sent(frame(0));
        assert_eq!(heard.unconfirmed(), 0);
        heard.sent(CanFrame::new(CanId::Standard(2), &[]).to_bytes());
        assert_eq!(heard.unconfirmed(), 1);
    });
}

#[test]
fn frames_before_an_interface_went_down_are_heard_before_it_is_told() {
    paused(async |mut heard, _| {
        heard.take(&read(frame(1)));
        heard.failed(Errno::NETDOWN).unwrap();
        heard.failed(Errno::NETDOWN).unwrap();
        assert_eq!(heard.next().unwrap().unwrap().chunk, frame(1));
        let told = heard.next().unwrap().unwrap_err().to_string();
        assert!(told.contains("`sudo ip link set can0 up`"), "{told}");
        // It may come up again, and is the same bus then.
        assert!(heard.next().is_none());
        heard.failed(Errno::NODEV).unwrap();
        assert!(matches!(trouble(&mut heard), Some(BusTrouble::Gone { .. })));
        assert_eq!(heard.next(), Some(Err(LinkError::Closed)));
    });
}

#[test]
fn every_frame_that_the_kernel_threw_away_is_told() {
    paused(async |mut heard, _| {
        for (lost, frames) in [(3, Some(3)), (3, None), (10, Some(7)), (9, Some(u32::MAX))] {
            heard.take(&Read {
                lost: Some(lost),
                ..read(frame(0))
            });
            let told = trouble(&mut heard);
            let told = told.map(|trouble| match trouble {
                BusTrouble::Lost { frames, .. } => frames,
                other => panic!("{other}"),
            });
            assert_eq!(told, frames);
        }
    });
}

#[test]
fn nothing_but_errors_is_a_bus_that_nobody_understands() {
    for good in [false, true] {
        paused(async |mut heard, clock| {
            for n in 0..40 {
                clock.sleep_until(at(n * 50)).await;
                if good && n == 5 {
                    heard.take(&read(frame(0)));
                }
                heard.take(&read(error(Classes(0x88))));
            }
            let told = trouble(&mut heard).map(|told| told.to_string());
            assert_eq!(told.is_none(), good);
            if let Some(told) = told {
                assert!(told.contains("set to 250000 bit/s"), "{told}");
            }
        });
    }
}

#[test]
fn a_controller_that_restarts_in_time_is_no_failure() {
    for restarts in [false, true] {
        paused(async |mut heard, clock| {
            heard.sent(frame(0));
            heard.take(&read(error(Classes::BUS_OFF)));
            // What it had to send is gone, and is not waited for.
            assert_eq!(heard.unconfirmed(), 0);
            if restarts {
                clock.sleep_until(at(100)).await;
                heard.take(&read(error(Classes::RESTARTED)));
                assert_eq!(heard.due(), BenchTime::MAX);
                assert_eq!(trouble(&mut heard), None);
                return;
            }
            clock.sleep_until(heard.due()).await;
            heard.overdue();
            let told = trouble(&mut heard).unwrap().to_string();
            assert!(told.contains("is off the bus"), "{told}");
            assert!(told.contains("type can restart`"), "{told}");
        });
    }
}
