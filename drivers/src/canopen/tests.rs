//! A node, asked by our client and by the frames that others wrote.

use profiles::time::BenchTime;
use proptest::prelude::*;

use super::*;
use crate::link::can::{CanFrame, CanId};

fn node() -> Node {
    let mut values = Dictionary::default();
    values.set((0x1000, 0), 0x0012_0191_u32.to_le_bytes());
    values.set((0x1008, 0), *b"a name of more than seven octets");
    values.set_writable((0x2001, 0), [0; 20]);
    values.set((0x2000, 1), 28.0_f32.to_le_bytes());
    values.set((0x2000, 2), 1.5_f32.to_le_bytes());
    let field = |subindex| Field {
        key: (0x2000, subindex),
        bits: 32,
    };
    Node::new(10, values, vec![field(1), field(2)], 100)
}

fn said(node: &mut Node, at: u64, id: u16, data: &[u8]) -> Vec<(u16, Vec<u8>)> {
    let mut out = Vec::new();
    let frame = CanFrame::new(CanId::Standard(id), data);
    node.hear(BenchTime::from_millis(at), &frame, &mut out);
    told(&out)
}

fn told(frames: &[CanFrame]) -> Vec<(u16, Vec<u8>)> {
    let told = frames.iter().map(|frame| match frame.id {
        CanId::Standard(id) => (id, frame.data().to_vec()),
        CanId::Extended(id) => panic!("{id:x}"),
    });
    told.collect()
}

fn started() -> Node {
    let mut node = node();
    let mut out = Vec::new();
    node.start(BenchTime::ZERO, &mut out);
    assert_eq!(told(&out), [(0x70a, vec![0])]);
    node
}

#[test]
fn network_management_moves_a_node_through_its_states() {
    let mut node = started();
    let mut out = Vec::new();
    assert_eq!(node.next_action(), BenchTime::from_millis(100));
    node.act(BenchTime::from_millis(100), &mut out);
    assert_eq!(told(&out), [(0x70a, vec![127])]);
    // Process data come with a SYNC, and only while it is operational.
    assert_eq!(said(&mut node, 101, SYNC, &[]), []);
    assert_eq!(said(&mut node, 102, NMT, &[1, 0]), []);
    let data = [28.0_f32.to_le_bytes(), 1.5_f32.to_le_bytes()].concat();
    assert_eq!(said(&mut node, 103, SYNC, &[]), [(0x18a, data)]);
    // What is for another node is not for this one.
    said(&mut node, 104, NMT, &[2, 11]);
    assert_eq!(node.state(), State::Operational);
    said(&mut node, 105, NMT, &[2, 10]);
    assert_eq!(node.state(), State::Stopped);
    assert_eq!(
        said(&mut node, 106, 0x60a, &[0x40, 0, 0x10, 0, 0, 0, 0, 0]),
        []
    );
    assert_eq!(said(&mut node, 107, NMT, &[130, 10]), [(0x70a, vec![0])]);
    assert_eq!(node.state(), State::PreOperational);
}

#[test]
fn the_standards_examples_are_answered() {
    let mut node = started();
    let mut ask = |data: &[u8]| said(&mut node, 0, 0x60a, data).remove(0).1;
    // Expedited: four octets, all used.
    let answer = ask(&[0x40, 0x00, 0x10, 0, 0, 0, 0, 0]);
    assert_eq!(answer, [0x43, 0x00, 0x10, 0, 0x91, 0x01, 0x12, 0x00]);
    // Two of four used.
    let answer = ask(&[0x40, 0x17, 0x10, 0, 0, 0, 0, 0]);
    assert_eq!(answer, [0x4b, 0x17, 0x10, 0, 100, 0, 0, 0]);
    // Segmented: the length, then segments with the toggle bit.
    let answer = ask(&[0x40, 0x08, 0x10, 0, 0, 0, 0, 0]);
    assert_eq!(answer, [0x41, 0x08, 0x10, 0, 32, 0, 0, 0]);
    assert_eq!(ask(&[0x60, 0, 0, 0, 0, 0, 0, 0]), *b"\x00a name ");
    // The same toggle bit again is an error.
    let answer = ask(&[0x60, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(answer, [0x80, 0x08, 0x10, 0, 0, 0, 0x03, 0x05]);
    for (request, abort) in [
        ([0x40, 0x99, 0x10, 0, 0, 0, 0, 0], Abort::NO_OBJECT),
        ([0x40, 0x00, 0x20, 9, 0, 0, 0, 0], Abort::NO_SUBINDEX),
        ([0x2f, 0x00, 0x10, 0, 1, 0, 0, 0], Abort::READ_ONLY),
        ([0x2f, 0x17, 0x10, 0, 1, 0, 0, 0], Abort::LENGTH),
        // Block transfers.
        ([0xa0, 0x08, 0x10, 0, 1, 0, 0, 0], Abort::COMMAND),
    ] {
        let answer = ask(&request);
        assert_eq!(
            (answer[0], &answer[4..]),
            (0x80, &abort.0.to_le_bytes()[..])
        );
        assert_eq!(answer[1..4], request[1..4]);
    }
    // A heartbeat of 500 ms is kept from now on.
    assert_eq!(ask(&[0x2b, 0x17, 0x10, 0, 0xf4, 0x01, 0, 0])[0], 0x60);
    assert_eq!(node.next_action(), BenchTime::from_millis(500));
}

/// Has the client and a server talk until there is an outcome.
fn outcome(client: &mut Client, mut next: [u8; 8], values: &mut Dictionary) -> Outcome {
    let mut server = Server::new(1_000);
    for _ in 0..1_000 {
        let Some(answer) = server.answer(&next, values).0 else {
            panic!("{next:?} has no answer");
        };
        match client.hear(&answer) {
            Outcome::Next(request) => next = request,
            outcome => return outcome,
        }
    }
    panic!("no end");
}

proptest! {
    #[test]
    fn values_of_any_length_are_written_and_read(value in prop::collection::vec(any::<u8>(), 1..200)) {
        let mut values = Dictionary::default();
        values.set_writable((0x2000, 3), vec![0; value.len()]);
        let mut client = Client::default();
        let first = client.write((0x2000, 3), &value);
        prop_assert_eq!(outcome(&mut client, first, &mut values), Outcome::Written);
        let first = client.read((0x2000, 3));
        prop_assert_eq!(outcome(&mut client, first, &mut values), Outcome::Read(value));
        let first = client.read((0x2000, 4));
        let refused = Outcome::Aborted(Abort::NO_SUBINDEX);
        prop_assert_eq!(outcome(&mut client, first, &mut values), refused);
    }

    #[test]
    fn any_frames_do_no_harm(frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..9), 0..100)) {
        let (mut node, mut client) = (started(), Client::default());
        client.read((0x1008, 0));
        for data in frames {
            said(&mut node, 0, 0x60a, &data);
            client.hear(&data);
        }
        let answer = said(&mut node, 0, 0x60a, &[0x40, 0x17, 0x10, 0, 0, 0, 0, 0]);
        prop_assert_eq!(answer[0].1[0], 0x4b);
    }
}
