"""Two tiny conversations with questions, one in each language."""

import json
from pathlib import Path
from typing import Any

from langmem_ext.evaluation import Conversation


def doc(key: str, text: str, speaker: str, time: str, session: str = "s1") -> dict[str, str]:
    return {"id": key, "text": text, "speaker": speaker, "time": time, "session": session}


def query(text: str, gold: list[str], answer: str | None, category: str, **more: Any) -> dict[str, Any]:
    return {"q": text, "gold": gold, "answer": answer, "cat": category, "time": None, "before": None} | more


ENGLISH: dict[str, Any] = {
    "name": "hiking",
    "docs": [
        doc("h1", "My sister Mona keeps bees in Graz.", "Tessa", "2024-03-01T09:00:00"),
        doc("h2", "How many hives does she have?", "Ravi", "2024-03-01T09:01:00"),
        doc("h3", "I bought red hiking boots in Lugano.", "Tessa", "2024-04-02T18:00:00", "s2"),
        doc("h4", "I sold the red boots and wear green ones now.", "Tessa", "2024-05-05T18:00:00", "s3"),
    ],
    "queries": [
        query("Where does Tessa's sister keep bees?", ["h1"], "in Graz", "single"),
        query("Which colour are Tessa's hiking boots?", ["s2"], "red", "temporal", before=3),
        query("How old is Ravi's boat?", ["h2"], None, "adversarial"),
    ],
}
CHINESE: dict[str, Any] = {
    "name": "厨房",
    "docs": [
        doc("k1", "我对花生过敏,做菜别放花生。", "user", "2024-03-01T09:00:00"),
        doc("k2", "好的,记住了。", "assistant", "2024-03-01T09:00:30"),
    ],
    "queries": [query("我对什么过敏?", ["k1"], "花生", "single", time="2024-06-01T08:00:00")],
}


def conversations() -> list[Conversation]:
    return [Conversation.model_validate(entry) for entry in (ENGLISH, CHINESE)]


def write(path: Path, entries: Any = (ENGLISH, CHINESE)) -> Path:
    path.write_text(json.dumps(entries, ensure_ascii=False), encoding="utf-8")
    return path
