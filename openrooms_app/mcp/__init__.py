"""OpenRooms as an MCP server: its published workflows are the tools, over HTTP at /mcp and over stdin for local use."""
