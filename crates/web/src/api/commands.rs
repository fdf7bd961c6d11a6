//! Commands: `POST /api/v1/<form>`, signed, each with an idempotency key; many orders at once; and
//! what became of a command.

use super::forms::{self, Field, Form, Kind, Mistake, Need};
use super::keys::Known;
use super::openapi::wrong;
use super::problem::Problem;
use super::signed;
use crate::app::{App, Shared};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{OriginalUri, Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use karvan_core::Refusals;
use karvan_core::authority::Approval;
use karvan_core::proposal::propose::Propose;
use karvan_engine::queue::NotQueued;
use karvan_engine::{Answer, CommandId, Submission};
use serde_json::{Value as Json, json};
use std::sync::Arc;
use utoipa::openapi::path::{OperationBuilder, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, HttpMethod, RefOr, Required, ResponseBuilder, Schema,
};

/// The routes.
pub fn router() -> Router<Shared> {
    routes("/api/v1/commands", take).route("/api/v1/commands/{id}", get(became))
}

/// A signed request, as it came.
pub struct Handed {
    /// What it hands in.
    pub form: &'static Form,
    path: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Handed {
    /// Who signed it, the id it gives, and its body.
    pub fn read(&self, app: &App) -> Result<(Arc<Known>, CommandId, Json), Problem> {
        let request = signed::Request {
            name: app.settings.name.as_deref(),
            method: "POST",
            path: &self.path,
            headers: &self.headers,
            body: &self.body,
        };
        let key = signed::key(&app.keys, request)?;
        let id = signed::id(&self.headers)?;
        let body = serde_json::from_slice(&self.body).map_err(|error| {
            Problem::new(StatusCode::BAD_REQUEST, format!("The body is no JSON: {error}."))
        })?;
        Ok((key, id, body))
    }
}

/// A route for each form, below a path.
pub fn routes<F>(below: &str, take: fn(Shared, Handed) -> F) -> Router<Shared>
where
    F: Future<Output = Result<Response, Problem>> + Send + 'static,
{
    forms::all().fold(Router::new(), |router, form| {
        let ask = move |State(app): State<Shared>,
                        uri: OriginalUri,
                        headers: HeaderMap,
                        body: Bytes| async move {
            let handed = Handed { form, path: uri.path().to_owned(), headers, body };
            take(app, handed).await.unwrap_or_else(IntoResponse::into_response)
        };
        router.route(&format!("{below}/{}", form.path), post(ask))
    })
}

async fn take(app: Shared, it: Handed) -> Result<Response, Problem> {
    let (key, id, body) = it.read(&app)?;
    let parsed = {
        let state = app.follower.read();
        it.form.parse(&body, &state)
    };
    let command = parsed.map_err(|all| mistakes(&all))?;
    let submission = Submission { id, actor: key.person, command };
    let answer = decided(&app, vec![submission]).await?.pop();
    answered(id, answer.unwrap_or_else(gone))
}

fn gone() -> Answer {
    Answer::Unavailable("the market closes down".to_owned())
}

/// The refusal of what takes a second person.
const NEEDS_SECOND: u16 = 111;

/// Hands commands in and waits for their answers. What takes a second person is proposed then, with
/// the same id: so a request that is sent again is the same command, whatever changed meanwhile.
pub async fn decided(app: &App, commands: Vec<Submission>) -> Result<Vec<Answer>, Problem> {
    let may_take_two = |it: &Submission| it.command.approval() != Approval::One;
    let two: Vec<(usize, Submission)> = (0..)
        .zip(&commands)
        .filter(|(_, it)| may_take_two(it))
        .map(|(place, it)| (place, it.clone()))
        .collect();
    let mut answers = handed_in(app, commands).await?;
    let is_open = |it: &Answer| match it {
        Answer::Refused(why) => why.list().iter().any(|it| it.number() == NEEDS_SECOND),
        Answer::Conflict { .. } => true,
        Answer::Accepted { .. }
        | Answer::TooOld
        | Answer::FromTheFuture
        | Answer::Reserved
        | Answer::Unavailable(_) => false,
    };
    let (mut places, mut proposed) = (Vec::new(), Vec::new());
    for (place, it) in two {
        if answers.get(place).is_some_and(is_open) {
            let command = Propose { command: Box::new(it.command) }.into();
            proposed.push(Submission { command, ..it });
            places.push(place);
        }
    }
    if !proposed.is_empty() {
        let told = handed_in(app, proposed).await?;
        for (answer, place) in told.into_iter().zip(places) {
            if let Some(first) = answers.get_mut(place) {
                *first = answer;
            }
        }
    }
    Ok(answers)
}

async fn handed_in(app: &App, commands: Vec<Submission>) -> Result<Vec<Answer>, Problem> {
    let waiting = app.desk.submit(&app.engine, commands).map_err(not_queued)?;
    let mut answers = Vec::with_capacity(waiting.len());
    for it in waiting {
        answers.push(it.await.unwrap_or_else(|_| gone()));
    }
    Ok(answers)
}

fn mistakes(all: &[Mistake]) -> Problem {
    let row = |it: &Mistake| json!({ "parameter": it.field, "detail": it.why });
    let errors: Vec<Json> = all.iter().map(row).collect();
    Problem::new(StatusCode::BAD_REQUEST, "The request does not fit the command.")
        .with(json!({ "errors": errors }))
}

/// Why a command was not taken into the queue.
pub fn not_queued(why: NotQueued) -> Problem {
    match why {
        NotQueued::Full => Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "Too many commands wait. Nothing was decided; send it again later, with the same key.",
        ),
        NotQueued::Closed => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "The market closes down. Nothing was decided; send it again later, with the same key.",
        ),
    }
}

