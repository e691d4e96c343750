//! The changes of single fields.

use serde_json::{Map, Value};

/// A field that changed, with its old and new JSON values; `null` means that there was or is no
/// value. A secret has neither.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// The field's name, as it is spelled in the API.
    pub field: String,
    /// The old value.
    pub old: Value,
    /// The new value.
    pub new: Value,
}

/// The fields of a record and their JSON values.
pub type Fields<F = &'static str> = Vec<(F, Value)>;

/// A record whose changes are audited.
pub trait Audited {
    /// The type that names a field; it converts to the field's name in the API.
    type Field: Copy + PartialEq + Into<&'static str>;

    /// Returns the fields, in the order in which changes list them. Secrets are not included.
    /// Implementations destructure the record without `..`, so that a new field does not compile
    /// until it is listed or deliberately left out.
    fn fields(&self) -> Fields<Self::Field>;

    /// Returns the names of all fields.
    fn field_names(&self) -> Vec<Self::Field> {
        self.fields().into_iter().map(|(name, _)| name).collect()
    }

    /// Returns the value of a field; `null` if it is empty or the record has no such field.
    fn field(&self, name: Self::Field) -> Value {
        value(&self.fields(), &name)
    }

    /// Returns the fields that differ from those of `before`.
    fn changed_since(&self, before: &Self) -> Vec<Self::Field> {
        let pairs = before.fields().into_iter().zip(self.fields());
        let changed = pairs.filter(|(was, is)| was != is);
        changed.map(|(_, (name, _))| name).collect()
    }
}

fn value<F: PartialEq>(fields: &Fields<F>, name: &F) -> Value {
    let found = fields.iter().find(|(known, _)| known == name);
    found.map_or(Value::Null, |(_, value)| value.clone())
}

impl FieldChange {
    /// Names a field without its values: a secret, or something that is not a field of a record.
    pub fn named(field: &str) -> Self {
        Self {
            field: field.to_owned(),
            old: Value::Null,
            new: Value::Null,
        }
    }

    /// Gives a field a value that is no change of a record, such as a condition of a query.
    pub fn given(field: &str, value: impl Into<Value>) -> Self {
        Self {
            new: value.into(),
            ..Self::named(field)
        }
    }

    /// Returns the changes that gave a new record these fields.
    pub fn created<R: Audited>(record: &R, fields: &[R::Field]) -> Vec<Self> {
        Self::each(fields, &Fields::new(), &record.fields())
    }

    /// Returns the changes that gave a new record all its fields, empty ones included.
    pub fn whole<R: Audited>(record: &R) -> Vec<Self> {
        Self::created(record, &record.field_names())
    }

    /// Returns the changes of these fields between two states of a record.
    pub fn between<R: Audited>(before: &R, after: &R, fields: &[R::Field]) -> Vec<Self> {
        Self::each(fields, &before.fields(), &after.fields())
    }

    /// Returns the changes that deleted these fields along with their record.
    pub fn deleted<R: Audited>(record: &R, fields: &[R::Field]) -> Vec<Self> {
        Self::each(fields, &record.fields(), &Fields::new())
    }

    fn each<F>(fields: &[F], old: &Fields<F>, new: &Fields<F>) -> Vec<Self>
    where
        F: Copy + PartialEq + Into<&'static str>,
    {
        let change = |field: &F| Self {
            field: (*field).into().to_owned(),
            old: value(old, field),
            new: value(new, field),
        };
        fields.iter().map(change).collect()
    }

    /// Returns the old values of all fields that have a value before or after; `None` if no field
    /// had an old value.
    pub fn old_values(changes: &[Self]) -> Option<Map<String, Value>> {
        Self::values(changes, |change| &change.old)
    }

    /// Returns the new values of all fields that have a value before or after; `None` if no field
    /// has a new value.
    pub fn new_values(changes: &[Self]) -> Option<Map<String, Value>> {
        Self::values(changes, |change| &change.new)
    }

    fn values(changes: &[Self], side: fn(&Self) -> &Value) -> Option<Map<String, Value>> {
        let told = |change: &&Self| !(change.old.is_null() && change.new.is_null());
        let told = changes.iter().filter(told);
        let values: Map<_, _> = told
            .map(|change| (change.field.clone(), side(change).clone()))
            .collect();
        values
            .values()
            .any(|value| !value.is_null())
            .then_some(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Two fields, of which the other one may have nothing.
    struct Record(u8, Option<u8>);

    impl Audited for Record {
        type Field = &'static str;

        fn fields(&self) -> Fields {
            let Self(one, other) = self;
            vec![("one", json!(one)), ("other", json!(other))]
        }
    }

    const FIELDS: [&str; 3] = ["one", "other", "secret"];

    fn sides(changes: &[FieldChange]) -> (Value, Value) {
        let (old, new) = (
            FieldChange::old_values(changes),
            FieldChange::new_values(changes),
        );
        (json!(old), json!(new))
    }

    #[test]
    fn what_is_made_has_new_values_and_what_is_deleted_old_ones() {
        let record = Record(1, Some(2));
        let values = json!({"one": 1, "other": 2});
        let created = FieldChange::created(&record, &FIELDS);
        assert_eq!(sides(&created), (Value::Null, values.clone()));
        let deleted = FieldChange::deleted(&record, &FIELDS);
        assert_eq!(sides(&deleted), (values, Value::Null));
        assert!(created.iter().map(|change| &change.field).eq(FIELDS));
    }

    #[test]
    fn a_field_that_is_filled_or_emptied_is_null_on_the_other_side() {
        let (empty, full) = (Record(1, None), Record(3, Some(2)));
        let filled = FieldChange::between(&empty, &full, &FIELDS);
        let (old, new) = (
            json!({"one": 1, "other": null}),
            json!({"one": 3, "other": 2}),
        );
        assert_eq!(sides(&filled), (old.clone(), new.clone()));
        let emptied = FieldChange::between(&full, &empty, &FIELDS);
        assert_eq!(sides(&emptied), (new, old));
        let alone = FieldChange::between(&empty, &full, &["other"]);
        assert_eq!(sides(&alone), (Value::Null, json!({"other": 2})));
    }

    #[test]
    fn what_is_named_alone_has_no_values() {
        let named = [FieldChange::named("password")];
        assert_eq!(sides(&named), (Value::Null, Value::Null));
        assert_eq!(sides(&[]), (Value::Null, Value::Null));
    }
}
