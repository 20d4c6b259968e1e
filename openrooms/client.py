"""A typed client: one method for each operation of the API, by the operation's name.

with Client("http://127.0.0.1:8000", key) as rooms:
    run = rooms.wait(rooms.start_run(room_id, {"question": "Why?"}).run_id)
"""

from openrooms.administration import Administration
from openrooms.agents import Agents
from openrooms.errors import ApiError, ClientError, TimedOut, Unreachable
from openrooms.rooms import Rooms
from openrooms.runs import Runs
from openrooms.triggers import Hooks, Schedules, Subscriptions
from openrooms.values import Page
from openrooms.workflows import Workflows

__all__ = ["ApiError", "Client", "ClientError", "Page", "TimedOut", "Unreachable"]


class Client(Workflows, Rooms, Runs, Schedules, Hooks, Subscriptions, Agents, Administration):
    """A server and a key; refusals are `ApiError` with the server's own `code`."""