fn answered(id: CommandId, answer: Answer) -> Result<Response, Problem> {
    let Answer::Accepted { position } = answer else { return Err(unanswered(answer)) };
    let body = json!({ "record": position, "command": id.to_string() });
    let mut response = (StatusCode::CREATED, body.to_string()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert("karvan-record", HeaderValue::from(position));
    Ok(response)
}

/// What a row of a batch says that is no record.
pub fn refusal(answer: Answer) -> Json {
    let it = unanswered(answer);
    let mut row = json!({ "status": it.status.as_u16(), "title": it.title });
    if let (Json::Object(row), Json::Object(more)) = (&mut row, it.more) {
        row.extend(more);
    }
    row
}

/// Why a command is no record.
fn unanswered(answer: Answer) -> Problem {
    let conflict = |title: &str| Problem::new(StatusCode::CONFLICT, title);
    match answer {
        Answer::Accepted { position } => {
            conflict("It is a record.").with(json!({ "record": position }))
        }
        Answer::Refused(refusals) => refused(&refusals),
        Answer::Conflict { position } => {
            let title = "This Idempotency-Key was used for another command.";
            conflict(title).with(json!({ "record": position }))
        }
        Answer::TooOld => conflict(
            "This Idempotency-Key is too old. Nothing was executed now; ask what became of it.",
        ),
        Answer::FromTheFuture => conflict(
            "This Idempotency-Key was made after the market's time. Take the time of any answer.",
        ),
        Answer::Reserved => conflict("This Idempotency-Key is the market's own. Choose another."),
        Answer::Unavailable(why) => {
            let title = "The market takes no commands just now. Nothing was decided; try again.";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, title).with(json!({ "detail": why }))
        }
    }
}

/// The market says no: with the number and the text of each refusal.
fn refused(refusals: &Refusals) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "The market says no.").with(numbered(refusals))
}

/// Refusals, with their numbers.
pub fn numbered(refusals: &Refusals) -> Json {
    let all = refusals.list().iter();
    let all = all.map(|it| json!({ "number": it.number(), "text": it.to_string() }));
    json!({ "detail": refusals.to_string(), "refusals": all.collect::<Vec<Json>>() })
}

