"""Walks over a graph given as its neighbours: what can be reached, how far it is, in which order to look at it.

Plain dicts, because they are walked for every draft that is saved: networkx takes five times as long here.
"""

from collections.abc import Collection, Iterable, Mapping

Neighbours = Mapping[str, Iterable[str]]


def reach(neighbours: Neighbours, sources: Iterable[str], *, without: Collection[str] = ()) -> dict[str, int]:
    """The nodes that can be reached from `sources`, nearest first, with the length of the shortest way.

    Sources are included; ways through `without` do not count.
    """
    steps = dict.fromkeys((source for source in sources if source not in without), 0)
    layer = list(steps)
    length = 0
    while layer:
        length += 1
        found = []
        for node_id in layer:
            for near in neighbours[node_id]:
                if near not in steps and near not in without:
                    steps[near] = length
                    found.append(near)
        layer = found
    return steps


def postorder(neighbours: Neighbours, sources: Iterable[str]) -> list[str]:
    """The nodes that can be reached, each after those it leads to, but for the ways that close a loop.

    Reversed, it is the order in which a forward analysis comes to rest soonest.
    """
    order: list[str] = []
    seen: set[str] = set()
    for source in sources:
        if source in seen:
            continue
        seen.add(source)
        path = [(source, iter(neighbours[source]))]
        while path:
            node_id, ahead = path[-1]
            near = next((item for item in ahead if item not in seen), None)
            if near is None:
                order.append(node_id)
                path.pop()
            else:
                seen.add(near)
                path.append((near, iter(neighbours[near])))
    return order


def has_loop(neighbours: Neighbours) -> bool:
    """Whether some way leads back to where it began."""
    places = {node_id: place for place, node_id in enumerate(postorder(neighbours, neighbours))}
    return any(places[near] >= places[node_id] for node_id, ahead in neighbours.items() for near in ahead)
