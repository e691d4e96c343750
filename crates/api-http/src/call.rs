//! Reading a request after its caller was admitted: its tenant, and its content.

pub(crate) mod cursor;

use crate::access::{Admission, RouteState, Target};
use crate::api::Shared;
use crate::code::Code;
use crate::observe::Acting;
use crate::support::params::{ADDRESS_ID, CUSTOMER_ID, in_path};
use axum::body::Body;
use axum::extract::{FromRequest, Request as HttpRequest};
use bytes::Bytes;
use chrono::TimeDelta;
use customer_domain::address::AddressRef;
use customer_domain::customer::CustomerRef;
use customer_domain::idempotency::IdempotencyClaim;
use customer_domain::{Context, DigestPurpose, MAX_USER_AGENT, TenantId};
use http::HeaderMap;
use http::request::Parts;
use http_kit::etag::{IfMatch, expected_version};
use http_kit::extract::{JsonBody, OptionalJsonBody};
use http_kit::fields::Fields;
use http_kit::idempotency::{self, idempotency_key};
use http_kit::normalise::AliasTable;
use http_kit::origin;
use http_kit::problem::{HttpResult, Problem};
use std::mem;
use uuid::Uuid;

/// The query parameter that all routes accept.
const TENANT: &str = "tenant_id";

// A key that a request may have can also be stored.
const _: () = assert!(idempotency::MAX_KEY == customer_domain::idempotency::MAX_KEY);
const _: () = assert!(origin::MAX_USER_AGENT == MAX_USER_AGENT);

/// A request whose caller may do what the route does. Neither its query nor its body has been read.
pub(crate) struct Call {
    api: Shared,
    admission: Admission,
    parts: Parts,
    body: Body,
}

impl FromRequest<RouteState> for Call {
    type Rejection = Problem;

    async fn from_request(request: HttpRequest, state: &RouteState) -> HttpResult<Self> {
        let (mut parts, body) = request.into_parts();
        Ok(Self {
            api: Shared::clone(&state.api),
            admission: Admission::new(&mut parts, &state.api.access, &state.callers).await?,
            parts,
            body,
        })
    }
}

impl Call {
    /// Opens a request without a body: its fields are those of the query. If the caller may not act
    /// in the tenant, fails with `missing`, as for an id that does not exist.
    pub(crate) async fn query(self, missing: Code) -> HttpResult<Request> {
        self.open(None, missing).await
    }

    /// Opens a request with a JSON body, whose members may be spelled according to `aliases`.
    pub(crate) async fn body(mut self, aliases: &AliasTable, missing: Code) -> HttpResult<Request> {
        let body = JsonBody::read(&self.parts, mem::take(&mut self.body)).await?;
        let content = (body.bytes.clone(), body.fields(aliases));
        self.open(Some(content), missing).await
    }

    /// Opens a request whose JSON body may be absent.
    pub(crate) async fn optional_body(
        mut self,
        aliases: &AliasTable,
        missing: Code,
    ) -> HttpResult<Request> {
        let body = OptionalJsonBody::read(&self.parts, mem::take(&mut self.body)).await?;
        let content = (body.bytes.clone(), body.fields(aliases));
        self.open(Some(content), missing).await
    }

    /// Opens a request with this body: its bytes and its fields.
    async fn open(self, body: Option<(Bytes, Fields)>, missing: Code) -> HttpResult<Request> {
        let mut query = Fields::query(self.parts.uri.query());
        let in_query = query.text(TENANT).optional();
        let (bytes, fields, named) = match body {
            None => (Bytes::new(), query, in_query),
            Some((bytes, mut body)) => {
                let in_body = body.text("tenantId").optional();
                body.extend(query.take_faults());
                if matches!((&in_query, &in_body), (Some(one), Some(other)) if one != other) {
                    return Err(missing.into());
                }
                (bytes, body, in_query.or(in_body))
            }
        };
        let access = &self.api.access;
        let opened = self.admission.open(access, named.as_deref(), missing);
        let (context, target) = opened.await?;
        if let Some(acting) = self.parts.extensions.get::<Acting>() {
            acting.is_in(&context.tenant_slug);
        }
        Ok(Request {
            api: self.api,
            context,
            fields,
            target,
            parts: self.parts,
            bytes,
        })
    }
}

