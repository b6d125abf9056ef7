//! Settings: what a file says against what a make or a check declares.

use profiles::option::{OptionKind, OptionSpec, OptionValue, Options};

use super::Planner;
use crate::config::campaign::{RawSetting, RawValue};
use crate::config::refusal::{Place, Refusal, nearest};

impl Planner {
    /// The options of `specs`, from `settings` and defaults; everything wrong is noted.
    pub(super) fn options(
        &mut self,
        what: &str,
        place: &Place,
        settings: &[RawSetting],
        specs: &[OptionSpec],
    ) -> Options {
        let mut options = Options::defaults(specs);
        for setting in settings {
            let Some(spec) = specs.iter().find(|spec| spec.name == setting.key.value) else {
                let known = specs.iter().map(|spec| spec.name);
                let help = nearest(&setting.key.value, known.clone()).unwrap_or_else(|| {
                    format!("known settings: {}", known.collect::<Vec<_>>().join(", "))
                });
                let message = format!("{what} has no setting `{}`", setting.key.value);
                let refusal = Refusal::at(&setting.key.place, message, "nobody reads this");
                self.refuse(refusal.help(help));
                continue;
            };
            match value(spec, &setting.value) {
                Ok(value) => options.set(spec.name, value),
                Err(expected) => {
                    let message = format!("`{}` of {what} is wrong", spec.name);
                    let refusal = Refusal::at(&setting.place, message, expected);
                    self.refuse(refusal.help(spec.help));
                }
            }
        }
        for spec in specs.iter().filter(|spec| spec.default.is_none()) {
            if !settings
                .iter()
                .any(|setting| setting.key.value == spec.name)
            {
                let message = format!("{what} needs `{}`", spec.name);
                let expected = format!("expected a key `{}` here", spec.name);
                self.refuse(Refusal::at(place, message, expected).help(spec.help));
            }
        }
        options
    }
}

/// The value, or what was expected.
fn value(spec: &OptionSpec, raw: &RawValue) -> Result<OptionValue, String> {
    match (spec.kind, raw) {
        (OptionKind::Number { min, max, unit }, RawValue::Number(number)) => {
            if (min..=max).contains(number) {
                Ok(OptionValue::Number(*number))
            } else {
                Err(format!("expected {min} to {max} {unit}")
                    .trim_end()
                    .to_owned())
            }
        }
        (OptionKind::Number { unit, .. }, _) => {
            Err(format!("expected a number {unit}").trim_end().to_owned())
        }
        (OptionKind::Duration, RawValue::Text(text)) => {
            let seconds = crate::config::seconds(text);
            seconds
                .map(OptionValue::Number)
                .ok_or_else(|| duration_expected().to_owned())
        }
        (OptionKind::Duration, _) => Err(duration_expected().to_owned()),
        (OptionKind::Text, RawValue::Text(text)) => Ok(OptionValue::Text(text.clone())),
        (OptionKind::Text, _) => Err("expected a text in quotes".to_owned()),
        (OptionKind::Choice(words), RawValue::Text(text)) if words.contains(&text.as_str()) => {
            Ok(OptionValue::Text(text.clone()))
        }
        (OptionKind::Choice(words), raw) => {
            let near = match raw {
                RawValue::Text(text) => nearest(text, words.iter().copied()),
                RawValue::Number(_) | RawValue::Other => None,
            };
            let near = near.map(|near| format!("; {near}")).unwrap_or_default();
            Err(format!("expected one of: {}{near}", words.join(", ")))
        }
    }
}

fn duration_expected() -> &'static str {
    "expected a length of time in quotes, such as \"250 ms\" or \"5 min\""
}
