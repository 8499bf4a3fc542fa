"""What can go wrong in a browser, each as a code whose sentence says what it is and how to mend it."""

from __future__ import annotations

from typing import Any

from pyscript_app.refusal import RefusalError

# How the engines of Chromium, Firefox and WebKit, and onnxruntime, say that memory is exhausted.
_MEMORY = (
    "out of memory",
    "bad_alloc",
    "allocation failed",
    "memory access out of bounds",
    "could not allocate",
)


class TroubleError(Exception):
    """Something that the visitor should read.

    Args:
        code: the kind of trouble, one of the codes in ``web/types.d.ts``.
        refusal: what it is, as a code with values: the page says it in its language.
        file: the model's file that it is about.
    """

    def __init__(self, code: str, refusal: RefusalError, file: str | None = None) -> None:
        super().__init__(code, refusal, file)
        self.code, self.refusal, self.file = code, refusal, file

    def __str__(self) -> str:
        """The sentence in English."""
        return str(self.refusal)

    def content(self) -> dict[str, Any]:
        """The page's type ``Trouble``."""
        content = {"code": self.code, "reason": self.refusal.code, "values": self.refusal.values}
        return content | ({"file": self.file} if self.file else {})


def missing(file: str) -> TroubleError:
    """A file that the manifest names is not on the server."""
    return TroubleError("missing-file", RefusalError("file-missing", file=file), file)


def damaged(file: str) -> TroubleError:
    """A file arrived whole but with other bytes than the manifest promises."""
    return TroubleError("damaged-file", RefusalError("file-damaged", file=file), file)


def interrupted(file: str) -> TroubleError:
    """The network failed on the way."""
    return TroubleError("network", RefusalError("file-interrupted", file=file), file)


def no_memory() -> TroubleError:
    """The browser could not give as much memory as the model needs."""
    return TroubleError("out-of-memory", RefusalError("memory-out"))


def explain(error: BaseException) -> TroubleError:
    """The trouble behind any exception."""
    if isinstance(error, TroubleError):
        return error
    if isinstance(error, RefusalError):
        return TroubleError("settings", error)
    text = str(error).lower()
    if isinstance(error, MemoryError) or any(phrase in text for phrase in _MEMORY):
        return no_memory()
    return TroubleError("unknown", RefusalError("run-failed", reason=own_words(error)))


def own_words(error: BaseException) -> str:
    """What a library or the browser says of its failure, the last line; of ours the code."""
    if isinstance(error, TroubleError):
        return error.refusal.code
    return (str(error).strip().splitlines() or [type(error).__name__])[-1]
