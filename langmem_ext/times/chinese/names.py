"""Chinese names of times: days, weeks, months, seasons, feasts, quarters, and the years they are of."""

import re
from functools import partial
from typing import Literal

from langmem_ext.times import civil, readings, relative
from langmem_ext.times.chinese.forms import DAY_NUMBER, DAY_PART, MONTH_NUMBER, TO, offset_of
from langmem_ext.times.chinese.words import FEASTS, PARTS_OF_DAY, SEASONS, WEEKDAYS, number
from langmem_ext.times.civil import OutOfCalendarError, Period
from langmem_ext.times.lunar import lunar_day
from langmem_ext.times.relative import latest
from langmem_ext.times.scanner import MONTH, WEEK, YEAR, B, Scene, rule

_DAYS = {"大前": -3, "前": -2, "昨": -1, "今": 0, "明": 1, "后": 2, "大后": 3}
_THIRDS: dict[str, Literal["early", "mid", "late"]] = {
    "初": "early", "头": "early", "上旬": "early", "中": "mid", "中旬": "mid", "底": "late", "末": "late",
    "下旬": "late", "终": "late", "尾": "late",
}  # fmt: skip
_WEEK_WORD = "(?:周|星期|礼拜)(?!期|年|边|围|到|岁|转|折|旋|刊|密|全|公|杰|星驰|末)"
_LUNAR_DAY = r"(?:初[一二三四五六七八九十]|[二三]?十[一二三四五六七八九]?|廿[一二三四五六七八九]?)"
_NOT_AFTER_NUMBER = r"(?<![\d.一二三四五六七八九十百两几个每第])"


def _week(scene: Scene, found: re.Match[str]) -> Period:
    return civil.unit_holding(civil.add(scene.now, "week", offset_of(found[1])), "week")


def _weekend(scene: Scene, found: re.Match[str]) -> Period:
    return civil.unit_holding(civil.add(scene.now, "week", offset_of(found[1])), "weekend")


def _weekday_of_week(scene: Scene, found: re.Match[str]) -> Period:
    return relative.on_weekday(scene.period(found[1]).bounds[0], WEEKDAYS[found[2]], 0)


def _latest_weekday(scene: Scene, found: re.Match[str]) -> Period:
    return relative.latest_weekday(scene.now, WEEKDAYS[found[1]])


def _weekdays(scene: Scene, found: re.Match[str]) -> Period:
    return relative.weekdays(scene.now, WEEKDAYS[found[1]], WEEKDAYS[found[2]])


def _month_offset(scene: Scene, found: re.Match[str]) -> Period:
    return civil.unit_holding(civil.add(scene.now, "month", offset_of(found[1])), "month")


def _month(scene: Scene, found: re.Match[str]) -> Period:
    which = number(found[1])
    return latest(lambda year: civil.month(year, which), scene.now)


def _months(scene: Scene, found: re.Match[str]) -> Period:
    first, final = number(found[1]), number(found[2])
    if first >= final:
        raise OutOfCalendarError
    return latest(lambda year: relative.between(civil.month(year, first), civil.month(year, final)), scene.now)


def _month_day(scene: Scene, found: re.Match[str]) -> Period:
    which, first = number(found[1]), number(found[2])
    return latest(lambda year: civil.day(year, which, first), scene.now)


def _month_days(scene: Scene, found: re.Match[str]) -> Period:
    which, first, final = number(found[1]), number(found[2]), number(found[3])
    return latest(
        lambda year: relative.between(civil.day(year, which, first), civil.day(year, which, final)), scene.now
    )


def _lunar(scene: Scene, found: re.Match[str]) -> Period:
    words = found.groupdict()
    which = {"": 1, "正": 1, "冬": 11, "腊": 12}.get(words["month"]) or number(words["month"])
    return latest(lunar_day(which, number(words["day"].lstrip("初"))), scene.now)


def _lunar_month(scene: Scene, found: re.Match[str]) -> Period:
    which = {"正": 1, "冬": 11, "腊": 12}[found[1]]

    def period(year: int) -> Period:
        start = lunar_day(which, 1)(year).bounds[0]
        following = lunar_day(1, 1)(year + 1) if which == 12 else lunar_day(which + 1, 1)(year)  # noqa: PLR2004 - months in a year
        return Period(start, following.bounds[0], "month")

    return latest(period, scene.now)


