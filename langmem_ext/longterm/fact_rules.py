"""The patterns by which facts are read out of statements, Chinese and English: data for `langmem_ext.longterm.facts`.

A pattern's group ``object`` is what is said, after the words of a group ``verb`` if it has one; a group ``who`` names
whom or what it is said about. English patterns are searched in a sentence and say "I" or "my" themselves. Chinese
patterns are matched at the start of a clause, where the subject 我 may be left out. Precision before recall: what is
only perhaps a fact has no pattern.
"""
# ruff: noqa: E501 - a pattern is read, and compared with its neighbours, on one line

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

FactKind = Literal["fact", "preference", "relation", "event", "profile"]
Stance = Literal["states", "changes", "ends"]


@dataclass(frozen=True, slots=True)
class Rule:
    """How one relation is said.

    Attributes:
        relation: Key of the object in the fact's data.
        kind: Kind of the fact.
        importance: 0 to 1.
        pattern: See the module.
        slot: What a person has one of; a newer statement replaces an older one. "" where statements add up.
        ends: Whether it says that something holds no longer.
    """

    relation: str
    kind: FactKind
    importance: float
    pattern: re.Pattern[str]
    slot: str = ""
    ends: bool = False


_OBJECT_EN: Final = (
    r"\s+(?P<object>(?=[\w\"'$€£¥“])(?:[^,.;:!?\n()]|[,.:](?=\d)){2,90}?)"
    r"(?=\s+(?:but|because|since|when|while|so|although|though|which|if|until|unless|and (?:[Ii]|my|we|it|the|was|am|ha(?:ve|s|d)|s?he|they|can(?:'t|not)?|don't|staying))\b"
    r"|\s+-\s|[,.:](?!\d)|[;!?\n()]|$)"
)
_I: Final = r"(?<!if )(?<!when )(?<!do )(?<!would )(?<!should )\bI"
_OFTEN: Final = r"(?:\s+(?:also|really|absolutely|still|do|particularly|especially|definitely|just|always|actually|mostly|truly|now))*"
_NOT_TO: Final = r"(?!\s+to\s+(?:know|ask|thank|say|see if|make sure|check|understand|hear|share|discuss|talk|tell|clarify|be sure)\b)"
_MONEY: Final = r"(?:[$€£¥]|(?:about|around|roughly|up to|under|at most|max\w*|USD|CNY|EUR|CHF|RMB|HKD)\s*)*\s*[$€£¥]?\d[\d,.]*\s*(?:k|thousand|million)?\s*\S*"
_RELATIVES: Final = (
    "wife|husband|partner|girlfriend|boyfriend|fianc[eé]e?|son|daughter|mother|mom|mum|father|dad|sister|brother|"
    "grandmother|grandma|grandfather|grandpa|cousin|aunt|uncle|niece|nephew|boss|manager|roommate|best friend|dog|cat|puppy|"
    "kitten|doctor|therapist|teacher|neighbou?r"
)
_JOBS: Final = (
    r"engineer|developer|programmer|teacher|nurse|doctor|designer|lawyer|student|manager|writer|artist|musician|accountant|"
    r"chef|photographer|researcher|scientist|architect|consultant|analyst|freelancer|journalist|therapist|counselor|"
    r"entrepreneur|professor|electrician|plumber|pilot|driver|librarian|dentist|veterinarian|translator|barista"
)
_APPOINTMENTS: Final = (
    "appointment|meeting|interview|exam|test|surgery|operation|presentation|flight|concert|wedding|party|game|match|"
    "deadline|class|lesson|reservation|check-?up|date with"
)
_CONDITIONS: Final = (
    "asthma|diabetes|high blood pressure|hypertension|migraines?|insomnia|celiac disease|epilepsy|arthritis|adhd|anemia|"
    "a heart condition|a bad (?:knee|back)|lactose intolerance"
)

