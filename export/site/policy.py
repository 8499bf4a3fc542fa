"""The page's Content-Security-Policy: what it may load and run.

``index.html`` carries it, so that it holds on any host; ``diffuscope serve`` and the service worker send it, so that
it holds for the scripts of workers too, which hear of it from their own answer alone.
"""

POLICY = "; ".join(
    (
        # All comes from where the page comes from: no inline script, no style attribute, no other host.
        "default-src 'self'",
        # Pyodide and onnxruntime-web compile WebAssembly, which this allows and nothing else: no text becomes
        # JavaScript. PyScript would do that for hooks and for its Python package (see web/python.js).
        "script-src 'self' 'wasm-unsafe-eval'",
        # PyScript makes its worker of a blob, which is under this policy like the page.
        "worker-src 'self' blob:",
        # Neither falls back to the first line. The page has no form, and all its addresses are its own.
        "base-uri 'none'",
        "form-action 'none'",
    )
)
