//! What the API's document (OpenAPI) says of the nouns that are texts on the wire.

/// The schema of a type that is written as a text: what it is, an example, and further members of the schema.
macro_rules! text_schema {
    ($name:ty, $description:expr, $example:expr $(, $member:ident = $value:expr)*) => {
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::Type::String)
                    .description(Some($description))
                    .examples([$example])
                    $(.$member(Some($value)))*
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    };
}

pub(super) use text_schema;
