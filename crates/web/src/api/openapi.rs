//! The document that describes the interface (OpenAPI 3.1), made from what the interface is made
//! from: the descriptions of lists and commands.

use super::commands;
use karvan_views::list::{Column, Kind, List, PAGE, PAGE_MAX};
use karvan_views::lists;
use serde_json::{Value as Json, json};
use utoipa::openapi::path::{OperationBuilder, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{
    ContentBuilder, HttpMethod, InfoBuilder, OpenApi, OpenApiBuilder, PathsBuilder, Ref, RefOr,
    Required, ResponseBuilder, Schema,
};

/// The whole document.
pub fn document() -> OpenApi {
    let mut paths = PathsBuilder::new();
    for list in lists::ALL {
        paths = paths.path(format!("/api/v1/{}", list.name), of_list(list));
    }
    for (path, item) in commands::paths() {
        paths = paths.path(path, item);
    }
    let info = InfoBuilder::new()
        .title("Karvan")
        .version("1")
        .description(Some(ABOUT))
        .license(Some(utoipa::openapi::License::new("MIT OR Apache-2.0")));
    let components = commands::components(
        utoipa::openapi::ComponentsBuilder::new().schema("Problem", problem()),
    );
    OpenApiBuilder::new()
        .info(info.build())
        .paths(paths.build())
        .components(Some(components.build()))
        .build()
}

const ABOUT: &str = "Lists of what is public, and commands for machines. Lists take a filter for \
     each column (
         `column=`, and `column.min=`, `column.max=`,
     ), `q=` for text anywhere, `sort=` with \
     `-` for the largest first, `limit=` and `after=` for pages, `format=` for JSON, CSV or XLSX. \
     Every answer names the record that it shows. Quantities are whole tonnes, prices and money \
     decimal text in the market's currency, moments ISO 8601 in UTC. What is wrong comes as \
     problem details (RFC 9457).";

fn of_kind(kind: Kind) -> ObjectBuilder {
    let text = || ObjectBuilder::new().schema_type(SchemaType::new(Type::String));
    match kind {
        Kind::Record | Kind::Year | Kind::Number | Kind::Count | Kind::Percent | Kind::Tonnes => {
            ObjectBuilder::new().schema_type(SchemaType::new(Type::Integer))
        }
        Kind::Jurisdiction | Kind::Word | Kind::Text => text(),
        Kind::Moment => {
            text().format(Some(utoipa::openapi::SchemaFormat::Custom("date-time".to_owned())))
        }
        Kind::Day => text().format(Some(utoipa::openapi::SchemaFormat::Custom("date".to_owned()))),
        Kind::Money | Kind::Price | Kind::Degrees => text().pattern(Some(r"^-?\d+(\.\d+)?$")),
        Kind::Json => ObjectBuilder::new(),
    }
}

/// The same, or nothing.
fn in_row(column: &Column) -> Schema {
    let mut it = of_kind(column.kind).description(Some(column.about)).build();
    if let SchemaType::Type(known) = &it.schema_type
        && column.kind != Kind::Json
    {
        it.schema_type = SchemaType::from_iter([known.clone(), Type::Null]);
    }
    Schema::Object(it)
}

fn parameter(name: &str, about: &str, schema: ObjectBuilder) -> ParameterBuilder {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(about))
        .schema(Some(Schema::Object(schema.build())))
}