def _day(scene: Scene, found: re.Match[str]) -> Period:
    day = civil.days(civil.shift(scene.now, days=_DAYS[found[1]]).date(), 1)
    return civil.hours(day, *PARTS_OF_DAY[found[2]]) if found[2] in PARTS_OF_DAY else day


def _day_in_month(scene: Scene, found: re.Match[str]) -> Period:
    return relative.nth_day(scene.period(found[1]), number(found[2]))


def _season(scene: Scene, found: re.Match[str]) -> Period:
    which = SEASONS[found[1]]
    return latest(lambda year: civil.season(year, which), scene.now)


def _short_season(scene: Scene, found: re.Match[str]) -> Period:
    years = {"今": 0, "去": -1, "明": 1, "前": -2}
    return civil.season(scene.now.year + years[found[1]], SEASONS[found[2]])


def _quarter(scene: Scene, found: re.Match[str]) -> Period:
    which = number(found[1])
    return latest(lambda year: civil.quarter(year, which), scene.now)


def _relative_quarter(scene: Scene, found: re.Match[str]) -> Period:
    return civil.unit_holding(civil.add(scene.now, "quarter", offset_of(found[1])), "quarter")


def _half(scene: Scene, found: re.Match[str]) -> Period:
    return latest(lambda year: civil.half(year, 1 if found[1] == "上" else 2), scene.now)


def _part_of(scene: Scene, found: re.Match[str]) -> Period:
    return relative.part(scene.period(found[1]), _THIRDS[found[2]], edge=True)


def _part_of_year(scene: Scene, found: re.Match[str]) -> Period:
    name = _THIRDS[found[1]]
    return latest(lambda year: relative.part(civil.calendar_year(year), name, edge=True), scene.now)


def _part_of_month(scene: Scene, found: re.Match[str]) -> Period:
    this = relative.part(civil.month(scene.now.year, scene.now.month), _THIRDS[found[1]])
    if this.bounds[0] <= scene.now:
        return this
    before = civil.unit_holding(civil.add(scene.now, "month", -1), "month")
    return relative.part(before, _THIRDS[found[1]])


def _relative_name(scene: Scene, found: re.Match[str]) -> Period | None:
    yearly = scene.period(found[2]).yearly
    if yearly is None:
        return None
    if "过去" in found[1]:
        return latest(yearly, scene.now)
    return relative.occurrence(yearly, offset_of(found[1]), scene.now)


def _same_month(scene: Scene, found: re.Match[str]) -> Period:
    return civil.month(scene.period(found[1]).bounds[0].year, scene.now.month)


def _same_time(scene: Scene, found: re.Match[str]) -> Period:
    years = scene.period(found[1]).bounds[0].year - scene.now.year
    if found[2] in {"今天", "今日"}:
        return civil.unit_holding(civil.add(scene.now, "year", years), "day")
    return relative.around_this_day(scene.now, years)


