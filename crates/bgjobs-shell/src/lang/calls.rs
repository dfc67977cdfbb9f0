//! Where an evaluation is: the functions that it is in, one inside the other, and the place in each, readable from any
//! thread.
//!
//! Rhai's debugger would tell them, but it copies the arguments of every call: filling an array of 8,000 numbers took 140
//! times as long. So the body of each of the user's functions becomes one expression of our own around it, which costs
//! something where a function is called, and nothing elsewhere; what costs nothing at all is in [`marks`](super::marks).
//! Knows nothing of names and of what is shown.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Instant,
};

use rhai::{
    Dynamic, Engine, EvalAltResult, EvalContext, Expression, ImmutableString, NativeCallContext, Position, Scope,
};

use super::{
    code::Code,
    error::{Result, error},
    marks::{Mark, Meaning},
    weave::{BLOCK, Block},
};

/// Stands for the body of a function in what Rhai evaluates; a user's text can't say it.
pub(super) const BODY: &str = "$";

/// After how many operations of Rhai's, at least, a look is due at how long the evaluation has been where it is.
const LOOK_EVERY: u64 = 2_048;

/// Where an evaluation is.
#[derive(Clone, Default)]
pub(super) struct Calls(Arc<Inner>);

#[derive(Default)]
struct Inner {
    stack: Mutex<Stack>,
    /// The newest mark.
    mark: AtomicUsize,
    /// Whether a function was ended by force, as by a stop.
    ended: AtomicBool,
    /// At which operation the next look is due.
    next_look: AtomicU64,
}

/// What an evaluation is in, the outermost first.
#[derive(Default)]
struct Stack {
    entered: Vec<Entered>,
    seen: Option<Seen>,
    /// What the frames that failed hand over, the innermost first.
    failed: Vec<Failed>,
}

/// Something that an evaluation is in.
struct Entered {
    what: What,
    /// The newest mark before it was entered: the place of the call.
    caller: Mark,
}

#[derive(Clone)]
enum What {
    Code(Arc<Code>),
    /// A function in Rust that may take its time.
    Native {
        name: Arc<str>,
        call: Position,
        since: Instant,
    },
}

/// Where the last look found the evaluation.
struct Seen {
    depth: usize,
    line: Option<usize>,
    since: Instant,
    looked: Instant,
}

/// The names that a frame had when it failed.
pub(super) struct Failed {
    /// How many frames of code there were with it.
    depth: usize,
    /// None outside of functions.
    pub(super) function: Option<ImmutableString>,
    /// The names of the inner blocks come first, and hide others.
    pub(super) names: Vec<(ImmutableString, Dynamic)>,
}

/// Where an evaluation is at one moment.
pub(super) struct Now {
    /// The code that it is in, outermost first, with the place in it as far as it is known.
    pub(super) frames: Vec<(Arc<Code>, Option<Position>)>,
    /// The function in Rust that it is in.
    pub(super) native: Option<Arc<str>>,
    /// Since when it has been there.
    pub(super) since: Instant,
}

/// What is left when this is dropped.
pub(super) struct Inside<'a>(&'a Calls);

impl Calls {
    fn stack(&self) -> MutexGuard<'_, Stack> {
        self.0.stack.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn mark(&self) -> Mark {
        Mark::at(self.0.mark.load(Ordering::Relaxed))
    }

    fn set_mark(&self, mark: Mark) {
        self.0.mark.store(mark.address(), Ordering::Relaxed);
    }

    /// Notes that a variable is looked up; says whether it is the user's.
    #[inline]
    pub(super) fn at(&self, name: &str, index: usize) -> bool {
        self.set_mark(Mark::of(name));
        match super::marks::meaning(name, index) {
            Meaning::Variable => return true,
            Meaning::Place => {}
            Meaning::Caught => drop(self.take_failed()),
        }
        false
    }

    /// Whether a function was ended by force, as by a stop.
    pub(super) fn were_ended(&self) -> bool {
        self.0.ended.load(Ordering::Relaxed)
    }

