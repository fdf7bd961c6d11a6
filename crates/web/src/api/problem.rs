//! What is wrong, as problem details (RFC 9457).

use crate::asked::Failure;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use karvan_views::list::Unfit;
use karvan_views::lists;
use serde_json::{Value as Json, json};

/// The media type.
pub const KIND: &str = "application/problem+json";

/// A problem.
#[derive(Debug)]
pub struct Problem {
    /// The status.
    pub status: StatusCode,
    /// What is wrong, in a sentence.
    pub title: String,
    /// More: the numbers of refusals, what each parameter lacks.
    pub more: Json,
}

impl Problem {
    /// A problem with nothing more to say.
    pub fn new(status: StatusCode, title: impl Into<String>) -> Self {
        Self { status, title: title.into(), more: Json::Null }
    }

    /// The same, with more to say.
    pub fn with(self, more: Json) -> Self {
        Self { more, ..self }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status.as_u16();
        let mut body = json!({ "type": "about:blank", "title": self.title, "status": status });
        if let (Json::Object(body), Json::Object(more)) = (&mut body, self.more) {
            body.extend(more);
        }
        let mut response = (self.status, body.to_string()).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(KIND));
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

impl From<Failure> for Problem {
    fn from(it: Failure) -> Self {
        match it {
            Failure::NotFound => {
                let all: Vec<&str> = lists::ALL.iter().map(|it| it.name).collect();
                Self::new(StatusCode::NOT_FOUND, "There is no such list.")
                    .with(json!({ "lists": all }))
            }
            Failure::Unfit(wrong) => {
                let row = |it: &Unfit| json!({ "parameter": it.parameter, "detail": it.why });
                let errors: Vec<Json> = wrong.iter().map(row).collect();
                Self::new(StatusCode::BAD_REQUEST, "The request does not fit the list.")
                    .with(json!({ "errors": errors }))
            }
            Failure::Busy => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "Many ask for this just now; try again.")
            }
            Failure::Sql(why) => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "The lists cannot be read just now. Nothing was changed; try again.",
            )
            .with(json!({ "detail": why.why })),
        }
    }
}
