//! A campaign with other values than its file has: `--set KEY=VALUE`, and what Monte Carlo draws. The
//! text itself is altered before anybody reads it, so that what is run, refused and kept in the run's
//! inputs is one and the same.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use toml_edit::{DocumentMut, Item, TableLike, Value};

use super::folder::Folder;

/// One value at another place than the file's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// Where: keys from the top with dots between them, as `orbit.battery.capacity_ah`; a table of several
    /// by its `name` or by its number from 0, as `check.0.max`.
    pub key: String,
    /// What, as TOML; what is no TOML is a text.
    pub value: String,
}

impl FromStr for Setting {
    type Err = String;

    fn from_str(text: &str) -> Result<Setting, String> {
        let parts = text.split_once('=');
        let parts = parts.map(|(key, value)| (key.trim(), value.trim()));
        match parts {
            Some((key, value)) if !key.is_empty() && !value.is_empty() => Ok(Setting {
                key: key.to_owned(),
                value: value.to_owned(),
            }),
            _ => Err(format!(
                "`{text}` sets nothing: expected KEY=VALUE, such as orbit.battery.capacity_ah=7.5"
            )),
        }
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.key, self.value)
    }
}

/// `folder` with its file `name` as `settings` have it.
///
/// # Errors
/// If a key leads through something that is no table. A file that cannot be read, or is no TOML, stays as
/// it is: whoever reads it says so with its place.
pub fn altered(folder: Folder, name: &str, settings: &[Setting]) -> Result<Folder, String> {
    if settings.is_empty() {
        return Ok(folder);
    }
    let text = folder.read(name).ok();
    let text = text.and_then(|bytes| String::from_utf8(bytes).ok());
    let Some(text) = text else { return Ok(folder) };
    let Some(text) = alter(&text, settings)? else {
        return Ok(folder);
    };
    let bytes: Arc<[u8]> = text.into_bytes().into();
    Ok(Folder::Altered(Box::new(folder), name.to_owned(), bytes))
}

fn alter(text: &str, settings: &[Setting]) -> Result<Option<String>, String> {
    let Ok(mut document) = text.parse::<DocumentMut>() else {
        return Ok(None);
    };
    for setting in settings {
        let keys: Vec<&str> = setting.key.split('.').map(str::trim).collect();
        let value = setting.value.parse::<Value>();
        let value = value.unwrap_or_else(|_| Value::from(setting.value.as_str()));
        put(document.as_table_mut(), &keys, value).map_err(|why| format!("`{setting}`: {why}"))?;
    }
    Ok(Some(document.to_string()))
}

fn put(table: &mut dyn TableLike, keys: &[&str], value: Value) -> Result<(), String> {
    let Some((key, rest)) = keys.split_first().filter(|(key, _)| !key.is_empty()) else {
        return Err("expected a key between two dots".to_owned());
    };
    if rest.is_empty() {
        if table.get(key).is_some_and(|item| !item.is_value()) {
            return Err(format!(
                "`{key}` is a table: expected the key of a value in it"
            ));
        }
        table.insert(key, Item::Value(value));
        return Ok(());
    }
    if table.get(key).is_none() {
        table.insert(key, toml_edit::table());
    }
    let Some(item) = table.get_mut(key) else {
        return Err(format!("there is no room for `{key}`"));
    };
    if let Some(inner) = item.as_table_like_mut() {
        return put(inner, rest, value);
    }
    let Some(list) = item.as_array_of_tables_mut() else {
        return Err(format!("`{key}` is a value, and no table with keys in it"));
    };
    let (which, rest) = (rest[0], &rest[1..]);
    let count = list.len();
    let number = which.parse::<usize>().ok();
    let named = list.iter().position(|table| {
        let name = table.get("name").and_then(Item::as_str);
        name == Some(which)
    });
    let found = named.or(number).and_then(|place| list.get_mut(place));
    match found {
        Some(inner) => put(inner, rest, value),
        None => Err(format!(
            "no [[{key}]] is named `{which}`: expected its name, or a number below {count}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "name = 'x'\nseed = 1   # the first\n[orbit]\nelements = 'a.tle'\nshadow = { earth = \
                        'oblate' }\n[[check]]\nname = 'warm'\nmax = 3.0\n";

    fn set(settings: &[&str]) -> Result<String, String> {
        let settings: Vec<Setting> = settings.iter().map(|text| text.parse().unwrap()).collect();
        alter(TEXT, &settings).map(Option::unwrap)
    }

    #[test]
    fn values_are_set_wherever_they_stand() {
        let text = set(&[
            "seed=7",
            "orbit.start=2025-06-25T18:00:00Z",
            "orbit.battery.capacity_ah=7.5",
            "orbit.shadow.earth=sphere",
            "check.warm.max=2.5",
            "check.0.during=work",
        ]);
        insta::assert_snapshot!(text.unwrap(), @r#"
        name = 'x'
        seed = 7
        [orbit]
        elements = 'a.tle'
        shadow = { earth = "sphere" }
        start = 2025-06-25T18:00:00Z

        [orbit.battery]
        capacity_ah = 7.5
        [[check]]
        name = 'warm'
        max = 2.5
        during = "work"
        "#);
    }

    #[test]
    fn what_leads_nowhere_is_told() {
        for (setting, part) in [
            ("name.x=1", "`name` is a value"),
            ("orbit=1", "`orbit` is a table"),
            ("check.cold.max=1", "no [[check]] is named `cold`"),
            ("check.1.max=1", "a number below 1"),
            ("orbit..x=1", "between two dots"),
        ] {
            let why = set(&[setting]).unwrap_err();
            assert!(why.contains(part), "{setting}: {why}");
        }
        assert!("seed".parse::<Setting>().unwrap_err().contains("KEY=VALUE"));
        // What is no TOML is for whoever reads it.
        let setting = "a=1".parse().unwrap();
        assert_eq!(alter("name = ", &[setting]), Ok(None));
    }
}
