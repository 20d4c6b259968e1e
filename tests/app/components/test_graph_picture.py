"""The small picture of a workflow: every node and way is in it, and no document is too odd to draw."""

from engine.core.document import empty_document
from openrooms_app.components.graph_picture import picture_of


def test_a_picture_holds_each_node_once_in_the_shape_of_its_type() -> None:
    document = {
        "nodes": [
            {"id": "s", "type": "START", "position": {"x": 0, "y": 0}},
            {"id": "d", "type": "DECISION", "position": {"x": 260, "y": 0}},
            {"id": "t", "type": "TOOL_EXECUTION", "position": {"x": 520, "y": 0}},
            {"id": "e", "type": "END", "position": {"x": 780, "y": 0}},
        ],
        "transitions": [{"source": "s", "target": "d"}, {"source": "d", "target": "t"}],
    }

    picture = picture_of(document)

    shapes = [picture[name].count("M") for name in ("ends", "choices", "cards", "ways")]
    assert shapes == [2, 1, 1, 2]


def test_the_picture_is_as_large_as_the_drawing() -> None:
    document = empty_document("x")
    left, top, width, height = (float(part) for part in picture_of(document)["view_box"].split())

    assert left < 0
    assert top < 0
    assert width > 480 + 180
    assert height > 72
    document["transitions"].append({"source": "end", "target": "start"})
    assert float(picture_of(document)["view_box"].split()[3]) >= height + 120  # a loop hangs below the cards


def test_a_way_back_goes_below_the_cards() -> None:
    places = [
        {"id": name, "type": "WAIT", "position": {"x": x, "y": 0}} for name, x in (("a", 0), ("b", 400))
    ]

    there = picture_of({"nodes": places, "transitions": [{"source": "a", "target": "b"}]})["ways"]
    back = picture_of({"nodes": places, "transitions": [{"source": "b", "target": "a"}]})["ways"]

    assert there.startswith("M180 36")
    assert back.startswith("M490 72")


def test_a_draft_that_is_no_drawing_gives_an_empty_picture() -> None:
    for document in ({}, {"nodes": 7}, {"nodes": [None, 3], "transitions": ["x"]}):
        picture = picture_of(document)
        assert (picture["cards"], picture["ways"]) == ("", "")


def test_nodes_without_a_place_stand_in_a_row() -> None:
    picture = picture_of(
        {"nodes": [{"id": "a", "type": "WAIT"}, {"id": "b", "type": "WAIT", "position": {}}]}
    )

    assert picture["cards"].count("M") == 2
    assert float(picture["view_box"].split()[2]) > 260 + 180
