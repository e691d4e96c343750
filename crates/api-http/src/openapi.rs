//! The parts of the OpenAPI document that operations have in common.

mod limits;

use crate::base::{ALIAS, BASE};
use crate::code::Code;
use customer_app::access::Needs;
use customer_domain::Permission;
use http_kit::problem::{PAGES, PROBLEM_JSON, ProblemDocument};
use serde_json::{Value, json};
use std::iter;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    Components, ContactBuilder, ContentBuilder, Info, InfoBuilder, License, ObjectBuilder, OpenApi,
    OpenApiBuilder, Paths, Ref, RefOr, Required, Response, ResponseBuilder, Schema, Server, Type,
};
use utoipa::{PartialSchema, ToSchema};

/// Returns the document to which the routes are added.
pub(crate) fn base() -> OpenApi {
    let mut components = Components::new();
    components.add_security_scheme(
        "bearer",
        SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)),
    );
    components.add_security_scheme(
        "apiKey",
        SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("X-API-Key"))),
    );
    let name = ProblemDocument::name().into_owned();
    let mut schemas = vec![(name, problem())];
    ProblemDocument::schemas(&mut schemas);
    components.schemas.extend(schemas);
    OpenApiBuilder::new()
        .info(info())
        .components(Some(components))
        .build()
}

/// Returns the schema of problem documents, with examples from this service.
fn problem() -> RefOr<Schema> {
    let code = Code::CustomerNotFound.row();
    let examples = [
        ("type", json!(format!("{PAGES}/{}", code.page))),
        ("title", json!(code.title)),
        ("status", json!(code.status.as_u16())),
        ("instance", json!("/api/v1/customers/me")),
        ("code", json!(code.name)),
    ];
    let mut problem = ProblemDocument::schema();
    if let RefOr::T(Schema::Object(members)) = &mut problem {
        for (name, example) in examples {
            if let Some(RefOr::T(Schema::Object(member))) = members.properties.get_mut(name) {
                member.example = Some(example);
            }
        }
    }
    problem
}

fn info() -> Info {
    InfoBuilder::new()
        .title("Customer service")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "The single source of truth about customers. Failures are problem documents \
             (RFC 9457) with a `code` from a closed list.",
        ))
        .license(Some(License::new("MIT OR Apache-2.0")))
        .contact(Some(
            ContactBuilder::new()
                .name(Some("The operators of this service"))
                .build(),
        ))
        .build()
}

/// Adds to every operation the scope that it requires.
pub(crate) fn secure(paths: &mut Paths, who: Needs) {
    let scopes = who.permission().map(Permission::as_str);
    let requirement = |name: &str| SecurityRequirement::new(name, scopes);
    // Operations that are reserved for the customer accept no API key.
    let by_key = scopes.map(|_| requirement("apiKey"));
    let requirements: Vec<_> = iter::once(requirement("bearer")).chain(by_key).collect();
    for operation in paths.paths.values_mut().flat_map(item_operations) {
        operation.security = Some(requirements.clone());
    }
}

/// Sets the tag of every operation, by which documents group them.
pub(crate) fn tag(document: &mut OpenApi, tag: &str) {
    for operation in operations(document) {
        operation.tags = Some(vec![tag.to_owned()]);
    }
}

/// Adds the two base paths as servers, the tenant parameter to every operation, and to every text
/// how long it may be.
pub(crate) fn under_the_base(document: &mut OpenApi) {
    limits::of_bodies(document);
    document.servers = Some(vec![Server::new(BASE), Server::new(ALIAS)]);
    for operation in operations(document) {
        for parameter in operation.parameters.iter_mut().flatten() {
            if let RefOr::T(parameter) = parameter {
                limits::of_parameter(parameter);
            }
        }
        add_parameter(operation, &tenant_parameter());
    }
}

/// Sets the root as the server of every operation.
pub(crate) fn outside_the_base(document: &mut OpenApi) {
    for operation in operations(document) {
        operation.servers = Some(vec![Server::new("/")]);
    }
}

