//! ISO-TP frame by frame.

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
