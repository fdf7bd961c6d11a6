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
        paths = paths.path(format!("/api/v1/{}", list.name), listed(of_list(list)));
    }
    for list in lists::own::ALL {
        let security = utoipa::openapi::security::SecurityRequirement::new::<_, [&str; 0], &str>;
        let own = of_list(list)
            .security(security("reading_key", []))
            .response("401", wrong("No key that reads is given."))
            .response("403", wrong("The key's person reads nothing now."));
        paths = paths.path(format!("/api/v1/{}", list.name), listed(own));
    }
    for (path, item) in files() {
        paths = paths.path(path, listed(item));
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

const ABOUT: &str = "Lists of what is public, lists of one's own, and commands for machines. Lists \
     take a filter for each column (`column=`, `column.min=`, `column.max=`), `q=` for text \
     anywhere, `sort=` with `-` for the largest first, `limit=` and `after=` for pages, `format=` \
     for JSON, CSV or XLSX. Every answer names the record that it shows. Quantities are whole \
     units: of allowances and credits a tonne each, of certificates a quantum of energy; energy is \
     whole watt-hours, prices and money decimal text in the market's currency, moments ISO 8601 in \
     UTC. What is wrong comes as problem details (RFC 9457).";

fn of_kind(kind: Kind) -> ObjectBuilder {
    let text = || ObjectBuilder::new().schema_type(SchemaType::new(Type::String));
    match kind {
        Kind::Record
        | Kind::Year
        | Kind::Number
        | Kind::Count
        | Kind::Percent
        | Kind::Tonnes
        | Kind::Units
        | Kind::Energy
        | Kind::Power => ObjectBuilder::new().schema_type(SchemaType::new(Type::Integer)),
        Kind::Jurisdiction | Kind::Word | Kind::Text => text(),
        Kind::Moment => {
            text().format(Some(utoipa::openapi::SchemaFormat::Custom("date-time".to_owned())))
        }
        Kind::Day => text().format(Some(utoipa::openapi::SchemaFormat::Custom("date".to_owned()))),
        Kind::Money | Kind::Price | Kind::UnitPrice | Kind::Degrees => {
            text().pattern(Some(r"^-?\d+(\.\d+)?$"))
        }
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

fn listed(operation: OperationBuilder) -> PathItem {
    PathItem::new(HttpMethod::Get, operation.build())
}

/// Files beside the lists: a calendar, the bids of an auction, a simulated scenario.
fn files() -> [(&'static str, OperationBuilder); 3] {
    let text = || ObjectBuilder::new().schema_type(SchemaType::new(Type::String));
    let content = || {
        let schema = RefOr::T(Schema::Object(text().build()));
        ContentBuilder::new().schema(Some(schema)).build()
    };
    let file = |id: &str, about: &str| {
        OperationBuilder::new().operation_id(Some(id)).summary(Some(about)).tag("Files")
    };
    let ok = |kind: &str| ResponseBuilder::new().description("The file.").content(kind, content());
    let auction = ParameterBuilder::new()
        .name("auction")
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some("The auction's number."))
        .schema(Some(Schema::Object(of_kind(Kind::Number).build())));
    let simulated = ResponseBuilder::new()
        .description("The figures, year by year.")
        .content("application/json", ContentBuilder::new().schema(Some(simulation())).build())
        .content("text/csv", content())
        .content("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", content());
    let formats = [json!("json"), json!("csv"), json!("xlsx")];
    [
        (
            "/api/v1/dates.ics",
            file("calendar", "The dates of the market as a calendar (RFC 5545).")
                .response("200", ok("text/calendar").build())
                .response("503", wrong("The lists cannot be read just now.")),
        ),
        (
            "/api/v1/auctions/{auction}/bids.csv",
            file("bids_of_auction", "The bids of a cleared auction, added up by price.")
                .parameter(auction)
                .response("200", ok("text/csv").build())
                .response("404", wrong("There is no such auction, or it is not cleared."))
                .response("503", wrong("The lists cannot be read just now.")),
        ),
        (
            "/api/v1/simulation",
            file("simulation", "The policy in force as the model sees it, changed or not.")
                .description(Some(SIMULATION))
                .parameter(parameter(
                    "format",
                    "How it is sent.",
                    text().enum_values(Some(formats)),
                ))
                .response("200", simulated.build())
                .response("400", wrong("What does not fit is named."))
                .response("404", wrong("No policy is at hand to be simulated."))
                .response("503", wrong("Many ask for it just now.")),
        ),
    ]
}

const SIMULATION: &str = "Beside the format it takes the parameters of the simulator's page: what \
     the page's address holds once something is moved.";

fn simulation() -> Schema {
    let text = || ObjectBuilder::new().schema_type(SchemaType::new(Type::String));
    let texts = || ArrayBuilder::new().items(RefOr::T(Schema::Object(text().build())));
    let row = ObjectBuilder::new()
        .property("jurisdiction", text())
        .required("jurisdiction")
        .property("year", of_kind(Kind::Year))
        .required("year");
    let it = ObjectBuilder::new()
        .property("policy", text().description(Some("SHA-256 of the policy's file.")))
        .required("policy")
        .property("set", texts().build())
        .property("currency", text())
        .required("currency")
        .property("rows", ArrayBuilder::new().items(row.build()))
        .required("rows")
        .property("warnings", texts().build());
    Schema::Object(it.build())
}

fn of_list(list: &List) -> OperationBuilder {
    let text = || ObjectBuilder::new().schema_type(SchemaType::new(Type::String));
    let mut operation = OperationBuilder::new()
        .operation_id(Some(format!("list_{}", list.name.replace('/', "_"))))
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
    operation
        .response("200", ok.build())
        .response("400", wrong("What does not fit is named."))
        .response("503", wrong("The lists cannot be read just now."))
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
