"""Turns: where a conversation may be cut, and how the newest turn is made to fit. Pure functions."""

from collections.abc import Sequence

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from langmem_ext.context.shortening import Count, shorten
from langmem_ext.tokens import level

LEAST_MESSAGE = 24
"""Tokens under which a message of the newest turn is left out rather than cut further."""


def split_turns(messages: Sequence[BaseMessage]) -> list[list[BaseMessage]]:
    """Split a conversation at its human messages; consecutive ones belong to one turn, as do a call and its results."""
    turns: list[list[BaseMessage]] = []
    for place, message in enumerate(messages):
        starts = isinstance(message, HumanMessage) and not (place and isinstance(messages[place - 1], HumanMessage))
        if starts or not turns:
            turns.append([])
        turns[-1].append(message)
    return turns


def _steps(turn: Sequence[BaseMessage]) -> list[list[BaseMessage]]:
    """Split a turn into what can be left out whole: single messages, and calls with their results."""
    steps: list[list[BaseMessage]] = []
    for message in turn:
        if isinstance(message, ToolMessage) and steps and isinstance(steps[-1][0], AIMessage):
            steps[-1].append(message)
        else:
            steps.append([message])
    return steps


def fit_turn(turn: Sequence[BaseMessage], room: int, count: Count, *, language: str) -> list[BaseMessage]:
    """Return the turn in at most `room` tokens.

    First its longest messages are cut in the middle, all to one length. Where there are too many for that, steps are
    left out, the oldest first, a call always with its results; the last human message stays to the end.

    Args:
        turn: The messages of one turn.
        room: Tokens at most.
        count: Counts the tokens of a message.
        language: Of the note in a cut message.
    """
    sizes = {id(message): count(message) for message in turn}
    if sum(sizes.values()) <= room:
        return list(turn)
    steps = _steps(turn)
    keep = _last_human(steps)
    while True:
        kept = [message for step in steps for message in step]
        cap = level([sizes[id(message)] for message in kept], room)
        if cap >= LEAST_MESSAGE or len(steps) == 1:
            fitted = [m if sizes[id(m)] <= cap else shorten(m, cap, count, language=language) for m in kept]
            if sum(count(message) for message in fitted) <= room:
                return fitted
        if len(steps) == 1:
            return []
        oldest = next(place for place, step in enumerate(steps) if step is not keep)
        del steps[oldest]


def _last_human(steps: Sequence[list[BaseMessage]]) -> list[BaseMessage]:
    humans = [step for step in steps if isinstance(step[0], HumanMessage)]
    return humans[-1] if humans else steps[-1]
