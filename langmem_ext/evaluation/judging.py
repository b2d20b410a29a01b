"""The judge: a model that compares an answer with the gold answer."""

from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage
from pydantic import BaseModel, Field

from langmem_ext.errors import ModelOutputError
from langmem_ext.evaluation.data import Query
from langmem_ext.prompts import JUDGE, JUDGE_UNANSWERABLE, REPAIR
from langmem_ext.records import escape
from langmem_ext.text import language

UNANSWERABLE = frozenset({"adversarial", "abstention"})
"""Categories whose questions the conversation does not answer; they stay out of the mean."""


class Verdict(BaseModel):
    """Grade an answer to a question about past conversations."""

    reason: str = Field(description="One sentence: what agrees or differs")
    correct: bool = Field(description="Whether the answer is correct")


def can_be_judged(query: Query) -> bool:
    """Whether there is something to compare an answer with."""
    return query.answer is not None or query.cat in UNANSWERABLE


def judge(model: BaseChatModel, query: Query, answer: str) -> Verdict:
    """Grade an answer; malformed output is asked for once more.

    Raises:
        ModelOutputError: The judge's output was malformed twice.
        Exception: Whatever the model itself raises.
    """
    prompt = _prompt(query, answer)
    structured = model.with_structured_output(Verdict, include_raw=True)
    for _attempt in range(2):
        try:
            result: Any = structured.invoke(prompt)
        except ValueError as error:  # some clients parse on their own, and raise what their parser does
            result = {"parsed": None, "parsing_error": error}
        if isinstance(result["parsed"], Verdict):
            return result["parsed"]
        problem = type(result["parsing_error"]).__name__ if result["parsing_error"] else "no verdict"
        prompt = [*prompt, HumanMessage(REPAIR[language(query.q)].format(error=problem))]
    raise ModelOutputError("the judge returned no verdict twice; name another --judge, or run again")


def _prompt(query: Query, answer: str) -> list[BaseMessage]:
    spoken = language(query.q)
    instructions = (JUDGE_UNANSWERABLE if query.cat in UNANSWERABLE else JUDGE)[spoken]
    parts = {"question": query.q, "gold_answer": query.answer, "answer": answer}
    if query.cat in UNANSWERABLE:
        del parts["gold_answer"]
    sections = [f"<{name}>\n{escape(text or '')}\n</{name}>" for name, text in parts.items()]
    return [SystemMessage(instructions), HumanMessage("\n".join(sections))]
