"""Chinese time expressions, as rules of the scanner; the conventions are those of the English ones.

A month, season or feast without a year is its latest occurrence that has begun; 上周 is the calendar week before this
one, 三周前 the calendar week that holds that moment, 最近三周 reaches back from today.
"""

import re
from functools import partial

from langmem_ext.times import civil
from langmem_ext.times.chinese_words import (
    DIGIT,
    FEASTS,
    NUMBER,
    PARTS_OF_DAY,
    SEASONS,
    UNIT,
    UNITS,
    WEEKDAYS,
    lunar_day,
    number,
    spelled_year,
)
from langmem_ext.times.civil import OutOfCalendarError, Period
from langmem_ext.times.scanner import MONTH, WEEK, YEAR, Rule, Scene, rule

B = "[\ue000-\uf7ff]"
_YEARS = {"大前年": -3, "前年": -2, "去年": -1, "上一年": -1, "今年": 0, "本年度": 0, "本年": 0, "明年": 1, "来年": 1, "下一年": 1,
          "后年": 2, "大后年": 3}  # fmt: skip
_DAYS = {"大前": -3, "前": -2, "昨": -1, "今": 0, "明": 1, "后": 2, "大后": 3}
_FEW = {"天": (6, 2), "日": (6, 2), "晚": (6, 2)}
_FEW_RANGE = (5, 2)
_VAGUE = {"几": (5, 2), "好几": (5, 2), "数": (5, 2), "若干": (5, 2), "十几": (19, 11), "几十": (90, 20)}
_PARTS = {"初": "early", "头": "early", "上旬": "early", "中": "mid", "中旬": "mid", "底": "late", "末": "late", "下旬": "late",
          "终": "late", "尾": "late"}  # fmt: skip
_DAY_PARTS = "|".join(sorted(PARTS_OF_DAY, key=len, reverse=True))
_WEEK_WORD = "(?:周|星期|礼拜)(?!期|年|边|围|到|岁|转|折|旋|刊|密|全|公|杰|星驰|末)"
NOT_FRONT = "(?!后|台|端|面|途|景|任|提|往|辈|线|列|身|夫|妻|女友|男友|同事)"
"""前 before these is no "before"."""
_BACK = f"(?:之前|以前|前){NOT_FRONT}"


def _offset(words: str) -> int:
    """-2 for 上上, -1 for 上, 0 for 这 and 本, 1 for 下, 2 for 下下."""
    return words.count("下") - words.count("上")


def _unit(words: str) -> str:
    return UNITS[words]


def _recurring(yearly: civil.Yearly, scene: Scene) -> Period:
    return civil.latest(yearly, scene.now)


# --- years ------------------------------------------------------------------------------------------------------------


def _relative_year(scene: Scene, found: re.Match[str]) -> Period:
    return civil.calendar_year(scene.now.year + _YEARS[found[1]])


def _year(_: Scene, found: re.Match[str]) -> Period:
    return civil.calendar_year(spelled_year(found[1]))


def _years(_: Scene, found: re.Match[str]) -> Period:
    return civil.between(civil.calendar_year(int(found[1])), civil.calendar_year(int(found[2])))


def _decade(_: Scene, found: re.Match[str]) -> Period:
    century, decade = found["century"], found["decade"]
    if decade.isdigit() and len(decade) == 4:  # noqa: PLR2004 - 1990年代
        return civil.decade(int(decade))
    value = int(decade) if decade.isdigit() else number(re.sub("[零〇]$", "十", decade))
    if value >= 100 or value % 10:  # noqa: PLR2004 - 九十
        raise OutOfCalendarError
    if century:
        return civil.decade((2000 if century in {"本世纪", "21世纪", "二十一世纪"} else 1900) + value)
    return civil.decade(value + (2000 if value < 30 else 1900))  # noqa: PLR2004 - 20年代 is ours


# --- so many units ago, within so many units --------------------------------------------------------------------------


def _amount(words: str) -> tuple[int, int | None]:
    """The most and, where the words are vague, the least (几, 好几, 两三)."""
    if len(words) == 2 and not words.isdigit() and words[0] in DIGIT and words[1] in DIGIT and "十" not in words:  # noqa: PLR2004
        return number(words[1]), number(words[0])
    return number(words), None


