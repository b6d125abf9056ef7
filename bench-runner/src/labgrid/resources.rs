//! What `labgrid-client env` prints: the resources of a place, as `PyYAML` writes them. Parameters of
//! resources are texts, numbers and truths, so a line is one of a handful of forms.

use std::collections::BTreeMap;

/// A resource of a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Resource {
    /// Its class: `NetworkSerialPort`, `BenchSCPI`.
    pub(super) class: String,
    /// Its name on the place.
    pub(super) name: String,
    /// Its parameters.
    pub(super) params: BTreeMap<String, String>,
}

/// Spaces before `- Class:`, `key: value`, and the rest of a long value.
const CLASS: usize = 4;
const KEY: usize = 8;

/// Reads all resources.
pub(super) fn parse(text: &str) -> Result<Vec<Resource>, String> {
    let mut resources: Vec<Resource> = Vec::new();
    let mut last = String::new();
    for (number, line) in text.lines().enumerate() {
        let content = line.trim();
        let depth = line.len() - line.trim_start().len();
        let wrong =
            |expected: &str| format!("line {}: `{content}`, expected {expected}", number + 1);
        if content.is_empty() || depth < CLASS || content == "resources: []" {
            continue;
        }
        if let Some(class) = content.strip_prefix("- ").filter(|_| depth == CLASS) {
            let class = class
                .strip_suffix(':')
                .or_else(|| class.strip_suffix(": {}"));
            let class = class.ok_or_else(|| wrong("the class of a resource"))?;
            resources.push(Resource {
                class: class.to_owned(),
                ..Resource::default()
            });
            continue;
        }
        if depth == CLASS && content == "resources:" {
            continue;
        }
        let Some(resource) = resources.last_mut() else {
            return Err(wrong("`resources:` before it"));
        };
        if depth > KEY {
            let value = resource.params.get_mut(&last);
            let value = value.ok_or_else(|| wrong("a key before it"))?;
            value.push(' ');
            value.push_str(content);
            continue;
        }
        let pair = content.split_once(':').filter(|_| depth == KEY);
        let (key, value) = pair.ok_or_else(|| wrong("`key: value`"))?;
        key.clone_into(&mut last);
        resource
            .params
            .insert(key.to_owned(), value.trim().to_owned());
    }
    for resource in &mut resources {
        for value in resource.params.values_mut() {
            *value = unquoted(value);
        }
        resource.name = resource.params.remove("name").unwrap_or_default();
    }
    Ok(resources)
}

/// A scalar without its quotes (YAML 1.1, "Flow scalar styles").
fn unquoted(text: &str) -> String {
    let inner = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    if let Some(inner) = inner('\'') {
        return inner.replace("''", "'");
    }
    let Some(inner) = inner('"') else {
        return text.to_owned();
    };
    let mut out = String::new();
    let mut characters = inner.chars();
    while let Some(c) = characters.next() {
        match (c, characters.as_str().chars().next()) {
            ('\\', Some(next)) => {
                out.push(match next {
                    'n' => '\n',
                    't' => '\t',
                    other => other,
                });
                characters.next();
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What labgrid-client 26.0.1 printed.
    const PRINTED: &str = include_str!("env.yaml");

    #[test]
    fn what_was_printed_is_read() {
        let resources = parse(PRINTED).unwrap();
        let names: Vec<(&str, &str)> = resources
            .iter()
            .map(|it| (it.class.as_str(), it.name.as_str()))
            .collect();
        assert_eq!(
            names,
            [
                ("BenchCAN", "board"),
                ("BenchSCPI", "supply"),
                ("NetworkSerialPort", "payload")
            ]
        );
        assert_eq!(
            resources[0].params["options"],
            "network = \"mlperf-tiny-kws\""
        );
        assert_eq!(resources[1].params["limits"], "volts = 34.0, amps = 2.0");
        assert_eq!(resources[2].params["speed"], "115200");
        assert_eq!(parse("targets:\n  a:\n    resources: []\n"), Ok(Vec::new()));
    }

    #[test]
    fn quotes_and_long_values_are_as_pyyaml_writes_them() {
        let text = "targets:\n  a:\n    resources:\n    - BenchDevice:\n        name: 'it''s'\n        \
                    link: \"tcp:[::1]:5\\\"\"\n        options: a = 1, b = 2, and so\n          on, c = 3\n";
        let resources = parse(text).unwrap();
        assert_eq!(resources[0].name, "it's");
        assert_eq!(resources[0].params["link"], "tcp:[::1]:5\"");
        assert_eq!(
            resources[0].params["options"],
            "a = 1, b = 2, and so on, c = 3"
        );
        assert!(parse("      x: 1\n").unwrap_err().contains("line 1"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[ \\-a-z:'\"\\\\\\n]{0,200}") {
            let _either = parse(&text);
        }
    }
}
