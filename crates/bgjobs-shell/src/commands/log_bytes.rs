//! `log_bytes 4000000`: how much the logs of later jobs hold.

use std::num::NonZeroUsize;

use bgjobs::{Config, one_line};

use super::word::{Action, CommandLine, Completion, Reply, Session, Word};

pub(super) const WORD: Word = Word {
    name: "log_bytes",
    usage: "log_bytes [4000000]",
    help: "Shows or sets how many bytes the log of each job holds that is started from now on; the newest lines\n\
           stay. The option log_bytes of jobs.start and jobs.sh sets it for one job.",
    completion: Completion::Nothing,
    options: &[],
    read: |arguments| {
        let read = |word: String| {
            let wrong = |_| format!("`{}` is not a number of bytes from 1, such as 4000000", one_line(&word));
            word.parse().map_err(wrong)
        };
        Ok(Box::new(SetLogBytes(arguments.word().map(read).transpose()?)))
    },
};

/// Changes the setting, or shows it.
#[derive(Debug)]
struct SetLogBytes(Option<NonZeroUsize>);

impl Action for SetLogBytes {
    fn run(&self, session: &mut Session, _: CommandLine) -> Result<Reply, String> {
        let setting = &session.tracked().log_bytes;
        let Some(bytes) = self.0 else {
            return Ok(Reply::Shown(setting.get().unwrap_or(Config::default().log_bytes).to_string()));
        };
        setting.set(Some(bytes.get()));
        Ok(Reply::Nothing)
    }
}
