"""Whether this process is about to end: calls that are cut off from then on leave their runs alone."""


class Ending:
    is_near = False
