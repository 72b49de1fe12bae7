//! The JSON Schema of `lab.toml`.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

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
        ("Requirement", json!(["id"])),
    ] {
        if let Some(definition) = schema.pointer_mut(&format!("/$defs/{name}"))
            && let Some(definition) = definition.as_object_mut()
        {
            definition.insert("required".into(), required);
        }
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
            properties.insert("role".into(), value(Holds::Role));
            for name in ["at", "after", "before"] {
                properties.insert(name.into(), value(Holds::Time));
            }
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