_ENGLISH: Final[tuple[tuple[str, FactKind, float, str, str, bool], ...]] = (
    ("likes", "preference", 0.6, _I + rf"{_OFTEN}\s+(?:don't|do not)\s+(?:like|love|enjoy|prefer|eat|drink)\s+(?P<object>[^,.;!?\n]{{2,60}}?)\s+any ?more", "", True),
    ("likes", "preference", 0.6, _I + rf"\s+(?:no longer|stopped)\s+(?:like|love|enjoy|prefer|enjoying|liking|eat|drink|eating|drinking){_OBJECT_EN}", "", True),
    ("used_to", "fact", 0.4, _I + rf"\s+used to{_OBJECT_EN}", "", True),
    ("gave_up", "event", 0.6, _I + rf"(?:'ve| have)?(?:\s+just|\s+finally|\s+recently)?\s+(?P<verb>quit|gave up|given up|cancell?ed|stopped){_OBJECT_EN}", "", True),
    ("likes", "preference", 0.6, _I + rf"(?:'m| am)?{_OFTEN}\s+(?:like|love|enjoy|adore|fond of|into|a (?:big |huge )?fan of|keen on|passionate about|crazy about|interested in)(?!\s+to (?:know|ask|see|hear|thank)){_OBJECT_EN}", "", False),
    ("prefers", "preference", 0.65, _I + rf"{_OFTEN}\s+prefer{_OBJECT_EN}", "", False),
    ("dislikes", "preference", 0.65, _I + rf"{_OFTEN}\s+(?:dislike|hate|can't stand|cannot stand|(?:don't|do not)(?: really)? (?:like|enjoy|eat|drink)|never (?:eat|drink)|(?:'m|am) not (?:a fan of|into|fond of)){_OBJECT_EN}", "", False),
    ("favourite", "preference", 0.65, rf"\b[Mm]y (?:(?:all-time|absolute) )?favou?rite (?P<who>[a-z ]{{2,30}}?) (?:is|are){_OBJECT_EN}", "", False),
    ("allergic_to", "profile", 0.95, _I + rf"(?:'m| am)(?: also| very| severely| really)? allergic to{_OBJECT_EN}", "", False),
    ("allergic_to", "profile", 0.95, r"\b(?:I have|I've got|I've had)(?: an?)?(?: severe| bad)?\s+(?P<object>[a-z]+(?: [a-z]+)?) allerg(?:y|ies)\b", "", False),
    ("health", "profile", 0.9, _I + rf"(?: have|'ve| was| am|'m)(?: got| had| been| recently)*(?: diagnosed with)?\s+(?P<object>{_CONDITIONS})\b", "", False),
    ("diet", "profile", 0.85, _I + r"(?:'m| am)(?: an?| now| also| a strict)*\s+(?P<object>vegetarian|vegan|pescatarian|gluten[- ]free|lactose[- ]intolerant|diabetic|kosher|halal)\b", "diet", False),
    ("name", "profile", 0.9, r"\b(?:[Mm]y name is|[Mm]y name's|[Cc]all me|I'm called|I go by)\s+(?P<object>[A-Z][\w'-]*(?: [A-Z][\w'-]*){0,2})", "name", False),
    ("age", "profile", 0.8, _I + r"(?:'m| am)(?: now)? (?P<object>\d{1,3})(?: years old| yo\b|(?=[.,!]| and\b| but\b|$))", "age", False),
    ("birthday", "profile", 0.85, rf"\b(?:[Mm]y birthday is(?: on)?|I was born (?:on|in)){_OBJECT_EN}", "birthday", False),
    ("lives_in", "profile", 0.85, _I + r"(?:\s+(?:now|currently|just|recently))?(?:'m| am)?\s+(?:live in|living in|based in|moved to|relocated to)\s+(?P<object>[A-Z][\w'-]*(?:(?:,? |-)(?:[A-Z][\w'-]+(?<!I'm)(?<!I've)|(?:de|la|am|upon)\b))*)", "residence", False),
    ("from", "profile", 0.75, _I + r"(?:'m| am| come)(?: originally)? from (?P<object>[A-Z][\w'-]*(?:,? [A-Z][\w-]+){0,2})", "origin", False),
    ("job", "profile", 0.8, _I + rf"(?:\s+(?:currently|now))?\s+work (?:as|for|at|in){_OBJECT_EN}", "job", False),
    ("job", "profile", 0.8, _I + rf"(?:'m| am)(?: currently| now)? an? (?P<object>(?:[a-z-]+ ){{0,3}}(?:{_JOBS}))\b", "job", False),
    ("speaks", "profile", 0.6, _I + r"(?: can| also)? speak (?P<object>[A-Z][a-z]+(?:(?:,| and|, and) [A-Z][a-z]+)*)", "", False),
    ("contact", "profile", 0.85, r"\b[Mm]y (?P<who>email|e-mail|email address|phone|phone number|address|number) is\s+(?P<object>\S[^\n]{2,80}?)(?=[.!]?$|[.,;!]\s)", "", False),
    ("budget", "fact", 0.85, rf"\b(?:[Mm]y|[Oo]ur|[Tt]he) (?:[a-z]+ )?budget (?:is|was|of|will be|has (?:now )?(?:been )?(?:increased|raised|changed|lowered|cut) to|went (?:up|down) to|for [a-z ]{{2,30}} is)(?: now)?\s+(?P<object>{_MONEY})", "budget", False),
    ("budget", "fact", 0.85, rf"\b(?:[Bb]udget(?: is|:)|I have a budget of|(?:changed?|increased?|raised?|lowered?|cut) (?:my|our|the) budget to)\s+(?P<object>{_MONEY})", "budget", False),
    ("worries_about", "fact", 0.7, _I + rf"(?:'m| am){_OFTEN}(?:\s+(?:a bit|a little|very|quite|so|pretty))?\s+(?:worried|concerned|afraid|nervous|anxious|scared)(?:\s+(?:about|of|that)){_OBJECT_EN}", "", False),
    ("wants", "preference", 0.65, rf"(?<!if )\bI(?:'d| would)(?: really)?\s+(?:like|love|prefer){_NOT_TO}{_OBJECT_EN}", "", False),
    ("plans", "fact", 0.65, _I + rf"(?:'m| am){_OFTEN}\s+(?:going|planning|hoping|thinking of|thinking about|looking forward|preparing|training){_NOT_TO}{_OBJECT_EN}", "", False),
    ("plans", "fact", 0.65, _I + rf"{_OFTEN}\s+(?:want|plan|hope|intend|decided){_NOT_TO}(?=\s+to\s+\w+\s+\w){_OBJECT_EN}", "", False),
    ("plans", "fact", 0.65, _I + rf"(?:'m| am|'ll be| will be){_OFTEN}\s+(?P<verb>flying|travell?ing|driving|moving|heading|visiting|meeting|staying){_OBJECT_EN}", "", False),
    ("appointment", "event", 0.75, rf"\b(?:I|[Ww]e)(?:'ve| have)(?: got)?(?=\s+(?:an?|my|our|the|two|three)\s+(?:[\w'-]+\s+){{0,4}}?(?:{_APPOINTMENTS})\b){_OBJECT_EN}", "", False),
    ("doing", "fact", 0.55, _I + rf"(?:'m| am|'ve been| have been){_OFTEN}\s+(?P<verb>learning|studying|writing|building|training for|preparing for|saving(?: up)? for){_NOT_TO}{_OBJECT_EN}", "", False),
    ("answer_style", "preference", 0.8, rf"(?:^|[Pp]lease |[Ff]rom now on,? )(?:always )?(?P<verb>[Kk]eep (?:your|the|all) (?:answers?|replies|responses?)|[Aa]nswer(?: me)? (?:in|with)|[Rr]eply (?:in|with)|[Rr]espond (?:in|with)){_OBJECT_EN}", "", False),
    ("booked", "event", 0.8, _I + rf"(?:'ve| have)?(?:\s+(?:already|just|finally|now))*\s+(?:booked|reserved|ordered|signed up for|registered for|enrolled in|scheduled|rescheduled|confirmed){_OBJECT_EN}", "", False),
    ("did", "event", 0.5, _I + rf"(?:'ve| have)?(?:\s+(?:just|recently|finally|already))*\s+(?P<verb>went to|visited|attended|started|finished|completed|joined|adopted|received|bought|purchased|graduated|got (?:married|engaged|divorced|promoted|fired|hired|a new)|won|ran|hosted|launched|passed){_OBJECT_EN}", "", False),
    ("habit", "preference", 0.55, _I + rf"\s+(?P<verb>usually|always|often|normally|typically)(?!\s+(?:\w+ed|knew|felt|thought|had|was|did|feel|found|been|wanted|like)\b){_OBJECT_EN}", "", False),
    ("details", "fact", 0.7, rf"\b(?:[Mm]y|[Oo]ur) (?P<who>license plate|number plate|flight(?: number)?|seat|train|room|room number|passport number|anniversary) is{_OBJECT_EN}", "", False),
    ("is", "profile", 0.6, _I + r"(?:'m| am) (?P<object>left-handed|right-handed|colou?r-?blind|an? (?:early bird|night owl|introvert|extrovert|only child)|single|married|divorced|retired|pregnant)\b", "", False),
    ("habit", "preference", 0.55, _I + r"\s+(?P<verb>\w+)(?P<object>[^,.;!?\n]{0,40}?\s(?:every|each) (?:day|morning|evening|night|week|weekend|month|year|\w+day)s?\b[^,.;!?\n]{0,30})", "", False),
    ("relative", "relation", 0.75, rf"\b[Mm]y (?P<who>{_RELATIVES})'s (?P<verb>birthday|wedding|graduation|surgery|recital) is(?: on)?{_OBJECT_EN}", "", False),
    ("has", "relation", 0.75, r"\b(?:I|[Ww]e)(?:'ve| have)(?: got)? (?P<object>(?:an?|one|two|three|four|five|\d) (?:[a-z]+ ){0,2}(?:kids?|child(?:ren)?|sons?|daughters?|sisters?|brothers?|siblings?|dogs?|cats?|pets?)(?: (?:named|called) [A-Z]\w+(?:(?:,| and) [A-Z]\w+)*)?)", "", False),
    ("relative", "relation", 0.7, rf"\b[Mm]y (?:\w+ )?(?P<who>{_RELATIVES})(?:'s name)?(?:,? [A-Z]\w+,?)? (?:is|was|has|loves?|likes?|enjoys?|hates?|works?|lives?|named|called|got|just|turned|turns|started|will be){_OBJECT_EN}", "", False),
    ("to_remember", "fact", 0.85, rf"(?:^|[Pp]lease |[Aa]lso,? )(?:[Rr]emember|[Nn]ote|[Kk]eep in mind|[Dd]on't forget) that(?=.*\b(?:I|I'm|my|we|our|me)\b){_OBJECT_EN}", "", False),
)  # fmt: skip

