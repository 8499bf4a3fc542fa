"""What Python made, in the page's form: camelCase objects, lists and values, and arrays as whoever asks wants them."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Collection, Mapping
from dataclasses import fields, is_dataclass
from typing import Any


def page_form(
    value: Any, give: Callable[[str, array[Any] | bytes], Any], without: Collection[str] = (), name: str = ""
) -> Any:
    """A value of dataclasses, mappings, lists, tuples, arrays, bytes, numbers, text and None in the page's form.

    Args:
        value: Of a dataclass, the page lacks the fields that are None.
        give: What stands for an array, of the field of this name.
        without: Fields to leave out.
        name: The field that the value stands in.

    Raises:
        TypeError: There is something in it that the page would not understand.
    """
    if is_dataclass(value):
        named = {field.name: getattr(value, field.name) for field in fields(value)}
        return {
            _camel(each): page_form(part, give, without, each)
            for each, part in named.items()
            if part is not None and each not in without
        }
    if isinstance(value, Mapping):
        return {str(key): page_form(part, give, without, name) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [page_form(part, give, without, name) for part in value]
    if isinstance(value, array | bytes):
        return give(name, value)
    if value is None or isinstance(value, str | int | float):
        return value
    raise TypeError(f"the page cannot be given a {type(value).__name__}")


def _camel(name: str) -> str:
    return re.sub("_([a-z0-9])", lambda match: match[1].upper(), name)
