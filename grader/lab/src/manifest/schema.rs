//! The JSON Schema of `lab.toml`.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use super::check_finding::FINDINGS;
use super::event::{EVENTS, Field, Holds};
use super::raw::{RawAnchor, RawManifest, RawPattern};

/// The JSON Schema of `lab.toml`, generated from the types that read it.
pub(crate) fn schema() -> Value {
    let mut schema = schemars::schema_for!(RawManifest);
    schema.insert("title".into(), json!("siglab lab.toml"));
    // They are optional where they are read, so that a better message can be given.
    schema.insert(
        "required".into(),
        json!(["id", "title", "scenario", "criterion"]),
    );
    for (name, required) in [
        ("Scenario", json!(["id"])),
        ("Criterion", json!(["id", "title"])),
    ] {
        if let Some(definition) = schema.pointer_mut(&format!("/$defs/{name}"))
            && let Some(definition) = definition.as_object_mut()
        {
            definition.insert("required".into(), required);
        }
    }
    // A finding brings an id of its own.
    if let Some(definition) = schema.pointer_mut("/$defs/Requirement")
        && let Some(definition) = definition.as_object_mut()
    {
        let one_of = json!([{ "required": ["id"] }, { "required": ["no_finding"] }]);
        definition.insert("oneOf".into(), one_of);
    }
    let kinds: Vec<_> = FINDINGS.iter().map(|kind| kind.id()).collect();
    if let Some(property) = schema.pointer_mut("/$defs/Requirement/properties/no_finding/items") {
        *property = json!({ "enum": kinds });
    }
    schema.to_value()
}

impl JsonSchema for RawPattern {
    fn schema_name() -> Cow<'static, str> {
        "Pattern".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let one_of_each = EVENTS.iter().map(|kind| {
            let mut properties = Map::new();
            properties.insert("event".into(), json!({ "const": kind.name }));
            properties.insert("role".into(), tested(Holds::Role));
            for name in ["at", "after", "before"] {
                properties.insert(name.into(), value(Holds::Time));
            }
            properties.insert("in_handler".into(), value(Holds::Signal));
            properties.insert("nth".into(), json!({ "type": "integer", "minimum": 1 }));
            for Field { name, holds } in kind.fields {
                properties.insert((*name).into(), tested(*holds));
            }
            json!({
                "type": "object",
                "properties": properties,
                "required": ["event"],
                "additionalProperties": false,
            })
        });
        let one_of_each: Vec<_> = one_of_each.collect();
        let names: Vec<_> = EVENTS.iter().map(|kind| kind.name).collect();
        json_schema!({
            "description": "Which events are meant: their kind, and what their fields must be.",
            "type": "object",
            "anyOf": [
                { "oneOf": one_of_each },
                {
                    "properties": { "event": { "type": "array", "items": { "enum": names } } },
                    "required": ["event"],
                },
            ],
        })
    }
}

impl JsonSchema for RawAnchor {
    fn schema_name() -> Cow<'static, str> {
        "Anchor".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "An event, or a moment of virtual time.",
            "anyOf": [{ "type": "string" }, generator.subschema_for::<RawPattern>()],
        })
    }
}

/// A value, one of several, or what it must not be.
fn tested(holds: Holds) -> Value {
    let value = value(holds);
    json!({
        "anyOf": [
            value,
            { "type": "array", "items": value },
            { "type": "object", "properties": { "not": {}, "contains": {} }, "maxProperties": 1 },
        ],
    })
}