    /// Notes that some code is entered; each call of the evaluation locks for a moment, here and at its end.
    pub(super) fn enter(&self, code: Arc<Code>) -> Inside<'_> {
        self.push(What::Code(code))
    }

    /// Notes that a function in Rust is called that may take its time.
    pub(super) fn enter_native(&self, context: &NativeCallContext<'_>) -> Inside<'_> {
        let (name, call) = (context.fn_name().into(), context.call_position());
        self.push(What::Native { name, call, since: Instant::now() })
    }

    fn push(&self, what: What) -> Inside<'_> {
        let mut stack = self.stack();
        stack.entered.push(Entered { what, caller: self.mark() });
        self.set_mark(Mark::default());
        drop(stack);
        Inside(self)
    }

    /// Where the evaluation is now; none if it has not begun.
    pub(super) fn now(&self) -> Option<Now> {
        let mut stack = self.stack();
        let since = stack.look(self.mark());
        let mut frames = Vec::new();
        let mut native = None;
        let next = stack.entered.iter().skip(1).map(Some).chain([None]);
        for (entered, next) in stack.entered.iter().zip(next) {
            match &entered.what {
                What::Native { .. } if next.is_some() => {}
                What::Native { name, .. } => native = Some(Arc::clone(name)),
                What::Code(code) => {
                    let position = match next {
                        Some(Entered { what: What::Native { call, .. }, .. }) if !call.is_none() => Some(*call),
                        next => code.position(next.map_or(self.mark(), |next| next.caller)),
                    };
                    frames.push((Arc::clone(code), position));
                }
            }
        }
        (!frames.is_empty() || native.is_some()).then_some(Now { frames, native, since })
    }

    /// Looks now and then how long the evaluation has been where it is: `operations` is how far Rhai has counted.
    #[inline]
    pub(super) fn count(&self, operations: u64) {
        if operations >= self.0.next_look.load(Ordering::Relaxed) {
            self.look(operations);
        }
    }

    #[cold]
    fn look(&self, operations: u64) {
        let mut stack = self.stack();
        stack.look(self.mark());
        let looked = stack.seen.as_ref().map(|seen| seen.looked);
        drop(stack);
        // A loop must not be looked at at the same place each time.
        let jitter = looked.map_or(0, |looked| u64::from(looked.elapsed().subsec_nanos()) % LOOK_EVERY);
        self.0.next_look.store(operations + LOOK_EVERY + jitter, Ordering::Relaxed);
    }

    /// What the frames that failed hand over, the innermost first.
    pub(super) fn take_failed(&self) -> Vec<Failed> {
        std::mem::take(&mut self.stack().failed)
    }

    /// Keeps the names above `base` of a block that failed; they would be gone anyway.
    #[cold]
    fn keep(&self, scope: &mut Scope<'_>, base: usize) {
        // The newest come first, and hide others of the same name.
        let count = scope.len().saturating_sub(base);
        let own: Vec<ImmutableString> = scope.iter_raw().take(count).map(|(name, ..)| name.into()).collect();
        let mut names = Vec::new();
        for name in own {
            if names.iter().any(|(known, _)| *known == name) {
                continue;
            }
            let value = match scope.get_mut(&name) {
                Some(value) => value.take(),
                None => scope.get(&name).cloned().unwrap_or_default(),
            };
            names.push((name, value));
        }
        let mut stack = self.stack();
        let (depth, function) = stack.innermost();
        // An error comes from inside: what is from further outside was of another, which something has swallowed.
        let mut gone = Vec::new();
        if stack.failed.last().is_some_and(|last| last.depth < depth) {
            gone = std::mem::take(&mut stack.failed);
        }
        match stack.failed.last_mut() {
            Some(last) if last.depth == depth => last.names.extend(names),
            _ => stack.failed.push(Failed { depth, function, names }),
        }
        drop(stack);
        drop(gone);
    }

    /// Has an engine note what it does in code that was [woven](super::weave).
    pub(super) fn watch(&self, engine: &mut Engine) {
        let calls = self.clone();
        let call = move |context: &mut EvalContext<'_, '_, '_, '_, '_, '_>, _: &[Expression<'_>], state: &Dynamic| {
            let code = state.read_lock::<Arc<Code>>();
            // `eval` can be given a text that says it.
            let code = code.ok_or_else(|| error(format!("'{BODY}' is a reserved symbol")))?;
            let base = context.scope().len().saturating_sub(code.parameters);
            let inside = calls.enter(Arc::clone(&code));
            let value = evaluate(context, &code.body);
            if let Err(error) = &value
                && !error.is_pseudo_error()
            {
                calls.keep(context.scope_mut(), base);
            }
            drop(inside);
            calls.placed(value, context.source())
        };
        engine.register_custom_syntax_handler(BODY, false, call).expect("it changes no scope");
        let calls = self.clone();
        let block = move |context: &mut EvalContext<'_, '_, '_, '_, '_, '_>, _: &[Expression<'_>], state: &Dynamic| {
            let block = state.read_lock::<Arc<Block>>();
            let block = block.ok_or_else(|| error(format!("'{BLOCK}' is a reserved symbol")))?;
            let base = context.scope().len().saturating_sub(block.lent);
            let value = evaluate(context, &block.body);
            if let Err(error) = &value
                && !error.is_pseudo_error()
            {
                calls.keep(context.scope_mut(), base);
            }
            value
        };
        engine.register_custom_syntax_handler(BLOCK, false, block).expect("it changes no scope");
    }

    /// Rhai hands a stop and an overflow of the stack through all calls and forgets the places; inside another error it
    /// keeps them.
    fn placed(&self, value: Result<Dynamic>, source: Option<&str>) -> Result<Dynamic> {
        let Err(mut error) = value else { return value };
        match *error {
            // That other error can be caught, so it is noted too.
            EvalAltResult::ErrorTerminated(..) => self.0.ended.store(true, Ordering::Relaxed),
            EvalAltResult::ErrorStackOverflow(_) => {}
            _ => return Err(error),
        }
        let position = error.take_position();
        let source = source.unwrap_or_default().to_owned();
        Err(EvalAltResult::ErrorInFunctionCall(String::new(), source, error, position).into())
    }
}

