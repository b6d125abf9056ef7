//! ISO-TP messages over a bus, from one end to another.

use bytes::Bytes;
use drivers::clock::Clock;
use drivers::link::Link;
use drivers::link::can::{CanFrame, CanId};
use drivers::telemetry::framing::isotp::{Event, Flow, IsoTp, Pdu};

use super::{Bus, PATIENCE, on_buses, real};

const THERE: CanId = CanId::Standard(0x6a0);
const BACK: CanId = CanId::Standard(0x6a1);

async fn send(link: &mut Link, id: CanId, pdus: &mut Vec<Pdu>) {
    for pdu in pdus.drain(..) {
        let chunk: Bytes = CanFrame::new(id, &pdu).to_bytes();
        link.send(chunk).await.unwrap();
    }
}

/// Sends a message from one end of a bus to the other, as each hears the other's frames.
async fn transfer(bus: &Bus, content: &[u8], flow: Flow, clock: Clock) -> Vec<u8> {
    let (mut near, mut far) = (bus.open(clock).await, bus.open(clock).await);
    let (mut sender, mut receiver) = (IsoTp::new(flow, 1 << 20), IsoTp::new(flow, 1 << 20));
    let (mut out, mut back) = (Vec::new(), Vec::new());
    sender.send(content, &mut out);
    let mut whole = None;
    while whole.is_none() {
        send(&mut near, THERE, &mut out).await;
        let heard = clock.within(PATIENCE, async {
            tokio::select! {
                biased;
                heard = far.receive() => (true, heard),
                heard = near.receive() => (false, heard),
            }
        });
        let (is_far, heard) = heard.await.unwrap();
        let frame = CanFrame::from_bytes(&heard.unwrap().chunk).unwrap();
        let end = if is_far { &mut receiver } else { &mut sender };
        let told = if is_far { &mut back } else { &mut out };
        end.push(frame.data(), told, |event| match event {
            Event::Message { content, .. } => whole = Some(content.to_vec()),
            Event::Sent | Event::Control { .. } => {}
            event => panic!("{event:?}"),
        });
        send(&mut far, BACK, &mut back).await;
    }
    whole.unwrap()
}

#[test]
fn long_messages_cross_a_bus_whole() {
    on_buses(|| {
        let bus = Bus::new();
        for length in [4_095, 1 << 16] {
            let content: Vec<u8> = (0..length).map(|n| (n * 7 % 251) as u8).collect();
            let flow = Flow {
                block_size: 32,
                separation: 0,
            };
            let whole = real(async |clock| transfer(&bus, &content, flow, clock).await);
            assert_eq!(whole, content);
        }
    });
}
