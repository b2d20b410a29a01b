"""Distillation without a model: what is chosen was said, what is extracted was stated."""

import pytest
from hypothesis import given, strategies as st

from langmem_ext.concepts import concepts
from langmem_ext.longterm.facts import facts
from langmem_ext.longterm.salience import importance, summarise
from langmem_ext.longterm.sentences import is_greeting, is_question, sentences
from langmem_ext.longterm.topics import keywords, topic
from langmem_ext.tokens import count_text

TRIP_ZH = [
    "我想去瑞士徒步，看看少女峰，喜欢高山湖泊",
    "预算 2 万人民币",
    "希望住有景观的民宿",
    "担心高原反应",
    "喜欢摄影",
    "已订好 10月5日机票",
]
TRIP_EN = [
    "I'd like to go hiking in Switzerland around the Jungfrau, and I love alpine lakes.",
    "My budget is 20,000 CNY.",
    "I'd like to stay in a guesthouse with a view.",
    "I'm worried about altitude sickness.",
    "I love photography.",
    "I've already booked the flight for October 5.",
]

ANY_TEXT = st.text(max_size=200) | st.lists(
    st.sampled_from([*TRIP_ZH, *TRIP_EN, "。", "\n", "?", "```", " ", "我", "I ", "\ud800", "1.", "Dr. "]), max_size=12
).map("".join)


@given(ANY_TEXT)
def test_sentences_are_parts_of_the_text_in_order(text: str) -> None:
    place = 0
    for sentence in sentences(text):
        found = text.find(sentence, place)
        assert sentence
        assert found >= 0
        place = found + len(sentence)


def test_sentences_end_where_a_reader_would_end_them() -> None:
    text = "Hi Dr. Smith! It costs 3.50, e.g. today. 今天好。真的吗？走吧！\n1. first\n- second"
    assert sentences(text) == [
        "Hi Dr. Smith!",
        "It costs 3.50, e.g. today.",
        "今天好。",
        "真的吗？",
        "走吧！",
        "first",
        "second",
    ]
    assert sentences("```python\nprint(1)\n```") == []


def test_a_huge_text_without_stops_is_cut() -> None:
    pieces = sentences("word " * 40_000)
    assert max(map(len, pieces)) <= 600
    assert sum(map(len, pieces)) > 150_000


@pytest.mark.parametrize(
    "text", ["预算是多少", "你还记得我的名字吗", "推荐一家酒店吧", "What do I like?", "Can you help me", "Tell me more"]
)
def test_questions_and_requests_are_told_apart(text: str) -> None:
    assert is_question(text)


@pytest.mark.parametrize("text", [*TRIP_ZH, *TRIP_EN, "When I was young I lived in Rome.", "谁都喜欢他"])
def test_statements_are_no_questions(text: str) -> None:
    assert not is_question(text)


@pytest.mark.parametrize("text", ["你好！", "谢谢你", "好的", "Hello there!", "Thanks so much!", "ok"])
def test_greetings_say_nothing(text: str) -> None:
    assert is_greeting(text)
    assert facts(text) == []
    assert summarise([text], 100) == []
    assert importance(text) < 0.1


@pytest.mark.parametrize("texts", [TRIP_ZH, TRIP_EN])
def test_the_topic_joins_place_and_activity(texts: list[str]) -> None:
    assert topic(texts) == "switzerland_hiking"
    assert topic(reversed(texts)) == "switzerland_hiking"


@pytest.mark.parametrize(
    ("texts", "label"),
    [
        (["我的猫生病了", "兽医说猫要吃药"], "pets"),
        (["Kyoto and Osaka next spring", "trains in Tokyo"], "japan"),
        (["Paris in May"], "paris_travel"),
        (["量子纠缠"], "量子"),
        ([], "general"),
        (["!!!"], "general"),
    ],
)
def test_topics_fall_back_from_place_to_concept_to_word(texts: list[str], label: str) -> None:
    assert topic(texts).startswith(label)


@given(st.lists(ANY_TEXT, max_size=4))
def test_a_topic_is_a_label(texts: list[str]) -> None:
    label = topic(texts)
    assert 0 < len(label) <= 80
    assert not set(label) & set(" .\n\t")


@pytest.mark.parametrize(
    ("chinese", "english"),
    list(zip(TRIP_ZH[1:], TRIP_EN[1:], strict=True)),
    ids=["budget", "stay", "worry", "photo", "flight"],
)
def test_both_languages_share_concepts(chinese: str, english: str) -> None:
    assert set(concepts(chinese)) & set(concepts(english))


def test_keywords_are_in_the_texts_language_then_in_english() -> None:
    words = keywords("希望住有景观的民宿")
    assert words.index("民宿") < words.index("accommodation")
    assert "travel" in words
    assert "switzerland" in keywords("瑞士的少女峰")
    assert len(keywords(" ".join(TRIP_EN), 5)) == 5


