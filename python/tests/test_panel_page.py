"""The panel's page: its parts in node, and as a whole in Chromium, with a model that notes what it is sent.

The tests in Chromium share a browser, because its start takes a second; each has a page of its own.
"""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hosts import DEADLINE
from lab import chromium

from bgjobs import BackgroundJobManager
from bgjobs.panel import still, widget

HERE = Path(__file__).parent

# Serves the page under an address, which the browser's permissions need.
URL = "http://panel.test/"

START = """
const handlers = window.handlers = {};
window.sent = [];
window.model = {
  on: (event, handler) => { handlers[event] = handler; },
  get: (name) => ({ still: "picture" })[name],
  send: (message) => { if (window.isDead) { throw new Error("Cannot send"); } window.sent.push(message); },
};
window.tell = (message) => handlers["msg:custom"](message);
window.cut = () => { window.isDead = true; handlers.comm_live_update(); };
const panel = create();
panel.initialize({ model });
window.show = () => { window.closeView = panel.render({ model, el: document.querySelector("main") }); };
window.show();
"""


@functools.lru_cache(None)
def node() -> str:
    """A node with the test runner's timers: that of Playwright, or one of the path."""
    driver = shutil.which("node")
    try:
        from playwright._impl._driver import compute_driver_executable

        driver = compute_driver_executable()[0]
    except ImportError:
        pass
    version = "0" if driver is None else subprocess.run([driver, "--version"], capture_output=True, text=True).stdout
    if driver is None or int(re.findall(r"\d+", version)[0]) < 20:
        pytest.skip("node 20 is missing; Playwright brings one: pip install playwright")
    return driver


