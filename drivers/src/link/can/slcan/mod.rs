//! CAN behind an adapter at a serial port that speaks Lawicel's language (slcan): the driver's
//! side, and an emulated adapter at a pseudo-terminal.

mod adapter;
mod codec;
mod published;

use std::collections::VecDeque;

use bytes::Bytes;
use profiles::time::{BenchTime, Period};

pub use codec::{Said, SlcanDecoder, write_frame};
pub(in crate::link) use published::Published;

use super::{BusFrame, BusNeeds, BusTrouble, Classes, ErrorFrame, SlcanSpec};
use crate::clock::Clock;
use crate::error::LinkError;
use crate::link::{Arrival, Stamp, serial};

/// How long an adapter may take to answer a command.
const ANSWER: Period = Period::millis(500);
/// How often it is asked for its state (`F`).
const LOOK: Period = Period::millis(1_000);
/// How long a frame may wait for the bus.
const SENT: Period = Period::millis(1_000);
/// Frames that an adapter may hold: the smallest known queue has eight.
const WINDOW: usize = 8;
/// Looks that saw errors and no frame between them, until the bus counts as misunderstood.
const ONLY_ERRORS: u32 = 3;

/// Flags of `F`, and what they stand for in an error frame: class, octet, bit. The two queues that
/// are full come first (CANUSB manual, "F\[CR\]").
const FLAGS: [(u8, Classes, usize, u8); 7] = [
    (0x01, Classes::CONTROLLER, 1, 0x01),
    (0x02, Classes::CONTROLLER, 1, 0x02),
    (0x04, Classes::CONTROLLER, 1, 0x0c),
    (0x08, Classes::CONTROLLER, 1, 0x01),
    (0x20, Classes::CONTROLLER, 1, 0x30),
    (0x40, Classes::LOST_ARBITRATION, 0, 0x00),
    (0x80, Classes::BUS_ERROR, 2, 0x00),
];
/// Flags that say that frames were lost: the receive queue was full, or the controller's buffer
/// was overrun.
const LOST: u8 = 0x09;

/// An adapter, opened.
#[derive(Debug)]
pub(in crate::link) struct End {
    line: serial::End,
    spec: SlcanSpec,
    clock: Clock,
    decoder: SlcanDecoder,
    needs: Option<BusNeeds>,
    said: VecDeque<(BenchTime, Said)>,
    inbox: VecDeque<Arrival>,
    troubles: VecDeque<BusTrouble>,
    /// When each frame was sent that is not confirmed.
    unconfirmed: VecDeque<BenchTime>,
    /// Whether the adapter says when it has sent something.
    confirms: bool,
    next_look: BenchTime,
    asked: bool,
    flags: u8,
    only_errors: u32,
    heard_any: bool,
}

impl End {
    /// Opens the port, sets the bit rate and opens the channel.
    pub(in crate::link) async fn open(spec: &SlcanSpec, clock: Clock) -> Result<End, LinkError> {
        let mut end = End {
            line: serial::End::open(&spec.port, clock)?,
            spec: spec.clone(),
            clock,
            decoder: SlcanDecoder::default(),
            needs: None,
            said: VecDeque::new(),
            inbox: VecDeque::new(),
            troubles: VecDeque::new(),
            unconfirmed: VecDeque::new(),
            confirms: true,
            next_look: clock.now() + LOOK,
            asked: false,
            flags: 0,
            only_errors: 0,
            heard_any: false,
        };
        end.set_up().await?;
        Ok(end)
    }

