//! The two alarms of an F4: on the process value, or on its deviation from the set point.

/// Process and deviation alarms: where their settings are, and their status.
pub(super) const ALARMS: [AlarmRegisters; 2] = [
    AlarmRegisters {
        status: 102,
        low: 302,
        kind: 702,
    },
    AlarmRegisters {
        status: 106,
        low: 321,
        kind: 719,
    },
];

/// Where an alarm is. The numbers of the settings are assumed, for the manual at hand has none.
pub(super) struct AlarmRegisters {
    pub(super) status: u16,
    /// Low set point; the high one follows.
    pub(super) low: u16,
    /// Type; the hysteresis and whether it latches follow.
    pub(super) kind: u16,
}

/// One alarm.
#[derive(Clone, Copy, Debug)]
pub(super) struct Alarm {
    /// 0 off, 1 process, 2 deviation.
    pub(super) kind: u16,
    pub(super) limits: [i16; 2],
    pub(super) hysteresis: i16,
    pub(super) latches: u16,
    /// 0 none, 1 high, 2 low.
    pub(super) status: u16,
}

impl Alarm {
    /// Compares tenths of a degree.
    pub(super) fn watch(&mut self, air: i16, set_point: i16) {
        let [low, high] = self.limits;
        let value = match self.kind {
            0 => return,
            1 => air,
            _ => air.saturating_sub(set_point),
        };
        // An alarm that is there ends a hysteresis within.
        let back = |status| {
            if self.status == status {
                self.hysteresis
            } else {
                0
            }
        };
        let status = if value > high.saturating_sub(back(1)) {
            1
        } else if value < low.saturating_add(back(2)) {
            2
        } else {
            0
        };
        if status > 0 || self.latches == 0 {
            self.status = status;
        }
    }
}
