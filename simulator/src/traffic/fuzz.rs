//! Fuzz targets: traffic as arguments and as files.

use bolero::check;
use wci_fuzz::Mutation;

use super::*;

#[test]
fn traffic_arguments() {
    let samples: Vec<_> = PRESETS.iter().flat_map(|(name, pattern, _)| [*name, *pattern]).collect();
    check!().with_iterations(300).with_type::<Mutation>().for_each(|mutation| {
        if let Ok(traffic) = mutation.text(&samples).parse::<Traffic>() {
            assert!(traffic.expected() <= f64::from(MAX_TASKS), "{traffic}");
            assert_eq!(traffic.to_string().parse::<Traffic>().unwrap(), traffic);
        }
    });
}

#[test]
fn recorded_arrivals() {
    const SAMPLES: &[&str] = &[
        "at_ms,count,service_ms\n0,1,200\n10.5,2,300\n10.5,1,1e3\n",
        "count, at_ms\n 3, 1\n\"1\", 2\r\n",
        "at_ms\n1\n2\n",
    ];
    check!().with_iterations(300).with_type::<Mutation>().for_each(|mutation| {
        match Traffic::recorded("t.csv", &mutation.text(SAMPLES)) {
            Ok(traffic) => assert!(traffic.expected() <= f64::from(MAX_TASKS)),
            Err(error) => assert!(error.to_string().len() < 8_192, "{error}"),
        }
    });
}