def _ago(scene: Scene, found: re.Match[str]) -> Period:
    sign = 1 if "前" in found["back"] else -1
    unit, words = _unit(found["unit"]), found["count"]
    if words in _VAGUE:
        most, least = _VAGUE[words]
    else:
        exact, vague = _amount(words)
        most, least = exact, vague if vague is not None else exact
    if found["more"] == "半" and unit == "year":
        most, least, unit = 12 * most + 6, 12 * least + 6, "month"
    first, final = (most, least) if sign > 0 else (-least, -most)
    return civil.ago(scene.now, unit, first, None if first == final else final)


def _half_ago(scene: Scene, found: re.Match[str]) -> Period:
    sign = 1 if "前" in found[2] else -1
    if found[1] == "年":
        return civil.ago(scene.now, "month", 6 * sign)
    if found[1] == "月":
        return civil.ago(scene.now, "day", 15 * sign)
    return civil.unit_holding(civil.shift(scene.now, minutes=-30 * sign), "hour")


def _rolling(scene: Scene, found: re.Match[str]) -> Period:
    ahead = found["side"] in {"未来", "接下来", "今后", "往后", "接下来的", "未来的"}
    words, unit = found["count"], _unit(found["unit"])
    count = _FEW.get(found["unit"], _FEW_RANGE)[0] if words in {"几", "数"} else _amount(words)[0]
    return civil.rolling(scene.now, unit, -count if ahead else count)


def _rolling_half(scene: Scene, found: re.Match[str]) -> Period:
    return civil.rolling(scene.now, "month", 6) if found[1] == "年" else civil.rolling(scene.now, "day", 15)


def _few_ago(scene: Scene, found: re.Match[str]) -> Period:
    """Read 前几天, 前两年: a few ago, today not included."""
    most, least = _FEW.get(found[1], _FEW_RANGE)
    unit = _unit(found[1])
    return civil.ago(scene.now, unit, most, 1 if unit != "day" else least)


# --- weeks, months, days ----------------------------------------------------------------------------------------------


def _week(scene: Scene, found: re.Match[str]) -> Period:
    return civil.unit_holding(civil.add(scene.now, "week", _offset(found[1])), "week")


def _weekend(scene: Scene, found: re.Match[str]) -> Period:
    return civil.unit_holding(civil.add(scene.now, "week", _offset(found[1])), "weekend")


def _latest_weekend(scene: Scene, _: re.Match[str]) -> Period:
    return civil.latest_weekend(scene.now)


def _weekday_of_week(scene: Scene, found: re.Match[str]) -> Period:
    return civil.on_weekday(scene.period(found[1]).bounds[0], WEEKDAYS[found[2]], 0)


def _latest_weekday(scene: Scene, found: re.Match[str]) -> Period:
    return civil.last_weekday(civil.shift(scene.now, days=1), WEEKDAYS[found[1]])


def _weekdays(scene: Scene, found: re.Match[str]) -> Period:
    final = civil.last_weekday(civil.shift(scene.now, days=1), WEEKDAYS[found[2]]).bounds[1]
    return Period(civil.last_weekday(final, WEEKDAYS[found[1]]).start, final, "day")


def _month_offset(scene: Scene, found: re.Match[str]) -> Period:
    return civil.unit_holding(civil.add(scene.now, "month", _offset(found[1])), "month")


def _month(scene: Scene, found: re.Match[str]) -> Period:
    which = number(found[1])
    return _recurring(lambda year: civil.month(year, which), scene)


def _months(scene: Scene, found: re.Match[str]) -> Period:
    first, final = number(found[1]), number(found[2])
    if first >= final:
        raise OutOfCalendarError
    return _recurring(lambda year: civil.between(civil.month(year, first), civil.month(year, final)), scene)


def _month_day(scene: Scene, found: re.Match[str]) -> Period:
    which, first = number(found[1]), number(found[2])
    return _recurring(lambda year: civil.day(year, which, first), scene)


def _month_days(scene: Scene, found: re.Match[str]) -> Period:
    which, first, final = number(found[1]), number(found[2]), number(found[3])
    return _recurring(lambda year: civil.between(civil.day(year, which, first), civil.day(year, which, final)), scene)


