"""Readings that the rules of both languages share: years, and what is said of periods that earlier rules found.

Each takes the scene and the match of its rule; the groups of the expression are the periods, in the order of the text.
"""

import re

from langmem_ext.times import civil, relative
from langmem_ext.times.civil import Period, Yearly
from langmem_ext.times.scanner import Scene


def year(_: Scene, found: re.Match[str]) -> Period:
    """Read a year in digits."""
    return civil.calendar_year(int(found[1]))


def years(_: Scene, found: re.Match[str]) -> Period:
    """Read two years in digits as all from the one to the other."""
    return relative.between(civil.calendar_year(int(found[1])), civil.calendar_year(int(found[2])))


def feast(yearly: Yearly, scene: Scene, _: re.Match[str]) -> Period:
    """Read the name of what happens once a year."""
    return relative.latest(yearly, scene.now)


def latest_weekend(scene: Scene, _: re.Match[str]) -> Period:
    """Read "the weekend"."""
    return relative.latest_weekend(scene.now)


def itself(scene: Scene, found: re.Match[str]) -> Period:
    """Take a period for what it is, with the words around it."""
    return scene.period(found[1])


def of_year(scene: Scene, found: re.Match[str]) -> Period | None:
    """Read a name (group `name`) with its year (group `year`); a name that no year has is left as it is."""
    yearly = scene.period(found["name"]).yearly
    return None if yearly is None else yearly(scene.period(found["year"]).bounds[0].year)


def between(scene: Scene, found: re.Match[str]) -> Period | None:
    """Read "from ◇ to ◇"."""
    first, final = scene.period(found[1]), scene.period(found[2])
    return None if first.kind != "in" or final.kind != "in" else relative.between(first, final)


def until(scene: Scene, found: re.Match[str]) -> Period:
    """Read "until ◇"."""
    return relative.before(scene.period(found[1]), inclusive=True)


def before(scene: Scene, found: re.Match[str]) -> Period:
    """Read "before ◇"."""
    return relative.before(scene.period(found[1]))


def since(scene: Scene, found: re.Match[str]) -> Period:
    """Read "since ◇"."""
    return relative.after(scene.period(found[1]), inclusive=True)


def after(scene: Scene, found: re.Match[str]) -> Period:
    """Read "after ◇"."""
    return relative.after(scene.period(found[1]))
