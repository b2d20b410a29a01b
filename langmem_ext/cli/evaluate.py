"""`langmem-ext eval`: how well an agent with this memory answers questions about conversations."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from langmem_ext.cli.main import FAILED, NEGATIVE
from langmem_ext.cli.opening import chat_model, index_config
from langmem_ext.cli.options import OFFLINE, Embed, Json, Model
from langmem_ext.cli.output import complain, console, plain, print_json, progress_bar, say
from langmem_ext.errors import InvalidInputError

if TYPE_CHECKING:
    from langmem_ext.evaluation.account import Account
    from langmem_ext.evaluation.results import QuestionResult, Settings, Summary
    from langmem_ext.evaluation.runner import Report

_SHOWN_FAILURES = 3


def evaluate(
    data: Annotated[Path, typer.Argument(help="File of conversations with questions, or a folder of such files.")],
    *,
    model: Model = OFFLINE,
    judge: Annotated[
        str | None, typer.Option("--judge", help="Chat model that grades the answers; without one F1 alone does.")
    ] = None,
    embed: Embed = OFFLINE,
    distil: Annotated[
        bool, typer.Option("--distil", help="Distil the conversations with the model before asking.")
    ] = False,
    budget: Annotated[int, typer.Option("--budget", min=500, help="Tokens of the agent's context.")] = 8_000,
    max_searches: Annotated[int, typer.Option("--max-searches", min=0, help="Rounds of searching.")] = 3,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Questions of each conversation at most, the first ones.")
    ] = None,
    parallel: Annotated[int, typer.Option("--parallel", min=1, help="Questions at once.")] = 4,
    max_calls: Annotated[
        int | None, typer.Option("--max-calls", min=1, help="Model calls of this run at most.")
    ] = None,
    max_tokens: Annotated[
        int | None, typer.Option("--max-tokens", min=1, help="No model call begins once so many tokens are spent.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="JSONL file of the results; a second run goes on where it ended.")
    ] = None,
    json: Json = False,
) -> None:
    """Tell conversations to a memory, ask an agent about them in new threads, and grade its answers.

    With --out it can be stopped at any time, by Ctrl-C or by its cap, and run again; nothing is asked twice.

    [bold]Examples[/bold]

    langmem-ext eval conversations.json
    langmem-ext eval data/ --model openai:gpt-5-mini --judge openai:gpt-5 --out results.jsonl --max-calls 2000
    """
    from langmem_ext.evaluation import Evaluation, Settings, load  # noqa: PLC0415 - langgraph
    from langmem_ext.evaluation.account import Account  # noqa: PLC0415
    from langmem_ext.evaluation.results import ResultsFile  # noqa: PLC0415

    if judge == OFFLINE:
        raise InvalidInputError(f"--judge {OFFLINE!r} can't grade answers; name a model, or leave it out for F1 alone")
    conversations = load(data)
    settings = Settings(
        model=model, judge=judge, embed=embed, distil=distil, context_budget=budget, max_searches=max_searches
    )
    agent_model = chat_model(model)
    judge_model = None if judge is None else chat_model(judge)
    index = index_config(embed)
    results = ResultsFile(out, settings)
    account = Account(max_calls, max_tokens)
    with progress_bar("questions") as progress:
        evaluation = Evaluation(
            conversations,
            agent_model,
            settings=settings,
            results=results,
            judge=judge_model,
            index=index,
            account=account,
            limit=limit,
            parallel=parallel,
            folder=None if out is None else out.with_name(f"{out.name}.memories"),
            progress=progress,
        )
        report = evaluation.run()
    asked = {(each.name, n, query.q) for each in conversations for n, query in enumerate(each.queries[:limit])}
    _print([result for key, result in results.found.items() if key in asked], settings, report, account, json=json)
    _finish(report, resumable=out is not None)


def _print(
    found: "list[QuestionResult]", settings: "Settings", report: "Report", account: "Account", *, json: bool
) -> None:
    from langmem_ext.evaluation.results import by_category, overall  # noqa: PLC0415 - imported by now

    total, categories = overall(found), by_category(found)
    spent = {"calls": account.calls, "input_tokens": account.input_tokens, "output_tokens": account.output_tokens}
    if json:
        ended = {
            name: getattr(report, name) for name in ("asked", "resumed", "remaining", "capped", "failures", "warnings")
        }
        print_json({"settings": settings, "overall": total, "categories": categories, "spent": spent} | ended)
        return
    _print_table(categories | {"overall": total})
    say(
        f"{report.asked} questions asked, {report.resumed} answered before, {report.remaining} open; this run: "
        f"{account.calls:,} model calls, {account.input_tokens:,} tokens in, {account.output_tokens:,} out"
    )


def _print_table(rows: "dict[str, Summary]") -> None:
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from langmem_ext.evaluation.judging import UNANSWERABLE  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, collapse_padding=True, header_style="dim")
    table.add_column("category", min_width=12, overflow="fold")
    for name in ("n", "correct", "F1", "evidence", "context", "in", "out", "calls", "p50/p95 s"):
        table.add_column(name, justify="right")
    for name, row in rows.items():
        shares = [_cell(value, "{:.1%}") for value in (row.accuracy, row.f1, row.evidence)]
        sizes = [_cell(value, "{:,.0f}") for value in (row.context_tokens, row.input_tokens, row.output_tokens)]
        times = "/".join(_cell(value, "{:.2f}") for value in (row.seconds_p50, row.seconds_p95))
        label = f"({name})" if name in UNANSWERABLE else name
        table.add_row(
            Text(plain(label)), f"{row.questions:,}", *shares, *sizes, _cell(row.model_calls, "{:.2f}"), times
        )
    console().print(table)


def _cell(value: float | None, form: str) -> str:
    return "–" if value is None else form.format(value)


def _finish(report: "Report", *, resumable: bool) -> None:
    """Say what did not go as planned, and end with the code for it."""
    for warning in report.warnings[:_SHOWN_FAILURES]:
        complain(f"distillation: {warning}")
    for failure in report.failures[:_SHOWN_FAILURES]:
        complain(failure)
    again = "run it again to go on" if resumable else "with --out a second run could go on"
    if report.capped:
        complain(f"the cap is used up with {report.remaining} questions open; {again}")
    if report.failures:
        complain(f"{len(report.failures)} failed, {report.remaining} questions are open; {again}")
        raise typer.Exit(FAILED)
    if report.remaining:
        raise typer.Exit(NEGATIVE)