def test_place_names_respect_case() -> None:
    assert topic(["that is a nice turkey sandwich for lunch"]) == "food"


@pytest.mark.parametrize(
    ("text", "kind", "relation", "value"),
    [
        ("喜欢高山湖泊", "preference", "likes", "高山湖泊"),
        ("预算 2 万人民币", "fact", "budget", "2 万人民币"),
        ("希望住有景观的民宿", "preference", "wants", "住有景观的民宿"),
        ("我的预算是每人 2 万元", "fact", "budget", "2 万元"),
        ("担心高原反应", "fact", "worries_about", "高原反应"),
        ("已订好 10月5日机票", "event", "booked", "10月5日机票"),
        ("我对花生过敏", "profile", "allergic_to", "花生"),
        ("我是一名软件工程师", "profile", "job", "软件工程师"),
        ("我最喜欢的电影是霸王别姬", "preference", "favourite", "霸王别姬"),
        ("我打算明年换工作", "fact", "plans", "明年换工作"),
        ("我养了两只猫", "relation", "has", "两只猫"),
        ("我膝盖不好", "profile", "health", "膝盖不好"),
        ("我在杭州一家电商公司做产品经理", "profile", "job", "杭州一家电商公司做产品经理"),
        ("我周五下午三点有个牙医预约", "event", "appointment", "个牙医预约"),
        ("下个月我要去东京旅行", "fact", "plans", "东京旅行"),
        ("我最近在学法语", "fact", "doing", "学法语"),
        ("我每天早上六点跑步", "preference", "habit", "早上六点跑步"),
        ("请用中文回答我", "preference", "answer_style", "用中文回答我"),
        ("我的航班是 CA933", "fact", "details", "CA933"),
        ("我女儿下周三过生日", "relation", "about", "下周三过生日"),
        ("I love alpine lakes", "preference", "likes", "alpine lakes"),
        ("My budget is 20,000 CNY", "fact", "budget", "20,000 CNY"),
        ("I'm worried about altitude sickness", "fact", "worries_about", "altitude sickness"),
        ("I’m allergic to peanuts.", "profile", "allergic_to", "peanuts"),
        ("I work as a nurse in Leeds.", "profile", "job", "a nurse in Leeds"),
        ("I don't eat pork.", "preference", "dislikes", "pork"),
        ('My favorite book is "Dune".', "preference", "favourite", "Dune"),
        ("I'm planning a trip to Norway", "fact", "plans", "a trip to Norway"),
        ("I have two cats named Tom and Jerry", "relation", "has", "two cats named Tom and Jerry"),
        ("My email is a.b@example.com.", "profile", "contact", "a.b@example.com"),
        (
            "I have a dentist appointment on Friday at 3pm",
            "event",
            "appointment",
            "a dentist appointment on Friday at 3pm",
        ),
        ("I'm flying to Shanghai next Tuesday", "fact", "plans", "flying to Shanghai next Tuesday"),
        ("I've been learning French lately", "fact", "doing", "learning French lately"),
        ("I run every morning at six", "preference", "habit", "run every morning at six"),
        ("Please keep your answers short", "preference", "answer_style", "keep your answers short"),
        ("My flight is CA933", "fact", "details", "CA933"),
        ("My daughter's birthday is next Wednesday", "relation", "about", "birthday next Wednesday"),
    ],
)
def test_statements_become_facts(text: str, kind: str, relation: str, value: str) -> None:
    (fact,) = facts(text, "Alice")
    assert (fact.kind, fact.data["user"], fact.data[relation]) == (kind, "Alice", value)
    assert fact.stance == "states"


@pytest.mark.parametrize(
    "text",
    [
        "我喜欢什么？",
        "你喜欢摄影吗",
        "小明喜欢足球，住在北京",
        "她对花生过敏",
        "我想问一下天气",
        "Do I like tea?",
        "I love it!",
        "I like how you think",
        "I would like to know the price",
        "If I like it, I'll buy it",
        "She loves hiking.",
        "Here are some tips: bring water and enjoy the view.",
        "```\nmy name is Bob\n```",
        "I hope you like it",
        "",
    ],
)
def test_what_is_not_stated_about_the_speaker_is_no_fact(text: str) -> None:
    assert facts(text) == []


@pytest.mark.parametrize("text", ["我下周二要去上海出差,住在静安寺附近", "我打算去上海,住在静安寺附近"])
def test_where_one_stays_on_a_journey_is_no_residence(text: str) -> None:
    journey, stay = facts(text)
    assert "plans" in journey.data
    assert stay.data["stays_at"] == "静安寺附近"
    assert stay.slot == ""


def test_a_place_that_a_dictionary_does_not_know_is_one_keyword() -> None:
    assert "少女峰" in keywords("走少女峰一带")
    assert keywords("住在静安寺附近") == ["静安寺"]


