"""The page in a real browser, served by the command as a user starts it: what is seen, clicked, typed and streamed."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from langmem_ext import LongTermMemory, open_store
from langmem_ext.offline import HashingEmbeddings
from tests.ui.conftest import SECRET, XSS

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
OPTIONS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
VIEWS = ("/", "/topics", "/recall?q=lakes", "/talk", "/health")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.network_loopback,
    pytest.mark.skipif(BROWSER is None, reason="there is no Chromium (Debian: apt-get install chromium)"),
]


@dataclass
class Site:
    """A running page: its address, and the store behind it, read from outside."""

    address: str
    path: Path

    @property
    def home(self) -> str:
        return self.address.split("/enter")[0]

    def memory(self, read: Callable[[LongTermMemory], Any]) -> Any:
        """Read alice's memory from the file that the page's process has open."""
        with open_store(str(self.path)) as store:
            return read(LongTermMemory(store, ("memories", "alice")))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    path = tmp_path / "memory.db"
    embeddings = HashingEmbeddings()
    with open_store(str(path), index={"dims": embeddings.dims, "embed": embeddings}) as store:
        LongTermMemory(store, ("memories", "bob")).remember(SECRET, id="bobs")
        memory = LongTermMemory(store, ("memories", "alice"))
        memory.observe([("user", "I like mountain lakes near Interlaken."), ("assistant", "Noted.")], thread_id="trip")
        memory.update()
        memory.consolidate()
        memory.remember("希望住有景观的民宿", id="stay", kind="preference", topic="住宿", keywords=["民宿"])
    command = [sys.executable, "-u", "-m", "langmem_ext.cli", "ui", "--store", str(path), "--user", "alice", "--port=0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8", cwd=tmp_path, env=os.environ) as server:
        assert server.stdout
        match = re.match(r"open (http://127\.0\.0\.1:\d+/enter\?token=\S+)", server.stdout.readline())
        assert match
        yield Site(match[1], path)
        server.send_signal(signal.SIGINT)
        assert server.wait(20) == 0


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=OPTIONS)
        yield browser
        browser.close()


@dataclass
class Visit:
    """A tab that has entered, and everything its console complained about."""

    page: Page
    site: Site
    complaints: list[str]

    def go(self, path: str) -> Page:
        self.page.goto(self.site.home + path)
        return self.page


def visit(browser: Browser, site: Site, **options: Any) -> Visit:
    context: BrowserContext = browser.new_context(**{"locale": "en-GB", **options})
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: _refuse_elsewhere(request.url, site, complaints))
    page.goto(site.address)
    page.wait_for_url(site.home + "/")
    return Visit(page, site, complaints)


def _refuse_elsewhere(url: str, site: Site, complaints: list[str]) -> None:
    if not url.startswith(site.home):
        complaints.append(f"a request to {url}")


@pytest.fixture
def tab(browser: Browser, site: Site) -> Iterator[Visit]:
    visited = visit(browser, site)
    yield visited
    assert visited.complaints == []
    visited.page.context.close()


def test_the_address_opens_the_page_once(browser: Browser, tab: Visit) -> None:
    stranger = browser.new_context().new_page()
    for address in (tab.site.address, tab.site.home):
        response = stranger.goto(address)
        assert response
        assert response.status == 403
        assert "lakes" not in stranger.content()
    stranger.context.close()


def test_each_view_is_reached_from_the_top_and_fits_a_narrow_window(tab: Visit) -> None:
    tab.page.set_viewport_size({"width": 360, "height": 740})
    for name in ("Topics", "Recall", "Conversation", "Health", "Timeline"):
        tab.page.get_by_role("link", name=name, exact=True).click()
        expect(tab.page.get_by_role("heading", level=1)).to_have_text(name)
        assert tab.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for path in ("/record?id=stay", "/recall?q=lakes"):
        tab.go(path)
        assert tab.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_both_languages_and_both_lights(browser: Browser, site: Site, tab: Visit) -> None:
    context = tab.page.context.browser.new_context(  # type: ignore[union-attr]
        locale="zh-CN", color_scheme="dark", storage_state=tab.page.context.storage_state()
    )
    chinese = context.new_page()
    for path, heading in zip(VIEWS, ("时间线", "主题", "回忆", "对话", "状况"), strict=True):
        chinese.goto(site.home + path)
        expect(chinese.get_by_role("heading", level=1)).to_have_text(heading)
        dark = chinese.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        tab.go(path)
        light = tab.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        assert _brightness(dark) < 60
        assert _brightness(light) > 220
    chinese.goto(site.home + "/record?id=stay")
    drawn = """(text) => {
        const canvas = document.createElement("canvas");
        const context = canvas.getContext("2d");
        context.font = `16px ${getComputedStyle(document.body).fontFamily}`;
        context.fillText(text, 10, 30);
        return canvas.toDataURL();
    }"""
    assert chinese.evaluate(drawn, "景") != chinese.evaluate(drawn, "观")  # without a font both are the same box
    context.close()


def _brightness(colour: str) -> float:
    return sum(map(float, re.findall(r"[\d.]+", colour)[:3])) / 3


def test_filters_are_typed_and_shown(tab: Visit) -> None:
    tab.page.get_by_text("Filters").click()
    tab.page.get_by_label("Text").fill("民宿")
    tab.page.get_by_role("button", name="Show").click()
    expect(tab.page.locator("article")).to_have_count(1)
    tab.page.get_by_text("Filters").click()
    tab.page.get_by_text("Filters").click()
    tab.page.get_by_role("link", name="Clear").click()
    tab.page.get_by_text("Filters").click()
    tab.page.get_by_label("message", exact=True).check(force=True)
    tab.page.get_by_role("button", name="Show").click()
    expect(tab.page.locator("article")).to_have_count(2)


def test_the_index_is_walked_both_ways(tab: Visit) -> None:
    tab.go("/topics").get_by_role("link", name="民宿", exact=True).click()
    tab.page.get_by_role("link", name="希望住有景观的民宿").click()
    tab.page.get_by_role("link", name="住宿", exact=True).click()
    expect(tab.page.get_by_role("heading", level=1)).to_contain_text("住宿")
    expect(tab.page.get_by_role("link", name="希望住有景观的民宿")).to_be_visible()


def _do(tab: Visit, action: str, button: str) -> None:
    tab.page.locator("summary", has_text=re.compile(f"^{action}$")).click()
    tab.page.get_by_role("button", name=button).click()


def test_every_action_asks_once_and_is_in_the_store(tab: Visit) -> None:
    tab.go("/record?id=stay")
    expect(tab.page.get_by_role("button", name="Retire it")).to_be_hidden()
    tab.page.locator("summary", has_text=re.compile("^Revise$")).click()
    tab.page.get_by_label("Content").fill("希望住湖边的民宿")
    tab.page.get_by_role("button", name="Save the new version").click()
    expect(tab.page.get_by_role("status")).to_contain_text("Revised")
    history = tab.site.memory(lambda memory: memory.history("stay"))
    assert [version.content for version in history] == ["希望住有景观的民宿", "希望住湖边的民宿"]
    assert [version.live for version in history] == [False, True]

    _do(tab, "Undo", "Take it back")
    assert tab.site.memory(lambda memory: memory.get("stay")).live
    _do(tab, "Pin", "Pin it")
    assert tab.site.memory(lambda memory: memory.get("stay")).pinned
    _do(tab, "Unpin", "Take the pin off")
    assert not tab.site.memory(lambda memory: memory.get("stay")).pinned
    _do(tab, "Retire", "Retire it")
    assert not tab.site.memory(lambda memory: memory.get("stay")).live
    _do(tab, "Undo", "Take it back")
    _do(tab, "Forget", "Forget for good")
    expect(tab.page.get_by_role("heading", level=1)).to_have_text("Forgotten")
    assert tab.site.memory(lambda memory: memory.get("stay")) is None
    assert "民宿".encode() not in tab.site.path.read_bytes()


def test_a_recall_shows_its_steps_and_counts_the_whole_history(tab: Visit) -> None:
    tab.go("/recall")
    tab.page.get_by_label("Question").fill("Which lakes do I like?")
    tab.page.keyboard.press("Enter")
    expect(tab.page.locator(".steps > li")).to_have_count(8)
    expect(tab.page.locator(".recalled article").first).to_contain_text("lakes")
    expect(tab.page.locator(".compare")).to_contain_text("Whole history")
    tab.page.locator("summary", has_text="Ranking").click()
    expect(tab.page.locator("details[open] .score").first).to_be_visible()


def test_a_conversation_streams_and_shows_what_it_recalled_and_learnt(tab: Visit) -> None:
    tab.go("/talk?thread=trip")
    field = tab.page.get_by_label("Say something")
    field.fill("My cat is called Momo. Which lakes do I like?")
    field.press("Enter")
    expect(tab.page.locator("#messages li.assistant").last).to_contain_text("Interlaken")
    expect(tab.page.locator("#learnt")).to_contain_text("Momo")
    expect(tab.page.locator("#recalled")).to_contain_text("lakes")
    expect(field).to_be_focused()
    expect(field).to_have_value("")
    *_, said, answered = tab.site.memory(lambda memory: memory.log("trip"))
    assert said.content == "My cat is called Momo. Which lakes do I like?"
    tab.page.reload()
    expect(tab.page.locator("#messages li")).to_have_count(4)
    expect(tab.page.locator("#messages li").last).to_contain_text(answered.content)
    tab.page.get_by_role("link", name="The whole trace").click()
    expect(tab.page.locator(".notice")).to_contain_text("As it happened")


def test_consolidation_shows_its_progress(tab: Visit) -> None:
    with open_store(str(tab.site.path)) as store:
        memory = LongTermMemory(store, ("memories", "alice"))
        memory.observe([("user", f"I visited lake number {number}.") for number in range(200)], thread_id="many")
    tab.go("/health")
    tab.page.evaluate(
        "new MutationObserver(() => (window.seen ??= new Set()).add(document.querySelector('.status').textContent))"
        ".observe(document.querySelector('.status'), {childList: true})"
    )
    tab.page.get_by_role("button", name="Consolidate now").click()
    expect(tab.page.locator("[data-work] .outcome")).to_contain_text("200 messages digested", timeout=60_000)
    assert any("/ 200" in text for text in tab.page.evaluate("[...window.seen]"))
    assert tab.site.memory(lambda memory: memory.stats().pending) == 0
    tab.page.get_by_role("button", name="Check the store").click()
    expect(tab.page.locator("[data-piece] .outcome")).to_contain_text("Everything agrees", timeout=30_000)


def test_the_keyboard_is_enough(tab: Visit) -> None:
    tab.page.keyboard.press("Tab")
    expect(tab.page.get_by_role("link", name="Skip to content")).to_be_focused()
    tab.page.keyboard.press("Enter")
    assert tab.page.evaluate("document.activeElement.id") == "content"
    tab.page.keyboard.press("j")
    first = tab.page.evaluate("document.activeElement.href")
    tab.page.keyboard.press("j")
    assert tab.page.evaluate("document.activeElement.href") != first
    tab.page.keyboard.press("k")
    assert tab.page.evaluate("document.activeElement.href") == first
    tab.page.keyboard.press("/")
    expect(tab.page.get_by_label("Text")).to_be_focused()
    tab.page.keyboard.type("民宿")
    tab.page.keyboard.press("Enter")
    expect(tab.page.locator("article")).to_have_count(1)
    tab.page.locator("[data-row]").focus()
    tab.page.keyboard.press("Enter")
    tab.page.locator("summary", has_text=re.compile("^Pin$")).focus()
    tab.page.keyboard.press("Enter")
    tab.page.keyboard.press("Tab")
    tab.page.keyboard.press("Enter")
    expect(tab.page.get_by_role("status")).to_contain_text("Pinned")
    assert tab.site.memory(lambda memory: memory.get("stay")).pinned
    tab.page.locator("summary", has_text=re.compile("^Forget$")).focus()
    tab.page.keyboard.press("Enter")
    tab.page.keyboard.press("Escape")
    expect(tab.page.get_by_role("button", name="Forget for good")).to_be_hidden()


def test_without_scripts_links_and_forms_do(browser: Browser, tab: Visit) -> None:
    context = browser.new_context(java_script_enabled=False, storage_state=tab.page.context.storage_state())
    page = context.new_page()
    page.goto(f"{tab.site.home}/talk?thread=trip")
    page.get_by_label("Say something").fill("Which lakes do I like?")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#messages li.assistant").last).to_contain_text("Interlaken")
    page.goto(f"{tab.site.home}/recall?q=lakes")
    page.get_by_role("link", name="Count the whole history").click()
    expect(page.locator(".compare")).to_contain_text("Whole history")
    context.close()


def test_hostile_text_stays_text_in_a_browser(tab: Visit) -> None:
    with open_store(str(tab.site.path)) as store:
        memory = LongTermMemory(store, ("memories", "alice"))
        for number, text in enumerate(XSS):
            label = text[:100].replace("\x00", "")
            memory.remember(
                f"odd {text}", id=f"x{number}", data={"x": text}, topic=label, keywords=[label], speaker=text
            )
            memory.observe([("user", f"said {text}")], thread_id=f"odd {number}")
        memory.remember("long " + "x" * 2**20, id="long")
    for path in ("/", "/topics", "/talk", "/health", "/recall?q=odd", *(f"/record?id=x{n}" for n in range(len(XSS)))):
        tab.go(path)
        assert tab.page.evaluate("window.hacked") is None
        assert tab.page.url == tab.site.home + path
    tab.go("/talk?thread=odd+1")
    tab.page.get_by_label("Say something").fill(XSS[1])
    tab.page.get_by_role("button", name="Send").click()
    expect(tab.page.locator("#messages li.user").last).to_contain_text("onerror")
    expect(tab.page.locator("#messages")).not_to_have_attribute("aria-busy", "true")
    assert tab.page.evaluate("window.hacked") is None
    tab.page.set_viewport_size({"width": 360, "height": 740})
    tab.go("/record?id=long")
    assert tab.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_foreign_site_can_neither_read_nor_write(browser: Browser, tab: Visit) -> None:
    foreign = tab.page.context.new_page()
    foreign.route("http://evil.example/", lambda route: route.fulfill(body="<h1>evil</h1>", content_type="text/html"))
    foreign.goto("http://evil.example/")
    attack = """async (home) => {
        const tried = [];
        for (const [path, options] of [
            ["/record?id=stay", {credentials: "include"}],
            ["/record/forget", {credentials: "include", method: "POST", mode: "no-cors", body: "id=stay"}],
        ]) tried.push(await fetch(home + path, options).then((r) => r.type, () => "failed"));
        return tried;
    }"""
    assert foreign.evaluate(attack, tab.site.home)[0] == "failed"
    assert tab.site.memory(lambda memory: memory.get("stay")) is not None
    foreign.close()