fn of_list(list: &List) -> PathItem {
    let text = || ObjectBuilder::new().schema_type(SchemaType::new(Type::String));
    let mut operation = OperationBuilder::new()
        .operation_id(Some(format!("list_{}", list.name)))
        .summary(Some(list.about))
        .tag("Lists");
    for column in list.columns.iter().filter(|it| it.kind != Kind::Json) {
        operation = operation.parameter(parameter(column.name, column.about, of_kind(column.kind)));
        if !matches!(column.kind, Kind::Jurisdiction | Kind::Word | Kind::Text) {
            for (bound, about) in [("min", "At least this."), ("max", "At most this.")] {
                let name = format!("{}.{bound}", column.name);
                operation = operation.parameter(parameter(&name, about, of_kind(column.kind)));
            }
        }
    }
    let sorts = list.columns.iter().filter(|it| it.kind != Kind::Json);
    let sorts: Vec<Json> =
        sorts.flat_map(|it| [json!(it.name), json!(format!("-{}", it.name))]).collect();
    let whole = ObjectBuilder::new()
        .schema_type(SchemaType::new(Type::Integer))
        .minimum(Some(1))
        .maximum(Some(i32::try_from(PAGE_MAX).unwrap_or(i32::MAX)))
        .default(Some(json!(PAGE)));
    operation = operation
        .parameter(parameter("q", "Text anywhere in the row.", text()))
        .parameter(parameter(
            "sort",
            "The column that orders rows.",
            text().enum_values(Some(sorts)),
        ))
        .parameter(parameter("limit", "Rows of a page.", whole))
        .parameter(parameter("after", "The cursor of the page before.", text()))
        .parameter(parameter(
            "format",
            "json, csv or xlsx; CSV and XLSX hold all rows.",
            text().enum_values(Some([json!("json"), json!("csv"), json!("xlsx")])),
        ));
    let mut row = ObjectBuilder::new();
    for column in list.columns {
        row = row.property(column.name, in_row(column)).required(column.name);
    }
    let rows = ArrayBuilder::new().items(row.build());
    let integer = || ObjectBuilder::new().schema_type(SchemaType::new(Type::Integer));
    let next = text().schema_type(SchemaType::from_iter([Type::String, Type::Null]));
    let page = ObjectBuilder::new()
        .property("list", text())
        .required("list")
        .property("record", integer().description(Some("The record that is shown.")))
        .required("record")
        .property("now", text().description(Some("The market's time after it.")))
        .required("now")
        .property("rows", rows)
        .required("rows")
        .property("next", next.description(Some("The address of the page that follows.")))
        .required("next");
    let content = |schema: Option<RefOr<Schema>>| ContentBuilder::new().schema(schema).build();
    let text_content = || content(Some(RefOr::T(Schema::Object(text().build()))));
    let ok = ResponseBuilder::new()
        .description("The rows.")
        .content("application/json", content(Some(RefOr::T(Schema::Object(page.build())))))
        .content("text/csv", text_content())
        .content(
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            text_content(),
        );
    operation = operation
        .response("200", ok.build())
        .response("400", wrong("What does not fit is named."))
        .response("503", wrong("The lists cannot be read just now."));
    PathItem::new(HttpMethod::Get, operation.build())
}

/// A response that is a problem.
pub fn wrong(about: &str) -> utoipa::openapi::Response {
    let content = ContentBuilder::new()
        .schema(Some(RefOr::<Schema>::Ref(Ref::from_schema_name("Problem"))))
        .build();
    ResponseBuilder::new().description(about).content(super::problem::KIND, content).build()
}

fn problem() -> Schema {
    let text = || ObjectBuilder::new().schema_type(SchemaType::new(Type::String));
    let integer = || ObjectBuilder::new().schema_type(SchemaType::new(Type::Integer));
    let row = ObjectBuilder::new().property("parameter", text()).property("detail", text());
    let refusal = ObjectBuilder::new()
        .property("number", integer().description(Some("The number of the refusal.")))
        .property("text", text().description(Some("What it says.")));
    let it = ObjectBuilder::new()
        .property("type", text())
        .required("type")
        .property("title", text())
        .required("title")
        .property("status", integer())
        .required("status")
        .property("detail", text())
        .property("errors", ArrayBuilder::new().items(row.build()))
        .property("refusals", ArrayBuilder::new().items(refusal.build()));
    Schema::Object(it.build())
}
