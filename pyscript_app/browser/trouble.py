"""What can go wrong in a browser, each in one sentence that says what it is and how to mend it."""

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
        code: one of the codes in ``web/types.d.ts``, by which a language finds its own words.
        message: the sentence in English.
        file: the model's file that it is about.
        refusal: what was refused, where ``message`` is its sentence.
    """

    def __init__(
        self, code: str, message: str, file: str | None = None, refusal: RefusalError | None = None
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.file, self.refusal = code, message, file, refusal

    def content(self) -> dict[str, Any]:
        """The page's type ``Trouble``."""
        content: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.file:
            content["file"] = self.file
        if self.refusal:
            content |= {"reason": self.refusal.code, "values": self.refusal.values}
        return content


def missing(file: str) -> TroubleError:
    """A file that the manifest names is not on the server."""
    return TroubleError(
        "missing-file",
        f"The model's file {file} is not on the server: put the model's whole folder there and reload.",
        file,
    )


def damaged(file: str) -> TroubleError:
    """A file arrived whole but with other bytes than the manifest promises."""
    return TroubleError(
        "damaged-file",
        f"The model's file {file} does not match its digest: reload, and if that does not help, "
        "put the model's folder on the server again.",
        file,
    )


def interrupted(file: str) -> TroubleError:
    """The network failed on the way."""
    return TroubleError(
        "network",
        f"The connection broke while {file} was loading: look at the network and start again.",
        file,
    )


def no_memory() -> TroubleError:
    """The browser could not give as much memory as the model needs."""
    return TroubleError(
        "out-of-memory",
        "The browser has no memory left for the model: close other tabs, or use a larger device.",
    )


def explain(error: BaseException) -> TroubleError:
    """The trouble behind any exception."""
    if isinstance(error, TroubleError):
        return error
    text = str(error)
    if isinstance(error, MemoryError) or any(phrase in text.lower() for phrase in _MEMORY):
        return no_memory()
    if isinstance(error, RefusalError):
        return TroubleError("settings", text, refusal=error)
    reason = text.strip().splitlines()[-1] if text.strip() else type(error).__name__
    return TroubleError(
        "unknown", f"The run failed ({reason}): try again, and if that fails, reload the page."
    )
