"""A small bilingual lexicon: the concepts of everyday conversation, and the words for them in English and Chinese.

It joins what a user says in Chinese with what they ask in English, and names topics (``switzerland_hiking``). Labels
are English snake_case. English words are matched by stem, phrases by the stems of their words; Chinese words as
substrings, the longest first. Owns the words.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

from langmem_ext.lexicon import Lexicon
from langmem_ext.text import stems, words_and_runs

_TERMS: Final = """
hiking
  hike, hiking, hiker, trek, trekking, backpacking, trail, trailhead, walking tour
  徒步 远足 登山 爬山 健行 步道 背包旅行 穿越线路
skiing
  ski, skiing, snowboard, snowboarding, ski slope
  滑雪 单板 双板 雪场 雪道
camping
  camping, campsite, campground, tent, campfire
  露营 帐篷 营地 野营 篝火
cycling
  cycling, cyclist, bicycle, bike, biking, bike ride
  骑行 骑车 自行车 单车 山地车
running
  running, jogging, marathon, half marathon, jog, 5k run, 10k run
  跑步 慢跑 马拉松 夜跑 晨跑
swimming
  swim, swimming, swimmer, swimming pool
  游泳 泳池 潜水 浮潜
fitness
  gym, workout, exercise, fitness, yoga, pilates, weightlifting, personal trainer
  健身 锻炼 健身房 瑜伽 普拉提 力量训练 减脂 增肌
sport
  sport, football, soccer, basketball, tennis, baseball, badminton, volleyball, hockey, golf, world cup
  运动 体育 足球 篮球 网球 羽毛球 乒乓球 排球 高尔夫 球赛 世界杯
photography
  photography, photographer, camera, photo, photograph, lens, tripod, photo shoot
  摄影 拍照 相机 照片 镜头 三脚架 摄影师 拍摄
painting
  painting, paint, drawing, sketch, watercolor, watercolour, pottery, sculpture, art class, artwork
  绘画 画画 油画 水彩 素描 陶艺 雕塑 书法
music
  music, song, concert, guitar, piano, violin, band, singer, album, playlist, orchestra
  音乐 歌曲 唱歌 演唱会 音乐会 吉他 钢琴 小提琴 乐队 歌手 专辑
dance
  dance, dancing, dancer, ballet, salsa
  跳舞 舞蹈 芭蕾 街舞 广场舞
reading
  read a book, novel, reading, author, library, bookstore, book club
  读书 看书 小说 阅读 图书馆 书店 作者
writing
  writing, write, writer, blog, essay, screenplay, poem, poetry
  写作 写文章 博客 诗歌 剧本 作家 日记
film
  movie, film, cinema, tv show, television, series, netflix, documentary
  电影 影院 电视剧 剧集 纪录片 追剧 综艺
theatre
  theatre, theater, musical, play on stage, opera, exhibition, museum, gallery
  话剧 音乐剧 歌剧 展览 博物馆 美术馆 画展
gaming
  video game, gaming, gamer, board game, playstation, xbox, nintendo, chess
  游戏 电竞 桌游 手游 象棋 围棋 主机
cooking
  cook, cooking, recipe, bake, baking, kitchen, meal prep, grill
  做饭 烹饪 菜谱 食谱 烘焙 下厨 厨房 炒菜
gardening
  garden, gardening, plant, flower, vegetable garden, houseplant
  园艺 花园 种花 种菜 植物 盆栽 养花
shopping
  shopping, buy, purchase, order online, mall, store, discount, coupon
  购物 买东西 网购 商场 下单 优惠 折扣 淘宝 京东
wedding
  wedding, marry, married, marriage, engagement, honeymoon, bride, groom
  婚礼 结婚 订婚 蜜月 新娘 新郎 求婚
party
  party, birthday party, celebration, celebrate, anniversary, gift, present
  聚会 派对 庆祝 生日会 纪念日 礼物
volunteering
  volunteer, volunteering, charity, donation, donate, fundraiser, community service
  志愿者 义工 公益 慈善 捐款 捐赠
moving
  moving house, move out, move in, relocate, relocation, new apartment
  搬家 搬迁 迁居 搬到
renovation
  renovation, renovate, remodel, decorate, furniture, interior design
  装修 翻新 家具 软装 室内设计
travel
  travel, trip, vacation, holiday, tour, journey, itinerary, tourist, sightseeing, cruise, road trip, getaway
  旅行 旅游 出行 行程 度假 自由行 自驾 游玩 景点 旅途 攻略 出游 旅程
budget
  budget, cost, price, expense, expensive, cheap, afford, spending, fee
  预算 费用 花费 价格 开销 花销 价钱 便宜 人均 性价比
accommodation
  accommodation, hotel, guesthouse, guest house, hostel, airbnb, lodging, bed and breakfast, inn, resort, homestay,
  place to stay, lodge, cabin, chalet
  住宿 民宿 酒店 旅馆 宾馆 客栈 青旅 青年旅舍 旅店 度假村 订房 木屋
flight
  flight, plane ticket, air ticket, airfare, airline, airport, boarding pass, layover, fly to
  机票 航班 飞机 机场 航空 登机 转机 直飞