def _lunar(scene: Scene, found: re.Match[str]) -> Period:
    words = found.groupdict()
    which = {"": 1, "正": 1, "冬": 11, "腊": 12}.get(words["month"]) or number(words["month"])
    return _recurring(lunar_day(which, number(words["day"].lstrip("初"))), scene)


def _lunar_month(scene: Scene, found: re.Match[str]) -> Period:
    which = {"正": 1, "冬": 11, "腊": 12}[found[1]]

    def period(year: int) -> Period:
        start = lunar_day(which, 1)(year).bounds[0]
        following = lunar_day(1, 1)(year + 1) if which == 12 else lunar_day(which + 1, 1)(year)  # noqa: PLR2004 - months in a year
        return Period(start, following.bounds[0], "month")

    return _recurring(period, scene)


def _day(scene: Scene, found: re.Match[str]) -> Period:
    day = civil.days(civil.shift(scene.now, days=_DAYS[found[1]]).date(), 1)
    return civil.hours(day, *PARTS_OF_DAY[found[2]]) if found[2] in PARTS_OF_DAY else day


def _day_in_month(scene: Scene, found: re.Match[str]) -> Period:
    start, end = scene.period(found[1]).bounds
    day = civil.shift(start, days=number(found[2]) - 1)
    if day >= end:
        raise OutOfCalendarError
    return civil.days(day.date(), 1)


# --- seasons, feasts, quarters, parts ---------------------------------------------------------------------------------


def _season(scene: Scene, found: re.Match[str]) -> Period:
    which = SEASONS[found[1]]
    return _recurring(lambda year: civil.season(year, which), scene)


def _short_season(scene: Scene, found: re.Match[str]) -> Period:
    years = {"今": 0, "去": -1, "明": 1, "前": -2}
    return civil.season(scene.now.year + years[found[1]], SEASONS[found[2]])


def _feast(yearly: civil.Yearly, scene: Scene, _: re.Match[str]) -> Period:
    return _recurring(yearly, scene)


def _quarter(scene: Scene, found: re.Match[str]) -> Period:
    which = number(found[1])
    return _recurring(lambda year: civil.quarter(year, which), scene)


def _relative_quarter(scene: Scene, found: re.Match[str]) -> Period:
    return civil.unit_holding(civil.add(scene.now, "quarter", _offset(found[1])), "quarter")


def _half(scene: Scene, found: re.Match[str]) -> Period:
    return _recurring(lambda year: civil.half(year, 1 if found[1] == "上" else 2), scene)


def _part_of(scene: Scene, found: re.Match[str]) -> Period:
    return civil.part(scene.period(found[1]), _PARTS[found[2]], edge=True)  # type: ignore[arg-type]  # names of thirds


def _part_of_year(scene: Scene, found: re.Match[str]) -> Period:
    name = _PARTS[found[1]]
    return _recurring(lambda year: civil.part(civil.calendar_year(year), name, edge=True), scene)  # type: ignore[arg-type]


def _part_of_month(scene: Scene, found: re.Match[str]) -> Period:
    this = civil.part(civil.month(scene.now.year, scene.now.month), _PARTS[found[1]])  # type: ignore[arg-type]
    if this.bounds[0] <= scene.now:
        return this
    before = civil.unit_holding(civil.add(scene.now, "month", -1), "month")
    return civil.part(before, _PARTS[found[1]])  # type: ignore[arg-type]


def _in_year(scene: Scene, found: re.Match[str]) -> Period | None:
    yearly = scene.period(found[2]).yearly
    return None if yearly is None else yearly(scene.period(found[1]).bounds[0].year)


def _relative_name(scene: Scene, found: re.Match[str]) -> Period | None:
    yearly = scene.period(found[2]).yearly
    if yearly is None:
        return None
    if offset := _offset(found[1]):
        return (civil.last if offset < 0 else civil.following)(yearly, scene.now)
    running = civil.latest(yearly, scene.now)
    if "过去" in found[1] or running.bounds[1] > scene.now:
        return running
    return yearly(scene.now.year)


