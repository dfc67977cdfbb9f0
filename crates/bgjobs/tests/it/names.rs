//! Names: any text becomes one, and they read and compare as text.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use bgjobs::{JobManager, Name};

const LONG: &str = "fit the model to all of last week's rows";

#[test]
fn a_name_is_made_of_any_text() {
    for text in ["", "fit", "exactly 23 bytes long!!", "exactly 24 bytes, and so", LONG] {
        let owned = text.to_owned();
        let names: [Name; 9] = [
            text.into(),
            owned[..].into(),
            (&owned).into(),
            owned.clone().into(),
            Cow::Borrowed(&owned[..]).into(),
            Cow::<str>::Owned(owned.clone()).into(),
            Box::<str>::from(text).into(),
            Arc::<str>::from(text).into(),
            (&Name::from_static(text)).into(),
        ];
        for name in names {
            assert_eq!((&*name, &name), (text, &Name::from(text)));
        }
    }
}

#[test]
fn a_job_starts_and_stops_with_texts_that_live_shorter_than_the_job() {
    let jobs = JobManager::new();
    let (go, gate) = std::sync::mpsc::channel::<()>();
    let job = {
        let line = format!("{LONG}\n");
        jobs.spawn(line.trim_end(), move || gate.recv().is_ok()).unwrap()
    };
    {
        let line = String::from("  enough\n");
        assert!(job.ask_stop(line.trim()));
    }
    go.send(()).unwrap();
    job.wait().unwrap();
    assert_eq!((&**job.name(), job.stop_reason()), (LONG, Some("enough".into())));
}

#[test]
fn a_map_with_names_as_keys_is_searched_with_a_text() {
    let map = HashMap::from([(Name::from(LONG), 1), (Name::from("fit"), 2)]);
    assert_eq!([map.get(LONG), map.get("fit"), map.get("load")], [Some(&1), Some(&2), None]);
}