TIME_ZH: Final = (
    r"(?:大?[今明后昨前]天|[上下这本]+个?(?:周|星期|礼拜|月|季度)(?:[一二三四五六日天末初中底]|(?<=周)末)?|(?:周|星期|礼拜)[一二三四五六日天末]|"
    r"[今明去前]年|[年月][底初末]|\d{2,4}年|(?:\d{1,2}|[一二三四五六七八九十]{1,2})月(?:(?:\d{1,2}|[一二三四五六七八九十]{1,3})[日号]?|[底初末])?|"
    r"\d{1,2}[日号]|国庆|五一|十一|春节|中秋|元旦|端午|清明|寒假|暑假|圣诞|[春夏秋冬]天|"
    r"早上|早晨|上午|中午|下午|傍晚|晚上|凌晨|(?:\d{1,2}|[一二两三四五六七八九十]{1,2})点(?:半|钟|(?:\d{1,2}|[一二三四五六七八九十]{1,3})分?)?|期间|假期|的?时候?|前后)"
)
"""A time at the head of a clause, before or after its subject."""
_ME: Final = (
    r"^(?:(?:另外|还有|对了|其实|而且|不过|但是?|可是?|因为|所以|然后|顺便说一下|首先|最后)\s*)?"
    r"(?:我们?|咱们?|本人|我自己|我个人)?"
    r"(?:也|还|很|非常|特别|最|比较|真的|一直|都|就|更|挺|超级?|其实|现在|平时|一般|通常|最近|从小|目前|有点|确实|主要|已经?|刚刚?)*\s*"
)
_OBJECT_ZH: Final = r"\s*(?P<object>[^,，。；;！!？?\n]{1,40})"
_AMOUNT_ZH: Final = (
    r"(?P<object>[约近]?\s*[¥$€]?\s*[\d一二两三四五六七八九十百千万亿][\d一二两三四五六七八九十百千万亿.,]*\s*[万千百kKwW]?\s*"
    r"(?:多?(?:元|块钱?|人民币|美元|美金|欧元|瑞郎|瑞士法郎|法郎|日元|英镑|港币|刀|RMB|rmb|CNY|USD|EUR|CHF))*(?:左右|以内|以下|上下)?)"
)
_RELATIVES_ZH: Final = (
    "妈妈|爸爸|母亲|父亲|爸妈|父母|老婆|老公|妻子|丈夫|太太|先生|女朋友|男朋友|女友|男友|儿子|女儿|孩子|宝宝|哥哥|姐姐|弟弟|妹妹|"
    "爷爷|奶奶|外公|外婆|姥姥|姥爷|舅舅|阿姨|叔叔|表[哥姐弟妹]|堂[哥姐弟妹]|老板|领导|同事|室友|闺蜜|好朋友|朋友|老师|导师|邻居|猫|狗|猫咪|狗狗"
)
_JOBS_ZH: Final = (
    "工程师|老师|教师|医生|护士|设计师|程序员|律师|学生|研究生|博士生|大学生|经理|作家|画家|会计|厨师|摄影师|研究员|建筑师|顾问|分析师|"
    "记者|教授|司机|翻译|公务员|自由职业者|产品经理|运营|销售"
)