train
  train, railway, train ticket, rail pass, subway, metro
  火车 高铁 动车 火车票 铁路 地铁 列车
car
  car, drive, driving, driver's license, rental car, vehicle, parking, truck
  汽车 开车 驾驶 驾照 租车 停车 车子 买车
visa
  visa, passport, customs, immigration
  签证 护照 入境 海关 移民
schedule
  schedule, appointment, meeting, deadline, calendar, reschedule
  日程 预约 会议 截止 日历 时间表 约会时间 改期
weather
  weather, rain, rainy, snow, sunny, storm, forecast, temperature
  天气 下雨 下雪 晴天 气温 温度 台风 预报
equipment
  gear, equipment, boots, backpack, jacket, sleeping bag, packing list
  装备 登山鞋 背包 冲锋衣 睡袋 行李 登山杖
insurance
  insurance, insured, insurance policy, premium
  保险 医保 投保 理赔
lake
  lake, lakeside, alpine lake
  湖泊 湖边 高山湖 湖畔
mountain
  mountain, alps, peak, summit, glacier, alpine
  高山 雪山 山峰 山顶 冰川 阿尔卑斯
sea
  sea, beach, ocean, coast, seaside, island, surf, surfing
  海边 海滩 大海 海岛 沙滩 冲浪 海洋
nature
  nature, forest, wildlife, scenery, landscape, waterfall, national park, outdoors
  自然 森林 风景 景色 景观 瀑布 国家公园 户外 风光
health
  health, doctor, hospital, medicine, medication, illness, sick, sickness, altitude sickness, surgery, pain, injury,
  diagnosis, diagnosed, therapy, dentist, blood pressure, diabetes, asthma, headache, clinic, symptom, fever
  健康 医生 医院 生病 药 吃药 手术 高原反应 高反 疼 头痛 受伤 诊断 治疗 体检 牙医 血压 糖尿病 哮喘 发烧 感冒 失眠
  症状
allergy
  allergy, allergic, allergen, epipen
  过敏 过敏原
diet
  diet, vegetarian, vegan, gluten free, gluten, lactose, halal, kosher, calorie, nutrition, low carb
  饮食 素食 吃素 清真 忌口 热量 营养 无麸质 乳糖 低碳
mental_health
  anxiety, stress, depression, depressed, therapist, counseling, counselling, meditation, burnout, mindfulness
  焦虑 压力 抑郁 心理咨询 冥想 情绪 心理 正念
sleep
  sleep, insomnia, nap, bedtime
  睡眠 睡觉 早睡 熬夜 午睡 失眠
food
  food, meal, dinner, lunch, breakfast, restaurant, cuisine, dish, dessert, snack, sushi, pizza, noodle, pasta,
  chocolate, seafood, cheese, spicy
  美食 吃饭 餐厅 晚餐 午餐 早餐 甜点 零食 火锅 寿司 面条 海鲜 巧克力 小吃 辣 饭馆
coffee
  coffee, latte, espresso, cappuccino, cafe, americano
  咖啡 拿铁 美式 卡布奇诺 咖啡馆
tea
  tea, green tea, bubble tea, matcha
  茶 喝茶 绿茶 红茶 奶茶 抹茶
alcohol
  wine, beer, whiskey, cocktail, alcohol, bar, pub, brewery
  酒 喝酒 红酒 啤酒 白酒 威士忌 鸡尾酒 酒吧
family
  family, mother, father, mom, mum, dad, parent, sister, brother, son, daughter, grandmother, grandfather, grandma,
  grandpa, cousin, aunt, uncle, wife, husband, kid, child, children, baby, niece, nephew
  家人 家庭 妈妈 爸爸 母亲 父亲 父母 姐姐 妹妹 哥哥 弟弟 儿子 女儿 奶奶 爷爷 外婆 外公 老婆 老公 妻子 丈夫 孩子 宝宝
  亲戚
relationship
  girlfriend, boyfriend, partner, dating, date night, breakup, divorce, fiance, spouse
  女朋友 男朋友 女友 男友 恋爱 约会 分手 离婚 对象 伴侣
friends
  friend, friendship, buddy, roommate, neighbor, neighbour
  朋友 好友 闺蜜 室友 邻居 兄弟们
pets
  pet, dog, cat, puppy, kitten, vet, veterinarian, rabbit, hamster, parrot, adopt a dog
  宠物 狗 猫 小狗 小猫 猫咪 狗狗 兽医 兔子 仓鼠 鹦鹉
parenting
  parenting, pregnancy, pregnant, daycare, kindergarten, toddler, newborn, babysitter
  育儿 怀孕 幼儿园 托班 带娃 新生儿 奶粉 保姆
birthday
  birthday, born
  生日 出生
work
  work, job, career, boss, colleague, coworker, office, company, promotion, interview, resume, salary, employer,
  project manager, business trip, startup, client
  工作 职业 老板 同事 上司 公司 升职 面试 简历 工资 薪水 跳槽 出差 创业 客户 加班 上班 入职 离职