def _same_month(scene: Scene, found: re.Match[str]) -> Period:
    return civil.month(scene.period(found[1]).bounds[0].year, scene.now.month)


def _same_time(scene: Scene, found: re.Match[str]) -> Period:
    years = scene.period(found[1]).bounds[0].year - scene.now.year
    day = civil.unit_holding(civil.add(scene.now, "year", years), "day")
    if found[2] in {"今天", "今日"}:
        return day
    return Period(civil.shift(day.bounds[0], days=-14), civil.shift(day.bounds[0], days=15), "month")


_FOUR = r"(?:(?:1[89]|20)\d\d|[一二][〇零○一二三四五六七八九]{3})"
_MONTH_NUMBER = r"(?:1[0-2]|0?[1-9]|十[一二]?|[一二两三四五六七八九])"
_DAY_NUMBER = r"(?:[12]\d|3[01]|0?[1-9]|[二三]?十[一二三四五六七八九]?|廿[一二三四五六七八九]?|[一二三四五六七八九])"
_LUNAR_DAY = r"(?:初[一二三四五六七八九十]|[二三]?十[一二三四五六七八九]?|廿[一二三四五六七八九]?)"
_NOT_AFTER_NUMBER = r"(?<![\d.一二三四五六七八九十百两几个每第])"
TO = r"(?:到|至|-|—|–|~|～)"

