//! Exports every customer, for comparison with PostgreSQL's own `COPY` of the same rows.

use crate::Failure;
use crate::program::Program;
use crate::report::number;
use futures_util::TryStreamExt;
use serde::Serialize;
use sqlx::PgConnection;
use std::fmt::{self, Display, Formatter};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long an export may take.
const EXPORT_TIMEOUT: Duration = Duration::from_mins(30);

/// What the service reads of a customer, for all customers.
const COPY: &str = "COPY (SELECT c.id, c.email, c.email_verified, c.status, c.account_state, c.customer_type, \
     c.group_id, c.first_name, c.last_name, c.registration_source, c.metadata, c.registration_date, \
     c.last_login_at, c.version, c.created_at, c.updated_at, c.deleted_at, \
     c.date_of_birth, c.gender, c.phone, c.avatar_url, c.profile_data, c.phone_verified, \
     c.language, c.currency, c.timezone, c.email_marketing, c.sms_marketing, c.push_notifications, \
     c.order_updates, c.promotional_emails, c.newsletter, c.data_sharing, c.analytics_tracking, \
     c.cookie_consent, c.custom_preferences, array_to_json(c.tags), c.legacy_id, c.external_ids, \
     c.tier, c.segment, c.loyalty_points, c.total_currency, c.total_spent, c.order_count \
     FROM customers c \
     WHERE c.deleted_at IS NULL ORDER BY c.created_at, c.id) TO STDOUT (FORMAT csv)";

/// The format of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    Ndjson,
    Csv,
}

impl Format {
    pub(crate) const ALL: [Self; 2] = [Self::Ndjson, Self::Csv];

    /// Returns the name in paths and in the report.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
        }
    }
}

/// The number of rows received, their size and how long they took.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Flow {
    rows: u64,
    bytes: u64,
    seconds: f64,
}

impl Flow {
    pub(crate) fn rows_per_second(self) -> f64 {
        number(self.rows) / self.seconds
    }

    pub(crate) fn megabytes_per_second(self) -> f64 {
        number(self.bytes) / 1e6 / self.seconds
    }
}

/// One measured export.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Export {
    pub(crate) format: Format,
    pub(crate) service: Flow,
    pub(crate) copy: Flow,
    /// Memory of the service in MiB: before, peak and after.
    pub(crate) memory: Option<[f64; 3]>,
}

impl Export {
    /// Returns the service's rows per second relative to those of `COPY`.
    pub(crate) fn to_copy(self) -> f64 {
        self.service.rows_per_second() / self.copy.rows_per_second()
    }
}

impl Display for Export {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "export as {}: {:.0} rows/s, {:.2} of COPY",
            self.format.name(),
            self.service.rows_per_second(),
            self.to_copy()
        )
    }
}

/// Exports every customer, then copies them with `COPY` on a connection that serves their tenant.
pub(crate) async fn measure(
    service: &Program,
    key: &str,
    format: Format,
    connection: &mut PgConnection,
) -> Result<Export, Failure> {
    service.forget_peak();
    let before = service.memory();
    let received = timeout(EXPORT_TIMEOUT, receive(service.address, key, format)).await;
    let exported = received.map_err(|_| "an export did not end in 30 minutes")??;
    let after = service.memory();
    let copied = copy(connection).await?;
    let headings = u64::from(format == Format::Csv);
    if exported.rows != copied.rows + headings {
        let (sent, stored) = (exported.rows - headings, copied.rows);
        return Err(format!("{sent} customers were exported of {stored}").into());
    }
    let mib = |kib: u64| number(kib) / 1024.0;
    let memory = before.zip(after);
    Ok(Export {
        format,
        service: exported,
        copy: copied,
        memory: memory.map(|(before, after)| [mib(before.now), mib(after.most), mib(after.now)]),
    })
}

async fn receive(target: SocketAddr, key: &str, format: Format) -> Result<Flow, Failure> {
    let mut stream = TcpStream::connect(target).await?;
    let format = format.name();
    let request = format!(
        "GET /api/v1/exports/customers?format={format} HTTP/1.1\r\nHost: bench\r\nX-API-Key: {key}\r\n\
         Connection: close\r\n\r\n"
    );
    let start = Instant::now();
    stream.write_all(request.as_bytes()).await?;
    let mut answer = BufReader::with_capacity(256 * 1024, stream);
    head(&mut answer).await?;
    let (mut rows, mut bytes) = (0, 0);
    let mut chunk = Vec::new();
    loop {
        let size = usize::from_str_radix(line(&mut answer).await?.trim(), 16)?;
        // The data and the line end after it; a chunk without data ends the answer.
        chunk.resize(size + 2, 0);
        answer.read_exact(&mut chunk).await?;
        if size == 0 {
            break;
        }
        bytes += u64::try_from(size)?;
        rows += u64::try_from(chunk[..size].split(|byte| *byte == b'\n').count() - 1)?;
    }
    Ok(Flow {
        rows,
        bytes,
        seconds: start.elapsed().as_secs_f64(),
    })
}

/// Reads the head of an answer; fails unless its status is 200 and its body is chunked.
async fn head(answer: &mut BufReader<TcpStream>) -> Result<(), Failure> {
    let status = line(answer).await?;
    let mut is_chunked = false;
    loop {
        let header = line(answer).await?.to_ascii_lowercase();
        if header.trim().is_empty() {
            break;
        }
        is_chunked |= header.starts_with("transfer-encoding:") && header.contains("chunked");
    }
    if status.split(' ').nth(1) == Some("200") && is_chunked {
        return Ok(());
    }
    let mut body = vec![0; 4096];
    let read = answer.read(&mut body).await?;
    let body = String::from_utf8_lossy(&body[..read]);
    Err(format!("an export was answered {}: {body}", status.trim()).into())
}

async fn line(answer: &mut BufReader<TcpStream>) -> Result<String, Failure> {
    let mut line = String::new();
    if answer.read_line(&mut line).await? == 0 {
        return Err("an export was cut off".into());
    }
    Ok(line)
}

/// Copies the rows with `COPY`; PostgreSQL sends each as a separate message.
async fn copy(connection: &mut PgConnection) -> Result<Flow, Failure> {
    let start = Instant::now();
    let (mut rows, mut bytes) = (0, 0);
    let mut copied = connection.copy_out_raw(COPY).await?;
    while let Some(row) = copied.try_next().await? {
        rows += 1;
        bytes += u64::try_from(row.len())?;
    }
    Ok(Flow {
        rows,
        bytes,
        seconds: start.elapsed().as_secs_f64(),
    })
}
