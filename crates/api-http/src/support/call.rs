//! How every protected request begins: who calls, whether they may, for which tenant, and what the
//! request says.

use crate::access::{self, credential, operation, problem};
use crate::api::Shared;
use crate::code::Code;
use crate::observe::Acting;
use crate::support::params::{ADDRESS_ID, CUSTOMER_ID, ME};
use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Request as HttpRequest};
use bytes::Bytes;
use chrono::TimeDelta;
use customer_app::access::Incoming;
use customer_domain::access::Caller;
use customer_domain::address::AddressRef;
use customer_domain::customer::CustomerRef;
use customer_domain::idempotency::IdempotencyClaim;
use customer_domain::{Context, DigestPurpose, InvalidValue, MAX_USER_AGENT, Origin};
use http::request::Parts;
use http::{Extensions, HeaderMap};
use http_kit::context::RequestContext;
use http_kit::etag::{IfMatch, expected_version};
use http_kit::extract::{JsonBody, OptionalJsonBody, PathSegments};
use http_kit::fault::{self, Fault};
use http_kit::fields::Fields;
use http_kit::idempotency::{self, idempotency_key};
use http_kit::normalise::AliasTable;
use http_kit::origin;
use http_kit::problem::{HttpResult, Problem};
use std::fmt::{Display, Write as _};
use std::mem;
use uuid::Uuid;

/// The query parameter that every route knows.
const TENANT: &str = "tenant_id";

// What is read of a request is what can be kept.
const _: () = assert!(idempotency::MAX_KEY == customer_domain::idempotency::MAX_KEY);
const _: () = assert!(origin::MAX_USER_AGENT == MAX_USER_AGENT);

/// A request whose caller may do what the route does. Neither its query nor its body has been read.
pub(crate) struct Call {
    api: Shared,
    incoming: Incoming,
    path: PathSegments,
    parts: Parts,
    body: Body,
}

impl FromRequest<Shared> for Call {
    type Rejection = Problem;

    async fn from_request(request: HttpRequest, api: &Shared) -> HttpResult<Self> {
        let (mut parts, body) = request.into_parts();
        let needs = access::needed(&parts.extensions)?;
        let incoming = incoming(&mut parts, api).await?;
        let path = PathSegments::from_request_parts(&mut parts, api).await;
        let customer = path.as_ref().ok();
        let customer = customer.and_then(|path| customer_ref(path, &incoming.caller).ok());
        let admitted = api.access.admit(&incoming, needs, customer).await;
        admitted.map_err(|error| problem(error, Code::CustomerNotFound))?;
        Ok(Self {
            api: Shared::clone(api),
            incoming,
            path: path?,
            parts,
            body,
        })
    }
}

/// Finds out who calls.
async fn incoming(parts: &mut Parts, api: &Shared) -> HttpResult<Incoming> {
    let context = RequestContext::from_request_parts(parts, api).await?;
    let caller = api.access.authenticate(credential(&parts.headers)?).await;
    let caller = caller.map_err(|error| problem(error, Code::CustomerNotFound))?;
    if let Some(acting) = parts.extensions.get::<Acting>() {
        acting.is(&caller.actor().id);
    }
    Ok(Incoming {
        caller,
        operation: operation(parts),
        correlation_id: context.correlation_id.to_string(),
        trace_id: context.trace_id.to_string(),
        origin: origin(&parts.extensions),
    })
}

/// Returns from where a request came.
fn origin(extensions: &Extensions) -> Origin {
    let origin = extensions.get::<origin::Origin>().cloned();
    let origin::Origin { ip, user_agent } = origin.unwrap_or_default();
    Origin { ip, user_agent }
}

impl Call {
    /// Opens a request without a body: its fields are those of the query. A tenant that the
    /// caller may not act in answers `missing`, as an id does that does not exist.
    pub(crate) async fn query(self, missing: Code) -> HttpResult<Request> {
        let query = Fields::query(self.parts.uri.query());
        self.open(query, None, Bytes::new(), missing).await
    }

    /// Opens a request with a JSON body, whose members may be spelt as `aliases` says.
    pub(crate) async fn body(mut self, aliases: &AliasTable, missing: Code) -> HttpResult<Request> {
        let body = JsonBody::read(&self.parts, mem::take(&mut self.body)).await?;
        let (fields, bytes) = (Fields::body(body.document, aliases), body.bytes);
        let query = Fields::query(self.parts.uri.query());
        self.open(query, Some(fields), bytes, missing).await
    }

    /// Opens a request whose JSON body may be absent.
    pub(crate) async fn optional_body(
        mut self,
        aliases: &AliasTable,
        missing: Code,
    ) -> HttpResult<Request> {
        let body = OptionalJsonBody::read(&self.parts, mem::take(&mut self.body)).await?;
        let bytes = body.bytes.clone();
        let query = Fields::query(self.parts.uri.query());
        self.open(query, Some(body.fields(aliases)), bytes, missing)
            .await
    }

