//! Connects an engine to a call stack, which then follows instrumented code.
//!
//! Knows nothing of who reads the stack.

use std::sync::Arc;

use rhai::{Dynamic, Engine, EvalAltResult, EvalContext, Expression};

use super::{
    call_stack::CallStack,
    code::{BODY, Code},
    instrument::{BLOCK, Block},
};
use crate::lang::error::{Result, error};

impl CallStack {
    /// Has an engine report to this call stack what it does in instrumented code.
    pub(crate) fn attach(&self, engine: &mut Engine) {
        let stack = self.clone();
        let call = move |context: &mut EvalContext<'_, '_, '_, '_, '_, '_>, _: &[Expression<'_>], state: &Dynamic| {
            // A program can pass a text that contains it to `eval`.
            let code = state.read_lock::<Arc<Code>>();
            let code = code.ok_or_else(|| error(format!("'{BODY}' is a reserved symbol")))?;
            let inside = stack.enter(Arc::clone(&code));
            let value = stack.evaluate(context, &code.body, code.parameters);
            drop(inside);
            stack.placed(value, context.source())
        };
        engine.register_custom_syntax_handler(BODY, false, call).expect("it changes no scope");
        let stack = self.clone();
        let block = move |context: &mut EvalContext<'_, '_, '_, '_, '_, '_>, _: &[Expression<'_>], state: &Dynamic| {
            let block = state.read_lock::<Arc<Block>>();
            let block = block.ok_or_else(|| error(format!("'{BLOCK}' is a reserved symbol")))?;
            stack.evaluate(context, &block.body, block.lent)
        };
        engine.register_custom_syntax_handler(BLOCK, false, block).expect("it changes no scope");
    }

    /// Evaluates a block; if it fails, captures its variables and the `lent` ones declared before it.
    ///
    /// Rhai must not drop the variables at the end of the block; it drops them at the end of the one around it.
    #[expect(deprecated, reason = "Rhai marks what may change between its versions; tests would tell")]
    fn evaluate(
        &self,
        context: &mut EvalContext<'_, '_, '_, '_, '_, '_>,
        body: &rhai::Expr,
        lent: usize,
    ) -> Result<Dynamic> {
        let base = context.scope().len().saturating_sub(lent);
        let value = context.eval_expression_tree_raw(&Expression::from(body), false);
        if value.as_ref().is_err_and(|error| !error.is_pseudo_error()) {
            self.capture(context.scope_mut(), base);
        }
        value
    }

    /// Rhai passes stops and stack overflows through all calls and forgets their positions; wrapped in another error it
    /// keeps them.
    fn placed(&self, value: Result<Dynamic>, source: Option<&str>) -> Result<Dynamic> {
        let Err(mut error) = value else { return value };
        match *error {
            // That other error can be caught, so the termination is noted.
            EvalAltResult::ErrorTerminated(..) => self.note_termination(),
            EvalAltResult::ErrorStackOverflow(_) => {}
            _ => return Err(error),
        }
        let position = error.take_position();
        let source = source.unwrap_or_default().to_owned();
        Err(EvalAltResult::ErrorInFunctionCall(String::new(), source, error, position).into())
    }
}

#[cfg(test)]
mod tests {
    use rhai::{NativeCallContext, Position};

    use super::*;
    use crate::lang::{read::source::Source, trace::code::instrumented};

    fn evaluate(text: &str, stack: &CallStack) -> Result<Dynamic> {
        let mut engine = Engine::new();
        stack.attach(&mut engine);
        let asked = stack.clone();
        #[expect(deprecated, reason = "Rhai marks what may change between its versions; tests would tell")]
        engine.on_var(move |name, index, _| Ok((!asked.at(name, index)).then_some(Dynamic::UNIT)));
        let shared = stack.clone();
        engine.register_fn("lines", move |context: NativeCallContext<'_>| {
            let inside = shared.enter_native(&context);
            // As another thread would.
            let stack = shared.clone();
            let frames =
                std::thread::spawn(move || stack.snapshot().map(|snapshot| snapshot.frames).unwrap_or_default()).join();
            drop(inside);
            let line = |(code, position): &(Arc<Code>, Option<Position>)| {
                let line = position.and_then(Position::line).map_or_else(|| "?".to_owned(), |line| line.to_string());
                format!("{} {line}", code.function.as_deref().unwrap_or("text"))
            };
            frames.map_or_else(|_| String::new(), |frames| frames.iter().map(line).collect::<Vec<_>>().join(", "))
        });
        let ast = engine.compile(text)?;
        let source = Source::new("In[1]", text);
        engine.register_global_module(instrumented(ast.shared_lib(), &source));
        engine.eval_ast(&ast.clone_statements_only())
    }

    #[test]
    fn other_threads_see_the_running_functions_and_their_lines() {
        let stack = CallStack::default();
        let text = "fn inner() {\n lines() }\nfn outer(n) {\n let x = n;\n let y = 1;\n inner() }\nouter(1)";
        assert_eq!(evaluate(text, &stack).expect("it runs").to_string(), "outer 6, inner 2");
        assert!(evaluate("fn fails() { 1 / 0 } fn calls() { fails() } calls()", &stack).is_err());
        assert!(stack.snapshot().is_none(), "a failed call has ended too");
    }

    #[test]
    fn every_kind_of_call_reports_its_line() {
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
            let value = evaluate(&text, &CallStack::default()).expect(call).to_string();
            assert!(value.starts_with("f 4, ") && value.ends_with("g 1"), "{call}: {value}");
        }
    }

    #[test]
    fn after_a_call_the_line_is_the_callers_again() {
        let text = "fn g(n) {\n let m = n; m }\nfn f(x) {\n g(x);\n lines() }\nf(1)";
        assert_eq!(evaluate(text, &CallStack::default()).expect("it runs").to_string(), "f 5");
    }

    #[test]
    fn instrumented_functions_behave_the_same() {
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
            assert_eq!(evaluate(text, &CallStack::default()).expect(text).to_string(), expected, "{text}");
        }
    }

    #[test]
    fn failing_code_has_its_variables_captured() {
        let failed = |text: &str| {
            let stack = CallStack::default();
            assert!(evaluate(text, &stack).is_err(), "{text}");
            let frames = stack.take_captured().into_iter().map(|failed| {
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
