//! The names that a program uses and does not define itself.
//!
//! Evaluates nothing: a text that the program passes to `eval`, or to `jobs.new(..)`, may use more.

use rhai::{AST, ASTNode, Expr, ImmutableString, Module, ScriptFuncDef, Shared, Stmt};

/// A name that a program uses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Use {
    /// A variable, or a function as a value.
    Name(ImmutableString),
    /// A function that is called.
    Function(ImmutableString),
    /// A string, which may have names of functions in it.
    Text(ImmutableString),
}

/// What a program uses, and its functions.
pub(super) fn of_program(ast: &AST) -> Vec<Use> {
    let mut uses = Vec::new();
    ast.walk(&mut |path: &[ASTNode<'_>]| {
        uses.extend(match path.last() {
            Some(ASTNode::Expr(Expr::Variable(variable, ..))) => {
                // A variable of its own has an index.
                variable.0.is_none().then(|| Use::Name(variable.1.clone()))
            }
            Some(
                ASTNode::Expr(Expr::FnCall(call, _) | Expr::MethodCall(call, _)) | ASTNode::Stmt(Stmt::FnCall(call, _)),
            ) => Some(Use::Function(call.name.clone())),
            Some(ASTNode::Expr(Expr::StringConstant(text, _))) => Some(Use::Text(text.clone())),
            _ => None,
        });
        true
    });
    uses.sort();
    uses.dedup();
    uses
}

/// What a function uses.
pub(super) fn of_function(function: &Shared<ScriptFuncDef>) -> Vec<Use> {
    let mut alone = Module::new();
    alone.set_script_fn(Shared::clone(function));
    of_program(&AST::new([], alone))
}
