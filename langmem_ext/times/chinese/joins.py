"""How Chinese joins times to larger expressions: parts of days, neighbours, ranges, directions."""

import re

from langmem_ext.times import civil, readings, relative
from langmem_ext.times.chinese.forms import DAY_PART, NOT_FRONT, TO
from langmem_ext.times.chinese.words import NUMBER, PARTS_OF_DAY, UNIT, UNITS, WEEKDAYS, number
from langmem_ext.times.civil import OutOfCalendarError, Period
from langmem_ext.times.scanner import BARE, DAY, B, Rule, Scene, rule

_CLOCK = rf"(?P<hour>{NUMBER})(?:点钟?|:[0-5]\d|时)(?:半|[一二三]刻|{NUMBER}分?)?"
_AROUND = {"hour": 1, "day": 3, "week": 7}
_NOON = 12


def _part_of_day(scene: Scene, found: re.Match[str]) -> Period:
    day, part = scene.period(found["day"]), found["part"]
    if not found["hour"]:
        return civil.hours(day, *PARTS_OF_DAY[part])
    hour = number(found["hour"])
    if part and PARTS_OF_DAY[part][0] >= _NOON - 1 and hour < _NOON and not (part == "中午" and hour == _NOON - 1):
        hour += _NOON
    return civil.hours(day, hour, 1)


def _nth(scene: Scene, found: re.Match[str]) -> Period:
    """Read ◇的第二个周末, ◇的最后一周, ◇第一个星期天."""
    which = -1 if found[2].startswith("最后") else number(found[2].removeprefix("第"))
    word = found[3]
    return relative.nth(scene.period(found[1]), UNITS[word] if word in UNITS else WEEKDAYS[word[-1]], which)


def _beside(scene: Scene, found: re.Match[str]) -> Period:
    """Read ◇前三天, ◇的前一周, ◇后第二天."""
    start, end = scene.period(found["anchor"]).bounds
    sign = -1 if "前" in found["side"] else 1
    anchor, unit = (start, UNITS[found["unit"]]) if sign < 0 else (end, UNITS[found["unit"]])
    count = number(found["count"])
    if unit == "weekend":
        raise OutOfCalendarError
    return relative.beside(anchor, unit, sign * count, sign * (count - 1) if found["nth"] else 0)


def _eve(scene: Scene, found: re.Match[str]) -> Period:
    start = scene.period(found[1]).bounds[0]
    day = civil.days(civil.shift(start, days=-1).date(), 1)
    return day if found[2] == "夕" else civil.hours(day, *PARTS_OF_DAY["晚"])


def _week_of(scene: Scene, found: re.Match[str]) -> Period:
    return civil.week(scene.period(found[1]).bounds[0])


def _around(scene: Scene, found: re.Match[str]) -> Period:
    period = scene.period(found[1])
    start, end = period.bounds
    margin = _AROUND.get(period.precision, 15)
    return Period(civil.shift(start, days=-margin), civil.shift(end, days=margin), period.precision)


def _range_to_day(scene: Scene, found: re.Match[str]) -> Period:
    """Read ◇到5号: the 5th of the month that the first day lies in."""
    first = scene.period(found[1])
    start = first.bounds[0]
    final = civil.day(start.year, start.month, number(found[2]))
    if first.yearly is None:
        return relative.between(first, final)
    again = first.yearly

    def period(year: int) -> Period:
        begin = again(year)
        return relative.between(begin, civil.day(year, begin.bounds[0].month, number(found[2])))

    return relative.latest(period, scene.now)


JOINS: tuple[Rule, ...] = (
    rule(
        "第 最",
        rf"({B})的?(第{NUMBER}|最后一)个?(周末|(?:周|星期|礼拜)[一二三四五六日天]|周|星期|礼拜|天|月|季度)",
        _nth,
    ),
    rule("@", rf"(?P<day>{DAY})的?(?P<part>{DAY_PART})(?!会)(?:{_CLOCK})?", _part_of_day),
    rule("点 0 时", rf"(?P<day>{DAY})(?P<part>)的?{_CLOCK}", _part_of_day),
    rule("那 所 当", rf"({DAY})(?:所在)?(?:的)?(?:那|当|这)(?:一|个)?(?:周|星期|礼拜)", _week_of),
    rule("前 左", rf"({B})的?(?:前后|左右)", _around),
    rule(
        "前 后",
        rf"(?P<anchor>{B})的?(?P<side>之前|之后|前|后)的?(?P<nth>第)?(?P<count>{NUMBER})个?(?P<unit>{UNIT})",
        _beside,
    ),
    rule("前", rf"({B})的?前(夕|夜)", _eve),
    rule("在 从 自 到 至 之 - — – ~", rf"(?:从|自|在)?({B})(?:的)?{TO}({B})(?:之间|期间|为止)?", readings.between),
    rule("和 与", rf"(?:在|介于)?({B})[和与]({B})(?:之间|中间)", readings.between),
    rule("号 日 -", rf"(?:从|自)?({DAY}){TO}({NUMBER})[号日](?:之间|期间|为止)?", _range_to_day),
    rule("截 直 为", rf"(?:截至|截止到?|直到)({B})(?:为止)?", readings.until),
    rule("止", rf"(?:到|至)?({B})为止", readings.until),
    rule("前", rf"(?:在|早于)?({B})(?:的)?(?:之前|以前|前){NOT_FRONT}", readings.before),
    rule("早", rf"早于({B})", readings.before),
    rule("晚", rf"晚于({B})", readings.after),
    rule(
        "自 从 起 开 今 来",
        rf"(?:自从|自打|自|打从|从)({B})(?:起|以来|开始|至今|到现在|到如今|以后|之后|后)?",
        readings.since,
    ),
    rule("起 开 今 来 到", rf"({B})(?:以来|至今|到现在|起(?!床|来|飞|火)|开始)", readings.since),
    rule("后 晚", rf"({B})(?:过后|之后|以后|后(?!天|来|面|门|台|悔|果|续))", readings.after),
    rule("这 那 上 整", rf"(?:这个|那个|上个|整个)({BARE})", readings.itself),
)
"""从 alone is taken for "since"; ◇到◇ for a range."""
