"""The settings that a job's process begins with: those of the process that started the job."""

from __future__ import annotations

import importlib.machinery
import logging
import os
import random
import subprocess
import sys
import textwrap
import warnings

import pytest
from hosts import environment

from bgjobs import BackgroundJobManager

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a POSIX system")
pytest.importorskip("cloudpickle")


def run(body):
    job = BackgroundJobManager().new(body, process=True)
    return job.get(60), str(job.log)


def test_the_limits_of_the_interpreter_are_the_same():
    for name in ("recursionlimit", "_int_max_str_digits"):
        get, change = getattr(sys, f"get{name}", None), getattr(sys, f"set{name}", None)
        if get is None:
            # Old Pythons have no limit for the digits of an int.
            continue
        before = get()
        change(before + 4321)
        try:
            assert run(get)[0] == before + 4321
        finally:
            change(before)


def test_the_warning_filters_are_the_same():
    def body():
        warnings.warn("told", UserWarning, stacklevel=1)
        warnings.warn("not told", UserWarning, stacklevel=1)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.filterwarnings("always", "told")
        told = run(body)[1]
    assert "UserWarning: told\n" in told and "not told" not in told


def test_a_filter_for_a_category_of_a_module_does_not_import_it(monkeypatch, tmp_path):
    (tmp_path / "warner_for_bgjobs.py").write_text("class Quirk(UserWarning): pass\nclass Odd(Quirk): pass\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    import warner_for_bgjobs

    def body():
        unknown = "warner_for_bgjobs" not in sys.modules
        module = __import__("warner_for_bgjobs")
        for category in (module.Odd, UserWarning):
            warnings.warn(category.__name__, category, stacklevel=1)
        return unknown

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", warner_for_bgjobs.Quirk)
        unknown, told = run(body)
    assert unknown
    assert "UserWarning: UserWarning" in told and "Odd" not in told


@pytest.fixture
def logger():
    """A logger as a user sets it up, without that of pytest."""
    logger = logging.getLogger("bgjobs-tests.child")
    logger.propagate = False
    yield logger
    logger.handlers.clear()
    logger.setLevel(logging.NOTSET)
    logger.propagate = True


def log_something():
    logger = logging.getLogger("bgjobs-tests.child")
    logger.debug("low")
    logger.info("high")


def test_logging_has_the_same_levels_handlers_and_formats(logger):
    handler = logging.StreamHandler(sys.__stderr__)
    handler.setFormatter(logging.Formatter("%(levelname)s of %(name)s: %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    assert run(log_something)[1] == "INFO of bgjobs-tests.child: high\n"
    logger.setLevel(logging.DEBUG)
    handler.setLevel(logging.INFO)
    assert run(log_something)[1] == "INFO of bgjobs-tests.child: high\n"
    handler.addFilter(lambda record: False)
    assert run(log_something)[1] == ""


def test_a_handler_whose_format_cannot_be_sent_prints_without_it(logger):
    class Format(logging.Formatter):
        def __init__(self):
            super().__init__()
            self.frame = sys._getframe()

        def format(self, record):
            return "never"

    handler = logging.StreamHandler(sys.__stderr__)
    handler.setFormatter(Format())
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    assert run(log_something)[1] == "high\n"


def test_handlers_of_files_stay_with_the_program(logger, tmp_path):
    logger.addHandler(logging.FileHandler(tmp_path / "log"))
    logger.setLevel(logging.INFO)
    run(log_something)
    assert (tmp_path / "log").read_text() == ""
    logger.handlers[0].close()


def test_without_a_set_up_of_logging_it_is_not_imported():
    # A program of its own, because pytest sets logging up.
    program = """
        import sys
        from bgjobs import BackgroundJobManager
        modules = BackgroundJobManager().new("[*__import__('sys').modules]", process=True).get()
        print("logging" in sys.modules, [name for name in ("logging", "multiprocessing") if name in modules])
    """
    shown = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], env=environment(), capture_output=True, text=True, timeout=60
    )
    assert shown.stdout + shown.stderr == "True []\n"


def test_random_numbers_differ_from_job_to_job():
    draw = random.random
    for body in (lambda: random.random(), lambda: draw(), random.random):
        random.seed(1)
        assert len({run(body)[0], run(body)[0], random.random()}) == 3


def test_a_program_started_by_its_modules_name_has_that_name(monkeypatch):
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", importlib.machinery.ModuleSpec("here.now", None))
    assert run(lambda: sys.modules["__main__"].__spec__.name)[0] == "here.now"
