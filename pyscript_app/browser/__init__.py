"""The only Python that sees JavaScript: it runs the loop inside the page's worker."""
