//! Customers for the benchmark, written by the service's own adapter, so that they lie in every
//! table as the service would have put them there. Events and audit entries are left out.

use crate::Failure;
use crate::case::SEEDED;
use crate::database::Database;
use crate::template::{customer_id, email};
use customer_domain::customer::{Email, NewCustomer, Status};
use customer_domain::{Actor, ActorKind, CustomerId, Scope, TenantId, Transactions};
use customer_postgres::{PgSettings, Postgres, ServiceRole};
use customer_testkit::builders::random_customer;
use secrecy::SecretString;
use std::ops::Range;
use uuid::Uuid;

/// Customers in one transaction.
const BATCH: u64 = 500;
/// Transactions at a time.
const WRITERS: u64 = 4;

/// The tenant that the service has made for itself.
pub(crate) async fn tenant(database: &Database) -> Result<(Uuid, String), Failure> {
    let mut connection = database.connect().await?;
    // The schema's owner is bound by row-level security too; the workers see every tenant.
    sqlx::raw_sql("SET ROLE customer_worker")
        .execute(&mut connection)
        .await?;
    let tenants: Vec<(Uuid, String)> = sqlx::query_as("SELECT id, slug::text FROM tenants")
        .fetch_all(&mut connection)
        .await?;
    let only: [_; 1] = tenants
        .try_into()
        .map_err(|_| "not exactly one tenant in a new database")?;
    Ok(only.into_iter().next().ok_or("no tenant")?)
}

/// Writes `count` customers, always the same ones, and tells the planner of them.
pub(crate) async fn customers(
    database: &Database,
    (tenant, slug): &(Uuid, String),
    count: u64,
) -> Result<(), Failure> {
    let settings = |role| PgSettings::new(SecretString::from(database.url()), role);
    let (app, worker) = (settings(ServiceRole::App), settings(ServiceRole::Worker));
    let postgres = Postgres::connect(&app, &worker).await?;
    let transactions = postgres.transactions();
    let scope = Scope {
        tenant: TenantId(*tenant),
        tenant_slug: slug.clone(),
        actor: Actor {
            kind: ActorKind::System,
            id: "bench".to_owned(),
        },
        correlation_id: "bench".to_owned(),
        trace_id: "0".repeat(32),
    };
    let share = count.div_ceil(WRITERS);
    let writers = (0..WRITERS).map(|writer| {
        let part = (writer * share).min(count)..((writer + 1) * share).min(count);
        write(&*transactions, &scope, part)
    });
    futures_util::future::try_join_all(writers).await?;
    postgres.close().await;
    let mut connection = database.connect().await?;
    sqlx::raw_sql("VACUUM ANALYZE")
        .execute(&mut connection)
        .await?;
    Ok(())
}

async fn write(
    transactions: &dyn Transactions,
    scope: &Scope,
    mut numbers: Range<u64>,
) -> Result<(), Failure> {
    while !numbers.is_empty() {
        let mut work = transactions.begin(scope).await?;
        for number in numbers.by_ref().take(usize::try_from(BATCH)?) {
            work.customers()
                .insert(&customer(number, scope.tenant)?)
                .await?;
        }
        work.commit().await?;
    }
    Ok(())
}

/// A customer as any shop might have it, with the names that the benchmark knows it by.
fn customer(number: u64, tenant: TenantId) -> Result<NewCustomer, Failure> {
    let n = SEEDED + number;
    let mut new = random_customer(number);
    new.customer.tenant = tenant;
    new.customer.id = CustomerId(Uuid::parse_str(&customer_id(n))?);
    new.customer.email = Email::parse(&email(n)).map_err(|_| "no e-mail address")?;
    // A deleted customer has given its address away, and could not be found by it.
    if new.customer.is_deleted() {
        new.customer.status = Status::Active;
        new.customer.deleted_at = None;
    }
    Ok(new)
}
