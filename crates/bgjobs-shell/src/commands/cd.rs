//! `cd ..` and `pwd`: the folder of the prompt.

use bgjobs::one_line;

use super::word::{Action, CommandLine, Completion, Reply, Session, Word};

pub(super) const WORD: Word = Word {
    name: "cd",
    usage: "cd [..]",
    help: "Changes the folder in which paths begin and commands run: of the prompt and the jobs started after,\n\
           while jobs that run keep theirs. Alone it goes home, as `cd ~` does; `cd -` goes back.\n\
           In programs: cd(\"..\"), pwd(), and env(\"LANG\"), set_env(\"LANG\", \"C\") for variables.",
    completion: Completion::Folders,
    options: &[],
    read: |arguments| Ok(Box::new(Cd(arguments.word()))),
};

pub(super) const PWD: Word = Word {
    name: "pwd",
    usage: "pwd",
    help: "Shows the folder in which paths begin and commands run; `cd` changes it.",
    completion: Completion::Nothing,
    options: &[],
    read: |_| Ok(Box::new(Pwd)),
};

/// Changes the folder; none goes home.
#[derive(Debug)]
pub(super) struct Cd(pub(super) Option<String>);

impl Action for Cd {
    fn run(&self, session: &mut Session, _: CommandLine) -> Result<Reply, String> {
        let to = self.0.as_deref().unwrap_or("~");
        session.environment_mut().change_folder(to)?;
        Ok(if to == "-" { folder(session) } else { Reply::Nothing })
    }
}

#[derive(Debug)]
struct Pwd;

impl Action for Pwd {
    fn run(&self, session: &mut Session, _: CommandLine) -> Result<Reply, String> {
        Ok(folder(session))
    }
}

fn folder(session: &Session) -> Reply {
    Reply::Shown(one_line(&session.environment().folder().to_string_lossy()).to_string())
}
