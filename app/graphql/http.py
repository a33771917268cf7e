"""`/graphql`: GraphQL over HTTP (the specification's draft of 2025), and the GraphiQL page for browsers.

A request that is no GraphQL request (its method, media type or body) is refused with a problem document, as anywhere
else. One that is gets a GraphQL answer: as `application/graphql-response+json` with status 400 where nothing of it
ran, or as `application/json` with status 200, as older clients expect.
"""

from dataclasses import dataclass
from typing import Any, Final

import orjson
from graphql import ExecutionResult, GraphQLError
from graphql.execution import execute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from app.errors import Malformed, UnsupportedMediaType
from app.graphql.context import Context
from app.graphql.disclosure import record_shown
from app.graphql.documents import Document, DocumentError
from app.graphql.errors import LimitError, RefusedError, away, field_error, refusal, request_error
from app.graphql.executor import PlainExecutor
from app.graphql.prices import MAX_PRICE
from app.graphql.schema import DOCUMENTS, SCHEMA
from app.http.caller import authenticate
from app.http.negotiation import GRAPHQL, HTML, JSON, preferred
from app.http.offline_docs import PAGE_HEADERS, graphiql_html
from app.http.runtime import runtime_of

PATH: Final = "/graphql"
_PAGE: Final = graphiql_html()
_VARY: Final = {"Vary": "Accept"}


@dataclass(frozen=True, slots=True)
class Asked:
    """One GraphQL request."""

    query: str
    operation_name: str | None
    variables: dict[str, Any]


def graphql_route() -> Route:
    """The route of GraphQL."""
    return Route(PATH, graphql, methods=["GET", "POST"], name="graphql", include_in_schema=False)


async def graphql(request: Request) -> Response:
    """Answer a GraphQL request, or give the page to a browser that comes without one."""
    accept = ", ".join(request.headers.getlist("accept"))
    asks = request.method == "POST" or "query" in request.query_params
    if not asks and preferred(accept, (JSON, GRAPHQL, HTML)) == HTML:
        return HTMLResponse(_PAGE, headers={**PAGE_HEADERS, **_VARY})
    # Whoever names the newer form gets it, unless it likes the older one better; who names neither gets the older.
    media_type = preferred(accept, (GRAPHQL, JSON) if GRAPHQL in accept.lower() else (JSON, GRAPHQL))
    if media_type is None:
        raise HTTPException(406)
    runtime = runtime_of(request)
    principal = authenticate(request, runtime)
    asked = await _from_body(request) if request.method == "POST" else _from_query(request)
    body, ran = await _answer(asked, Context(runtime, principal))
    status = 200 if ran or media_type == JSON else 400
    return Response(orjson.dumps(body, default=str), status, headers=_VARY, media_type=f"{media_type}; charset=utf-8")


async def _from_body(request: Request) -> Asked:
    media_type, *parameters = (part.strip().lower() for part in request.headers.get("content-type", "").split(";"))
    charset = next((part.removeprefix("charset=").strip('"') for part in parameters if part.startswith("charset=")), "")
    if media_type != JSON or charset not in ("", "utf-8", "utf8"):
        raise UnsupportedMediaType
    try:
        body = orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        raise Malformed("The request body is not valid JSON.") from None
    if isinstance(body, list):
        raise Malformed("Several requests in one body are not taken: send them one by one.")
    if not isinstance(body, dict):
        raise Malformed("A GraphQL request is a JSON object.")
    return _asked(body)


def _from_query(request: Request) -> Asked:
    """A query in the address: there are no mutations that it could bring."""
    parameters: dict[str, Any] = {
        name: request.query_params[name]
        for name in ("query", "operationName", "variables", "extensions")
        if request.query_params.get(name)
    }
    for name in ("variables", "extensions"):
        if name in parameters:
            try:
                parameters[name] = orjson.loads(parameters[name])
            except orjson.JSONDecodeError:
                raise Malformed(f"The parameter {name} is not valid JSON.") from None
    return _asked(parameters)


def _asked(members: dict[str, Any]) -> Asked:
    query, name = members.get("query"), members.get("operationName")
    variables, extensions = members.get("variables"), members.get("extensions")
    if not isinstance(query, str) or not query.strip():
        raise Malformed("A GraphQL request has a `query`, a string.")
    if name is not None and not isinstance(name, str):
        raise Malformed("`operationName` is a string.")
    if variables is not None and not isinstance(variables, dict):
        raise Malformed("`variables` is an object.")
    if extensions is not None and not isinstance(extensions, dict):
        raise Malformed("`extensions` is an object.")
    return Asked(query, name or None, variables or {})


async def _answer(asked: Asked, context: Context) -> tuple[dict[str, Any], bool]:
    """The members of the answer, and whether anything ran."""
    try:
        document = DOCUMENTS.get(asked.query)
        price = _price(document, asked)
    except DocumentError as refused:
        return {"errors": [request_error(error, refused.code) for error in refused.errors]}, False
    except RefusedError as refused:
        return {"errors": [refusal(refused)]}, False
    context.names = document.names
    try:
        result = await _run(document, asked, context)
    finally:
        await context.close()
    errors = result.errors or []
    if result.data is None and not any(error.path for error in errors):
        # The library refused the variables or the operation's name: nothing ran.
        return {"errors": [request_error(error, "BAD_USER_INPUT") for error in errors]}, False
    unavailable = away(errors)
    if unavailable is not None and not any(value is not None for value in (result.data or {}).values()):
        raise unavailable
    await record_shown(context)
    body: dict[str, Any] = {"data": result.data}
    if errors:
        body["errors"] = [field_error(error) for error in errors]
    body["extensions"] = {"cost": {"price": price, "maximum": MAX_PRICE}}
    return body, True


def _price(document: Document, asked: Asked) -> int:
    """The price of what is asked. Raises LimitError above the maximum, and BadInputError for a bad page size."""
    price = document.price(asked.operation_name)
    total = price.total(asked.variables) if price is not None else 0
    if total > MAX_PRICE:
        raise LimitError(
            f"The query costs {total}, more than {MAX_PRICE}: ask for smaller pages.",
            cost={"price": total, "maximum": MAX_PRICE},
        )
    return total


async def _run(document: Document, asked: Asked, context: Context) -> ExecutionResult:
    try:
        result = execute(
            SCHEMA,
            document.node,
            context_value=context,
            variable_values=asked.variables,
            operation_name=asked.operation_name,
            executor_class=PlainExecutor,
        )
        return result if isinstance(result, ExecutionResult) else await result
    except GraphQLError as error:
        return ExecutionResult(None, [error])
