"""Every error says what it is, and stands in the OpenAPI document."""

from app.errors import error_classes
from tests.factories.http import Api


def test_every_error_has_a_code_a_status_and_a_sentence() -> None:
    codes = [cls.code for cls in error_classes()]
    assert len(codes) == len(set(codes))
    for cls in error_classes():
        assert 400 <= cls.status < 600
        assert cls.title[0].isupper()
        assert cls.title.endswith(".")


def test_every_error_is_documented(api: Api) -> None:
    document = api.app.openapi()
    examples = {
        code
        for response in document["components"]["responses"].values()
        for media in response["content"].values()
        for code in media.get("examples", {})
    }
    assert {cls.code for cls in error_classes()} <= examples


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    import app.errors

    drawn = app.errors.__doc__ or ""
    for cls in error_classes():
        assert f"{cls.__name__} " in drawn or drawn.count(cls.__name__) > 0, cls.__name__
