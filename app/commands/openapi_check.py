"""Whether a document is a sound OpenAPI 3.1 description: what a client generator would stumble over, in sentences.

Not the whole specification: the parts of it that our own code could get wrong.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_URL: Final = "urn:openapi"
_STATUS: Final = re.compile(r"[1-5](\d\d|XX)|default")


def openapi_faults(document: dict[str, Any]) -> Iterator[str]:
    """Everything wrong with a document, one sentence each; nothing for a sound one."""
    if not str(document.get("openapi", "")).startswith("3.1."):
        yield "The document does not say that it is OpenAPI 3.1."
    info = document.get("info", {})
    if not info.get("title") or not info.get("version"):
        yield "info needs a title and a version."
    yield from _reference_faults(document, document, "#")
    for name, schema in document.get("components", {}).get("schemas", {}).items():
        yield from _schema_faults(schema, f"components/schemas/{name}")
    ids: Counter[str] = Counter()
    for path, item in document.get("paths", {}).items():
        if not path.startswith("/"):
            yield f"The path {path} does not begin with a slash."
        for method in METHODS:
            if method in item:
                operation = item[method]
                ids[operation.get("operationId", "")] += 1
                yield from _operation_faults(document, f"{method.upper()} {path}", path, operation)
    for operation_id, count in ids.items():
        if count > 1 or not operation_id:
            yield f"The operationId {operation_id!r} stands at {count} operations."


def _operation_faults(document: dict[str, Any], name: str, path: str, operation: dict[str, Any]) -> Iterator[str]:
    yield from _parameter_faults(document, name, path, operation)
    yield from _response_faults(document, name, operation.get("responses", {}))
    if "requestBody" in operation:
        body = _resolved(document, operation["requestBody"])
        if not body.get("content"):
            yield f"{name}: its request body has no content."
        yield from _content_faults(document, f"{name}, request", body.get("content", {}))
    schemes = document.get("components", {}).get("securitySchemes", {})
    for scheme in {scheme for requirement in operation.get("security", []) for scheme in requirement}:
        if scheme not in schemes:
            yield f"{name}: the security scheme {scheme} is not described."


def _parameter_faults(document: dict[str, Any], name: str, path: str, operation: dict[str, Any]) -> Iterator[str]:
    parameters = [_resolved(document, parameter) for parameter in operation.get("parameters", [])]
    declared = {parameter["name"] for parameter in parameters if parameter.get("in") == "path"}
    templated = set(re.findall(r"{([^}]+)}", path))
    if declared != templated:
        yield f"{name}: the path names {sorted(templated)}, and its parameters are {sorted(declared)}."
    for parameter in parameters:
        if "schema" not in parameter and "content" not in parameter:
            yield f"{name}: the parameter {parameter.get('name')} has no schema."
        if parameter.get("in") == "path" and not parameter.get("required"):
            yield f"{name}: the path parameter {parameter.get('name')} must be required."


def _response_faults(document: dict[str, Any], name: str, responses: dict[str, Any]) -> Iterator[str]:
    if not responses:
        yield f"{name}: it has no responses."
    for status, given in responses.items():
        response = _resolved(document, given)
        if not _STATUS.fullmatch(str(status)):
            yield f"{name}: {status} is no status of a response."
        if "description" not in response:
            yield f"{name}: the response {status} has no description."
        yield from _content_faults(document, f"{name}, response {status}", response.get("content", {}))


def _content_faults(document: dict[str, Any], name: str, content: dict[str, Any]) -> Iterator[str]:
    for media_type, given in content.items():
        schema = given.get("schema")
        if schema is None:
            continue
        yield from _schema_faults(schema, f"{name} ({media_type})")
        examples = {key: _resolved(document, example) for key, example in given.get("examples", {}).items()}
        stated = {key: example["value"] for key, example in examples.items() if "value" in example}
        if "example" in given:
            stated["example"] = given["example"]
        validator = _validator(document, schema)
        for key, value in stated.items():
            for error in validator.iter_errors(value):
                yield f"{name} ({media_type}): the example {key} is not right at {error.json_path}: {error.message}"


def _schema_faults(schema: Any, name: str) -> Iterator[str]:
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        yield f"{name}: it is no JSON Schema at {error.json_path}: {error.message}"


def _validator(document: dict[str, Any], schema: dict[str, Any]) -> Draft202012Validator:
    """A validator of one schema whose references are looked up in the document."""
    resource: Resource[Any] = Resource.from_contents(document, default_specification=DRAFT202012)
    registry: Registry[Any] = Registry().with_resource(_URL, resource)
    return Draft202012Validator(_absolute(schema), registry=registry)


def _absolute(value: Any) -> Any:
    """A schema whose own references name the document, so that they are found from outside it."""
    if isinstance(value, list):
        return [_absolute(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _URL + item if key == "$ref" and isinstance(item, str) and item.startswith("#") else _absolute(item)
        for key, item in value.items()
    }


def _reference_faults(document: dict[str, Any], value: Any, pointer: str) -> Iterator[str]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _reference_faults(document, item, f"{pointer}/{index}")
    elif isinstance(value, dict):
        target = value.get("$ref")
        if isinstance(target, str) and _look_up(document, target) is None:
            yield f"{pointer}: the reference {target} leads nowhere."
        for key, item in value.items():
            yield from _reference_faults(document, item, f"{pointer}/{key}")


def _resolved(document: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    """What a reference stands for; the value itself if it is none. A broken one is told of elsewhere."""
    target = value.get("$ref")
    return (_look_up(document, target) or {"description": ""}) if isinstance(target, str) else value


def _look_up(document: dict[str, Any], target: str) -> dict[str, Any] | None:
    found: Any = document
    if not target.startswith("#/"):
        return None
    for part in target[2:].split("/"):
        step = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(found, dict) or step not in found:
            return None
        found = found[step]
    return found if isinstance(found, dict) else None
