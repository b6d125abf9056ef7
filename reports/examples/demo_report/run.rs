//! The invented run's events: rough physics at 10 Hz, a fault or two, and answers.

use std::sync::Arc;

use profiles::command::{Command, Fault};
use profiles::quantity::{Amperes, Celsius, Volts};
use profiles::reading::{Damage, DamageKind, Reading};
use profiles::seed::{Seed, Stream};
use profiles::time::BenchTime;
use reports::event::{DeviceId, Event, EventKind, Inferred};
use reports::header::Header;
use reports::verdict::Ending;

use crate::header::{END, FIRST, ORBIT, UMBRA};

/// What the emulated world looks like at one time.
struct World {
    light: f64,
    charge: f64,
    plate: f64,
    air: f64,
    boards: [Board; 2],
    noise: Stream,
}

#[derive(Clone, Copy)]
struct Board {
    watts: f64,
    plate: f64,
    junction: f64,
    clock: f64,
    next_answer: f64,
    answers: u64,
}

impl World {
    fn step(&mut self, now: f64) {
        let phase = (now - FIRST).rem_euclid(ORBIT);
        let dark = phase < UMBRA && now >= FIRST - 8.0;
        let edge = if dark {
            (phase / 8.0).min(1.0)
        } else {
            1.0 - ((phase - UMBRA) / 8.0).min(1.0)
        };
        self.light = (1.0 - edge).clamp(0.0, 1.0);
        let load: f64 = self.boards.iter().map(|board| board.watts).sum::<f64>() + 18.0;
        let array = 92.0 * self.light;
        self.charge = (self.charge + (array - load) * 0.1 / (240.0 * 3_600.0)).min(1.0);
        let wanted = if self.light > 0.5 { 38.0 } else { -8.0 };
        self.plate += (wanted - self.plate) * 0.1 / 1_500.0;
        self.air += (self.plate - self.air) * 0.1 / 60.0;
        for (place, board) in self.boards.iter_mut().enumerate() {
            let reduced = place == 0 && self.light < 0.5;
            board.clock = if reduced { 520.0 } else { 850.0 };
            board.watts += (board.clock / 850.0 * (14.0 + 4.0 * place as f64) - board.watts) * 0.05;
            let flow = board.watts - (board.plate - self.air) * 1.1;
            board.plate += flow * 0.1 / 260.0;
            board.junction += (board.plate + board.watts * 1.55 - board.junction) * 0.1 / 4.0;
        }
    }

    fn volts(&self) -> f64 {
        27.0 + 6.0 * (self.charge - 0.75) + 1.6 * self.light
    }

    fn amps(&self) -> f64 {
        self.boards.iter().map(|board| board.watts).sum::<f64>() / self.volts()
    }

    fn noisy(&mut self, value: f64, deviation: f64) -> f64 {
        value + deviation * self.noise.normal()
    }
}

/// All events, in order.
pub(crate) fn events(header: &Header) -> Vec<Event> {
    let board = Board {
        watts: 12.0,
        plate: 30.0,
        junction: 48.0,
        clock: 850.0,
        next_answer: 31.0,
        answers: 0,
    };
    let mut world = World {
        light: 1.0,
        charge: 0.93,
        plate: 22.0,
        air: 22.0,
        boards: [board; 2],
        noise: Seed(header.seed).stream("demo", "noise"),
    };
    let mut events = Vec::with_capacity(900_000);
    let mut tell = |now: f64, device: u16, kind| {
        let at = BenchTime::from_secs_f64(now);
        events.push(Event {
            at,
            device: DeviceId(device),
            kind,
        });
    };
    for (device, model) in [
        (0, "DP832"),
        (1, "F4T"),
        (3, "serial accelerator"),
        (4, "CAN accelerator"),
    ] {
        let (maker, model) = ("Bench".to_owned(), model.to_owned());
        let (serial, firmware) = ("1".to_owned(), "1.0".to_owned());
        tell(
            0.0,
            device,
            EventKind::Identified {
                maker,
                model,
                serial,
                firmware,
            },
        );
    }
    for tick in 0..(END * 10.0) as u64 {
        let now = tick as f64 * 0.1;
        world.step(now);
        set_points(&world, tick, |device, kind| tell(now, device, kind));
        samples(&mut world, tick, |device, kind| tell(now, device, kind));
        for place in 0..2 {
            answers(&mut world, place, now, |at, kind| {
                tell(at, 3 + place as u16, kind);
            });
        }
        faults(tick, |device, kind| tell(now, device, kind));
    }
    for device in [3, 4, 0, 1] {
        tell(END, device, EventKind::MadeSafe);
    }
    tell(
        END,
        u16::MAX,
        EventKind::RunEnded {
            ending: Ending::Completed,
        },
    );
    events
}

