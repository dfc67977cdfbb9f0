from __future__ import annotations

import threading
from html.parser import HTMLParser

import pytest

import bgjobs
from bgjobs import BackgroundJobManager
from bgjobs.display import job_html, jobs_html


class Table(HTMLParser):
    """The rows of a table; fails on unexpected tags, and on tags that are not closed in order."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.open = [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        assert tag in ("b", "p", "table", "thead", "tbody", "tr", "th", "td", "pre"), tag
        assert all(name == "style" for name, _ in attributes)
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("th", "td"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.rows:
            self.rows[-1][-1] += data


@pytest.fixture
def jobs():
    return BackgroundJobManager()


def test_a_manager_is_a_table_of_its_jobs(jobs):
    gate, printed = threading.Event(), threading.Event()

    def body():
        print("halfway")
        printed.set()
        gate.wait(60)

    jobs.new("6 * 7", {}).join()
    jobs.new("1 / 0", {}).join()
    running = jobs.new(body)
    printed.wait(60)
    rows = Table(jobs_html(jobs.all)).rows
    gate.set()
    running.join()
    assert rows[0] == ["", "Job", "Status", "Time", ""]
    assert [[*row[:3], row[4]] for row in rows[1:]] == [
        ["0", "6 * 7", "Completed", "42"],
        ["1", "1 / 0", "Dead (Exception)", "ZeroDivisionError: division by zero"],
        ["2", "body()", "Running", "halfway"],
    ]
    assert all(row[3].endswith("s") for row in rows[1:])


def test_a_job_that_waits_says_so_and_what_for(jobs):
    jobs.group("net").pause()
    waiting = jobs.new("6 * 7", {}, group="net")
    row = Table(jobs_html(jobs.all)).rows[1]
    waiting.stop()
    assert (row[2], row[4]) == ("Waiting", "group net is paused")


def test_a_job_is_a_table_of_what_is_known_about_it(jobs):
    def body():
        print("\n".join(f"line {n}" for n in range(9)))
        return {"a": 1}

    job = jobs.new(body)
    job.join()
    rows = dict(Table(job_html(job)).rows)
    assert rows.pop("Time").endswith("s")
    assert rows == {
        "Job": "#0 body()",
        "Status": "Completed",
        "Result": "{'a': 1}",
        "Log": "line 4\nline 5\nline 6\nline 7\nline 8",
    }
    job = jobs.new("1 / 0", {})
    job.join()
    rows = dict(Table(job_html(job)).rows)
    assert rows["Failure"] == "ZeroDivisionError: division by zero"
    assert "Log" not in rows
    job = jobs.new("bgjobs.sleep(3600)", {"bgjobs": bgjobs})
    job.stop("not needed any more")
    job.join()
    assert dict(Table(job_html(job)).rows)["Failure"] == "not needed any more"


def test_user_text_is_never_markup(jobs):
    evil = "<script>alert('\x1b&')</script>"
    job = jobs.new("print(evil) or evil", {"evil": evil})
    job.join()
    dead = jobs.new("{}[evil]", {"evil": evil})
    dead.join()
    for text in (jobs_html(jobs.all), job_html(job), job_html(dead)):
        Table(text)
        assert "<script" not in text
        assert "\x1b" not in text
    assert dict(Table(job_html(job)).rows)["Log"] == "<script>alert('\\x1b&')</script>"


def test_a_long_or_broken_result_is_one_short_line(jobs):
    class Broken:
        def __repr__(self):
            raise RuntimeError("no")

    for value, shown in [(list(range(10**5)), "[0, 1, 2, 3, 4, 5, ...]"), (None, "")]:
        job = jobs.new(lambda value=value: value)
        job.join()
        assert dict(Table(job_html(job)).rows).get("Result", "") == shown
    job = jobs.new(Broken)
    job.join()
    assert "Broken" in dict(Table(job_html(job)).rows)["Result"]
    job = jobs.new(lambda: "x" * 10**6)
    job.join()
    assert len(job_html(job)) < 2000


def test_the_newest_of_many_jobs_are_shown(jobs):
    for job in jobs.map(str, range(60)):
        job.join()
    text = jobs_html(jobs.all)
    assert "10 older ones are not shown." in text
    assert [row[0] for row in Table(text).rows[1:]] == [str(num) for num in range(10, 60)]


def test_showing_a_table_does_not_count_as_a_report(jobs, capsys):
    jobs.new("1 + 1", {}).join()
    jobs_html(jobs.all)
    assert jobs._status_new()
    assert "0 : 1 + 1" in capsys.readouterr().out


def test_a_job_that_was_not_started_has_no_time():
    from bgjobs import BackgroundJobFunc

    assert "Time" not in dict(Table(job_html(BackgroundJobFunc(print))).rows)


def test_long_texts_are_cut_and_notes_do_not_hide_the_failure(jobs):
    def body():
        print("y" * 1_000_000)
        error = ValueError("x" * 1_000_000)
        if hasattr(error, "add_note"):
            error.add_note("a note")
        raise error

    jobs.new(body).join()
    jobs.new("len('" + "w" * 10_000 + "')", {}).join()
    for text in (jobs_html(jobs.all), job_html(jobs[0]), job_html(jobs[1])):
        assert len(text) < 10_000
    assert "ValueError: xxx" in job_html(jobs[0]) and "(1000012 characters)" in job_html(jobs[0])


class Frame:
    """A value that shows itself as pandas' frames do."""

    shape = (2, 1)

    def __init__(self, html):
        self._html = html

    def _repr_html_(self):
        if isinstance(self._html, Exception):
            raise self._html
        return self._html

    def __repr__(self):
        return "   a\n0  1\n1  2"


