"""Execution without ceremony for plain fields.

The library builds an info object, a path and an argument dictionary for every field, also for one that only reads an
attribute. Most fields of a page are of that kind, so their values are read here directly; whatever is not plain, or
is missing where it may not be, takes the library's own way, errors and all.
"""

from collections.abc import Callable
from typing import Any, Final

from graphql import GraphQLField, GraphQLNonNull, GraphQLObjectType
from graphql.execution import Executor
from graphql.pyutils import Path, Undefined

PLAIN: Final = "halfterm.plain"
"""The key of a plain field's reader, in the field's extensions: from the source to the finished value."""

_Step = tuple[str, Any, Callable[[Any], Any] | None, bool]
_Plan = list[_Step]


class PlainExecutor(Executor):  # type: ignore[type-arg]  # its context parameter is the library's own
    """The library's executor, with a short way for plain fields."""

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        parent_path: Any,
        grouped_field_set: Any,
        position_context: Any,
    ) -> Any:
        """The values of an object's fields; awaitable if one of them is."""
        results: dict[str, Any] = {}
        waiting: dict[str, Any] = {}
        try:
            for name, details, reader, required in self._plan(parent_type, grouped_field_set):
                if reader is not None:
                    value = reader(source_value)
                    if value is not None or not required:
                        results[name] = value
                        continue
                path = Path(parent_path, name, parent_type.name)
                result = self.execute_field(parent_type, source_value, details, path, position_context)
                if result is Undefined:
                    continue
                results[name] = result
                if self.is_awaitable(result):
                    waiting[name] = result
        except Exception:
            self.settle_in_background(list(waiting.values()))
            raise
        return self._finished(results, waiting) if waiting else results

    async def _finished(self, results: dict[str, Any], waiting: dict[str, Any]) -> dict[str, Any]:
        if len(waiting) == 1:
            for name, value in waiting.items():
                results[name] = await value
            return results
        results.update(zip(waiting, await self.gather_async_work(list(waiting.values())), strict=True))
        return results

    def _plan(self, parent_type: GraphQLObjectType, grouped_field_set: Any) -> _Plan:
        plans: dict[int, tuple[Any, _Plan]] = self.__dict__.setdefault("_plans", {})
        known = plans.get(id(grouped_field_set))
        if known is not None:
            return known[1]
        plan = [
            (name, details, *_reader(self.schema.get_field(parent_type, details[0].node.name.value)))
            for name, details in grouped_field_set.items()
        ]
        # The set is kept with its plan, so that its id cannot come back as another's.
        plans[id(grouped_field_set)] = (grouped_field_set, plan)
        return plan


def _reader(field: GraphQLField | None) -> tuple[Callable[[Any], Any] | None, bool]:
    if field is None:
        return None, False
    return field.extensions.get(PLAIN), isinstance(field.type, GraphQLNonNull)
