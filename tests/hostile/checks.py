"""What must hold of a play besides its end: each is, or makes, a check(world, scene, row's status)."""

from world import SETTLE_S, Failed


def said(scene):
    """All that the client said to the armed server, a connection each."""
    return [bytes(wire.clear + wire.inside) for wire in scene.hostile.bad_wires]


def says(words):
    def check(world, scene, _row):
        world.wait(lambda _now: any(words in talk for talk in said(scene)), f"{scene.name} to say {words}", 2)
    return check


def never_says(words):
    def check(_world, scene, _row):
        for talk in said(scene):
            if words in talk:
                raise Failed(f"{scene.name} says {words}: {talk[:1000]}")
    return check


def says_nothing(_world, scene, _row):
    if any(said(scene)):
        raise Failed(f"{scene.name} says {said(scene)}")


def says_nothing_inside(_world, scene, _row):
    if any(wire.inside for wire in scene.hostile.bad_wires):
        raise Failed(f"{scene.name} speaks inside TLS to whom nothing is proven")


def shows(words):
    """In the text of the failure."""
    def check(_world, scene, row):
        if words not in row["failure_text"]:
            raise Failed(f"{scene.name}: {row['failure_text']!r} is without {words!r}")
    return check


def column(name, holds, what):
    """What a column of the row must be; LEG in its name stands for the hostile leg."""
    def check(_world, scene, row):
        value = row[name.replace("LEG", "smtp" if scene.play.at == "smtp" else "in")]
        if not holds(value):
            raise Failed(f"{scene.name}: {name} is {value!r}, not {what}")
    return check


def attempts_at_most(n):
    """In all polls: what was refused is not sent again within a minute."""
    def check(world, scene, row):
        world.wait(lambda now: now[scene.name]["polls"] >= row["polls"] + 2, "two more polls", SETTLE_S)
        made = sum(talk.count(b"AUTH ") for talk in said(scene))
        if made > n:
            raise Failed(f"{scene.name}: {made} attempts to log in")
    return check


def logs_in_by(mechanism):
    return column("LEG_mechanism", lambda used: used == mechanism, mechanism)


def both(*checks):
    def check(world, scene, row):
        for one in checks:
            one(world, scene, row)
    return check
