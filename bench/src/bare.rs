//! The bare program: axum, sqlx, and the statements that were recorded. No callers, no checks, no
//! types: a reply is the columns of the rows as PostgreSQL wrote them.
//!
//! It reads its [`Plan`] from standard input and tells its address on standard output.

use crate::Failure;
use crate::case::{Case, number_in};
use crate::plan::{Message, Parameter, Plan};
use crate::template::{Template, customer_id};
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
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
            .route("/api/v1/customers", get(list).post(create))
            .route("/api/v1/customers/lookup", post(look_up))
            .route("/api/v1/customers/{id}", get(read))
            .with_state(bare);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        writeln!(io::stdout(), "http://{}", listener.local_addr()?)?;
        let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
            // As the service does; without it nothing is lost but time.
            drop(stream.set_nodelay(true));
        });
        Ok(axum::serve(listener, routes).await?)
    })
}

async fn read(State(bare): State<Shared>, uri: http::Uri) -> Answer {
    bare.answer(Case::Get, uri.path().as_bytes()).await
}

async fn look_up(State(bare): State<Shared>, body: Bytes) -> Answer {
    bare.answer(Case::Email, &body).await
}

async fn list(State(bare): State<Shared>, uri: http::Uri) -> Answer {
    let has_cursor = uri.query().is_some_and(|query| query.contains("cursor="));
    let case = if has_cursor { Case::Next } else { Case::Page };
    bare.answer(case, b"000000000000").await
}

async fn create(State(bare): State<Shared>, body: Bytes) -> Answer {
    bare.answer(Case::Create, &body).await
}

type Shared = Arc<Bare>;
type Answer = Result<Response, Response>;

/// The recorded statements and connections to send them on.
struct Bare {
    cases: BTreeMap<Case, Vec<Step>>,
    free: Semaphore,
    idle: Mutex<Vec<PgConnection>>,
}

/// A message, ready to be sent often.
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

    async fn answer(&self, case: Case, about: &[u8]) -> Answer {
        let n = number_in(about).ok_or_else(|| failed(400, "no number in it"))?;
        let rows = self
            .run(case, n)
            .await
            .map_err(|error| failed(500, &error.to_string()))?;
        let body = match case {
            Case::Create => created(n, about),
            Case::Get | Case::Email if rows.is_empty() => return Err(failed(404, "no such row")),
            Case::Get | Case::Email | Case::Page | Case::Next => {
                json(&rows).map_err(|error| failed(500, &error.to_string()))?
            }
        };
        Ok(response(case.status(), body.into()))
    }

    /// Sends the messages of a case one after the other. A connection on which one fails is not
    /// used again.
    async fn run(&self, case: Case, n: u64) -> Result<Vec<PgRow>, Failure> {
        let _place = self.free.acquire().await?;
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let mut connection = idle().pop().ok_or("every connection has failed")?;
        let mut rows = Vec::new();
        for step in self.cases.get(&case).into_iter().flatten() {
            rows.extend(step.send(n, &mut connection).await?);
        }
        idle().push(connection);
        Ok(rows)
    }
}

impl Step {
    async fn send(&self, n: u64, connection: &mut PgConnection) -> Result<Vec<PgRow>, Failure> {
        match self {
            Self::Simple(template) => {
                let text = String::from_utf8(template.fill(n))?;
                Ok(sqlx::raw_sql(AssertSqlSafe(text))
                    .fetch_all(connection)
                    .await?)
            }
            Self::Prepared(text, parameters) => {
                let mut arguments = PgArguments::default();
                for parameter in parameters {
                    arguments.add(Raw::of(parameter, n))?;
                }
                let query = sqlx::query_with(AssertSqlSafe(Arc::clone(text)), arguments);
                Ok(query.fetch_all(connection).await?)
            }
        }
    }
}

/// A parameter in PostgreSQL's own binary form.
pub(crate) struct Raw {
    oid: Oid,
    value: Option<Vec<u8>>,
}

impl Raw {
    /// A recorded parameter for customer `n`.
    pub(crate) fn of(parameter: &Parameter, n: u64) -> Self {
        Self {
            oid: Oid(parameter.oid),
            value: parameter.value.as_ref().map(|template| template.fill(n)),
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

/// Rows in text form as an array of objects of strings.
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

/// What was sent, with the id that it got.
fn created(n: u64, sent: &[u8]) -> Vec<u8> {
    let mut body = format!(r#"{{"id":"{}","customer":"#, customer_id(n)).into_bytes();
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