    async fn set_up(&mut self) -> Result<(), LinkError> {
        let failed = |why: String| LinkError::Open {
            line: self.spec.to_string(),
            why,
        };
        let Some(bit_rate) = self.spec.bit_rate else {
            return Err(failed(
                "the bit rate of the bus is missing, as in `@500000`".to_owned(),
            ));
        };
        let position = adapter::RATES.iter().position(|&rate| rate == bit_rate);
        let Some(position) = position else {
            let rates = adapter::RATES.map(|rate| rate.to_string()).join(", ");
            return Err(failed(format!(
                "adapters of this kind know the bit rates {rates}, not {bit_rate}"
            )));
        };
        // Three empty lines end what somebody else left half said. A channel that is closed
        // already refuses to be closed, and so is there too.
        self.line
            .send_at(BenchTime::ZERO, Bytes::from_static(b"\r\r\r"))
            .await?;
        let mut there = self.command("C").await?.is_some();
        while self.answer(Period::millis(20)).await?.is_some() {
            there = true;
        }
        let mut commands = vec![format!("S{position}")];
        if let Some(rate) = self.spec.data_bit_rate {
            commands.push(format!("Y{}", rate / 1_000_000));
        }
        commands.push("O".to_owned());
        for command in commands {
            match self.command(&command).await? {
                Some(true) => there = true,
                Some(false) => {
                    let spec = &self.spec;
                    return Err(LinkError::Open {
                        line: spec.to_string(),
                        why: format!("the adapter refuses the command `{command}`"),
                    });
                }
                // Some firmware obeys in silence; one that never says anything is not there.
                None => {}
            }
        }
        if !there {
            return Err(LinkError::Absent {
                line: self.spec.to_string(),
                why: "nothing there answers as a Lawicel (slcan) adapter does; is this its port?"
                    .to_owned(),
            });
        }
        Ok(())
    }

    /// Says a command; whether it was obeyed, if that was told.
    async fn command(&mut self, command: &str) -> Result<Option<bool>, LinkError> {
        let line = Bytes::from(format!("{command}\r"));
        self.line.send_at(BenchTime::ZERO, line).await?;
        self.answer(ANSWER).await
    }

    async fn answer(&mut self, limit: Period) -> Result<Option<bool>, LinkError> {
        let clock = self.clock;
        let deadline = clock.now() + limit;
        loop {
            while let Some((_, said)) = self.said.pop_front() {
                match said {
                    Said::Done => return Ok(Some(true)),
                    Said::Refused => return Ok(Some(false)),
                    // A channel that was left open still tells frames.
                    Said::Frame(..) | Said::Line(_) | Said::Noise(_) => {}
                }
            }
            match clock.until(deadline, self.hear()).await {
                Some(heard) => heard?,
                None => return Ok(None),
            }
        }
    }

    /// Waits for octets. Cancel-safe.
    async fn hear(&mut self) -> Result<(), LinkError> {
        let arrival = self.line.receive().await?;
        let said = &mut self.said;
        self.decoder
            .push(&arrival.chunk, |what| said.push_back((arrival.at, what)));
        Ok(())
    }

    pub(in crate::link) fn need(&mut self, needs: BusNeeds) {
        self.needs = Some(needs);
    }

    pub(in crate::link) fn unconfirmed(&self) -> usize {
        self.unconfirmed.len()
    }

    pub(in crate::link) async fn send_at(
        &mut self,
        at: BenchTime,
        chunk: Bytes,
    ) -> Result<(), LinkError> {
        let clock = self.clock;
        if clock.now() < at {
            clock.sleep_until(at).await;
        }
        let mut line = Vec::new();
        if let Some(frame) = BusFrame::from_bytes(&chunk) {
            write_frame(&frame, None, &mut line);
        }
        if line.is_empty() {
            return Err(LinkError::Failed("no frame of a CAN bus".to_owned()));
        }
        while self.unconfirmed.len() >= WINDOW {
            self.step().await?;
        }
        self.line
            .send_at(BenchTime::ZERO, Bytes::from(line))
            .await?;
        if self.confirms {
            self.unconfirmed.push_back(clock.now());
        }
        Ok(())
    }

    pub(in crate::link) async fn receive(&mut self) -> Result<Arrival, LinkError> {
        loop {
            if let Some(arrival) = self.inbox.pop_front() {
                return Ok(arrival);
            }
            if let Some(trouble) = self.troubles.pop_front() {
                return Err(LinkError::Bus(trouble));
            }
            self.step().await?;
        }
    }

