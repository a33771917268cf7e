"""Every operation reaches an access check, or stands here with its reason."""

from fastapi import FastAPI
from fastapi.routing import APIRoute

from app.access import GRANTABLE, RULES, Kind
from app.routers.all import PLAIN_ROUTES
from tests.factories.http import Api

# Operations that anybody may call, and why.
OPEN = {
    "get_token": "signing in is how one gets a token",
    "get_authorization_server": "public metadata (RFC 8414)",
    "get_public_keys": "public keys",
    "live": "asked by machines that watch the process; tells nothing",
    "ready": "asked by machines that watch the process; tells nothing of the data",
    "metrics": "counts of requests; a deployment keeps it inside its network",
    "openapi_document": "the public contract",
    "get_published_policy": "published: how an authority decides, which names nobody",
    "get_published_transparency_record": "published, as the policy is",
}


def routes_of(app: FastAPI) -> list[APIRoute]:
    """Every route of the application, those of included routers too."""
    found: list[APIRoute] = []

    def walk(routes: list[object]) -> None:
        for route in routes:
            if isinstance(route, APIRoute):
                found.append(route)
            inner = getattr(route, "original_router", None) or getattr(route, "router", None)
            if inner is not None:
                walk(inner.routes)

    walk(app.routes)
    return found


def checked_operation(route: APIRoute) -> str | None:
    """The operation that a route's dependency checks."""
    for dependency in route.dependant.dependencies:
        operation = getattr(dependency.call, "operation", None)
        if operation is not None:
            return str(operation)
    return None


def test_every_route_checks_its_own_operation_or_is_listed(api: Api) -> None:
    routes = routes_of(api.app)
    assert len(routes) > 60, "the walk over the routes finds too few"
    unchecked = {}
    for route in routes:
        operation = checked_operation(route)
        if operation is None:
            unchecked[route.operation_id] = route.path
        else:
            assert operation == route.operation_id, f"{route.path} checks {operation}"
    assert set(unchecked) == set(OPEN), "a route without a check, or a stale line in OPEN"


def test_no_rule_is_stale(api: Api) -> None:
    served = {route.operation_id for route in routes_of(api.app)} | {
        rule for rule in RULES if rule.startswith("graphql.")
    }
    assert set(RULES) - served == set()


def test_every_graphql_root_has_its_rule() -> None:
    from app.graphql.schema import schema

    query = schema._schema.query_type
    assert query is not None
    roots = {f"graphql.{name}" for name in query.fields} - {"graphql.node", "graphql.nodes"}
    assert roots == {rule for rule in RULES if rule.startswith("graphql.")}


def test_every_kind_can_be_granted_only_what_some_operation_of_its_own_needs() -> None:
    for kind in Kind:
        needed = {rule.scope for rule in RULES.values() if kind in rule.kinds}
        assert GRANTABLE[kind] <= needed | GRANTABLE[Kind.AUTHORITY]
        assert needed <= GRANTABLE[kind]


def test_every_plain_route_is_the_documented_route_of_its_operation(api: Api) -> None:
    documented = {(route.operation_id, route.path, method) for route in routes_of(api.app) for method in route.methods}
    for route in PLAIN_ROUTES:
        assert (route.operation, route.path_format, route.method) in documented