@pytest.mark.parametrize("part", ["store", "format", "link"])
def test_the_parts_of_the_page_pass_their_own_tests(part):
    ran = subprocess.run([node(), "--test", f"panel/{part}.test.mjs"], cwd=HERE, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.search(r"(?m)^. tests [1-9]", ran.stdout)


def test_the_parts_make_one_module_without_imports():
    script = widget.script()
    assert not re.search(r"(?m)^import ", script)
    assert script.count("export ") == 1
    files = {path.name for path in (Path(widget.__file__).parent / "page").glob("*.mjs")}
    assert files == set(widget.PARTS)


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    program = chromium()
    with playwright.sync_playwright() as driver, driver.chromium.launch(executable_path=program) as browser:
        yield browser


class Page:
    """A page with a panel; `tell` is the kernel."""

    def __init__(self, browser: Any, **options: Any) -> None:
        context = browser.new_context(**{"viewport": {"width": 1000, "height": 700}, **options})
        self.page = context.new_page()
        self.page.set_default_timeout(DEADLINE * 1000)
        self.troubles: list[str] = []
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        style = widget.part("colours.css") + widget.part("panel.css")
        html = f"<!doctype html><style>body {{ margin: 0 }} {style}</style><body><main></main>"
        self.page.route("**/*", lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8"))
        self.page.goto(URL)
        script = widget.script().replace("export default", "const create =")
        self.page.add_script_tag(content=f"{script}\n{START}", type="module")
        self.page.wait_for_function("window.show !== undefined")
        self.number = 0
        self.states: dict[int, str] = {}

    def tell(self, *jobs: dict, is_whole: bool = False, **rest: Any) -> None:
        self.number += 1
        changed = {job["id"]: job["state"] for job in jobs if "state" in job}
        self.states.update(changed)
        counts = {"counts": Counter(self.states.values())} if changed or self.number == 1 else {}
        first = {"kind": "jobs", "number": self.number, "is_whole": is_whole or self.number == 1, "now": 1000.0}
        self.page.evaluate(
            "(message) => tell(message)",
            {
                **first,
                "behind": 0,
                **counts,
                "front": [],
                "jobs": list(jobs),
                "gone": [],
                "details": {},
                **rest,
            },
        )

    def say(self, **message: Any) -> None:
        self.page.evaluate("(message) => tell(message)", message)

    def row(self, number: int) -> Any:
        return self.page.locator(f"[data-id='{number}']")

    def order(self) -> list[int]:
        return self.page.evaluate("[...document.querySelectorAll('.bgjobs-row')].map((row) => Number(row.dataset.id))")

    def sent(self, kind: str) -> list[dict]:
        return self.page.evaluate("(kind) => sent.filter((message) => message.kind === kind)", kind)

    def wait(self, expression: str) -> None:
        self.page.wait_for_function(expression)

    def close(self) -> None:
        assert self.troubles == []
        self.page.context.close()


@pytest.fixture
def page(browser):
    page = Page(browser)
    yield page
    page.close()


def job(number: int, state: str = "running", **rest: Any) -> dict:
    return {"id": number, "state": state, "label": f"fit({number})", "since": 990.0, **rest}


def test_a_row_shows_its_state_bar_times_and_last_line(page):
    page.tell(job(1, done=1, total=4, text="epoch", left=30.0, line="a line"))
    row = page.row(1)
    row.wait_for()
    assert row.locator(".bgjobs-head").inner_text().split() == ["#1", "fit(1)", ",", "running"]
    assert row.locator(".bgjobs-progress-text").inner_text() == "25% · epoch"
    assert row.get_by_role("progressbar").get_attribute("aria-valuenow") == "25"
    assert re.fullmatch(r"\d+ s · \d+ s left", row.locator(".bgjobs-time").inner_text())
    assert row.locator(".bgjobs-line").inner_text() == "a line"
    page.tell({"id": 1, "state": "done", "ran": 12.5, "line": "42"})
    page.wait("document.querySelector('[data-id=\"1\"]').dataset.state === 'done'")
    assert row.locator(".bgjobs-time").inner_text() == "12.5 s"
    assert not row.get_by_role("progressbar").is_visible()
    assert not row.get_by_role("button", name="Stop job 1").is_visible()


def test_names_and_lines_are_text_whatever_is_in_them(page):
    evil = "<img src=x onerror='window.isHurt = true'>"
    page.tell(job(1, label=evil, line=evil, done=1, total=2, text=evil, place=evil))
    page.row(1).locator(".bgjobs-head").click()
    page.tell(
        details={
            1: {
                "where": evil,
                "failure": evil,
                "names": [[evil, evil]],
                "is_final": False,
                "log": {"from": None, "to": 1, "missed": 0, "lines": [[evil, False]], "pending": []},
            }
        }
    )
    page.wait("document.querySelector('.bgjobs-log bdi') !== null")
    assert page.page.locator("img").count() == 0
    assert page.row(1).locator(".bgjobs-label").inner_text() == evil
    assert page.page.evaluate("window.isHurt") is None


def test_counts_and_the_field_filter_and_are_kept_for_the_next_view(page):
    page.tell(job(1, "failed", line="KeyError: 'x'"), job(2, "failed", line="ValueError"), job(3), job(4, "done"))
    page.page.get_by_role("button", name="Failed 2").click()
    assert page.order() == [2, 1]
    page.page.get_by_role("searchbox").fill("keyerror")
    assert page.order() == [1]
    page.page.evaluate("document.querySelector('main').replaceChildren(); void show()")
    assert page.order() == [1]
    page.page.get_by_role("searchbox").press("Escape")
    assert page.order() == [2, 1]
    page.page.get_by_role("button", name="Failed 2").click()
    assert page.order() == [3, 4, 2, 1]


def test_an_open_row_shows_where_why_names_and_log_and_stays_open_while_it_is_filtered_away(page):
    page.tell(job(1, "failed", line="KeyError"), job(2))
    page.row(1).locator(".bgjobs-head").click()
    page.wait("sent.some((message) => message.kind === 'look' && message.open.includes(1))")
    assert "Asking the kernel" in page.row(1).inner_text()
    log = {
        "from": None,
        "to": 2,
        "missed": 800,
        "lines": [["one", False], ["two", True]],
        "pending": [["three", False]],
    }
    page.tell(
        details={1: {"where": "", "failure": "Traceback ...", "names": [["x", "3"]], "is_final": True, "log": log}}
    )
    page.wait("document.querySelector('.bgjobs-pending') !== null")
    shown = page.row(1).inner_text()
    for part in ("Failure", "Traceback ...", "Names", "x = 3", "Log", "800 lines before these", "one", "three"):
        assert part in shown
    assert "Place" not in shown
    page.page.get_by_role("searchbox").fill("#2")
    assert page.order() == [2]
    page.page.get_by_role("searchbox").fill("")
    assert page.row(1).locator(".bgjobs-head").get_attribute("aria-expanded") == "true"
    assert "Traceback ..." in page.row(1).inner_text()


def test_stop_is_asked_for_and_its_verdict_is_shown(page):
    page.tell(job(1, line="a line"))
    button = page.row(1).get_by_role("button", name="Stop job 1, fit(1)")
    button.click()
    assert page.sent("stop")[0]["ids"] == [1]
    line = page.row(1).locator(".bgjobs-line")
    page.wait("document.querySelector('.bgjobs-line').textContent === 'it is heard when the cell ends'")
    page.say(kind="asked", ids=[1])
    page.wait("document.querySelector('.bgjobs-line').textContent.startsWith('stopping')")
    page.say(kind="verdict", id=1, text="still running 1.0 s after the request")
    page.wait("document.querySelector('.bgjobs-line').textContent.startsWith('still running')")
    assert button.is_enabled()
    page.tell({"id": 1, "state": "stopped", "line": "stopped by its user"})
    page.wait("document.querySelector('[data-id=\"1\"]').dataset.state === 'stopped'")
    assert line.inner_text() == "stopped by its user"


def test_a_job_that_a_cell_waits_for_can_be_let_go_of(page):
    page.tell(job(1), job(2), front=[1])
    front = page.page.locator(".bgjobs-front")
    front.wait_for()
    assert front.inner_text().startswith("A cell waits for #1 fit(1)")
    button = page.page.get_by_role("button", name="To background")
    button.click()
    assert page.sent("let_go")[0]["ids"] == [1]
    page.page.get_by_text("It is heard when the cell ends").wait_for()
    assert button.is_disabled()
    page.say(kind="gone_on", ids=[1])
    page.tell()
    front.wait_for(state="hidden")


def test_all_that_a_filter_shows_are_stopped_after_a_question(page):
    page.tell(job(1), job(2, label="load"), job(3))
    stop_all = page.page.get_by_role("button", name=re.compile("these|Really"))
    assert stop_all.count() == 0
    page.page.get_by_role("searchbox").fill("fit")
    stop_all.click()
    assert page.sent("stop") == []
    assert stop_all.inner_text() == "Really stop 2?"
    stop_all.click()
    assert page.sent("stop")[0]["ids"] == [3, 1]


def test_rows_do_not_move_under_the_pointer(page):
    page.tell(job(1), job(2), job(3))
    page.row(2).hover()
    page.tell({"id": 3, "state": "done", "ran": 1.0}, job(4))
    page.wait("document.querySelectorAll('.bgjobs-row').length === 4")
    assert page.order() == [3, 2, 1, 4]
    # A click leaves the focus there, which holds nothing.
    page.row(2).locator(".bgjobs-head").click()
    page.page.mouse.move(0, 690)
    page.wait("document.querySelector('.bgjobs-row').dataset.id === '4'")
    assert page.order() == [4, 2, 1, 3]


def test_keys_walk_the_rows_open_them_and_come_back_to_the_field(page):
    page.tell(job(1), job(2), job(3))
    focused = "document.activeElement.closest('[data-id]')?.dataset.id ?? document.activeElement.type"
    keys = page.page.keyboard
    page.page.get_by_role("searchbox").focus()
    for key, wanted in [("ArrowDown", "3"), ("ArrowDown", "2"), ("End", "1"), ("ArrowDown", "1"), ("Home", "3")]:
        keys.press(key)
        assert page.page.evaluate(focused) == wanted
    keys.press("Enter")
    assert page.row(3).locator(".bgjobs-head").get_attribute("aria-expanded") == "true"
    keys.press("ArrowUp")
    assert page.page.evaluate(focused) == "search"


def test_keys_on_the_panel_are_not_heard_by_the_page_around_it_unless_they_are_shortcuts(page):
    page.page.evaluate("heard = []; document.addEventListener('keydown', (event) => heard.push(event.key), true)")
    page.tell(job(1))
    page.row(1).locator(".bgjobs-head").focus()
    for key in ("x", "d", "Enter", "Control+s"):
        page.page.keyboard.press(key)
    assert page.page.evaluate("heard") == ["Control", "s"]
    assert page.row(1).locator(".bgjobs-head").get_attribute("aria-expanded") == "true"


def test_the_end_of_a_job_is_said_to_a_screen_reader(page):
    page.tell(job(1))
    page.tell({"id": 1, "state": "failed", "line": "KeyError: 'x'"})
    said = page.page.locator("[aria-live=polite]")
    page.wait("document.querySelector('[aria-live=polite]').textContent !== ''")
    assert said.text_content() == "Job #1 has failed: fit(1), KeyError: 'x'"


def test_a_page_whose_kernel_has_gone_says_so_and_stops_nothing(page):
    page.tell(job(1))
    page.row(1).wait_for()
    page.page.evaluate("cut()")
    page.page.get_by_text("Disconnected").wait_for()
    assert page.row(1).get_by_role("button", name="Stop").is_disabled()
    shown = page.row(1).locator(".bgjobs-time").inner_text()
    page.page.wait_for_timeout(1100)
    assert page.row(1).locator(".bgjobs-time").inner_text() == shown


def test_a_page_of_a_notebook_keeps_the_still_picture_and_hides_it_while_the_panel_lives(page):
    page.page.evaluate("""() => {
      const shown = (html) => ({ type: "display_data", data: { "text/html": html }, metadata: {} });
      const [mine, other] = ["picture", "another"].map((name) => `<p class='bgjobs-of-${name}'>${name}</p>`);
      const outputs = [{ type: "stream", data: {}, metadata: {} }, shown(other), shown(mine)];
      const area = { length: 3, get: (at) => outputs[at], set: (at, output) => { outputs[at] = output; } };
      model.widget_manager = { context: { model: { cells: [{ outputs: undefined }, { outputs: area }] } } };
      window.outputs = outputs;
      document.body.insertAdjacentHTML("beforeend", mine + other);
    }""")
    assert page.sent("hello")[0]["keeps"] is False
    page.page.evaluate("handlers.comm_live_update()")
    assert page.sent("hello")[-1]["keeps"] is True
    page.say(kind="still", html="<p class='bgjobs-of-picture'>new")
    changed = page.page.evaluate("outputs.map(({ data }) => data['text/html'] ?? null)")
    assert changed == [None, "<p class='bgjobs-of-another'>another</p>", "<p class='bgjobs-of-picture'>new"]
    assert page.page.evaluate("outputs[2].output_type") == "display_data"
    assert not page.page.get_by_text("picture").is_visible()
    assert page.page.get_by_text("another").is_visible()
    page.page.evaluate("closeView()")
    assert page.page.get_by_text("picture").is_visible()


def test_of_5000_jobs_40_rows_are_made_and_more_when_the_list_is_scrolled(page):
    page.tell(*[job(number) for number in range(5000)])
    page.wait("document.querySelectorAll('.bgjobs-row').length === 40")
    page.wait("sent.some((message) => message.kind === 'look' && message.seen.length > 5)")
    seen = page.sent("look")[-1]["seen"]
    assert max(seen) == 4999
    assert len(seen) < 25
    page.page.locator(".bgjobs-list").evaluate("(list) => { list.scrollTop = list.scrollHeight; }")
    page.wait("document.querySelectorAll('.bgjobs-row').length === 80")
    page.page.get_by_role("searchbox").fill("#7")
    assert page.order() == [7]


def test_what_is_out_of_view_is_not_asked_for(page):
    page.tell(job(1))
    page.wait("sent.some((message) => message.kind === 'look' && message.seen.length === 1)")
    page.page.evaluate("document.querySelector('main').style.marginTop = '2000px'")
    page.wait("sent.at(-1).kind === 'look' && sent.at(-1).seen.length === 0")


def test_a_narrow_panel_has_the_bar_and_the_line_below_the_name(browser):
    page = Page(browser, viewport={"width": 360, "height": 640})
    page.tell(job(1, done=1, total=4, line="a line"))
    page.row(1).wait_for()
    head, bar = page.row(1).locator(".bgjobs-head").bounding_box(), page.row(1).locator(".bgjobs-bar").bounding_box()
    assert bar["y"] >= head["y"] + head["height"]
    assert page.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_from_their_background_in_light_and_dark(browser, scheme):
    page = Page(browser, color_scheme=scheme)
    page.tell(job(1, "failed", line="KeyError"), job(2, done=1, total=2, line="a line"), job(3, "stopped", line="why"))
    page.row(1).wait_for()
    contrasts = page.page.evaluate(CONTRASTS)
    assert len(contrasts) > 15
    assert min(contrasts) >= 4.5, contrasts
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_of_the_still_picture_stand_out_too(browser, scheme):
    jobs = BackgroundJobManager()
    for job in (jobs.new("1 / 0"), jobs.new("6 * 7"), jobs.new("1", delay=1000)):
        if job.num == 2:
            job.stop("not needed")
        job.exception(DEADLINE)
    html = still.page_of(still.html_of(dict(jobs.all), [0]), "picture", jobs.all.values())
    page = browser.new_context(color_scheme=scheme).new_page()
    page.set_content(f"<!doctype html><body>{html}")
    contrasts = page.evaluate(CONTRASTS.replace(".bgjobs *", ".bgjobs-still *"))
    assert len(contrasts) > 15
    assert min(contrasts) >= 4.5, contrasts
    page.context.close()


def test_a_row_without_a_bar_has_more_room_for_its_name(page):
    page.tell(job(1, label="x" * 60), job(2, label="x" * 60, done=1, total=2))
    page.row(2).get_by_role("progressbar").wait_for()
    whole, half = (page.row(number).locator(".bgjobs-label").bounding_box()["width"] for number in (1, 2))
    assert whole > half * 1.3


# The contrast of each text with the background behind it, as WCAG counts it.
CONTRASTS = """(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (...colors) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const color of colors) { canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (channels) => {
    const linear = (c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = channels.map((c) => linear(c / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    const colors = [];
    for (let at = node; at; at = at.parentElement) { colors.unshift(getComputedStyle(at).backgroundColor); }
    return rgb("white", ...colors);
  };
  return [...document.querySelectorAll(".bgjobs *")]
    .filter((node) => node.checkVisibility() && !node.closest(".bgjobs-hidden"))
    .filter((node) => [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim() !== ""))
    .map((node) => [light(rgb(getComputedStyle(node).color)), light(behind(node))].sort((one, other) => other - one))
    .map(([high, low]) => (high + 0.05) / (low + 0.05));
})()"""


def test_the_browser_tells_of_an_end_while_the_page_is_not_in_view_if_the_user_allowed_it(browser):
    page = Page(browser, permissions=["notifications"])
    page.page.evaluate("""() => {
      window.told = [];
      class Fake { constructor(title, options) { told.push([title, options.body]); } }
      Fake.permission = "granted";
      Fake.requestPermission = async () => "granted";
      window.Notification = Fake;
      document.hasFocus = () => window.isThere;
      window.isThere = false;
    }""")
    page.tell(job(1), job(2), job(3))
    page.tell({"id": 1, "state": "done"})
    assert page.page.evaluate("told") == []
    bell = page.page.get_by_role("button", name="Notify")
    bell.click()
    page.wait("document.querySelector('.bgjobs-bell').getAttribute('aria-pressed') === 'true'")
    page.tell({"id": 2, "state": "failed", "line": "KeyError"})
    assert page.page.evaluate("told") == [["Job #2 has failed", "fit(2)\nKeyError"]]
    page.page.evaluate("window.isThere = true")
    page.tell({"id": 3, "state": "done"})
    assert len(page.page.evaluate("told")) == 1
    bell.click()
    page.wait("document.querySelector('.bgjobs-bell').getAttribute('aria-pressed') === 'false'")
    page.close()


def test_a_browser_that_forbids_notifications_is_told_of(browser):
    page = Page(browser)
    page.page.evaluate("""() => {
      window.Notification = class { static permission = "denied"; static requestPermission = async () => "denied"; };
    }""")
    page.tell(job(1))
    page.page.get_by_role("button", name="Notify").click()
    page.page.get_by_text("The browser does not allow notifications of this page").wait_for()
    page.close()
