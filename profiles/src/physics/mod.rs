//! The physics that profiles and emulated plants share.