_CHINESE: Final[tuple[tuple[str, FactKind, float, str, str, bool], ...]] = (
    ("likes", "preference", 0.6, rf"{_ME}(?:不再|已经不|现在不|不怎么)(?:喜欢|爱|吃|喝|想){_OBJECT_ZH}", "", True),
    ("likes", "preference", 0.6, rf"{_ME}不(?:太)?(?:喜欢|爱|吃|喝)\s*(?P<object>[^,，。；;！!？?\n]{{1,30}}?)了$", "", True),
    ("gave_up", "event", 0.6, rf"{_ME}(?:把.{{1,20}})?(?:取消|放弃|退订|退掉|戒掉|戒|停掉)了?{_OBJECT_ZH}", "", True),
    ("dislikes", "preference", 0.65, rf"{_ME}(?:不(?:太|怎么|大)?(?:喜欢|爱|吃|喝|能吃|能喝|想要)|讨厌|受不了|反感){_OBJECT_ZH}", "", False),
    ("favourite", "preference", 0.65, r"^(?:我们?)?最(?:喜欢|爱)的(?P<who>[^,，是]{1,10})是" + _OBJECT_ZH, "", False),
    ("likes", "preference", 0.6, rf"{_ME}(?:喜欢上?了?|喜爱|热爱|爱好是|爱(?=[吃喝看听玩去])|偏好|偏爱|钟爱|迷上了?){_OBJECT_ZH}", "", False),
    ("likes", "preference", 0.6, rf"{_ME}对(?P<object>[^,，。]{{1,15}}?)(?:很|非常|特别)?感兴趣", "", False),
    ("prefers", "preference", 0.65, rf"{_ME}(?:更喜欢|更倾向于?|倾向于?|宁愿|宁可){_OBJECT_ZH}", "", False),
    ("allergic_to", "profile", 0.95, rf"{_ME}(?:对|吃)(?P<object>[^,，。]{{1,15}}?)(?:会|严重|有点|很)?过敏", "", False),
    ("health", "profile", 0.9, rf"{_ME}(?:有|患有|得了|得过|确诊了?|被诊断为|查出)\s*(?P<object>(?:轻微|轻度|中度|重度|严重)?的?(?:高血压|低血压|糖尿病|哮喘|偏头痛|失眠|心脏病|贫血|关节炎|鼻炎|胃病|抑郁症|焦虑症|高反|乳糖不耐受?|腰椎间盘突出))", "", False),
    ("diet", "profile", 0.85, rf"{_ME}(?:是|吃)(?P<object>素食主义者|素食者|素食|纯素|素|清真)", "diet", False),
    ("name", "profile", 0.9, r"^(?:你好|您好|大家好)?(?:我叫|我的名字[是叫]|(?:你)?可以叫我|叫我|我是(?=小))(?:做)?\s*(?P<object>[\w·]{1,12}?)(?:吧|就好|就行)?$", "name", False),
    ("age", "profile", 0.8, r"^我(?:今年|现在|已经)*\s*(?P<object>\d{1,3}|[一二三四五六七八九十]{1,3})岁", "age", False),
    ("birthday", "profile", 0.85, rf"^我的?生日(?:是|在){_OBJECT_ZH}|^我(?:出生于|是)(?P<born>\d[^,，。]{{1,15}})(?:出生|生)的?", "birthday", False),
    ("health", "profile", 0.85, rf"{_ME}(?P<object>[左右]?(?:膝盖|腰|颈椎|胃|肠胃|眼睛|心脏|血压|血糖|睡眠|肩膀|脚踝|牙)(?:一直|有点|不太|不|很|经常|偏)*(?:好|疼|痛|高|低|受过伤|差))", "", False),
    ("lives_in", "profile", 0.85, rf"{_ME}(?:住在|家住|家在|定居在?|居住在|搬到了?|搬去了?|搬家到了?|生活在){_OBJECT_ZH}", "residence", False),
    ("from", "profile", 0.75, rf"^我(?:们)?(?:来自|老家在|老家是|是(?=[^,，。]{{1,8}}人$)){_OBJECT_ZH}", "origin", False),
    ("job", "profile", 0.8, rf"^(?:我)?(?:现在|目前)?(?:是|当|做|担任|的职业是|的工作是)(?:一[名个位]|个|名)?(?P<object>[^,，。是]{{0,10}}(?:{_JOBS_ZH}))$", "job", False),
    ("job", "profile", 0.8, rf"^我?(?:现在|目前)?在(?P<object>[^,，。]{{1,24}}?(?:做|当|担任)[^,，。]{{0,10}}(?:{_JOBS_ZH}))", "job", False),
    ("is", "profile", 0.6, r"^我是?(?:一?个)?(?P<object>左撇子|单身|已婚|离异|独生子女?|早起的人|夜猫子|退休人员|素人|(?:白羊|金牛|双子|巨蟹|狮子|处女|天秤|天蝎|射手|摩羯|水瓶|双鱼)座)$", "", False),
    ("answer_style", "preference", 0.8, r"^(?:请|以后|今后|麻烦你?|希望你|你|都|尽量|一律)+(?P<object>用[^,，。]{1,8}?(?:来)?(?:回答|回复|交流|沟通)(?:我)?|(?:回答|回复)(?:我|时|请|要|尽量|得|的)*(?:简短|简洁|简单|详细|直接)[^,，。]{0,6}|(?:简短|简洁|简单|详细|直接)(?:地|一点|一些|些)*(?:回答|回复)[^,，。]{0,4})", "", False),
    ("job", "profile", 0.8, r"^我(?:现在|目前)?在(?P<object>[^,，。]{1,20}?)(?:工作|上班|任职|实习|读书|上学|念书)", "job", False),
    ("speaks", "profile", 0.6, rf"{_ME}会(?:说|讲){_OBJECT_ZH}", "", False),
    ("contact", "profile", 0.85, r"^我的(?P<who>邮箱|电话|手机号?|电话号码|微信号?|地址)(?:号码)?(?:是|[:：])\s*(?P<object>[^,，。；;]{2,60})", "", False),
    ("budget", "fact", 0.85, rf"^.{{0,12}}预算(?:大概|大约|约|是|为|在|有|控制在|不超过|最多|上限|改成|改为|提高到|提到|降到|降低到|增加到|调整[为到]|变成|每个?人|人均|总共|一共|全程|了|[:：]|\s)*{_AMOUNT_ZH}", "budget", False),
    ("worries_about", "fact", 0.7, rf"{_ME}(?:担心|害怕|怕|担忧|顾虑的?是?|对(?=[^,，。]{{1,10}}(?:焦虑|担心))){_OBJECT_ZH}", "", False),
    ("wants", "preference", 0.65, rf"{_ME}(?:希望|想住|想要|想吃|想买){_OBJECT_ZH}", "", False),
    ("plans", "fact", 0.65, rf"{_ME}(?:(?:正)?在?(?:打算|计划|准备|筹备|考虑)|决定|想去|要去|会去|将(?:会|要)?去|想(?=[学换找做办搬带])){_OBJECT_ZH}", "", False),
    ("appointment", "event", 0.75, rf"{_ME}(?:有|约了?|要参加|参加|预约了?)(?P<object>(?:一?[个场次节门])?[^,，。；;]{{0,15}}?(?:预约|约会|会议|[个场]会|面试|考试|讲座|演出|演唱会|手术|体检|聚会|婚礼|比赛|答辩|活动|饭局|航班|[节门堂]课))$", "", False),
    ("doing", "fact", 0.55, rf"{_ME}(?:正)?在(?P<object>(?:学(?![校院生期])|写(?!字楼)|备考|准备(?!好)|练|攒)[^,，。]{{1,20}})", "", False),
    ("changed_to", "event", 0.75, rf"{_ME}(?:把|将)?(?P<who>[^,，。]{{1,20}}?)(?:改成了?|改为了?|改到了?|换成了?|换到了?|调整[为到]了?|推迟到了?|提前到了?){_OBJECT_ZH}", "", False),
    ("booked", "event", 0.8, rf"{_ME}(?:已经?)?(?:提前)?(?:预?订|预定|定|买|约|报名|报|租)(?:好|了|到|下|完|上)+了?{_OBJECT_ZH}", "", False),
    ("booked", "event", 0.8, rf"{_ME}(?P<object>[^,，。]{{1,20}}?)(?:已经?|都)(?:提前)?(?:预?订|预定|定|买|约)(?:好|了|到)+了?$", "", False),
    ("did", "event", 0.5, rf"{_ME}(?:昨天|今天|前天|上周|上个?月|周末|去年|今年)?(?:去了|去过|参加了|完成了|开始了?|拿到了?|通过了|入职了?|辞职了?|毕业于?|买了|收到了?|换了|领养了|考上了?|学会了){_OBJECT_ZH}", "", False),
    ("habit", "preference", 0.55, rf"{_ME}(?:习惯|经常|总是|每天|每周|每年|每个?月|从不|从来不){_OBJECT_ZH}", "", False),
    ("habit", "preference", 0.55, rf"^我(?:们)?(?:一般|通常|平时){_OBJECT_ZH}", "", False),
    ("has", "relation", 0.75, r"^(?:我们?)?(?:家)?(?:有|养了?)(?P<object>[一两二三四五六七八九十几\d]?(?:个|只|条|位|对)?[^,，。]{0,6}(?:孩子|儿子|女儿|哥哥|姐姐|弟弟|妹妹|兄弟|姐妹|猫|狗|猫咪|狗狗|兔子|仓鼠|鹦鹉)(?:叫[^,，。]{1,8})?)", "", False),
    ("relative", "relation", 0.75, rf"^我(?:的|家)?(?P<who>{_RELATIVES_ZH})(?P<object>(?:{TIME_ZH})*(?:要|会|将)?的?(?:过生日|生日|结婚|毕业|高考|中考|做手术|出生)[^,，。]{{0,12}})", "", False),
    ("details", "fact", 0.7, r"^(?:我们?)?的?(?P<who>车牌号?|航班号?|座位号?|房间号?|护照号|会员号|结婚纪念日|纪念日)(?:是|在|[:：])" + _OBJECT_ZH, "", False),
    ("relative", "relation", 0.7, rf"^我(?:的|家)?(?P<who>{_RELATIVES_ZH})(?:的名字)?(?:叫|是|在|今年|喜欢|不喜欢|爱|对|有|住|会|刚|也|很|最近|要|想){_OBJECT_ZH}", "", False),
    ("to_remember", "fact", 0.85, r"^(?:请|你|麻烦|帮我)*(?:记住|记一下|记得|别忘了)[:：,，\s]*(?P<object>[^。；;！!？?\n]{2,60})", "", False),
)  # fmt: skip


def _compiled(rows: tuple[tuple[str, FactKind, float, str, str, bool], ...]) -> tuple[Rule, ...]:
    return tuple(
        Rule(relation, kind, importance, re.compile(pattern), slot, ends)
        for relation, kind, importance, pattern, slot, ends in rows
    )


@lru_cache(maxsize=2)
def rules(language: Literal["en", "zh"]) -> tuple[Rule, ...]:
    """Return the rules of a language, those that deny first; compiled when first asked for."""
    return _compiled(_ENGLISH if language == "en" else _CHINESE)


@lru_cache(maxsize=1)
def slots() -> dict[str, str]:
    """Return the slots of the relations that have one: ``{"lives_in": "residence", …}``."""
    return {row[0]: row[4] for row in (*_ENGLISH, *_CHINESE) if row[4]}
