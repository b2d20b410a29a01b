"""Words that say nothing about what a text is about: function words, and what people say to keep a conversation going.

Own lists. English words are given as they are after `langmem_ext.text.normalise`, Chinese as single characters. This
module imports nothing.
"""


def _words(lines: str) -> frozenset[str]:
    return frozenset(lines.split())


FUNCTION_WORDS = _words(
    """
    a an the this that these those such
    i me my mine myself we us our ours ourselves you your yours yourself yourselves
    he him his himself she her hers herself it its itself they them their theirs themselves
    who whom whose which what when where why how
    be am is are was were been being do does did doing done have has had having
    can could will would shall should may might must ought
    and or nor but if then than because as until while though although so
    of at by for with about against between into through during before after above below to from up down in out on off
    over under again further once here there
    all any both each few more most other some own same only too very just no not
    i'm i've i'd i'll you're you've you'd you'll he's he'd he'll she's she'd she'll it's it'd it'll
    we're we've we'd we'll they're they've they'd they'll that's that'd that'll there's there'd here's
    who's what's when's where's why's how's let's
    isn't aren't wasn't weren't don't doesn't didn't haven't hasn't hadn't can't cannot couldn't won't wouldn't shan't
    shouldn't mustn't mightn't needn't ain't
    """
)
"""English words without content; they are not indexed."""

FIRST_PERSON = _words("i me my mine myself we us our ours ourselves i'm i've i'd i'll we're we've we'd we'll")
"""English words by which people speak of themselves."""

CONVERSATIONAL = _words(
    """
    hey hi hello yeah yes yep yup nope ok okay oh ah um uh hmm wow haha lol well right sure alright bye goodbye
    know think thought thing things stuff like really actually basically literally kind sort lot lots bit much many
    get gets got getting gotten go goes going gone went gonna come comes coming came want wants wanted wanna need needs
    needed make makes made making take takes took taking give gives gave giving say says said saying tell tells told
    telling ask asks asked asking talk talked talking mention mentioned see seen saw seeing look looks looked looking
    let put keep try tried trying use used using
    maybe perhaps probably something anything everything nothing someone anyone everyone somebody anybody everybody
    feel feels felt feeling good great nice cool awesome amazing fantastic wonderful glad happy sorry love
    also even still now already always never ever else though yet ago back around away along
    thank thanks please welcome help hope sounds sound
    way ways one ones could would should might
    remember remind recall able
    """
)
"""English words that carry a conversation and not its subject; dropped from queries unless nothing else is left."""

FUNCTION_CHARACTERS = frozenset(
    "的了是我你他她它们这那在有和就不也都很吗呢吧啊么什个一"
    "要会到说去来还没让把被给对从跟与及但而或所以为之其此呀哦嗯哈得地着过嘛啦又再更最太真挺想能可"
)
"""Chinese characters that as single characters say nothing; they stay parts of longer n-grams."""

CHINESE_WORDS = _words(
    """
    一个 一下 一些 一点 一样 一起 一直 一定 不是 不会 不能 不要 不过 什么 怎么 怎样 为什么 这个
    那个 这些 那些 这样 那样 这么 那么 我们 你们 他们 她们 它们 自己 大家 因为 所以 但是 可是
    然后 而且 或者 如果 虽然 还是 就是 只是 可以 可能 应该 已经 正在 现在 非常 特别 真的 知道
    觉得 感觉 没有 还有 有点 时候 东西 事情 谢谢 请问 好的 是的 对了 多少 哪里 哪个 哪些 几个
    之前 之后 以前 以后 今天 昨天 明天 前天 后天 今年 去年 明年 上周 下周 本周 上次 下次 最近
    附近 旁边 周围 一带 左右 上下 期间 方面 平时 一般 通常 经常 总是 每天 每周 每年 目前 其实 比较 订好 订到
    """
)
"""Chinese words that are no keywords."""

PLACE_ENDINGS = frozenset("峰山岭湖河江海湾岛港寺庙塔宫桥路街巷镇村城谷园")
"""Characters that end the name of a place, which a dictionary that lacks it cuts off: 少女|峰."""

FESTIVALS = _words("国庆 元旦 除夕 春节 中秋 端午 清明 圣诞 寒假 暑假 周末 生日")
"""Chinese words of time that name an occasion; all others say no more than when."""

TIME_WORDS = _words(
    """
    day days week weeks month months year years today tomorrow yesterday tonight morning evening afternoon night
    last next early late later soon recently lately usually often every once twice
    also without called named bit able met meet live lives living lived bought
    """
)
"""English words that are no keywords: they say when or how, not what."""
