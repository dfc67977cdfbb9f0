//! Values that the prompt and its jobs share.

use bgjobs_shell::lang::notice;
use expect_test::expect;

use crate::transcript::{Seen, check};

#[test]
fn everyone_sees_a_shared_value() {
    check(
        &[
            "count = shared(0)",
            "fn add(n) { for i in 0..n { count.update(|v| v + 1) } }",
            "for i in 0..4 { jobs.new(add, 100) }",
            "count.wait(|v| v == 400)",
            "count",
            "count.set([1, 2]); count.get()",
            "count.update(|v| { v.push(3); v })",
            "count.update(|v| v.push(4))",
            "count.update(|v| throw 'no')",
            "print(count); [count, #{a: count}]",
            "count.wait(|v| v)",
        ],
        expect![[r#"
            > count = shared(0)
            > fn add(n) { for i in 0..n { count.update(|v| v + 1) } }
            > for i in 0..4 { jobs.new(add, 100) }
            > count.wait(|v| v == 400)
            400
            > count
            shared(400)
            > count.set([1, 2]); count.get()
            [1, 2]
            > count.update(|v| { v.push(3); v })
            [1, 2, 3]
            > count.update(|v| v.push(4))
            Traceback (most recent call last):
              In[8], line 1
                count.update(|v| v.push(4))
                      ^
            update(..): the function must return the new value, as in |v| { v.push(3); v }; set(()) sets ()
            > count.update(|v| throw 'no')
            Traceback (most recent call last):
              In[9], line 1
                count.update(|v| throw 'no')
                      ^
              In[9], line 1, in a closure
                count.update(|v| throw 'no')
                                 ^
            no
            > print(count); [count, #{a: count}]
            shared([1, 2, 3])
            [shared([1, 2, 3]), #{a: shared([1, 2, 3])}]
            > count.wait(|v| v)
            Traceback (most recent call last):
              In[11], line 1
                count.wait(|v| v)
                      ^
            wait(..): the function must return true or false, not array
        "#]],
    );
}

#[test]
fn a_wait_for_a_shared_value_ends_when_a_job_sets_it() {
    check(
        &[
            "x = shared(()); y = shared(())",
            "fn answer() { x.wait(|v| type_of(v) == 'i64'); y.set(x.get() * 2) }",
            "j = jobs.new(answer)",
            "x.set(21); y.wait(|v| v != ())",
        ],
        expect![[r#"
            > x = shared(()); y = shared(())
            > fn answer() { x.wait(|v| type_of(v) == 'i64'); y.set(x.get() * 2) }
            > j = jobs.new(answer)
            > x.set(21); y.wait(|v| v != ())
            42
        "#]],
    );
}

/// Two updates that use each other's value would wait forever.
#[test]
fn an_update_can_not_wait() {
    check(
        &[
            "a = shared(1); b = shared(2); also = a",
            "a.update(|v| v + b.get())",
            "a.update(|v| b.update(|w| w + v))",
            "a.update(|v| also.update(|w| w + v))",
            "a.update(|v| { b.set(3); v })",
            "a.update(|v| { jobs.new('1').join(); v })",
            "a.update(|v| v + also.get())",
        ],
        expect![[r#"
            > a = shared(1); b = shared(2); also = a
            > a.update(|v| v + b.get())
            3
            > a.update(|v| b.update(|w| w + v))
            Traceback (most recent call last):
              In[3], line 1
                a.update(|v| b.update(|w| w + v))
                  ^
              In[3], line 1, in a closure
                a.update(|v| b.update(|w| w + v))
                               ^
            inside update(..) of a shared value you can't wait for a job, or use another shared value: two updates might wait for each other forever; do it before or after
            > a.update(|v| also.update(|w| w + v))
            Traceback (most recent call last):
              In[4], line 1
                a.update(|v| also.update(|w| w + v))
                  ^
              In[4], line 1, in a closure
                a.update(|v| also.update(|w| w + v))
                                  ^
            inside update(..) of a shared value you can't wait for a job, or use another shared value: two updates might wait for each other forever; do it before or after
            > a.update(|v| { b.set(3); v })
            Traceback (most recent call last):
              In[5], line 1
                a.update(|v| { b.set(3); v })
                  ^
              In[5], line 1, in a closure
                a.update(|v| { b.set(3); v })
                                 ^
            inside update(..) of a shared value you can't wait for a job, or use another shared value: two updates might wait for each other forever; do it before or after
            > a.update(|v| { jobs.new('1').join(); v })
            Traceback (most recent call last):
              In[6], line 1
                a.update(|v| { jobs.new('1').join(); v })
                  ^
              In[6], line 1, in a closure
                a.update(|v| { jobs.new('1').join(); v })
                                             ^
            inside update(..) of a shared value you can't wait for a job, or use another shared value: two updates might wait for each other forever; do it before or after
            > a.update(|v| v + also.get())
            6
        "#]],
    );
}

#[test]
fn using_a_shared_value_does_not_count_as_a_change() {
    let seen = Seen::default();
    let mut session = seen.session();
    session.answer("count = shared(0); jobs.new('count.update(|v| v + 1)').join()");
    let report = session.report();
    assert!(!notice(&report).contains("its own copy"), "{report}");
}

#[test]
fn a_shared_value_that_contains_itself_can_be_shown() {
    check(
        &["s = shared(0)", "s.set([s, s])", "s", "s.set(())"],
        expect![[r#"
            > s = shared(0)
            > s.set([s, s])
            > s
            shared([shared(…), shared(…)])
            > s.set(())
        "#]],
    );
}

/// During an update others wait for its end, and the value can be read.
#[test]
fn others_can_read_during_an_update() {
    check(
        &[
            "x = shared(1); begin = shared(false)",
            "fn slow(v) { while !begin.get() { sleep(0.001) } v + 1 }",
            "j = jobs.new('x.update(|v| slow(v))')",
            "while j.stat_code == 0 { sleep(0.001) }",
            "x.get()",
            "k = jobs.new('x.update(|v| v * 10)')",
            "begin.set(true); k.join(); j.join(); [j.result, k.result].contains(20) || k.result == 10",
        ],
        expect![[r#"
            > x = shared(1); begin = shared(false)
            > fn slow(v) { while !begin.get() { sleep(0.001) } v + 1 }
            > j = jobs.new('x.update(|v| slow(v))')
            > while j.stat_code == 0 { sleep(0.001) }
            > x.get()
            1
            > k = jobs.new('x.update(|v| v * 10)')
            > begin.set(true); k.join(); j.join(); [j.result, k.result].contains(20) || k.result == 10
            true
        "#]],
    );
}
