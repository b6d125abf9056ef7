//! Settings: what a file says against what a make or a check declares.

use std::ffi::OsStr;
use std::path::Path;

use profiles::option::{OptionKind, OptionSpec, OptionValue, Options};
use profiles::template::{Template, TemplateError};

use super::Planner;
use crate::config::campaign::{RawSetting, RawValue};
use crate::config::refusal::{Place, Refusal, is_near, nearest};
use crate::config::{duration_help, number_help};

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
                let help = nearest(&setting.key.value, known.clone());
                let message = format!("{what} has no setting `{}`", setting.key.value);
                let known: Vec<&str> = known.collect();
                let expected = if known.is_empty() {
                    "expected nothing here".to_owned()
                } else {
                    format!("expected one of: {}", known.join(", "))
                };
                let refusal = Refusal::at(&setting.key.place, message, expected);
                self.refuse(refusal.maybe_help(help));
                continue;
            };
            if let (OptionKind::Template(fields), RawValue::Text(text)) =
                (spec.kind, &setting.value)
                && let Err(error) = Template::parse(text, fields)
            {
                self.misfit(what, spec, setting, &error);
                continue;
            }
            match value(spec, &setting.value) {
                Ok(value) => options.set(spec.name, value),
                Err((expected, help)) => {
                    let found = self.loader.sources.quoted(&setting.place);
                    let message = format!("`{}` of {what} is {found}", spec.name);
                    let refusal = Refusal::at(&setting.place, message, expected);
                    self.refuse(refusal.help(help.unwrap_or_else(|| spec.help.to_owned())));
                }
            }
        }
        let given = |name: &str| {
            let mut keys = settings.iter().map(|setting| &setting.key.value);
            // One that is misspelt is told already.
            keys.any(|key| key == name || is_near(key, name))
        };
        let needed = specs.iter().filter(|spec| spec.default.is_none());
        for spec in needed.filter(|spec| !given(spec.name)) {
            let message = format!("{what} needs `{}`", spec.name);
            let expected = format!("expected a key `{}` here", spec.name);
            self.refuse(Refusal::at(place, message, expected).help(spec.help));
        }
        options
    }

    /// Refuses a template at the very place of its text that is wrong.
    fn misfit(
        &mut self,
        what: &str,
        spec: &OptionSpec,
        setting: &RawSetting,
        error: &TemplateError,
    ) {
        let message = format!("`{}` of {what}: {}", spec.name, error.found);
        let whole = &setting.place;
        let mut place = whole.clone();
        // Behind the opening quote; not so in texts with escapes, which are marked as a whole.
        let quoted = self.loader.sources.quoted(whole);
        let start = whole.span.start + 1;
        if let RawValue::Text(text) = &setting.value
            && quoted.trim_matches(['"', '\'']) == text
        {
            place.span = start + error.at.start..start + error.at.end;
        }
        let refusal = Refusal::at(&place, message, error.expected.clone());
        self.refuse(refusal.help(spec.help));
    }
}

/// The value, or what was expected and what to write.
fn value(spec: &OptionSpec, raw: &RawValue) -> Result<OptionValue, (String, Option<String>)> {
    let expected = match (spec.kind, raw) {
        (OptionKind::Number { min, max, .. }, RawValue::Number(number))
            if (min..=max).contains(number) =>
        {
            return Ok(OptionValue::Number(*number));
        }
        (OptionKind::Whole { min, max, .. }, RawValue::Number(number))
            if (min..=max).contains(number) && number.fract() == 0.0 =>
        {
            return Ok(OptionValue::Number(*number));
        }
        (OptionKind::Text | OptionKind::Template(_), RawValue::Text(text)) => {
            return Ok(OptionValue::Text(text.clone()));
        }
        (OptionKind::Choice(words), RawValue::Text(text)) if words.contains(&text.as_str()) => {
            return Ok(OptionValue::Text(text.clone()));
        }
        (OptionKind::ChoiceOrFile(words, ends), RawValue::Text(text))
            if words.contains(&text.as_str()) || ends_with(text, ends) =>
        {
            return Ok(OptionValue::Text(text.clone()));
        }
        (OptionKind::Duration, RawValue::Text(text)) => match crate::config::seconds(text) {
            Some(seconds) if seconds <= LONGEST => return Ok(OptionValue::Number(seconds)),
            Some(_) => "expected at most \"31 d\", as long as a campaign may be".to_owned(),
            None => DURATION.to_owned(),
        },
        (OptionKind::Number { min, max, unit }, _) => range("a number", min, max, unit),
        (OptionKind::Whole { min, max, unit }, _) => range("a whole number", min, max, unit),
        (OptionKind::Duration, _) => DURATION.to_owned(),
        (OptionKind::Text | OptionKind::Template(_), _) => "expected a text in quotes".to_owned(),
        (OptionKind::Choice(words), _) => format!("expected one of: {}", words.join(", ")),
        (OptionKind::ChoiceOrFile(words, ends), _) => format!(
            "expected one of: {}; or the path of a file that ends with .{}",
            words.join(", "),
            ends.join(" or .")
        ),
    };
    let help = match (spec.kind, raw) {
        (OptionKind::Choice(words) | OptionKind::ChoiceOrFile(words, _), RawValue::Text(text)) => {
            nearest(text, words.iter().copied())
        }
        (OptionKind::Duration, RawValue::Text(text)) => duration_help(text),
        (OptionKind::Number { .. } | OptionKind::Whole { .. }, RawValue::Text(text)) => {
            number_help(text)
        }
        _ => None,
    };
    Err((expected, help))
}

/// Whether a path ends with a point and one of these.
fn ends_with(path: &str, ends: &[&str]) -> bool {
    let end = Path::new(path).extension().and_then(OsStr::to_str);
    end.is_some_and(|end| ends.contains(&end))
}

/// No setting lasts longer than a campaign, s.
const LONGEST: f64 = 31.0 * 86_400.0;

const DURATION: &str = "expected a length of time in quotes, such as \"250 ms\" or \"5 min\"";

/// What a number may be; bounds that only computers have are left out.
fn range(what: &str, min: f64, max: f64, unit: &str) -> String {
    let range = match (min > f64::MIN, max < f64::MAX) {
        (true, true) => format!("expected {what} from {min} to {max} {unit}"),
        (true, false) => format!("expected {what} from {min} up, {unit}"),
        (false, true) => format!("expected {what} up to {max} {unit}"),
        (false, false) => format!("expected {what} {unit}"),
    };
    range.trim_end_matches([' ', ',']).to_owned()
}
