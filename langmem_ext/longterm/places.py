"""A small gazetteer: countries and regions, well-known cities and sights with their names in English and Chinese.

It names the place of a topic. English names are matched by their words, case included ("nice" is no city); names that
are common words or first names are left out. Owns the names.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from langmem_ext.lexicon import Lexicon
from langmem_ext.text import words_and_runs

_COUNTRIES: Final = """
switzerland 瑞士 Switzerland,Swiss; france 法国 France,French Riviera; germany 德国 Germany; italy 意大利 Italy;
spain 西班牙 Spain; portugal 葡萄牙 Portugal; austria 奥地利 Austria; netherlands 荷兰 Netherlands,Holland;
belgium 比利时 Belgium; united_kingdom 英国 UK,United Kingdom,England,Britain; scotland 苏格兰 Scotland;
ireland 爱尔兰 Ireland; iceland 冰岛 Iceland; norway 挪威 Norway; sweden 瑞典 Sweden; denmark 丹麦 Denmark;
finland 芬兰 Finland; poland 波兰 Poland; czechia 捷克 Czech Republic,Czechia; hungary 匈牙利 Hungary;
greece 希腊 Greece; croatia 克罗地亚 Croatia; turkey 土耳其 Turkiye,Türkiye; russia 俄罗斯 Russia;
ukraine 乌克兰 Ukraine; romania 罗马尼亚 Romania; morocco 摩洛哥 Morocco; egypt 埃及 Egypt;
south_africa 南非 South Africa; kenya 肯尼亚 Kenya; nigeria 尼日利亚 Nigeria; ethiopia 埃塞俄比亚 Ethiopia;
tanzania 坦桑尼亚 Tanzania; ghana 加纳 Ghana; united_states 美国 USA,United States,U.S.; canada 加拿大 Canada;
mexico 墨西哥 Mexico; brazil 巴西 Brazil; argentina 阿根廷 Argentina; chile 智利 Chile; peru 秘鲁 Peru;
colombia 哥伦比亚 Colombia; cuba 古巴 Cuba; costa_rica 哥斯达黎加 Costa Rica; china 中国 China; japan 日本 Japan;
south_korea 韩国 South Korea,Korea; india 印度 India; nepal 尼泊尔 Nepal; thailand 泰国 Thailand;
vietnam 越南 Vietnam; malaysia 马来西亚 Malaysia; indonesia 印度尼西亚,印尼 Indonesia; singapore 新加坡 Singapore;
philippines 菲律宾 Philippines; cambodia 柬埔寨 Cambodia; sri_lanka 斯里兰卡 Sri Lanka; maldives 马尔代夫 Maldives;
israel 以色列 Israel; saudi_arabia 沙特 Saudi Arabia; uae 阿联酋 UAE; iran 伊朗 Iran; pakistan 巴基斯坦 Pakistan;
mongolia 蒙古 Mongolia; australia 澳大利亚,澳洲 Australia; new_zealand 新西兰 New Zealand; taiwan 台湾 Taiwan;
hong_kong 香港 Hong Kong; macau 澳门 Macau; tibet 西藏 Tibet; europe 欧洲 Europe; africa 非洲 Africa
"""

_CITIES: Final = """
switzerland: zurich 苏黎世 Zurich; geneva 日内瓦 Geneva; lucerne 卢塞恩,琉森 Lucerne; interlaken 因特拉肯 Interlaken;
switzerland: zermatt 采尔马特 Zermatt
france: paris 巴黎 Paris; lyon 里昂 Lyon; nice 尼斯 -; marseille 马赛 Marseille
germany: berlin 柏林 Berlin; munich 慕尼黑 Munich; hamburg 汉堡市 Hamburg; frankfurt 法兰克福 Frankfurt
italy: rome 罗马 Rome; milan 米兰 Milan; venice 威尼斯 Venice; florence 佛罗伦萨 -; naples 那不勒斯 Naples
spain: madrid 马德里 Madrid; barcelona 巴塞罗那 Barcelona; seville 塞维利亚 Seville
portugal: lisbon 里斯本 Lisbon; porto 波尔图 Porto
united_kingdom: london 伦敦 London; manchester 曼彻斯特 Manchester; oxford 牛津 Oxford; edinburgh 爱丁堡 Edinburgh
austria: vienna 维也纳 Vienna; salzburg 萨尔茨堡 Salzburg
netherlands: amsterdam 阿姆斯特丹 Amsterdam
czechia: prague 布拉格 Prague
hungary: budapest 布达佩斯 Budapest
greece: athens 雅典 Athens; santorini 圣托里尼 Santorini
turkey: istanbul 伊斯坦布尔 Istanbul
russia: moscow 莫斯科 Moscow; saint_petersburg 圣彼得堡 Saint Petersburg
united_states: new_york 纽约 New York,NYC,Manhattan,Brooklyn; los_angeles 洛杉矶 Los Angeles;
united_states: san_francisco 旧金山 San Francisco
united_states: seattle 西雅图 Seattle; chicago 芝加哥 Chicago; boston 波士顿 Boston; miami 迈阿密 Miami;
united_states: hawaii 夏威夷 Hawaii,Maui
united_states: las_vegas 拉斯维加斯 Las Vegas; washington 华盛顿 Washington; austin 奥斯汀 -; denver 丹佛 Denver;
united_states: california 加州 California
united_states: texas 德州 Texas; florida 佛罗里达 Florida; alaska 阿拉斯加 Alaska; orlando 奥兰多 Orlando;
united_states: portland 波特兰 Portland
canada: toronto 多伦多 Toronto; vancouver 温哥华 Vancouver; montreal 蒙特利尔 Montreal; banff 班夫 Banff
china: beijing 北京 Beijing; shanghai 上海 Shanghai; guangzhou 广州 Guangzhou; shenzhen 深圳 Shenzhen;
china: hangzhou 杭州 Hangzhou
china: chengdu 成都 Chengdu; chongqing 重庆 Chongqing; xian 西安 Xi'an; nanjing 南京 Nanjing; suzhou 苏州 Suzhou;
china: wuhan 武汉 Wuhan
china: yunnan 云南 Yunnan; dali 大理 -; lijiang 丽江 Lijiang; sanya 三亚 Sanya; qingdao 青岛 Qingdao;
china: xiamen 厦门 Xiamen
china: xinjiang 新疆 Xinjiang; harbin 哈尔滨 Harbin; tianjin 天津 Tianjin; changsha 长沙 Changsha; guilin 桂林 Guilin;
china: sichuan 四川 Sichuan
tibet: lhasa 拉萨 Lhasa
taiwan: taipei 台北 Taipei
japan: tokyo 东京 Tokyo; kyoto 京都 Kyoto; osaka 大阪 Osaka; hokkaido 北海道 Hokkaido; okinawa 冲绳 Okinawa
south_korea: seoul 首尔 Seoul; busan 釜山 Busan; jeju 济州岛 Jeju
thailand: bangkok 曼谷 Bangkok; chiang_mai 清迈 Chiang Mai; phuket 普吉岛 Phuket
vietnam: hanoi 河内 Hanoi; da_nang 岘港 Da Nang
indonesia: bali 巴厘岛 Bali; jakarta 雅加达 Jakarta
india: delhi 德里 Delhi; mumbai 孟买 Mumbai; bangalore 班加罗尔 Bangalore,Bengaluru
nepal: kathmandu 加德满都 Kathmandu
uae: dubai 迪拜 Dubai
egypt: cairo 开罗 Cairo
kenya: nairobi 内罗毕 Nairobi
nigeria: lagos 拉各斯 Lagos
south_africa: cape_town 开普敦 Cape Town
australia: sydney 悉尼 Sydney; melbourne 墨尔本 Melbourne; brisbane 布里斯班 Brisbane
new_zealand: auckland 奥克兰 Auckland; queenstown 皇后镇 Queenstown
peru: machu_picchu 马丘比丘 Machu Picchu; lima 利马 Lima
argentina: buenos_aires 布宜诺斯艾利斯 Buenos Aires; patagonia 巴塔哥尼亚 Patagonia
"""

_SIGHTS: Final = """
switzerland 少女峰,马特洪峰,格林德瓦 Jungfrau,Jungfraujoch,Matterhorn,Grindelwald,Swiss Alps;
switzerland 劳特布龙嫩,日内瓦湖 Lauterbrunnen;
france 埃菲尔铁塔,卢浮宫,普罗旺斯,勃朗峰 Eiffel Tower,Louvre,Provence,Mont Blanc; japan 富士山 Mount Fuji,Mt. Fuji;
nepal 珠峰,安纳普尔纳 Everest Base Camp,Annapurna; tanzania 乞力马扎罗 Kilimanjaro;
united_states 黄石公园,大峡谷,优胜美地 Yellowstone,Grand Canyon,Yosemite; china 长城,故宫,九寨沟 Great Wall
"""

_WORD: Final = re.compile(r"\b[A-Z][A-Za-zÀ-ÿ]*(?:['’][a-z]+)?(?<!['’]s)")
"""A capitalised word: the only ones that names of places are made of."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place that a text names: its label, and the label of its country (its own for a country)."""

    label: str
    country: str