def test_names_that_end_in_s_are_no_plurals() -> None:
    assert "jonas" in keywords("I met Jonas at the climbing gym; he lives in Bern")
    assert "life" not in keywords("I met Jonas at the climbing gym; he lives in Bern")


@pytest.mark.parametrize("speaker", ["assistant", "AI", "tool", "system"])
def test_what_the_assistant_says_is_no_fact(speaker: str) -> None:
    assert facts("我喜欢摄影。I love photography.", speaker) == []


@pytest.mark.parametrize(
    ("text", "stance", "slot"),
    [
        ("预算改成 3 万元", "changes", "budget"),
        ("Our budget has been increased to $3,000.", "changes", "budget"),
        ("我搬到杭州了", "changes", "residence"),
        ("I moved to Berlin last month.", "changes", "residence"),
        ("我不再喜欢咖啡了", "ends", ""),
        ("I no longer drink coffee.", "ends", ""),
        ("I don't like horror movies anymore", "ends", ""),
        ("取消了少女峰的酒店", "ends", ""),
        ("I cancelled the hotel.", "ends", ""),
        ("把酒店换成了民宿", "changes", ""),
    ],
)
def test_changes_and_endings_are_told_apart_from_news(text: str, stance: str, slot: str) -> None:
    (fact,) = facts(text)
    assert (fact.stance, fact.slot) == (stance, slot)


def test_several_facts_of_a_message_are_quoted_each_by_its_words() -> None:
    found = facts("你好！我叫王芳，住在上海，喜欢喝咖啡。你呢？ I'm 34 and I work as a nurse.", "w")
    assert [fact.quote for fact in found] == [
        "我叫王芳",
        "住在上海",
        "喜欢喝咖啡",
        "I'm 34",
        "I work as a nurse",
    ]


def test_what_is_said_twice_is_one_fact_and_the_last_word_counts() -> None:
    assert [fact.quote for fact in facts("I moved to Berlin, I live in Berlin now. I love tea. Yes, I love tea!")] == [
        "I moved to Berlin",
        "I love tea.",
    ]
    assert [fact.data["budget"] for fact in facts("预算 2 万元。不对，预算 3 万元。")] == ["3 万元"]


def test_a_relatives_likes_are_not_the_speakers() -> None:
    (fact,) = facts("我妈妈喜欢跳舞，喜欢唱歌")
    assert (fact.kind, fact.data) == ("relation", {"user": "user", "relation": "妈妈", "about": "跳舞"})


@given(ANY_TEXT)
def test_every_fact_quotes_the_message(text: str) -> None:
    for fact in facts(text):
        assert fact.quote in text
        assert 0 <= fact.importance <= 1
        assert fact.kind in {"fact", "preference", "relation", "event", "profile"}
        assert all(fact.data.values())


@pytest.mark.parametrize("text", ["我" * 200_000, "I love " * 30_000, "my " * 60_000, "预算" * 90_000, "a, " * 60_000])
def test_a_huge_message_is_read_to_its_end(text: str) -> None:
    assert isinstance(facts(text), list)
    assert 0 <= importance(text) <= 1


@given(st.lists(ANY_TEXT, max_size=6), st.integers(1, 120))
def test_a_summary_is_said_once_in_order_and_within_its_tokens(texts: list[str], max_tokens: int) -> None:
    chosen = summarise(texts, max_tokens)
    assert len(chosen) == len(set(chosen))
    assert len(chosen) <= 1 or count_text("\n".join(chosen)) <= max_tokens
    whole = "\n".join(texts)
    assert all(sentence in whole for sentence in chosen)
    assert summarise(texts, max_tokens) == chosen


def test_a_summary_keeps_what_is_said_over_what_is_asked() -> None:
    chat = ["How are you?", "My budget is 20,000 CNY for the trip.", "What is the weather like there?", "Thanks!"]
    assert summarise(chat, 18) == ["My budget is 20,000 CNY for the trip."]


def test_a_summary_does_not_repeat_itself() -> None:
    said = ["I love hiking in the Alps.", "I really love hiking in the Alps!", "My dentist is Dr. Novak in Prague."]
    assert "My dentist is Dr. Novak in Prague." in summarise(said, count_text(" ".join(said[:2])))


def test_a_summary_of_one_long_sentence_is_its_beginning() -> None:
    (beginning,) = summarise(["预算两万" * 60], 20)
    assert ("预算两万" * 60).startswith(beginning)
    assert 0 < count_text(beginning) <= 20


def test_what_matters_is_more_important_than_chatter() -> None:
    order = ["谢谢！", "天气怎么样？", "昨天风很大", "喜欢摄影", "我对花生过敏"]
    assert sorted(order, key=importance) == order
    order = ["Thanks!", "How is the weather?", "It was windy.", "I love photography.", "I'm allergic to peanuts."]
    assert sorted(order, key=importance) == order