WEEK_RULES = (
    rule("这", rf"({YEAR})的?这个月", _same_month),
    rule("末", r"(上上|上|这|本|下下|下)(?:一个|一|个)?(?:周末|星期末|礼拜末)", _weekend),
    rule("周 期 拜", rf"(上上|上|这|本|当前这|下下|下)(?:一个|一|个)?{_WEEK_WORD}", _week),
    rule("@", rf"({WEEK})的?(?:周|星期|礼拜)?([一二三四五六日天末])(?![\d个])", _weekday_of_week),
    rule(
        "周 期 拜",
        rf"{_NOT_AFTER_NUMBER}(?:周|星期|礼拜)([一二三四五六日天]){TO}(?:周|星期|礼拜)?([一二三四五六日天])",
        _weekdays,
    ),
    rule(
        "周 期 拜",
        rf"{_NOT_AFTER_NUMBER}(?:周|星期|礼拜)([一二三四五六日天])(?![\d一二三四六七八九百]|个|杰|星)",
        _latest_weekday,
    ),
    rule("末", r"(?<![每个])(?:周末|礼拜末)(?!愉快|快乐)", readings.latest_weekend),
)
MONTH_RULES = (
    rule("月", r"(上上|上|这|本|下下|下)(?:一个|一|个)?月(?!亮|饼|球|台|光|色)", _month_offset),
    rule("农 阴 正 腊 冬 初", rf"(?:农历|阴历|旧历)(?P<month>[正冬腊]|{MONTH_NUMBER})月(?P<day>{_LUNAR_DAY})", _lunar),
    rule(
        "正 腊 初 廿",
        rf"(?P<month>[正冬腊]|{MONTH_NUMBER})月(?P<day>初[一二三四五六七八九十]|廿[一二三四五六七八九]?)",
        _lunar,
    ),
    rule("八", r"(?P<month>八)月(?P<day>十五)(?![日号\d])", _lunar),
    rule("正 腊", rf"(?P<month>[正腊])月(?P<day>{_LUNAR_DAY})", _lunar),
    rule("初", r"大年(?P<day>初[一二三四五六七八九十])(?P<month>)", _lunar),
    rule("正 腊", r"([正腊])月", _lunar_month),
    rule(
        "月",
        rf"{_NOT_AFTER_NUMBER}(?:从|自)?({MONTH_NUMBER})月(?:份)?的?({DAY_NUMBER})[日号]?{TO}"
        rf"({DAY_NUMBER})[日号]",
        _month_days,
    ),
    rule("月", rf"{_NOT_AFTER_NUMBER}({MONTH_NUMBER})月(?:份)?的?({DAY_NUMBER})[日号](?![楼线门店房])", _month_day),
    rule("月", rf"{_NOT_AFTER_NUMBER}(?:从|自)?({MONTH_NUMBER})月?{TO}({MONTH_NUMBER})月(?:份)?(?![\d])", _months),
    rule(
        "月",
        rf"{_NOT_AFTER_NUMBER}({MONTH_NUMBER})月(?:份)?(?!亮|饼|天|瓜|嫂|票|球|光|色|经|薪|子|老|刊|租|供|卡|活|牙|季|女"
        rf"|雪|一|两)",
        _month,
    ),
    rule("@", rf"({MONTH})的?({DAY_NUMBER})[日号]", _day_in_month),
)
NAME_RULES = (
    rule("今 去 明", r"(今|去|明)(春|夏|秋|冬)(?!秋|至|瓜)", _short_season),
    rule("春 夏 秋 冬", r"(春|夏|秋|冬)(?:天|季|日)", _season, bare=True),
    *(rule(needs, source, partial(readings.feast, yearly)) for needs, source, yearly in FEASTS),
    rule("季", r"(上上|上|这|本|下)(?:一个|一|个)?季度", _relative_quarter),
    rule("季", r"第?([一二三四1-4])季度", _quarter),
    rule("q1 q2 q3 q4", r"\bq([1-4])(?![\w])", _quarter, bare=True),
    rule("半", r"(?<!大)([上下])半年", _half),
    rule("@", rf"({YEAR})的?(这个时候|这时候|这段时间|同期|此时|今天|今日)", _same_time),
    rule("@", rf"({YEAR})的?年?(初|头|中|底|末|终|尾)(?!奖|考|段|间|文|国|秋|饭|级)", _part_of),
    rule(
        "年",
        r"(?<![\d一二三四五六七八九十百千万两几去今明前后整多成半])年(初|中|底|末|终|尾)(?!奖|考|[一二三四五六七八九十])",
        _part_of_year,
    ),
    rule("月", r"(?<![\d一二三四五六七八九十百千万两几个岁])月(初|中旬|底|末|上旬|下旬)", _part_of_month),
    rule("上 这 下 那 刚 整", rf"(上一?个?|这个|本|下一?个?|刚刚?过去的(?:这个)?|整个)({B})", _relative_name),
    rule("@", rf"(?P<year>{YEAR})的?(?P<name>{B})", readings.of_year),
    rule("@", rf"({MONTH})的?月?(初|头|中旬|中|底|末|上旬|下旬|尾)(?!学|国|秋|饭|间)", _part_of),
    rule(
        "今 昨 前 明 后",
        rf"(?<![以之目面先])(大前|大后|前|昨|今|明|后)(天|日(?!记|本|子|益|常|语|志)|儿个?|(?:{DAY_PART})(?!上好|安|点))(?!津"
        rf"|性)",
        _day,
    ),
    rule("晚", r"(昨|今|前|明)(晚上)", _day),
)