/// What became of a command, however long ago.
async fn became(State(app): State<Shared>, Path(id): Path<String>) -> Response {
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert("idempotency-key", value);
    }
    let id = match signed::id(&headers) {
        Ok(it) => it,
        Err(problem) => return problem.into_response(),
    };
    let found = tokio::task::spawn_blocking(move || app.engine.what_became_of(id)).await;
    match found {
        Ok(Ok(Some(position))) => {
            let body = json!({ "record": position, "command": id.to_string() });
            ([(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
        }
        Ok(Ok(None)) => {
            let title = "No record came of this command: it was refused, or never arrived.";
            Problem::new(StatusCode::NOT_FOUND, title).into_response()
        }
        Ok(Err(_)) | Err(_) => {
            let title = "The journal cannot be read just now; try again.";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, title).into_response()
        }
    }
}

/// The paths of the document.
pub fn paths() -> Vec<(String, PathItem)> {
    let one = |it: &Form| (format!("/api/v1/commands/{}", it.path), of_form(it));
    let many = |it: &Form| (format!("/api/v1/batch/{}", it.path), of_batch(it));
    let mut all: Vec<(String, PathItem)> =
        forms::all().flat_map(|it| [one(it), many(it)]).collect();
    let id = ParameterBuilder::new()
        .name("id")
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some("The command's id: its Idempotency-Key."))
        .schema(Some(Schema::Object(text().build())));
    let became = OperationBuilder::new()
        .operation_id(Some("what_became_of"))
        .summary(Some("Says which record a command became, however long ago."))
        .tag("Commands")
        .parameter(id)
        .response("200", accepted("The record."))
        .response("400", wrong("The id does not fit."))
        .response("404", wrong("No record came of it."))
        .response("503", wrong("The journal cannot be read just now."));
    all.push(("/api/v1/commands/{id}".to_owned(), PathItem::new(HttpMethod::Get, became.build())));
    all
}

/// How requests are signed, for the document.
pub fn components(builder: ComponentsBuilder) -> ComponentsBuilder {
    use utoipa::openapi::security::{
        ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme,
    };
    let about = "An HTTP message signature (RFC 9421) with Ed25519 over @method, @authority, \
                 @path, content-digest and idempotency-key, with created, keyid and alg.";
    let scheme = ApiKeyValue::with_description("Signature", about);
    let reads = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("A key that reads: karvan key new --scope read."));
    builder
        .security_scheme("signature", SecurityScheme::ApiKey(ApiKey::Header(scheme)))
        .security_scheme("reading_key", SecurityScheme::Http(reads.build()))
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::new(Type::String))
}

fn of_field(it: &Field) -> ObjectBuilder {
    let integer = || ObjectBuilder::new().schema_type(SchemaType::new(Type::Integer));
    let schema = match it.kind {
        Kind::Year | Kind::Tonnes | Kind::Number => integer().minimum(Some(0)),
        Kind::Price => text().pattern(Some(r"^\d+(\.\d{1,2})?$")),
        Kind::Hash => text().pattern(Some("^[0-9a-f]{64}$")),
        Kind::Decimal => text().pattern(Some(r"^-?\d+(\.\d+)?$")),
        Kind::Day => text().format(Some(utoipa::openapi::SchemaFormat::Custom("date".to_owned()))),
        Kind::Label => text().pattern(Some("^[!-~]{1,24}$")),
        Kind::Choice([])
        | Kind::Jurisdiction
        | Kind::Account
        | Kind::Installation
        | Kind::Product
        | Kind::Site
        | Kind::Text => text(),
        Kind::Choice(all) => text().enum_values(Some(all.iter().map(|it| json!(it)))),
    };
    schema.description(Some(it.about))
}

