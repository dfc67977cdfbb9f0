"""Expression jobs: where their names come from, and when they are compiled."""

from conformance.seeing import Gate, finished, refused, show

anything = "a global of the cases"


def an_expression_without_names(bg):
    show(finished(bg.BackgroundJobManager().new("2 + 3")).result)


def one_dict_serves_as_globals_and_locals(bg):
    jobs = bg.BackgroundJobManager()
    names = {"x": 1, "y": 2}
    job = finished(jobs.new("x + y", names))
    show(job.result, job.glob is names, job.loc is names)
    show(sorted(names))
    show(finished(jobs.new("[x + i for i in range(3)]", names)).result)


def two_dicts_are_globals_and_locals(bg):
    jobs = bg.BackgroundJobManager()
    glob, loc = {"x": 1, "y": 2}, {"x": 10}
    job = finished(jobs.new("x + y", glob, loc))
    show(job.result, job.glob is glob, job.loc is loc)


def three_dicts_are_refused(bg):
    jobs = bg.BackgroundJobManager()
    refused(jobs.new, "1", {}, {}, {})
    refused(jobs.new, "1 +", {}, {}, {})
    show(jobs.all)


def names_that_are_not_a_dict_fail_in_the_job(bg):
    jobs = bg.BackgroundJobManager()
    show(finished(jobs.new("1", 5)).status)
    show(finished(jobs.new("1", {}, 5)).status)
    show(finished(jobs.new("1", None)).result, sorted(jobs[2].glob))


def without_dicts_the_names_are_those_of_the_caller(bg):
    jobs = bg.BackgroundJobManager()
    mine = "a local of the caller"
    job = finished(jobs.new("mine, anything"))
    show(job.result, mine)
    show(job.glob is globals(), "mine" in job.loc)


def the_caller_may_be_a_module(bg):
    names = {"jobs": bg.BackgroundJobManager(), "x": 4}
    exec("job = jobs.new('x * 2')", names)
    show(finished(names["job"]).result, names["job"].glob is names, names["job"].loc is names)


def the_caller_may_be_a_class_body(bg):
    jobs = bg.BackgroundJobManager()

    class Body:
        inside = "a name of the class body"
        job = jobs.new("inside, anything")
        finished(job)

    show(Body.job.result)


def the_caller_may_be_a_nested_function(bg):
    jobs = bg.BackgroundJobManager()
    outer = "used by the inner function"
    unused = "not used by the inner function"

    def caller():
        own = "own"
        show(own, outer)
        return jobs.new("own, outer"), jobs.new("unused")

    both = caller()
    show(finished(both[0]).result, finished(both[1]).status)
    show(unused)


def the_caller_may_be_another_job(bg):
    jobs = bg.BackgroundJobManager()
    job = finished(jobs.new("jobs.new('x + 1')", {"jobs": jobs, "x": 1}))
    show(finished(job.result).result)


def functions_inside_an_expression_see_only_globals(bg):
    jobs = bg.BackgroundJobManager()
    show(finished(jobs.new("(lambda: x)()", {"x": 1}, {"x": 2})).result)
    show(finished(jobs.new("(lambda: y)()", {"x": 1}, {"y": 2})).status)


def globals_are_looked_up_when_the_expression_reaches_them(bg):
    jobs = bg.BackgroundJobManager()
    names = {"gate": Gate(), "x": "before"}
    job = jobs.new("gate(), x", names)
    names["gate"].wait_for_entry()
    names["x"] = "after"
    names["gate"].open()
    show(finished(job).result)


def an_expression_may_assign_with_a_walrus(bg):
    jobs = bg.BackgroundJobManager()
    glob, loc = {}, {}
    finished(jobs.new("(y := 5)", glob, loc))
    finished(jobs.new("(z := 6)", glob))
    show(loc, sorted(glob))


def a_syntax_error_is_raised_at_once(bg):
    jobs = bg.BackgroundJobManager()
    for wrong in ("1 +", "x = 1", "print 'hello'", "", "import os", "1; 2", "pass"):
        try:
            jobs.new(wrong)
        except SyntaxError as error:
            show(type(error).__name__, error.msg, error.filename, error.lineno, error.offset, error.text)
    show(jobs.all, jobs.running)
    show(jobs.new("1").num)


def text_that_is_not_source_code_is_refused(bg):
    jobs = bg.BackgroundJobManager()
    refused(jobs.new, "1\0")
    refused(jobs.new, "\ud800")
    show(jobs.all)


def spaces_around_an_expression(bg):
    jobs = bg.BackgroundJobManager()
    refused(jobs.new, "  1")
    show(finished(jobs.new("1  \n")).result, jobs[0].strform if 0 in jobs.all else None)


def a_string_of_a_derived_class_is_an_expression(bg):
    class Text(str):
        pass

    job = finished(bg.BackgroundJobManager().new(Text("1 + 1")))
    show(job.result, type(job.expression).__name__)


def an_expression_job_shows_its_text(bg):
    job = finished(bg.BackgroundJobManager().new("1 +  1"))
    print(job, "|", repr(job), "|", job.strform, "|", job.expression)


def an_expression_of_several_lines(bg):
    jobs = bg.BackgroundJobManager()
    finished(jobs.new("(1 +\n 1)"))
    jobs.status()


def an_expression_is_compiled_as_code_without_a_file(bg):
    code = finished(bg.BackgroundJobManager().new("1 + 1")).code
    show(code.co_filename, code.co_name, code.co_firstlineno)
    show(code.co_flags == compile("1 + 1", "", "eval", dont_inherit=True).co_flags)


def an_expression_job_without_a_manager_has_no_names(bg):
    job = bg.BackgroundJobExpr("1 + 1")
    show(job.glob, job.loc, job.expression)
    job.start()
    show(finished(job).result)


def an_expression_job_without_a_manager_takes_names_by_keyword(bg):
    job = bg.BackgroundJobExpr("x + y", glob={"x": 1}, loc={"y": 2})
    job.start()
    show(finished(job).result)
    refused(bg.BackgroundJobExpr, "1 +")


def keywords_of_new_are_not_names(bg):
    jobs = bg.BackgroundJobManager()
    show(finished(jobs.new("x", kw={"x": 1})).status)


def an_expression_of_bytes_is_refused(bg):
    refused(bg.BackgroundJobManager().new, b"1 + 1")
