//! What the plant does with supplies, boards and air, step by step.

use profiles::physics::array_curve::ArrayPoints;

use super::*;

fn traits() -> BoardTraits {
    BoardTraits {
        min_volts: Volts(20.0),
        harness_ohm: 0.05,
        heat_capacity_j_per_k: 100.0,
        air_w_per_k: 0.5,
        junction_k_per_w: 1.0,
    }
}

fn powered() -> (Plant, BusId, AirId, BoardId) {
    let mut plant = Plant::default();
    let (bus, air) = (plant.add_bus(), plant.add_air());
    let name = DeviceName::new("payload").unwrap();
    let board = plant.add_board(name, Some(bus), Some(air), traits());
    plant.drive(
        bus,
        Drive {
            on: true,
            volts: Volts(28.0),
            limit: Amperes(1.0),
        },
    );
    plant.draw(board, Watts(14.0));
    (plant, bus, air, board)
}

#[test]
fn writes_take_effect_in_the_next_step_only() {
    let (mut plant, bus, ..) = powered();
    plant.advance(BenchTime::from_millis(99));
    assert_eq!(plant.bus(bus).volts, Volts(0.0));
    plant.advance(BenchTime::from_millis(100));
    assert_eq!(plant.bus(bus).volts, Volts(28.0));
}

#[test]
fn the_board_draws_its_power_and_the_harness_drops_volts() {
    let (mut plant, bus, _, board) = powered();
    plant.advance(BenchTime::from_millis(1_000));
    let (bus, board) = (plant.bus(bus), plant.board(board));
    assert!((board.volts.0 * board.amps.0 - 14.0).abs() < 1e-6);
    assert!((bus.volts.0 - board.volts.0 - 0.05 * board.amps.0).abs() < 1e-9);
    assert_eq!(bus.amps, board.amps);
}

#[test]
fn an_overloaded_supply_limits_and_the_board_browns_out() {
    let (mut plant, bus, _, board) = powered();
    plant.draw(board, Watts(60.0));
    plant.advance(BenchTime::from_millis(100));
    assert!(plant.bus(bus).limiting);
    let lowest = (2..30)
        .map(|tenths| {
            plant.advance(BenchTime::from_millis(tenths * 100));
            plant.board(board).volts.0
        })
        .fold(f64::MAX, f64::min);
    assert!(lowest < 28.0, "the bus held {lowest} V at 60 W with 1 A");
    assert!(plant.bus(bus).amps <= Amperes(1.0));
}

#[test]
fn a_board_in_still_air_ends_where_heat_in_is_heat_out() {
    let (mut plant, _, air, board) = powered();
    plant.condition(air, Some(Celsius(10.0)));
    plant.advance(BenchTime::from_millis(4_000_000));
    let state = plant.board(board);
    let power = state.volts.0 * state.amps.0;
    assert!(
        (state.board.0 - (plant.air(air).0 + power / 0.5)).abs() < 0.1,
        "{state:?}"
    );
    assert!(
        (state.junction.0 - state.board.0 - power).abs() < 0.1,
        "{state:?}"
    );
}

#[test]
fn a_board_on_an_array_works_on_the_curve_and_browns_out_beyond_it() {
    let (mut plant, bus, _, board) = powered();
    let points = ArrayPoints {
        isc: Amperes(4.6),
        imp: Amperes(4.2),
        voc: Volts(32.0),
        vmp: Volts(28.0),
    };
    let law = points.curve().unwrap();
    plant.feed(bus, Curve::four_points(&law));
    plant.draw(board, Watts(100.0));
    plant.advance(BenchTime::from_millis(100));
    let (state, fed) = (plant.bus(bus), plant.board(board));
    assert!((state.amps.0 - law.amps_at(state.volts.0)).abs() < 1e-6);
    assert!((fed.volts.0 * fed.amps.0 - 100.0).abs() < 1e-3);
    assert!(!state.limiting && state.volts.0 > 28.0);
    plant.draw(board, Watts(120.0));
    plant.advance(BenchTime::from_millis(200));
    let state = plant.bus(bus);
    assert!(state.limiting, "{state:?}");
    assert!((state.amps.0 - law.amps_at(state.volts.0)).abs() < 1e-6);
    assert!(plant.board(board).volts < Volts(20.0));
}

#[test]
fn an_electronic_load_takes_what_it_is_told() {
    let (mut plant, bus, _, board) = powered();
    plant.draw(board, Watts(0.0));
    let most = Amperes(40.0);
    let mut at = 0;
    let mut take = |sink| {
        plant.sink(bus, sink);
        at += 100;
        plant.advance(BenchTime::from_millis(at));
        let state = plant.bus(bus);
        assert_eq!(state.amps, plant.sunk(bus));
        (state.volts.0, state.amps.0, state.limiting)
    };
    assert_eq!(take(Sink::Amps(Amperes(0.5))), (28.0, 0.5, false));
    assert_eq!(take(Sink::Ohms(56.0)), (28.0, 0.5, false));
    let watts = Watts(14.0);
    assert_eq!(take(Sink::Watts { watts, most }), (28.0, 0.5, false));
    // The supply gives one ampere at most.
    let (volts, amps, limiting) = take(Sink::Amps(Amperes(2.0)));
    assert!(limiting && volts < 0.1 && (amps - 1.0).abs() < 1e-6);
    let (volts, amps, limiting) = take(Sink::Ohms(14.0));
    assert!(limiting && (volts - 14.0).abs() < 1e-6 && (amps - 1.0).abs() < 1e-6);
    let volts = Volts(12.0);
    let (volts, amps, limiting) = take(Sink::Volts { volts, most });
    assert!(limiting && (volts - 12.0).abs() < 1e-3 && (amps - 1.0).abs() < 1e-6);
}

#[test]
fn air_moves_no_faster_than_the_chamber_can() {
    let (mut plant, _, air, _) = powered();
    plant.condition(air, Some(Celsius(80.0)));
    plant.advance(BenchTime::from_millis(60_000));
    let warmed = plant.air(air).0 - thermal::ROOM.0;
    assert!((1.0..=5.01).contains(&warmed), "{warmed} K in a minute");
}
