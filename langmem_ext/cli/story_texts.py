"""The words of the demo's story, in both languages: constants only."""

from dataclasses import dataclass
from typing import Final

from langmem_ext.cli.options import Lang


@dataclass(frozen=True, slots=True)
class Story:
    """One telling: what is said on the two days, and the captions of what is shown.

    Captions with ``{…}`` are format strings; the names in them are those of the call in `story_view`.
    """

    user: str
    said: tuple[str, ...]
    question: str
    title: str
    intro: str
    first_day: str
    second_day: str
    process: str
    speaker_user: str
    speaker_agent: str
    summary: str
    keyword_index: str
    keyword: str
    entries: str
    step_names: dict[str, str]
    trace: str
    trace_context: str
    trace_topic: str
    trace_no_topic: str
    trace_covered: str
    trace_loaded: str
    cost: str
    exits: str
    answer: str
    asked: str
    kept: str
    again: str


STORIES: Final[dict[Lang, Story]] = {
    "zh": Story(
        user="小林",
        said=(
            "我想去瑞士徒步,走少女峰一带,我喜欢高山湖泊。",
            "这次瑞士旅行的预算是 2 万人民币左右。",
            "住宿希望住有景观的民宿。",
            "我有点担心高原反应。",
            "我喜欢摄影,会带相机。",
            "已订好 10月5日去苏黎世的机票。",
        ),
        question="我瑞士旅行的预算和住宿安排是怎样的?",
        title="今天记住,明天想起",
        intro="两个进程,共用磁盘上的一个记忆库 {store}\n模型:{model} · 向量:{embed}",
        first_day="第一天 · 2026-09-30",
        second_day="第二天 · 2026-10-01",
        process="进程 {pid}",
        speaker_user="用户",
        speaker_agent="助手",
        summary="提炼出的摘要记录",
        keyword_index="关键词索引",
        keyword="关键词",
        entries="指向的原始条目",
        step_names={
            "main_context": "主上下文",
            "topic_index": "主题索引",
            "keyword_index": "关键词索引",
            "cover": "摘要覆盖",
            "fit": "装入上下文",
        },
        trace="第二天的检索过程",
        trace_context="{count} 条:只有刚才的提问",
        trace_topic="命中摘要 {topic}",
        trace_no_topic="没有命中",
        trace_covered="{entries} 的内容摘要里已有",
        trace_loaded="{kinds};未载入:{left}",
        cost="用了 {used} 个 token;同样载入全部 {messages} 条历史消息要 {whole} 个",
        exits="进程 {pid} 结束。留在磁盘上的:{size} KB",
        answer="回答",
        asked="提问",
        kept="记忆库已保留:{store}\n继续对话:langmem-ext chat --user {user} --store {store}",
        again="试试:langmem-ext chat --user {user}",
    ),
    "en": Story(
        user="Lin",
        said=(
            "I want to go hiking in Switzerland, around the Jungfrau. I love alpine lakes.",
            "The budget for this Switzerland trip is about 20,000 yuan.",
            "For accommodation I would like a guesthouse with a view.",
            "I am a bit worried about altitude sickness.",
            "I love photography and will bring my camera.",
            "I have booked the flight to Zurich for October 5.",
        ),
        question="What are the budget and the accommodation for my Switzerland trip?",
        title="Remember today, recall tomorrow",
        intro="Two processes share one memory on disk, {store}\nmodel: {model} · vectors: {embed}",
        first_day="Day one · 2026-09-30",
        second_day="Day two · 2026-10-01",
        process="process {pid}",
        speaker_user="user",
        speaker_agent="agent",
        summary="The summary record that distillation made",
        keyword_index="The keyword index",
        keyword="keyword",
        entries="raw entries it names",
        step_names={
            "main_context": "main context",
            "topic_index": "topic index",
            "keyword_index": "keyword index",
            "cover": "covered",
            "fit": "loaded",
        },
        trace="How the second day recalled it",
        trace_context="{count} message: just the question",
        trace_topic="hits the summary {topic}",
        trace_no_topic="no hit",
        trace_covered="the summary already says {entries}",
        trace_loaded="{kinds}; not loaded: {left}",
        cost="{used} tokens used; the whole history ({messages} messages, in the same form): {whole}",
        exits="Process {pid} ends. What stays on disk: {size} KB",
        answer="Answer",
        asked="Question",
        kept="The store was kept: {store}\nGo on talking: langmem-ext chat --user {user} --store {store}",
        again="Try: langmem-ext chat --user {user}",
    ),
}
