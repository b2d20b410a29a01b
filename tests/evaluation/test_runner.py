"""An evaluation in this process: what is measured, and how it stops and goes on."""

from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage

from langmem_ext.errors import InvalidInputError
from langmem_ext.evaluation import Evaluation, Settings
from langmem_ext.evaluation.account import Account
from langmem_ext.evaluation.results import ResultsFile, by_category, overall
from langmem_ext.evaluation.runner import MOST_FAILURES, Report
from langmem_ext.offline import ExtractiveChatModel
from tests.evaluation.conversations import conversations

SETTINGS = Settings(model="offline")


def evaluate(
    out: Path | None = None, *, model: Any = None, settings: Settings = SETTINGS, **options: Any
) -> tuple[Report, ResultsFile]:
    results = ResultsFile(out, settings)
    folder = None if out is None else out.with_suffix(".memories")
    evaluation = Evaluation(
        conversations(),
        model or ExtractiveChatModel(),
        settings=settings,
        results=results,
        folder=folder,
        **options,
    )
    return evaluation.run(), results


class Failing(ExtractiveChatModel):
    """Fails at questions that hold a word."""

    word: str

    def _generate(self, messages: Any, *args: Any, **options: Any) -> Any:
        if self.word in messages[-1].text:
            raise ConnectionError("no route")
        return super()._generate(messages, *args, **options)


@pytest.mark.parametrize("parallel", [1, 3])
@pytest.mark.parametrize("distil", [False, True])
def test_without_a_judge_answers_are_measured_by_f1_and_evidence(parallel: int, distil: bool) -> None:
    report, results = evaluate(parallel=parallel, settings=Settings(model="offline", distil=distil))
    assert (report.asked, report.remaining, report.failures, report.warnings) == (4, 0, [], [])
    by_question = {(result.conversation, result.number): result for result in results.found.values()}
    bees = by_question["hiking", 0]
    assert "Graz" in bees.answer
    assert bees.f1 is not None
    assert bees.f1 > 0
    assert bees.evidence == 1
    assert bees.correct is None
    assert bees.model_calls >= 1
    assert bees.context_tokens > 0
    assert "花生" in by_question["厨房", 0].answer


def test_what_came_after_a_question_is_not_known_to_it() -> None:
    _, results = evaluate(parallel=2)
    (boots,) = (result for result in results.found.values() if result.number == 1)
    assert "red" in boots.answer
    assert "green" not in boots.answer
    assert boots.evidence == 1  # the gold id is a session


def test_questions_without_an_answer_stay_out_of_the_mean() -> None:
    _, results = evaluate()
    found = list(results.found.values())
    assert overall(found).questions == 3
    assert {name: row.questions for name, row in by_category(found).items()} == {
        "adversarial": 1,
        "single": 2,
        "temporal": 1,
    }
    assert overall([]).accuracy is None


def test_the_cap_ends_the_run_and_a_second_run_asks_the_rest(tmp_path: Path) -> None:
    out = tmp_path / "results.jsonl"
    account = Account(max_calls=2)
    report, _ = evaluate(out, account=account)
    assert report.capped
    assert account.calls == 2
    assert 0 < report.remaining < 4
    answered = 4 - report.remaining
    report, results = evaluate(out)
    assert (report.resumed, report.asked, report.remaining) == (answered, 4 - answered, 0)
    assert len(results.found) == 4
    assert len(out.read_text(encoding="utf-8").splitlines()) == 5
    report, _ = evaluate(out, account=(idle := Account()))
    assert (report.resumed, report.asked, idle.calls) == (4, 0, 0)


def test_no_call_begins_once_the_tokens_are_spent() -> None:
    account = Account(max_tokens=1)
    report, results = evaluate(account=account)
    assert (account.calls, report.capped) == (1, True)
    assert len(results.found) <= 1


def test_an_interrupted_run_keeps_its_results_and_half_a_line_is_asked_again(tmp_path: Path) -> None:
    out = tmp_path / "results.jsonl"

    def interrupt(done: int, _total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate(out, progress=interrupt)
    data = out.read_bytes()
    kept = len(data.splitlines()) - 1
    assert 0 < kept < 4
    out.write_bytes(data[:-20])
    report, _ = evaluate(out)
    assert (report.resumed, report.asked) == (kept - 1, 5 - kept)


def test_an_early_question_that_failed_is_asked_again_of_a_memory_that_knows_no_more(tmp_path: Path) -> None:
    out = tmp_path / "results.jsonl"
    report, _ = evaluate(out, model=Failing(word="boots"))
    assert (report.asked, report.remaining) == (3, 1)
    assert "hiking, question 1: ConnectionError" in report.failures[0]
    report, results = evaluate(out)
    (boots,) = (result for result in results.found.values() if result.number == 1)
    assert (report.asked, report.remaining) == (1, 0)
    assert "green" not in boots.answer


def test_a_model_that_only_fails_is_not_asked_for_ever() -> None:
    one = conversations()[1]
    many = one.model_copy(update={"queries": one.queries * (3 * MOST_FAILURES)})
    evaluation = Evaluation(
        [many], Failing(word="过敏"), settings=SETTINGS, results=ResultsFile(None, SETTINGS), parallel=1
    )
    report = evaluation.run()
    assert (len(report.failures), report.asked) == (MOST_FAILURES, 0)


def test_results_of_another_setting_are_left_alone(tmp_path: Path) -> None:
    out = tmp_path / "results.jsonl"
    evaluate(out)
    before = out.read_bytes()
    with pytest.raises(InvalidInputError, match="model was 'offline', is 'openai:x'"):
        ResultsFile(out, Settings(model="openai:x"))
    assert out.read_bytes() == before


@pytest.mark.parametrize("text", ["notes\n", "[]\n", '{"langmem_ext_eval": 1}\n', "no line end"])
def test_a_file_that_holds_no_results_is_refused_and_left_as_it_was(tmp_path: Path, text: str) -> None:
    out = tmp_path / "results.jsonl"
    out.write_text(text)
    with pytest.raises(InvalidInputError, match="holds no results"):
        ResultsFile(out, SETTINGS)
    assert out.read_text() == text


def test_a_number_out_of_range_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="at least 1"):
        evaluate(parallel=0)


def test_an_answer_that_imitates_a_record_is_no_evidence() -> None:
    from langmem_ext.evaluation.watching import evidence

    one = conversations()[0]
    assert evidence(one, ["h1"], {}, [AIMessage('<memory id="h1">')]) == 0
    assert evidence(one, [], {}, []) is None
