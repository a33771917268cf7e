"""The OpenAPI document: what the code says, plus what holds for every operation (security, problems, headers)."""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app.access import RULES, Scope
from app.errors import HalftermError, error_classes

PROBLEM_MEDIA_TYPE: Final = "application/problem+json"


def describe(app: FastAPI) -> None:
    """Let `app.openapi()` give the whole document."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = build(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # FastAPI's documented way


def build(app: FastAPI) -> dict[str, Any]:
    """The document, made anew."""
    document = get_openapi(
        title="Halfterm",
        version="1",
        openapi_version="3.1.0",
        summary="Brokers commissioned family support between schools, providers and a local authority.",
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        routes=app.routes,
    )
    components = document.setdefault("components", {})
    components["securitySchemes"] = {
        "oauth": {
            "type": "oauth2",
            "flows": {
                "clientCredentials": {
                    "tokenUrl": "/oauth/token",
                    "scopes": {scope.value: _scope_words(scope) for scope in Scope},
                }
            },
        },
        "client": {"type": "http", "scheme": "basic", "description": "Client id and secret, at the token endpoint."},
    }
    schemas = components.setdefault("schemas", {})
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    schemas["Problem"] = _problem_schema()
    components["responses"] = {_name(status): _problem_response(status) for status in _statuses()}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _complete(path, method, operation)
    return document


def _statuses() -> list[int]:
    return sorted({cls.status for cls in error_classes()})


def _name(status: int) -> str:
    """The component of a status: its first error class (the phrases of `http.HTTPStatus` differ by Python version)."""
    return next(cls.__name__ for cls in error_classes() if cls.status == status)


def _problem_response(status: int) -> dict[str, Any]:
    """One problem response; the codes that may stand in it are those of the error tree."""
    classes = [cls for cls in error_classes() if cls.status == status]
    return {
        "description": " ".join(f"`{cls.code}`: {cls.title}" for cls in classes),
        "content": {
            PROBLEM_MEDIA_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {cls.code: {"value": _example(cls)} for cls in classes},
            }
        },
    }


def _example(cls: type[HalftermError]) -> dict[str, Any]:
    return {
        "type": f"urn:halfterm:problem:{cls.code}",
        "title": cls.title,
        "status": cls.status,
        "code": cls.code,
        "detail": cls.title,
    }


def _problem_schema() -> dict[str, Any]:
    return {
        "type": "object",
        "title": "Problem",
        "description": "A refusal, as RFC 9457 problem details.",
        "required": ["type", "title", "status", "code", "detail"],
        "properties": {
            "type": {"type": "string", "format": "uri", "maxLength": 200},
            "title": {"type": "string", "maxLength": 200},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "code": {"type": "string", "maxLength": 64},
            "detail": {"type": "string", "maxLength": 2000},
            "errors": {
                "type": "array",
                "maxItems": 1000,
                "items": {
                    "type": "object",
                    "required": ["pointer", "code", "detail"],
                    "properties": {
                        "pointer": {"type": "string", "maxLength": 500},
                        "code": {"type": "string", "maxLength": 64},
                        "detail": {"type": "string", "maxLength": 1000},
                    },
                },
            },
        },
    }


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    """Add what follows from the rules: security, the problems that may come, and their headers."""
    responses = operation["responses"]
    checked = responses.pop("422", None) is not None
    rule = RULES.get(operation["operationId"])
    wanted = {503, 500} | ({422} if checked else set()) | ({404} if "{" in path else set())
    if rule is not None:
        operation["security"] = [{"oauth": [rule.scope.value]}]
        wanted |= {400, 401, 403, 429}
        if method != "get":
            wanted |= {409, 413, 415, 422}
        if method in ("put", "patch"):
            wanted |= {412, 428}
    if "requestBody" in operation:
        wanted.add(413)
    if any(parameter["name"].lower() == "if-match" for parameter in operation.get("parameters", [])):
        wanted.add(412)
    if path == "/v1/events":
        wanted.add(410)
    for status in sorted(wanted):
        responses.setdefault(str(status), {"$ref": f"#/components/responses/{_name(status)}"})


def _scope_words(scope: Scope) -> str:
    noun, _, verb = scope.value.partition(".")
    return {"read": f"Read {noun}.", "write": f"Record and change {noun}."}.get(verb, "Administer the authority.")
