"""`create_memory_agent`: the nodes wired into a graph."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import Runnable, RunnableConfig, ensure_config
from langchain_core.tools import BaseTool, tool as make_tool
from langgraph.graph import END, START, StateGraph
from langgraph.prebuilt import ToolNode
from langgraph.store.base import BaseStore
from langgraph.types import Checkpointer
from typing_extensions import override

from langmem_ext.context.counting import Counter
from langmem_ext.errors import InvalidInputError
from langmem_ext.longterm.background import BackgroundUpdates
from langmem_ext.loop.calling import Models
from langmem_ext.loop.contexts import Contexts
from langmem_ext.loop.exchanges import calls_one_of, pending
from langmem_ext.loop.nodes import Nodes
from langmem_ext.loop.runs import Runs
from langmem_ext.loop.searching import MEMORY_TOOLS
from langmem_ext.loop.state import AgentState, Context, InputState, OutputState
from langmem_ext.loop.updating import Agent, attach
from langmem_ext.metering import Meter
from langmem_ext.operations import Operation, arun, run
from langmem_ext.tokens import counter_for

Node = Callable[[AgentState, RunnableConfig], Operation[Any]]


def create_memory_agent(
    model: BaseChatModel | str,
    *,
    store: BaseStore | None = None,
    checkpointer: Checkpointer = None,
    tools: Sequence[BaseTool | Callable[..., Any]] = (),
    context_budget: int = 32_000,
    max_searches: int = 3,
    update: Literal["inline", "background", "off"] = "inline",
    analysis: Literal["model", "recall"] = "model",
    system_prompt: str | None = None,
    recall_tokens: int = 4_000,
    recall_limit: int = 200,
    max_model_calls: int | None = 16,
    max_tokens: int | None = None,
    update_model: BaseChatModel | str | None = "same",
    memory_options: Mapping[str, Any] | None = None,
    debounce: float = 1.0,
    interrupt_before: Sequence[str] = (),
    interrupt_after: Sequence[str] = (),
    name: str = "memory_agent",
) -> Agent:
    """Make an agent with a long-term memory, as a compiled LangGraph graph.

    Every turn: what was said is logged and recalled for, without a model call (`analyse`); the model answers, or says
    what else it must remember (`search_memory`, then `analyse` again); the application's tools run in `tools`; the
    answer is given from the main context (`answer`) and what was said is distilled (`update_memory`). A turn that
    needs no search takes one model call.

    Run it with ``agent.invoke({"messages": […]}, config, context=Context(user_id="alice"))``, or any other form of
    invoke and stream, sync and async. With a checkpointer, ``config["configurable"]["thread_id"]`` resumes a
    conversation. Tokens of the answer stream from the node `analyse`, or `answer` when there was a search.

    Args:
        model: Chat model, or an `init_chat_model` string such as "openai:gpt-5". One that can't call tools works with
            ``analysis="recall"``, which is then used without asking.
        store: Where memories live, any LangGraph store; None takes the store of the runtime (a parent graph, a server),
            else one in this process's memory, which a warning says.
        checkpointer: Where conversations live, as in `StateGraph.compile`.
        tools: The application's tools.
        context_budget: Tokens of every model call in the turn at most, tool schemas included.
        max_searches: Rounds of searching in a turn; 0 is none.
        update: Distil the log after each turn ("inline"), on a thread after the answer has streamed ("background"; see
            `langmem_ext.loop.drain`), or never ("off"). A failing update never fails a turn.
        analysis: "model" lets the model search; "recall" is the recall before the one model call, and no more.
        system_prompt: Instructions; None is a short default in the user's language.
        recall_tokens: Tokens that recalled memories take of the context at most.
        recall_limit: Memories that the recall before the model brings at most; as a rule the tokens bound it.
        max_model_calls: Model calls of a turn at most, update included; the last one is kept for the answer.
        max_tokens: Tokens of a turn at most, in and out. The model is offered tools while twice a call's tokens are
            left, so that one remains for the answer; a call past the cap ends the turn in a `CapReachedError`.
        update_model: Distils and summarises; "same" is `model`, None is extraction without a model.
        memory_options: Further arguments of `LongTermMemory`: timezone, settings, distillation, reranker, ….
        debounce: Seconds of quiet before a background update.
        interrupt_before: Nodes to stop before.
        interrupt_after: Nodes to stop after.
        name: Of the graph, in traces and as a subgraph.

    Returns:
        The graph. It may be shared by threads and tasks; conversations and users are kept apart by config and context.

    Raises:
        InvalidInputError: An argument can't be meant.
        ContextBudgetError: System prompt and tool schemas alone are more than the budget.
    """
    _check_choices(update=update, analysis=analysis, max_searches=max_searches, max_model_calls=max_model_calls)
    chat = _resolve(model)
    own = [each if isinstance(each, BaseTool) else make_tool(each) for each in tools]
    _check_names(own)
    models = Models(chat, own, searches=analysis == "model" and max_searches > 0)
    runs = Runs(
        store,
        chat if update_model == "same" else None if update_model is None else _resolve(update_model),
        memory_options or {},
        budget=context_budget,
        max_searches=max_searches,
    )
    background = None
    if update == "background":
        background = BackgroundUpdates(debounce=debounce, meter=lambda: Meter(max_model_calls, max_tokens))
    contexts = Contexts(models, Counter(counter_for(chat)), system_prompt, recall_tokens)
    contexts.check(context_budget)
    nodes = Nodes(
        models,
        runs,
        contexts,
        tool_node=ToolNode(own) if own else None,
        analysis=analysis,
        update=update,
        background=background,
        recall_limit=recall_limit,
        max_model_calls=max_model_calls,
        max_tokens=max_tokens,
    )
    graph = _wire(nodes)
    agent = graph.compile(
        checkpointer=checkpointer,
        store=store,
        interrupt_before=list(interrupt_before) or None,
        interrupt_after=list(interrupt_after) or None,
        name=name,
    )
    if background is not None:
        attach(agent, background)
    return agent


def _wire(nodes: Nodes) -> StateGraph[AgentState, Context, InputState, OutputState]:
    graph = StateGraph(AgentState, context_schema=Context, input_schema=InputState, output_schema=OutputState)
    for node in (nodes.analyse, nodes.search_memory, nodes.answer, nodes.update_memory):
        graph.add_node(node.__name__, _NodeRunnable(node))
    after_search, after_answer = ["analyse"], ["update_memory"]
    after_analyse = ["search_memory", "answer"]
    if nodes.tool_node is not None:
        graph.add_node("tools", _NodeRunnable(nodes.tools))
        graph.add_edge("tools", "analyse")
        after_answer.append("search_memory")  # a call of the application's tools that is malformed is answered there
        for targets in (after_search, after_answer, after_analyse):
            targets.append("tools")
    own = nodes.models.names

    def route(ahead: str) -> Callable[[AgentState], str]:
        def choose(state: AgentState) -> str:
            calls = pending(state["messages"])
            if not all(calls_one_of(call, own) for call in calls):
                return "search_memory"
            return "tools" if calls else ahead

        return choose

    graph.add_edge(START, "analyse")
    graph.add_conditional_edges("analyse", route("answer"), after_analyse)
    graph.add_conditional_edges("search_memory", route("analyse"), after_search)
    graph.add_conditional_edges("answer", route("update_memory"), after_answer)
    graph.add_edge("update_memory", END)
    return graph


class _NodeRunnable(Runnable[AgentState, Any]):
    """An operation as a node: its sync and its async form, one body. LangGraph traces it under the node's name."""

    def __init__(self, node: Node) -> None:
        self.name = node.__name__
        self._node = node

    @override
    def invoke(self, input: AgentState, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        return run(self._node(input, ensure_config(config)))

    @override
    async def ainvoke(self, input: AgentState, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        return await arun(self._node(input, ensure_config(config)))


def _resolve(model: BaseChatModel | str) -> BaseChatModel:
    if isinstance(model, str):
        from langchain.chat_models import init_chat_model  # noqa: PLC0415 - heavy, and only for strings

        try:
            return init_chat_model(model)
        except (ValueError, ImportError) as error:
            raise InvalidInputError(f"no chat model {model!r}: {error}") from error
    if not isinstance(model, BaseChatModel):
        raise InvalidInputError(
            f'model must be a LangChain chat model or a string such as "openai:gpt-5", got {type(model).__name__}'
        )
    return model


def _check_choices(*, update: str, analysis: str, max_searches: int, max_model_calls: int | None) -> None:
    if update not in {"inline", "background", "off"}:
        raise InvalidInputError(f'update must be "inline", "background" or "off", got {update!r}')
    if analysis not in {"model", "recall"}:
        raise InvalidInputError(f'analysis must be "model" or "recall", got {analysis!r}')
    if type(max_searches) is not int or max_searches < 0:
        raise InvalidInputError(f"max_searches must be a whole number from 0, got {max_searches!r}")
    if max_model_calls is not None and max_model_calls < 1:
        raise InvalidInputError(
            f"max_model_calls must be at least 1 (a turn needs its answer), got {max_model_calls!r}"
        )


def _check_names(tools: Sequence[BaseTool]) -> None:
    names = [tool.name for tool in tools]
    taken = sorted({name for name in names if name in MEMORY_TOOLS or names.count(name) > 1})
    if taken:
        raise InvalidInputError(f"tool names must be unique and not those of the memory's tools; rename {taken}")
