"""The page's Content-Security-Policy: what it may load and run, as its browser enforces it."""

POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "worker-src 'self' blob:",
        "base-uri 'none'",
        "form-action 'none'",
    )
)
