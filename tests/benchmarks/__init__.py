"""How fast the page is, measured against what it could be at best."""
