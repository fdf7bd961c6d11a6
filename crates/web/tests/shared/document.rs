//! The document of the interface, and whether answers are what it says.

use crate::market::{Answer, Portal};
use serde_json::Value;

pub(crate) fn document(portal: &Portal) -> Value {
    let answer = portal.get("/api/openapi.json");
    assert_eq!(answer.status, 200);
    serde_json::from_slice(&answer.body).unwrap()
}

/// Whether a value is what a schema says; what is wrong, with its place.
fn fits(value: &Value, schema: &Value, root: &Value, at: &str) -> Result<(), String> {
    if let Some(name) = schema["$ref"].as_str() {
        let place = name.trim_start_matches('#');
        return fits(value, root.pointer(place).ok_or(format!("{at}: no {name}"))?, root, at);
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(it) => vec![it],
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => return Ok(()),
    };
    let is = |name: &str| match name {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("{other} is no type"),
    };
    if !types.iter().any(|it| is(it)) {
        return Err(format!("{at}: {value} is none of {types:?}"));
    }
    if let Some(all) = value.as_array() {
        for (it, place) in all.iter().zip(0..) {
            fits(it, &schema["items"], root, &format!("{at}[{place}]"))?;
        }
    }
    if let Some(fields) = value.as_object() {
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !fields.contains_key(name) {
                return Err(format!("{at}: without {name}"));
            }
        }
        for (name, it) in fields {
            let known = &schema["properties"][name];
            if !known.is_null() {
                fits(it, known, root, &format!("{at}.{name}"))?;
            }
        }
    }
    Ok(())
}

/// An answer is one that the document knows, and has its shape.
pub(crate) fn told(answer: &Answer, root: &Value, (path, operation): (&str, &Value)) {
    let known = &operation["responses"][answer.status.to_string()];
    assert!(!known.is_null(), "{path}: {} is not in the document", answer.status);
    let kind = answer.header("content-type").split(';').next().unwrap().to_owned();
    let content = &known["content"][&kind];
    assert!(!content.is_null(), "{path}: {kind} is not in the document of {}", answer.status);
    if kind.ends_with("json") {
        let value: Value = serde_json::from_slice(&answer.body).unwrap();
        fits(&value, &content["schema"], root, path).unwrap_or_else(|why| panic!("{why}"));
    }
}