    /// Waits until something was said or is due, and takes it. Cancel-safe.
    async fn step(&mut self) -> Result<(), LinkError> {
        let clock = self.clock;
        let sent = self.unconfirmed.front().map(|&at| at + SENT);
        let due = sent.into_iter().chain([self.next_look]).min();
        if self.said.is_empty() {
            match clock
                .until(due.unwrap_or(BenchTime::MAX), self.hear())
                .await
            {
                Some(heard) => heard?,
                None => return self.overdue().await,
            }
        }
        while let Some((at, said)) = self.said.pop_front() {
            self.take(at, said);
        }
        Ok(())
    }

    async fn overdue(&mut self) -> Result<(), LinkError> {
        let now = self.clock.now();
        if self.unconfirmed.front().is_some_and(|&at| at + SENT <= now) {
            // Either nobody on the bus acknowledges, or this adapter never tells.
            self.confirms = self.heard_any;
            self.unconfirmed.clear();
            self.tell(now, Classes::TX_TIMEOUT, [0; 8]);
        }
        if self.next_look <= now {
            self.next_look = now + LOOK;
            self.asked = true;
            self.line
                .send_at(BenchTime::ZERO, Bytes::from_static(b"F\r"))
                .await?;
        }
        Ok(())
    }

    fn tell(&mut self, at: BenchTime, classes: Classes, detail: [u8; 8]) {
        let frame = ErrorFrame { classes, detail };
        self.inbox.push_back(Arrival::new(at, frame.to_bytes()));
    }

    fn take(&mut self, at: BenchTime, said: Said) {
        match said {
            Said::Frame(frame, millis) => {
                if !matches!(frame, BusFrame::Error(_)) {
                    self.heard_any = true;
                    self.only_errors = 0;
                }
                if self.needs.as_ref().is_none_or(|needs| needs.wants(&frame)) {
                    let stamp = millis.map_or(Stamp::Read, |millis| {
                        Stamp::Adapter(std::time::Duration::from_millis(millis.into()))
                    });
                    let chunk = frame.to_bytes();
                    self.inbox.push_back(Arrival { at, stamp, chunk });
                }
            }
            Said::Done => {
                if self.unconfirmed.pop_front().is_some() {
                    self.heard_any = true;
                }
            }
            // An adapter that does not know `F` refuses it; else it had no room for a frame.
            Said::Refused if self.asked => self.asked = false,
            Said::Refused => {
                self.unconfirmed.pop_front();
                self.tell(at, Classes::CONTROLLER, [0, 0x02, 0, 0, 0, 0, 0, 0]);
            }
            Said::Line(line) => {
                let flags = line.strip_prefix('F').filter(|rest| rest.len() == 2);
                if let Some(flags) = flags.and_then(|flags| u8::from_str_radix(flags, 16).ok()) {
                    self.asked = false;
                    self.state(at, flags);
                }
            }
            Said::Noise(octets) => {
                let lost = BusTrouble::Garbled {
                    line: self.spec.to_string(),
                    octets,
                };
                self.troubles.push_back(lost);
            }
        }
    }

    /// The adapter told its state.
    fn state(&mut self, at: BenchTime, flags: u8) {
        let changed = flags & !self.flags;
        self.flags = flags;
        let mut classes = 0;
        let mut detail = [0; 8];
        for (flag, class, place, bit) in FLAGS {
            if changed & flag != 0 {
                classes |= class.0;
                detail[place] |= bit;
            }
        }
        if classes != 0 {
            self.tell(at, Classes(classes), detail);
        }
        if changed & LOST != 0 {
            self.troubles.push_back(BusTrouble::Overrun {
                line: self.spec.to_string(),
            });
        }
        self.only_errors = if flags & 0x80 != 0 {
            self.only_errors + 1
        } else {
            0
        };
        if !self.heard_any && self.only_errors >= ONLY_ERRORS {
            self.only_errors = 0;
            self.troubles.push_back(BusTrouble::Misunderstood {
                line: self.spec.to_string(),
                bit_rate: self.spec.bit_rate,
            });
        }
    }
}