MASKS = (
    rule(
        "每 逢",
        rf"[每逢](?:一|个|逢|隔|年|月|到|当|{NUMBER})*(?:的)?(?:周|星期|礼拜)?(?:末|[一二三四五六日天](?![\d个]))"
        rf"(?:{_DAY_PARTS})?",
        None,
    ),
    rule(
        "每",
        rf"每(?:年|个?月|一年)(?:的)?(?:{_MONTH_NUMBER}月(?:份)?(?:{_DAY_NUMBER}[日号])?|{_DAY_NUMBER}[日号]"
        rf"|[春夏秋冬][天季]?|春节|国庆|中秋|过年|生日)?",
        None,
    ),
    rule(
        "天 三 后 前 明 今 昨",
        r"五月天|三月三|后天(?:性|形成|努力|培养|免疫|养成)|先天后天|前天津|明日黄花|明日之后|明天系|今日头条|昨日重现|昨日黄花|今天动物园|后天免疫|六月雪|十月怀胎"
        r"|正月里来",
        None,
    ),
    rule("几 周", r"(?:周|星期|礼拜)几", None),
)
YEAR_RULES = (
    rule("年", rf"({'|'.join(sorted(_YEARS, key=len, reverse=True))})(?!级|轮|货|糕|龄)(?:度)?", _relative_year),
    rule(
        "年",
        rf"(?P<century>(?:上|本|20|21|二十|二十一)世纪)?(?P<decade>(?:19|20)?\d0|{DIGIT}{{1,2}}|[一二三四五六七八九][零〇])年代",
        _decade,
    ),
    rule("年 0", rf"(?<!\d)((?:19|20)\d\d)年?{TO}((?:19|20)\d\d)年(?!级|代)", _years),
    rule("年", r"(?<![\d第])([零〇九][零〇一二三四五六七八九])年(?!级|代|前|后|以|之|来)", _year),
    rule("年", rf"(?<![\d第])({_FOUR})年(?!级|代)度?", _year),
    rule(
        "年",
        r"(?<![\d第近前])(\d\d)年(?=的?(?:\d{1,2}月|[一二三四五六七八九十]{1,2}月|[春夏秋冬]|年?[初底末]|国庆|中秋|五一|暑假|寒假"
        r"|[上下]半年))",
        _year,
    ),
)
AGO_RULES = (
    rule(
        "前 后",
        rf"(?<![第\d.月几数])(?:大约|大概|约|差不多)?(?P<count>好几|十几|几十|几|数|若干|{NUMBER})(?:个多|多个|个|多)?(?P<unit>{UNIT})"
        rf"(?P<more>半|多)?(?P<back>{_BACK}|(?:之后|以后|后)(?!来|面|果|门))",
        _ago,
    ),
    rule("半", rf"(?<![一二三四五六七八九十百\d])(?:大)?半个?(年|月|小时|钟头)({_BACK}|之后|以后|后(?!来))", _half_ago),
    rule(
        "近 去 这 来 后",
        rf"(?P<side>最近的?|过去的?|近|这|未来的?|接下来的?|今后|往后)(?P<count>几|数|{NUMBER})个?(?:多)?(?P<unit>{UNIT})"
        rf"(?:里|内|以来|之内|间|的时间)?",
        _rolling,
    ),
    rule("半", r"(?:最近|过去|近|这)(?:的)?半个?(年|月)(?:里|内|以来|多)?", _rolling_half),
    rule("前", r"(?<![之以目])前(?:几|两|些|不几)个?(天|日|晚|周|星期|礼拜|月|年)", _few_ago),
)
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
    rule("末", r"(?<![每个])(?:周末|礼拜末)(?!愉快|快乐)", _latest_weekend),
)
MONTH_RULES = (
    rule("月", r"(上上|上|这|本|下下|下)(?:一个|一|个)?月(?!亮|饼|球|台|光|色)", _month_offset),
    rule("农 阴 正 腊 冬 初", rf"(?:农历|阴历|旧历)(?P<month>[正冬腊]|{_MONTH_NUMBER})月(?P<day>{_LUNAR_DAY})", _lunar),
    rule(
        "正 腊 初 廿",
        rf"(?P<month>[正冬腊]|{_MONTH_NUMBER})月(?P<day>初[一二三四五六七八九十]|廿[一二三四五六七八九]?)",
        _lunar,
    ),
    rule("八", r"(?P<month>八)月(?P<day>十五)(?![日号\d])", _lunar),
    rule("正 腊", rf"(?P<month>[正腊])月(?P<day>{_LUNAR_DAY})", _lunar),
    rule("初", rf"大年(?P<day>初[一二三四五六七八九十])(?P<month>)", _lunar),
    rule("正 腊", r"([正腊])月", _lunar_month),
    rule(
        "月",
        rf"{_NOT_AFTER_NUMBER}(?:从|自)?({_MONTH_NUMBER})月(?:份)?的?({_DAY_NUMBER})[日号]?{TO}"
        rf"({_DAY_NUMBER})[日号]",
        _month_days,
    ),
    rule("月", rf"{_NOT_AFTER_NUMBER}({_MONTH_NUMBER})月(?:份)?的?({_DAY_NUMBER})[日号](?![楼线门店房])", _month_day),
    rule("月", rf"{_NOT_AFTER_NUMBER}(?:从|自)?({_MONTH_NUMBER})月?{TO}({_MONTH_NUMBER})月(?:份)?(?![\d])", _months),
    rule(
        "月",
        rf"{_NOT_AFTER_NUMBER}({_MONTH_NUMBER})月(?:份)?(?!亮|饼|天|瓜|嫂|票|球|光|色|经|薪|子|老|刊|租|供|卡|活|牙|季|女"
        rf"|雪|一|两)",
        _month,
    ),
    rule("@", rf"({MONTH})的?({_DAY_NUMBER})[日号]", _day_in_month),
)
NAME_RULES = (
    rule("今 去 明", r"(今|去|明)(春|夏|秋|冬)(?!秋|至|瓜)", _short_season),
    rule("春 夏 秋 冬", r"(春|夏|秋|冬)(?:天|季|日)", _season, bare=True),
    *(rule(needs, source, partial(_feast, yearly)) for needs, source, yearly in FEASTS),
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
    rule("@", rf"({YEAR})的?({B})", _in_year),
    rule("@", rf"({MONTH})的?月?(初|头|中旬|中|底|末|上旬|下旬|尾)(?!学|国|秋|饭|间)", _part_of),
    rule(
        "今 昨 前 明 后",
        rf"(?<![以之目面先])(大前|大后|前|昨|今|明|后)(天|日(?!记|本|子|益|常|语|志)|儿个?|(?:{_DAY_PARTS})(?!上好|安|点))(?!津"
        rf"|性)",
        _day,
    ),
    rule("晚", r"(昨|今|前|明)(晚上)", _day),
)

RULES: tuple[Rule, ...] = (*MASKS, *YEAR_RULES, *AGO_RULES, *WEEK_RULES, *MONTH_RULES, *NAME_RULES)
