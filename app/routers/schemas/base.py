"""The two kinds of schema: inputs that refuse what they do not know, outputs cut to what a party may see.

Every field of a `Seen` model is annotated with the `Group` of facts that it belongs to. `show` keeps the fields that
the table in `app.access` grants to a party and leaves the others out; `seen_by` is the same cut as a model, for the
OpenAPI document. A field without a group cannot be declared, so nothing is shown by oversight.
"""

from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from orjson import Fragment
from pydantic import BaseModel, ConfigDict, Field, create_model
from pydantic.types import StringConstraints

from app.access import VISIBLE, Group, Party


class In(BaseModel):
    """A request body: unknown fields are refused by name."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, hide_input_in_errors=True)


class Out(BaseModel):
    """An answer that says the same to everyone who may have it."""

    model_config = ConfigDict(from_attributes=False)


class Seen(Out):
    """An answer about a referral or a case, cut by who asks."""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Refuse a field that names no group."""
        super().__pydantic_init_subclass__(**kwargs)
        for name, field in cls.model_fields.items():
            if not any(isinstance(item, Group) for item in field.metadata):
                raise TypeError(f"{cls.__name__}.{name} says no Group: who may see it?")


ShortText = Annotated[str, StringConstraints(min_length=1, max_length=200)]
LongText = Annotated[str, StringConstraints(min_length=1, max_length=5000)]
Code = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Public = Group.PUBLIC


def group_of(field: Any) -> Group:
    """The group of a `Seen` model's field."""
    return next(item for item in field.metadata if isinstance(item, Group))


def show(model: type[Seen], party: Party, values: dict[str, Any]) -> dict[str, Any]:
    """The fields of `values` that `model` has and `party` may see; nested `Seen` models are cut the same way.

    Raises KeyError when a field that the party may see is missing: an answer is whole or an error.
    """
    names, nested = _visible(model, party)
    shown = {name: values[name] for name in names}
    for name, inner in nested:
        shown[name] = _cut(inner, party, shown[name])
    return shown


def _cut(nested: type[Seen], party: Party, value: Any) -> Any:
    if value is None:
        return value
    if isinstance(value, Fragment):
        # JSON as it was stored: for those only who may see all of it.
        if not _sees_all(nested, party):
            raise TypeError(f"{party} does not see the whole of {nested.__name__}.")
        return value
    if isinstance(value, list):
        return [show(nested, party, item) for item in value]
    return show(nested, party, value)


@cache
def _fields(model: type[Seen], party: Party) -> tuple[tuple[str, type[Seen] | None], ...]:
    visible = VISIBLE[party]
    return tuple(
        (name, _nested(field.annotation)) for name, field in model.model_fields.items() if group_of(field) in visible
    )


@cache
def _visible(model: type[Seen], party: Party) -> tuple[tuple[str, ...], tuple[tuple[str, type[Seen]], ...]]:
    """The names of the fields that a party may see, and those among them that are models themselves."""
    fields = _fields(model, party)
    return tuple(name for name, _ in fields), tuple((name, inner) for name, inner in fields if inner is not None)


@cache
def _sees_all(model: type[Seen], party: Party) -> bool:
    fields = _fields(model, party)
    return len(fields) == len(model.model_fields) and all(_sees_all(inner, party) for _, inner in fields if inner)


def _nested(annotation: Any) -> type[Seen] | None:
    """The Seen model inside an annotation (`X`, `X | None`, `list[X]`), or None."""
    if isinstance(annotation, type) and issubclass(annotation, Seen):
        return annotation
    for argument in get_args(annotation):
        if found := _nested(argument):
            return found
    return None


@cache
def seen_by(model: type[Seen], party: Party) -> type[BaseModel]:
    """The model as one party sees it, for the OpenAPI document."""
    suffix = "".join(word.capitalize() for word in party.value.split("_"))
    fields: dict[str, Any] = {}
    for name, nested in _fields(model, party):
        field = model.model_fields[name]
        annotation = field.annotation if nested is None else _replace(field.annotation, nested, seen_by(nested, party))
        fields[name] = (annotation, Field(description=field.description, examples=field.examples))
    return create_model(f"{model.__name__}For{suffix}", __doc__=model.__doc__, __base__=Out, **fields)


def _replace(annotation: Any, old: type[Seen], new: type[BaseModel]) -> Any:
    if annotation is old:
        return new
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is list:
        return list[_replace(arguments[0], old, new)]  # type: ignore[misc]  # made at run time
    if origin in (Union, UnionType):
        return Union[tuple(item if item is NoneType else _replace(item, old, new) for item in arguments)]  # noqa: UP007 - made at run time
    return annotation
