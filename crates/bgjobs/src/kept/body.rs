//! The body of a kept job in the process that runs it: what it is given, and what it gives.
//!
//! Knows nothing of keepers, nor of languages.

use std::{
    env, fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use serde_json::json;

use crate::{
    kept::{
        private::{self, present},
        record::Record,
        result,
        root::Root,
        strays,
    },
    record::state::Outcome,
};

/// The body of a kept job, in the process that was started to run it; see [`KeptPayload`](crate::KeptPayload).
#[derive(Debug)]
pub struct KeptBody {
    folder: PathBuf,
    payload: Vec<u8>,
}

impl KeptBody {
    /// Takes the body that this process is to run, if there is one of `language`, which is the first word of its
    /// [`language`](crate::KeptPayload::language).
    ///
    /// It is there once: neither a second call nor a program that this one starts finds it.
    ///
    /// # Errors
    ///
    /// The system's, and that of a folder that isn't private to the user.
    pub fn take(language: &str) -> io::Result<Option<Self>> {
        let Some(folder) = env::var_os(strays::VARIABLE).map(PathBuf::from) else { return Ok(None) };
        Self::take_from(folder, language)
    }

    fn take_from(folder: PathBuf, language: &str) -> io::Result<Option<Self>> {
        let path = folder.join(result::PAYLOAD);
        let Some(mut file) = present(private::open(&path), io::ErrorKind::NotFound)? else { return Ok(None) };
        let root = folder.parent().ok_or(io::ErrorKind::InvalidInput)?;
        Root::open(root.to_owned()).map_err(io::Error::other)?;
        let written_in = Record::read(&folder)?.language.unwrap_or_default();
        if written_in.split(' ').next() != Some(language) {
            return Ok(None);
        }
        let mut payload = Vec::new();
        file.read_to_end(&mut payload)?;
        fs::remove_file(path)?;
        Ok(Some(Self { folder, payload }))
    }

    /// What it was given.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Gives its result: the value as text, or with `Err` why it failed; and `bytes` for programs that know the language.
    ///
    /// Of several calls the last counts. A short result is given on a full disk too.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn give(&self, told: Result<&str, &str>, bytes: &[u8]) -> io::Result<()> {
        let (state, text) = match told {
            Ok(value) => (Outcome::Done, value),
            Err(message) => (Outcome::Failed, message),
        };
        let text: String = text.chars().take(result::LONGEST_TEXT).collect();
        let mut whole = format!("{}\n", json!({"state": state.to_string(), "text": text})).into_bytes();
        whole.extend_from_slice(bytes);
        result::write(&self.folder, &whole)
    }
}

/// The bytes that a body gave; `None` if it gave none, or they were swept.
pub(crate) fn given(job: &Path) -> io::Result<Option<Vec<u8>>> {
    let Some(mut file) = present(private::open(&job.join(result::FILE)), io::ErrorKind::NotFound)? else {
        return Ok(None);
    };
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let head = bytes.iter().position(|&byte| byte == b'\n').map_or(bytes.len(), |end| end + 1);
    Ok(Some(bytes.split_off(head)))
}

#[cfg(all(test, not(bgjobs_loom)))]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::kept::{
        machine::Machine,
        record::{self, Record},
    };

    /// The folder of a job with a body, as a starter makes it, until it is dropped.
    struct Job(PathBuf);

    impl Job {
        fn new(name: &str, language: Option<&str>) -> Self {
            let path = env::temp_dir().join(format!("bgjobs-body-{name}-{}", std::process::id()));
            let root = Root::open(path.clone()).unwrap();
            let job = root.path().join("1");
            private::make_folder(&job).unwrap();
            let record = Record {
                name: "fit".to_owned(),
                command: vec!["fit".to_owned()],
                folder: "/".into(),
                language: language.map(str::to_owned),
                key: None,
                time_limit: None,
                created: SystemTime::now(),
                machine: Machine::here(),
            };
            private::replace(&job.join(record::FILE), &record.text()).unwrap();
            result::prepare(&job, b"what to do").unwrap();
            Self(path)
        }

        fn folder(&self) -> PathBuf {
            self.0.join("1")
        }

        fn take(&self, language: &str) -> Option<KeptBody> {
            KeptBody::take_from(self.folder(), language).unwrap()
        }
    }

    impl Drop for Job {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_body_is_taken_once_and_only_by_its_language() {
        let job = Job::new("taken", Some("sh 1.2"));
        assert!(job.take("shell").is_none() && job.take("s").is_none());
        let body = job.take("sh").unwrap();
        assert_eq!(body.payload(), b"what to do");
        assert!(job.take("sh").is_none());
        assert!(!job.folder().join("payload").exists());
        assert!(Job::new("command", None).take("sh").is_none());
        assert!(KeptBody::take_from("/no/such/folder".into(), "sh").unwrap().is_none());
    }

    #[test]
    fn a_body_in_a_folder_that_is_open_to_others_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let job = Job::new("open", Some("sh 1.2"));
        fs::set_permissions(&job.0, fs::Permissions::from_mode(0o755)).unwrap();
        let error = KeptBody::take_from(job.folder(), "sh").unwrap_err().to_string();
        assert!(error.contains("is open to others"), "{error}");
    }

    #[test]
    fn what_a_body_gives_is_read_back_whether_it_fits_its_room_or_not() {
        let job = Job::new("given", Some("sh 1.2"));
        let body = job.take("sh").unwrap();
        assert_eq!(given(&job.folder()).unwrap(), None);
        let texts = ["7".to_owned(), "\u{1}".repeat(10_000)];
        for bytes in [b"a\nb".to_vec(), vec![b'x'; 100_000], Vec::new()] {
            for text in &texts {
                for (told, outcome) in [(Ok(&**text), Outcome::Done), (Err(&**text), Outcome::Failed)] {
                    body.give(told, &bytes).unwrap();
                    assert_eq!(given(&job.folder()).unwrap().as_ref(), Some(&bytes));
                    let shown = text.chars().take(600).collect();
                    assert_eq!(result::read(&job.folder()), Some((outcome, shown)));
                }
            }
        }
        let names = fs::read_dir(job.folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        assert!(names.into_iter().all(|name| ["job.json", "result"].contains(&&*name)));
    }
}
