//! Safe and unbreakable: limits, endings, kills, full disks, and runs that go on.

mod disk;
mod kill;
mod limits;
mod resume;
mod supervisor;
mod supply;

/// Lets the other processes go on, for so many milliseconds.
#[expect(clippy::disallowed_methods, reason = "processes live in real time")]
pub(crate) fn wait(millis: u64) {
    std::thread::sleep(std::time::Duration::from_millis(millis));
}
