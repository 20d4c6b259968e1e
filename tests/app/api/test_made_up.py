"""Whatever is sent, right or wrong, the answer is one that the OpenAPI document announces, and never a 500."""

import pytest

from tests.app.api.made_up import installation, operations, try_out
from tests.app.api.test_roles import NEEDED

EXAMPLES = 3


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    with installation(tmp_path_factory.mktemp("made_up")) as (client, known):
        yield client, known, operations(client)


def test_no_made_up_request_breaks_the_server_or_its_word(there):
    client, known, found = there
    told = {name: try_out(client, operation, known, EXAMPLES, seed=1) for name, operation in found.items()}

    assert len(told) == len(NEEDED) - 3  # health, the document itself, and its page
    statuses = sum(told.values(), start=type(next(iter(told.values())))())
    assert statuses.keys() >= {200, 201, 400, 404, 409, 422}
    assert max(statuses) < 500