/// A request that is being read. Faults are collected in `fields` until [`build`](Self::build).
pub(crate) struct Request {
    pub(crate) api: Shared,
    pub(crate) context: Context,
    /// The members of the body; for a request without a body, those of the query.
    pub(crate) fields: Fields,
    target: Target,
    parts: Parts,
    bytes: Bytes,
}

impl Request {
    /// Returns the request's headers.
    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }

    /// Returns the HTTP version of the request.
    pub(crate) fn version(&self) -> http::Version {
        self.parts.version
    }

    /// Returns the tenant that the caller belongs to.
    pub(crate) fn home(&self) -> TenantId {
        self.target.home
    }

    /// Parses the customer that the path names.
    pub(crate) fn customer(&mut self) -> Option<CustomerRef> {
        self.fields.note(self.target.customer())
    }

    /// Parses the address that the path names.
    pub(crate) fn address(&mut self) -> Option<AddressRef> {
        let address = AddressRef::parse(self.text(ADDRESS_ID));
        let code = Code::InvalidAddressId;
        let address = address.map_err(|invalid| in_path(ADDRESS_ID, code, invalid.detail));
        self.fields.note(address)
    }

    /// Parses a segment of the path that is a UUID.
    pub(crate) fn path_uuid(&mut self, name: &str) -> Option<Uuid> {
        let id = self.target.path.uuid(name);
        self.fields.note(id)
    }

    /// Returns the text of a segment of the path.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.target.path.text(name)
    }

    /// Parses the versions that `If-Match` names; `None` for any.
    pub(crate) fn if_match(&mut self) -> Option<Vec<i64>> {
        let header = IfMatch::from_headers(&self.parts.headers);
        self.fields.note(header)??.into_versions()
    }

    /// Parses the versions that `If-Match` or the body's `version` names; `None` for any.
    pub(crate) fn expected_versions(&mut self) -> Option<Vec<i64>> {
        let header = IfMatch::from_headers(&self.parts.headers);
        let header = self.fields.note(header).flatten();
        let version = self.fields.integer("version", 1..=i64::MAX).optional();
        let expected = self.fields.note(expected_version(header, version));
        expected??.into_versions()
    }

    /// Parses the `Idempotency-Key` and returns its claim: the operation on the records that the
    /// path names, with this body.
    pub(crate) fn claim(&mut self) -> Option<IdempotencyClaim> {
        let key = idempotency_key(&self.parts.headers);
        let key = self.fields.note(key)??;
        let api = &self.api;
        let message = [self.target().as_bytes(), b"\0", &self.bytes].concat();
        let now = api.clock.now();
        let retention = TimeDelta::from_std(api.idempotency_retention).unwrap_or(TimeDelta::MAX);
        Some(IdempotencyClaim {
            caller: self.context.actor.to_string(),
            route: self.context.operation.clone(),
            key,
            body_digest: api.digests.digest(DigestPurpose::IdempotentBody, &message),
            now,
            expires_at: now.checked_add_signed(retention).unwrap_or(now),
        })
    }

    /// Returns the records that the path names. References to the same customer or address are
    /// spelled in the same way.
    pub(crate) fn target(&self) -> String {
        let segments = self.target.path.iter().map(|(name, text)| {
            let id = match name {
                CUSTOMER_ID => self.target.customer().ok().map(|id| id.to_string()),
                ADDRESS_ID => AddressRef::parse(text).ok().map(|id| id.to_string()),
                _ => None,
            };
            id.unwrap_or_else(|| text.to_owned())
        });
        // No segment contains this character.
        segments.collect::<Vec<_>>().join("\0")
    }

    /// Reports all faults of the request, or builds the command.
    pub(crate) fn build<T>(&mut self, build: impl FnOnce() -> Option<T>) -> HttpResult<T> {
        self.fields.build(build)
    }
}
