"""What a query costs, known before it runs: one for every object that its answer may hold, and more for figures.

A list counts as often as its `first` asks for. The price is an upper bound: skipped fields count too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
)

from app.graphql.errors import BadInputError, LimitError

MAX_DEPTH: Final = 12
MAX_PRICE: Final = 20_000
MAX_TOLD: Final = 1_000_000_000
"""No price is told beyond this: fragments that double one another would otherwise fill the answer with digits."""
MAX_PAGE_SIZE: Final = 200

PRICE: Final = "halfterm.price"
"""The key of a field's own price in its extensions, where it is not 1."""
# They hold no more than their list: a page's items are what is counted.
_WRAPPERS: Final = frozenset({"edges", "pageInfo"})


@dataclass(frozen=True, slots=True)
class Price:
    """The price of a selection: its own, and those below it, times a page size."""

    own: int
    parts: tuple["Price", ...] = ()
    times: int | str = 1
    """How often the parts count: a number, or the name of the variable that says so."""
    otherwise: int = 1
    """How often, when the variable is not given."""

    def total(self, variables: Mapping[str, Any]) -> int:
        """The price with these variables. Raises BadInputError for a page size that is not 1 to 200."""
        return self._total(variables, {})

    def _total(self, variables: Mapping[str, Any], known: dict[int, int]) -> int:
        # A fragment's price stands in many places: it is worked out once.
        if id(self) not in known:
            times = _checked(self.times, self.otherwise, variables)
            below = sum(part._total(variables, known) for part in self.parts)  # noqa: SLF001 - of this class
            known[id(self)] = min(self.own + times * below, MAX_TOLD)
        return known[id(self)]


def _checked(times: int | str, otherwise: int, variables: Mapping[str, Any]) -> int:
    if isinstance(times, str):
        given = variables.get(times)
        given = otherwise if given is None else given
        if isinstance(given, bool) or not isinstance(given, int):
            raise BadInputError(f"The variable ${times} does not have a value of its type.")
        times = given
    if not 1 <= times <= MAX_PAGE_SIZE:
        raise BadInputError(f"A page has 1 to {MAX_PAGE_SIZE} items.")
    return times


def price_of(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) -> Price:
    """The price of a valid operation. Raises LimitError when it nests too deep."""
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    defaults = {
        each.variable.name.value: int(each.default_value.value)
        for each in operation.variable_definitions or ()
        if isinstance(each.default_value, IntValueNode)
    }
    root = schema.get_root_type(operation.operation)
    return Price(0, _Pricing(schema, fragments, defaults).below(operation.selection_set, root, 1))


class _Pricing:
    """Prices selections. A fragment is priced once for each depth and type that it stands at."""

    def __init__(
        self, schema: GraphQLSchema, fragments: dict[str, FragmentDefinitionNode], defaults: dict[str, int]
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._defaults = defaults
        self._known: dict[tuple[str, str, int], Price] = {}

    def below(self, selection_set: SelectionSetNode | None, parent: Any, depth: int) -> tuple[Price, ...]:
        """The prices of a selection set's fields."""
        parts = []
        for selection in selection_set.selections if selection_set else ():
            if isinstance(selection, FieldNode):
                price = self._field(selection, parent, depth)
            elif isinstance(selection, FragmentSpreadNode):
                price = self._fragment(selection.name.value, depth)
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                inner = self._schema.get_type(condition.name.value) if condition else parent
                price = _sum(self.below(selection.selection_set, inner, depth))
            else:
                continue
            if price is not None:
                parts.append(price)
        return tuple(parts)

    def _fragment(self, name: str, depth: int) -> Price | None:
        definition = self._fragments[name]
        condition = definition.type_condition.name.value
        key = (name, condition, depth)
        if key not in self._known:
            inner = self._schema.get_type(condition)
            self._known[key] = _sum(self.below(definition.selection_set, inner, depth)) or Price(0)
        return self._known[key]

    def _field(self, node: FieldNode, parent: Any, depth: int) -> Price | None:
        name = node.name.value
        if name.startswith("__") or not isinstance(parent, (GraphQLObjectType, GraphQLInterfaceType)):
            # Introspection has a rule of its own among the validations.
            return None
        if depth > MAX_DEPTH:
            raise LimitError(f"Fields nest {MAX_DEPTH} deep at most.")
        field = parent.fields[name]
        named = get_named_type(field.type)
        own = field.extensions.get(PRICE)
        if is_leaf_type(named):
            return Price(own) if own else None
        parts = self.below(node.selection_set, named, depth + 1)
        if own is None:
            own = 0 if name in _WRAPPERS else 1
        if "first" in field.args and is_list_type(get_nullable_type(field.type)):
            # Not a connection, whose items are priced at `nodes` and `node`: each row counts here.
            parts = (Price(1, parts),)
        return Price(own, parts, *self._times(node, field))

    def _times(self, node: FieldNode, field: GraphQLField) -> tuple[int | str, int]:
        argument = field.args.get("first")
        if argument is None:
            return 1, 1
        default = argument.default_value if isinstance(argument.default_value, int) else 1
        given = next((each.value for each in node.arguments or () if each.name.value == "first"), None)
        if isinstance(given, IntValueNode):
            return int(given.value), 1
        if isinstance(given, VariableNode):
            return given.name.value, self._defaults.get(given.name.value, default)
        return default, 1


def _sum(parts: tuple[Price, ...]) -> Price | None:
    return Price(0, parts) if parts else None
