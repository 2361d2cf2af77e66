"""What must hold of a play besides its end: each is, or makes, a check(world, scene, row's status)."""

from world import Failed


def said(scene):
    """All that the client said to the armed server, a connection each."""
    return [bytes(wire.clear + wire.inside) for wire in scene.hostile.bad_wires]


def says(words):
    def check(world, scene, _row):
        world.wait(lambda _now: any(words in talk for talk in said(scene)), f"{scene.name} to say {words}", 2)
    return check


def never_says(words):
    def check(_world, scene, _row):
        if any(words in talk for talk in said(scene)):
            raise Failed(f"{scene.name} says {words}")
    return check


def column(name, holds, what):
    """What a column of the row must be."""
    def check(_world, scene, row):
        if not holds(row[name]):
            raise Failed(f"{scene.name}: {name} is {row[name]!r}, not {what}")
    return check


def both(*checks):
    def check(world, scene, row):
        for one in checks:
            one(world, scene, row)
    return check
