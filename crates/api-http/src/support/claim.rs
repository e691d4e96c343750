//! What a request claims with its `Idempotency-Key`.

use crate::access::Authorized;
use crate::api::Api;
use crate::http::fault::Fault;
use crate::http::idempotency::idempotency_key;
use chrono::TimeDelta;
use customer_domain::DigestPurpose;
use customer_domain::idempotency::IdempotencyClaim;
use http::HeaderMap;

/// One operation on one record: what a key stands for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Operation<'a> {
    /// Method and path template, the same for all aliases.
    pub(crate) route: &'static str,
    /// The id in the path, or nothing: the same key and body for another record is another
    /// request.
    pub(crate) target: &'a str,
}

/// The claim of a request, if it makes one.
///
/// # Errors
/// A fault when the header is not a key.
pub(crate) fn claim(
    api: &Api,
    by: &Authorized,
    operation: Operation<'_>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Option<IdempotencyClaim>, Fault> {
    let Some(key) = idempotency_key(headers)? else {
        return Ok(None);
    };
    let message = [operation.target.as_bytes(), b"\0", body].concat();
    let now = api.clock.now();
    let retention = TimeDelta::from_std(api.idempotency_retention).unwrap_or(TimeDelta::MAX);
    Ok(Some(IdempotencyClaim {
        caller: by.caller.actor.id.clone(),
        route: operation.route.to_owned(),
        key,
        body_digest: api.digests.digest(DigestPurpose::IdempotentBody, &message),
        now,
        expires_at: now.checked_add_signed(retention).unwrap_or(now),
    }))
}