fn accepted(about: &str) -> utoipa::openapi::Response {
    let record = ObjectBuilder::new().schema_type(SchemaType::new(Type::Integer));
    let body = ObjectBuilder::new()
        .property("record", record.description(Some("The record, on disk.")))
        .required("record")
        .property("command", text().description(Some("The command's id.")))
        .required("command");
    let content =
        ContentBuilder::new().schema(Some(RefOr::T(Schema::Object(body.build())))).build();
    ResponseBuilder::new().description(about).content("application/json", content).build()
}

/// The fields of a form.
fn of_fields(form: &Form) -> Schema {
    let mut body = ObjectBuilder::new();
    for field in form.fields {
        body = body.property(field.name, of_field(field));
        if field.required == Need::Required {
            body = body.required(field.name);
        }
    }
    Schema::Object(body.build())
}

/// A signed request, with how it may be answered beside what is asked for.
fn signed_request(id: String, about: &str, body: Schema) -> OperationBuilder {
    let content = ContentBuilder::new().schema(Some(RefOr::T(body))).build();
    let request = RequestBodyBuilder::new()
        .content("application/json", content)
        .required(Some(Required::True));
    let security = utoipa::openapi::security::SecurityRequirement::new::<_, [&str; 0], &str>;
    let mut operation = OperationBuilder::new()
        .operation_id(Some(id))
        .summary(Some(about))
        .tag("Commands")
        .request_body(Some(request.build()))
        .security(security("signature", []));
    let headers = [
        ("Idempotency-Key", "A UUID of version 7, made by the market's clock."),
        ("Content-Digest", "sha-256 of the body (RFC 9530)."),
        ("Signature-Input", "What is signed, when, and by which key (RFC 9421)."),
        ("Signature", "The signature."),
    ];
    for (name, about) in headers {
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Header)
            .required(Required::True)
            .description(Some(about))
            .schema(Some(Schema::Object(text().build())));
        operation = operation.parameter(parameter);
    }
    operation
        .response("400", wrong("What does not fit is named."))
        .response("401", wrong("The request is not signed as it must be."))
        .response("408", wrong("The body did not come in time."))
        .response("413", wrong("The body is too large."))
        .response("421", wrong("The request was signed for another market."))
        .response("429", wrong("Too many commands wait."))
        .response("503", wrong("The market takes no commands just now."))
}

fn of_form(form: &Form) -> PathItem {
    let operation = signed_request(form.path.replace(['/', '-'], "_"), form.about, of_fields(form))
        .response("201", accepted("The command is a record, on disk."))
        .response("409", wrong("The key was used, or is not of this time."))
        .response("422", wrong("The market says no, with the numbers of its refusals."));
    PathItem::new(HttpMethod::Post, operation.build())
}

/// The same, many at once.
fn of_batch(form: &Form) -> PathItem {
    let integer = || ObjectBuilder::new().schema_type(SchemaType::new(Type::Integer));
    let rows = ArrayBuilder::new()
        .items(RefOr::T(of_fields(form)))
        .min_items(Some(1))
        .max_items(Some(super::batch::ROWS_MAX));
    let row = ObjectBuilder::new()
        .property("record", integer().description(Some("The record, on disk.")))
        .property("status", integer().description(Some("Where it is none: the status.")))
        .property("title", text().description(Some("Why it is none.")));
    let answer = ObjectBuilder::new()
        .property("rows", ArrayBuilder::new().items(row.build()).build())
        .required("rows");
    let content = ContentBuilder::new().schema(Some(RefOr::T(Schema::Object(answer.build()))));
    let ok = ResponseBuilder::new()
        .description("What became of each row, in their order.")
        .content("application/json", content.build());
    let about = format!("{} Many at once: each row is a command by itself.", form.about);
    let id = format!("batch_{}", form.path.replace(['/', '-'], "_"));
    let operation =
        signed_request(id, &about, Schema::Array(rows.build())).response("200", ok.build());
    PathItem::new(HttpMethod::Post, operation.build())
}