study
  study, school, college, university, exam, class, degree, homework, student, professor, thesis, graduate,
  graduation, scholarship, lecture, tutor
  学习 学校 大学 考试 课程 上课 学位 作业 学生 教授 论文 毕业 奖学金 考研 留学 老师
language_learning
  learn english, learn french, learn spanish, learn german, learn japanese, learn chinese, language course,
  vocabulary, grammar, duolingo, toefl, ielts
  学英语 学法语 学德语 学日语 学西班牙语 背单词 语法 托福 雅思 口语
technology
  software, computer, laptop, phone, app, programming, code, coding, python, website, artificial intelligence,
  machine learning, database, robot, server
  软件 电脑 手机 编程 代码 程序 网站 人工智能 机器学习 数据库 机器人 笔记本电脑 服务器 应用
research
  research, paper, experiment, conference, publication, dataset, laboratory
  研究 科研 实验 学术会议 发表 数据集 实验室 课题
money
  money, saving, savings, invest, investment, stock, loan, mortgage, debt, tax, bank, credit card, retirement, income
  钱 存款 储蓄 投资 股票 基金 贷款 房贷 债务 税 银行 信用卡 退休 收入 理财
home
  home, house, apartment, rent, landlord, lease, bedroom, living room, real estate
  家里 房子 公寓 租房 房东 租约 卧室 客厅 买房 房产
car_repair
  car repair, mechanic, car service, oil change, flat tire, gps system
  修车 保养 换轮胎 汽修 4s店
religion
  church, religion, faith, temple, mosque, pray, prayer, spiritual
  宗教 信仰 教堂 寺庙 祈祷 佛教 基督教
politics
  politics, election, vote, government, protest, activism
  政治 选举 投票 政府 抗议
environment
  environment, climate change, recycling, sustainability, sustainable, pollution
  环保 气候变化 回收 可持续 污染
clothes
  clothes, clothing, dress, shoes, outfit, fashion, sneakers
  衣服 裙子 鞋子 穿搭 时尚 球鞋
contact
  email, phone number, address, contact information
  邮箱 电话号码 地址 联系方式 微信号
"""
"""Concepts as a text: a label, then indented its English words and phrases (commas) and its Chinese ones (spaces)."""

ACTIVITIES: Final = frozenset(
    {
        "hiking", "skiing", "camping", "cycling", "running", "swimming", "fitness", "sport", "photography", "painting",
        "music", "dance", "reading", "writing", "film", "theatre", "gaming", "cooking", "gardening", "wedding", "party",
        "volunteering", "moving", "renovation",
    }
)  # fmt: skip
"""What people do: a topic is named after these before the aspects (budget, flight, weather) of doing it."""

BROADER: Final[Mapping[str, str]] = {
    "accommodation": "travel", "flight": "travel", "visa": "travel",
    "allergy": "health", "mental_health": "health", "sleep": "health",
    "coffee": "food", "tea": "food", "alcohol": "food", "diet": "food",
    "lake": "nature", "mountain": "nature", "sea": "nature",
}  # fmt: skip
"""The concept that a narrower one belongs to."""


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """Return the lexicon of concepts; English words are stems. Built once."""
    words: dict[str, str] = {}
    runs: dict[str, str] = {}
    label = ""
    for line in _TERMS.strip().splitlines():
        if not line.startswith(" "):
            label = line
        elif line.isascii():
            for term in filter(None, map(str.strip, line.split(","))):
                words.setdefault(" ".join(stems(words_and_runs(term)[0])), label)
        else:
            for term in line.split():
                runs.setdefault(term, label)
    return Lexicon.of(words, runs)


@lru_cache(maxsize=1)
def members() -> Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return the single words of each concept, for an index of words: English stems, and Chinese words.

    Phrases are left out, and a Chinese character with which a longer word of another concept begins: 酒 is no hotel.
    """
    known = lexicon()
    found: dict[str, tuple[list[str], list[str]]] = {label: ([], []) for label in known.words.values()}
    for word, label in known.words.items():
        if " " not in word:
            found[label][0].append(word)
    for run, label in known.runs.items():
        if len(run) > 1 or not any(other != label for word, other in known.runs.items() if word.startswith(run)):
            found[label][1].append(run)
    return {label: (tuple(words), tuple(runs)) for label, (words, runs) in found.items()}


def concepts(text: str) -> list[str]:
    """Return the labels of the concepts that a text speaks of, those named most often first.

    Args:
        text: Any text in English or Chinese, or both.

    Returns:
        Labels such as ``budget`` and ``accommodation``, each once.
    """
    words, runs = words_and_runs(text)
    return most_often(concept_mentions(stems(words), runs))


def concept_mentions(stemmed: Sequence[str], runs: Iterable[str]) -> list[str]:
    """Return the concepts of a text that is cut already, one for each mention."""
    known = lexicon()
    found = known.match_words(stemmed)
    for run in runs:
        found += known.match_run(run)
    return found


def most_often(labels: Iterable[str]) -> list[str]:
    """Return each label once, those that come most often first, then in order of appearance."""
    return [label for label, _ in Counter(labels).most_common()]
