//! Customers for the benchmark, by the million: made by the rules of the domain, and written as
//! `COPY` writes, into tables without indexes. Events and audit entries are left out.

mod check;
mod copy;
mod people;
mod rows;
mod schema;

pub(crate) use check::check;
pub(crate) use people::{COMMON_FIRST_NAME, RARE_LAST_NAME, without_other_ids};

use crate::Failure;
use crate::database::{Database, Server};
use customer_domain::TenantId;
use sqlx::Connection;
use uuid::Uuid;

/// The tenant that the service has made for itself.
pub(crate) async fn tenant(database: &Database) -> Result<Uuid, Failure> {
    let mut connection = database.connect().await?;
    // The schema's owner is bound by row-level security too; the workers see every tenant.
    sqlx::raw_sql("SET ROLE customer_worker")
        .execute(&mut connection)
        .await?;
    let tenants: Vec<Uuid> = sqlx::query_scalar("SELECT id FROM tenants")
        .fetch_all(&mut connection)
        .await?;
    let [tenant] = tenants[..] else {
        return Err("not exactly one tenant in a new database".into());
    };
    Ok(tenant)
}

/// Writes `count` customers with two addresses each, always the same ones, and tells the planner
/// of them.
pub(crate) async fn customers(
    server: &Server,
    database: &Database,
    tenant: Uuid,
    count: u64,
) -> Result<(), Failure> {
    server.forgo_durability(true).await?;
    fill(database, tenant, count).await?;
    server.forgo_durability(false).await
}

async fn fill(database: &Database, tenant: Uuid, count: u64) -> Result<(), Failure> {
    let mut connection = database.connect().await?;
    let schema = schema::strip(&mut connection).await?;
    copy::customers(database, TenantId(tenant), count).await?;
    schema.restore(database, &mut connection).await?;
    sqlx::raw_sql("ANALYZE").execute(&mut connection).await?;
    Ok(connection.close().await?)
}

#[cfg(test)]
mod tests {
    use super::people::{Person, person};
    use super::rows::TABLES;
    use super::*;
    use customer_testkit::builders::{context, groups, operator_context, tenant};
    use customer_testkit::pg::TestDatabase;
    use sqlx::{AssertSqlSafe, PgConnection};

    const COUNT: u64 = 120;

    async fn with_tenant() -> TestDatabase {
        let database = TestDatabase::fresh().await;
        let postgres = database.postgres().await;
        let operator = postgres.operator_transactions();
        let mut work = operator.begin(&operator_context()).await.expect("begin");
        let groups = groups(&["retail", "wholesale", "vip"]);
        let inserted = work.tenants().insert(&tenant(), &groups).await;
        inserted.expect("a tenant");
        work.commit().await.expect("commit");
        database
    }

    fn people() -> Vec<Person> {
        let numbers = 0..COUNT;
        let people = numbers.map(|number| person(number, COUNT, tenant().id));
        people.map(|person| person.expect("a person")).collect()
    }

    async fn texts(connection: &mut PgConnection, query: String) -> Vec<String> {
        let texts = sqlx::query_scalar(AssertSqlSafe(query));
        texts.fetch_all(connection).await.expect("rows")
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn customers_lie_in_every_table_as_the_service_would_have_put_them_there() {
        let (written, copied) = (with_tenant().await, with_tenant().await);
        let postgres = written.postgres().await;
        let mut work = postgres
            .transactions()
            .begin(&context())
            .await
            .expect("begin");
        for person in people() {
            work.customers().insert(&person.new).await.expect("insert");
        }
        work.commit().await.expect("commit");
        let database = Database::at(&copied.owner_url()).expect("a URL");
        fill(&database, tenant().id.0, COUNT).await.expect("filled");
        for table in TABLES {
            if table.name == "customer_addresses" {
                continue;
            }
            let rows = format!("SELECT t::text FROM {} t ORDER BY 1", table.name);
            let expected = texts(&mut written.admin().await, rows.clone()).await;
            let found = texts(&mut copied.admin().await, rows).await;
            assert_eq!(found, expected, "{}", table.name);
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn address_books_are_read_as_they_were_made() {
        let copied = with_tenant().await;
        let database = Database::at(&copied.owner_url()).expect("a URL");
        fill(&database, tenant().id.0, COUNT).await.expect("filled");
        let people = people();
        let ids: Vec<_> = people.iter().map(|one| one.new.customer.id).collect();
        let reads = copied.postgres().await.addresses();
        let books = reads.books(&context(), &ids).await.expect("books");
        for person in people {
            let book = &books[&person.new.customer.id];
            assert_eq!(book[..], person.addresses, "{:?}", person.new.customer.id);
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_schema_is_afterwards_what_it_was_before() {
        let copied = with_tenant().await;
        let mut inside = copied.admin().await;
        let parts = "SELECT pg_get_constraintdef(oid) || conname FROM pg_constraint \
             WHERE connamespace = 'public'::regnamespace \
             UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' \
             UNION ALL SELECT relname || relforcerowsecurity FROM pg_class \
             WHERE relnamespace = 'public'::regnamespace ORDER BY 1";
        let before = texts(&mut inside, parts.to_owned()).await;
        let database = Database::at(&copied.owner_url()).expect("a URL");
        fill(&database, tenant().id.0, COUNT).await.expect("filled");
        assert_eq!(texts(&mut inside, parts.to_owned()).await, before);
    }
}
