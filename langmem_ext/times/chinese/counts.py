"""Chinese times that are counted: years, decades, so many ago, so many past."""

import re

from langmem_ext.times import civil, readings, relative
from langmem_ext.times.chinese.forms import DAY_NUMBER, DAY_PART, FEW, MONTH_NUMBER, NOT_FRONT, TO
from langmem_ext.times.chinese.words import DIGIT, NUMBER, UNIT, UNITS, number, spelled_year
from langmem_ext.times.civil import OutOfCalendarError, Period
from langmem_ext.times.relative import A_FEW
from langmem_ext.times.scanner import Scene, rule

_YEARS = {
    "大前年": -3, "前年": -2, "去年": -1, "上一年": -1, "今年": 0, "本年度": 0, "本年": 0, "明年": 1, "来年": 1,
    "下一年": 1, "后年": 2, "大后年": 3,
}  # fmt: skip
_VAGUE = {"几": A_FEW, "好几": A_FEW, "数": A_FEW, "若干": A_FEW, "十几": (19, 11), "几十": (90, 20)}
_BACK = f"(?:之前|以前|前){NOT_FRONT}"
_FOUR = r"(?:(?:1[89]|20)\d\d|[一二][〇零○一二三四五六七八九]{3})"


def _relative_year(scene: Scene, found: re.Match[str]) -> Period:
    return civil.calendar_year(scene.now.year + _YEARS[found[1]])


def _year(_: Scene, found: re.Match[str]) -> Period:
    return civil.calendar_year(spelled_year(found[1]))


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


def _amount(words: str) -> tuple[int, int | None]:
    """The most and, where the words are vague, the least (几, 好几, 两三)."""
    if len(words) == 2 and not words.isdigit() and words[0] in DIGIT and words[1] in DIGIT and "十" not in words:  # noqa: PLR2004
        return number(words[1]), number(words[0])
    return number(words), None


def _ago(scene: Scene, found: re.Match[str]) -> Period:
    sign = 1 if "前" in found["back"] else -1
    unit, words = UNITS[found["unit"]], found["count"]
    if words in _VAGUE:
        most, least = _VAGUE[words]
    else:
        exact, vague = _amount(words)
        most, least = exact, vague if vague is not None else exact
    if found["more"] == "半" and unit == "year":
        most, least, unit = 12 * most + 6, 12 * least + 6, "month"
    first, final = (most, least) if sign > 0 else (-least, -most)
    return relative.ago(scene.now, unit, first, None if first == final else final)


def _half_ago(scene: Scene, found: re.Match[str]) -> Period:
    sign = 1 if "前" in found[2] else -1
    if found[1] == "年":
        return relative.ago(scene.now, "month", 6 * sign)
    if found[1] == "月":
        return relative.ago(scene.now, "day", 15 * sign)
    return civil.unit_holding(civil.shift(scene.now, minutes=-30 * sign), "hour")


def _rolling(scene: Scene, found: re.Match[str]) -> Period:
    ahead = found["side"] in {"未来", "接下来", "今后", "往后", "接下来的", "未来的"}
    words, unit = found["count"], UNITS[found["unit"]]
    count = FEW.get(found["unit"], A_FEW)[0] if words in {"几", "数"} else _amount(words)[0]
    return relative.rolling(scene.now, unit, -count if ahead else count)


def _rolling_half(scene: Scene, found: re.Match[str]) -> Period:
    return relative.rolling(scene.now, "month", 6) if found[1] == "年" else relative.rolling(scene.now, "day", 15)


def _few_ago(scene: Scene, found: re.Match[str]) -> Period:
    """Read 前几天, 前两年: a few ago, today not included."""
    most, least = FEW.get(found[1], A_FEW)
    unit = UNITS[found[1]]
    return relative.ago(scene.now, unit, most, 1 if unit != "day" else least)


MASKS = (
    rule(
        "每 逢",
        rf"[每逢](?:一|个|逢|隔|年|月|到|当|{NUMBER})*(?:的)?(?:周|星期|礼拜)?(?:末|[一二三四五六日天](?![\d个]))"
        rf"(?:{DAY_PART})?",
        None,
    ),
    rule(
        "每",
        rf"每(?:年|个?月|一年)(?:的)?(?:{MONTH_NUMBER}月(?:份)?(?:{DAY_NUMBER}[日号])?|{DAY_NUMBER}[日号]"
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
    rule("年 0", rf"(?<!\d)((?:19|20)\d\d)年?{TO}((?:19|20)\d\d)年(?!级|代)", readings.years),
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
