//! Pure: JSON values of which only what is asked for is kept: what a hostile text fills itself with takes no room.
//!
//! A value in memory is many times as long as its text: `{"":0}` becomes half a kilobyte.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// What is kept of a value; everything else of it becomes `null` or is left out.
#[derive(Clone, Copy, Debug)]
pub(super) enum Keep {
    /// Texts, numbers, truth values.
    Scalar,
    /// Of an object the members that this names a rule for; of a list nothing.
    Members(fn(&str) -> Option<Keep>),
    /// As above, but where it is a list, its first element.
    FirstOf(fn(&str) -> Option<Keep>),
    /// A scalar, or the first so many scalars of an object or a list.
    Few(usize),
}

impl Keep {
    fn of_member(self, name: &str, so_far: usize) -> Option<Keep> {
        match self {
            Keep::Scalar => None,
            Keep::Members(rule) | Keep::FirstOf(rule) => rule(name),
            Keep::Few(most) => (so_far < most).then_some(Keep::Scalar),
        }
    }

    fn of_element(self, so_far: usize) -> Option<Keep> {
        match self {
            Keep::Scalar | Keep::Members(_) => None,
            Keep::FirstOf(rule) => (so_far == 0).then_some(Keep::Members(rule)),
            Keep::Few(most) => (so_far < most).then_some(Keep::Scalar),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Keep {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Keep {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut kept = Vec::new();
        while let Some(keep) = self.of_element(kept.len()) {
            match list.next_element_seed(keep)? {
                Some(value) => kept.push(value),
                None => return Ok(Value::Array(kept)),
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Array(kept))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut kept = Map::new();
        while let Some(name) = object.next_key::<String>()? {
            match self.of_member(&name, kept.len()) {
                Some(keep) => drop(kept.insert(name, object.next_value_seed(keep)?)),
                None => drop(object.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Value::Object(kept))
    }
}
