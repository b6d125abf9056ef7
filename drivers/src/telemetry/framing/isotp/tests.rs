//! ISO-TP frame by frame.

use profiles::time::BenchTime;
use proptest::prelude::*;

use super::*;

fn end(block_size: u8) -> IsoTp {
    IsoTp::new(
        Flow {
            block_size,
            separation: 0,
        },
        100_000,
    )
}

/// Sends `content` from one end to another; how many flow controls it took.
fn transfer(content: &[u8], block_size: u8) -> usize {
    let (mut from, mut to) = (end(0), end(block_size));
    let (mut there, mut back) = (Vec::new(), Vec::new());
    let (mut heard, mut controls, mut octets, mut sent) = (None, 0, 0, 0);
    from.send(content, &mut there);
    while !there.is_empty() {
        for pdu in std::mem::take(&mut there) {
            sent += 8;
            to.push(&pdu, &mut back, |event| match event {
                Event::Message { content, octets: o } => {
                    heard = Some(content.to_vec());
                    octets = o;
                }
                other => panic!("{other:?}"),
            });
        }
        for pdu in std::mem::take(&mut back) {
            controls += 1;
            from.push(&pdu, &mut there, |_| {});
        }
    }
    assert_eq!(heard.as_deref(), Some(content));
    assert_eq!(octets, sent, "every octet is accounted for");
    assert!(!from.is_sending());
    controls
}

#[test]
fn messages_of_every_form_arrive() {
    let content: Vec<u8> = (0..=255).cycle().take(20_000).collect();
    assert_eq!(transfer(&content[..7], 0), 0);
    assert_eq!(transfer(&content[..8], 0), 1);
    // 62 octets: 6 in the first frame, 8 frames of 7: a control and one after each third.
    assert_eq!(transfer(&content[..62], 3), 3);
    assert_eq!(transfer(&content[..4_095], 0), 1);
    assert_eq!(transfer(&content[..4_096], 8), 74);
    assert_eq!(transfer(&content, 0), 1);
}

#[test]
fn frames_have_the_standards_layout() {
    let mut out = Vec::new();
    let mut from = end(0);
    from.send(&[1, 2, 3], &mut out);
    from.send(&[9; 20], &mut out);
    let control = [0x30, 0, 0];
    from.push(&control, &mut out, |_| {});
    let p = PADDING;
    assert_eq!(
        out,
        [
            [0x03, 1, 2, 3, p, p, p, p],
            [0x10, 20, 9, 9, 9, 9, 9, 9],
            [0x21, 9, 9, 9, 9, 9, 9, 9],
            [0x22, 9, 9, 9, 9, 9, 9, 9],
        ]
    );
    out.clear();
    from.send(&[9; 4_096], &mut out);
    assert_eq!(out, [[0x10, 0, 0, 0, 0x10, 0, 9, 9]]);
}

