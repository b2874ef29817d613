//! Fuzz target: the records of processes, which are files that others could have written.

use std::{io::Write, time::Duration};

use bolero::check;
use wci_fuzz::Mutation;

use crate::record::{self, RecordState};

#[test]
fn process_records() {
    const SAMPLES: &[&str] = &[
        "{\"shepherd\":7,\"deadline_ms\":1800000000000,\"pid\":8,\"born\":9,\"leaving\":true}\n",
        r#"{"shepherd":7,"deadline_ms":0,"exit":{"code":null,"signal":9,"overdue":false}}"#,
        "",
    ];
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("0");
    check!().with_iterations(300).with_type::<Mutation>().for_each(|mutation| {
        let bytes = mutation.of(SAMPLES);
        std::fs::File::create(&path).unwrap().write_all(&bytes).unwrap();
        match record::state(&path).unwrap() {
            RecordState::Claimed(age) => assert!(bytes.is_empty() && age < Duration::from_secs(60)),
            RecordState::Ended(read) => {
                let Some(read) = read else { return };
                let file = record::open(&path).unwrap();
                record::write(&file, &read).unwrap();
                assert_eq!(record::read(&file), Some(read));
            }
            other => panic!("{other:?}"),
        }
    });
}
