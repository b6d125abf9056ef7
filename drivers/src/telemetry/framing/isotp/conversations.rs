//! Both ends against can-isotp 2.0.7 (MIT): `conversations.txt` is what two ends of it said to each
//! other, as `make_conversations.py` wrote it. Each of ours must say the same as the one whose part
//! it plays, to the octet.

use super::*;

struct Case {
    layout: Layout,
    far: Layout,
    flow: Flow,
    content: Vec<u8>,
    /// Whether the sender says it, and what.
    said: Vec<(bool, Vec<u8>)>,
}

fn octets(hex: &str) -> Vec<u8> {
    let pairs = (0..hex.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect()
}

fn cases() -> Vec<Case> {
    let text = include_str!("conversations.txt");
    let cases = text.split("case ").skip(1);
    cases
        .map(|case| {
            let mut lines = case.lines();
            let head: Vec<&str> = lines.next().unwrap().split(' ').collect();
            let number = |place: usize| head[place].parse::<usize>().unwrap();
            let (to, from) = match head[1] {
                "extended" => (0x55, 0xaa),
                _ => (0x99, 0x99),
            };
            let layout = |to, from| Layout {
                frame: number(0) as u8,
                address: (head[1] != "none").then_some(Address { to, from }),
            };
            Case {
                layout: layout(to, from),
                far: layout(from, to),
                flow: Flow {
                    block_size: number(2) as u8,
                    separation: number(3) as u8,
                },
                content: (0..number(4)).map(|n| (n * 7 % 251) as u8).collect(),
                said: lines
                    .map(|line| (line.starts_with('>'), octets(&line[2..])))
                    .collect(),
            }
        })
        .collect()
}

#[test]
fn our_sender_says_what_theirs_says() {
    let none = Flow {
        block_size: 0,
        separation: 0,
    };
    for case in cases() {
        let mut end = IsoTp::with_layout(none, 0, case.layout);
        let mut out = Vec::new();
        end.send(&case.content, &mut out);
        for (_, control) in case.said.iter().filter(|(sender, _)| !sender) {
            end.push(control, &mut out, |_| {});
        }
        let theirs = case.said.iter().filter(|(sender, _)| *sender);
        let theirs: Vec<&Vec<u8>> = theirs.map(|(_, pdu)| pdu).collect();
        assert!(out.iter().eq(theirs), "{:?}", case.layout);
        assert!(!end.is_sending());
    }
}

#[test]
fn our_receiver_hears_theirs_and_says_what_theirs_says() {
    for case in cases() {
        let mut end = IsoTp::with_layout(case.flow, 1 << 16, case.far);
        let (mut out, mut heard, mut octets) = (Vec::new(), None, 0);
        for (_, pdu) in case.said.iter().filter(|(sender, _)| *sender) {
            end.push(pdu, &mut out, |event| match event {
                Event::Message { content, octets: o } => {
                    heard = Some(content.to_vec());
                    octets = o as usize;
                }
                other => panic!("{other:?}"),
            });
        }
        assert_eq!(heard, Some(case.content));
        let theirs = case.said.iter().filter(|(sender, _)| *sender);
        assert_eq!(octets, theirs.map(|(_, pdu)| pdu.len()).sum::<usize>());
        let theirs = case.said.iter().filter(|(sender, _)| !sender);
        let theirs: Vec<&Vec<u8>> = theirs.map(|(_, pdu)| pdu).collect();
        assert!(out.iter().eq(theirs), "{:?}", case.far);
    }
}

#[test]
fn what_is_meant_for_another_address_is_not_heard() {
    let case = cases()
        .into_iter()
        .find(|case| case.layout.address.is_some());
    let case = case.unwrap();
    let mut end = IsoTp::with_layout(case.flow, 1 << 16, case.far);
    let mut pdu = case.said[0].1.clone();
    pdu[0] ^= 1;
    let mut told = Vec::new();
    end.push(&pdu, &mut Vec::new(), |event| {
        told.push(format!("{event:?}"));
    });
    assert_eq!(told, ["Control { octets: 8 }"]);
}
