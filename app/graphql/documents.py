"""From the text of a query to a document that may run: parsed, bounded, validated and priced, once per text.

The work is kept for the last texts that were good, so that a dashboard's next poll pays for none of it.
"""

from collections import Counter, OrderedDict
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    SelectionSetNode,
    Source,
    parse,
    validate,
)
from graphql.language import Lexer, TokenKind
from graphql.language.visitor import Visitor, visit

from app.graphql.errors import LimitError
from app.graphql.prices import Price, price_of

MAX_TOKENS: Final = 4000
MAX_BRACKETS: Final = 40
MAX_ALIASES: Final = 50
MAX_REPEATS: Final = 2
"""How often one selection may ask for the same field: validation compares such fields pair by pair."""
MAX_FRAGMENTS: Final = 20
"""How many fragments one selection may spread, for the same reason."""
MAX_CACHED: Final = 512
MAX_CACHED_CHARACTERS: Final = 20_000

_OPENING: Final = frozenset({TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L})
_CLOSING: Final = frozenset({TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R})


@dataclass(frozen=True, slots=True)
class Document:
    """A document that may run."""

    node: DocumentNode
    prices: dict[str | None, Price]
    """The price of each operation by its name."""
    names: frozenset[str]
    """The Python names of every field that it mentions."""

    def price(self, operation_name: str | None) -> Price | None:
        """The price of the operation that will run; None when the name does not say which."""
        if operation_name is None:
            return next(iter(self.prices.values())) if len(self.prices) == 1 else None
        return self.prices.get(operation_name)


class DocumentError(Exception):
    """A text that is no runnable document, with the library's errors and the code that they are told under."""

    def __init__(self, errors: list[GraphQLError], code: str) -> None:
        super().__init__(code)
        self.errors = errors
        self.code = code


class Documents:
    """The documents of one schema."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._kept: OrderedDict[str, Document] = OrderedDict()

    def get(self, text: str) -> Document:
        """The document of a text. Raises DocumentError and LimitError."""
        known = self._kept.get(text)
        if known is not None:
            self._kept.move_to_end(text)
            return known
        document = self._make(text)
        if len(text) <= MAX_CACHED_CHARACTERS:
            self._kept[text] = document
            if len(self._kept) > MAX_CACHED:
                self._kept.popitem(last=False)
        return document

    def _make(self, text: str) -> Document:
        try:
            _check_tokens(text)
            node = parse(text, no_location=False, max_tokens=MAX_TOKENS)
        except GraphQLSyntaxError as error:
            raise DocumentError([error], "GRAPHQL_PARSE_FAILED") from None
        census = _Census()
        visit(node, census)
        errors = validate(self._schema, node, max_errors=20)
        if errors:
            raise DocumentError(errors, "GRAPHQL_VALIDATION_FAILED")
        prices = {
            definition.name.value if definition.name else None: price_of(self._schema, node, definition)
            for definition in node.definitions
            if isinstance(definition, OperationDefinitionNode)
        }
        return Document(node, prices, frozenset(map(_snake, census.names)))


def _check_tokens(text: str) -> None:
    """Bound the size and the nesting before anything recursive touches the text."""
    lexer = Lexer(Source(text))
    count = depth = 0
    while lexer.advance().kind is not TokenKind.EOF:
        count += 1
        if count > MAX_TOKENS:
            raise LimitError(f"A query has {MAX_TOKENS} tokens at most.")
        if lexer.token.kind in _OPENING:
            depth += 1
            if depth > MAX_BRACKETS:
                raise LimitError(f"Brackets nest {MAX_BRACKETS} deep at most.")
        elif lexer.token.kind in _CLOSING:
            depth -= 1


class _Census(Visitor):
    """Collects the names of a document's fields, and bounds what validation compares. Raises LimitError."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self._aliases = 0

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        """Note the field."""
        self.names.add(node.name.value)
        if node.alias:
            self._aliases += 1
            if self._aliases > MAX_ALIASES:
                raise LimitError(f"A query has {MAX_ALIASES} aliases at most.")

    def enter_selection_set(self, node: SelectionSetNode, *_: Any) -> None:
        """Count what stands side by side."""
        keys = Counter((each.alias or each.name).value for each in node.selections if isinstance(each, FieldNode))
        if keys and max(keys.values()) > MAX_REPEATS:
            raise LimitError(f"A selection asks for one field {MAX_REPEATS} times at most.")
        if len(node.selections) - keys.total() > MAX_FRAGMENTS:
            raise LimitError(f"A selection spreads {MAX_FRAGMENTS} fragments at most.")


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
