"""The whole error tree: a code, an HTTP status and one plain sentence each.

HalftermError
├── Unauthenticated                401
│   └── InvalidClient              401
├── Forbidden                      403
│   ├── ScopeMissing               403
│   └── SandboxOnly                403
├── NotFound                       404
├── Conflict                       409
│   ├── ActionNotAvailable         409
│   ├── DuplicateReferral          409
│   ├── PlaceTaken                 409
│   ├── OverrideRefused            409
│   ├── AlreadyExists              409
│   ├── StillReferredTo            409
│   ├── CapacityRefused            409
│   └── RequestInProgress          409
├── FeedReset                      410
├── PreconditionFailed             412
├── PayloadTooLarge                413
├── UnsupportedMediaType           415
├── Malformed                      400
│   ├── IdempotencyKeyRequired     400
│   ├── CursorRejected             400
│   └── TokenRequestRejected       400
├── Invalid                        422
│   └── IdempotencyKeyReused       422
├── PreconditionRequired           428
├── TooManyRequests                429
├── InvariantBroken                500
└── Unavailable                    503
    └── NotReady                   503

Domain code raises these; `app.http.problems` turns them into RFC 9457 documents and GraphQL into masked errors.
"""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldFault:
    """One thing wrong with one field: where (JSON Pointer), a stable code, and a plain sentence."""

    pointer: str
    code: str
    detail: str


class HalftermError(Exception):
    """Anything the service refuses, with what the caller needs to put it right."""

    code = "error"
    status = 500
    title = "Something went wrong."

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: list[FieldFault] | None = None,
        headers: dict[str, str] | None = None,
        extra: dict[str, object] | None = None,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.errors = errors or []
        self.headers = headers or {}
        self.extra = extra or {}


class Unauthenticated(HalftermError):
    code = "unauthenticated"
    status = 401
    title = "A valid access token is needed."


class InvalidClient(Unauthenticated):
    code = "invalid_client"
    title = "The client id and secret are not right."


class Forbidden(HalftermError):
    code = "forbidden"
    status = 403
    title = "This organisation may not do that."


class ScopeMissing(Forbidden):
    code = "insufficient_scope"
    title = "The access token lacks the scope for this."


class SandboxOnly(Forbidden):
    code = "sandbox_only"
    title = "Only a sandbox authority may do that."


class NotFound(HalftermError):
    code = "not_found"
    status = 404
    title = "There is nothing here that you may see."


class Conflict(HalftermError):
    code = "conflict"
    status = 409
    title = "That does not fit the present state."


class ActionNotAvailable(Conflict):
    code = "action_not_available"
    title = "That act is not open in the present state."


class DuplicateReferral(Conflict):
    code = "duplicate_referral"
    title = "Your organisation already has an open referral for this pupil."


class PlaceTaken(Conflict):
    code = "place_taken"
    title = "The place is no longer free."


class OverrideRefused(Conflict):
    code = "override_refused"
    title = "A rule stands against it that no officer may set aside."


class AlreadyExists(Conflict):
    code = "already_exists"
    title = "One like this is already recorded."


class StillReferredTo(Conflict):
    code = "still_referred_to"
    title = "Something that this names does not exist, or something else still depends on this."


class CapacityRefused(Conflict):
    code = "capacity_refused"
    title = "The lot has no capacity for that."


class RequestInProgress(Conflict):
    code = "request_in_progress"
    title = "The same request is still being worked on."


class FeedReset(HalftermError):
    code = "feed_reset"
    status = 410
    title = "The event feed was rebuilt: start again without a cursor."


class PreconditionFailed(HalftermError):
    code = "precondition_failed"
    status = 412
    title = "It has changed since you read it."


class PayloadTooLarge(HalftermError):
    code = "payload_too_large"
    status = 413
    title = "The request body is larger than allowed."


class UnsupportedMediaType(HalftermError):
    code = "unsupported_media_type"
    status = 415
    title = "The request body must be sent as JSON."


class Malformed(HalftermError):
    code = "malformed"
    status = 400
    title = "The request could not be read."


class IdempotencyKeyRequired(Malformed):
    code = "idempotency_key_required"
    title = "This request needs an Idempotency-Key header."


class CursorRejected(Malformed):
    code = "cursor_rejected"
    title = "The cursor does not belong to this list."


class TokenRequestRejected(Malformed):
    code = "invalid_request"
    title = "The token request could not be granted."


class Invalid(HalftermError):
    code = "invalid"
    status = 422
    title = "Some fields are not right."


class IdempotencyKeyReused(Invalid):
    code = "idempotency_key_reused"
    title = "This Idempotency-Key was used before with another request."


class PreconditionRequired(HalftermError):
    code = "precondition_required"
    status = 428
    title = "This request needs an If-Match header with the version you read."


class TooManyRequests(HalftermError):
    code = "too_many_requests"
    status = 429
    title = "Too many requests: slow down."


class InvariantBroken(HalftermError):
    code = "invariant_broken"
    status = 500
    title = "The service refused a change that would have broken one of its own rules."


class Unavailable(HalftermError):
    code = "unavailable"
    status = 503
    title = "The service cannot reach its database: try again shortly."


class NotReady(Unavailable):
    code = "not_ready"
    title = "The service is not ready."


def error_classes() -> Iterator[type[HalftermError]]:
    """Every class of the tree, parents first."""
    pending: list[type[HalftermError]] = [HalftermError]
    while pending:
        cls = pending.pop(0)
        yield cls
        pending.extend(cls.__subclasses__())
