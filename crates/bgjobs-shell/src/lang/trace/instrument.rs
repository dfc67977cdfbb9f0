//! Instruments compiled code: each use of a variable becomes a probe of its position, and each block that declares
//! variables has them captured when it fails.
//!
//! Evaluates nothing, and changes nothing of what the code does.

use std::sync::Arc;

use rhai::{CustomExpr, Dynamic, Expr, FnCallExpr, Position, Stmt, StmtBlock};

use super::probe::{Probes, caught};

/// Replaces a block in the code; no program can contain it.
pub(crate) const BLOCK: &str = "$block";

/// Loop bodies with fewer statements and expressions than this run too fast to capture the loop's variables:
/// `x += i` has three, and would take half as long again.
const SHORT: usize = 4;

/// A block that declares variables.
pub(crate) struct Block {
    pub(crate) body: Expr,
    /// How many variables the statement around it declares for it, as `for` does.
    pub(crate) lent: usize,
}

/// Instruments the statements of a function or a text, and collects the probes.
#[derive(Default)]
pub(crate) struct Instrumenter {
    pub(crate) probes: Probes,
    /// How many statements and expressions it has seen.
    nodes: usize,
}

/// What an expression does first when it is evaluated.
enum FirstAction {
    /// Nothing slow.
    Nothing,
    /// Looks up a variable, which probes the position.
    Variable,
    /// Calls something, which may be slow.
    Call(Position),
}

impl FirstAction {
    fn or(self, next: impl FnOnce() -> Self) -> Self {
        match self {
            Self::Nothing => next(),
            first => first,
        }
    }
}

impl Instrumenter {
    /// Instruments a sequence of statements, inserting probes where they are needed.
    pub(crate) fn statements(&mut self, statements: impl IntoIterator<Item = Stmt>) -> Vec<Stmt> {
        let mut instrumented = Vec::new();
        for mut statement in statements {
            self.statement(&mut statement);
            if let FirstAction::Call(position) = first_of_statement(&statement) {
                instrumented.push(Stmt::Expr(Box::new(self.probes.variable(position))));
            }
            instrumented.push(statement);
        }
        instrumented
    }

    /// Instruments one statement.
    pub(crate) fn statement(&mut self, statement: &mut Stmt) {
        self.nodes += 1;
        match statement {
            Stmt::Expr(expr) | Stmt::BreakLoop(Some(expr), ..) | Stmt::Return(Some(expr), ..) => self.expr(expr),
            Stmt::FnCall(call, _) => self.call(call),
            Stmt::Var(var, ..) => self.expr(&mut var.1),
            Stmt::Assignment(assignment) => {
                self.expr(&mut assignment.1.lhs);
                self.expr(&mut assignment.1.rhs);
            }
            Stmt::Block(block) => self.block(block, 0),
            Stmt::If(flow, _) => {
                self.expr(&mut flow.expr);
                self.block(&mut flow.body, 0);
                self.block(&mut flow.branch, 0);
            }
            Stmt::While(flow, _) | Stmt::Do(flow, ..) => {
                self.condition(&mut flow.expr);
                self.block(&mut flow.body, 0);
            }
            Stmt::For(parts, _) => {
                let (_, counter, flow) = &mut **parts;
                self.expr(&mut flow.expr);
                self.block(&mut flow.body, 1 + usize::from(counter.is_some()));
            }
            Stmt::TryCatch(flow, _) => {
                self.block(&mut flow.body, 0);
                let position = flow.branch.position();
                flow.branch.statements_mut().insert(0, Stmt::Expr(Box::new(caught(position))));
                self.block(&mut flow.branch, usize::from(!matches!(flow.expr, Expr::Unit(_))));
            }
            Stmt::Switch(parts, _) => {
                let (value, cases) = &mut **parts;
                self.expr(value);
                for case in &mut cases.expressions {
                    self.expr(&mut case.lhs);
                    self.expr(&mut case.rhs);
                }
            }
            _ => {}
        }
    }

    /// Instruments a block; the statement around it declares `lent` variables for it.
    fn block(&mut self, block: &mut StmtBlock, lent: usize) {
        if block.is_empty() {
            return;
        }
        let (span, nodes) = (block.span(), self.nodes);
        let statements = self.statements(std::mem::take(block.statements_mut()));
        let declares = statements.iter().any(|statement| matches!(statement, Stmt::Var(..)));
        *block = StmtBlock::new_with_span(statements, span);
        if declares || lent > 0 && self.nodes - nodes > SHORT {
            let body = Expr::Stmt(Box::new(std::mem::take(block)));
            let state = Dynamic::from(Arc::new(Block { body, lent }));
            let custom = CustomExpr {
                inputs: <_>::default(),
                tokens: std::iter::once(BLOCK.into()).collect(),
                state,
                scope_may_be_changed: false,
                self_terminated: true,
            };
            let custom = Expr::Custom(Box::new(custom), span.start());
            *block = StmtBlock::new_with_span([Stmt::Expr(Box::new(custom))], span);
        }
    }