/// Adds the possible failures to every operation.
pub(crate) fn with_failures(document: &mut OpenApi) {
    let templates: Vec<String> = document.paths.paths.keys().cloned().collect();
    for template in templates {
        let Some(item) = document.paths.paths.get_mut(&template) else {
            continue;
        };
        for operation in item_operations(item) {
            for (status, description) in failures(operation, template.contains('{')) {
                let problem = RefOr::T(failure(description));
                operation
                    .responses
                    .responses
                    .entry(status.to_owned())
                    .or_insert(problem);
            }
        }
        if let Some(get) = &mut item.get {
            // A read cannot conflict with the state of a record.
            get.responses.responses.remove("409");
        }
    }
}

fn failures(operation: &Operation, names_a_record: bool) -> Vec<(&'static str, &'static str)> {
    let has = |header: &str| {
        let mut parameters = operation.parameters.iter().flatten();
        parameters.any(|parameter| matches!(parameter, RefOr::T(own) if own.name == header))
    };
    let body = operation.request_body.is_some();
    let protected = operation.security.is_some();
    [
        (
            true,
            ("400", "The request is invalid; `errors` lists every fault"),
        ),
        (protected, ("401", "The caller is not authenticated")),
        (protected, ("403", "The caller may not do this")),
        (
            protected || names_a_record,
            ("404", "There is no such record in this tenant"),
        ),
        (body, ("408", "The body did not arrive in time")),
        (
            protected,
            ("409", "The request conflicts with the state of the record"),
        ),
        (
            has("If-Match"),
            ("412", "The record changed since it was read"),
        ),
        (body, ("413", "The body is too large")),
        (body, ("415", "The body is not JSON")),
        (
            has("Idempotency-Key"),
            ("422", "The Idempotency-Key was used with another request"),
        ),
        (true, ("431", "The headers are too large")),
        (true, ("500", "An internal error of the service")),
        (
            true,
            (
                "503",
                "The service is temporarily unavailable; see `Retry-After`",
            ),
        ),
    ]
    .into_iter()
    .filter_map(|(applies, failure)| applies.then_some(failure))
    .collect()
}

fn failure(description: &str) -> Response {
    let schema = RefOr::Ref(Ref::from_schema_name(ProblemDocument::name()));
    let content = ContentBuilder::new()
        .schema(Some(schema))
        .example(Some(example()));
    ResponseBuilder::new()
        .description(description)
        .content(PROBLEM_JSON, content.build())
        .build()
}

fn example() -> Value {
    json!({
        "type": "/docs/problems/validation-failed",
        "title": Code::ValidationFailed.row().title,
        "status": 400,
        "detail": "2 members of the request are wrong",
        "instance": "/api/v1/customers",
        "success": false,
        "code": "VALIDATION_FAILED",
        "errors": [
            {"pointer": "/email", "code": "REQUIRED", "detail": "is required"},
            {"pointer": "/profile/phone", "code": "TOO_LONG", "detail": "at most 20 characters are accepted"},
        ],
        "traceId": "4bf92f3577b34da6a3ce929d0e0e4736",
        "retryable": false,
    })
}

fn tenant_parameter() -> Parameter {
    let text = Schema::Object(ObjectBuilder::new().schema_type(Type::String).build());
    ParameterBuilder::new()
        .name("tenant_id")
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(
            "The tenant of the call; must be one that the caller may act in",
        ))
        .schema(Some(text))
        .build()
}

fn add_parameter(operation: &mut Operation, parameter: &Parameter) {
    operation
        .parameters
        .get_or_insert_default()
        .push(RefOr::T(parameter.clone()));
}

fn operations(document: &mut OpenApi) -> impl Iterator<Item = &mut Operation> {
    document.paths.paths.values_mut().flat_map(item_operations)
}

fn item_operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.put,
        &mut item.post,
        &mut item.delete,
        &mut item.patch,
    ]
    .into_iter()
    .filter_map(Option::as_mut)
}
