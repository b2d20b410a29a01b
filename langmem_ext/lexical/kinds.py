"""Words for kinds of things, and the words for things of that kind, in English and Chinese.

Who asks "which instruments does she play" wants the message about the clarinet, which says "instrument" nowhere. Where
a question names a kind, its members are searched as one more term of low weight. The lists are our own, of everyday
language; a member that nobody said costs nothing. This module imports `langmem_ext.text` alone.
"""

from functools import lru_cache

from langmem_ext.text import stems, words_and_runs

_KINDS = """
pet pets animal animals 宠物 动物: dog puppy cat kitten hamster rabbit bunny parrot bird fish goldfish turtle tortoise
  horse pony cow pig sheep goat duck chicken snake lizard gecko ferret guinea 狗 猫 兔子 仓鼠 鹦鹉 鸟 金鱼 乌龟 马
instrument instruments music musical musician 乐器 音乐: guitar piano violin viola cello drum flute clarinet oboe
  saxophone trumpet trombone ukulele harp bass keyboard accordion banjo harmonica band concert song sing singer
  orchestra choir album playlist lyrics melody 吉他 钢琴 小提琴 大提琴 鼓 笛子 古筝 二胡 琵琶 唱歌 歌曲 乐队 演唱会
sport sports exercise athletic fitness workout 运动 体育 锻炼 健身: football soccer basketball tennis baseball hockey
  volleyball badminton golf rugby cricket swim running jog marathon cycling boxing gym yoga pilates workout skiing
  snowboard surfing karate judo climbing rowing skating race team match league coach 足球 篮球 网球 羽毛球 乒乓球 游泳
  跑步 马拉松 骑行 瑜伽 健身房 滑雪 爬山 拳击
hobby hobbies activity activities interest interests pastime leisure fun 爱好 兴趣 活动 消遣 娱乐: paint drawing
  pottery hiking camping fishing gardening reading writing cooking baking dancing photography knitting sewing gaming
  chess swimming running cycling guitar piano crafts woodworking yoga travel birdwatching calligraphy puzzle 画画 徒步
  露营 钓鱼 园艺 阅读 写作 烹饪 烘焙 跳舞 摄影 编织 下棋 游泳 跑步 书法 旅行
family relative relatives 家人 亲戚 家庭: mother mom mum father dad parent brother sister sibling twin son daughter
  kid child wife husband grandma grandmother grandpa grandfather aunt uncle cousin nephew niece in-law 妈妈 母亲 爸爸
  父亲 哥哥 弟弟 姐姐 妹妹 儿子 女儿 孩子 妻子 老婆 丈夫 老公 奶奶 爷爷 外婆 外公 阿姨 叔叔 舅舅 表哥 表妹
kid kids child children 孩子 小孩 子女: son daughter baby toddler boy girl child kid teenager 儿子 女儿 宝宝 男孩 女孩
parent parents 父母: mother mom mum father dad 妈妈 母亲 爸爸 父亲
sibling siblings 兄弟姐妹: brother sister twin 哥哥 弟弟 姐姐 妹妹
spouse partner marriage married marital relationship romantic dating 伴侣 婚姻 恋爱 感情 对象: wife husband girlfriend
  boyfriend fiance fiancee engaged wedding married divorce date single breakup 妻子 老婆 丈夫 老公 女朋友 男朋友 女友
  男友 结婚 离婚 订婚 分手 单身 约会
job work career profession occupation employment employer 工作 职业 职位 事业: job boss office company salary
  promotion interview teacher nurse doctor engineer lawyer accountant programmer designer manager colleague coworker
  hired fired laid resign retire business startup career intern shift freelance client 老板 公司 工资 薪水 升职 面试
  老师 护士 医生 工程师 律师 会计 程序员 设计师 经理 同事 辞职 退休 创业 实习 加班
school education study studies degree university college academic 学校 教育 学习 学业 大学 专业 学历: class course
  exam teacher professor degree graduate college university student homework thesis semester major minor scholarship
  lecture tutor diploma 课程 考试 老师 教授 学位 毕业 学生 作业 论文 学期 奖学金 班级 成绩
subject subjects course courses 科目 课程: math mathematics science history physics chemistry biology geography
  english art economics psychology philosophy statistics 数学 科学 历史 物理 化学 生物 地理 英语 语文 美术 经济 心理学
language languages 语言 外语: english spanish french german italian chinese mandarin japanese korean portuguese
  russian arabic 英语 法语 德语 日语 韩语 西班牙 俄语 中文 普通话
food foods meal meals dish dishes cuisine eat eating snack 食物 饮食 美食 菜 吃 零食: pizza pasta rice noodle dumpling
  soup salad bread cake chicken beef pork fish shrimp cheese egg sushi curry taco burger sandwich steak breakfast
  lunch dinner brunch recipe cook bake grill restaurant dessert vegetarian vegan 米饭 面条 饺子 汤 面包 蛋糕 鸡肉 牛肉
  猪肉 海鲜 火锅 烧烤 寿司 咖喱 早餐 午饭 晚饭 餐厅 食谱 素食
diet dietary allergy allergies allergic 过敏 忌口: vegetarian vegan gluten lactose dairy nut peanut shellfish allergic
  intolerant 花生 海鲜 牛奶 素食 过敏 乳糖
drink drinks beverage beverages 饮料 喝: coffee tea wine beer whisky juice water milk soda smoothie cocktail latte
  咖啡 茶 奶茶 红酒 啤酒 白酒 果汁 牛奶 可乐
dessert desserts sweets 甜点 甜品: cake cookie pie tart chocolate icecream ice pastry candy brownie muffin pudding
  cupcake 蛋糕 饼干 巧克力 冰淇淋 布丁 糖果
fruit fruits vegetable vegetables 水果 蔬菜: apple banana orange grape strawberry mango peach pear melon cherry tomato
  carrot potato onion pepper spinach 苹果 香蕉 橙子 葡萄 草莓 芒果 西瓜 番茄 土豆 胡萝卜 白菜
trip trips travel traveled travelled traveling visit visited vacation holiday destination journey abroad 旅行 旅游
  出差 度假 旅程 去过: trip travel flight hotel airbnb hostel beach mountain island city country park tour airport
  vacation cruise abroad train passport luggage itinerary visit 航班 酒店 民宿 海滩 海边 海岛 山 城市 公园 机场 火车
  护照 行李 行程 出国 景点
place places location locations 地方 地点 去处: park beach museum restaurant cafe library lake mountain city town
  country shop mall gym church forest zoo 公园 海滩 博物馆 餐厅 咖啡馆 图书馆 湖 山 城市 商场 森林 动物园
country countries nation nationality 国家 国籍: spain france italy germany england britain uk scotland ireland
  netherlands switzerland austria sweden norway denmark finland poland greece portugal turkey russia japan china korea
  india thailand vietnam indonesia australia canada mexico brazil argentina usa america egypt kenya 法国 德国 英国
  意大利 西班牙 瑞士 日本 韩国 泰国 越南 美国 加拿大 澳大利亚 中国 俄罗斯 印度
city cities town 城市 城镇: london paris rome milan berlin munich madrid barcelona lisbon vienna amsterdam tokyo kyoto
  osaka seoul beijing shanghai singapore bangkok york boston chicago seattle toronto vancouver sydney 北京 上海 广州
  深圳 杭州 成都 西安 南京 东京 大阪 伦敦 巴黎
vehicle vehicles car cars transport transportation commute 车 汽车 交通 通勤: car truck van bike bicycle motorcycle
  scooter bus train subway metro suv sedan toyota honda ford bmw tesla drive ferry 地铁 公交 自行车 摩托车 火车 开车
  电动车 出租车
art arts artistic artwork artworks creative 艺术 美术 创作: paint painting drawing sculpture pottery ceramic canvas
  gallery museum sketch watercolor mural photography craft exhibit exhibition 绘画 画 雕塑 陶艺 画廊 博物馆 素描 水彩
  摄影 展览
book books read reading author authors novel literature 书 书籍 作者 小说 文学: book novel author story chapter
  library poem poetry fiction memoir biography trilogy bookstore 小说 作家 故事 图书馆 诗 散文 传记 书店
movie movies film films show shows tv 电影 影视 节目 电视剧: movie film series episode cinema theater netflix actor
  actress director season documentary comedy thriller anime cartoon trailer 电影院 剧集 演员 导演 纪录片 喜剧 动漫
  综艺
game games gaming 游戏: videogame chess nintendo playstation xbox console puzzle boardgame tournament minecraft poker
  card strategy rpg esports 象棋 围棋 桌游 麻将 扑克 比赛 手游
health medical illness illnesses sick sickness condition disease injury injuries symptom symptoms 健康 疾病 病 身体
  受伤 症状: doctor hospital surgery operation medicine medication pain diagnosis diagnose sick allergy injury therapy
  flu cold fever cough diabetes cancer asthma migraine headache broke sprain clinic dentist insomnia anxiety
  depression 医生 医院 手术 药 疼 诊断 过敏 感冒 发烧 咳嗽 糖尿病 头痛 骨折 失眠 焦虑 抑郁 体检
feeling feelings emotion emotions emotional mood 情绪 心情 感受: happy sad angry anxious excited nervous stressed
  proud lonely scared upset worried grateful relieved disappointed overwhelmed 高兴 开心 难过 生气 焦虑 紧张 兴奋 自豪
  孤独 害怕 担心 失望
stress destress relax relaxation unwind cope selfcare 压力 放松 减压: yoga meditation walk run bath music nature
  therapy breathing massage calm sleep journaling 瑜伽 冥想 散步 音乐 按摩 睡觉 泡澡
money financial finance finances cost costs budget price spend spending afford 钱 财务 费用 预算 价格 花费 开销:
  dollar euro pound salary rent loan bank debt saving mortgage invest stock price bill paid cost budget expensive
  cheap 元 块钱 工资 房租 贷款 银行 债 存款 房贷 投资 股票 账单 贵 便宜
home house housing live lives living residence reside 家 住 居住 房子 住处: apartment flat condo house rent moved
  moving neighborhood landlord room roommate mortgage hometown home furniture renovate 公寓 房租 搬家 小区 房东 室友
  房间 老家 装修
nature outdoors outdoor outside 大自然 户外: camping hiking forest mountain lake beach park trail river garden
  waterfall sunset canyon 露营 徒步 森林 山 湖 海滩 公园 河 瀑布 日落
plant plants flower flowers garden 植物 花 花园: rose tulip lily orchid sunflower daisy cactus succulent tree herb
  vegetable tomato gardening seed soil 玫瑰 郁金香 百合 兰花 向日葵 多肉 种子 盆栽
gift gifts present presents 礼物: gift birthday necklace bracelet ring present surprise wrapped gave bought 项链 手链
  戒指 惊喜 送
clothes clothing wear outfit fashion 衣服 服装 穿: dress shirt shoes sneakers jacket jeans sweater hat boots coat
  skirt suit scarf 裙子 衬衫 鞋 外套 牛仔裤 毛衣 帽子 靴子 西装
friend friends friendship 朋友 友谊: friend buddy pal roommate neighbor neighbour colleague teammate classmate 好友
  室友 邻居 同学 闺蜜 哥们
religion religious religiosity faith spiritual belief beliefs 宗教 信仰: church god pray prayer bible temple mosque
  christian muslim buddhist jewish catholic faith 教堂 上帝 祈祷 圣经 寺庙 清真寺 基督 佛教
political politics government activism activist cause causes 政治 政府: election vote president mayor party campaign
  protest rights rally law senator policy 选举 投票 总统 政策 抗议 法律
volunteer volunteered volunteering charity community helping 志愿 公益 慈善 社区: volunteer shelter charity donate
  donation fundraiser homeless nonprofit mentor orphanage 志愿者 捐款 义卖 支教
event events celebration celebrations party festival 聚会 庆祝 节日: birthday wedding party festival concert parade
  conference ceremony anniversary graduation reunion christmas thanksgiving halloween easter 生日 婚礼 音乐会 毕业
  周年 春节 中秋 圣诞节 国庆 元旦
technology device devices gadget gadgets computer software 科技 设备 电子产品 电脑 软件: laptop phone computer tablet
  app software camera iphone ipad android headphones printer router program code 手机 笔记本 平板 相机 耳机 打印机
  程序 代码
name names called 名字 叫什么: name called named nickname 叫 名叫 昵称
color colors colour colours 颜色: red blue green yellow purple orange pink black white brown grey gray 红色 蓝色 绿色
  黄色 紫色 橙色 粉色 黑色 白色 棕色 灰色
weather climate 天气 气候: rain rainy snow sunny storm cloudy windy humid hot cold typhoon 雨 雪 晴 台风 热 冷 雾霾
goal goals plan plans planning dream dreams aspiration aspirations ambition future 目标 计划 打算 梦想 理想 未来: plan
  goal dream hope want future someday aim save apply start intend resolution 希望 以后 申请 开始 准备
problem problems issue issues challenge challenges difficulty difficulties trouble struggle struggles setback 问题
  困难 麻烦 挑战 挫折: problem broke broken issue lost failed stuck trouble hard struggle setback accident difficult
  challenge obstacle 坏 丢 失败 卡住 事故 难
achievement achievements accomplishment accomplishments award awards success 成就 成绩 奖项 成功: won award prize
  medal finished graduated promoted trophy certificate published first winner 获奖 冠军 奖牌 毕业 升职 证书 第一名
personality trait traits attribute attributes character characteristic 性格 个性 特点: kind caring thoughtful brave
  honest funny shy driven creative authentic passionate patient generous stubborn outgoing 善良 勇敢 诚实 幽默 害羞
  有耐心 大方 外向 内向
identity gender orientation ethnicity 身份 性别: transgender gay lesbian bisexual queer nonbinary woman man immigrant
  heritage roots
advice suggestion suggestions recommend recommended recommendation recommendations tip tips 建议 推荐: recommend
  suggest try tip should advise 试试 不妨 推荐
appliance appliances furniture 家电 家具: sofa couch table chair bed desk lamp fridge refrigerator oven microwave
  washer dryer dishwasher toaster blender vacuum 沙发 桌子 椅子 床 冰箱 烤箱 微波炉 洗衣机 吸尘器 空调
shop shopping store stores buy bought purchase purchased purchases 购物 买 商店: bought buy purchase ordered store
  shop mall amazon online sale discount coupon 下单 网购 淘宝 京东 打折 优惠
meeting meetings appointment appointments schedule scheduled 会议 预约 日程 安排: meeting call appointment schedule
  calendar deadline interview dentist reminder 开会 预约 日程 截止 面试
service subscription provider 订阅 会员: subscription netflix spotify membership trial cancel plan 会员 订阅 续费
"""

