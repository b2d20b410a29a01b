"""The Chinese words for times: numerals, weekdays, seasons, feasts, parts of the day."""

from functools import partial

from langmem_ext.times import civil
from langmem_ext.times.civil import Period, Yearly
from langmem_ext.times.lunar import festival
from langmem_ext.times.yearly import after_thanksgiving, around_easter, fixed, nth_of_month

_TRADITIONAL = (
    "後週禮號個幾兩點鐘時這間過從內開來節國慶聖誕勞動兒婦師雙萬陽臘終學們當進東歲陰曆歷農廿裡裏晝畢業舊舉課頭還給現對"
)
_SIMPLIFIED = (
    "后周礼号个几两点钟时这间过从内开来节国庆圣诞劳动儿妇师双万阳腊终学们当进东岁阴历历农廿里里昼毕业旧举课头还给现对"
)
SIMPLIFY = str.maketrans(_TRADITIONAL, _SIMPLIFIED)
"""Traditional to simplified, of the characters that the rules here hold; one to one, as opencc is slow to load."""

_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "○": 0}
DIGIT = "[一二两三四五六七八九十廿]"
NUMBER = r"(?:\d{1,3}|[一二两三四五六七八九十廿百]{1,4})"
WEEKDAYS = {name: number for number, name in enumerate("一二三四五六")} | {"日": 6, "天": 6, "末": 5}
SEASONS = {"春": 0, "夏": 1, "秋": 2, "冬": 3}
UNITS = {
    "分钟": "minute", "小时": "hour", "钟头": "hour", "天": "day", "日": "day", "晚": "day", "周": "week",
    "星期": "week", "礼拜": "week", "周末": "weekend", "月": "month", "季度": "quarter", "年": "year",
}  # fmt: skip
UNIT = r"(?:分钟|小时|钟头|天|日|晚|周末|周|星期|礼拜|季度|月|年)"
PARTS_OF_DAY = {
    "凌晨": (0, 6), "清晨": (5, 4), "早上": (5, 7), "早晨": (5, 7), "一早": (5, 7), "早": (5, 7), "上午": (6, 6),
    "中午": (11, 3), "午后": (12, 6), "下午": (12, 6), "傍晚": (17, 3), "晚上": (18, 6), "晚间": (18, 6),
    "夜里": (18, 12), "夜晚": (18, 12), "夜间": (18, 12), "半夜": (22, 8), "深夜": (22, 8), "晚": (18, 6),
    "夜": (18, 12),
}  # fmt: skip
"""First hour and number of hours."""
_TENS = {"十": 10, "廿": 20, "百": 100}


def number(text: str) -> int:
    """The value of a numeral below a thousand, in digits or characters (十五, 二十, 廿三, 一百)."""
    if text.isdigit():
        return int(text)
    total = current = 0
    for character in text:
        if character in _TENS:
            total += (current or 1) * _TENS[character] if character != "廿" else _TENS[character]
            current = 0
        else:
            current = _DIGITS[character]
    return total + current


def spelled_year(text: str) -> int:
    """The value of a year written digit by digit (二〇二三, 2023); two digits are those of 1970 to 2069."""
    value = int(text) if text.isdigit() else int("".join(str(_DIGITS[character]) for character in text))
    if len(text) == 2:  # noqa: PLR2004 - "98年"
        value += 2000 if value < 70 else 1900  # noqa: PLR2004 - as the docstring says
    return value


def _school_winter(year: int) -> Period:
    """From mid-January to the Lantern Festival, about which schools begin again."""
    end = festival("元宵", year).bounds[1]
    return Period(civil.midnight(civil.make_date(year, 1, 15)), end, "month")


def _school_summer(year: int) -> Period:
    return civil.months(year, 7, 2, "month")


_SUFFIX = "(?:节日|节)?(?:放假|假期|长假|小长假|黄金周|期间|当天|那天)?"
_NO_NUMBER = "(?<![\\d一二三四五六七八九十百千万第])"
_NOT_COUNTED = "(?![\\d一二三四五六七八九十百千万个块元次点路级条位名只张本月号日大年天岁楼层班中小广街])"
_SURNAMES = (
    "李王张刘陈杨赵黄周吴徐孙马朱胡林郭何罗郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁余叶蒋"
    "杜苏魏程吕丁沈任姚卢姜崔钟谭陆汪范石廖贾韦付"
)
"""国庆 after these is a given name, as often as not."""

