//! The bare program: axum, sqlx and the recorded statements. It does not authenticate callers,
//! validate anything or build domain types: a reply is the columns of the rows as PostgreSQL wrote
//! them.
//!
//! It reads its [`Plan`] from standard input and writes its address to standard output.

use crate::Failure;
use crate::case::{CASE_HEADER, Case, SEEDED, Subject, number_in};
use crate::plan::{Message, Parameter, Plan};
use crate::template::{About, Template, id};
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
use clap::ValueEnum;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgArguments, PgConnectOptions, PgRow, PgTypeInfo};
use sqlx::{
    Arguments, AssertSqlSafe, Column, ConnectOptions, Encode, PgConnection, Postgres, Row, Type,
};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// Serves until it is killed.
pub(crate) fn serve() -> Result<(), Failure> {
    let plan: Plan = serde_json::from_reader(io::stdin())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let bare = Arc::new(Bare::new(plan).await?);
        let routes = Router::new()
            .route("/api/v1/customers", get(answer).post(answer))
            .route("/api/v1/customers/lookup", post(answer))
            .route("/api/v1/customers/{id}", get(answer).patch(answer))
            .route("/api/v1/customers/{id}/addresses", post(answer))
            .with_state(bare);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        writeln!(io::stdout(), "http://{}", listener.local_addr()?)?;
        let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
            // Set as the service sets it; if it fails, only speed is lost.
            drop(stream.set_nodelay(true));
        });
        Ok(axum::serve(listener, routes).await?)
    })
}

/// Answers a request: a header names its case, the path and the body contain its numbers.
async fn answer(
    State(bare): State<Shared>,
    uri: http::Uri,
    headers: http::HeaderMap,
    body: Bytes,
) -> Answer {
    let number = headers.get(CASE_HEADER).and_then(|case| case.to_str().ok());
    let case = number.and_then(|number| Case::value_variants().get(number.parse::<usize>().ok()?));
    let case = *case.ok_or_else(|| failed(400, "a request of no case"))?;
    let (of_path, of_body) = (number_in(uri.path().as_bytes()), number_in(&body));
    let customer = of_path.or(of_body).unwrap_or(SEEDED);
    let serial = of_body.unwrap_or(customer);
    bare.answer(case, About { customer, serial }, &body).await
}

type Shared = Arc<Bare>;
type Answer = Result<Response, Response>;

/// The recorded statements and connections to send them on.
struct Bare {
    cases: BTreeMap<Case, Vec<Step>>,
    free: Semaphore,
    idle: Mutex<Vec<PgConnection>>,
}

/// A message to PostgreSQL, prepared to be sent many times.
enum Step {
    Simple(Template),
    Prepared(Arc<str>, Vec<Parameter>),
}

impl Bare {
    async fn new(plan: Plan) -> Result<Self, Failure> {
        let options: PgConnectOptions = plan.url.parse()?;
        let options = options.options(plan.settings).disable_statement_logging();
        let mut idle = Vec::new();
        for _ in 0..plan.connections {
            let mut connection = options.connect().await?;
            for text in &plan.prepare {
                let prepare = sqlx::raw_sql(AssertSqlSafe(text.as_str()));
                prepare.execute(&mut connection).await?;
            }
            idle.push(connection);
        }
        let step = |message| match message {
            Message::Simple(template) => Step::Simple(template),
            Message::Prepared { text, parameters } => Step::Prepared(text.into(), parameters),
        };
        let cases = plan.cases.into_iter();
        Ok(Self {
            cases: cases
                .map(|(case, messages)| (case, messages.into_iter().map(step).collect()))
                .collect(),
            free: Semaphore::new(idle.len()),
            idle: Mutex::new(idle),
        })
    }

