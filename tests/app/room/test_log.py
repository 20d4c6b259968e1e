"""The page's log: each event once, only those that pass the filter, and a million of them without pain."""

from typing import Any

from tests.app.room.node import node


def event(seq: int, level: str = "INFO", message: str = "", **fields: Any) -> dict[str, Any]:
    nothing = {"type": "X", "node_id": None, "data": {}, "error": None}
    return {"seq": seq, "level": level, "message": message, **nothing, **fields}


EVENTS = [
    event(1, "DEBUG", "Entered a"),
    event(2, "INFO", "a succeeded", node_id="a", data={"output": "Purple rain"}),
    event(3, "WARNING", "b will be tried again", node_id="b"),
    event(4, "ERROR", "b failed", node_id="b", error={"message": "division by zero"}),
]


def told(
    events: list[list[dict[str, Any]]], *filters: dict[str, Any], seqs: tuple[int, ...] = ()
) -> dict[str, Any]:
    answer: dict[str, Any] = node("log.mjs", {"events": events, "filters": filters, "seqs": seqs})
    return answer


def test_what_is_sent_twice_is_kept_once():
    answer = told([EVENTS[:3], EVENTS[1:3], EVENTS[2:], []])
    assert answer["added"] == [3, 0, 1, 0]
    assert answer["last"] == 4
    assert (answer["warnings"], answer["errors"]) == (1, 1)


def test_lines_are_filtered_by_level_node_and_words():
    answer = told(
        [EVENTS],
        {},
        {"level": "INFO"},
        {"level": "WARNING"},
        {"node": "b"},
        {"text": "FAILED b"},
        {"text": "purple"},
        {"text": "by zero"},
        {"text": "divide", "names": {"b": "Divide"}},
        {"text": "nowhere"},
    )
    assert answer["shown"] == [[1, 2, 3, 4], [2, 3, 4], [3, 4], [3, 4], [4], [2], [4], [3, 4], []]


def test_a_line_is_found_among_a_million():
    answer = told([EVENTS], seqs=(1, 4, 9))
    assert answer["at"] == [0, 3, 4]
    far = answer["far"]
    assert far["held"] == 64
    assert far["wasHere"] == [False, True]
    assert far["came"] == "line 5"
    assert far["errors"] == [1_000, 2_000, 2]
    assert far["searched"] == [1_000_000, 0, [7, 70, 71, 1_000_002], 2]
    assert far["scattered"] == {
        "asked": ["alone 120", "alone 60", "page 1000", *["alone 200"] * 2, "alone 39"],
        "here": 180,
        "last": [500, 501_000, 1_000_000],
        "kept": [False, True],
    }
    assert far["step"] == [*range(491, 501)]
    assert far["next"] == 2_000
    assert far["last"] == [997, 999]
    assert answer["far"]["places"] == [0, 499_999, 999_999]
    assert answer["far"]["took"] < 5_000
