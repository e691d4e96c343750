//! The routes of the slices, and who may call each of them.

use crate::access::{Callers, RouteState};
use crate::base::BASE;
use crate::call::Call;
use crate::openapi;
use customer_app::access::Needs;
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::PathItem;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

/// Returns the methods that a path answers: `HEAD` wherever `GET`.
fn methods(item: &PathItem) -> impl Iterator<Item = &'static str> {
    let methods = [
        (&item.get, "GET"),
        (&item.get, "HEAD"),
        (&item.put, "PUT"),
        (&item.post, "POST"),
        (&item.delete, "DELETE"),
        (&item.patch, "PATCH"),
    ];
    let methods = methods
        .into_iter()
        .filter(|(operation, _)| operation.is_some());
    methods.map(|(_, method)| method)
}

/// Handlers of one path. Each takes a [`Call`], which admits the caller.
pub(crate) struct Handlers(UtoipaMethodRouter<RouteState>);

impl Handlers {
    /// Used by [`routes!`], which has a proof for each of the handlers.
    pub(crate) fn new<const N: usize>(
        _: [TakesCall; N],
        handlers: UtoipaMethodRouter<RouteState>,
    ) -> Self {
        Self(handlers)
    }
}

/// The proof that a handler takes a [`Call`] and nothing else.
pub(crate) struct TakesCall(());

impl TakesCall {
    pub(crate) fn proof<R>(_: impl FnOnce(Call) -> R) -> Self {
        Self(())
    }
}

/// Collects handlers of one path. A handler that takes anything but a [`Call`] does not compile.
macro_rules! routes {
    ($($handler:path),+ $(,)?) => {
        $crate::routes::Handlers::new(
            [$($crate::routes::TakesCall::proof($handler)),+],
            utoipa_axum::routes!($($handler),+),
        )
    };
}
pub(crate) use routes;

/// The routes of a slice. There is no way to add one without saying who may call it.
pub(crate) struct Routes {
    router: OpenApiRouter<RouteState>,
    callers: Callers,
}

impl Routes {
    /// Creates an empty set of routes.
    pub(crate) fn new() -> Self {
        Self {
            router: OpenApiRouter::new(),
            callers: Callers::default(),
        }
    }

    /// Adds routes that only these callers may call, and documents that.
    pub(crate) fn needs(mut self, who: Needs, handlers: Handlers) -> Self {
        let Handlers((schemas, mut paths, methods)) = handlers;
        openapi::secure(&mut paths, who);
        for (template, item) in &paths.paths {
            let operations = self::methods(item).map(|method| format!("{method} {BASE}{template}"));
            self.callers
                .extend(operations.map(|operation| (operation, who)));
        }
        self.router = self.router.routes((schemas, paths, methods));
        self
    }

    /// Adds routes that everyone may call.
    pub(crate) fn public(mut self, handlers: UtoipaMethodRouter<RouteState>) -> Self {
        self.router = self.router.routes(handlers);
        self
    }

    /// Adds the routes of a slice, under the heading `tag` of the document.
    pub(crate) fn slice(mut self, tag: &str, mut slice: Self) -> Self {
        openapi::tag(slice.router.get_openapi_mut(), tag);
        self.router = self.router.merge(slice.router);
        self.callers.extend(slice.callers);
        self
    }

    /// Returns the routes for a router, their part of the document, and who may call them.
    pub(crate) fn into_parts(self) -> (axum::Router<RouteState>, OpenApi, Callers) {
        let (router, document) = self.router.split_for_parts();
        (router, document, self.callers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_of_a_path_is_for_its_own_callers_and_a_public_one_for_nobody() {
        let routes = Routes::new().slice("Groups", crate::group::router());
        let callers = routes.slice("Health", crate::health::base_router()).callers;
        for (operation, expected) in [
            ("GET /api/v1/customers/groups", Some(Needs::Read)),
            ("HEAD /api/v1/customers/groups", Some(Needs::Read)),
            ("POST /api/v1/customers/groups", Some(Needs::Admin)),
            (
                "DELETE /api/v1/customers/groups/{groupId}",
                Some(Needs::Admin),
            ),
            ("PATCH /api/v1/customers/groups", None),
            ("GET /api/v1/customers/health", None),
        ] {
            assert_eq!(callers.get(operation).copied(), expected, "{operation}");
        }
    }
}