FRAME = """<div>
<style scoped>.dataframe tbody tr th { color: red }</style>
<table border="1" class="dataframe" onclick="act()">
  <tr><th></th><th colspan="2">a</th></tr>
  <tr><th>0</th><td>1 &lt; 2<script>act()</script><img src=x onerror=act()></td></tr>
</table>
</div>"""


def shown(jobs, html):
    """What a job's card and its line in the list show of a result with this HTML."""
    job = jobs.new(Frame, html)
    job.join()
    assert Table(jobs_html(jobs.all)).rows[-1][-1] == "Frame, 2 x 1"
    card = job_html(job)
    return card[card.index(">Result</th>") + len(">Result</th>") :].removesuffix("</tr></tbody></table>")


def test_a_result_that_is_a_table_is_one_in_the_card_and_short_in_the_list(jobs):
    cell = shown(jobs, FRAME)
    assert "".join(cell.partition("<div>")[1:]).replace("\n", "").replace("  ", "") == (
        '<div><table><tr><th></th><th colspan="2">a</th></tr><tr><th>0</th><td>1 &lt; 2</td></tr></table></div></td>'
    )


@pytest.mark.parametrize(
    ("html", "safe"),
    [
        ("</td></tr></table><table><td>a", "<table><td>a</td></table>"),
        ("<tr><td>outside<table><tr><td>in", "outside<table><tr><td>in</td></tr></table>"),
        ("<table><td><a href='javascript:act()'>a</a><iframe src=x>b</iframe>", "<table><td>a</td></table>"),
        ("<table><td>a<script>act()", "<table><td>a</td></table>"),
        ("<table><td>a\x1b[2J\u202e", "<table><td>a\\x1b[2J\\u202e</td></table>"),
        ("<table><td rowspan='9999999' style='position: fixed'>a", "<table><td>a</td></table>"),
        ("<TABLE><TD>&lt;script&gt;", "<table><td>&lt;script&gt;</td></table>"),
        ("<b>no table</b>", "Frame, 2 x 1"),
        ("<table>" + "x" * 100_000, "Frame, 2 x 1"),
        (None, "Frame, 2 x 1"),
        (ValueError("no"), "Frame, 2 x 1"),
    ],
)
def test_the_table_of_a_result_can_not_act_nor_leave_its_cell(jobs, html, safe):
    cell = shown(jobs, html)
    assert cell.partition(">")[2].removesuffix("</td>") == safe


def test_a_job_whose_result_is_itself_can_be_shown(jobs):
    job = jobs.new("box[0]", {"box": (box := [None])})
    job.join()
    box[0] = job
    again = jobs.new("box[0]", {"box": box})
    box[0] = again
    again.join()
    assert "Completed" in job_html(again)


def test_numbers_states_and_times_stay_in_one_line_and_long_words_are_broken(jobs):
    jobs.new("'x' * 1000", {}).join()
    table = jobs_html(jobs.all)
    row = table[table.index("<tbody>") :]
    assert row.count("white-space: nowrap") == 3
    assert row.count("overflow-wrap: anywhere") == 2
