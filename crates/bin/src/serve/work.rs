//! `customer-service work`: the background jobs alone, with their health if a port is configured.

use super::listeners::Listeners;
use super::start_lines::WorkLines;
use super::{DRAIN, Recorded, connect, http_settings, timeouts, warn_of};
use crate::config::Config;
use crate::database::Database;
use crate::failure::{Failure, Stopped};
use crate::secrets::{OtherSecrets, Secrets};
use crate::wire;
use customer_app::job::ScheduledJob;
use customer_http::health::Health;
use customer_local::UuidV7Ids;
use customer_postgres::Postgres;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Runs the jobs until `stop` is cancelled; every part that was started is stopped, even when a
/// later one fails to start.
pub(crate) async fn run(
    config: Config,
    not_built: Vec<&'static str>,
    on_other: OtherSecrets,
    stop: CancellationToken,
) -> Result<(), Failure> {
    let listeners = Listeners::bind_for_work(&config).await?;
    warn_of(&not_built);
    let database = match Database::open(&config, &stop).await {
        Err(error) if error.is::<Stopped>() => return Ok(()),
        opened => opened?,
    };
    let worked = on_database(&config, &database, listeners, (on_other, &stop)).await;
    database.close(worked).await
}

async fn on_database(
    config: &Config,
    database: &Database,
    listeners: Listeners,
    (on_other, stop): (OtherSecrets, &CancellationToken),
) -> Result<(), Failure> {
    let started = stop.run_until_cancelled(connect(config, database, on_other));
    let started = started.await;
    let Some((postgres, secrets)) = started.transpose()? else {
        return Ok(());
    };
    let worked = work(config, database, (&postgres, &secrets), listeners, stop).await;
    postgres.close().await;
    worked
}

async fn work(
    config: &Config,
    database: &Database,
    (postgres, secrets): (&Postgres, &Secrets),
    listeners: Listeners,
    stop: &CancellationToken,
) -> Result<(), Failure> {
    let addresses = listeners.addresses()?;
    let settings = http_settings(config, Arc::new(UuidV7Ids))?;
    let recorded = Recorded::new(config, postgres, &listeners, &settings)?;
    let health = Health {
        store: secrets.health(postgres),
        jobs: postgres.jobs(),
        metrics: recorded.beside.clone(),
        stopping: stop.clone(),
    };
    let router = customer_http::health_router(health, settings);
    let jobs = wire::jobs(config, postgres, secrets);
    WorkLines {
        config,
        database: database.note(),
        addresses,
        jobs: jobs.jobs.iter().map(ScheduledJob::name).collect(),
    }
    .show();

    let tasks = TaskTracker::new();
    let metrics_routes = recorded.start(postgres, &tasks, stop);
    let stopped = stop.clone().cancelled_owned();
    tasks.spawn(jobs.run(stopped));
    let served = listeners
        .serve(router, metrics_routes, stop, DRAIN, timeouts(config))
        .await;
    if served.is_ok() {
        // Without a listener, nothing else waits for the signal.
        stop.cancelled().await;
    }
    stop.cancel();
    tasks.close();
    tasks.wait().await;
    served
}
