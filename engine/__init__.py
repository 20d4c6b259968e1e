"""The engine: it validates, stores and runs workflows, and knows no pages and no HTTP server."""
