"""Bodies of requests become what they should hold, or an error that says where they do not."""

from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from bowerbird.errors import InputError

Model = TypeVar("Model", bound=BaseModel)


def parsed(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`.

    Raises:
        InputError: it is something else.
    """
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InputError(f'the body is not JSON: {error}; send an object such as {{"q": "sofa"}}') from error
    if not isinstance(fields, dict):
        raise InputError(
            f'the body is a JSON {type(fields).__name__}; send an object such as {{"q": "sofa"}}'
        )
    return fields


def checked(model: type[Model], fields: dict[str, Any]) -> Model:
    """`fields` as the `model` that they should be.

    Raises:
        InputError: a field is unknown, or holds what it may not.
    """
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        details = validation_details(error.errors())
        raise InputError(f"the request cannot be used: {details[0]}", details=details) from error


def validation_details(errors: Any) -> list[str]:  # noqa: ANN401  pydantic's and FastAPI's own lists
    """A line for each thing that is wrong: where, what, and the value seen."""
    return [
        f"{'.'.join(str(part) for part in error['loc']) or 'body'}: {error['msg']} "
        f"(given: {str(error.get('input'))[:80]!r})"
        for error in errors
    ]