    /// A condition that is evaluated again and again probes its position each time.
    fn condition(&mut self, expr: &mut Expr) {
        self.expr(expr);
        if let FirstAction::Call(position) = first(expr) {
            let probe = Stmt::Expr(Box::new(self.probes.variable(position)));
            let condition = Stmt::Expr(Box::new(std::mem::take(expr)));
            *expr = Expr::Stmt(Box::new(StmtBlock::new([probe, condition], position, Position::NONE)));
        }
    }

    fn call(&mut self, call: &mut FnCallExpr) {
        call.args.iter_mut().for_each(|argument| self.expr(argument));
    }

    fn expr(&mut self, expr: &mut Expr) {
        self.nodes += 1;
        match expr {
            Expr::Variable(variable, _, position) if variable.2.is_empty() => {
                self.probes.give(&mut variable.1, *position);
            }
            Expr::Stmt(block) => self.block(block, 0),
            Expr::FnCall(call, _) | Expr::MethodCall(call, _) => self.call(call),
            Expr::Dot(pair, ..) | Expr::Index(pair, ..) => {
                self.expr(&mut pair.lhs);
                self.expr(&mut pair.rhs);
            }
            Expr::And(parts, _) | Expr::Or(parts, _) | Expr::Coalesce(parts, _) => {
                parts.iter_mut().for_each(|part| self.expr(part));
            }
            Expr::Array(parts, _) | Expr::InterpolatedString(parts, _) => {
                parts.iter_mut().for_each(|part| self.expr(part));
            }
            Expr::Map(parts, _) => parts.0.iter_mut().for_each(|(_, part)| self.expr(part)),
            _ => {}
        }
    }
}

/// The position to report while a statement runs.
pub(crate) fn report_position(statement: &Stmt) -> Position {
    match (first_of_statement(statement), statement) {
        (FirstAction::Call(position), _) => position,
        (_, Stmt::Assignment(assignment)) => assignment.1.lhs.start_position(),
        _ => statement.position(),
    }
}

/// What a statement does first, outside of its blocks.
fn first_of_statement(statement: &Stmt) -> FirstAction {
    match statement {
        Stmt::Expr(expr) | Stmt::BreakLoop(Some(expr), ..) | Stmt::Return(Some(expr), ..) => first(expr),
        Stmt::FnCall(call, position) => first_in_call(call, *position),
        Stmt::Var(var, ..) => first(&var.1),
        Stmt::Assignment(assignment) => first(&assignment.1.rhs).or(|| first(&assignment.1.lhs)),
        Stmt::If(flow, _) => first(&flow.expr),
        Stmt::For(parts, _) => first(&parts.2.expr),
        Stmt::Switch(parts, _) => first(&parts.0),
        _ => FirstAction::Nothing,
    }
}

fn first(expr: &Expr) -> FirstAction {
    match expr {
        Expr::Variable(..) => FirstAction::Variable,
        Expr::FnCall(call, position) => first_in_call(call, *position),
        // Everything in brackets is evaluated before the value in front of them.
        Expr::Dot(pair, _, position) | Expr::Index(pair, _, position) => {
            let call = || if calls_method(&pair.rhs) { FirstAction::Call(*position) } else { FirstAction::Nothing };
            first_in_chain(&pair.rhs).or(|| first(&pair.lhs)).or(call)
        }
        Expr::And(parts, _) | Expr::Or(parts, _) | Expr::Coalesce(parts, _) => first_of(&**parts),
        Expr::Array(parts, _) | Expr::InterpolatedString(parts, _) => first_of(&**parts),
        Expr::Map(parts, _) => first_of(parts.0.iter().map(|(_, part)| part)),
        _ => FirstAction::Nothing,
    }
}

fn first_of<'a>(parts: impl IntoIterator<Item = &'a Expr>) -> FirstAction {
    parts.into_iter().fold(FirstAction::Nothing, |before, part| before.or(|| first(part)))
}

fn first_in_call(call: &FnCallExpr, position: Position) -> FirstAction {
    let is_operator = call.is_operator_call();
    let arguments = match &call.args[..] {
        // If the first argument is a variable, Rhai looks it up last, so that the function can change it.
        [own @ Expr::Variable(..), rest @ ..] if !is_operator => first_of(rest.iter().chain([own])),
        arguments => first_of(arguments),
    };
    // Operators on constants take no time.
    arguments.or(|| if is_operator { FirstAction::Nothing } else { FirstAction::Call(position) })
}

/// What comes first after a dot or in brackets.
fn first_in_chain(expr: &Expr) -> FirstAction {
    match expr {
        Expr::MethodCall(call, _) => first_of(&call.args),
        Expr::Dot(pair, ..) | Expr::Index(pair, ..) => first_in_chain(&pair.lhs).or(|| first_in_chain(&pair.rhs)),
        expr => first(expr),
    }
}

/// Whether there is a method call after a dot.
fn calls_method(expr: &Expr) -> bool {
    match expr {
        Expr::MethodCall(..) => true,
        Expr::Dot(pair, ..) | Expr::Index(pair, ..) => calls_method(&pair.lhs) || calls_method(&pair.rhs),
        _ => false,
    }
}
