//! The view, as it stands on terminals of several sizes.

use profiles::time::BenchTime;
use ratatui_core::backend::TestBackend;
use ratatui_core::terminal::Terminal;
use reports::golden::Goldens;
use reports::verdict::Progress;

use super::{Key, Screen, View, draw};
use crate::exit::Exit;
use crate::watch::live::Live;
use crate::watch::story;
use crate::watch::watched::Course;

fn live(ended: bool) -> Live {
    let header = story::header();
    let mut live = Live::new(&header, Ok(&Goldens::default()));
    let end = ended.then(story::end);
    for event in story::half_an_hour(&header).iter().chain(&end) {
        live.take(event);
    }
    live.ask();
    live
}

fn drawn((width, height): (u16, u16), live: Option<&Live>, screen: &Screen) -> String {
    let exit = live.and_then(Live::exit);
    let view = View {
        name: "20261128T031500Z",
        course: match (live, exit) {
            (None, _) => Course::Unbegun,
            (_, None) => Course::Running,
            (_, Some(_)) => Course::Ended,
        },
        exit,
        live,
        screen,
        colour: false,
        trouble: None,
    };
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal
        .draw(|frame| draw(&view, frame.buffer_mut()))
        .unwrap();
    terminal.backend().to_string()
}

#[test]
fn a_run_fits_on_eighty_columns() {
    insta::assert_snapshot!(drawn((80, 24), Some(&live(false)), &Screen::default()));
}

#[test]
fn a_wide_terminal_shows_more() {
    insta::assert_snapshot!(drawn((120, 40), Some(&live(false)), &Screen::default()));
}

#[test]
fn a_terminal_that_is_too_small_is_told_so() {
    insta::assert_snapshot!(drawn((40, 10), Some(&live(false)), &Screen::default()));
}

#[test]
fn a_run_that_is_over_shows_its_verdict_and_one_that_has_not_begun_is_waited_for() {
    let live = live(true);
    assert_eq!(live.exit(), Some(Exit::Interrupted));
    let all = drawn((60, 16), Some(&live), &Screen::default());
    assert!(all.lines().next().unwrap().contains("INTERRUPTED"), "{all}");
    let none = drawn((60, 16), None, &Screen::default());
    assert!(none.contains("waiting for its record"), "{none}");
}

#[test]
fn nothing_panics_at_any_size_wherever_one_has_gone() {
    let live = live(false);
    let keys = [
        Key::Tab,
        Key::Down,
        Key::Down,
        Key::Channels,
        Key::Down,
        Key::Space,
        Key::Channels,
        Key::Window,
        Key::Left,
        Key::Home,
        Key::Up,
        Key::Tab,
        Key::Tab,
        Key::Down,
        Key::Right,
    ];
    let mut screen = Screen::default();
    for key in keys {
        assert!(screen.press(key, Some(&live)));
        for width in [1, 39, 40, 41, 59, 60, 90, 300] {
            for height in [1, 11, 12, 13, 24, 90] {
                drawn((width, height), Some(&live), &screen);
            }
        }
    }
}

#[test]
fn keys_choose_channels_and_go_through_time() {
    let live = live(false);
    let mut screen = Screen::default();
    let press = |screen: &mut Screen, key| screen.press(key, Some(&live));
    let before = screen.chosen(&live);
    assert!(press(&mut screen, Key::Channels) && press(&mut screen, Key::Space));
    let after = screen.chosen(&live);
    assert!(
        before.contains(&0) != after.contains(&0),
        "the first one is chosen or not"
    );
    // Of the list `q` leads back, and then out.
    assert!(press(&mut screen, Key::Quit));
    assert!(!press(&mut screen, Key::Quit));
    press(&mut screen, Key::Left);
    assert!(screen.at.is_some_and(|at| at < live.now));
    let all = drawn((80, 24), Some(&live), &screen);
    assert!(all.contains("LOOKING BACK"), "{all}");
    press(&mut screen, Key::Home);
    assert_eq!(screen.at, Some(BenchTime::ZERO));
    press(&mut screen, Key::End);
    assert_eq!(screen.at, None);
    assert!(!press(&mut screen, Key::Leave));
}