#[test]
fn a_lost_frame_costs_its_message_only() {
    let (mut from, mut to) = (end(0), end(0));
    let (mut there, mut back) = (Vec::new(), Vec::new());
    from.send(&[1; 30], &mut there);
    from.push(&[0x30, 0, 0], &mut there, |_| {});
    there.remove(2);
    from.send(&[5, 6], &mut there);
    let mut told = Vec::new();
    for pdu in &there {
        to.push(pdu, &mut back, |event| told.push(format!("{event:?}")));
    }
    insta::assert_debug_snapshot!(told, @r#"
    [
        "Damaged(Damage { bytes: 24, why: Framing })",
        "Damaged(Damage { bytes: 8, why: Framing })",
        "Message { content: [5, 6], octets: 8 }",
    ]
    "#);
}

#[test]
fn flow_control_waits_overflows_and_separates() {
    let mut out = Vec::new();
    let mut from = end(0);
    from.send(&[1; 30], &mut out);
    out.clear();
    from.push(&[0x31, 0, 0], &mut out, |_| {});
    assert!(out.is_empty() && from.is_sending());
    from.push(&[0x30, 1, 0xf3], &mut out, |_| {});
    assert_eq!((out.len(), from.separation_us()), (1, 300));
    let mut overflow = false;
    from.push(&[0x32, 0, 0], &mut out, |event| {
        overflow |= event == Event::Overflow;
    });
    assert!(overflow && !from.is_sending());
    assert_eq!(separation_us(0x7f), 127_000);
    assert_eq!(separation_us(0x80), 127_000);
}

#[test]
fn a_message_beyond_the_limit_is_told_to_overflow() {
    let mut to = IsoTp::new(
        Flow {
            block_size: 0,
            separation: 0,
        },
        100,
    );
    let mut back = Vec::new();
    to.push(&[0x10, 101, 0, 0, 0, 0, 0, 0], &mut back, |event| {
        assert_eq!(event, damaged(8, DamageKind::TooLong));
    });
    assert_eq!(back[0][0], 0x32);
}

#[test]
fn a_receiver_that_is_busy_has_the_sender_wait() {
    let (mut from, mut to) = (end(0), end(2));
    let (mut there, mut back) = (Vec::new(), Vec::new());
    to.hold();
    from.send(&[1; 30], &mut there);
    to.push(&there.remove(0), &mut back, |_| {});
    to.hold_on(&mut back);
    for control in back.drain(..) {
        assert_eq!(control[0], 0x31);
        from.push(&control, &mut there, |_| {});
    }
    assert!(there.is_empty() && from.is_sending());
    to.release(&mut back);
    to.hold_on(&mut back);
    assert_eq!(back.len(), 1, "nobody waits any more");
    from.push(&back.remove(0), &mut there, |_| {});
    assert_eq!(there.len(), 2);
    // A far end that asks to wait for ever is given up.
    let mut gave_up = 0;
    for _ in 0..100 {
        from.push(&[0x31, 0, 0], &mut there, |event| {
            gave_up += u32::from(event == Event::Overflow);
        });
    }
    assert_eq!(gave_up, 1);
    assert!(!from.is_sending());
}

#[test]
fn frames_leave_apart_and_what_has_stopped_is_given_up() {
    let at = BenchTime::from_millis;
    let mut from = Timed::new(end(0), Limits::STANDARD);
    let mut out = Vec::new();
    from.send(at(10), vec![1; 20], &mut out);
    from.send(at(11), vec![2; 3], &mut out);
    assert_eq!(out.len(), 1, "the second message waits for the first");
    assert_eq!(from.next_action(), at(1_010));
    out.clear();
    from.push(at(50), &[0x30, 0, 0xf5], &mut out, |_| {});
    let leave: Vec<u64> = out.iter().map(|(leaves, _)| leaves.as_micros()).collect();
    assert_eq!(leave[..2], [50_000, 50_500]);
    assert_eq!(out[2].1[..2], [3, 2]);
    assert_eq!(from.next_action(), BenchTime::MAX);
    // Nobody answers the first frame: the next message has its turn.
    out.clear();
    from.send(at(100), vec![1; 20], &mut out);
    from.send(at(100), vec![2; 3], &mut out);
    let mut stopped = Vec::new();
    from.act(from.next_action(), &mut out, |what| stopped.push(what));
    assert_eq!(stopped, [Stopped::Sending]);
    assert_eq!(out.len(), 2);
    // A sender that falls silent.
    let mut to = Timed::new(end(0), Limits::STANDARD);
    to.push(at(0), &[0x10, 20, 1, 1, 1, 1, 1, 1], &mut out, |_| {});
    to.push(at(900), &[0x21, 1, 1, 1, 1, 1, 1, 1], &mut out, |_| {});
    assert_eq!(to.next_action(), at(1_900));
    to.act(at(1_900), &mut out, |what| stopped.push(what));
    let damage = Damage {
        bytes: 16,
        why: DamageKind::TooShort,
    };
    assert_eq!(stopped[1..], [Stopped::Receiving(damage)]);
    assert_eq!(to.next_action(), BenchTime::MAX);
}

proptest! {
    #[test]
    fn messages_of_any_length_cross_in_any_layout(
        length in 1..3_000_usize,
        frame in prop::sample::select(FD_LENGTHS[8..].to_vec()),
        address: Option<(u8, u8)>,
        block_size: u8,
    ) {
        let layout = |to, from| Layout { frame, address: address.map(|_| Address { to, from }) };
        let (to, from) = address.unwrap_or_default();
        let flow = Flow { block_size, separation: 0 };
        let mut near = IsoTp::with_layout(flow, 4_000, layout(to, from));
        let mut far = IsoTp::with_layout(flow, 4_000, layout(from, to));
        let content: Vec<u8> = (0..length).map(|n| n as u8).collect();
        let (mut there, mut back, mut heard) = (Vec::new(), Vec::new(), None);
        near.send(&content, &mut there);
        while !there.is_empty() {
            for pdu in std::mem::take(&mut there) {
                prop_assert!(FD_LENGTHS.contains(&(pdu.len() as u8)) && pdu.len() <= frame.into());
                far.push(&pdu, &mut back, |event| match event {
                    Event::Message { content, .. } => heard = Some(content.to_vec()),
                    other => panic!("{other:?}"),
                });
            }
            for pdu in std::mem::take(&mut back) {
                near.push(&pdu, &mut there, |_| {});
            }
        }
        prop_assert_eq!(heard, Some(content));
    }

    #[test]
    fn any_frames_are_accounted_for_in_any_layout(
        frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..65), 0..40),
        address: Option<(u8, u8)>,
    ) {
        let address = address.map(|(to, from)| Address { to, from });
        let flow = Flow { block_size: 1, separation: 0 };
        let mut end = IsoTp::with_layout(flow, 500, Layout { frame: 64, address });
        let (mut out, mut octets, mut sent) = (Vec::new(), 0, 0);
        end.send(&[1; 400], &mut out);
        for mut frame in frames {
            if let (Some(address), Some(first)) = (address, frame.first_mut()) {
                *first = address.from;
            }
            sent += frame.len();
            end.push(&frame, &mut out, |event| {
                octets += match event {
                    Event::Message { octets, .. } | Event::Control { octets } => octets,
                    Event::Damaged(damage) => damage.bytes,
                    Event::Sent | Event::Overflow => 0,
                };
            });
        }
        prop_assert_eq!((octets + end.pending()) as usize, sent);
    }
}
