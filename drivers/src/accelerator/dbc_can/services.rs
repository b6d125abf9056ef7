//! What every node of CSP answers on the ports that libcsp keeps for itself
//! (`csp_service_handler.c`).

use crate::telemetry::framing::csp::Packet;

/// Management: who are you?
const MANAGEMENT: u8 = 0;
/// The same back.
const PING: u8 = 1;
/// Reset, if the magic word comes with it.
const REBOOT: u8 = 4;
/// Seconds since the start.
const UPTIME: u8 = 6;
const MAGIC: [u8; 4] = [0x80, 0x07, 0x80, 0x07];
const REQUEST: u8 = 0x00;
const REPLY: u8 = 0xff;
const IDENTITY: u8 = 1;

/// What a node does about a packet to one of its own ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Does {
    /// It answers.
    Answers(Vec<u8>),
    /// It resets, and says nothing.
    Resets,
    /// Nobody is behind this port.
    Nothing,
}

/// Serves one.
pub(super) fn serve(packet: &Packet, [host, model, revision]: [&str; 3], uptime_s: f64) -> Does {
    match (packet.port, packet.content.as_slice()) {
        (PING, content) => Does::Answers(content.to_vec()),
        (UPTIME, _) => Does::Answers((uptime_s as u32).to_be_bytes().to_vec()),
        (REBOOT, content) if *content == MAGIC => Does::Resets,
        (MANAGEMENT, [REQUEST, IDENTITY, ..]) => {
            // Lengths of `csp_cmp.h`, each with a zero at its end; the build's day and time
            // are nobody's.
            let mut answer = vec![REPLY, IDENTITY];
            for (text, length) in [(host, 20), (model, 30), (revision, 20), ("", 12), ("", 9)] {
                let text = &text.as_bytes()[..text.len().min(length - 1)];
                answer.extend_from_slice(text);
                answer.resize(answer.len() + length - text.len(), 0);
            }
            Does::Answers(answer)
        }
        _ => Does::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(port: u8, content: &[u8]) -> Does {
        let packet = Packet {
            priority: 2,
            source: 1,
            destination: 10,
            port,
            from_port: 48,
            flags: 0,
            content: content.to_vec(),
        };
        serve(
            &packet,
            [
                "payload",
                "a model with a name of more than thirty letters",
                "1.0",
            ],
            7.9,
        )
    }

    #[test]
    fn a_node_answers_on_the_ports_of_libcsp() {
        assert_eq!(asked(PING, b"abc"), Does::Answers(b"abc".to_vec()));
        assert_eq!(asked(UPTIME, b""), Does::Answers(vec![0, 0, 0, 7]));
        assert_eq!(asked(REBOOT, &MAGIC), Does::Resets);
        assert_eq!(asked(REBOOT, &[0; 4]), Does::Nothing);
        assert_eq!(asked(MANAGEMENT, &[REPLY, IDENTITY]), Does::Nothing);
        assert_eq!(asked(9, b""), Does::Nothing);
        let Does::Answers(told) = asked(MANAGEMENT, &[REQUEST, IDENTITY]) else {
            panic!("a node says who it is");
        };
        // `CMP_SIZE(ident)`: two octets and five texts.
        assert_eq!(told.len(), 2 + 20 + 30 + 20 + 12 + 9);
        assert_eq!(&told[..10], b"\xff\x01payload\0");
        assert_eq!(told[22 + 29], 0, "texts end within their length");
    }
}