def _entries(table: str) -> list[tuple[str, list[str]]]:
    """Read ``label chinese,… english,…`` entries, separated by semicolons and line ends; ``-`` is no name."""
    entries = []
    for entry in filter(None, map(str.strip, table.replace("\n", ";").split(";"))):
        label, chinese, english = entry.split(" ", 2)
        entries.append((label, [name for name in (*chinese.split(","), *english.split(",")) if name != "-"]))
    return entries


@lru_cache(maxsize=1)
def _gazetteer() -> tuple[Lexicon, dict[str, Place]]:
    known: dict[str, Place] = {}
    names: dict[str, str] = {}
    for label, forms in _entries(_COUNTRIES) + _entries(_SIGHTS):
        known[label] = Place(label, label)
        names |= dict.fromkeys(forms, label)
    for line in _CITIES.strip().splitlines():
        country, _, cities = line.partition(": ")
        for label, forms in _entries(cities):
            known[label] = Place(label, country)
            names |= dict.fromkeys(forms, label)
    words = {" ".join(_WORD.findall(name)): label for name, label in names.items() if name[0].isascii()}
    return Lexicon.of(words, {name: label for name, label in names.items() if not name[0].isascii()}), known


def places(text: str) -> list[Place]:
    """Return the places that a text names, in order, one for each mention."""
    return place_mentions(text, [] if text.isascii() else words_and_runs(text)[1])


def place_mentions(text: str, runs: Iterable[str]) -> list[Place]:
    """Return what `places` does for a text whose runs of unspaced script are cut already."""
    lexicon, known = _gazetteer()
    found = lexicon.match_words(_WORD.findall(text))
    for run in runs:
        found += lexicon.match_run(run)
    return [known[label] for label in found]