_LONGEST = 3
"""Characters of a Chinese member that are looked up: the length of the n-grams that the index holds."""

Members = tuple[frozenset[str], frozenset[str]]
"""Stems of English members, Chinese members."""


@lru_cache(maxsize=1)
def _table() -> tuple[dict[str, Members], dict[str, Members]]:
    """Return the members by English stem and by Chinese word of the kind."""
    by_stem: dict[str, Members] = {}
    by_run: dict[str, Members] = {}
    for line in _KINDS.replace("\n  ", " ").strip().splitlines():
        heads, members = line.split(":")
        words, runs = words_and_runs(members)
        kind = frozenset(stems(words)), frozenset(run[:_LONGEST] for run in runs)
        head_words, head_runs = words_and_runs(heads)
        for table, names in ((by_stem, stems(head_words)), (by_run, head_runs)):
            for name in names:
                known = table.get(name, (frozenset(), frozenset()))
                table[name] = known[0] | kind[0], known[1] | kind[1]
    return by_stem, by_run


def members(query_stems: frozenset[str], runs: tuple[str, ...]) -> list[Members]:
    """Return, for each kind that a question names, its members; those that the question itself says are left out.

    Args:
        query_stems: Stems of the question's words.
        runs: Its runs of unspaced script.
    """
    by_stem, by_run = _table()
    named = [by_stem[stem] for stem in sorted(query_stems) if stem in by_stem]
    spoken = " ".join(runs)
    if runs:
        named += [kind for head, kind in by_run.items() if head in spoken]
    found: list[Members] = []
    for words, chinese in dict.fromkeys(named):
        said = {word for word in chinese if word in spoken}
        found.append((words - query_stems, chinese - said))
    return found
