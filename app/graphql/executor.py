"""Execution without ceremony for what needs none: plain fields, edges that are loaded already, and lists of rows.

The library builds an info object, a path and an argument dictionary for every field, and passes each value through
half a dozen calls, also when a field only reads an attribute. Most of a page is of that kind, so it is completed here
directly. Whatever is not, or comes out in a way that its type does not allow, takes the library's own way, errors and
all.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from graphql import GraphQLField, GraphQLNonNull, GraphQLObjectType
from graphql.execution import Executor
from graphql.pyutils import Path, Undefined

PLAIN: Final = "halfterm.plain"
"""The key of a plain field's reader, in the field's extensions: from the source to the finished value."""
AHEAD: Final = "halfterm.ahead"
"""The key of an edge's reader: from the source and the context to a row, None, a future, or UNDECIDED."""
UNDECIDED: Final = object()
"""What an edge's reader gives when the field's own resolver has to speak: it will raise."""


class _Step(NamedTuple):
    """How one field of a selection is completed."""

    name: str
    details: Any
    plain: Callable[[Any], Any] | None
    ahead: Callable[[Any, Any], Any] | None
    type: Any
    required: bool


class PlainExecutor(Executor):  # type: ignore[type-arg]  # its context parameter is the library's own
    """The library's executor, with a short way for what is plain."""

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
            for step in self._plan(parent_type, grouped_field_set):
                name = step.name
                if step.plain is not None:
                    value = step.plain(source_value)
                    if value is not None or not step.required:
                        results[name] = value
                        continue
                path = Path(parent_path, name, parent_type.name)
                if step.ahead is not None:
                    row = step.ahead(source_value, self.context_value)
                    if row is None:
                        results[name] = None
                        continue
                    if row is not UNDECIDED and not isinstance(row, asyncio.Future):
                        value = self._object(step, row, path)
                    else:
                        value = self.execute_field(parent_type, source_value, step.details, path, position_context)
                else:
                    value = self.execute_field(parent_type, source_value, step.details, path, position_context)
                    if value is Undefined:
                        continue
                results[name] = value
                # Complete values are of the JSON kinds; anything else that can be here is awaitable.
                if type(value) not in _COMPLETE and self.is_awaitable(value):
                    waiting[name] = value
        except Exception:
            self.settle_in_background(list(waiting.values()))
            raise
        return self._finished(results, waiting) if waiting else results

    def complete_list_value(
        self, return_type: Any, field_details_list: Any, info: Any, path: Any, result: Any, position_context: Any
    ) -> Any:
        """The items of a list; awaitable if one of them is."""
        item_type = return_type.of_type
        kind = item_type.of_type if isinstance(item_type, GraphQLNonNull) else None
        if type(result) is not list or not isinstance(kind, GraphQLObjectType):
            return super().complete_list_value(return_type, field_details_list, info, path, result, position_context)
        fields = self.collect_subfields(kind, field_details_list)[0]
        completed: list[Any] = []
        waiting: dict[int, Any] = {}
        for index, row in enumerate(result):
            item_path = path.add_key(index, None)
            try:
                item = self.execute_fields(kind, row, item_path, fields, None)
            except Exception as error:
                self.settle_in_background(list(waiting.values()))
                self.handle_field_error(error, item_type, field_details_list, item_path)
                raise
            completed.append(item)
            if type(item) is not dict:
                waiting[index] = item
        return self._filled(completed, waiting) if waiting else completed

    def _object(self, step: _Step, row: Any, path: Any) -> Any:
        """The value of an edge whose row is there. What goes wrong below makes the edge null: edges may be."""
        fields = self.collect_subfields(step.type, step.details)[0]
        try:
            value = self.execute_fields(step.type, row, path, fields, None)
        except Exception as error:  # noqa: BLE001 - the library notes it with its place
            self.handle_field_error(error, step.type, step.details, path)
            return None
        return value if type(value) is dict else self._edge(step, value, path)

    async def _edge(self, step: _Step, value: Any, path: Any) -> Any:
        try:
            return await value
        except Exception as error:  # noqa: BLE001 - the library notes it with its place
            self.handle_field_error(error, step.type, step.details, path)
            return None

    async def _finished(self, results: dict[str, Any], waiting: dict[str, Any]) -> dict[str, Any]:
        if len(waiting) == 1:
            for name, value in waiting.items():
                results[name] = await value
            return results
        results.update(zip(waiting, await self.gather_async_work(list(waiting.values())), strict=True))
        return results

    async def _filled(self, completed: list[Any], waiting: dict[int, Any]) -> list[Any]:
        for index, item in zip(waiting, await self.gather_async_work(list(waiting.values())), strict=True):
            completed[index] = item
        return completed

    def _plan(self, parent_type: GraphQLObjectType, grouped_field_set: Any) -> list[_Step]:
        plans: dict[int, tuple[Any, list[_Step]]] = self.__dict__.setdefault("_plans", {})
        known = plans.get(id(grouped_field_set))
        if known is not None:
            return known[1]
        plan = [
            _step(name, details, self.schema.get_field(parent_type, details[0].node.name.value))
            for name, details in grouped_field_set.items()
        ]
        # The set is kept with its plan, so that its id cannot come back as another's.
        plans[id(grouped_field_set)] = (grouped_field_set, plan)
        return plan


_COMPLETE: Final = frozenset({dict, list, str, int, float, bool, type(None)})


def _step(name: str, details: Any, field: GraphQLField | None) -> _Step:
    if field is None:
        return _Step(name, details, None, None, None, required=False)
    required = isinstance(field.type, GraphQLNonNull)
    return _Step(name, details, field.extensions.get(PLAIN), field.extensions.get(AHEAD), field.type, required)