FEASTS: tuple[tuple[str, str, Yearly], ...] = (
    ("除 年", f"(?:除夕|大年三十|大年夜|年三十)(?:夜|晚上)?{_SUFFIX}", partial(festival, "除夕")),
    ("春 新 过", f"(?:春节|农历新年|过年(?:的?时候|时)?){_SUFFIX}(?!联欢)", partial(festival, "春节")),
    ("元", f"元旦{_SUFFIX}", fixed(1, 1)),
    ("元", f"元宵{_SUFFIX}", partial(festival, "元宵")),
    ("清", f"清明{_SUFFIX}(?!上河)", partial(festival, "清明")),
    ("端", f"端午{_SUFFIX}", partial(festival, "端午")),
    ("七", f"七夕{_SUFFIX}", partial(festival, "七夕")),
    ("中", f"中元节{_SUFFIX}", partial(festival, "中元")),
    ("中 八", f"(?:中秋|八月节){_SUFFIX}(?!月饼)", partial(festival, "中秋")),
    ("重", f"重阳节?{_SUFFIX}", partial(festival, "重阳")),
    ("腊", f"腊八(?!粥|蒜){_SUFFIX}", partial(festival, "腊八")),
    ("冬", f"冬至{_SUFFIX}", partial(festival, "冬至")),
    ("夏", "夏至", partial(festival, "夏至")),
    ("立", "立春", partial(festival, "立春")),
    ("立", "立夏", partial(festival, "立夏")),
    ("立", "立秋", partial(festival, "立秋")),
    ("立", "立冬", partial(festival, "立冬")),
    (
        "国 十",
        f"(?:(?<![{_SURNAMES}])国庆|{_NO_NUMBER}十一(?=假期|长假|黄金周|期间|前后|节)){_SUFFIX}",
        fixed(10, 1, 7),
    ),
    ("五 劳", f"(?:劳动节|五一劳动节|{_NO_NUMBER}五一{_NOT_COUNTED}){_SUFFIX}", fixed(5, 1, 5)),
    ("双", "双(?:十一|11)", fixed(11, 11)),
    ("双", "双(?:十二|12)", fixed(12, 12)),
    ("6", r"(?<![\d.])618(?![\d.])(?:大促|购物节|期间)?", fixed(6, 18)),
    ("光", f"光棍节{_SUFFIX}", fixed(11, 11)),
    ("情", f"情人节{_SUFFIX}", fixed(2, 14)),
    ("妇 三", f"(?:三八)?妇女节{_SUFFIX}", fixed(3, 8)),
    ("植", f"植树节{_SUFFIX}", fixed(3, 12)),
    ("愚", f"愚人节{_SUFFIX}", fixed(4, 1)),
    ("青 五", f"(?:五四)?青年节{_SUFFIX}", fixed(5, 4)),
    ("儿 六", f"(?:六一)?儿童节{_SUFFIX}|{_NO_NUMBER}六一{_NOT_COUNTED}", fixed(6, 1)),
    ("建", f"建党节{_SUFFIX}", fixed(7, 1)),
    ("建 八", f"(?:八一)?建军节{_SUFFIX}", fixed(8, 1)),
    ("教", f"教师节{_SUFFIX}", fixed(9, 10)),
    ("母", f"母亲节{_SUFFIX}", nth_of_month(5, 6, 2)),
    ("父", f"父亲节{_SUFFIX}", nth_of_month(6, 6, 3)),
    ("感", f"感恩节{_SUFFIX}", after_thanksgiving(0)),
    ("万", f"万圣节?(?:前夜)?{_SUFFIX}", fixed(10, 31)),
    ("平", f"平安夜{_SUFFIX}", fixed(12, 24)),
    ("圣", f"圣诞(?!老人|树|歌|帽|卡|礼物|袜){_SUFFIX}", fixed(12, 25)),
    ("跨", "跨年(?:夜)?", fixed(12, 31)),
    ("复", f"复活节{_SUFFIX}", around_easter(0)),
    ("高", "高考(?:期间|那几天)", fixed(6, 7, 3)),
    ("寒", "寒假(?!作业)(?:期间)?", _school_winter),
    ("暑", "暑假(?!作业|工)(?:期间)?", _school_summer),
)
"""The character it needs, its expression, its days; five days for 五一 and seven for 国庆, as the holidays are."""
