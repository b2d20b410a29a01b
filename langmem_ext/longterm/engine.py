"""`LongTermMemory`: the engine's operations on one memory, each in a blocking and an awaitable form."""

from langmem_ext.longterm import (
    browsing,
    consolidate as consolidating,
    forget as forgetting,
    indexes,
    log as logging,
    overview,
    profile as profiling,
    reading,
    recall as recalling,
    reflect as reflecting,
    update as updating,
    versions,
    writing,
)
from langmem_ext.longterm.core import Core
from langmem_ext.operations import asynchronous, synchronous


class LongTermMemory(Core):
    """One user's long-term memory over any LangGraph store.

    Example:
        >>> from langmem_ext import LongTermMemory, open_store
        >>> with open_store(":memory:") as store:
        ...     memory = LongTermMemory(store, namespace=("memories", "alice"))
        ...     record = memory.remember("Alice likes mountain lakes", kind="preference")
        ...     memory.recall("What does Alice like?").records[0].content
        'Alice likes mountain lakes'

    Every operation is there twice, `name` and `aname`, from one implementation: use the second on an event loop. An
    instance may be shared by threads and tasks; several instances, threads and processes may use one namespace at once.
    See `Core` for the arguments.
    """

    remember = synchronous(writing.remember)
    aremember = asynchronous(writing.remember)
    remember_many = synchronous(writing.remember_many)
    aremember_many = asynchronous(writing.remember_many)
    observe = synchronous(logging.observe)
    aobserve = asynchronous(logging.observe)

    recall = synchronous(recalling.recall)
    arecall = asynchronous(recalling.recall)
    get = synchronous(reading.get)
    aget = asynchronous(reading.get)
    records = synchronous(reading.records)
    arecords = asynchronous(reading.records)
    browse = synchronous(browsing.browse)
    abrowse = asynchronous(browsing.browse)
    log = synchronous(logging.read_log)
    alog = asynchronous(logging.read_log)
    messages = synchronous(logging.read_messages)
    amessages = asynchronous(logging.read_messages)
    profile = synchronous(profiling.profile)
    aprofile = asynchronous(profiling.profile)
    threads = synchronous(logging.threads)
    athreads = asynchronous(logging.threads)
    topics = synchronous(indexes.topics)
    atopics = asynchronous(indexes.topics)
    keywords = synchronous(indexes.keywords)
    akeywords = asynchronous(indexes.keywords)
    topic_counts = synchronous(browsing.topic_counts)
    atopic_counts = asynchronous(browsing.topic_counts)
    keyword_counts = synchronous(browsing.keyword_counts)
    akeyword_counts = asynchronous(browsing.keyword_counts)
    keyword_entries = synchronous(browsing.keyword_entries)
    akeyword_entries = asynchronous(browsing.keyword_entries)
    conversations = synchronous(overview.conversations)
    aconversations = asynchronous(overview.conversations)
    spending = synchronous(overview.spending)
    aspending = asynchronous(overview.spending)
    note_recalls = synchronous(overview.note_recalls)
    anote_recalls = asynchronous(overview.note_recalls)
    recalls_of = synchronous(overview.recalls_of)
    arecalls_of = asynchronous(overview.recalls_of)
    stats = synchronous(reading.stats)
    astats = asynchronous(reading.stats)

    revise = synchronous(versions.revise)
    arevise = asynchronous(versions.revise)
    retire = synchronous(versions.retire)
    aretire = asynchronous(versions.retire)
    undo = synchronous(versions.undo)
    aundo = asynchronous(versions.undo)
    pin = synchronous(versions.pin)
    apin = asynchronous(versions.pin)
    history = synchronous(versions.history)
    ahistory = asynchronous(versions.history)
    forget = synchronous(forgetting.forget)
    aforget = asynchronous(forgetting.forget)
    forget_thread = synchronous(forgetting.forget_thread)
    aforget_thread = asynchronous(forgetting.forget_thread)
    forget_all = synchronous(forgetting.forget_all)
    aforget_all = asynchronous(forgetting.forget_all)

    update = synchronous(updating.update)
    aupdate = asynchronous(updating.update)
    consolidate = synchronous(consolidating.consolidate)
    aconsolidate = asynchronous(consolidating.consolidate)
    reflect = synchronous(reflecting.reflect)
    areflect = asynchronous(reflecting.reflect)