#[test]
fn a_check_that_waits_says_from_when() {
    let header = story::header();
    let mut live = Live::new(&header, Ok(&Goldens::default()));
    live.ask();
    let mut waiting = live.standings.iter();
    let waiting = waiting.find(|it| it.progress == Progress::Waiting).unwrap();
    let spec = header
        .checks
        .iter()
        .find(|spec| spec.name == waiting.finding.check);
    let first = &spec.unwrap().windows[0];
    let told = format!("from {} {}", first.window.start, first.name);
    assert_eq!(live.why(waiting), told);
    let all = drawn((120, 40), Some(&live), &Screen::default());
    assert!(all.contains(&told), "{all}");
}

#[test]
fn a_check_that_has_seen_nothing_waits_for_a_first_sample() {
    let live = live(false);
    let of = |name: &str| {
        let mut standings = live.standings.iter();
        standings.find(|it| it.finding.check == name).unwrap()
    };
    let masks = of("cloud masks are right");
    assert_eq!(masks.progress, Progress::Watching);
    assert!(live.waits(masks));
    assert_eq!(live.why(masks), "for a first sample of cloud mask");
    assert!(!live.waits(of("supply current")), "it has samples");
    let all = drawn((160, 60), Some(&live), &Screen::default());
    let line = all
        .lines()
        .find(|line| line.contains("cloud masks are right"));
    assert!(line.unwrap().contains("\"waits "), "{all}");
    // When the run is over, or was cut off, nothing is waited for.
    let screen = Screen::default();
    let view = View {
        name: "cut",
        course: Course::CutOff,
        exit: Some(Exit::Interrupted),
        live: Some(&live),
        screen: &screen,
        colour: false,
        trouble: None,
    };
    let mut terminal = Terminal::new(TestBackend::new(160, 60)).unwrap();
    terminal
        .draw(|frame| draw(&view, frame.buffer_mut()))
        .unwrap();
    let cut = terminal.backend().to_string();
    assert!(!cut.contains("waits") && cut.contains("UNKNOWN"), "{cut}");
    assert!(cut.contains("devices, when the record ends"), "{cut}");
    let ended = self::live(true);
    assert!(!ended.standings.iter().any(|it| ended.waits(it)));
}

#[test]
fn nothing_is_hidden_where_there_is_room() {
    let all = drawn((120, 60), Some(&live(false)), &Screen::default());
    for head in [
        "devices ─",
        "so far ─",
        "00:30:00 ─",
        "first ─",
        "T+00:00:00.000  step",
    ] {
        assert!(all.contains(head), "{head} is not in {all}");
    }
}

#[test]
fn a_narrow_terminal_shows_the_phase_and_every_part() {
    let all = drawn((40, 12), Some(&live(false)), &Screen::default());
    for part in [
        "umbra, 00:16:41 left",
        "FAIL ",
        "28.590 V",
        "late 2.1",
        "events",
    ] {
        assert!(all.contains(part), "{part} is not in {all}");
    }
    let long = "a".repeat(200);
    let mut live = live(false);
    for step in &mut live.header.steps {
        step.name.clone_from(&long);
    }
    let all = drawn((80, 24), Some(&live), &Screen::default());
    assert!(all.contains("umbra, 00:16:41 left"), "{all}");
}

#[test]
fn wide_letters_are_given_their_room() {
    let mut live = live(false);
    let name = "電源電圧が範囲内";
    for standing in &mut live.standings {
        standing.finding.check = name.to_owned();
    }
    let all = drawn((80, 24), Some(&live), &Screen::default());
    assert!(all.contains(name), "{all}");
}

#[test]
fn what_is_broken_on_purpose_is_told() {
    let header = story::header();
    let mut live = Live::new(&header, Ok(&Goldens::default()));
    let (device, _) = header.device("payload").unwrap();
    let fault = profiles::command::Fault::Mute { millis: 20_000 };
    let command = profiles::command::Command::Inject(fault);
    live.take(&reports::event::Event {
        at: BenchTime::from_millis(75_000),
        device,
        kind: reports::event::EventKind::SetPointApplied {
            command,
            late_us: 0,
        },
    });
    let line = live.lines.back().unwrap();
    assert_eq!(line.text, "payload, on purpose: silent for 20 s");
    assert!(line.is_trouble);
}
