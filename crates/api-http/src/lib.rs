//! The HTTP API: routes, JSON bodies and status codes.
//!
//! A slice is a file with the same name as in the other crates. It contains the routes, the bodies
//! and their parsing. What surrounds every route is in the crate `http-kit`.

pub mod access;
pub mod address;
pub mod api;
pub mod api_key;
pub mod audit;
mod call;
pub mod code;
pub mod customer;
pub mod docs;
pub mod group;
pub mod health;
pub mod log_level;
pub mod metrics;
pub mod note;
pub mod observe;
mod openapi;
pub mod preference;
mod prelude;
pub mod problem_pages;
mod support;
pub mod tag;
pub mod tenant;

pub use support::wire::{ActorBody, ActorType};

use api::{Api, Shared};
use axum::{Extension, Router};
use health::Health;
use http_kit::stack::{self, HttpSettings};
use openapi::tagged;
use std::sync::Arc;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

/// Returns the whole service as a router, including the middleware around its routes.
pub fn router(api: Api, settings: HttpSettings) -> Router {
    let (base, outside) = routers();
    let document = document();
    let (base, _) = base.split_for_parts();
    let (outside, _) = outside.split_for_parts();
    let access = Extension(Arc::clone(&api.access));
    let routes = Router::new()
        .nest("/api/v1", base.clone())
        .nest("/v1", base)
        .merge(outside)
        .with_state(Arc::new(api))
        .layer(access)
        .merge(docs::router(&document))
        .merge(problem_pages::problem_pages());
    stack::wrap(routes, settings)
}

/// Returns a router with only health and metrics, for a program that serves nothing else.
pub fn health_router(health: Health, settings: HttpSettings) -> Router {
    let (routes, _) = health::router().split_for_parts();
    stack::wrap(routes.with_state(health), settings)
}

/// Returns the OpenAPI document, which is generated from the routes.
pub fn document() -> OpenApi {
    let (base, outside) = routers();
    let mut document = base.into_openapi();
    openapi::under_the_base(&mut document);
    let mut outside = outside.into_openapi();
    openapi::outside_the_base(&mut outside);
    document.merge(outside);
    openapi::with_failures(&mut document);
    document
}

fn routers() -> (OpenApiRouter<Shared>, OpenApiRouter<Shared>) {
    let base = OpenApiRouter::with_openapi(openapi::base())
        .merge(tagged("Customers", customer::router()))
        .merge(tagged("Addresses", address::router()))
        .merge(tagged("Preferences", preference::router()))
        .merge(tagged("Tags", tag::router()))
        .merge(tagged("Notes", note::router()))
        .merge(tagged("Groups", group::router()))
        .merge(tagged("Tenants", tenant::router()))
        .merge(tagged("API keys", api_key::router()))
        .merge(tagged("Audit", audit::router()))
        .merge(tagged("Operation", log_level::router()))
        .merge(health::base_router());
    (base, health::router())
}