fn set_points(world: &World, tick: u64, mut tell: impl FnMut(u16, EventKind)) {
    let late_us = tick * 7_919 % 900;
    if tick.is_multiple_of(50) {
        let volts = Volts((world.volts() * 50.0).round() / 50.0);
        let command = Command::Supply {
            volts,
            limit: Amperes(3.2),
        };
        tell(0, EventKind::SetPointApplied { command, late_us });
    }
    if tick.is_multiple_of(300) {
        let command = Command::Chamber {
            target: Celsius((world.plate * 10.0).round() / 10.0),
            slew: None,
        };
        tell(1, EventKind::SetPointApplied { command, late_us });
    }
}

fn samples(world: &mut World, tick: u64, mut tell: impl FnMut(u16, EventKind)) {
    let said = |values: &[f64]| {
        let readings = values
            .iter()
            .zip(0..)
            .map(|(&value, channel)| Reading::number(channel, value));
        EventKind::Sampled {
            readings: readings.collect::<Arc<[Reading]>>(),
        }
    };
    let (volts, amps) = (world.volts(), world.amps());
    let supply = [world.noisy(volts, 0.012), world.noisy(amps, 0.018)];
    tell(0, said(&supply));
    if tick.is_multiple_of(10) {
        let air = world.noisy(world.air, 0.08);
        tell(1, said(&[air, world.plate]));
        let load = world.boards.iter().map(|board| board.watts).sum::<f64>() + 18.0;
        tell(
            2,
            said(&[
                world.light,
                92.0 * world.light,
                load,
                world.charge,
                volts,
                3.2,
                world.plate,
                -12.4,
            ]),
        );
    }
    for place in 0..2 {
        let silent = place == 1 && (48_000..49_800).contains(&tick);
        if silent {
            continue;
        }
        let board = world.boards[place];
        let sag = if place == 0 && tick == 71_234 {
            0.9
        } else {
            0.16
        };
        let values = [
            world.noisy(volts - sag, 0.02),
            world.noisy(board.watts / volts, 0.01),
            world.noisy(board.plate, 0.12),
            world.noisy(board.junction, 0.35),
            board.clock,
            board.answers as f64,
        ];
        let mut readings: Vec<Reading> = values
            .iter()
            .zip(0..)
            .map(|(&value, channel)| Reading::number(channel, value))
            .collect();
        readings.push(Reading::state(6, u16::from(board.clock < 800.0)));
        readings.push(Reading::state(7, u16::from(board.junction > 76.5)));
        tell(
            3 + place as u16,
            EventKind::Sampled {
                readings: readings.into(),
            },
        );
    }
}

fn answers(world: &mut World, place: usize, now: f64, mut tell: impl FnMut(f64, EventKind)) {
    if place == 1 && (4_800.0..4_980.0).contains(&now) {
        world.boards[1].next_answer = 4_980.5;
        return;
    }
    while world.boards[place].next_answer < now {
        let slow = 850.0 / world.boards[place].clock;
        let base = if place == 0 { 42_000.0 } else { 182_000.0 };
        let tail = world.noise.unit().powi(6) * 0.3;
        let latency = base * slow * (1.0 + tail + 0.012 * world.noise.normal());
        let board = &mut world.boards[place];
        let input = (board.answers % 32) as u16;
        board.answers += 1;
        let at = board.next_answer;
        board.next_answer += latency * 1.05e-6;
        let latency_us = latency as u32;
        let digest = 0x1234 + u32::from(input);
        let answer = Inferred {
            input,
            latency_us,
            round_trip_us: latency_us + 1_900,
            digest,
            first_us: None,
        };
        tell(at, EventKind::Inferred(answer));
    }
}

fn faults(tick: u64, mut tell: impl FnMut(u16, EventKind)) {
    if tick % 9_973 == 4_000 {
        tell(
            3,
            EventKind::Damaged {
                damage: Damage {
                    bytes: 42,
                    why: DamageKind::Checksum,
                },
            },
        );
        tell(
            3,
            EventKind::Damaged {
                damage: Damage {
                    bytes: 0,
                    why: DamageKind::Gap { lost: 1 },
                },
            },
        );
    }
    if tick == 48_000 {
        let command = Command::Inject(Fault::Mute { millis: 180_000 });
        tell(
            4,
            EventKind::SetPointApplied {
                command,
                late_us: 120,
            },
        );
    }
    if (48_100..49_800).contains(&tick) && tick.is_multiple_of(100) {
        tell(
            4,
            EventKind::NoResponse {
                input: 4,
                waited_us: 2_000_000,
            },
        );
    }
    if tick == 49_805 {
        tell(4, EventKind::Booted);
    }
    if tick == 90_000 {
        let (asked, why) = (
            "MEAS:VOLT?".to_owned(),
            "no answer within 200 ms".to_owned(),
        );
        tell(0, EventKind::Retried { asked, why });
    }
}
