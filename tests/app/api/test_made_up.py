"""Whatever is sent, right or wrong, the answer is one that the OpenAPI document announces, and never a 500."""

from functools import partial

import pytest

from tests.app.api.test_roles import NEEDED

EXAMPLES = 3


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    from tests.app.api import made_up  # schemathesis takes most of a second

    with made_up.installation(tmp_path_factory.mktemp("made_up")) as (client, known):
        found = made_up.operations(client).items()
        yield {name: partial(made_up.try_out, client, operation, known) for name, operation in found}


def test_no_made_up_request_breaks_the_server_or_its_word(there):
    told = {name: try_out(EXAMPLES, seed=1) for name, try_out in there.items()}

    assert len(told) == len(NEEDED) - 3  # health, the document itself, and its page
    statuses = sum(told.values(), start=type(next(iter(told.values())))())
    assert statuses.keys() >= {200, 201, 400, 404, 409, 422}
    assert max(statuses) < 500
