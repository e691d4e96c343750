//! The HTTP API: routes, JSON bodies and status codes.
//!
//! A slice is a file with the same name as in the other crates. It contains the routes, the bodies
//! and their parsing. What surrounds every route is in the crate `http-kit`.

pub mod access;
pub mod address;
pub mod api;
pub mod api_key;
pub mod audit;
mod base;
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
mod routes;
mod support;
pub mod tag;
pub mod tenant;

pub use support::wire::{ActorBody, ActorType};

use access::RouteState;
use api::Api;
use axum::Router;
use base::{ALIAS, BASE};
use health::Health;
use http_kit::stack::{self, HttpSettings};
use routes::Routes;
use std::sync::Arc;
use utoipa::openapi::OpenApi;

/// Returns the whole service as a router, including the middleware around its routes.
pub fn router(api: Api, settings: HttpSettings) -> Router {
    let (base, _, callers) = slices().into_parts();
    let state = RouteState {
        api: Arc::new(api),
        callers: Arc::new(callers),
    };
    let routes = Router::new()
        .nest(BASE, base.clone())
        .nest(ALIAS, base)
        .merge(health::router().split_for_parts().0)
        .with_state(state)
        .merge(docs::router(&document()))
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
    let (_, slices, _) = slices().into_parts();
    let mut document = openapi::base();
    document.merge(slices);
    openapi::under_the_base(&mut document);
    let mut outside = health::router::<RouteState>().into_openapi();
    openapi::outside_the_base(&mut outside);
    document.merge(outside);
    openapi::with_failures(&mut document);
    document
}

fn slices() -> Routes {
    Routes::new()
        .slice("Customers", customer::router())
        .slice("Addresses", address::router())
        .slice("Preferences", preference::router())
        .slice("Tags", tag::router())
        .slice("Notes", note::router())
        .slice("Groups", group::router())
        .slice("Tenants", tenant::router())
        .slice("API keys", api_key::router())
        .slice("Audit", audit::router())
        .slice("Operation", log_level::router())
        .slice("Health", health::base_router())
}
