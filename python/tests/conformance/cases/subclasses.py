"""Classes of jobs that users derive."""

import threading

from conformance.seeing import Gate, add, fail, finished, refusal, refused, show


def kind(bg, **members):
    """A class of jobs that ends `__init__` with `_init`."""

    def __init__(self, *args):
        self.given = args
        self._init()

    return type("Mine", (bg.BackgroundJobBase,), {"__init__": __init__, **members})


def the_base_can_not_be_instantiated(bg):
    refused(bg.BackgroundJobBase)


def a_class_without_init_can_not_be_instantiated(bg):
    class Mine(bg.BackgroundJobBase):
        strform = "mine"

        def call(self):
            return 1

    refused(Mine)


def a_job_of_a_derived_class(bg):
    job = kind(bg, strform="double", call=lambda self: self.given[0] * 2)(21)
    job.num = 3
    show(job.num, job.status, job.stat_code, job.finished, job.result, job.is_alive())
    print(job, repr(job))
    job.start()
    finished(job)
    show(job.num, job.status, job.stat_code, job.finished, job.result, job.is_alive())


def a_job_of_a_derived_class_that_fails(bg):
    job = kind(bg, strform="failing", call=lambda self: fail())()
    job.start()
    finished(job)
    show(job.status, job.stat_code, job.finished, job.result)
    job.traceback()


def without_call_an_assertion_names_it(bg):
    refused(kind(bg, strform="mine"))


def without_strform_an_assertion_names_it(bg):
    refused(kind(bg, call=lambda self: 1))


def without_both_an_assertion_names_the_first(bg):
    refused(kind(bg))


def strform_may_be_set_in_the_constructor(bg):
    class Mine(bg.BackgroundJobBase):
        def __init__(self, text):
            self.strform = text
            self._init()

        def call(self):
            return self.strform

    job = Mine("given")
    job.start()
    print(finished(job).result, job)


def strform_may_be_a_property(bg):
    job = kind(bg, strform=property(lambda self: f"given {self.given}"), call=lambda self: 1)(1, 2)
    job.num = 0
    print(job, repr(job))


def strform_that_is_not_a_text(bg):
    job = kind(bg, strform=5, call=lambda self: 1)()
    job.num = 0
    refused(str, job)
    print(repr(job))


def a_derived_class_with_its_own_texts(bg):
    def __str__(self):
        return "my text"

    def __repr__(self):
        return "my representation"

    job = kind(bg, strform="mine", call=lambda self: 1, __str__=__str__, __repr__=__repr__)()
    print(job, repr(job))


def starting_twice_is_refused(bg):
    gate = Gate()
    job = kind(bg, strform="mine", call=lambda self: gate())()
    job.start()
    refused(job.start)
    gate.open()
    finished(job)
    refused(job.start)
    show(job.result)


def a_job_of_a_manager_is_not_started_twice(bg):
    job = finished(bg.BackgroundJobManager().new(add))
    refused(job.start)


def joining_a_job_that_was_not_started_is_refused(bg):
    job = kind(bg, strform="mine", call=lambda self: 1)()
    refused(job.join)
    refused(job.join, 0.1)


def a_job_that_joins_itself_is_refused(bg):
    def call(self):
        return refusal(self.join)

    job = kind(bg, strform="mine", call=call)()
    job.start()
    show(finished(job).result)


def a_function_job_with_another_call(bg):
    class Mine(bg.BackgroundJobFunc):
        def call(self):
            return "around", super().call()

    job = Mine(add, 1, 1)
    job.start()
    show(finished(job).result)


def an_expression_job_with_another_call(bg):
    class Mine(bg.BackgroundJobExpr):
        def call(self):
            return "around", super().call()

    job = Mine("x", {"x": 4})
    job.start()
    show(finished(job).result)


def a_constructor_that_adds_to_that_of_a_function_job(bg):
    class Mine(bg.BackgroundJobFunc):
        def __init__(self, label, func, *args):
            bg.BackgroundJobFunc.__init__(self, func, *args)
            self.strform = label

    job = Mine("label", add, 5)
    job.start()
    print(finished(job).result, job)


def the_common_initialisation_may_be_extended(bg):
    class Mine(bg.BackgroundJobBase):
        strform = "mine"

        def __init__(self):
            self._init()

        def _init(self):
            super()._init()
            self.daemon = True
            self.name = "a name"

        def call(self):
            return self.name

    job = Mine()
    show(job.daemon)
    job.start()
    show(finished(job).result)


def run_may_be_replaced(bg):
    def run(self):
        self.seen = self.stat_code, self.status

    job = kind(bg, strform="mine", call=lambda self: 1, run=run)()
    job.start()
    finished(job)
    show(job.seen, job.status, job.stat_code, job.finished, job.result)


def run_may_be_extended(bg):
    def run(self):
        self.before = True
        bg.BackgroundJobBase.run(self)
        self.after = self.stat_code, self.result

    job = kind(bg, strform="mine", call=lambda self: "result", run=run)()
    job.start()
    show(finished(job).before, job.after)


def run_may_be_called_without_a_thread(bg):
    job = kind(bg, strform="mine", call=lambda self: "result")()
    job.run()
    show(job.status, job.stat_code, job.finished, job.result, job.is_alive())
    job = kind(bg, strform="mine", call=lambda self: fail())()
    job.run()
    show(job.status, job.stat_code, job.finished, job.result, job.is_alive())
    job.traceback()


def run_without_a_thread_leaves_an_identity(bg):
    job = kind(bg, strform="mine", call=lambda self: "result")()
    job.run()
    show(job.ident == threading.get_ident(), job.ident is None)


def a_job_that_forgot_init_can_not_be_started(bg):
    class Mine(bg.BackgroundJobBase):
        strform = "mine"

        def __init__(self):
            pass

        def call(self):
            return 1

    job = Mine()
    try:
        job.start()
    except RuntimeError:
        print("RuntimeError")
    else:
        show(finished(job).result)


def the_state_may_be_read_inside(bg):
    def call(self):
        return self.status, self.stat_code, self.finished, self.result, self.is_alive()

    job = kind(bg, strform="mine", call=call)()
    job.start()
    show(finished(job).result)


def several_classes_in_one_hierarchy(bg):
    first = kind(bg, strform="first", call=lambda self: 1)
    second = type("Second", (first,), {"strform": "second", "call": lambda self: first.call(self) + 1})
    mixed = type("Mixed", (add_note(object), second), {})
    for made in (first(), second(), mixed()):
        made.start()
        print(finished(made).result, made, isinstance(made, bg.BackgroundJobBase))


def add_note(base):
    return type("Note", (base,), {"note": "mixed in"})


def a_job_is_added_to_a_manager_by_hand(bg):
    jobs = bg.BackgroundJobManager()
    gate = Gate()
    finished(jobs.new(add))
    job = kind(bg, strform="mine", call=lambda self: gate())()
    job.num = 7
    jobs.all[7] = job
    jobs.running.append(job)
    job.start()
    gate.wait_for_entry()
    show(jobs[7] is job, [it.num for it in jobs.running])
    gate.open()
    finished(job)
    show([it.num for it in jobs.running], [it.num for it in jobs.completed])
    jobs.status()
    jobs.flush()