    async fn open(
        self,
        mut query: Fields,
        body: Option<Fields>,
        bytes: Bytes,
        missing: Code,
    ) -> HttpResult<Request> {
        let in_query = query.text(TENANT).optional();
        let (fields, named) = match body {
            None => (query, in_query),
            Some(mut body) => {
                let in_body = body.text("tenantId").optional();
                body.extend(query.take_faults());
                if matches!((&in_query, &in_body), (Some(one), Some(other)) if one != other) {
                    return Err(missing.into());
                }
                (body, in_query.or(in_body))
            }
        };
        let context = self
            .api
            .access
            .context(&self.incoming, named.as_deref())
            .await;
        let context = context.map_err(|error| problem(error, missing))?;
        if let Some(acting) = self.parts.extensions.get::<Acting>() {
            acting.is_in(&context.tenant_slug);
        }
        Ok(Request {
            api: self.api,
            caller: self.incoming.caller,
            context,
            fields,
            parts: self.parts,
            path: self.path,
            bytes,
            target: String::new(),
        })
    }
}

/// A request that is being read. Faults are collected in `fields` until [`build`](Self::build).
pub(crate) struct Request {
    pub(crate) api: Shared,
    pub(crate) caller: Caller,
    pub(crate) context: Context,
    /// The members of the body; of a request without one, those of the query.
    pub(crate) fields: Fields,
    parts: Parts,
    path: PathSegments,
    bytes: Bytes,
    /// The records that the path names, in one spelling for all that name the same.
    target: String,
}

impl Request {
    /// Returns the request's headers.
    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }

    /// Returns the version of HTTP that the request came by.
    pub(crate) fn version(&self) -> http::Version {
        self.parts.version
    }

    /// Reads the customer that the path names.
    pub(crate) fn customer(&mut self) -> Option<CustomerRef> {
        let customer = customer_ref(&self.path, &self.caller);
        self.named(customer)
    }

    /// Reads the address that the path names.
    pub(crate) fn address(&mut self) -> Option<AddressRef> {
        let address = AddressRef::parse(self.path.text(ADDRESS_ID));
        let code = Code::InvalidAddressId;
        self.named(address.map_err(|invalid| path_fault(ADDRESS_ID, code, invalid)))
    }

    /// Reads a segment of the path that is a UUID.
    pub(crate) fn path_uuid(&mut self, name: &str) -> Option<Uuid> {
        let id = self.path.uuid(name, "", fault::INVALID_VALUE);
        self.named(id)
    }

    /// Returns the text of a segment of the path.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.path.text(name)
    }

    fn named<T: Display>(&mut self, record: Result<T, Fault>) -> Option<T> {
        let record = self.fields.note(record)?;
        let slash = if self.target.is_empty() { "" } else { "/" };
        // Writing to a String cannot fail.
        let _infallible = write!(self.target, "{slash}{record}");
        Some(record)
    }

    /// Reads the versions that `If-Match` names; `None` for any.
    pub(crate) fn if_match(&mut self) -> Option<Vec<i64>> {
        let header = IfMatch::from_headers(&self.parts.headers);
        self.fields.note(header)??.into_versions()
    }

    /// Reads the versions that `If-Match` or the body's `version` names; `None` for any.
    pub(crate) fn expected_versions(&mut self) -> Option<Vec<i64>> {
        let header = IfMatch::from_headers(&self.parts.headers);
        let header = self.fields.note(header).flatten();
        let version = self.fields.integer("version", 1..=i64::MAX).optional();
        let expected = self.fields.note(expected_version(header, version));
        expected??.into_versions()
    }

    /// Reads the `Idempotency-Key`, and returns what it claims: the operation on the records that
    /// were read from the path, with this body.
    pub(crate) fn claim(&mut self) -> Option<IdempotencyClaim> {
        let key = idempotency_key(&self.parts.headers);
        let key = self.fields.note(key)??;
        let api = &self.api;
        let message = [self.target.as_bytes(), b"\0", &self.bytes].concat();
        let now = api.clock.now();
        let retention = TimeDelta::from_std(api.idempotency_retention).unwrap_or(TimeDelta::MAX);
        Some(IdempotencyClaim {
            caller: self.context.actor.id.clone(),
            route: self.context.operation.clone(),
            key,
            body_digest: api.digests.digest(DigestPurpose::IdempotentBody, &message),
            now,
            expires_at: now.checked_add_signed(retention).unwrap_or(now),
        })
    }

    /// Reports all faults of the request, or builds the command.
    pub(crate) fn build<T>(&mut self, build: impl FnOnce() -> Option<T>) -> HttpResult<T> {
        self.fields.build(build)
    }
}

/// The customer that a path names.
fn customer_ref(path: &PathSegments, caller: &Caller) -> Result<CustomerRef, Fault> {
    let name = path.text(CUSTOMER_ID);
    if name == ME {
        let detail = "me is the customer behind a token, and behind an API key there is none";
        let missing = || {
            let pointer = format!("{{{CUSTOMER_ID}}}");
            Fault::new(pointer, Code::CustomerNotFound, detail)
        };
        return caller.customer().map(CustomerRef::Id).ok_or_else(missing);
    }
    let code = Code::InvalidCustomerId;
    CustomerRef::parse(name).map_err(|invalid| path_fault(CUSTOMER_ID, code, invalid))
}

fn path_fault(name: &str, code: Code, invalid: InvalidValue) -> Fault {
    Fault::new(format!("{{{name}}}"), code, invalid.detail)
}
