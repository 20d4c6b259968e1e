"""LLM providers: one file each, found by being here."""
