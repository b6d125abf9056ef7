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
        for width in [1, 59, 60, 61, 90, 300] {
            for height in [1, 15, 16, 17, 24, 90] {
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