fn value(holds: Holds) -> Value {
    match holds {
        Holds::Signal | Holds::Signals => json!({ "type": "string", "pattern": "^SIG" }),
        Holds::Role | Holds::Sender | Holds::Text | Holds::Syscall | Holds::Time => {
            json!({ "type": "string" })
        }
        Holds::Integer => json!({ "type": "integer" }),
        Holds::Bool => json!({ "type": "boolean" }),
        Holds::Status => json!({
            "type": "object",
            "properties": {
                "exited": { "type": "integer", "minimum": 0, "maximum": 255 },
                "killed": { "type": "string" },
            },
        }),
        Holds::Table => json!({ "type": "object" }),
        Holds::Words(words) => json!({ "enum": words }),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::{Value, json};

    use super::schema;

    /// What of `value` the schema `rule` doesn't allow, of the keywords that are used here.
    fn complaints(root: &Value, rule: &Value, value: &Value, place: &str) -> Vec<String> {
        let check = |rule: &Value, value: &Value, place: &str| complaints(root, rule, value, place);
        let mut found = Vec::new();
        if let Some(reference) = rule["$ref"].as_str() {
            let target = root.pointer(reference.trim_start_matches('#'));
            return check(target.expect("references lead somewhere"), value, place);
        }
        for key in ["anyOf", "oneOf"] {
            if let Some(rules) = rule[key].as_array() {
                let all: Vec<_> = rules.iter().map(|rule| check(rule, value, place)).collect();
                if !all.iter().any(Vec::is_empty) {
                    found.push(format!("{place}: {all:?}"));
                }
            }
        }
        if let Some(constant) = rule.get("const").filter(|constant| *constant != value) {
            found.push(format!("{place}: not {constant}"));
        }
        if rule["enum"]
            .as_array()
            .is_some_and(|list| !list.contains(value))
        {
            found.push(format!("{place}: not one of {}", rule["enum"]));
        }
        let types = match &rule["type"] {
            Value::Array(types) => types.clone(),
            Value::Null => vec![],
            one => vec![one.clone()],
        };
        let own = match value {
            Value::String(_) => "string",
            Value::Number(_) => "integer",
            Value::Bool(_) => "boolean",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
            Value::Null => "null",
        };
        if !types.is_empty() && !types.contains(&json!(own)) {
            found.push(format!("{place}: {own}, not {}", rule["type"]));
        }
        if let Some(object) = value.as_object() {
            for (key, inner) in object {
                let place = format!("{place}.{key}");
                match (&rule["properties"][key], &rule["additionalProperties"]) {
                    (Value::Null, Value::Bool(false)) => found.push(format!("{place}: unknown")),
                    (Value::Null, Value::Object(_)) => {
                        found.extend(check(&rule["additionalProperties"], inner, &place));
                    }
                    (Value::Null, _) => {}
                    (rule, _) => found.extend(check(rule, inner, &place)),
                }
            }
            let required = rule["required"].as_array().into_iter().flatten();
            for key in required.filter_map(Value::as_str) {
                if !object.contains_key(key) {
                    found.push(format!("{place}: lacks {key}"));
                }
            }
        }
        if let (Some(list), Some(rule)) = (value.as_array(), rule.get("items")) {
            for (at, inner) in list.iter().enumerate() {
                found.extend(check(rule, inner, &format!("{place}[{at}]")));
            }
        }
        found
    }

    #[test]
    fn the_labs_fit_the_schema() {
        let schema = schema();
        let exercises = concat!(env!("CARGO_MANIFEST_DIR"), "/../../exercises");
        let mut labs = 0;
        for entry in fs::read_dir(exercises).expect("there are exercises") {
            let path = entry.expect("they can be read").path().join("lab.toml");
            let Ok(text) = fs::read_to_string(&path) else {
                continue;
            };
            let value: Value = toml::from_str(&text).expect("manifests are TOML");
            let found = complaints(&schema, &schema, &value, "");
            assert!(found.is_empty(), "{}: {found:#?}", path.display());
            labs += 1;
        }
        assert!(labs > 0, "no lab was found");
    }

    #[test]
    fn the_schema_refuses_what_the_manifest_refuses() {
        let schema = schema();
        for (wrong, complaint) in [
            (json!({ "id": 7 }), ".id: integer"),
            (json!({ "nonsense": 7 }), ".nonsense: unknown"),
            (json!({}), "lacks scenario"),
            (
                json!({ "scenario": [{ "steps": [{ "att": "1s" }] }] }),
                ".att: unknown",
            ),
            (
                json!({ "criterion": [{ "require": [{ "never": { "event": "died" } }] }] }),
                ".require[0].never: [[",
            ),
            (
                json!({ "criterion": [{ "require": [{ "no_finding": ["deadlocks"] }] }] }),
                ".require[0].no_finding[0]: not one of",
            ),
            (
                json!({ "criterion": [{ "require": [{ "signal": "SIGINT" }] }] }),
                "lacks no_finding",
            ),
        ] {
            let found = complaints(&schema, &schema, &wrong, "").join("\n");
            assert!(found.contains(complaint), "{wrong}: {found}");
        }
    }
}
