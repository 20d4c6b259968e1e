"""OpenRooms for programs: `from openrooms.client import Client`."""