    async fn answer(&self, case: Case, about: About, sent: &[u8]) -> Answer {
        let rows = self
            .run(case, about)
            .await
            .map_err(|error| failed(500, &error.to_string()))?;
        let body = match case.subject() {
            Subject::Newcomer | Subject::EachInTurn => created(about, sent),
            Subject::Anybody if rows.is_empty() => return Err(failed(404, "no such row")),
            Subject::Anybody | Subject::Nobody => {
                json(&rows).map_err(|error| failed(500, &error.to_string()))?
            }
        };
        Ok(response(case.status(), body.into()))
    }

    /// Sends the messages of a case one after the other. A connection on which one fails is not
    /// reused.
    async fn run(&self, case: Case, about: About) -> Result<Vec<PgRow>, Failure> {
        let _place = self.free.acquire().await?;
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let mut connection = idle().pop().ok_or("every connection has failed")?;
        let mut rows = Vec::new();
        for step in self.cases.get(&case).into_iter().flatten() {
            rows.extend(step.send(about, &mut connection).await?);
        }
        idle().push(connection);
        Ok(rows)
    }
}

impl Step {
    async fn send(
        &self,
        about: About,
        connection: &mut PgConnection,
    ) -> Result<Vec<PgRow>, Failure> {
        match self {
            Self::Simple(template) => {
                let text = String::from_utf8(template.fill(about))?;
                Ok(sqlx::raw_sql(AssertSqlSafe(text))
                    .fetch_all(connection)
                    .await?)
            }
            Self::Prepared(text, parameters) => {
                let mut arguments = PgArguments::default();
                for parameter in parameters {
                    arguments.add(Raw::of(parameter, about))?;
                }
                let query = sqlx::query_with(AssertSqlSafe(Arc::clone(text)), arguments);
                Ok(query.fetch_all(connection).await?)
            }
        }
    }
}

/// A parameter in PostgreSQL's binary form.
pub(crate) struct Raw {
    oid: Oid,
    value: Option<Vec<u8>>,
}

impl Raw {
    /// Returns a recorded parameter, filled in for another request.
    pub(crate) fn of(parameter: &Parameter, about: About) -> Self {
        Self {
            oid: Oid(parameter.oid),
            value: parameter
                .value
                .as_ref()
                .map(|template| template.fill(about)),
        }
    }
}

impl Type<Postgres> for Raw {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_name("bytea")
    }
}

impl Encode<'_, Postgres> for Raw {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let Some(value) = &self.value else {
            return Ok(IsNull::Yes);
        };
        buffer.extend_from_slice(value);
        Ok(IsNull::No)
    }

    fn produces(&self) -> Option<PgTypeInfo> {
        Some(PgTypeInfo::with_oid(self.oid))
    }

    fn size_hint(&self) -> usize {
        self.value.as_ref().map_or(0, Vec::len)
    }
}

/// Formats rows in text form as a JSON array of objects of strings.
fn json(rows: &[PgRow]) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::with_capacity(1536 * rows.len().max(1));
    let mut comma: &[u8] = b"[";
    for row in rows {
        body.extend_from_slice(comma);
        body.push(b'{');
        for (at, column) in row.columns().iter().enumerate() {
            if at > 0 {
                body.push(b',');
            }
            serde_json::to_writer(&mut body, column.name())?;
            body.push(b':');
            let value = row.try_get_raw(at)?;
            let text = value.as_str().ok();
            serde_json::to_writer(&mut body, &text)?;
        }
        body.push(b'}');
        comma = b",";
    }
    body.push(b']');
    Ok(body)
}

/// Returns the body that was sent, together with the new id.
fn created(about: About, sent: &[u8]) -> Vec<u8> {
    let mut body = format!(r#"{{"id":"{}","sent":"#, id(0, about.serial)).into_bytes();
    body.extend_from_slice(sent);
    body.push(b'}');
    body
}

fn failed(status: u16, reason: &str) -> Response {
    crate::say(&format!("bare program: {reason}"));
    response(status, Body::from(reason.to_owned()))
}

fn response(status: u16, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status.try_into().unwrap_or_default();
    let json = http::HeaderValue::from_static("application/json");
    response
        .headers_mut()
        .insert(http::header::CONTENT_TYPE, json);
    response
}