/// Evaluates a block, and leaves the names that it declares to be looked at; Rhai takes them away at the end of the block
/// in which this stands.
#[expect(deprecated, reason = "Rhai's mark for what may change between its versions; tests would tell")]
fn evaluate(context: &mut EvalContext<'_, '_, '_, '_, '_, '_>, body: &rhai::Expr) -> Result<Dynamic> {
    context.eval_expression_tree_raw(&Expression::from(body), false)
}

impl Stack {
    /// How many frames of code there are, and the function of the innermost.
    fn innermost(&self) -> (usize, Option<ImmutableString>) {
        let codes = self.entered.iter().filter_map(|entered| match &entered.what {
            What::Code(code) => Some(code),
            What::Native { .. } => None,
        });
        codes.fold((0, None), |(depth, _), code| (depth + 1, code.function.clone()))
    }

    /// Notes where the evaluation is, and returns since when it has been there.
    fn look(&mut self, mark: Mark) -> Instant {
        let now = Instant::now();
        let depth = self.entered.len();
        let line = match self.entered.last().map(|entered| &entered.what) {
            Some(What::Native { since, .. }) => return *since,
            Some(What::Code(code)) => code.position(mark).and_then(Position::line),
            None => None,
        };
        let since = match &self.seen {
            Some(seen) if (seen.depth, seen.line) == (depth, line) => seen.since,
            // It came here after the last look.
            Some(seen) => seen.looked,
            None => now,
        };
        self.seen = Some(Seen { depth, line, since, looked: now });
        since
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        let mut stack = self.0.stack();
        let left = stack.entered.pop();
        if let Some(Entered { caller, .. }) = &left {
            self.0.set_mark(*caller);
        }
        drop(stack);
        drop(left);
    }
}
#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::{code::watched, source::Source};

    fn evaluate(text: &str, calls: &Calls) -> Result<Dynamic> {
        let mut engine = Engine::new();
        calls.watch(&mut engine);
        let asked = calls.clone();
        #[expect(deprecated, reason = "Rhai's mark for what may change between its versions; tests would tell")]
        engine.on_var(move |name, index, _| Ok((!asked.at(name, index)).then_some(Dynamic::UNIT)));
        let shared = calls.clone();
        engine.register_fn("lines", move |context: NativeCallContext<'_>| {
            let inside = shared.enter_native(&context);
            // As another thread would.
            let calls = shared.clone();
            let frames = std::thread::spawn(move || calls.now().map(|now| now.frames).unwrap_or_default()).join();
            drop(inside);
            let line = |(code, position): &(Arc<Code>, Option<Position>)| {
                let line = position.and_then(Position::line).map_or_else(|| "?".to_owned(), |line| line.to_string());
                format!("{} {line}", code.function.as_deref().unwrap_or("text"))
            };
            frames.map_or_else(|_| String::new(), |frames| frames.iter().map(line).collect::<Vec<_>>().join(", "))
        });
        let ast = engine.compile(text)?;
        let source = Source::new("In[1]", text);
        engine.register_global_module(watched(ast.shared_lib(), &source));
        engine.eval_ast(&ast.clone_statements_only())
    }

    #[test]
    fn the_functions_that_run_and_the_lines_that_they_are_at_are_known_to_other_threads() {
        let calls = Calls::default();
        let text = "fn inner() {\n lines() }\nfn outer(n) {\n let x = n;\n let y = 1;\n inner() }\nouter(1)";
        assert_eq!(evaluate(text, &calls).expect("it runs").to_string(), "outer 6, inner 2");
        assert!(evaluate("fn fails() { 1 / 0 } fn calls() { fails() } calls()", &calls).is_err());
        assert!(calls.now().is_none(), "what failed was left too");
    }

    #[test]
    fn each_way_to_call_says_its_line() {
        for (before, call) in [
            ("", "g()"),
            ("", "let y = g(); y"),
            ("let y = ();", "y = g(); y"),
            ("", "return g()"),
            ("", "if g() != \"\" { g() }"),
            ("", "f2(x, g())"),
            ("", "x.f2(g())"),
            ("", "[g()][0]"),
            ("", "#{a: g()}.a"),
            ("", "switch g() { _ => g() }"),
            ("", "for a in [g()] { x = a } x"),
            ("let y = 1;", "y; g()"),
            ("", "{ g() }"),
            ("", "try { g() } catch { }"),
            ("", "try { throw 1 } catch (e) { return g() }"),
            ("", "`${g()}`"),
            ("", "while x != g() { x = g() } x"),
            ("", "do { x = g() } while x != g(); x"),
            ("", "let c = || g(); c.call()"),
            ("", "x == g() || true; g()"),
        ] {
            let text = format!(
                "fn f2(a, b) {{ b }} fn f2(b) {{ b }} fn g() {{ lines() }}\nfn f(x) {{ {before}\n let z = 1;\n {call} }}\nf(1)"
            );
            let value = evaluate(&text, &Calls::default()).expect(call).to_string();
            assert!(value.starts_with("f 4, ") && value.ends_with("g 1"), "{call}: {value}");
        }
    }

    #[test]
    fn after_a_call_the_line_is_that_of_the_caller_again() {
        let text = "fn g(n) {\n let m = n; m }\nfn f(x) {\n g(x);\n lines() }\nf(1)";
        assert_eq!(evaluate(text, &Calls::default()).expect("it runs").to_string(), "f 5");
    }

    #[test]
    fn functions_do_what_they_did() {
        for (text, expected) in [
            ("fn f(a, b) { let c = a; if b { return c + 1; } c } [f(1, true), f(1, false)]", "[2, 1]"),
            ("fn f() {} f()", ""),
            ("fn f() { this += 1; this } let x = 1; [x.f(), x]", "[2, 2]"),
            ("let n = 3; let f = |x| x + n; [1, 2].map(f)", "[4, 5]"),
            ("fn f(n) { let x = n; for i in 0..n { let x = i; if i == 2 { break; } } x } f(5)", "5"),
            (
                "fn f(n) { let s = 0; for (x, i) in [5, 6, 7] { if i == 1 { continue } let y = x; s += y + i; } s } f(1)",
                "14",
            ),
            ("fn f(n) { while n > 0 { let m = n; n -= 1; if m == 3 { break m * 10; } } } f(5)", "30"),
            ("fn f(n) { for i in 0..n { let x = i; if x == 2 { return x; } } -1 } f(5)", "2"),
            ("fn f() { try { let x = 1; throw x; } catch (e) { let y = e; y + 1 } } f()", ""),
            ("fn f() { let x = 1; { let x = 2; x += 1; } let y = { let z = x; z + 1 }; y } f()", "2"),
            ("fn f() { eval(\"let x = 4; x\") + { let y = 1; y } } f()", "5"),
            (
                "fn f() { let s = []; for i in 0..3 { let x = i * 2; s.push(|| x); } s.map(|c| c.call()) } f()",
                "[0, 2, 4]",
            ),
            ("fn f(x) { switch x { 1 => { let y = 2; y } _ => { let z = 3; z } } } [f(1), f(2)]", "[2, 3]"),
            ("fn f() { const A = 3; { const B = A + 1; B } } f()", "4"),
        ] {
            assert_eq!(evaluate(text, &Calls::default()).expect(text).to_string(), expected, "{text}");
        }
    }

    #[test]
    fn what_fails_hands_over_its_names() {
        let failed = |text: &str| {
            let calls = Calls::default();
            assert!(evaluate(text, &calls).is_err(), "{text}");
            let frames = calls.take_failed().into_iter().map(|failed| {
                let names = failed.names.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>();
                format!("{}: {}", failed.depth, names.join(" "))
            });
            frames.collect::<Vec<_>>().join("; ")
        };
        for (text, expected) in [
            ("fn f(a) { let b = 2; a / 0 } f(1)", "1: b=2 a=1"),
            ("fn g(x) { let y = x; y / 0 } fn f(a) { let b = 2; g(b) } f(1)", "2: y=2 x=2; 1: b=2 a=1"),
            ("fn f(a) { for i in 0..3 { let c = i; if i == 1 { let d = 7; c / 0 } } } f(1)", "1: d=7 c=1 i=1 a=1"),
            ("fn f(a) { for (x, n) in [5, 6] { a += 10 / (x - 6) } } f(1)", "1: x=6 n=1 a=-9"),
            ("fn f(a) { let a = 2; { let a = 3; a / 0 } } f(1)", "1: a=3 a=2"),
            ("fn f(a) { const B = 4; a / 0 } f(1)", "1: B=4 a=1"),
            ("fn f(a) { try { let b = 1; a / 0 } catch (e) { let c = 2; throw c } } f(1)", "1: c=2 e"),
            ("fn g(x) { x / 0 } fn f(a) { try { g(a) } catch { } a / 0 } f(1)", "1: a=1"),
            ("fn f(a) { [1, 2].map(|x| x / 0) } f(1)", "2: x=1; 1: a=1"),
            ("fn f(a) { while true { let b = a; a -= 1; 10 / a } } f(2)", "1: b=1 a=0"),
            ("fn f(a) { switch a { 1 => { let b = 3; b / 0 } } } f(1)", "1: b=3 a=1"),
        ] {
            assert!(failed(text).starts_with(expected), "{text}: {}", failed(text));
        }
    }
}
